"""What operations do with tangents.

Hardly any operation has a forward rule of its own (forward_rules.py).  The rule for reverse mode,
grad -> grad · J, is linear in `grad`, so its transpose is what forward mode needs:
tangent -> J · tangent.  For an elementwise operation on real tensors J is diagonal and the rule is
its own transpose.

Tangents of one level are computed by operations that look at the levels below it alone, lowest
level first.  They are recorded when anything involved requires grad, so that they can be
differentiated in reverse.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .. import dtypes, errors
from ..backend import xp_of
from ..op.declaration import holds_tensors
from ..tensor import Tensor, wrap
from .engine import conform
from .forward_ad import attach, below, check_size, inherit, levels_of
from .forward_rules import refused, rule_of
from .grad_mode import ANOMALY, HOOKS, RECORD, enable_grad, mode
from .node import AccumulateGrad, Node

if TYPE_CHECKING:
    from ..op import Op


def propagate(op: Op, values: Sequence[Any], arrays: Sequence[Any], results: Sequence[Any]) -> None:
    """Give the results of ``op(*values)`` their tangents."""
    for level in levels_of(_tensors(values)):
        with below(level):
            tangents = _Call(op, values, arrays, results, level).tangents()
            if not op.is_view:
                tangents = [_laid_out(*pair) for pair in zip(tangents, results, strict=True)]
        for result, tangent in zip(results, tangents, strict=True):
            if tangent is not None:
                attach(result, tangent, level)


def _laid_out(tangent: Any, result: Any) -> Any:
    """A tangent with its dimensions in memory in the order of the result's, so that views fit."""
    if type(tangent) is not Tensor:
        return tangent
    wanted, array = result._data.strides, tangent._data
    if (array.flags.c_contiguous and result._data.flags.c_contiguous) or array.strides == wanted:
        return tangent
    order = sorted(range(array.ndim), key=lambda i: -wanted[i])
    return tangent.permute(order).contiguous().permute([order.index(i) for i in range(array.ndim)])


def change_tangent(op: Op, values: Sequence[Any], arrays: Sequence[Any], result: Any) -> Any:
    """What ``op`` in place on ``values[0]`` will make of its tangents; to be called before it does.

    Returns a function that makes the change; None if there is nothing to do.
    """
    self, after = values[0], wrap(result)
    before = wrap(arrays[0])  # `self` as it is now, with a tangent that will not be overwritten
    before._grad_fn, before._port, before._counter = self.history(), self._port, self._counter
    found = {}
    for level in levels_of(_tensors(values)):
        with below(level):
            if _at(self, level) is not None:
                attach(before, _at(self, level).clone(), level)
            (tangent,) = _Call(op, [before, *values[1:]], arrays, [after], level).tangents()
        if tangent is not None:
            attach(after, tangent, level)
        if tangent is not None or _at(self, level) is not None:
            found[level] = tangent

    def finish() -> None:
        for level, tangent in found.items():
            with below(level):
                if tangent is None:
                    _at(self, level).zero_()
                else:
                    _tangent_to_change(self, level, tangent).copy_(tangent)

    return finish if found else None


def _tangent_to_change(self: Any, level: int, like: Any) -> Any:
    """The tangent of a tensor that is being changed: zeros at first, shared by its views.

    Batched if `like` is, for each example has a tangent of its own then.
    """
    own = _at(self, level)
    if own is not None and type(like) is Tensor:
        return own
    view = self._view
    base = self if view is None else view.base
    held = _at(base, level)
    if held is None:
        held = wrap(xp_of(base._data).zeros_like(base._data))
    if type(like) is not Tensor:
        from ..func.levels import batched_like

        held = batched_like(held, like)
    if held is not _at(base, level):
        attach(base, held, level)
        if view is not None:
            attach(self, view.replay(held), level)
    elif _at(self, level) is None:
        attach(self, view.replay(held), level)
    return _at(self, level)


def _at(t: Any, level: int) -> Any:
    return None if t._tangent is None else t._tangent.get(level)


def _tensors(values: Sequence[Any]) -> Iterator[Any]:
    for v in values:
        for t in v if type(v) in (list, tuple) else (v,):
            if isinstance(t, Tensor):
                yield t


