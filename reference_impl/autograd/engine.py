"""The backward pass.

A node's edges lead to nodes recorded before it, so running the most recently recorded node first
means that a node runs only when all its gradients have arrived::

    x -> mul (1) -> sum (2)       order: sum, mul, x

This is PyTorch's order too.  Leaves are done at the end, in the order in which they became
complete; only when some leaf has a hook, which could tell the difference, are arrivals counted so
that each leaf is done at once.

There is no recursion: a chain of a million nodes is as good as a short one.  Gradients are bare
arrays; under ``create_graph`` they are Tensors, and the same rules record their own history.
Broadcasting and dtype are undone here, in ``conform``, so no rule mentions them.
"""

from __future__ import annotations

import functools
import heapq
import sys
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .. import errors
from ..layout import is_dense
from ..tensor import Tensor, wrap, wrap_result
from .grad_mode import ANOMALY, RECORD, mode
from .hooks import (
    as_tensor,
    refuse_result,
    run_post_hooks,
    run_pre_hooks,
    run_tensor_hooks,
    unwrapped,
)
from .node import AccumulateGrad, Node

Target = tuple[Node, int]
_DEPTH = 16  # so many passes inside each other share a thread
_ndarray = np.ndarray


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
    task = _Task(roots, targets, retain_graph, create_graph, accumulate)
    outer, _running.task = _running.task, task
    _running.depth += 1
    before = mode.state
    mode.state = before | RECORD if create_graph else before & ~RECORD
    try:
        for (node, port), grad in zip(roots, grads, strict=True):
            # Rules are several times as fast on NumPy's scalars as on its 0-d arrays.
            scalar = grad.__class__ is _ndarray and not grad.ndim
            task.deliver(node, port, grad[()] if scalar else grad)
        if _running.depth % _DEPTH:
            task.run()
        else:
            _run_in_thread(task)
    finally:
        mode.state = before
        _running.task = outer
        _running.depth -= 1
    return task.found


def _run_in_thread(task: _Task) -> None:
    """Run a pass on a stack of its own: passes started inside passes may nest deeper than one."""
    from .graph import hooks_of_thread

    state, transforms, depth, hooks = mode.state, mode.transforms, _running.depth, hooks_of_thread()
    failures: list[BaseException] = []

    def run() -> None:
        mode.state, mode.transforms = state, transforms
        _running.task, _running.depth = task, depth
        hooks_of_thread().update(hooks)
        try:
            task.run()
        except BaseException as error:  # for the thread that waits
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures.pop()


def running_pass() -> _Task | None:
    """The backward pass that this thread is in, the innermost one; None outside any."""
    return _running.task


