"""``torch.utils``: data loading, checkpointing, and trees of tensors."""

from __future__ import annotations

import importlib
import weakref
from typing import Any

from ..missing import lookup

_LAZY = ("_pytree", "checkpoint", "data", "deterministic", "dlpack", "hooks")


def set_module(obj: Any, mod: str) -> None:
    """Let `obj` say that it was defined in the module `mod`.  Raises TypeError unless a name."""
    if not isinstance(mod, str):
        raise TypeError("The mod argument should be a string")
    obj.__module__ = mod


def swap_tensors(t1: Any, t2: Any) -> None:
    """Exchange all that two tensors are; each keeps its identity.

    Raises RuntimeError for a tensor that a weak reference points to.
    """
    for name, t in (("t1", t1), ("t2", t2)):
        if weakref.getweakrefs(t):
            raise RuntimeError(f"Cannot swap {name} because it has weakref associated with it")
    for name in ("__class__", "__dict__", "_counter", "_data", "_grad", "_grad_fn", "_port",
                 "_tangent", "_view"):  # fmt: skip
        first, second = getattr(t1, name), getattr(t2, name)
        setattr(t1, name, second)
        setattr(t2, name, first)


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(f"{__name__}.{name}")
    return lookup("torch.utils", name)
