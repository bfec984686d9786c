"""Order: ``sort``, ``topk``, ``kthvalue``, ``searchsorted``.

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
from .rules import laid_out_alike, serving

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
@laid_out_alike
def _sort(xp, self, dim, descending):
    return _sorted(xp, self, dim, descending)


@op(
    self=lambda grads, self_shape, dim, result1: _place(grads, self_shape, dim, result1),
    node="SortBackward1", returns=_SORT, name="sort", method=False, function=False,
)  # fmt: skip
@laid_out_alike
def _sort_stable(xp, self, stable, dim, descending):
    return _sorted(xp, self, dim, descending)


@composite
def sort(self: Tensor, dim: int = -1, descending: bool = False, stable: bool | None = None) -> Any:
    """(values, indices) along `dim` in ascending or descending order; always stable."""
    _check_orderable(self)
    if stable is not None:
        return _sort_stable(self, stable, dim, descending)
    return _sort(self, dim, descending)


def _check_orderable(self: Tensor) -> None:
    if self.dtype.is_complex:
        raise RuntimeError(" Sort does not support complex dtypes on CPU")


@composite
def argsort(self: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
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
        raise RuntimeError("selected index k out of range")
    if self.dtype.kind in "bc":
        plain = self.dtype.kind == "b"
        kind = "topk does not support bool" if plain else " topk does not support complex"
        raise RuntimeError(kind + " dtypes on CPU")
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
        raise IndexError(f"kthvalue(): Expected reduction dim {d} to have non-zero size.")
    if not 1 <= k <= n:
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {d}")
    if self.dtype.kind in "cb":
        raise errors.not_implemented_for("kthvalue_cpu", dtypes.of(self.dtype))
    values, order = _sorted(xp, self, dim, False)
    if not self.ndim:
        return values, order
    at_k = (*(slice(None),) * d, slice(k - 1, k)) if keepdim else (*(slice(None),) * d, k - 1)
    return xp.asarray(values[at_k]).copy(), xp.asarray(order[at_k]).copy()


# ---------------------------------------------------------------- places in a sorted sequence


def _as_values(function: str, values: Any, like: Tensor) -> Tensor:
    if isinstance(values, Tensor):
        return values
    from .create import tensor

    return tensor(values, dtype=None, device=like.device)


def _warn_of_gaps(values: Tensor, boundaries: Tensor) -> None:
    for tensor, name in ((values, "input value"), (boundaries, "boundary")):
        if not tensor._data.flags.c_contiguous:
            errors.warn_once(
                f"torch.searchsorted(): {name} tensor is non-contiguous, this will lower the "
                "performance due to extra data copy when converting non-contiguous tensor to "
                f"contiguous, please use contiguous {name} tensor if possible. This message will "
                "only appear once per program."
            )


@op(prepare=serving("searchsorted_out_cpu", "bc"), method=False, function=False)
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
    _warn_of_gaps(values, sorted_sequence)
    return _searchsorted(sorted_sequence, values, out_int32, right or side == "right", sorter)


@composite(method=False)
def bucketize(
    input: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False
) -> Tensor:
    """In which bucket between the sorted `boundaries` each value lies."""
    if boundaries.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})")
    values = _as_values("bucketize", input, boundaries)
    _warn_of_gaps(values, boundaries)
    return _searchsorted(boundaries, values, out_int32, right, None)  # type: ignore
