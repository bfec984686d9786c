"""Views: the same memory with another shape, order of dimensions, or range.

No element is copied, so changing a view changes its base (``views.py``).  The gradient of a view is
put back to where the view lies in its input; ``rearrange.py`` holds what needs a copy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..layout import contiguous_format, restride, seen_as
from ..op import PUBLIC, composite, op, wrap_dim
from ..op import view as view_op
from ..tensor import Size, Tensor, wrap

Index = Any


def expand_reduced(grad: Any, shape: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient of a reduction over `dim`, back in the shape that was reduced."""
    if dim is not None and not keepdim:
        for d in sorted(dim):
            grad = unsqueeze(grad, d)
    return expand(grad, shape)


def at(dim: int, index: Index) -> tuple[Any, ...]:
    """What selects `index` along `dim`; the Ellipsis keeps 0-d results arrays."""
    return (*(slice(None),) * dim, index, Ellipsis)


def _ints(function: str, name: str, given: Any, position: int = 2) -> tuple[int, ...]:
    """A list of ints: given one by one, or as a sequence."""
    values = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    if {*map(type, values)} == {int}:
        return values
    if len(values) == 1 and isinstance(values[0], (tuple, list)):
        values = tuple(values[0])
    for v in values:
        if isinstance(v, bool) or not hasattr(v, "__index__"):
            raise errors.argument_must_be(function, name, position, "tuple of ints", v)
    return tuple(int(v.__index__()) for v in values)


def as_dim(function: str, dim: Any, ndim: int, name: str = "dim", position: int = 2) -> int:
    """A dimension as a non-negative int.  Raises TypeError or IndexError."""
    if type(dim) is not int and (isinstance(dim, bool) or not hasattr(dim, "__index__")):
        raise errors.argument_must_be(function, name, position, "int", dim)
    return wrap_dim(dim, ndim)


# ---------------------------------------------------------------- another shape


