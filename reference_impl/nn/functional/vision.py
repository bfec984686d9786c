"""Rearranging pixels and channels, and sampling images at the points of a grid."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

from ... import errors
from ...op import PUBLIC, op
from ...op.autocasts import autocasts
from ...ops.fused import fused
from ...ops.rules import serving

_private: dict[str, bool] = {"method": False, "function": False}


# ---------------------------------------------------------------- rearranging


@op(
    self=lambda grad, upscale_factor: _pixel_unshuffle(grad, upscale_factor),
    name="pixel_shuffle", **_private,
)  # fmt: skip
def _pixel_shuffle(xp, self, upscale_factor):
    r, (*lead, c, h, w) = upscale_factor, self.shape
    n, out = len(lead), c // (r * r)
    blocks = self.reshape(*lead, out, r, r, h, w)
    order = (*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return blocks.transpose(order).reshape(*lead, out, h * r, w * r)


@op(
    self=lambda grad, downscale_factor: _pixel_shuffle(grad, downscale_factor),
    name="pixel_unshuffle", **_private,
)  # fmt: skip
def _pixel_unshuffle(xp, self, downscale_factor):
    r, (*lead, c, h, w) = downscale_factor, self.shape
    n = len(lead)
    blocks = self.reshape(*lead, c, h // r, r, w // r, r)
    order = (*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return blocks.transpose(order).reshape(*lead, c * r * r, h // r, w // r)


def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """(..., C r², H, W) as (..., C, H r, W r)."""
    if input.ndim < 3:
        raise RuntimeError(
            "pixel_shuffle expects input to have at least 3 dimensions, but got input with "
            f"{input.ndim} dimension(s)"
        )
    if upscale_factor <= 0:
        raise RuntimeError(
            f"pixel_shuffle expects a positive upscale_factor, but got {upscale_factor}"
        )
    channels = input.shape[-3]
    if channels % upscale_factor**2:
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={channels} is not divisible by "
            f"{upscale_factor**2}"
        )
    return _pixel_shuffle(input, upscale_factor)


def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    """(..., C, H r, W r) as (..., C r², H, W): the inverse of ``pixel_shuffle``."""
    if input.ndim < 3:
        raise RuntimeError(
            "pixel_unshuffle expects input to have at least 3 dimensions, but got input with "
            f"{input.ndim} dimension(s)"
        )
    if downscale_factor <= 0:
        raise RuntimeError(
            f"pixel_unshuffle expects a positive downscale_factor, but got {downscale_factor}"
        )
    if not input.numel():
        return input.clone()  # in its own shape, as PyTorch has it
    for name, size, at in (("height", input.shape[-2], -2), ("width", input.shape[-1], -1)):
        if size % downscale_factor:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                f"input.size({at})={size} is not divisible by {downscale_factor}"
            )
    return _pixel_unshuffle(input, downscale_factor)


@op(
    self=lambda grad, self_shape, groups: _channel_shuffle(grad, self_shape[1] // groups),
    name="channel_shuffle", **_private,
)  # fmt: skip
def _channel_shuffle(xp, self, groups):
    n, c, *rest = self.shape
    split = self.reshape(n, groups, c // groups, *rest)
    return xp.swapaxes(split, 1, 2).reshape(self.shape)


def channel_shuffle(input: Any, groups: int) -> Any:
    """Channels in `groups` rows, read by columns."""
    if input.ndim < 3:
        raise RuntimeError(
            "channel_shuffle expects input with > 2 dims, but got input with sizes "
            + errors.sizes(input.shape)
        )
    if groups <= 0:
        raise RuntimeError(
            f"Number of groups to divide channels in must be positive. Value of groups:{groups}"
        )
    if input.shape[1] % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {input.shape[1]} channels and "
            f"{groups} groups."
        )
    return _channel_shuffle(input, groups)


def native_channel_shuffle(input: Any, groups: int) -> Any:
    """``channel_shuffle`` under another name."""
    return channel_shuffle(input, groups)


# ---------------------------------------------------------------- grids


def _axis(n: int, align: bool, like: Any) -> Any:
    """n coordinates from -1 to 1: of the corners of the image, or of its outer pixels' centres."""
    places = PUBLIC["linspace"](-1, 1, n, dtype=like.dtype, device=like.device)
    if n <= 1:
        return places * 0
    return places if align else places * ((n - 1) / n)


