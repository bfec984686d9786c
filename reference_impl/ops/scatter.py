"""Writing by indices: ``scatter``, ``index_put``, ``index_add`` and their kin.

All take a tensor and return one with some elements replaced or added to; each has an in-place form.
The gradient of what was overwritten is zero; what was written gets the gradient of its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..op import PUBLIC, op, wrap_dim
from ..tensor import Tensor
from ..views import change
from .index import (
    _index,
    add_at,
    along,
    check_gather,
    check_range,
    first_outside,
    gather,
    index_select,
    index_tuple,
    require_integers,
    take,
    zeros_like_shape,
)
from .nested import filled_value
from .parts import diagonal, diagonal_view, select, slice_
from .shape import at, reshape


def _dispatching(name: str, choose: Any, doc: str) -> Any:
    """A function, a method and its in-place form that pick one of several operations.

    ``choose(...)`` returns (operation, its arguments).
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        picked, values = choose(*args, **kwargs)
        return picked(*values)

    def call_in_place(*args: Any, **kwargs: Any) -> Any:
        picked, values = choose(*args, **kwargs)
        return change(picked.op, picked.op.bind(values, {}))

    call.__name__ = call.__qualname__ = name
    call_in_place.__name__ = call_in_place.__qualname__ = name + "_"
    call.__doc__, call_in_place.__doc__ = doc, f"In-place form of ``{name}``."
    PUBLIC[name] = call
    setattr(Tensor, name, call)
    setattr(Tensor, name + "_", call_in_place)
    return call


def _same_dtype(function: str, self: Any, src: Any) -> None:
    if self.dtype != src.dtype:
        raise RuntimeError(f"{function}(): Expected self.dtype to be equal to src.dtype")


# ---------------------------------------------------------------- along one dimension


def _places(xp: Any, function: str, self: Any, dim: int, index: Any, src: Any) -> Any:
    """(NumPy index of the written places, the part of `src` that is written)."""
    d = wrap_dim(dim, self.ndim)
    require_integers(function, index)
    if not index.size:
        return (np.empty(0, np.int64),) * max(self.ndim, 1), None
    _check_scatter(self.shape, d, index, src)
    check_range(index, d, self.shape[d] if self.ndim else 1)
    if src is not None and src.ndim:
        src = src[tuple(slice(n) for n in index.shape)]
    if not self.ndim:
        return (), src.reshape(()) if src is not None and src.size else src
    return along(xp, index.reshape(1) if not index.ndim else index, d), src


