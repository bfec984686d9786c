"""The CTC loss: minus the log-probability of all ways to align a target with a longer input.

Between and around the target's labels there may be blanks.  The forward recursion runs over time
in the log domain, for all examples of a batch at once (Graves et al. 2006).
"""

from __future__ import annotations

import math
from typing import Any

from ...op import PUBLIC
from ...ops.fused import fused
from ...ops.rules import serving
from .loss import check_reduction

_LOW = -1e30  # a logarithm of 0 that can be subtracted


def _padded(targets: Any, lengths: list[int]) -> Any:
    """The targets as (N, longest)."""
    if targets.ndim == 2:
        return targets
    rows, start, longest = [], 0, max(lengths, default=0)
    for n in lengths:
        row = targets[start : start + n]
        rows.append(PUBLIC["cat"]([row, row.new_zeros(longest - n)]))
        start += n
    return PUBLIC["stack"](rows) if rows else targets.reshape(0, 0)


def _shifted(alpha: Any, by: int) -> Any:
    """Moved right along the last dimension; what comes in is a probability of 0."""
    low = PUBLIC["full"]((alpha.shape[0], by), _LOW, dtype=alpha.dtype, device=alpha.device)
    return PUBLIC["cat"]([low, alpha], 1)[:, : alpha.shape[1]]


@fused(
    "log_probs", name="ctc_loss", node="CtcLossBackward0",
    prepare=serving("ctc_loss_cpu", halves=False),
)  # fmt: skip
def _ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, zero_infinity):
    where, (steps, batch, _) = PUBLIC["where"], log_probs.shape
    labels = _padded(targets, list(target_lengths)).long()
    states = 2 * labels.shape[1] + 1
    extended = labels.new_full((batch, states), blank)
    extended[:, 1::2] = labels
    earlier = PUBLIC["cat"]([extended.new_full((batch, 2), -1), extended], 1)[:, :states]
    skips = (extended != blank) & (extended != earlier)
    emitted = log_probs.gather(2, extended.unsqueeze(0).expand(steps, batch, states))
    first = PUBLIC["arange"](states, device=log_probs.device) < 2
    alpha = where(first, emitted[0], _LOW)
    ends = PUBLIC["tensor"](list(input_lengths), device=log_probs.device).unsqueeze(1)
    for t in range(1, steps):
        ways = [alpha, _shifted(alpha, 1), where(skips, _shifted(alpha, 2), _LOW)]
        alpha = where(t < ends, PUBLIC["stack"](ways).logsumexp(0) + emitted[t], alpha)
    last = PUBLIC["tensor"](list(target_lengths), device=log_probs.device).unsqueeze(1) * 2
    at_blank = alpha.gather(1, last)
    at_label = where(last > 0, alpha.gather(1, (last - 1).clamp(min=0)), _LOW)
    losses = -PUBLIC["stack"]([at_blank, at_label]).logsumexp(0).squeeze(1)
    # PyTorch's gradient is that of scores before the log-softmax: exp(log_probs) more.
    running = PUBLIC["arange"](steps, device=log_probs.device).unsqueeze(1) < ends.squeeze(1)
    mass = where(running, log_probs.exp().sum(2), 0.0).sum(0)
    losses = losses + (mass - mass.detach())
    impossible = losses > -_LOW / 2
    return losses.masked_fill(impossible, 0.0 if zero_infinity else math.inf)


def _lengths(given: Any, name: str, batch: int) -> tuple[int, ...]:
    values = given.reshape(-1).tolist() if hasattr(given, "tolist") else list(given)
    if len(values) != batch:
        raise RuntimeError(f"{name} must be of size batch_size")
    return tuple(int(v) for v in values)


def ctc_loss(
    log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, blank: int = 0,
    reduction: str = "mean", zero_infinity: bool = False,
) -> Any:  # fmt: skip
    """The CTC loss; log_probs (T, N, classes), targets (N, S) or all in one row.

    A mean divides each loss by its target's length first.  Impossible alignments cost inf, or 0
    with `zero_infinity`.
    """
    check_reduction(reduction)
    if not log_probs.numel():
        raise RuntimeError("log_probs tensor must not be empty")
    batched = log_probs.ndim == 3
    scores = log_probs if batched else log_probs.unsqueeze(1)
    if not 0 <= blank < scores.shape[2]:
        raise RuntimeError("blank must be in label range")
    inputs = _lengths(input_lengths, "input_lengths", scores.shape[1])
    wanted = _lengths(target_lengths, "target_lengths", scores.shape[1])
    if any(n > scores.shape[0] for n in inputs):
        at = next(i for i, n in enumerate(inputs) if n > scores.shape[0])
        raise RuntimeError(
            f"Expected input_lengths to have value at most {scores.shape[0]}, but got value "
            f"{inputs[at]} (while checking arguments for ctc_loss_allocate_outputs)"
        )
    if targets.ndim == 1 and not batched:
        targets = targets.unsqueeze(0)
    losses = _ctc_loss(scores, targets, inputs, wanted, blank, zero_infinity)
    if reduction == "mean":
        divisor = PUBLIC["tensor"](wanted, dtype=losses.dtype, device=losses.device)
        return (losses / divisor.clamp_min(1)).mean()
    if reduction == "sum":
        return losses.sum()
    return losses if batched else losses.squeeze(0)
