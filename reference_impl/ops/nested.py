"""Python data as arrays: what ``torch.tensor`` reads.

Three walks, in PyTorch's order, since each has its own complaints: the shape (along the first
elements), the dtype (over everything, promoting), the values (each checked against both)::

    [[1, 2], [3, 4.5]]      shape (2, 2), int64 and float -> the default dtype, four numbers
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..dtypes import dtype
from ..tensor import Tensor

_PLAIN = {bool, int, float}
_TEXT = (str, bytes)


def from_data(data: Any, d: dtype | None) -> np.ndarray:
    """Numbers, in nested sequences or not, as an array; `d` None infers the dtype.

    Raises TypeError, ValueError or RuntimeError, as PyTorch does, for what is no such thing.
    """
    if isinstance(data, _TEXT):
        raise TypeError(f"new(): invalid data type '{errors.type_name(data)}'")
    shape = _shape(data)
    leaves = [data] if not shape else None
    if d is None:
        d = inferred_dtype(data)
    if leaves is None:
        leaves = list(_leaves(data, shape, 0)) if all(shape) else []
    return stored(leaves, d).reshape(shape)


def _is_sequence(value: Any) -> bool:
    if type(value) in (list, tuple):
        return True
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    if isinstance(value, (Tensor, np.generic, dict, type)):
        return False
    return hasattr(value, "__getitem__") and hasattr(value, "__len__")


def _shape(data: Any) -> tuple[int, ...]:
    """The lengths met on the way along first elements."""
    shape: list[int] = []
    while _is_sequence(data):
        if isinstance(data, _TEXT):
            raise ValueError(f"too many dimensions '{errors.type_name(data)}'")
        shape.append(len(data))
        if not shape[-1]:
            break
        try:
            data = data[0]
        except Exception:
            kind = errors.type_name(data)
            raise ValueError(f"could not determine the shape of object type '{kind}'") from None
    return tuple(shape)


def inferred_dtype(data: Any) -> dtype:
    """The dtype of a number, an array, or the promotion of everything in a sequence."""
    if isinstance(data, (np.ndarray, np.generic)):
        return dtypes.of(data.dtype)
    if isinstance(data, (float, bool, int, complex)):
        return dtypes.of_number(data)
    if isinstance(data, Tensor):
        return data.dtype
    if isinstance(data, _TEXT):
        raise TypeError(f"new(): invalid data type '{errors.type_name(data)}'")
    if not _is_sequence(data):
        raise RuntimeError(f"Could not infer dtype of {errors.type_name(data)}")
    kinds = set(map(type, data))
    if kinds and kinds <= _PLAIN:
        return max((dtypes.of_number(k()) for k in kinds), key=lambda d: d.category)
    found = None
    for item in data:
        if item is data:
            raise TypeError("new(): self-referential lists are incompatible")
        d = inferred_dtype(item)
        found = d if found is None else dtypes.promote_types(found, d)
    return found or dtypes.get_default_dtype()


def _leaves(data: Any, shape: tuple[int, ...], level: int) -> Iterator[Any]:
    """The numbers of nested sequences, each of which must have the length that `shape` says."""
    if not _is_sequence(data):
        raise TypeError("not a sequence")
    if len(data) != shape[level]:
        raise ValueError(
            f"expected sequence of length {shape[level]} at dim {level} (got {len(data)})"
        )
    if level + 1 == len(shape):
        yield from data
        return
    if level == 0 and any(isinstance(item, np.ndarray) for item in data):
        errors.warn_once(
            "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider "
            "converting the list to a single numpy.ndarray with numpy.array() before converting "
            "to a tensor.",
            stacklevel=5,
        )
    for item in data:
        yield from _leaves(item, shape, level + 1)


# ---------------------------------------------------------------- values


def stored(values: list[Any], d: dtype) -> np.ndarray:
    """Python numbers as a flat array of dtype `d`.  Raises where one does not fit."""
    if d.category == dtypes.BOOL:
        return np.array([bool(v) for v in values], np.bool_)
    if d.category == dtypes.INTEGER:
        return np.array([_wrapped(_integer(v), v, d) for v in values], d.numpy)
    if d.category == dtypes.FLOAT:
        plain = set(map(type, values)) <= _PLAIN
        numbers = np.array(values if plain else [_real(v) for v in values], np.float64)
        return _rounded(numbers, d)
    return np.array([_complex(v) for v in values], np.complex128).astype(d.numpy)


def _rounded(numbers: np.ndarray, d: dtype) -> np.ndarray:
    """Doubles in `d`; half precision is reached by way of float32, as in PyTorch."""
    if d.itemsize == 2:
        numbers = numbers.astype(np.float32)
    return numbers.astype(d.numpy, copy=False)


def _number(value: Any) -> Any:
    """The number in a one-element tensor; any other value unchanged."""
    if not isinstance(value, Tensor):
        return value
    errors.warn_of_lost_history(value, stacklevel=7)
    return value._data.item() if value._data.size == 1 else value


def _real(value: Any) -> float:
    value = _number(value)
    if isinstance(value, (complex, *_TEXT)) or not hasattr(value, "__float__"):
        raise TypeError(f"must be real number, not {errors.type_name(value)}")
    return float(value)


def _complex(value: Any) -> complex:
    value = _number(value)
    return complex(value if isinstance(value, (complex, np.complexfloating)) else _real(value))


def _integer(value: Any) -> int | None:
    """The whole part of a number; None for nan and inf."""
    value = _number(value)
    if isinstance(value, (float, np.floating)):
        return int(value) if np.isfinite(value) else None
    if not hasattr(value, "__index__"):
        name = errors.type_name(value)
        raise TypeError(f"'{name}' object cannot be interpreted as an integer")
    return int(value.__index__())


def _wrapped(whole: int | None, value: Any, d: dtype) -> int:
    """`whole` within the range of `d`; unsigned types take negative numbers modulo their range."""
    info = np.iinfo(d.numpy)
    if whole is not None and info.min <= whole <= info.max:
        return whole
    if whole is not None and d.itemsize == 8 and isinstance(value, int):
        raise ValueError("Overflow when unpacking long long")
    if whole is not None and info.min == 0 and -info.max <= whole < 0:
        return whole + info.max + 1
    raise RuntimeError(f"value cannot be converted to type {d.name} without overflow")


def factor(value: Any, storage: np.dtype) -> Any:
    """A Python number as the NumPy scalar that multiplies an array of dtype `storage`.

    Raises RuntimeError for a complex number and a real array.
    """
    if isinstance(value, complex) and storage.kind != "c":
        if value.imag:
            raise errors.does_not_fit(dtypes.of(storage))
        value = value.real
    return storage.type(value)


def filled_value(value: Any, d: dtype) -> Any:
    """A Python number as the NumPy scalar that fills a tensor of dtype `d`.

    Raises RuntimeError if it does not fit (a complex one into a real tensor, 300 into uint8).
    """
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise OverflowError("int too big to convert")
    if d.category == dtypes.COMPLEX:
        return d.numpy.type(value)
    if isinstance(value, (complex, np.complexfloating)):
        if value.imag:
            raise errors.does_not_fit(d)
        value = value.real
    if d.category == dtypes.BOOL:
        return np.bool_(bool(value))
    if d.category == dtypes.FLOAT:
        filled = _rounded(np.asarray(value, np.float64), d)[()]
        if np.isinf(filled) and not np.isinf(value):
            raise errors.does_not_fit(d)
        return filled
    whole = _integer(value)
    info = np.iinfo(d.numpy)
    if whole is not None and info.min == 0 and -info.max <= whole < 0:
        whole += info.max + 1
    if whole is None or not info.min <= whole <= info.max:
        raise errors.does_not_fit(d)
    return d.numpy.type(whole)