def _entries(value: Any) -> Sequence[Any]:
    return value if type(value) in (list, tuple) else (value,)


class _Call:
    """A call of an operation, as the tangents of one level see it."""

    def __init__(
        self,
        op: Op,
        values: Sequence[Any],
        arrays: Sequence[Any],
        results: Sequence[Any],
        level: int,
    ) -> None:
        self.op, self.values, self.arrays, self.level = op, values, arrays, level
        self.results = results
        involved = list(_tensors(values))
        tangents = [t for t in (_at(v, level) for v in involved) if t is not None]
        everything = [*involved, *tangents]
        self.real = all(t._data.dtype.kind != "c" for t in (*involved, *results))
        self.record = bool(mode.state & RECORD) and any(t.requires_grad for t in everything)
        # Whether the rules must compute on Tensors, not on bare arrays.
        self.on_tensors = (
            self.record
            or bool(levels_of(everything))
            or any(type(t) is not Tensor for t in tangents)
        )

    def tangent(self, t: Any) -> Any:
        return _at(t, self.level) if isinstance(t, Tensor) else None

    def tangents(self) -> Sequence[Any]:
        """The tangents of the results; None for what has none."""
        if self.op.is_view:
            return self._of_views()
        given = [self.tangent(t) for t in _tensors(self.values)]
        return [
            # A rule may pass a tangent on as it is; each tensor's can be changed in place.
            t.clone() if t is not None and any(_share(t, g) for g in given) else t
            for t in self._new()
        ]

    def _new(self) -> Sequence[Any]:
        op, values, results = self.op, self.values, self.results
        if not op.diff or all(r.dtype.category < dtypes.FLOAT for r in results):
            return [None] * len(results)
        edges = [t for at in op.diff for t in _entries(values[at])]
        if not any(self.tangent(t) is not None for t in edges):
            return [None] * len(results)
        rule = rule_of(op)
        found = NotImplemented if rule is None else self._by_rule(rule)
        if found is not NotImplemented:
            return found if isinstance(found, tuple) else [found]
        node, saved = self._recorded(edges)
        try:
            if op.family == "pointwise" and not op.joint and self.real:
                return [self._elementwise(node, saved, edges)]
            return self._transposed(node, saved, edges)
        except RuntimeError as error:  # NotImplementedError is one too
            raise _worded(error) from None

    def _of_views(self) -> Sequence[Any]:
        from ..op import invoke

        tangent = self.tangent(self.values[0])
        if tangent is None:
            return [None] * len(self.results)
        taken = invoke(self.op, [tangent, *self.values[1:]])
        return [taken] if isinstance(taken, Tensor) else taken

    def _by_rule(self, rule: Callable[..., Any]) -> Any:
        """By a forward rule: it gets tangents, arguments and results, all as tensors."""
        tangents = [
            [self.tangent(t) for t in v] if type(v) in (list, tuple) else self.tangent(v)
            for v in self.values
        ]
        return rule(self.op, tangents, self.values, self.results)

    def _recorded(self, edges: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
        """(a node of this call that prepares the rules of what moves, what they are to read)."""
        stand_ins = iter([_stand_in(t) if self.tangent(t) is not None else t for t in edges])
        op, values = self.op, list(self.values)
        for at in op.diff:
            v = values[at]
            several = type(v) in (list, tuple)
            values[at] = [next(stand_ins) for _ in v] if several else next(stand_ins)
        copies = [wrap(r._data) for r in self.results]
        before = mode.state
        mode.state = (before | RECORD) & ~(HOOKS | ANOMALY)
        try:
            node = op.record(values, self.arrays, copies)
        finally:
            mode.state = before
        assert node is not None
        saved = node.saved
        if self.on_tensors:
            pairs = zip(op.save_names, saved, strict=True)
            saved = [self._saved(name, value) for name, value in pairs]
        return node, saved

    def _saved(self, name: str, value: Any) -> Any:
        """A saved value, as a tensor with the history and the lower tangents that it has."""
        at = self.op.position.get(name)
        if value is None or at is None:
            number = name.removeprefix("result")
            return value if value is None or number == name else self.results[int(number or 0)]
        given = self.values[at]
        if isinstance(given, Tensor):
            return _as_used(given, self.arrays[at])
        if holds_tensors(given):
            pairs = zip(given, value, strict=True)
            return [_as_used(t, v) if isinstance(t, Tensor) else v for t, v in pairs]
        return wrap(value) if hasattr(value, "strides") else value

    def _elementwise(self, node: Any, saved: Sequence[Any], edges: Sequence[Any]) -> Any:
        """Each rule applied to the tangent of its argument, and the sum over the arguments."""
        result, total = self.results[0], None
        for (rule, pick), t in zip(node.op.rules, edges, strict=True):
            tangent = self.tangent(t)
            if tangent is None:
                continue
            tangent = tangent if self.on_tensors else tangent._data
            term = rule(tangent, *[saved[i] for i in pick])
            total = term if total is None else total + term
        out: Any = total
        if not isinstance(out, Tensor):
            out = wrap(xp_of(result._data).asarray(out))
        out = out if out.shape == result.shape else out.expand(result.shape).clone()
        return out if out.dtype is result.dtype else out.to(result.dtype)

    def _transposed(self, node: Any, saved: Sequence[Any], edges: Sequence[Any]) -> Sequence[Any]:
        """The transpose of the node's backward pass, applied to the tangents."""
        from ..func.levels import pull_back

        results = self.results
        moves = self.op.output_differentiability or [True] * len(results)
        seeds = [
            _seed(r) if m and _can_have_tangent(r) else None
            for r, m in zip(results, moves, strict=True)
        ]
        if not any(s is not None for s in seeds):
            return [
                wrap(xp_of(r._data).zeros_like(r._data))
                if m and r.dtype.category >= dtypes.FLOAT else None
                for r, m in zip(results, moves, strict=True)
            ]  # fmt: skip
        with enable_grad():
            incoming = seeds[0] if node.metas is None else seeds
            read = saved if self.on_tensors else node.unpack(True)
            grads = node.differentiate(incoming, read)
            images, tangents = [], []
            for i, (g, t) in enumerate(zip(grads, edges, strict=True)):
                tangent = self.tangent(t)
                if g is not None and tangent is not None:
                    images.append(conform(g, t._data.shape, t._data.dtype, node, i))
                    tangents.append(tangent)
        wanted = [s for s in seeds if s is not None]
        found = iter(
            pull_back(images, tangents, wanted, record=self.record, retain=self.on_tensors)
        )
        out: list[Any] = []
        for seed, result in zip(seeds, results, strict=True):
            got = None if seed is None else next(found)
            if seed is not None and got is None:
                got = wrap(xp_of(result._data).zeros_like(result._data))
            out.append(got)
        return out


def _worded(error: RuntimeError) -> Exception:
    """The error of forward mode for an operation that has no derivative at all."""
    lacking = re.fullmatch(r"the derivative for '(\w+): input' is not implemented.", str(error))
    if lacking is not None:
        return refused(lacking[1])
    name = re.fullmatch(r"derivative for (aten::\w+) is not implemented", str(error))
    if name is None:
        return error
    return NotImplementedError(f"Trying to use forward AD with {name[1]} that does not support it.")


def _share(one: Any, other: Any) -> bool:
    """Whether two tangents lie in the same memory."""
    if other is None or type(one) is not type(other):
        return False
    while type(one) is not Tensor and hasattr(one, "_value") and hasattr(other, "_value"):
        one, other = one._value, other._value
    return bool(xp_of(one._data).may_share_memory(one._data, other._data))


def _stand_in(t: Any) -> Any:
    """`t`, or if it has no history a tensor with one, so that its rule is prepared."""
    if t.history() is not None:
        return t
    out = wrap(t._data)
    out._counter = t._counter
    out._grad_fn = AccumulateGrad(out)
    return out


def _as_used(t: Any, array: Any) -> Any:
    """`t` with the array that the operation computed on: in another dtype, perhaps."""
    if array is t._data:
        return t
    if array.shape == t._data.shape and array.dtype != t._data.dtype:
        return t.to(dtypes.of(array.dtype))
    out = wrap(array)
    out._grad_fn, out._port = t.history(), t._port
    inherit(out, t)
    return out


def _can_have_tangent(result: Any) -> bool:
    """Whether a result is floating; an empty one beside others was not asked for."""
    return result.dtype.category >= dtypes.FLOAT and result._data.size > 0


def _seed(result: Any) -> Any:
    """A cotangent to transpose by.

    The rule is linear in it, so its value does not matter.  It is small, for rules that check for
    large parts that they cannot serve; but not zero, for one takes its logarithm.
    """
    seed = wrap(xp_of(result._data).full_like(result._data, 1e-6))
    seed._grad_fn = AccumulateGrad(seed)
    return seed


# ---------------------------------------------------------------- custom functions


def propagate_function(
    cls: Any, ctx: Node, args: Sequence[Any], results: Sequence[Any], returned: Sequence[Any]
) -> None:
    """Ask a custom Function's ``jvp`` for the tangents of `results`, which it `returned`.

    Raises RuntimeError for an answer that does not fit them: in number, for an output without a
    derivative, or because it does not share memory where the outputs do.
    """
    jvp: Callable[..., Any] = cls.jvp
    for level in levels_of(_tensors(args)):
        with below(level):
            given = [_incoming(ctx, a, level) for a in args]
            versions = [None if t is None else t._version for t in given]
            answer = _entries(jvp(ctx, *given))
        if len(answer) != len(results):
            raise RuntimeError(
                "Function's jvp returned an invalid number of forward gradients (expected "
                f"{len(results)} but got {len(answer)})"
            )
        for i, (result, tangent) in enumerate(zip(results, answer, strict=True)):
            if tangent is not None and not isinstance(tangent, Tensor):
                raise RuntimeError(
                    f"expected Variable or None (got {errors.type_name(tangent)}) for grad output "
                    f"{i}."
                )
            if not _differentiable(ctx, result):
                if isinstance(result, Tensor):
                    _refuse_tangent(i, tangent)
                continue
            pairs = [
                (a, t, version) for a, t, version in zip(args, given, versions, strict=True)
                if t is not None
            ]  # fmt: skip
            _check_shared(ctx, result, returned[i], tangent, pairs)
            if tangent is not None:
                check_size(result, tangent)
                attach(result, tangent, level)


def _differentiable(ctx: Any, result: Any) -> bool:
    return (
        isinstance(result, Tensor)
        and result.dtype.category >= dtypes.FLOAT
        and not any(result is n for n in ctx.non_differentiable)
    )


def _refuse_tangent(i: int, tangent: Any) -> None:
    if tangent is not None:
        raise RuntimeError(
            f"Function's jvp returned a gradient at position {i}, but  the corresponding forward "
            "output is not a differentiable Tensor.You should return None at that position instead."
        )


def _check_shared(
    ctx: Any, result: Any, returned: Any, tangent: Any, pairs: Sequence[tuple[Any, Any, Any]]
) -> None:
    """Raise unless a tangent shares memory with an input's tangent just as the output does."""
    dirty = any(returned is d for d in ctx.dirty_tensors)
    if dirty:
        if not any(
            returned is a and tangent is t and t._version != version for a, t, version in pairs
        ):
            raise RuntimeError(
                "An inplace custom Function is not modifying the forward mode gradients inplace. "
                "If the forward is modifying an input inplace, then the jvp function must modify "
                "the corresponding gradient inplace."
            )
        return
    if tangent is None or result._view is None or type(tangent) is not Tensor:
        return
    base = result._view.base
    of_inputs = [t for a, t, _ in pairs if (a._view.base if a._view else a) is base]
    if not of_inputs:
        return
    if tangent._view is None:
        raise RuntimeError(
            "A custom Function's forward is returning a view (or an input as-is) but the jvp is "
            "not returning a view."
        )
    if not any(tangent._view.base is (t._view.base if t._view else t) for t in of_inputs):
        raise RuntimeError(
            "A custom Function is returning a view but the jvp is not returning a view of the "
            + ("" if any(t._view is None for t in of_inputs) else "same base as the ")
            + "given grad input."
        )


def _incoming(ctx: Any, argument: Any, level: int) -> Any:
    """The tangent of an argument: zeros (or None, as the Function asked) where it has none."""
    if not isinstance(argument, Tensor) or argument.dtype.category < dtypes.FLOAT:
        return None
    tangent = _at(argument, level)
    if tangent is None and ctx.materialize_grads:
        return wrap(xp_of(argument._data).zeros_like(argument._data))
    return tangent
