"""Muon: momentum for matrices, made nearly orthogonal before each step.

Source: Jordan et al., Muon: An optimizer for hidden layers in neural networks (2024).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..ops.create import zeros_like
from ..tensor import Tensor
from .per_parameter import PerParameter, check_settings, lerp_, scalar

__all__ = ["Muon"]


class Muon(PerParameter):
    """p ← p - lr · U, with U the orthogonal matrix nearest (nearly) to the momentum."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        _check(lr, momentum, weight_decay, adjust_lr_fn)
        super().__init__(params, {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
            "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        })  # fmt: skip
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        "Muon only supports 2D parameters whereas we found a parameter with size: "
                        f"{p.shape}"
                    )

    def _start(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        if p.is_complex():
            raise RuntimeError("Muon does not support complex parameters")
        state["momentum_buffer"] = zeros_like(p)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr, momentum, buffer = scalar(group["lr"]), group["momentum"], state["momentum_buffer"]
        lerp_(buffer, grad, 1 - momentum)
        update = grad + momentum * (buffer - grad) if group["nesterov"] else buffer
        update = _orthogonalised(update, group["ns_coefficients"], group["ns_steps"], group["eps"])
        p *= 1 - lr * group["weight_decay"]
        p -= (lr * _shape_factor(group["adjust_lr_fn"], p.shape)) * update


def _orthogonalised(matrix: Any, coefficients: Any, steps: int, eps: float) -> Any:
    """Newton-Schulz iterations towards U Vᵀ, where U S Vᵀ is the matrix; in bfloat16."""
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    tall = matrix.shape[0] > matrix.shape[1]
    x = _rounded(matrix.T if tall else matrix)
    norm = math.sqrt(float((x * x).sum()))
    x = _rounded(x / max(float(_rounded(np.float32(norm))), eps))
    for _ in range(steps):
        gram = _rounded(x @ x.T)
        gram = _rounded(b * gram + c * (gram @ gram))
        x = _rounded(a * x + gram @ x)
    x = x.astype(matrix.dtype)
    return x.T if tall else x


def _rounded(array: Any) -> Any:
    """float32 values with the precision of bfloat16, where there is that dtype."""
    narrow = getattr(dtypes, "bfloat16", None)
    array = array.astype(np.float32)
    return array if narrow is None else array.astype(narrow.numpy).astype(np.float32)


def _shape_factor(rule: str | None, shape: Any) -> float:
    rows, columns = shape
    if rule == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1, rows / columns))


def _check(lr: Any, momentum: float, weight_decay: float, adjust_lr_fn: Any) -> None:
    """Raise ValueError for a setting out of its range."""
    if isinstance(lr, Tensor):
        check_settings(lr)
    if not lr >= 0.0:
        raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
    if not momentum >= 0.0:
        raise ValueError(f"momentum should be >= 0 but is: {momentum}")
    if not weight_decay >= 0.0:
        raise ValueError(f"weight decay should be >= 0 but is: {weight_decay}")
    if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
        raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
