"""Running sums, products and extremes along a dimension; differences and integrals."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes, errors, return_types
from ..backend import xp_of
from ..op import composite, op, wrap_dim
from ..tensor import Tensor, wrap
from .complex import conj
from .convert import cast
from .exponential import exp, log, logaddexp
from .reduce import sum as sum_
from .reduce import without_each
from .rules import in_rows, in_single, is_complex, serving
from .selection import where
from .shape import unsqueeze

# ---------------------------------------------------------------- helpers


def flipped(x: Any, dim: int) -> Any:
    """`x` in the opposite order along `dim`."""
    return x.flip(dim) if isinstance(x, Tensor) else xp_of(x).flip(x, dim) if x.ndim else x


def _backwards(accumulate: Any, x: Any, dim: int) -> Any:
    """Accumulate from the end."""
    return flipped(accumulate(flipped(x, dim), dim), dim)


def _wide(self: Any, dtype: Any) -> Any:
    if dtype is not None:
        return cast(self, dtype.numpy)
    return self.astype(np.int64) if self.dtype.kind in "biu" else self


# ---------------------------------------------------------------- sums and products


@op(self=lambda grad, dim: _backwards(cumsum, grad, dim), inplace=True)
@in_single
@in_rows
def cumsum(xp, self, dim, *, dtype=None):
    """The running sum along `dim`; integers are summed as int64."""
    dim = wrap_dim(dim, self.ndim)
    wide = _wide(self, dtype)
    return xp.cumsum(wide, axis=dim, dtype=wide.dtype) if self.ndim else wide.copy()


def _cumprod_rule(grad: Any, self: Any, result: Any, dim: int) -> Any:
    data = getattr(self, "_data", self)
    if data.size <= 1:
        return grad
    if bool((data != 0).all()):
        return _backwards(cumsum, grad * conj(result), dim) / conj(self)
    # With zeros: products with each factor i in turn replaced by 1, from product i on.
    dim = wrap_dim(dim, len(self.shape))
    n = self.shape[dim]
    later = xp_of(data).tri(n, dtype=np.bool_).T
    later = later.reshape((n, n) + (1,) * (len(self.shape) - dim - 1))
    later = wrap(later) if isinstance(self, Tensor) else later
    parts = cumprod(without_each(self, dim), dim + 1)
    return sum_(where(later, unsqueeze(grad, dim) * conj(parts), 0), dim + 1)


@op(self=_cumprod_rule, inplace=True)
@in_single
@in_rows
def cumprod(xp, self, dim, *, dtype=None):
    """The running product along `dim`; integers are multiplied as int64."""
    dim = wrap_dim(dim, self.ndim)
    wide = _wide(self, dtype)
    return xp.cumprod(wide, axis=dim, dtype=wide.dtype) if self.ndim else wide.copy()


def _logcumsumexp_rule(grad: Any, self: Any, result: Any, dim: int) -> Any:
    """The softmax of what each element took part in, by logarithms so that nothing overflows."""
    if not self.shape or 0 in self.shape:
        return grad
    if is_complex(self):
        return conj(exp(self + _backwards(logcumsumexp, log(conj(grad)) - result, dim)))
    lowest = dtypes.finfo(dtypes.of(getattr(grad, "_data", grad).dtype)).min
    gains = _backwards(logcumsumexp, where(grad > 0, log(grad), lowest) - result, dim)
    losses = _backwards(logcumsumexp, where(grad < 0, log(-grad), lowest) - result, dim)
    return exp(gains + self) - exp(losses + self)


@op(self=_logcumsumexp_rule)
@in_single
@in_rows
def logcumsumexp(xp, self, dim):
    """The logarithm of the running sum of the exponentials."""
    if self.dtype.kind in "biu":
        raise errors.not_implemented_for("logcumsumexp_out_cpu", dtypes.of(self.dtype))
    dim = wrap_dim(dim, self.ndim)
    if not self.ndim:
        return self.copy()
    if self.dtype.kind != "c" and xp is np:
        return np.logaddexp.accumulate(self, axis=dim)
    add = logaddexp.op.forward
    rows = xp.moveaxis(self, dim, 0)
    out = xp.empty_like(rows)
    for i in range(len(rows)):
        out[i] = add(xp, out[i - 1], rows[i]) if i else rows[i]
    return xp.moveaxis(out, 0, dim)


# ---------------------------------------------------------------- extremes


def _extreme_rule(grads: Any, self_shape: Any, result1: Any, dim: int) -> Any:
    from .scatter import scatter_add

    grad = grads[0]
    return grad if not self_shape else scatter_add(grad * 0, dim, result1, grad)


def extremes_so_far(xp: Any, better: Any, x: Any, dim: int) -> Any:
    """``better.accumulate``; CuPy has none for extremes, so there by doubling steps."""
    if xp is np:
        return better.accumulate(x, axis=dim)
    rows = xp.moveaxis(x, dim, -1).copy()
    step = 1
    while step < rows.shape[-1]:
        rows[..., step:] = better(rows[..., step:], rows[..., :-step])
        step *= 2
    return xp.moveaxis(rows, -1, dim)


def _running(name: str, xp: Any, self: Any, dim: int, better: Any) -> tuple[Any, Any]:
    """(running extremes, the last index of each); a nan stays to the end."""
    if not self.ndim and dim not in (-1, 0):
        raise IndexError(f"{name}(): Expected reduction dim -1 or 0 for scalar but got {dim}")
    dim = wrap_dim(dim, self.ndim)
    if not self.ndim:
        return self.copy(), xp.zeros((), np.int64)
    values = extremes_so_far(xp, better, self, dim)
    shape = [-1 if d == dim else 1 for d in range(self.ndim)]
    places = xp.arange(self.shape[dim], dtype=np.int64).reshape(shape)
    here = xp.where((self == values) | (self != self), places, 0)
    return values, extremes_so_far(xp, xp.maximum, here, dim)


@op(self=_extreme_rule, returns=return_types.cummax, prepare=serving("cummax_cpu", "c"))
@in_rows
def cummax(xp, self, dim):
    """The running maximum along `dim`, and the last index where it was reached."""
    return _running("cummax", xp, self, dim, xp.maximum)


@op(self=_extreme_rule, returns=return_types.cummin, prepare=serving("cummin_cpu", "c"))
@in_rows
def cummin(xp, self, dim):
    """The running minimum along `dim`, and the last index where it was reached."""
    return _running("cummin", xp, self, dim, xp.minimum)


# ---------------------------------------------------------------- differences and integrals


def _part(self: Any, dim: int, start: int, stop: int) -> Any:
    return self.narrow(dim, start, stop - start)


@composite
def diff(self: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """The n-th difference of neighbours along `dim`, after joining `prepend` and `append`."""
    from .join import cat

    if self.ndim == 0:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:
        return self.new_zeros(self.shape).copy_(self)
    parts = [p for p in (prepend, self, append) if p is not None]
    for p in parts:
        _check_joint(self, p, dim)
    result = cat(parts, dim) if len(parts) > 1 else self
    for _ in range(min(n, result.shape[dim])):
        size = result.shape[dim]
        high, low = _part(result, dim, 1, size), _part(result, dim, 0, size - 1)
        result = high ^ low if result.dtype is dtypes.bool_ else high - low
    return result


def _check_joint(self: Any, other: Any, dim: int) -> None:
    """Raise RuntimeError if `other` cannot stand before or after `self` along `dim`."""
    if other.ndim != self.ndim:
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    along = wrap_dim(dim, self.ndim)
    for i, (n, m) in enumerate(zip(self.shape, other.shape, strict=True)):
        if n != m and i != along:
            raise RuntimeError(
                "diff expects the shape of tensor to prepend or append to match that of input "
                f"except along the differencing dimension; input.size({i}) = {n}, but got "
                f"tensor.size({i}) = {m}"
            )


def _widths(y: Any, x: Any, dim: int) -> Any:
    """The distances of the points `x` in the shape of `y`'s pairs of neighbours."""
    if x.ndim == 1:
        shape = [1] * y.ndim
        shape[dim] = -1
        x = x.view(shape)
    elif x.ndim < y.ndim:
        x = x.view((1,) * (y.ndim - x.ndim) + tuple(x.shape))
    return _part(x, dim, 1, x.shape[dim]) - _part(x, dim, 0, x.shape[dim] - 1)


