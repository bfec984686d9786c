"""Reading by indices: ``index``, ``gather``, ``take``, ``masked_select``, ``nonzero``.

``x[...]`` is taken apart in ``getitem.py``; writing by indices is in ``scatter.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..backend import xp_of
from ..op import composite, op, wrap_dim
from ..tensor import Tensor
from .rules import in_rows
from .shape import expand, reshape, unsqueeze

_INTEGERS = ("int64", "int32")


def require_integers(function: str, index: Any, words: str = "int32/int64") -> None:
    """Raise TypeError unless `index` is a tensor, RuntimeError unless of int32 or int64."""
    require_tensor(function, "index", index, 3)
    if index.dtype.name not in _INTEGERS:
        raise RuntimeError(f"{function}(): Expected dtype {words} for index")


def require_tensor(function: str, name: str, value: Any, position: int = 1) -> None:
    """Raise TypeError for anything but a tensor (an array, inside an operation)."""
    if not hasattr(value, "strides"):
        raise errors.argument_must_be_tensor(function, name, position, value)


def first_outside(index: Any, size: int, lowest: int = 0) -> int | None:
    """An index that is not in [lowest, size), or None."""
    if not index.size:
        return None
    wrong = (index < lowest) | (index >= size)
    return int(index[wrong][0]) if wrong.any() else None


# ---------------------------------------------------------------- x[indices]


def index_tuple(xp: Any, array: Any, indices: Sequence[Any]) -> tuple[Any, ...]:
    """PyTorch's list of index tensors (None: a whole dimension) as NumPy's.

    Raises IndexError for masks of the wrong shape and indices that do not broadcast.
    """
    out: list[Any] = []
    for i, index in enumerate(indices):
        if index is None:
            out.append(slice(None))
            continue
        if index.dtype.kind == "b" or index.dtype == np.uint8:
            out += _from_mask(xp, array, index, i, len(out))
        else:
            out.append(index)
    if len(out) > array.ndim:
        raise IndexError(f"too many indices for tensor of dimension {array.ndim} (got {len(out)})")
    _check_broadcast(out)
    return tuple(out)


BYTE_WARNING = (
    "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead."
)


def indexed_shape(array: Any, where: Sequence[Any]) -> tuple[int, ...]:
    """The shape of ``array[where]``, without reading it."""
    own = [*where, *[slice(None)] * (array.ndim - len(where))]
    sizes = [n if isinstance(i, slice) else 1 for n, i in zip(array.shape, own, strict=True)]
    firsts = tuple(i if isinstance(i, slice) else np.zeros(i.shape, np.intp) for i in own)
    return np.broadcast_to(np.empty((), np.bool_), sizes)[firsts].shape


def check_indices(array: Any, where: Sequence[Any], shape: Sequence[int]) -> None:
    """Raise IndexError for an index that is out of range, if the result `shape` holds anything."""
    used = [(i, n) for i, n in zip(where, array.shape, strict=False) if not isinstance(i, slice)]
    for index, n in used:
        if not n and index.size:
            raise IndexError("index is out of bounds for dimension with size 0")
    if 0 in shape or all(first_outside(i, n, -n) is None for i, n in used):
        return
    # PyTorch goes from element to element of the result and names the first index that is wrong.
    places = np.broadcast_shapes(*(i.shape for i, _ in used))
    for element in np.ndindex(*places):
        for position, (index, n) in enumerate(used):
            at = element[len(element) - index.ndim :]
            value = int(index[tuple(k % m for k, m in zip(at, index.shape, strict=True))])
            if not -n <= value < n:
                raise errors.index_out_of_bounds(value, position, n)


def _from_mask(xp: Any, array: Any, mask: Any, position: int, start: int) -> list[Any]:
    for k, n in enumerate(mask.shape):
        if start + k >= array.ndim or array.shape[start + k] != n:
            raise IndexError(
                f"The shape of the mask {errors.sizes(mask.shape)} at index {k} does not match "
                f"the shape of the indexed tensor {errors.sizes(array.shape)} at index {start + k}"
            )
    return list(xp.nonzero(mask))


def _check_broadcast(indices: Sequence[Any]) -> None:
    shapes = [i.shape for i in indices if not isinstance(i, slice)]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        listed = ", ".join(map(errors.sizes, shapes))
        raise IndexError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {listed}"
        ) from None


@op(
    self=lambda grad, self_shape, indices: index_backward(grad, self_shape, indices),
    method=False, function=False, name="index",
)  # fmt: skip
def _index(xp, self, indices):
    """The elements at the given index tensors; NumPy's rules say in which shape."""
    where = index_tuple(xp, self, indices)
    shape = indexed_shape(self, where)
    check_indices(self, where, shape)
    if 0 in shape:
        return xp.empty(shape, self.dtype)
    return xp.ascontiguousarray(self[where])


