"""``torch.autograd.Variable``: from before 2018, when a tensor had no history of its own."""

from __future__ import annotations

import warnings
from typing import Any

from .. import errors
from ..tensor import Tensor

__all__ = ["Variable"]


class _VariableMeta(type):
    """``isinstance(tensor, Variable)`` holds for every tensor."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_VariableMeta):
    """``Variable(data)`` is a leaf of the same memory as the tensor `data`.

    Raises TypeError where `data` is no tensor, RuntimeError where a gradient is asked for and the
    dtype has none.
    """

    def __new__(  # type: ignore[misc]  # it makes Tensors, there are no instances
        cls,
        data: Tensor | None = None,
        requires_grad: bool = False,
        volatile: bool = False,
    ) -> Tensor:
        if data is None:
            data = Tensor()
        if not isinstance(data, Tensor):
            kind = errors.type_name(data)
            raise TypeError(f"Variable data has to be a tensor, but got {kind}")
        if volatile:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.",
                UserWarning,
                stacklevel=2,
            )
        return data.detach().requires_grad_(bool(requires_grad))
