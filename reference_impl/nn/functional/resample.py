"""Padding and resizing: every element of the result is a weighted sum of a few of the input's.

Along each spatial dimension a result takes *taps*: pairs of (indices, weights), one index and one
weight for each place of the result; without weights it is the element itself.  Reflection and
nearest neighbours have one tap, linear interpolation two, cubic four.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ... import dtypes, errors
from ...op import PUBLIC, op
from ...ops.index import add_at
from ...ops.rules import in_single
from .windows import ints

_private: dict[str, bool] = {"method": False, "function": False}


def _on(xp: Any, array: Any) -> Any:
    return array if xp is np else xp.asarray(array)


def _along(ndim: int, axis: int, array: Any) -> Any:
    """A vector as an array that varies along `axis`."""
    return array.reshape([-1 if d == axis else 1 for d in range(ndim)])


@op(
    self=lambda grad, self_shape, taps, label: _resample_back(grad, self_shape, taps, label),
    node=lambda self, taps, label: f"{label}Backward0", name="resample", **_private,
)  # fmt: skip
def _resample(xp, self, taps, label):
    weighted = any(w is not None for _, pairs in taps for _, w in pairs)
    if self.dtype.kind == "u" and weighted:  # the last dimension first, rounded after each
        out = self
        for tap in reversed(taps):
            wide = _weighted(xp, out.astype(np.float64), (tap,))
            out = xp.clip(xp.floor(wide + 0.5), 0, 255).astype(self.dtype)
        return out
    return _weighted(xp, self, taps)


@in_single
def _weighted(xp: Any, self: Any, taps: Any) -> Any:
    out = self
    for axis, pairs in taps:
        total = None
        for indices, weights in pairs:
            part = out[(slice(None),) * axis + (_on(xp, indices),)]
            if weights is not None:
                part = part * _along(out.ndim, axis, _on(xp, weights)).astype(out.dtype)
            total = part if total is None else total + part
        out = total
    return xp.ascontiguousarray(out)


@op(
    self=lambda grad, taps, label: _resample(grad, taps, label),
    node=lambda self, shape, taps, label: f"{label}BackwardBackward0", name="resample_back",
    **_private,
)  # fmt: skip
def _resample_back(xp, self, shape, taps, label):
    """The transpose: each element's gradient goes to its taps."""
    out = self
    for axis, pairs in reversed(taps):
        wider = xp.zeros((*out.shape[:axis], shape[axis], *out.shape[axis + 1 :]), self.dtype)
        for indices, weights in pairs:
            part = out
            if weights is not None:
                part = part * _along(out.ndim, axis, _on(xp, weights)).astype(out.dtype)
            add_at(xp, wider, (slice(None),) * axis + (_on(xp, indices),), part)
        out = wider
    return out


# ---------------------------------------------------------------- padding


def _reflected(n: int, before: int, after: int) -> Any:
    places = np.arange(-before, n + after)
    places = np.abs(places)
    return np.where(places >= n, 2 * (n - 1) - places, places)


def _replicated(n: int, before: int, after: int) -> Any:
    return np.clip(np.arange(-before, n + after), 0, n - 1)


def _check_border(input: Any, pad: Any, mode: str) -> int:
    """How many spatial dimensions are padded."""
    count = len(pad) // 2
    if len(pad) % 2 or input.ndim not in (count + 1, count + 2) or count not in (1, 2, 3):
        raise NotImplementedError(
            "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now"
        )
    if mode == "reflect":
        for i in range(count):
            n, dim = input.shape[-1 - i], input.ndim - 1 - i
            if pad[2 * i] >= n or pad[2 * i + 1] >= n:
                raise RuntimeError(
                    f"Argument #{4 + 2 * i}: Padding size should be less than the corresponding "
                    "input dimension, but got: "
                    f"padding ({pad[2 * i]}, {pad[2 * i + 1]}) at dimension {dim} of input "
                    f"{errors.sizes(input.shape)}"
                )
    return count


