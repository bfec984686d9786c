"""``Op``: what a declaration says, prepared so that calls do no signature work.

It binds arguments, knows what the rules read and so what a node saves, makes the node of a call,
and reads saved values back as tensors.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from .. import errors
from ..autograd.grad_mode import (
    ANOMALY,
    HOOKS,
    mode,
)
from ..autograd.node import Node, next_sequence, without_backward
from ..tensor import Tensor, wrap

_new = object.__new__
# Keywords that PyTorch accepts beside the parameter's own name.
SYNONYMS = {
    "input": "self", "axis": "dim", "keepdims": "keepdim", "x2": "other", "x": "self",
    "x1": "self", "a": "self",
}  # fmt: skip
SHAPE, DTYPE, RESULT, ARGUMENT, GEOMETRY, STRIDES = range(6)
_METADATA = {
    "_shape": SHAPE, "_dtype": DTYPE, "_strides": STRIDES, "_geometry": GEOMETRY,
}  # fmt: skip
REQUIRED = inspect.Parameter.empty
NOT_IMPLEMENTED = "NotImplemented"  # the node of operations that PyTorch does not differentiate


class Op:
    """What a declaration says, prepared so that calls do no signature work."""

    def __init__(
        self,
        forward: Callable[..., Any],
        rules: dict[str, Callable[..., Any]],
        *,
        node: str | Callable[..., str] | None = None,
        joint: tuple[Sequence[str], Callable[..., Any]] | None = None,
        prepare: Callable[[Op, Any, list[Any]], None] | None = None,
        varargs: str | None = None,
        returns: Callable[..., Any] | None = None,
        is_view: bool = False,
        operands: Sequence[str] | None = None,
        promote: str = "same",
        name: str | None = None,
        numbers: Sequence[str] = (),
        overloads: bool = False,
        serves: str = "bifc",
        kernel: str | None = None,
        output_differentiability: Sequence[bool] | None = None,
    ) -> None:
        self.forward = forward
        self.name = name or forward.__name__.strip("_")
        self.prepare, self.returns, self.is_view = prepare, returns, is_view
        self.promote, self.family = promote, "op"
        self.overloads, self.serves = overloads, serves
        self.output_differentiability = output_differentiability
        self.kernel = kernel or f"{self.name.removeprefix('special_')}_cpu"
        names, defaults, self.positional = parameters_of(forward)
        names, self.positional = names[1:], self.positional - 1  # without xp
        self.params = list(names)
        self.position = {n: i for i, n in enumerate(self.params)}
        self.defaults = [defaults.get(n, REQUIRED) for n in names]
        self.required = sum(d is REQUIRED for d in self.defaults)
        self.varargs = None if varargs is None else self.position[varargs]
        self._keywords = _keywords_of(self.params)
        self.diff = [self.position[a] for a in (joint[0] if joint else rules)]
        chosen = operands if operands is not None else [self.params[i] for i in self.diff]
        self.operands = [self.position[a] for a in chosen]
        self.numbers = frozenset(self.position[a] for a in numbers)
        # Arguments that are saved as `prepare` left them.
        self.as_arrays = {self.position["dim"]} if "dim" in self.position else set()
        self._set_rules(list(rules.values()), joint)
        self.node_name: Any = node if node is not None else _camel(self.name) + "Backward0"
        self._node_types: dict[Any, type[Node]] = {}
        keyword_only = self.params[self.positional :]
        self.compute = _positionally(forward, keyword_only, 1 + self.positional)
        if callable(node):
            self.node_name = _positionally(node, keyword_only, self.positional)
        self.plain_forward = getattr(forward, "unwidened", forward)  # for dtypes other than half
        self.ufunc: Any = None  # the NumPy function that is all of an elementwise operation
        self.prepares_operands = getattr(prepare, "promotes", False)
        self.call: Callable[..., Any] = forward  # the public function, once there is one
        self.method: Callable[..., Any] = forward  # and the method
        # Types of arguments -> what runs such calls (known.py).
        self.calls: dict[Any, Any] = {}
        self.calls_in_place: dict[Any, Any] = {}

    def _set_rules(self, rules: list[Callable[..., Any]], joint: Any) -> None:
        """Find what the rules read: that is what a node saves."""
        functions = rules if joint is None else [joint[1]]
        reads = [parameters_of(f)[0][1:] for f in functions]
        self.save_names = sorted({n for names in reads for n in names if n != "needs"})
        self.saves = [self._saving(n) for n in self.save_names]
        self.rules = [
            (rule, [self.save_names.index(n) for n in names])
            for rule, names in zip(rules, reads, strict=False)
        ]
        # For each saved value the rules (by position) that read it; None: always saved.
        self.readers: list[list[int] | None] = [
            None if joint else [i for i, names in enumerate(reads) if n in names]
            for n in self.save_names
        ]
        # Where there is one rule alone, it runs whenever there is a node.
        self._saving_plan = [
            (kind, at, None if len(self.rules) == 1 else readers)
            for (kind, at), readers in zip(self.saves, self.readers, strict=True)
        ]
        self.joint = joint is not None
        # PyTorch saves the number of `x * 2` as a tensor, which the backward pass frees.
        self._saves_operand = any(k == ARGUMENT and at in self.operands for k, at in self.saves)
        # (node, gradient of the result, saved values) -> the gradients for the node's edges
        self.differentiate = (
            _each(self.rules)
            if joint is None
            else _joint_caller(joint[1], reads[0], self.save_names)
        )

    def _saving(self, name: str) -> tuple[int, int]:
        """What a rule's parameter means: (kind, position)."""
        if name in self.position:
            return ARGUMENT, self.position[name]
        if name.startswith("result"):
            return RESULT, int(name.removeprefix("result") or 0)
        for suffix, kind in _METADATA.items():
            if name.endswith(suffix) and name.removesuffix(suffix) in self.position:
                return kind, self.position[name.removesuffix(suffix)]
        raise TypeError(f"{self.name}: a rule reads '{name}', which is no argument or result")

    # ------------------------------------------------------------ calling

    def bind(self, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any]:
        """The arguments in the order of the parameters.  Raises TypeError as PyTorch words it."""
        if self.varargs is not None and len(args) > self.varargs + 1:
            args = (*args[: self.varargs], tuple(args[self.varargs :]))
        if len(args) > self.positional:
            raise errors.too_many_positional(self.name, self.positional, len(args))
        values = [*args, *self.defaults[len(args) :]]
        for key, value in kwargs.items():
            at = self._keywords.get(key)
            if at is None:
                raise errors.unexpected_keyword(self.name, key)
            if at < len(args):
                raise TypeError(f"{self.name}() got multiple values for argument '{key}'")
            values[at] = value
        if len(args) < self.required:
            missing = [n for n, v in zip(self.params, values, strict=True) if v is REQUIRED]
            if missing:
                names = [n.replace("self", "input") for n in missing]
                raise errors.missing_arguments(self.name, names)
        return values

    def node_type(self, values: Sequence[Any]) -> type[Node]:
        """The Node subclass for a call with these arguments."""
        if isinstance(self.node_name, str):
            key: Any = self.node_name
            name = self.node_name
        else:
            name = self.node_name(*values)
            key = (name, *[isinstance(values[at], Tensor) for at in self.diff])
        found = self._node_types.get(key)
        if found is None:
            content = {"__slots__": (), "op": self, "differentiate": self.differentiate}
            content["__module__"] = "builtins"  # PyTorch's: <class 'MulBackward0'>
            content["__init__"] = object.__init__  # its maker fills in everything
            content["only_given"] = name == NOT_IMPLEMENTED
            hidden = self._hidden(name, values) if callable(self.node_name) else frozenset()
            content["hidden"] = hidden
            content["frees"] = not hidden and self._saves_operand
            found = self._node_types[key] = type(name, (Node,), content)
        return found

    def _hidden(self, name: str, values: Sequence[Any]) -> frozenset[int]:
        """Edges for numbers in an overload of their own, of which PyTorch's node has none."""
        tensors = list(values)
        for at in self.diff:
            tensors[at] = wrap(np.zeros(()))
        if name == self.node_name(*tensors):
            return frozenset()
        numbers = [not isinstance(values[at], Tensor) for at in self.diff]
        return frozenset(i for i, n in enumerate(numbers) if n)

    def record(
        self, values: Sequence[Any], arrays: Sequence[Any], results: Sequence[Tensor]
    ) -> Node | None:
        """The node of a call, attached to its results; None if no input requires grad."""
        edges: list[Node | None] = []
        ports: list[int] = []
        found = False
        for at in self.diff:
            value = values[at]
            for v in value if type(value) is list or type(value) is tuple else (value,):
                edge = None
                if isinstance(v, Tensor):
                    edge = v._grad_fn if v._view is None else v.history()
                    found = found or edge is not None
                edges.append(edge)
                ports.append(0 if edge is None else v._port)
        if not found:
            return None
        node = _new(self.node_type(values))
        node.edges, node.seq, node.hooks, node.metas = edges, next_sequence(), None, None
        node.ports = tuple(ports) if any(ports) else None
        self.describe(node, results)
        self._save(node, values, arrays, results)
        if mode.state & ANOMALY:
            from ..autograd.anomaly_mode import remember_call

            remember_call(node)
        return node

    def describe(self, node: Node, results: Sequence[Tensor]) -> None:
        """Note the outputs' shapes and dtypes, and make the differentiable ones point to `node`."""
        first = results[0]._data
        node.shape, node.dtype = first.shape, first.dtype
        if len(results) > 1:
            node.metas = [(r._data.shape, r._data.dtype) for r in results]
        for port, result in enumerate(results):
            if self.output_differentiability and not self.output_differentiability[port]:
                continue
            if result._data.dtype.kind not in "biu":
                result._grad_fn, result._port = node, port

    def _save(
        self, node: Node, values: Sequence[Any], arrays: Sequence[Any], results: Sequence[Tensor]
    ) -> None:
        saved: list[Any] = []
        guards = []
        edges = node.edges
        for kind, at, readers in self._saving_plan:
            if readers is not None and not [i for i in readers if edges[i] is not None]:
                saved.append(None)  # only rules that will not run read it
            elif kind == ARGUMENT:
                value = values[at]
                if isinstance(value, Tensor):
                    saved.append(arrays[at])
                    guards.append(_guard(value))
                else:
                    several = holds_tensors(value)
                    saved.append(arrays[at] if several or at in self.as_arrays else value)
                    if several:
                        guards += [_guard(v) for v in value if isinstance(v, Tensor)]
            elif kind == RESULT:
                saved.append(results[at]._data)
                guards.append(_guard(results[at]))
            else:
                saved.append(metadata(values[at], kind))
        node.saved, node.guards = tuple(saved), tuple(guards)
        node.versions = tuple([box[0] for box in guards])
        if mode.state & HOOKS:
            from ..autograd.graph import pack_saved

            pack_saved(node, self._saved_tensors(node, values, arrays, results))

    def _saved_tensors(
        self, node: Node, values: Sequence[Any], arrays: Sequence[Any], results: Sequence[Tensor]
    ) -> dict[int, Any]:
        """The tensors, or lists of them, that a node has saved, by place: arguments first."""
        found: dict[int, Any] = {}
        for wanted in (ARGUMENT, RESULT):
            for i, (kind, at) in enumerate(self.saves):
                if kind != wanted or node.saved[i] is None:
                    continue
                value = results[at] if kind == RESULT else values[at]
                if isinstance(value, Tensor) and kind == ARGUMENT and arrays[at] is not value._data:
                    value = with_history(arrays[at], *(self._edge_of(node, at) or (None, 0)))
                if holds_tensors(value):
                    found[i] = value
        return found

    # ------------------------------------------------------------ reading saved values

    def as_tensors(self, node: Node, saved: Sequence[Any]) -> list[Any]:
        """Saved arrays as Tensors with the history they had."""
        out = []
        for (kind, at), value in zip(self.saves, saved, strict=True):
            if value is None:
                pass
            elif kind == RESULT and value.dtype.kind in "biu":
                value = wrap(value)
            elif kind == RESULT:
                value = with_history(value, node.__dict__.get("seen_as", node), at)
            elif kind == ARGUMENT and is_array(value):
                edge = self._edge_of(node, at)
                value = wrap(value) if edge is None else with_history(value, *edge)
            elif kind == ARGUMENT and type(value) in (list, tuple):
                value = [wrap(v) if is_array(v) else v for v in value]
            out.append(value)
        return out

    def _edge_of(self, node: Node, at: int) -> tuple[Node, int] | None:
        if at not in self.diff:
            return None
        i = self.diff.index(at)
        edge = node.edges[i]
        return None if edge is None else (edge, node.port(i))

    def guarded(self, node: Node) -> Iterator[tuple[Any, list[int], str]]:
        """(array, version box, words on where it came from) of each guarded saved value."""
        boxes = iter(node.guards)
        for (kind, at), value in zip(self.saves, node.saved or (), strict=True):
            if kind == ARGUMENT and type(value) in (list, tuple):
                yield from ((v, next(boxes), "") for v in value if is_array(v))
            if kind not in (RESULT, ARGUMENT) or not is_array(value):
                continue
            box: Any = next(boxes)
            source = (node, at) if kind == RESULT else self._edge_of(node, at)
            maker = source[0].name() if source and source[0].edges else ""
            if kind == ARGUMENT and len(box) > 1:  # what changed it last (views.rebase)
                changed_by, base = box[1:]
                maker = changed_by if base() is value else "AsStridedBackward0"
            maker = without_backward(maker)
            port = source[1] if source else 0
            yield value, box, f", which is output {port} of {maker}" if maker else ""

    def saved_attribute(self, node: Node, attribute: str) -> Any:
        """``grad_fn._saved_other``, a saved value, or ``_raw_saved_other``, to hook it."""
        name = attribute.partition("_saved_")[2]
        if name not in self.save_names:
            raise AttributeError(f"'{node.name()}' object has no attribute '{attribute}'")
        at = self.save_names.index(name)
        if attribute.startswith("_raw"):
            from ..autograd.graph import SavedTensor

            return SavedTensor(node, at)
        return node.unpack(True)[at]


