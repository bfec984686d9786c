"""Distinct values and how often they occur: ``unique``, ``bincount``, ``histc``, ``histogram``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes, errors, return_types
from ..op import composite, op, wrap_dim
from ..tensor import Tensor
from .index import require_tensor
from .rules import not_implemented, serving

# ---------------------------------------------------------------- distinct values


def _no_gradient(name: str) -> Any:
    def rule(grads: Any) -> Any:
        raise NotImplementedError(f"the derivative for '{name}' is not implemented.")

    return rule


def _distinct(xp: Any, array: Any, axis: int | None) -> tuple[Any, Any, Any]:
    values, inverse, counts = xp.unique(
        array, return_inverse=True, return_counts=True, axis=axis, equal_nan=False
    )
    shape = array.shape if axis is None else (array.shape[axis],)
    return values, inverse.reshape(shape).astype(np.int64), counts.astype(np.int64)


@op(self=_no_gradient("_unique2"), node="Unique2Backward0", method=False, function=False)
def _unique2(xp, self):
    return _distinct(xp, self.reshape(-1) if not self.ndim else self, None)


@op(self=_no_gradient("unique_dim"), node="UniqueDimBackward0", method=False, function=False)
def _unique_dim(xp, self, dim):
    d = wrap_dim(dim, self.ndim)
    _check_slices(self, d)
    return _distinct(xp, self, d)


def _check_slices(array: Any, dim: int) -> None:
    """Raise RuntimeError for slices without elements, which cannot be told apart."""
    if array.size == 0 and array.shape[dim]:
        raise RuntimeError(
            "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied"
        )


@composite
def unique(
    self: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
    dim: int | None = None,
) -> Any:  # fmt: skip
    """The distinct values (or slices along `dim`), sorted.

    With `return_inverse` also where each element's value stands among them, with `return_counts`
    also how often each occurs.
    """
    found = _unique2(self) if dim is None else _unique_dim(self, dim)
    return _asked(found, self.shape, return_inverse, return_counts, dim)


def _asked(found: Any, shape: Any, inverse: bool, counts: bool, dim: Any) -> Any:
    out = [found[0]]
    if inverse:
        out.append(found[1].reshape(shape) if dim is None else found[1])
    if counts:
        out.append(found[2])
    return out[0] if len(out) == 1 else tuple(out)


def _runs(xp: Any, array: Any, dim: int | None) -> tuple[Any, Any, Any]:
    """The first of each run of equal neighbours, the run of each element, the runs' lengths."""
    if dim is not None:
        _check_slices(array, dim)
    flat = array.reshape(-1) if dim is None else xp.moveaxis(array, dim, 0)
    if not flat.shape[0]:
        empty = xp.zeros(0, np.int64)
        return flat.copy() if dim is None else array.copy(), empty, empty
    changes = flat[1:] != flat[:-1]
    changes = changes.any(axis=tuple(range(1, changes.ndim)))
    starts = xp.concatenate([xp.ones(1, bool), changes])
    run = xp.cumsum(starts) - 1
    values = flat[starts]
    values = values if dim is None else xp.ascontiguousarray(xp.moveaxis(values, 0, dim))
    return values, run.astype(np.int64), xp.bincount(run).astype(np.int64)


@op(
    self=_no_gradient("unique_consecutive"), node="UniqueConsecutiveBackward0", method=False,
    function=False,
)  # fmt: skip
def _unique_consecutive(xp, self, dim):
    return _runs(xp, self, None if dim is None else wrap_dim(dim, self.ndim))


