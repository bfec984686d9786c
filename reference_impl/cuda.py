"""``torch.cuda``: what a program asks about GPUs, answered by CuPy; "not available" without it."""

from __future__ import annotations

from typing import Any

from . import backend
from .backend import cuda_device_count as device_count

__all__ = [
    "current_device", "device_count", "empty_cache", "get_device_name", "is_available",
    "is_initialized", "manual_seed", "manual_seed_all", "max_memory_allocated",
    "memory_allocated", "set_device", "synchronize",
]  # fmt: skip


def is_available() -> bool:
    """Whether a CUDA device can be used."""
    return device_count() > 0


def is_initialized() -> bool:
    return is_available()


def _runtime() -> Any:
    return backend.cupy().cuda.runtime


def current_device() -> int:
    """The index of the current device.  Raises AssertionError without CUDA."""
    return int(_runtime().getDevice())


def set_device(device: Any) -> None:
    """Make a device the current one."""
    index = backend.device(device).index
    if index is not None:
        _runtime().setDevice(index)


def get_device_name(device: Any = None) -> str:
    """The name of a device, e.g. "NVIDIA H200"."""
    index = current_device() if device is None else backend.device(device).index or 0
    return str(_runtime().getDeviceProperties(index)["name"].decode())


def synchronize(device: Any = None) -> None:
    """Wait until the device has done everything asked of it."""
    _runtime().deviceSynchronize()


def empty_cache() -> None:
    """Give unused memory back to the driver; nothing to do without a device."""
    if is_available():
        backend.cupy().get_default_memory_pool().free_all_blocks()


def memory_allocated(device: Any = None) -> int:
    """Bytes held by arrays."""
    return int(backend.cupy().get_default_memory_pool().used_bytes()) if is_available() else 0


def max_memory_allocated(device: Any = None) -> int:
    """Bytes that the pool has taken from the driver."""
    return int(backend.cupy().get_default_memory_pool().total_bytes()) if is_available() else 0


def manual_seed(seed: int) -> None:
    """Accepted and ignored: the reference draws all its numbers on the CPU generator."""


def manual_seed_all(seed: int) -> None:
    """Accepted and ignored: the reference draws all its numbers on the CPU generator."""
