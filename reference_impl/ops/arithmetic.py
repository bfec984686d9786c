"""Arithmetic: sums, products, quotients and their remainders, and what combines them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes, errors
from ..autograd.grad_mode import NATIVE, mode
from ..op import NOT_IMPLEMENTED, PUBLIC, composite, pointwise, promote_operands
from ..tensor import Tensor
from .complex import conj, sgn
from .nested import factor
from .rules import in_single, is_complex, not_implemented, number_node, zeros
from .selection import masked_fill, where

_NUMBER = ("other",)
_NUMBERS = ("self", "other")

# ---------------------------------------------------------------- sums and differences


def _check_alpha(alpha: Any, operands: tuple[Any, ...]) -> None:
    category = max(dtypes.of(a.dtype).category for a in operands)
    if isinstance(alpha, bool) and category > dtypes.BOOL:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, float) and category < dtypes.FLOAT:
        raise RuntimeError(
            "For integral input tensors, argument alpha must not be a floating point number."
        )
    if isinstance(alpha, complex) and category < dtypes.COMPLEX:
        raise RuntimeError(
            "For non-complex input tensors, argument alpha must not be a complex number."
        )


def _scaled(x: Any, alpha: Any, other: Any) -> Any:
    """Alpha * x, which is to be added to `other`."""
    if type(alpha) is int and alpha == 1:
        return x
    _check_alpha(alpha, (x, other))
    return x if alpha == 1 else x * x.dtype.type(alpha)


def _times(grad: Any, alpha: Any) -> Any:
    return grad if alpha == 1 else grad * (alpha.conjugate() if is_complex(alpha) else alpha)


@pointwise(
    self=lambda grad: grad, other=lambda grad, alpha: _times(grad, alpha), numbers=_NUMBERS,
    node=number_node("Add"),
)  # fmt: skip
def add(xp, self, other, *, alpha=1):
    """The sum self + alpha * other.  Raises RuntimeError if alpha does not fit the dtype."""
    return xp.add(self, _scaled(other, alpha, self))


def refuse_bools(self: Any, other: Any) -> None:
    """Refuse to subtract bool tensors, which is more often a mistake than meant."""
    bools = [getattr(x, "dtype", type(x)) in (bool, np.bool_) for x in (self, other)]
    if all(bools):
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. "
            "Use the `^` or `logical_xor()` operator instead."
        )
    if any(bools):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. "
            "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )


def _no_bool(op: Any, xp: Any, arrays: list[Any]) -> None:
    refuse_bools(*arrays[:2])
    promote_operands(op, xp, arrays)


_no_bool.promotes = True  # type: ignore[attr-defined]


@pointwise(
    self=lambda grad: grad, other=lambda grad, alpha: -_times(grad, alpha), numbers=_NUMBERS,
    node=number_node("Sub"), prepare=_no_bool,
)  # fmt: skip
def sub(xp, self, other, *, alpha=1):
    """The difference self - alpha * other.  Raises RuntimeError for bool tensors."""
    return xp.subtract(self, _scaled(other, alpha, self))


def _rsub_node(self, other, *, alpha=1):
    return f"RsubBackward{0 if hasattr(other, 'dtype') else 1}"


@pointwise(
    self=lambda grad, alpha: -_times(grad, alpha), other=lambda grad: grad, numbers=_NUMBER,
    node=_rsub_node, overloads=True, inplace=False, method=False, prepare=_no_bool,
)  # fmt: skip
def rsub(xp, self, other, *, alpha=1):
    """The difference other - alpha * self.  Raises RuntimeError for bool tensors."""
    return xp.subtract(other, _scaled(self, alpha, other))


# ---------------------------------------------------------------- products and quotients


@pointwise(
    self=lambda grad, other: grad * conj(other), other=lambda grad, self: grad * conj(self),
    numbers=_NUMBERS, node=number_node("Mul"),
)  # fmt: skip
def mul(xp, self, other):
    """The product self * other."""
    return xp.multiply(self, other)


def _truncated(xp: Any, self: Any, other: Any) -> Any:
    if self.dtype.kind not in "iu":
        return xp.trunc(xp.true_divide(self, other))
    quotient = xp.floor_divide(self, other)
    rest = self - quotient * other
    return quotient + ((rest != 0) & (quotient < 0)).astype(self.dtype)


def _floored(xp: Any, self: Any, other: Any) -> Any:
    """NumPy's quotient, but inf where PyTorch divides a float by zero."""
    quotient = xp.floor_divide(self, other)
    if self.dtype.kind not in "iub":
        quotient = xp.where(other == 0, xp.true_divide(self, other), quotient)
    return quotient


