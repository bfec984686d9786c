"""Convolution layers."""

from __future__ import annotations

import math
from typing import Any

from .. import functional as F
from .. import init
from ..functional.windows import ints
from ..parameter import Parameter
from .linear import _empty
from .module import Module

__all__ = [
    "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d",
]  # fmt: skip


def _each(value: Any, count: int) -> Any:
    """A tuple with one value for each dimension; strings stay."""
    return value if isinstance(value, str) else ints(value, count)


class _ConvNd(Module):
    """The settings and parameters of a convolution; subclasses say in how many dimensions."""

    _count = 0
    _transposed = False

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1,
        padding: Any = 0, dilation: Any = 1, groups: int = 1, bias: bool = True,
        padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
        output_padding: Any = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        count = self._count
        _check(in_channels, out_channels, groups, padding, stride, padding_mode)
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride = _each(kernel_size, count), _each(stride, count)
        self.padding, self.dilation = _each(padding, count), _each(dilation, count)
        self.transposed, self.padding_mode = self._transposed, padding_mode
        self.output_padding = _each(output_padding, count)
        self._reversed_padding_repeated_twice = self._border()
        first, second = out_channels, in_channels // groups
        if self._transposed:
            first, second = in_channels, out_channels // groups
        self.weight = Parameter(_empty((first, second, *self.kernel_size), device, dtype))
        if bias:
            self.bias = Parameter(_empty(out_channels, device, dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _border(self) -> list[int]:
        """The padding as ``F.pad`` takes it, the last dimension first."""
        if not isinstance(self.padding, str):
            return [p for p in reversed(self.padding) for _ in range(2)]
        border = []
        for d, k in reversed(list(zip(self.dilation, self.kernel_size, strict=True))):
            total = d * (k - 1) if self.padding == "same" else 0
            border += [total // 2, total - total // 2]
        return border

    def reset_parameters(self) -> None:
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        parts = [
            f"{self.in_channels}, {self.out_channels}", f"kernel_size={self.kernel_size}",
            f"stride={self.stride}",
        ]  # fmt: skip
        zeros = (0,) * self._count
        for name, usual in (
            ("padding", zeros), ("dilation", (1,) * self._count), ("output_padding", zeros),
            ("groups", 1),
        ):  # fmt: skip
            value = getattr(self, name)
            if value != usual:
                parts.append(f"{name}={value}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


def _check(
    in_channels: int, out_channels: int, groups: int, padding: Any, stride: Any, mode: str
) -> None:
    if groups <= 0:
        raise ValueError("groups must be a positive integer")
    if in_channels % groups:
        raise ValueError("in_channels must be divisible by groups")
    if out_channels % groups:
        raise ValueError("out_channels must be divisible by groups")
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(
                f"Invalid padding string {padding!r}, should be one of {{'valid', 'same'}}"
            )
        strides = stride if isinstance(stride, tuple) else (stride,)
        if padding == "same" and any(s != 1 for s in strides):
            raise ValueError("padding='same' is not supported for strided convolutions")
    modes = {"zeros", "reflect", "replicate", "circular"}
    if mode not in modes:
        raise ValueError(f"padding_mode must be one of {modes}, but got padding_mode='{mode}'")


class _Forward(_ConvNd):
    _function: Any = None

    def forward(self, input: Any) -> Any:
        return self._conv_forward(input, self.weight, self.bias)

    def _conv_forward(self, input: Any, weight: Any, bias: Any) -> Any:
        padding = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            padding = 0
        return type(self)._function(
            input, weight, bias, self.stride, padding, self.dilation, self.groups
        )


class Conv1d(_Forward):
    """A convolution of (N, C, L)."""

    _count, _function = 1, staticmethod(F.conv1d)


class Conv2d(_Forward):
    """A convolution of (N, C, H, W)."""

    _count, _function = 2, staticmethod(F.conv2d)


class Conv3d(_Forward):
    """A convolution of (N, C, D, H, W)."""

    _count, _function = 3, staticmethod(F.conv3d)


class _Transposed(_ConvNd):
    _transposed = True
    _function: Any = None

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1,
        padding: Any = 0, output_padding: Any = 0, groups: int = 1, bias: bool = True,
        dilation: Any = 1, padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias,
            padding_mode, device, dtype, output_padding,
        )  # fmt: skip

    def forward(self, input: Any, output_size: Any = None) -> Any:
        extra = self._output_padding(input, output_size)
        return type(self)._function(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups,
            self.dilation,
        )  # fmt: skip

    def _output_padding(self, input: Any, output_size: Any) -> Any:
        """What to add to the smallest result to get `output_size`."""
        if output_size is None:
            return self.output_padding
        count = self._count
        sizes = list(output_size)
        if len(sizes) == input.ndim:
            sizes = sizes[-count:]
        if len(sizes) != count:
            raise ValueError(
                f"ConvTranspose{count}D: for {input.ndim}D input, output_size must have {count} or "
                f"{input.ndim} elements (got {len(output_size)})"
            )
        settings = zip(
            input.shape[-count:], self.stride, self.padding, self.dilation, self.kernel_size,
            strict=True,
        )  # fmt: skip
        least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in settings]
        most = [m + s - 1 for m, s in zip(least, self.stride, strict=True)]
        for wanted, low, high in zip(sizes, least, most, strict=True):
            if not low <= wanted <= high:
                raise ValueError(
                    f"requested an output size of {sizes}, but valid sizes range from {least} to "
                    f"{most} (for an input of {input.shape[2:]})"
                )
        return tuple(w - m for w, m in zip(sizes, least, strict=True))


class ConvTranspose1d(_Transposed):
    """A transposed convolution of (N, C, L)."""

    _count, _function = 1, staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_Transposed):
    """A transposed convolution of (N, C, H, W)."""

    _count, _function = 2, staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_Transposed):
    """A transposed convolution of (N, C, D, H, W)."""

    _count, _function = 3, staticmethod(F.conv_transpose3d)
