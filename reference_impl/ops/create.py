"""Factories: tensors from data, and tensors filled with something.

A factory makes its array on the device it is asked for (``_on``) and hands it to ``_finish``, which
knows ``out=`` and ``requires_grad=``.
"""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import backend, dtypes, errors
from ..autograd.grad_mode import TRANSFORM, mode
from ..dtypes import dtype
from ..layout import contiguous_strides
from ..layout import empty_like as laid_out_like
from ..op import PUBLIC, store
from ..overrides import asking
from ..storage import array_in, storage_of
from ..tensor import Tensor, wrap
from .nested import filled_value, from_data

_PYTHON_TYPES = {
    float: dtypes.float64, int: dtypes.int64, bool: dtypes.bool_, complex: dtypes.complex128
}  # fmt: skip
_MISSING: Any = object()
_COPY_WARNING = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
    "sourceTensor.detach().clone().requires_grad_(True), rather than {}(sourceTensor)."
)


def public(function: Callable[..., Any]) -> Callable[..., Any]:
    """Put a function into the torch namespace."""
    PUBLIC[function.__name__] = function
    return function


# ---------------------------------------------------------------- arguments


def as_dtype(function: str, value: Any) -> dtype | None:
    """A `dtype` argument: a dtype, None, or one of Python's number types."""
    if value is None or isinstance(value, dtype):
        return value
    found = _PYTHON_TYPES.get(value) if isinstance(value, type) else None
    if found is None:
        expected = "torch.dtype"
        raise TypeError(
            f"{function}(): argument 'dtype' must be {expected}, not {errors.type_name(value)}"
        )
    return found


def as_device(function: str, value: Any) -> Any:
    """A `device` argument: a device, its name, an index or None."""
    if value is None or isinstance(value, (backend.device, str, int)):
        return value if value is None else backend.device(value)
    raise errors.argument_must_be(function, "device", None, "torch.device", value)


def as_size(function: str, sizes: tuple[Any, ...], position: int = 1) -> tuple[int, ...]:
    """A size given as ints or as one sequence of them."""
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        given, listed = sizes[0], True
    else:
        given, listed = sizes, False
    whole = []
    for i, n in enumerate(given):
        if isinstance(n, bool) or not hasattr(n, "__index__"):
            raise _bad_size(function, n, i, listed, position)
        whole.append(int(n.__index__()))
    return tuple(whole)


def _bad_size(function: str, value: Any, at: int, listed: bool, position: int) -> TypeError:
    name = errors.type_name(value)
    if at:
        return TypeError(
            f"{function}(): argument 'size' failed to unpack the object at pos {at + 1} with "
            f'error "type must be tuple of ints,but got {name}"'
        )
    found = f"but found element of type {name} at pos 0" if listed else f"not {name}"
    return TypeError(
        f"{function}(): argument 'size' (position {position}) must be tuple of ints, {found}"
    )


def _checked_size(function: str, sizes: tuple[Any, ...], size: Any) -> tuple[int, ...]:
    """The size of a new tensor, given by position or as ``size=``; no dimension negative."""
    if size is not None:
        sizes = (size,)
    if not sizes:
        raise errors.missing_arguments(function, ["size"])
    if len(sizes) > 1 and isinstance(sizes[0], (tuple, list)):
        raise errors.too_many_positional(function, 1, len(sizes))
    shape = as_size(function, sizes)
    check_shape(function, shape)
    return shape


def check_shape(function: str, shape: Sequence[int]) -> None:
    """Raise RuntimeError for a negative dimension."""
    negative = next((n for n in shape if n < 0), None)
    if negative is None:
        return
    if function == "zeros":
        raise RuntimeError("zeros: Dimension size must be non-negative.")
    raise RuntimeError(
        f"Trying to create tensor with negative dimension {negative}: {errors.sizes(shape)}"
    )


def default_dtype(function: str, given: Any, out: Any) -> dtype:
    """The dtype of a new tensor: the given one, else that of `out`, else the default."""
    if out is not None and not isinstance(out, Tensor):
        raise errors.argument_must_be(function, "out", None, "Tensor", out)
    chosen = as_dtype(function, given)
    return chosen or (dtypes.get_default_dtype() if out is None else out.dtype)


