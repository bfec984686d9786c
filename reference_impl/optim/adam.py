"""Adam: steps scaled by running averages of the gradient and of its square.

Source: Kingma and Ba, Adam: A Method for Stochastic Optimization (2014); ``amsgrad``: Reddi et al.
(2018); decoupled weight decay: Loshchilov and Hutter (2017).
"""

from __future__ import annotations

from typing import Any

from ..ops.create import zeros_like
from ..ops.exponential import sqrt
from ..ops.selection import maximum
from ..tensor import Tensor
from .per_parameter import PerParameter, check_settings, decayed, lerp_, scalar, step_counter

__all__ = ["Adam"]


class Adam(PerParameter):
    """p ← p - lr · m̂ / (√v̂ + eps), with m̂ and v̂ the averages corrected for starting at zero."""

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        _check_tensor_settings(lr, betas, foreach, capturable)
        check_settings(lr, eps=eps, betas=betas, weight_decay=weight_decay)  # type: ignore[arg-type]
        super().__init__(params, {
            "lr": lr, "betas": tuple(map(scalar, betas)), "eps": eps, "weight_decay": weight_decay,
            "amsgrad": amsgrad, "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "differentiable": differentiable, "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        })  # fmt: skip

    def _start(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"] = step_counter()
        state["exp_avg"], state["exp_avg_sq"] = zeros_like(p), zeros_like(p)
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = zeros_like(p)

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
        if group["amsgrad"]:
            largest = state["max_exp_avg_sq"]
            before = largest.clone() if group["differentiable"] else largest
            largest[...] = maximum(before, square)
            square = largest
        scale = sqrt(square) / (1 - beta2**t) ** 0.5
        p -= (lr / (1 - beta1**t)) * (average / (scale + group["eps"]))


def _check_tensor_settings(lr: Any, betas: Any, foreach: Any, capturable: bool) -> None:
    """Raise ValueError for a tensor as a setting where PyTorch does not allow one."""
    if isinstance(lr, Tensor) and foreach and not capturable:
        raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
    kinds = {Tensor if isinstance(b, Tensor) else type(b) for b in betas}
    if all(0.0 <= b < 1.0 for b in betas) and kinds not in ({float}, {Tensor}):
        raise ValueError("betas must be either both floats or both Tensors")
    for i, beta in enumerate(betas):
        if isinstance(beta, Tensor):
            if foreach and not capturable:
                raise ValueError(
                    f"betas[{i}] as a Tensor is not supported for capturable=False and foreach=True"
                )
            if beta._data.size != 1:
                raise ValueError(f"Tensor betas[{i}] must be 1-element")
