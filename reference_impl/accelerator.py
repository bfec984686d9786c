"""``torch.accelerator``: whichever accelerator there is; here CUDA through CuPy, or none."""

from __future__ import annotations

from typing import Any

from . import backend, cuda
from .missing import names_of

__all__ = [
    "current_accelerator", "current_device_idx", "current_device_index", "device_count",
    "empty_cache", "is_available", "max_memory_allocated", "max_memory_reserved",
    "memory_allocated", "memory_reserved", "set_device_idx", "set_device_index", "synchronize",
]  # fmt: skip


def device_count() -> int:
    """How many devices there are."""
    return cuda.device_count()


def is_available() -> bool:
    """Whether there is an accelerator that can be used."""
    return device_count() > 0


def current_accelerator(check_available: bool = False) -> backend.device | None:
    """``device("cuda")``, or None without one."""
    return backend.device("cuda") if is_available() else None


def _require() -> None:
    if not is_available():
        raise RuntimeError("Cannot access accelerator device when none is available.")


def current_device_index() -> int:
    """The index of the current device.  Raises RuntimeError without one."""
    _require()
    return cuda.current_device()


def set_device_index(device: Any, /) -> None:
    """Make a device the current one.  Raises RuntimeError without one."""
    _require()
    cuda.set_device(device)


def synchronize(device: Any = None, /) -> None:
    """Wait until the device has done everything asked of it.  Raises RuntimeError without one."""
    _require()
    cuda.synchronize(device)


def memory_allocated(device_index: Any = None, /) -> int:
    """Bytes held by arrays."""
    return cuda.memory_allocated(device_index)


def max_memory_allocated(device_index: Any = None, /) -> int:
    """The most bytes held by arrays, as far as the pool knows."""
    return cuda.max_memory_allocated(device_index)


def memory_reserved(device_index: Any = None, /) -> int:
    """Bytes taken from the driver."""
    return cuda.memory_reserved(device_index)


def max_memory_reserved(device_index: Any = None, /) -> int:
    """The most bytes taken from the driver, as far as the pool knows."""
    return cuda.max_memory_reserved(device_index)


current_device_idx, set_device_idx = current_device_index, set_device_index
empty_cache = cuda.empty_cache
__getattr__ = names_of(__name__)
