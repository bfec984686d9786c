"""Writing along one dimension: ``scatter``, ``scatter_add``, ``scatter_reduce``.

All take a tensor and return one with some elements replaced or added to; each has an in-place form.
The gradient of what was overwritten is zero; what was written gets the gradient of its place.
Whole slices and any other places are written in ``put.py``.
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
    add_at,
    along,
    check_gather,
    check_range,
    gather,
    require_integers,
    require_tensor,
)
from .nested import filled_value
from .rules import in_rows
from .shape import at


def dispatching(name: str, choose: Any, doc: str) -> Any:
    """A function, a method and its in-place form that pick one of several operations.

    ``choose(...)`` returns (operation, its arguments).
    """

    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        picked, values = choose(*args, **kwargs)
        return picked(*values) if out is None else picked(*values, out=out)

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
    require_tensor(function, "index", index, 3)
    if not index.size:
        return (np.empty(0, np.int64),) * max(self.ndim, 1), None
    require_integers(function, index)
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
        raise RuntimeError("Index tensor must have the same number of dimensions as self tensor")
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
@in_rows
def _scatter_src(xp, self, dim, index, src):
    _same_dtype("scatter", self, src)
    where, values = _places(xp, "scatter", self, dim, index, src)
    out = xp.array(self)
    if values is not None:
        out[where] = values
    return out


@op(
    self=lambda grad, dim, index: _scatter_value(grad, dim, index, 0),
    node="ScatterBackward1", name="scatter", method=False, function=False,
)  # fmt: skip
@in_rows
def _scatter_value(xp, self, dim, index, value):
    where, _ = _places(xp, "scatter", self, dim, index, None)
    out = xp.array(self)
    if index.size:
        out[where] = filled_value(value, dtypes.of(self.dtype))
    return out


def _no_derivative(*_: Any) -> Any:
    raise RuntimeError("derivative for aten::scatter is not implemented")


@op(
    self=lambda grad: _no_derivative(grad), src=lambda grad: _no_derivative(grad),
    node="NotImplemented", name="scatter", method=False, function=False,
)  # fmt: skip
@in_rows
def _scatter_reduced(xp, self, dim, index, src, reduce):
    if reduce not in ("add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    values = src if hasattr(src, "strides") else xp.full(index.shape, src, self.dtype)
    where, values = _places(xp, "scatter", self, dim, index, values)
    out = xp.array(self)
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


scatter = dispatching(
    "scatter", _choose_scatter,
    "Write `src` (a tensor or a number) to the positions along `dim` that `index` names.",
)  # fmt: skip


@op(self=lambda grad: grad, src=lambda grad, dim, index: gather(grad, dim, index), inplace=True)
@in_rows
def scatter_add(xp, self, dim, index, src):
    """Add `src` to the positions along `dim` that `index` names; equal indices add up."""
    _same_dtype("scatter", self, src)
    where, values = _places(xp, "scatter_add", self, dim, index, src)
    out = xp.array(self)
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


def combined(xp, self, dim, where, values, reduce, include_self):  # type: ignore
    """`self` with `values` combined into the places `where`."""
    out = xp.array(self)
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


def _scatter_reduce_rule(
    grad, self, dim, index, src, result, reduce, include_self, needs  # type: ignore
):  # fmt: skip
    """Source: torch/csrc/autograd/FunctionsManual.cpp, scatter_reduce_backward."""
    g_self, g_src = REDUCE_RULES[reduce](
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


REDUCE_RULES = {
    "sum": _sum_rule, "mean": _mean_rule, "amax": _extreme_rule, "amin": _extreme_rule,
    "prod": _prod_rule,
}  # fmt: skip


def _as_like(mask: Any, like: Any) -> Any:
    """A mask as zeros and ones of the dtype of `like`."""
    return mask.to(like.dtype) if isinstance(mask, Tensor) else mask.astype(like.dtype)


@op(
    joint=(("self", "src"), _scatter_reduce_rule), inplace=True,
)  # fmt: skip
@in_rows
def scatter_reduce(xp, self, dim, index, src, reduce, *, include_self=True):
    """Combine `src` into the positions along `dim` that `index` names.

    `reduce` is "sum", "prod", "mean", "amax" or "amin"; without `include_self` the old values of
    those positions do not count.
    """
    if reduce not in _UFUNCS:
        raise RuntimeError(
            "reduce argument must be either sum, prod, mean, amax or amin, got " + reduce
        )
    _same_dtype("scatter", self, src)
    if (self.dtype.kind, reduce) in (("b", "mean"), ("c", "amax"), ("c", "amin")):
        kernel = f"scatter_gather_tensor_cpu_reduce_{reduce}"
        raise errors.not_implemented_for(kernel, dtypes.of(self.dtype))
    where, values = _places(xp, "scatter", self, dim, index, src)
    return combined(xp, self, dim, where, values, reduce, include_self)
