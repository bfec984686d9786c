"""Order: ``sort``, ``topk``, ``unique``, ``searchsorted``, counts.

nan counts as the largest number, as in PyTorch and NumPy.  The gradient of a sorted or selected
value goes to where the value came from.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes, errors, return_types
from ..op import composite, op, wrap_dim
from ..tensor import Tensor
from .index import zeros_like_shape

# ---------------------------------------------------------------- sorting


def _order(xp: Any, array: Any, dim: int, descending: bool) -> Any:
    """The stable order of the elements along `dim`; equal elements keep theirs either way."""
    if not descending:
        return xp.argsort(array, axis=dim, kind="stable")
    flipped = xp.flip(array, dim)
    order = xp.flip(xp.argsort(flipped, axis=dim, kind="stable"), dim)
    return array.shape[dim] - 1 - order


def _place(grads: Any, self_shape: Any, dim: int, indices: Any) -> Any:
    """The gradient of selected values, at the places they were selected from."""
    grad = grads[0]
    if not self_shape:
        return grad
    return scatter_values(zeros_like_shape(grad, self_shape), dim, indices, grad)


def scatter_values(zeros: Any, dim: int, index: Any, values: Any) -> Any:
    """``zeros.scatter(dim, index, values)`` for arrays and tensors."""
    from .scatter import _scatter_src

    return _scatter_src(zeros, dim, index, values)


def _real_numbers(name: str, array: Any, also: str = "") -> None:
    if array.dtype.kind == "c":
        raise RuntimeError(f"{name}: does not support complex dtypes{also}")


def _sorted(xp: Any, self: Any, dim: int, descending: bool) -> tuple[Any, Any]:
    if not self.ndim:
        wrap_dim(dim, 0)
        return self.copy(), xp.zeros((), np.int64)
    d = wrap_dim(dim, self.ndim)
    order = _order(xp, self, d, descending)
    return xp.take_along_axis(self, order, d), order.astype(np.int64, copy=False)


_SORT = return_types.sort


@op(
    self=lambda grads, self_shape, dim, result1: _place(grads, self_shape, dim, result1),
    node="SortBackward0", returns=_SORT, name="sort", method=False, function=False,
)  # fmt: skip
def _sort(xp, self, dim, descending):
    return _sorted(xp, self, dim, descending)


@op(
    self=lambda grads, self_shape, dim, result1: _place(grads, self_shape, dim, result1),
    node="SortBackward1", returns=_SORT, name="sort", method=False, function=False,
)  # fmt: skip
def _sort_stable(xp, self, stable, dim, descending):
    return _sorted(xp, self, dim, descending)


@composite
def sort(
    self: Tensor, dim: int = -1, descending: bool = False, stable: bool | None = None
) -> Any:
    """(values, indices) along `dim` in ascending or descending order; always stable."""
    _check_orderable(self)
    if stable is not None:
        return _sort_stable(self, stable, dim, descending)
    return _sort(self, dim, descending)


def _check_orderable(self: Tensor) -> None:
    if self.dtype.is_complex:
        raise RuntimeError("Sort currently does not support complex dtypes on CPU")


@composite
def argsort(
    self: Tensor, dim: int = -1, descending: bool = False, stable: bool = False
) -> Tensor:
    """The indices that sort along `dim`."""
    _check_orderable(self)
    return _sort(self.detach(), dim, descending)[1]  # type: ignore[no-any-return]


@composite
def msort(self: Tensor) -> Tensor:
    """The values sorted along the first dimension."""
    return sort(self, 0)[0]  # type: ignore[no-any-return]


@op(
    self=lambda grads, self_shape, dim, result1: _place(grads, self_shape, dim, result1),
    returns=return_types.topk,
)  # fmt: skip
def topk(xp, self, k, dim=-1, largest=True, sorted=True):
    """(values, indices) of the `k` largest or smallest elements along `dim`, in order."""
    d = wrap_dim(dim, self.ndim)
    n = self.shape[d] if self.ndim else 1
    if not 0 <= k <= n:
        raise RuntimeError(f"selected index k out of range")  # noqa: F541
    if self.dtype.kind == "c":
        raise errors.not_implemented_for("topk_impl_loop", dtypes.of(self.dtype))
    values, order = _sorted(xp, self, dim, largest)
    if not self.ndim:
        return values, order
    first = (*(slice(None),) * d, slice(k))
    return values[first].copy(), order[first].copy()


def _one_place(grads: Any, self_shape: Any, dim: int, keepdim: bool, indices: Any) -> Any:
    from .shape import unsqueeze

    grad = grads[0]
    if self_shape and not keepdim:
        grad, indices = unsqueeze(grad, dim), unsqueeze(indices, dim)
    return _place([grad], self_shape, dim, indices)


@op(
    self=lambda grads, self_shape, dim, keepdim, result1: _one_place(
        grads, self_shape, dim, keepdim, result1
    ),
    returns=return_types.kthvalue,
)
def kthvalue(xp, self, k, dim=-1, keepdim=False):
    """(value, index) of the `k`-th smallest element along `dim`."""
    d = wrap_dim(dim, self.ndim)
    n = self.shape[d] if self.ndim else 1
    if self.ndim and not n:
        raise IndexError(
            f"kthvalue(): Expected reduction dim {d} to have non-zero size."
        )
    if not 1 <= k <= n:
        raise RuntimeError("kthvalue(): selected number k out of range for dimension " f"{d}")
    if self.dtype.kind in "cb":
        raise errors.not_implemented_for("kthvalue_cpu", dtypes.of(self.dtype))
    values, order = _sorted(xp, self, dim, False)
    if not self.ndim:
        return values, order
    at_k = (*(slice(None),) * d, slice(k - 1, k)) if keepdim else (*(slice(None),) * d, k - 1)
    return xp.asarray(values[at_k]).copy(), xp.asarray(order[at_k]).copy()


# ---------------------------------------------------------------- distinct values


def _no_gradient(name: str) -> Any:
    def rule(grads: Any) -> Any:
        raise NotImplementedError(f"the derivative for '{name}' is not implemented.")

    return rule


def _distinct(xp: Any, array: Any, axis: int | None) -> tuple[Any, Any, Any]:
    values, inverse, counts = xp.unique(
        array, return_inverse=True, return_counts=True, axis=axis, equal_nan=False
    )
    shape = array.shape if axis is None else (array.shape[axis],)
    return values, inverse.reshape(shape).astype(np.int64), counts.astype(np.int64)


@op(self=_no_gradient("_unique2"), node="Unique2Backward0", method=False, function=False)
def _unique2(xp, self):
    return _distinct(xp, self.reshape(-1) if not self.ndim else self, None)


@op(self=_no_gradient("unique_dim"), node="UniqueDimBackward0", method=False, function=False)
def _unique_dim(xp, self, dim):
    d = wrap_dim(dim, self.ndim)
    if self.size == 0 and self.shape[d]:
        raise RuntimeError(
            "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied"
        )
    return _distinct(xp, self, d)


@composite
def unique(
    self: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
    dim: int | None = None,
) -> Any:  # fmt: skip
    """The distinct values (or slices along `dim`), sorted.

    With `return_inverse` also where each element's value stands among them, with `return_counts`
    also how often each occurs.
    """
    found = _unique2(self) if dim is None else _unique_dim(self, dim)
    return _asked(found, self.shape, return_inverse, return_counts, dim)


def _asked(found: Any, shape: Any, inverse: bool, counts: bool, dim: Any) -> Any:
    out = [found[0]]
    if inverse:
        out.append(found[1].reshape(shape) if dim is None else found[1])
    if counts:
        out.append(found[2])
    return out[0] if len(out) == 1 else tuple(out)


def _runs(xp: Any, array: Any, dim: int | None) -> tuple[Any, Any, Any]:
    """The first of each run of equal neighbours, the run of each element, the runs' lengths."""
    flat = array.reshape(-1) if dim is None else xp.moveaxis(array, dim, 0)
    if not flat.shape[0]:
        empty = xp.zeros(0, np.int64)
        return flat.copy(), empty, empty
    changes = flat[1:] != flat[:-1]
    changes = changes.reshape(changes.shape[0], -1).any(axis=1) if changes.ndim > 1 else changes
    starts = xp.concatenate([xp.ones(1, bool), changes])
    run = xp.cumsum(starts) - 1
    values = flat[starts]
    values = values if dim is None else xp.ascontiguousarray(xp.moveaxis(values, 0, dim))
    return values, run.astype(np.int64), xp.bincount(run).astype(np.int64)


