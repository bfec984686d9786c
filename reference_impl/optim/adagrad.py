"""Adagrad: steps scaled by the sum of all squared gradients.  Source: Duchi et al. (2011)."""

from __future__ import annotations

from typing import Any

from ..autograd.grad_mode import no_grad
from ..ops.create import full_like
from ..ops.exponential import sqrt
from ..tensor import Tensor
from .per_parameter import PerParameter, check_settings, decayed, scalar, step_counter

__all__ = ["Adagrad"]


class Adagrad(PerParameter):
    """p ← p - lr · grad / (√(sum of grad²) + eps), lr shrinking by 1 / (1 + t · lr_decay)."""

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_settings(
            lr, lr_decay=lr_decay, weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
        )  # fmt: skip
        check_settings(lr, eps=eps)
        super().__init__(params, {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "fused": fused,
        })  # fmt: skip
        for group in self.param_groups:
            for p in group["params"]:
                self._start(p, self.state[p], group)

    def _start(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        value = group["initial_accumulator_value"]
        state["step"] = step_counter()
        with no_grad():
            state["sum"] = full_like(p, complex(value, value) if p.is_complex() else value)

    def share_memory(self) -> None:
        """Nothing to do: this package does not share memory between processes."""

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        total, step = state["sum"], state["step"]
        step += 1
        grad = decayed(p, grad, group)
        lr = scalar(group["lr"]) / (1 + (float(step) - 1) * group["lr_decay"])
        total += grad * grad
        p -= lr * (grad / (sqrt(total) + group["eps"]))