def parameters_of(function: Any) -> tuple[tuple[str, ...], dict[str, Any], int]:
    """The names of a function's parameters, their defaults, and how many are positional.

    What ``inspect.signature`` says, in a fiftieth of its time: an import asks a thousand times.
    """
    function = inspect.unwrap(function, stop=lambda f: hasattr(f, "__signature__"))
    if hasattr(function, "__signature__"):
        stated = function.__signature__.parameters.values()
        known = {p.name: p.default for p in stated if p.default is not p.empty}
        named = sum(p.kind is not p.KEYWORD_ONLY for p in stated)
        return tuple(p.name for p in stated), known, named
    code = function.__code__
    positional = code.co_argcount
    names = code.co_varnames[: positional + code.co_kwonlyargcount]
    last = function.__defaults__ or ()
    defaults = dict(zip(names[positional - len(last) : positional], last, strict=True))
    return names, {**defaults, **(function.__kwdefaults__ or {})}, positional


def _positionally(function: Any, keyword_only: list[str], positional: int) -> Callable[..., Any]:
    """`function` with its keyword-only parameters passed by position."""
    if not keyword_only:
        return function  # type: ignore[no-any-return]
    code = getattr(function, "__code__", None)
    if code is not None and code.co_kwonlyargcount == len(
        keyword_only
    ):  # the same code, relabelled
        taking_all = code.replace(
            co_argcount=code.co_argcount + len(keyword_only), co_kwonlyargcount=0
        )
        name, closure = function.__name__, function.__closure__
        return FunctionType(taking_all, function.__globals__, name, None, closure)

    def call(*args: Any) -> Any:
        by_name = dict(zip(keyword_only, args[positional:], strict=True))
        return function(*args[:positional], **by_name)

    return call


