"""Elementwise operations: arithmetic, comparison, logic, powers, exponentials, trigonometry.

Rules follow PyTorch's convention for complex tensors: the gradient of a real loss is its derivative
by the conjugate, so a holomorphic f contributes ``grad * conj(f'(z))``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..op import pointwise
from ..tensor import Tensor

# ---------------------------------------------------------------- helpers for rules


def is_complex(x: Any) -> bool:
    """Whether an array, tensor, number or NumPy dtype is complex."""
    d = x if isinstance(x, np.dtype) else getattr(getattr(x, "_data", x), "dtype", None)
    return d.kind == "c" if d is not None else isinstance(x, complex)


@pointwise(self=lambda grad: conj(grad), inplace=False, node="ConjBackward0")
def _conj(xp, self):
    return xp.conj(self)


def conj(x: Any) -> Any:
    """The complex conjugate; `x` itself, at no cost, where it is real."""
    return _conj(x) if is_complex(x) else x


def zeros_where(condition: Any, x: Any) -> Any:
    """`x`, with zeros where `condition` holds: drops nan and inf too, which a product would keep."""
    return masked_fill(x, condition, 0)


# ---------------------------------------------------------------- arithmetic


def _check_alpha(alpha: Any, operands: tuple[Any, ...]) -> None:
    category = max(dtypes.of(a.dtype).category for a in operands)
    if isinstance(alpha, bool) and category > dtypes.BOOL:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, float) and category < dtypes.FLOAT:
        raise RuntimeError(
            "For integral input tensors, argument alpha must not be a floating point number."
        )


def _scaled(x: Any, alpha: Any) -> Any:
    return x if alpha == 1 else x * x.dtype.type(alpha)


def _times(grad: Any, alpha: Any) -> Any:
    return grad if alpha == 1 else grad * (alpha.conjugate() if is_complex(alpha) else alpha)


@pointwise(self=lambda grad: grad, other=lambda grad, alpha: _times(grad, alpha))
def add(xp, self, other, *, alpha=1):
    """self + alpha * other."""
    _check_alpha(alpha, (self, other))
    return xp.add(self, _scaled(other, alpha))


@pointwise(self=lambda grad: grad, other=lambda grad, alpha: -_times(grad, alpha))
def sub(xp, self, other, *, alpha=1):
    """self - alpha * other; not defined for bool tensors."""
    if self.dtype == np.bool_:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. "
            "Use the `^` or `logical_xor()` operator instead."
        )
    _check_alpha(alpha, (self, other))
    return xp.subtract(self, _scaled(other, alpha))


@pointwise(
    self=lambda grad, other, alpha: -_times(grad, alpha), other=lambda grad: grad,
    operands=("self", "other"), inplace=False,
)  # fmt: skip
def rsub(xp, self, other, *, alpha=1):
    """other - alpha * self."""
    if self.dtype == np.bool_:
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. "
            "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )
    _check_alpha(alpha, (self, other))
    return xp.subtract(other, _scaled(self, alpha))


@pointwise(
    self=lambda grad, other: grad * conj(other),
    other=lambda grad, self: grad * conj(self),
)
def mul(xp, self, other):
    """self * other."""
    return xp.multiply(self, other)


def _divide(xp: Any, self: Any, other: Any, rounding_mode: Any) -> Any:
    if rounding_mode is None:
        return xp.true_divide(self, other)
    if rounding_mode not in ("floor", "trunc"):
        raise RuntimeError(
            "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
            f"'{rounding_mode}'"
        )
    if self.dtype.kind in "iub" and not xp.all(other):
        raise RuntimeError("ZeroDivisionError")
    if rounding_mode == "floor":
        return _floor_divide(xp, self, other)
    if self.dtype.kind in "iub":
        quotient = xp.abs(self) // xp.abs(other)
        return xp.where((self < 0) != (other < 0), -quotient, quotient).astype(self.dtype)
    return xp.trunc(xp.true_divide(self, other))


def _floor_divide(xp: Any, self: Any, other: Any) -> Any:
    """NumPy's quotient, but inf where PyTorch divides a float by zero."""
    quotient = xp.floor_divide(self, other)
    if self.dtype.kind == "f":
        quotient = xp.where(other == 0, xp.true_divide(self, other), quotient)
    return quotient.astype(self.dtype, copy=False)


def _div_prepare(op: Any, xp: Any, arrays: list[Any]) -> None:
    from ..op import promote_operands

    promote_operands(op, xp, arrays)
    if arrays[2] is None and arrays[0].dtype.kind in "iub":
        storage = dtypes.get_default_dtype().numpy
        arrays[:2] = [a.astype(storage) for a in arrays[:2]]


def _div_self(grad: Any, other: Any, rounding_mode: Any) -> Any:
    return grad / conj(other) if rounding_mode is None else grad * 0


def _div_other(grad: Any, self: Any, other: Any, rounding_mode: Any) -> Any:
    return -grad * conj((self / other) / other) if rounding_mode is None else grad * 0


def _div_node(self, other, rounding_mode=None):
    return "DivBackward0" if rounding_mode is None else "DivBackward1"


@pointwise(
    self=_div_self, other=_div_other, node=_div_node, prepare=_div_prepare,
)  # fmt: skip
def div(xp, self, other, *, rounding_mode=None):
    """self / other; with `rounding_mode` "floor" or "trunc" the rounded quotient."""
    return _divide(xp, self, other, rounding_mode)


@pointwise(self=lambda grad: -grad)
def neg(xp, self):
    """-self; not defined for bool tensors."""
    if self.dtype == np.bool_:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. "
            "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )
    return xp.negative(self)


@pointwise(self=lambda grad, result: grad * conj(result), promote="float")
def exp(xp, self):
    """e to the power of self."""
    return xp.exp(self)


@pointwise(self=lambda grad, result: grad * conj(1 - result * result), promote="float")
def tanh(xp, self):
    """Hyperbolic tangent."""
    return xp.tanh(self)
