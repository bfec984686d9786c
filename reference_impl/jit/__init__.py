"""``torch.jit``, as PyTorch has it with TorchScript switched off (``PYTORCH_JIT=0``).

There is no compiler here.  ``script`` and ``trace`` return what they were given, a ``ScriptModule``
is a module, and ``is_scripting()`` answers no: programs run as the Python that they are.
"""

from __future__ import annotations

import builtins
import typing
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

from ..missing import names_of
from ..nn import Module

Final = typing.Final


class Attribute(NamedTuple):
    """A value with the type that TorchScript would give it."""

    value: Any
    type: Any


def _deprecated(name: str, instead: str = "switch to `torch.compile` or `torch.export`") -> None:
    warnings.warn(
        f"`torch.jit.{name}` is deprecated. Please {instead}.", DeprecationWarning, stacklevel=3
    )


def script(
    obj: Any,
    optimize: Any = None,
    _frames_up: int = 0,
    _rcb: Any = None,
    example_inputs: Any = None,
) -> Any:
    """`obj` itself: a function, a module or a class."""
    _deprecated("script")
    return obj


def trace(func: Any, example_inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
    """`func` itself: a function or a module.  It is not run."""
    _deprecated("trace")
    return func


def trace_module(mod: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
    """`mod` itself."""
    _deprecated("trace_method")
    return mod


def script_method(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`fn` itself."""
    _deprecated("script_method")
    return fn


def script_if_tracing(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`fn` itself."""
    return fn


def interface(obj: type) -> type:
    """`obj` itself."""
    _deprecated("interface", "use `torch.compile` instead")
    return obj


def export(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`fn` itself."""
    return fn


def unused(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`fn` itself."""
    return fn


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """The function itself; a decorator with or without ``drop``."""
    return drop if callable(drop) else (lambda fn: fn)


def is_scripting() -> bool:
    """No."""
    return False


def is_tracing() -> bool:
    """No."""
    return False


def annotate(the_type: Any, the_value: Any) -> Any:
    """`the_value` itself."""
    return the_value


def isinstance(obj: Any, target_type: Any) -> bool:
    """Whether `obj` is of a type, which may be ``list[int]`` and the like."""
    origin, inside = typing.get_origin(target_type), typing.get_args(target_type)
    if type(target_type) is tuple or origin is typing.Union:
        return any(isinstance(obj, t) for t in inside or target_type)
    if origin is None:
        return target_type is Any or builtins.isinstance(obj, target_type)
    if not builtins.isinstance(obj, origin):
        return False
    if origin is dict:
        return all(isinstance(k, inside[0]) and isinstance(v, inside[1]) for k, v in obj.items())
    if origin is tuple:
        return len(obj) == len(inside) and all(map(isinstance, obj, inside))
    return all(isinstance(x, inside[0]) for x in obj)


class ScriptModule(Module):
    """A module."""


__getattr__ = names_of(__name__)
