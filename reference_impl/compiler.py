"""``torch.compile`` and ``torch.compiler``, as PyTorch has them with compilation switched off.

There is no compiler here.  PyTorch's own programs run without theirs when ``TORCH_COMPILE_DISABLE``
is set or ``disable=True`` is given: ``compile`` then returns the very function or module that it
was given, and questions such as ``is_compiling()`` answer no.  That is what all of this does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from .missing import names_of

__all__ = [
    "allow_in_graph", "assume_constant_result", "compile", "cudagraph_mark_step_begin", "disable",
    "get_default_backend", "is_compiling", "is_dynamo_compiling", "is_exporting", "reset",
    "set_default_backend", "set_stance",
]  # fmt: skip
_backend: list[Any] = ["inductor"]


def compile(
    model: Callable[..., Any] | None = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | Callable[..., Any] | None = None,
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    disable: bool = False,
) -> Any:
    """`model` itself: it runs as it is, as with ``disable=True``.  Without one, a decorator.

    Raises RuntimeError if both `mode` and `options` are given.
    """
    if mode is not None and options is not None:
        raise RuntimeError(
            "Either mode or options can be specified, but both can't be specified at the same time."
        )
    return (lambda model: model) if model is None else model


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """`fn` itself: nothing is compiled anyway.  Without one, a decorator."""
    return (lambda fn: fn) if fn is None else fn


def allow_in_graph(fn: Any) -> Any:
    """`fn` itself."""
    return fn


def assume_constant_result(fn: Any) -> Any:
    """`fn` itself."""
    return fn


def is_compiling() -> bool:
    """No."""
    return False


def is_dynamo_compiling() -> bool:
    """No."""
    return False


def is_exporting() -> bool:
    """No."""
    return False


def reset() -> None:
    """Forget what was compiled: nothing."""


def cudagraph_mark_step_begin() -> None:
    """Accepted and ignored."""


def set_default_backend(backend: str | Callable[..., Any] | None) -> None:
    """Note which backend ``compile`` is to use; None restores PyTorch's."""
    _backend[0] = "inductor" if backend is None else backend


def get_default_backend() -> Any:
    """What ``set_default_backend`` was told."""
    return _backend[0]


@contextlib.contextmanager
def set_stance(stance: str = "default", **kwargs: Any) -> Iterator[None]:
    """Accepted and ignored, as a context too."""
    yield


__getattr__ = names_of(__name__)
