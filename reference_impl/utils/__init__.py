"""``torch.utils``: data loading, checkpointing, and trees of tensors."""

from __future__ import annotations

import importlib
from typing import Any

_LAZY = ("_pytree", "checkpoint", "data", "hooks")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module 'torch.utils' has no attribute {name!r}")
