"""Writing whole slices, places and parts: ``index_add``, ``index_put``, ``select_scatter``.

Like ``scatter.py``: a tensor goes in, one with some elements replaced or added to comes out; the
gradient of what was overwritten is zero, what was written gets the gradient of its place.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from .. import dtypes, errors, layout
from ..op import op, wrap_dim
from ..storage import UntypedStorage, array_in, storage_of
from ..tensor import Tensor
from .index import (
    BYTE_WARNING,
    _index,
    add_at,
    check_indices,
    first_outside,
    index_select,
    index_tuple,
    indexed_shape,
    masked_select,
    take,
    zeros_like_shape,
)
from .memory import as_strided
from .nested import filled_value
from .parts import diagonal, diagonal_view, select, slice_
from .rules import in_rows
from .scatter import REDUCE_RULES, combined, dispatching
from .shape import at, reshape

# ---------------------------------------------------------------- whole slices


def _rows(function: str, self: Any, dim: int, index: Any, source: Any) -> tuple[int, Any]:
    """(dimension, NumPy index of the slices that are written)."""
    d = wrap_dim(dim, self.ndim)
    if index.ndim > 1:
        raise IndexError(f"{function}(): Index is supposed to be a vector")
    if index.dtype.name not in ("int64", "int32"):
        raise RuntimeError(f"{function}(): Expected dtype int32/int64 for index")
    if source is not None:
        _check_source(function, self, d, index, source)
    return d, at(d, index.reshape(-1)) if self.ndim else (Ellipsis,)


def _check_source(function: str, self: Any, dim: int, index: Any, source: Any) -> None:
    if self.dtype != source.dtype:
        names = (errors.scalar_type(dtypes.of(a.dtype)) for a in (self, source))
        raise RuntimeError(
            f"{function}(): self and source expected to have the same dtype, but got (self) "
            "{} and (source) {}".format(*names)
        )
    n = source.shape[dim] if source.ndim else 1
    if index.size != n:
        raise RuntimeError(
            f"{function}(): Number of indices ({index.size}) should be equal to "
            f"source.size(dim): ({n}), for dim: {dim}"
        )
    expected, found = list(self.shape), list(source.shape)
    for shape in (expected, found):
        if len(shape) > dim:
            del shape[dim]
    if expected != found:
        raise RuntimeError(
            f"source tensor shape must match self tensor shape, excluding the specified dimension. "
            f"Got self.shape = {errors.sizes(self.shape)} source.shape = "
            f"{errors.sizes(source.shape)}"
        )


def _in_range(self: Any, dim: int, index: Any, message: Any) -> None:
    n = self.shape[dim] if self.ndim else 1
    wrong = first_outside(index, n, 0)
    if wrong is not None:
        raise message(wrong, dim, n)


def _rows_of(grad: Any, dim: int, index: Any, source_shape: Any, factor: Any = 1) -> Any:
    part = index_select(grad, dim, index)
    part = part if tuple(part.shape) == tuple(source_shape) else reshape(part, tuple(source_shape))
    return part if factor == 1 else part * factor


@op(
    self=lambda grad: grad,
    source=lambda grad, dim, index, source_shape, alpha: _rows_of(
        grad, dim, index, source_shape, alpha
    ),
    inplace=True,
)
@in_rows
def index_add(xp, self, dim, index, source, *, alpha=1):
    """Add `alpha` times the slices of `source` to the slices of `self` at `index`."""
    d, where = _rows("index_add_", self, dim, index, source)
    _in_range(self, d, index, lambda *_: IndexError("index out of range in self"))
    out = xp.array(self)
    values = source if alpha == 1 else source * np.asarray(alpha).astype(self.dtype)
    add_at(xp, out, where, values if self.ndim else values.sum().astype(self.dtype))
    return out


@op(
    self=lambda grad, dim, index: index_fill(grad, dim, index, 0),
    source=lambda grad, dim, index, source_shape: _rows_of(grad, dim, index, source_shape),
    inplace=True,
)
@in_rows
def index_copy(xp, self, dim, index, source):
    """Replace the slices of `self` at `index` by those of `source`."""
    d, where = _rows("index_copy_", self, dim, index, source)
    _in_range(self, d, index, lambda i, k, n: IndexError(
        f"index_copy_(): index {i} is out of bounds for dimension {k} with size {n}"
    ))  # fmt: skip
    out = xp.array(self)
    out[where] = source if self.ndim else source.reshape(())
    return out


def _unique_sum(grad: Any, dim: int, index: Any) -> Any:
    """The gradient of one number that was written to all slices at `index`."""
    ones = index_fill(grad * 0, dim, index, 1)
    return (grad * ones).sum()


@op(
    self=lambda grad, dim, index: index_fill(grad, dim, index, 0), name="index_fill",
    method=False, function=False, node="IndexFillBackward0",
)  # fmt: skip
def _index_fill_number(xp, self, dim, index, value):
    if isinstance(value, complex) and self.dtype.kind != "c":
        raise RuntimeError(
            "index_fill_(): Converting complex Scalar to non-complex type is not supported"
        )
    return _index_filled(xp, self, dim, index, filled_value(value, dtypes.of(self.dtype)))


@op(
    self=lambda grad, dim, index: index_fill(grad, dim, index, 0),
    value=lambda grad, dim, index: _unique_sum(grad, dim, index), name="index_fill",
    method=False, function=False, node="IndexFillBackward1",
)  # fmt: skip
def _index_fill_tensor(xp, self, dim, index, value):
    if value.ndim:
        raise RuntimeError(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value.ndim} dimension(s)."
        )
    return _index_filled(xp, self, dim, index, value.astype(self.dtype))


def _index_filled(xp: Any, self: Any, dim: int, index: Any, value: Any) -> Any:
    d = wrap_dim(dim, self.ndim)
    if index.dtype != np.int64:
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    n = self.shape[d] if self.ndim else 1
    wrong = first_outside(index, n, -n)
    if wrong is not None:
        raise errors.index_out_of_bounds(wrong, d, n)
    out = layout.copy(self)
    out[at(d, index.reshape(-1)) if self.ndim else (Ellipsis,)] = value
    return out


def _choose_fill(self, dim, index, value):  # type: ignore[no-untyped-def]
    tensor = isinstance(value, Tensor)
    return _index_fill_tensor if tensor else _index_fill_number, (self, dim, index, value)


index_fill = dispatching(
    "index_fill", _choose_fill, "Fill the slices of `self` at `index` with a number."
)


def _reduce_rows(grad, self, dim, index, source, result, reduce, include_self, needs):  # type: ignore
    """``index_reduce`` is ``scatter_reduce`` of whole slices, and so is its gradient."""
    g_self, g_source = REDUCE_RULES[reduce](
        grad, self, source, result,
        lambda x: index_select(x, dim, index),
        lambda x, y: index_add(x, dim, index, y),
        lambda x, y: _index_reduce(x, dim, index, y, reduce, include_self),
        include_self,
    )  # fmt: skip
    return g_self if include_self else index_fill(g_self, dim, index, 0), g_source


# (kind of dtype, reduce) -> PyTorch's kernel that does not serve it
_LACKING = {
    ("c", "amax"): "maximum_cpu", ("c", "amin"): "minimum_cpu", ("b", "mean"): "div_floor_cpu",
}  # fmt: skip


@op(
    joint=(("self", "source"), _reduce_rows), method=False, function=False, name="index_reduce",
)  # fmt: skip
@in_rows
def _index_reduce(xp, self, dim, index, source, reduce, include_self=True):
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(
            "index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got "
            f"{reduce}."
        )
    kernel = _LACKING.get((self.dtype.kind, reduce))
    if kernel is not None:
        raise errors.not_implemented_for(kernel, dtypes.of(self.dtype))
    d, _ = _rows("index_reduce_", self, dim, index, source)
    _in_range(self, d, index, lambda *_: IndexError("index out of range in self"))
    grid = list(xp.ogrid[tuple(slice(n) for n in source.shape)]) if self.ndim else []
    if self.ndim:
        grid[d] = index.reshape([-1 if k == d else 1 for k in range(source.ndim)])
    return combined(xp, self, d, tuple(grid), source, reduce, include_self)


def _choose_reduce(self, dim, index, source, reduce, *, include_self=True):  # type: ignore
    errors.warn_once("index_reduce() is in beta and the API may change at any time.")
    return _index_reduce, (self, dim, index, source, reduce, include_self)


index_reduce = dispatching(
    "index_reduce", _choose_reduce,
    "Combine the slices of `source` into the slices of `self` at `index`: prod, mean, amax, amin.",
)  # fmt: skip


# ---------------------------------------------------------------- any places


def _index_put_self(grad: Any, indices: Any, accumulate: bool) -> Any:
    if accumulate:
        return grad
    return index_put(grad, indices, zeros_like_shape(grad, ()))


@op(self=_index_put_self, values=lambda grad, indices: _index(grad, indices), inplace=True)
def index_put(xp, self, indices, values, accumulate=False):
    """Write `values` to the places that index tensors name (add them with `accumulate`)."""
    for index in indices:
        if index is not None and index.dtype == np.uint8:
            warnings.warn(BYTE_WARNING, UserWarning, stacklevel=6)
    where = index_tuple(xp, self, indices)
    out = layout.copy(self)
    shape = indexed_shape(self, where)
    try:
        values = xp.broadcast_to(values, shape)
    except ValueError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {errors.sizes(values.shape)} cannot be "
            f"broadcast to indexing result of shape {errors.sizes(shape)}"
        ) from None
    if self.dtype != values.dtype:
        to, from_ = (errors.scalar_type(dtypes.of(a.dtype)) for a in (self, values))
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{to} for the destination and {from_} for the source."
        )
    check_indices(self, where, shape)
    if 0 in shape:
        return out
    if accumulate:
        add_at(xp, out, where, values)
    else:
        out[where] = values
    return out


def _put_self(grad: Any, index: Any, accumulate: bool) -> Any:
    return grad if accumulate else put(grad, index, zeros_like_shape(grad, tuple(index.shape)))


@op(
    self=_put_self,
    source=lambda grad, index, source_shape: reshape(take(grad, index), tuple(source_shape)),
    inplace=True,
)  # fmt: skip
def put(xp, self, index, source, accumulate=False):
    """Write `source` to places counted through all dimensions."""
    if index.dtype != np.int64:
        found = errors.scalar_type(dtypes.of(index.dtype))
        raise RuntimeError(f"put_(): Expected a long tensor for index, but got {found}")
    if self.dtype != source.dtype:
        to, from_ = (errors.scalar_type(dtypes.of(a.dtype)) for a in (self, source))
        raise RuntimeError(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{to} and source.dtype = {from_}"
        )
    if index.size != source.size:
        raise RuntimeError(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"source.numel() = {source.size}, index.numel() = {index.size}"
        )
    wrong = first_outside(index, self.size, -self.size)
    if wrong is not None:
        raise errors.place_outside(wrong, self.size)
    out = layout.copy(self)
    where = xp.unravel_index(index.reshape(-1) % max(self.size, 1), self.shape or (1,))
    if not self.ndim:
        return put.op.forward(xp, self.reshape(1), index, source, accumulate).reshape(())
    if accumulate:
        add_at(xp, out, where, source.reshape(-1))
    else:
        out[where] = source.reshape(-1)
    return out


def _masked_source(grad: Any, mask: Any, source_shape: Any) -> Any:
    """The gradients where the mask holds, in order; zeros for elements that were not used."""
    from .join import cat

    part = masked_select(grad, mask)
    rest = math.prod(source_shape) - part.shape[0]
    part = cat([part, zeros_like_shape(grad, (rest,))], 0) if rest > 0 else part
    return reshape(part, tuple(source_shape))


def _masked_rest(grad: Any, mask: Any) -> Any:
    from .selection import masked_fill

    return masked_fill(grad, mask, 0)


@op(
    self=_masked_rest,
    source=lambda grad, mask, source_shape: _masked_source(grad, mask, source_shape),
    inplace=True,
)
def masked_scatter(xp, self, mask, source):
    """Replace the elements where `mask` holds by those of `source`, in order."""
    if self.dtype != source.dtype:
        to, from_ = (errors.scalar_type(dtypes.of(a.dtype)) for a in (self, source))
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got {to} and {from_}"
        )
    if mask.dtype != np.bool_:
        found = errors.scalar_type(dtypes.of(mask.dtype))
        raise RuntimeError(
            f"masked_scatter_ only supports boolean masks, but got mask with dtype {found}"
        )
    own, where = xp.broadcast_arrays(self, mask)
    out, count = own.copy(), int(where.sum())
    if count > source.size:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    out[where] = source.reshape(-1)[:count]
    return out


# ---------------------------------------------------------------- out-of-place writes to a view


def _with_its_storage(array: Any) -> Any:
    """A copy with the same strides and offset, in a copy of the whole memory behind `array`."""
    if layout.shares_elements(array):
        return layout.copy(array)
    storage, offset, strides = storage_of(array)
    memory = UntypedStorage(storage._bytes.copy())
    return array_in(memory, dtypes.of(array.dtype), offset, array.shape, strides)


@op(
    self=lambda grad, dim, index, src_shape: select_scatter(
        grad, zeros_like_shape(grad, src_shape), dim, index
    ),
    src=lambda grad, dim, index: select(grad, dim, index),
)
def select_scatter(xp, self, src, dim, index):
    """A copy of `self` with the slice at `index` of `dim` replaced by `src`."""
    out = _with_its_storage(self)
    return _embedded(out, select.op.forward(xp, out, dim, index), src)


def _embedded(out: Any, part: Any, src: Any) -> Any:
    if part.shape != src.shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{errors.sizes(src.shape)}, slice size = {errors.sizes(part.shape)}"
        )
    part[...] = src
    return out


@op(
    self=lambda grad, dim, start, end, step, src_shape: slice_scatter(
        grad, zeros_like_shape(grad, src_shape), dim, start, end, step
    ),
    src=lambda grad, dim, start, end, step: slice_(grad, dim, start, end, step),
)
def slice_scatter(xp, self, src, dim=0, start=None, end=None, step=1):
    """A copy of `self` with a range of `dim` replaced by `src`."""
    out = _with_its_storage(self)
    return _embedded(out, slice_.op.forward(xp, out, dim, start, end, step), src)


@op(
    self=lambda grad, offset, dim1, dim2, src_shape: diagonal_scatter(
        grad, zeros_like_shape(grad, src_shape), offset, dim1, dim2
    ),
    src=lambda grad, offset, dim1, dim2: diagonal(grad, offset, dim1, dim2),
)
def diagonal_scatter(xp, self, src, offset=0, dim1=0, dim2=1):
    """A copy of `self` with a diagonal replaced by `src`."""
    out = _with_its_storage(self)
    return _embedded(out, diagonal_view(xp, out, offset, dim1, dim2), src)


def _strided_rest(grad: Any, size: Any, stride: Any, storage_offset: Any, src_shape: Any) -> Any:
    return as_strided_scatter(grad, zeros_like_shape(grad, src_shape), size, stride, storage_offset)


def _strided_source(grad: Any, size: Any, stride: Any, storage_offset: Any) -> Any:
    return as_strided(grad.contiguous() if isinstance(grad, Tensor) else grad.copy(order="C"),
        size, stride, storage_offset)  # fmt: skip


@op(self=_strided_rest, src=_strided_source)
def as_strided_scatter(xp, self, src, size, stride, storage_offset=None):
    """A copy of `self` with the memory that ``as_strided`` would see replaced by `src`.

    What was replaced gets no gradient.  (PyTorch 2.13 has it the wrong way round for `self`.)
    """
    out = _with_its_storage(self)
    storage, offset, _ = storage_of(out)
    offset = offset if storage_offset is None else storage_offset
    return _embedded(out, array_in(storage, dtypes.of(out.dtype), offset, size, stride), src)
