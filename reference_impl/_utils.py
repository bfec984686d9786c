"""How saved tensors are rebuilt (``torch._utils``).

A file names these functions as PyTorch's; loading calls them with what the file says.  They check
it: a file may lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import dtypes
from .backend import xp_of
from .op import PLAIN
from .storage import TypedMemory, array_in
from .tensor import Tensor, adopt, wrap


def _rebuild_tensor(
    storage: TypedMemory, storage_offset: int, size: Sequence[int], stride: Sequence[int]
) -> Tensor:
    if not isinstance(storage, TypedMemory):
        raise RuntimeError(f"a tensor needs a storage, not {type(storage).__name__}")
    return wrap(array_in(storage.untyped, storage.dtype, storage_offset, size, stride))


def _rebuild_tensor_v2(
    storage: TypedMemory,
    storage_offset: int,
    size: Sequence[int],
    stride: Sequence[int],
    requires_grad: bool,
    backward_hooks: Any,
    metadata: Any = None,
) -> Tensor:
    tensor = _resolved(_rebuild_tensor(storage, storage_offset, size, stride), metadata)
    return tensor._require_grad() if requires_grad else tensor


def _rebuild_tensor_v3(
    storage: TypedMemory,
    storage_offset: int,
    size: Sequence[int],
    stride: Sequence[int],
    requires_grad: bool,
    backward_hooks: Any,
    dtype: dtypes.dtype,
    metadata: Any = None,
) -> Tensor:
    """Of an untyped storage: the dtype is given apart."""
    if not isinstance(storage, TypedMemory) or not isinstance(dtype, dtypes.dtype):
        raise RuntimeError("a tensor needs a storage and a dtype")
    typed = TypedMemory(storage.untyped, dtype)
    return _rebuild_tensor_v2(
        typed, storage_offset, size, stride, requires_grad, backward_hooks, metadata
    )


def _resolved(tensor: Tensor, metadata: Any) -> Tensor:
    """The tensor with PyTorch's lazy conjugation and negation carried out."""
    if not isinstance(metadata, dict):
        return tensor
    data = tensor._data
    if metadata.get("conj"):
        data = xp_of(data).conj(data)
    if metadata.get("neg"):
        data = -data
    return tensor if data is tensor._data else wrap(data)


def _rebuild_parameter(data: Tensor, requires_grad: bool, backward_hooks: Any) -> Any:
    from .nn.parameter import Parameter

    return Parameter(data, bool(requires_grad))


def _rebuild_parameter_with_state(
    data: Tensor, requires_grad: bool, backward_hooks: Any, state: Any
) -> Any:
    return _set_obj_state(_rebuild_parameter(data, requires_grad, backward_hooks), state)


def _rebuild_from_type_v2(func: Any, new_type: type, args: tuple[Any, ...], state: Any) -> Any:
    """A tensor of a subclass, or one with attributes of its own."""
    if not (isinstance(new_type, type) and issubclass(new_type, Tensor)):
        raise RuntimeError(f"{new_type!r} is not a class of tensors")
    result = func(*args)
    if type(result) is not new_type:
        is_leaf_with_grad = result.requires_grad
        result = adopt(result.detach(), new_type)
        if is_leaf_with_grad:
            result._require_grad()
    restore = getattr(result, "__setstate__", None)
    if restore is not None:
        restore(state)
        return result
    return _set_obj_state(result, state)


def _set_obj_state(obj: Any, state: Any) -> Any:
    """Give `obj` the attributes in `state`: a dict, or a pair of one and that of its slots."""
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    for names in (attributes, slots):
        for name, value in (names or {}).items():
            obj.__dict__[name] = value
    return obj


def is_parameter(tensor: Tensor) -> bool:
    """Whether a tensor is an ``nn.Parameter``; asking does not import ``nn``."""
    plain = any(cls in PLAIN and cls is not Tensor for cls in type(tensor).__mro__)
    return plain or bool(tensor.__dict__.get("_is_param"))
