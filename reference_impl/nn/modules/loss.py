"""Losses as modules."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from .module import Module

__all__ = ["MSELoss"]


class _Loss(Module):
    """A loss with a `reduction`: "mean", "sum" or "none"."""

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__()
        self.reduction = reduction


class MSELoss(_Loss):
    """The squared differences of input and target, reduced."""

    def forward(self, input: Any, target: Any) -> Any:
        return F.mse_loss(input, target, reduction=self.reduction)
