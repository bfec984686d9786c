"""How operations act on a whole batch: by family, by the names of their parameters, or one by one.

base.py        the table, and what rules share
families.py    elementwise operations, reductions, operations along a dimension
shapes.py      views and rearrangements
products.py    products of matrices, and linear algebra
indexing.py    indices, and sorted sequences
layers.py      neural networks
randomness.py  random numbers
refused.py     what PyTorch refuses to batch

Every rule gets the operation, its bound arguments and the level, and returns the result on whole
batches, the batch first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import errors
from ...autograd.grad_mode import FORWARD, mode
from ...op import Op, tensors_in
from ...tensor import Tensor
from ..batching import DRAWING, Level, batched_in, expanded, hidden, innermost, level_of, levels_of
from . import indexing, layers, products, randomness, refused, shapes
from .base import BY_NAME, Rule, composed, one_by_one, size_of
from .families import aligned_operands, along, along_dim, pointwise, reduce

# Operations whose in-place form PyTorch tries even so, and finds that the shapes do not fit.
_BROADCASTING = {"add", "atan2", "copysign"}
__all__ = ["rule_of", "run", "run_in_place"]


def run(op: Op, values: list[Any]) -> Any:
    """``op`` on arguments of which some are batched."""
    if op.name in DRAWING and not Level.drawing:
        with randomness.Drawing():
            return run(op, randomness.with_own_draws(values))
    level = batched_in(values)
    values = _with_tangents_batched(values, level)
    return hidden(rule_of(op)(op, values, level), level)


def rule_of(op: Op) -> Rule:
    """How an operation acts on a batch."""
    found = BY_NAME.get(op.name)
    if found is not None:
        return found
    if op.family == "pointwise":
        return pointwise
    if op.family == "reduction":
        return reduce
    description = getattr(op.forward, "described_by", None)
    if description is not None:
        return composed(description)
    return along if along_dim(op) else one_by_one


def _with_tangents_batched(values: Sequence[Any], level: int) -> list[Any]:
    """`values` with those batched too whose tangents are batched at `level` and they are not."""
    if not mode.state & FORWARD:
        return list(values)

    def fitting(v: Any) -> Any:
        plain = innermost(v)
        if not isinstance(v, Tensor) or level_of(v) == level or plain._tangent is None:
            return v
        moving = any(level in levels_of(t) for t in plain._tangent.values())
        return expanded(v, level) if moving else v

    return [[fitting(x) for x in v] if type(v) in (list, tuple) else fitting(v) for v in values]


def run_in_place(op: Op, values: list[Any]) -> Any:
    """``op`` in place on its first argument.  Raises RuntimeError if that is not batched."""
    from ...ops.fill import _copy
    from ...views import change, change_plain

    level, self = batched_in(values), values[0]
    if not level:
        randomness.refuse_unbatched()
        return change_plain(op, values)
    if level_of(self) != level:
        if op.name in _BROADCASTING:
            shape = np.broadcast_shapes(*(t.shape for t in tensors_in(values)))
            raise errors.inplace_broadcast(self.shape, (size_of(values, level), *shape))
        raise refused.inplace_unbatched(op.name, level)
    if rule_of(op) is pointwise or op.name == "zero":
        shape = np.broadcast_shapes(*(t.shape for t in tensors_in(values)))
        if shape != tuple(self.shape):
            raise errors.inplace_broadcast(self.shape, shape)
        change(op, aligned_operands(op, values, level))
        return self
    with randomness.Drawing():
        rule = randomness.FILLS.get(op.name) or rule_of(op)
        result = rule(op, values, level)
    if result.shape != self._value.shape:
        raise errors.inplace_broadcast(self.shape, result.shape[1:])
    change(_copy.op, [self._value, result])
    return self
