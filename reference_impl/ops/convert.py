"""Conversions of dtype and device, and what a tensor says about its memory.

A conversion that changes nothing returns the tensor itself; any other is one ``_to_copy``.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from .. import backend, dtypes, errors, layout
from ..dtypes import dtype
from ..op import PUBLIC, composite, op, wrap_dim
from ..storage import address, storage_of
from ..tensor import Size, Tensor
from .create import as_device, as_dtype
from .legacy import tensortype, type_string

_NARROW_INTEGERS = {"uint8", "int8", "uint16", "int16"}


def cast(array: Any, storage: np.dtype, copy: bool = False) -> Any:
    """`array` in another dtype, as C converts numbers: no warning, the imaginary part dropped."""
    found = array.dtype
    if found == storage:
        return layout.copy(array) if copy else array
    if found.kind == "c" and storage.kind not in "cb":
        array = array.real
    elif found.kind != "c" and storage.kind != "c":
        narrow = dtypes.of(storage).name in _NARROW_INTEGERS
        if narrow and dtypes.of(found).category == dtypes.FLOAT:
            array = array.astype(np.int32)  # as PyTorch's kernels do: -1.5 to uint8 is 255
    if dtypes.of(array.dtype).name == "bfloat16" and storage.kind in "iub":
        array = array.astype(np.float32)
    out = layout.empty_like(array, storage)
    with np.errstate(all="ignore"):
        out[...] = array.astype(storage)
    return out


# ---------------------------------------------------------------- to and its kin


@op(self=lambda grad: grad, method=False, function=False, node="ToCopyBackward0")
def _to_copy(xp, self, dtype, device, memory_format=None):
    """A copy in another dtype, on another device or in another layout."""
    array = self if dtype is None else cast(self, dtype.numpy)
    if device is not None:
        array = backend.move(array, device)
    if array is self or memory_format is not None:
        array = layout.copy(array, None, memory_format)
    return array


@composite(function=False)
def to(
    self: Tensor, *args: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False,
    copy: bool = False, memory_format: Any = None, other: Any = None,
) -> Tensor:  # fmt: skip
    """This tensor with another dtype or on another device: itself if nothing changes.

    ``to(dtype)``, ``to(device, dtype)``, ``to(other)``; with `copy` always a new tensor.
    """
    dtype, device = targets(args, dtype, device, other)
    return _converted(self, dtype, device, copy, memory_format)


def _converted(
    self: Tensor, dtype: Any, device: Any = None, copy: bool = False, memory_format: Any = None
) -> Tensor:
    """`self` if it is like that already, else one ``_to_copy`` of it."""
    dtype = None if dtype is self.dtype else dtype
    if device is not None:
        device = backend.with_index(device)
        device = None if device == self.device else device
    if memory_format is layout.preserve_format:
        memory_format = None
    reordered = memory_format and not layout.is_contiguous(self._data, memory_format)
    if dtype is None and device is None and not copy and not reordered:
        return self
    if dtype is not None and self.is_complex() and dtype.category in (1, 2):  # type: ignore
        errors.warn_once("Casting complex values to real discards the imaginary part")
    return _to_copy(self, dtype, device, memory_format)  # type: ignore[no-any-return]


def targets(args: tuple[Any, ...], d: Any, device: Any, other: Any) -> tuple[Any, Any]:
    """(dtype, device) that ``to`` was asked for; None for what stays."""
    rest = list(args)
    if rest and isinstance(rest[0], Tensor):
        other = rest.pop(0)
    if other is not None:
        return other.dtype, other.device
    if rest and (isinstance(rest[0], (dtype, builtins.type))):
        d = rest.pop(0)
    elif rest:
        device = rest.pop(0)
        if rest and (rest[0] is None or isinstance(rest[0], (dtype, builtins.type))):
            d = rest.pop(0)
    return as_dtype("to", d), as_device("to", device)


def _conversion(name: str, d: dtype) -> None:
    def convert(self: Tensor, memory_format: Any = None) -> Tensor:
        return _converted(self, d, memory_format=memory_format)

    convert.__name__ = convert.__qualname__ = name
    convert.__doc__ = f"This tensor as {d}: itself if it is that already."
    composite(function=False)(convert)


for _name in ("double", "float", "half", "bfloat16", "int", "long", "short", "cfloat", "cdouble"):
    if _name in dtypes.PUBLIC:
        _conversion(_name, dtypes.PUBLIC[_name])
for _name, _dtype in (("bool", dtypes.bool_), ("byte", dtypes.uint8), ("char", dtypes.int8)):
    _conversion(_name, _dtype)


@composite(function=False)
def cpu(self: Tensor, memory_format: Any = None) -> Tensor:
    """This tensor in the memory of the CPU: itself if it is there."""
    return self.to("cpu", memory_format=memory_format)  # type: ignore[attr-defined, no-any-return]


@composite(function=False)
def cuda(
    self: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = None
) -> Tensor:
    """This tensor on a GPU (the current one by default): itself if it is there."""
    target = "cuda" if device is None else device
    backend.xp_for(target)
    return self.to(target, memory_format=memory_format)  # type: ignore[attr-defined, no-any-return]


@composite(function=False)
def type_as(self: Tensor, other: Tensor) -> Tensor:
    """This tensor with the dtype and device of `other`."""
    return self.to(other)  # type: ignore[attr-defined, no-any-return]


def type_of(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The old name of this tensor's type, or the tensor converted to a dtype or such a name."""
    if dtype is None:
        return type_string(self.dtype, self.is_cuda)
    if isinstance(dtype, tensortype):
        dtype = dtype.dtype
    elif isinstance(dtype, str):
        found = [d for d in dtypes.PUBLIC.values() if type_string(d, False) == dtype]
        if not found:
            raise ValueError(f"invalid type: '{dtype}'")
        dtype = found[0]
    elif dtype is Tensor:
        dtype = dtypes.get_default_dtype()
    elif isinstance(dtype, type) and dtype not in (bool, int, float, complex):
        raise ValueError(f"invalid type: '{dtype.__module__.split('.')[0]}.{dtype.__name__}'")
    return self.to(as_dtype("type", dtype))  # type: ignore[attr-defined]


