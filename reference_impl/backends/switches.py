"""Switches that a context sets and puts back, as ``torch.backends.cudnn.flags`` does."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any


def flags_of(module: str, *names: str) -> Callable[..., Any]:
    """A context manager that takes each of a module's switches as a keyword."""

    @contextlib.contextmanager
    def flags(**values: Any) -> Iterator[None]:
        unknown = sorted(set(values) - set(names))
        if unknown:
            raise TypeError(f"flags() got an unexpected keyword argument '{unknown[0]}'")
        where = sys.modules[module]
        before = {name: getattr(where, name) for name in values}
        _set(where, values)
        try:
            yield
        finally:
            _set(where, before)

    return flags


def _set(where: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(where, name, value)
