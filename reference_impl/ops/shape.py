"""Views and changes of shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import errors
from ..op import op, view as view_op
from ..tensor import Tensor


def expand_reduced(grad: Any, shape: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient of a reduction over `dim`, back in the shape that was reduced."""
    if dim is not None and not keepdim:
        for d in sorted(dim):
            grad = unsqueeze(grad, d)
    return expand(grad, shape)


def inferred_shape(shape: Any, count: int) -> tuple[int, ...]:
    """`shape` with a -1 replaced by what is left.  Raises RuntimeError if it does not fit."""
    sizes = tuple(int(n) for n in shape)
    if sizes.count(-1) > 1:
        raise RuntimeError("only one dimension can be inferred")
    known = 1
    for n in sizes:
        if n < -1:
            raise RuntimeError(f"invalid shape dimension {n}")
        known *= 1 if n == -1 else n
    if -1 in sizes:
        if known == 0 or count % known:
            raise errors.invalid_shape(sizes, count)
        return tuple(count // known if n == -1 else n for n in sizes)
    if known != count:
        raise errors.invalid_shape(sizes, count)
    return sizes


def _without_copy(array: Any, shape: tuple[int, ...]) -> Any | None:
    """`array` seen in another shape, or None where that takes a copy."""
    seen = array.view()
    try:
        seen.shape = shape
    except AttributeError:
        return None
    return seen


@view_op(
    self=lambda grad, self_shape: reshape(grad, self_shape), varargs="size", function=False,
)  # fmt: skip
def view(xp, self, size):
    """The same memory in another shape.  Raises RuntimeError where that would take a copy."""
    shape = inferred_shape(size if isinstance(size, (tuple, list)) else (size,), self.size)
    seen = _without_copy(self, shape)
    if seen is None:
        raise errors.view_incompatible()
    return seen


@op(self=lambda grad, self_shape: reshape(grad, self_shape), node="UnsafeViewBackward0",
    function=False, method=False)  # fmt: skip
def _unsafe_view(xp, self, size):
    return self.reshape(size)


def reshape(self: Any, *shape: Any) -> Any:
    """The same elements in another shape: a view where possible, else a copy."""
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = tuple(shape[0])
    data = self._data if isinstance(self, Tensor) else self
    shape = inferred_shape(shape, data.size)
    if not isinstance(self, Tensor):
        return self.reshape(shape)
    if _without_copy(data, shape) is not None:
        return view(self, shape)
    return _unsafe_view(self.clone(), shape)


@view_op(self=lambda grad, self_shape: _sum_to(grad, self_shape), varargs="size", function=False)
def expand(xp, self, size, *, implicit=False):
    """Repeat dimensions of size 1 without copying; -1 keeps a dimension as it is."""
    sizes = tuple(size) if isinstance(size, (tuple, list)) else (size,)
    lead = len(sizes) - self.ndim
    target = tuple(
        self.shape[i - lead] if n == -1 and i >= lead else int(n) for i, n in enumerate(sizes)
    )
    for i, n in enumerate(target):
        if i >= lead and self.shape[i - lead] not in (1, n):
            raise errors.cannot_expand(target, self.shape, i)
    return _writeable(np.broadcast_to(self, target) if xp is np else xp.broadcast_to(self, target))


def _writeable(array: Any) -> Any:
    """NumPy protects broadcast arrays; PyTorch's own check (views.write) takes over."""
    return np.lib.stride_tricks.as_strided(array, writeable=True)


def _sum_to(grad: Any, shape: Any) -> Any:
    from ..autograd.engine import sum_to_shape

    return sum_to_shape(grad, tuple(shape))


@view_op(self=lambda grad, dim: squeeze_dim(grad, dim))
def unsqueeze(xp, self, dim):
    """Insert a dimension of size 1 at `dim`."""
    bound = self.ndim + 1
    if not -bound <= dim < bound:
        raise errors.dim_out_of_range(dim, bound)
    return xp.expand_dims(self, dim % bound)


def squeeze_dim(grad: Any, dim: int) -> Any:
    shape = list(grad.shape)
    del shape[dim if dim >= 0 else dim + len(shape)]
    return reshape(grad, shape)


@view_op(self=lambda grad, dim0, dim1: transpose(grad, dim0, dim1))
def transpose(xp, self, dim0, dim1):
    """Swap two dimensions."""
    from ..op import wrap_dim

    return xp.swapaxes(self, wrap_dim(dim0, self.ndim), wrap_dim(dim1, self.ndim)) if self.ndim else self.view()


@op(self=lambda grad: grad)
def clone(xp, self, *, memory_format=None):
    """A copy with memory of its own, in the graph."""
    return self.copy(order="K") if xp is np else self.copy()