@op(
    grad=lambda grad, indices: _index(grad, indices), method=False, function=False,
    node="IndexPutBackward0",
)  # fmt: skip
def index_backward(xp, grad, input_sizes, indices):
    """Zeros of `input_sizes`, with the gradients of equal indices added up."""
    out = xp.zeros(input_sizes, grad.dtype)
    if grad.size:
        add_at(xp, out, index_tuple(xp, out, indices), grad)
    return out


def add_at(xp: Any, array: Any, index: Any, values: Any) -> None:
    """``array[index] += values`` where equal indices each count."""
    if not array.ndim:
        array[...] += xp.asarray(values).sum().astype(array.dtype)
    elif xp is np and array.dtype.kind in "biufc":
        np.add.at(array, index, values)
    elif xp is np:  # bfloat16 has no add.at
        wide = array.astype(np.float32)
        np.add.at(wide, index, np.asarray(values).astype(np.float32))
        array[...] = wide.astype(array.dtype)
    else:
        _add_at_on_gpu(xp, array, index, values)


def _add_at_on_gpu(xp: Any, array: Any, index: Any, values: Any) -> None:
    """CuPy's atomic addition, which serves neither int64 nor the narrow types."""
    from cupyx import scatter_add

    values = xp.asarray(values, dtype=array.dtype)
    if array.dtype == np.int64:  # two's complement: the sums are the same bits
        scatter_add(array.view(np.uint64), index, values.view(np.uint64))
    elif array.dtype.kind in "biu" and array.dtype.itemsize < 4:
        wide = array.astype(np.int32)
        scatter_add(wide, index, values.astype(np.int32))
        array[...] = wide.astype(array.dtype)
    else:
        scatter_add(array, index, values)


# ---------------------------------------------------------------- gather