def _circular(input: Any, pad: Any) -> Any:
    """The input in the middle of a larger tensor, and copies of its edges around it."""
    count = len(pad) // 2
    spatial = input.shape[-count:]
    lead = input.ndim - count
    shape = list(input.shape)
    for i in range(count):
        before, after = pad[-2 * (i + 1)], pad[-2 * (i + 1) + 1]
        if before > spatial[i] or after > spatial[i]:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        shape[lead + i] += before + after
    if any(n < 0 for n in shape):
        raise RuntimeError("Negative padding value is resulting in an empty dimension")
    out = input.new_empty(shape)
    inner, outer = input, out
    for i in range(count):
        before, after = pad[-2 * (i + 1)], pad[-2 * (i + 1) + 1]
        dim, n = lead + i, spatial[i]
        inner = inner.narrow(dim, max(-before, 0), n - max(-before, 0) - max(-after, 0))
        outer = outer.narrow(dim, max(before, 0), shape[dim] - max(before, 0) - max(after, 0))
    outer.copy_(inner)
    for i in reversed(range(count)):
        before, after = pad[-2 * (i + 1)], pad[-2 * (i + 1) + 1]
        dim, total = lead + i, shape[lead + i]
        if before > 0:
            source = out.narrow(dim, total - before - max(after, 0), before)
            out.narrow(dim, 0, before).copy_(source)
        if after > 0:
            source = out.narrow(dim, max(before, 0), after)
            out.narrow(dim, total - after, after).copy_(source)
    return out


def pad(input: Any, pad: Any, mode: str = "constant", value: Any = None) -> Any:
    """Add elements around a tensor: (before, after) for the last dimension, then the one before it.

    `mode` is "constant" (with `value`), "reflect", "replicate" or "circular".
    """
    pad = list(pad)
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * input.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(pad)} and input of dimension {input.ndim}"
        )
    if mode == "constant":
        return PUBLIC["constant_pad_nd"](input, pad, 0 if value is None else value)
    if value is not None and value != 0:
        raise ValueError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    count = _check_border(input, pad, mode)
    if mode == "circular":
        return _circular(input, pad)
    place = _reflected if mode == "reflect" else _replicated
    taps = tuple(
        (input.ndim - 1 - i, ((place(input.shape[-1 - i], pad[2 * i], pad[2 * i + 1]), None),))
        for i in range(count)
    )
    kind = "Reflection" if mode == "reflect" else "Replication"
    if input.dtype is dtypes.bool_:
        raise errors.not_implemented_for(f"{kind.lower()}_pad{count}d", input.dtype)
    return _resample(input, taps, f"{kind}Pad{count}D")


# ---------------------------------------------------------------- taps of an interpolation


def _cubic(t: Any, a: float = -0.75) -> list[Any]:
    """The four weights of cubic convolution (Keys 1981) at offset t."""

    def near(x: Any) -> Any:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Any) -> Any:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def _source(n: int, size: int, scale: Any, align: bool, cubic: bool, kind: Any) -> Any:
    """Where in the input each place of the result lies."""
    place = np.arange(size).astype(kind)
    if align:
        return place * kind((n - 1) / (size - 1) if size > 1 else 0)
    step = kind(1 / scale if scale else n / size)
    found = step * (place + kind(0.5)) - kind(0.5)
    return found if cubic else np.maximum(found, 0)


def _linear_taps(n: int, size: int, scale: Any, align: bool, kind: Any) -> Any:
    if n == size:
        return ((np.arange(n), None),)
    at = _source(n, size, scale, align, False, kind)
    low = np.minimum(np.floor(at).astype(np.int64), n - 1)
    high, t = np.minimum(low + 1, n - 1), np.clip(at - low, 0, 1)
    return (low, 1 - t), (high, t)


def _cubic_taps(n: int, size: int, scale: Any, align: bool, kind: Any) -> Any:
    at = _source(n, size, scale, align, True, kind)
    low = np.floor(at).astype(np.int64)
    weights = _cubic(at - low)
    return tuple((np.clip(low - 1 + i, 0, n - 1), w) for i, w in enumerate(weights))


