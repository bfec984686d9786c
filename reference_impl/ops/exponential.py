"""Powers, roots, exponentials and logarithms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes, errors, return_types
from ..op import composite, op, pointwise, promote_operands
from ..tensor import Tensor
from .complex import conj, real
from .rules import in_single, is_complex, zeros
from .selection import masked_fill, where

_LN2, _LN10 = math.log(2.0), math.log(10.0)

# ---------------------------------------------------------------- powers


def _pow_prepare(op: Any, xp: Any, arrays: list[Any]) -> None:
    exponent = arrays[1]
    promote_operands(op, xp, arrays)
    negative = not hasattr(exponent, "dtype") and not isinstance(exponent, complex)
    if negative and exponent < 0 and arrays[0].dtype.kind in "iu":
        raise RuntimeError("Integers to negative integer powers are not allowed.")


def _pow_self(grad: Any, self: Any, exponent: Any) -> Any:
    """Derivative exponent * self ** (exponent - 1); 0 where the exponent is, also at base 0."""
    if isinstance(exponent, (int, float, complex)):
        if exponent == 2 and type(self) is np.ndarray:  # no copy for the power of 1
            return grad * conj(2 * self)
        return zeros(grad) if exponent == 0 else grad * conj(exponent * self ** (exponent - 1))
    slope = exponent * self ** (exponent - 1)
    return where(exponent == 0, 0, grad * conj(slope))


def _pow_exponent(grad: Any, self: Any, exponent: Any, result: Any) -> Any:
    """Derivative result * log(self); 0 for base 0 where the exponent's real part is at least 0."""
    at_zero = real(exponent) >= 0
    if isinstance(self, (int, float, complex)):
        if self == 0:
            return grad * conj(where(at_zero, 0, result * -math.inf))
        number = complex(self) if is_complex(result) else self
        return grad * conj(result * np.log(np.asarray(number)).item())
    return grad * conj(where((self == 0) & at_zero, 0, result * log(self)))


def _pow_node(self, exponent):
    if not hasattr(self, "dtype"):
        return "PowBackward2"
    return f"PowBackward{int(hasattr(exponent, 'dtype'))}"


@pointwise(
    self=_pow_self, exponent=_pow_exponent, node=_pow_node, overloads=True, prepare=_pow_prepare,
    numbers=("self", "exponent"),
)  # fmt: skip
def pow(xp, self, exponent):
    """The power self ** exponent.

    Raises RuntimeError for integers to a negative number.
    """
    if exponent.ndim == 0 and xp is np:
        simple = _SIMPLE_POWERS.get(exponent.item())
        if simple is not None and (self.dtype.kind != "b" or simple is np.copy):
            return simple(self)
    if self.dtype.kind == "b":
        raise errors.not_implemented_for("pow", dtypes.bool_)
    if self.dtype.kind in "iu":
        return _integer_power(xp, self, exponent)
    return xp.power(self, exponent)


# Exact where a general power may be off by a rounding.
_SIMPLE_POWERS: dict[Any, Any] = {1: np.copy, 2: np.square, 3: lambda x: x * x * x}


def _integer_power(xp: Any, self: Any, exponent: Any) -> Any:
    """Powers modulo 2^bits; a negative exponent leaves 1 and -1 their sign, makes others 0."""
    if self.dtype.kind == "u":
        return xp.power(self, exponent)
    plain = xp.power(self, xp.abs(exponent))
    return xp.where((exponent >= 0) | (xp.abs(self) == 1), plain, 0).astype(self.dtype)


def _float_power_dtype(*operands: Any) -> Any:
    return dtypes.complex128 if any(map(is_complex, operands)) else dtypes.float64


@composite
def float_power(self: Any, exponent: Any) -> Any:
    """The power, computed in float64 (or complex128)."""
    d = _float_power_dtype(self, exponent)
    operands = [x.to(d) if isinstance(x, Tensor) else x for x in (self, exponent)]
    if not isinstance(self, Tensor):
        operands[0] = complex(self) if d.is_complex else float(self)
    return pow(*operands)


@composite(function=False)
def float_power_(self: Any, exponent: Any) -> Any:
    """In-place form of ``float_power``: `self` must be float64 (or complex128)."""
    d = _float_power_dtype(self, exponent)
    if self.dtype is not d:
        names = {dtypes.float64: "Double", dtypes.complex128: "ComplexDouble"}
        raise RuntimeError(
            f"the base given to float_power_ has dtype {_scalar_name(self.dtype)} but the "
            f"operation's result requires dtype {names[d]}"
        )
    return self.pow_(exponent.to(d) if isinstance(exponent, Tensor) else exponent)


def _scalar_name(d: dtypes.dtype) -> str:
    from ..errors import scalar_type

    return scalar_type(d)


@composite(native=True)
def square(self: Any) -> Any:
    """The power self ** 2."""
    return pow(self, 2)


@composite
def square_(self: Any) -> Any:
    """In-place form of ``square``."""
    return self.pow_(2)


@pointwise(self=lambda grad, result: grad / (2 * conj(result)), promote="float")
def sqrt(xp, self):
    """The square root; nan for negative real numbers."""
    return xp.sqrt(self)


@pointwise(self=lambda grad, result: -0.5 * grad * conj(result**3), promote="float")
@in_single
def rsqrt(xp, self):
    """The quotient 1 / sqrt(self)."""
    return self.dtype.type(1) / xp.sqrt(self)


@op(
    self=lambda grads, result1: None if grads[0] is None else grads[0] / exp2(result1),
    returns=return_types.frexp,
)
def frexp(xp, self):
    """A fraction in [0.5, 1) and the power of 2 that it is multiplied by: mantissa, exponent."""
    if self.dtype.kind in "biuc":
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    return xp.frexp(self)