def _require_tensor(function: str, value: Any) -> Tensor:
    if value is _MISSING:
        raise errors.missing_arguments(function, ["input"])
    if not isinstance(value, Tensor):
        raise errors.argument_must_be_tensor(function, "input", 1, value)
    return value


def _number(function: str, name: str, position: int, value: Any) -> Any:
    """A number argument; a 0-d tensor counts as one."""
    if isinstance(value, Tensor) and value._data.ndim == 0:
        return value._data.item()
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, (bool, int, float, complex)):
        raise errors.argument_must_be(function, name, position, "Number", value)
    return value


# ---------------------------------------------------------------- making tensors


def _on(device: Any) -> tuple[Any, Any]:
    """(numpy or cupy, a context in which it creates arrays on `device`)."""
    xp = backend.xp_for(device)
    if xp is np:
        return xp, contextlib.nullcontext()
    where = backend.with_index(backend.device(device) if device else backend.get_default_device())
    return xp, xp.cuda.Device(where.index)


def _finish(
    array: Any, requires_grad: Any = False, out: Any = None, dtype: Any = None, flat: bool = False
) -> Tensor:
    """The tensor around a new array, or `out` filled with it: resized, unless `flat` numbers fit.

    Raises RuntimeError if the call named a `dtype` which is not that of `out`.
    """
    if out is not None:
        if dtype is not None and as_dtype("out", dtype) is not out.dtype:
            wanted, found = (errors.scalar_type(d) for d in (as_dtype("out", dtype), out.dtype))
            raise RuntimeError(f"dtype {wanted} does not match dtype of out parameter ({found})")
        if flat and out._data.size == array.size:
            array = array.reshape(out._data.shape)
        if out._data.shape != array.shape:
            out.resize_(array.shape)  # type: ignore[attr-defined]
        store(out, array)
        return out._require_grad() if requires_grad else out
    made = wrap(array)
    if requires_grad:
        if made.dtype.category < dtypes.FLOAT:
            raise RuntimeError(
                "Only Tensors of floating point and complex dtype can require gradients"
            )
        made._require_grad()
    return made


def _sized(name: str, fill: Callable[[Any, Any, np.dtype], Any], text: str) -> Any:
    """A factory that takes a size: ``zeros(2, 3)``."""

    def factory(
        *size_args: Any, size: Any = None, out: Any = None, dtype: Any = None, layout: Any = None,
        device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
        **options: Any,
    ) -> Tensor:  # fmt: skip
        memory_format = options.pop("memory_format", None) if name == "empty" else None
        for key in options:
            raise errors.unexpected_keyword(name, key)
        shape = _checked_size(name, size_args, size)
        chosen = default_dtype(name, dtype, out)
        if out is not None and name == "empty":
            out.resize_(shape)
            return _finish(out._data, requires_grad, out, dtype)
        xp, there = _on(as_device(name, device))
        with there:
            array = fill(xp, shape, chosen.numpy)
        if memory_format is not None:
            array = laid_out_like(array, None, memory_format)
        return _finish(array, requires_grad, out, dtype)

    factory.__name__ = factory.__qualname__ = name
    factory.__doc__ = text
    return public(factory)


zeros = _sized("zeros", lambda xp, s, d: xp.zeros(s, d), "Zeros of the given size.")
ones = _sized("ones", lambda xp, s, d: xp.ones(s, d), "Ones of the given size.")
empty = _sized("empty", lambda xp, s, d: xp.empty(s, d), "Uninitialised memory of the given size.")


