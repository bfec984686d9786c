"""Quantiles: sort, then interpolate between the two neighbours of a rank."""

from __future__ import annotations

from typing import Any

from ..autograd.grad_mode import TRANSFORM, mode
from ..op import composite, wrap_dim
from ..op.autocasts import autocasts
from ..tensor import Tensor

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _check(name: str, self: Any, q: Any, interpolation: str) -> None:
    if not self.numel():
        raise RuntimeError("quantile() input tensor must be non-empty")
    if self.dtype.name not in ("float32", "float64"):
        raise RuntimeError("quantile() input tensor must be either float or double dtype")
    if q.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if q.dtype is not self.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, "
            f"but got {interpolation}"
        )
    if not mode.state & TRANSFORM and not bool(((q >= 0) & (q <= 1)).all()):
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")


def _at_ranks(ordered: Any, ranks: Any, interpolation: str) -> Any:
    """The elements of `ordered` (..., n) at the fractional `ranks` (..., k)."""
    rounded = {"lower": ranks.floor, "higher": ranks.ceil, "nearest": ranks.round}
    if interpolation in rounded:
        return ordered.gather(-1, rounded[interpolation]().long())
    below = ranks.long()
    weight = ranks - below if interpolation == "linear" else ranks.new_full(ranks.shape, 0.5)
    above = ordered.gather(-1, ranks.ceil().long())
    return ordered.gather(-1, below).lerp_(above, weight)


def _kept_shape(self: Any, dim: int | None, keepdim: bool) -> tuple[int, ...]:
    """The shape of `self` without the dimension that is reduced, or with size 1 there."""
    if dim is None or not self.ndim:
        return (1,) * self.ndim if keepdim else ()
    return (*self.shape[:dim], *((1,) if keepdim else ()), *self.shape[dim + 1 :])


def _ordered(self: Any, dim: int | None, shape: tuple[int, ...]) -> Any:
    """The elements sorted along a last dimension, behind `shape`."""
    if dim is None:
        rows = self.flatten()
    elif dim == max(self.ndim, 1) - 1:
        rows = self
    else:
        rows = self.unsqueeze(-1).transpose(dim, -1)
    rows = rows.sort()[0]
    return rows.view((*shape, rows.shape[-1] if rows.ndim else 1))


def _quantile(
    name: str, self: Any, q: Any, dim: Any, keepdim: bool, interpolation: str, ignore_nan: bool
) -> Any:
    """Source: quantile_compute in PyTorch's aten/src/ATen/native/Sorting.cpp."""
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q:g}")
        q = self.new_tensor(q)
    _check(name, self, q, interpolation)
    dim = None if dim is None else wrap_dim(dim, self.ndim)
    ordered = _ordered(self, dim, _kept_shape(self, dim, keepdim))
    if ignore_nan:
        ranks = q * (ordered.isnan().logical_not().sum(-1, keepdim=True) - 1)
        ranks = ranks.masked_fill(ranks < 0, 0)
    else:  # a nan, which sorts to the end, is the result of a row that has one
        last = ordered.shape[-1] - 1
        bad = ordered.isnan().any(-1, keepdim=True)
        ranks = (q * last).expand((*bad.shape[:-1], q.numel())).masked_fill(bad, last)
    values = _at_ranks(ordered, ranks, interpolation)
    if q.ndim == 0:
        return values.squeeze_(-1)
    return values.unsqueeze_(0).transpose_(0, -1).squeeze_(-1)


@composite(native=True)
@autocasts("quantile")
def quantile(
    self: Any, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Any:
    """The q-th quantiles (q in [0, 1], a number or a 1-D tensor) over `dim`; nan if one is nan."""
    return _quantile("quantile", self, q, dim, keepdim, interpolation, ignore_nan=False)


@composite(native=True)
@autocasts("nanquantile")
def nanquantile(
    self: Any, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Any:
    """The q-th quantiles of what is not nan."""
    return _quantile("nanquantile", self, q, dim, keepdim, interpolation, ignore_nan=True)
