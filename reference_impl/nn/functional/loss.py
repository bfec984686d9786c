"""Losses of predictions that are numbers or probabilities.

An operation of PyTorch's computes each loss and reduces them in one node; where PyTorch builds a
loss from other operations, so does this file.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

from ... import dtypes, errors
from ...autograd.grad_mode import no_grad
from ...op import PUBLIC, op
from ...op.autocasts import autocasts
from ...ops.arithmetic import refuse_bool_negation
from ...ops.exponential import exp, log
from ...ops.rules import refuse_grad, serving
from ...ops.selection import clamp

REDUCTIONS = ("none", "mean", "sum")
_private: dict[str, bool] = {"method": False, "function": False}


def check_reduction(reduction: Any, size_average: Any = None, reduce: Any = None) -> str:
    """The reduction, also of the older arguments.  Raises ValueError unless it is one of three."""
    if size_average is not None or reduce is not None:
        average = True if size_average is None else size_average
        reduction = ("mean" if average else "sum") if reduce in (None, True) else "none"
        warnings.warn(
            "size_average and reduce args will be deprecated, please use "
            f"reduction='{reduction}' instead.",
            stacklevel=3,
        )
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction  # type: ignore[no-any-return]


def reduced(xp: Any, losses: Any, reduction: str) -> Any:
    """The losses themselves, their mean, or their sum."""
    if reduction == "none":
        return losses
    if reduction == "mean":
        return xp.mean(losses) if losses.size else xp.full((), math.nan, losses.dtype)
    return xp.sum(losses)


def reduced_tensor(losses: Any, reduction: str) -> Any:
    """The same on tensors, recording."""
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()


def spread(grad: Any, reduction: str, *operands: Any) -> Any:
    """The gradient of a reduced loss, for each of the losses of `operands`."""
    if reduction != "mean":
        return grad
    count = math.prod(_broadcast(*(tuple(o.shape) for o in operands)))
    return grad / count if count else grad


def _broadcast(*shapes: Any) -> Any:
    from numpy import broadcast_shapes

    return shapes[0] if all(s == shapes[0] for s in shapes) else broadcast_shapes(*shapes)


def _matched(input: Any, target: Any) -> tuple[Any, Any]:
    """Both in one shape; warns if they are not."""
    if tuple(input.shape) == tuple(target.shape):
        return input, target
    warnings.warn(
        f"Using a target size ({target.shape}) that is different to the input size "
        f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
        "Please ensure they have the same size.",
        stacklevel=3,
    )
    return PUBLIC["broadcast_tensors"](input, target)  # type: ignore[no-any-return]


def _weighted(losses: Any, weight: Any, input: Any, reduction: str) -> Any:
    if weight.shape != input.shape:
        raise ValueError("Weights and input must have the same size.")
    losses = losses * weight
    if reduction == "mean":
        return losses.sum() / weight.sum()
    return reduced_tensor(losses, reduction)


# ---------------------------------------------------------------- distances of numbers


def _as_floats(target: Any, self: Any) -> Any:
    """A target of integers in the input's dtype: NumPy would compute in float64."""
    return target.astype(self.dtype) if target.dtype.kind in "iub" else target


def _promoted(self: Any, target: Any) -> tuple[Any, Any]:
    d = dtypes.result_dtype(self, target).numpy
    return self.astype(d, copy=False), target.astype(d, copy=False)


def _mse_slope(grad: Any, self: Any, target: Any, reduction: str) -> Any:
    return spread(grad, reduction, self, target) * (2 * (self - target))


@op(
    self=_mse_slope,
    target=lambda grad, self, target, reduction: -_mse_slope(grad, self, target, reduction),
    name="mse_loss", prepare=serving("mse_cpu", operands=2), **_private,
)  # fmt: skip
def _mse_loss(xp, self, target, reduction):
    self, target = _promoted(self, target)
    difference = self - target
    return reduced(xp, difference * difference, reduction)


def mse_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", weight: Any = None,
) -> Any:  # fmt: skip
    """The squared differences, reduced."""
    first, second = _matched(input, target)
    reduction = check_reduction(reduction, size_average, reduce)
    if weight is not None:
        return _weighted((first - second).pow(2), weight, input, reduction)
    return _mse_loss(first, second, reduction)


@autocasts("l1_loss")
def l1_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", weight: Any = None,
) -> Any:  # fmt: skip
    """The absolute differences, reduced."""
    first, second = _matched(input, target)
    reduction = check_reduction(reduction, size_average, reduce)
    losses = (first - second).abs()
    if weight is not None:
        return _weighted(losses, weight, input, reduction)
    return reduced_tensor(losses, reduction)


def _smooth_l1_slope(grad: Any, self: Any, target: Any, reduction: str, beta: float) -> Any:
    d = self - target
    return spread(grad, reduction, self, target) * clamp(d / beta, -1, 1)