@fused("theta", name="affine_grid_generator")
def _affine_grid(theta, size, align_corners):
    n, _, *spatial = size
    axes = PUBLIC["meshgrid"](*[_axis(s, align_corners, theta) for s in spatial], indexing="ij")
    ones = PUBLIC["ones"](tuple(spatial), dtype=theta.dtype, device=theta.device)
    base = PUBLIC["stack"]([*reversed(axes), ones], -1).reshape(1, -1, len(spatial) + 1)
    points = base.expand(n, -1, -1).bmm(theta.transpose(1, 2))
    return points.reshape(n, *spatial, len(spatial))


def affine_grid(theta: Any, size: Any, align_corners: Any = None) -> Any:
    """The points of a grid of shape `size`, moved by affine maps (N, 2, 3) or (N, 3, 4)."""
    if align_corners is None:
        _warn_align()
        align_corners = False
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    size = list(size)
    if len(size) not in (4, 5):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, "
            f"respectively. Got size {size}."
        )
    k = len(size) - 2
    if theta.ndim != 3 or tuple(theta.shape[-2:]) != (k, k + 1):
        raise ValueError(
            f"Expected a batch of {k}D affine matrices of shape Nx{k}x{k + 1} for size {size}. "
            f"Got {theta.shape}."
        )
    if min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return _affine_grid(theta, tuple(size), align_corners)


def _warn_align() -> None:
    warnings.warn(
        "Default grid_sample and affine_grid behavior has changed to align_corners=False since "
        "1.3.0. Please specify align_corners=True if the old behavior is desired. See the "
        "documentation of grid_sample for details.",
        stacklevel=3,
    )


def _unnormalised(x: Any, n: int, align: bool) -> Any:
    """Coordinates in [-1, 1] as pixel numbers."""
    return (x + 1) * ((n - 1) / 2) if align else ((x + 1) * n - 1) / 2


def _mirrored(x: Any, low: float, high: float) -> Any:
    """Reflect at two borders, as often as it takes; low and high are twice the coordinates."""
    if low == high:
        return x * 0
    start, span = low / 2, (high - low) / 2
    distance = (x - start).abs()
    extra = PUBLIC["fmod"](distance, span)
    flips = (distance / span).floor()
    return PUBLIC["where"](flips % 2 == 0, extra + start, span - extra + start)


def _bordered(x: Any, n: int, padding_mode: str, align: bool) -> Any:
    if padding_mode == "zeros":
        return x
    if padding_mode == "reflection":
        x = _mirrored(x, 0, 2 * (n - 1)) if align else _mirrored(x, -1, 2 * n - 1)
    # A gradient of 0 at and beyond the borders, as PyTorch's kernel has it.
    inside = (x > 0) & (x < n - 1)
    return PUBLIC["where"](inside, x, x.detach().clamp(0, n - 1))


def _values_at(input: Any, places: Any) -> Any:
    """The values (N, C, *points) at integer coordinates, 0 outside."""
    spatial = input.shape[2:]
    inside: Any = None
    flat: Any = None
    for p, n in zip(places, spatial, strict=True):
        ok = (p >= 0) & (p < n)
        inside = ok if inside is None else inside & ok
        index = p.clamp(0, n - 1).nan_to_num(0).long()
        flat = index if flat is None else flat * n + index
    n, c = input.shape[:2]
    points = flat.shape[1:]
    rows = flat.reshape(n, 1, -1).expand(n, c, -1)
    found = input.reshape(n, c, -1).gather(2, rows).reshape(n, c, *points)
    return PUBLIC["where"](inside.unsqueeze(1), found, 0.0)