# ---------------------------------------------------------------- exponentials


@pointwise(self=lambda grad, result: grad * conj(result), promote="float")
def exp(xp, self):
    """The power of e."""
    return xp.exp(self)


@pointwise(self=lambda grad, result: grad * conj(result) * _LN2, promote="float")
def exp2(xp, self):
    """The power of 2."""
    return xp.exp2(self)


@pointwise(self=lambda grad, result: grad * (conj(result) + 1), promote="float")
def expm1(xp, self):
    """The power of e, minus 1, exact for small numbers."""
    return xp.expm1(self)


@pointwise(
    self=lambda grad, self, other: grad / conj(1 + exp(other - self)),
    other=lambda grad, self, other: grad / conj(1 + exp(self - other)),
    inplace=False, serves="fc", kernel="logaddexp_cpu",
)  # fmt: skip
def logaddexp(xp, self, other):
    """The logarithm of exp(self) + exp(other)."""
    if self.dtype.kind == "c":
        return _log_of_complex_sum(xp, self, other)
    return xp.logaddexp(self, other)


def _log_of_complex_sum(xp: Any, a: Any, b: Any) -> Any:
    swap = a.real < b.real
    high, low = xp.where(swap, b, a), xp.where(swap, a, b)
    both_infinite = (high.real == low.real) & xp.isinf(high.real)
    direct = xp.where(high.real == -xp.inf, high, xp.log(xp.exp(high) + xp.exp(low)))
    return xp.where(both_infinite, direct, high + xp.log1p(xp.exp(low - high)))


@pointwise(
    self=lambda grad, self, other: grad / (1 + 2 ** (other - self)),
    other=lambda grad, self, other: grad / (1 + 2 ** (self - other)),
    inplace=False, serves="f", kernel="logaddexp2_cpu",
)  # fmt: skip
def logaddexp2(xp, self, other):
    """The base-2 logarithm of 2 ** self + 2 ** other."""
    return xp.logaddexp2(self, other)


@pointwise(
    self=lambda grad, other: grad * conj(2**other),
    other=lambda grad, result: grad * conj(result) * _LN2, promote="float",
)  # fmt: skip
def ldexp(xp, self, other):
    """The product self * 2 ** other."""
    return self * xp.exp2(other)


# ---------------------------------------------------------------- logarithms


@pointwise(self=lambda grad, self: grad / conj(self), promote="float")
def log(xp, self):
    """The natural logarithm; nan for negative real numbers, -inf at 0."""
    return xp.log(self)


@pointwise(self=lambda grad, self: grad / (conj(self) * _LN2), promote="float")
def log2(xp, self):
    """The logarithm to base 2."""
    return xp.log2(self)


@pointwise(self=lambda grad, self: grad / (conj(self) * _LN10), promote="float")
def log10(xp, self):
    """The logarithm to base 10."""
    return xp.log10(self)


@pointwise(self=lambda grad, self: grad / conj(self + 1), promote="float")
def log1p(xp, self):
    """The natural logarithm of 1 + self, exact for small numbers."""
    return xp.log1p(self)


def _xlogy_self(grad: Any, self: Any, other: Any) -> Any:
    return masked_fill(xlogy(grad, other), (self == 0) & (other <= 0), 0)


def _xlogy_node(self, other):
    if not hasattr(self, "dtype"):
        return "XlogyBackward1"
    return f"XlogyBackward{0 if hasattr(other, 'dtype') else 2}"


@pointwise(
    self=_xlogy_self, other=lambda grad, self, other: grad * self / other, node=_xlogy_node,
    overloads=True, numbers=("self", "other"), promote="float", serves="f", kernel="xlogy_cpu",
)  # fmt: skip
def xlogy(xp, self, other):
    """The product self * log(other), 0 where `self` is 0; nan where `other` is."""
    product = xp.where(self == 0, self.dtype.type(0), self * xp.log(other))
    return xp.where(other != other, other, product)


def _xlog1py_self(grad: Any, self: Any, other: Any) -> Any:
    return masked_fill(special_xlog1py(grad, other), (self == 0) & (other <= -1), 0)


def _xlog1py_node(self, other):
    if not hasattr(self, "dtype"):
        return "SpecialXlog1PyBackward1"
    return f"SpecialXlog1PyBackward{0 if hasattr(other, 'dtype') else 2}"


@pointwise(
    self=_xlog1py_self, other=lambda grad, self, other: grad * self / (other + 1),
    node=_xlog1py_node, overloads=True, numbers=("self", "other"), promote="float", serves="bif",
    kernel="xlog1py_cpu", inplace=False, method=False, function=False,
)  # fmt: skip
def special_xlog1py(xp, self, other):
    """The product self * log1p(other), 0 where `self` is 0; nan where `other` is."""
    product = xp.where(self == 0, self.dtype.type(0), self * xp.log1p(other))
    return xp.where(other != other, other, product)


@pointwise(
    self=lambda grad, self: grad * -(1 + log(self)), promote="float", serves="bif",
    kernel="entr_cpu", inplace=False, method=False, function=False,
)  # fmt: skip
def special_entr(xp, self):
    """The entropy -self * log(self), 0 at 0, -inf for negative numbers."""
    inside = -self * xp.log(xp.where(self > 0, self, self.dtype.type(1)))
    result = xp.where(self > 0, inside, self.dtype.type(0))
    result = xp.where(self < 0, self.dtype.type(-np.inf), result)
    return xp.where(self != self, self, result)
