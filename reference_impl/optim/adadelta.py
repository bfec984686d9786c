"""Adadelta: steps whose size follows from the sizes of earlier steps.  Source: Zeiler (2012)."""

from __future__ import annotations

from typing import Any

from ..ops.create import zeros_like
from ..ops.exponential import sqrt
from ..tensor import Tensor
from .per_parameter import PerParameter, check_settings, decayed, scalar, step_counter

__all__ = ["Adadelta"]


class Adadelta(PerParameter):
    """p ← p - lr · d, d = grad · √(mean of d² + eps) / √(mean of grad² + eps)."""

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_settings(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        check_settings(lr, eps=eps, weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        })  # fmt: skip

    def _start(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"] = step_counter()
        state["square_avg"], state["acc_delta"] = zeros_like(p), zeros_like(p)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        rho, eps = group["rho"], group["eps"]
        square, past, step = state["square_avg"], state["acc_delta"], state["step"]
        step += 1
        grad = decayed(p, grad, group)
        square *= rho
        square += (1 - rho) * (grad * grad)
        delta = sqrt(past + eps) / sqrt(square + eps) * grad
        past *= rho
        past += (1 - rho) * (delta * delta)
        p -= scalar(group["lr"]) * delta
