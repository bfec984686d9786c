"""Whether operations record: ``no_grad``, ``enable_grad``, ``inference_mode`` and the like.

All of it is one small per-thread integer that every operation reads once: 0 records nothing, 1
records, and any further bit says that something unusual is active (forward mode, saved-tensor
hooks, ...) and sends the operation down its slow path.
"""

from __future__ import annotations

import functools
import inspect
import threading
import warnings
from collections.abc import Callable
from typing import Any, Self

from .. import errors
from ..missing import names_of

RECORD, INFERENCE, FORWARD, HOOKS, ANOMALY, TRANSFORM, OVERRIDE = 1, 2, 4, 8, 16, 32, 64
# What runs is C++ in PyTorch: there a number takes the overload for a Scalar, so that `x * 2` is
# recorded as MulBackward1, without an edge for the number.
NATIVE = 128
AUTOCAST = 256
UNUSUAL = ~(RECORD | NATIVE)  # any of these sends a call the general way


class _Mode(threading.local):
    """``mode.state``: the bits above."""

    state = RECORD
    transforms = 0  # how many of torch.func's derivatives are being taken


mode = _Mode()


PERHAPS_FUNCTIONAL = " (or perhaps using torch.autograd.functional.* APIs)"


def refuse_in_transform(method: str, perhaps: str = "") -> None:
    """Raise RuntimeError for a method that no function transformed by ``torch.func`` may call."""
    if mode.transforms or mode.state & TRANSFORM:
        raise RuntimeError(
            f"You are attempting to call Tensor.{method}(){perhaps} inside of a function being "
            "transformed by a functorch transform. This is unsupported, please attempt to use the "
            f"functorch transforms (e.g. grad, vjp, jacrev, jacfwd, hessian) or call {method}() "
            "outside of a function being transformed instead."
        )


def is_grad_enabled() -> bool:
    """Whether operations are recorded now."""
    return bool(mode.state & RECORD)


def is_inference_mode_enabled() -> bool:
    """Whether inference mode is on."""
    return bool(mode.state & INFERENCE)


class _ModeContext:
    """A context manager and decorator that sets some bits and puts back what was there before.

    As a decorator it wraps each call; around a generator, each resumption.
    """

    _outer: list[int]

    def _target(self, state: int) -> int:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.__dict__.setdefault("_outer", []).append(mode.state)
        mode.state = self._target(mode.state)
        return self

    def __exit__(self, *exc: object) -> None:
        mode.state = self._outer.pop()

    def clone(self) -> _ModeContext:
        return type(self)()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.isclass(function):
            warnings.warn(
                "Decorating classes is deprecated and will be disabled in future versions. You "
                "should only decorate functions or methods. To preserve the current behavior of "
                "class decoration, you can directly decorate the `__init__` method and nothing "
                "else.",
                FutureWarning,
                stacklevel=2,
            )
            return self._around(lambda *args, **kwargs: function(*args, **kwargs))
        if inspect.isgeneratorfunction(function):
            return self._around_generator(function)
        return self._around(function)

    def _around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return function(*args, **kwargs)

        return inside

    def _around_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            generator = function(*args, **kwargs)
            reply: Any = None
            resume = generator.send
            while True:
                try:
                    with self.clone():
                        value = resume(reply)
                except StopIteration as stop:
                    return stop.value
                try:
                    reply, resume = (yield value), generator.send
                except GeneratorExit:
                    with self.clone():
                        generator.close()
                    raise
                except BaseException as error:
                    reply, resume = error, generator.throw

        return inside


class _OptionalDecorator(_ModeContext):
    """``@no_grad`` works like ``@no_grad()``."""

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        return super().__new__(cls) if function is None else cls()(function)


class no_grad(_OptionalDecorator):
    """Operations inside record no history; results do not require grad."""

    def _target(self, state: int) -> int:
        return state & ~RECORD


class enable_grad(_OptionalDecorator):
    """Operations inside record history, inside ``no_grad`` too."""

    def _target(self, state: int) -> int:
        return state | RECORD


class set_grad_enabled(_ModeContext):
    """Switch recording on or off: takes effect at once, and as a context is undone at its end."""

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            raise errors.argument_must_be("set_grad_enabled", "enabled", 1, "bool", mode)
        self.mode = mode
        self._before = _current()
        _set(self._target(self._before))

    def _target(self, state: int) -> int:
        return state | RECORD if self.mode else state & ~RECORD

    def __enter__(self) -> Self:
        _set(self._target(_current()))
        return self

    def __exit__(self, *exc: object) -> None:
        _set(self._before)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        _set(self._before)
        return super().__call__(function)

    def clone(self) -> set_grad_enabled:
        return type(self)(self.mode)

    def __repr__(self) -> str:
        return f"torch.autograd.grad_mode.set_grad_enabled(mode={self.mode})"


class inference_mode(_ModeContext):
    """Like ``no_grad``, and tensors made inside can never take part in recording."""

    def __new__(cls, mode: Any = True) -> Any:
        return super().__new__(cls) if isinstance(mode, bool) else cls()(mode)

    def __init__(self, mode: bool = True) -> None:
        self.mode = mode

    def _target(self, state: int) -> int:
        return (state & ~RECORD) | INFERENCE if self.mode else (state | RECORD) & ~INFERENCE

    def clone(self) -> inference_mode:
        return type(self)(self.mode)


def _current() -> int:
    return mode.state


def _set(state: int) -> None:
    mode.state = state


class set_multithreading_enabled:
    """Accepted for programs that set it: a backward pass runs in the thread that asked for it."""

    def __init__(self, mode: bool) -> None:
        self.mode, self.prev = mode, _threads.enabled
        _threads.enabled = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        _threads.enabled = self.prev

    def clone(self) -> set_multithreading_enabled:
        return type(self)(self.mode)


def is_multithreading_enabled() -> bool:
    """What ``set_multithreading_enabled`` has set; the backward pass here has one thread."""
    return _threads.enabled


class _Threads(threading.local):
    enabled = True


_threads = _Threads()


__getattr__ = names_of(__name__)
