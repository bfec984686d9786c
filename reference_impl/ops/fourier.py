"""The three discrete Fourier transforms that all others are made of, with their rules.

    _fft_c2c   complex to complex, forward or backward
    _fft_r2c   real to complex; one-sided: without the half that the other half conjugated gives
    _fft_c2r   back from the one-sided half

They are linear: a rule is the transform backward.  `normalization` is 0 (none), 1 (by the root of
the number of points) or 2 (by that number).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..op import op, wrap_dim
from .parts import narrow, slice_backward

_NONE, _BY_ROOT, _BY_N = range(3)


def _scaled(array: Any, normalization: int, count: int) -> Any:
    if normalization == _NONE:
        return array
    scale = 1 / math.sqrt(count) if normalization == _BY_ROOT else 1 / count
    return array * array.real.dtype.type(scale)


def _points(shape: Any, dim: Any) -> int:
    return math.prod(shape[d] for d in dim)


@op(
    self=lambda grad, dim, normalization, forward: _fft_c2c(grad, dim, normalization, not forward),
    method=False, function=False, node="FftC2CBackward0",
)  # fmt: skip
def _fft_c2c(xp, self, dim, normalization, forward):
    """The transform over all of `dim`; unscaled both ways but for `normalization`."""
    if not dim:
        return self.copy()
    if forward:
        out = xp.fft.fftn(self, axes=dim, norm="backward")
    else:
        out = xp.fft.ifftn(self, axes=dim, norm="forward")
    out = _scaled(out.astype(self.dtype, copy=False), normalization, _points(self.shape, dim))
    return _laid_out(xp, out, self.strides, _by_stride(dim, self.strides))


def _by_stride(dim: Any, strides: Any) -> list[int]:
    return sorted(dim, key=lambda d: -strides[d])


def _laid_out(xp: Any, out: Any, strides: Any, dim: Any) -> Any:
    """`out` in memory as PyTorch leaves it: `dim` innermost, the others by the input's strides."""
    order = _by_stride([d for d in range(out.ndim) if d not in dim], strides) + list(dim)
    return xp.ascontiguousarray(out.transpose(order)).transpose(np.argsort(order).tolist())


def _r2c_rule(grad: Any, self_shape: Any, dim: Any, normalization: int, onesided: bool) -> Any:
    """The full transform backward, of the half filled up with zeros; its real part."""
    last = wrap_dim(dim[-1], len(self_shape))
    if onesided:
        half = grad.shape[last]
        shape = [n if d != last else self_shape[last] for d, n in enumerate(grad.shape)]
        grad = slice_backward(grad, shape, last, 0, half, 1)
    return _fft_c2c(grad, dim, normalization, False).real


@op(self=_r2c_rule, method=False, function=False, node="FftR2CBackward0")
def _fft_r2c(xp, self, dim, normalization, onesided):
    """The transform of real numbers over `dim`; one-sided in the last of them."""
    storage = np.result_type(self.dtype, np.complex64)
    if onesided:
        out = xp.fft.rfftn(self, axes=dim, norm="backward")
    else:
        out = xp.fft.fftn(self.astype(storage), axes=dim, norm="backward")
    out = _scaled(out.astype(storage, copy=False), normalization, _points(self.shape, dim))
    return _laid_out(xp, out, self.strides, _by_stride(dim[:-1], self.strides) + list(dim[-1:]))


def _c2r_rule(grad: Any, dim: Any, normalization: int) -> Any:
    """The one-sided transform; what stands for two conjugate numbers counts twice."""
    found = _fft_r2c(grad, dim, normalization, True)
    last = wrap_dim(dim[-1], len(grad.shape))
    data = getattr(found, "_data", found)
    twice = np.ones(data.shape[last], data.real.dtype)
    twice[1 : grad.shape[last] - data.shape[last] + 1] = 2
    return found * _like(found, twice.reshape((-1,) + (1,) * (data.ndim - last - 1)))


def _like(x: Any, array: Any) -> Any:
    """A NumPy array as what `x` is: on its backend, a Tensor if it is one."""
    from ..backend import xp_of
    from ..tensor import Tensor, wrap

    array = xp_of(getattr(x, "_data", x)).asarray(array)
    return wrap(array) if isinstance(x, Tensor) else array


@op(self=_c2r_rule, method=False, function=False, node="FftC2RBackward0")
def _fft_c2r(xp, self, dim, normalization, last_dim_size):
    """Real numbers from the one-sided transform; `last_dim_size` points in the last of `dim`."""
    shape = [self.shape[d] for d in dim[:-1]] + [last_dim_size]
    if len(dim) > 1:
        self = xp.fft.ifftn(self, axes=dim[:-1], norm="forward")
    out = xp.fft.irfft(self, last_dim_size, axis=dim[-1], norm="forward")
    storage = np.float32 if self.dtype == np.complex64 else np.float64
    out = _scaled(out.astype(storage, copy=False), normalization, math.prod(shape))
    return _laid_out(xp, out, self.strides, dim[-1:])


def resized(x: Any, dim: Any, sizes: Any) -> Any:
    """`x` cut off, or filled up with zeros, to the given sizes; -1 leaves a dimension."""
    from .rearrange import constant_pad_nd

    pad = [0] * (2 * x.ndim)
    for d, n in zip(dim, sizes, strict=True):
        if n == -1:
            continue
        if x.shape[d] < n:
            pad[-2 * d - 1] = n - x.shape[d]
        elif x.shape[d] > n:
            x = narrow(x, d, 0, n)
    return constant_pad_nd(x, pad) if any(pad) else x