def _keywords_of(params: list[str]) -> dict[str, int]:
    """Keyword -> position, PyTorch's synonyms included."""
    keywords = {n: i for i, n in enumerate(params)}
    for synonym, name in SYNONYMS.items():
        if name in keywords and synonym not in keywords:
            keywords[synonym] = keywords[name]
    return keywords


def _each(rules: list[tuple[Callable[..., Any], list[int]]]) -> Callable[..., Sequence[Any]]:
    """One rule for each argument, run where an edge wants it."""
    if len(rules) == 1:
        return _only(*rules[0])
    if [len(pick) for _, pick in rules] == [1, 1]:
        return _two_of_one(*rules)
    callers = [_caller(rule, pick) for rule, pick in rules]
    if len(callers) == 2:
        first, second = callers

        def both(node: Node, grad: Any, saved: Sequence[Any]) -> Sequence[Any]:
            a, b = node.edges
            return (
                None if a is None else first(grad, saved),
                None if b is None else second(grad, saved),
            )

        return both

    def each(node: Node, grad: Any, saved: Sequence[Any]) -> Sequence[Any]:
        edges = enumerate(node.edges)
        return [None if edge is None else callers[i](grad, saved) for i, edge in edges]

    return each


def _only(rule: Callable[..., Any], pick: list[int]) -> Callable[..., Sequence[Any]]:
    """One rule alone."""
    if len(pick) == 1:
        at = pick[0]
        return lambda node, grad, saved: (rule(grad, saved[at]),)
    caller = _caller(rule, pick)
    return lambda node, grad, saved: (caller(grad, saved),)


