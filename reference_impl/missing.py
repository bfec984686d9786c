"""What PyTorch has and this package has not: listed by name, with the reason, in ``missing.txt``.

    >>> torch.sparse_coo_tensor([[0]], [1.0])
    NotImplementedError: torch.sparse_coo_tensor is not implemented: every tensor here is dense

A listed name can be looked up, imported, and used in an annotation or in ``isinstance``; it refuses
when it is called.  So ``hasattr`` answers as PyTorch 2.13 does, and a library that imports a name
which the program at hand never calls still loads.  What asks whether something can be *used* is a
function of its own, such as ``torch.distributed.is_available()``: that one answers no.
"""

from __future__ import annotations

import functools
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, NoReturn

_PACKAGE = __name__.rpartition(".")[0]
# What a module that is missing as a whole still answers.
_ANSWERS = {"is_available": False, "is_built": False, "is_initialized": False, "device_count": 0}


class Group(NamedTuple):
    """Names that are missing for one reason; `modules` are missing as a whole."""

    title: str
    reason: str
    modules: list[str]
    names: dict[str, list[str]]  # by the module or class they belong to


@functools.cache
def groups() -> list[Group]:
    """The list: a ``#`` line titles a group, the next gives the reason, the rest the names."""
    found: list[Group] = []
    lines = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    for line in filter(None, lines):
        owner, colon, names = line.partition(": ")
        if line.startswith("# "):
            found.append(Group(line[2:], "", [], {}))
        elif not found[-1].reason:
            found[-1] = found[-1]._replace(reason=line)
        elif colon:
            found[-1].names.setdefault(owner, []).extend(names.split())
        else:
            found[-1].modules.append(line)
    return found


@functools.cache
def _table() -> dict[str, Group]:
    """Each missing name, in full, and each missing module with its group."""
    table = {module: group for group in groups() for module in group.modules}
    for group in groups():
        for owner, names in group.names.items():
            table.update((f"{owner}.{name}", group) for name in names)
    return table


def is_missing(value: Any) -> bool:
    """Whether `value` stands for something that is missing."""
    from .dtypes import AbsentDtype

    return isinstance(value, (MissingModule, _Refusal, AbsentDtype)) or (
        isinstance(value, type) and hasattr(value, "_missing")
    )


def error(name: str, reason: str) -> NotImplementedError:
    return NotImplementedError(f"{name} is not implemented: {reason}")


# ---------------------------------------------------------------- what stands for a missing name


class _Refusal:
    """Stands for a function; `inside` a missing module perhaps for a module, so it has names."""

    def __init__(self, name: str, reason: str, inside: bool = False) -> None:
        self.__qualname__, self._missing, self._inside = name, reason, inside
        self.__name__ = name.rpartition(".")[2]

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise error(self.__qualname__, self._missing)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self  # also as a method it refuses

    def __getattr__(self, name: str) -> Any:
        if not self._inside or name.startswith("__"):
            raise AttributeError(f"{self.__qualname__!r} has no attribute {name!r}")
        return _stand_in(f"{self.__qualname__}.{name}", self._missing, inside=True)

    def __repr__(self) -> str:
        return f"<{self.__qualname__}, which is not implemented>"


def _refuse(cls: Any, *args: Any, **kwargs: Any) -> NoReturn:
    raise error(f"{cls._full_name}", cls._missing)


def _stand_in(name: str, reason: str, inside: bool = False) -> Any:
    """A class for a name in CamelCase, fit for ``isinstance`` and as a base; else a function."""
    last = name.rpartition(".")[2]
    if not last[:1].isupper() or last.isupper():
        return _Refusal(name, reason, inside)
    body = {"__new__": _refuse, "_missing": reason, "_full_name": name}
    return type(last, (), body | {"__module__": name.rpartition(".")[0]})


@functools.cache
def lookup(owner: str, name: str) -> Any:
    """What `owner`.`name` is where the package has no such thing.

    Raises AttributeError unless it is listed.
    """
    full = f"{owner}.{name}"
    group = _table().get(full)
    if group is None:
        raise AttributeError(f"module {owner!r} has no attribute {name!r}")
    if full in group.modules:
        return importlib.import_module(full.replace("torch", _PACKAGE, 1))
    if group.title == "Data types":
        from .dtypes import AbsentDtype

        return AbsentDtype(name, group.reason)
    return _stand_in(full, group.reason)


def names_of(module: str) -> Callable[[str], Any]:
    """The ``__getattr__`` of a module that lacks some of PyTorch's names."""
    return functools.partial(lookup, "torch" + module.removeprefix(_PACKAGE))


def attach(cls: type) -> None:
    """Give a class the methods that it lacks."""
    owner = f"torch.{cls.__name__}"
    for group in groups():
        for name in group.names.get(owner, ()):
            setattr(cls, name, _Refusal(f"{owner}.{name}", group.reason))


# ---------------------------------------------------------------- missing modules


class MissingModule(ModuleType):
    """Stands for a module: it can be imported, and whatever it has refuses when called."""

    _missing: str

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if name in _ANSWERS:
            return lambda *args, **kwargs: _ANSWERS[name]
        full = self.__name__.replace(_PACKAGE, "torch", 1)
        return _stand_in(f"{full}.{name}", self._missing, inside=True)


class _Finder:
    """Finds missing modules, and all below them, once Python has found no file."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        package, _, name = fullname.partition(".")
        if package == _PACKAGE and name and self._group(name) is not None:
            loader: Any = self  # it has a loader's two methods
            return importlib.machinery.ModuleSpec(fullname, loader, is_package=True)
        return None

    @staticmethod
    def _group(name: str) -> Group | None:
        parts = name.split(".")
        ends = range(len(parts), 0, -1)
        found = (_table().get("torch." + ".".join(parts[:end])) for end in ends)
        return next((g for g, end in zip(found, ends, strict=True)
                     if g and "torch." + ".".join(parts[:end]) in g.modules), None)  # fmt: skip

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = MissingModule(spec.name)
        group = self._group(spec.name.partition(".")[2])
        assert group is not None
        module._missing = group.reason
        return module

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to execute."""


sys.meta_path.append(_Finder())