def inferred_shape(shape: Any, count: int) -> tuple[int, ...]:
    """`shape` with a -1 replaced by what is left.  Raises RuntimeError if it does not fit."""
    sizes = tuple(shape)
    if sizes.count(-1) > 1:
        raise RuntimeError("only one dimension can be inferred")
    known = 1
    for i, n in enumerate(sizes):
        if n < -1:
            raise RuntimeError(
                f"invalid shape dimension {n} at index {i} of shape {errors.sizes(sizes)}"
            )
        known *= 1 if n == -1 else n
    if -1 in sizes and known == 0 and count == 0:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {errors.sizes(sizes)} because the "
            "unspecified dimension size -1 can be any value and is ambiguous"
        )
    if -1 in sizes and known and count % known == 0:
        return tuple(count // known if n == -1 else n for n in sizes)
    if -1 in sizes or known != count:
        raise errors.invalid_shape(sizes, count)
    return sizes


@view_op(self=lambda grad, self_shape: reshape(grad, self_shape), method=False, function=False,
    name="view")  # fmt: skip
def _view(xp, self, size):
    """The same memory in another shape.  Raises RuntimeError where it would take a copy."""
    seen = seen_as(self, inferred_shape(size, self.size))
    if seen is None:
        raise errors.view_incompatible()
    return seen


def _view_dtype(self: Tensor, dtype: dtypes.dtype) -> Tensor:
    """The same bytes read as another dtype: not differentiable, so no view for autograd."""
    array = self._data
    if array.dtype.itemsize != dtype.itemsize:
        _check_bytes(array, dtype)
    seen = wrap(array.view(dtype.numpy))
    seen._counter = self._counter
    return seen


def _check_bytes(array: Any, d: dtypes.dtype) -> None:
    """Whether bytes along the last dimension can be regrouped into another element size."""
    old, new = array.dtype.itemsize, d.itemsize
    found, wanted = (errors.scalar_type(x) for x in (dtypes.of(array.dtype), d))
    what = f"to view {found} as {wanted} (different element sizes), but got"
    if array.ndim == 0:
        raise RuntimeError(f"self.dim() cannot be 0 {what.removesuffix(', but got')}")
    if array.strides[-1] != old and array.size:
        raise RuntimeError(f"self.stride(-1) must be 1 {what} {array.strides[-1] // old}")
    if new > old and array.shape[-1] % (new // old):
        raise RuntimeError(
            f"self.size(-1) must be divisible by {new // old} {what} {array.shape[-1]}"
        )


@composite(function=False)
def view(self: Any, *args: Any, size: Any = None, dtype: Any = None) -> Any:
    """The same memory in another shape, or read as another dtype.

    Raises RuntimeError where that would take a copy.
    """
    size = args if size is None else (size,)
    dtype = size[0] if len(size) == 1 and isinstance(size[0], dtypes.dtype) else dtype
    if dtype is not None:
        return self if dtype is self.dtype else _view_dtype(self, dtype)
    given = size[0] if len(size) == 1 else size
    if not size or (not isinstance(given, (tuple, list)) and not hasattr(given, "__index__")):
        raise _no_such_view(size)
    return _view(self, _ints("view", "size", given))


def _no_such_view(size: tuple[Any, ...]) -> TypeError:
    names = ", ".join(map(errors.type_name, size))
    why = f"      didn't match because some of the arguments have invalid types: (!{names}!)\n"
    why = why if size else ""
    return TypeError(
        f"view() received an invalid combination of arguments - got ({names}), but expected one "
        f"of:\n * (torch.dtype dtype)\n{why} * (tuple of ints size)\n{why}"
    )


@view_op(self=lambda grad, self_shape: reshape(grad, self_shape), method=False, function=False,
    node="ReshapeAliasBackward0")  # fmt: skip
def _reshape_alias(xp, self, size):
    """``view`` of a tensor with gaps in its memory, as ``reshape`` takes it."""
    return seen_as(self, size)


@op(self=lambda grad, self_shape: reshape(grad, self_shape), node="UnsafeViewBackward0",
    function=False, method=False)  # fmt: skip
def _unsafe_view(xp, self, size):
    """A view of memory that nobody else has."""
    return self.reshape(size)


@composite
def reshape(self: Any, *size: Any, shape: Any = None) -> Any:
    """The same elements in another shape: a view where possible, else a copy."""
    if shape is not None:
        size = (shape,)
    if not isinstance(self, Tensor):
        return self.reshape(size[0] if len(size) == 1 else size)
    if not size:
        raise errors.missing_arguments("reshape", ["shape"])
    data = self._data
    sizes = inferred_shape(_ints("reshape", "shape", size), data.size)
    if data.flags.c_contiguous:
        return _view(self, sizes)
    if seen_as(data, sizes) is not None:
        return _reshape_alias(self, sizes)
    return _unsafe_view(_row_by_row(self), sizes)


def _row_by_row(self: Any) -> Any:
    return self.clone(memory_format=contiguous_format)


@composite(function=False)
def view_as(self: Tensor, other: Tensor) -> Tensor:
    """The same memory in the shape of `other`."""
    return view(self, other.shape)


@composite(function=False)
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """The same elements in the shape of `other`."""
    return reshape(self, other.shape)


@composite
def flatten(self: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions `start_dim` to `end_dim` as one."""
    ndim = self.ndim
    first = as_dim("flatten", start_dim, ndim, "start_dim")
    last = as_dim("flatten", end_dim, ndim, "end_dim", 3)
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if ndim == 0:
        return reshape(self, (1,))
    if first == last:
        return self
    return reshape(self, (*self.shape[:first], -1 if self.numel() else
        math.prod(self.shape[first : last + 1]), *self.shape[last + 1 :]))  # fmt: skip


@composite
def unflatten(self: Tensor, dim: int, sizes: Any) -> Tensor:
    """Dimension `dim` as several of the given sizes, one of which may be -1."""
    if not isinstance(sizes, (tuple, list)):
        raise errors.argument_must_be("unflatten", "sizes", 3, "tuple of ints", sizes)
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    dim = as_dim("unflatten", dim, self.ndim)
    if sum(n == -1 for n in sizes) > 1:
        raise RuntimeError("unflatten got an unexpected error:\nonly one dimension can be inferred")
    try:
        sizes = inferred_shape(sizes, self.shape[dim])
    except RuntimeError:
        raise RuntimeError(
            f"unflatten: Provided sizes {errors.sizes(sizes)} don't multiply up to the size of dim "
            f"{dim} ({self.shape[dim]}) in the input tensor"
        ) from None
    return view(self, (*self.shape[:dim], *sizes, *self.shape[dim + 1 :]))


@composite
def ravel(self: Tensor) -> Tensor:
    """All elements in one dimension."""
    return view(self.contiguous(), -1)


# ---------------------------------------------------------------- dimensions of size 1


def _squeeze_node(self: Any, dim: Any = None) -> str:
    kind = 0 if dim is None else 2 if isinstance(dim, (tuple, list)) else 1
    return f"SqueezeBackward{kind}"


def _squeezed(shape: Sequence[int], dim: Any) -> list[int]:
    """The dimensions that ``squeeze`` removes."""
    ndim = len(shape)
    if dim is None:
        dims = list(range(ndim))
    elif isinstance(dim, (tuple, list)):
        dims = [as_dim("squeeze", d, ndim) for d in dim]
        repeated = next((d for d in dims if dims.count(d) > 1), None)
        if repeated is not None:
            raise RuntimeError(f"dim {repeated} appears multiple times in the list of dims")
    else:
        dims = [as_dim("squeeze", dim, ndim)]
    return sorted(d for d in dims if d < ndim and shape[d] == 1)


def _unsqueeze_to(grad: Any, shape: Any, dim: Any) -> Any:
    for d in _squeezed(shape, dim):
        grad = unsqueeze(grad, d)
    return grad


@view_op(self=lambda grad, self_shape, dim: _unsqueeze_to(grad, self_shape, dim),
    node=_squeeze_node)  # fmt: skip
def squeeze(xp, self, dim=None):
    """Without the dimensions of size 1 (those in `dim`)."""
    gone = _squeezed(self.shape, dim)
    return self[(*(0 if d in gone else slice(None) for d in range(self.ndim)), Ellipsis)]


@view_op(self=lambda grad, dim: squeeze(grad, dim))
def unsqueeze(xp, self, dim):
    """With a new dimension of size 1 at `dim`."""
    bound = self.ndim + 1
    d = as_dim("unsqueeze", dim, bound)
    shape, strides = list(self.shape), list(self.strides)
    step = shape[d] * strides[d] if d < self.ndim else self.dtype.itemsize
    shape.insert(d, 1)
    strides.insert(d, step)
    return restride(self, shape, strides)


def squeeze_dim(grad: Any, dim: int) -> Any:
    """`grad` without dimension `dim`, which has size 1."""
    return squeeze(grad, dim)


# ---------------------------------------------------------------- repeating without a copy


@view_op(self=lambda grad, self_shape: _sum_to(grad, self_shape), varargs="size", function=False)
def expand(xp, self, size, *, implicit=False):
    """Repeat dimensions of size 1 without copying; -1 keeps a dimension as it is."""
    sizes = _ints("expand", "size", size)
    lead = len(sizes) - self.ndim
    if lead < 0:
        raise errors.expand_too_few(dtypes.of(self.dtype), self.shape, sizes)
    target: list[int] = []
    strides: list[int] = []
    for i in reversed(range(len(sizes))):  # the last dimension that does not fit is the one named
        n = sizes[i]
        if i < lead:
            if n < 0:
                raise errors.expand_leading(n, i)
            target.append(n)
            strides.append(0)
            continue
        own, step = self.shape[i - lead], self.strides[i - lead]
        if n not in (-1, own) and own != 1:
            raise errors.cannot_expand(sizes, self.shape, i)
        target.append(own if n == -1 else n)
        strides.append(step if target[-1] == own else 0)
    return restride(self, tuple(reversed(target)), tuple(reversed(strides)))


def _sum_to(grad: Any, shape: Any) -> Any:
    from ..autograd.engine import sum_to_shape

    return sum_to_shape(grad, tuple(shape))


@composite(function=False)
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """Expanded to the shape of `other`."""
    return expand(self, other.shape)


@composite(function=False)
def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """Summed over the dimensions that broadcasting `size` to this shape would add or stretch."""
    from ..autograd.engine import sum_to_shape

    shape = _ints("sum_to_size", "size", size)
    own = self._data.shape
    lead = len(own) - len(shape)
    if lead < 0 or any(n not in (1, own[lead + i]) for i, n in enumerate(shape)):
        raise RuntimeError(
            f"size {{{errors.sizes(shape)}}} is not expandable to size {{{errors.sizes(own)}}}."
        )
    return self if shape == own else sum_to_shape(self, shape)  # type: ignore[no-any-return]


@composite
def broadcast_to(self: Tensor, size: Any) -> Tensor:
    """Expanded to `size`, as broadcasting would."""
    return expand(self, size)


@composite(method=False)
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """The tensors, all expanded to the shape they broadcast to."""
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    shape: tuple[int, ...] = ()
    for t in tensors:
        try:
            shape = np.broadcast_shapes(shape, t._data.shape)
        except ValueError:
            raise errors.size_mismatch(shape, t._data.shape) from None
    return tuple(t if t._data.shape == shape else expand(t, shape) for t in tensors)


@composite(method=False)
def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that tensors of the given shapes broadcast to.  Raises RuntimeError if none."""
    result: list[int] = []
    for position, given in enumerate(shapes):
        shape = (given,) if isinstance(given, int) else tuple(given)
        if any(n < 0 for n in shape):
            raise ValueError("Attempting to broadcast a dimension with negative length!")
        result = [1] * (len(shape) - len(result)) + result
        for i in range(-1, -1 - len(shape), -1):
            if shape[i] in (1, result[i]):
                continue
            if result[i] != 1:
                raise RuntimeError(
                    f"Attempting to broadcast a dimension of length {shape[i]} at {i}! Mismatching "
                    f"argument at index {position} had {shape}; but expected shape should be "
                    f"broadcastable to {result}"
                )
            result[i] = shape[i]
    return Size(result)


# ---------------------------------------------------------------- order of dimensions


@view_op(self=lambda grad, dim0, dim1: transpose(grad, dim0, dim1))
def transpose(xp, self, dim0, dim1):
    """Swap two dimensions."""
    a = as_dim("transpose", dim0, self.ndim, "dim0")
    b = as_dim("transpose", dim1, self.ndim, "dim1", 3)
    return xp.swapaxes(self, a, b) if self.ndim else self.view()


@view_op(self=lambda grad: t(grad))
def t(xp, self):
    """The transpose of a matrix; vectors and 0-d tensors stay as they are."""
    if self.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {self.ndim}D")
    return self.transpose()


@composite
def swapaxes(self: Tensor, axis0: int, axis1: int) -> Tensor:
    """Swap two dimensions."""
    return transpose(self, axis0, axis1)


@composite
def swapdims(self: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swap two dimensions."""
    return transpose(self, dim0, dim1)


def _order(dims: Any, ndim: int) -> tuple[int, ...]:
    order = _ints("permute", "dims", dims)
    if len(order) != ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the "
            f"length of the desired ordering of dimensions i.e. input.dim() = {ndim} is not equal "
            f"to len(dims) = {len(order)}"
        )
    order = tuple(wrap_dim(d, ndim) for d in order)
    if len(set(order)) != ndim:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return order


def _permute_back(grad: Any, dims: Any) -> Any:
    order = _order(dims, grad.ndim)
    return permute(grad, tuple(order.index(i) for i in range(len(order))))


@view_op(self=lambda grad, dims: _permute_back(grad, dims), varargs="dims")
def permute(xp, self, dims):
    """The dimensions in another order."""
    return self.transpose(_order(dims, self.ndim))


@composite
def movedim(self: Tensor, source: Any, destination: Any) -> Tensor:
    """Move dimensions to other places; the rest keep their order."""
    sources = list(source) if isinstance(source, (tuple, list)) else [source]
    places = list(destination) if isinstance(destination, (tuple, list)) else [destination]
    _check_moves(sources, places)
    from_ = [wrap_dim(d, self.ndim) for d in sources]
    to = [wrap_dim(d, self.ndim) for d in places]
    for name, given, dims in (("source", sources, from_), ("destination", places, to)):
        if len(set(dims)) != len(dims):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({errors.sizes(given)})")
    order = [d for d in range(self.ndim) if d not in from_]
    for place, d in sorted(zip(to, from_, strict=True)):
        order.insert(place, d)
    return permute(self, order)


def _check_moves(source: list[int], destination: list[int]) -> None:
    if len(source) != len(destination):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({errors.sizes(source)} dims) "
            "should contain the same number of dims as destination "
            f"({errors.sizes(destination)} dims)"
        )


def _matrix(self: Tensor, name: str) -> None:
    if self.ndim == 1:
        raise RuntimeError(
            f"tensor.{name} is only supported on matrices or batches of matrices. Got 1-D tensor."
        )


def _T(self: Tensor) -> Tensor:
    """The dimensions in reverse order; deprecated for other than matrices."""
    if self.ndim == 0:
        errors.warn_once(
            "Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases."
        )
    elif self.ndim != 2:
        errors.warn_once(errors.T_WARNING)
    return permute(self, tuple(reversed(range(self.ndim))))


def _mT(self: Tensor) -> Tensor:
    """The last two dimensions swapped."""
    _matrix(self, "mT")
    return transpose(self, -2, -1)


def _mH(self: Tensor) -> Tensor:
    """The last two dimensions swapped, and conjugated."""
    _matrix(self, "mH")
    swapped = transpose(self, -2, -1)
    return swapped.conj() if self.is_complex() else swapped  # type: ignore[attr-defined]


def _H(self: Tensor) -> Tensor:
    """The conjugate transpose of a matrix."""
    if self.ndim == 0:
        errors.warn_once("Tensor.H is deprecated on 0-D tensors. Consider using x.conj().")
        return self.conj() if self.is_complex() else self  # type: ignore[attr-defined]
    if self.ndim != 2:
        more = " For batches of matrices, consider using tensor.mH" if self.ndim > 2 else ""
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {self.ndim}-D tensor.{more}"
        )
    return _mH(self)


@composite
def adjoint(self: Tensor) -> Tensor:
    """The last two dimensions swapped, and conjugated."""
    if self.ndim == 0:
        errors.warn_once("adjoint() is deprecated on 0-D tensors. Consider using x.conj().")
        return self.conj() if self.is_complex() else self  # type: ignore[attr-defined]
    if self.ndim == 1:
        raise RuntimeError(
            "tensor.adjoint() is only supported on matrices or batches of matrices. Got 1-D tensor."
        )
    return _mH(self)


for _name, _getter in (("T", _T), ("mT", _mT), ("mH", _mH), ("H", _H)):
    setattr(Tensor, _name, property(_getter))
for _alias, _name in (("moveaxis", "movedim"),):
    PUBLIC[_alias] = PUBLIC[_name]
    setattr(Tensor, _alias, PUBLIC[_name])
