"""Comparisons, logic, and tests of single numbers; all give bool tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes, errors, layout
from ..op import PUBLIC, check_tensors, composite, op, pointwise, promote_operands
from ..tensor import Tensor
from .rules import is_complex, zeros

_OPERANDS = ("self", "other")
_ordered: dict[str, Any] = {
    "operands": _OPERANDS, "numbers": ("other",), "serves": "bif", "overloads": True,
    "inplace": False,
}  # fmt: skip

# ---------------------------------------------------------------- comparisons


@pointwise(operands=_OPERANDS, numbers=("other",), overloads=True, inplace=False)
def eq(xp, self, other):
    """Whether self == other."""
    return xp.equal(self, other)


@pointwise(operands=_OPERANDS, numbers=("other",), overloads=True, inplace=False)
def ne(xp, self, other):
    """Whether self != other."""
    return xp.not_equal(self, other)


@pointwise(**_ordered)
def lt(xp, self, other):
    """Whether self < other.  Raises NotImplementedError for complex tensors."""
    return xp.less(self, other)


@pointwise(**_ordered)
def le(xp, self, other):
    """Whether self <= other.  Raises NotImplementedError for complex tensors."""
    return xp.less_equal(self, other)


@pointwise(**_ordered)
def gt(xp, self, other):
    """Whether self > other.  Raises NotImplementedError for complex tensors."""
    return xp.greater(self, other)


@pointwise(**_ordered)
def ge(xp, self, other):
    """Whether self >= other.  Raises NotImplementedError for complex tensors."""
    return xp.greater_equal(self, other)


def _node_in_place(name: str) -> Any:
    """Nodes of the in-place forms, whose results, unlike the others', are not bool."""
    return lambda self, other: f"{name.title()}Backward{int(isinstance(other, Tensor))}"


for _compare in (eq, ne, lt, le, gt, ge):
    _name = _compare.op.name
    op(self=zeros, other=zeros, name=_name, node=_node_in_place(_name), numbers=("other",),
       prepare=promote_operands, serves=_compare.op.serves, overloads=True, inplace="only",
       function=False)(_compare.op.forward)  # fmt: skip


# ---------------------------------------------------------------- logic: 0 is false, all else true


def _truth(xp: Any, x: Any) -> Any:
    return x if x.dtype == np.bool_ else x != 0


@pointwise(operands=_OPERANDS)
def logical_and(xp, self, other):
    """Whether both are true."""
    return _truth(xp, self) & _truth(xp, other)


@pointwise(operands=_OPERANDS)
def logical_or(xp, self, other):
    """Whether at least one is true."""
    return _truth(xp, self) | _truth(xp, other)


@pointwise(operands=_OPERANDS)
def logical_xor(xp, self, other):
    """Whether exactly one is true."""
    return _truth(xp, self) ^ _truth(xp, other)


@pointwise(operands=("self",))
def logical_not(xp, self):
    """Whether the number is 0 (false)."""
    return ~_truth(xp, self)


# ---------------------------------------------------------------- tests of single numbers


@pointwise(operands=("self",), inplace=False)
def isnan(xp, self):
    """Whether the number is nan."""
    return self != self


@pointwise(operands=("self",), inplace=False)
def isinf(xp, self):
    """Whether the number (a part of it, if complex) is infinite."""
    return xp.isinf(self)


@pointwise(operands=("self",), inplace=False)
def isfinite(xp, self):
    """Whether the number is neither infinite nor nan."""
    return xp.isfinite(self)


@pointwise(operands=("self",), inplace=False)
def isposinf(xp, self):
    """Whether the number is inf.  Raises RuntimeError for complex tensors."""
    if self.dtype.kind == "c":
        raise RuntimeError("isposinf does not support complex inputs.")
    return xp.isinf(self) & (self > 0)


@pointwise(operands=("self",), inplace=False)
def isneginf(xp, self):
    """Whether the number is -inf.  Raises RuntimeError for complex tensors."""
    if self.dtype.kind == "c":
        raise RuntimeError("isneginf does not support complex inputs.")
    return xp.isinf(self) & (self < 0)


@pointwise(operands=("self",), inplace=False)
def isreal(xp, self):
    """Whether the imaginary part is 0."""
    if self.dtype.kind == "c":
        return self.imag == 0
    out = layout.empty_like(self, np.bool_)
    out[...] = True
    return out


# ---------------------------------------------------------------- closeness


def _close_check(op: Any, xp: Any, arrays: list[Any]) -> None:
    check_tensors(op, arrays)
    first, second, rtol, atol = arrays[:4]
    if first.dtype != second.dtype:
        kinds = (errors.scalar_type(dtypes.of(a.dtype)) for a in (first, second))
        raise RuntimeError(" did not match ".join(kinds))
    if rtol < 0:
        raise RuntimeError(f"rtol must be greater than or equal to zero, but got {rtol:g}")
    if atol < 0:
        raise RuntimeError(f"atol must be greater than or equal to zero, but got {atol:g}")


@op(operands=_OPERANDS, prepare=_close_check)
def isclose(xp, self, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether |self - other| <= atol + rtol * |other|, for tensors of one dtype."""
    if self.dtype.kind in "biu":
        wide_self, wide_other = self.astype(np.float64), other.astype(np.float64)
    else:
        wide_self, wide_other = self, other
    close = self == other
    if equal_nan:
        close = close | ((self != self) & (other != other))
    distance = xp.abs(wide_self - wide_other)
    return close | (xp.isfinite(distance) & (distance <= atol + xp.abs(rtol * wide_other)))


@composite
def allclose(
    self: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Whether all elements are close (``isclose``), as a Python bool."""
    return bool(isclose(self, other, rtol, atol, equal_nan)._data.all())


@composite
def equal(self: Any, other: Any) -> bool:
    """Whether two tensors have the same shape and equal elements, as a Python bool."""
    for position, (name, value) in enumerate((("input", self), ("other", other)), 1):
        if not isinstance(value, Tensor):
            raise errors.argument_must_be_tensor("equal", name, position, value)
    if self._data.shape != other._data.shape:
        return False
    return bool((self._data == other._data).all())


@composite
def is_nonzero(self: Any) -> bool:
    """Whether the only element is not 0.  Raises RuntimeError for more elements or none."""
    return bool(self)


@composite
def is_floating_point(self: Any) -> bool:
    """Whether the dtype is a floating-point one."""
    return self.dtype.is_floating_point  # type: ignore[no-any-return]


PUBLIC["is_complex"] = is_complex
Tensor.is_complex = is_complex  # type: ignore[attr-defined]
