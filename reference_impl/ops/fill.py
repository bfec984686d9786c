"""Overwriting a tensor: fill_, zero_, copy_."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import dtypes, errors, layout
from ..op import composite, op
from ..tensor import Tensor, wrap
from .convert import cast
from .rules import zeros
from .selection import check_number_fits


def _fill_prepare(op: Any, xp: Any, arrays: list[Any]) -> None:
    self, value = arrays
    if not hasattr(value, "strides"):
        if not isinstance(value, (int, float, complex)):
            raise errors.argument_must_be("fill_", "value", 1, "Number", value)
        check_number_fits(value, dtypes.of(self.dtype))
        value = np.asarray(value)
    elif value.ndim:
        raise RuntimeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} "
            "dimensions."
        )
    arrays[1] = xp.asarray(value.astype(self.dtype))


def _fill_node(self, value):
    return f"FillBackward{3 if isinstance(value, Tensor) else 2}"


@op(self=zeros, value=lambda grad: grad, node=_fill_node, overloads=True, prepare=_fill_prepare,
    name="fill", inplace="only")  # fmt: skip
def _fill(xp, self, value):
    """Fill with `value`, a number or 0-d tensor."""
    return xp.broadcast_to(value, self.shape)


@op(self=zeros, value=lambda grad: grad, prepare=_fill_prepare, overloads=True, method=False,
    node=lambda self, value: f"FillBackward{int(isinstance(value, Tensor))}")  # fmt: skip
def fill(xp, self, value):
    """A tensor like `self` full of `value`, a number or 0-d tensor."""
    out = layout.empty_like(self)
    out[...] = value
    return out


@op(self=zeros, name="zero", inplace="only")
def _zero(xp, self):
    """Fill with zeros."""
    return xp.zeros_like(self)


def _copy_prepare(op: Any, xp: Any, arrays: list[Any]) -> None:
    self, src = arrays
    if src.dtype.kind == "c" and self.dtype.kind not in "cb":
        warnings.warn(errors.COMPLEX_TO_REAL_WARNING, UserWarning, stacklevel=7)
    arrays[1] = cast(src, self.dtype)


@op(self=zeros, src=lambda grad: grad, node="CopyBackwards", name="copy", prepare=_copy_prepare,
    operands=("self", "src"), method=False, function=False)  # fmt: skip
def _copy(xp, self, src):
    if src.ndim > self.ndim:
        together = np.broadcast_shapes(self.shape, src.shape)
        raise errors.inplace_broadcast(self.shape, together)
    return xp.broadcast_to(src, self.shape)


@composite(function=False)
def copy_(self: Any, other: Any, non_blocking: bool = False) -> Any:
    """Overwrite `self` with `other`, broadcast and cast to it, from any device.

    Raises RuntimeError if the shapes do not fit.
    """
    from ..views import change

    if isinstance(other, (int, float, complex)):
        other = wrap(np.asarray(other))
    if not isinstance(other, Tensor):
        raise errors.argument_must_be_tensor("copy_", "other", 1, other)
    if other.device != self.device:
        other = other.to(self.device)  # type: ignore[attr-defined]
    return change(_copy.op, [self, other])
