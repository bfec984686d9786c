"""The backward pass.

One walk from the roots counts how often each node will receive a gradient.  Then nodes run, each
when its count reaches zero, the most recently recorded first, as PyTorch orders them::

    x -> mul -> sum       counts: sum 0, mul 1, x 1      order: sum, mul, x

There is no recursion: a chain of a million nodes is as good as a short one.  Gradients are bare
arrays; under ``create_graph`` they are Tensors, and the same rules record their own history.
Broadcasting and dtype are undone here, in ``conform``, so no rule mentions them.
"""

from __future__ import annotations

import heapq
import itertools
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import errors
from ..tensor import Tensor, wrap
from .grad_mode import RECORD, mode
from .node import AccumulateGrad, Node

Target = tuple[Node, int]


def run_backward(
    roots: Sequence[Target],
    grads: Sequence[Any],
    *,
    retain_graph: bool,
    create_graph: bool,
    targets: Sequence[Target] | None = None,
    accumulate: bool = True,
) -> dict[Target, Any]:
    """Push `grads` from `roots` through the graph.

    With `targets` only what leads to them runs and, unless `accumulate`, the gradients that arrive
    at them are returned instead of being added to leaves.
    """
    wanted = None if targets is None else _leading_to(roots, {node for node, _ in targets})
    counts = _dependencies(roots, wanted)
    capture = _captured(targets) if targets is not None and not accumulate else {}
    buffers: dict[Node, Any] = {}
    for (node, port), grad in zip(roots, grads, strict=True):
        _deposit(buffers, node, port, grad)
    ready = [(-node.seq, i, node) for i, node in enumerate(buffers) if node not in counts]
    heapq.heapify(ready)
    order = itertools.count(len(ready)).__next__
    found: dict[Target, Any] = {}
    before = mode.state
    mode.state = before | RECORD if create_graph else before & ~RECORD
    try:
        node: Node | None = heapq.heappop(ready)[2] if ready else None
        while node is not None:
            grad = buffers.pop(node, None)
            if node.hooks is not None:
                grad = _run_pre_hooks(node, grad)
            if node in capture:
                for port in capture[node]:
                    found[node, port] = grad if node.metas is None else grad[port]
            # A node that only ends the wanted part of the graph has nothing to pass on.
            if grad is not None and (wanted is None or wanted[node]):
                if type(node) is AccumulateGrad:
                    if accumulate:
                        _accumulate(node, grad, create_graph)
                else:
                    if grad.__class__ is list and node.metas is None:
                        grad = grad[0]
                    results = _run(node, grad, create_graph)
                    if not retain_graph:
                        node.release()
                    _hand_on(node, results, buffers, counts, ready, order, wanted)
            elif type(node) is not AccumulateGrad:
                nothing = (None,) * len(node.edges)
                _hand_on(node, nothing, buffers, counts, ready, order, wanted)
            grad = None
            node = heapq.heappop(ready)[2] if ready else None
    finally:
        mode.state = before
    return found


def _hand_on(node, results, buffers, counts, ready, order, wanted):  # type: ignore[no-untyped-def]
    """Add the results to the buffers of the next nodes and queue those that are complete."""
    ports = node.ports
    for i, edge in enumerate(node.edges):
        if edge is None or (wanted is not None and edge not in wanted):
            continue
        grad = results[i]
        if grad is not None:
            port = 0 if ports is None else ports[i]
            shape, dtype = (edge.shape, edge.dtype) if edge.metas is None else edge.metas[port]
            data = grad._data if isinstance(grad, Tensor) else grad
            if data.shape != shape or data.dtype is not dtype:
                grad = conform(grad, shape, dtype, node, i)
            _deposit(buffers, edge, port, grad)
        left = counts[edge] - 1
        counts[edge] = left
        if left == 0:
            heapq.heappush(ready, (-edge.seq, order(), edge))