Tensor.type = type_of  # type: ignore[attr-defined]


@composite(function=False)
def contiguous(self: Tensor, memory_format: Any = layout.contiguous_format) -> Tensor:
    """This tensor stored row by row without gaps: itself if it is that already."""
    layout.order_of(memory_format, self.ndim)
    if layout.is_contiguous(self._data, memory_format):
        return self
    return self.clone(memory_format=memory_format)  # type: ignore[attr-defined, no-any-return]


# ---------------------------------------------------------------- shape and memory


def _method(function: Any) -> Any:
    setattr(Tensor, function.__name__, function)
    return function


def _both(function: Any) -> Any:
    """A method that is a function of the torch namespace too."""
    PUBLIC[function.__name__] = function
    return _method(function)


@_method
def size(self: Tensor, dim: int | None = None) -> Any:
    """The shape, or the size of one dimension."""
    shape = self._data.shape
    return Size(shape) if dim is None else shape[wrap_dim(dim, _dims(self))]


@_method
def stride(self: Tensor, dim: int | None = None) -> Any:
    """How many elements apart neighbours along each dimension (or `dim`) lie in memory."""
    strides = layout.element_strides(self._data)
    return strides if dim is None else strides[wrap_dim(dim, _dims(self))]


def _dims(self: Tensor) -> int:
    if not self._data.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    return self._data.ndim  # type: ignore[no-any-return]


@_both
def numel(input: Tensor) -> int:
    """The number of elements."""
    if not isinstance(input, Tensor):
        raise errors.argument_must_be_tensor("numel", "input", 1, input)
    return int(input._data.size)


@_both
def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is a real floating-point one."""
    return input.dtype.is_floating_point


@_both
def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex."""
    return input.dtype.is_complex


