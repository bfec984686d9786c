"""The largest, the smallest, the middle, and where they are.

Over all dimensions the gradient is shared evenly among equals; along one it goes to the index that
was returned, as in PyTorch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes, errors, return_types
from ..backend import xp_of
from ..op import composite, op, reduction, wrap_dim
from ..tensor import Tensor, wrap
from .reduce import axes, unreduce
from .reduce import sum as sum_
from .rules import serving
from .selection import maximum, minimum, where
from .shape import unsqueeze

# ---------------------------------------------------------------- helpers


def share(grad: Any, self: Any, result: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """`grad` shared evenly among the elements that equal the result (all nan, if that is nan)."""
    shape = tuple(self.shape)
    result = unreduce(result, shape, dim, keepdim)
    chosen = (self == result) | ((self != self) & (result != result))
    number = sum_(chosen, dim, keepdim=bool(dim))
    return where(chosen, unreduce(grad, shape, dim, keepdim) / number, 0)


def scaled(grad: Any, self: Any, result: Any, dim: Any, keepdim: bool) -> Any:
    """The same, but nan for all if the result is nan, as for amax and amin in PyTorch."""
    shape = tuple(self.shape)
    chosen = unreduce(result, shape, dim, keepdim) == self
    number = sum_(chosen, dim, keepdim=bool(dim))
    return unreduce(grad, shape, dim, keepdim) * chosen / number


def _shared(grad: Any, self: Any, result: Any) -> Any:
    return share(grad, self, result)


def at_index(grad: Any, index: Any, dim: int, keepdim: bool, shape: Any) -> Any:
    """`grad` where `index` points along `dim`, zeros elsewhere."""
    if not shape:
        return grad
    bare = getattr(index, "_data", index)
    xp = xp_of(bare)
    dim = wrap_dim(dim, len(shape))
    if not keepdim:
        grad, index = unsqueeze(grad, dim), unsqueeze(index, dim)
    places = xp.arange(shape[dim]).reshape((-1,) + (1,) * (len(shape) - dim - 1))
    return where(index == (wrap(places) if isinstance(index, Tensor) else places), grad, 0)


def check_not_empty(name: str, self: Any, dim: Any, call: str = "()") -> None:
    """Raise IndexError where a reduction without identity has nothing to reduce."""
    if self.ndim and self.shape[dim] == 0:
        raise IndexError(f"{name}{call}: Expected reduction dim {dim} to have non-zero size.")


def _take(xp: Any, self: Any, index: Any, dim: int, keepdim: bool) -> tuple[Any, Any]:
    """(values, indices) at `index`, which has size 1 along `dim`."""
    values, index = xp.take_along_axis(self, index, dim), index.astype(np.int64, copy=False)
    if not keepdim:
        values, index = xp.squeeze(values, dim), xp.squeeze(index, dim)
    return values, index


def _no_complex(name: str, self: Any) -> None:
    if self.dtype.kind == "c":
        raise errors.not_implemented_for(name, dtypes.of(self.dtype))


def comparable(self: Any) -> Any:
    """bool as uint8, for functions that do not take bool."""
    return self.astype(np.uint8) if self.dtype == np.bool_ else self


# ---------------------------------------------------------------- max and min


@reduction(self=lambda grad, self, result, dim, keepdim: scaled(grad, self, result, dim, keepdim))
def amax(xp, self, dim=(), keepdim=False):
    """The largest element over `dim`; equal ones share the gradient."""
    _check_extreme("amax", self, dim)
    return xp.max(self, axis=axes(self, dim), keepdims=keepdim)


@reduction(self=lambda grad, self, result, dim, keepdim: scaled(grad, self, result, dim, keepdim))
def amin(xp, self, dim=(), keepdim=False):
    """The smallest element over `dim`; equal ones share the gradient."""
    _check_extreme("amin", self, dim)
    return xp.min(self, axis=axes(self, dim), keepdims=keepdim)


def _check_extreme(name: str, self: Any, dim: Any) -> None:
    _no_complex(f"{name.removeprefix('a')}_values_cpu", self)
    for d in dim or ():
        check_not_empty(name, self, d)
    if not dim and self.size == 0:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
            "Specify the reduction dim with the 'dim' argument."
        )


def _check_full(name: str, self: Any) -> None:
    _no_complex(f"{name}_all", self)
    if self.size == 0:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
            "Specify the reduction dim with the 'dim' argument."
        )


@op(self=_shared, node="MaxBackward1", name="max", method=False, function=False)
def _max_all(xp, self):
    _check_full("max", self)
    return xp.max(self)


@op(self=_shared, node="MinBackward1", name="min", method=False, function=False)
def _min_all(xp, self):
    _check_full("min", self)
    return xp.min(self)


def _index_rule(grads: Any, self_shape: Any, result1: Any, dim: Any, keepdim: bool) -> Any:
    return at_index(grads[0], result1, dim, keepdim, self_shape)


def _along(xp: Any, pick: Any, self: Any, dim: Any, keepdim: bool, name: str) -> Any:
    """(values, indices) of what ``pick`` (argmax or argmin) finds along `dim`."""
    dim = wrap_dim(dim, self.ndim)
    if self.dtype.kind == "c":
        raise RuntimeError(f"{name}(): does not support complex input")
    check_not_empty(name, self, dim)
    if self.ndim == 0:
        return self.copy(), xp.zeros((), np.int64)
    return _take(xp, self, xp.expand_dims(pick(comparable(self), dim), dim), dim, keepdim)


@op(self=_index_rule, returns=return_types.max, method=False, function=False, name="max")
def _max_dim(xp, self, dim, keepdim=False):
    return _along(xp, xp.argmax, self, dim, keepdim, "max")


@op(self=_index_rule, returns=return_types.min, method=False, function=False, name="min")
def _min_dim(xp, self, dim, keepdim=False):
    return _along(xp, xp.argmin, self, dim, keepdim, "min")


@composite
def max(self: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None, out: Any = None):
    """The largest element; along `dim` also where it is; of two tensors the larger (``maximum``).

    Equal elements share the gradient; along `dim` the element at the returned index has it all.
    """
    return _extreme(_max_all, _max_dim, maximum, self, dim, keepdim, other, out)


@composite
def min(self: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None, out: Any = None):
    """The smallest element; along `dim` also where it is; of two tensors the smaller."""
    return _extreme(_min_all, _min_dim, minimum, self, dim, keepdim, other, out)


def _extreme(whole, along, pair, self, dim, keepdim, other, out):  # type: ignore[no-untyped-def]
    keywords = {} if out is None else {"out": out}
    if isinstance(dim, Tensor) or other is not None:
        return pair(self, dim if other is None else other, **keywords)
    if dim is None:
        return whole(self, **keywords)
    return along(self, dim, keepdim, **keywords)


def _aminmax_rule(grads, self, result0, result1, dim, keepdim):  # type: ignore[no-untyped-def]
    dims = None if dim is None else (wrap_dim(dim, len(self.shape)),)
    parts = [
        scaled(grad, self, result, dims, keepdim)
        for grad, result in zip(grads, (result0, result1), strict=True)
        if grad is not None
    ]
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


@op(self=_aminmax_rule, returns=return_types.aminmax)
def aminmax(xp, self, *, dim=None, keepdim=False):
    """The smallest and the largest element."""
    _no_complex("aminmax_cpu", self)
    if dim is None:
        if self.size == 0:
            raise RuntimeError(
                "aminmax(): cannot compute aminmax over an empty dimension as the operation has "
                "no identity."
            )
        return xp.min(self, keepdims=keepdim), xp.max(self, keepdims=keepdim)
    dim = wrap_dim(dim, self.ndim)
    check_not_empty("aminmax", self, dim, "")
    axis = axes(self, (dim,))
    return xp.min(self, axis=axis, keepdims=keepdim), xp.max(self, axis=axis, keepdims=keepdim)


def _arg(xp: Any, pick: Any, name: str, self: Any, dim: Any, keepdim: bool) -> Any:
    if self.dtype.kind in "bc":
        kind = "bool" if self.dtype.kind == "b" else "complex"
        raise RuntimeError(f"{name}(): does not support {kind} input")
    if dim is None:
        if self.size == 0:
            raise IndexError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0."
            )
        found = pick(self).astype(np.int64)
        return found.reshape((1,) * self.ndim) if keepdim else found
    dim = wrap_dim(dim, self.ndim)
    check_not_empty(name, self, dim)
    if self.ndim == 0:
        return xp.zeros((), np.int64)
    found = pick(self, dim).astype(np.int64, copy=False)
    return xp.expand_dims(found, dim) if keepdim else found


@op()
def argmax(xp, self, dim=None, keepdim=False):
    """The index of the largest element; of the flattened tensor if `dim` is None."""
    return _arg(xp, xp.argmax, "argmax", self, dim, keepdim)


@op()
def argmin(xp, self, dim=None, keepdim=False):
    """The index of the smallest element; of the flattened tensor if `dim` is None."""
    return _arg(xp, xp.argmin, "argmin", self, dim, keepdim)


# ---------------------------------------------------------------- the middle


def _ranked(xp: Any, self: Any, rank: Any, dim: int) -> Any:
    """The index along `dim`, kept with size 1, of the element of a rank; nan counts as largest."""
    order = xp.argsort(self, axis=dim, kind="stable")
    return xp.take_along_axis(order, rank, dim)


def _median_index(xp: Any, self: Any, dim: int, ignore_nan: bool) -> Any:
    """Where the lower median is, or the first nan unless they are ignored."""
    n = self.shape[dim]
    bad = self != self
    if ignore_nan:
        n = n - bad.sum(axis=dim, keepdims=True)
        return _ranked(xp, self, xp.maximum(n - 1, 0) // 2, dim)
    shape = [1 if d == dim else size for d, size in enumerate(self.shape)]
    index = _ranked(xp, self, xp.full(shape, (n - 1) // 2), dim)
    first_bad = xp.expand_dims(xp.argmax(bad, axis=dim), dim)
    return xp.where(bad.any(axis=dim, keepdims=True), first_bad, index)


def _median_along(xp: Any, self: Any, dim: Any, keepdim: bool, ignore_nan: bool) -> Any:
    _check_median(self, "median_out")
    dim = wrap_dim(dim, self.ndim)
    check_not_empty("median", self, dim)
    if self.ndim == 0:
        return self.copy(), xp.zeros((), np.int64)
    return _take(xp, self, _median_index(xp, self, dim, ignore_nan), dim, keepdim)


def _check_median(self: Any, kernel: str) -> None:
    if self.dtype.kind in "bc":
        raise errors.not_implemented_for(kernel, dtypes.of(self.dtype))


def _median_of_all(xp: Any, self: Any, ignore_nan: bool) -> Any:
    _check_median(self, "median_cpu")
    if self.size == 0:
        return xp.full((), np.nan if self.dtype.kind not in "iu" else np.iinfo(self.dtype).min,
                       self.dtype)  # fmt: skip
    flat = self.reshape(-1)
    return flat[_median_index(xp, flat, 0, ignore_nan)][0]


@op(self=_shared, name="median", method=False, function=False)
def _median_all(xp, self):
    return _median_of_all(xp, self, False)


@op(self=_shared, name="nanmedian", method=False, function=False)
def _nanmedian_all(xp, self):
    return _median_of_all(xp, self, True)


@op(self=_index_rule, returns=return_types.median, name="median", node="MedianBackward1",
    method=False, function=False)  # fmt: skip
def _median_dim(xp, self, dim, keepdim=False):
    return _median_along(xp, self, dim, keepdim, False)


@op(self=_index_rule, returns=return_types.nanmedian, name="nanmedian", node="NanmedianBackward1",
    method=False, function=False)  # fmt: skip
def _nanmedian_dim(xp, self, dim, keepdim=False):
    return _median_along(xp, self, dim, keepdim, True)


@composite
def median(self: Any, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The middle element, the lower one of two; along `dim` also where it is; nan if one is nan."""
    keywords = {} if out is None else {"out": out}
    if dim is None:
        return _median_all(self, **keywords)
    return _median_dim(self, dim, keepdim, **keywords)


