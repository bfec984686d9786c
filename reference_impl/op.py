"""How an operation is declared, and what calling one does.

    @pointwise(self=lambda grad, other: grad * conj(other),
               other=lambda grad, self: grad * conj(self))
    def mul(xp, self, other):
        return xp.multiply(self, other)

The function computes on bare arrays; `xp` is numpy or cupy.  Each keyword names an argument that
can be differentiated and gives its rule.  A rule's first parameter is the gradient of the result
(``grads``, a list, when there are several results); its other parameters are what the node saves:

    an argument by name        ``other``: the tensor (guarded by its version) or the plain value
    ``result``, ``result1``    an output
    ``self_shape``             metadata alone, so that no array is kept alive for it
    ``self_dtype``             likewise, a NumPy dtype
    ``self_strides``           likewise, in bytes
    ``self_geometry``          likewise, (shape, strides, storage offset), counted in elements

Where several arguments share work, or the argument is a list of tensors, ``joint=(names, rule)``
declares one rule that returns all gradients (for a list one each); it may ask for ``needs``, which
says of each whether it is wanted.  Only what the rules that will run read is saved.

One rule, two readings: the engine hands it bare arrays in an ordinary backward pass, and Tensors
under ``create_graph``.  So rules use operators and this package's operations, which compute on
bare arrays when they are given bare arrays and record when they are given Tensors.

The decorator is the *family*, which is all the other metadata there is:

    pointwise   promotes dtypes, broadcasts, has in-place and ``out=`` forms
    reduction   takes ``dim`` and ``keepdim``; rules see `dim` as a tuple of non-negative ints
    view        the result aliases its first argument and is replayed after a change of the base
    op          anything else
    composite   built from other operations; has no node of its own
"""

from __future__ import annotations

import functools
import inspect
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from . import backend, dtypes, errors, fast
from .autograd.grad_mode import (
    ANOMALY,
    AUTOCAST,
    FORWARD,
    HOOKS,
    INFERENCE,
    NATIVE,
    RECORD,
    TRANSFORM,
    mode,
)
from .autograd.node import Node, next_sequence, without_backward
from .tensor import PLAIN, Tensor, wrap
from .views import View

_new = object.__new__
PUBLIC: dict[str, Callable[..., Any]] = {}  # the functions of the torch namespace

