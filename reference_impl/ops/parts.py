"""Views of a part: ``select``, ``narrow``, ``split``, ``diagonal``, ``unfold`` and their kin.

Each rule has an operation of its own that puts a gradient back into zeros, whose rule in turn takes
the part again: so second derivatives record the nodes that PyTorch records.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..backend import xp_of
from ..layout import restride
from ..op import PUBLIC, composite, op, wrap_dim
from ..op import view as view_op
from ..tensor import Tensor, wrap
from .shape import as_dim, at


@view_op(self=lambda grad: grad, method=False, function=False)
def alias(xp, self):
    """The same tensor as a new object."""
    return self.view()


# ---------------------------------------------------------------- one index, a range


@view_op(self=lambda grad, self_shape, dim, index: select_backward(grad, self_shape, dim, index))
def select(xp, self, dim, index):
    """The slice at `index` of dimension `dim`, which disappears."""
    if not self.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    if not hasattr(index, "__index__"):
        raise errors.argument_must_be("select", "index", 3, "int", index)
    d, i = as_dim("select", dim, self.ndim), int(index)
    n = self.shape[d]
    if not -n <= i < n:
        raise IndexError(
            f"select(): index {i} out of range for tensor of size {errors.sizes(self.shape)} at "
            f"dimension {d}"
        )
    return self[at(d, i)]


@op(grad_output=lambda grad, dim, index: select(grad, dim, index), method=False, function=False)
def select_backward(xp, grad_output, input_sizes, dim, index):
    """Zeros of `input_sizes` with the gradient at one index."""
    return _put(xp, grad_output, input_sizes, at(wrap_dim(dim, len(input_sizes)), index))


def _put(xp: Any, grad: Any, shape: Sequence[int], index: Any) -> Any:
    out = xp.zeros(shape, grad.dtype)
    out[index] = grad
    return out


@view_op(
    self=lambda grad, self_shape, dim, start, end, step: slice_backward(
        grad, self_shape, dim, start, end, step
    ),
    name="slice", method=False, function=False,
)  # fmt: skip
def slice_(xp, self, dim=0, start=None, end=None, step=1):
    """Every `step`-th slice of dimension `dim` from `start` up to `end`."""
    return self[at(wrap_dim(dim, self.ndim), slice(start, end, step))]


@op(
    grad_output=lambda grad, dim, start, end, step: slice_(grad, dim, start, end, step),
    method=False, function=False,
)  # fmt: skip
def slice_backward(xp, grad_output, input_sizes, dim, start, end, step):
    """Zeros of `input_sizes` with the gradient in a range."""
    index = at(wrap_dim(dim, len(input_sizes)), slice(start, end, step))
    return _put(xp, grad_output, input_sizes, index)


@composite
def narrow(self: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """The `length` slices of dimension `dim` from `start` on."""
    begin, end = _narrowed(self._data.shape, dim, start, length)
    return slice_(self, dim, begin, end)


def _narrowed(shape: Sequence[int], dim: int, start: Any, length: int) -> tuple[int, int]:
    if not shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    n = shape[as_dim("narrow", dim, len(shape))]
    if isinstance(start, Tensor) and (start.ndim or start.dtype.category != dtypes.INTEGER):
        raise RuntimeError("start must be an 0-dim integral Tensor.")
    begin = int(start)
    if not -n <= begin <= n:
        raise IndexError(
            f"start out of range (expected to be in range of [{-n}, {n}], but got {begin})"
        )
    begin += n if begin < 0 else 0
    if begin + length > n:
        raise RuntimeError(f"start ({begin}) + length ({length}) exceeds dimension size ({n}).")
    return begin, begin + length


# ---------------------------------------------------------------- all parts at once


def _filled(grads: Any, shapes: Sequence[Sequence[int]]) -> list[Any]:
    """Gradients of several parts, with zeros for those that took no part in the result."""
    if not isinstance(grads, list):
        return [grads]
    known = next(g for g in grads if g is not None)
    data = known._data if isinstance(known, Tensor) else known
    out = []
    for g, shape in zip(grads, shapes, strict=True):
        if g is None:
            g = xp_of(data).zeros(shape, data.dtype)
            g = wrap(g) if isinstance(known, Tensor) else g
        out.append(g)
    return out


def _unbind_self(grads: Any, self_shape: Any, dim: int) -> Any:
    from .join import stack

    shape = list(self_shape)
    del shape[wrap_dim(dim, len(shape))]
    count = len(grads) if isinstance(grads, list) else 1
    return stack(_filled(grads, [shape] * count), dim)


@view_op(self=_unbind_self)
def unbind(xp, self, dim=0):
    """All slices along dimension `dim`, as a tuple."""
    if not self.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    d = as_dim("unbind", dim, self.ndim)
    return tuple(self[at(d, i)] for i in range(self.shape[d]))


def _pieces(array: Any, sizes: Sequence[int], dim: int) -> tuple[Any, ...]:
    out, start = [], 0
    for n in sizes:
        out.append(array[at(dim, slice(start, start + n))])
        start += n
    return tuple(out)


def _joined(grads: Any, shape: Any, sizes: Sequence[int], dim: int) -> Any:
    from .join import cat

    d = wrap_dim(dim, len(shape))
    return cat(_filled(grads, [(*shape[:d], n, *shape[d + 1 :]) for n in sizes]), d)


def _equal_sizes(n: int, size: int) -> list[int]:
    """`n` in pieces of `size`, the last one smaller."""
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0:
        if n:
            raise RuntimeError(
                f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}"
            )
        return [0]
    pieces = max((n + size - 1) // size, 1)
    return [size] * (pieces - 1) + [n - size * (pieces - 1)]


def _split_self(grads: Any, self_shape: Any, split_size: int, dim: int) -> Any:
    sizes = _equal_sizes(self_shape[wrap_dim(dim, len(self_shape))], split_size)
    return _joined(grads, self_shape, sizes, dim)


def _declare_split(declare: Any, name: str) -> Any:
    @declare(self=_split_self, name=name, method=False, function=False)
    def split_equally(xp, self, split_size, dim=0):
        """Pieces of `split_size` along `dim`; the last may be smaller."""
        if not self.ndim:
            raise RuntimeError("split expects at least a 1-dimensional tensor")
        d = as_dim("split", dim, self.ndim)
        return _pieces(self, _equal_sizes(self.shape[d], split_size), d)

    return split_equally


_split = _declare_split(view_op, "split")
unsafe_split = _declare_split(op, "unsafe_split")


def _declare_split_with_sizes(declare: Any, name: str) -> Any:
    rule = lambda grads, self_shape, split_sizes, dim: _joined(grads, self_shape, split_sizes, dim)

    @declare(self=rule, name=name)
    def split_with_sizes(xp, self, split_sizes, dim=0):
        """Pieces of the given sizes along `dim`."""
        if not self.ndim:
            raise RuntimeError("split expects at least a 1-dimensional tensor")
        if not isinstance(split_sizes, (tuple, list)):
            raise errors.argument_must_be(name, "split_sizes", 2, "tuple of ints", split_sizes)
        d = as_dim(name, dim, self.ndim)
        if any(n < 0 for n in split_sizes):
            raise RuntimeError(
                "split_with_sizes expects split_sizes have only non-negative entries, but got "
                f"split_sizes={errors.sizes(split_sizes)}"
            )
        if sum(split_sizes) != self.shape[d]:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {self.shape[d]} (input "
                f"tensor's size at dimension {dim}), but got "
                f"split_sizes={errors.sizes(split_sizes)}"
            )
        return _pieces(self, split_sizes, d)

    return split_with_sizes


split_with_sizes = _declare_split_with_sizes(view_op, "split_with_sizes")
unsafe_split_with_sizes = _declare_split_with_sizes(op, "unsafe_split_with_sizes")


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces along `dim`: of one size (the last may be smaller) or of the sizes in a list."""
    if hasattr(split_size_or_sections, "__index__"):
        return _split(tensor, int(split_size_or_sections), dim)
    return split_with_sizes(tensor, split_size_or_sections, dim)


