"""Normalisation: subtract the mean of a set of elements, divide by their standard deviation.

The layers differ in the set.  With x̂ = (x - mean) / std over a set S and g the gradient of x̂, the
gradient of x is (g - mean(g) - x̂ mean(g x̂)) / std, means over S (Ioffe & Szegedy 2015).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import errors
from ...autograd.grad_mode import no_grad
from ...dtypes import finfo
from ...op import op
from ...ops.complex import conj
from ...ops.exponential import rsqrt
from ...ops.reduce import mean as mean_
from ...ops.reduce import sum as sum_
from ...ops.rules import in_rows, refuse_grad, serving
from ...ops.shape import reshape

_private: dict[str, bool] = {"method": False, "function": False}


def _wide(x: Any) -> Any:
    """Half precision is computed in single."""
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x


def _whitened(x: Any, axes: Any, eps: float) -> tuple[Any, Any]:
    """(x̂, 1 / std) over `axes`."""
    centred = x - mean_(x, axes, True)
    inverse = rsqrt(mean_(centred * conj(centred), axes, True) + eps)
    return centred * inverse, inverse


def _by_input(grad: Any, hat: Any, inverse: Any, axes: Any) -> Any:
    """The gradient of x from that of x̂."""
    along = mean_(grad * hat, axes, True)
    return (grad - mean_(grad, axes, True) - hat * along) * inverse


def _standardised(xp: Any, self: Any, axes: Any, eps: float) -> Any:
    x = _wide(self)
    centred = x - x.mean(axis=axes, keepdims=True)
    variance = xp.mean(centred * centred, axis=axes, keepdims=True)
    return centred / xp.sqrt(variance + x.dtype.type(eps))


def _affine(out: Any, weight: Any, bias: Any, shape: Any, like: Any) -> Any:
    if weight is not None:
        out = out * weight.reshape(shape)
    if bias is not None:
        out = out + bias.reshape(shape)
    return out.astype(like.dtype, copy=False)


# ---------------------------------------------------------------- batches


def _channels(ndim: int) -> tuple[int, ...]:
    """All dimensions but that of the channels."""
    return tuple(d for d in range(ndim) if d != 1)


def _per_channel(x: Any, ndim: int) -> Any:
    return reshape(x, (1, -1) + (1,) * (ndim - 2))


def _batch_norm_rule(
    grad: Any, self: Any, weight: Any, running_mean: Any, running_var: Any, training: bool,
    eps: float, needs: Any,
) -> Any:  # fmt: skip
    axes, ndim = _channels(len(self.shape)), len(self.shape)
    if training:
        hat, inverse = _whitened(self, axes, eps)
    else:
        inverse = rsqrt(_per_channel(running_var, ndim) + eps)
        hat = (self - _per_channel(running_mean, ndim)) * inverse
    scaled = grad if weight is None else grad * _per_channel(weight, ndim)
    by_input = None
    if needs[0]:
        by_input = _by_input(scaled, hat, inverse, axes) if training else scaled * inverse
    by_weight = sum_(grad * hat, axes) if needs[1] else None
    return by_input, by_weight, sum_(grad, axes) if needs[2] else None


@op(joint=(("self", "weight", "bias"), _batch_norm_rule), node="NativeBatchNormBackward0",
    prepare=serving("batch_norm"), **_private)  # fmt: skip
@in_rows
def _batch_norm(xp, self, weight, bias, running_mean, running_var, training, eps):
    shape = (1, -1) + (1,) * (self.ndim - 2)
    if training:
        out = _standardised(xp, self, _channels(self.ndim), eps)
    else:
        variance = _wide(running_var).reshape(shape)
        inverse = 1 / xp.sqrt(variance + variance.dtype.type(eps))
        out = (_wide(self) - running_mean.reshape(shape)) * inverse
    return _affine(out, weight, bias, shape, self)


def _check_statistics(input: Any, **given: Any) -> None:
    for name, value in given.items():
        if value is not None and value.numel() != input.shape[1]:
            raise RuntimeError(
                f"{name} should contain {input.shape[1]} elements not {value.numel()}"
            )


def _update_running(input: Any, running_mean: Any, running_var: Any, momentum: float) -> None:
    """Move the running statistics towards those of the batch."""
    axes = _channels(input.ndim)
    count = input.numel() // max(input.shape[1], 1)
    with no_grad():
        x = input.detach()
        if running_mean is not None:
            mean = x.mean(axes).to(running_mean.dtype)
            running_mean.mul_(1 - momentum).add_(mean, alpha=momentum)
        if running_var is not None:
            centred = x - x.mean(axes, keepdim=True)
            unbiased = (centred * centred).sum(axes) / (count - 1 if count != 1 else math.nan)
            running_var.mul_(1 - momentum).add_(unbiased.to(running_var.dtype), alpha=momentum)


def batch_norm(
    input: Any, running_mean: Any, running_var: Any, weight: Any = None, bias: Any = None,
    training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """Normalise each channel (dimension 1) over the batch, or by the running statistics.

    In training the running statistics are updated in place.  Raises ValueError for one value per
    channel in training.
    """
    if training:
        count = input.shape[0] * math.prod(input.shape[2:]) if input.ndim > 1 else 0
        if count == 1:
            raise ValueError(
                "Expected more than 1 value per channel when training, got input size "
                f"{input.shape}"
            )
    elif running_mean is None or running_var is None:
        raise RuntimeError(
            "Expected running_mean and running_var to be defined when training=False"
        )
    if not input.numel():
        out = input.clone()
        out = out if weight is None else out * weight[0] if weight.numel() else out
        return out if bias is None else out + bias[0] if bias.numel() else out
    _check_statistics(
        input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    refuse_grad("native_batch_norm", running_mean=running_mean, running_var=running_var)
    statistics = (None, None) if training else (running_mean, running_var)
    out = _batch_norm(input, weight, bias, *statistics, training, eps)
    if training and (running_mean is not None or running_var is not None):
        _update_running(input, running_mean, running_var, momentum)
    return out


def instance_norm(
    input: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None,
    bias: Any = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """Normalise each channel of each example: ``batch_norm``, the batch folded into channels."""
    if use_input_stats and math.prod(input.shape[2:]) == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {input.shape}"
        )
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError(
            "Expected running_mean and running_var to be defined when use_input_stats is false"
        )
    n, channels, *rest = input.shape
    given = (running_mean, running_var)
    statistics: list[Any] = [None if s is None else s.detach().repeat(n) for s in given]
    weight, bias = (None if p is None else p.repeat(n) for p in (weight, bias))
    folded = input.contiguous().view(1, n * channels, *rest)
    out = batch_norm(
        folded, statistics[0], statistics[1], weight, bias, use_input_stats, momentum, eps
    )
    if use_input_stats:
        for running, repeated in zip(given, statistics, strict=True):
            if running is not None:
                with no_grad():
                    running.copy_(repeated.view(n, channels).mean(0))
    return out.view(n, channels, *rest)


# ---------------------------------------------------------------- layers and groups


def _layer_norm_rule(
    grad: Any, self: Any, normalized_shape: Any, weight: Any, eps: float, needs: Any
) -> Any:
    lead = len(self.shape) - len(normalized_shape)
    axes, outer = tuple(range(lead, len(self.shape))), tuple(range(lead))
    hat, inverse = _whitened(self, axes, eps)
    scaled = grad if weight is None else grad * weight
    by_input = _by_input(scaled, hat, inverse, axes) if needs[0] else None
    by_weight = _summed(grad * hat, outer) if needs[1] else None
    return by_input, by_weight, _summed(grad, outer) if needs[2] else None


def _summed(x: Any, axes: Any) -> Any:
    return sum_(x, axes) if axes else x


@op(joint=(("self", "weight", "bias"), _layer_norm_rule), node="NativeLayerNormBackward0",
    prepare=serving("LayerNormKernelImpl"), **_private)  # fmt: skip
@in_rows
def _layer_norm(xp, self, normalized_shape, weight, bias, eps):
    axes = tuple(range(self.ndim - len(normalized_shape), self.ndim))
    out = _standardised(xp, self, axes, eps)
    return _affine(out, weight, bias, tuple(normalized_shape), self)


def _check_layer(input: Any, shape: Any, **given: Any) -> tuple[int, ...]:
    """The normalised shape as a tuple.  Raises RuntimeError if it does not end the input's."""
    if isinstance(shape, int):
        raise TypeError(
            "layer_norm(): argument 'normalized_shape' (position 2) must be tuple of ints, not int"
        )
    shape = tuple(shape)
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            "element, but got normalized_shape = []"
        )
    for name, value in given.items():
        if value is not None and tuple(value.shape) != shape:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{errors.sizes(value.shape)} and normalized_shape = {errors.sizes(shape)}"
            )
    if input.ndim < len(shape) or tuple(input.shape[-len(shape) :]) != shape:
        expected = "".join(f", {n}" for n in shape)
        raise RuntimeError(
            f"Given normalized_shape={errors.sizes(shape)}, expected input with shape [*{expected}]"
            f", but got input of size{errors.sizes(input.shape)}"
        )
    return shape


