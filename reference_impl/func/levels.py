"""Fresh inputs to differentiate by, and derivatives by them.

A transform needs no numbered level: the fresh alias that it makes of an input *is* the level, since
only what was computed from that alias leads back to it.  Nested transforms make aliases of aliases,
so their derivatives cannot be confused.

Under ``vmap`` an input is first batched at every level that runs, for each example has its own
derivative.  Gradients of batched tensors are gradients of the plain tensors inside, unless a
cotangent is batched where the output is not (``vmap`` over the function that ``vjp`` returns): then
the rules run on batched tensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.engine import run_backward
from ..autograd.grad_mode import enable_grad
from ..autograd.node import AccumulateGrad
from ..backend import xp_of
from ..ops.parts import alias
from ..tensor import Tensor, wrap
from ..utils._pytree import tree_map
from .batching import (
    Level,
    innermost,
    levels_of,
    lifted,
    running,
    with_batch,
    without_batch,
)


class Inputs:
    """The fresh inputs of one transform."""

    def __init__(self) -> None:
        self.leaves: set[Any] = set()  # the history of those that had none

    def fresh(self, x: Any) -> Any:
        """An alias of `x` to differentiate by."""
        with enable_grad():
            x = lifted(x)
            if innermost(x).requires_grad:
                return alias(x)
            out = x.detach()
            out.requires_grad_()
        self.leaves.add(innermost(out).history())
        return out

    def zeros(self, like: Any) -> Any:
        """A fresh input of zeros, in the shape of the whole of `like`."""
        data = innermost(like)._data
        out = wrap(xp_of(data).zeros_like(data))
        out._grad_fn = AccumulateGrad(out)
        self.leaves.add(out._grad_fn)
        return out

    def matter_alone(self, tensors: Sequence[Any]) -> bool:
        """Whether nothing but these inputs, and constants, went into `tensors`."""
        stack = [t.history() for t in map(innermost, tensors)]
        seen = set()
        while stack:
            node = stack.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            if type(node) is AccumulateGrad and node not in self.leaves:
                return False
            stack.extend(node.edges)
        return True

    def released(self, tree: Any) -> Any:
        """Results for the caller: without the history that only leads to these inputs."""
        return tree_map(self._released, tree)

    def _released(self, t: Any) -> Any:
        if not isinstance(t, Tensor) or innermost(t).history() is None:
            return t
        return t.detach() if self.matter_alone([t]) else t


def pull_back(
    outputs: Sequence[Any],
    cotangents: Sequence[Any],
    inputs: Sequence[Any],
    *,
    record: bool,
    retain: bool,
) -> list[Any]:
    """The gradients of `outputs`, weighted by `cotangents`, by `inputs`; None where there is none.

    Batched like the inputs, and at any further level at which a cotangent is.
    """
    roots, grads = [], []
    for out, cotangent in zip(outputs, cotangents, strict=True):
        plain = innermost(out)
        if plain.history() is not None:
            roots.append((plain.history(), plain._port))
            grads.append(_without(cotangent, levels_of(out)))
    if any(levels_of(g) for g in grads):
        record = True
    targets = [(t.history(), t._port) for t in map(innermost, inputs)]
    found = run_backward(
        roots, grads if record else [g._data for g in grads], retain_graph=retain,
        create_graph=record, targets=targets, accumulate=False,
    )  # fmt: skip
    return [
        _like(found.get(target), levels_of(t)) for target, t in zip(targets, inputs, strict=True)
    ]


def _without(t: Any, levels: Sequence[int]) -> Any:
    """`t` with the dimensions of these levels in sight, the lowest level first."""
    sizes = {level.number: level.size for level in running()}
    for level in reversed(levels):
        t = without_batch(t, level, sizes[level])
    return t


def _like(grad: Any, levels: Sequence[int]) -> Any:
    """A gradient with its first dimensions hidden as those of `levels`."""
    if grad is None:
        return None
    if not isinstance(grad, Tensor):
        grad = wrap(np.asarray(grad) if isinstance(grad, np.generic) else grad.copy())
    for level in levels:
        grad = with_batch(grad, level)
    return grad


def gradients_of_batch(
    outputs: Sequence[Any],
    cotangents: Sequence[Any],
    inputs: Sequence[Any],
    *,
    retain: bool,
    record: bool,
) -> list[Any]:
    """Gradients for a batch of cotangents (their first dimension), all in one backward pass."""
    size = int(cotangents[0].shape[0])
    with Level(size, "error") as level:
        hidden = [with_batch(c, level.number) for c in cotangents]
        found = pull_back(outputs, hidden, inputs, record=True, retain=retain)
        whole = [None if g is None else without_batch(g, level.number, size) for g in found]
    return [g if g is None or record else g.detach() for g in whole]
