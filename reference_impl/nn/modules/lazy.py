"""Layers that take the size of their input from the first one they see."""

from __future__ import annotations

from typing import Any

from ...autograd.grad_mode import no_grad
from ..parameter import UninitializedParameter
from .batchnorm import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
)
from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .linear import Linear

__all__ = [
    "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "LazyConv1d", "LazyConv2d",
    "LazyConv3d", "LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d",
    "LazyInstanceNorm1d", "LazyInstanceNorm2d", "LazyInstanceNorm3d", "LazyLinear",
]  # fmt: skip


class _Lazy:
    """Becomes the module of class `_becomes` when the input's size is known.

    Until then the parameters are there without a shape.  They stay the same objects, so that an
    optimizer made before keeps working.
    """

    _becomes: Any = None
    _size_name = ""
    _settings: dict[str, Any]

    def _prepare(self, settings: dict[str, Any], size: str, lazy: tuple[str, ...]) -> None:
        """Build with a size of 0 and forget the shapes of the parameters named `lazy`."""
        self._becomes.__init__(self, **{size: 0}, **settings)
        object.__setattr__(self, "_lazy_settings", (settings, size))
        for name in lazy:
            if self._parameters.get(name) is not None:  # type: ignore[attr-defined]
                self._parameters[name] = UninitializedParameter()  # type: ignore[attr-defined]

    def has_uninitialized_params(self) -> bool:
        """Whether the first input is still to come."""
        return "_lazy_settings" in self.__dict__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.has_uninitialized_params():
            self.initialize_parameters(args[0])
            return self(*args, **kwargs)  # now of the other class
        return super().__call__(*args, **kwargs)  # type: ignore[misc]

    def _input_size(self, input: Any) -> int:
        return int(input.shape[1])

    def initialize_parameters(self, input: Any) -> None:
        """Become the module that fits `input`."""
        self._become(self._input_size(input))

    def _become(self, size: int) -> None:
        settings, name = self.__dict__.pop("_lazy_settings")
        for p in self._parameters.values():  # type: ignore[attr-defined]
            if isinstance(p, UninitializedParameter):  # it may have been moved or cast since
                settings = settings | {"dtype": p.dtype, "device": p.device}
        made = self._becomes(**{name: size}, **settings)
        with no_grad():
            for key, value in made._parameters.items():
                mine = self._parameters.get(key)  # type: ignore[attr-defined]
                if isinstance(mine, UninitializedParameter):
                    mine.data = value.data
                    mine.__class__ = type(value)
        for key, value in made._buffers.items():
            self._buffers[key] = value  # type: ignore[attr-defined]
        setattr(self, name, size)
        self.__class__ = self._becomes

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        key = prefix + ("weight" if prefix + "weight" in state_dict else "running_mean")
        if self.has_uninitialized_params() and key in state_dict:
            self._become(self._size_in(state_dict[key]))
            self._load_from_state_dict(state_dict, prefix, *rest)  # now of the other class
            return
        super()._load_from_state_dict(state_dict, prefix, *rest)  # type: ignore[misc]

    def _size_in(self, weight: Any) -> int:
        """The input's size, from a saved weight."""
        return int(weight.shape[0])


