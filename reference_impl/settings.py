"""Questions to and switches of the whole package: default dtype, threads, determinism."""

from __future__ import annotations

import importlib
import os
import warnings
from typing import Any

from . import backend, dtypes, errors
from .dtypes import dtype
from .op import PUBLIC, composite
from .tensor import Tensor

_state: dict[str, Any] = {
    "threads": os.cpu_count() or 1, "interop": os.cpu_count() or 1, "deterministic": False,
    "warn_only": False, "precision": "highest",
}  # fmt: skip


def is_tensor(obj: Any) -> bool:
    """Whether `obj` is a tensor."""
    return isinstance(obj, Tensor)


def is_storage(obj: Any) -> bool:
    """Whether `obj` is a storage."""
    from .storage import TypedStorage, UntypedStorage

    return isinstance(obj, (TypedStorage, UntypedStorage))


def is_inference(input: Tensor) -> bool:
    """Whether a tensor was made in inference mode."""
    return input.is_inference()


def typename(obj: Any) -> str:
    """The type of `obj` as text: a tensor's old type name, else module and class."""
    if isinstance(obj, Tensor):
        return obj.type()  # type: ignore[attr-defined, no-any-return]
    cls = obj if isinstance(obj, type) else type(obj)
    module = getattr(cls, "__module__", "") or ""
    return cls.__qualname__ if module in ("", "builtins", "__builtin__") else (
        f"{module}.{cls.__qualname__}"
    )  # fmt: skip


# ---------------------------------------------------------------- dtypes


@composite(
    method=False, function=False,
    keywords={"scalar": "other", "scalar1": "tensor", "scalar2": "other"},
)  # fmt: skip
def result_type(tensor: Any, other: Any) -> dtype:
    """The dtype in which an operation on both, tensors or numbers, computes."""
    operands = (t._data if isinstance(t, Tensor) else t for t in (tensor, other))
    return dtypes.result_dtype(*operands)


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether a result of dtype `from_` may be written into a tensor of dtype `to`."""
    return dtypes.can_cast(from_, to)


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype that holds both."""
    return dtypes.promote_types(type1, type2)


def set_default_tensor_type(t: Any) -> None:
    """Set the default dtype by the old name of a tensor type; deprecated in PyTorch."""
    warnings.warn(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use "
        "torch.set_default_dtype() and torch.set_default_device() as alternatives.",
        UserWarning,
        stacklevel=2,
    )
    if isinstance(t, str):
        t = PUBLIC.get(t.removeprefix("torch."), t)
    found = getattr(t, "dtype", None)
    if not isinstance(found, dtype):
        raise errors.invalid_dtype_object(t)
    dtypes.set_default_dtype(found)


# ---------------------------------------------------------------- switches


def get_num_threads() -> int:
    """How many threads an operation is allowed; NumPy's own libraries decide what they use."""
    return int(_state["threads"])


def set_num_threads(num: int) -> None:
    """Note how many threads an operation is allowed."""
    if num <= 0:
        raise RuntimeError("Expected positive number of threads")
    _state["threads"] = num


def get_num_interop_threads() -> int:
    """How many operations may run at once."""
    return int(_state["interop"])


def set_num_interop_threads(num: int) -> None:
    """Note how many operations may run at once."""
    _state["interop"] = num


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for results that do not change from run to run; the reference's never do."""
    _state["deterministic"], _state["warn_only"] = bool(mode), bool(warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """What ``use_deterministic_algorithms`` was told."""
    return bool(_state["deterministic"])


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether ``use_deterministic_algorithms`` was to warn only."""
    return bool(_state["warn_only"])


def get_deterministic_debug_mode() -> int:
    """0 default, 1 warn, 2 error: what ``use_deterministic_algorithms`` was told, as a number."""
    return (2 - bool(_state["warn_only"])) if _state["deterministic"] else 0


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """``use_deterministic_algorithms`` by one of "default", "warn", "error", or 0, 1, 2."""
    names = ("default", "warn", "error")
    if not isinstance(debug_mode, (int, str)):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode)}")
    if isinstance(debug_mode, str):
        if debug_mode not in names:
            raise RuntimeError(
                "invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got "
                f"{debug_mode}"
            )
        debug_mode = names.index(debug_mode)
    if debug_mode not in (0, 1, 2):
        raise RuntimeError(
            f"invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}"
        )
    use_deterministic_algorithms(debug_mode > 0, warn_only=debug_mode == 1)


def set_float32_matmul_precision(precision: str) -> None:
    """Note how precise float32 products are to be; the reference's are always the highest."""
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(
            "float32_matmul_precision: expected one of highest, high, medium; got " + precision
        )
    _state["precision"] = precision


def get_float32_matmul_precision() -> str:
    """What ``set_float32_matmul_precision`` was told."""
    return str(_state["precision"])


def set_flush_denormal(mode: bool) -> bool:
    """Whether tiny numbers could be made to count as zero: they cannot here."""
    return False


def set_warn_always(b: bool) -> None:
    """Show a warning each time that PyTorch by default shows once in a process."""
    errors.warn_always = bool(b)


def is_warn_always_enabled() -> bool:
    """What ``set_warn_always`` was told."""
    return errors.warn_always


def compiled_with_cxx11_abi() -> bool:
    """Kept for programs that ask."""
    return True


def is_distributed(input: Tensor) -> bool:
    """No tensor is."""
    return False


def is_vulkan_available() -> bool:
    """No."""
    return False


def get_file_path(*path_components: str) -> str:
    """The path of a file among this package's own."""
    return os.path.join(os.path.dirname(os.path.dirname(__file__)), *path_components)


def get_device_module(device: Any = None) -> Any:
    """``torch.cuda`` or ``torch.cpu``, by a device, its name, or the current accelerator."""
    kind = device or ("cuda" if backend.cuda_device_count() else "cpu")
    kind = backend.device(kind).type
    try:
        return importlib.import_module(f"{__package__}.{kind}")
    except ModuleNotFoundError:
        raise RuntimeError(
            f"Device '{kind}' does not have a corresponding module registered as 'torch.{kind}'."
        ) from None


get_default_device = backend.get_default_device
set_default_device = backend.set_default_device
get_default_dtype = dtypes.get_default_dtype
set_default_dtype = dtypes.set_default_dtype

__all__ = [
    "are_deterministic_algorithms_enabled",
    "can_cast",
    "compiled_with_cxx11_abi",
    "get_default_device",
    "get_default_dtype",
    "get_deterministic_debug_mode",
    "get_device_module",
    "get_file_path",
    "get_float32_matmul_precision",
    "get_num_interop_threads",
    "get_num_threads",
    "is_deterministic_algorithms_warn_only_enabled",
    "is_distributed",
    "is_inference",
    "is_storage",
    "is_tensor",
    "is_vulkan_available",
    "is_warn_always_enabled",
    "promote_types",
    "result_type",
    "set_default_device",
    "set_default_dtype",
    "set_default_tensor_type",
    "set_deterministic_debug_mode",
    "set_float32_matmul_precision",
    "set_flush_denormal",
    "set_num_interop_threads",
    "set_num_threads",
    "set_warn_always",
    "typename",
    "use_deterministic_algorithms",
]  # fmt: skip