@composite
def nanmedian(self: Any, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The middle one of the elements that are not nan; along `dim` also where it is."""
    keywords = {} if out is None else {"out": out}
    if dim is None:
        return _nanmedian_all(self, **keywords)
    return _nanmedian_dim(self, dim, keepdim, **keywords)


@op(self=_index_rule, returns=return_types.mode, prepare=serving("mode_cpu", "c"))
def mode(xp, self, dim=-1, keepdim=False):
    """The most frequent element along `dim`, the smallest of several, and where it is last."""
    dim = wrap_dim(dim, self.ndim)
    check_not_empty("mode", self, dim)
    if self.ndim == 0:
        return self.copy(), xp.zeros((), np.int64)
    from .cumulative import extremes_so_far

    order = xp.argsort(self, axis=dim, kind="stable")
    ranked = xp.moveaxis(xp.take_along_axis(self, order, dim), dim, -1)
    places = xp.arange(ranked.shape[-1])
    begins = xp.ones(ranked.shape, np.bool_)
    begins[..., 1:] = ranked[..., 1:] != ranked[..., :-1]
    since = extremes_so_far(xp, xp.maximum, xp.where(begins, places, 0), -1)
    longest = xp.argmax(places - since, axis=-1)  # where the longest run of equals ends
    index = xp.take_along_axis(order, xp.expand_dims(longest, dim), dim)
    return _take(xp, self, index, dim, keepdim)
