"""Orthogonal polynomials of degree n: Chebyshev's four kinds, Hermite's two, Laguerre, Legendre.

All follow from the first two by a recurrence in the degree; Chebyshev's have a closed form inside
(-1, 1).  As in PyTorch they have no derivative, are 0 for negative degrees, and n is truncated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..op import pointwise
from .rules import laid_out_alike

_options: dict[str, Any] = {
    "operands": ("x", "n"), "numbers": ("x", "n"), "promote": "float", "serves": "biF",
    "overloads": True, "inplace": False, "method": False, "function": False,
}  # fmt: skip
Step = Callable[[int, Any, Any], Any]


def _by_recurrence(xp: Any, x: Any, n: Any, first: Any, step: Step) -> Any:
    """Elementwise degree n of p_0 = 1, p_1 = `first`, p_k = step(k, p_(k-1), p_(k-2))."""
    x, n, first = xp.broadcast_arrays(x, xp.trunc(n), first)
    before, now = xp.ones_like(x), first
    result = xp.where(n == 0, before, xp.where(n == 1, now, 0))
    highest = int(n.max()) if n.size else 0
    for k in range(2, highest + 1):
        before, now = now, step(k, now, before)
        result = xp.where(n == k, now, result)
        if not bool(((n > k) & xp.isfinite(now)).any()):
            return xp.where(n > k, now, result)
    return result


def _chebyshev(xp: Any, x: Any, n: Any, first: Any, wave: Callable[[Any, Any], Any]) -> Any:
    """Chebyshev: ``wave(angle, n)`` for degrees above 6 inside (-1, 1), else the recurrence."""
    inside = (xp.abs(x) < 1) & (n > 6)
    degree = xp.where(inside, 0, n)
    result = _by_recurrence(xp, x, degree, first, lambda k, now, before: 2 * x * now - before)
    angle = xp.arccos(xp.where(inside, x, 0.5))
    return xp.where(inside, wave(angle, xp.trunc(n)), result)


def _t(xp: Any, x: Any, n: Any) -> Any:
    return _chebyshev(xp, x, n, x, lambda a, n: xp.cos(n * a))


def _u(xp: Any, x: Any, n: Any) -> Any:
    return _chebyshev(xp, x, n, 2 * x, lambda a, n: xp.sin((n + 1) * a) / xp.sin(a))


def _v(xp: Any, x: Any, n: Any) -> Any:
    return _chebyshev(xp, x, n, 2 * x - 1, lambda a, n: xp.cos((n + 0.5) * a) / xp.cos(a / 2))


def _w(xp: Any, x: Any, n: Any) -> Any:
    return _chebyshev(xp, x, n, 2 * x + 1, lambda a, n: xp.sin((n + 0.5) * a) / xp.sin(a / 2))


@pointwise(**_options)
def special_chebyshev_polynomial_t(xp, x, n):
    """Chebyshev's polynomial of the first kind."""
    return _t(xp, x, n)


@pointwise(**_options)
def special_chebyshev_polynomial_u(xp, x, n):
    """Chebyshev's polynomial of the second kind."""
    return _u(xp, x, n)


@pointwise(**_options)
def special_chebyshev_polynomial_v(xp, x, n):
    """Chebyshev's polynomial of the third kind."""
    return _v(xp, x, n)


@pointwise(**_options)
def special_chebyshev_polynomial_w(xp, x, n):
    """Chebyshev's polynomial of the fourth kind."""
    return _w(xp, x, n)


@pointwise(**_options)
def special_shifted_chebyshev_polynomial_t(xp, x, n):
    """``chebyshev_polynomial_t`` at 2 x - 1."""
    return _t(xp, 2 * x - 1, n)


@pointwise(**_options)
def special_shifted_chebyshev_polynomial_u(xp, x, n):
    """``chebyshev_polynomial_u`` at 2 x - 1."""
    return _u(xp, 2 * x - 1, n)


@pointwise(**_options)
def special_shifted_chebyshev_polynomial_v(xp, x, n):
    """``chebyshev_polynomial_v`` at 2 x - 1."""
    return _v(xp, 2 * x - 1, n)


@pointwise(**_options)
def special_shifted_chebyshev_polynomial_w(xp, x, n):
    """``chebyshev_polynomial_w`` at 2 x - 1."""
    return _w(xp, 2 * x - 1, n)


def _hermite(xp: Any, x: Any, n: Any, scale: int, limit: int) -> Any:
    result = _by_recurrence(
        xp, x, n, scale * x, lambda k, now, before: scale * (x * now - (k - 1) * before)
    )
    return xp.where(n > limit, np.nan, result)


@pointwise(**_options)
@laid_out_alike
def special_hermite_polynomial_h(xp, x, n):
    """Hermite's polynomial as physicists write it; nan for degrees that overflow."""
    limit = 512 if x.dtype == np.float64 else 128
    return _hermite(xp, x, n, 2, limit)


@pointwise(**_options)
@laid_out_alike
def special_hermite_polynomial_he(xp, x, n):
    """Hermite's polynomial as statisticians write it; nan for degrees that overflow."""
    limit = 512 if x.dtype == np.float64 else 128
    return _hermite(xp, x, n, 1, limit)


@pointwise(**_options)
@laid_out_alike
def special_laguerre_polynomial_l(xp, x, n):
    """Laguerre's polynomial."""
    return _by_recurrence(
        xp, x, n, 1 - x,
        lambda k, now, before: ((2 * k - 1 - x) * now - (k - 1) * before) / k,
    )  # fmt: skip


@pointwise(**_options)
@laid_out_alike
def special_legendre_polynomial_p(xp, x, n):
    """Legendre's polynomial."""
    return _by_recurrence(
        xp, x, n, x, lambda k, now, before: ((2 * k - 1) * x * now - (k - 1) * before) / k
    )
