"""``__torch_function__``: classes that take part in operations.

A subclass of Tensor (or any class with ``__torch_function__``) among the arguments is asked first.
Tensor's own answer runs the operation as usual and turns the results into the subclass.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from .autograd.grad_mode import OVERRIDE, mode
from .missing import names_of
from .tensor import Tensor, adopt

__all__ = ["handle_torch_function", "has_torch_function", "is_tensor_like"]


def _disabled_torch_function_impl(*args: Any, **kwargs: Any) -> Any:
    """The ``__torch_function__`` of classes (like nn.Parameter) whose results are plain tensors."""
    return NotImplemented


def _takes_part(t: Any) -> bool:
    method = getattr(type(t), "__torch_function__", None)
    return (
        method is not None
        and type(t) is not Tensor
        and method is not _disabled_torch_function_impl
        and getattr(method, "__func__", None) is not _disabled_torch_function_impl
    )


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether any argument has a ``__torch_function__`` of its own that is not switched off."""
    return not mode.state & OVERRIDE and any(_takes_part(a) for a in relevant_args)


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
    name = getattr(public_api, "__name__", str(public_api))
    raise TypeError(
        f"no implementation found for 'torch.{name}' on types that implement __torch_function__: "
        f"{list(types)}"
    )


def _overloaded(relevant_args: Iterable[Any]) -> list[Any]:
    """One argument of each class that takes part; a subclass goes before its base."""
    found: list[Any] = []
    for a in relevant_args:
        if not _takes_part(a) or any(type(a) is type(f) for f in found):
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


def override(function: Callable[..., Any], found: Sequence[Any], args: Any, kwargs: Any) -> Any:
    """The answer of the classes among `found`, or NotImplemented if none takes part."""
    if not has_torch_function(found):
        return NotImplemented
    return handle_torch_function(function, found, *args, **kwargs)


__getattr__ = names_of(__name__)