def check_divisor(xp: Any, other: Any) -> None:
    """Raise RuntimeError if an integer divisor is zero somewhere (on the CPU, as PyTorch does)."""
    if xp is np and other.dtype.kind in "iub" and not other.all():
        raise RuntimeError("ZeroDivisionError")


def _div_prepare(op: Any, xp: Any, arrays: list[Any]) -> None:
    mode = arrays[2]
    if mode not in (None, "floor", "trunc"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{mode}'"
        )
    promote_operands(op, xp, arrays)
    category = dtypes.of(arrays[0].dtype).category
    if mode is None:
        if category < dtypes.FLOAT:
            storage = dtypes.get_default_dtype().numpy
            arrays[:2] = [a.astype(storage) for a in arrays[:2]]
    elif category in (dtypes.BOOL, dtypes.COMPLEX):
        raise errors.not_implemented_for(f"div_{mode}_cpu", dtypes.of(arrays[0].dtype))


def _div_self(grad: Any, other: Any, rounding_mode: Any) -> Any:
    return grad / conj(other) if rounding_mode is None else zeros(grad)


def _div_other(grad: Any, self: Any, other: Any, rounding_mode: Any) -> Any:
    if rounding_mode is not None:
        return zeros(grad)
    return -grad * conj((self / other) / other)


def _div_node(self, other, *, rounding_mode=None):
    number = not hasattr(other, "dtype")
    if rounding_mode is None:
        return f"DivBackward{int(number and bool(mode.state & NATIVE))}"
    return f"DivBackward{3 if number and mode.state & NATIVE else 2}"


@pointwise(self=_div_self, other=_div_other, node=_div_node, prepare=_div_prepare, numbers=_NUMBERS)
def div(xp, self, other, *, rounding_mode=None):
    """The quotient self / other; with `rounding_mode` "floor" or "trunc" rounded so.

    Integers are divided as floats unless they are rounded.  Raises RuntimeError for a rounded
    division of integers by zero.
    """
    if rounding_mode is None:
        return xp.true_divide(self, other)
    check_divisor(xp, other)
    return (_floored if rounding_mode == "floor" else _truncated)(xp, self, other)


@pointwise(
    self=not_implemented("aten::floor_divide"), other=not_implemented("aten::floor_divide"),
    node=lambda self, other: NOT_IMPLEMENTED, numbers=_NUMBERS, serves="if",
    kernel="div_floor_cpu",
)  # fmt: skip
def floor_divide(xp, self, other):
    """The quotient, rounded down.  It has no derivative.  Raises RuntimeError for integers by 0."""
    check_divisor(xp, other)
    return _floored(xp, self, other)


def _remainder_other(grad: Any, self: Any, other: Any, self_dtype: Any) -> Any:
    if self_dtype is None:  # a number
        raise RuntimeError("derivative for aten::remainder is not implemented")
    return -grad * div(self, other, rounding_mode="floor")


def _remainder_node(self: Any, other: Any) -> str:
    if not hasattr(self, "dtype"):
        return NOT_IMPLEMENTED
    return f"RemainderBackward{int(hasattr(other, 'dtype'))}"


def _fmod_node(self: Any, other: Any) -> str:
    return f"FmodBackward{int(hasattr(other, 'dtype'))}"


