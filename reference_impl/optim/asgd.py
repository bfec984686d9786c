"""Averaged stochastic gradient descent.  Source: Polyak and Juditsky (1992)."""

from __future__ import annotations

from typing import Any

from ..ops.create import zeros_like
from ..tensor import Tensor
from .per_parameter import PerParameter, check_settings, decayed, scalar, step_counter

__all__ = ["ASGD"]


class ASGD(PerParameter):
    """Gradient descent that also keeps the average ``ax`` of the parameter from step `t0` on."""

    captured = "params, mus, etas, and state_steps"

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_settings(lr, weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
            "capturable": capturable,
        })  # fmt: skip

    def _start(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"], state["eta"] = step_counter(), step_counter(scalar(group["lr"]))
        state["mu"], state["ax"] = step_counter(1.0), zeros_like(p)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr, lambd = scalar(group["lr"]), group["lambd"]
        eta, mu, average, step = state["eta"], state["mu"], state["ax"], state["step"]
        step += 1
        t = float(step)
        grad = decayed(p, grad, group)
        p *= 1 - lambd * float(eta)
        p -= float(eta) * grad
        if float(mu) == 1:
            average[...] = p
        else:
            average += float(mu) * (p - average)
        eta[...] = lr / (1 + lambd * lr * t) ** group["alpha"]
        mu[...] = 1 / max(1, t - group["t0"])
