"""A pickle machine that can build data and nothing else (``weights_only=True``).

A pickle is a program for a small stack machine, and two of its instructions can do harm: GLOBAL
fetches any object of any module, REDUCE calls it.  Here GLOBAL looks up a short list of names
(nothing is ever imported), REDUCE calls only what is on it, and BUILD changes only plain
containers and classes that the user has declared safe.

The instructions are those that ``torch.save`` writes (pickle protocol 2).
"""

from __future__ import annotations

import functools
import struct
import warnings
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any, BinaryIO

from . import _utils, dtypes
from .backend import device
from .naming import torch_name
from .storage import TypedMemory
from .tensor import Size, Tensor

_BLOCKED = {"sys", "os", "posix", "nt"}  # not even the user can allow what is in these
_MANY = 1 << 16
UNSAFE_ADVICE = (
    "In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` "
    "from `False` to `True`. Re-running `torch.load` with `weights_only` set to `False` will "
    "likely succeed, but it can result in arbitrary code execution. Do it only if you got the file "
    "from a trusted source."
)

STORAGE_TYPES = {
    "BoolStorage": "bool", "ByteStorage": "uint8", "CharStorage": "int8", "ShortStorage": "int16",
    "IntStorage": "int32", "LongStorage": "int64", "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16", "FloatStorage": "float32", "DoubleStorage": "float64",
    "ComplexFloatStorage": "complex64", "ComplexDoubleStorage": "complex128",
}  # fmt: skip


class StorageType:
    """Stands for a storage class that a file names: it only tells the dtype."""

    def __init__(self, d: dtypes.dtype) -> None:
        self.dtype = d


def _bytes(text: Any, encoding: Any = "latin1") -> bytes:
    """How protocol 2 writes bytes: as latin-1 text to encode."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise UnpicklingError(f"cannot encode {type(text).__name__} as {encoding!r}")
    return text.encode("latin-1")


def _bytearray(content: Any = b"", encoding: Any = "latin-1") -> bytearray:
    """``bytearray`` of content; of a number it would ask for that much memory."""
    return bytearray(content if isinstance(content, bytes) else _bytes(content, encoding))


def _size(sizes: Any) -> Size:
    if not isinstance(sizes, (tuple, list)) or any(type(n) is not int for n in sizes):
        raise UnpicklingError("torch.Size needs a tuple of ints")
    return Size(sizes)


def _parameter(data: Any, requires_grad: Any = True) -> Any:
    return _utils._rebuild_parameter(data, requires_grad, None)


def _set(items: Any = ()) -> set[Any]:
    for item in items:
        _check_key(item)
    return set(items)


def _ordered_dict(items: Any = ()) -> OrderedDict[Any, Any]:
    for key, _ in items:
        _check_key(key)
    return OrderedDict(items)


def _counter(counts: Any = ()) -> Counter[Any]:
    if counts and type(counts) is not dict:
        raise UnpicklingError("collections.Counter needs a dict of counts")
    return Counter(counts)


def _check_key(key: Any, depth: int = 4) -> None:
    """Hashing a key must be cheap: tuples nested a million deep would overrun the C stack."""
    if type(key) is tuple:
        if depth == 0 or len(key) > _MANY:
            raise UnpicklingError("a tuple nested this deep cannot be a key")
        for item in key:
            _check_key(item, depth - 1)


@functools.cache
def callables() -> dict[str, Callable[..., Any]]:
    """What a file may call, by PyTorch's name of it."""
    return {
        "torch._utils._rebuild_tensor_v2": _utils._rebuild_tensor_v2,
        "torch._utils._rebuild_parameter": _utils._rebuild_parameter,
        "collections.OrderedDict": _ordered_dict,
        "torch._utils._rebuild_tensor": _utils._rebuild_tensor,
        "torch._utils._rebuild_tensor_v3": _utils._rebuild_tensor_v3,
        "torch._utils._rebuild_parameter_with_state": _utils._rebuild_parameter_with_state,
        "torch._tensor._rebuild_from_type_v2": _utils._rebuild_from_type_v2,
        "torch.nn.parameter.Parameter": _parameter,
        "torch.Size": _size,
        "torch.device": device,
        "collections.Counter": _counter,
        "_codecs.encode": _bytes,
        "builtins.bytearray": _bytearray,
        "builtins.set": _set,
        "builtins.complex": complex,
    }


