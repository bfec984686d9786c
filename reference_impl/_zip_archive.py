"""The zip archive of PyTorch's file format: writing one, and reading one that may lie.

Source: caffe2/serialize/inline_container.cc.
"""

from __future__ import annotations

import io
import os
import struct
import sys
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ._weights_only_unpickler import UNSAFE_ADVICE, StorageType, Unpickler, storage_id
from .storage import TypedMemory, UntypedStorage

if TYPE_CHECKING:
    from ._pickler import Pickler

_ALIGNMENT = 64  # of the storages in the archive, so that they can be mapped into memory
_NEWEST_VERSION = 10
_CORRUPT = (
    " This is an internal miniz error. If you are seeing this error, there is a high likelihood "
    "that your checkpoint file is corrupted. This can happen if the checkpoint was not saved "
    "properly, was transferred incorrectly, or the file was modified after saving."
)
_ZIP_ERRORS = (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error)


def write(file: BinaryIO, name: str, pickler: Pickler, no_byteorder: bool) -> None:
    """Write what `pickler` has pickled, as an archive called `name`."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        _write_record(archive, f"{name}/data.pkl", pickler.result)
        _write_record(archive, f"{name}/.format_version", b"1")
        _write_record(archive, f"{name}/.storage_alignment", str(_ALIGNMENT).encode())
        if not no_byteorder:
            _write_record(archive, f"{name}/byteorder", sys.byteorder.encode())
        for key, storage in pickler.storages.items():
            _write_record(archive, f"{name}/data/{key}", memoryview(storage.cpu()._bytes))
        _write_record(archive, f"{name}/version", b"3\n")


def _write_record(archive: zipfile.ZipFile, name: str, data: Any) -> None:
    """One entry, padded so that its bytes start at a multiple of the alignment."""
    info = zipfile.ZipInfo(name)
    start = archive.start_dir + 30 + len(name.encode()) + 4
    padding = -start % _ALIGNMENT
    info.extra = b"FB" + struct.pack("<H", padding) + b"Z" * padding
    archive.writestr(info, data)


class _Archive:
    """The records of a PyTorch zip archive, read by name and never unpacked to disk."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except _ZIP_ERRORS:
            raise RuntimeError(
                "PytorchStreamReader failed reading zip archive: failed finding central directory."
                + _CORRUPT
            ) from None
        entries = self._zip.infolist()
        self._root = entries[0].filename.split("/", 1)[0] if entries else "archive"
        length = file.seek(0, os.SEEK_END)
        if sum(e.file_size for e in entries) > length:
            raise RuntimeError(
                "the archive is corrupt: its entries claim more bytes than the whole file has"
            )

    def has(self, name: str) -> bool:
        return f"{self._root}/{name}" in self._zip.NameToInfo

    def read(self, name: str) -> bytes:
        """A record's bytes.  Raises RuntimeError if it is missing, compressed or damaged."""
        try:
            info = self._zip.getinfo(f"{self._root}/{name}")
        except KeyError:
            raise RuntimeError(
                f"PytorchStreamReader failed locating file {name}: file not found.{_CORRUPT}"
            ) from None
        if info.compress_type != zipfile.ZIP_STORED:
            raise RuntimeError(
                f"the archive is not one of torch.save: its entry {info.filename} is compressed"
            )
        try:
            with self._zip.open(info) as record:
                if info.CRC == 0:  # PyTorch can be told not to compute it
                    record._expected_crc = None  # type: ignore[attr-defined]
                return record.read()
        except (*_ZIP_ERRORS, EOFError, OSError, RuntimeError) as error:
            raise RuntimeError(
                f"PytorchStreamReader failed reading file {name}: {error}.{_CORRUPT}"
            ) from None


def load(
    file: BinaryIO, restore: Callable[[UntypedStorage, str], UntypedStorage], encoding: str
) -> Any:
    """Read an archive."""
    archive = _Archive(file)
    if archive.has("constants.pkl"):
        raise RuntimeError(
            "Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``. "
            + UNSAFE_ADVICE
        )
    _check_version(archive)
    order = archive.read("byteorder") if archive.has("byteorder") else b"little"
    if order not in (b"little", b"big"):
        raise ValueError(f"Unknown endianness type: {order.decode(errors='replace')}")
    loaded: dict[str, UntypedStorage] = {}

    def persistent_load(saved_id: Any) -> TypedMemory:
        kind, key, location, numel = storage_id(saved_id, 5)
        if key not in loaded:
            data = _record_of_storage(archive, key, kind, numel)
            if order.decode() != sys.byteorder:
                swapped = np.frombuffer(data, kind.dtype.numpy.newbyteorder("S"))
                data = bytearray(swapped.astype(kind.dtype.numpy).tobytes())
            loaded[key] = restore(UntypedStorage(np.frombuffer(data, np.uint8)), location)
        return TypedMemory(loaded[key], kind.dtype)

    return Unpickler(io.BytesIO(archive.read("data.pkl")), persistent_load, encoding).load()


def _check_version(archive: _Archive) -> None:
    if not archive.has("version"):
        raise RuntimeError(
            'Expected hasRecord("version") to be true, but got false.  (Could this error message '
            "be improved?  If so, please report an enhancement request to PyTorch.)"
        )
    text = archive.read("version").strip()
    version = int(text) if text.isdigit() and len(text) < 10 else 0
    if not 1 <= version <= _NEWEST_VERSION:
        raise RuntimeError(
            f"Attempted to read a PyTorch file with version {text.decode(errors='replace')}, but "
            f"the maximum supported version for reading is {_NEWEST_VERSION}. The version of your "
            "PyTorch installation may be too old, please upgrade PyTorch to latest version to "
            "mitigate this issue."
        )


def _record_of_storage(archive: _Archive, key: str, kind: StorageType, numel: int) -> bytearray:
    data = bytearray(archive.read(f"data/{key}"))
    expected = numel * kind.dtype.itemsize
    if len(data) != expected:
        raise RuntimeError(
            f"record size ({len(data)} bytes) does not match expected size ({expected} bytes = "
            f"{expected} elements * 1 bytes/element) for dtype Byte"
        )
    return data
