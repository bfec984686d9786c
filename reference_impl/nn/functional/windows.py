"""Windows sliding over the spatial dimensions: what convolution, pooling and folding share.

An input (N, C, *spatial) is seen as (N, C, *output, *kernel): for each place of the window, what is
in it.  That is a view, made of strides.  The way back adds overlapping windows up.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from ...op import op
from ...ops.index import add_at
from ...ops.rules import serving
from ...tensor import Tensor


class Geometry(NamedTuple):
    """Sizes by spatial dimension: of the window, its steps, the padding, the gaps, the result."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    output: tuple[int, ...]


def ints(value: Any, count: int) -> tuple[int, ...]:
    """One int for each of `count` dimensions."""
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    values = tuple(v.__index__() if isinstance(v, Tensor) else v for v in values)
    return values * count if len(values) == 1 else values


def output_size(n: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """How many windows fit."""
    return (n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def padded_size(geometry: Geometry) -> tuple[int, ...]:
    """The sizes that the windows cover, padding included."""
    g = geometry
    return tuple(
        (o - 1) * s + d * (k - 1) + 1
        for o, s, d, k in zip(g.output, g.stride, g.dilation, g.kernel, strict=True)
    )


def _inside(n: int, padding: int, covered: int) -> tuple[slice, slice]:
    """Where an input dimension lies in the covered one, and which part of it is covered."""
    kept = max(min(n, covered - padding), 0)
    return slice(padding, padding + kept), slice(0, kept)


def windows(xp: Any, x: Any, g: Geometry, fill: Any = 0) -> Any:
    """(N, C, *output, *kernel), a view of `x`, or of a copy padded with `fill`."""
    spatial, covered = x.shape[2:], padded_size(g)
    if any(g.padding) or any(c > n for c, n in zip(covered, spatial, strict=True)):
        out = xp.full((*x.shape[:2], *covered), fill, x.dtype)
        pairs = [_inside(n, p, c) for n, p, c in zip(spatial, g.padding, covered, strict=True)]
        out[(..., *(a for a, _ in pairs))] = x[(..., *(b for _, b in pairs))]
        x = out
    steps = x.strides[2:]
    strides = (
        *x.strides[:2],
        *(a * b for a, b in zip(steps, g.stride, strict=True)),
        *(a * b for a, b in zip(steps, g.dilation, strict=True)),
    )
    shape = (*x.shape[:2], *g.output, *g.kernel)
    return xp.lib.stride_tricks.as_strided(x, shape, strides)


def overlap_add(xp: Any, cells: Any, spatial: Any, g: Geometry) -> Any:
    """The transpose of ``windows``: each cell added to the place it was seen at."""
    covered = tuple(
        max(c, n + p) for c, n, p in zip(padded_size(g), spatial, g.padding, strict=True)
    )
    out = xp.zeros((*cells.shape[:2], *covered), cells.dtype)
    for offset in itertools.product(*map(range, g.kernel)):
        places = tuple(
            slice(i * d, i * d + (o - 1) * s + 1, s)
            for i, d, o, s in zip(offset, g.dilation, g.output, g.stride, strict=True)
        )
        out[(..., *places)] += cells[(..., *offset)]
    inner = tuple(slice(p, p + n) for p, n in zip(g.padding, spatial, strict=True))
    return out[(..., *inner)]


# ---------------------------------------------------------------- unfold and fold


def columns(cells: Any, g: Geometry) -> Any:
    """(N, C, *output, *kernel) as (N, C * kernel, output)."""
    k = len(g.kernel)
    order = (0, 1, *range(2 + k, 2 + 2 * k), *range(2, 2 + k))
    n, c = cells.shape[:2]
    return cells.transpose(order).reshape(n, c * math.prod(g.kernel), math.prod(g.output))


def as_windows(columns: Any, g: Geometry) -> Any:
    """The inverse of ``columns``."""
    k, n = len(g.kernel), columns.shape[0]
    cells = columns.reshape(n, columns.shape[1] // math.prod(g.kernel), *g.kernel, *g.output)
    return cells.transpose((0, 1, *range(2 + k, 2 + 2 * k), *range(2, 2 + k)))


@op(
    self=lambda grad, self_shape, geometry: _col2im(grad, self_shape[2:], geometry),
    name="im2col", node="Im2ColBackward0", prepare=serving("im2col_out_cpu", "iu"),
    method=False, function=False,
)  # fmt: skip
def _im2col(xp, self, geometry):
    return columns(windows(xp, self, geometry), geometry)


@op(
    self=lambda grad, geometry: _im2col(grad, geometry),
    name="col2im", node="Col2ImBackward0", prepare=serving("col2im_out_cpu", "iu"),
    method=False, function=False,
)  # fmt: skip
def _col2im(xp, self, spatial, geometry):
    cells = as_windows(self, geometry)
    return xp.ascontiguousarray(overlap_add(xp, cells, tuple(spatial), geometry))


def _slide(spatial: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Geometry:
    kernel, dilation, padding, stride = (ints(v, 2) for v in (kernel, dilation, padding, stride))
    output = tuple(
        output_size(*sizes)
        for sizes in zip(spatial, kernel, stride, padding, dilation, strict=True)
    )
    return Geometry(kernel, stride, padding, dilation, output)


def _check_positive(**given: Any) -> None:
    for name, value in given.items():
        values = ints(value, 2)
        if any(v <= 0 for v in values):
            first, second = values
            raise RuntimeError(
                f"{name} should be greater than zero, but got {name}_height: {first} {name}_width: "
                f"{second}"
            )


def unfold(
    input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """The windows of (N, C, H, W) as columns: (N, C * kernel, windows)."""
    _check_positive(kernel=kernel_size, dilation=dilation, stride=stride)
    if input.ndim not in (3, 4):
        from ...errors import sizes

        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {sizes(input.shape)}"
        )
    geometry = _slide(input.shape[-2:], kernel_size, dilation, padding, stride)
    if any(o < 1 for o in geometry.output):
        h, w = input.shape[-2:]
        (kh, kw), (dh, dw), (ph, pw) = geometry.kernel, geometry.dilation, geometry.padding
        oh, ow = geometry.output
        raise RuntimeError(
            f"Given input with spatial size ({h}, {w}), kernel_size=({kh}, {kw}), dilation=({dh}, "
            f"{dw}), padding=({ph}, {pw}), calculated shape of the array of sliding blocks as "
            f"({oh}, {ow}), but its components must be at least one."
        )
    if input.ndim == 3:
        return _im2col(input.unsqueeze(0), geometry).squeeze(0)
    return _im2col(input, geometry)


def fold(
    input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0,
    stride: Any = 1,
) -> Any:  # fmt: skip
    """Columns (N, C * kernel, windows) back to (N, C, *output_size); what overlaps is added."""
    spatial = ints(output_size, 2)
    _check_positive(kernel=kernel_size, dilation=dilation, stride=stride)
    geometry = _slide(spatial, kernel_size, dilation, padding, stride)
    features, count = input.shape[-2], input.shape[-1]
    if features % math.prod(geometry.kernel):
        kh, kw = geometry.kernel
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            f"but got input.size(1)={features} and kernel_size=({kh}, {kw})."
        )
    if count != math.prod(geometry.output):
        (h, w), (kh, kw), (dh, dw) = spatial, geometry.kernel, geometry.dilation
        (ph, pw), (sh, sw), (oh, ow) = geometry.padding, geometry.stride, geometry.output
        raise RuntimeError(
            f"Given output_size=({h}, {w}), kernel_size=({kh}, {kw}), dilation=({dh}, {dw}), "
            f"padding=({ph}, {pw}), stride=({sh}, {sw}), expected size of input's dimension 2 to "
            f"match the calculated number of sliding blocks {oh} * {ow} = {oh * ow}, but got "
            f"input.size(2)={count}."
        )
    if input.ndim == 2:
        return _col2im(input.unsqueeze(0), spatial, geometry).squeeze(0)
    return _col2im(input, spatial, geometry)


# ---------------------------------------------------------------- places


@op(
    self=lambda grad, indices: _read_places(grad, indices),
    method=False, function=False,
)  # fmt: skip
def _add_at_places(xp, self, indices, spatial):
    """Zeros of (N, C, *spatial) to which each value is added at its flat spatial index."""
    out = xp.zeros((*self.shape[:2], *spatial), self.dtype)
    if self.size:
        add_at(xp, out.reshape(-1), _flat(xp, indices, out.shape), self.reshape(-1))
    return out


@op(
    self=lambda grad, self_shape, indices: _add_at_places(grad, indices, self_shape[2:]),
    method=False, function=False,
)  # fmt: skip
def _read_places(xp, self, indices):
    """The values at flat spatial indices of (N, C, *spatial)."""
    return self.reshape(-1)[_flat(xp, indices, self.shape)].reshape(indices.shape)


def _flat(xp: Any, indices: Any, shape: tuple[int, ...]) -> Any:
    """Flat spatial indices (N, C, ...) as flat indices into a whole array of `shape`."""
    rows = xp.arange(math.prod(shape[:2])) * math.prod(shape[2:])
    return (indices + rows.reshape(*shape[:2], *(1,) * (indices.ndim - 2))).reshape(-1)


def lowest(dtype: Any) -> Any:
    """What is less than, or equal to, every number of `dtype`."""
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf
