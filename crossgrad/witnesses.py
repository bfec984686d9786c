"""Who runs the blocks: how a witness is known to be available, and what `torch` is to it.

Whether a witness is available is found out without importing torch or CuPy: an import costs
more than a second, and a process that has once touched the GPU can no longer be forked.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.metadata
import importlib.util
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from crossgrad.browser import pyodide
from crossgrad.errors import CrossgradError


@dataclass(frozen=True)
class Witness:
    """One way to run the blocks.

    binding: the module that `import torch` means (`torch` or `reference_impl`). device: the
    default device, `cpu` or `cuda`. in_browser: Pyodide runs it, as in a reader's browser, and not
    this Python. setup: `module:function`, called in the page's process
    before the page begins; tests plant faults with it.
    """

    name: str
    binding: str
    device: str
    setup: str | None = None
    in_browser: bool = False

    @property
    def is_torch(self) -> bool:
        return self.binding == "torch"

    @property
    def host(self) -> str:
        """What runs its pages: the warm process of its binding, or Pyodide."""
        return "pyodide" if self.in_browser else self.binding

    def problem(self) -> str | None:
        """Why this witness cannot run here, or None if it can."""
        if self.in_browser:
            return pyodide.problem()
        if self.is_torch and not version_of("torch"):
            return "PyTorch is not installed"
        if not self.is_torch and self.device == "cuda" and not cupy_version():
            return "CuPy is not installed"
        if self.device == "cuda" and not gpu_name():
            return "there is no CUDA device"
        if self.is_torch and self.device == "cuda" and version_of("torch").endswith("+cpu"):
            return f"PyTorch {version_of('torch')} is built without CUDA"
        return None

    def versions(self) -> dict[str, str]:
        """The versions that its results depend on."""
        if self.in_browser:
            return pyodide.versions()
        versions = {"torch": version_of("torch")} if self.is_torch else {}
        if not self.is_torch and self.device == "cuda":
            versions["cupy"] = cupy_version()
        versions |= {"numpy": version_of("numpy"), "python": platform.python_version()}
        return {name: version for name, version in versions.items() if version}

    def device_name(self) -> str | None:
        """The processor that it computes on, as its maker calls it."""
        if self.in_browser:
            return f"WebAssembly on {cpu_name()}"
        return gpu_name() if self.device == "cuda" else cpu_name()


WITNESSES = {
    witness.name: witness
    for witness in (
        Witness("torch-cpu", "torch", "cpu"),
        Witness("torch-cuda", "torch", "cuda"),
        Witness("numpy", "reference_impl", "cpu"),
        Witness("cupy", "reference_impl", "cuda"),
        Witness("wasm", "reference_impl", "cpu", in_browser=True),
    )
}
"""All witnesses; where they differ, the first that ran is the one the others are held against."""

NAMES = tuple(WITNESSES)


def choose(names: list[str] | None = None) -> list[Witness]:
    """The witnesses of those names, in their fixed order; all of them by default.

    Raises:
        CrossgradError: a name that no witness has.
    """
    for name in names or []:
        if name not in WITNESSES:
            raise CrossgradError(f"no witness is called {name!r}; there are {', '.join(NAMES)}")
    return [witness for name, witness in WITNESSES.items() if not names or name in names]


@functools.cache
def version_of(distribution: str) -> str:
    """The installed version, or the empty string."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def cupy_version() -> str:
    """CuPy's version; its wheels are named after the CUDA they are for."""
    names = ("cupy", "cupy-cuda12x", "cupy-cuda13x", "cupy-cuda11x")
    return next((version for version in map(version_of, names) if version), "")


@functools.cache
def gpu_name() -> str:
    """The name of the first GPU as NVIDIA's management library gives it, or the empty string."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return ""
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return ""
    handle, name = ctypes.c_void_p(), ctypes.create_string_buffer(96)
    calls = [
        lambda: nvml.nvmlInit_v2(),
        lambda: nvml.nvmlDeviceGetHandleByIndex_v2(0, ctypes.byref(handle)),
        lambda: nvml.nvmlDeviceGetName(handle, name, len(name)),
    ]
    return name.value.decode() if all(call() == 0 for call in calls) else ""


@functools.cache
def cpu_name() -> str:
    """The processor's name, or at least its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
