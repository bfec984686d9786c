"""Views and in-place changes.

A view shares its base's memory and version counter, and remembers the steps that lead from the base
to it.  Changing a tensor in place is: compute out of place, write back, bump the version, and

* if it is no view: make its history the history of the result;
* if it is a view: give the *base* a new history, CopySlices, whose backward sends the gradient of
  the changed slice through the operation and the rest straight on.

Every other view of that base is now stale, which its version shows; when its history is next asked
for, it is derived anew from the base (AsStridedBackward0)::

    y = x * 2; row = y[0]; row.mul_(3)      y.grad_fn   CopySlices
                                            row.grad_fn AsStridedBackward0 -> CopySlices
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import dtypes, errors
from .autograd.grad_mode import FORWARD, INFERENCE, RECORD, TRANSFORM, mode
from .autograd.node import AccumulateGrad, Node, without_backward
from .backend import xp_of
from .layout import shares_elements
from .storage import lie_apart, storage_of
from .tensor import Tensor, wrap

if TYPE_CHECKING:
    from .op import Op


_new = object.__new__


class View:
    """How a view follows from its base: the last step, and the view it was taken from."""

    __slots__ = ("base", "kind", "layout", "outer", "place", "seen", "step")

    base: Tensor
    outer: View | None
    step: tuple[Op, tuple[Any, ...], int | None]  # operation, its other arguments, which result
    seen: int  # the version of the memory that the view's history is right for
    kind: str  # "one", "several" (of one operation), "no_grad" or "custom"
    layout: tuple[Any, Any]  # shape and strides of the base when the view was taken
    place: Any  # (size, strides, offset) in the base, if its shape changed since

    @staticmethod
    def of(parent: Tensor, op: Op, values: Sequence[Any], several: bool, port: int) -> View:
        """The record of a view just taken of `parent` by ``op(*values)``."""
        outer = parent._view
        base = parent if outer is None else outer.base
        version = parent._counter
        state = mode.state
        kind = "several" if several else "one"
        if state & INFERENCE:
            kind = "inference"
        elif not state & RECORD:
            kind = "no_grad"
        elif kind == "one" and outer is not None:
            kind = outer.kind
        view: View = _new(View)
        view.base, view.outer, view.kind, view.place = base, outer, kind, None
        view.step = op, tuple(values[1:]), port if several else None
        view.seen = 0 if version is None else version[0]
        view.layout = _layout(base._data) if outer is None else outer.layout
        return view

    def steps_alone(self) -> View:
        """The same view of no base, for a node: it must not refer to its own output."""
        view: View = _new(View)
        view.step, view.place, view.base = self.step, self.place, None  # type: ignore[assignment]
        view.outer = None if self.outer is None else self.outer.steps_alone()
        return view

    def replay(self, base: Any) -> Any:
        """Take the same view of another base: an array, or a Tensor (recording)."""
        from .op import invoke

        if self.place is not None:
            from .ops.memory import as_strided

            return as_strided(base, *self.place)
        steps = []
        view: View | None = self
        while view is not None:
            steps.append(view.step)
            view = view.outer
        for op, rest, port in reversed(steps):
            base = invoke(op, [base, *rest])
            if port is not None:
                base = base[port]
        return base

    def locate(self, tensor: Tensor) -> None:
        """Note where `tensor` lies in the base, unless its steps lead there from the base's shape.

        They do not once that shape has changed, or if one of them was ``as_strided``.
        """
        base = self.base._data
        if _layout(base) != self.layout or self._reaches_out():
            _, offset, strides = storage_of(tensor._data)
            self.place = tensor._data.shape, strides, offset - storage_of(base)[1]

    def _reaches_out(self) -> bool:
        """Whether a step may see memory that the step before it did not."""
        view: View | None = self
        while view is not None and view.step[0].name != "as_strided":
            view = view.outer
        return view is not None

    def refresh(self, tensor: Tensor) -> None:
        """Derive the history of a stale view from its base."""
        node = self.base.history()
        if node is None and tensor._grad_fn is None:
            return  # still stale: the base may yet come to require grad
        if self.kind != "one":
            if mode.state & RECORD:
                raise self.must_not_change(tensor, base=True)
            return
        self.seen = tensor._counter[0]
        self.locate(tensor)
        if type(tensor._grad_fn) is AccumulateGrad:
            return
        if tensor._data.dtype == self.base._data.dtype:
            edge = node, self.base._port
            move_to(tensor, AsStridedBackward0(self, self.base._data, edge, tensor._data))
            return
        before, mode.state = mode.state, RECORD
        try:  # no strides lead to elements of another dtype: the steps do
            anew = self.replay(self.base)
        finally:
            mode.state = before
        move_to(tensor, anew._grad_fn, anew._port)

    def must_not_change(self, tensor: Tensor, base: bool = False) -> RuntimeError:
        """The error for changing this view, or the base of it, in place."""
        node = tensor._grad_fn
        name = None if node is None else without_backward(node.name())
        return errors.view_must_not_change(self.kind, tensor._port, name, base)


def _layout(array: Any) -> tuple[Any, Any]:
    return array.shape, array.strides


class AsStridedBackward0(Node):
    """The history of a view of a changed base: the view of whatever the base is now."""

    __slots__ = ("base", "view")

    def __init__(self, view: View, base: Any, edge: tuple[Node | None, int], piece: Any) -> None:
        super().__init__(edge[:1], edge[1:])
        self.view, self.base = view.steps_alone(), base
        self.shape, self.dtype = piece.shape, piece.dtype

    def backward(self, grad: Any, record: bool) -> Sequence[Any]:
        """The transpose of taking the view: the gradient put where the view lies in the base."""
        from .autograd.transpose import transpose_linear

        return (transpose_linear(self.view.replay, self.base, grad, record),)

    def unpack(self, record: bool) -> Sequence[Any]:
        return ()


class CopySlices(Node):
    """The base's history after one of its views was changed in place by `change`."""

    __slots__ = ("change", "strides", "view")

    def __init__(self, base: Tensor, view: View, change: Node) -> None:
        super().__init__((base.history(), *change.edges[1:]))
        ports = [base._port, *(change.port(i) for i in range(1, len(change.edges)))]
        self.ports = tuple(ports) if any(ports) else None
        self.view, self.change = view, change
        self.shape, self.dtype, self.strides = (
            base._data.shape, base._data.dtype, base._data.strides,
        )  # fmt: skip

    def name(self) -> str:
        return "torch::autograd::CopySlices"

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        shown = [i for i in range(len(self.edges)) if i not in self.change.hidden]
        return tuple((self.edges[i], self.port(i)) for i in shown)

    def backward(self, grad: Any, record: bool) -> Sequence[Any]:
        result = grad.clone() if record else _laid_out_like(grad, self.strides)
        piece = self.view.replay(result)
        if record:  # what the change saved of its result is a view of what this node made
            seen_as = AsStridedBackward0(self.view, result._data, (self, 0), piece._data)
            self.change.__dict__["seen_as"] = seen_as
        try:
            inner, *others = self.change.backward(piece.clone() if record else piece.copy(), record)
        finally:
            self.change.__dict__.pop("seen_as", None)
        piece[...] = 0 if inner is None else inner
        return (result, *others)

    def unpack(self, record: bool) -> Sequence[Any]:
        return ()

    def release(self) -> None:
        self.change.release()


