"""Functions made of several operations that autocast lists by their own name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..autograd.grad_mode import AUTOCAST, mode


def autocasts(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: under autocast the arguments are cast as for the operation `name`."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if mode.state & AUTOCAST:
                from ..amp.autocast_mode import cast_arguments

                values = cast_arguments(name, [*args, *kwargs.values()])
                args = tuple(values[: len(args)])
                kwargs = dict(zip(kwargs, values[len(args) :], strict=True))
            return function(*args, **kwargs)

        return call

    return declare