def _deposit(buffers: dict[Node, Any], node: Node, port: int, grad: Any) -> None:
    """Add a gradient to what has arrived for an output of `node` so far."""
    if node.metas is None:
        old = buffers.get(node)
        buffers[node] = grad if old is None else old + grad
        return
    slots = buffers.get(node)
    if slots is None:
        slots = buffers[node] = [None] * len(node.metas)
    slots[port] = grad if slots[port] is None else slots[port] + grad


def _run(node: Node, grad: Any, record: bool) -> Sequence[Any]:
    """One node's rules and post hooks."""
    results = node.backward(grad, record)
    if node.hooks is not None and node.hooks.post:
        outputs = grad if grad.__class__ is list else [grad]
        results = _run_post_hooks(node, results, outputs, record)
    return results


# ---------------------------------------------------------------- preparing the walk


def _dependencies(roots: Sequence[Target], wanted: dict[Node, bool] | None) -> dict[Node, int]:
    """How many gradients each reachable node will receive (roots' own gradients not counted)."""
    counts: dict[Node, int] = {}
    stack = [node for node, _ in dict(roots).items()]
    seen = set(stack)
    while stack:
        for edge in stack.pop().edges:
            if edge is None or (wanted is not None and edge not in wanted):
                continue
            if edge in counts:
                counts[edge] += 1
            else:
                counts[edge] = 1
                if edge not in seen:
                    stack.append(edge)
    return counts


def _leading_to(roots: Sequence[Target], ends: set[Node]) -> dict[Node, bool]:
    """The nodes on a path from the roots to `ends`; True where a path goes on beyond the node."""
    nodes: dict[Node, None] = dict.fromkeys(node for node, _ in roots)
    stack = list(nodes)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and edge not in nodes:
                nodes[edge] = None
                stack.append(edge)
    wanted: dict[Node, bool] = {}
    # Edges lead to nodes recorded earlier, so ascending order sees the ends of edges first.
    leaves_first = sorted(nodes, key=lambda n: (-1 if type(n) is AccumulateGrad else n.seq))
    for node in leaves_first:
        goes_on = any(edge in wanted for edge in node.edges if edge is not None)
        if goes_on or node in ends:
            wanted[node] = goes_on or type(node) is AccumulateGrad
    return wanted


def _captured(targets: Sequence[Target]) -> dict[Node, set[int]]:
    ports: dict[Node, set[int]] = {}
    for node, port in targets:
        ports.setdefault(node, set()).add(port)
    return ports


# ---------------------------------------------------------------- gradients meet their tensors


def conform(grad: Any, shape: tuple[int, ...], dtype: Any, node: Node, index: int) -> Any:
    """`grad` with the shape and dtype of the tensor it belongs to.

    Undoes broadcasting by summing, casts, and takes the real part for a real tensor.
    Raises RuntimeError if the shapes have nothing to do with each other.
    """
    record = isinstance(grad, Tensor)
    data = grad._data if record else grad
    if data.shape != shape:
        if not _broadcasts(shape, data.shape):
            got, expected = errors.sizes(data.shape), errors.sizes(shape)
            reason = f"got {got} but expected shape compatible with {expected}"
            raise errors.invalid_gradient(node.name(), index, reason)
        grad = sum_to_shape(grad, shape)
    data = grad._data if record else grad
    if data.dtype != dtype:
        if data.dtype.kind == "c" and dtype.kind != "c":
            grad = grad.real
        if record:
            from .. import dtypes

            grad = grad.to(dtypes.of(dtype))
        else:
            grad = grad.astype(dtype)
    return grad


