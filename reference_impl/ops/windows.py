"""Window functions of signal processing: ``hann_window`` and its kin.

`periodic` windows are one shorter than the symmetric ones they are cut from.  The same shapes with
other arguments are in ``signal/windows.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..tensor import Tensor
from .create import _finish, _on, as_device, as_dtype, public


def _window(
    name: str, length: int, periodic: bool, shape: Callable[..., Any], options: Any
) -> Tensor:
    """`shape(i, last)` for the indices i of a window whose last index is `last`."""
    if length < 0:
        raise RuntimeError(
            f"{name} requires non-negative window_length, got window_length={length}"
        )
    chosen = as_dtype(name, options.pop("dtype", None)) or dtypes.get_default_dtype()
    if chosen.category < dtypes.FLOAT:
        raise RuntimeError(f"{name} expects floating point dtypes, got: {chosen}")
    xp, there = _on(as_device(name, options.pop("device", None)))
    with there:
        i = xp.arange(length, dtype=chosen.numpy)
        last = length if periodic else length - 1
        values = xp.ones(length) if length < 2 else shape(xp, i, last)
        return _finish(values.astype(chosen.numpy), options.get("requires_grad", False))


def _cosines(*weights: float) -> Callable[..., Any]:
    def shape(xp: Any, i: Any, last: int) -> Any:
        step = i * i.dtype.type(np.pi / last)
        terms = [(-1) ** k * w * xp.cos(2 * k * step) for k, w in enumerate(weights) if k]
        return sum(reversed(terms)) + weights[0]

    return shape


@public
def hann_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """Half a period of a raised cosine."""
    return _window("hann_window", window_length, periodic, _cosines(0.5, 0.5), options)


@public
def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46,
    **options: Any,
) -> Tensor:  # fmt: skip
    """Alpha - beta * cos, which does not quite reach zero."""
    return _window("hamming_window", window_length, periodic, _cosines(alpha, beta), options)


@public
def blackman_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """Three cosine terms."""
    return _window("blackman_window", window_length, periodic, _cosines(0.42, 0.5, 0.08), options)


@public
def bartlett_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """A triangle."""
    return _window(
        "bartlett_window", window_length, periodic,
        lambda xp, i, last: 1 - xp.abs(2 * i / last - 1), options,
    )  # fmt: skip


@public
def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, **options: Any
) -> Tensor:
    """A Bessel function; `beta` trades the width of the main lobe for the height of the others."""

    def shape(xp: Any, i: Any, last: int) -> Any:
        inside = xp.maximum(1 - (2 * i / last - 1) ** 2, 0)
        return xp.i0(beta * xp.sqrt(inside)) / xp.i0(xp.asarray(beta, np.float64))

    return _window("kaiser_window", window_length, periodic, shape, options)