def check_gather(shape: Sequence[int], dim: int, index: Any) -> None:
    """Raise RuntimeError unless `index` fits a tensor of `shape` along `dim`."""
    if max(index.ndim, 1) != max(len(shape), 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    for d, (n, m) in enumerate(zip(shape, index.shape, strict=False)):
        if d != dim and m > n:
            raise RuntimeError(
                f"Size does not match at dimension {d} expected index {errors.sizes(index.shape)} "
                f"to be no larger than self {errors.sizes(shape)} apart from dimension {dim}"
            )


def along(xp: Any, index: Any, dim: int) -> tuple[Any, ...]:
    """The NumPy index whose entry `dim` is `index` and whose others are the element's own place."""
    if not index.ndim:
        return (Ellipsis,)
    grid = list(xp.ogrid[tuple(slice(n) for n in index.shape)])
    grid[dim] = index
    return tuple(grid)


def check_range(index: Any, dim: int, size: int) -> None:
    wrong = first_outside(index, size)
    if wrong is not None:
        raise RuntimeError(f"index {wrong} is out of bounds for dimension {dim} with size {size}")


def _gather_self(grad: Any, self_shape: Any, dim: int, index: Any) -> Any:
    from .scatter import scatter_add

    if len(self_shape) != index.ndim:  # one of them is a single number
        row = zeros_like_shape(grad, self_shape or (1,))
        found = scatter_add(row, 0, index.reshape(-1), grad.reshape(-1))
        return found.reshape(tuple(self_shape))
    return scatter_add(zeros_like_shape(grad, self_shape), dim, index, grad)


def zeros_like_shape(grad: Any, shape: Sequence[int]) -> Any:
    """Zeros of another shape with the dtype and device of `grad`, an array or a tensor."""
    from ..tensor import wrap

    data = grad._data if isinstance(grad, Tensor) else grad
    made = xp_of(data).zeros(tuple(shape), data.dtype)
    return wrap(made) if isinstance(grad, Tensor) else made


@op(self=_gather_self)
@in_rows
def gather(xp, self, dim, index, *, sparse_grad=False):
    """For each place, the element of `self` whose position along `dim` is `index` there."""
    d = wrap_dim(dim, self.ndim)
    require_tensor("gather", "index", index, 3)
    if not index.size:
        return xp.empty(index.shape, self.dtype)
    require_integers("gather", index)
    check_gather(self.shape, d, index)
    check_range(index, d, self.shape[d] if self.ndim else 1)
    if not self.ndim:
        return xp.broadcast_to(self, index.shape).copy()
    if not index.ndim:
        return self[index]
    return self[along(xp, index, d)]


@composite
def take_along_dim(self: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """``gather`` with broadcasting; without `dim`, from all elements in a row."""
    if indices.dtype is not dtypes.int64:
        raise RuntimeError(
            "torch.take_along_dim(): dtype of indices should be Long but got "
            f"{errors.scalar_type(indices.dtype)}"
        )
    if dim is None:
        return gather(reshape(self, -1), 0, reshape(indices, -1))
    if self.ndim != indices.ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, "
            f"but got {self.ndim} dimensions for input, and {indices.ndim} dimensions for indices"
        )
    d = wrap_dim(dim, self.ndim)
    shape = np.broadcast_shapes(
        (*self.shape[:d], 1, *self.shape[d + 1 :]), (*indices.shape[:d], 1, *indices.shape[d + 1 :])
    )
    own = expand(self, (*shape[:d], self.shape[d], *shape[d + 1 :]))
    indices = indices % self.shape[d] if self.shape[d] else indices
    return gather(own, d, expand(indices, (*shape[:d], indices.shape[d], *shape[d + 1 :])))


# ---------------------------------------------------------------- rows, places, masks


def _index_select_self(grad: Any, self_shape: Any, dim: int, index: Any) -> Any:
    from .put import index_add

    return index_add(zeros_like_shape(grad, self_shape), dim, index, grad)


@op(self=_index_select_self)
def index_select(xp, self, dim, index):
    """The slices of dimension `dim` at the indices of a vector."""
    d = wrap_dim(dim, self.ndim)
    if index.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    require_integers("index_select", index, "int32 or int64")
    size = self.shape[d] if self.ndim else 1
    if first_outside(index, size) is not None:
        raise IndexError("index out of range in self")
    if not self.ndim:
        return self.copy()
    return xp.take(self, index.reshape(-1).astype(np.intp, copy=False), axis=d)


def _take_self(grad: Any, self_shape: Any, index: Any) -> Any:
    from .put import put

    return put(zeros_like_shape(grad, self_shape), index, grad, True)


@op(self=_take_self)
@in_rows
def take(xp, self, index):
    """The elements at places counted through all dimensions."""
    require_tensor("take", "index", index, 2)
    if index.dtype != np.int64:
        found = errors.scalar_type(dtypes.of(index.dtype))
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {found}")
    if index.size and not self.size:
        raise IndexError("take(): tried to take from an empty tensor")
    wrong = first_outside(index, self.size, -self.size)
    if wrong is not None:
        raise errors.place_outside(wrong, self.size)
    return self.reshape(-1)[index]


def _masked_self(grad: Any, self_shape: Any, mask: Any) -> Any:
    return masked_select_backward(grad, self_shape, mask)


@op(self=_masked_self)
def masked_select(xp, self, mask):
    """The elements where `mask` holds, as a vector."""
    require_tensor("masked_select", "mask", mask, 2)
    if mask.dtype != np.bool_:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    both = xp.broadcast_arrays(self, mask)
    return both[0][both[1]]


@op(grad=lambda grad, mask: masked_select(grad, mask), method=False, function=False,
    node="MaskedScatterBackward0")  # fmt: skip
def masked_select_backward(xp, grad, input_sizes, mask):
    """The gradients back at the places where the mask holds."""
    shape = np.broadcast_shapes(tuple(input_sizes), mask.shape)
    out = xp.zeros(shape, grad.dtype)
    out[xp.broadcast_to(mask, shape)] = grad
    return out


@composite(method=False)
def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """The coordinates, one tensor for each dimension, of places counted through all dimensions."""
    if indices.dtype.category != dtypes.INTEGER:
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    sizes = list(shape) if isinstance(shape, (tuple, list)) else [int(shape)]
    steps = [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]
    coordinates = unsqueeze(indices, -1) // indices.new_tensor(steps) % indices.new_tensor(sizes)
    return coordinates.unbind(-1)  # type: ignore[no-any-return]


# ---------------------------------------------------------------- where it is not zero


@op(method=False, function=False, name="nonzero")
def _nonzero(xp, self):
    if not self.ndim:
        return xp.zeros((int(bool(self)), 0), np.int64)
    found = xp.nonzero(self)
    # PyTorch stores the coordinates one dimension after the other.
    return xp.stack(found).astype(np.int64).T


@composite
def nonzero(self: Tensor, *, as_tuple: bool = False, out: Any = None) -> Any:
    """The coordinates of the elements that are not zero: (n, ndim), or a vector per dimension."""
    if not as_tuple:
        if out is not None and not isinstance(out, Tensor):
            raise errors.argument_must_be("nonzero", "out", None, "Tensor", out)
        return _nonzero(self) if out is None else _nonzero(self, out=out)
    if out is not None:
        raise RuntimeError("nonzero does not support the out kwarg when as_tuple is True")
    source = unsqueeze(self, 0) if self.ndim == 0 else self
    return tuple(_nonzero(source).unbind(1))


@composite
def argwhere(self: Tensor) -> Tensor:
    """The coordinates of the elements that are not zero, (n, ndim)."""
    return _nonzero(self)


@composite
def nonzero_static(self: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """``nonzero`` cut off or filled up to `size` rows."""
    found = _nonzero(self)
    rows = found.new_full((size, self.ndim), fill_value)
    rows[: len(found)] = found[:size]
    return rows  # type: ignore[no-any-return]
