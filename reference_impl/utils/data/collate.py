"""How a list of items becomes a batch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from ... import dtypes
from ...ops.create import as_tensor, tensor
from ...ops.join import stack
from ...tensor import Tensor

__all__ = ["default_collate", "default_convert"]

_NOT_COLLATED = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)


def default_collate(batch: Any) -> Any:
    """Items to a batch: tensors and arrays stacked, numbers in a tensor, containers by element.

    Raises TypeError for other types, RuntimeError for sequences of different lengths.
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return stack(list(batch), 0)
    if isinstance(first, np.ndarray):
        if first.dtype.kind in "SaUO":
            raise TypeError(_NOT_COLLATED.format(first.dtype))
        return stack([as_tensor(b) for b in batch], 0)
    if isinstance(first, (np.bool_, np.number)) and not isinstance(first, (float, complex)):
        return as_tensor(batch)
    if isinstance(first, float):
        return tensor(batch, dtype=dtypes.float64)
    if isinstance(first, int):
        return tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _like_mapping(first, lambda k: default_collate([d[k] for d in batch]))
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(s) for s in zip(*batch, strict=False)))
    if isinstance(first, Sequence):
        if any(len(item) != len(first) for item in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        columns = [default_collate(samples) for samples in zip(*batch, strict=True)]
        return columns if isinstance(first, tuple) else _like_sequence(first, columns)
    raise TypeError(_NOT_COLLATED.format(type(first)))


def default_convert(data: Any) -> Any:
    """A single item with its NumPy arrays as tensors."""
    if isinstance(data, Tensor):
        return data
    if isinstance(data, (np.ndarray, np.generic)):
        return data if data.dtype.kind in "SaUO" else as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, lambda k: default_convert(data[k]))
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, tuple):
        return [default_convert(d) for d in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, [default_convert(d) for d in data])
    return data


def _like_mapping(example: Any, value: Callable[[Any], Any]) -> Any:
    """A mapping of the type of `example`, if that can be made, with new values."""
    made = {k: value(k) for k in example}
    try:
        if isinstance(example, MutableMapping):
            clone = copy.copy(example)
            clone.update(made)
            return clone
        return type(example)(made)  # type: ignore[call-arg]
    except TypeError:
        return made


def _like_sequence(example: Any, values: list[Any]) -> Any:
    try:
        if isinstance(example, MutableSequence):
            clone = copy.copy(example)
            for i, v in enumerate(values):
                clone[i] = v
            return clone
        return type(example)(values)
    except TypeError:
        return values