@_both
def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative numbers."""
    return input.dtype.is_signed


@_both
def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero; RuntimeError if there is not exactly one."""
    return bool(input)


@_both
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape."""
    return bool(input._data.shape == other._data.shape)


@_both
def get_device(input: Tensor) -> int:
    """The index of the GPU, -1 on the CPU."""
    index = input.device.index
    return -1 if index is None else index


@_method
def dim(self: Tensor) -> int:
    """The number of dimensions."""
    return int(self._data.ndim)


@_method
def element_size(self: Tensor) -> int:
    """Bytes per element."""
    return int(self._data.dtype.itemsize)


@_method
def storage_offset(self: Tensor) -> int:
    """How many elements into its storage the tensor begins."""
    return storage_of(self._data)[1] if self._data.size else 0


@_method
def data_ptr(self: Tensor) -> int:
    """The address of the first element; 0 for an empty tensor."""
    return address(self._data) if self._data.size else 0


@_method
def is_contiguous(self: Tensor, memory_format: Any = layout.contiguous_format) -> bool:
    """Whether the elements lie row by row in memory, without gaps."""
    return layout.is_contiguous(self._data, memory_format)


@_method
def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether two tensors are the same view of the same memory."""
    a, b = self._data, tensor._data
    same = a.shape == b.shape and layout.element_strides(a) == layout.element_strides(b)
    return bool(same and address(a) == address(b))


@_method
def is_pinned(self: Tensor, device: Any = None) -> bool:
    """Whether the memory is page-locked; it never is in the reference."""
    return False


@_method
def is_shared(self: Tensor) -> bool:
    """Whether other processes can see the memory: on a GPU only."""
    return self.is_cuda


@_method
def untyped_storage(self: Tensor) -> Any:
    """The block of memory that this tensor and its views share."""
    return storage_of(self._data)[0]


@_method
def dim_order(self: Tensor) -> tuple[int, ...]:
    """The dimensions from the outermost in memory inwards."""
    strides = layout.element_strides(self._data)
    return tuple(sorted(range(len(strides)), key=lambda d: -strides[d]))


@_method
def dense_dim(self: Tensor) -> int:
    """The number of dimensions that are stored in full: all."""
    return int(self._data.ndim)


@_method
def to_dense(self: Tensor, dtype: Any = None, *, masked_grad: bool | None = None) -> Tensor:
    """The tensor stored in full: itself, or converted to `dtype`."""
    return self if dtype is None else self.to(dtype)  # type: ignore[attr-defined, no-any-return]


@_method
def share_memory_(self: Tensor) -> Tensor:
    """Nothing to do: the reference shares no memory between processes."""
    return self


@_method
def pin_memory(self: Tensor) -> Tensor:
    """Raises RuntimeError: page-locked memory is of use to a GPU only."""
    raise RuntimeError("Cannot access accelerator device when none is available.")


@_method
def __dlpack__(self: Tensor, **options: Any) -> Any:
    """The memory for another library.  Raises BufferError if the tensor requires grad."""
    if self.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    return self._data.__dlpack__(**options)


@_method
def __dlpack_device__(self: Tensor) -> Any:
    return self._data.__dlpack_device__()


@_method
def __reversed__(self: Tensor) -> Tensor:
    return self.flip(0) if self.ndim else self  # type: ignore[attr-defined, no-any-return]


Tensor.ndimension = Tensor.dim  # type: ignore[attr-defined]
Tensor.nelement = Tensor.numel  # type: ignore[attr-defined]
for _flag in (
    "is_sparse", "is_sparse_csr", "is_quantized", "is_meta", "is_mkldnn", "is_mps", "is_xpu",
    "is_xla", "is_ipu", "is_mtia", "is_maia", "is_vulkan", "is_nested",
):  # fmt: skip
    setattr(Tensor, _flag, False)
Tensor.layout = layout.strided  # type: ignore[attr-defined]
