"""Forward mode: tensors that carry a tangent, ``torch.autograd.forward_ad``.

    with dual_level():
        x = make_dual(torch.tensor(2.0), torch.tensor(1.0))
        y = x * x
        unpack_dual(y).tangent           # tensor(4.)

No operation has a forward rule of its own.  The rule for reverse mode, grad -> grad · J, is linear
in `grad`, so its transpose is what forward mode needs: tangent -> J · tangent.  For an elementwise
operation on real tensors J is diagonal and the rule is its own transpose.

Tangents are computed by recorded operations when anything involved requires grad, so they can be
differentiated in reverse.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import dtypes
from ..backend import xp_of
from ..tensor import Tensor, wrap
from .engine import conform, run_backward
from .grad_mode import FORWARD, RECORD, _ModeContext, enable_grad, mode
from .node import AccumulateGrad, Node

if TYPE_CHECKING:
    from ..op import Op

__all__ = [
    "UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual",
    "unpack_dual",
]  # fmt: skip

_current_level = -1
_duals: list[weakref.ref[Any]] = []  # what carries a tangent, to be freed of it with the level


class UnpackedDualTensor(NamedTuple):
    """What ``unpack_dual`` returns."""

    primal: Any
    tangent: Any


class _Suspended(_ModeContext):
    """Inside, operations do not look at tangents."""

    def _target(self, state: int) -> int:
        return state & ~FORWARD


def enter_dual_level() -> int:
    """Start a level of forward mode.  Raises RuntimeError inside another: they do not nest."""
    global _current_level
    if _current_level >= 0:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    _current_level = 0
    mode.state |= FORWARD
    return _current_level


def exit_dual_level(*, level: int | None = None) -> None:
    """End the level: all tangents are gone."""
    global _current_level
    if _current_level < 0:
        raise RuntimeError("Dual level must be a positive number.")
    if level is not None and level != _current_level:
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is "
            "not supported."
        )
    for reference in _duals:
        tensor = reference()
        if tensor is not None:
            tensor._tangent = None
    _duals.clear()
    _current_level = -1
    mode.state &= ~FORWARD


class dual_level:
    """A context in which tensors can carry tangents."""

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc: object) -> None:
        exit_dual_level()


def make_dual(tensor: Any, tangent: Any, *, level: int | None = None) -> Any:
    """An alias of `tensor` with the given tangent, of the same shape.

    Raises RuntimeError outside a level, for another shape, and for a tensor that has a tangent;
    ValueError unless both are floating or complex.
    """
    if _current_level < 0:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to "
            "enter_dual_level() first."
        )
    for name, given in (("primal", tensor), ("tangent", tangent)):
        if given.dtype.category < dtypes.FLOAT:
            raise ValueError(
                f"Expected {name} to be floating point or complex, but got: {given.dtype}"
            )
    if tensor._tangent is not None:
        raise RuntimeError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the "
            "same level 0 is not supported."
        )
    if tensor.shape != tangent.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original "
            f"Tensor, this is not supported. Tensor is of size {list(tensor.shape)} while the "
            f"given forward gradient is of size {list(tangent.shape)}."
        )
    out = tensor.view_as(tensor)
    attach(out, tangent)
    return out


def unpack_dual(tensor: Any, *, level: int | None = None) -> UnpackedDualTensor:
    """(primal, tangent); the tangent is None for a tensor that carries none."""
    if tensor._tangent is None:
        return UnpackedDualTensor(tensor, None)
    with _Suspended():
        return UnpackedDualTensor(tensor.view_as(tensor), tensor._tangent)


def attach(tensor: Any, tangent: Any) -> None:
    """Give a tensor its tangent until the level ends."""
    if tensor._tangent is None:
        _duals.append(weakref.ref(tensor))
    tensor._tangent = tangent


# ---------------------------------------------------------------- operations


def propagate(
    op: Op, values: Sequence[Any], arrays: Sequence[Any], results: Sequence[Any], node: Any
) -> None:
    """Give the results of ``op(*values)`` their tangents."""
    if not any(t._tangent is not None for t in _tensors(values)):
        return
    with _Suspended():
        tangents = _tangents(op, values, arrays, results)
    for result, tangent in zip(results, tangents, strict=True):
        if tangent is not None:
            attach(result, tangent)


def change_tangent(op: Op, values: Sequence[Any], arrays: Sequence[Any], result: Any) -> Any:
    """What ``op`` in place on ``values[0]`` will make of its tangent; to be called before it does.

    Returns a function that makes the change; None if there is nothing to do.
    """
    self = values[0]
    if not any(t._tangent is not None for t in _tensors(values)):
        return None
    with _Suspended():
        (tangent,) = _tangents(op, values, arrays, [wrap(result)])

    def finish() -> None:
        with _Suspended():
            _tangent_of(self).copy_(tangent) if tangent is not None else self._tangent.zero_()

    return None if tangent is None and self._tangent is None else finish


def _tangent_of(self: Any) -> Any:
    """The tangent of a tensor that is being changed: zeros at first, shared by its views."""
    if self._tangent is None:
        view = self._view
        if view is None:
            attach(self, wrap(xp_of(self._data).zeros_like(self._data)))
        else:
            attach(self, view.replay(_tangent_of(view.base)))
    return self._tangent


def _tensors(values: Sequence[Any]) -> Iterator[Any]:
    for v in values:
        for t in v if type(v) in (list, tuple) else (v,):
            if isinstance(t, Tensor):
                yield t


def _tangents(
    op: Op, values: Sequence[Any], arrays: Sequence[Any], results: Sequence[Any]
) -> Sequence[Any]:
    """The tangents of the results; None for what has none."""
    if op.is_view:
        if values[0]._tangent is None:
            return [None] * len(results)
        from ..op import invoke

        taken = invoke(op, [values[0]._tangent, *values[1:]])
        return [taken] if isinstance(taken, Tensor) else taken
    if not op.diff or all(r.dtype.category < dtypes.FLOAT for r in results):
        return [None] * len(results)
    involved = list(_tensors(values))
    record = bool(mode.state & RECORD) and any(
        t.requires_grad or (t._tangent is not None and t._tangent.requires_grad) for t in involved
    )
    edges = [t for at in op.diff for t in _entries(values[at])]
    stand_ins = [_stand_in(t) if _moves(t) else t for t in edges]
    if not any(_moves(t) for t in edges):
        return [None] * len(results)
    copies = [wrap(r._data) for r in results]
    with enable_grad():
        node = op.record(_replaced(op, values, stand_ins), arrays, copies)
    assert node is not None
    real = all(t.dtype.kind != "c" for t in (v._data for v in involved + list(results)))
    if op.family == "pointwise" and not op.joint and real:
        return [_elementwise(node, edges, results[0], record)]
    return _transposed(node, edges, results, record)


def _entries(value: Any) -> Sequence[Any]:
    return value if type(value) in (list, tuple) else (value,)


def _moves(t: Any) -> bool:
    return isinstance(t, Tensor) and t._tangent is not None


def _stand_in(t: Any) -> Any:
    """`t`, or if it has no history a tensor with one, so that its rule is prepared."""
    if t.history() is not None:
        return t
    out = wrap(t._data)
    out._counter = t._counter
    out._grad_fn = AccumulateGrad(out)
    return out


def _replaced(op: Op, values: Sequence[Any], stand_ins: Sequence[Any]) -> list[Any]:
    out, rest = list(values), iter(stand_ins)
    for at in op.diff:
        value = values[at]
        if type(value) in (list, tuple):
            out[at] = [next(rest) for _ in value]
        else:
            out[at] = next(rest)
    return out


def _elementwise(node: Any, edges: Sequence[Any], result: Any, record: bool) -> Any:
    """Each rule applied to the tangent of its argument, and the sum over the arguments."""
    saved = node.unpack(record)
    total: Any = None
    for (rule, pick), t in zip(node.op.rules, edges, strict=True):
        if not _moves(t):
            continue
        tangent = t._tangent if record else t._tangent._data
        term = rule(tangent, *[saved[i] for i in pick])
        total = term if total is None else total + term
    out = total if isinstance(total, Tensor) else wrap(xp_of(result._data).asarray(total))
    out = out if out.shape == result.shape else out.expand(result.shape).clone()
    return out if out.dtype is result.dtype else out.to(result.dtype)


def _transposed(
    node: Any, edges: Sequence[Any], results: Sequence[Any], record: bool
) -> Sequence[Any]:
    """The transpose of the node's backward pass, applied to the tangents."""
    seeds = [_seed(r) if _can_have_tangent(r) else None for r in results]
    if not any(s is not None for s in seeds):
        return [wrap(xp_of(r._data).zeros_like(r._data)) for r in results]
    with enable_grad():
        grads = node.backward(seeds[0] if node.metas is None else seeds, True)
        roots, tangents = [], []
        for i, (g, t) in enumerate(zip(grads, edges, strict=True)):
            if g is None or not _moves(t):
                continue
            g = conform(g, t._data.shape, t._data.dtype, node, i)
            if g.history() is not None:
                roots.append((g.history(), g._port))
                tangents.append(t._tangent if record else t._tangent._data)
    targets = [(s._grad_fn, 0) for s in seeds if s is not None]
    found = run_backward(
        roots, tangents, retain_graph=record, create_graph=record, targets=targets, accumulate=False
    )
    out = []
    for seed, result in zip(seeds, results, strict=True):
        got = None if seed is None else found.get((seed._grad_fn, 0))
        if seed is not None and got is None:
            got = xp_of(result._data).zeros_like(result._data)
        out.append(got if got is None or isinstance(got, Tensor) else wrap(_own(got)))
    return out


