"""``torch.save`` and ``torch.load``: PyTorch's files, written and read without PyTorch.

A file is a zip archive.  ``data.pkl`` is a pickle in which each tensor is a call: which storage, at
what offset, of what size; each storage is an entry of its own, raw bytes::

    archive/data.pkl     _rebuild_tensor_v2(storage 0, offset 0, size (2, 3), stride (3, 1), …)
    archive/byteorder    little
    archive/data/0       24 bytes
    archive/version      3

Loading never runs code, whatever `weights_only` says: the pickle machine (in
``_weights_only_unpickler.py``) knows a short list of names and imports nothing.  Sizes are checked
against the file before memory is claimed.

Source: torch/serialization.py; caffe2/serialize/inline_container.cc for the archive.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import re
import shutil
import struct
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np

from . import _legacy_serialization, backend
from ._pickler import Pickler
from ._weights_only_unpickler import (
    StorageType,
    Unpickler,
    add_safe_globals,
    clear_safe_globals,
    get_safe_globals,
    safe_globals,
    storage_id,
)
from .storage import TypedStorage, UntypedStorage

__all__ = [
    "add_safe_globals", "clear_safe_globals", "get_safe_globals", "load", "safe_globals", "save",
]  # fmt: skip

DEFAULT_PROTOCOL = 2
_ALIGNMENT = 64  # of the storages in the archive, so that they can be mapped into memory
_NEWEST_VERSION = 10
_UNSAFE = (
    "In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` "
    "from `False` to `True`. Re-running `torch.load` with `weights_only` set to `False` will "
    "likely succeed, but it can result in arbitrary code execution. Do it only if you got the file "
    "from a trusted source."
)
_DOCS = (
    "\n\nCheck the documentation of torch.load to learn more about types accepted by default with "
    "weights_only https://pytorch.org/docs/stable/generated/torch.load.html."
)
_CORRUPT = (
    " This is an internal miniz error. If you are seeing this error, there is a high likelihood "
    "that your checkpoint file is corrupted. This can happen if the checkpoint was not saved "
    "properly, was transferred incorrectly, or the file was modified after saving."
)
_ZIP_ERRORS = (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error)
RestoreLocation = Callable[[UntypedStorage, str], UntypedStorage]


# ---------------------------------------------------------------- saving


def save(
    obj: object,
    f: Any,
    pickle_module: Any = pickle,
    pickle_protocol: int = DEFAULT_PROTOCOL,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Save `obj` (tensors, containers, whatever pickles) to a path or a file open for writing.

    A path appears only once it is complete.  Tensors that share memory are saved as such, with all
    of that memory.  Raises RuntimeError where the directory does not exist.
    """
    is_path = isinstance(f, (str, os.PathLike))
    if not is_path and not hasattr(f, "write"):
        raise AttributeError(
            "expected 'f' to be string, path, or a file-like object with a 'write' attribute"
        )
    pickler = Pickler.dump_of(obj, pickle_protocol, _use_new_zipfile_serialization)
    with _writing(os.fspath(f)) if is_path else contextlib.nullcontext(f) as file:
        if _use_new_zipfile_serialization:
            stem = os.path.splitext(os.path.basename(f))[0] if is_path else "archive"
            name = stem if stem.isascii() else "archive"
            _write_archive(file, name, pickler, _disable_byteorder_record)
        else:
            _legacy_serialization.write(file, pickler, pickle_protocol)
        if hasattr(file, "flush"):
            file.flush()


@contextlib.contextmanager
def _writing(path: str) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when all went well."""
    path = os.path.realpath(path)
    parent = os.path.dirname(path)
    if not os.path.isdir(parent):
        raise RuntimeError(f"Parent directory {parent} does not exist.")
    if os.path.isdir(path):
        raise RuntimeError("open file failed with strerror: Is a directory")
    if os.path.exists(path) and not os.path.isfile(path):  # a pipe or a device
        with open(path, "wb") as file:
            yield file
        return
    unfinished = f"{path}.{os.getpid()}.part"
    try:
        with open(unfinished, "wb") as file:
            yield file
        if os.path.exists(path):
            shutil.copymode(path, unfinished)
        os.replace(unfinished, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(unfinished)


def _write_archive(file: BinaryIO, name: str, pickler: Pickler, no_byteorder: bool) -> None:
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


# ---------------------------------------------------------------- loading


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Load what ``torch.save`` wrote, from a path or a file open for reading that can seek.

    `map_location` says where tensors go: a device, a dict from saved to new locations, or a
    function of (storage, location).  No code of the file is run; with ``weights_only=False`` too,
    classes must be declared safe first (``torch.serialization.add_safe_globals``).
    `mmap` is accepted, and the file read as usual.

    Raises pickle.UnpicklingError for what is not allowed, RuntimeError for a file that is corrupt.
    """
    if weights_only is not False and pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    if pickle_load_args and weights_only is not False:
        warnings.warn("pickle_load_args only works if `weights_only=False`.", stacklevel=2)
    is_path = isinstance(f, (str, os.PathLike))
    if mmap and not is_path:
        raise ValueError("f must be a file path in order to use the mmap argument")
    encoding = pickle_load_args.get("encoding", "utf-8")
    restore = _restore_location(map_location)
    with open(f, "rb") if is_path else contextlib.nullcontext(f) as file:
        _check_seekable(file)
        try:
            if _is_zip(file):
                return _load_archive(file, restore, encoding)
            return _legacy_serialization.load(file, restore, encoding)
        except pickle.UnpicklingError as error:
            raise pickle.UnpicklingError(_weights_only_message(str(error))) from None


