"""Window functions as ``torch.signal.windows`` names them.

`sym` windows are symmetric; the others are one shorter than the symmetric window they are cut from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..layout import strided
from ..ops.create import _finish, _on, as_device, as_dtype
from ..tensor import Tensor


def _window(
    name: str, length: int, shape: Callable[[Any, Any], Any], dtype: Any, layout: Any, device: Any,
    grad: bool,
) -> Tensor:  # fmt: skip
    """`shape(xp, i)` for the indices i."""
    if length < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={length}")
    if layout not in (None, strided):
        raise ValueError(f"{name} is implemented for strided tensors only, got: {layout}")
    chosen = as_dtype(name, dtype) or dtypes.get_default_dtype()
    if chosen.name not in ("float32", "float64"):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {chosen}")
    xp, there = _on(as_device(name, device))
    with there:
        values = xp.ones(length) if length < 2 else shape(xp, xp.arange(length, dtype=np.float64))
        return _finish(values.astype(chosen.numpy), grad)


def exponential(
    M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """exp(-|n - center| / tau)."""
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    middle = (M - 1 if sym else M) / 2 if center is None else center
    return _window("exponential", M, lambda xp, i: xp.exp(-xp.abs(i - middle) / tau),
        dtype, layout, device, requires_grad)  # fmt: skip


def cosine(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Half a period of a sine."""
    n = M if sym else M + 1
    return _window("cosine", M, lambda xp, i: xp.sin((i + 0.5) * math.pi / n),
        dtype, layout, device, requires_grad)  # fmt: skip


def gaussian(
    M: int, *, std: float = 1.0, sym: bool = True, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A bell curve of standard deviation `std`."""
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    middle = (M - 1 if sym else M) / 2
    return _window("gaussian", M, lambda xp, i: xp.exp(-((i - middle) ** 2) / (2 * std**2)),
        dtype, layout, device, requires_grad)  # fmt: skip


def kaiser(
    M: int, *, beta: float = 12.0, sym: bool = True, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A Bessel function of shape `beta`."""
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    last = M - 1 if sym else M

    def shape(xp: Any, i: Any) -> Any:
        inside = xp.maximum(1 - (2 * i / last - 1) ** 2, 0)
        return xp.i0(beta * xp.sqrt(inside)) / xp.i0(xp.asarray(beta, np.float64))

    return _window("kaiser", M, shape, dtype, layout, device, requires_grad)


def general_cosine(
    M: int, *, a: Sequence[float], sym: bool = True, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A sum of cosines with the weights `a` and alternating signs."""
    if not isinstance(a, (list, tuple)):
        raise TypeError("Coefficients must be a list/tuple")
    if not a:
        raise ValueError("Coefficients cannot be empty")
    return _cosines(M, a, sym, dtype, layout, device, requires_grad)


def _cosines(
    M: int, a: Sequence[float], sym: bool, dtype: Any, layout: Any, device: Any, grad: bool
) -> Tensor:
    last = M - 1 if sym else M

    def shape(xp: Any, i: Any) -> Any:
        angle = 2 * math.pi * i / last
        return sum((-1) ** k * w * xp.cos(k * angle) for k, w in enumerate(a))

    return _window("general_cosine", M, shape, dtype, layout, device, grad)


def general_hamming(
    M: int, *, alpha: float = 0.54, sym: bool = True, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Alpha - (1 - alpha) * cos."""
    weights = (alpha, 1.0 - alpha)
    return _cosines(M, weights, sym, dtype, layout, device, requires_grad)


def hamming(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """0.54 - 0.46 * cos."""
    return _cosines(M, (0.54, 0.46), sym, dtype, layout, device, requires_grad)


def hann(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """0.5 - 0.5 * cos."""
    return _cosines(M, (0.5, 0.5), sym, dtype, layout, device, requires_grad)


def blackman(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Three cosine terms."""
    return _cosines(M, (0.42, 0.5, 0.08), sym, dtype, layout, device, requires_grad)


def nuttall(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Four cosine terms."""
    weights = (0.3635819, 0.4891775, 0.1365995, 0.0106411)
    return _cosines(M, weights, sym, dtype, layout, device, requires_grad)


def bartlett(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A triangle."""
    last = M - 1 if sym else M
    return _window("bartlett", M, lambda xp, i: 1 - xp.abs(2 * i / last - 1),
        dtype, layout, device, requires_grad)  # fmt: skip
