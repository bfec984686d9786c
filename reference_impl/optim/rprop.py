"""Resilient propagation: only signs count.  Source: Riedmiller and Braun (1993)."""

from __future__ import annotations

from typing import Any

from ..ops.arithmetic import sign
from ..ops.create import full_like, zeros_like
from ..ops.selection import clamp, where
from ..tensor import Tensor
from .per_parameter import PerParameter, check_settings, scalar, step_counter

__all__ = ["Rprop"]


class Rprop(PerParameter):
    """Step sizes grow while the sign of a gradient stays, and shrink when it changes."""

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_settings(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(params, {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def _start(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr = scalar(group["lr"])
        state["step"], state["prev"] = step_counter(), zeros_like(p)
        state["step_size"] = full_like(p, complex(lr, lr) if p.is_complex() else lr)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        shrink, grow = group["etas"]
        size, previous, step = state["step_size"], state["prev"], state["step"]
        step += 1
        agreement = grad * previous
        turned = agreement < 0
        changed = where(turned, size * shrink, where(agreement > 0, size * grow, size))
        size[...] = clamp(changed, *group["step_sizes"])
        grad = where(turned, 0.0, grad)
        p -= sign(grad) * size
        previous[...] = grad
