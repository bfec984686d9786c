"""Calls like an earlier one.

Most of what a general call finds out (call.py) depends on the types of the arguments alone: which
of them are tensors, whether a class wants a say, how they are bound, what a node would save.  A
call that went well leaves a function behind that has all this worked out for arguments of the same
types.  It declines, with NotImplemented, whatever the types do not settle; tests run both ways and
compare.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.grad_mode import RECORD
from ..tensor import PLAIN, Size, Tensor, wrap, wrap_result
from ..views import View
from .declaration import ARGUMENT, Op, holds_tensors
from .recorder import recorder

Run = Callable[[tuple[Any, ...], dict[str, Any], int], Any]

_ndarray = np.ndarray
_BARE = {np.ndarray, np.float32, np.float64}  # what rules compute on
_VALUES = {bool, int, float, complex, str, type(None), dtypes.dtype}
_SEQUENCES = {tuple, list, Size}
_INT = {int}


def known(op: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Run | None:
    """What runs further calls with arguments of these types; None if each needs the general way."""
    places = _Places(op, args, kwargs)
    if places.unsettled:
        return None
    if places.arrays:
        return None if places.tensors else _on_arrays(op, places)
    return _on_tensors(op, places) if places.tensors or places.sequences else None


def known_in_place(op: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Run | None:
    """The same for the in-place form, where nothing is recorded."""
    places = _Places(op, args, kwargs)
    if places.unsettled or places.arrays or places.sequences or 0 not in places.tensors:
        return None
    prepare, compute, bind, rest, tensors = (
        op.prepare,
        op.compute,
        op.bind,
        places.rest,
        places.tensors,
    )

    def run(args: tuple[Any, ...], kwargs: dict[str, Any], state: int) -> Any:
        values = [*args, *rest] if rest is not None else bind(args, kwargs)
        arrays = values.copy()
        self = values[0]
        for at in tensors:
            t = values[at]
            if state & RECORD and (t._grad_fn is not None or t._view is not None):
                return NotImplemented
            if at and t._counter is self._counter:
                return NotImplemented
            arrays[at] = data = t._data
            if type(data) is not _ndarray:
                return NotImplemented
        data = self._data
        if self._counter is None or not data.flags.c_contiguous:
            return NotImplemented
        if prepare is not None:
            prepare(op, np, arrays)
        result = compute(np, *arrays)
        if result.dtype is not data.dtype or result.shape != data.shape:
            return NotImplemented
        data[...] = result
        self._counter[0] += 1
        return self

    return run


class _Places:
    """Which arguments of a call are what: positions among the operation's parameters."""

    def __init__(self, op: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        types = [type(v) for v in op.bind(args, kwargs)]
        self.tensors = [at for at, t in enumerate(types) if t in PLAIN]
        self.arrays = [at for at, t in enumerate(types) if t in _BARE]
        self.sequences = [at for at, t in enumerate(types) if t in _SEQUENCES]
        settled = len(self.tensors) + len(self.arrays) + len(self.sequences)
        self.unsettled = settled + sum(t in _VALUES for t in types) < len(types)
        simple = not kwargs and (op.varargs is None or len(args) <= op.varargs + 1)
        if simple and op.varargs is not None and len(args) == op.varargs + 1:
            simple = types[op.varargs] is type(args[op.varargs])
        # What follows the arguments given by position alone; None: they need binding.
        self.rest = op.defaults[len(args) :] if simple else None


def _on_arrays(op: Op, places: _Places) -> Run:
    """For a rule at work on bare arrays."""
    prepare, compute, bind = op.prepare, op.compute, op.bind
    rest, sequences = places.rest, places.sequences

    def run(args: tuple[Any, ...], kwargs: dict[str, Any], state: int) -> Any:
        values = [*args, *rest] if rest is not None else bind(args, kwargs)
        for at in sequences:
            if not {*map(type, values[at])} <= _INT:
                return NotImplemented
        if prepare is not None:
            prepare(op, np, values)
        return compute(np, *values)

    return run


def _on_tensors(op: Op, places: _Places) -> Run:
    prepare, compute, bind = op.prepare, op.compute, op.bind
    rest, tensors, sequences = places.rest, places.tensors, places.sequences
    is_view, returns = op.is_view, op.returns
    record = _record_of(op, tensors, sequences) if op.diff else None

    def run(args: tuple[Any, ...], kwargs: dict[str, Any], state: int) -> Any:
        values = [*args, *rest] if rest is not None else bind(args, kwargs)
        arrays = values.copy()
        for at in tensors:
            arrays[at] = data = values[at]._data
            if type(data) is not _ndarray:
                return NotImplemented
        for at in sequences:
            items = {*map(type, values[at])}
            if not items <= _INT:
                if not items <= PLAIN:
                    return NotImplemented
                arrays[at] = [t._data for t in values[at]]
                if {*map(type, arrays[at])} != {_ndarray}:
                    return NotImplemented
        if prepare is not None:
            prepare(op, np, arrays)
        result = compute(np, *arrays)
        several = type(result) is tuple or type(result) is list
        if several:
            results = [wrap_result(r) for r in result]
        else:
            results = [wrap(result) if type(result) is _ndarray else wrap_result(result)]
        if state & RECORD and record is not None:
            record(values, arrays, results)
        if is_view:
            self = values[0]
            for port, t in enumerate(results):
                t._counter = self._counter
                if t._counter is not None:  # autograd knows no views of inference tensors
                    t._view = View.of(self, op, values, several, port)
        if not several:
            return results[0]
        return tuple(results) if returns is None else returns(*results)

    return run


def _record_of(op: Op, tensors: Sequence[int], sequences: Sequence[int]) -> Any:
    """What gives the results of a call their node, if an operand requires grad."""
    places = [at if at in tensors else None for at in op.diff]
    if any(at in sequences for at in op.diff):
        return op.record
    recorders: dict[int, Any] = {}  # by which operands have a history
    lists = [
        at for kind, at in op.saves
        if kind == ARGUMENT and at in sequences and at not in op.as_arrays
    ]  # fmt: skip
    only = places[0] if len(places) == 1 else None

    def record(values: Sequence[Any], arrays: Sequence[Any], results: Sequence[Tensor]) -> None:
        for at in lists:
            if holds_tensors(values[at]):
                op.record(values, arrays, results)
                return
        if only is not None:
            t = values[only]
            edge = t._grad_fn if t._view is None else t.history()
            if edge is None:
                return
            live, edges, ports = 1, (edge,), (t._port,) if t._port else None
        else:
            live, edges, ports = _histories(values, places)
            if not live:
                return
        write = recorders.get(live)
        if write is None:
            rules = {i for i in range(len(places)) if live >> i & 1}
            write = recorders[live] = recorder(op, rules, tensors)
        write(values, arrays, results, edges, ports)

    return record


def _histories(values: Sequence[Any], places: Sequence[int | None]) -> Any:
    """(which operands have a history, as bits; the nodes; their ports, or None)."""
    live, bit, edges, ports = 0, 1, [], []
    for at in places:
        edge, port = None, 0
        if at is not None:
            t = values[at]
            edge = t._grad_fn if t._view is None else t.history()
            if edge is not None:
                live |= bit
                port = t._port
        bit <<= 1
        edges.append(edge)
        ports.append(port)
    return live, edges, tuple(ports) if any(ports) else None