def _laid_out_like(array: Any, strides: Sequence[int]) -> Any:
    """A copy of `array` with its dimensions in memory in the order that `strides` gives."""
    if array.ndim < 2:
        return xp_of(array).array(array)  # a copy that is an array even if `array` is a scalar
    order = sorted(range(array.ndim), key=lambda i: -strides[i])
    inverse = np.argsort(order)
    return array.transpose(order).copy(order="C").transpose([int(i) for i in inverse])


# ---------------------------------------------------------------- changing in place


def change(op: Op, values: list[Any]) -> Tensor:
    """Run an operation in place on ``values[0]``.

    Raises RuntimeError for a leaf that requires grad (or a view of one), a result that does not fit
    the tensor's shape or dtype, and memory that several elements share.
    """
    if mode.state & TRANSFORM:
        from .func.batching import concerned

        if concerned(op.name, values):
            from .func.rules import run_in_place

            return run_in_place(op, values)  # type: ignore[no-any-return]
    return change_plain(op, values)


def change_plain(op: Op, values: list[Any]) -> Tensor:
    """``change`` where no ``vmap`` is concerned."""
    from . import op as ops

    self = values[0]
    others = list(ops.tensors_in(values[1:]))
    recording = prepare(self, others)
    for t in others:
        if t._counter is self._counter:
            _check_apart(op, values, t)
    arrays, result = ops.compute_arrays(op, values)
    _check_result(self, result)
    if recording and _reads_self(op):
        arrays = [self._data.copy(), *arrays[1:]]
    if recording:  # writing makes views of the same base stale: note their histories first
        values = [self, *(_as_now(v) if isinstance(v, Tensor) else v for v in values[1:])]
    finish = None
    if mode.state & FORWARD:
        from .autograd.tangents import change_tangent

        finish = change_tangent(op, values, arrays, result)
    if op.name in _WARNS_OF_SHARING and shares_elements(self._data):
        _write_shared(op, self, result)
    else:
        write(self, result)
    if finish is not None:
        finish()
    if recording:
        _record(op, self, values, arrays)
    return self


# Operations that write here and there, in any order, and so may not read what they write.
_APART = {
    "index_add", "index_copy", "index_fill", "index_put", "put", "scatter", "scatter_add",
    "scatter_reduce",
}  # fmt: skip


