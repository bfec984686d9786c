"""``torch.cpu``: the CPU asked as if it were an accelerator; it has one device and no streams."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

from ..missing import lookup

__all__ = [
    "Stream", "StreamContext", "current_device", "current_stream", "device_count", "is_available",
    "is_initialized", "set_device", "stream", "synchronize",
]  # fmt: skip


class Stream:
    """Stands for the order in which the CPU works: that of the program."""

    def __init__(self, priority: int = -1) -> None:
        pass

    def wait_stream(self, stream: Any) -> None:
        """Return at once."""

    def record_event(self) -> None:
        """Return at once."""

    def wait_event(self, event: Any) -> None:
        """Return at once."""


_stream = Stream()


@contextlib.contextmanager
def stream(stream: Any) -> Iterator[None]:
    """A context that changes nothing."""
    yield


StreamContext = stream


def is_available() -> bool:
    """Yes."""
    return True


def is_initialized() -> bool:
    """Yes."""
    return True


def device_count() -> int:
    """One."""
    return 1


def current_device() -> str:
    """``"cpu"``."""
    return "cpu"


def current_stream(device: Any = None) -> Stream:
    """The only stream."""
    return _stream


def set_device(device: Any) -> None:
    """Accepted and ignored."""


def synchronize(device: Any = None) -> None:
    """Return at once: the CPU has finished whatever was asked of it."""


def __getattr__(name: str) -> Any:
    if name == "amp":  # it needs the tensor, which needs the questions above
        return importlib.import_module(f"{__name__}.amp")
    return lookup("torch.cpu", name)