def _check_scatter(shape: Sequence[int], dim: int, index: Any, src: Any) -> None:
    if src is None:
        check_gather(shape, dim, index)
        return
    if max(index.ndim, 1) != max(len(shape), 1):
        raise RuntimeError(
            "Index tensor must have the same number of dimensions as self tensor"
        )
    if max(index.ndim, 1) != max(src.ndim, 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    for d, m in enumerate(index.shape):
        if (d != dim and len(shape) and m > shape[d]) or (src.ndim and m > src.shape[d]):
            raise RuntimeError(
                f"Expected index {errors.sizes(index.shape)} to be no larger than self "
                f"{errors.sizes(shape)} apart from dimension {dim} and to be no larger size than "
                f"src {errors.sizes(src.shape)}"
            )


@op(
    self=lambda grad, dim, index: _scatter_value(grad, dim, index, 0),
    src=lambda grad, dim, index: gather(grad, dim, index),
    node="ScatterBackward0", name="scatter", method=False, function=False,
)  # fmt: skip
def _scatter_src(xp, self, dim, index, src):
    _same_dtype("scatter", self, src)
    where, values = _places(xp, "scatter", self, dim, index, src)
    out = self.copy()
    if values is not None:
        out[where] = values
    return out


@op(
    self=lambda grad, dim, index: _scatter_value(grad, dim, index, 0),
    node="ScatterBackward1", name="scatter", method=False, function=False,
)  # fmt: skip
def _scatter_value(xp, self, dim, index, value):
    where, _ = _places(xp, "scatter", self, dim, index, None)
    out = self.copy()
    if index.size:
        out[where] = filled_value(value, dtypes.of(self.dtype))
    return out


def _no_derivative(*_: Any) -> Any:
    raise RuntimeError("derivative for aten::scatter is not implemented")


@op(
    self=lambda grad: _no_derivative(grad), src=lambda grad: _no_derivative(grad),
    node="NotImplemented", name="scatter", method=False, function=False,
)  # fmt: skip
def _scatter_reduced(xp, self, dim, index, src, reduce):
    if reduce not in ("add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    values = src if hasattr(src, "strides") else xp.full(index.shape, src, self.dtype)
    where, values = _places(xp, "scatter", self, dim, index, values)
    out = self.copy()
    if values is not None:
        _combine(xp, np.add if reduce == "add" else np.multiply, out, where, values, dim)
    return out


def _choose_scatter(self, dim, index, src=None, value=None, *, reduce=None):  # type: ignore
    given = value if src is None else src
    if reduce is not None:
        if isinstance(given, Tensor):
            errors.warn_once(errors.SCATTER_REDUCE_WARNING)
        return _scatter_reduced, (self, dim, index, given, reduce)
    if isinstance(given, Tensor):
        return _scatter_src, (self, dim, index, given)
    return _scatter_value, (self, dim, index, given)


scatter = _dispatching(
    "scatter", _choose_scatter,
    "Write `src` (a tensor or a number) to the positions along `dim` that `index` names.",
)  # fmt: skip


@op(
    self=lambda grad: grad, src=lambda grad, dim, index: gather(grad, dim, index), inplace=True
)
def scatter_add(xp, self, dim, index, src):
    """Add `src` to the positions along `dim` that `index` names; equal indices add up."""
    _same_dtype("scatter_add", self, src)
    where, values = _places(xp, "scatter_add", self, dim, index, src)
    out = self.copy()
    if values is not None:
        add_at(xp, out, where, values)
    return out


# ---------------------------------------------------------------- reductions along one dimension

_UFUNCS = {
    "sum": "add", "mean": "add", "prod": "multiply", "amax": "maximum", "amin": "minimum"
}  # fmt: skip


def _identity(reduce: str, d: Any) -> Any:
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    if d.kind in "iu":
        return np.iinfo(d).min if reduce == "amax" else np.iinfo(d).max
    if d.kind == "b":
        return reduce != "amax"
    return -np.inf if reduce == "amax" else np.inf


def _combine(xp: Any, ufunc: Any, out: Any, where: Any, values: Any, dim: int) -> None:
    """``out[where] = ufunc(out[where], values)``, equal places one after the other."""
    values = np.broadcast_to(values, np.broadcast_shapes(*(i.shape for i in where))) if (
        xp is np and where
    ) else values  # fmt: skip
    if xp is np and out.dtype.kind in "biufc" and where:
        ufunc.at(out, where, values)
        return
    if not where:
        out[()] = ufunc(out, values)
        return
    d = wrap_dim(dim, values.ndim)
    for k in range(values.shape[d]):  # within one slice no place occurs twice
        part = tuple(i[at(d, slice(k, k + 1))] if i.shape[d] > 1 else i for i in where)
        out[part] = getattr(xp, ufunc.__name__)(out[part], values[at(d, slice(k, k + 1))])


def _reduced(xp, self, dim, where, values, reduce, include_self):  # type: ignore
    """`self` with `values` combined into the places `where`."""
    out = self.copy()
    if values is None:
        return out
    if not include_self:
        out[where] = _identity(reduce, out.dtype)
    _combine(xp, getattr(np, _UFUNCS[reduce]), out, where, values, dim)
    if reduce == "mean":
        counts = xp.full(self.shape, 1 if include_self else 0, np.int64)
        one = xp.ones((1,) * values.ndim, np.int64)
        add_at(xp, counts, where, xp.broadcast_to(one, values.shape))
        counts[counts == 0] = 1
        out = out // counts if out.dtype.kind in "iu" else out / counts
    return out.astype(self.dtype, copy=False)


def _check_reduce(function: str, reduce: str, allowed: Sequence[str]) -> None:
    if reduce not in allowed:
        listed = ", ".join(allowed[:-1]) + " or " + allowed[-1]
        raise RuntimeError(f"reduce argument must be either {listed}, got {reduce}.")


def _scatter_reduce_rule(
    grad, self, dim, index, src, result, reduce, include_self, needs  # type: ignore
):  # fmt: skip
    """Source: torch/csrc/autograd/FunctionsManual.cpp, scatter_reduce_backward."""
    g_self, g_src = _REDUCE_RULES[reduce](
        grad, self, src, result,
        lambda x: gather(x, dim, index),
        lambda x, y: scatter_add(x, dim, index, y),
        lambda x, y: scatter_reduce(x, dim, index, y, reduce, include_self=include_self),
        include_self,
    )  # fmt: skip
    if not include_self:
        g_self = _scatter_value(g_self, dim, index, 0)
    return g_self, g_src


def _sum_rule(grad, self, src, result, read, add, again, include_self):  # type: ignore
    return grad, read(grad)


def _mean_rule(grad, self, src, result, read, add, again, include_self):  # type: ignore
    counts = add(grad * 0 + (1 if include_self else 0), src * 0 + 1)
    counts = counts + _as_like(counts == 0, counts)
    return grad / counts, read(grad / counts)


def _extreme_rule(grad, self, src, result, read, add, again, include_self):  # type: ignore
    own, theirs = _as_like(self == result, grad), _as_like(src == read(result), grad)
    share = grad / add(own, theirs)
    return own * share, theirs * read(share)


def _prod_rule(grad, self, src, result, read, add, again, include_self):  # type: ignore
    """A factor's derivative is the product of the others: a lone zero needs it multiplied anew."""
    from .selection import where

    own = where(self == 0, self * 0 + 1, self)
    g_self = grad * again(own, src) / own
    zero = src == 0
    lone = zero & (read(add(self * 0, _as_like(zero, self))) == 1)
    replaced = where(lone, src * 0 + 1, src)
    g_src = where(
        lone,
        read(grad * again(self, replaced)),
        read(grad * result) / where(zero, src * 0 + 1, src),
    )
    return g_self, g_src


_REDUCE_RULES = {
    "sum": _sum_rule, "mean": _mean_rule, "amax": _extreme_rule, "amin": _extreme_rule,
    "prod": _prod_rule,
}  # fmt: skip


def _as_like(mask: Any, like: Any) -> Any:
    """A mask as zeros and ones of the dtype of `like`."""
    return mask.to(like.dtype) if isinstance(mask, Tensor) else mask.astype(like.dtype)


@op(
    joint=(("self", "src"), _scatter_reduce_rule), inplace=True,
)  # fmt: skip
def scatter_reduce(xp, self, dim, index, src, reduce, *, include_self=True):
    """Combine `src` into the positions along `dim` that `index` names.

    `reduce` is "sum", "prod", "mean", "amax" or "amin"; without `include_self` the old values of
    those positions do not count.
    """
    _check_reduce("scatter_reduce", reduce, ("sum", "prod", "mean", "amax", "amin"))
    _same_dtype("scatter", self, src)
    where, values = _places(xp, "scatter", self, dim, index, src)
    return _reduced(xp, self, dim, where, values, reduce, include_self)


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
def index_add(xp, self, dim, index, source, *, alpha=1):
    """Add `alpha` times the slices of `source` to the slices of `self` at `index`."""
    d, where = _rows("index_add_", self, dim, index, source)
    _in_range(self, d, index, lambda *_: IndexError("index out of range in self"))
    out = self.copy()
    values = source if alpha == 1 else source * self.dtype.type(alpha)
    add_at(xp, out, where, values if self.ndim else values.sum().astype(self.dtype))
    return out


@op(
    self=lambda grad, dim, index: index_fill(grad, dim, index, 0),
    source=lambda grad, dim, index, source_shape: _rows_of(grad, dim, index, source_shape),
    inplace=True,
)
def index_copy(xp, self, dim, index, source):
    """Replace the slices of `self` at `index` by those of `source`."""
    d, where = _rows("index_copy_", self, dim, index, source)
    _in_range(self, d, index, lambda i, k, n: IndexError(
        f"index_copy_(): index {i} is out of bounds for dimension {k} with size {n}"
    ))  # fmt: skip
    out = self.copy()
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
    out = self.copy()
    out[at(d, index.reshape(-1)) if self.ndim else (Ellipsis,)] = value
    return out


def _choose_fill(self, dim, index, value):  # type: ignore[no-untyped-def]
    tensor = isinstance(value, Tensor)
    return _index_fill_tensor if tensor else _index_fill_number, (self, dim, index, value)


index_fill = _dispatching(
    "index_fill", _choose_fill, "Fill the slices of `self` at `index` with a number."
)


# ---------------------------------------------------------------- any places


def _index_put_self(grad: Any, indices: Any, accumulate: bool) -> Any:
    if accumulate:
        return grad
    return index_put(grad, indices, zeros_like_shape(grad, ()))


@op(
    self=_index_put_self, values=lambda grad, indices: _index(grad, indices), inplace=True
)
def index_put(xp, self, indices, values, accumulate=False):
    """Write `values` to the places that index tensors name (add them with `accumulate`)."""
    if self.dtype != values.dtype:
        to, from_ = (errors.scalar_type(dtypes.of(a.dtype)) for a in (self, values))
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{to} for the destination and {from_} for the source."
        )
    where = index_tuple(xp, self, indices)
    out = self.copy()
    shape = _indexed_shape(self, where)
    try:
        values = xp.broadcast_to(values, shape)
    except ValueError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {errors.sizes(values.shape)} cannot be "
            f"broadcast to indexing result of shape {errors.sizes(shape)}"
        ) from None
    if accumulate:
        add_at(xp, out, where, values)
    else:
        out[where] = values
    return out