class _Task:
    """One backward pass: the gradients on their way, and the nodes that they have reached."""

    def __init__(
        self,
        roots: Sequence[Target],
        targets: Sequence[Target] | None,
        retain: bool,
        record: bool,
        accumulate: bool,
    ) -> None:
        self.retain, self.record, self.accumulate = retain, record, accumulate
        self.roots, self.reached = roots, None  # type: tuple[Sequence[Target], Any]
        self.buffers: dict[Node, Any] = {}  # node -> gradient (a list for several outputs)
        self.heap: list[tuple[int, Node]] = []
        self.leaves: dict[Node, Any] = {}
        self.found: dict[Target, Any] = {}
        self.wanted = None if targets is None else _leading_to(roots, {n for n, _ in targets})
        self.capture: dict[Node, list[int]] = {}
        if not accumulate:
            for node, port in targets or ():
                self.capture.setdefault(node, []).append(port)
        self.arrivals = _count_arrivals(roots, self.wanted) if AccumulateGrad.hooked else None

    def will_run(self, node: Node) -> bool:
        """Whether this pass reaches `node`.  Raises RuntimeError for leaves in ``grad``."""
        if not self.accumulate and type(node) is AccumulateGrad:
            raise RuntimeError(
                "A leaf node was passed to _will_engine_execute_node but we are currently running "
                "autograd.grad(). This is currently not supported."
            )
        if self.wanted is not None:
            return node in self.wanted
        if self.reached is None:
            self.reached = _reachable(self.roots)
        return node in self.reached

    def deliver(self, node: Node, port: int, grad: Any) -> None:
        """Add a gradient to what has arrived for an output of `node`; None only counts."""
        if type(node) is AccumulateGrad:
            if grad is None:
                self.leaves[node] = self.leaves.pop(node, None)
            else:
                _add_to(self.leaves, node, grad)
            if self.arrivals is not None:
                self.arrivals[node] -= 1
                if self.arrivals[node] <= 0:
                    self.finish_leaf(node)
            return
        buffers = self.buffers
        if node not in buffers:
            buffers[node] = None if node.metas is None else [None] * len(node.metas)
            heapq.heappush(self.heap, (-node.seq, node))
        if grad is None:
            return
        if node.metas is None:
            _add_to(buffers, node, grad)
        else:
            slots = buffers[node]
            slots[port] = grad if slots[port] is None else slots[port] + grad

    def run(self) -> None:
        """Run nodes, the most recently recorded first, until none is left; then the leaves."""
        heap, buffers = self.heap, self.buffers
        general = self.record or self.wanted is not None or mode.state & ANOMALY
        run = self.run_node if general else self.run_quickly
        while heap:
            node = heapq.heappop(heap)[1]
            run(node, buffers.pop(node))
        for leaf in list(self.leaves):
            self.finish_leaf(leaf)

    def run_node(self, node: Node, grad: Any) -> None:
        """The general case: hooks, captured gradients, any kind of node."""
        arrived = grad
        if node.hooks is not None:
            grad = run_tensor_hooks(node, grad)
        wanted = self.wanted
        runs = wanted is None or wanted.get(node, False)
        for port in self.capture.get(node, ()):  # as PyTorch has it: hooked only where it ends
            captured = arrived if runs else grad
            self.found[node, port] = captured if node.metas is None else captured[port]
        if not runs:
            return  # a node that only ends the wanted part has nothing to pass on
        if node.hooks is not None and node.hooks.pre:
            grad = run_pre_hooks(node, grad)
        if grad is None:
            results: Sequence[Any] = (None,) * len(node.edges)
        else:
            results = _run(node, grad, self.record)
            if not self.retain:
                node.release()
        for i, (edge, result) in enumerate(zip(node.edges, results, strict=True)):
            if edge is not None and (wanted is None or edge in wanted):
                self.pass_on(node, i, edge, result)

    def run_quickly(self, node: Node, grad: Any) -> None:
        """The common case, without a detour: bare arrays, one output, no hooks on the node.

        Follows a chain as far as it goes; a node that is not so simple ends it.
        """
        heap, buffers, leaves, retain = self.heap, self.buffers, self.leaves, self.retain
        counted = self.arrivals is not None
        while True:
            saved = node.saved
            if grad is None or node.hooks is not None or saved.__class__ is not tuple:
                return self.run_node(node, grad)
            if node.metas is not None:
                return self.run_node(node, grad)
            guards = node.guards
            if guards:
                versions = node.versions
                i = 0
                for box in guards:
                    if box[0] != versions[i]:
                        return self.run_node(node, grad)  # it has the words for it
                    i += 1  # noqa: SIM113 - enumerate takes longer
                if grad.__class__ is not _ndarray:  # a NumPy scalar: 0-d arrays are slow beside it
                    saved = [x[()] if x.__class__ is _ndarray else x for x in saved]
            results = node.differentiate(grad, saved)
            if (guards or node.frees) and not retain:
                node.saved = None
                node.guards = node.versions = ()
            following = coming = None
            i = -1
            for edge in node.edges:
                i += 1
                if edge is None:
                    continue
                result = results[i]
                if result is None or edge.metas is not None or counted:
                    if edge is not following:
                        self.pass_on(node, i, edge, result)
                    continue
                if result.__class__ is _ndarray:
                    fits = result.shape == edge.shape and result.dtype is edge.dtype
                else:
                    fits = edge.dtype.type is result.__class__ and not edge.shape
                if not fits:
                    result = conform(result, edge.shape, edge.dtype, node, i)
                if edge.__class__ is AccumulateGrad:
                    _add_to(leaves, edge, result)
                elif following is None and not buffers:
                    following, coming = edge, result
                elif edge is following:
                    coming = coming + result
                elif edge in buffers:
                    _add_to(buffers, edge, result)
                else:
                    buffers[edge] = result
                    heapq.heappush(heap, (-edge.seq, edge))
            if following is None:
                return None
            if heap and following.seq < -heap[0][0]:
                buffers[following] = coming
                return heapq.heappush(heap, (-following.seq, following))
            node, grad = following, coming

    def pass_on(self, node: Node, i: int, edge: Node, result: Any) -> None:
        """Deliver what `node` found for its edge number `i`."""
        port = node.port(i)
        if result is not None:
            result = conform(result, *edge.meta(port), node, i)
        self.deliver(edge, port, result)

    def finish_leaf(self, node: Node) -> None:
        """The total gradient of a leaf: its hooks, then captured or accumulated."""
        grad = self.leaves.pop(node)
        alone = sys.getrefcount(grad) == _ALONE
        hooks = node.hooks
        if hooks is not None:
            grad = run_tensor_hooks(node, grad)
            alone = False
        for port in self.capture.get(node, ()):
            self.found[node, port] = grad
        if not self.accumulate:
            return
        if hooks is not None and hooks.pre:
            grad = run_pre_hooks(node, grad)
        if grad is None:
            return
        _accumulate(node, grad, self.record, alone)  # type: ignore[arg-type]
        if hooks is not None and hooks.post:
            run_post_hooks(node, (), [grad], self.record)


