"""Tensors with a hidden batch dimension: what ``vmap`` hands to the function it maps.

    vmap(f)(x)        f sees Batched(x): its shape is that of one example, x.shape[1:]

An operation on a Batched is an operation on the whole batch, followed by hiding the batch again.
How to do that follows from the operation's family and the names of its parameters (``rules.py``):
an elementwise operation needs its operands aligned, a reduction its `dim` moved up by one.  What
has no rule runs example by example, and the results are stacked.

The hidden dimension is always the first.  Nested maps nest: the value of a Batched may be a Batched
of a lower level, and history belongs to the innermost tensors, which are plain ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from ..autograd.forward_ad import attach, below, tangent_of
from ..autograd.grad_mode import PERHAPS_FUNCTIONAL, TRANSFORM, mode, refuse_in_transform
from ..op import PLAIN
from ..tensor import Tensor, _new, wrap

_levels: list[Level] = []  # the maps that are running, outermost first


class Level:
    """A running ``vmap``: its number, how many examples it has, what it says of random numbers."""

    drawing: ClassVar[bool] = False  # whether an operation draws for all maps at once

    def __init__(self, size: int, randomness: str) -> None:
        self.size, self.randomness = size, randomness
        self.number = 0

    def __enter__(self) -> Level:
        self.number = len(_levels) + 1
        _levels.append(self)
        mode.state |= TRANSFORM
        return self

    def __exit__(self, *exc: object) -> None:
        _levels.pop()
        if not _levels:
            mode.state &= ~TRANSFORM


def running() -> Sequence[Level]:
    """The maps that are running, outermost first."""
    return _levels


class Outline(np.ndarray):
    """An example of a batch, for its shape and dtype: the values of the others may differ.

    Raises RuntimeError if they are computed with, which no rule for batches does.
    """

    def item(self, *args: Any) -> Any:
        raise _calls_item()

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        raise _looks_at_values(ufunc.__name__)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func.__name__ in _OF_OUTLINES:
            plain = [a.view(np.ndarray) if isinstance(a, Outline) else a for a in args]
            return func(*plain, **kwargs)
        raise _looks_at_values(func.__name__)


_OF_OUTLINES = {
    "empty", "empty_like", "full_like", "may_share_memory", "ndim", "ones_like", "result_type",
    "shape", "size", "zeros_like",
}  # fmt: skip


def _calls_item() -> RuntimeError:
    return RuntimeError(
        "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over "
        "calling .item() on a Tensor, please try to rewrite what you're doing with other "
        "operations. If error is occurring somewhere inside PyTorch internals, please file a bug "
        "report."
    )


def _looks_at_values(name: str) -> RuntimeError:
    return RuntimeError(
        f"vmap: this would compute `{name}` on the values of one example alone. That is not "
        "supported; please try to rewrite what you're doing with other operations"
    )


class Batched(Tensor):
    """`value` with its first dimension hidden."""

    __slots__ = ("_batch_level", "_value")
    _value: Any
    _batch_level: int

    @property
    def _data(self) -> Any:  # type: ignore[override]
        """One example, for its shape and dtype.  Operations never compute on it."""
        data = self._value._data
        example = data[0, ...] if data.shape[0] else np.empty(data.shape[1:], data.dtype)
        return example.view(Outline) if isinstance(example, np.ndarray) else example

    @_data.setter
    def _data(self, array: Any) -> None:
        raise RuntimeError(
            "vmap: a tensor that is being vmapped over cannot be given other memory in place"
        )

    # History, version and views are those of the value.
    _grad_fn = property(lambda self: self._value._grad_fn)  # type: ignore[assignment]
    _port = property(lambda self: self._value._port)  # type: ignore[assignment]
    _counter = property(lambda self: self._value._counter)  # type: ignore[assignment]
    _view = property(lambda self: self._value._view)  # type: ignore[assignment]

    def history(self) -> Any:
        return self._value.history()

    def _require_grad(self, requires_grad: bool = True) -> Any:
        refuse_in_transform("requires_grad_", PERHAPS_FUNCTIONAL)

    def detach(self) -> Any:
        return hide(self._value.detach(), self._batch_level)

    @property  # type: ignore[misc]
    def data(self) -> Any:
        raise RuntimeError("accessing `data` under vmap transform is not allowed")

    def item(self) -> Any:
        raise _calls_item()

    _only_element = item

    def tolist(self) -> Any:
        raise RuntimeError("Cannot access data pointer of Tensor that doesn't have storage")

    def numpy(self, *, force: bool = False) -> Any:
        raise RuntimeError("Cannot access data pointer of Tensor that doesn't have storage")

    def __bool__(self) -> bool:
        raise RuntimeError(
            "vmap: It looks like you're attempting to use a Tensor in some data-dependent control "
            "flow. We don't support that yet, please file an issue at "
            "https://github.com/pytorch/pytorch/issues ."
        )

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        value = "\n".join("    " + line for line in repr(self._value).split("\n"))
        return f"BatchedTensor(lvl={self._batch_level}, bdim=0, value=\n{value}\n)"


PLAIN.add(Batched)


def hide(value: Any, level: int) -> Batched:
    """`value` as a Batched, of a level above those that it has."""
    out: Any = _new(Batched)
    out._value, out._batch_level = value, level
    Tensor._grad.__set__(out, None)  # type: ignore
    Tensor._tangent.__set__(out, None)  # type: ignore[attr-defined]
    return out  # type: ignore[no-any-return]


def level_of(t: Any) -> int:
    return t._batch_level if isinstance(t, Batched) else 0


def innermost(t: Any) -> Any:
    """The plain tensor inside: its first dimensions are the hidden ones, lowest level first."""
    while isinstance(t, Batched):
        t = t._value
    return t


def levels_of(t: Any) -> list[int]:
    """The levels of a tensor, lowest first."""
    found: list[int] = []
    while isinstance(t, Batched):
        found.insert(0, t._batch_level)
        t = t._value
    return found


def with_batch(t: Any, level: int) -> Any:
    """`t` with its first dimension hidden as that of `level`, whatever levels it has."""
    if level_of(t) < level:
        return hide(t, level)
    return hide(with_batch(t._value.transpose(0, 1), level), t._batch_level)


def without_batch(t: Any, level: int, size: int) -> Any:
    """`t` with the dimension of `level` in sight, as its first; expanded if it has none."""
    if level_of(t) < level:
        return t.unsqueeze(0).expand(size, *t.shape)
    if t._batch_level == level:
        return t._value
    return hide(without_batch(t._value, level, size).transpose(0, 1), t._batch_level)


def lifted(t: Any) -> Any:
    """`t` batched at every level that is running."""
    has = levels_of(t)
    for level in _levels:
        if level.number not in has:
            t = expanded(t, level.number)
    return t


def expanded(t: Any, level: int) -> Any:
    """`t`, which is not batched at `level`, the same for all its examples.

    In forward mode its tangents, of which some may differ between examples, go with it.
    """
    size = next(one.size for one in _levels if one.number == level)
    with below(0):
        out = with_batch(t.unsqueeze(0).expand(size, *t.shape), level)
    for at in innermost(t)._tangent or ():
        attach(out, tangent_of(t, at), at)
    return out


def batched_in(values: Sequence[Any]) -> int:
    """The highest level among the tensors in `values`; 0 if none is batched."""
    return max(map(level_of, flat(values)), default=0)


DRAWING = frozenset({
    "bernoulli", "binomial", "cauchy", "exponential", "geometric", "log_normal", "multinomial",
    "normal", "poisson", "random", "uniform",
})  # fmt: skip


def concerned(name: str, values: Sequence[Any]) -> bool:
    """Whether a call of an operation is the running maps' affair."""
    if batched_in(values):
        return True
    return name in DRAWING and not Level.drawing and bool(random_levels())


