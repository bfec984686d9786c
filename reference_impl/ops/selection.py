"""Choosing between values: where, masked_fill, the larger and the smaller, clamp.

At a tie the gradient follows PyTorch: halved by maximum and minimum, passed on by clamp, given to
the first argument by fmax and fmin.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes, errors
from ..op import NOT_IMPLEMENTED, check_tensors, composite, pointwise, promote_operands
from ..op.declaration import is_array
from ..tensor import Tensor
from .rules import in_rows, is_complex, not_implemented

_NUMBERS = ("self", "other")


def _where_prepare(op: Any, xp: Any, arrays: list[Any]) -> None:
    condition = arrays[0]
    if condition.dtype not in (np.bool_, np.uint8):
        kind = errors.scalar_type(dtypes.of(condition.dtype))
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype " + kind
        )
    promote_operands(op, xp, arrays)


@pointwise(
    self=lambda grad, condition: where(condition, grad, 0),
    other=lambda grad, condition: where(condition, 0, grad),
    prepare=_where_prepare, numbers=_NUMBERS, inplace=False, method=False, function=False,
)  # fmt: skip
def _where(xp, condition, self, other):
    return xp.where(condition, self, other)


@composite(method=False)
def where(condition: Any, self: Any = None, other: Any = None) -> Any:
    """`self` where `condition` holds, else `other`; with `condition` alone the indices that hold.

    Raises RuntimeError unless `condition` is bool.
    """
    if self is None and other is None:
        return condition.nonzero(as_tuple=True)
    return _where(condition, self, other)


def _where_method(self: Any, condition: Any, other: Any) -> Any:
    """``self.where(condition, other)``: `self` where `condition` holds, else `other`."""
    return _where(condition, self, other)


Tensor.where = _where_method  # type: ignore[attr-defined]


# ---------------------------------------------------------------- masked_fill


def check_number_fits(value: Any, d: dtypes.dtype) -> None:
    """Raise RuntimeError for a number that PyTorch does not store in a tensor of dtype `d`."""
    fits = True
    if isinstance(value, complex) and value.imag and not d.is_complex:
        fits = False
    elif d.category == dtypes.INTEGER and not isinstance(value, (bool, complex)):
        info = np.iinfo(d.numpy)
        low = info.min if info.min else -info.max  # a negative number wraps around once
        fits = low <= value <= info.max
    elif d.name in ("float16", "float32") and isinstance(value, (int, float)):
        fits = not np.isfinite(value) or abs(value) <= float(np.finfo(d.numpy).max)
    if not fits:
        raise number_does_not_fit(d)


def number_does_not_fit(d: dtypes.dtype) -> RuntimeError:
    kind = errors.c_type(d)
    kind = {"long": "int64_t", "unsigned char": "uint8_t", "signed char": "int8_t",
            "short": "int16_t"}.get(kind, kind)  # fmt: skip
    return RuntimeError(f"value cannot be converted to type {kind} without overflow")


def _masked_prepare(op: Any, xp: Any, arrays: list[Any]) -> None:
    self, mask, value = arrays
    if mask.dtype != np.bool_:
        kind = errors.c_type(dtypes.of(mask.dtype))
        raise RuntimeError(
            f"masked_fill_ only supports boolean masks, but got mask with dtype {kind}"
        )
    if hasattr(value, "strides"):
        if value.ndim:
            raise RuntimeError(
                "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value.ndim} dimension(s)."
            )
        if is_complex(value) and not is_complex(self):
            raise number_does_not_fit(dtypes.of(self.dtype))
        arrays[2] = value.astype(self.dtype)
    else:
        check_number_fits(value, dtypes.of(self.dtype))
        arrays[2] = xp.asarray(np.asarray(value).astype(self.dtype))


def _masked_node(self, mask, value):
    return f"MaskedFillBackward{int(isinstance(value, Tensor))}"


@pointwise(
    self=lambda grad, mask: masked_fill(grad, mask, 0),
    value=lambda grad, mask: where(mask, grad, 0),
    promote="none", prepare=_masked_prepare, node=_masked_node, overloads=True,
)  # fmt: skip
@in_rows
def masked_fill(xp, self, mask, value):
    """`self` with `value`, a number or 0-d tensor, where `mask` holds; the dtype stays."""
    return xp.where(mask, value, self)


# ---------------------------------------------------------------- the larger and the smaller


def _half_at_tie(grad: Any, tie: Any, loses: Any) -> Any:
    """Half of `grad` at a tie, nothing where one loses (nan neither ties nor loses)."""
    return masked_fill(where(tie, grad / 2, grad), loses, 0)


def _no_complex(op: Any, xp: Any, arrays: list[Any]) -> None:
    check_tensors(op, arrays)
    if any(map(is_complex, arrays)):
        raise RuntimeError(f"{op.name} not implemented for complex tensors.")
    promote_operands(op, xp, arrays)


@pointwise(
    self=lambda grad, self, other: _half_at_tie(grad, self == other, self < other),
    other=lambda grad, self, other: _half_at_tie(grad, self == other, self > other),
    inplace=False, prepare=_no_complex, serves="bif",
)  # fmt: skip
def maximum(xp, self, other):
    """The larger of two tensors; nan if either is.  Raises RuntimeError for complex tensors."""
    return xp.maximum(self, other)


@pointwise(
    self=lambda grad, self, other: _half_at_tie(grad, self == other, self > other),
    other=lambda grad, self, other: _half_at_tie(grad, self == other, self < other),
    inplace=False, prepare=_no_complex, serves="bif",
)  # fmt: skip
def minimum(xp, self, other):
    """The smaller of two tensors; nan if either is.  Raises RuntimeError for complex tensors."""
    return xp.minimum(self, other)


@pointwise(
    self=lambda grad, self, other: masked_fill(grad, ~((self >= other) | (other != other)), 0),
    other=lambda grad, self, other: masked_fill(grad, (self >= other) | (other != other), 0),
    inplace=False, prepare=_no_complex, serves="bif",
)  # fmt: skip
def fmax(xp, self, other):
    """The larger of two tensors; a number wins over nan."""
    return xp.fmax(self, other)


@pointwise(
    self=lambda grad, self, other: masked_fill(grad, ~((self <= other) | (other != other)), 0),
    other=lambda grad, self, other: masked_fill(grad, (self <= other) | (other != other), 0),
    inplace=False, prepare=_no_complex, serves="bif",
)  # fmt: skip
def fmin(xp, self, other):
    """The smaller of two tensors; a number wins over nan."""
    return xp.fmin(self, other)


# ---------------------------------------------------------------- clamp


def _no_complex_clamp(op: Any, xp: Any, arrays: list[Any]) -> None:
    if all(bound is None for bound in arrays[1:]):
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if any(is_complex(a) for a in arrays):
        raise NotImplementedError("clamp is not supported for complex types")
    bounds = [b for b in arrays[1:] if b is not None]
    if any(is_array(b) and b.ndim for b in bounds) and not all(map(is_array, bounds)):
        raise TypeError("clamp(): the bounds must be two tensors or two numbers")
    promote_operands(op, xp, arrays)


def _clamp_self(grad: Any, self: Any, min: Any, max: Any) -> Any:
    if min is not None and max is not None:
        inside = (self >= min) & (self <= max)
    else:
        inside = self <= max if min is None else self >= min
    return where(inside, grad, 0)


def _clamp_min_rule(grad: Any, self: Any, min: Any, max: Any) -> Any:
    chosen = self < min if max is None else (self < min) & (min < max)
    return where(chosen, grad, 0)


def _clamp_max_rule(grad: Any, self: Any, min: Any, max: Any) -> Any:
    chosen = self > max if min is None else (self > max) | (max < min)
    return where(chosen, grad, 0)


def _clamp_node(self, min=None, max=None):
    tensors = isinstance(min, Tensor) or isinstance(max, Tensor)
    return f"ClampBackward{0 if tensors else 1}"


@pointwise(
    self=_clamp_self, min=_clamp_min_rule, max=_clamp_max_rule,
    prepare=_no_complex_clamp, serves="bif",
    node=_clamp_node, numbers=("min", "max"), overloads=True,
)  # fmt: skip
def clamp(xp, self, min=None, max=None):
    """`self` kept between `min` and `max`, numbers or tensors, of which one may be None.

    Where min > max the result is max.  Raises RuntimeError for complex tensors.
    """
    if self.dtype.kind == "b" and min is not None and max is not None:
        kernel = "clamp_cpu" if hasattr(min, "dtype") else "clamp_scalar_cpu"
        raise errors.not_implemented_for(kernel, dtypes.of(self.dtype))
    result = self if min is None else xp.maximum(self, min)
    return result if max is None else xp.minimum(result, max)


def _bound_node(name: str) -> Any:
    return lambda self, bound: f"{name}Backward{int(isinstance(bound, Tensor))}"


@pointwise(
    self=lambda grad, self, min: where(self >= min, grad, 0),
    min=lambda grad, self, min: where(self < min, grad, 0),
    node=_bound_node("ClampMin"), numbers=("min",), overloads=True,
    prepare=_no_complex_clamp, serves="bif",
)  # fmt: skip
def clamp_min(xp, self, min):
    """`self`, but at least `min`."""
    return xp.maximum(self, min)


@pointwise(
    self=lambda grad, self, max: where(self <= max, grad, 0),
    max=lambda grad, self, max: where(self > max, grad, 0),
    node=_bound_node("ClampMax"), numbers=("max",), overloads=True,
    prepare=_no_complex_clamp, serves="bif",
)  # fmt: skip
def clamp_max(xp, self, max):
    """`self`, but at most `max`."""
    return xp.minimum(self, max)


# ---------------------------------------------------------------- replacing special values


@pointwise(self=lambda grad, self: where(_is_finite(self), grad, 0), operands=("self",))
def nan_to_num(xp, self, nan=None, posinf=None, neginf=None):
    """nan, inf and -inf replaced: by 0, the largest and the smallest number unless given."""
    if self.dtype.kind in "biu":
        return self.copy()
    if self.dtype.kind == "c":
        parts = (_finite_parts(xp, part, nan, posinf, neginf) for part in (self.real, self.imag))
        re, im = parts
        return (re + 1j * im).astype(self.dtype)
    return _finite_parts(xp, self, nan, posinf, neginf)


def _finite_parts(xp: Any, x: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    info = dtypes.finfo(dtypes.of(x.dtype))
    number = x.dtype.type
    x = xp.where(x != x, number(nan or 0.0), x)
    x = xp.where(xp.isinf(x) & (x > 0), number(info.max if posinf is None else posinf), x)
    return xp.where(xp.isinf(x) & (x < 0), number(info.min if neginf is None else neginf), x)


def _is_finite(x: Any) -> Any:
    from .comparison import isfinite

    return isfinite(x)


def _heaviside_check(op: Any, xp: Any, arrays: list[Any]) -> None:
    check_tensors(op, arrays)
    self, values = arrays
    if is_complex(self) or is_complex(values):
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    if self.dtype != values.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")


@pointwise(
    self=not_implemented("aten::heaviside"), values=not_implemented("aten::heaviside"),
    node=NOT_IMPLEMENTED, prepare=_heaviside_check, serves="bif",
)  # fmt: skip
def heaviside(xp, self, values):
    """0 for negative numbers, 1 for positive ones, `values` at 0.  It has no derivative."""
    one = self.dtype.type(1)
    return xp.where(self == 0, values, xp.where(self > 0, one, self.dtype.type(0)))
