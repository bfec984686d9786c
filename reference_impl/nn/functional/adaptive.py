"""Pooling to a given size: adaptive windows that cover the input, and random ones."""

from __future__ import annotations

import itertools
import math
from typing import Any

from ... import errors
from ...op import PUBLIC, op
from ...op.autocasts import autocasts
from .pool_checks import check_dtype
from .windows import _add_at_places, ints

_private: dict[str, bool] = {"method": False, "function": False}


def _bounds(n: int, size: int) -> list[tuple[int, int]]:
    """Start and end of each of `size` parts, which may overlap, of n elements."""
    return [(i * n // size, -(-(i + 1) * n // size)) for i in range(size)]


def _at(ndim: int, axis: int, where: Any) -> tuple[Any, ...]:
    index = [slice(None)] * ndim
    index[axis] = where
    return tuple(index)


@op(
    self=lambda grad, self_shape, output_size: _spread_parts(grad, self_shape[2:]),
    node=lambda self, output_size: f"AdaptiveAvgPool{self.ndim - 2}DBackward0",
    name="adaptive_avg_pool", **_private,
)  # fmt: skip
def _adaptive_avg_pool(xp, self, output_size):
    out = self
    for axis, size in enumerate(output_size, 2):
        parts = [
            out[_at(self.ndim, axis, slice(*b))].mean(axis=axis, keepdims=True)
            for b in _bounds(self.shape[axis], size)
        ]
        if parts:
            out = xp.concatenate(parts, axis=axis)
        else:
            out = out[_at(self.ndim, axis, slice(0, 0))]
    return out.astype(self.dtype, copy=False)


@op(
    self=lambda grad, self_shape: _adaptive_avg_pool(grad, self_shape[2:]),
    name="adaptive_avg_pool_backward", **_private,
)  # fmt: skip
def _spread_parts(xp, self, spatial):
    out = self
    for axis, n in enumerate(spatial, 2):
        size = out.shape[axis]
        wider = xp.zeros((*out.shape[:axis], n, *out.shape[axis + 1 :]), self.dtype)
        for i, (start, end) in enumerate(_bounds(n, size)):
            share = out[_at(self.ndim, axis, slice(i, i + 1))] / self.dtype.type(end - start)
            wider[_at(self.ndim, axis, slice(start, end))] += share
        out = wider
    return out


@op(
    self=lambda grads, self_shape, result1: _add_at_places(grads[0], result1, self_shape[2:]),
    node=lambda self, regions, label: f"{label}{self.ndim - 2}DBackward0",
    name="adaptive_max_pool", **_private,
)  # fmt: skip
def _max_of_regions(xp, self, regions, label):
    """The largest of each region; `regions(n, c)` lists (start, end) by dimension and place."""
    lead, spatial = self.shape[:2], self.shape[2:]
    bounds = regions[0]
    shape = (*lead, *map(len, bounds))
    values, places = xp.empty(shape, self.dtype), xp.empty(shape, "int64")
    for place in itertools.product(*(range(len(b)) for b in bounds)):
        pick = [bounds[d][i] for d, i in enumerate(place)]
        region = self[(..., *(slice(a, b) for a, b in pick))]
        flat = region.reshape(*lead, math.prod(region.shape[2:]))
        best = flat.argmax(axis=2)
        values[(..., *place)] = xp.take_along_axis(flat, best[..., None], 2)[..., 0]
        index = xp.zeros_like(best)
        scale, rest = 1, best
        for d in reversed(range(len(spatial))):
            width = pick[d][1] - pick[d][0]
            index += (pick[d][0] + rest % width) * scale
            rest, scale = rest // width, scale * spatial[d]
        places[(..., *place)] = index
    return values, places


def _sizes(output: Any, shape: Any, count: int, name: str) -> tuple[int, ...]:
    """The sizes asked for; None keeps that of the input."""
    given = output if isinstance(output, (tuple, list)) else (output,) * count
    if len(given) != count:
        if count == 1:
            raise RuntimeError(f"{name}(): argument 'output_size' should contain one int")
        raise RuntimeError(f"{name}: output_size must be {count}")
    return tuple(int(shape[d - count] if o is None else o) for d, o in enumerate(given))


def _lifted(name: str, input: Any, count: int) -> tuple[Any, bool]:
    """`input` with a batch dimension, and whether it had one."""
    if input.ndim not in (count + 1, count + 2):
        if count == 1:
            raise RuntimeError(
                f"Expected 2 to 3 dimensions, but got {input.ndim}-dimensional tensor for argument "
                f"#1 'self' (while checking arguments for {name})"
            )
        colon = ":" if "max" in name else ""
        raise RuntimeError(
            f"{name}(): Expected {count + 1}D or {count + 2}D tensor, but got{colon} "
            f"{errors.sizes(input.shape)}"
        )
    return (input, True) if input.ndim == count + 2 else (input.unsqueeze(0), False)


def _check_adaptive(input: Any, output: Any, count: int) -> None:
    if count > 1 and isinstance(output, (tuple, list)) and input.ndim <= len(output):
        raise ValueError(f"Input dimension should be at least {len(output) + 1}")


def _check_dtype(what: str, input: Any, count: int) -> None:
    dimensions = "3d_cpu" if count == 3 else "2d"  # one dimension is done as two
    check_dtype(f"adaptive_{what}_pool{dimensions}", input)


def _adaptive_average(count: int, input: Any, output_size: Any) -> Any:
    name = f"adaptive_avg_pool{count}d"
    _check_adaptive(input, output_size, count)
    sizes = _sizes(output_size, input.shape, count, name)
    if any(s < 0 for s in sizes):
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received "
            f"{sizes}"
        )
    if count > 1 and all(s == 1 for s in sizes):
        return input.mean(tuple(range(-count, 0)), keepdim=True)
    x, batched = _lifted(name, input, count)
    _check_dtype("avg", input, count)
    if count == 1:
        return _first(_adaptive_avg_pool(x.unsqueeze(-2), (1, *sizes)).squeeze(-2), batched)
    return _first(_adaptive_avg_pool(x, sizes), batched)


def _first(out: Any, batched: bool) -> Any:
    return out if batched else out.squeeze(0)


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """The means of `output_size` parts of the last dimension."""
    return _adaptive_average(1, input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """The means of a grid of `output_size` parts."""
    return _adaptive_average(2, input, output_size)


@autocasts("adaptive_avg_pool3d")
def adaptive_avg_pool3d(input: Any, output_size: Any) -> Any:
    """The means of a grid of `output_size` parts."""
    return _adaptive_average(3, input, output_size)


def _adaptive_largest(count: int, input: Any, output_size: Any) -> Any:
    name = f"adaptive_max_pool{count}d"
    _check_adaptive(input, output_size, count)
    if count > 1 and isinstance(output_size, (tuple, list)) and len(output_size) != count:
        raise RuntimeError(f"{name}(): internal error: output_size.size() must be {count}")
    sizes = _sizes(output_size, input.shape, count, name)
    if any(s < 0 for s in sizes):
        shape = [*input.shape[:-count], *sizes]
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {min(sizes)}: {errors.sizes(shape)}"
        )
    x, batched = _lifted(name, input, count)
    _check_dtype("max", input, count)
    if count == 1:
        x, sizes = x.unsqueeze(-2), (1, *sizes)
    regions = ([_bounds(n, s) for n, s in zip(x.shape[2:], sizes, strict=True)],)
    found = _max_of_regions(x, regions, "AdaptiveMaxPool")
    if count == 1:
        found = tuple(f.squeeze(-2) for f in found)
    return tuple(_first(f, batched) for f in found)


def adaptive_max_pool1d_with_indices(
    input: Any, output_size: Any, return_indices: bool = False
) -> Any:
    """``adaptive_max_pool1d`` and the flat indices of what it found."""
    return _adaptive_largest(1, input, output_size)


def adaptive_max_pool2d_with_indices(
    input: Any, output_size: Any, return_indices: bool = False
) -> Any:
    """``adaptive_max_pool2d`` and the flat indices of what it found."""
    return _adaptive_largest(2, input, output_size)


def adaptive_max_pool3d_with_indices(
    input: Any, output_size: Any, return_indices: bool = False
) -> Any:
    """``adaptive_max_pool3d`` and the flat indices of what it found."""
    return _adaptive_largest(3, input, output_size)


def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each of `output_size` parts of the last dimension."""
    found = _adaptive_largest(1, input, output_size)
    return found if return_indices else found[0]


def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each part of a grid of `output_size` parts."""
    found = _adaptive_largest(2, input, output_size)
    return found if return_indices else found[0]


def adaptive_max_pool3d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each part of a grid of `output_size` parts."""
    found = _adaptive_largest(3, input, output_size)
    return found if return_indices else found[0]


# ---------------------------------------------------------------- random windows


def _starts(sample: float, n: int, size: int, kernel: int) -> list[int]:
    """Starts of windows whose distances vary at random (Graham 2014)."""
    if size == 1:
        return [n - kernel]
    alpha = (n - kernel) / (size - 1)
    first = [int((i + sample) * alpha) - int(sample * alpha) for i in range(size - 1)]
    return [*first, n - kernel]


@op(
    self=lambda grads, self_shape, result1: _add_at_places(grads[0], result1, self_shape[2:]),
    node=lambda self, *_: f"FractionalMaxPool{self.ndim - 2}DBackward0",
    name="fractional_max_pool", **_private,
)  # fmt: skip
def _fractional_max_pool(xp, self, kernel, sizes, samples):
    n, c, *spatial = self.shape
    values = xp.empty((n, c, *sizes), self.dtype)
    places = xp.empty((n, c, *sizes), "int64")
    order = list(reversed(range(len(sizes)))) if len(sizes) == 2 else list(range(len(sizes)))
    for b, channel in itertools.product(range(n), range(c)):
        starts = [
            _starts(float(samples[b, channel, order[d]]), spatial[d], sizes[d], kernel[d])
            for d in range(len(sizes))
        ]
        regions = ([[(s, s + kernel[d]) for s in starts[d]] for d in range(len(sizes))],)
        piece = self[b : b + 1, channel : channel + 1]
        found = _max_of_regions.op.forward(xp, piece, regions, "")
        values[b, channel], places[b, channel] = (f[0, 0] for f in found)
    return values, places


def _fractional(
    count: int, input: Any, kernel_size: Any, output_size: Any, output_ratio: Any, samples: Any
) -> Any:
    name = f"fractional_max_pool{count}d"
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    if output_size is None:
        ratio = output_ratio if isinstance(output_ratio, tuple) else (output_ratio,) * count
        if len(ratio) > count:
            raise ValueError(
                f"{name} requires output_ratio to either be a single Int or tuple of Ints."
            )
        pairs = zip(input.shape[-count:], ratio, strict=True)
        output_size = [int(n * r) for n, r in pairs]
    x, batched = _lifted(name, input, count)
    if samples is None:
        samples = PUBLIC["rand"](
            x.shape[0], x.shape[1], count, dtype=input.dtype, device=input.device
        )
    kernel, sizes = ints(kernel_size, count), ints(output_size, count)
    for n, s, k in zip(x.shape[2:], sizes, kernel, strict=True):
        if s + k - 1 > n:
            raise RuntimeError(
                f"{name}_out(): pool height {k} too large relative to input height {n}"
            )
    found = _fractional_max_pool(x, kernel, sizes, samples.detach())
    return tuple(_first(f, batched) for f in found)


def fractional_max_pool2d_with_indices(
    input: Any, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
    return_indices: bool = False, _random_samples: Any = None,
) -> Any:  # fmt: skip
    """``fractional_max_pool2d`` and the flat indices of what it found."""
    return _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d_with_indices(
    input: Any, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
    return_indices: bool = False, _random_samples: Any = None,
) -> Any:  # fmt: skip
    """``fractional_max_pool3d`` and the flat indices of what it found."""
    return _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool2d(
    input: Any, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
    return_indices: bool = False, _random_samples: Any = None,
) -> Any:  # fmt: skip
    """Max pooling by windows at random distances."""
    found = _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]


def fractional_max_pool3d(
    input: Any, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
    return_indices: bool = False, _random_samples: Any = None,
) -> Any:  # fmt: skip
    """Max pooling by windows at random distances."""
    found = _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]
