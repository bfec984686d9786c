"""``torch.fft``: discrete Fourier transforms.

    fft, ifft, fft2, ifft2, fftn, ifftn            complex numbers (real ones are converted)
    rfft, irfft, rfft2, irfft2, rfftn, irfftn      real numbers and their one-sided transforms
    hfft, ihfft, hfft2, ihfft2, hfftn, ihfftn      the other way round: a real transform
    fftfreq, rfftfreq, fftshift, ifftshift         frequencies and their order

All take `norm`: "backward" (the default: the inverse divides by n), "forward" or "ortho".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import backend, dtypes, errors
from .op import composite, wrap_dim
from .op.autocasts import autocasts
from .ops.complex import conj, conj_physical
from .ops.convert import to
from .ops.create import _finish, as_device
from .ops.fourier import _fft_c2c, _fft_c2r, _fft_r2c, resized
from .ops.ranges import _warn_out_size
from .ops.rearrange import roll
from .tensor import Tensor

# ---------------------------------------------------------------- arguments


def _normalization(norm: str | None, forward: bool) -> int:
    """0, 1 or 2, as ops/fourier.py has it.  Raises RuntimeError for another name."""
    if norm == "ortho":
        return 1
    if norm not in (None, "backward", "forward"):
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    return 2 if (norm == "forward") == forward else 0


def _floating(x: Tensor, require_complex: bool = False) -> Tensor:
    """Integers as the default float dtype; with `require_complex` real numbers as complex ones."""
    d = x.dtype
    if d.is_complex:
        return x
    if d.category < dtypes.FLOAT:
        d = dtypes.get_default_dtype()
    if d.itemsize == 2:
        raise RuntimeError(f"Unsupported dtype {errors.scalar_type(d)}")
    return to(x, d.to_complex() if require_complex else d)  # type: ignore[no-any-return]


def _check_real(name: str, x: Tensor) -> None:
    if x.dtype.is_complex:
        raise RuntimeError(
            f"{name} expects a real input tensor, but got {errors.scalar_type(x.dtype)}"
        )


def _axis(x: Tensor, dim: int) -> int:
    if not x.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return wrap_dim(dim, x.ndim)


def _check_points(n: int) -> None:
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")


def _sequence(value: Any) -> Any:
    return value if value is None or isinstance(value, Sequence) else (value,)


def _shape_and_dims(x: Tensor, s: Any, dim: Any) -> tuple[list[int], list[int]]:
    """The sizes to transform and their dimensions, both given or not."""
    s, dim = _sequence(s), _sequence(dim)
    dims = list(range(x.ndim)) if dim is None else [_axis(x, d) for d in dim]
    if len(set(dims)) != len(dims):
        raise RuntimeError("FFT dims must be unique")
    if s is None:
        sizes = [x.shape[d] for d in dims]
    else:
        if dim is not None and len(dim) != len(s):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
        if len(s) > x.ndim:
            raise RuntimeError(
                f"Got shape with {len(s)} values but input tensor only has {x.ndim} dimensions."
            )
        dims = dims if dim is not None else dims[x.ndim - len(s) :]
        sizes = [x.shape[d] if n == -1 else n for n, d in zip(s, dims, strict=True)]
    for n in sizes:
        _check_points(n)
    return sizes, dims


# ---------------------------------------------------------------- one dimension


def _c2c(x: Tensor, n: int | None, dim: int, norm: Any, forward: bool) -> Any:
    d = _axis(x, dim)
    _check_points(x.shape[d] if n is None else n)
    x = x if n is None else resized(x, (d,), (n,))
    return _fft_c2c(x, [d], _normalization(norm, forward), forward)


def _r2c(
    name: str, x: Tensor, n: int | None, dim: int, norm: Any, forward: bool, onesided: bool
) -> Any:
    _check_real(name, x)
    x = _floating(x)
    d = _axis(x, dim)
    _check_points(x.shape[d] if n is None else n)
    x = x if n is None else resized(x, (d,), (n,))
    out = _fft_r2c(x, [d], _normalization(norm, forward), onesided)
    return out if forward else conj(out)


def _c2r(x: Tensor, n: int | None, dim: int, norm: Any, forward: bool) -> Any:
    x = _floating(x, require_complex=True)
    d = _axis(x, dim)
    last = 2 * (x.shape[d] - 1) if n is None else n
    _check_points(last)
    x = x if n is None else resized(x, (d,), (last // 2 + 1,))
    return _fft_c2r(conj(x) if forward else x, [d], _normalization(norm, forward), last)


@autocasts("fft_fft")
@composite(method=False, function=False)
def fft(input: Any, n: Any = None, dim: int = -1, norm: Any = None) -> Any:
    """The transform along `dim`, of `n` points (cut off or filled up with zeros)."""
    if input.dtype.is_complex:
        return _c2c(input, n, dim, norm, True)
    return _r2c("fft", input, n, dim, norm, True, False)


@autocasts("fft_ifft")
@composite(method=False, function=False)
def ifft(input: Any, n: Any = None, dim: int = -1, norm: Any = None) -> Any:
    """The inverse of ``fft``."""
    if input.dtype.is_complex:
        return _c2c(input, n, dim, norm, False)
    return _r2c("ifft", input, n, dim, norm, False, False)


@autocasts("fft_rfft")
@composite(method=False, function=False)
def rfft(input: Any, n: Any = None, dim: int = -1, norm: Any = None) -> Any:
    """The one-sided transform of real numbers: n // 2 + 1 points along `dim`."""
    return _r2c("rfft", input, n, dim, norm, True, True)