@op(
    self=_no_gradient("unique_consecutive"), node="UniqueConsecutiveBackward0", method=False,
    function=False,
)  # fmt: skip
def _unique_consecutive(xp, self, dim):
    return _runs(xp, self, None if dim is None else wrap_dim(dim, self.ndim))


@composite
def unique_consecutive(
    self: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The tensor without repeats of the element (or slice along `dim`) before."""
    found = _unique_consecutive(self, dim)
    return _asked(found, self.shape, return_inverse, return_counts, dim)


# ---------------------------------------------------------------- places in a sorted sequence


def _as_values(function: str, values: Any, like: Tensor) -> Tensor:
    if isinstance(values, Tensor):
        return values
    from .create import tensor

    return tensor(values, dtype=None, device=like.device)


@op(method=False, function=False)
def _searchsorted(xp, sorted_sequence, values, out_int32, right, sorter):
    kind = np.int32 if out_int32 else np.int64
    if sorter is not None:
        sorted_sequence = xp.take_along_axis(sorted_sequence, sorter, -1)
    side = "right" if right else "left"
    if sorted_sequence.ndim == 1:
        return xp.asarray(xp.searchsorted(sorted_sequence, values, side)).astype(kind)
    if sorted_sequence.shape[:-1] != values.shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
            "dimensions of boundaries tensor and input value tensor must match, but we got "
            f"boundaries tensor {errors.sizes(sorted_sequence.shape)} and input value tensor "
            f"{errors.sizes(values.shape)}"
        )
    out = xp.empty(values.shape, kind)
    for row in np.ndindex(*values.shape[:-1]):
        out[row] = xp.searchsorted(sorted_sequence[row], values[row], side)
    return out


@composite(method=False)
def searchsorted(
    sorted_sequence: Tensor, input: Any, *, out_int32: bool = False, right: bool = False,
    side: str | None = None, sorter: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Where each value would have to be inserted to keep the last dimension sorted."""
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(
            f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}"
        )
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left "
            "while right was True"
        )
    values = _as_values("searchsorted", input, sorted_sequence)
    if isinstance(input, Tensor) and input.dtype is not sorted_sequence.dtype:
        raise RuntimeError(
            "torch.searchsorted(): input value tensor and boundary tensor should have same dtype, "
            f"but got boundary tensor type {_c_long(sorted_sequence.dtype)} and input value tensor "
            f"type {_c_long(input.dtype)}"
        )
    return _searchsorted(sorted_sequence, values, out_int32, right or side == "right", sorter)