@pointwise(
    self=lambda grad: grad, other=_remainder_other,
    numbers=_NUMBERS, node=_remainder_node, overloads=True,
    serves="if", kernel="remainder_cpu",
)  # fmt: skip
def remainder(xp, self, other):
    """What floored division leaves, with the sign of `other` (Python's %).

    Raises RuntimeError for integers by zero.
    """
    check_divisor(xp, other)
    return xp.remainder(self, other)


@pointwise(
    self=lambda grad: grad,
    other=lambda grad, self, other: -grad * div(self, other, rounding_mode="trunc"),
    numbers=_NUMBER, node=_fmod_node, overloads=True, serves="if", kernel="fmod_cpu",
)  # fmt: skip
def fmod(xp, self, other):
    """What truncated division leaves, with the sign of `self` (C's fmod)."""
    check_divisor(xp, other)
    return xp.fmod(self, other)


@pointwise(self=lambda grad, result: -grad * conj(result * result), promote="float")
def reciprocal(xp, self):
    """The quotient 1 / self."""
    return xp.true_divide(self.dtype.type(1), self)


# ---------------------------------------------------------------- signs


def refuse_bool_negation(self: Any) -> None:
    if self.dtype == np.bool_:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. "
            "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )


@pointwise(self=lambda grad: -grad)
def neg(xp, self):
    """The negative.  Raises RuntimeError for bool tensors."""
    refuse_bool_negation(self)
    return xp.negative(self)


@composite
def positive(self: Any) -> Any:
    """The tensor itself.  Raises RuntimeError for bool tensors."""
    if self.dtype is dtypes.bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return self


@pointwise(self=lambda grad, self: grad * sgn(self), serves="ifc")
def abs(xp, self):
    """The absolute value: the size of complex numbers."""
    return xp.absolute(self)


def _real_only(change: Any) -> Any:
    """The in-place form of ``abs``, which cannot turn complex numbers into real ones."""

    def abs_(self: Any) -> Any:
        if self.is_complex():
            raise RuntimeError("In-place abs is not supported for complex tensors.")
        return change(self)

    abs_.__qualname__, abs_.__doc__ = "abs_", change.__doc__
    return abs_


Tensor.abs_ = PUBLIC["abs_"] = _real_only(Tensor.abs_)  # type: ignore[attr-defined]


@pointwise(self=zeros)
def sign(xp, self):
    """The sign: -1, 0 or 1 (0 for nan).  Raises NotImplementedError for complex tensors."""
    if self.dtype.kind == "c":
        raise NotImplementedError(
            "Unlike NumPy, torch.sign is not intended to support complex numbers. "
            "Please use torch.sgn instead."
        )
    if self.dtype.kind == "b":
        return self.copy()
    return xp.where(self != self, self.dtype.type(0), xp.sign(self))


@pointwise(inplace=False, operands=("self",))
def signbit(xp, self):
    """Whether the number is negative; true for -0.0.  Raises RuntimeError for complex tensors."""
    if self.dtype.kind == "c":
        raise NotImplementedError("signbit is not implemented for complex tensors.")
    return self < 0 if self.dtype.kind in "biu" else xp.signbit(self)


def _copysign_self(grad: Any, self: Any, result: Any) -> Any:
    return grad * masked_fill(result / self, self == 0, 0)


def _copysign_node(self, other):
    return f"CopysignBackward{int(not hasattr(other, 'dtype'))}"


@pointwise(
    self=_copysign_self, other=zeros, node=_copysign_node, overloads=True, numbers=_NUMBER,
    promote="float", serves="bif", kernel="copysign_cpu",
)  # fmt: skip
def copysign(xp, self, other):
    """The size of `self` with the sign of `other`."""
    return xp.copysign(self, other)


