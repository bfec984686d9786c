"""NAdam: Adam with Nesterov's momentum.  Source: Dozat (2016)."""

from __future__ import annotations

from typing import Any

from ..ops.create import zeros_like
from ..ops.exponential import sqrt
from ..tensor import Tensor
from .per_parameter import PerParameter, check_settings, decayed, lerp_, scalar, step_counter

__all__ = ["NAdam"]


class NAdam(PerParameter):
    """Adam whose step looks ahead: it mixes the gradient with the average of the next step."""

    captured = "params, mu_products and state_steps"

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_settings(
            lr, eps=eps, betas=betas, weight_decay=weight_decay, momentum_decay=momentum_decay
        )
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "differentiable": differentiable,
        })  # fmt: skip

    def _start(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"], state["mu_product"] = step_counter(), step_counter(1.0)
        state["exp_avg"], state["exp_avg_sq"] = zeros_like(p), zeros_like(p)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr, (beta1, beta2) = scalar(group["lr"]), group["betas"]
        average, square, step = state["exp_avg"], state["exp_avg_sq"], state["step"]
        product = state["mu_product"]
        step += 1
        t, decay = float(step), group["momentum_decay"]
        if not group["decoupled_weight_decay"]:
            grad = decayed(p, grad, group)
        elif group["weight_decay"] != 0:
            p *= 1 - lr * group["weight_decay"]
        mu = beta1 * (1.0 - 0.5 * 0.96 ** (t * decay))
        following = beta1 * (1.0 - 0.5 * 0.96 ** ((t + 1) * decay))
        product *= mu
        lerp_(average, grad, 1 - beta1)
        square *= beta2
        square += (1 - beta2) * (grad * grad)
        scale = sqrt(square / (1 - beta2**t)) + group["eps"]
        so_far = product.clone() if group["differentiable"] else float(product)
        p -= (lr * (1.0 - mu) / (1.0 - so_far)) * (grad / scale)
        p -= (lr * following / (1.0 - so_far * following)) * (average / scale)