def _linear_sample(input: Any, x: Any) -> Any:
    low = [c.detach().floor() for c in x]
    total = None
    for corner in itertools.product((0, 1), repeat=len(x)):
        weight: Any = None
        for c, a, i in zip(corner, low, x, strict=True):
            w = i - a if c else a + 1 - i
            weight = w if weight is None else weight * w
        part = _values_at(input, [a + c for a, c in zip(low, corner, strict=True)])
        part = part * weight.unsqueeze(1)
        total = part if total is None else total + part
    return total


def _cubic_sample(input: Any, x: Any, padding_mode: str, align: bool) -> Any:
    from .resample import _cubic

    low = [c.detach().floor() for c in x]
    weights = [_cubic(c - a) for c, a in zip(x, low, strict=True)]
    total = None
    for i, j in itertools.product(range(4), repeat=2):
        places = [
            _bordered(a - 1 + k, n, padding_mode, align)
            for a, k, n in zip(low, (i, j), input.shape[2:], strict=True)
        ]
        part = _values_at(input, places) * (weights[0][i] * weights[1][j]).unsqueeze(1)
        total = part if total is None else total + part
    return total


def _grid_sampler(input, grid, mode, padding_mode, align_corners):  # type: ignore
    spatial = input.shape[2:]
    x = [_unnormalised(grid[..., -1 - d], n, align_corners) for d, n in enumerate(spatial)]
    if mode == "bicubic":
        return _cubic_sample(input, x, padding_mode, align_corners)
    x = [_bordered(c, n, padding_mode, align_corners) for c, n in zip(x, spatial, strict=True)]
    if mode == "nearest":
        return _values_at(input, [c.detach().round() for c in x])
    return _linear_sample(input, x)


_samplers = {
    n: fused(
        "input",
        "grid",
        name=f"grid_sampler_{n}d",
        node=f"GridSampler{n}DBackward0",
        prepare=serving(kernel),
    )(_grid_sampler)
    for n, kernel in ((2, "grid_sampler_2d_cpu_kernel_impl"), (3, "grid_sampler3d_cpu"))
}


@autocasts("grid_sampler")
def grid_sample(
    input: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros",
    align_corners: Any = None,
) -> Any:  # fmt: skip
    """The values of `input` (N, C, *spatial) at the points of `grid` (N, *output, coordinates).

    The last coordinate is that of the first spatial dimension; -1 and 1 are the borders.
    """
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', "
            f"but got: '{mode}'"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or "
            f"'reflection', but got: '{padding_mode}'"
        )
    if align_corners is None:
        _warn_align()
        align_corners = False
    _check_sampler(input, grid, mode)
    return _samplers[input.ndim - 2](input, grid, mode, padding_mode, bool(align_corners))


def _check_sampler(input: Any, grid: Any, mode: str) -> None:
    a, b = errors.sizes(input.shape), errors.sizes(grid.shape)
    name = "grid_sampler(): "
    if input.dtype is not grid.dtype:
        raise RuntimeError(
            f"{name}expected input and grid to have same dtype, but input has "
            f"{errors.c_type(input.dtype)} and grid has {errors.c_type(grid.dtype)}"
        )
    if input.ndim not in (4, 5) or input.ndim != grid.ndim:
        raise RuntimeError(
            f"{name}expected 4D or 5D input and grid with same number of dimensions, but got input "
            f"with sizes {a} and grid with sizes {b}"
        )
    if input.shape[0] != grid.shape[0]:
        raise RuntimeError(
            f"{name}expected grid and input to have same batch size, but got input with sizes {a} "
            f"and grid with sizes {b}"
        )
    if grid.shape[-1] != input.ndim - 2:
        raise RuntimeError(
            f"{name}expected grid to have size {input.ndim - 2} in last dimension, but got grid "
            f"with sizes {b}"
        )
    if mode == "bicubic" and input.ndim == 5:
        raise RuntimeError(f"{name}bicubic interpolation only supports 4D input")