def _refuse_bool(name: str, y: Any, x: Any) -> None:
    if dtypes.bool_ in (y.dtype, None if x is None else x.dtype):
        which = "`y`" if x is None else "`x` or `y`"
        raise RuntimeError(f"{name}: received a bool input for {which}, but bool is not supported")


def _pairs(y: Any, dim: int) -> tuple[Any, Any]:
    n = y.shape[dim]
    return _part(y, dim, 1, n), _part(y, dim, 0, n - 1)


@composite(method=False, native=True)
def trapezoid(y: Any, x: Any = None, *, dx: float = 1, dim: int = -1) -> Any:
    """The integral along `dim` by the trapezoidal rule, at points `x` or `dx` apart."""
    if x is not None and x.ndim == 1 and x.shape[0] != y.shape[wrap_dim(dim, y.ndim)]:
        raise RuntimeError("trapezoid: There must be one `x` value for each sample point")
    if y.shape[wrap_dim(dim, y.ndim)] == 0:
        return y.sum(dim)
    _refuse_bool("trapezoid", y, x)
    if x is None:
        return (y.sum(dim) - (y.select(dim, 0) + y.select(dim, -1)) * 0.5) * dx
    right, left = _pairs(y, dim)
    return ((left + right) * _widths(y, x, dim)).sum(dim) / 2.0


@composite(method=False, native=True)
def cumulative_trapezoid(y: Any, x: Any = None, *, dx: float = 1, dim: int = -1) -> Any:
    """The running integral along `dim` by the trapezoidal rule."""
    _refuse_bool("cumulative_trapezoid", y, x)
    right, left = _pairs(y, wrap_dim(dim, y.ndim))
    if x is None:
        return (dx / 2.0 * (left + right)).cumsum(dim)
    return ((left + right) * _widths(y, x, dim)).cumsum(dim) / 2.0
