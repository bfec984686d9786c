"""Pickles in which this package's objects bear PyTorch's names.

PyTorch could not import ``reference_impl``; so a tensor is written as a call of
``torch._utils._rebuild_tensor_v2``, a dtype as ``torch.float32``, and memory not at all: a
reference to a storage stands in its place, and the storages are kept for the file to hold.
"""

from __future__ import annotations

import copyreg
import io
import pickle
from collections import OrderedDict
from types import FunctionType
from typing import Any

from . import _utils, dtypes
from ._weights_only_unpickler import STORAGE_TYPES
from .naming import torch_name
from .op import PLAIN
from .storage import TypedMemory, UntypedStorage, storage_of
from .tensor import Tensor

_NAMES = {_utils._rebuild_from_type_v2: ("torch._tensor", "_rebuild_from_type_v2")}
_STORAGE_NAMES = {dtype: name for name, dtype in STORAGE_TYPES.items()}


class _StorageClass:
    """A storage class of PyTorch, which files name but this package does not have."""

    def __init__(self, module: str, name: str) -> None:
        self.names = (module, name)


_CLASSES = {d: _StorageClass("torch", name) for d, name in _STORAGE_NAMES.items()}
_UNTYPED = _StorageClass("torch.storage", "UntypedStorage")


# The pickler in C has no way to write a name without importing it, hence the one in Python.
_PythonPickler: Any = pickle._Pickler  # type: ignore[attr-defined]


class Pickler(_PythonPickler):
    """Writes one object; `result` is the pickle, `storages` what it refers to, by key."""

    def __init__(self, file: io.BytesIO, protocol: int, numbered: bool) -> None:
        super().__init__(file, protocol)
        self._numbered = numbered  # keys 0, 1, … or, in the old format, addresses
        self._keys: dict[tuple[int, int], str] = {}
        self.storages: dict[str, UntypedStorage] = {}
        self.counts: dict[str, int] = {}  # of elements
        self._dtypes: dict[str, dtypes.dtype] = {}
        self.result = b""

    @classmethod
    def dump_of(cls, obj: Any, protocol: int, numbered: bool) -> Pickler:
        """A pickler that has written `obj`."""
        file = io.BytesIO()
        pickler = cls(file, protocol, numbered)
        pickler.dump(obj)
        pickler.result = file.getvalue()
        return pickler

    def persistent_id(self, obj: Any) -> Any:
        if type(obj) is not TypedMemory:
            return None
        storage, d = obj
        key = self._key(storage)
        known = self._dtypes.setdefault(key, d)
        if known is not d and storage.nbytes():
            raise RuntimeError(
                "Cannot save multiple tensors or storages that view the same data as different "
                "types"
            )
        cls = _CLASSES.get(d.name, _UNTYPED)
        self.counts[key] = storage.nbytes() // (d.itemsize if cls is not _UNTYPED else 1)
        saved_id = ("storage", cls, key, str(storage.device), self.counts[key])
        return saved_id if self._numbered else (*saved_id, None)

    def _key(self, storage: UntypedStorage) -> str:
        where = (storage.data_ptr() or id(storage), storage.nbytes())
        key = self._keys.get(where)
        if key is None:
            key = self._keys[where] = str(len(self._keys) if self._numbered else where[0])
            self.storages[key] = storage
        return key

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Tensor):
            return reduce_tensor(obj)
        if isinstance(obj, (dtypes.dtype, _StorageClass)):
            return "a name that save_global finds"
        return NotImplemented

    def save_global(self, obj: Any, name: str | None = None) -> None:
        names = _names_of(obj)
        if names is None:
            super().save_global(obj, name)
            return
        self.write(pickle.GLOBAL + "\n".join((*names, "")).encode())
        self.memoize(obj)

    dispatch = _PythonPickler.dispatch | {FunctionType: save_global}


def _names_of(obj: Any) -> tuple[str, str] | None:
    """(module, name) in PyTorch of an object of this package; None for any other."""
    if isinstance(obj, _StorageClass):
        return obj.names
    if isinstance(obj, dtypes.dtype):
        return "torch", obj.name
    if isinstance(obj, (type, FunctionType)):
        if obj in _NAMES:
            return _NAMES[obj]
        names = torch_name(obj)
        return names if names[0].partition(".")[0] == "torch" else None
    return None


def reduce_tensor(tensor: Tensor) -> tuple[Any, ...]:
    """The call that rebuilds a tensor from its storage.  History is not saved."""
    state = _attributes(tensor)
    if _utils.is_parameter(tensor) and type(tensor) in PLAIN:
        args: tuple[Any, ...] = (tensor.data, tensor.requires_grad, OrderedDict())
        if state is None:
            return _utils._rebuild_parameter, args
        return _utils._rebuild_parameter_with_state, (*args, state)
    storage, offset, strides = storage_of(tensor._data)
    d = tensor.dtype
    typed = TypedMemory(storage, d)
    place: tuple[Any, ...]
    place = (typed, offset, tuple(tensor.shape), strides, tensor.requires_grad, OrderedDict())
    rebuild: Any = _utils._rebuild_tensor_v2
    if d.name not in _CLASSES:
        rebuild, place = _utils._rebuild_tensor_v3, (*place, d)
    if type(tensor) is Tensor and state is None:
        return rebuild, place
    return _utils._rebuild_from_type_v2, (rebuild, type(tensor), place, state or {})


def _attributes(tensor: Tensor) -> Any:
    """What the user has hung on a tensor: a dict, with slots a pair, or None."""
    slots = {
        name: getattr(tensor, name)
        for name in copyreg._slotnames(type(tensor))  # type: ignore[attr-defined]
        if name not in Tensor.__slots__ and hasattr(tensor, name)
    }
    if slots:
        return tensor.__dict__, slots
    return tensor.__dict__ or None