def _c_long(d: Any) -> str:
    return {"int64": "long int"}.get(d.name) or errors.c_type(d)


@composite(method=False)
def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False
) -> Tensor:
    """In which bucket between the sorted `boundaries` each value lies."""
    if boundaries.ndim != 1:
        raise RuntimeError(
            f"bucketize(): boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})"
        )
    values = _as_values("bucketize", input, boundaries)
    return _searchsorted(boundaries, values, out_int32, right, None)  # type: ignore


# ---------------------------------------------------------------- counting


@op()
def bincount(xp, self, weights=None, minlength=0):
    """How often each number from 0 on occurs (or the sum of the `weights` at its places)."""
    if self.ndim != 1 or (self.size and (self < 0).any()):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if self.dtype.kind not in "iu":
        raise errors.not_implemented_for("bincount_cpu", dtypes.of(self.dtype))
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if weights is None:
        return xp.bincount(self.astype(np.int64), minlength=minlength).astype(np.int64)
    if weights.shape != self.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    kind = np.float32 if weights.dtype == np.float32 else np.float64
    return xp.bincount(self.astype(np.int64), weights, minlength).astype(kind)


@op()
def histc(xp, self, bins=100, min=0, max=0):
    """Counts of the elements in `bins` equal intervals from `min` to `max` (both 0: the range)."""
    if bins <= 0:
        raise RuntimeError(f"bins must be > 0")  # noqa: F541
    low, high = _histogram_range(xp, self, min, max)
    inside = self[(self >= low) & (self <= high)].astype(np.float64)
    where = ((inside - low) * (bins / (high - low))).astype(np.int64)
    where[where == bins] = bins - 1
    return xp.bincount(where, minlength=bins).astype(self.dtype)


def _histogram_range(xp: Any, array: Any, low: Any, high: Any) -> tuple[float, float]:
    low, high = float(low), float(high)
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RuntimeError(f"range of [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError("max must be larger than min")
    return low, high


