"""Variance, standard deviation, norms and distances."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..op import composite, op, reduction, wrap_dim
from .arithmetic import abs as abs_
from .complex import complex as complex_
from .complex import real, sgn
from .convert import cast
from .reduce import axes, count, mean, spread, unreduce
from .reduce import sum as sum_
from .rules import in_single, is_complex, zeros
from .selection import masked_fill, where

# ---------------------------------------------------------------- variance


def _freedom(shape: Any, dim: Any, correction: Any) -> float:
    return count(shape, dim) - (1 if correction is None else correction)


def _variance(xp: Any, self: Any, dim: Any, correction: Any, keepdim: bool, name: str) -> Any:
    """(variance, mean), in the precision of `self`; warns where it is undefined."""
    if self.dtype.kind in "biu":
        raise RuntimeError(f"{_WHO[name]} only support floating point and complex dtypes")
    axis = axes(self, dim)
    centre = xp.mean(self, axis=axis, keepdims=True) if self.size else self.sum(
        axis=axis, keepdims=True) * np.nan  # fmt: skip
    freedom = _freedom(self.shape, dim, correction)
    if freedom <= 0:
        warnings.warn(errors.degrees_of_freedom(name), UserWarning, stacklevel=6)
    distance = xp.abs(self - centre)
    squares = xp.sum(distance * distance, axis=axis, keepdims=keepdim)
    centre = centre if keepdim else centre.reshape(squares.shape)
    return xp.true_divide(squares, squares.dtype.type(max(freedom, 0))), centre


_WHO = {"var": "std and var", "std": "std and var", "std_mean": "std and var",
        "var_mean": "std and var"}  # fmt: skip


def _var_rule(grad: Any, self: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    shape = tuple(self.shape)
    centred = self - unreduce(mean(self, dim, keepdim), shape, dim, keepdim)
    freedom = _freedom(shape, dim, correction)
    grad = unreduce(grad, shape, dim, keepdim)
    if freedom <= 0:
        return grad * where(centred == 0, math.nan, math.inf)
    return (2.0 / freedom) * grad * centred


def _std_rule(grad: Any, self: Any, result: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    grad = masked_fill(grad / (result * 2), result == 0, 0)
    return _var_rule(grad, self, dim, correction, keepdim)


@reduction(self=_var_rule, name="var", method=False, function=False)
@in_single
def _var(xp, self, dim=None, *, correction=None, keepdim=False):
    return _variance(xp, self, dim, correction, keepdim, "var")[0]


@reduction(self=_std_rule, name="std", method=False, function=False)
@in_single
def _std(xp, self, dim=None, *, correction=None, keepdim=False):
    return xp.sqrt(_variance(xp, self, dim, correction, keepdim, "std")[0])


def _with_mean(rule: Any) -> Any:
    """The rule for (statistic, mean) from that for the statistic; a gradient may be missing."""

    def both(grads, self, result0, dim, correction, keepdim):  # type: ignore[no-untyped-def]
        parts = []
        if grads[0] is not None:
            parts.append(rule(grads[0], self, result0, dim, correction, keepdim))
        if grads[1] is not None:
            shape = tuple(self.shape)
            parts.append(spread(grads[1], shape, dim, keepdim) / count(shape, dim))
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]

    return both


@reduction(
    self=_with_mean(lambda g, self, result, dim, c, k: _var_rule(g, self, dim, c, k)),
    name="var_mean", method=False, function=False,
)  # fmt: skip
@in_single
def _var_mean(xp, self, dim=None, *, correction=None, keepdim=False):
    return _variance(xp, self, dim, correction, keepdim, "var_mean")


@reduction(self=_with_mean(_std_rule), name="std_mean", method=False, function=False)
@in_single
def _std_mean(xp, self, dim=None, *, correction=None, keepdim=False):
    variance, centre = _variance(xp, self, dim, correction, keepdim, "std_mean")
    return xp.sqrt(variance), centre


def _corrected(op: Any, self: Any, dim: Any, unbiased: Any, correction: Any, keepdim: bool) -> Any:
    """Call `op` for PyTorch's older signatures too: ``var(unbiased)`` and ``var(dim, unbiased)``."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None:
        correction = int(unbiased)
    return op(self, dim, correction=correction, keepdim=keepdim)


@composite
def var(
    self: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None,
) -> Any:  # fmt: skip
    """The variance over `dim`: squared distances from the mean, over their number - `correction`.

    `correction` is 1 unless given; ``unbiased=False`` means 0.  Raises RuntimeError for integers.
    """
    return _corrected(_var, self, dim, unbiased, correction, keepdim)


