"""Bessel functions and Airy's Ai, after S. Moshier's Cephes Math Library, as in PyTorch.

Only i0, i0e, i1 and i1e have derivatives; PyTorch differentiates none of the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..op import pointwise
from . import cephes_tables as tables
from .arithmetic import abs as abs_
from .arithmetic import reciprocal
from .complex import sgn
from .rules import in_double, polynomial
from .selection import where

_QUARTER_PI, _TWO_OVER_PI = math.pi / 4, 2 / math.pi
_special: dict[str, Any] = {"promote": "float", "serves": "biF", "inplace": False, "method": False,
            "function": False, "operands": ("self",)}  # fmt: skip
_with_half: dict[str, Any] = _special | {"serves": "bif"}
_of_x = _special | {"operands": ("x",)}


def _chebyshev(x: Any, coefficients: Sequence[float]) -> Any:
    """Clenshaw's sum of a Chebyshev series on [-2, 2]."""
    now, before, earlier = x * 0 + coefficients[0], x * 0, x * 0
    for c in coefficients[1:]:
        now, before, earlier = x * now - before + c, now, before
    return 0.5 * (now - earlier)


# ---------------------------------------------------------------- modified, of the first kind


def _scaled_i0(xp: Any, x: Any) -> Any:
    """exp(-|x|) I0(x)."""
    size = xp.abs(x)
    near = _chebyshev(xp.minimum(size, 8.0) / 2 - 2, tables.I0_A)
    large = xp.maximum(size, 8.0)
    return xp.where(size <= 8, near, _chebyshev(32 / large - 2, tables.I0_B) / xp.sqrt(large))


def _scaled_i1(xp: Any, x: Any) -> Any:
    """exp(-|x|) I1(x)."""
    size = xp.abs(x)
    small, large = xp.minimum(size, 8.0), xp.maximum(size, 8.0)
    near = _chebyshev(small / 2 - 2, tables.I1_A) * small
    far = _chebyshev(32 / large - 2, tables.I1_B) / xp.sqrt(large)
    result = xp.where(size <= 8, near, far)
    return xp.where(x < 0, -result, result)


@pointwise(
    self=lambda grad, self: grad * special_i1(self),
    promote="float",
    serves="bif",
    kernel="i0_vml_cpu",
)
@in_double
def i0(xp, self):
    """The modified Bessel function of the first kind and order 0."""
    return xp.exp(xp.abs(self)) * _scaled_i0(xp, self)


@pointwise(
    self=lambda grad, self, result: grad * (special_i1e(self) - sgn(self) * result), **_with_half
)
@in_double
def special_i0e(xp, self):
    """The scaled function exp(-|self|) * i0(self)."""
    return _scaled_i0(xp, self)


def _away_from_zero(self: Any) -> tuple[Any, Any]:
    """Where |self| is not tiny, and `self` with the tiny ones replaced."""
    tiny = np.finfo(getattr(self, "_data", self).dtype).eps.item()
    chosen = abs_(self) > tiny
    return chosen, where(chosen, self, tiny)


def _i1_rule(grad: Any, self: Any, result: Any) -> Any:
    """i0(x) - i1(x) / x, which is one half at 0."""
    chosen, safe = _away_from_zero(self)
    return grad * where(chosen, i0(self) - result * reciprocal(safe), 0.5)


@pointwise(self=_i1_rule, **_with_half)
@in_double
def special_i1(xp, self):
    """The modified Bessel function of the first kind and order 1."""
    return xp.exp(xp.abs(self)) * _scaled_i1(xp, self)


def _i1e_rule(grad: Any, self: Any, result: Any) -> Any:
    chosen, safe = _away_from_zero(self)
    slope = special_i0e(self) - result * (sgn(self) + reciprocal(safe))
    return grad * where(chosen, slope, 0.5)


@pointwise(self=_i1e_rule, **_with_half)
@in_double
def special_i1e(xp, self):
    """The scaled function exp(-|self|) * i1(self)."""
    return _scaled_i1(xp, self)


@pointwise(**_special)
@in_double
def special_modified_bessel_i0(xp, self):
    """The modified Bessel function of the first kind and order 0."""
    return xp.exp(xp.abs(self)) * _scaled_i0(xp, self)