@op(
    self=_smooth_l1_slope,
    target=lambda grad, self, target, reduction, beta: -_smooth_l1_slope(
        grad, self, target, reduction, beta
    ),
    name="smooth_l1_loss", prepare=serving("smooth_l1_cpu", operands=2), **_private,
)  # fmt: skip
def _smooth_l1_loss(xp, self, target, reduction, beta):
    self, target = _promoted(self, target)
    d, kind = xp.abs(self - target), self.dtype.type
    losses = xp.where(d < beta, kind(0.5) * d * d / kind(beta), d - kind(0.5 * beta))
    return reduced(xp, losses, reduction)


def smooth_l1_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", beta: float = 1.0,
) -> Any:  # fmt: skip
    """Squared below `beta`, absolute above, divided by `beta`: Huber's loss in another scale."""
    first, second = _matched(input, target)
    reduction = check_reduction(reduction, size_average, reduce)
    if beta == 0:
        return reduced_tensor((first - second).abs(), reduction)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    return _smooth_l1_loss(first, second, reduction, beta)


def _huber_slope(grad: Any, self: Any, target: Any, reduction: str, delta: float) -> Any:
    return spread(grad, reduction, self, target) * clamp(self - target, -delta, delta)


@op(
    self=_huber_slope,
    target=lambda grad, self, target, reduction, delta: -_huber_slope(
        grad, self, target, reduction, delta
    ),
    name="huber_loss", prepare=serving("huber_cpu"), **_private,
)  # fmt: skip
def _huber_loss(xp, self, target, reduction, delta):
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    d, kind = xp.abs(self - _as_floats(target, self)), self.dtype.type
    losses = xp.where(d <= delta, kind(0.5) * d * d, kind(delta) * (d - kind(0.5 * delta)))
    return reduced(xp, losses, reduction)


