"""Let PyTorch on CUDA draw the numbers that PyTorch on the CPU would draw.

CUDA has a random generator of its own, so a page would show other numbers there. Every
operation that draws is marked by PyTorch as `nondeterministic_seeded`: such an operation is
done on the CPU and its results are moved.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map


class DrawOnCpu(TorchDispatchMode):
    """Does every operation that draws random numbers on the CPU."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded not in func.tags:
            return func(*args, **kwargs)
        device = _device(args, kwargs)
        if device is None or device.type == "cpu":
            return func(*args, **kwargs)
        return _move(func, args, kwargs, device)


def _move(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], device: torch.device) -> Any:
    here: dict[int, torch.Tensor] = {}

    def to_cpu(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            here[id(value)] = copy = _on_cpu(value)
            return copy
        if isinstance(value, torch.device):
            return torch.device("cpu")
        return None if isinstance(value, torch.Generator) else value

    def to_device(value: Any) -> Any:
        return value.to(device) if isinstance(value, torch.Tensor) else value

    result = func(*tree_map(to_cpu, args), **tree_map(to_cpu, kwargs))
    if not func._schema.is_mutable:
        return tree_map(to_device, result)
    for argument, value in zip(func._schema.arguments, args, strict=False):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value.copy_(here[id(value)])
    return args[0] if "out" not in kwargs else kwargs["out"].copy_(result)


def _on_cpu(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.device.type == "meta":  # which has no values to copy
        return torch.zeros_like(tensor, device="cpu")
    return tensor.cpu()


def _device(args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.device | None:
    if kwargs.get("device") is not None:
        return torch.device(kwargs["device"])
    tensors = [value for value in args if isinstance(value, torch.Tensor)]
    return tensors[0].device if tensors else None


def match_the_cpu() -> None:
    """From here on CUDA draws the CPU's numbers, and computes in full float32."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    DrawOnCpu().__enter__()