def _indexed_shape(array: Any, where: Any) -> tuple[int, ...]:
    """The shape of ``array[where]``, without reading it."""
    ghost = np.broadcast_to(np.empty((), np.bool_), array.shape)
    where = tuple(i if isinstance(i, slice) else np.broadcast_to(np.intp(0), i.shape) for i in where)
    return ghost[where].shape if array.size else array[where].shape


def _put_self(grad: Any, index: Any, accumulate: bool) -> Any:
    return grad if accumulate else put(grad, index, zeros_like_shape(grad, tuple(index.shape)))


@op(
    self=_put_self,
    source=lambda grad, index, source_shape: reshape(take(grad, index), tuple(source_shape)),
    inplace=True, method=True,
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
    out = self.copy(order="C")
    flat = out.reshape(-1)
    if accumulate:
        add_at(xp, flat, index.reshape(-1), source.reshape(-1))
    else:
        flat[index.reshape(-1)] = source.reshape(-1)
    return out


def _masked_source(grad: Any, mask: Any, source_shape: Any) -> Any:
    """The gradients where the mask holds, in order; zeros for elements that were not used."""
    from .index import masked_select
    from .join import cat

    part = masked_select(grad, mask)
    count = int(np.prod(source_shape, dtype=np.int64))
    rest = count - part.shape[0]
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
        raise RuntimeError(f"masked_scatter_ only supports boolean masks, but got mask with dtype {found}")
    own, where = xp.broadcast_arrays(self, mask)
    out, count = own.copy(), int(where.sum())
    if count > source.size:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    out[where] = source.reshape(-1)[:count]
    return out


# ---------------------------------------------------------------- out-of-place writes to a view


@op(
    self=lambda grad, dim, index, src_shape: select_scatter(
        grad, zeros_like_shape(grad, src_shape), dim, index
    ),
    src=lambda grad, dim, index: select(grad, dim, index),
)
def select_scatter(xp, self, src, dim, index):
    """A copy of `self` with the slice at `index` of `dim` replaced by `src`."""
    out = self.copy()
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
    out = self.copy()
    return _embedded(out, slice_.op.forward(xp, out, dim, start, end, step), src)


@op(
    self=lambda grad, offset, dim1, dim2, src_shape: diagonal_scatter(
        grad, zeros_like_shape(grad, src_shape), offset, dim1, dim2
    ),
    src=lambda grad, offset, dim1, dim2: diagonal(grad, offset, dim1, dim2),
)
def diagonal_scatter(xp, self, src, offset=0, dim1=0, dim2=1):
    """A copy of `self` with a diagonal replaced by `src`."""
    out = self.copy()
    return _embedded(out, diagonal_view(xp, out, offset, dim1, dim2), src)