# Keywords that PyTorch accepts beside the parameter's own name.
_SYNONYMS = {"input": "self", "axis": "dim", "keepdims": "keepdim", "x2": "other", "x": "self"}
_SHAPE, _DTYPE, _RESULT, _ARGUMENT, _GEOMETRY, _STRIDES = range(6)
_METADATA = {
    "_shape": _SHAPE, "_dtype": _DTYPE, "_strides": _STRIDES, "_geometry": _GEOMETRY,
}  # fmt: skip
_REQUIRED = inspect.Parameter.empty
NOT_IMPLEMENTED = "NotImplemented"  # the node of operations that PyTorch does not differentiate
# In-place functions of several arguments that the torch namespace has beside the methods.
_INPLACE_FUNCTIONS = {
    "clamp_max", "clamp_min", "fill", "gcd", "index_put", "lcm", "ldexp", "threshold", "xlogy",
}  # fmt: skip


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
        self.defaults = [defaults.get(n, _REQUIRED) for n in names]
        self.required = sum(d is _REQUIRED for d in self.defaults)
        self.varargs = None if varargs is None else self.position[varargs]
        self._keywords = _keywords_of(self.params)
        self.diff = [self.position[a] for a in (joint[0] if joint else rules)]
        chosen = operands if operands is not None else [self.params[i] for i in self.diff]
        self.operands = [self.position[a] for a in chosen]
        self.numbers = frozenset(self.position[a] for a in numbers)
        # Arguments that are saved as `prepare` left them.
        self.as_arrays = {self.position["dim"]} if "dim" in self.position else set()
        self._set_rules(list(rules.values()), joint)
        self._node_name: Any = node if node is not None else _camel(self.name) + "Backward0"
        self._node_types: dict[Any, type[Node]] = {}
        keyword_only = self.params[self.positional :]
        self.compute = _positionally(forward, keyword_only, 1 + self.positional)
        if callable(node):
            self._node_name = _positionally(node, keyword_only, self.positional)
        self.plain_forward = getattr(forward, "unwidened", forward)  # for dtypes other than half
        self.ufunc: Any = None  # the NumPy function that is all of an elementwise operation
        self.prepares_operands = getattr(prepare, "promotes", prepare is promote_operands)
        self.call: Callable[..., Any] = forward  # the public function, once there is one

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
        # (node, gradient of the result, saved values) -> the gradients for the node's edges
        self.differentiate = (
            _each(self.rules)
            if joint is None
            else _joint_caller(joint[1], reads[0], self.save_names)
        )

    def _saving(self, name: str) -> tuple[int, int]:
        """What a rule's parameter means: (kind, position)."""
        if name in self.position:
            return _ARGUMENT, self.position[name]
        if name.startswith("result"):
            return _RESULT, int(name.removeprefix("result") or 0)
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
            missing = [n for n, v in zip(self.params, values, strict=True) if v is _REQUIRED]
            if missing:
                names = [n.replace("self", "input") for n in missing]
                raise errors.missing_arguments(self.name, names)
        return values

    def node_type(self, values: Sequence[Any]) -> type[Node]:
        """The Node subclass for a call with these arguments."""
        if isinstance(self._node_name, str):
            key: Any = self._node_name
            name = self._node_name
        else:
            name = self._node_name(*values)
            key = (name, *[isinstance(values[at], Tensor) for at in self.diff])
        found = self._node_types.get(key)
        if found is None:
            content = {"__slots__": (), "op": self, "differentiate": self.differentiate}
            content["only_given"] = name == NOT_IMPLEMENTED
            if callable(self._node_name):
                content["hidden"] = self._hidden(name, values)
            found = self._node_types[key] = type(name, (Node,), content)
        return found

    def _hidden(self, name: str, values: Sequence[Any]) -> frozenset[int]:
        """Edges for numbers in an overload of their own, of which PyTorch's node has none."""
        tensors = list(values)
        for at in self.diff:
            tensors[at] = wrap(np.zeros(()))
        if name == self._node_name(*tensors):
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
        self._describe(node, results)
        self._save(node, values, arrays, results)
        if mode.state & ANOMALY:
            from .autograd.anomaly_mode import remember_call

            remember_call(node)
        return node

    def _describe(self, node: Node, results: Sequence[Tensor]) -> None:
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
            elif kind == _ARGUMENT:
                value = values[at]
                if isinstance(value, Tensor):
                    saved.append(arrays[at])
                    guards.append(_guard(value))
                else:
                    as_array = at in self.as_arrays or _holds_tensors(value)
                    saved.append(arrays[at] if as_array else value)
            elif kind == _RESULT:
                saved.append(results[at]._data)
                guards.append(_guard(results[at]))
            else:
                saved.append(_metadata(values[at], kind))
        node.saved, node.guards = tuple(saved), tuple(guards)
        node.versions = tuple([box[0] for box in guards])
        if mode.state & HOOKS:
            from .autograd.graph import pack_saved

            pack_saved(node, self)

    # ------------------------------------------------------------ reading saved values

    def as_tensors(self, node: Node, saved: Sequence[Any]) -> list[Any]:
        """Saved arrays as Tensors with the history they had."""
        out = []
        for (kind, at), value in zip(self.saves, saved, strict=True):
            if value is None:
                pass
            elif kind == _RESULT and value.dtype.kind in "biu":
                value = wrap(value)
            elif kind == _RESULT:
                value = with_history(value, node, at)
            elif kind == _ARGUMENT and _is_array(value):
                edge = self._edge_of(node, at)
                value = wrap(value) if edge is None else with_history(value, *edge)
            elif kind == _ARGUMENT and type(value) in (list, tuple):
                value = [wrap(v) if _is_array(v) else v for v in value]
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
            if kind not in (_RESULT, _ARGUMENT) or not _is_array(value):
                continue
            box: Any = next(boxes)
            source = (node, at) if kind == _RESULT else self._edge_of(node, at)
            maker = source[0].name() if source and source[0].edges else ""
            if kind == _ARGUMENT and len(box) > 1:  # what changed it last (views.rebase)
                changed_by, base = box[1:]
                maker = changed_by if base() is value else "AsStridedBackward0"
            maker = without_backward(maker)
            port = source[1] if source else 0
            yield value, box, f", which is output {port} of {maker}" if maker else ""

    def saved_attribute(self, node: Node, name: str) -> Any:
        """``grad_fn._saved_other``: a saved value as a tensor."""
        if name not in self.save_names:
            raise AttributeError(f"'{node.name()}' object has no attribute '_saved_{name}'")
        return node.unpack(True)[self.save_names.index(name)]


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

    if len(keyword_only) == 1:
        (name,) = keyword_only
        return lambda *args: function(*args[:-1], **{name: args[-1]})

    def call(*args: Any) -> Any:
        by_name = dict(zip(keyword_only, args[positional:], strict=True))
        return function(*args[:positional], **by_name)

    return call


