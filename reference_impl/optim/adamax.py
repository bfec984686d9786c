"""Adamax: Adam with the largest gradient for the mean square.  Source: Kingma and Ba (2014)."""

from __future__ import annotations

from typing import Any

from ..ops.create import zeros_like
from ..ops.selection import maximum
from ..tensor import Tensor
from .per_parameter import PerParameter, check_settings, decayed, lerp_, scalar, step_counter

__all__ = ["Adamax"]


class Adamax(PerParameter):
    """p ← p - lr · m̂ / u, with u the largest absolute gradient, forgotten by beta2 a step."""

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_settings(lr, eps=eps, betas=betas, weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def _start(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"] = step_counter()
        state["exp_avg"], state["exp_inf"] = zeros_like(p), zeros_like(p)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        average, largest, step = state["exp_avg"], state["exp_inf"], state["step"]
        step += 1
        grad = decayed(p, grad, group)
        lerp_(average, grad, 1 - beta1)
        largest[...] = maximum(largest * beta2, abs(grad) + group["eps"])
        p -= (scalar(group["lr"]) / (1 - beta1 ** float(step))) * (average / largest)
