"""``nn.Parameter`` and ``nn.Buffer``: tensors that modules recognise as theirs."""

from __future__ import annotations

from typing import Any

from ..missing import names_of
from ..op import PLAIN
from ..overrides import _disabled_torch_function_impl
from ..tensor import Tensor, adopt, wrap

__all__ = ["Buffer", "Parameter", "UninitializedParameter"]


class _ParameterMeta(type):
    """``isinstance(tensor, Parameter)`` holds for a subclass's tensor marked as one."""

    def __instancecheck__(cls, instance: Any) -> bool:
        if super().__instancecheck__(instance):
            return True
        return isinstance(instance, Tensor) and getattr(instance, "_is_param", False)


class Parameter(Tensor, metaclass=_ParameterMeta):
    """A leaf that a Module lists among its parameters; requires grad unless told otherwise."""

    __slots__ = ()
    __torch_function__ = classmethod(_disabled_torch_function_impl)  # type: ignore[assignment]

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        if data is None:
            from ..ops.create import empty

            data = empty(0)
        detached = data.detach()
        if type(data) is Tensor or type(data) is Parameter:
            made = adopt(detached, cls)
        else:  # a tensor subclass stays what it is, and is marked
            made = adopt(detached, type(data))
            made._is_param = True
        made._counter = [0]
        if requires_grad:
            made.requires_grad_()
        return made

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __reduce_ex__(self, protocol: Any) -> Any:
        from .._utils import _rebuild_parameter

        return _rebuild_parameter, (wrap(self._data), self.requires_grad, {})


PLAIN.add(Parameter)


class Buffer(Tensor):
    """A tensor that a Module registers as a buffer when it is assigned."""

    __slots__ = ()

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        if data is None:
            from ..ops.create import empty

            data = empty(0)
        made = adopt(data.detach(), Tensor)
        made._is_buffer, made.persistent = True, persistent
        return made


class UninitializedParameter(Parameter):
    """A parameter whose shape is not known yet (lazy modules)."""


__getattr__ = names_of(__name__)