@pointwise(**_special)
@in_double
def special_modified_bessel_i1(xp, self):
    """The modified Bessel function of the first kind and order 1."""
    return xp.exp(xp.abs(self)) * _scaled_i1(xp, self)


# ---------------------------------------------------------------- modified, of the second kind


def _scaled_k(xp: Any, x: Any, near: Any, far: Sequence[float]) -> Any:
    """exp(x) K(x): `near` gives K up to 2, the series `far` from there on."""
    small, large = xp.clip(x, 0, 2.0), xp.maximum(x, 2.0)
    tail = _chebyshev(8 / large - 2, far) / xp.sqrt(large)
    result = xp.where(x <= 2, near(small) * xp.exp(small), tail)
    return xp.where(x < 0, np.nan, xp.where(x == 0, np.inf, result))


def _scaled_k0(xp: Any, x: Any) -> Any:
    def near(x: Any) -> Any:
        series = _chebyshev(x * x - 2, tables.K0_A)
        return series - xp.log(0.5 * x) * xp.exp(x) * _scaled_i0(xp, x)

    return _scaled_k(xp, x, near, tables.K0_B)


def _scaled_k1(xp: Any, x: Any) -> Any:
    def near(x: Any) -> Any:
        series = _chebyshev(x * x - 2, tables.K1_A) / x
        return series + xp.log(0.5 * x) * xp.exp(x) * _scaled_i1(xp, x)

    return _scaled_k(xp, x, near, tables.K1_B)


@pointwise(**_special)
@in_double
def special_modified_bessel_k0(xp, self):
    """The modified Bessel function of the second kind and order 0."""
    return xp.exp(-self) * _scaled_k0(xp, self)


@pointwise(**_special)
@in_double
def special_modified_bessel_k1(xp, self):
    """The modified Bessel function of the second kind and order 1."""
    return xp.exp(-self) * _scaled_k1(xp, self)


@pointwise(**_of_x)
@in_double
def special_scaled_modified_bessel_k0(xp, x):
    """The scaled function exp(x) * modified_bessel_k0(x)."""
    return _scaled_k0(xp, x)


@pointwise(**_of_x)
@in_double
def special_scaled_modified_bessel_k1(xp, x):
    """The scaled function exp(x) * modified_bessel_k1(x)."""
    return _scaled_k1(xp, x)


# ---------------------------------------------------------------- of the first and second kind


def _asymptotic(xp: Any, x: Any, name: str, phase: float, second_kind: bool) -> Any:
    """The form for x > 5: two rational functions times cosine and sine of a shifted argument."""
    z = (5 / x) ** 2
    p = polynomial(z, getattr(tables, name + "_PP")) / polynomial(z, getattr(tables, name + "_PQ"))
    q = polynomial(z, getattr(tables, name + "_QP")) / polynomial(z, getattr(tables, name + "_QQ"))
    sine, cosine = xp.sin(x - phase), xp.cos(x - phase)
    if second_kind:
        wave = p * sine + 5 / x * q * cosine
    else:
        wave = p * cosine - 5 / x * q * sine
    return wave * math.sqrt(_TWO_OVER_PI) / xp.sqrt(x)