@pointwise(
    self=lambda grad, self, other: where(self != other, grad, 0), other=zeros, serves="f",
    kernel="nextafter_cpu",
)  # fmt: skip
def nextafter(xp, self, other):
    """The next number from `self` towards `other`."""
    return xp.nextafter(self, other)


# ---------------------------------------------------------------- combinations


@pointwise(
    self=lambda grad: grad,
    tensor1=lambda grad, tensor2, value: grad * conj(tensor2 * value),
    tensor2=lambda grad, tensor1, value: grad * conj(tensor1 * value),
    serves="ifc", kernel="addcmul_cpu_out",
)  # fmt: skip
def addcmul(xp, self, tensor1, tensor2, *, value=1):
    """The sum self + value * tensor1 * tensor2."""
    return self + factor(value, self.dtype) * tensor1 * tensor2


def _addcdiv_check(op: Any, xp: Any, arrays: list[Any]) -> None:
    if all(a.dtype.kind in "biu" for a in arrays[1:3]):
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release "
            "addcdiv will perform a true division of tensor1 and tensor2. The historic addcdiv "
            "behavior can be implemented as (input + value * torch.trunc(tensor1 / tensor2))"
            ".to(input.dtype) for integer inputs and as (input + value * tensor1 / tensor2) for "
            "float inputs. The future addcdiv behavior is just the latter implementation: (input "
            "+ value * tensor1 / tensor2), for all dtypes."
        )
    promote_operands(op, xp, arrays)


@pointwise(
    self=lambda grad: grad,
    tensor1=lambda grad, tensor2, value: grad * conj(value / tensor2),
    tensor2=lambda grad, tensor1, tensor2, value: (
        -grad * conj(value * tensor1 / (tensor2 * tensor2))
    ),
    prepare=_addcdiv_check,
)  # fmt: skip
def addcdiv(xp, self, tensor1, tensor2, *, value=1):
    """The sum self + value * tensor1 / tensor2.  Raises RuntimeError for integers."""
    return self + factor(value, self.dtype) * tensor1 / tensor2


def _lerp_prepare(op: Any, xp: Any, arrays: list[Any]) -> None:
    self, end, weight = arrays
    for name, array in (("end", end), ("weight", weight)):
        fits = getattr(array, "dtype", self.dtype) == self.dtype
        if not fits and (name == "end" or array.ndim):
            expected, found = (errors.c_type(dtypes.of(a.dtype)) for a in (self, array))
            raise RuntimeError(f"expected dtype {expected} for `{name}` but got dtype {found}")
    tensor = hasattr(weight, "dtype")
    op_kernel = f"lerp_kernel_{'tensor' if tensor else 'scalar'}"
    if self.dtype.kind in "biu":
        raise errors.not_implemented_for(op_kernel, dtypes.of(self.dtype))
    arrays[2] = xp.asarray((weight if tensor else np.asarray(weight)).astype(self.dtype))


def _lerp_node(self, end, weight):
    return f"LerpBackward{int(hasattr(weight, 'dtype'))}"


@pointwise(
    self=lambda grad, weight: grad * conj(1 - weight),
    end=lambda grad, weight: grad * conj(weight),
    weight=lambda grad, self, end: grad * conj(end - self),
    node=_lerp_node, overloads=True, promote="none", prepare=_lerp_prepare,
)  # fmt: skip
@in_single
def lerp(xp, self, end, weight):
    """The point self + weight * (end - self); all of one floating dtype.

    Computed from the nearer end, so that weight 1 gives exactly `end`.
    """
    near = self + weight * (end - self)
    far = end - (end - self) * (1 - weight)
    return xp.where(xp.abs(weight) < 0.5, near, far)


# ---------------------------------------------------------------- integers


@pointwise(operands=_NUMBERS, serves="i")
def gcd(xp, self, other):
    """The greatest common divisor of integers."""
    return xp.gcd(self, other)


@pointwise(operands=_NUMBERS, serves="i")
def lcm(xp, self, other):
    """The least common multiple of integers."""
    return xp.lcm(self, other)