class _Running(threading.local):
    task: _Task | None = None
    depth = 0  # how many passes this one was started inside, and itself


_running = _Running()


def _alone() -> int:
    """The reference count of an object that one local variable holds and nothing else."""
    held = object()
    return sys.getrefcount(held)


_ALONE = _alone()


def _add_to(sums: dict[Node, Any], node: Node, grad: Any) -> None:
    """Add `grad` to what has arrived at `node`: in place where nothing else holds that array."""
    held = sums.pop(node, None)
    if held is None:
        sums[node] = grad
    elif (
        held.__class__ is _ndarray
        and sys.getrefcount(held) == _ALONE
        and held.base is None
        and held.dtype is grad.dtype
        and held.shape == grad.shape
    ):
        held += grad
        sums[node] = held
    else:
        sums[node] = held + grad


def _run(node: Node, grad: Any, record: bool) -> Sequence[Any]:
    """One node's rules and post hooks."""
    if mode.state & ANOMALY:
        from .anomaly_mode import watched

        results = watched(node, lambda: node.backward(grad, record))
    else:
        results = node.backward(grad, record)
    if node.hooks is not None and node.hooks.post:
        outputs = grad if grad.__class__ is list else [grad]
        results = run_post_hooks(node, results, outputs, record)
    return results


# ---------------------------------------------------------------- looking ahead


def _reachable(roots: Iterable[Target]) -> dict[Node, None]:
    """All nodes from the roots on."""
    nodes: dict[Node, None] = dict.fromkeys(node for node, _ in roots)
    stack = list(nodes)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and edge not in nodes:
                nodes[edge] = None
                stack.append(edge)
    return nodes


def _count_arrivals(roots: Sequence[Target], wanted: dict[Node, bool] | None) -> dict[Node, int]:
    """How many gradients each leaf will receive."""
    counts: dict[Node, int] = {}
    for node, _ in roots:
        if type(node) is AccumulateGrad:
            counts[node] = counts.get(node, 0) + 1
    for node in _reachable(roots):
        if wanted is not None and not wanted.get(node, False):
            continue
        for edge in node.edges:
            if type(edge) is AccumulateGrad and (wanted is None or edge in wanted):
                counts[edge] = counts.get(edge, 0) + 1
    return counts


def _leading_to(roots: Sequence[Target], ends: set[Node]) -> dict[Node, bool]:
    """The nodes on a path from the roots to `ends`; True where a path goes on beyond the node."""
    wanted: dict[Node, bool] = {}
    # Edges lead to nodes recorded earlier, so ascending order sees the ends of edges first.
    nodes = _reachable(roots)
    for node in sorted(nodes, key=lambda n: -1 if type(n) is AccumulateGrad else n.seq):
        goes_on = any(edge in wanted for edge in node.edges if edge is not None)
        if goes_on or node in ends:
            wanted[node] = goes_on
    return wanted


# ---------------------------------------------------------------- gradients meet their tensors