@composite
def std(
    self: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None,
) -> Any:  # fmt: skip
    """The standard deviation: the square root of ``var``."""
    return _corrected(_std, self, dim, unbiased, correction, keepdim)


@composite(method=False)
def var_mean(
    self: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None,
) -> Any:  # fmt: skip
    """(variance, mean)."""
    return _corrected(_var_mean, self, dim, unbiased, correction, keepdim)


@composite(method=False)
def std_mean(
    self: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None,
) -> Any:  # fmt: skip
    """(standard deviation, mean)."""
    return _corrected(_std_mean, self, dim, unbiased, correction, keepdim)


# ---------------------------------------------------------------- norms


def _norm_rule(grad, self, result, ord, dim, keepdim):  # type: ignore[no-untyped-def]
    """Derivative of the p-norm; at 0 the subgradient of least norm, 0.

    Source: norm_backward in PyTorch's torch/csrc/autograd/FunctionsManual.cpp.
    """
    shape = tuple(self.shape)
    grad = unreduce(grad, shape, dim, keepdim)
    norm = unreduce(result, shape, dim, keepdim)
    if ord == 0:
        return zeros(self)
    if ord == 1:
        return sgn(self) * grad
    if ord == 2:
        return grad * masked_fill(self / norm, norm == 0, 0)
    size = abs_(self)
    if math.isinf(ord):
        chosen = (size == norm) | ((size != size) & (norm != norm))
        number = sum_(chosen, dim, keepdim=bool(dim))
        return where(chosen, sgn(self) * (grad / number), 0)
    if ord < 2:
        scaled = masked_fill(sgn(self) * size ** (ord - 1), self == 0, 0)
    else:
        scaled = self * size ** (ord - 2)
    return scaled * masked_fill(grad / norm ** (ord - 1), norm == 0, 0)


def _sum_of_powers(xp: Any, size: Any, ord: float, axis: Any, keepdim: bool) -> Any:
    if ord == 0:
        return xp.sum(size != 0, axis=axis, keepdims=keepdim).astype(size.dtype)
    if math.isinf(ord):
        extreme = xp.max if ord > 0 else xp.min
        return extreme(size, axis=axis, keepdims=keepdim)
    if ord == 1:
        return xp.sum(size, axis=axis, keepdims=keepdim)
    if ord == 2:
        return xp.sqrt(xp.sum(size * size, axis=axis, keepdims=keepdim))
    powers = xp.sum(size ** size.dtype.type(ord), axis=axis, keepdims=keepdim)
    return powers ** size.dtype.type(1 / ord)


@reduction(self=_norm_rule, name="linalg_vector_norm", method=False, function=False)
@in_single
def vector_norm(xp, self, ord=2, dim=None, keepdim=False, *, dtype=None):
    """The p-norm over `dim`, p being `ord`: sum(|x|^p)^(1/p); the number of non-zeros for 0.

    Raises RuntimeError for integers.
    """
    if self.dtype.kind in "biu":
        found = errors.scalar_type(dtypes.of(self.dtype))
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {found}"
        )
    if dtype is not None:
        self = cast(self, dtype.numpy)
    axis = axes(self, dim)
    if self.size == 0 and (ord < 0 or math.isinf(ord)) and count(self.shape, dim) == 0:
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {ord} norm on an empty tensor because the "
            "operation does not have an identity"
        )
    return _sum_of_powers(xp, xp.abs(self), float(ord), axis, keepdim)


@composite
def norm(
    self: Any, p: float | str | None = "fro", dim: Any = None, keepdim: bool = False, *,
    dtype: Any = None,
) -> Any:  # fmt: skip
    """The p-norm of the elements over `dim`; "fro" means 2, "nuc" the sum of singular values."""
    if p == "nuc":
        from ..linalg import matrix_norm

        return matrix_norm(self, "nuc", (-2, -1) if dim is None else dim, keepdim)
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"only valid string values are 'fro' and 'nuc', found {p}")
    return vector_norm(self, 2 if p in ("fro", None) else p, dim, keepdim, dtype=dtype)


def _dist_rule(grad: Any, self: Any, other: Any, p: float, result: Any) -> Any:
    return _norm_rule(grad, self - other, result, p, None, False)


