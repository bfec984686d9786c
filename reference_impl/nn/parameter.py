"""``nn.Parameter`` and ``nn.Buffer``: tensors that modules recognise as theirs."""

from __future__ import annotations

from typing import Any

from ..missing import names_of
from ..op import PLAIN
from ..ops.rand_checks import can_require_grad
from ..overrides import _disabled_torch_function_impl, disabled
from ..tensor import Tensor, adopt, wrap

__all__ = [
    "Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter",
    "UninitializedTensorMixin", "is_lazy",
]  # fmt: skip


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
        can_require_grad(detached.dtype, requires_grad)
        if type(data) is Tensor or type(data) is Parameter:
            made = adopt(detached, cls)
        else:  # a tensor subclass stays what it is, and is marked
            made = adopt(detached, type(data))
            made._is_param = True
        made._counter = [0]
        if requires_grad:
            made._require_grad()
        return made

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __reduce_ex__(self, protocol: Any) -> Any:
        from .._utils import _rebuild_parameter

        return _rebuild_parameter, (wrap(self._data), self.requires_grad, {})


PLAIN.add(Parameter)


class _BufferMeta(type):
    """``isinstance(tensor, Buffer)`` holds for what was marked as one."""

    def __instancecheck__(cls, instance: Any) -> bool:
        if cls is Buffer and isinstance(instance, Tensor) and hasattr(instance, "_is_buffer"):
            return True
        return super().__instancecheck__(instance)


class Buffer(Tensor, metaclass=_BufferMeta):
    """A tensor that a Module registers as a buffer when it is assigned."""

    __slots__ = ()

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        if data is None:
            from ..ops.create import empty

            data = empty(0)
        made = adopt(data.detach(), Tensor)
        if data.requires_grad:
            made._require_grad()
        made._is_buffer, made.persistent = True, persistent
        return made


class UninitializedTensorMixin:
    """A tensor whose shape is not known yet: it can be moved and cast, and no more."""

    cls_to_become: Any = Tensor

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become a tensor of `shape`, of any value."""
        from ..ops.create import empty

        device = self.device if device is None else device  # type: ignore[attr-defined]
        dtype = self.dtype if dtype is None else dtype  # type: ignore[attr-defined]
        self.data = empty(shape, device=device, dtype=dtype)
        self.__class__ = self.cls_to_become

    @property
    def shape(self) -> Any:
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually "
            "happens in `load_state_dict` when trying to load an uninitialized parameter into an "
            "initialized one. Call `forward` to initialize the parameters before accessing their "
            "attributes."
        )

    def share_memory_(self) -> Any:
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to "
            "initialize the parameters before calling `module.share_memory()`."
        )

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.requires_grad,)  # type: ignore[attr-defined]

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, self.device, self.dtype)  # type: ignore
        return memo[id(self)]

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "").strip("_")
        if name in _ALLOWED:
            with disabled():
                return func(*args, **kwargs or {})
        raise ValueError(
            f"Attempted to use an uninitialized parameter in <method '{name}' of "
            "'torch._C.TensorBase' objects>. This error happens when you "
            "are using a `LazyModule` or explicitly manipulating "
            f"`torch.nn.parameter.{cls.__name__}` objects. When using LazyModules Call `forward` "
            "with a dummy batch to initialize the parameters before calling torch functions"
        )


_ALLOWED = {
    "hash", "set", "bfloat16", "char", "copy_", "cpu", "cuda", "detach", "double",
    "float", "get_device", "half", "int", "is_complex", "is_floating_point", "long",
    "requires_grad_", "share_memory_", "short", "size", "to",
}  # fmt: skip


def is_lazy(param: Any) -> bool:
    """Whether `param` waits for its shape."""
    return isinstance(param, UninitializedTensorMixin)


def _empty(requires_grad: bool, device: Any, dtype: Any, cls: Any) -> Any:
    from ..ops.create import empty

    made = adopt(empty(0, device=device, dtype=dtype), cls)
    if requires_grad:
        made._require_grad()
    return made


class UninitializedParameter(UninitializedTensorMixin, Parameter):  # type: ignore[misc]
    """A parameter whose shape is not known yet (lazy modules)."""

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        return _empty(requires_grad, device, dtype, cls)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):  # type: ignore[misc]
    """A buffer whose shape is not known yet."""

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None,
        persistent: bool = True,
    ) -> Any:  # fmt: skip
        made = _empty(requires_grad, device, dtype, cls)
        made._is_buffer, made.persistent = True, persistent
        return made


__getattr__ = names_of(__name__)
