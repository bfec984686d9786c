"""``torch.TypedStorage`` and ``torch.FloatStorage``: memory as numbers.  Deprecated in PyTorch.

x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
x.t().storage().tolist()     [1.0, 2.0, 3.0, 4.0]: a transpose looks at the same memory
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import backend, dtypes
from .dtypes import dtype as Dtype
from .ops.legacy import type_string
from .storage import UntypedStorage, storage_of
from .tensor import Tensor, wrap

__all__ = ["TypedStorage"]

_DEPRECATED = (
    "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the "
    "only storage class. This should only matter to you if you are using storages directly.  To "
    "access UntypedStorage directly, use tensor.untyped_storage() instead of tensor.storage()"
)
_warned: list[bool] = []


def _warn_once() -> None:
    if not _warned:
        _warned.append(True)
        warnings.warn(_DEPRECATED, UserWarning, stacklevel=4)


class TypedStorage:
    """A block of memory as numbers of one dtype: of a size, of values, or around a storage."""

    dtype: Dtype

    def __init__(
        self, *args: Any, wrap_storage: UntypedStorage | None = None, dtype: Dtype | None = None,
        device: Any = None,
    ) -> None:  # fmt: skip
        self.dtype = dtype or getattr(type(self), "dtype", None) or dtypes.get_default_dtype()
        if wrap_storage is not None:
            self._untyped_storage = wrap_storage
            return
        given = args[0] if args else 0
        if isinstance(given, int):
            array = np.empty(given, self.dtype.numpy)
        else:
            array = np.array(list(given)).astype(self.dtype.numpy)
        self._untyped_storage = UntypedStorage(array.view(np.uint8), device=device)

    @property
    def _elements(self) -> Any:
        memory = self._untyped_storage._bytes
        size = self.dtype.itemsize
        return memory[: memory.size // size * size].view(self.dtype.numpy)

    def untyped(self) -> UntypedStorage:
        """The memory as bytes."""
        return self._untyped_storage

    # ------------------------------------------------------------ what it is

    def __len__(self) -> int:
        return int(self._elements.size)

    size = __len__

    def element_size(self) -> int:
        return self.dtype.itemsize

    def nbytes(self) -> int:
        return self._untyped_storage.nbytes()

    def data_ptr(self) -> int:
        return self._untyped_storage.data_ptr()

    @property
    def device(self) -> backend.device:
        return self._untyped_storage.device

    @property
    def is_cuda(self) -> bool:
        return self._untyped_storage.is_cuda

    def is_shared(self) -> bool:
        """No: other processes have their own memory."""
        return False

    def pickle_storage_type(self) -> str:
        """``"FloatStorage"``."""
        return type_string(self.dtype, False)[len("torch.") :].replace("Tensor", "Storage")

    def type(self) -> str:
        """``"torch.FloatStorage"``."""
        return type_string(self.dtype, self.is_cuda).replace("Tensor", "Storage")

    # ------------------------------------------------------------ elements

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            raise RuntimeError("slices are only supported in UntypedStorage.__getitem__")
        return self._tensor()[self._checked(index)].item()

    def __setitem__(self, index: Any, value: Any) -> None:
        at = index if isinstance(index, slice) else self._checked(index)
        self._tensor()[at] = wrap(value._elements) if isinstance(value, TypedStorage) else value

    def _checked(self, index: Any) -> int:
        if not isinstance(index, int):
            raise RuntimeError(f"can't index a {type(self)} with {type(index)}")
        at = operator.index(index)
        if not -len(self) <= at < len(self):
            raise IndexError(f"index {at} out of range for storage of size {len(self)}")
        return at

    def _tensor(self) -> Any:
        return wrap(self._elements)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def tolist(self) -> list[Any]:
        """The elements as Python numbers."""
        return self._tensor().tolist()  # type: ignore[no-any-return]

    def fill_(self, value: Any) -> TypedStorage:
        """Set each element."""
        self._tensor().fill_(value)
        return self

    def copy_(self, source: TypedStorage, non_blocking: bool | None = None) -> TypedStorage:
        """Take over the elements of another storage, converted."""
        self._tensor().copy_(source._tensor())
        return self

    def clone(self) -> TypedStorage:
        """A copy."""
        return TypedStorage(wrap_storage=self._untyped_storage.clone(), dtype=self.dtype)

    def _to(self, d: Dtype) -> TypedStorage:
        if d is self.dtype:
            return self
        return _behind(self._tensor().to(d))

    def to(self, *, device: Any, non_blocking: bool = False) -> TypedStorage:
        """This storage on another device."""
        return TypedStorage(wrap_storage=self._untyped_storage.to(device), dtype=self.dtype)

    def cpu(self) -> TypedStorage:
        return self.to(device="cpu")

    def cuda(self, device: Any = None, non_blocking: bool = False) -> TypedStorage:
        return self.to(device="cuda" if device is None else device)

    def __repr__(self) -> str:
        rows = "".join(f" {x}\n" for x in self.tolist())
        return (
            f"{rows}[torch.storage.TypedStorage(dtype={self.dtype}, device={self.device}) "
            f"of size {len(self)}]"
        )


for _name in ("bool", "half", "float", "double", "char", "byte", "short", "int", "long"):
    _d = {"char": dtypes.int8, "byte": dtypes.uint8}.get(_name) or dtypes.PUBLIC[_name]
    setattr(TypedStorage, _name, lambda self, d=_d: self._to(d))


class _LegacyStorage(type):
    """``torch.FloatStorage``: makes a TypedStorage of its dtype, and recognises one."""

    dtype: Dtype

    def __call__(cls, *args: Any, **kwargs: Any) -> TypedStorage:
        return TypedStorage(*args, dtype=cls.dtype, **kwargs)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, TypedStorage) and instance.dtype is cls.dtype


_OLD = {
    "Double": "float64", "Float": "float32", "Half": "float16", "BFloat16": "bfloat16",
    "Long": "int64", "Int": "int32", "Short": "int16", "Char": "int8", "Byte": "uint8",
    "Bool": "bool", "ComplexDouble": "complex128", "ComplexFloat": "complex64",
}  # fmt: skip
for _prefix, _of in _OLD.items():
    if _of in dtypes.PUBLIC:
        _name = f"{_prefix}Storage"
        _body = {"dtype": dtypes.PUBLIC[_of], "__module__": "torch"}
        globals()[_name] = _LegacyStorage(_name, (), _body)
Storage = globals()["FloatStorage"]


def storage(self: Tensor) -> TypedStorage:
    """The memory behind a tensor, all of it, as numbers.  Deprecated."""
    _warn_once()
    return _behind(self)


def _behind(self: Tensor) -> TypedStorage:
    untyped = storage_of(self._data)[0]
    return TypedStorage(wrap_storage=untyped, dtype=self.dtype)