@functools.cache
def constants() -> dict[str, Any]:
    """What a file may name but not call."""
    found: dict[str, Any] = {"torch.Tensor": Tensor, "torch._tensor.Tensor": Tensor}
    found |= {f"torch.{d.name}": d for d in dtypes.PUBLIC.values()}
    for name, of in STORAGE_TYPES.items():
        if of in dtypes.PUBLIC:
            found[f"torch.{name}"] = StorageType(dtypes.PUBLIC[of])
    found["torch.storage.UntypedStorage"] = StorageType(dtypes.uint8)
    return found


# ---------------------------------------------------------------- what the user allows

_safe: dict[str, Any] = {}


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Let files name these classes or functions; an item may be (object, "module.name")."""
    for item in safe_globals:
        obj, name = item if isinstance(item, tuple) else (item, ".".join(torch_name(item)))
        if not isinstance(name, str):
            raise TypeError(
                "Expected second item in tuple to be str of callable full path, but got: "
                f"{type(name)}"
            )
        _safe[name] = obj


def get_safe_globals() -> list[Any]:
    return list(_safe.values())


def clear_safe_globals() -> None:
    _safe.clear()


class safe_globals:
    """:func:`add_safe_globals` for the length of a ``with`` block."""

    def __init__(self, safe_globals: list[Any]) -> None:
        self._added = safe_globals

    def __enter__(self) -> None:
        self._before = dict(_safe)
        add_safe_globals(self._added)

    def __exit__(self, *exc: object) -> None:
        _safe.clear()
        _safe.update(self._before)


# ---------------------------------------------------------------- the machine


class Unpickler:
    """Runs one pickle from a binary file.

    `persistent_load` turns the id of a storage into a :class:`TypedMemory`.  Raises
    UnpicklingError for what is not allowed, EOFError where the file ends too early.
    """

    def __init__(
        self,
        file: BinaryIO,
        persistent_load: Callable[[Any], TypedMemory] | None = None,
        encoding: str = "utf-8",
    ) -> None:
        self._file, self._persistent_load, self._encoding = file, persistent_load, encoding
        self._stack: list[Any] = []
        self._outer: list[list[Any]] = []  # the stacks below the marks
        self._memo: dict[int, Any] = {}
        self._outside = False  # in persistent_load, whose errors are not about the pickle

    def load(self) -> Any:
        """Run to STOP; returns what is then on top of the stack."""
        try:
            while True:
                code = self._read(1)[0]
                if code == 0x2E:  # STOP
                    return self._stack.pop()
                step = _STEPS.get(code)
                if step is None:
                    raise UnpicklingError(f"Unsupported operand {code}")
                step(self)
        except (IndexError, KeyError, ValueError, TypeError, struct.error) as error:
            if self._outside:
                raise
            raise UnpicklingError(
                f"the pickle is corrupt or no pickle at all ({type(error).__name__}: {error})"
            ) from None

    def _read(self, n: int) -> bytes:
        data = self._file.read(min(n, _MANY))
        while len(data) < n:  # in pieces: a length that lies must not claim memory
            more = self._file.read(min(n - len(data), len(data) or 1))
            if not more:
                raise EOFError("the file ends in the middle of a pickle: it is cut off or corrupt")
            data += more
        return data

    def _unpack(self, form: str) -> Any:
        return struct.unpack(form, self._read(struct.calcsize(form)))[0]

    def _pop_mark(self) -> list[Any]:
        items = self._stack
        self._stack = self._outer.pop()
        return items

    # -- the instructions that could do harm

    def _global(self) -> None:
        # Protocol 2 writes the names that Python 2 used.
        written = self._line(), self._line()
        module, name = NAME_MAPPING.get(written, written)
        module = IMPORT_MAPPING.get(module, module)
        if module in _BLOCKED:
            raise UnpicklingError(
                f"Trying to load unsupported GLOBAL {module}.{name} whose module {module} is "
                "blocked."
            )
        path = f"{module}.{name}"
        for table in (callables(), constants(), _safe):
            if path in table:
                self._stack.append(table[path])
                return
        path = path.removeprefix("builtins.")
        raise UnpicklingError(
            f"Unsupported global: GLOBAL {path} was not an allowed global by default. Please use "
            f"`torch.serialization.add_safe_globals([{path}])` or the "
            f"`torch.serialization.safe_globals([{path}])` context manager to allowlist this "
            "global if you trust this class/function."
        )

    def _line(self) -> str:
        line = self._file.readline(_MANY)
        if not line.endswith(b"\n"):
            raise EOFError("the file ends in the middle of a pickle: it is cut off or corrupt")
        return line[:-1].decode("utf-8")

    def _reduce(self) -> None:
        args, function = self._stack.pop(), self._stack[-1]
        if not _is_one_of(function, callables()) and not _is_one_of(function, _safe):
            raise UnpicklingError(f"Trying to call reduce for unrecognized function {function}")
        self._stack[-1] = function(*args)

    def _newobj(self) -> None:
        args, cls = self._stack.pop(), self._stack.pop()
        if not _is_one_of(cls, _safe):
            raise UnpicklingError(
                "Can only create new object for nn.Parameter or classes allowlisted via "
                f"`add_safe_globals` but got {cls}"
            )
        self._stack.append(cls.__new__(cls, *args))

    def _build(self) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        if type(target) is OrderedDict:
            target.__dict__.update(state)
        elif not _is_one_of(type(target), _safe):
            raise UnpicklingError(
                "Can only build Tensor, Parameter, OrderedDict or types allowlisted via "
                f"`add_safe_globals`, but got {type(target)}"
            )
        elif hasattr(target, "__setstate__"):
            target.__setstate__(state)
        else:
            attributes, slots = state if isinstance(state, tuple) else (state, None)
            target.__dict__.update(attributes or {})
            for name, value in (slots or {}).items():
                setattr(target, name, value)

    def _persistent(self) -> None:
        saved_id = self._stack.pop()
        if self._persistent_load is None:
            raise UnpicklingError("unsupported persistent id encountered")
        if type(saved_id) is not tuple:
            raise UnpicklingError(
                f"persistent_load id must be tuple or int, but got {type(saved_id)}"
            )
        self._outside = True
        self._stack.append(self._persistent_load(saved_id))
        self._outside = False

    # -- containers

    def _mark(self) -> None:
        self._outer.append(self._stack)
        self._stack = []

    def _tuple(self, n: int | None = None) -> None:
        if n is None:
            items = self._pop_mark()
            self._stack.append(tuple(items))
        else:
            if len(self._stack) < n:
                raise IndexError("the stack is too short")
            self._stack[len(self._stack) - n :] = [tuple(self._stack[len(self._stack) - n :])]

    def _append(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not list:
            raise UnpicklingError(f"Can only append to lists, but got {type(target)}")
        target.extend(items)

    def _set_items(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) not in (dict, OrderedDict, Counter):
            raise UnpicklingError(
                "Can only SETITEM for dict, collections.OrderedDict, collections.Counter, but got "
                f"{type(target)}"
            )
        for key, value in zip(items[::2], items[1::2], strict=True):
            _check_key(key)
            target[key] = value

    def _two(self) -> list[Any]:
        value, key = self._stack.pop(), self._stack.pop()
        return [key, value]

    # -- the memo and the protocol

    def _get(self, form: str) -> None:
        self._stack.append(self._memo[self._unpack(form)])

    def _put(self, form: str) -> None:
        self._memo[self._unpack(form)] = self._stack[-1]

    def _protocol(self) -> None:
        protocol = self._read(1)[0]
        if protocol != 2:
            warnings.warn(
                f"Detected pickle protocol {protocol} in the checkpoint, which was not the default "
                "pickle protocol used by `torch.load` (2). The weights_only Unpickler might not "
                "support all instructions implemented by this protocol, please file an issue for "
                "adding support if you encounter this.",
                UserWarning,
                stacklevel=2,
            )

    def _string(self) -> None:
        data = self._read(self._read(1)[0])
        self._stack.append(data if self._encoding == "bytes" else data.decode(self._encoding))

    def _unicode(self) -> None:
        self._stack.append(str(self._read(self._unpack("<I")), "utf-8", "surrogatepass"))

    def _long(self) -> None:
        data = self._read(self._read(1)[0])
        self._stack.append(int.from_bytes(data, "little", signed=True))


def _is_one_of(obj: Any, table: dict[str, Any]) -> bool:
    return any(obj is allowed for allowed in table.values())


def _pushing(make: Callable[[Unpickler], Any]) -> Callable[[Unpickler], None]:
    return lambda u: u._stack.append(make(u))


_STEPS: dict[int, Callable[[Unpickler], None]] = {
    0x80: Unpickler._protocol,
    ord("c"): Unpickler._global,
    ord("R"): Unpickler._reduce,
    0x81: Unpickler._newobj,
    ord("b"): Unpickler._build,
    ord("Q"): Unpickler._persistent,
    ord("("): Unpickler._mark,
    ord("t"): Unpickler._tuple,
    0x85: lambda u: u._tuple(1),
    0x86: lambda u: u._tuple(2),
    0x87: lambda u: u._tuple(3),
    ord("a"): lambda u: u._append([u._stack.pop()]),
    ord("e"): lambda u: u._append(u._pop_mark()),
    ord("s"): lambda u: u._set_items(u._two()),
    ord("u"): lambda u: u._set_items(u._pop_mark()),
    ord("h"): lambda u: u._get("<B"),
    ord("j"): lambda u: u._get("<I"),
    ord("q"): lambda u: u._put("<B"),
    ord("r"): lambda u: u._put("<I"),
    ord("X"): Unpickler._unicode,
    ord("U"): Unpickler._string,
    0x8A: Unpickler._long,
    ord("N"): _pushing(lambda u: None),
    0x88: _pushing(lambda u: True),
    0x89: _pushing(lambda u: False),
    ord(")"): _pushing(lambda u: ()),
    ord("]"): _pushing(lambda u: []),
    ord("}"): _pushing(lambda u: {}),
    0x8F: _pushing(lambda u: set()),
    ord("K"): _pushing(lambda u: u._unpack("<B")),
    ord("M"): _pushing(lambda u: u._unpack("<H")),
    ord("J"): _pushing(lambda u: u._unpack("<i")),
    ord("G"): _pushing(lambda u: u._unpack(">d")),
}


def storage_id(saved_id: tuple[Any, ...], length: int) -> tuple[StorageType, str, str, int]:
    """(type, key, location, number of elements) of a storage that a pickle refers to."""
    parts: list[Any] = [p.decode("ascii") if isinstance(p, bytes) else p for p in saved_id]
    if not parts or parts[0] != "storage":
        kind = type(saved_id[0]) if saved_id else type(None)
        raise UnpicklingError(f"Only persistent_load of storage is allowed, but got {kind}")
    types = (str, StorageType, str, str, int)
    if len(parts) != length or any(
        not isinstance(p, t) for p, t in zip(parts, types, strict=False)
    ):
        raise UnpicklingError(f"the reference to a storage is corrupt: {saved_id!r}")
    if parts[4] < 0:
        raise UnpicklingError(f"a storage cannot have {parts[4]} elements")
    return parts[1], parts[2], parts[3], parts[4]