def _j0(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    square = xp.minimum(size, 5.0) ** 2
    ratio = polynomial(square, tables.J0_RP) / polynomial(square, tables.J0_RQ)
    near = (square - 5.78318596294678452118) * (square - 30.4712623436620863991) * ratio
    near = xp.where(size < 0.00001, 1 - square / 4, near)
    far = _asymptotic(xp, xp.maximum(size, 5.0), "J0", _QUARTER_PI, False)
    return xp.where(size <= 5, near, far)


def _j1(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    small = xp.minimum(size, 5.0)
    square = small * small
    near = polynomial(square, tables.J1_RP) / polynomial(square, tables.J1_RQ) * small
    near = near * (square - 14.6819706421238932572) * (square - 49.2184563216946036703)
    far = _asymptotic(xp, xp.maximum(size, 5.0), "J1", 3 * _QUARTER_PI, False)
    result = xp.where(size <= 5, near, far)
    return xp.where(x < 0, -result, result)


def _second_kind(xp: Any, x: Any, near: Any, name: str, phase: float) -> Any:
    small, large = xp.clip(x, 0, 5.0), xp.maximum(x, 5.0)
    result = xp.where(x <= 5, near(small), _asymptotic(xp, large, name, phase, True))
    return xp.where(x < 0, np.nan, xp.where(x == 0, -np.inf, result))


@pointwise(**_special)
@in_double
def special_bessel_j0(xp, self):
    """The Bessel function of the first kind and order 0."""
    return _j0(xp, self)


@pointwise(**_special)
@in_double
def special_bessel_j1(xp, self):
    """The Bessel function of the first kind and order 1."""
    return _j1(xp, self)


@pointwise(**_special)
@in_double
def special_bessel_y0(xp, self):
    """The Bessel function of the second kind and order 0; nan for negative numbers."""

    def near(x: Any) -> Any:
        ratio = polynomial(x * x, tables.Y0_YP) / polynomial(x * x, tables.Y0_YQ)
        return ratio + _TWO_OVER_PI * xp.log(x) * _j0(xp, x)

    return _second_kind(xp, self, near, "J0", _QUARTER_PI)


@pointwise(**_special)
@in_double
def special_bessel_y1(xp, self):
    """The Bessel function of the second kind and order 1; nan for negative numbers."""

    def near(x: Any) -> Any:
        ratio = polynomial(x * x, tables.Y1_YP) / polynomial(x * x, tables.Y1_YQ)
        return x * ratio + _TWO_OVER_PI * (_j1(xp, x) * xp.log(x) - 1 / x)

    return _second_kind(xp, self, near, "J1", 3 * _QUARTER_PI)


@pointwise(**_of_x)
@in_double
def special_spherical_bessel_j0(xp, x):
    """The spherical Bessel function of order 0: sin(x) / x."""
    square = x * x
    terms = [(-1) ** k / math.factorial(2 * k + 1) for k in range(6, -1, -1)]
    series = polynomial(square, terms)
    ratio = xp.sin(x) / xp.where(x == 0, 1, x)
    return xp.where(xp.isinf(x), 0, xp.where(xp.abs(x) < 0.5, series, ratio))


# ---------------------------------------------------------------- Airy's Ai


def _airy_negative(xp: Any, x: Any) -> Any:
    """For x < -2.09: a wave of slowly falling size."""
    root = xp.sqrt(-x)
    zeta = -2 * x * root / 3
    z = 1 / zeta
    square = z * z
    f = polynomial(square, tables.AIRY_AFN) / polynomial(square, tables.AIRY_AFD)
    g = polynomial(square, tables.AIRY_AGN) / polynomial(square, tables.AIRY_AGD)
    angle = zeta + _QUARTER_PI
    wave = xp.sin(angle) * (1 + square * f) - xp.cos(angle) * z * g
    return wave / math.sqrt(math.pi) / xp.sqrt(root)


def _airy_positive(xp: Any, x: Any) -> Any:
    """For x >= 2.09: falls like exp(-zeta)."""
    root = xp.sqrt(x)
    zeta = 2 * x * root / 3
    ratio = polynomial(1 / zeta, tables.AIRY_AN) / polynomial(1 / zeta, tables.AIRY_AD)
    return ratio / math.sqrt(math.pi) / (2 * xp.sqrt(root) * xp.exp(zeta))


def _airy_middle(xp: Any, x: Any) -> Any:
    """Near 0: the power series of the two solutions that Ai is made of."""
    cube = x * x * x
    f, g = xp.ones_like(x), x
    m, n = f, g
    for k in range(0, 60, 3):
        m = m * cube / ((k + 2) * (k + 3))
        n = n * cube / ((k + 3) * (k + 4))
        f, g = f + m, g + n
    return 0.355028053887817239260 * f - 0.258819403792806798405 * g


@pointwise(**_of_x)
@in_double
def special_airy_ai(xp, x):
    """Airy's function Ai."""
    middle = _airy_middle(xp, xp.clip(x, -2.09, 2.09))
    result = xp.where(x < -2.09, _airy_negative(xp, xp.minimum(x, -2.09)), middle)
    result = xp.where(x >= 2.09, _airy_positive(xp, xp.maximum(x, 2.09)), result)
    return xp.where(xp.isinf(x), np.nan, xp.where(x > 103.892, 0, result))
