"""Reductions: sums, products, means, counts, and whether any or all elements are true."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes, errors
from ..backend import xp_of
from ..op import composite, normalise_dims, reduction
from ..tensor import Tensor, wrap
from .complex import conj
from .convert import cast
from .rules import zeros
from .selection import where
from .shape import expand, reshape, unsqueeze


def unreduce(grad: Any, shape: Any, dim: Any, keepdim: bool) -> Any:
    """What a reduction over `dim` gave, with the dimensions that it removed, of size 1 each."""
    if dim and not keepdim and shape:
        for d in sorted(dim):
            grad = unsqueeze(grad, d)
    return grad


def spread(grad: Any, shape: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient of a sum over `dim`: the same for all that was summed."""
    return expand(unreduce(grad, shape, dim, keepdim), shape)


def axes(array: Any, dim: Any) -> Any:
    """`dim` as NumPy's `axis`: None, as an empty tuple does in PyTorch, stands for all."""
    return dim if dim and array.ndim else None


def count(shape: Any, dim: Any) -> int:
    """How many elements are reduced to one."""
    n = 1
    for d in dim if dim and shape else range(len(shape)):
        n *= shape[d]
    return n


def total(xp: Any, array: Any, dim: Any, keepdim: bool) -> Any:
    """The sum, accumulated in single precision where the dtype is half."""
    storage = array.dtype
    wide = np.float32 if storage.itemsize == 2 and storage.kind not in "iu" else storage
    axis = dim if dim and array.ndim else None
    found = array.sum(axis, wide, None, keepdim)
    return found if wide is storage else found.astype(storage)


def _widened(self: Any, dtype: Any) -> Any:
    """`self` as `dtype`, or integers and bool as int64: what sums and products compute in."""
    if dtype is not None:
        return cast(self, dtype.numpy)
    return self.astype(np.int64) if self.dtype.kind in "biu" else self


def _numbered(name: str) -> Any:
    """SumBackward0 over all dimensions, SumBackward1 over some."""
    return lambda self, dim=None, keepdim=False, *, dtype=None: (
        f"{name}Backward{int(dim is not None)}"
    )


# ---------------------------------------------------------------- sums and means


@reduction(
    self=lambda grad, self_shape, dim, keepdim: spread(grad, self_shape, dim, keepdim),
    node=_numbered("Sum"),
)
def sum(xp, self, dim=None, keepdim=False, *, dtype=None):
    """The sum over `dim` (all dimensions if None); integers are summed as int64."""
    return total(xp, _widened(self, dtype), dim, keepdim)


@reduction(
    self=lambda grad, self, dim, keepdim: (
        spread(grad, self.shape, dim, keepdim) * (self == self)
    ),
)  # fmt: skip
def nansum(xp, self, dim=None, keepdim=False, *, dtype=None):
    """The sum, with nan counted as 0.  Raises RuntimeError for complex tensors."""
    if self.dtype.kind == "c":
        where_ = " on CPU" if xp is np else ""
        raise RuntimeError(f"nansum{where_} does not support complex inputs")
    wide = _widened(self, dtype)
    return total(xp, xp.where(wide == wide, wide, wide.dtype.type(0)), dim, keepdim)


def _mean_input(self: Any, dtype: Any) -> Any:
    found = dtype or dtypes.of(self.dtype)
    if found.category < dtypes.FLOAT:
        what = "Input" if dtype is None else "Optional"
        raise RuntimeError(
            f"mean(): could not infer output dtype. {what} dtype must be either a floating point "
            f"or complex dtype. Got: {errors.scalar_type(found)}"
        )
    return cast(self, found.numpy)


@reduction(
    self=lambda grad, self_shape, dim, keepdim: (
        spread(grad, self_shape, dim, keepdim) / count(self_shape, dim)
    ),
    node=_numbered("Mean"),
)  # fmt: skip
def mean(xp, self, dim=None, keepdim=False, *, dtype=None):
    """The mean over `dim`.  Raises RuntimeError for integers."""
    wide = _mean_input(self, dtype)
    n = count(self.shape, dim)
    if wide.dtype.itemsize == 2:
        mean = total(xp, wide.astype(np.float32), dim, keepdim) / np.float32(n)
        return mean.astype(wide.dtype)
    return total(xp, wide, dim, keepdim) / wide.dtype.type(n)


