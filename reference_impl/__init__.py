"""PyTorch's tensor and autograd API on NumPy and CuPy: ``import reference_impl as torch``."""

from __future__ import annotations

from . import autograd  # first: the engine and the tensor need each other  # isort: skip
from . import dtypes, op
from .ops import pointwise, reduce, shape
from .tensor import Size, Tensor

globals().update(op.PUBLIC)
