"""The format of PyTorch before 1.6: one stream of pickles, then the storages.

    magic number, protocol version, system information     three pickles
    the object                                             its storages by key
    the list of keys                                       a pickle
    for each key: number of elements (8 bytes), raw bytes

The object comes before the memory it refers to.  So it is read twice: once to learn how large each
storage is, and once more when all are there.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ._weights_only_unpickler import Unpickler, storage_id
from .storage import TypedMemory, UntypedStorage

if TYPE_CHECKING:
    from ._pickler import Pickler

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL_VERSION = 1001


def write(file: BinaryIO, pickler: Pickler, protocol: int) -> None:
    """Write what `pickler` has pickled."""
    system = {
        "protocol_version": _PROTOCOL_VERSION,
        "little_endian": sys.byteorder == "little",
        "type_sizes": {"short": 2, "int": 4, "long": 8},
    }
    for value in (_MAGIC, _PROTOCOL_VERSION, system):
        file.write(pickle.dumps(value, protocol))
    file.write(pickler.result)
    keys = sorted(pickler.storages)
    file.write(pickle.dumps(keys, protocol))
    for key in keys:
        file.write(pickler.counts[key].to_bytes(8, "little"))
        file.write(memoryview(pickler.storages[key].cpu()._bytes))


def load(
    file: BinaryIO, restore: Callable[[UntypedStorage, str], UntypedStorage], encoding: str
) -> Any:
    """Read a file in this format from its current position."""
    start = file.tell()
    length = file.seek(0, os.SEEK_END)
    file.seek(start)
    _check_header(file, encoding)
    place = file.tell()
    found = _Storages(length - place)
    Unpickler(file, found.measure, encoding).load()
    keys = Unpickler(file, None, encoding).load()
    found.read(file, keys)
    end = file.tell()
    file.seek(place)
    found.restore = restore
    result = Unpickler(file, found.get, encoding).load()
    file.seek(end)
    return result


def _check_header(file: BinaryIO, encoding: str) -> None:
    if file.read(2) != b"\x80\x02":
        raise pickle.UnpicklingError(
            "this is no file of torch.save: it is neither a zip archive nor a pickle of protocol 2"
        )
    file.seek(-2, os.SEEK_CUR)
    if Unpickler(file, None, encoding).load() != _MAGIC:
        raise RuntimeError("Invalid magic number; corrupt file?")
    version = Unpickler(file, None, encoding).load()
    if version != _PROTOCOL_VERSION:
        raise RuntimeError(f"Invalid protocol version: {version}")
    Unpickler(file, None, encoding).load()  # system information, which nobody uses


class _Storages:
    """The storages of a file: first measured, then read, then put where they belong."""

    def __init__(self, limit: int) -> None:
        self._limit = limit  # no more bytes than the file has left
        self._memory: dict[str, np.ndarray] = {}
        self._itemsize: dict[str, int] = {}
        self._placed: dict[str, UntypedStorage] = {}
        self.restore: Callable[[UntypedStorage, str], UntypedStorage] | None = None

    def measure(self, saved_id: Any) -> TypedMemory:
        kind, key, _, numel = storage_id(saved_id, 6)
        nbytes = numel * kind.dtype.itemsize
        if key not in self._memory:
            self._limit -= nbytes
            if self._limit < 0:
                raise RuntimeError(
                    f"the file is corrupt: storage {key} claims {nbytes} bytes, more than it has"
                )
            self._memory[key] = np.zeros(nbytes, np.uint8)
            self._itemsize[key] = kind.dtype.itemsize
        return TypedMemory(UntypedStorage(self._memory[key]), kind.dtype)

    def read(self, file: BinaryIO, keys: Any) -> None:
        if not isinstance(keys, list) or sorted(map(str, keys)) != sorted(self._memory):
            raise RuntimeError("the file is corrupt: its list of storages does not fit its tensors")
        for key in keys:
            memory = self._memory[key]
            numel = int.from_bytes(file.read(8), "little")
            data = file.read(memory.size)
            if numel * self._itemsize[key] != memory.size or len(data) != memory.size:
                raise RuntimeError(f"the file is cut off or corrupt: storage {key} is not complete")
            memory[:] = np.frombuffer(data, np.uint8)

    def get(self, saved_id: Any) -> TypedMemory:
        kind, key, location, _ = storage_id(saved_id, 6)
        if key not in self._placed:
            assert self.restore is not None
            self._placed[key] = self.restore(UntypedStorage(self._memory[key]), location)
        return TypedMemory(self._placed[key], kind.dtype)
