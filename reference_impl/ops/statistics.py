"""Variance, standard deviation, norms and distances."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..op import composite, reduction
from .complex import complex as complex_
from .complex import real
from .reduce import axes, count, mean, spread, unreduce
from .rules import in_single, is_complex
from .selection import masked_fill, where

# ---------------------------------------------------------------- variance


def _freedom(shape: Any, dim: Any, correction: Any) -> float:
    return count(shape, dim) - (1 if correction is None else correction)


def _variance(xp: Any, self: Any, dim: Any, correction: Any, keepdim: bool, name: str) -> Any:
    """(variance, mean), in the precision of `self`; warns where it is undefined."""
    if self.dtype.kind in "biu":
        who = name if "mean" in name else "std and var"
        raise RuntimeError(f"{who} only support floating point and complex dtypes")
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


def _var_rule(grad: Any, self: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    shape = tuple(self.shape)
    centred = self - unreduce(mean(self, dim, keepdim), shape, dim, keepdim)
    freedom = _freedom(shape, dim, correction)
    grad = unreduce(grad, shape, dim, keepdim)
    if freedom == 0:
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


def _and_mean(part: Any, grad: Any, self: Any, dim: Any, keepdim: bool) -> Any:
    """A statistic's part of the gradient and that of the mean beside it; either may be missing."""
    if grad is None:
        return part
    shape = tuple(self.shape)
    mean = spread(grad, shape, dim, keepdim) / count(shape, dim)
    return mean if part is None else part + mean


def _var_mean_rule(grads, self, dim, correction, keepdim):  # type: ignore[no-untyped-def]
    g = grads[0]
    part = None if g is None else _var_rule(g, self, dim, correction, keepdim)
    return _and_mean(part, grads[1], self, dim, keepdim)


def _std_mean_rule(grads, self, result0, dim, correction, keepdim):  # type: ignore[no-untyped-def]
    g = grads[0]
    part = None if g is None else _std_rule(g, self, result0, dim, correction, keepdim)
    return _and_mean(part, grads[1], self, dim, keepdim)


@reduction(self=_var_mean_rule, name="var_mean", method=False, function=False)
@in_single
def _var_mean(xp, self, dim=None, *, correction=None, keepdim=False):
    return _variance(xp, self, dim, correction, keepdim, "var_mean")


@reduction(self=_std_mean_rule, name="std_mean", method=False, function=False)
@in_single
def _std_mean(xp, self, dim=None, *, correction=None, keepdim=False):
    variance, centre = _variance(xp, self, dim, correction, keepdim, "std_mean")
    return xp.sqrt(variance), centre


def _corrected(op: Any, self: Any, dim: Any, unbiased: Any, correction: Any, keepdim: bool) -> Any:
    """Call `op` for the older signatures too: ``var(unbiased)`` and ``var(dim, unbiased)``."""
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


# ---------------------------------------------------------------- covariance


def _weights(self: Any, fweights: Any, aweights: Any) -> Any:
    """The product of the two kinds of weights, or None."""
    for name, w in (("fweights", fweights), ("aweights", aweights)):
        if w is None:
            continue
        if w.ndim > 1:
            raise RuntimeError(f"cov(): expected {name} to have one or fewer dimensions but got "
                               f"{name} with {w.ndim} dimensions")  # fmt: skip
        wanted = "integral" if name == "fweights" else "floating point"
        if w.dtype.is_floating_point != (name == "aweights"):
            raise RuntimeError(
                f"cov(): expected {name} to have {wanted} dtype but got {name} with "
                f"{errors.scalar_type(w.dtype)} dtype"
            )
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
