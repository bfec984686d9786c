"""The short way through a call, for small operations in their most common form.

A general call binds arguments, promotes dtypes, looks for subclasses and modes.  For an elementwise
operation of one or two floating tensors of one dtype, or of one and a Python number, none of that
has anything to do.  The closures made here check that in as few steps as Python allows, and fall
back on the general call.  They do nothing that it would not do; tests run both and compare.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .autograd.grad_mode import RECORD, mode
from .tensor import PLAIN, Tensor, wrap

if TYPE_CHECKING:
    from .op import Op

Call = Callable[..., Any]

_new = object.__new__
_asarray = np.asarray
_ndarray = np.ndarray
_SINGLE = np.dtype("f4")  # every operation serves it
_FLOATING: frozenset[Any] = frozenset({_SINGLE, np.dtype("f8"), np.dtype("c8"), np.dtype("c16")})
_BARE = {np.ndarray, np.float32, np.float64}  # what rules compute on
_SELF, _OTHER, _RESULT, _NONE = range(4)  # the places of what a node can save


def function(op: Op, general: Call) -> Call:
    """The public function of `op`: the short way first if there is one, else `general`."""
    required = len(_required(op))
    if required not in (1, 2) or op.operands != list(range(required)) or op.promote == "none":
        return general
    if op.diff not in ([], list(range(required))) or op.joint or "f" not in op.serves:
        return general
    places = [_place(op, name, required) for name in op.save_names]
    if None in places or (any(p != _NONE for p in places) and not _only_none(op, required)):
        return general
    return _unary(op, general) if required == 1 else _binary(op, general)


def for_rules(op: Op, general: Call) -> Call:
    """The function of an elementwise operation of two arrays that only rules call."""
    forward = op.plain_forward
    served = frozenset(d for d in _FLOATING if d.kind in op.serves)

    def quick(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 2 and not kwargs:
            a, b = args
            if type(a) is _ndarray and type(b) is _ndarray and a.dtype is b.dtype in served:
                return forward(np, a, b)
        return general(*args, **kwargs)

    return quick if len(_required(op)) == 2 else general


def _required(op: Op) -> list[str]:
    return [n for n, d in zip(op.params, op.defaults, strict=True) if d is inspect.Parameter.empty]


def _only_none(op: Op, required: int) -> bool:
    """Whether the rules read None of every argument that is left at its default."""
    at = [op.position.get(name, -1) for name in op.save_names]
    return all(op.defaults[i] is None for i in at if i >= required)


def _place(op: Op, name: str, required: int) -> int | None:
    """Where a rule's parameter comes from: an operand, the result, or an argument left alone."""
    at = op.position.get(name)
    if at is None:
        return _RESULT if name == "result" else None
    return at if at < required else _NONE


def _recorder(op: Op, rules: set[int], examples: Sequence[Any]) -> Call:
    """What records a call when certain rules will run."""
    from .op.recorder import elementwise_recorder

    required = len(examples)
    saved, guards, constants = [], [], {}
    for name, readers in zip(op.save_names, op.readers, strict=True):
        place = _place(op, name, required)
        if readers is not None and rules.isdisjoint(readers):
            saved.append("None")
        elif place == _NONE:
            saved.append(f"default_{name}")
            constants[f"default_{name}"] = op.defaults[op.position[name]]
        else:
            saved.append("abc"[place])  # type: ignore[index]
            if place != _OTHER or not isinstance(examples[-1], float):
                guards.append("of_" + "abc"[place])  # type: ignore[index]
    node_type = op.node_type([*examples, *op.defaults[required:]])
    return elementwise_recorder(op, node_type, saved, guards, **constants)


def _unary(op: Op, general: Call) -> Call:
    forward, ufunc, differentiable = op.plain_forward, op.ufunc, bool(op.diff)
    served = frozenset(d for d in _FLOATING if d.kind in op.serves)
    record: Any = None

    def quick(self: Any = general, *args: Any, **kwargs: Any) -> Any:
        nonlocal record
        if args or kwargs or (type(self) is not Tensor and type(self) not in PLAIN):
            if not args and not kwargs and type(self) in _BARE and self.dtype in served:
                return forward(np, self)
            return general(*(() if self is general else (self,)), *args, **kwargs)
        a = self._data
        state = mode.state
        if type(a) is not _ndarray or state > RECORD:
            return general(self)
        if a.dtype is not _SINGLE and a.dtype not in served:
            return general(self)
        data = forward(np, a) if ufunc is None else ufunc(a) if a.ndim else ufunc(a, out=...)
        out = _new(Tensor)
        out._data = data if type(data) is _ndarray else _asarray(data)
        out._grad = out._view = out._tangent = out._grad_fn = None
        out._port = 0
        out._counter = version = [0]
        edge = self._grad_fn if self._view is None else self.history()
        if edge is None or not state or not differentiable:
            return out
        if record is None:
            record = _recorder(op, {0}, [wrap(np.zeros(()))])
        ports = (self._port,) if self._port else None
        return record(out, out._data, (edge,), ports, a, None, self._counter, None, version)

    return quick


