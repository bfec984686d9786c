"""Padding layers."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..functional.windows import ints
from .module import Module

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d",
    "ConstantPad3d", "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d",
    "ReplicationPad2d", "ReplicationPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip


class _ConstantPadNd(Module):
    _count = 0

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__()
        self.padding, self.value = ints(padding, 2 * self._count), value

    def forward(self, input: Any) -> Any:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """`value` around the last dimension."""

    _count = 1


class ConstantPad2d(_ConstantPadNd):
    """`value` around the last two dimensions."""

    _count = 2


class ConstantPad3d(_ConstantPadNd):
    """`value` around the last three dimensions."""

    _count = 3


class _BorderPadNd(Module):
    """Padding that repeats what is there."""

    _count = 0
    _mode = ""

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = ints(padding, 2 * self._count)

    def forward(self, input: Any) -> Any:
        self._check_input_dim(input)
        return F.pad(input, self.padding, self._mode)

    def _check_input_dim(self, input: Any) -> None:
        pass

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad1d(ConstantPad1d):
    """Zeros around the last dimension."""

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    """Zeros around the last two dimensions."""

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad3d(ConstantPad3d):
    """Zeros around the last three dimensions."""

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ReflectionPad1d(_BorderPadNd):
    """The reflection of what is inside."""

    _count, _mode = 1, "reflect"


class ReflectionPad2d(_BorderPadNd):
    """The reflection of what is inside."""

    _count, _mode = 2, "reflect"


class ReflectionPad3d(_BorderPadNd):
    """The reflection of what is inside."""

    _count, _mode = 3, "reflect"


class ReplicationPad1d(_BorderPadNd):
    """The nearest element."""

    _count, _mode = 1, "replicate"


class ReplicationPad2d(_BorderPadNd):
    """The nearest element."""

    _count, _mode = 2, "replicate"


class ReplicationPad3d(_BorderPadNd):
    """The nearest element."""

    _count, _mode = 3, "replicate"


class _CircularPadNd(_BorderPadNd):
    _mode = "circular"

    def _check_input_dim(self, input: Any) -> None:
        low = self._count + 1
        if input.ndim not in (low, low + 1):
            raise ValueError(f"expected {low}D or {low + 1}D input (got {input.ndim}D input)")


class CircularPad1d(_CircularPadNd):
    """The elements of the other end."""

    _count = 1


class CircularPad2d(_CircularPadNd):
    """The elements of the other end."""

    _count = 2


class CircularPad3d(_CircularPadNd):
    """The elements of the other end."""

    _count = 3
