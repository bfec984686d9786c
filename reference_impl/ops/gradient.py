"""``torch.gradient``: derivatives of sampled functions by finite differences.

Inside, the parabola through three neighbours; at the ends a line (`edge_order` 1) or the parabola
through the last three (2).
"""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..op import composite, wrap_dim
from ..tensor import Tensor


def _part(x: Any, dim: int, start: int, stop: int) -> Any:
    n = x.shape[dim]
    start, stop = (i if i >= 0 else i + n for i in (start, stop))
    return x.narrow(dim, start, stop - start)


def _uniform(x: Any, dim: int, h: Any, edge_order: int) -> Any:
    from .join import cat

    n = x.shape[dim]
    middle = (_part(x, dim, 2, n) - _part(x, dim, 0, -2)) / (2 * h)
    first, second = _part(x, dim, 0, 1), _part(x, dim, 1, 2)
    last, before = _part(x, dim, -1, n), _part(x, dim, -2, -1)
    if edge_order == 1:
        left, right = (second - first) / h, (last - before) / h
    else:
        third, earlier = _part(x, dim, 2, 3), _part(x, dim, -3, -2)
        left = (-1.5 * first + 2 * second - 0.5 * third) / h
        right = (1.5 * last - 2 * before + 0.5 * earlier) / h
    return cat((left, middle, right), dim)


def _at_points(x: Any, dim: int, points: Any, edge_order: int) -> Any:
    from .join import cat

    n = x.shape[dim]
    shape = [1] * x.ndim
    shape[dim] = -1
    steps = points.diff()
    before, after = steps[:-1].reshape(shape), steps[1:].reshape(shape)
    low, here, high = _part(x, dim, 0, -2), _part(x, dim, 1, -1), _part(x, dim, 2, n)
    both = before + after
    middle = (
        -after / (before * both) * low
        + (after - before) / (before * after) * here
        + before / (after * both) * high
    )
    first, second = _part(x, dim, 0, 1), _part(x, dim, 1, 2)
    last, ahead = _part(x, dim, -1, n), _part(x, dim, -2, -1)
    if edge_order == 1:
        left, right = (second - first) / steps[0], (last - ahead) / steps[-1]
    else:
        left = _edge(first, second, _part(x, dim, 2, 3), steps[0], steps[1])
        right = -_edge(last, ahead, _part(x, dim, -3, -2), steps[-1], steps[-2])
    return cat((left, middle, right), dim)


def _edge(first: Any, second: Any, third: Any, h: Any, k: Any) -> Any:
    """The slope at the end of a parabola through three points, h and k apart."""
    return (
        -(2 * h + k) / (h * (h + k)) * first
        + (h + k) / (h * k) * second
        - h / (k * (h + k)) * third
    )


def _dims(self: Any, dim: Any) -> list[int]:
    if dim is None:
        return list(range(self.ndim))
    dims = [wrap_dim(d, self.ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))]
    for d in dims:
        if dims.count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return dims


def _spacings(self: Any, dims: list[int], dim: Any, spacing: Any) -> list[Any]:
    """A distance or coordinates for each dimension; RuntimeError unless their number fits."""
    if isinstance(spacing, Tensor):
        spacing = [spacing]
    if not isinstance(spacing, (tuple, list)):
        return [1 if spacing is None else spacing] * len(dims)
    if len(spacing) != len(dims):
        if dim is None:
            raise RuntimeError(
                "torch.gradient expected spacing to be unspecified, a scalar, or a list of length "
                f"equal to 'self.dim() = {self.ndim}', since dim argument was not given, but got a "
                f"list of length {len(spacing)}"
            )
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim "
            "arguments to have the same length, but got a spacing argument of length "
            f"{len(spacing)} and a dim argument of length {len(dims)}."
        )
    return list(spacing)


@composite(method=False, native=True)
def gradient(
    self: Any, *, spacing: Any = None, dim: Any = None, edge_order: int = 1
) -> tuple[Tensor, ...]:
    """The derivatives of the samples `self` along each of `dim`, one tensor a dimension.

    `spacing` is a distance, 1 unless given (one for each dimension, or one for all) or tensors of
    coordinates.  Raises RuntimeError for an `edge_order` other than 1 and 2 or too few samples.
    """
    if self.dtype is dtypes.uint8:
        raise RuntimeError("torch.gradient does not support uint8 input.")
    dims = _dims(self, dim)
    spacings = _spacings(self, dims, dim, spacing)
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    for d in dims:
        if self.shape[d] < edge_order + 1:
            raise RuntimeError(
                "torch.gradient expected each dimension size to be at least edge_order+1"
            )
    return tuple(
        _at_points(self, d, s, edge_order)
        if isinstance(s, Tensor) and s.ndim
        else _uniform(self, d, s, edge_order)
        for d, s in zip(dims, spacings, strict=True)
    )
