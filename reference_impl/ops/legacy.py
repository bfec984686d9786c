"""The old constructors: ``torch.Tensor(2, 3)``, ``torch.FloatTensor([1, 2])``, ``x.new(...)``."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import backend, dtypes, errors
from ..dtypes import dtype
from ..op import PUBLIC
from ..tensor import Size, Tensor, wrap
from .create import as_size, check_shape
from .nested import from_data
from .parts import alias

_PREFIX = {
    "float32": "Float", "float64": "Double", "float16": "Half", "bfloat16": "BFloat16",
    "uint8": "Byte", "int8": "Char", "int16": "Short", "int32": "Int", "int64": "Long",
    "bool": "Bool", "complex64": "ComplexFloat", "complex128": "ComplexDouble",
    "uint16": "UInt16", "uint32": "UInt32", "uint64": "UInt64",
}  # fmt: skip


_REINFORCE = """reinforce() was removed.
Use torch.distributions instead.
See https://pytorch.org/docs/main/distributions.html

Instead of:

probs = policy_network(state)
action = probs.multinomial()
next_state, reward = env.step(action)
action.reinforce(reward)
action.backward()

Use:

probs = policy_network(state)
# NOTE: categorical is equivalent to what used to be called multinomial
m = torch.distributions.Categorical(probs)
action = m.sample()
next_state, reward = env.step(action)
loss = -m.log_prob(action) * reward
loss.backward()
"""


def type_string(d: dtype, cuda: bool) -> str:
    """The old name of a tensor's type: ``torch.FloatTensor``."""
    return f"torch.{'cuda.' if cuda else ''}{_PREFIX[d.name]}Tensor"


_FORMS = (
    " * (*, torch.device device = None)\n"
    " * (torch.Storage storage)\n"
    " * (Tensor other)\n"
    " * (tuple of ints size, *, torch.device device = None)\n"
    " * (object data, *, torch.device device = None)\n"
)


def legacy_tensor(
    *args: Any, device: Any = None, d: dtype | None = None, size: Any = None, data: Any = None
) -> Tensor:
    """What ``torch.Tensor(...)`` returns: of a size uninitialised, of data a float tensor."""
    if size is not None or data is not None:
        args = (Size(size),) if data is None else (data,)
    where = backend.CPU if device is None else backend.device(device)
    chosen = d or dtypes.get_default_dtype()
    if d is not None and device is not None and not where.type == "cpu":
        raise RuntimeError(
            f"legacy constructor expects device type: cpu but device type: {where.type} was passed"
        )
    if not args:
        return wrap(backend.move(np.empty(0, chosen.numpy), where))
    first = args[0]
    if len(args) == 1 and isinstance(first, Tensor):
        return _alias(first, d)
    if isinstance(first, int) or type(first).__name__ == "Size":
        shape = as_size("new", args)
        check_shape("new", shape)
        return wrap(backend.move(np.empty(shape, chosen.numpy), where))
    if len(args) > 1 and isinstance(first, (tuple, list)):
        raise TypeError(
            f"new() received an invalid combination of arguments - got "
            f"({', '.join(errors.type_name(a) for a in args)}), but expected one of:\n{_FORMS}"
        )
    if isinstance(first, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{errors.type_name(first)}'")
    if len(args) > 1 or not hasattr(first, "__len__"):
        raise TypeError(f"new(): data must be a sequence (got {errors.type_name(first)})")
    if isinstance(first, np.ndarray):
        return wrap(backend.move(first.astype(chosen.numpy), where))
    return wrap(backend.move(from_data(first, chosen), where))


def _alias(other: Tensor, d: dtype | None) -> Tensor:
    if d is not None and other.dtype is not d:
        raise TypeError(f"expected {_PREFIX[d.name]}Tensor (got {_PREFIX[other.dtype.name]}Tensor)")
    return alias(other)


class tensortype(type):
    """The type of ``torch.FloatTensor``: calling it makes a tensor of that dtype."""

    dtype: dtype

    def __call__(cls, *args: Any, **kwargs: Any) -> Tensor:
        return legacy_tensor(*args, d=cls.dtype, **kwargs)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance.is_cpu and instance.dtype is cls.dtype


for _d in {id(d): d for d in dtypes.PUBLIC.values()}.values():
    _name = f"{_PREFIX[_d.name]}Tensor"
    if "UInt" in _name or _d.is_complex:
        continue  # PyTorch has no such class
    PUBLIC[_name] = tensortype(_name, (), {"dtype": _d, "__module__": "torch"})


def new(self: Tensor, *args: Any, device: Any = None, size: Any = None, data: Any = None) -> Tensor:
    """A tensor of this tensor's dtype and device from a size or data (``torch.Tensor(...)``)."""
    where = device or self.device
    return legacy_tensor(*args, device=where, d=self.dtype, size=size, data=data)


Tensor.new = new  # type: ignore[attr-defined]


# ---------------------------------------------------------------- members of older days


def storage(self: Tensor) -> Any:
    """The memory behind a tensor, all of it, as numbers.  Deprecated."""
    from ..typed_storage import storage

    return storage(self)


def storage_type(self: Tensor) -> Any:
    """``torch.FloatStorage`` and the like, by the dtype.  Deprecated."""
    from .. import typed_storage

    return getattr(typed_storage, f"{_PREFIX[self.dtype.name]}Storage")


def is_distributed(self: Tensor) -> bool:
    """No tensor is."""
    return False


def const_data_ptr(self: Tensor) -> int:
    """Where the first element lies in memory."""
    return self.data_ptr()  # type: ignore[attr-defined, no-any-return]


def reinforce(self: Tensor, reward: Any) -> None:
    """Removed from PyTorch.  Raises RuntimeError that names what replaces it."""
    raise RuntimeError(_REINFORCE)


def _volatile(self: Tensor) -> bool:
    warnings.warn(
        "volatile was removed (Variable.volatile is always False)", UserWarning, stacklevel=2
    )
    return False


for _member in (storage, storage_type, is_distributed, const_data_ptr, reinforce):
    setattr(Tensor, _member.__name__, _member)
for _name, _getter in {
    "name": lambda self: None, "volatile": _volatile, "grad_dtype": lambda self: self.dtype,
}.items():  # fmt: skip
    setattr(Tensor, _name, property(_getter))
