"""``x[...]`` and ``x[...] = value``.

An index is read from left to right.  Ints, slices, None and Ellipsis each take a view of what the
earlier ones left (``select``, ``slice``, ``unsqueeze``); tensors, lists and masks are collected and
applied at the end in one ``index``::

    x[0, :, [1, 2]]      select(0, 0), then index(None, tensor([1, 2]))

Assignment takes the same views and copies into the last one, or puts values at the index tensors.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..backend import xp_of
from ..op import PLAIN, overridden
from ..tensor import Tensor, wrap
from ..views import change
from .create import from_numpy
from .index import BYTE_WARNING, _index
from .nested import filled_value, from_data
from .parts import alias, select, slice_
from .put import index_put
from .shape import unsqueeze, view

_SEQUENCE_WARNING = (
    "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in "
    "pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as "
    "tensor index, x[torch.tensor(seq)], which will result either in an error or a different result"
)


def getitem(self: Tensor, index: Any) -> Tensor:
    """``self[index]``: a view for ints, slices, None and Ellipsis, a copy for tensors and lists.

    Raises IndexError for what is out of range or no index.
    """
    if type(self) not in PLAIN:
        answer = overridden(getitem, (self, index), {})
        if answer is not NotImplemented:
            return answer  # type: ignore[no-any-return]
    if type(index) is int:
        return _select(self, 0, index, 0)
    # Reading, a lone slice makes a view even of everything; writing, it may be the tensor itself.
    seen, tensors = _views(self, index, lone=isinstance(index, slice))
    if tensors:
        return _index(seen, tensors)  # type: ignore[no-any-return]
    return alias(seen) if seen is self else seen  # type: ignore[no-any-return]


def setitem(self: Tensor, index: Any, value: Any) -> None:
    """``self[index] = value``: a number or a tensor that broadcasts to what is indexed."""
    if type(self) not in PLAIN or type(value) not in PLAIN:
        answer = overridden(setitem, (self, index, value), {})
        if answer is not NotImplemented:
            return
    if index is False:
        return
    source = _as_value(self, value)
    if index is True:
        index = None
    masked = isinstance(index, Tensor) and index.ndim and index.dtype is dtypes.uint8
    if masked and source._data.size == 1:
        raise RuntimeError(
            "masked_fill_ only supports boolean masks, but got mask with dtype unsigned char"
        )
    seen, tensors = _views(self, index)
    if not tensors:
        _copy_to(seen, source)
        return
    change(index_put.op, [seen, tensors, _without_leading_ones(source), False])


# ---------------------------------------------------------------- reading an index


def _views(self: Tensor, index: Any, lone: bool = False) -> tuple[Tensor, list[Tensor | None]]:
    """(the view that the basic parts of `index` take, the index tensors that remain)."""
    parts = _as_parts(self, index)
    if isinstance(index, slice) and not self.ndim:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    dims = sum(_consumed(p) for p in parts)
    if not self.ndim and type(index) is int:
        raise errors.index_of_0d() if index == 0 else errors.index_out_of_bounds(index, 0, 0)
    if dims > self.ndim:
        raise errors.too_many_indices(self.ndim)
    seen, dim = self, 0
    tensors: list[Any] = []
    for place, part in enumerate(parts):
        kind = type(part)
        if kind is int:
            seen = _select(seen, dim, part, place)
        elif kind is slice:
            seen = _slice(seen, dim, part, always=lone)
            dim += 1
        elif part is Ellipsis:
            dim += max(self.ndim - dims, 0)
        elif part is None:
            seen = unsqueeze(seen, dim)
            dim += 1
        else:
            if kind is bool:
                seen = unsqueeze(seen, dim)
                part = _one_or_none(seen, part)
            tensors += [None] * (dim - len(tensors)) + [part]
            dim += 1
            if part.dtype in (dtypes.bool_, dtypes.uint8) and part.ndim > 1:
                dim += part.ndim - 1
                tensors += [_CONSUMED] * (part.ndim - 1)
    return seen, [t for t in tensors if t is not _CONSUMED]


_CONSUMED: Any = object()  # a dimension that the mask before it indexes too


def _as_parts(self: Tensor, index: Any) -> list[Any]:
    """The parts of an index: ints, bools, slices, None, Ellipsis and index tensors."""
    if isinstance(index, tuple):
        return [_as_part(self, p) for p in index]
    if isinstance(index, (str, bytes)):
        warnings.warn(_SEQUENCE_WARNING, UserWarning, stacklevel=4)
        raise TypeError(f"new(): invalid data type '{errors.type_name(index)}'")
    if isinstance(index, list) and _means_tuple(index):
        warnings.warn(_SEQUENCE_WARNING, UserWarning, stacklevel=4)
        return [_as_part(self, p) for p in index]
    return [_as_part(self, index)]


def _means_tuple(index: list[Any]) -> bool:
    """Whether a list stands for a tuple of indices, as short lists of non-numbers still do."""
    kinds = (list, tuple, slice, Tensor, np.ndarray, type(None), type(Ellipsis))
    return len(index) < 32 and any(isinstance(p, kinds) for p in index)


def _as_part(self: Tensor, part: Any) -> Any:
    if part is None or part is Ellipsis or isinstance(part, (bool, slice)):
        return part
    if isinstance(part, np.ndarray):
        part = from_numpy(part.copy())
    elif isinstance(part, (list, tuple, range)):
        part = _listed(self, part)
    if isinstance(part, Tensor):
        return _tensor_part(self, part)
    if isinstance(part, float) or not hasattr(part, "__index__"):
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are "
            f"valid indices (got {errors.type_name(part)})"
        )
    return int(part.__index__())


def _listed(self: Tensor, part: Any) -> Tensor:
    array = from_data(list(part), None)
    if array.size == 0:
        array = array.astype(np.int64)
    return wrap(xp_of(self._data).asarray(array))


def _tensor_part(self: Tensor, part: Tensor) -> Any:
    """A tensor as part of an index; a 0-d one counts as the number in it."""
    number = not part.ndim and part.dtype.category == dtypes.INTEGER
    if part.dtype.name not in ("int64", "int32", "uint8", "bool") and not number:
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    if part.ndim == 0 and hasattr(part, "_value"):  # under vmap: one for each example
        return part
    if part.ndim == 0:
        value = part._data.item()
        return bool(value) if part.dtype in (dtypes.bool_, dtypes.uint8) else int(value)
    if part.dtype is dtypes.uint8:
        warnings.warn(BYTE_WARNING, UserWarning, stacklevel=6)
        part = wrap(part._data.astype(np.bool_))
    if xp_of(part._data) is not xp_of(self._data):
        part = wrap(xp_of(self._data).asarray(part._data))
    return part


def _consumed(part: Any) -> int:
    """How many dimensions of the tensor a part of the index speaks for."""
    if part is None or part is Ellipsis or type(part) is bool:
        return 0
    if isinstance(part, Tensor) and part.dtype is dtypes.bool_:
        return int(part.ndim)
    return 1


def _one_or_none(self: Tensor, wanted: bool) -> Tensor:
    """The index tensor that keeps a dimension of size 1, or leaves nothing of it."""
    return wrap(xp_of(self._data).zeros(1 if wanted else 0, np.int64))


def _select(self: Tensor, dim: int, index: int, place: int) -> Tensor:
    """``select``, with the error that indexing gives; `place` is that of the int in the index."""
    shape = self._data.shape
    if not shape:
        raise errors.index_of_0d() if index == 0 else errors.index_out_of_bounds(index, 0, 0)
    n = shape[dim] if dim < len(shape) else 0  # two Ellipses may lead beyond the last dimension
    if not -n <= index < n:
        raise errors.index_out_of_bounds(index, place, n)
    return select(self, dim, index)  # type: ignore[no-any-return]


def _slice(self: Tensor, dim: int, part: slice, always: bool) -> Tensor:
    step = _bound(part.step, 1)
    if step == 0:
        raise ValueError("slice step cannot be zero")
    if step < 0:
        raise ValueError("step must be greater than zero")
    if not self.ndim:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    n = self._data.shape[dim]
    start, end = _bound(part.start, 0), _bound(part.stop, n)
    whole = start == 0 and end >= n and step == 1
    return self if whole and not always else slice_(self, dim, start, end, step)


def _bound(value: Any, default: int) -> int:
    if value is None:
        return default
    if not hasattr(value, "__index__") or isinstance(value, float):
        raise TypeError("slice indices must be integers or None or have an __index__ method")
    return int(value.__index__())


# ---------------------------------------------------------------- assigning


def _as_value(self: Tensor, value: Any) -> Tensor:
    """What is assigned, as a tensor; a number takes the dtype of `self`."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, (bool, int, float, complex)):
        from .convert import type_of

        name = type(value).__name__
        if type(value).__module__ not in ("builtins", "__main__"):
            name = f"{type(value).__module__}.{name}"
        raise TypeError(f"can't assign a {name} to a {type_of(self)}")
    array = np.asarray(filled_value(value, self.dtype))
    return wrap(xp_of(self._data).asarray(array))


def _without_leading_ones(source: Tensor) -> Tensor:
    shape: Sequence[int] = source._data.shape
    while shape and shape[0] == 1:
        shape = shape[1:]
    return source if len(shape) == source.ndim else view(source, shape)


def _copy_to(target: Tensor, source: Tensor) -> None:
    if target._data.shape == source._data.shape:
        target.copy_(source)  # type: ignore[attr-defined]
    elif source.ndim == 0:
        target.fill_(source)  # type: ignore[attr-defined]
    else:
        target.copy_(_without_leading_ones(source).expand(target.shape))  # type: ignore


def _no_deletion(self: Tensor, index: Any) -> None:
    raise TypeError("Tensor does not support deleting items")


getitem.__name__, setitem.__name__ = "__getitem__", "__setitem__"
Tensor.__getitem__ = getitem  # type: ignore[attr-defined]
Tensor.__setitem__ = setitem  # type: ignore[attr-defined]
Tensor.__delitem__ = _no_deletion  # type: ignore[attr-defined]