@public
def full(
    size: Any, fill_value: Any, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of the given size filled with a number; its dtype follows from the number."""
    if not isinstance(size, (tuple, list)):
        raise errors.argument_must_be("full", "size", 1, "tuple of ints", size)
    shape = _checked_size("full", (size,), None)
    given = fill_value.dtype if isinstance(fill_value, Tensor) else None
    value = _number("full", "fill_value", 2, fill_value)
    chosen = as_dtype("full", dtype) or given or dtypes.of_number(value)
    chosen = out.dtype if out is not None else chosen
    xp, there = _on(as_device("full", device))
    with there:
        array = xp.full(shape, filled_value(value, chosen), chosen.numpy)
    return _finish(array, requires_grad, out, dtype)


def _batched_like(made: Tensor, source: Tensor) -> Tensor:
    """A new tensor, under ``vmap`` one for each example of `source`."""
    if not mode.state & TRANSFORM:
        return made
    from ..func.levels import batched_like

    return batched_like(made, source)  # type: ignore[no-any-return]


def _like(name: str, base: Callable[[Any], Any], text: str) -> Any:
    """A factory that takes another tensor for size, dtype, device and memory layout."""

    def factory(
        *inputs: Any, input: Any = _MISSING, dtype: Any = None, layout: Any = None,
        device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
        memory_format: Any = None,
    ) -> Tensor:  # fmt: skip
        if len(inputs) > 1:
            raise errors.too_many_positional(name, 1, len(inputs))
        input = inputs[0] if inputs else input
        source = _require_tensor(name, input)._data
        chosen = as_dtype(name, dtype) or input.dtype
        array = laid_out_like(source, chosen.numpy, memory_format)
        if device is not None:
            array = backend.move(array, as_device(name, device))
        base(array)
        return _batched_like(_finish(array, requires_grad), input)

    factory.__name__ = factory.__qualname__ = name
    factory.__doc__ = text
    return public(asking(factory))


zeros_like = _like("zeros_like", lambda a: a.fill(0), "Zeros, with the layout of `input`.")
ones_like = _like("ones_like", lambda a: a.fill(1), "Ones, with the layout of `input`.")
empty_like = _like("empty_like", lambda a: None, "Uninitialised memory like that of `input`.")


@public
@asking
def full_like(input: Any, fill_value: Any, **options: Any) -> Tensor:
    """A tensor like `input` filled with a number, which is cast to the dtype."""
    made = empty_like(input, **options)
    value = filled_value(_number("full_like", "fill_value", 2, fill_value), made.dtype)
    if mode.state & TRANSFORM:
        return made.fill_(value)  # type: ignore[attr-defined, no-any-return]
    made._data.fill(value)
    return made


@public
def scalar_tensor(
    s: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A 0-d tensor of the default dtype that holds a number."""
    chosen = as_dtype("scalar_tensor", dtype) or dtypes.get_default_dtype()
    return full((), s, dtype=chosen, device=device, requires_grad=requires_grad)


@public
def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Uninitialised memory seen with the given size and strides (in elements)."""
    shape, strides = as_size("empty_strided", (size,)), as_size("empty_strided", (stride,), 2)
    if len(shape) != len(strides):
        raise RuntimeError(
            f"mismatch in length of strides and shape: {len(shape)} vs {len(strides)}"
        )
    check_shape("empty_strided", shape)
    reach = 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    memory = empty(reach if math.prod(shape) else 0, dtype=dtype, device=device)._data
    storage = storage_of(memory)[0]
    return _finish(array_in(storage, dtypes.of(memory.dtype), 0, shape, strides), requires_grad)


@public
def empty_permuted(
    size: Any, physical_layout: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Uninitialised memory whose dimensions lie in the order `physical_layout`, outermost first."""
    shape, order = as_size("empty_permuted", (size,)), list(physical_layout)
    _check_order(order, len(shape))
    strides = [0] * len(shape)
    for at, step in zip(order, contiguous_strides([shape[i] for i in order]), strict=True):
        strides[at] = step
    return empty_strided(shape, strides, dtype=dtype, device=device, requires_grad=requires_grad)


def _check_order(order: list[int], ndim: int) -> None:
    if len(order) != ndim:
        raise RuntimeError(
            "Number of dimensions in size does not match the length of the physical_layout; i.e. "
            f"len(size) = {ndim} is not equal to len(physical_layout) = {len(order)}"
        )
    for i, d in enumerate(order):
        if not 0 <= d < ndim:
            raise RuntimeError(
                f"Dimension out of range (expected to be between 0 and {ndim - 1}, but got {d} at "
                f"index {i}).  NB: negative dims not currently supported; file an issue if you "
                "want it."
            )
    if len(set(order)) != ndim:
        raise RuntimeError("Duplicate dim not allowed")


@public
def eye(
    n: Any, m: Any = None, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Ones on the diagonal of an (n, m) matrix of zeros."""
    for position, (name, value) in enumerate((("n", n), ("m", n if m is None else m)), 1):
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise errors.argument_must_be("eye", name, position, "int", value)
        if value < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {value}")
    chosen = default_dtype("eye", dtype, out)
    xp, there = _on(as_device("eye", device))
    with there:
        array = xp.eye(int(n), None if m is None else int(m), dtype=chosen.numpy)
    return _finish(array, requires_grad, out, dtype)


# ---------------------------------------------------------------- like this tensor


def _new(name: str, factory: Callable[..., Tensor]) -> None:
    """A method that makes a tensor of another size with the dtype and device of its own."""

    def method(self: Tensor, *args: Any, **options: Any) -> Tensor:
        options.setdefault("dtype", None)
        options["dtype"] = options["dtype"] or self.dtype
        options["device"] = options.get("device") or self.device
        return _batched_like(factory(*args, **options), self)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"``torch.{factory.__name__}`` with the dtype and device of this tensor."
    setattr(Tensor, name, method)


for _factory in (zeros, ones, empty, full, empty_strided):
    _new(f"new_{_factory.__name__}", _factory)


def new_tensor(
    self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """``torch.tensor`` with the dtype and device of this tensor."""
    if isinstance(data, Tensor):
        warnings.warn(_COPY_WARNING.format("tensor.new_tensor"), UserWarning, stacklevel=2)
    chosen = as_dtype("new_tensor", dtype) or self.dtype
    return _finish(_copied(data, chosen, device or self.device), requires_grad)


Tensor.new_tensor = new_tensor  # type: ignore[attr-defined]


# ---------------------------------------------------------------- from data


@public
def tensor(
    *args: Any, data: Any = _MISSING, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A new leaf from a number, nested sequences of numbers, or an array; always a copy.

    Raises TypeError, ValueError or RuntimeError for data that has no shape or no dtype.
    """
    if len(args) > 1:
        raise errors.too_many_positional("tensor", 1, len(args))
    data = args[0] if args else data
    if data is _MISSING:
        raise errors.missing_arguments("tensor", ["data"])
    chosen, where = as_dtype("tensor", dtype), as_device("tensor", device)
    if isinstance(data, Tensor):
        warnings.warn(_COPY_WARNING.format("torch.tensor"), UserWarning, stacklevel=2)
    return _finish(_copied(data, chosen, where), requires_grad)


def _copied(data: Any, d: dtype | None, device: Any) -> Any:
    """An array of its own from anything that ``torch.tensor`` takes."""
    from .convert import cast

    if isinstance(data, Tensor):
        array = data._data
    elif isinstance(data, np.ndarray):
        array = _checked_numpy(data)
    else:
        array = from_data(data, d)
        return backend.move(array, backend.get_default_device() if device is None else device)
    array = cast(array, (d or dtypes.of(array.dtype)).numpy, copy=True)
    if isinstance(data, np.ndarray) and device is None:
        device = backend.get_default_device()
    return array if device is None else backend.move(array, device)


@public
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, without a copy where it is a tensor or NumPy array that already fits."""
    chosen, where = as_dtype("as_tensor", dtype), as_device("as_tensor", device)
    if isinstance(data, np.ndarray):
        data = from_numpy(data)
        where = where or backend.get_default_device()
    if isinstance(data, Tensor):
        return data.to(device=where, dtype=chosen)  # type: ignore[attr-defined]
    return wrap(_copied(data, chosen, where))


def _checked_numpy(array: np.ndarray) -> np.ndarray:
    """A NumPy array that a tensor can share; raises TypeError or ValueError for one it cannot."""
    if array.dtype.byteorder == (">" if np.little_endian else "<"):
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion "
            "between byte orders is currently not supported."
        )
    dtypes.of(array.dtype)
    if any(s < 0 for s in array.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative "
            "strides are not currently supported. (You can probably work around this by making a "
            "copy of your array  with array.copy().) "
        )
    return array.view(np.ndarray)


@public
def from_numpy(ndarray: Any) -> Tensor:
    """A tensor that shares the memory of a NumPy array.

    Raises TypeError for anything else or a dtype without a counterpart, ValueError for negative
    strides.
    """
    if not isinstance(ndarray, np.ndarray):
        found = type(ndarray)
        name = found.__name__ if found.__module__ == "builtins" else _qualified(found)
        raise TypeError(f"expected np.ndarray (got {name})")
    array = _checked_numpy(ndarray)
    if not array.flags.writeable:
        errors.warn_once(
            "The given NumPy array is not writable, and PyTorch does not support non-writable "
            "tensors. This means writing to this tensor will result in undefined behavior. You "
            "may want to copy the array to protect its data or make it writable before converting "
            "it to a tensor. This type of warning will be suppressed for the rest of this program."
        )
    return wrap(array)


def _qualified(found: type) -> str:
    return f"{found.__module__}.{found.__name__}"


@public
def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`obj` as a tensor; `copy` True forces a copy, False forbids one (ValueError)."""
    chosen, where = as_dtype("asarray", dtype), as_device("asarray", device)
    if isinstance(obj, (bytes, bytearray, memoryview)):
        obj = frombuffer(obj, dtype=chosen or dtypes.get_default_dtype())
    elif isinstance(obj, (np.ndarray, np.generic)):
        obj = from_numpy(np.asarray(obj))
    shares = isinstance(obj, Tensor)
    if copy is False and not shares:
        raise ValueError("can't alias arbitrary sequence into a tensor.")
    source = obj
    if not shares:
        obj = wrap(_copied(obj, chosen, where))
    elif copy is False and chosen not in (None, obj.dtype):
        found, wanted = errors.scalar_type(obj.dtype), errors.scalar_type(chosen)
        raise ValueError(f"can't alias tensor with dtype '{found}' into dtype '{wanted}'.")
    else:
        obj = obj.to(device=where, dtype=chosen, copy=bool(copy))
    if not requires_grad and obj.requires_grad:
        return obj.detach()  # type: ignore[no-any-return]
    return obj._require_grad() if requires_grad and obj is not source else obj  # type: ignore


@public
def frombuffer(
    buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Tensor:
    """A 1-d tensor that shares the memory of a Python buffer."""
    chosen = as_dtype("frombuffer", dtype)
    assert chosen is not None
    length, size = memoryview(buffer).nbytes, chosen.itemsize
    if length <= 0 or count == 0:
        raise ValueError(f"both buffer length ({length}) and count ({count}) must not be 0")
    if not 0 <= offset < length:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length "
            f"({length} bytes) minus 1"
        )
    if count < 0 and (length - offset) % size:
        raise ValueError(
            f"buffer length ({length - offset} bytes) after offset ({offset} bytes) must be a "
            f"multiple of element size ({size})"
        )
    if count > 0 and offset + count * size > length:
        raise ValueError(
            f"requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must "
            f"not be greater than actual buffer length ({length} bytes)"
        )
    if memoryview(buffer).readonly:
        errors.warn_once(
            "The given buffer is not writable, and PyTorch does not support non-writable tensors. "
            "This means you can write to the underlying (supposedly non-writable) buffer using the "
            "tensor. You may want to copy the buffer to protect its data or make it writable "
            "before converting it to a tensor. This type of warning will be suppressed for the "
            "rest of this program."
        )
    return _finish(np.frombuffer(buffer, chosen.numpy, count, offset), requires_grad)


@public
def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor that shares the memory of an array of any library with ``__dlpack__``."""
    if isinstance(ext_tensor, Tensor):
        return ext_tensor
    kind = ext_tensor.__dlpack_device__()[0]
    xp = np if kind in (1, 3) else backend.cupy()
    return wrap(xp.from_dlpack(ext_tensor))
