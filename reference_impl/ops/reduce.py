"""Reductions: sums, products, extremes, norms, statistics."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..op import reduction
from .shape import expand_reduced


def _sum_node(self, dim=None, keepdim=False, *, dtype=None):
    return "SumBackward0" if dim is None else "SumBackward1"


@reduction(
    self=lambda grad, self_shape, dim, keepdim: expand_reduced(grad, self_shape, dim, keepdim),
    node=_sum_node,
)
def sum(xp, self, dim=None, keepdim=False, *, dtype=None):  # noqa: A001 - PyTorch's own name
    """The sum over `dim` (all dimensions if None); integers are summed as int64."""
    out = dtype or dtypes.of(self.dtype)
    if dtype is None and out.category < dtypes.FLOAT:
        out = dtypes.int64
    return xp.sum(self, axis=dim or None, keepdims=keepdim, dtype=out.numpy)