PUBLIC["split"] = Tensor.split = split  # type: ignore[attr-defined]


def _chunks(self: Tensor, chunks: int, dim: int, equal: Any, sized: Any) -> Any:
    if not self.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    n = self.shape[as_dim("chunk", dim, self.ndim)]
    size = (n + chunks - 1) // chunks
    return sized(self, [0] * chunks, dim) if size == 0 else equal(self, size, dim)


@composite
def chunk(self: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` equal pieces along `dim`; the last may be smaller."""
    return _chunks(self, chunks, dim, _split, split_with_sizes)


@composite
def unsafe_chunk(self: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Like ``chunk``; the pieces may be changed in place, one by one."""
    return _chunks(self, chunks, dim, unsafe_split, unsafe_split_with_sizes)


PUBLIC["unsafe_split"] = Tensor.unsafe_split = unsafe_split  # type: ignore[attr-defined]


_CUTS = {"sections": "indices_or_sections", "indices": "indices_or_sections"}


@composite(keywords=_CUTS | {"tensor_indices_or_sections": "indices_or_sections"})
def tensor_split(self: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces along `dim`: a number of them of nearly equal size, or cut at the given indices."""
    where = indices_or_sections
    if not self.ndim:
        raise RuntimeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    n = self.shape[as_dim("tensor_split", dim, self.ndim)]
    if isinstance(where, Tensor):
        if where.dtype is not dtypes.int64:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to have dtype of long, but got "
                f"{errors.scalar_type(where.dtype)}"
            )
        if where.ndim > 1:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or "
                f"one-dimensional tensor, but got a tensor with {where.ndim} dims"
            )
        where = where.tolist()
    if isinstance(where, (tuple, list)):
        cuts = [0, *where, n]
        return tuple(slice_(self, dim, a, b) for a, b in itertools.pairwise(cuts))
    if where <= 0:
        raise RuntimeError(f"number of sections must be larger than 0, got {where}")
    small, larger = divmod(n, where)
    sizes = [small + 1] * larger + [small] * (where - larger)
    starts = np.cumsum([0, *sizes]).tolist()
    return tuple(slice_(self, dim, a, a + k) for a, k in zip(starts, sizes, strict=False))


def _named_split(name: str, dim_of: Any, least: int) -> None:
    def split_along(self: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
        if self.ndim < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor "
                f"with {self.ndim} dimensions!"
            )
        dim, pieces = dim_of(self), indices_or_sections
        n = self.shape[dim]
        if isinstance(pieces, int) and (pieces <= 0 or n % pieces):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the "
                f"dimension {n} is not divisible by the split_size {pieces}!"
            )
        return tensor_split(self, pieces, dim)

    split_along.__name__ = split_along.__qualname__ = name
    split_along.__doc__ = "Pieces of equal size, or cut at the given indices, along one dimension."
    composite(keywords=_CUTS)(split_along)


_named_split("hsplit", lambda x: 0 if x.ndim == 1 else 1, 1)
_named_split("vsplit", lambda x: 0, 2)
_named_split("dsplit", lambda x: 2, 3)

# ---------------------------------------------------------------- diagonals and windows


def diagonal_view(xp: Any, array: Any, offset: int, dim1: int, dim2: int) -> Any:
    """A writeable view of a diagonal, as the last dimension."""
    a, b = wrap_dim(dim1, array.ndim), wrap_dim(dim2, array.ndim)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    rows, cols = max(-offset, 0), max(offset, 0)
    n = max(min(array.shape[a] - rows, array.shape[b] - cols), 0)
    rest = [d for d in range(array.ndim) if d not in (a, b)]
    if n:
        index: list[Any] = [slice(None)] * array.ndim
        index[a], index[b] = slice(rows, None), slice(cols, None)
        array = array[tuple(index)]
    shape = [*(array.shape[d] for d in rest), n]
    strides = [*(array.strides[d] for d in rest), array.strides[a] + array.strides[b]]
    return restride(array, shape, strides)


@view_op(
    self=lambda grad, self_shape, offset, dim1, dim2: diagonal_backward(
        grad, self_shape, offset, dim1, dim2
    )
)
def diagonal(xp, self, offset=0, dim1=0, dim2=1):
    """The diagonal of the matrices in dimensions `dim1` and `dim2`, as the last dimension."""
    return diagonal_view(xp, self, offset, dim1, dim2)


@op(
    grad_output=lambda grad, offset, dim1, dim2: diagonal(grad, offset, dim1, dim2),
    method=False, function=False,
)  # fmt: skip
def diagonal_backward(xp, grad_output, input_sizes, offset, dim1, dim2):
    """Zeros of `input_sizes` with the gradient on a diagonal."""
    out = xp.zeros(input_sizes, grad_output.dtype)
    diagonal_view(xp, out, offset, dim1, dim2)[...] = grad_output
    return out


def _windows(array: Any, dimension: int, size: int, step: int) -> Any:
    if array.ndim == 0:
        array, d, n = array[None], 0, 1
        if size > 1:
            raise _window_too_large(0, 1, size)
        return array[:size] if size else array[:0]
    d = as_dim("unfold", dimension, array.ndim, "dimension")
    n = array.shape[d]
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > n:
        raise _window_too_large(d, n, size)
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    shape = (*array.shape[:d], (n - size) // step + 1, *array.shape[d + 1 :], size)
    stride = array.strides[d]
    strides = (*array.strides[:d], stride * step, *array.strides[d + 1 :], stride)
    return restride(array, shape, strides)


def _window_too_large(dim: int, n: int, size: int) -> RuntimeError:
    return RuntimeError(f"maximum size for tensor at dimension {dim} is {n} but size is {size}")


@view_op(
    self=lambda grad, self_shape, dimension, size, step: unfold_backward(
        grad, self_shape, dimension, size, step
    ),
    function=False,
)  # fmt: skip
def unfold(xp, self, dimension, size, step):
    """All windows of `size` elements along `dimension`, `step` apart, as a last dimension."""
    return _windows(self, dimension, size, step)


@op(
    grad_in=lambda grad, dim, size, step: unfold(grad, dim, size, step),
    method=False, function=False,
)  # fmt: skip
def unfold_backward(xp, grad_in, input_sizes, dim, size, step):
    """The sum of the gradients of all windows that an element lies in."""
    out = xp.zeros(input_sizes, grad_in.dtype)
    if not out.ndim:
        return grad_in.reshape(()).copy() if grad_in.size else out
    d = wrap_dim(dim, out.ndim)
    for i in range(size):
        last = i + step * (grad_in.shape[d] - 1) + 1
        out[at(d, slice(i, last, step))] += grad_in[..., i]
    return out
