"""Softmax and its kin: exponentials shared out over a dimension, computed without overflow."""

from __future__ import annotations

from typing import Any

from .. import dtypes, errors
from ..op import composite, op, reduction, wrap_dim
from .complex import conj
from .exponential import exp
from .reduce import axes, spread, unreduce
from .reduce import sum as sum_
from .rules import in_rows, in_single


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
    self=lambda grad, result, dim: _softmax_backward(grad, result, dim),
    name="softmax", method=False, function=False,
)  # fmt: skip
@in_single
@in_rows
def _softmax(xp, self, dim):
    dim = _check(xp, self, dim, "softmax")
    if self.ndim == 0:
        return xp.ones((), self.dtype) * (self == self) + (self - self)
    powers = xp.exp(_shifted(xp, self, dim))
    return powers / powers.sum(axis=dim, keepdims=True)


@op(
    self=lambda grad, result, dim: _log_softmax_backward(grad, result, dim),
    name="log_softmax", method=False, function=False,
)  # fmt: skip
@in_single
@in_rows
def _log_softmax(xp, self, dim):
    dim = _check(xp, self, dim, "log_softmax")
    if self.ndim == 0:
        return self - self
    shifted = _shifted(xp, self, dim)
    return shifted - xp.log(xp.exp(shifted).sum(axis=dim, keepdims=True))


def _softmax_twice(grad: Any, grad_output: Any, output: Any, dim: int) -> Any:
    """Derivative of the gradient of softmax by its output."""
    along = sum_(grad_output * output, dim, keepdim=True)
    return grad * grad_output - along * grad - grad_output * sum_(grad * output, dim, keepdim=True)


@op(
    grad_output=lambda grad, output, dim: _softmax_backward(grad, output, dim),
    output=_softmax_twice, name="softmax_backward_data", method=False, function=False,
)  # fmt: skip
def _softmax_backward(xp, grad_output, output, dim):
    product = grad_output * output
    return product - output * _summed(product, dim)


@op(
    grad_output=lambda grad, output, dim: grad - sum_(grad * exp(output), dim, keepdim=True),
    output=lambda grad, grad_output, output, dim: (
        -sum_(grad_output, dim, keepdim=True) * exp(output) * grad
    ), name="log_softmax_backward_data", method=False, function=False,
)  # fmt: skip
def _log_softmax_backward(xp, grad_output, output, dim):
    return grad_output - xp.exp(output) * _summed(grad_output, dim)


def _summed(array: Any, dim: int) -> Any:
    return array.sum(axis=wrap_dim(dim, array.ndim), keepdims=True) if array.ndim else array


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
