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

Source: torch/serialization.py.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from . import _legacy_serialization, backend
from ._pickler import Pickler
from ._weights_only_unpickler import (
    UNSAFE_ADVICE,
    add_safe_globals,
    clear_safe_globals,
    get_safe_globals,
    safe_globals,
)
from .missing import names_of
from .storage import UntypedStorage

__all__ = [
    "add_safe_globals", "clear_safe_globals", "get_safe_globals", "load", "safe_globals", "save",
]  # fmt: skip

DEFAULT_PROTOCOL = 2
_DOCS = (
    "\n\nCheck the documentation of torch.load to learn more about types accepted by default with "
    "weights_only https://pytorch.org/docs/stable/generated/torch.load.html."
)
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
    from . import _zip_archive  # a good part of the time that importing this package would take

    pickler = Pickler.dump_of(obj, pickle_protocol, _use_new_zipfile_serialization)
    with _writing(os.fspath(f)) if is_path else contextlib.nullcontext(f) as file:
        if _use_new_zipfile_serialization:
            stem = os.path.splitext(os.path.basename(f))[0] if is_path else "archive"
            name = stem if stem.isascii() else "archive"
            _zip_archive.write(file, name, pickler, _disable_byteorder_record)
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
            os.chmod(unfinished, os.stat(path).st_mode)
        os.replace(unfinished, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(unfinished)


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
                from . import _zip_archive

                return _zip_archive.load(file, restore, encoding)
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
            f"\n\t(1) {UNSAFE_ADVICE}\n\t(2) Alternatively, to load with `weights_only=True` "
            "please check the recommended steps in the following error message."
            f"\n\tWeightsUnpickler error: {message}{_DOCS}"
        )
    advice = "" if "is blocked" in message else (
        "Please file an issue with the following so that we can make `weights_only=True` "
        "compatible with your use case: WeightsUnpickler error: "
    )  # fmt: skip
    return f"Weights only load failed. {UNSAFE_ADVICE}\n{advice}\n\n{message}{_DOCS}"


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


__getattr__ = names_of(__name__)
