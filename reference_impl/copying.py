"""``copy.copy``, ``copy.deepcopy`` and ``pickle`` of tensors.

A deep copy of a view keeps its strides, and two tensors that share memory still share it in the
copy: what is copied is the storage, once.  History is not copied; only leaves can be.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from . import backend, dtypes, errors
from ._utils import is_parameter
from .op import PLAIN
from .storage import UntypedStorage, array_in, storage_of
from .tensor import Tensor, adopt, wrap


def reduce_ex(tensor: Tensor, protocol: Any) -> tuple[Any, ...]:
    """``Tensor.__reduce_ex__``: for plain ``pickle`` and ``copy.copy``.

    ``torch.save`` writes tensors its own way (``_pickler.py``).
    """
    return rebuild, (
        type(tensor),
        backend.move(tensor._data, backend.CPU),
        str(tensor.device),
        tensor.requires_grad,
        dict(tensor.__dict__),
    )


def rebuild(
    cls: type, data: np.ndarray, device: str, requires_grad: bool, attributes: dict[str, Any]
) -> Any:
    """A tensor from what :func:`reduce_ex` gave."""
    tensor = wrap(backend.move(data, device))
    if cls is not Tensor:
        tensor = adopt(tensor, cls)
    if requires_grad:
        tensor._require_grad()
    tensor.__dict__.update(attributes)
    return tensor


def deepcopy(tensor: Tensor, memo: dict[Any, Any]) -> Any:
    """``Tensor.__deepcopy__``.  Raises RuntimeError for a tensor that an operation made."""
    if not tensor.is_leaf:
        raise errors.deepcopy_of_non_leaf()
    if id(tensor) in memo:
        return memo[id(tensor)]
    if is_parameter(tensor) and type(tensor) in PLAIN:
        return _parameter_copy(tensor, memo)
    result = wrap(_copied(tensor._data, memo))
    if type(tensor) is not Tensor:
        result = adopt(result, type(tensor))
    if tensor.requires_grad:
        result._require_grad()
    memo[id(tensor)] = result
    if tensor._grad is not None:
        result._grad = deepcopy(tensor._grad, memo)
    result.__dict__.update(copy.deepcopy(tensor.__dict__, memo))
    return result


def _parameter_copy(parameter: Any, memo: dict[Any, Any]) -> Any:
    """A new parameter, without gradient or attributes."""
    data = wrap(parameter._data.copy(order="K"))
    memo[id(parameter)] = type(parameter)(data, parameter.requires_grad)
    return memo[id(parameter)]


def _copied(array: Any, memo: dict[Any, Any]) -> Any:
    """`array` in a copy of its storage, which is made once."""
    storage, offset, strides = storage_of(array)
    copies = memo.setdefault("torch", {})
    where = storage.data_ptr()
    if where not in copies:
        copies[where] = UntypedStorage(storage._bytes.copy())
    return array_in(copies[where], dtypes.of(array.dtype), offset, array.shape, strides)