def conform(grad: Any, shape: tuple[int, ...], dtype: Any, node: Node, index: int) -> Any:
    """`grad` with the shape and dtype of the tensor it belongs to.

    Undoes broadcasting by summing, casts, and takes the real part for a real tensor.
    Raises RuntimeError if the shapes have nothing to do with each other.
    """
    record = isinstance(grad, Tensor)
    data = grad._data if record else grad
    if data.shape == shape and data.dtype == dtype:
        return grad
    if data.shape != shape:
        axes = _broadcast_axes(shape, data.shape)
        if axes is None:
            got, expected = errors.sizes(data.shape), errors.sizes(shape)
            reason = f"got {got} but expected shape compatible with {expected}"
            raise errors.invalid_gradient(node.name(), index, reason)
        grad = _summed(grad, shape, axes)
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


@functools.lru_cache(maxsize=4096)
def _broadcast_axes(shape: tuple[int, ...], full: tuple[int, ...]) -> tuple[int, ...] | None:
    """The dimensions that broadcasting `shape` to `full` adds or stretches; None if it does not."""
    lead = len(full) - len(shape)
    if lead < 0 or not all(n in (1, full[lead + i]) for i, n in enumerate(shape)):
        return None
    stretched = [lead + i for i, n in enumerate(shape) if n == 1 and full[lead + i] != 1]
    return (*range(lead), *stretched)


def sum_to_shape(grad: Any, shape: tuple[int, ...]) -> Any:
    """Sum `grad` over the dimensions that broadcasting `shape` to it added or stretched."""
    axes = _broadcast_axes(shape, tuple(grad.shape))
    assert axes is not None
    return _summed(grad, shape, axes)


def _summed(grad: Any, shape: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    if isinstance(grad, Tensor):
        if not shape:
            return grad.sum()  # type: ignore[attr-defined]
        lead = grad.ndim - len(shape)
        grad = grad.sum(axes, True) if axes else grad  # type: ignore[attr-defined]
        return grad.view(shape) if lead else grad
    grad = grad.sum(axes) if axes else grad
    return grad if grad.shape == shape else grad.reshape(shape)


def _accumulate(node: AccumulateGrad, grad: Any, create_graph: bool, alone: bool) -> None:
    """Add to the leaf's ``.grad``: in place, or out of place when the sum is to be recorded.

    `alone` says that nobody else holds `grad`.
    """
    leaf = node.leaf()
    if leaf is None:
        return
    old = leaf._grad
    if create_graph:
        leaf._grad = _recorded_copy(grad, leaf) if old is None else old + grad
    elif old is not None:
        old._accumulate(grad)
    elif type(grad) is _ndarray:
        leaf._grad = wrap(grad if alone and _is_whole(grad) else grad.copy())
    else:
        leaf._grad = wrap_result(grad._data.copy() if isinstance(grad, Tensor) else grad)
    if node.hooks is not None:
        for hook in list(node.hooks.accumulated.values()):
            refuse_result(hook(leaf))


def _recorded_copy(grad: Any, leaf: Tensor) -> Any:
    """A copy with a history, laid out like the leaf (PyTorch's `clone_obey_contract`)."""
    if is_dense(leaf._data):
        return leaf.new_empty_strided(leaf.shape, leaf.stride(), dtype=grad.dtype).copy_(grad)  # type: ignore[attr-defined]
    return grad.clone()


def _is_whole(array: np.ndarray) -> bool:
    """Whether an array has its memory to itself: its own, or a transposed one's in full."""
    base = array.base
    if base is None:
        return True
    # The base is held by `base` here and by the array.
    return (
        type(base) is _ndarray
        and base.base is None
        and sys.getrefcount(base) == _ALONE + 1
        and base.size == array.size
        and array.flags.c_contiguous
    )


# ---------------------------------------------------------------- a node by itself


def call_node(node: Node, grads: Sequence[Any]) -> Any:
    """``node(*grads)``: the gradients for its edges, as tensors."""
    expected = 1 if node.metas is None else len(node.metas)
    if len(grads) != expected:
        raise TypeError(f"expected {expected} arguments, got {len(grads)} instead")
    record = bool(mode.state & RECORD) and any(g is not None and g.requires_grad for g in grads)
    values = [unwrapped(g, record) for g in grads]
    results = node.backward(values[0] if node.metas is None else values, record)
    out = tuple(as_tensor(g) for g in results)
    return out[0] if len(out) == 1 else out
