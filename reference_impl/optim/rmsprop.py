"""RMSprop: steps scaled by a running average of the squared gradient.

Source: Hinton, Neural Networks for Machine Learning, lecture 6; ``centered``: Graves (2013).
"""

from __future__ import annotations

from typing import Any

from ..ops.create import zeros_like
from ..ops.exponential import sqrt
from ..tensor import Tensor
from .per_parameter import PerParameter, check_settings, decayed, lerp_, scalar, step_counter

__all__ = ["RMSprop"]


class RMSprop(PerParameter):
    """p ← p - lr · grad / (√(mean of grad²) + eps), with momentum if wanted."""

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_settings(lr, eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable,
        })  # fmt: skip

    def _start(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"], state["square_avg"] = step_counter(), zeros_like(p)
        if group["momentum"] > 0:
            state["momentum_buffer"] = zeros_like(p)
        if group["centered"]:
            state["grad_avg"] = zeros_like(p)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr, alpha, square, step = (
            scalar(group["lr"]), group["alpha"], state["square_avg"], state["step"],
        )  # fmt: skip
        step += 1
        grad = decayed(p, grad, group)
        square *= alpha
        square += (1 - alpha) * (grad * grad)
        variance = square
        if group["centered"]:
            mean = state["grad_avg"]
            lerp_(mean, grad, 1 - alpha)
            variance = square - mean * mean
        update = grad / (sqrt(variance) + group["eps"])
        if group["momentum"] > 0:
            buffer = state["momentum_buffer"]
            buffer *= group["momentum"]
            buffer += update
            update = buffer
        p -= lr * update
