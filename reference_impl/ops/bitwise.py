"""Operations on the bits of integers; on bool tensors they are logic."""

from __future__ import annotations

from typing import Any

from ..op import pointwise

_both: dict[str, Any] = {
    "operands": ("self", "other"),
    "numbers": ("self", "other"),
    "overloads": True,
}


@pointwise(**_both, serves="bi")
def bitwise_and(xp, self, other):
    """The bits that both have."""
    return xp.bitwise_and(self, other)


@pointwise(**_both, serves="bi")
def bitwise_or(xp, self, other):
    """The bits that at least one has."""
    return xp.bitwise_or(self, other)


@pointwise(**_both, serves="bi")
def bitwise_xor(xp, self, other):
    """The bits that exactly one has."""
    return xp.bitwise_xor(self, other)


@pointwise(operands=("self",), serves="bi")
def bitwise_not(xp, self):
    """The bits flipped."""
    return xp.invert(self)


def _bits(x: Any) -> int:
    return int(x.dtype.itemsize * 8)


@pointwise(**_both, serves="i", kernel="lshift_cpu")
def bitwise_left_shift(xp, self, other):
    """The bits moved up by `other` places; 0 where that is negative or too far."""
    valid = (other >= 0) & (other < _bits(self))
    return xp.where(valid, xp.left_shift(self, xp.where(valid, other, 0)), 0).astype(self.dtype)


@pointwise(**_both, serves="i", kernel="rshift_cpu")
def bitwise_right_shift(xp, self, other):
    """The bits moved down by `other` places, the sign kept."""
    far = _bits(self) - 1
    valid = (other >= 0) & (other <= far)
    return xp.right_shift(self, xp.where(valid, other, far)).astype(self.dtype)