def _binary(op: Op, general: Call) -> Call:
    forward, ufunc, differentiable = op.plain_forward, op.ufunc, bool(op.diff)
    served = frozenset(d for d in _FLOATING if d.kind in op.serves)
    with_number = _by_number(op, general) if _takes_number(op) else general
    recorders: list[Any] = [None] * 3  # self's rule runs, other's, both

    def quick(self: Any = general, other: Any = general, *args: Any, **kwargs: Any) -> Any:
        if args or kwargs or other is general:
            if self is general and other is not general:  # both by name: add(input=x, other=y)
                return general(other=other, **kwargs)
            given = [a for a in (self, other) if a is not general]
            return general(*given, *args, **kwargs)
        if type(self) is not Tensor and type(self) not in PLAIN:
            if type(self) not in _BARE or type(other) not in _BARE:
                return general(self, other)
            if self.dtype is not other.dtype or self.dtype not in served:
                return general(self, other)
            return forward(np, self, other)
        if type(other) is not Tensor and type(other) not in PLAIN:
            return with_number(self, other)
        a = self._data
        b = other._data
        state = mode.state
        dtype = a.dtype
        if type(a) is not _ndarray or type(b) is not _ndarray or state > RECORD:
            return general(self, other)
        if b.dtype is not dtype or (dtype is not _SINGLE and dtype not in served):
            return general(self, other)
        try:
            data = (
                forward(np, a, b)
                if ufunc is None
                else ufunc(a, b)
                if a.ndim
                else ufunc(a, b, out=...)
            )
        except ValueError:
            return general(self, other)
        out = _new(Tensor)
        out._data = data if type(data) is _ndarray else _asarray(data)
        out._grad = out._view = out._tangent = out._grad_fn = None
        out._port = 0
        out._counter = version = [0]
        first = self._grad_fn if self._view is None else self.history()
        second = other._grad_fn if other._view is None else other.history()
        if (first is None and second is None) or not state or not differentiable:
            return out
        case = 0 if second is None else 1 if first is None else 2
        record = recorders[case]
        if record is None:
            example = wrap(np.zeros(()))
            record = recorders[case] = _recorder(op, _CASES[case], [example, example])
        ports = (self._port, other._port) if self._port or other._port else None
        of_a, of_b = self._counter, other._counter
        return record(out, out._data, (first, second), ports, a, b, of_a, of_b, version)

    return quick


_CASES = [{0}, {1}, {0, 1}]


def _takes_number(op: Op) -> bool:
    """Whether a number on the right does what an array of it would do, and saves no more.

    A lone NumPy function's number is saved as an array in a general call too (Op.record).
    """
    reads_number = op.params[1] in op.save_names
    plain = op.ufunc is not None or (op.prepares_operands and not reads_number)
    return 1 in op.numbers and plain


def _by_number(op: Op, general: Call) -> Call:
    """The binary short way for a Python number on the right."""
    forward, ufunc, differentiable = op.plain_forward, op.ufunc, bool(op.diff)
    served = frozenset(d for d in _FLOATING if d.kind in op.serves)
    record: Any = None

    def quick(self: Any, other: Any) -> Any:
        nonlocal record
        a = self._data
        state = mode.state
        dtype = a.dtype
        if type(other) is not float and type(other) is not int:
            return general(self, other)
        if type(a) is not _ndarray or state > RECORD or dtype not in served:
            return general(self, other)
        b = constant(other, dtype)
        if b is None:
            return general(self, other)
        data = (
            forward(np, a, b) if ufunc is None else ufunc(a, b) if a.ndim else ufunc(a, b, out=...)
        )
        out = _new(Tensor)
        out._data = data if type(data) is _ndarray else _asarray(data)
        out._grad = out._view = out._tangent = out._grad_fn = None
        out._port = 0
        out._counter = version = [0]
        edge = self._grad_fn if self._view is None else self.history()
        if edge is None or not state or not differentiable:
            return out
        if record is None:
            record = _recorder(op, {0}, [wrap(np.zeros(())), 1.0])
        ports = (self._port, 0) if self._port else None
        return record(out, out._data, (edge, None), ports, a, b, self._counter, None, version)

    return quick


_NUMBERS: dict[Any, dict[Any, np.ndarray]] = defaultdict(dict)


def constant(value: float, dtype: Any) -> np.ndarray | None:
    """A Python number as a 0-d array, made once: NumPy takes twice as long over the number.

    None for an int too large for NumPy.
    """
    known = _NUMBERS[dtype]
    found = known.get(value)
    if found is None:
        if type(value) is int and not -(2**63) <= value < 2**63:
            return None
        found = np.asarray(value).astype(dtype)
        found.flags.writeable = False
        if len(known) > 1000:
            known.clear()
        if value:  # 0.0 and -0.0 are one key
            known[value] = found
    return found


def number(xp: Any, value: float, dtype: Any) -> Any:
    """A Python number in the form in which arrays of `dtype` take it quickest."""
    if xp is not np:
        return dtype.type(value)
    found = _NUMBERS[dtype].get(value)
    return constant(value, dtype) if found is None else found


# ---------------------------------------------------------------- a lone NumPy function


class _Recorder:
    """Stands for NumPy, to see which function a declaration calls."""

    def __getattr__(self, name: str) -> Call:
        return lambda *args, **kwargs: (name, args, kwargs)


def lone_ufunc(op: Op) -> Any:
    """The NumPy function that `op` merely hands its operands to, or None.

    What a declaration does without looking at its operands it does always, so one run on stand-ins
    without any attributes tells.  Needs ``out=...`` of NumPy 2.3, which keeps 0-d results arrays.
    """
    stand_ins = [object() for d in op.defaults if d is inspect.Parameter.empty]
    try:
        np.add(0.0, 0.0, out=...)
        name, args, kwargs = op.plain_forward(_Recorder(), *stand_ins)
        passed = all(a is b for a, b in zip(args, stand_ins, strict=True))
    except (TypeError, ValueError, AttributeError):
        return None
    ufunc = getattr(np, name, None)
    return ufunc if passed and not kwargs and isinstance(ufunc, np.ufunc) else None
