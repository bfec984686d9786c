"""``__torch_function__``: classes that take part in operations.

A subclass of Tensor (or any class with ``__torch_function__``) among the arguments is asked first.
Tensor's own answer runs the operation as usual and turns the results into the subclass.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from . import functional
from .autograd.grad_mode import OVERRIDE, mode
from .missing import names_of
from .tensor import PLAIN, Tensor, adopt

__all__ = ["handle_torch_function", "has_torch_function", "is_tensor_like"]

# Methods that are no operations, of which a subclass is told too.
_TOLD = (
    "__repr__", "backward", "detach", "detach_", "item", "new_empty", "new_empty_strided",
    "new_full", "new_ones", "new_tensor", "new_zeros", "numpy", "register_hook",
    "requires_grad_", "retain_grad", "tolist",
)  # fmt: skip
# Methods that PyTorch writes in Python.
_PYTHON_METHODS = {"__repr__", "backward", "norm", "register_hook", "split", "unique"}


def _disabled_torch_function_impl(*args: Any, **kwargs: Any) -> Any:
    """The ``__torch_function__`` of classes (like nn.Parameter) whose results are plain tensors."""
    return NotImplemented


def _takes_part(kind: type) -> bool:
    method = getattr(kind, "__torch_function__", None)
    return (
        method is not None
        and kind not in PLAIN
        and method is not _disabled_torch_function_impl
        and getattr(method, "__func__", None) is not _disabled_torch_function_impl
    )


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether any argument has a ``__torch_function__`` of its own that is not switched off."""
    return not mode.state & OVERRIDE and any(_takes_part(type(a)) for a in relevant_args)


def is_tensor_like(inp: Any) -> bool:
    return isinstance(inp, Tensor) or hasattr(inp, "__torch_function__")


def handle_torch_function(
    public_api: Callable[..., Any], relevant_args: Iterable[Any], *args: Any, **kwargs: Any
) -> Any:
    """Ask the arguments' ``__torch_function__``, subclasses first, until one answers."""
    overloaded = _overloaded(relevant_args)
    types = tuple(type(a) for a in overloaded)
    for argument in overloaded:
        result = type(argument).__torch_function__(public_api, types, args, kwargs)
        if result is not NotImplemented:
            return result
    raise TypeError(_unanswered(public_api, types))


def _unanswered(function: Callable[..., Any], types: tuple[type, ...]) -> str:
    """What is said when no class answered: PyTorch's Python and its C++ have each their words."""
    name = getattr(function, "__name__", str(function))
    method = Tensor.__dict__.get(name) is function
    if method and name in _PYTHON_METHODS:
        home = "torch._tensor"
    elif not method and name in functional.__all__:
        home = "torch.functional"
    elif ".nn.functional." in getattr(function, "__module__", "") and not hasattr(function, "op"):
        home = "torch.nn.functional"
    else:
        place = "torch.Tensor" if method else "torch"
        asked = "\n".join(f"  - tensor subclass {t}" for t in types)
        return (
            f"Multiple dispatch failed for '{place}.{name}'; all __torch_function__ handlers "
            f"returned NotImplemented:\n\n{asked}\n\n"
            "For more information, try re-running with TORCH_LOGS=not_implemented"
        )
    return (
        f"no implementation found for '{home}.{name}' on types that implement "
        f"__torch_function__: {list(types)}"
    )


def _overloaded(relevant_args: Iterable[Any]) -> list[Any]:
    """One argument of each class that takes part; a subclass goes before its base."""
    found: list[Any] = []
    for a in relevant_args:
        if not _takes_part(type(a)) or any(type(a) is type(f) for f in found):
            continue
        at = next((i for i, f in enumerate(found) if issubclass(type(a), type(f))), len(found))
        found.insert(at, a)
    return found


@contextlib.contextmanager
def disabled() -> Iterator[None]:
    """Inside, subclasses are treated as plain tensors."""
    before = mode.state
    mode.state = before | OVERRIDE
    try:
        yield
    finally:
        mode.state = (mode.state & ~OVERRIDE) | (before & OVERRIDE)


def default_torch_function(
    cls: type, func: Callable[..., Any], types: Any, args: Any, kwargs: Any
) -> Any:
    """Run `func` on the arguments as plain tensors and make the results instances of `cls`."""
    if not all(issubclass(cls, t) for t in types):
        return NotImplemented
    with disabled():
        result = func(*args, **kwargs)
    return _converted(result, cls)


def _converted(result: Any, cls: type) -> Any:
    if cls is Tensor:
        return result
    if isinstance(result, Tensor) and not isinstance(result, cls):
        return adopt(result, cls)
    if isinstance(result, (tuple, list)):
        made = [_converted(r, cls) for r in result]
        if hasattr(result, "_fields") or type(result) not in (tuple, list):
            return type(result)(*made) if hasattr(result, "_fields") else type(result)(made)
        return type(result)(made)
    return result


def tell_of_methods(cls: type[Tensor]) -> None:
    """Let a subclass that takes part be told of its methods that are no operations.

    They are wrapped for the subclass alone, so that plain tensors pay nothing.
    """
    if not _takes_part(cls):
        return
    for name in _TOLD:
        plain = Tensor.__dict__[name]
        if getattr(cls, name) is plain:  # neither its own nor told of by a base
            setattr(cls, name, _told(plain))
    if cls.data is Tensor.data:
        cls.data = property(_told(Tensor.data.__get__), Tensor.data.__set__)  # type: ignore


def _told(plain: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(plain)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = override(plain, (self,), (self, *args), kwargs)
        return plain(self, *args, **kwargs) if answer is NotImplemented else answer

    return method


def asking(function: Callable[..., Any]) -> Callable[..., Any]:
    """Ask the class of the first argument before a function that is no operation."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if args and type(args[0]) not in PLAIN:
            answer = override(call, args[:1], args, kwargs)
            if answer is not NotImplemented:
                return answer
        return function(*args, **kwargs)

    return call


def override(function: Callable[..., Any], found: Sequence[Any], args: Any, kwargs: Any) -> Any:
    """The answer of the classes among `found`, or NotImplemented if none takes part."""
    if not has_torch_function(found):
        return NotImplemented
    return handle_torch_function(function, found, *args, **kwargs)


__getattr__ = names_of(__name__)
