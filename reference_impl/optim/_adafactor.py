"""Adafactor: Adam's second moment of a matrix kept as a row and a column.

Source: Shazeer and Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost (2018).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import xp_of
from ..dtypes import finfo
from ..ops.create import zeros_like
from ..tensor import Tensor, wrap
from .per_parameter import PerParameter, check_settings, lerp_, scalar, step_counter

__all__ = ["Adafactor"]


class Adafactor(PerParameter):
    """Relative step sizes, clipped updates, and row and column means of the squared gradient."""

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        _check(lr, beta2_decay, eps, d, weight_decay)
        super().__init__(params, {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize,
        })  # fmt: skip

    def _start(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        if p.is_complex():
            raise RuntimeError("Adafactor does not support complex parameters")
        state["step"] = step_counter()
        if p.ndim > 1:
            xp, shape, dtype = xp_of(p._data), p._data.shape, p._data.dtype
            state["row_var"] = wrap(xp.zeros((*shape[:-1], 1), dtype))
            state["col_var"] = wrap(xp.zeros((*shape[:-2], 1, shape[-1]), dtype))
        else:
            state["variance"] = zeros_like(p)

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        xp, lr, step = xp_of(p), scalar(group["lr"]), state["step"]
        eps1, eps2 = group["eps"]
        eps1 = _epsilon(p.dtype) if eps1 is None else eps1
        step += 1
        t = float(step)
        alpha = max(eps2, _root_mean_square(p)) * min(lr, 1 / t**0.5)
        if group["weight_decay"] != 0:
            p *= 1 - lr * group["weight_decay"]
        fresh = t ** group["beta2_decay"]
        square = grad * grad
        if grad.ndim > 1:
            row, column = state["row_var"], state["col_var"]
            lerp_(row, square.mean(-1, keepdims=True), fresh)
            lerp_(column, square.mean(-2, keepdims=True), fresh)
            estimate = row @ column / xp.maximum(row.mean(-2, keepdims=True), eps1)
        else:
            lerp_(state["variance"], square, fresh)
            estimate = state["variance"]
        update = grad / xp.sqrt(xp.maximum(estimate, eps1 * eps1))
        p -= (alpha / max(1.0, _root_mean_square(update) / group["d"])) * update


def _epsilon(dtype: Any) -> float:
    from ..dtypes import of

    return finfo(of(np.dtype(dtype))).eps


def _root_mean_square(array: Any) -> float:
    return math.sqrt(float((array * array).mean())) if array.size else 0.0


def _check(lr: Any, beta2_decay: float, eps: Any, d: float, weight_decay: float) -> None:
    """Raise ValueError for a setting out of its range."""
    if isinstance(lr, Tensor):
        check_settings(lr)
    if not lr >= 0.0:
        raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
    if not beta2_decay <= 0.0:
        raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
    for i, e in enumerate(eps):
        if (e is not None or i == 1) and not e >= 0.0:
            raise ValueError(f"epsilon{i + 1} should be >= 0 but is: {e}")
    if not d >= 1.0:
        raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
    if not weight_decay >= 0.0:
        raise ValueError(f"weight_decay should be >= 0 but is: {weight_decay}")
