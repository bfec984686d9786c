"""How elements lie in memory: strides and memory formats.

PyTorch counts strides in elements, NumPy in bytes.  Which memory an array looks at is the business
of ``storage.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .backend import xp_of


class layout:
    """How a tensor is stored; the reference knows ``torch.strided`` only."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"torch.{self._name}"

    def __reduce__(self) -> str:
        return self._name


class memory_format(layout):
    """In which order the dimensions of a new tensor lie in memory."""


strided = layout("strided")
_others = {name: layout(name) for name in ("sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr",
    "sparse_bsc", "jagged")}  # fmt: skip
contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")

PUBLIC = {
    "layout": layout, "memory_format": memory_format, "strided": strided,
    "contiguous_format": contiguous_format, "preserve_format": preserve_format,
    "channels_last": channels_last, "channels_last_3d": channels_last_3d, **_others,
}  # fmt: skip

_ORDERS = {contiguous_format: None, channels_last: (0, 2, 3, 1), channels_last_3d: (0, 2, 3, 4, 1)}


def element_strides(array: Any) -> tuple[int, ...]:
    """Strides in elements.  Where nothing lies in memory they follow from the shape."""
    size = array.dtype.itemsize
    if array.size == 0:
        return contiguous_strides(array.shape)
    return tuple(s // size for s in array.strides)


def contiguous_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides, in elements, of a tensor stored row by row."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= max(n, 1)
    return tuple(reversed(strides))


def view_strides(
    shape: Sequence[int], strides: Sequence[int], target: Sequence[int]
) -> tuple[int, ...] | None:
    """The strides with which memory of `shape` and `strides` is seen as `target`, or None.

    Dimensions that follow each other without a gap form a block; each block must hold a whole
    number of the target's dimensions.  Source: ATen/TensorUtils.cpp, computeStride.
    """
    out = [0] * len(target)
    at = len(target) - 1
    step, elements, filled = strides[-1] if strides else 1, 1, 1
    for i in reversed(range(len(shape))):
        elements *= shape[i]
        ends = i == 0 or (shape[i - 1] != 1 and strides[i - 1] != elements * step)
        if not ends:
            continue
        while at >= 0 and (filled < elements or target[at] == 1):
            out[at] = filled * step
            filled *= target[at]
            at -= 1
        if filled != elements:
            return None
        if i > 0:
            step, elements, filled = strides[i - 1], 1, 1
    return tuple(out) if at < 0 else None


def seen_as(array: Any, shape: tuple[int, ...]) -> Any | None:
    """`array`'s memory in another shape of equal size, or None where that takes a copy."""
    if array.flags.c_contiguous:
        return array.reshape(shape)
    if array.ndim == 0 or array.size == 0:
        return array.reshape(shape)
    strides = view_strides(array.shape, array.strides, shape)
    return None if strides is None else restride(array, shape, strides)


def restride(array: Any, shape: Sequence[int], strides: Sequence[int]) -> Any:
    """A writeable view of the same memory with other `shape` and `strides` (in bytes)."""
    if isinstance(array, np.generic):
        array = np.asarray(array)
    if not isinstance(array, np.ndarray):
        return xp_of(array).lib.stride_tricks.as_strided(array, shape, strides)
    if array.flags.c_contiguous and array.size:  # ten times as fast
        return np.ndarray(shape, array.dtype, array, 0, strides)
    return np.lib.stride_tricks.as_strided(array, shape, strides, writeable=True)


# ---------------------------------------------------------------- new memory


def shares_elements(array: Any) -> bool:
    """Whether several elements lie at one place, as ``expand`` leaves them."""
    if not array.size or 0 not in array.strides:
        return False
    return any(s == 0 and n > 1 for s, n in zip(array.strides, array.shape, strict=True))


def is_dense(array: Any) -> bool:
    """Whether the elements fill their memory without gap or overlap, in some order."""
    step = array.dtype.itemsize
    moving = [(s, n) for s, n in zip(array.strides, array.shape, strict=True) if n > 1]
    for stride, n in sorted(moving):
        if stride != step:
            return False
        step *= n
    return True


def empty_like(array: Any, dtype: Any = None, memory_format: Any = None) -> Any:
    """Uninitialised memory for the same shape, laid out like `array` or as `memory_format` says."""
    xp = xp_of(array)
    dtype = array.dtype if dtype is None else dtype
    if memory_format is None or memory_format is preserve_format:
        if array.flags.c_contiguous:
            return xp.empty(array.shape, dtype)
        return _in_order(xp, array.shape, dtype, _dense_order(array))
    order = order_of(memory_format, array.ndim)
    if order is None:
        return xp.empty(array.shape, dtype)
    return _in_order(xp, array.shape, dtype, order)


def copy(array: Any, dtype: Any = None, memory_format: Any = None) -> Any:
    """A copy with memory of its own; see :func:`empty_like`."""
    if isinstance(array, np.generic):
        array = np.asarray(array)
    if array.flags.c_contiguous and (memory_format is None or array.ndim < 3):
        return array.astype(array.dtype if dtype is None else dtype)
    out = empty_like(array, dtype, memory_format)
    out[...] = array
    return out


def order_of(memory_format: Any, ndim: int) -> tuple[int, ...] | None:
    """The dimensions from the outermost in memory inwards; None for row by row."""
    order = _ORDERS[memory_format]
    if order is not None and len(order) != ndim:
        raise RuntimeError(f"required rank {len(order)} tensor to use {memory_format._name} format")
    return order


def is_contiguous(array: Any, memory_format: Any = contiguous_format) -> bool:
    """Whether the elements lie in the order that `memory_format` asks for, without gaps."""
    order = _ORDERS.get(memory_format)
    if order is None:
        return bool(array.flags.c_contiguous)
    return len(order) == array.ndim and bool(array.transpose(order).flags.c_contiguous)


def _in_order(xp: Any, shape: Sequence[int], dtype: Any, order: Sequence[int]) -> Any:
    memory = xp.empty([shape[i] for i in order], dtype)
    return memory.transpose([order.index(i) for i in range(len(order))])


def _dense_order(array: Any) -> list[int]:
    """The dimensions by stride, the largest first; broadcast ones stay where they are.

    Source: c10/core/TensorImpl and ATen/ExpandUtils.cpp, infer_dense_strides.
    """
    shape, strides = array.shape, array.strides
    order = list(range(array.ndim))[::-1]  # from the innermost outwards
    for i in range(1, array.ndim):
        at = i
        for before in reversed(range(i)):
            a, b = order[before], order[at]
            swap = _compare(shape[a], strides[a], shape[b], strides[b])
            if swap > 0:
                order[before], order[at] = b, a
                at = before
            elif swap < 0:
                break
    return order[::-1]


def _compare(n: int, stride: int, m: int, other: int) -> int:
    """Whether a dimension belongs outside the next one: 1 yes, -1 no, 0 cannot be told."""
    if stride == 0 or other == 0:
        return 0
    if stride != other:
        return 1 if stride > other else -1
    return 1 if n > m else 0