@composite(native=True)
def nanmean(self: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The mean of what is not nan.  Raises RuntimeError for integers."""
    if self.dtype.category < dtypes.FLOAT:
        raise RuntimeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            + errors.scalar_type(self.dtype)
        )
    return nansum(self, dim, keepdim, dtype=dtype) / sum(self == self, dim, keepdim)


# ---------------------------------------------------------------- products


def _prod_rule(grad: Any, self: Any, result: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient times the product of the other factors."""
    shape = tuple(self.shape)
    if not shape:
        return grad
    if bool((getattr(self, "_data", self) != 0).all()):
        grad = unreduce(grad, shape, dim, keepdim)
        return grad * conj(unreduce(result, shape, dim, keepdim) / self)
    if dim is None:
        return reshape(_times_others(grad, reshape(self, (-1,)), 0), shape)
    return _times_others(unreduce(grad, shape, dim, keepdim), self, dim[0])


def _times_others(grad: Any, self: Any, dim: int) -> Any:
    """`grad` times, for each element, the product of those before and of those after it."""
    from .cumulative import cumprod, flipped
    from .join import cat

    if self.shape[dim] == 1:
        return grad
    start = (slice(None),) * dim
    one = zeros(self[(*start, slice(0, 1))]) + 1
    before = cumprod(cat((one, self[(*start, slice(0, -1))]), dim), dim)
    after = flipped(self[(*start, slice(1, None))], dim)
    after = flipped(cumprod(cat((one, after), dim), dim), dim)
    return grad * conj(before * after)


def without_each(self: Any, dim: int) -> Any:
    """A new dimension at `dim`: its i-th slice is `self` with 1 for element i along `dim`."""
    n = self.shape[dim]
    eye = xp_of(getattr(self, "_data", self)).eye(n, dtype=np.bool_)
    eye = eye.reshape((n, n) + (1,) * (len(self.shape) - dim - 1))
    return where(wrap(eye) if isinstance(self, Tensor) else eye, 1, unsqueeze(self, dim))


def _one_dim(op: Any, xp: Any, arrays: list[Any]) -> None:
    if isinstance(arrays[1], (tuple, list)):
        raise TypeError(f"argument 'dim' must be int, not {errors.type_name(arrays[1])}")
    normalise_dims(op, xp, arrays)


@reduction(self=_prod_rule, node=_numbered("Prod"), prepare=_one_dim)
def prod(xp, self, dim=None, keepdim=False, *, dtype=None):
    """The product over `dim`, a single one or all; integers are multiplied as int64."""
    wide = _widened(self, dtype)
    storage = wide.dtype
    if storage.itemsize == 2 and storage.kind not in "iu":
        wide = wide.astype(np.float32)
    return xp.prod(wide, axis=axes(self, dim), keepdims=keepdim).astype(storage)


# ---------------------------------------------------------------- truth


def _truth(self: Any) -> Any:
    return self if self.dtype == np.bool_ else self != 0


def _as_answer(found: Any, self: Any) -> Any:
    """Answers on uint8 tensors are uint8 too, as they were before there was a bool dtype."""
    return found.astype(np.uint8) if self.dtype == np.uint8 else found


@reduction()
def any(xp, self, dim=None, keepdim=False):
    """Whether any element is true."""
    found = _truth(self).any(axis=axes(self, dim), keepdims=keepdim)
    return _as_answer(found, self)


@reduction()
def all(xp, self, dim=None, keepdim=False):
    """Whether all elements are true."""
    found = _truth(self).all(axis=axes(self, dim), keepdims=keepdim)
    return _as_answer(found, self)


@reduction()
def count_nonzero(xp, self, dim=None):
    """How many elements are not 0: int64."""
    return xp.sum(_truth(self), axis=axes(self, dim), dtype=np.int64)
