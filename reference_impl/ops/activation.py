"""Elementwise functions of neural networks that live in the torch namespace."""

from __future__ import annotations

import numpy as np

from ..op import pointwise
from .complex import conj
from .rules import in_single
from .selection import where


@pointwise(self=lambda grad, result: where(result > 0, grad, 0))
def relu(xp, self):
    """The number, but at least 0.  Raises RuntimeError for bool tensors."""
    if self.dtype == np.bool_:
        raise RuntimeError("Boolean inputs not supported for relu")
    return xp.maximum(self, self.dtype.type(0))


@pointwise(self=lambda grad, result: grad * conj((1 - result) * result), promote="float")
@in_single
def sigmoid(xp, self):
    """The logistic function 1 / (1 + exp(-self))."""
    one = self.dtype.type(1)
    return one / (one + xp.exp(-self))


