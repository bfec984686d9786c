"""``torch.cuda``: what a program asks about GPUs, answered by CuPy; "not available" without it."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

from .. import backend
from ..backend import cuda_device_count as device_count
from ..missing import names_of

__all__ = [
    "current_device", "device", "device_count", "device_of", "empty_cache", "get_arch_list",
    "get_device_capability", "get_device_name", "get_device_properties", "get_rng_state",
    "get_rng_state_all", "has_half", "init", "initial_seed", "ipc_collect", "is_available",
    "is_bf16_supported", "is_current_stream_capturing", "is_initialized", "is_tf32_supported",
    "manual_seed", "manual_seed_all", "max_memory_allocated", "max_memory_reserved",
    "mem_get_info", "memory_allocated", "memory_reserved", "memory_stats",
    "reset_max_memory_allocated", "reset_max_memory_cached", "reset_peak_memory_stats", "seed",
    "seed_all", "set_device", "set_rng_state", "set_rng_state_all", "synchronize",
]  # fmt: skip

has_half = True


def is_available() -> bool:
    """Whether a CUDA device can be used."""
    return device_count() > 0


def is_initialized() -> bool:
    """Whether CUDA is in use; CuPy starts it on its own."""
    return is_available()


def _runtime() -> Any:
    return backend.cupy().cuda.runtime


def current_device() -> int:
    """The index of the current device.  Raises AssertionError without CUDA."""
    return int(_runtime().getDevice())


def init() -> None:
    """Start CUDA, which CuPy does on its own.  Raises AssertionError without CUDA."""
    _runtime()


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


def get_device_properties(device: Any = None) -> SimpleNamespace:
    """What a device is: `name`, `major`, `minor`, `total_memory`, `multi_processor_count`."""
    index = current_device() if device is None else backend.device(device).index or 0
    found = _runtime().getDeviceProperties(index)
    return SimpleNamespace(
        name=found["name"].decode(), major=found["major"], minor=found["minor"],
        total_memory=found["totalGlobalMem"], multi_processor_count=found["multiProcessorCount"],
        warp_size=found["warpSize"],
    )  # fmt: skip


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """(major, minor) of what a device can do."""
    found = get_device_properties(device)
    return found.major, found.minor


def get_arch_list() -> list[str]:
    """None: CuPy compiles for the device that it finds."""
    return []


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """No: CuPy has no bfloat16."""
    return False


def is_tf32_supported() -> bool:
    """No: products of float32 are computed in float32."""
    return False


def is_current_stream_capturing() -> bool:
    """No."""
    return False


class device:
    """A context in which a device is the current one; on a negative index or None, nothing."""

    def __init__(self, device: Any) -> None:
        plain = device is None or isinstance(device, int)
        index = device if plain else backend.device(device).index
        self.idx = -1 if index is None else index
        self._outer: Any = None

    def __enter__(self) -> None:
        if self.idx >= 0 and is_available():
            self._outer = backend.cupy().cuda.Device(self.idx)
            self._outer.__enter__()

    def __exit__(self, *exc: Any) -> None:
        if self._outer is not None:
            self._outer.__exit__(*exc)
            self._outer = None


class device_of(device):
    """A context in which the device of a tensor is the current one; of one on the CPU, nothing."""

    def __init__(self, obj: Any) -> None:
        super().__init__(obj.get_device() if obj.is_cuda else -1)


# ---------------------------------------------------------------- memory


def _pool() -> Any:
    return backend.cupy().get_default_memory_pool()


def empty_cache() -> None:
    """Give unused memory back to the driver; nothing to do without a device."""
    if is_available():
        _pool().free_all_blocks()


def memory_allocated(device: Any = None) -> int:
    """Bytes held by arrays."""
    return int(_pool().used_bytes()) if is_available() else 0


def memory_reserved(device: Any = None) -> int:
    """Bytes that the pool has taken from the driver."""
    return int(_pool().total_bytes()) if is_available() else 0


# CuPy's pool keeps no record of the past: the most that can be known is what it holds.
max_memory_allocated = max_memory_reserved = memory_cached = max_memory_cached = memory_reserved


def memory_stats(device: Any = None) -> dict[str, int]:
    """The figures above by PyTorch's names; none without a device."""
    if not is_available():
        return {}
    return {
        "allocated_bytes.all.current": memory_allocated(),
        "reserved_bytes.all.current": memory_reserved(),
    }


def reset_peak_memory_stats(device: Any = None) -> None:
    """Accepted and ignored: no peaks are recorded."""


reset_max_memory_allocated = reset_max_memory_cached = reset_peak_memory_stats


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """(free, total) bytes of the device.  Raises AssertionError without CUDA."""
    free, total = _runtime().memGetInfo()
    return int(free), int(total)


def ipc_collect() -> None:
    """Nothing to collect.  Raises AssertionError without CUDA."""
    _runtime()


# ---------------------------------------------------------------- random numbers
# All are drawn on the CPU generator, so that a seed gives the same numbers everywhere.


def manual_seed(seed: int) -> None:
    """Accepted and ignored: the reference draws all its numbers on the CPU generator."""


def manual_seed_all(seed: int) -> None:
    """Accepted and ignored: the reference draws all its numbers on the CPU generator."""


def seed() -> None:
    """Accepted and ignored, as ``manual_seed``."""


def seed_all() -> None:
    """Accepted and ignored, as ``manual_seed``."""


def initial_seed() -> int:
    """The seed of the CPU generator.  Raises AssertionError without CUDA."""
    _runtime()
    from ..random import initial_seed

    return initial_seed()


def get_rng_state(device: Any = "cuda") -> Any:
    """The state of the CPU generator.  Raises AssertionError without CUDA."""
    _runtime()
    from ..random import get_rng_state

    return get_rng_state()


def get_rng_state_all() -> list[Any]:
    """The state for each device; none without CUDA."""
    return [get_rng_state() for _ in range(device_count())]


def set_rng_state(new_state: Any, device: Any = "cuda") -> None:
    """Set the state of the CPU generator; nothing without CUDA."""
    if is_available():
        from ..random import set_rng_state

        set_rng_state(new_state)


def set_rng_state_all(new_states: Any) -> None:
    """Set the state of each device."""
    for state in new_states:
        set_rng_state(state)


_missing = names_of(__name__)


def __getattr__(name: str) -> Any:
    if name == "amp":  # it needs the tensor, which needs this module
        return importlib.import_module(f"{__name__}.amp")
    return _missing(name)