def _check_seekable(file: Any) -> None:
    try:
        file.seek(file.tell())
    except (io.UnsupportedOperation, AttributeError) as error:
        raise type(error)(
            f"{error}. You can only torch.load from a file that is seekable. Please pre-load the "
            "data into a buffer like io.BytesIO and try to load from it instead."
        ) from None


def _is_zip(file: BinaryIO) -> bool:
    start = file.tell()
    first = file.read(4)
    file.seek(start)
    if not isinstance(first, bytes):
        raise TypeError("torch.load needs a file opened in binary mode ('rb'), not in text mode")
    if not first:
        raise EOFError("the file is empty, or was read to its end: seek(0) to read it again")
    return first == b"PK\x03\x04"


def _weights_only_message(message: str) -> str:
    """PyTorch's advice around what the pickle machine refused."""
    if "was not an allowed global by default" in message:
        return (
            "Weights only load failed. This file can still be loaded, to do so you have two "
            "options, \033[1mdo those steps only if you trust the source of the checkpoint\033[0m. "
            f"\n\t(1) {_UNSAFE}\n\t(2) Alternatively, to load with `weights_only=True` please "
            "check the recommended steps in the following error message.\n\tWeightsUnpickler "
            f"error: {message}{_DOCS}"
        )
    advice = "" if "is blocked" in message else (
        "Please file an issue with the following so that we can make `weights_only=True` "
        "compatible with your use case: WeightsUnpickler error: "
    )  # fmt: skip
    return f"Weights only load failed. {_UNSAFE}\n{advice}\n\n{message}{_DOCS}"


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


def _load_archive(file: BinaryIO, restore: RestoreLocation, encoding: str) -> Any:
    archive = _Archive(file)
    if archive.has("constants.pkl"):
        raise RuntimeError(
            "Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``. "
            + _UNSAFE
        )
    _check_version(archive)
    order = archive.read("byteorder") if archive.has("byteorder") else b"little"
    if order not in (b"little", b"big"):
        raise ValueError(f"Unknown endianness type: {order.decode(errors='replace')}")
    loaded: dict[str, UntypedStorage] = {}

    def persistent_load(saved_id: Any) -> TypedStorage:
        kind, key, location, numel = storage_id(saved_id, 5)
        if key not in loaded:
            data = _record_of_storage(archive, key, kind, numel)
            if order.decode() != sys.byteorder:
                swapped = np.frombuffer(data, kind.dtype.numpy.newbyteorder("S"))
                data = bytearray(swapped.astype(kind.dtype.numpy).tobytes())
            loaded[key] = restore(UntypedStorage(np.frombuffer(data, np.uint8)), location)
        return TypedStorage(loaded[key], kind.dtype)

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


# ---------------------------------------------------------------- where tensors go


def _restore_location(map_location: Any) -> RestoreLocation:
    """A function that puts a storage where `map_location` says."""
    if map_location is None:
        return default_restore_location
    if isinstance(map_location, dict):
        return lambda storage, location: default_restore_location(
            storage, map_location.get(location, location)
        )
    if isinstance(map_location, (str, bytes, backend.device)):
        target = map_location.decode() if isinstance(map_location, bytes) else str(map_location)
        return lambda storage, location: default_restore_location(storage, target)

    def restore(storage: UntypedStorage, location: str) -> UntypedStorage:
        result = map_location(storage, location)
        return default_restore_location(storage, location) if result is None else result

    return restore


def default_restore_location(storage: UntypedStorage, location: str) -> UntypedStorage:
    """`storage` on the device that `location` names.

    Raises RuntimeError where that device is not available or not known.
    """
    location = str(location)
    if location == "cpu":
        return storage.cpu()
    if re.fullmatch(r"cuda(:\d+)?", location):
        return storage.to(_available_cuda(location))
    raise RuntimeError(
        "don't know how to restore data location of torch.storage.UntypedStorage (tagged with "
        f"{location})"
    )


def _available_cuda(location: str) -> backend.device:
    device = backend.device(location)
    count = backend.cuda_device_count()
    if not count:
        raise RuntimeError(
            "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is "
            "False. If you are running on a CPU-only machine, please use torch.load with "
            "map_location=torch.device('cpu') to map your storages to the CPU."
        )
    if (device.index or 0) >= count:
        raise RuntimeError(
            f"Attempting to deserialize object on CUDA device {device.index} but "
            f"torch.cuda.device_count() is {count}. Please use torch.load with map_location to map "
            "your storages to an existing device."
        )
    return device
