"""NumPy or CuPy, by the type of the array; and ``torch.device``.

An array says where it lives: ``xp_of(array)`` is the module that computes on it.  Nothing else in
the reference asks which backend is in use, so every operation runs on both.  CuPy is imported only
when a CUDA device is first asked for.
"""

from __future__ import annotations

import functools
import importlib.util
from types import ModuleType
from typing import Any

import numpy as np

# PyTorch computes inf and nan silently.  NumPy would warn, and a guard around each operation costs
# as much as the operation, so the process is told once.
np.seterr(all="ignore")

_TYPES = (
    "cpu", "cuda", "ipu", "xpu", "mkldnn", "opengl", "opencl", "ideep", "hip", "ve", "fpga",
    "maia", "xla", "lazy", "vulkan", "mps", "meta", "hpu", "mtia", "privateuseone",
)  # fmt: skip


def xp_of(array: Any) -> ModuleType:
    """The module, numpy or cupy, that computes on `array`."""
    return np if isinstance(array, (np.ndarray, np.generic)) else cupy()


@functools.cache
def cupy() -> ModuleType:
    """The CuPy module; raises the AssertionError that PyTorch's CPU build raises without it."""
    if importlib.util.find_spec("cupy") is None:
        raise AssertionError("Torch not compiled with CUDA enabled")
    import cupy as module

    return module


@functools.cache
def cuda_device_count() -> int:
    """How many CUDA devices CuPy can use; 0 when it is not installed or finds none."""
    if importlib.util.find_spec("cupy") is None:
        return 0
    try:
        return int(cupy().cuda.runtime.getDeviceCount())
    except Exception:  # CuPy raises driver-specific errors when there is no driver
        return 0


class device:
    """Where a tensor lives: ``device("cpu")``, ``device("cuda", 1)``, ``device("cuda:1")``.

    Usable as a context manager: factory functions inside create tensors there.
    """

    __slots__ = ("_outer", "index", "type")

    def __init__(self, type: Any = None, index: int | None = None) -> None:
        if not isinstance(type, (str, int, device)):
            from .signatures import misfit

            given = () if type is None else (type,) if index is None else (type, index)
            raise misfit("device", given)
        name = "cuda" if isinstance(type, int) else str(type)
        if isinstance(type, int):
            index = type
        name, colon, number = name.partition(":")
        if colon:
            if not number.isdigit():
                raise RuntimeError(f"Invalid device string: '{name}:{number}'")
            index = int(number)
        if name not in _TYPES:
            expected = ", ".join(_TYPES[:-1]) + ", " + _TYPES[-1]
            raise RuntimeError(
                f"Expected one of {expected} device type at start of device string: {name}"
            )
        if index is not None and index < 0:
            raise RuntimeError("Device index must not be negative")
        self.type, self.index = name, index
        self._outer: list[device | None] = []

    def __repr__(self) -> str:
        index = f", index={self.index}" if self.index is not None else ""
        return f"device(type='{self.type}'{index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, device):
            return NotImplemented
        return self.type == other.type and self.index == other.index

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[Any, ...]:
        return device, (self.type, self.index) if self.index is not None else (self.type,)

    def __enter__(self) -> device:
        self._outer.append(_default[0])
        set_default_device(self)
        return self

    def __exit__(self, *exc: object) -> None:
        _default[0] = self._outer.pop()


_device = device  # for functions with an argument of that name
CPU = device("cpu")
_default: list[device | None] = [None]


def set_default_device(device: Any) -> None:
    """Factory functions create tensors on `device` from now on; None restores the CPU."""
    _default[0] = None if device is None else _device(device)


def get_default_device() -> device:
    """Where factories make tensors unless told otherwise."""
    return with_index(_default[0] or CPU)


def with_index(where: device) -> device:
    """A CUDA device without an index means the current one."""
    if where.type == "cuda" and where.index is None:
        return device("cuda", int(cupy().cuda.Device().id))
    return where


def device_of(array: Any) -> device:
    """The device of an array."""
    if isinstance(array, (np.ndarray, np.generic)):
        return CPU
    return device("cuda", int(array.device.id))


def xp_for(where: Any = None) -> ModuleType:
    """The module that creates arrays on device `where` (None: the default device).

    Raises AssertionError for CUDA without CuPy, NotImplementedError for other devices.
    """
    chosen = (_default[0] or CPU) if where is None else device(where)
    if chosen.type == "cpu":
        return np
    if chosen.type == "cuda":
        return cupy()
    raise NotImplementedError(f"the reference has no {chosen.type} device: use 'cpu' or 'cuda'")


def move(array: Any, where: Any) -> Any:
    """`array` on device `where`: itself if it lives there already, else a copy."""
    target = device(where)
    if target.type == "cpu":
        return array if isinstance(array, np.ndarray) else cupy().asnumpy(array)
    xp = xp_for(target)
    with xp.cuda.Device(with_index(target).index):
        return xp.asarray(array)