def _broadcasts(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    lead = len(target) - len(shape)
    return lead >= 0 and all(n in (1, target[lead + i]) for i, n in enumerate(shape))


def sum_to_shape(grad: Any, shape: tuple[int, ...]) -> Any:
    """Sum `grad` over the dimensions that broadcasting `shape` to it added or stretched."""
    full = tuple(grad.shape)
    lead = len(full) - len(shape)
    stretched = [lead + i for i, n in enumerate(shape) if n == 1 and full[lead + i] != 1]
    axes = (*range(lead), *stretched)
    if isinstance(grad, Tensor):
        return grad.sum(axes).reshape(shape) if axes else grad.reshape(shape)
    return grad.sum(axis=axes).reshape(shape) if axes else grad.reshape(shape)


def _accumulate(node: AccumulateGrad, grad: Any, create_graph: bool) -> None:
    """Add to the leaf's ``.grad``: in place, or out of place when the sum is to be recorded."""
    leaf = node.leaf()
    if leaf is None:
        return
    old = leaf._grad
    if create_graph:
        leaf._grad = grad.clone() if old is None else old + grad
    elif old is not None:
        old._accumulate(grad)
    else:
        array = grad if type(grad) is not Tensor else grad._data
        array = np.asarray(array) if isinstance(array, np.generic) else array
        # Keep the array if nobody else can see it (this frame, its caller and getrefcount do).
        fresh = array.base is None and sys.getrefcount(array) <= 5
        leaf._grad = wrap(array if fresh else array.copy())
    if node.hooks is not None:
        for hook in list(node.hooks.accumulated.values()):
            hook(leaf)


# ---------------------------------------------------------------- hooks


def _as_tensor(grad: Any) -> Any:
    return grad if grad is None or isinstance(grad, Tensor) else wrap(grad)


def _unwrapped(grad: Any, record: bool) -> Any:
    return grad if grad is None or record else grad._data


def _run_pre_hooks(node: Node, grad: Any) -> Any:
    """The tensors' hooks, then retained gradients, then the node's own pre hooks."""
    hooks = node.hooks
    assert hooks is not None
    grads = list(grad) if grad.__class__ is list else [grad]
    record = any(isinstance(g, Tensor) for g in grads)
    for port, registered in hooks.tensor.items():
        for hook in list(registered.values()):
            if grads[port] is not None:
                result = hook(_as_tensor(grads[port]))
                if result is not None:
                    grads[port] = _checked(result, node, port, record)
    for hook in list(hooks.pre.values()):
        result = hook(tuple(map(_as_tensor, grads)))
        if result is not None:
            result = result if isinstance(result, tuple) else (result,)
            grads = [_unwrapped(g, record) for g in result]
    for port, reference in hooks.retain.items():
        tensor = reference()
        if tensor is not None and grads[port] is not None:
            kept = _as_tensor(grads[port])
            if tensor._grad is not None:
                kept = tensor._grad + kept
            tensor._grad = kept if record else wrap(kept._data.copy())
    return grads if grad.__class__ is list else grads[0]


def _checked(result: Any, node: Node, port: int, record: bool) -> Any:
    """What a tensor hook returned, if it fits the gradient it replaces."""
    if not isinstance(result, Tensor):
        raise TypeError(
            f"hook '<hook>' has changed the type of value (was torch.Tensor got "
            f"{errors.type_name(result)})"
        )
    shape, _ = node.meta(port)
    if tuple(result.shape) != shape:
        raise RuntimeError("hook '<hook>' has changed the size of value")
    return _unwrapped(result, record)


def _run_post_hooks(node: Node, results: Any, outputs: list[Any], record: bool) -> Any:
    assert node.hooks is not None
    inputs = tuple(map(_as_tensor, results))
    for hook in list(node.hooks.post.values()):
        replaced = hook(inputs, tuple(map(_as_tensor, outputs)))
        if replaced is not None:
            inputs = replaced if isinstance(replaced, tuple) else (replaced,)
    return [_unwrapped(g, record) for g in inputs]


def call_node(node: Node, grads: Sequence[Any]) -> Any:
    """``node(*grads)``: the gradients for its edges, as tensors."""
    record = bool(mode.state & RECORD) and any(g is not None and g.requires_grad for g in grads)
    values = [_unwrapped(g, record) for g in grads]
    results = node.backward(values[0] if node.metas is None else values, record)
    out = tuple(_as_tensor(g) for g in results)
    return out[0] if len(out) == 1 else out