def _nearest_taps(n: int, size: int, scale: Any, exact: bool) -> Any:
    step = np.float32(1 / scale if scale else np.float32(n) / np.float32(size))
    place = np.arange(size).astype(np.float32)
    at = np.floor((place + np.float32(0.5)) * step) if exact else np.floor(place * step)
    return ((np.minimum(at.astype(np.int64), n - 1), None),)


def _triangle(x: Any) -> Any:
    return np.maximum(1 - np.abs(x), 0)


def _keys(x: Any) -> Any:
    x, a = np.abs(x), -0.5
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _antialiased_taps(n: int, size: int, scale: Any, align: bool, cubic: bool, kind: Any) -> Any:
    """Taps of a filter as wide as a result's share of the input, as Pillow has them."""
    if align:
        step = (n - 1) / (size - 1) if size > 1 else 0.0
    else:
        step = 1 / scale if scale else n / size
    reach = (2 if cubic else 1) * max(step, 1.0)
    centre = step * (np.arange(size) + 0.5)
    first = np.maximum((centre - reach + 0.5).astype(np.int64), 0)
    last = np.minimum((centre + reach + 0.5).astype(np.int64), n)
    places = first[:, None] + np.arange(int((last - first).max()))
    inside = places < last[:, None]
    distance = (places - centre[:, None] + 0.5) / max(step, 1.0)
    weights = np.where(inside, (_keys if cubic else _triangle)(distance), 0)
    weights = (weights / weights.sum(axis=1, keepdims=True)).astype(kind)
    places = np.minimum(places, n - 1)
    return tuple((places[:, i], weights[:, i]) for i in range(places.shape[1]))


# ---------------------------------------------------------------- interpolate


_DIMENSIONS = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}
_NAMES = {
    "linear": "UpsampleLinear1D", "bilinear": "UpsampleBilinear2D",
    "bicubic": "UpsampleBicubic2D", "trilinear": "UpsampleTrilinear3D",
}  # fmt: skip


def _sizes(input: Any, size: Any, scale_factor: Any, recompute: Any) -> tuple[Any, Any]:
    """(sizes of the result, scale factors to compute with or None)."""
    count = input.ndim - 2
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        if isinstance(size, (list, tuple)) and len(size) != count:
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input "
                f"with spatial dimensions of {list(input.shape[2:])} and output size of {size}. "
                "Please provide input tensor in (N, C, d1, d2, ...,dK) format and output size in "
                "(o1, o2, ...,oK) format."
            )
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return ints(size, count), (None,) * count
    if scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    several = isinstance(scale_factor, (list, tuple))
    given = scale_factor if several else (scale_factor,) * count
    if several and len(given) != count:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input "
            f"with spatial dimensions of {list(input.shape[2:])} and scale_factor of shape "
            f"{scale_factor}. Please provide input tensor in (N, C, d1, d2, ...,dK) format and "
            "scale_factor in (s1, s2, ...,sK) format."
        )
    found = tuple(math.floor(float(n) * s) for n, s in zip(input.shape[2:], given, strict=True))
    return found, (None,) * count if recompute else tuple(map(float, given))


def _check_settings(input: Any, mode: str, align_corners: Any, antialias: bool) -> None:
    flexible = ("nearest", "area", "nearest-exact")
    if mode in flexible and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear "
            "| bicubic | trilinear"
        )
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and input.ndim == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D "
            "tensor as input"
        )


def _check_ndim(input: Any, mode: str) -> None:
    flexible = mode in ("nearest", "area", "nearest-exact")
    if not (3 <= input.ndim <= 5 if flexible else input.ndim == _DIMENSIONS.get(mode)):
        if mode in _DIMENSIONS and 3 <= input.ndim <= 5:
            wanted = _DIMENSIONS[mode]
            raise NotImplementedError(
                f"Got {input.ndim}D input, but {mode} mode needs {wanted}D input"
            )
        raise NotImplementedError(
            "Input Error: Only 3D, 4D and 5D input Tensors supported (got "
            f"{input.ndim}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | "
            f"lanczos | area | nearest-exact (got {mode})"
        )