@autocasts("fft_irfft")
@composite(method=False, function=False)
def irfft(input: Any, n: Any = None, dim: int = -1, norm: Any = None) -> Any:
    """The inverse of ``rfft``: real, of `n` points (2 (m - 1) of m by default)."""
    return _c2r(input, n, dim, norm, False)


@autocasts("fft_hfft")
@composite(method=False, function=False)
def hfft(input: Any, n: Any = None, dim: int = -1, norm: Any = None) -> Any:
    """The real transform of one half of a Hermitian-symmetric signal."""
    return _c2r(input, n, dim, norm, True)


@autocasts("fft_ihfft")
@composite(method=False, function=False)
def ihfft(input: Any, n: Any = None, dim: int = -1, norm: Any = None) -> Any:
    """The inverse of ``hfft``."""
    return _r2c("ihfft", input, n, dim, norm, False, True)


# ---------------------------------------------------------------- several dimensions


def _n_c2c(x: Tensor, s: Any, dim: Any, norm: Any, forward: bool) -> Any:
    sizes, dims = _shape_and_dims(x, s, dim)
    x = resized(_floating(x, require_complex=True), dims, sizes)
    return _fft_c2c(x, dims, _normalization(norm, forward), forward)


def _check_some(name: str, dims: Sequence[int]) -> None:
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")


def _half_shape(name: str, x: Tensor, s: Any, dim: Any) -> tuple[list[int], list[int], int]:
    """(sizes of the one-sided input, dimensions, points in the last one)."""
    sizes, dims = _shape_and_dims(x, s, dim)
    _check_some(name, dims)
    given = _sequence(s)
    whole = 2 * (x.shape[dims[-1]] - 1) if given is None or given[-1] == -1 else sizes[-1]
    _check_points(whole)
    return [*sizes[:-1], whole // 2 + 1], dims, whole


@autocasts("fft_fftn")
@composite(method=False, function=False)
def fftn(input: Any, s: Any = None, dim: Any = None, norm: Any = None) -> Any:
    """The transform over `dim` (all dimensions by default), of sizes `s`."""
    return _n_c2c(input, s, dim, norm, True)


@autocasts("fft_ifftn")
@composite(method=False, function=False)
def ifftn(input: Any, s: Any = None, dim: Any = None, norm: Any = None) -> Any:
    """The inverse of ``fftn``."""
    return _n_c2c(input, s, dim, norm, False)


@autocasts("fft_rfftn")
@composite(method=False, function=False)
def rfftn(input: Any, s: Any = None, dim: Any = None, norm: Any = None) -> Any:
    """The transform of real numbers over `dim`, one-sided in the last of them."""
    if input.dtype.is_complex:
        raise RuntimeError(
            "rfftn expects a real-valued input tensor, but got " + errors.scalar_type(input.dtype)
        )
    sizes, dims = _shape_and_dims(input, s, dim)
    _check_some("rfftn", dims)
    x = resized(_floating(input), dims, sizes)
    return _fft_r2c(x, dims, _normalization(norm, True), True)


@autocasts("fft_irfftn")
@composite(method=False, function=False)
def irfftn(input: Any, s: Any = None, dim: Any = None, norm: Any = None) -> Any:
    """The inverse of ``rfftn``: real."""
    sizes, dims, last = _half_shape("irfftn", input, s, dim)
    x = resized(_floating(input, require_complex=True), dims, sizes)
    return _fft_c2r(x, dims, _normalization(norm, False), last)


@autocasts("fft_hfftn")
@composite(method=False, function=False)
def hfftn(input: Any, s: Any = None, dim: Any = None, norm: Any = None) -> Any:
    """The real transform of one half of a signal that is Hermitian-symmetric over `dim`."""
    sizes, dims, last = _half_shape("hfftn", input, s, dim)
    x = resized(_floating(input, require_complex=True), dims, sizes)
    way = _normalization(norm, True)
    x = _fft_c2c(x, dims[:-1], way, True) if len(dims) > 1 else x
    return _fft_c2r(conj(x), dims[-1:], way, last)


@autocasts("fft_ihfftn")
@composite(method=False, function=False)
def ihfftn(input: Any, s: Any = None, dim: Any = None, norm: Any = None) -> Any:
    """The inverse of ``hfftn``."""
    if input.dtype.is_complex:
        raise RuntimeError(
            "Only supports floating-point dtypes, but found: " + errors.scalar_type(input.dtype)
        )
    sizes, dims = _shape_and_dims(input, s, dim)
    _check_some("ihfftn", dims)
    way = _normalization(norm, False)
    half = _fft_r2c(resized(_floating(input), dims, sizes), dims[-1:], way, True)
    if len(dims) == 1:
        return conj(half)
    return _fft_c2c(conj_physical(half), dims[:-1], way, False)


def _two_dimensional(name: str, general: Any) -> Any:
    def transform(input: Any, s: Any = None, dim: Any = (-2, -1), norm: Any = None) -> Any:
        return general(input, s, dim, norm)

    transform.__name__ = transform.__qualname__ = name
    transform.__doc__ = f"``{general.__name__}`` over the last two dimensions."
    return composite(method=False, function=False)(transform)


fft2 = _two_dimensional("fft2", fftn)
ifft2 = _two_dimensional("ifft2", ifftn)
rfft2 = _two_dimensional("rfft2", rfftn)
irfft2 = _two_dimensional("irfft2", irfftn)
hfft2 = _two_dimensional("hfft2", hfftn)
ihfft2 = _two_dimensional("ihfft2", ihfftn)

# ---------------------------------------------------------------- frequencies


def _frequencies(
    name: str, whole: Any, n: int, d: float, dtype: Any, device: Any, requires_grad: bool, out: Any
) -> Tensor:
    chosen = dtype or (dtypes.get_default_dtype() if out is None else out.dtype)
    if chosen.category < dtypes.FLOAT:
        raise RuntimeError(f"{name} requires a floating point or complex dtype")
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    scale = float(np.float64(1.0) / (np.float64(n) * np.float64(d)))
    values = (whole.astype(np.float64) * scale).astype(chosen.numpy)
    where = as_device(name, device)
    made = values if where is None else backend.move(values, where)
    if out is not None and out._data.size != values.size:
        _warn_out_size(out, values.size)
    return _finish(made, requires_grad, out, dtype, flat=True)


def fftfreq(
    n: int, d: float = 1.0, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """The frequencies of ``fft``'s points, in cycles per unit of the sample spacing `d`."""
    whole = np.concatenate([np.arange((n + 1) // 2), np.arange(-(n // 2), 0)])
    return _frequencies("fftfreq", whole, n, d, dtype, device, requires_grad, out)


def rfftfreq(
    n: int, d: float = 1.0, *, out: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Any:  # fmt: skip
    """The frequencies of ``rfft``'s points."""
    whole = np.arange(n // 2 + 1)
    return _frequencies("rfftfreq", whole, n, d, dtype, device, requires_grad, out)


def _shifted(input: Any, dim: Any, half: Any) -> Any:
    dims = list(range(input.ndim)) if dim is None else list(_sequence(dim))
    shifts = [half(input.shape[wrap_dim(d, input.ndim)]) for d in dims]
    return roll(input, shifts, dims) if dims else input.clone()


@autocasts("fft_fftshift")
@composite(method=False, function=False)
def fftshift(input: Any, dim: Any = None) -> Any:
    """Frequency zero in the middle of `dim` (all dimensions by default)."""
    return _shifted(input, dim, lambda n: n // 2)


@autocasts("fft_ifftshift")
@composite(method=False, function=False)
def ifftshift(input: Any, dim: Any = None) -> Any:
    """The inverse of ``fftshift``."""
    return _shifted(input, dim, lambda n: (n + 1) // 2)
