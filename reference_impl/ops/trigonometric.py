"""Trigonometric and hyperbolic functions and their inverses; angles and sides of triangles."""

from __future__ import annotations

import math
from typing import Any

from ..op import pointwise
from .complex import conj
from .exponential import rsqrt, sqrt
from .rules import in_single
from .selection import where

# ---------------------------------------------------------------- circular


@pointwise(self=lambda grad, self: grad * conj(cos(self)), promote="float")
def sin(xp, self):
    """The sine."""
    return xp.sin(self)


@pointwise(self=lambda grad, self: -grad * conj(sin(self)), promote="float")
def cos(xp, self):
    """The cosine."""
    return xp.cos(self)


@pointwise(self=lambda grad, result: grad * conj(1 + result * result), promote="float")
def tan(xp, self):
    """The tangent."""
    return xp.tan(self)


@pointwise(self=lambda grad, self: grad * conj(rsqrt(1 - self * self)), promote="float")
def asin(xp, self):
    """The inverse sine; nan outside [-1, 1]."""
    return xp.arcsin(self)


@pointwise(self=lambda grad, self: -grad * conj(rsqrt(1 - self * self)), promote="float")
def acos(xp, self):
    """The inverse cosine; nan outside [-1, 1]."""
    return xp.arccos(self)


@pointwise(self=lambda grad, self: grad / conj(1 + self * self), promote="float")
def atan(xp, self):
    """The inverse tangent."""
    return xp.arctan(self)


def _over_square(grad: Any, side: Any, self: Any, other: Any) -> Any:
    """`grad` times side / (self^2 + other^2), 0 at the origin."""
    square = self * self + other * other
    return where(square == 0, 0, grad * side / square)


@pointwise(
    self=lambda grad, self, other: _over_square(grad, other, self, other),
    other=lambda grad, self, other: _over_square(grad, -self, self, other),
    promote="float", serves="f", kernel="atan2_cpu",
)  # fmt: skip
def atan2(xp, self, other):
    """The angle of the point with x = `other` and y = `self`."""
    return xp.arctan2(self, other)


@pointwise(
    self=lambda grad, self, result: grad * (self / result),
    other=lambda grad, other, result: grad * (other / result),
    serves="f", kernel="hypot_cpu",
)  # fmt: skip
def hypot(xp, self, other):
    """The length sqrt(self^2 + other^2), without overflow on the way."""
    return xp.hypot(self, other)


# ---------------------------------------------------------------- hyperbolic


@pointwise(self=lambda grad, self: grad * conj(cosh(self)), promote="float")
def sinh(xp, self):
    """The hyperbolic sine."""
    return xp.sinh(self)


@pointwise(self=lambda grad, self: grad * conj(sinh(self)), promote="float")
def cosh(xp, self):
    """The hyperbolic cosine."""
    return xp.cosh(self)


@pointwise(self=lambda grad, result: grad * conj(1 - result * result), promote="float")
def tanh(xp, self):
    """The hyperbolic tangent."""
    return xp.tanh(self)


@pointwise(self=lambda grad, self: grad * conj(rsqrt(self * self + 1)), promote="float")
def asinh(xp, self):
    """The inverse hyperbolic sine."""
    return xp.arcsinh(self)


@pointwise(
    self=lambda grad, self: grad * conj(1 / (sqrt(self - 1) * sqrt(self + 1))), promote="float"
)
def acosh(xp, self):
    """The inverse hyperbolic cosine; nan below 1."""
    return xp.arccosh(self)


@pointwise(self=lambda grad, self: grad / conj(1 - self * self), promote="float")
def atanh(xp, self):
    """The inverse hyperbolic tangent; nan outside [-1, 1]."""
    return xp.arctanh(self)


# ---------------------------------------------------------------- angles


@pointwise(self=lambda grad: grad * (math.pi / 180), promote="float", serves="bif")
@in_single
def deg2rad(xp, self):
    """Degrees to radians."""
    return self * self.dtype.type(math.pi / 180)


@pointwise(self=lambda grad: grad * (180 / math.pi), promote="float", serves="bif")
@in_single
def rad2deg(xp, self):
    """Radians to degrees."""
    return self * self.dtype.type(180 / math.pi)


# ---------------------------------------------------------------- sinc


def _sinc_rule(grad: Any, self: Any) -> Any:
    """(x cos(x) - sin(x)) / x^2 times pi, where x is pi times the argument; 0 at 0."""
    x = self * math.pi
    slope = (x * cos(x) - sin(x)) / (x * self)
    return grad * conj(where(self == 0, 0, slope))


@pointwise(self=_sinc_rule, promote="float")
@in_single
def sinc(xp, self):
    """sin(pi x) / (pi x), which is 1 at 0."""
    product = self * self.dtype.type(math.pi)
    zero = product == 0
    one = self.dtype.type(1)
    return xp.where(zero, one, xp.sin(product) / xp.where(zero, one, product))