def layer_norm(
    input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """Normalise over the last dimensions, whose sizes are `normalized_shape`."""
    shape = _check_layer(input, normalized_shape, weight=weight, bias=bias)
    return _layer_norm(input, shape, weight, bias, eps)


def _group_norm_rule(
    grad: Any, self: Any, num_groups: int, weight: Any, eps: float, needs: Any
) -> Any:
    shape = tuple(self.shape)
    ndim = len(shape)
    groups = (shape[0], num_groups, math.prod(shape[1:]) // num_groups)
    hat, inverse = _whitened(reshape(self, groups), (2,), eps)
    scaled = grad if weight is None else grad * _per_channel(weight, ndim)
    by_input = None
    if needs[0]:
        by_input = reshape(_by_input(reshape(scaled, groups), hat, inverse, (2,)), shape)
    axes = _channels(ndim)
    by_weight = sum_(grad * reshape(hat, shape), axes) if needs[1] else None
    return by_input, by_weight, sum_(grad, axes) if needs[2] else None


@op(joint=(("self", "weight", "bias"), _group_norm_rule), node="NativeGroupNormBackward0",
    prepare=serving("GroupNormKernelImpl"), **_private)  # fmt: skip
def _group_norm(xp, self, num_groups, weight, bias, eps):
    shape = self.shape
    size = math.prod(shape[1:]) // num_groups
    out = _standardised(xp, self.reshape(shape[0], num_groups, size), (2,), eps).reshape(shape)
    return _affine(out, weight, bias, (1, -1) + (1,) * (self.ndim - 2), self)


def group_norm(
    input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """Normalise over groups of channels of each example."""
    if input.ndim < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {input.ndim}"
        )
    channels = input.shape[1]
    if channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {errors.sizes(input.shape)} and num_groups={num_groups}"
        )
    for name, value in (("weight", weight), ("bias", bias)):
        if value is not None and (value.ndim != 1 or value.numel() != channels):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, "
                f"but got {name} of shape {errors.sizes(value.shape)} and input of shape "
                f"{errors.sizes(input.shape)}"
            )
    return _group_norm(input, num_groups, weight, bias, eps)


