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

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..autograd.engine import run_backward
from ..autograd.forward_ad import attach, below, inherit, tangent_of
from ..autograd.forward_ad import levels_of as levels_with_tangents
from ..autograd.grad_mode import enable_grad, mode
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


class Transforming:
    """A derivative is being taken inside: ``mode.transforms`` counts it."""

    def __enter__(self) -> None:
        mode.transforms += 1

    def __exit__(self, *exc: object) -> None:
        mode.transforms -= 1


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
            innermost(out)._require_grad()
        inherit(innermost(out), innermost(x))
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
        stack = [t.history() for t in _with_tangents(tensors)]
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
        if not isinstance(t, Tensor) or all(x.history() is None for x in _with_tangents([t])):
            return t
        if not self.matter_alone([t]):
            return t
        out, plain = t.detach(), innermost(t)
        for level in levels_with_tangents([plain]):
            attach(innermost(out), self._released(plain._tangent[level]), level)
        return out


def _with_tangents(tensors: Iterable[Any]) -> Iterator[Any]:
    """The plain tensors inside, and those inside their tangents."""
    for t in map(innermost, tensors):
        yield t
        if t._tangent is not None:
            yield from _with_tangents(t._tangent.values())


def pull_back(
    outputs: Sequence[Any],
    cotangents: Sequence[Any],
    inputs: Sequence[Any],
    *,
    record: bool,
    retain: bool,
) -> list[Any]:
    """The gradients of `outputs`, weighted by `cotangents`, by `inputs`; None where there is none.

    Batched like the inputs, and at any further level at which a cotangent is.  In forward mode they
    have tangents: the tangent of a gradient is the gradient of the tangents of `outputs`, plus that
    of `outputs` weighted by the tangents of `cotangents`.
    """
    moving = levels_with_tangents(map(innermost, (*outputs, *cotangents)))
    with below(0):
        grads = _pulled(outputs, cotangents, inputs, record, retain or bool(moving))
    for level in moving:
        pairs = [(tangent_of(o, level), c) for o, c in zip(outputs, cotangents, strict=True)]
        pairs += [(o, tangent_of(c, level)) for o, c in zip(outputs, cotangents, strict=True)]
        pairs = [pair for pair in pairs if all(t is not None for t in pair)]
        moving_outputs, weights = zip(*pairs, strict=True)
        with below(level):
            moved = pull_back(moving_outputs, weights, inputs, record=record, retain=True)
        for grad, tangent in zip(grads, moved, strict=True):
            if grad is not None and tangent is not None:
                attach(grad, tangent, level)
    return grads


def _pulled(
    outputs: Sequence[Any],
    cotangents: Sequence[Any],
    inputs: Sequence[Any],
    record: bool,
    retain: bool,
) -> list[Any]:
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


def tangent_of_batched(t: Any, level: int) -> Any:
    """The tangent of a tensor that may be batched, batched like it."""
    plain = innermost(t)
    tangent = None if plain._tangent is None else plain._tangent.get(level)
    return tangent if tangent is None else _like(tangent, levels_of(t))


def in_sight(t: Any, tangent: Any) -> tuple[Any, Any]:
    """The plain tensor inside `t`, and `tangent` with the dimensions that `t` hides in sight."""
    return innermost(t), _without(tangent, levels_of(t))


def batched_like(t: Any, other: Any) -> Any:
    """`t` batched at every level at which `other` is; a copy if it was not."""
    missing = [level for level in levels_of(other) if level not in levels_of(t)]
    sizes = {level.number: level.size for level in running()}
    for level in missing:
        t = with_batch(t.unsqueeze(0).expand(sizes[level], *t.shape).clone(), level)
    return t


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
    for i, (rows, out) in enumerate(zip(cotangents, outputs, strict=True)):
        if rows.shape[1:] != out.shape:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output "
                "as the batch dimension. The sizes of the remaining dimensions are expected to "
                "match the shape of corresponding output, but a mismatch was detected: "
                f"grad_output[{i}] has a shape of {rows.shape[2:]} and output[{i}] has a shape of "
                f"{out.shape}. If you only want some tensors in `grad_output` to be considered "
                "batched, consider using vmap."
            )
    size = int(cotangents[0].shape[0])
    with Level(size, "error") as level:
        hidden = [with_batch(c, level.number) for c in cotangents]
        found = pull_back(outputs, hidden, inputs, record=True, retain=retain)
        whole = [None if g is None else without_batch(g, level.number, size) for g in found]
    return [g if g is None or record else g.detach() for g in whole]
