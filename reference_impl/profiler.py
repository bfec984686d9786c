"""``torch.profiler``: labels for a profiler.  There is none here, so a label changes nothing."""

from __future__ import annotations

import contextlib
from typing import Any

from .missing import names_of


class record_function(contextlib.ContextDecorator):
    """Name a block of code, or as a decorator a function, for a profiler to show."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name, self.args = name, args

    def __enter__(self) -> record_function:
        return self

    def __exit__(self, *exc: Any) -> None:
        pass


__getattr__ = names_of(__name__)
