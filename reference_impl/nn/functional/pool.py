"""Pooling: one number for each window (windows.py): its largest, its mean, its p-norm."""

from __future__ import annotations

import itertools
import math
from typing import Any

from ... import errors
from ...autograd.grad_mode import is_grad_enabled
from ...op import op
from ...op.autocasts import autocasts
from ...ops.rules import into, row_by_row
from . import pool_checks
from .windows import (
    Geometry,
    _add_at_places,
    _read_places,
    ints,
    lowest,
    output_size,
    overlap_add,
    windows,
)  # fmt: skip

_private: dict[str, bool] = {"method": False, "function": False}


def _numbered(name: str) -> Any:
    """The name of a node that says how many spatial dimensions there are."""
    return lambda self, *_: f"{name.format(self.ndim - 2)}Backward0"


def _pooled_size(n: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> int:
    """How many windows; with `ceil_mode` also one that starts inside but ends outside."""
    if not ceil_mode:
        return output_size(n, k, s, p, d)
    size = -(-(n + 2 * p - d * (k - 1) - 1) // s) + 1
    return size - 1 if (size - 1) * s >= n + p else size


def _laid_out(
    name: str, count: int, input: Any, kernel: Any, stride: Any, padding: Any, dilation: Any,
    ceil_mode: bool,
) -> tuple[Any, Geometry, bool]:  # fmt: skip
    """(input with a batch, how windows lie on it, whether it had a batch).

    One dimension is done as two, as in PyTorch.  Raises RuntimeError for settings that make no
    sense.
    """
    shape = input.shape
    if count == 1:
        pool_checks.check_input_1d(name, shape)
    settings = {"kernel_size": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    pool_checks.check_lengths(name, count, **settings)
    kernel, padding, dilation = (ints(v, count) for v in (kernel, padding, dilation))
    stride = kernel if stride is None or stride == () or stride == [] else ints(stride, count)
    if name == "max_pool1d":
        pool_checks.check_settings_1d(name, kernel[0], stride[0], padding[0], dilation[0])
    if count == 1:
        input, count = input.unsqueeze(-2), 2
        shape = input.shape
        kernel, stride = (1, *kernel), (1, *stride)
        padding, dilation = (0, *padding), (1, *dilation)
    pool_checks.check_ndim(shape, count)
    pool_checks.check_windows(kernel, stride, padding, dilation)
    pool_checks.check_sizes(name, shape, count)
    batched = input.ndim == count + 2
    x = input if batched else input.unsqueeze(0)
    sizes = zip(x.shape[2:], kernel, stride, padding, dilation, strict=True)
    output = tuple(_pooled_size(*of_one, ceil_mode) for of_one in sizes)
    if any(o < 1 for o in output):
        raise pool_checks.too_small(name, x.shape, output)
    return x, Geometry(kernel, stride, padding, dilation, output), batched


# ---------------------------------------------------------------- the largest


def _places(xp: Any, g: Geometry, spatial: Any) -> Any:
    """Flat spatial indices of all that the windows see: (cells, *output)."""
    count = len(spatial)
    flat = xp.zeros((1,) * (2 * count), "int64")
    for d, (n, k, o) in enumerate(zip(spatial, g.kernel, g.output, strict=True)):
        seen = xp.arange(k)[:, None] * g.dilation[d] + xp.arange(o) * g.stride[d] - g.padding[d]
        # Padding is never the largest; a window of nothing larger points to its first real cell.
        seen = xp.where(seen < 0, seen % g.dilation[d], xp.minimum(seen, n - 1))
        shape = [1] * (2 * count)
        shape[d], shape[count + d] = k, o
        flat = flat * n + seen.reshape(shape)
    return flat.reshape(math.prod(g.kernel), *g.output)


@op(
    self=lambda grads, self_shape, result1: _add_at_places(grads[0], result1, self_shape[2:]),
    node=_numbered("MaxPool{}DWithIndices"), name="max_pool2d_with_indices", **_private,
)  # fmt: skip
def _max_pool(xp, self, geometry):
    """The largest, and its flat spatial index: the first of equal ones, but the last NaN."""
    cells = windows(xp, self, geometry, lowest(self.dtype))
    cells = [cells[(..., *at)] for at in itertools.product(*map(range, geometry.kernel))]
    table = _places(xp, geometry, self.shape[2:])
    best, place = cells[0].copy(), xp.empty(cells[0].shape, "int64")
    place[...] = table[0]
    for cell, at in zip(cells[1:], table[1:], strict=True):
        xp.copyto(place, at, where=cell > best)
        xp.maximum(best, cell, out=best)  # once NaN, it stays
    unordered = best != best
    if self.dtype.kind not in "iu" and bool(unordered.any()):
        for cell, at in zip(cells, table, strict=True):
            xp.copyto(place, at, where=cell != cell)
    return best, place


_INTEGERS = ("uint8", "int8", "int16", "int32", "int64")


def _largest(
    name: str, count: int, asked: bool, input: Any, kernel_size: Any, stride: Any = None,
    padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
) -> Any:  # fmt: skip
    """The largest of each window and where they are, whether that was `asked` for or not."""
    if count > 1 and input.ndim not in (count + 1, count + 2):
        raise RuntimeError(
            f"non-empty {count + 1}D or {count + 2}D (batch mode) tensor expected for input"
        )
    x, g, batched = _laid_out(name, count, input, kernel_size, stride, padding, dilation, ceil_mode)
    if count == 1 and not asked and not (input.requires_grad and is_grad_enabled()):
        pool_checks.check_dtype("max_pool1d_impl", input)  # a kernel for values without indices
    pool_checks.check_dtype(f"max_pool{max(count, 2)}d", input, _INTEGERS)
    values, places = _max_pool(x, g)
    if count == 1:
        values, places = values.squeeze(-2), places.squeeze(-2)
    return (values, places) if batched else (values.squeeze(0), places.squeeze(0))


def _with_indices(name: str, count: int) -> Any:
    def pool(
        input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False, return_indices: bool = False,
    ) -> Any:  # fmt: skip
        return _largest(name, count, True, input, kernel_size, stride, padding, dilation, ceil_mode)

    pool.__name__ = pool.__qualname__ = f"{name}_with_indices"
    pool.__doc__ = f"``{name}`` and the flat spatial index of each element found."
    return pool


def _values_only(name: str, count: int, doc: str) -> Any:
    def pool(
        input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False, return_indices: bool = False,
    ) -> Any:  # fmt: skip
        found = _largest(
            name, count, return_indices, input, kernel_size, stride, padding, dilation, ceil_mode
        )
        return found if return_indices else found[0]

    pool.__name__ = pool.__qualname__ = name
    pool.__doc__ = doc
    return pool


max_pool1d_with_indices = _with_indices("max_pool1d", 1)
max_pool2d_with_indices = _with_indices("max_pool2d", 2)
max_pool3d_with_indices = _with_indices("max_pool3d", 3)
_LARGEST = "The largest element of each window; at a tie the first gets the gradient."
max_pool1d = _values_only("max_pool1d", 1, _LARGEST)
max_pool2d = _values_only("max_pool2d", 2, _LARGEST)
max_pool3d = autocasts("max_pool3d")(_values_only("max_pool3d", 3, _LARGEST))


@op(
    self=lambda grad, indices: _read_places(grad, indices),
    node=_numbered("MaxUnpool{}D"), name="max_unpool", **_private,
)  # fmt: skip
def _max_unpool(xp, self, indices, spatial):
    lead, size = self.shape[:2], math.prod(spatial)
    outside = (indices < 0) | (indices >= size)
    if bool(outside.any()):
        raise RuntimeError(
            f"Found an invalid max index: {int(indices[outside][0])} (output volumes are of size "
            f"{'x'.join(map(str, spatial))}"
        )
    out = xp.zeros((*lead, size), self.dtype)
    if self.size:
        flat = (*lead, math.prod(self.shape[2:]))
        xp.put_along_axis(out, indices.reshape(flat), self.reshape(flat), 2)
    return out.reshape(*lead, *spatial)


def _unpooled(
    count: int, input: Any, indices: Any, kernel: Any, stride: Any, padding: Any, output: Any
) -> Any:
    if tuple(input.shape) != tuple(indices.shape):
        raise RuntimeError(
            "Expected shape of indices to be same as that of the input tensor "
            f"({errors.sizes(input.shape)}) but got indices tensor with shape: "
            f"{errors.sizes(indices.shape)}"
        )
    pool_checks.check_dtype(f"max_unpool{max(count, 2)}d", input)
    kernel, padding = ints(kernel, count), ints(padding, count)
    stride = kernel if stride is None else ints(stride, count)
    spatial = input.shape[-count:]
    default = tuple(
        (n - 1) * s + k - 2 * p for n, s, k, p in zip(spatial, stride, kernel, padding, strict=True)
    )
    sizes = _checked_output(output, default, stride, count)
    batched = input.ndim == count + 2
    x, at = (input, indices) if batched else (input.unsqueeze(0), indices.unsqueeze(0))
    if count == 1:
        x, at, sizes = x.unsqueeze(-1), at.unsqueeze(-1), (*sizes, 1)
    out = _max_unpool(x, at, sizes)
    out = out.squeeze(-1) if count == 1 else out
    return out if batched else out.squeeze(0)


def _checked_output(output: Any, default: Any, stride: Any, count: int) -> tuple[int, ...]:
    if output is None:
        return default  # type: ignore[no-any-return]
    if len(output) == count + 2:
        output = output[2:]
    if len(output) != count:
        raise ValueError(
            "output_size should be a sequence containing "
            f"{count} or {count + 2} elements, but it has a length of '{len(output)}'"
        )
    for d, (n, s) in enumerate(zip(default, stride, strict=True)):
        low, high = n - s, n + s
        if not low < output[d] < high:
            raise ValueError(
                f'invalid output_size "{output}" (dim {d} must be between {low} and {high})'
            )
    return tuple(output)


def max_unpool1d(
    input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
    output_size: Any = None,
) -> Any:  # fmt: skip
    """Put the elements that ``max_pool1d`` found back to their places, among zeros."""
    return _unpooled(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
    output_size: Any = None,
) -> Any:  # fmt: skip
    """Put the elements that ``max_pool2d`` found back to their places, among zeros."""
    return _unpooled(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
    output_size: Any = None,
) -> Any:  # fmt: skip
    """Put the elements that ``max_pool3d`` found back to their places, among zeros."""
    return _unpooled(3, input, indices, kernel_size, stride, padding, output_size)


# ---------------------------------------------------------------- the mean


def _divisors(xp: Any, g: Geometry, spatial: Any, include_pad: bool, override: Any, dtype: Any):  # type: ignore
    """What the sum of each window is divided by, (*output)."""
    if override:
        return xp.full(g.output, override, dtype)
    total = xp.ones((), dtype)
    for n, k, s, p, o in zip(spatial, g.kernel, g.stride, g.padding, g.output, strict=True):
        start = xp.arange(o) * s - p
        end = xp.minimum(start + k, n + p)
        if not include_pad:
            start, end = xp.maximum(start, 0), xp.minimum(end, n)
        total = total[..., None] * (end - start).astype(dtype)
    return total


def _over_divisor(grad: Any, shape: Any, geometry: Geometry, include: bool, override: Any) -> Any:
    from ...backend import xp_of
    from ...tensor import Tensor, wrap

    data = getattr(grad, "_data", grad)
    divisor = _divisors(xp_of(data), geometry, shape[2:], include, override, data.dtype)
    return grad / (wrap(divisor) if isinstance(grad, Tensor) else divisor)


@op(
    self=lambda grad, self_shape, geometry, include_pad, override: _spread_windows(
        _over_divisor(grad, self_shape, geometry, include_pad, override), self_shape[2:], geometry
    ),
    node=_numbered("AvgPool{}D"), name="avg_pool2d", **_private,
)  # fmt: skip
def _avg_pool(xp, self, geometry, include_pad, override):
    total = _window_sums.op.forward(xp, self, geometry)
    divisors = _divisors(xp, geometry, self.shape[2:], include_pad, override, self.dtype)
    if self.dtype.kind == "i":
        return (total - xp.fmod(total, divisors)) // divisors  # towards zero
    return row_by_row(total / divisors)


@op(self=lambda grad, self_shape, geometry: _spread_windows(grad, self_shape[2:], geometry),
    **_private)  # fmt: skip
def _window_sums(xp, self, geometry):
    cells = windows(xp, self, geometry)
    return cells.sum(axis=tuple(range(-len(geometry.kernel), 0)), dtype=self.dtype)


@op(self=lambda grad, geometry: _window_sums(grad, geometry), **_private)
def _spread_windows(xp, self, spatial, geometry):
    """The transpose: each number added to all that its window covers."""
    count = len(geometry.kernel)
    cells = xp.broadcast_to(
        self.reshape(*self.shape, *(1,) * count), (*self.shape, *geometry.kernel)
    )
    return xp.ascontiguousarray(overlap_add(xp, cells, tuple(spatial), geometry))


def _averaged(
    count: int, input: Any, kernel: Any, stride: Any, padding: Any, ceil_mode: bool,
    include: bool, override: Any, out: Any = None,
) -> Any:  # fmt: skip
    name = f"avg_pool{count}d"
    if override == 0 and override is not None:
        raise RuntimeError("divisor must be not zero")
    x, g, batched = _laid_out(name, count, input, kernel, stride, padding, 1, ceil_mode)
    kernel_name = "avg_pool3d_out_frame" if count == 3 else "avg_pool2d"
    pool_checks.check_dtype(kernel_name, input, ("int64",))
    if count == 3 and input.dtype.itemsize == 2 and not input.is_cuda:
        raise errors.not_implemented_for(kernel_name, input.dtype)
    mean = _avg_pool(x, g, include, override)
    mean = mean.squeeze(-2) if count == 1 else mean
    return into(mean if batched else mean.squeeze(0), out, name)


def avg_pool1d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:  # fmt: skip
    """The mean of each window; padding counts as zeros unless told otherwise."""
    args = (kernel_size, stride, padding, ceil_mode, count_include_pad, None)
    return _averaged(1, input, *args)


def avg_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: Any = None, *, out: Any = None,
) -> Any:  # fmt: skip
    """The mean of each window; padding counts as zeros unless told otherwise."""
    args = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, out)
    return _averaged(2, input, *args)


@autocasts("avg_pool3d")
def avg_pool3d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: Any = None, *, out: Any = None,
) -> Any:  # fmt: skip
    """The mean of each window; padding counts as zeros unless told otherwise."""
    args = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, out)
    return _averaged(3, input, *args)


def _lp_pooled(count: int, pool: Any, input: Any, p: float, kernel: Any, *rest: Any) -> Any:
    out = pool(input.pow(p), kernel, *rest)
    cells = math.prod(ints(kernel, count))
    return (out.sign() * out.abs().relu()).mul(cells).pow(1.0 / p)


def lp_pool1d(
    input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    """The p-th root of the sum of p-th powers of each window."""
    return _lp_pooled(1, avg_pool1d, input, norm_type, kernel_size, stride, 0, ceil_mode)


def lp_pool2d(
    input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    """The p-th root of the sum of p-th powers of each window."""
    return _lp_pooled(2, avg_pool2d, input, norm_type, kernel_size, stride, 0, ceil_mode)


def lp_pool3d(
    input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    """The p-th root of the sum of p-th powers of each window."""
    return _lp_pooled(3, avg_pool3d, input, norm_type, kernel_size, stride, 0, ceil_mode)
