"""Elementwise functions of neural networks that live in the torch namespace."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import errors
from ..fast import number
from ..op import composite, op, pointwise
from ..op.autocasts import autocasts
from .complex import conj
from .rules import in_single, zeros
from .selection import where


@op(
    grad_output=lambda grad, self: threshold_backward(grad, self, 0), self=zeros,
    method=False, function=False,
)  # fmt: skip
def threshold_backward(xp, grad_output, self, threshold):
    """`grad_output` where `self` is above `threshold`, else 0."""
    return xp.where(self <= threshold, number(xp, 0, grad_output.dtype), grad_output)


@pointwise(self=lambda grad, result: threshold_backward(grad, result, 0))
def relu(xp, self):
    """The number, but at least 0.  Raises RuntimeError for bool tensors."""
    if self.dtype == np.bool_:
        raise RuntimeError("Boolean inputs not supported for relu")
    if self.dtype.kind == "c":
        raise NotImplementedError("clamp is not supported for complex types")
    return xp.maximum(self, number(xp, 0, self.dtype))


@pointwise(
    grad_output=lambda grad, output: _sigmoid_backward(grad, conj(output)),
    output=lambda grad, grad_output, output: conj(grad) * grad_output * (-2 * conj(output) + 1),
    name="sigmoid_backward", method=False, function=False, inplace=False,
)  # fmt: skip
def _sigmoid_backward(xp, grad_output, output):
    slope = (number(xp, 1, output.dtype) - output) * output
    return grad_output * (xp.conj(slope) if slope.dtype.kind == "c" else slope)


@pointwise(self=lambda grad, result: _sigmoid_backward(grad, result), promote="float")
@in_single
def sigmoid(xp, self):
    """The logistic function 1 / (1 + exp(-self))."""
    one = number(xp, 1, self.dtype)
    return one / (one + xp.exp(-self))


@pointwise(
    self=lambda grad, self, weight: where(self > 0, grad, grad * weight),
    weight=lambda grad, self: where(self > 0, 0, grad * self),
    serves="f", name="_prelu_kernel", node="PreluKernelBackward0", inplace=False, method=False,
    function=False,
)  # fmt: skip
def _prelu_kernel(xp, self, weight):
    return xp.where(self > 0, self, self * weight)


def _check_prelu(input: Any, weight: Any) -> None:
    if input.dtype is not weight.dtype:
        raise RuntimeError(
            "prelu: Type promoting not supported. Got "
            f"{errors.c_type(input.dtype)} and {errors.c_type(weight.dtype)}"
        )
    if weight.numel() == 1:
        return
    if input.ndim == 0:
        raise RuntimeError("Not allow zero-dim input tensor.")
    if weight.ndim != 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}"
        )
    channels = input.shape[1] if input.ndim > 1 else 1
    if channels != weight.numel():
        raise RuntimeError(
            f"Mismatch of parameter numbers and input channel size. Found parameter numbers = "
            f"{weight.numel()} and channel size = {channels}."
        )


@composite
@autocasts("prelu")
def prelu(self: Any, weight: Any) -> Any:
    """``leaky_relu`` with a learnt slope: one for all, or one for each channel (dimension 1)."""
    _check_prelu(self, weight)
    if not self.dtype.is_floating_point:
        raise errors.not_implemented_for("prelu_cpu", self.dtype)
    if weight.ndim != self.ndim and (weight.ndim or self.ndim):
        dim = self.ndim
        shape = [1] * dim
        if dim > 1:
            shape[1] = weight.numel()
        weight = weight.reshape(shape) if dim else weight.reshape(())
    return _prelu_kernel(self, weight)


@pointwise(
    self=lambda grad, self, lambd: where((self >= -lambd) & (self <= lambd), 0, grad),
    serves="f", kernel="hardshrink_cpu", inplace=False,
)  # fmt: skip
def hardshrink(xp, self, lambd=0.5):
    """x, but 0 where it lies in [-lambd, lambd]."""
    return xp.where((self >= -lambd) & (self <= lambd), self.dtype.type(0), self)


def _logit_rule(grad: Any, self: Any, eps: float | None) -> Any:
    slope = grad / (self * (1 - self))
    if eps is None:
        return where((self >= 0) & (self <= 1), slope, math.nan)
    return where((self >= eps) & (self <= 1 - eps), slope, 0)


@pointwise(self=_logit_rule, promote="float", serves="bif", kernel="logit_cpu")
@in_single
def logit(xp, self, eps=None):
    """The inverse of ``sigmoid``: log(x / (1 - x)), x kept in [eps, 1 - eps] if eps is given."""
    one = self.dtype.type(1)
    if eps is not None:
        self = xp.clip(self, self.dtype.type(eps), one - self.dtype.type(eps))
    return xp.log(self / (one - self))