def _check_apart(op: Op, values: Sequence[Any], other: Tensor) -> None:
    """Raise RuntimeError if the operation would overwrite what it still reads from `other`."""
    wholly = op.name in _APART
    if not (wholly or op.family == "pointwise" or op.name in ("copy", "masked_fill")):
        return
    if op.name == "masked_fill" and other is values[2]:
        return  # taken as a number
    if op.name == "index_put" and other is values[2] and _fills(values):
        return
    if not lie_apart(other._data, values[0]._data, wholly):
        raise errors.overlapping_input()


def _fills(values: Sequence[Any]) -> bool:
    """Whether ``x[mask] = number`` is what an ``index_put`` does."""
    masks = all(t is None or t.dtype.name in ("bool", "uint8") for t in values[1])
    return masks and values[2]._data.size == 1 and not values[3]


def _reads_self(op: Op) -> bool:
    return "self" in op.save_names


def prepare(self: Tensor, others: Sequence[Tensor]) -> bool:
    """Check that `self` may be changed now; whether the change is to be recorded."""
    state = mode.state
    if self._counter is None and not state & INFERENCE:
        raise errors.inference_in_place()
    recording = bool(state & RECORD) and not state & INFERENCE
    if not recording:
        return False
    if not (self.requires_grad or any(t.requires_grad for t in others)):
        return False
    view = self._view
    if view is None:
        if type(self._grad_fn) is AccumulateGrad:
            raise errors.leaf_in_place()
        return True
    if view.kind != "one":
        raise view.must_not_change(self)
    if view.base.is_leaf and self.requires_grad:
        raise errors.view_of_leaf_in_place()
    return True


def _check_result(self: Tensor, result: Any) -> None:
    found, wanted = dtypes.of(result.dtype), self.dtype
    if not dtypes.can_cast(found, wanted):
        raise errors.cannot_cast_result(found, wanted)
    if result.shape != self._data.shape:
        raise errors.inplace_broadcast(self._data.shape, result.shape)


def write(self: Tensor, array: Any) -> None:
    """Overwrite the memory of `self` and bump its version."""
    if shares_elements(self._data):
        raise errors.overlapping_write()
    self._data[...] = array
    if self._counter is not None:
        self._counter[0] += 1


# Operations that still write to memory which several elements share, with a warning.
_WARNS_OF_SHARING = {"index_fill", "index_put", "masked_fill"}


def _write_shared(op: Op, self: Tensor, result: Any) -> None:
    """Write, with a warning, what `result` changes in memory that several elements share."""
    example = "tensor[indices] = tensor" if op.name == "index_put" else "tensor[mask] = scalar"
    warnings.warn(
        f"Use of {op.name}_ on expanded tensors is deprecated. Please clone() the tensor before "
        f"performing this operation. This also applies to advanced indexing e.g. {example}",
        UserWarning,
        stacklevel=4,
    )
    changed = result != self._data
    self._data[changed] = result[changed]
    if self._counter is not None:
        self._counter[0] += 1


def _as_now(t: Tensor) -> Tensor:
    """A tensor that stands for `t` with the history it has now."""
    out = wrap(t._data)
    out._grad_fn, out._port, out._counter = t.history(), t._port, t._counter
    out._tangent = t._tangent
    return out


def _record(op: Op, self: Tensor, values: list[Any], arrays: list[Any]) -> None:
    """Record ``op`` as what made the present value of `self`."""
    assert self._counter is not None
    before, result = _as_now(self), wrap(self._data)
    before._counter = [0]  # the old value is kept as a copy, which nobody changes
    result._counter = now = [self._counter[0]]
    made = op.record([before, *values[1:]], arrays, [result])
    if made is None:
        return
    # An argument that shares the memory was overwritten: the node counts on the version before.
    pairs = list(zip(made.guards, made.versions, strict=True))
    made.versions = tuple(v - (box is self._counter) for box, v in pairs)
    made.guards = tuple(self._counter if box is now else box for box, _ in pairs)
    rebase(self, made)


def move_to(tensor: Tensor, node: Node, port: int = 0) -> None:
    """Make an output of `node` the history of `tensor`; a gradient to retain is retained there."""
    old = tensor._grad_fn
    hooks = None if old is None else old.hooks
    if hooks is not None and tensor._port in hooks.retain:
        node.own_hooks().retain[port] = hooks.retain.pop(tensor._port)
    tensor._grad_fn, tensor._port = node, port


def rebase(self: Tensor, node: Node) -> None:
    """Make `node` the history of `self`, whose memory it has just written."""
    view = self._view
    assert self._counter is not None
    base = self if view is None else view.base
    if view is not None:
        view.locate(self)
        node = CopySlices(base, view.steps_alone(), node)
    move_to(base, node)
    self._counter[1:] = [node.name(), weakref.ref(base._data)]  # for the error message
    if view is not None:
        view.refresh(self)