class LazyLinear(_Lazy, Linear):
    """A ``Linear`` whose `in_features` are those of its first input."""

    _becomes = Linear

    def __init__(
        self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        settings = {"out_features": out_features, "bias": bias, "device": device, "dtype": dtype}
        self._prepare(settings, "in_features", ("weight", "bias"))

    def reset_parameters(self) -> None:
        if self.in_features:
            super().reset_parameters()

    def _input_size(self, input: Any) -> int:
        return int(input.shape[-1])

    def _size_in(self, weight: Any) -> int:
        return int(weight.shape[1])


class _LazyConv(_Lazy):
    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros",
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        settings = {
            "out_channels": out_channels, "kernel_size": kernel_size,
            "stride": stride, "padding": padding,
            "dilation": dilation, "groups": groups,
            "bias": bias, "padding_mode": padding_mode, "device": device,
            "dtype": dtype,
        }  # fmt: skip
        self._prepare(settings, "in_channels", ("weight", "bias"))

    def reset_parameters(self) -> None:
        if self.in_channels:  # type: ignore[attr-defined]
            super().reset_parameters()  # type: ignore[misc]

    def _input_size(self, input: Any) -> int:
        spatial = len(self.kernel_size)  # type: ignore[attr-defined]
        if input.ndim not in (spatial + 1, spatial + 2):
            raise RuntimeError(
                f"Expected {spatial + 1}D (unbatched) or {spatial + 2}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {input.shape}"
            )
        return int(input.shape[-spatial - 1])

    def _size_in(self, weight: Any) -> int:
        return int(weight.shape[1] * self.groups)  # type: ignore[attr-defined]


class LazyConv1d(_LazyConv, Conv1d):
    """A ``Conv1d`` whose `in_channels` are those of its first input."""

    _becomes = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A ``Conv2d`` whose `in_channels` are those of its first input."""

    _becomes = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A ``Conv3d`` whose `in_channels` are those of its first input."""

    _becomes = Conv3d


class _LazyConvTranspose(_LazyConv):
    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1,
        padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        settings = {
            "out_channels": out_channels, "kernel_size": kernel_size,
            "stride": stride, "padding": padding,
            "output_padding": output_padding, "groups": groups, "bias": bias, "dilation": dilation,
            "padding_mode": padding_mode, "device": device, "dtype": dtype,
        }  # fmt: skip
        self._prepare(settings, "in_channels", ("weight", "bias"))

    def _size_in(self, weight: Any) -> int:
        return int(weight.shape[0])


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A ``ConvTranspose1d`` whose `in_channels` are those of its first input."""

    _becomes = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A ``ConvTranspose2d`` whose `in_channels` are those of its first input."""

    _becomes = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A ``ConvTranspose3d`` whose `in_channels` are those of its first input."""

    _becomes = ConvTranspose3d


class _LazyNorm(_Lazy):
    def __init__(
        self, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, device: Any = None, dtype: Any = None, *,
        bias: bool = True,
    ) -> None:  # fmt: skip
        settings: dict[str, Any] = {
            "eps": eps, "momentum": momentum, "affine": affine,
            "track_running_stats": track_running_stats, "device": device, "dtype": dtype,
            "bias": bias,
        }  # fmt: skip
        self._prepare(settings, "num_features", ("weight", "bias"))

    def reset_parameters(self) -> None:
        if self.num_features:  # type: ignore[attr-defined]
            super().reset_parameters()  # type: ignore[misc]


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """A ``BatchNorm1d`` whose `num_features` are those of its first input."""

    _becomes = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """A ``BatchNorm2d`` whose `num_features` are those of its first input."""

    _becomes = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """A ``BatchNorm3d`` whose `num_features` are those of its first input."""

    _becomes = BatchNorm3d


class _LazyInstanceNorm(_LazyNorm):
    def _input_size(self, input: Any) -> int:
        return int(input.shape[-self._spatial - 1])  # type: ignore[attr-defined]


class LazyInstanceNorm1d(_LazyInstanceNorm, InstanceNorm1d):
    """An ``InstanceNorm1d`` whose `num_features` are those of its first input."""

    _becomes = InstanceNorm1d


class LazyInstanceNorm2d(_LazyInstanceNorm, InstanceNorm2d):
    """An ``InstanceNorm2d`` whose `num_features` are those of its first input."""

    _becomes = InstanceNorm2d


class LazyInstanceNorm3d(_LazyInstanceNorm, InstanceNorm3d):
    """An ``InstanceNorm3d`` whose `num_features` are those of its first input."""

    _becomes = InstanceNorm3d
