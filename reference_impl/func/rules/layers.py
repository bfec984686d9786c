"""Neural networks: what acts on (N, C, ...) takes the batch into N, or into the channels."""

from __future__ import annotations

from typing import Any

from ...op import Op, invoke
from ...ops.selection import where
from ...tensor import Tensor
from ..batching import level_of
from .base import composed, each, one_by_one, rule, whole, wholes
from .families import aligned_operands
from .indexing import rows_at

# ---------------------------------------------------------------- into N


@rule(
    "adaptive_avg_pool", "adaptive_avg_pool_backward", "adaptive_max_pool", "add_at_places",
    "avg_pool2d", "channel_shuffle", "col2im", "fractional_max_pool", "grid_sampler_2d",
    "grid_sampler_3d", "im2col", "max_pool2d_with_indices", "max_unpool", "read_places", "resample",
    "resample_back", "spread_windows", "window_sums",
)  # fmt: skip
def _folded(op: Op, values: list[Any], level: int) -> Any:
    out = wholes(values, level)
    size, count = out[0].shape[:2]
    out = [v.reshape(-1, *v.shape[2:]) if isinstance(v, Tensor) else v for v in out]
    if "shape" in op.position:
        at = op.position["shape"]
        out[at] = (size * out[at][0], *out[at][1:])
    return each(invoke(op, out), lambda t: t.reshape(size, count, *t.shape[1:]))


# ---------------------------------------------------------------- into the channels


def _into_channels(t: Any) -> Any:
    """(B, N, C, ...) -> (N, B·C, ...)"""
    return t.movedim(0, 1).reshape(t.shape[1], -1, *t.shape[3:])


def _out_of_channels(t: Any, size: int) -> Any:
    return t.reshape(t.shape[0], size, -1, *t.shape[2:]).movedim(1, 0)


@rule("convolution")
def _convolution(op: Op, values: list[Any], level: int) -> Any:
    input, weight, bias, *settings, groups = values
    if level_of(weight) != level:
        rest = [weight, None if level_of(bias) == level else bias, *settings, groups]
        if level_of(input) != level:
            out = whole(invoke(op, [input, *rest]), level)
        else:
            size, count = input._value.shape[:2]
            found = invoke(op, [input._value.reshape(-1, *input.shape[1:]), *rest])
            out = found.reshape(size, count, *found.shape[1:])
    else:
        size = weight._value.shape[0]
        x, w = _into_channels(whole(input, level)), weight._value.reshape(-1, *weight.shape[1:])
        per_channel = None if bias is None else whole(bias, level).reshape(-1)
        return _out_of_channels(invoke(op, [x, w, per_channel, *settings, groups * size]), size)
    if bias is None or level_of(bias) != level:
        return out
    return out + bias._value.reshape(bias._value.shape[0], 1, -1, *[1] * (out.ndim - 3))


@rule("conv", "back", "correlate")
def _parts_of_convolution(op: Op, values: list[Any], level: int) -> Any:
    """The three products of which a convolution and its derivatives consist."""
    one, two, *settings, groups = values
    if op.name != "correlate" and level_of(two) != level:
        size, count = one._value.shape[:2]
        found = invoke(op, [one._value.reshape(-1, *one.shape[1:]), two, *settings, groups])
        return found.reshape(size, count, *found.shape[1:])
    x, y = whole(one, level), whole(two, level)
    size = x.shape[0]
    if op.name == "correlate":
        found = invoke(op, [_into_channels(x), _into_channels(y), *settings, groups * size])
        return found.reshape(size, -1, *found.shape[1:])
    flat = y.reshape(-1, *y.shape[2:])
    return _out_of_channels(invoke(op, [_into_channels(x), flat, *settings, groups * size]), size)


@rule("batch_norm")
def _batch_norm(op: Op, values: list[Any], level: int) -> Any:
    x, *of_channels = wholes(values, level)
    flat = [v.reshape(-1) if isinstance(v, Tensor) else v for v in of_channels]
    return _out_of_channels(invoke(op, [_into_channels(x), *flat]), x.shape[0])


@rule("layer_norm", "group_norm")
def _norm(op: Op, values: list[Any], level: int) -> Any:
    self, shape, weight, bias, eps = values
    if level_of(weight) == level or level_of(bias) == level:
        out = invoke(op, [self, shape, None, None, eps])
        by_channel = [
            t if t is None or op.name == "layer_norm" else t.reshape(-1, *[1] * (self.ndim - 2))
            for t in (weight, bias)
        ]
        out = out if weight is None else out * by_channel[0]
        return whole(out if bias is None else out + by_channel[1], level)
    if op.name == "layer_norm":
        return invoke(op, [whole(self, level), *values[1:]])
    value = whole(self, level)
    return invoke(op, [value.reshape(-1, *value.shape[2:]), *values[1:]]).reshape(value.shape)


# ---------------------------------------------------------------- losses


@rule(
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "huber_loss", "mse_loss",
    "smooth_l1_loss", "soft_margin_loss",
)  # fmt: skip
def _loss(op: Op, values: list[Any], level: int) -> Any:
    at = op.position["reduction"]
    reduction, out = values[at], aligned_operands(op, values, level)
    out[at] = "none"
    losses = invoke(op, out)
    if reduction == "none":
        return losses
    rows = losses.reshape(losses.shape[0], -1)
    return rows.mean(1) if reduction == "mean" else rows.sum(1)


def _nll_loss(self: Any, target: Any, weight: Any, reduction: str, ignore_index: int) -> Any:
    classes = min(self.ndim - 1, 1)
    kept = target != ignore_index
    at = where(kept, target, 0).long()
    picked = self.gather(classes, at.unsqueeze(classes)).squeeze(classes)
    share = kept.to(self.dtype) if weight is None else where(kept, rows_at(weight, at), 0)
    losses = -(picked * share)
    if reduction == "mean":
        return losses.sum() / share.sum()
    return losses if reduction == "none" else losses.sum()


rule("nll_loss", "nll_loss2d")(composed(_nll_loss))
rule("ctc_loss", "embedding_bag", "pdist")(one_by_one)