def flat(values: Sequence[Any]) -> Iterator[Any]:
    for v in values:
        if type(v) in (list, tuple):
            yield from v
        else:
            yield v


def revealed(values: Sequence[Any], level: int) -> list[Any]:
    """`values` with what is batched at `level` replaced by the whole batch."""
    return [
        type(v)(_whole(x, level) for x in v) if type(v) in (list, tuple) else _whole(v, level)
        for v in values
    ]


def _whole(v: Any, level: int) -> Any:
    return v._value if level_of(v) == level else v


def hidden(result: Any, level: int) -> Any:
    """The result, or results, of an operation on whole batches, hidden again."""
    if isinstance(result, Tensor):
        return hide(result, level)
    made = [hide(r, level) if isinstance(r, Tensor) else r for r in result]
    return type(result)(*made) if hasattr(result, "_fields") else type(result)(made)


def plain(array: Any) -> Tensor:
    """A tensor of its own for an array or a NumPy scalar."""
    return wrap(np.array(array) if isinstance(array, np.generic) else array.copy())


def random_levels() -> list[Level]:
    """The maps that want random numbers of its own for each example.

    Raises RuntimeError if one of them does not allow random numbers.
    """
    if any(level.randomness == "error" for level in _levels):
        raise RuntimeError(
            "vmap: called random operation while in randomness error mode. Please either use the "
            "'same' or 'different' randomness flags on vmap or perform the randomness operation "
            "out of vmap"
        )
    return [level for level in _levels if level.randomness == "different"]