def _two_of_one(one: Any, two: Any) -> Callable[..., Sequence[Any]]:
    """Two rules that read one saved value each, as those of a product do."""
    (first, (at,)), (second, (there,)) = one, two

    def both(node: Node, grad: Any, saved: Sequence[Any]) -> Sequence[Any]:
        a, b = node.edges
        return (
            None if a is None else first(grad, saved[at]),
            None if b is None else second(grad, saved[there]),
        )

    return both


def _caller(rule: Callable[..., Any], pick: list[int]) -> Callable[[Any, Sequence[Any]], Any]:
    """(gradient, saved values) -> what the rule makes of those that it reads."""
    if not pick:
        return lambda grad, saved: rule(grad)
    first = pick[0]
    if len(pick) == 1:
        return lambda grad, saved: rule(grad, saved[first])
    second = pick[1]
    if len(pick) == 2:
        return lambda grad, saved: rule(grad, saved[first], saved[second])
    return lambda grad, saved: rule(grad, *[saved[i] for i in pick])


def _joint_caller(rule: Callable[..., Any], reads: Sequence[str], names: list[str]) -> Any:
    """One rule for several arguments; its ``needs`` says which gradients are wanted."""
    picks = [None if n == "needs" else names.index(n) for n in reads]

    def call(node: Node, grad: Any, values: Sequence[Any]) -> Any:
        needs = [edge is not None for edge in node.edges]
        return rule(grad, *[needs if i is None else values[i] for i in picks])

    return call


