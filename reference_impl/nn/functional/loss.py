"""Loss functions."""

from __future__ import annotations

import warnings
from typing import Any

from ...op import composite, op

REDUCTIONS = ("none", "mean", "sum")


def check_reduction(reduction: str) -> None:
    """Raises ValueError unless `reduction` is one of the three."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")


def reduced(xp: Any, losses: Any, reduction: str) -> Any:
    """The losses themselves, their mean, or their sum."""
    if reduction == "none":
        return losses
    return xp.mean(losses) if reduction == "mean" else xp.sum(losses)


def spread(grad: Any, reduction: str, shape: Any) -> Any:
    """The gradient of a reduced loss, for each of the `shape` many losses."""
    if reduction != "mean":
        return grad
    count = 1
    for n in shape:
        count *= n
    return grad / count if count else grad


def _mse_slope(grad: Any, self: Any, target: Any, reduction: str) -> Any:
    shape = (self - target).shape
    return spread(grad, reduction, shape) * (2 * (self - target))


@op(
    self=_mse_slope,
    target=lambda grad, self, target, reduction: -_mse_slope(grad, self, target, reduction),
    method=False,
    function=False,
    name="mse_loss",
)
def _mse_loss(xp, self, target, reduction):
    difference = self - target
    return reduced(xp, difference * difference, reduction)


@composite(method=False, function=False)
def mse_loss(
    input: Any,
    target: Any,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Any:
    """The squared differences, reduced."""
    check_reduction(reduction)
    if tuple(input.shape) != tuple(target.shape):
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=2,
        )
    return _mse_loss(input, target, reduction)