@composite
def unique_consecutive(
    self: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The tensor without repeats of the element (or slice along `dim`) before."""
    found = _unique_consecutive(self, dim)
    return _asked(found, self.shape, return_inverse, return_counts, dim)


# ---------------------------------------------------------------- counting


@op(weights=not_implemented("aten::bincount"), node="NotImplemented")
def bincount(xp, self, weights=None, minlength=0):
    """How often each number from 0 on occurs (or the sum of the `weights` at its places)."""
    if self.ndim != 1 or (self.size and (self < 0).any()):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if self.dtype.kind not in "iu":
        raise errors.not_implemented_for("bincount_cpu", dtypes.of(self.dtype))
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if weights is None:
        return xp.bincount(self.astype(np.intp), minlength=minlength).astype(np.int64)
    if weights.shape != self.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    kind = np.float32 if weights.dtype == np.float32 else np.float64
    return xp.bincount(self.astype(np.intp), weights, minlength).astype(kind)


@op()
def histc(xp, self, bins=100, min=0, max=0):
    """Counts of the elements in `bins` equal intervals from `min` to `max` (both 0: the range)."""
    if self.dtype.kind not in "fV":  # a complex range is looked for first, bool edges made
        kernel = {"b": "linspace_cpu", "c": "aminmax_cpu"}.get(self.dtype.kind, "histogram_cpu")
        raise errors.not_implemented_for(kernel, dtypes.of(self.dtype))
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    low, high = _histogram_range(xp, self, min, max)
    inside = self[(self >= low) & (self <= high)].astype(np.float64)
    where = ((inside - low) * (bins / (high - low))).astype(np.intp)
    where[where == bins] = bins - 1
    return xp.bincount(where, minlength=bins).astype(self.dtype)


def _histogram_range(xp: Any, array: Any, low: Any, high: Any) -> tuple[float, float]:
    low, high = float(low), float(high)
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RuntimeError(f"torch.histc: range of [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError("torch.histc: max must be larger than min")
    return low, high


# ---------------------------------------------------------------- histograms with edges

_upto = range  # the builtin, where a parameter has its name


def _edges(xp: Any, values: Any, bins: Any, limits: Any, name: str, dim: int) -> Any:
    """The edges of the bins along one dimension."""
    if hasattr(bins, "strides"):
        return bins
    if bins <= 0:
        raise RuntimeError(f"{name}(): bins must be > 0, but got {bins} for dimension {dim}")
    low, high = (0.0, 0.0 if values.size else 1.0) if limits is None else limits
    if limits is None and values.size:
        low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"{name}(): dimension {dim}'s range [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError(
            f"{name}(): min should not exceed max, but got min {low:g} max {high:g} for dimension "
            f"{dim}"
        )
    if low == high:
        low, high = low - 0.5, high + 0.5
    return xp.linspace(low, high, int(bins) + 1).astype(values.dtype)


def _cells(xp: Any, values: Any, edges: Any) -> tuple[Any, Any]:
    """(the bin of each value, which values lie in any); the last bin holds its upper edge."""
    where = xp.searchsorted(edges, values, "right") - 1
    where = xp.where(values == edges[-1], edges.size - 2, where)
    return where, (values >= edges[0]) & (values <= edges[-1])


def _density(xp: Any, hist: Any, edges: list[Any]) -> Any:
    """Counts divided by their sum and the volume of each bin."""
    hist = hist / hist.sum()
    for dim, e in enumerate(edges):
        width = xp.diff(e).reshape([-1 if k == dim else 1 for k in range(len(edges))])
        hist = hist / width
    return hist


def _counted(xp: Any, points: Any, edges: list[Any], weight: Any, density: bool) -> Any:
    """The histogram of `points`, (n, d)."""
    flat, inside = xp.zeros(len(points), np.intp), xp.ones(len(points), bool)
    shape = tuple(e.size - 1 for e in edges)
    for dim, e in enumerate(edges):
        where, within = _cells(xp, points[:, dim], e)
        flat, inside = flat * shape[dim] + where, inside & within
    weights = None if weight is None else weight.reshape(-1)[inside].astype(np.float64)
    hist = xp.bincount(flat[inside], weights, math.prod(shape)).reshape(shape)
    hist = hist.astype(points.dtype)
    return (_density(xp, hist, edges) if density else hist).astype(points.dtype)


@op(
    self=not_implemented("aten::histogram"), weight=not_implemented("aten::histogram"),
    node="NotImplemented", returns=return_types.histogram, name="histogram",
    prepare=serving("histogramdd", halves=False), method=False, function=False,
)  # fmt: skip
def _histogram(xp, self, bins, range, weight, density):
    flat = self.reshape(-1)
    edges = _edges(xp, flat, bins, range, "torch.histogram", 0)
    return _counted(xp, flat[:, None], [edges], weight, density), edges


@composite
def histogram(
    self: Tensor, bins: Any = 100, *, range: Any = None, weight: Tensor | None = None,
    density: bool = False,
) -> Any:  # fmt: skip
    """(counts, edges) of `bins` equal bins, or of the bins between the given edges."""
    return _histogram(self, bins, range, weight, density)


@op(
    self=not_implemented("aten::_histogramdd_from_bin_cts"), node="NotImplemented",
    name="histogramdd", prepare=serving("histogramdd", halves=False), method=False,
    function=False,
)  # fmt: skip
def _histogramdd(xp, self, bins, range, weight, density):
    d = self.shape[-1]
    if len(bins) != d:
        raise RuntimeError(
            "histogramdd: The size of bins must be equal to the innermost dimension of the input."
        )
    points = self.reshape(math.prod(self.shape[:-1]), d)
    limits = [None] * d if range is None else [range[2 * i : 2 * i + 2] for i in _upto(d)]
    edges = [_edges(xp, points[:, i], bins[i], limits[i], "torch.histogramdd", i) for i in _upto(d)]
    return (_counted(xp, points, edges, weight, density), *edges)


@composite(method=False)
def histogramdd(
    input: Tensor, bins: Any, range: Any = None, weight: Tensor | None = None,
    density: bool = False,
) -> Any:  # fmt: skip
    """(counts, edges) of points in d dimensions, (..., d); `bins` for each dimension."""
    if input.ndim < 2:
        raise RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions")
    each = [bins] * input.shape[-1] if isinstance(bins, int) else list(bins)
    hist, *edges = _histogramdd(input, each, range, weight, density)
    return return_types.histogramdd(hist, tuple(edges))


# ---------------------------------------------------------------- membership


@op(method=False, function=False, name="isin")
def _isin(xp, elements, test_elements, assume_unique, invert):
    return xp.isin(elements, test_elements, assume_unique=assume_unique, invert=invert)


@composite(method=False, keywords={"element": "elements", "test_element": "test_elements"})
def isin(
    elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Which elements occur among `test_elements`; either may be a number."""
    from .create import scalar_tensor

    for name, value in (("elements", elements), ("test_elements", test_elements)):
        if not isinstance(value, (bool, int, float, complex)):
            require_tensor("isin", name, getattr(value, "_data", value))
    given = [x if isinstance(x, Tensor) else scalar_tensor(x) for x in (elements, test_elements)]
    return _isin(*given, assume_unique, invert)  # type: ignore[no-any-return]
