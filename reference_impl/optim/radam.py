"""RAdam: Adam that waits until the mean square is known well enough.  Source: Liu et al. (2019)."""

from __future__ import annotations

from typing import Any

from ..ops.create import zeros_like
from ..ops.exponential import sqrt
from ..tensor import Tensor
from .per_parameter import PerParameter, check_settings, decayed, lerp_, scalar, step_counter

__all__ = ["RAdam"]


class RAdam(PerParameter):
    """Momentum at first, and Adam with a correction of its variance once that is tractable."""

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_settings(lr, eps=eps, betas=betas, weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay, "differentiable": differentiable,
        })  # fmt: skip

    def _start(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"] = step_counter()
        state["exp_avg"], state["exp_avg_sq"] = zeros_like(p), zeros_like(p)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr, (beta1, beta2) = scalar(group["lr"]), group["betas"]
        average, square, step = state["exp_avg"], state["exp_avg_sq"], state["step"]
        step += 1
        t = float(step)
        if not group["decoupled_weight_decay"]:
            grad = decayed(p, grad, group)
        elif group["weight_decay"] != 0:
            p *= 1 - lr * group["weight_decay"]
        lerp_(average, grad, 1 - beta1)
        square *= beta2
        square += (1 - beta2) * (grad * grad)
        update = (lr / (1 - beta1**t)) * average
        correction = 1 - beta2**t
        longest = 2 / (1 - beta2) - 1  # the length of the approximated moving average, ρ∞
        length = longest - 2 * t * beta2**t / correction
        if length > 5.0:
            rectification = (length - 4) * (length - 2) * longest
            rectification /= (longest - 4) * (longest - 2) * length
            update = (rectification * correction) ** 0.5 * (update / (sqrt(square) + group["eps"]))
        p -= update
