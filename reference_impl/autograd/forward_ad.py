"""Forward mode: tensors that carry a tangent, ``torch.autograd.forward_ad``.

    with dual_level():
        x = make_dual(torch.tensor(2.0), torch.tensor(1.0))
        y = x * x
        unpack_dual(y).tangent           # tensor(4.)

A tensor keeps its tangents by level.  Programs have one level, 0; ``torch.func.jvp`` makes one for
each call, so that calls nest: a tangent of one level may carry tangents of the levels below it.
How operations treat tangents is in tangents.py.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any, NamedTuple

from .. import dtypes
from ..tensor import Tensor
from .grad_mode import FORWARD, TRANSFORM, mode

__all__ = [
    "UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual",
    "unpack_dual",
]  # fmt: skip

# For each level what carries a tangent of it, to be freed of it with the level.
_duals: list[list[weakref.ref[Any]]] = []
_active = 0  # operations look at tangents of the levels below this one
_of_program = False  # whether level 0 is ``dual_level``'s


class UnpackedDualTensor(NamedTuple):
    """What ``unpack_dual`` returns."""

    primal: Any
    tangent: Any


class below:
    """Inside, operations look only at the tangents of levels below `level`."""

    def __init__(self, level: int) -> None:
        self.level = level

    def __enter__(self) -> None:
        self.outer = _active, mode.state & FORWARD
        _look_below(self.level)

    def __exit__(self, *exc: object) -> None:
        global _active
        _active, forward = self.outer
        mode.state = mode.state & ~FORWARD | forward


def _look_below(level: int) -> None:
    global _active
    _active = level
    mode.state = mode.state | FORWARD if level else mode.state & ~FORWARD


def push_level() -> int:
    """Start a level inside those that there are."""
    level = len(_duals)
    _duals.append([])
    _look_below(level + 1)
    return level


def pop_level() -> None:
    """End the innermost level: its tangents are gone."""
    level = len(_duals) - 1
    for reference in _duals.pop():
        tensor = reference()
        if tensor is not None and tensor._tangent is not None:
            tensor._tangent.pop(level, None)
            if not tensor._tangent:
                tensor._tangent = None
    _look_below(level)


def enter_dual_level() -> int:
    """Start a level of forward mode.  Raises RuntimeError inside another: they do not nest."""
    global _of_program
    if _duals:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    _of_program = True
    return push_level()


def in_program() -> bool:
    """Whether the program itself is inside a level."""
    return _of_program


def exit_dual_level(*, level: int | None = None) -> None:
    """End the level: all tangents are gone."""
    global _of_program
    if not _of_program:
        raise RuntimeError("Dual level must be a positive number.")
    if level is not None and level != 0:
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is "
            "not supported."
        )
    _of_program = False
    pop_level()


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
    level = (0 if _of_program else -1) if level is None else level
    if level < 0:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to "
            "enter_dual_level() first."
        )
    for name, given in (("primal", tensor), ("tangent", tangent)):
        if given.dtype.category < dtypes.FLOAT:
            raise ValueError(
                f"Expected {name} to be floating point or complex, but got: {given.dtype}"
            )
    if tangent_of(tensor, level) is not None:
        raise RuntimeError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the "
            f"same level {level} is not supported."
        )
    if tangent_of(tangent, level) is not None:
        raise RuntimeError(
            "Setting a forward grad that itself has a forward gradient at the same "
            f"level{level} is not supported."
        )
    check_size(tensor, tangent)
    with below(level):
        out = tensor.view_as(tensor)
    attach(out, tangent, level)
    return out


def check_size(tensor: Any, tangent: Any) -> None:
    """Raise RuntimeError for a tangent of another shape."""
    if tensor.shape != tangent.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original "
            f"Tensor, this is not supported. Tensor is of size {list(tensor.shape)} while the "
            f"given forward gradient is of size {list(tangent.shape)}."
        )


def unpack_dual(tensor: Any, *, level: int | None = None) -> UnpackedDualTensor:
    """(primal, tangent); the tangent is None for a tensor that carries none."""
    level = 0 if level is None else level
    tangent = tangent_of(tensor, level)
    if tangent is None:
        return UnpackedDualTensor(tensor, None)
    with below(level):
        return UnpackedDualTensor(tensor.view_as(tensor), tangent)


# ---------------------------------------------------------------- the tangents of a tensor


def tangent_of(t: Any, level: int) -> Any:
    """The tangent of a tensor at `level`, or None."""
    if mode.state & TRANSFORM:
        from ..func.levels import tangent_of_batched

        return tangent_of_batched(t, level)
    return None if t._tangent is None else t._tangent.get(level)


def attach(t: Any, tangent: Any, level: int) -> None:
    """Give a tensor its tangent until the level ends."""
    if mode.state & TRANSFORM:
        from ..func.levels import in_sight

        t, tangent = in_sight(t, tangent)
    if t._tangent is None:
        t._tangent = {}
    if level not in t._tangent:
        _duals[level].append(weakref.ref(t))
    t._tangent[level] = tangent


def levels_of(tensors: Iterable[Any]) -> list[int]:
    """The levels to look at that some of `tensors` have a tangent of, lowest first."""
    found = {level for t in tensors if t._tangent is not None for level in t._tangent}
    return sorted(level for level in found if level < _active)


def inherit(t: Tensor, other: Tensor) -> None:
    """Give `t` the tangents of `other`."""
    for level in levels_of([other]):
        attach(t, other._tangent[level], level)
