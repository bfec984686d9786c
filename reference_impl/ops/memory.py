"""The same memory in other ways: ``as_strided``, the tensor itself reshaped or resized in place."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes, errors, layout
from ..autograd.grad_mode import RECORD, TRANSFORM, mode
from ..autograd.node import AccumulateGrad
from ..backend import xp_of
from ..layout import contiguous_strides
from ..op import PUBLIC, composite
from ..op import view as view_op
from ..storage import array_in, storage_of
from ..tensor import Tensor, adopt, wrap
from ..views import prepare, write
from .parts import alias
from .shape import _ints, unsqueeze, view

# ---------------------------------------------------------------- any strides


@view_op(
    self=lambda grad, self_geometry, size, stride, storage_offset: _strided_self(
        grad, self_geometry, size, stride, storage_offset
    )
)
def as_strided(xp, self, size, stride, storage_offset=None):
    """The memory of this tensor seen with any size, strides and offset, in elements."""
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(s < 0 for s in stride):
        raise RuntimeError(
            "as_strided: Negative strides are not supported at the moment, got strides: "
            f"{errors.sizes(stride)}"
        )
    storage, offset, _ = storage_of(self)
    offset = offset if storage_offset is None else storage_offset
    return array_in(storage, dtypes.of(self.dtype), offset, size, stride)


def _places(shape: Sequence[int], strides: Sequence[int], offset: int) -> Any:
    """Where in memory each element lies, flat int64."""
    where = np.full((), offset, np.int64)
    for n, s in zip(shape, strides, strict=True):
        where = where[..., None] + np.arange(n) * s
    return where.reshape(-1)


def _strided_self(grad: Any, geometry: Any, size: Any, stride: Any, storage_offset: Any) -> Any:
    """Each element's share of memory gets its gradient; memory that self has twice shares it.

    Source: torch/csrc/autograd/FunctionsManual.cpp, as_strided_backward.
    """
    from .index import take
    from .put import index_add

    shape, strides, offset = geometry
    out = _places(size, stride, offset if storage_offset is None else storage_offset)
    own = _places(shape, strides, offset)
    low = min(out.min(initial=0), own.min(initial=0))
    memory = np.zeros(max(out.max(initial=0), own.max(initial=0)) - low + 1)
    counts = np.bincount((own - low).astype(np.intp), minlength=len(memory))
    like, places, mine = _beside(grad, memory, out - low, own - low)
    gathered = take(index_add(like, 0, places, grad.reshape(-1)), mine)
    if counts.max(initial=1) > 1:
        gathered = gathered / _beside(grad, counts[own - low])[0]
    return gathered.reshape(tuple(shape))


def _beside(grad: Any, first: Any, *others: Any) -> list[Any]:
    """Arrays on the device of `grad`, Tensors if it is one; the first with its dtype."""
    data = grad._data if isinstance(grad, Tensor) else grad
    xp = xp_of(data)
    arrays = [xp.asarray(first, dtype=data.dtype), *map(xp.asarray, others)]
    return [wrap(a) for a in arrays] if isinstance(grad, Tensor) else arrays


# ---------------------------------------------------------------- at least some dimensions


def _at_least(name: str, widen: Any) -> None:
    def at_least(*tensors: Any) -> Any:
        if len(tensors) == 1 and isinstance(tensors[0], Tensor):
            return widen(tensors[0])
        given = tensors[0] if len(tensors) == 1 else tensors
        return tuple(widen(x) for x in given)

    at_least.__name__ = at_least.__qualname__ = name
    at_least.__doc__ = f"The tensor(s) with at least {name[-2]} dimensions."
    composite(method=False)(at_least)


def _widen_2d(x: Tensor) -> Tensor:
    return view(x, (1, 1)) if x.ndim == 0 else unsqueeze(x, 0) if x.ndim == 1 else x


def _widen_3d(x: Tensor) -> Tensor:
    if x.ndim == 0:
        return view(x, (1, 1, 1))
    if x.ndim == 1:
        return unsqueeze(unsqueeze(x, 0), -1)
    return unsqueeze(x, -1) if x.ndim == 2 else x


_at_least("atleast_1d", lambda x: x if x.ndim else view(x, (1,)))
_at_least("atleast_2d", _widen_2d)
_at_least("atleast_3d", _widen_3d)


# ---------------------------------------------------------------- the tensor itself reshaped


def _become(self: Tensor, seen: Tensor) -> Tensor:
    """Make `self` the view `seen` of itself: ``x.unsqueeze_(0)``."""
    if mode.state & TRANSFORM and hasattr(self, "_value"):  # batched (func/batching.py)
        self._value = seen._value  # type: ignore[attr-defined]
        return self
    self._data, self._tangent = seen._data, seen._tangent
    if self._view is not None:
        self._view = seen._view
    if seen._grad_fn is not None:
        self._grad_fn, self._port = seen._grad_fn, seen._port
        self._grad_fn.__class__ = _in_place_type(type(self._grad_fn))  # type: ignore[arg-type]
    if self._counter is not None:
        self._counter[0] += 1
        if self._view is not None:
            self._view.seen = self._counter[0]
    return self


@functools.cache
def _in_place_type(kind: type) -> type:
    """The node of the in-place form: PyTorch numbers it after the others of its kind."""
    name, number = kind.__name__[:-1], int(kind.__name__[-1])
    return type(
        f"{name}{number + (3 if name.startswith('Squeeze') else 1)}", (kind,), {"__slots__": ()}
    )


def _in_place(name: str, function: Any) -> None:
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        prepare(self, ())
        return _become(self, function(self, *args, **kwargs))

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"In-place form of ``{name.removesuffix('_')}``: the tensor itself changes."
    setattr(Tensor, name, method)


def _transposed(self: Tensor) -> Tensor:
    if self.ndim > 2:
        raise RuntimeError(f"t_() expects a tensor with <= 2 dimensions, but self is {self.ndim}D")
    return self.t()  # type: ignore[attr-defined, no-any-return]


_in_place("t_", _transposed)
for _name in ("squeeze", "unsqueeze", "transpose", "swapaxes", "swapdims", "as_strided"):
    _in_place(_name + "_", getattr(Tensor, _name))


# ---------------------------------------------------------------- other memory for the tensor


def _no_grad_needed(self: Tensor, name: str) -> None:
    if self.requires_grad and self._counter is not None:
        raise RuntimeError(f"cannot {name} variables that require grad")


def resize_(self: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
    """Change the size in place; elements that the memory already holds stay, new ones are unset."""
    _no_grad_needed(self, "resize")
    shape = _ints("resize_", "size", sizes)
    storage, offset, _ = storage_of(self._data)
    count = math.prod(shape)
    if (offset + count) * self._data.dtype.itemsize <= storage.nbytes():
        strides = contiguous_strides(shape)
        self._data = array_in(storage, self.dtype, offset, shape, strides)
    else:
        new = xp_of(self._data).empty(count, self._data.dtype)
        held = storage._bytes.view(self._data.dtype)[offset:]
        new[: held.size] = held
        self._data = new.reshape(shape)
    if memory_format is not None:
        self._data = layout.copy(self._data, None, memory_format)
    return self


def resize_as_(self: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
    """Change the size in place to that of another tensor."""
    return resize_(self, the_template.shape, memory_format=memory_format)


def set_(
    self: Tensor, source: Any = None, storage_offset: int = 0, size: Any = None, stride: Any = None
) -> Tensor:
    """Make this tensor look at the memory of `source`, a tensor or a storage.

    A leaf that requires grad becomes another one for autograd.
    """
    if self.requires_grad and mode.state & RECORD:
        raise errors.leaf_in_place()
    if source is None:
        self._data = xp_of(self._data).empty(0, self._data.dtype)
    elif isinstance(source, Tensor) and size is None:
        self._data = source._data
    else:
        storage = storage_of(source._data)[0] if isinstance(source, Tensor) else source.untyped()
        shape = (storage.nbytes() // self.itemsize,) if size is None else tuple(size)
        strides = contiguous_strides(shape) if stride is None else tuple(stride)
        self._data = array_in(storage, self.dtype, storage_offset, shape, strides)
    if type(self._grad_fn) is AccumulateGrad:
        self._grad_fn = AccumulateGrad(self)
    return self


@composite(function=False)
def fill_diagonal_(self: Tensor, fill_value: Any, wrap: bool = False) -> Tensor:
    """Fill the main diagonal in place; with `wrap` it starts anew below each square.

    Raises RuntimeError for vectors, and for sizes that differ in more than two dimensions.
    """
    shape = self._data.shape
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    _, offset, strides = storage_of(self._data)
    step, n = sum(strides), min(shape)
    as_strided(self, (n,), (step,), offset).fill_(fill_value)
    below = n + 1  # the row after the gap
    while wrap and len(shape) == 2 and below < shape[0]:
        n = min(shape[0] - below, shape[1])
        as_strided(self, (n,), (step,), offset + strides[0] * below).fill_(fill_value)
        below += n + 1
    return self


def as_subclass(self: Tensor, cls: type) -> Any:
    """The same memory and history as an object of a subclass of Tensor."""
    return adopt(alias(self), cls)


def apply_(self: Tensor, callable: Any) -> Tensor:
    """Replace each element by a Python function of it: slow, on the CPU, without history."""
    return _mapped("apply_", self, callable, ())


def map_(self: Tensor, tensor: Tensor, callable: Any) -> Tensor:
    """Replace each element by a Python function of it and of the one in `tensor`."""
    return _mapped("map_", self, callable, (tensor,))


def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Any) -> Tensor:
    """Replace each element by a Python function of it and of those in `x` and `y`."""
    return _mapped("map2_", self, callable, (x, y))


def _mapped(name: str, self: Tensor, function: Any, others: tuple[Tensor, ...]) -> Tensor:
    if any(t.requires_grad for t in (self, *others)):
        raise RuntimeError(
            f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() "
            "instead."
        )
    shape = self._data.shape
    spread = [t if t is self else t.expand(shape) for t in (self, *others)]  # type: ignore[attr-defined]
    columns = [t._data.reshape(-1).tolist() for t in spread]
    values = [function(*row) for row in zip(*columns, strict=True)]
    for v in values:
        if not hasattr(v, "__float__") and not isinstance(v, complex):
            kind = errors.type_name(v)
            if self.dtype.category < dtypes.FLOAT:
                raise TypeError(f"'{kind}' object cannot be interpreted as an integer")
            raise TypeError(f"must be real number, not {kind}")
    write(self, np.array(values).reshape(shape).astype(self._data.dtype))
    return self


for _method in (as_subclass, apply_, map_, map2_):
    setattr(Tensor, _method.__name__, _method)


def detach(input: Tensor) -> Tensor:
    """The same memory without history, sharing the version counter."""
    return input.detach()


def detach_(input: Tensor) -> Tensor:
    """Take `input` out of the graph that made it.  Raises RuntimeError for a view."""
    return input.detach_()


PUBLIC["detach"], PUBLIC["detach_"] = detach, detach_
PUBLIC["as_strided_"] = Tensor.as_strided_  # type: ignore[attr-defined]
Tensor.resize_ = resize_  # type: ignore[attr-defined]
Tensor.resize_as_ = PUBLIC["resize_as_"] = resize_as_  # type: ignore[attr-defined]
Tensor.set_ = set_  # type: ignore[attr-defined]
