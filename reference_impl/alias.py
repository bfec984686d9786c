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
from collections.abc import Sequence
from types import ModuleType

_REAL = __name__.rpartition(".")[0]


class _Alias(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `torch` and everything below it in this package."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname == "torch" or fullname.startswith("torch."):
            return importlib.machinery.ModuleSpec(fullname, self)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        real = _REAL + spec.name.removeprefix("torch")
        try:
            module = importlib.import_module(real)
        except ModuleNotFoundError as error:
            if error.name != real:
                raise
            raise ModuleNotFoundError(f"No module named {spec.name!r}", name=spec.name) from None
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just put the alias's spec on the real module: put its own back.
        assert module.__spec__ is not None
        module.__spec__ = module.__spec__.loader_state


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