def _keywords_of(params: list[str]) -> dict[str, int]:
    """Keyword -> position, PyTorch's synonyms included."""
    keywords = {n: i for i, n in enumerate(params)}
    for synonym, name in _SYNONYMS.items():
        if name in keywords and synonym not in keywords:
            keywords[synonym] = keywords[name]
    return keywords


def _each(rules: list[tuple[Callable[..., Any], list[int]]]) -> Callable[..., Sequence[Any]]:
    """One rule for each argument, run where an edge wants it."""
    callers = [_caller(rule, pick) for rule, pick in rules]
    if len(callers) == 1:
        only = callers[0]
        return lambda node, grad, saved: (only(grad, saved),)
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


def _holds_tensors(value: Any) -> bool:
    if type(value) in (list, tuple):
        return any(isinstance(v, Tensor) for v in value)
    return isinstance(value, Tensor)


def _is_array(value: Any) -> bool:
    return hasattr(value, "strides")


def _guard(t: Tensor) -> list[int]:
    if t._version is None:
        raise errors.inference_saved()
    return t._version


def _metadata(value: Any, kind: int) -> Any:
    """The shape, dtype or geometry of an argument (a list of them for a list of tensors)."""
    if type(value) in (list, tuple):
        return [_metadata(v, kind) for v in value]
    if not isinstance(value, Tensor):
        return () if kind == _SHAPE else None
    if kind == _GEOMETRY:
        from .storage import storage_of

        _, offset, strides = storage_of(value._data)
        return value._data.shape, strides, offset
    if kind == _STRIDES:
        return value._data.strides
    return value._data.shape if kind == _SHAPE else value._data.dtype


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


# ---------------------------------------------------------------- what a call does


def _make_call(op: Op, method: bool = False) -> Callable[..., Any]:
    """The public function of an operation, or the method, whose errors count otherwise."""
    plain = op.prepare is None

    def call(*args: Any, **kwargs: Any) -> Any:
        if plain and not kwargs and args and type(args[0]) in _BARE:
            for a in args:
                if type(a) not in _ORDINARY and not (type(a) is tuple and a and type(a[0]) is int):
                    break
            else:
                if op.required <= len(args) <= op.positional:  # a rule at work on bare arrays
                    return op.compute(np, *args, *op.defaults[len(args) :])
        answer = _overridden(call, args, kwargs)
        if answer is not NotImplemented:
            return answer
        out = kwargs.pop("out", None) if "out" in kwargs else None
        try:
            values = op.bind(args, kwargs)
            if out is not None:
                return _into(op, values, out)
            return invoke(op, values)
        except TypeError as error:
            raise _worded(op.name, op.params, args, kwargs, error, method) from None

    return call


def _worded(
    name: str, params: Sequence[str], args: Any, kwargs: dict[str, Any], error: Any, method: bool
) -> Exception:
    """`error`, in PyTorch's words for arguments that do not fit."""
    from .signatures import worded

    return worded(name, params, args, kwargs, error, method)


