"""Trigonometric and hyperbolic functions and their inverses; angles and sides of triangles."""

from __future__ import annotations

import math
from typing import Any

from ..fast import number
from ..op import pointwise, promote_operands
from .arithmetic import reciprocal
from .complex import conj
from .exponential import rsqrt
from .rules import in_single, is_complex
from .selection import masked_fill, where

# ---------------------------------------------------------------- circular


@pointwise(self=lambda grad, self: grad * conj(cos(self)), promote="float")
def sin(xp, self):
    """The sine."""
    return xp.sin(self)


@pointwise(self=lambda grad, self: grad * conj(-sin(self)), promote="float")
def cos(xp, self):
    """The cosine."""
    return xp.cos(self)


@pointwise(self=lambda grad, result: grad * conj(1 + result**2), promote="float")
def tan(xp, self):
    """The tangent."""
    return xp.tan(self)


@pointwise(self=lambda grad, self: grad * conj(rsqrt(-self * self + 1)), promote="float")
def asin(xp, self):
    """The inverse sine; nan outside [-1, 1]."""
    return xp.arcsin(self)


@pointwise(self=lambda grad, self: grad * conj(-rsqrt(-self * self + 1)), promote="float")
def acos(xp, self):
    """The inverse cosine; nan outside [-1, 1]."""
    return xp.arccos(self)


@pointwise(self=lambda grad, self: grad / conj(self * self + 1), promote="float")
def atan(xp, self):
    """The inverse tangent."""
    return xp.arctan(self)


def _over_square(self: Any, other: Any) -> Any:
    """1 / (self^2 + other^2), 0 at the origin."""
    inverse = reciprocal(self * self + other * other)
    return masked_fill(inverse, (self == 0) & (other == 0), 0)


@pointwise(
    self=lambda grad, self, other: grad * other * _over_square(self, other),
    other=lambda grad, self, other: grad * -self * _over_square(self, other),
    promote="float", serves="f", kernel="atan2_cpu",
)  # fmt: skip
def atan2(xp, self, other):
    """The angle of the point with x = `other` and y = `self`."""
    return xp.arctan2(self, other)


@pointwise(
    self=lambda grad, self, result: grad * self / result,
    other=lambda grad, other, result: grad * other / result,
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


@pointwise(self=lambda grad, result: _tanh_backward(grad, result), promote="float")
def tanh(xp, self):
    """The hyperbolic tangent."""
    return xp.tanh(self)


@pointwise(self=lambda grad, self: grad * conj(rsqrt(self**2 + 1)), promote="float")
def asinh(xp, self):
    """The inverse hyperbolic sine."""
    return xp.arcsinh(self)


def _acosh_rule(grad: Any, self: Any) -> Any:
    if is_complex(self):  # where the roots of two factors are not the root of the product
        return grad * conj(rsqrt(self + 1) * rsqrt(self - 1))
    return grad * rsqrt(self * self - 1)


@pointwise(self=_acosh_rule, promote="float")
def acosh(xp, self):
    """The inverse hyperbolic cosine; nan below 1."""
    return xp.arccosh(self)


@pointwise(self=lambda grad, self: grad * 1 / conj(1 - self**2), promote="float")
def atanh(xp, self):
    """The inverse hyperbolic tangent; nan outside [-1, 1]."""
    return xp.arctanh(self)


@pointwise(
    grad_output=lambda grad, output: _tanh_backward(grad, conj(output)),
    output=lambda grad, grad_output, output: conj(grad) * (-2 * conj(output) * grad_output),
    name="tanh_backward", method=False, function=False, inplace=False,
)  # fmt: skip
def _tanh_backward(xp, grad_output, output):
    square = output * output
    slope = number(xp, 1, square.dtype) - square
    return grad_output * (xp.conj(slope) if slope.dtype.kind == "c" else slope)


# ---------------------------------------------------------------- angles


def _real_only(op: Any, xp: Any, arrays: list[Any]) -> None:
    if is_complex(arrays[0]):
        raise RuntimeError(f"{op.name} is not supported for complex tensors.")
    promote_operands(op, xp, arrays)


@pointwise(
    self=lambda grad: grad * (math.pi / 180), promote="float", prepare=_real_only, serves="bif"
)
@in_single
def deg2rad(xp, self):
    """Degrees to radians."""
    return self * self.dtype.type(math.pi / 180)


@pointwise(
    self=lambda grad: grad * (180 / math.pi), promote="float", prepare=_real_only, serves="bif"
)
@in_single
def rad2deg(xp, self):
    """Radians to degrees."""
    return self * self.dtype.type(180 / math.pi)


# ---------------------------------------------------------------- sinc


def _sinc_rule(grad: Any, self: Any) -> Any:
    """(x cos(x) - sin(x)) / (x * self), where x is pi times self; 0 at 0."""
    x = self * math.pi
    slope = (x * cos(x) - sin(x)) / (self * self * math.pi)
    return where(self == 0, 0, grad * conj(slope))


@pointwise(self=_sinc_rule, promote="float")
@in_single
def sinc(xp, self):
    """sin(pi x) / (pi x), which is 1 at 0."""
    product = self * self.dtype.type(math.pi)
    zero = product == 0
    one = self.dtype.type(1)
    return xp.where(zero, one, xp.sin(product) / xp.where(zero, one, product))
