"""The short way through a call, for small operations in their most common form.

A general call binds arguments, promotes dtypes, looks for subclasses and modes.  For the elementwise
operations of one or two arguments on plain floating tensors of one dtype, none of that has anything
to do; these closures check that, in as few steps as Python allows, and otherwise fall back on the
general call.  They do nothing that the general call does not do; tests run both and compare.
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
_RESULT = -1
_SELF_ONLY, _RESULT_ONLY = [0], [_RESULT]
_REQUIRED = inspect.Parameter.empty
_FLOATING = frozenset({np.dtype("f4"), np.dtype("f8"), np.dtype("c8"), np.dtype("c16")})


def fast_call(op: Op, slow: Callable[..., Any]) -> Callable[..., Any]:
    """A closure with a short way for plain tensors, or `slow` itself where there is none."""
    required = sum(d is _REQUIRED for d in op.defaults)
    if required not in (1, 2) or op.operands != list(range(required)) or op.promote == "none":
        return slow
    saves = []  # for each saved value: where it comes from, or the constant that it is
    for name in op.save_names:
        at = op.position.get(name)
        if name == "result":
            saves.append(_RESULT)
        elif at is None:
            return slow
        else:
            saves.append(at if at < required else (op.defaults[at],))
    example = wrap(np.zeros(()))
    node_type = op.node_type([example] * required + op.defaults[required:])
    if op.diff not in ([], list(range(required))):
        return slow
    return (_unary if required == 1 else _binary)(op, slow, node_type, saves)


def _unary(op: Op, slow: Any, node_type: Any, saves: list[Any]) -> Callable[..., Any]:
    forward, differentiable = op.forward, bool(op.diff)

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if type(self) is not Tensor or args or kwargs:
            return slow(self, *args, **kwargs)
        a = self._data
        state = mode.state
        if state > RECORD or type(a) is not _ndarray or a.dtype not in _FLOATING:
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
        out._grad_fn = node = _new(node_type)
        node.edges = (edge,)
        port = self._port
        node.ports = (port,) if port else None
        node.seq = next_sequence()
        node.shape = data.shape
        node.dtype = data.dtype
        node.hooks = node.metas = None
        if not saves:
            node.saved = node.guards = node.versions = ()
        elif saves == _SELF_ONLY:
            box = self._version
            if box is None:
                return slow(self)
            node.saved, node.guards, node.versions = (a,), (box,), (box[0],)
        elif saves == _RESULT_ONLY:
            node.saved, node.guards, node.versions = (data,), (version,), (0,)
        elif not _keep(node, saves, (a, data), (self._version, version)):
            return slow(self)
        return out

    return call


def _binary(op: Op, slow: Any, node_type: Any, saves: list[Any]) -> Callable[..., Any]:
    forward, differentiable = op.forward, bool(op.diff)

    def call(self: Any, other: Any = slow, *args: Any, **kwargs: Any) -> Any:
        if type(self) is not Tensor or type(other) is not Tensor or args or kwargs:
            return slow(self, other, *args, **kwargs) if other is not slow else slow(self, **kwargs)
        a = self._data
        b = other._data
        state = mode.state
        if (
            state > RECORD
            or a.dtype is not b.dtype
            or type(a) is not _ndarray
            or type(b) is not _ndarray
            or a.dtype not in _FLOATING
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
        out._grad = out._view = out._tangent = None
        out._port = 0
        out._version = version = [0]
        first = self._grad_fn if self._view is None else self.history()
        second = other._grad_fn if other._view is None else other.history()
        if (first is None and second is None) or not state or not differentiable:
            out._grad_fn = None
            return out
        out._grad_fn = node = _new(node_type)
        node.edges = (first, second)
        ports = (self._port, other._port)
        node.ports = ports if ports != (0, 0) else None
        node.seq = next_sequence()
        node.shape = data.shape
        node.dtype = data.dtype
        node.hooks = node.metas = None
        if not saves:
            node.saved = node.guards = node.versions = ()
            return out
        if not _keep(node, saves, (a, b, data), (self._version, other._version, version)):
            return slow(self, other)
        return out

    return call


def _keep(node: Any, saves: list[Any], arrays: Any, boxes: Any) -> bool:
    """Save what the rules read; False if a saved tensor is an inference tensor."""
    saved, guards = [], []
    for at in saves:
        if type(at) is tuple:
            saved.append(at[0])
        else:
            saved.append(arrays[at])
            guards.append(boxes[at])
    if None in guards:
        return False
    node.saved, node.guards, node.versions = saved, guards, [box[0] for box in guards]
    return True