def _overridden(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """What a class with a ``__torch_function__`` among the arguments answers, or NotImplemented."""
    for a in args:
        if type(a) not in _ORDINARY and type(a) not in PLAIN:
            break
    else:
        if not kwargs:
            return NotImplemented
    special = [
        a
        for a in _flat((*args, *kwargs.values()))
        if type(a) not in PLAIN and hasattr(type(a), "__torch_function__")
    ]
    if not special:
        return NotImplemented
    from .overrides import override

    return override(function, special, args, kwargs)


def invoke(op: Op, values: list[Any]) -> Any:
    """Run an operation on bound arguments: arrays in, arrays out; Tensors in, Tensors out."""
    if mode.state & TRANSFORM:
        from .func.batching import batched_in

        if batched_in(values):
            from .func.rules import run

            return run(op, values)
    if mode.state & AUTOCAST:
        from .amp.autocast_mode import cast_arguments

        values = cast_arguments(op.name, values)
    arrays, result = _compute(op, values)
    if _all_bare(values):
        return result
    several = type(result) is tuple or type(result) is list
    results = [_wrapped(r) for r in (result if several else (result,))]
    state = mode.state
    node = None
    if state & RECORD and not state & INFERENCE and op.diff:
        node = op.record(values, arrays, results)
    if op.is_view:
        for port, t in enumerate(results):
            t._version = values[0]._version
            t._view = View.of(values[0], op, values, several, port)
    if state & FORWARD:
        from .autograd.forward_ad import propagate

        propagate(op, values, arrays, results, node)
    if not several:
        return results[0]
    return op.returns(*results) if op.returns is not None else tuple(results)


def _compute(op: Op, values: Sequence[Any]) -> tuple[list[Any], Any]:
    """(the arrays computed on, what forward returned)."""
    arrays = [v._data if type(v) in PLAIN else _array_of(v) for v in values]
    xp = _common_backend(arrays)
    if op.prepare is not None:
        op.prepare(op, xp, arrays)
    try:
        return arrays, op.compute(xp, *arrays)
    except ValueError as error:
        if "broadcast" not in str(error):
            raise
        shapes = [a.shape for a in arrays if _is_array(a)]
        raise _broadcast_error(shapes) from None


def _all_bare(values: Sequence[Any]) -> bool:
    """Whether a rule made this call on bare arrays: no Tensor, and at least one array."""
    for v in values:
        if type(v) in PLAIN:
            return False
    bare = False
    for v in _flat(values):
        if isinstance(v, Tensor):
            return False
        bare = bare or _is_array(v)
    return bare


def _broadcast_error(shapes: Sequence[tuple[int, ...]]) -> RuntimeError:
    """PyTorch names the first pair, in order of the arguments, that does not broadcast."""
    so_far = shapes[0]
    for shape in shapes[1:]:
        try:
            so_far = np.broadcast_shapes(so_far, shape)
        except ValueError:
            return errors.size_mismatch(so_far, shape)
    return errors.size_mismatch(shapes[0], shapes[-1])


def _flat(values: Sequence[Any]) -> Iterator[Any]:
    for v in values:
        if type(v) in (list, tuple):
            yield from v
        else:
            yield v


def _tensors_in(values: Sequence[Any]) -> Iterator[Tensor]:
    for v in _flat(values):
        if isinstance(v, Tensor):
            yield v


def _array_of(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value._data
    if type(value) in (list, tuple) and _holds_tensors(value):
        return [v._data if isinstance(v, Tensor) else v for v in value]
    return value


def _wrapped(result: Any) -> Tensor:
    """A result as a tensor; NumPy turns 0-d arrays into scalars, which are turned back here."""
    if type(result) is np.ndarray:
        return wrap(result)
    if isinstance(result, np.generic) or not _is_array(result):
        result = np.asarray(result)
    return wrap(result)


def _common_backend(arrays: list[Any]) -> Any:
    """numpy or cupy.  On CuPy a 0-d CPU array joins the others; other mixtures raise."""
    for a in arrays:
        if type(a) is not np.ndarray and type(a) not in _ORDINARY:
            break
    else:
        return np
    found = [a for a in _flat(arrays) if _is_array(a) and not isinstance(a, np.generic)]
    if all(type(a) is np.ndarray for a in found):
        return np
    xp = backend.cupy()
    devices = {str(backend.device_of(a)): a for a in found if a.ndim or type(a) is not np.ndarray}
    if len(devices) > 1:
        raise errors.different_devices(*sorted(devices, reverse=True)[:2])
    for i, a in enumerate(arrays):
        if type(a) is np.ndarray:
            arrays[i] = xp.asarray(a)
    return xp


def _into(op: Op, values: list[Any], out: Any) -> Any:
    """The ``out=`` form: compute, then resize and fill the given tensor(s)."""
    given = out if type(out) in (tuple, list) else (out,)
    if mode.state & RECORD:
        involved = [t.requires_grad for t in (*_tensors_in(values), *given)]
        if any(involved):
            raise RuntimeError(
                f"{op.name}(): functions with out=... arguments don't support automatic "
                "differentiation, but one of the arguments requires grad."
            )
    result = _compute(op, values)[1]
    results = result if type(result) in (tuple, list) else (result,)
    for target, array in zip(given, results, strict=True):
        store(target, np.asarray(array) if isinstance(array, np.generic) else array)
    return out


def store(target: Tensor, array: Any) -> None:
    """Write a result into an ``out=`` tensor, resizing it if need be."""
    found, wanted = dtypes.of(array.dtype), target.dtype
    if not dtypes.can_cast(found, wanted):
        raise errors.cannot_cast_result(found, wanted)
    if target._data.shape != array.shape:
        if target._data.size:
            warnings.warn(
                errors.resized_output(target._data.shape, array.shape), UserWarning, stacklevel=4
            )
        target._data = array.astype(wanted.numpy)
    else:
        target._data[...] = array
    if target._version is not None:
        target._version[0] += 1


# ---------------------------------------------------------------- families


def op(
    *, method: bool = True, function: bool = True, inplace: bool | str = False, **options: Any
) -> Callable[..., Any]:
    """Declare an operation of no special family.

    Options: see Op; keywords that name arguments of the declared function are rules.  With
    `inplace` there is a method ``name_`` too, which changes its first argument; with "only" there
    is nothing else.
    """

    def declare(forward: Callable[..., Any]) -> Callable[..., Any]:
        rules = {k: options.pop(k) for k in _rule_names(forward, options)}
        declared = Op(forward, rules, **options)
        only = inplace == "only"
        call = _publish(declared, method and not only, function and not only)
        if inplace:
            _publish_inplace(declared, method, function)
        return call

    return declare


def _rule_names(forward: Callable[..., Any], options: dict[str, Any]) -> list[str]:
    return [n for n in parameters_of(forward)[0] if n in options]


def _publish(
    op: Op, method: bool, function: bool, make: Callable[..., Any] = _make_call
) -> Callable[..., Any]:
    """Make the public function, and the method and torch name that go with it."""
    call = op.call = _labelled(make(op), op)
    if method:
        setattr(Tensor, op.name, _labelled(make(op, True), op))
    if function:
        PUBLIC[op.name] = call
    return call


def _labelled(call: Any, op: Op) -> Any:
    call.__name__ = call.__qualname__ = op.name
    call.__doc__, call.__module__ = op.forward.__doc__, op.forward.__module__
    call.__wrapped__ = op.forward
    call.op = op
    return call


def _make_quick(op: Op, method: bool = False) -> Callable[..., Any]:
    """The public function or method of an elementwise operation, with its short way."""
    return fast.function(op, _make_call(op, method))


def pointwise(
    *,
    promote: str = "same",
    inplace: bool = True,
    method: bool = True,
    function: bool = True,
    **options: Any,
) -> Callable[..., Any]:
    """Declare an elementwise operation.

    `promote` is the dtype to compute in: "same" (that of the operands together), "float" (integers
    become the default float), or "none" (the declared function sees the operands as they are).
    `numbers` names the operands that may be Python numbers; with `overloads` such a number has no
    edge in the graph, as PyTorch's overloads for a Scalar have none.  `serves` are the categories
    of dtypes that PyTorch's `kernel` (its name in the error) serves: b, i, f, c for bool to
    complex, F for floats other than halves.
    """

    def declare(forward: Callable[..., Any]) -> Callable[..., Any]:
        rules = {k: options.pop(k) for k in _rule_names(forward, options)}
        prepare = options.pop("prepare", None if promote == "none" else promote_operands)
        declared = Op(forward, rules, prepare=prepare, promote=promote, **options)
        declared.family = "pointwise"
        declared.ufunc = fast.lone_ufunc(declared)
        if declared.ufunc is not None:
            declared.as_arrays |= declared.numbers
        call = _publish(declared, method, function, _make_quick)
        if inplace:
            _publish_inplace(declared, method, function)
        return call

    return declare


def _publish_inplace(declared: Op, method: bool, function: bool) -> None:
    """The in-place form ``name_``: a method, and a function of the torch namespace."""
    from .views import change

    def call(*args: Any, **kwargs: Any) -> Any:
        answer = _overridden(call, args, kwargs)
        if answer is not NotImplemented:
            return answer
        try:
            return change(declared, declared.bind(args, kwargs))
        except TypeError as error:
            name = declared.name + "_"
            raise _worded(name, declared.params, args, kwargs, error, True) from None

    call.__name__ = call.__qualname__ = declared.name + "_"
    call.__doc__ = f"In-place form of ``{declared.name}``."
    if method:
        setattr(Tensor, declared.name + "_", call)
    required = sum(d is _REQUIRED for d in declared.defaults)
    if function and (required == 1 or declared.name in _INPLACE_FUNCTIONS):
        PUBLIC[declared.name + "_"] = call


_NUMBERS = (int, float, complex)


_BARE = {np.ndarray, np.float32, np.float64}
# Types that are no tensors and have no say in what an operation does.
_ORDINARY = {
    bool, int, float, complex, str, type(None), dtypes.dtype, np.ndarray, np.float32, np.float64,
}  # fmt: skip


def _spelt(parameter: str) -> str:
    return "input" if parameter == "self" else parameter


def check_tensors(op: Op, arrays: Sequence[Any]) -> None:
    """Raise TypeError for an operand that is no tensor, nor a number where one will do."""
    tensors = False
    for i in op.operands:
        a = arrays[i]
        if _is_array(a):
            tensors = True
        elif i in op.numbers and isinstance(a, _NUMBERS):
            continue
        elif a is not None or op.defaults[i] is not None:
            raise errors.argument_must_be_tensor(op.name, _spelt(op.params[i]), i + 1, a)
    if op.overloads and not tensors:
        name, value = _spelt(op.params[op.operands[0]]), arrays[op.operands[0]]
        raise errors.argument_must_be_tensor(op.name, name, 1, value)


def promote_operands(op: Op, xp: Any, arrays: list[Any]) -> None:
    """Cast the operands to the dtype PyTorch computes in.

    Raises TypeError for an operand of a wrong type, NotImplementedError for a dtype that the
    operation does not serve.
    """
    check_tensors(op, arrays)
    operands = [arrays[i] for i in op.operands]
    d = dtypes.result_dtype(*operands)
    if op.promote == "float" and d.category < dtypes.FLOAT:
        d = dtypes.get_default_dtype()
    letter = "bifc"[d.category]
    if letter not in op.serves and ("F" not in op.serves or letter != "f" or d.itemsize == 2):
        shapes = [a.shape for a in operands if _is_array(a)]
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            raise _broadcast_error(shapes) from None
        raise errors.not_implemented_for(op.kernel, d)
    storage = d.numpy
    for i in op.operands:
        a = arrays[i]
        if a is None:
            continue
        if not _is_array(a) or isinstance(a, np.generic):
            arrays[i] = xp.asarray(np.asarray(a).astype(storage))
        elif a.dtype != storage:
            arrays[i] = a.astype(storage)


def reduction(*, method: bool = True, function: bool = True, **options: Any) -> Callable[..., Any]:
    """Declare a reduction: a function with `dim` (int, tuple or None) and perhaps `keepdim`.

    The declared function and the rules see `dim` as a tuple of non-negative ints, or None.
    """

    def declare(forward: Callable[..., Any]) -> Callable[..., Any]:
        rules = {k: options.pop(k) for k in _rule_names(forward, options)}
        prepare = options.pop("prepare", normalise_dims)
        declared = Op(forward, rules, prepare=prepare, **options)
        declared.family = "reduction"
        return _publish(declared, method, function)

    return declare


def normalise_dims(op: Op, xp: Any, arrays: list[Any]) -> None:
    if not _is_array(arrays[0]):
        raise errors.argument_must_be_tensor(op.name, _spelt(op.params[0]), 1, arrays[0])
    at = op.position["dim"]
    dim, ndim = arrays[at], arrays[0].ndim
    if dim is not None:
        dims = (dim,) if not isinstance(dim, (tuple, list)) else dim
        arrays[at] = tuple(wrap_dim(d, ndim) for d in dims)
        if len(set(arrays[at])) != len(arrays[at]):
            repeated = next(d for d in arrays[at] if arrays[at].count(d) > 1)
            raise RuntimeError(f"dim {repeated} appears multiple times in the list of dims")


def wrap_dim(dim: Any, ndim: int) -> int:
    """A dimension as a non-negative int.  Raises IndexError when it is out of range."""
    bound = max(ndim, 1)
    d = dim if type(dim) is int else _as_dim(dim)
    if not -bound <= d < bound:
        raise errors.dim_out_of_range(d, ndim)
    return d + bound if d < 0 else d


def _as_dim(dim: Any) -> int:
    if isinstance(dim, (bool, float, str)) or not hasattr(dim, "__index__"):
        raise TypeError(f"argument 'dim' must be int, not {errors.type_name(dim)}")
    return int(dim.__index__())


def view(*, method: bool = True, function: bool = True, **options: Any) -> Callable[..., Any]:
    """Declare an operation whose results alias its first argument."""
    return op(method=method, function=function, is_view=True, **options)


def composite(
    function_or_name: Any = None,
    *,
    method: bool = True,
    function: bool = True,
    native: bool = False,
) -> Callable[..., Any]:
    """Declare a function built from other operations, for the torch namespace and as a method.

    A tensor subclass with a ``__torch_function__`` of its own sees the composite, not its parts.
    `native` ones are C++ in PyTorch, which shows where they combine tensors with numbers.
    """

    def declare(body: Callable[..., Any]) -> Callable[..., Any]:
        name = body.__name__.rstrip("_") if body.__name__.rstrip("_") != "" else body.__name__

        call = _composite(body, name, native, False)
        if method:
            spelt = body.__name__ if body.__name__.endswith("_") else name
            setattr(Tensor, spelt, _composite(body, spelt, native, True))
        if function:
            PUBLIC[body.__name__] = call
        return call

    return declare(function_or_name) if callable(function_or_name) else declare


def _composite(
    body: Callable[..., Any], name: str, native: bool, method: bool
) -> Callable[..., Any]:
    """The public function or the method of a composite."""

    @functools.wraps(body)
    def call(*args: Any, **kwargs: Any) -> Any:
        answer = _overridden(call, args, kwargs)
        if answer is not NotImplemented:
            return answer
        before = mode.state
        if native:
            mode.state = before | NATIVE
        try:
            if kwargs and "out" in kwargs and "out" not in _parameters(body):
                return _composite_into(body, args, kwargs)
            return body(*args, **_renamed(body, kwargs))
        except (TypeError, AttributeError) as error:
            raise _worded(name, _parameters(body), args, kwargs, error, method) from None
        finally:
            mode.state = before

    return call


@functools.cache
def _parameters(body: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(body).parameters)


def _renamed(body: Callable[..., Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """`kwargs` with PyTorch's synonyms replaced by the parameters' own names."""
    if not kwargs:
        return kwargs
    names = _parameters(body)
    return {
        _SYNONYMS[k] if k not in names and _SYNONYMS.get(k) in names else k: v
        for k, v in kwargs.items()
    }


def _composite_into(body: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """The ``out=`` form of a composite."""
    out = kwargs.pop("out")
    result = body(*args, **_renamed(body, kwargs))
    if out is None:
        return result
    results = result if isinstance(result, tuple) else (result,)
    targets = out if isinstance(out, (tuple, list)) else (out,)
    for target, made in zip(targets, results, strict=True):
        store(target, made._data)
    return out
