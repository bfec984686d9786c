"""The short way through a call, for small operations in their most common form.

A general call binds arguments, promotes dtypes, looks for subclasses and modes.  For the elementwise
operations of one or two arguments on plain floating tensors of one dtype, none of that has anything
to do; these closures check that, in as few steps as Python allows, and otherwise fall back on the
general call.  They do nothing that the general call does not do; tests run both and compare.

What the node saves depends on which inputs require grad, so each closure holds a *plan* for each
case: where every saved value comes from, by its place in (self, other, result).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .autograd.grad_mode import RECORD, mode
from .autograd.node import next_sequence
from .tensor import Tensor, wrap

if TYPE_CHECKING:
    from .op import Op

_new = object.__new__
_ndarray = np.ndarray
_asarray = np.asarray
_REQUIRED = inspect.Parameter.empty
_FLOATING = frozenset({np.dtype("f4"), np.dtype("f8"), np.dtype("c8"), np.dtype("c16")})
_REAL = frozenset({np.dtype("f4"), np.dtype("f8")})
_SELF, _OTHER, _RESULT = range(3)

# A plan: (kind, template, tensors).  The template holds constants in their places; `tensors` lists
# (place among the saved values, which of self, other and result).
_NOTHING, _ONE, _BOTH, _MORE = range(4)
Plan = tuple[int, tuple[Any, ...], tuple[tuple[int, int], ...]]


def fast_call(op: Op, slow: Callable[..., Any]) -> Callable[..., Any]:
    """A closure with a short way for plain tensors, or `slow` itself where there is none."""
    required = sum(d is _REQUIRED for d in op.defaults)
    if required not in (1, 2) or op.operands != list(range(required)) or op.promote == "none":
        return slow
    if op.diff not in ([], list(range(required))) or op.joint is not None:
        return slow
    sources = _sources(op, required)
    if sources is None:
        return slow
    example = wrap(np.zeros(()))
    node_type = op.node_type([example] * required + op.defaults[required:])
    if required == 1:
        return _unary(op, slow, node_type, _plan(op, sources, {0}))
    plans = [_plan(op, sources, rules) for rules in (set(), {0}, {1}, {0, 1})]
    return _binary(op, slow, node_type, plans)


def _sources(op: Op, required: int) -> list[Any] | None:
    """Where each saved value comes from: a number as above, or (constant,) for a default."""
    sources: list[Any] = []
    for name in op.save_names:
        at = op.position.get(name)
        if name == "result":
            sources.append(_RESULT)
        elif at is None:
            return None
        else:
            sources.append(at if at < required else (op.defaults[at],))
    return sources


def _plan(op: Op, sources: list[Any], rules: set[int]) -> Plan:
    """What to save when only these rules will run."""
    template: list[Any] = []
    tensors = []
    for place, (source, readers) in enumerate(zip(sources, op.readers, strict=True)):
        read = readers is None or any(i in rules for i in readers)
        if type(source) is tuple:
            template.append(source[0] if read else None)
        else:
            template.append(None)
            if read:
                tensors.append((place, source))
    kind = min(len(tensors), _MORE)
    if kind == _ONE and len(template) > 1:
        kind = _MORE
    if kind == _BOTH and (len(template) > 2 or tensors != [(0, _OTHER), (1, _SELF)]):
        kind = _MORE
    return kind, tuple(template), tuple(tensors)


def _save(node: Any, plan: Plan, arrays: Any, boxes: Any) -> bool:
    """Save what the plan says; False if that would keep an inference tensor."""
    saved = list(plan[1])
    guards = []
    for place, source in plan[2]:
        saved[place] = arrays[source]
        guards.append(boxes[source])
    if None in guards:
        return False
    node.saved, node.guards = tuple(saved), tuple(guards)
    node.versions = tuple([box[0] for box in guards])
    return True


def _unary(op: Op, slow: Any, node_type: Any, plan: Plan) -> Callable[..., Any]:
    forward, differentiable = op.forward, bool(op.diff)
    served = frozenset(d for d in _FLOATING if d.kind in op.serves)
    kind, template, tensors = plan
    source = tensors[0][1] if tensors else _SELF

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if type(self) is not Tensor or args or kwargs:
            return slow(self, *args, **kwargs)
        a = self._data
        state = mode.state
        if state > RECORD or type(a) is not _ndarray or a.dtype not in served:
            return slow(self)
        data = forward(np, a)
        if type(data) is not _ndarray:
            data = _asarray(data)
        out = _new(Tensor)
        out._data = data
        out._grad = out._view = out._tangent = None
        out._port = 0
        out._version = version = [0]
        edge = self._grad_fn if self._view is None else self.history()
        if edge is None or not state or not differentiable:
            out._grad_fn = None
            return out
        node = _new(node_type)
        node.edges = (edge,)
        node.ports = (self._port,) if self._port else None
        node.seq = next_sequence()
        node.shape = data.shape
        node.dtype = data.dtype
        node.hooks = node.metas = None
        if kind == _NOTHING:
            node.saved, node.guards, node.versions = template, (), ()
        elif kind == _ONE and source == _RESULT:
            node.saved, node.guards, node.versions = (data,), (version,), (0,)
        elif kind == _ONE and self._version is not None:
            box = self._version
            node.saved, node.guards, node.versions = (a,), (box,), (box[0],)
        elif not _save(node, plan, (a, None, data), (self._version, None, version)):
            return slow(self)
        out._grad_fn = node
        return out

    return call


def _binary(op: Op, slow: Any, node_type: Any, plans: list[Plan]) -> Callable[..., Any]:
    forward, differentiable = op.forward, bool(op.diff)
    served = frozenset(d for d in _FLOATING if d.kind in op.serves)
    ((kind_a, template_a, tensors_a), (kind_b, template_b, tensors_b)) = plans[1:3]
    kind_both, template_both, _ = plans[3]
    source_a = tensors_a[0][1] if tensors_a else _SELF
    source_b = tensors_b[0][1] if tensors_b else _SELF

    def call(self: Any, other: Any = slow, *args: Any, **kwargs: Any) -> Any:
        if type(self) is not Tensor or type(other) is not Tensor or args or kwargs:
            return slow(self, other, *args, **kwargs) if other is not slow else slow(self, **kwargs)
        a = self._data
        b = other._data
        state = mode.state
        if (
            a.dtype is not b.dtype
            or state > RECORD
            or type(a) is not _ndarray
            or type(b) is not _ndarray
            or a.dtype not in served
        ):
            return slow(self, other)
        try:
            data = forward(np, a, b)
        except ValueError:
            return slow(self, other)
        if type(data) is not _ndarray:
            data = _asarray(data)
        out = _new(Tensor)
        out._data = data
        out._grad = out._view = out._tangent = out._grad_fn = None
        out._port = 0
        out._version = version = [0]
        first = self._grad_fn if self._view is None else self.history()
        second = other._grad_fn if other._view is None else other.history()
        if not state or not differentiable:
            return out
        if first is not None:
            which = 3 if second is not None else 1
            kind = kind_both if second is not None else kind_a
        elif second is not None:
            which, kind = 2, kind_b
        else:
            return out
        node = _new(node_type)
        node.edges = (first, second)
        node.ports = (self._port, other._port) if self._port or other._port else None
        node.seq = next_sequence()
        node.shape = data.shape
        node.dtype = data.dtype
        node.hooks = node.metas = None
        if kind == _NOTHING:
            node.saved, node.guards, node.versions = plans[which][1], (), ()
        elif not _save(
            node, plans[which], (a, b, data), (self._version, other._version, version)
        ):
            return slow(self, other)
        out._grad_fn = node
        return out

    return call