def huber_loss(
    input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Any:
    """Squared (and halved) below `delta`, absolute above."""
    first, second = _matched(input, target)
    check_reduction(reduction)
    if weight is None:
        return _huber_loss(first, second, reduction, delta)
    if weight.shape != input.shape:
        raise ValueError("Weights and input must have the same size.")
    return reduced_tensor(_huber_loss(first, second, "none", delta) * weight, reduction)


# ---------------------------------------------------------------- two classes


def _bce_self(grad: Any, self: Any, target: Any, weight: Any, reduction: str) -> Any:
    slope = (self - target) / clamp((1 - self) * self, min=1e-12)
    slope = slope if weight is None else slope * weight
    return spread(grad, reduction, self) * slope


def _bce_target(grad: Any, self: Any, target: Any, weight: Any, reduction: str) -> Any:
    slope = clamp(log(1 - self), min=-100) - clamp(log(self), min=-100)
    slope = slope if weight is None else slope * weight
    return spread(grad, reduction, self) * slope


@op(
    self=_bce_self,
    target=_bce_target,
    name="binary_cross_entropy",
    prepare=serving("binary_cross_entropy"),
    **_private,
)
def _binary_cross_entropy(xp, self, target, weight, reduction):
    kind = self.dtype.type
    if not bool(((self >= 0) & (self <= 1)).all()):
        raise RuntimeError("all elements of input should be between 0 and 1")
    if not bool(((target >= 0) & (target <= 1)).all()):
        raise RuntimeError("all elements of target should be between 0 and 1")
    low = kind(-100)
    losses = (target - 1) * xp.maximum(xp.log1p(-self), low) - target * xp.maximum(
        xp.log(self), low
    )
    return reduced(xp, losses if weight is None else losses * weight, reduction)


def binary_cross_entropy(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """-(t log p + (1 - t) log(1 - p)) of probabilities p; logarithms are cut at -100.

    Raises ValueError for different shapes, RuntimeError for what is no probability.
    """
    reduction = check_reduction(reduction, size_average, reduce)
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    if target.dtype is not input.dtype:
        found, expected = errors.scalar_type(target.dtype), errors.scalar_type(input.dtype)
        raise RuntimeError(f"Found dtype {found} but expected {expected}")
    if weight is not None:
        weight = weight.expand(_broadcast(tuple(target.shape), tuple(weight.shape)))
    return _binary_cross_entropy(input, target, weight, reduction)


def _bcel_self(
    grad: Any, self: Any, target: Any, weight: Any, pos_weight: Any, reduction: str
) -> Any:
    p = PUBLIC["sigmoid"](self)
    if pos_weight is None:
        slope = p - target
    else:
        up = pos_weight * target
        slope = (up + 1 - target) * p - up
    slope = slope if weight is None else slope * weight
    return spread(grad, reduction, self) * slope


def _bcel_target(
    grad: Any, self: Any, target: Any, weight: Any, pos_weight: Any, reduction: str
) -> Any:
    if pos_weight is None:
        slope = -self
    else:
        from .activation import _log_sigmoid

        slope = _log_sigmoid(-self) - pos_weight * _log_sigmoid(self)
    slope = slope if weight is None else slope * weight
    return spread(grad, reduction, self) * slope


@op(
    self=_bcel_self, target=_bcel_target, name="binary_cross_entropy_with_logits",
    prepare=serving("log_sigmoid_cpu"), **_private,
)  # fmt: skip
def _bce_with_logits(xp, self, target, weight, pos_weight, reduction):
    one, zero = self.dtype.type(1), self.dtype.type(0)
    soft = xp.log1p(xp.exp(-xp.abs(self))) + xp.maximum(-self, zero)
    if pos_weight is not None:
        soft = soft * ((pos_weight - one) * target + one)
    losses = (one - target) * self + soft
    return reduced(xp, losses if weight is None else losses * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", pos_weight: Any = None,
) -> Any:  # fmt: skip
    """``binary_cross_entropy`` of the sigmoid of `input`, computed without overflow."""
    reduction = check_reduction(reduction, size_average, reduce)
    if target.shape != input.shape:
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
        )
    name = "binary_cross_entropy_with_logits"
    refuse_grad(name, weight=weight, pos_weight=pos_weight)
    return _bce_with_logits(input, target, weight, pos_weight, reduction)


def _soft_margin_slope(grad: Any, self: Any, target: Any, reduction: str) -> Any:
    e = exp(-target * self)
    return spread(grad, reduction, self, target) * (-target * e / (e + 1))


def _soft_margin_check(op: Any, xp: Any, arrays: list[Any]) -> None:
    """Refuse what PyTorch, which computes in the memory of -input, cannot put there."""
    refuse_bool_negation(arrays[0])
    d = dtypes.of(arrays[0].dtype)
    found = dtypes.result_dtype(*arrays[:2])
    if d.category < dtypes.FLOAT:
        wide = found if found.category >= dtypes.FLOAT else dtypes.get_default_dtype()
        raise errors.cannot_cast_result(wide, d)
    if found.category > d.category:
        raise errors.cannot_cast_result(found, d)


@op(self=_soft_margin_slope, name="soft_margin_loss", prepare=_soft_margin_check, **_private)
def _soft_margin_loss(xp, self, target, reduction):
    return reduced(xp, xp.log1p(xp.exp(-target.astype(self.dtype) * self)), reduction)


def soft_margin_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """log(1 + exp(-t x)) of targets 1 and -1."""
    return _soft_margin_loss(input, target, check_reduction(reduction, size_average, reduce))


# ---------------------------------------------------------------- distributions


@autocasts("kl_div")
def kl_div(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", log_target: bool = False,
) -> Any:  # fmt: skip
    """The Kullback-Leibler divergence of `target` from log-probabilities `input`."""
    if size_average is not None or reduce is not None:
        reduction = check_reduction(reduction, size_average, reduce)
    elif reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support "
            "size.'batchmean' divides only by the batch size, and aligns with the KL div math "
            "definition.'mean' will be changed to behave the same as 'batchmean' in the next "
            "major release.",
            stacklevel=2,
        )
    if reduction != "batchmean":
        check_reduction(reduction)
    for x in (input, target):
        if not x.dtype.is_floating_point:
            kind = "Complex" if x.dtype.is_complex else "Integral"
            raise RuntimeError(f"kl_div: {kind} inputs not supported.")
    if log_target:
        losses = target.exp() * (target - input)
    else:
        losses = PUBLIC["xlogy"](target, target) - target * input
    if reduction == "batchmean":
        total = losses.sum()
        return total / input.shape[0] if input.ndim else total
    return reduced_tensor(losses, reduction)


@autocasts("poisson_nll_loss")
def poisson_nll_loss(
    input: Any, target: Any, log_input: bool = True, full: bool = False, size_average: Any = None,
    eps: float = 1e-8, reduce: Any = None, reduction: str = "mean",
) -> Any:  # fmt: skip
    """The negative log-likelihood of counts `target` with rate exp(input), or `input` itself."""
    reduction = check_reduction(reduction, size_average, reduce)
    losses = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:  # Stirling's approximation of log(target!)
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        losses = losses + stirling.masked_fill(target <= 1, 0)
    return reduced_tensor(losses, reduction)


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """The negative log-likelihood of `target` under normal distributions of variance `var`."""
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = var * PUBLIC["ones_like"](input)
    elif bool((var < 0).any()):
        raise ValueError("var has negative entry/entries")
    var = _aligned_variance(input, var)
    if reduction not in REDUCTIONS:
        raise ValueError(reduction + " is not valid")
    var = var.clone()
    with no_grad():
        var.clamp_(min=eps)
    losses = 0.5 * (var.log() + (input - target) ** 2 / var)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return reduced_tensor(losses, reduction)


def _aligned_variance(input: Any, var: Any) -> Any:
    if var.shape == input.shape:
        return var
    if input.shape[:-1] == var.shape:
        return var.unsqueeze(-1)
    pairs = zip(input.shape, var.shape, strict=False)
    if input.ndim == var.ndim and sum(y for x, y in pairs if x != y) == 1:
        return var
    raise ValueError("var is of incorrect size")
