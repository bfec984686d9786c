"""Quantiles: sort, then interpolate between the two neighbours of a rank."""

from __future__ import annotations

from typing import Any


from ..op import composite, wrap_dim
from ..tensor import Tensor

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _check(name: str, self: Any, q: Any, interpolation: str) -> None:
    if not self.numel():
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if self.dtype.name not in ("float32", "float64"):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if q.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if q.dtype is not self.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but "
            f"got {interpolation}"
        )
    if not bool(((q >= 0) & (q <= 1)).all()):
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")


def _at_ranks(ordered: Any, ranks: Any, interpolation: str) -> Any:
    """The elements of `ordered` (..., n) at the fractional `ranks` (..., k)."""
    if interpolation == "lower":
        ranks = ranks.floor()
    elif interpolation == "higher":
        ranks = ranks.ceil()
    elif interpolation == "nearest":
        ranks = ranks.round()
    below = ranks.long()
    low = ordered.gather(-1, below)
    if interpolation not in ("linear", "midpoint"):
        return low
    high = ordered.gather(-1, ranks.ceil().long())
    weight = ranks - below if interpolation == "linear" else ranks * 0 + 0.5
    return low.lerp(high, weight)


def _quantile(
    name: str, self: Any, q: Any, dim: Any, keepdim: bool, interpolation: str, ignore_nan: bool
) -> Any:
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q:g}")
        q = self.new_tensor(q)
    _check(name, self, q, interpolation)
    if dim is not None:
        dim = wrap_dim(dim, self.ndim)
    flat = dim is None or not self.ndim
    rows = self.reshape(-1) if flat else self.movedim(dim, -1)
    ordered = rows.sort(-1)[0]
    last = rows.shape[-1] - 1
    bad = rows.isnan()
    if ignore_nan:
        last = (bad.logical_not().sum(-1, keepdim=True) - 1).clamp(min=0).to(q.dtype)
    ranks = _plain_ranks(q, last, rows)
    if not ignore_nan:
        ranks = ranks.masked_fill(bad.any(-1, keepdim=True), rows.shape[-1] - 1)
    result = _at_ranks(ordered, ranks, interpolation)
    return _arranged(result, self, q, dim, keepdim)


def _plain_ranks(q: Any, last: Any, rows: Any) -> Any:
    """The ranks (..., k) that belong to the quantiles q of rows (..., n)."""
    ranks = q.reshape(-1) * last
    return ranks.expand((*rows.shape[:-1], ranks.shape[-1]))


def _arranged(result: Any, self: Any, q: Any, dim: Any, keepdim: bool) -> Any:
    """`result` (..., k) with the quantiles in front, or without that dimension for a 0-d q."""
    if keepdim and self.ndim:
        shape = [1] * self.ndim
        if dim is not None:
            place = wrap_dim(dim, self.ndim)
            result = result.unsqueeze(place if place < self.ndim else -1)
        else:
            result = result.reshape((*shape, -1))
    result = result.movedim(-1, 0) if result.ndim > 1 else result
    return result.squeeze(0) if q.ndim == 0 else result


@composite
def quantile(
    self: Any, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Any:
    """The q-th quantiles (q in [0, 1], a number or a 1-D tensor) over `dim`; nan if one is nan."""
    return _quantile("quantile", self, q, dim, keepdim, interpolation, ignore_nan=False)


@composite
def nanquantile(
    self: Any, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Any:
    """The q-th quantiles of what is not nan."""
    return _quantile("nanquantile", self, q, dim, keepdim, interpolation, ignore_nan=True)
