"""Make `import torch` mean this package.

    >>> from reference_impl import alias
    >>> alias.install()
    >>> import torch.autograd

From then on `torch.a.b` is the module `reference_impl.a.b`, the very same object, and real
PyTorch cannot be imported in that process. A module that the reference lacks is missing, with
Python's own `No module named 'torch.x'`.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from . import naming

_REAL = __name__.rpartition(".")[0]


class _Alias(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `torch` and everything below it in this package."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname == "torch" or fullname.startswith("torch."):
            return importlib.machinery.ModuleSpec(fullname, self)
        if not fullname.startswith(_REAL + "."):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is not None and spec.loader is not None:
            spec.loader = _Naming(spec.loader)
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        real = _REAL + spec.name.removeprefix("torch")
        try:
            module = importlib.import_module(real)
        except ModuleNotFoundError as error:
            if error.name != real:
                raise
            if not naming.residents(spec.name):
                missing = f"No module named {spec.name!r}"
                raise ModuleNotFoundError(missing, name=spec.name) from None
            module = ModuleType(
                spec.name, "A module of PyTorch whose classes stand elsewhere here."
            )
            module.__spec__, module.__file__ = spec, naming.__file__
            module.__getattr__ = _finder_of(spec.name)  # type: ignore[method-assign]
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just put the alias's spec on the real module: put its own back.
        assert module.__spec__ is not None
        module.__spec__ = module.__spec__.loader_state


class _Naming(importlib.abc.Loader):
    """Loads a module of this package, whose classes then say that they are PyTorch's."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)  # type: ignore[no-any-return]

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        _rename_classes(module)


def _rename_classes(module: ModuleType) -> None:
    """Let ``print(type(x))`` say ``<class 'torch.Tensor'>``, and ``inspect`` find it there."""
    home = "torch" + module.__name__.removeprefix(_REAL)
    sys.modules.setdefault(home, module)
    if naming.residents(home):
        vars(module).setdefault("__getattr__", _finder_of(home))
    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__module__ == module.__name__:
            value.__module__ = naming.torch_module(module.__name__, value.__qualname__)


def _finder_of(home: str) -> Callable[[str], Any]:
    """The ``__getattr__`` of a module of PyTorch's some of whose names stand elsewhere here."""

    def find(name: str) -> Any:
        if name not in naming.residents(home):
            raise AttributeError(f"module {home!r} has no attribute {name!r}")
        return getattr(importlib.import_module(naming.residents(home)[name]), name)

    return find


def install() -> None:
    """From here on `import torch` imports this package; calling it again changes nothing.

    Raises:
        RuntimeError: another `torch` has been imported already.
    """
    if any(isinstance(finder, _Alias) for finder in sys.meta_path):
        return
    if "torch" in sys.modules:
        raise RuntimeError("torch is already imported; install the alias before that")
    sys.meta_path.insert(0, _Alias())
    for name, module in list(sys.modules.items()):
        if name.startswith(_REAL + "."):
            _rename_classes(module)