def interpolate(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
    align_corners: Any = None, recompute_scale_factor: Any = None, antialias: bool = False,
) -> Any:  # fmt: skip
    """Resize the spatial dimensions of (N, C, ...) to `size`, or by `scale_factor`.

    `mode` is "nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear" or "area".
    """
    _check_settings(input, mode, align_corners, antialias)
    sizes, scales = _sizes(input, size, scale_factor, recompute_scale_factor)
    _check_ndim(input, mode)
    if mode == "area":
        from . import adaptive

        pools = {3: adaptive.adaptive_avg_pool1d, 4: adaptive.adaptive_avg_pool2d,
                 5: adaptive.adaptive_avg_pool3d}  # fmt: skip
        return pools[input.ndim](input, sizes if input.ndim > 3 else sizes[0])
    for n in (*input.shape[2:], *sizes):
        if n <= 0:
            raise RuntimeError(
                "Input and output sizes should be greater than 0, but got input ("
                + ", ".join(f"{k}: {v}" for k, v in zip("HW", input.shape[2:], strict=False))
                + ") output ("
                + ", ".join(f"{k}: {v}" for k, v in zip("HW", sizes, strict=False)) + ")"
            )  # fmt: skip
    _check_dtype(input.dtype, mode, input.ndim - 2, antialias)
    taps = tuple(
        (axis, _taps(mode, n, s, scale, bool(align_corners), antialias, input.dtype))
        for axis, (n, s, scale) in enumerate(zip(input.shape[2:], sizes, scales, strict=True), 2)
    )
    return _resample(input, taps, _node_name(mode, input.ndim - 2, antialias))


def _check_dtype(d: Any, mode: str, count: int, antialias: bool) -> None:
    """Raise NotImplementedError, naming PyTorch's kernel, where it serves floats alone."""
    if d.is_floating_point:
        return
    smooth = mode in ("linear", "trilinear")
    if d is dtypes.uint8 and not smooth:
        return
    if antialias:
        kernel = "compute_index_ranges_weights"
    elif mode == "bicubic":
        kernel = "compute_indices_weights_cubic"
    elif count == 2:
        kernel = f"upsample_{'bilinear' if mode == 'bilinear' else 'nearest'}2d_channels_last"
    else:
        kernel = f"compute_indices_weights_{'linear' if smooth else 'nearest'}"
    raise errors.not_implemented_for(kernel, d)


def _node_name(mode: str, count: int, antialias: bool) -> str:
    if mode.startswith("nearest"):
        return f"UpsampleNearest{'Exact' if mode == 'nearest-exact' else ''}{count}D"
    return _NAMES[mode] + ("Aa" if antialias else "")


def _taps(
    mode: str, n: int, size: int, scale: Any, align: bool, antialias: bool, dtype: Any
) -> Any:
    kind = np.float64 if dtype.name == "float64" else np.float32
    if mode.startswith("nearest"):
        return _nearest_taps(n, size, scale, mode == "nearest-exact")
    if antialias:
        return _antialiased_taps(n, size, scale, align, mode == "bicubic", kind)
    if mode == "bicubic":
        return _cubic_taps(n, size, scale, align, kind)
    return _linear_taps(n, size, scale, align, kind)


def upsample(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
    align_corners: Any = None,
) -> Any:  # fmt: skip
    """The older name of ``interpolate``."""
    warnings.warn(
        "`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=2,
    )
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """The older name of nearest ``interpolate``."""
    warnings.warn(
        "`nn.functional.upsample_nearest` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=2,
    )
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """The older name of bilinear ``interpolate`` with aligned corners."""
    warnings.warn(
        "`nn.functional.upsample_bilinear` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=2,
    )
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)