def _camel(name: str) -> str:
    """PyTorch's spelling: log1p -> Log1P, max_pool2d -> MaxPool2D."""
    return re.sub(r"(?:^|_|(?<=\d))[a-z]", lambda m: m[0][-1].upper(), name).replace("_", "")


def holds_tensors(value: Any) -> bool:
    if type(value) in (list, tuple):
        return any(isinstance(v, Tensor) for v in value)
    return isinstance(value, Tensor)


def is_array(value: Any) -> bool:
    return hasattr(value, "strides")


def _guard(t: Tensor) -> list[int]:
    if t._counter is None:
        raise errors.inference_saved()
    return t._counter


def metadata(value: Any, kind: int) -> Any:
    """The shape, dtype or geometry of an argument (a list of them for a list of tensors)."""
    if type(value) in (list, tuple):
        return [metadata(v, kind) for v in value]
    if not isinstance(value, Tensor):
        return () if kind == SHAPE else None
    if kind == GEOMETRY:
        from ..storage import storage_of

        _, offset, strides = storage_of(value._data)
        return value._data.shape, strides, offset
    if kind == STRIDES:
        return value._data.strides
    return value._data.shape if kind == SHAPE else value._data.dtype


def with_history(array: Any, node: Any, port: int) -> Tensor:
    """A tensor around `array` whose gradients go to output `port` of `node`.

    For a leaf's AccumulateGrad it is the leaf itself, if that still holds this array.
    """
    leaf = getattr(node, "leaf", None)
    found = leaf() if leaf is not None else None
    if found is not None and found._data is array:
        return found
    t = wrap(array)
    t._grad_fn, t._port = node, port
    return t