# ---------------------------------------------------------------- without a mean


def rms_norm(input: Any, normalized_shape: Any, weight: Any = None, eps: Any = None) -> Any:
    """Divide by the root of the mean square over the last dimensions."""
    shape = _check_layer(input, normalized_shape, weight=weight)
    axes = tuple(range(input.ndim - len(shape), input.ndim))
    if not (input.dtype.is_floating_point or input.dtype.is_complex):
        raise errors.not_implemented_for("rms_norm", input.dtype)
    if eps is None:
        eps = finfo(input.dtype).eps
    wide = input.float() if input.dtype.itemsize == 2 else input
    out = wide * ((wide * wide).mean(axes, keepdim=True) + eps).rsqrt()
    out = out.to(input.dtype).contiguous()
    return out if weight is None else out * weight


def local_response_norm(
    input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Any:
    """Divide by a power of the mean square over `size` neighbouring channels."""
    from .pool import avg_pool2d, avg_pool3d
    from .resample import pad

    if input.ndim < 3:
        raise ValueError(
            "Expected 3D or higher dimensionality                          input "
            f"(got {input.ndim} dimensions)"
        )
    if input.numel() == 0:
        return input
    squares = input.mul(input)
    around = (size // 2, (size - 1) // 2)
    if input.ndim == 3:
        mean = avg_pool2d(pad(squares.unsqueeze(1), (0, 0, *around)), (size, 1), stride=1)
    else:
        n, channels, rows, *rest = input.shape
        folded = squares.view(n, 1, channels, rows, -1)
        mean = avg_pool3d(pad(folded, (0, 0, 0, 0, *around)), (size, 1, 1), stride=1)
        mean = mean.view(n, 1, channels, rows, *rest)
    return input / mean.squeeze(1).mul(alpha).add(k).pow(beta)
