"""Storages: the blocks of memory behind tensors (``torch.storage``).

NumPy and CuPy arrays know whose memory they look at; that owner is the storage.  Two tensors share
memory when they have the same storage, and saving or copying keeps it so::

    x = torch.arange(6.0)     storage: 24 bytes, offset 0, strides (1,)
    x[1::2]                   the same storage,  offset 1, strides (2,)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from . import backend
from .dtypes import dtype
from .layout import is_dense


class UntypedStorage:
    """A block of memory as bytes: ``UntypedStorage(4)``, ``UntypedStorage([1, 2])``."""

    __slots__ = ("_bytes",)

    def __init__(self, data: Any = 0, *, device: Any = None) -> None:
        if isinstance(data, int):
            data = np.empty(data, np.uint8)
        elif isinstance(data, (list, tuple)):
            data = np.array(data, np.uint8)
        self._bytes = data if device is None else backend.move(data, device)

    def nbytes(self) -> int:
        return int(self._bytes.size)

    size = __len__ = nbytes

    def element_size(self) -> int:
        return 1

    def __sizeof__(self) -> int:  # for sys.getsizeof
        return object.__sizeof__(self) + self.nbytes()

    def data_ptr(self) -> int:
        return address(self._bytes) if self._bytes.size else 0

    @property
    def device(self) -> backend.device:
        return backend.device_of(self._bytes)

    @property
    def is_cuda(self) -> bool:
        return not isinstance(self._bytes, np.ndarray)

    def is_shared(self) -> bool:
        """No: other processes have their own memory."""
        return False

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return UntypedStorage(self._bytes[index])
        return int(self._bytes[index])

    def __setitem__(self, index: Any, value: Any) -> None:
        self._bytes[index] = value

    def __iter__(self) -> Iterator[int]:
        return iter(self.tolist())

    def tolist(self) -> list[int]:
        """The bytes as numbers."""
        return backend.move(self._bytes, "cpu").tolist()  # type: ignore[no-any-return]

    def clone(self) -> UntypedStorage:
        """A copy."""
        return UntypedStorage(self._bytes.copy())

    def copy_(self, source: Any, non_blocking: bool | None = None) -> UntypedStorage:
        """Take over the bytes of another storage of this size."""
        self._bytes[...] = backend.move(source._bytes, self.device)
        return self

    def fill_(self, value: int) -> UntypedStorage:
        """Set each byte."""
        self._bytes[...] = value
        return self

    def untyped(self) -> UntypedStorage:
        """This storage."""
        return self

    def type(self) -> str:
        """The name of the class."""
        return "torch.storage.UntypedStorage"

    def __repr__(self) -> str:
        rows = "".join(f" {x}\n" for x in self.tolist())
        return f"{rows}[torch.storage.UntypedStorage(device={self.device}) of size {len(self)}]"

    def to(self, device: Any) -> UntypedStorage:
        """This storage if it is on `device`, else a copy there."""
        moved = backend.move(self._bytes, device)
        return self if moved is self._bytes else UntypedStorage(moved)

    def cpu(self) -> UntypedStorage:
        return self.to(backend.CPU)

    def cuda(self, device: Any = None) -> UntypedStorage:
        return self.to("cuda" if device is None else backend.device(device))


class TypedMemory(NamedTuple):
    """A storage and the dtype of its elements, as PyTorch's files name it."""

    untyped: UntypedStorage
    dtype: dtype


def address(array: Any) -> int:
    """Where an array's first element lies in memory."""
    if isinstance(array, np.ndarray):
        return int(array.__array_interface__["data"][0])
    return int(array.data.ptr)


def lie_apart(read: Any, written: Any, wholly: bool) -> bool:
    """Whether `written` leaves alone what is read from `read`, as far as PyTorch looks.

    It looks at arrays without gaps only.  The very same elements in the same order do no harm,
    unless the two must lie apart `wholly`.
    """
    if not (read.size and written.size and is_dense(read) and is_dense(written)):
        return True
    first, second = address(read), address(written)
    if first >= second + written.nbytes or second >= first + read.nbytes:
        return True
    same = first == second and read.nbytes == written.nbytes and read.strides == written.strides
    return same and not wholly


def _owner(array: Any) -> Any:
    """The array that owns the memory at which `array` looks."""
    owner = link = array
    while (link := getattr(link, "base", None)) is not None:
        if isinstance(link, (np.ndarray, type(array))):
            owner = link
    return owner


def storage_of(array: Any) -> tuple[UntypedStorage, int, tuple[int, ...]]:
    """(storage, offset, strides) of an array, counted in its elements.

    Memory that is not one gapless block (it came from outside) is copied, and shared with nothing.
    """
    owner, itemsize = _owner(array), array.itemsize
    if not (owner.flags.c_contiguous or owner.flags.f_contiguous):
        owner = array = np.ascontiguousarray(array)
    in_order = owner if owner.flags.c_contiguous else owner.T
    whole = in_order.reshape(-1).view(np.uint8)
    start = address(array) - address(whole) if array.size else 0
    aligned = start % itemsize == 0 and all(s >= 0 and s % itemsize == 0 for s in array.strides)
    if not aligned or not 0 <= start <= whole.size:
        return storage_of(backend.xp_of(array).array(array, order="C"))
    return UntypedStorage(whole), start // itemsize, tuple(s // itemsize for s in array.strides)


def array_in(
    storage: UntypedStorage, dtype: dtype, offset: int, size: Sequence[int], stride: Sequence[int]
) -> Any:
    """The array of this shape in a storage.  Raises RuntimeError if it would reach outside."""
    numbers = [offset, *size, *stride]
    if len(size) != len(stride) or any(type(n) is not int or n < 0 for n in numbers):
        raise RuntimeError(
            f"a tensor cannot have storage offset {offset!r}, sizes {size!r} and strides {stride!r}"
        )
    itemsize = dtype.itemsize
    if math.prod(size) == 0:
        return backend.xp_of(storage._bytes).empty(tuple(size), dtype.numpy)
    last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    needed = (last + 1) * itemsize
    if needed > storage.nbytes():
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and "
            f"itemsize {itemsize} requiring a storage size of {needed} are out of bounds for "
            f"storage of size {storage.nbytes()}"
        )
    strides = tuple(s * itemsize for s in stride)
    memory = storage._bytes
    if isinstance(memory, np.ndarray):
        return np.ndarray(tuple(size), dtype.numpy, memory, offset * itemsize, strides)
    start = memory.data + offset * itemsize
    return backend.cupy().ndarray(tuple(size), dtype.numpy, memptr=start, strides=strides)


def __getattr__(name: str) -> Any:
    if name == "TypedStorage":  # it needs the tensor, which needs this module
        from .typed_storage import TypedStorage

        return TypedStorage
    raise AttributeError(f"module 'torch.storage' has no attribute {name!r}")