def _can_have_tangent(result: Any) -> bool:
    """Whether a result is floating; an empty one beside others was not asked for."""
    return result.dtype.category >= dtypes.FLOAT and result._data.size > 0


def _own(array: Any) -> Any:
    return xp_of(array).array(array)


def _seed(result: Any) -> Any:
    """A cotangent to transpose by.

    The rule is linear in it, so its value does not matter.  It is small, for rules that check for
    large parts that they cannot serve; but not zero, for one takes its logarithm.
    """
    seed = wrap(xp_of(result._data).full_like(result._data, 1e-6))
    seed._grad_fn = AccumulateGrad(seed)
    return seed


# ---------------------------------------------------------------- custom functions


def propagate_function(cls: Any, ctx: Node, args: Sequence[Any], results: Sequence[Any]) -> None:
    """Ask a custom Function's ``jvp`` for the tangents of its outputs."""
    if not any(_moves(a) for a in args):
        return
    jvp: Callable[..., Any] = cls.jvp
    with _Suspended():
        answer = jvp(ctx, *[_incoming(ctx, a) for a in args])
    for result, tangent in zip(results, _entries(answer), strict=True):
        if tangent is not None and isinstance(result, Tensor):
            attach(result, tangent)


def _incoming(ctx: Any, argument: Any) -> Any:
    """The tangent of an argument: zeros (or None, as the Function asked) where it has none."""
    if not isinstance(argument, Tensor) or argument.dtype.category < dtypes.FLOAT:
        return None
    if argument._tangent is None and ctx.materialize_grads:
        return wrap(xp_of(argument._data).zeros_like(argument._data))
    return argument._tangent
