"""Softmax and its kin: exponentials shared out over a dimension, computed without overflow."""

from __future__ import annotations

from typing import Any

from .. import dtypes, errors
from ..op import composite, op, reduction, wrap_dim
from .complex import conj
from .exponential import exp
from .reduce import axes, spread, unreduce
from .reduce import sum as sum_
from .rules import in_single


def _check(xp: Any, self: Any, dim: int, name: str) -> int:
    dim = wrap_dim(dim, self.ndim)
    if self.dtype.kind in "biuc":
        last = "_lastdim" if dim == max(self.ndim - 1, 0) else ""
        kernel = f"{name}{last}_kernel_impl"
        raise errors.not_implemented_for(kernel, dtypes.of(self.dtype))
    return dim


def _shifted(xp: Any, self: Any, dim: int) -> Any:
    """`self` minus its largest element along `dim`."""
    return self if self.size == 0 else self - self.max(axis=dim, keepdims=True)


@op(
    self=lambda grad, result, dim: (
        result * (grad - sum_(grad * result, dim, keepdim=True))
    ), name="softmax", method=False, function=False,
)  # fmt: skip
@in_single
def _softmax(xp, self, dim):
    dim = _check(xp, self, dim, "softmax")
    if self.ndim == 0:
        return xp.ones((), self.dtype) * (self == self) + (self - self)
    powers = xp.exp(_shifted(xp, self, dim))
    return powers / powers.sum(axis=dim, keepdims=True)


@op(
    self=lambda grad, result, dim: grad - exp(result) * sum_(grad, dim, keepdim=True),
    name="log_softmax", method=False, function=False,
)  # fmt: skip
@in_single
def _log_softmax(xp, self, dim):
    dim = _check(xp, self, dim, "log_softmax")
    if self.ndim == 0:
        return self - self
    shifted = _shifted(xp, self, dim)
    return shifted - xp.log(xp.exp(shifted).sum(axis=dim, keepdims=True))


@composite
def softmax(self: Any, dim: int, dtype: Any = None) -> Any:
    """The exponentials, divided by their sum along `dim`; computed in `dtype` if given.

    Raises NotImplementedError for integers without a `dtype`.
    """
    return _softmax(self if dtype is None else self.to(dtype), dim)


@composite
def log_softmax(self: Any, dim: int, dtype: Any = None) -> Any:
    """The logarithm of ``softmax``."""
    return _log_softmax(self if dtype is None else self.to(dtype), dim)


def _logsumexp_rule(grad: Any, self: Any, result: Any, dim: Any, keepdim: bool) -> Any:
    shape = tuple(self.shape)
    share = exp(self - unreduce(result, shape, dim, keepdim))
    return spread(grad, shape, dim, keepdim) * conj(share)


@reduction(self=_logsumexp_rule)
@in_single
def logsumexp(xp, self, dim, keepdim=False):
    """The logarithm of the sum over `dim` of the exponentials."""
    if self.dtype.kind in "biu":
        self = self.astype(dtypes.get_default_dtype().numpy)
    axis = axes(self, dim)
    if self.size == 0:
        return xp.log(xp.sum(xp.exp(self), axis=axis, keepdims=keepdim))
    largest = self.real.max(axis=axis, keepdims=True)
    largest = xp.where(xp.isinf(largest), largest.dtype.type(0), largest)
    total = xp.log(xp.sum(xp.exp(self - largest), axis=axis, keepdims=keepdim))
    return total + largest.reshape(total.shape)