@op(
    self=_dist_rule,
    other=lambda grad, self, other, p, result: -_dist_rule(grad, self, other, p, result),
)
@in_single
def dist(xp, self, other, p=2):
    """The p-norm of self - other."""
    return _sum_of_powers(xp, xp.abs(self - other), float(p), None, False)




# ---------------------------------------------------------------- covariance


def _weights(self: Any, fweights: Any, aweights: Any) -> Any:
    """The product of the two kinds of weights, or None."""
    for name, w in (("fweights", fweights), ("aweights", aweights)):
        if w is None:
            continue
        wanted = "integral" if name == "fweights" else "floating point"
        if w.dtype.is_floating_point != (name == "aweights"):
            raise RuntimeError(
                f"cov(): expected {name} to have {wanted} dtype but got {name} with "
                f"{errors.scalar_type(w.dtype)} dtype"
            )
        if w.ndim > 1:
            raise RuntimeError(f"cov(): expected {name} to have one or fewer dimensions but got "
                               f"{name} with {w.ndim} dimensions")  # fmt: skip
        if w.numel() != (self.shape[-1] if self.ndim else 1):
            raise RuntimeError(
                f"cov(): expected {name} to have the same numel as there are observations in the "
                f"input but got {w.numel()} != {self.shape[-1] if self.ndim else 1}"
            )
        if bool((w < 0).any()):
            raise RuntimeError(f"cov(): {name} cannot be negative")
    if fweights is None or aweights is None:
        return fweights if aweights is None else aweights
    return fweights * aweights


@composite
def cov(self: Any, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Any:
    """The covariance matrix of variables in rows and observations in columns.

    `fweights` (integers) say how often an observation counts, `aweights` how much.
    """
    if self.ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with "
            f"{self.ndim} dimensions"
        )
    if self.dtype is dtypes.bool_:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    rows = self if self.ndim == 2 else self.reshape((1, -1))
    if self.dtype.category < dtypes.FLOAT:
        rows = rows.to(dtypes.get_default_dtype())
    weights = _weights(self, fweights, aweights)
    number: Any = rows.shape[1] if weights is None else weights.sum()
    total = rows.sum(1, keepdim=True) if weights is None else (
        (rows * weights).sum(1, keepdim=True))  # fmt: skip
    centred = rows - total / number
    freedom = number - correction
    if weights is not None and aweights is not None:
        freedom = number - correction * (weights * aweights).sum() / number
    if freedom <= 0:
        warnings.warn("cov(): degrees of freedom is <= 0. Correction should be strictly less than "
                      "the number of observations.", UserWarning, stacklevel=3)  # fmt: skip
        freedom = 0
    other = centred if weights is None else centred * weights
    product = centred @ other.transpose(0, 1).conj()
    result = product / freedom if not isinstance(freedom, int) or freedom else product / 0.0
    return result.squeeze()


@composite
def corrcoef(self: Any) -> Any:
    """The matrix of correlation coefficients of variables in rows and observations in columns."""
    if self.ndim > 2:
        raise RuntimeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with "
            f"{self.ndim} dimensions"
        )
    c = cov(self)
    if c.ndim == 0:
        return c / c
    deviation = real(c.diagonal()).sqrt()
    c = c / deviation.reshape((-1, 1)) / deviation.reshape((1, -1))
    if is_complex(c):
        return complex_(real(c).clamp(-1, 1), c.imag.clamp(-1, 1))
    return c.clamp(-1, 1)


def _renorm_scale(self: Any, p: float, dim: int, maxnorm: float) -> Any:
    """What the slices along `dim` are multiplied by."""
    others = tuple(d for d in range(self.ndim) if d != dim % self.ndim)
    size = vector_norm(self, p, others, keepdim=True)
    return where(size > maxnorm, maxnorm / (size + 1e-7), 1.0)


@composite
def renorm(self: Any, p: float, dim: int, maxnorm: float) -> Any:
    """`self` with each slice along `dim` scaled down to a p-norm of at most `maxnorm`."""
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    if self.ndim <= 1:
        raise RuntimeError(
            f"renorm: input needs at least 2 dimensions, got {self.ndim} dimensions"
        )
    return self * _renorm_scale(self, p, wrap_dim(dim, self.ndim), maxnorm).to(self.dtype)


@composite(function=False)
def renorm_(self: Any, p: float, dim: int, maxnorm: float) -> Any:
    """In-place form of ``renorm``."""
    return self.mul_(_renorm_scale(self, p, wrap_dim(dim, self.ndim), maxnorm).to(self.dtype))
