"""``torch.utils.checkpoint``: forget what a function saved, and compute it again for backward."""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from ..amp.autocast_mode import autocast, get_autocast_dtype, is_autocast_enabled
from ..autograd import backward as run_backward
from ..autograd.engine import running_pass
from ..autograd.function import Function
from ..autograd.grad_mode import enable_grad
from ..missing import names_of
from ..random import get_rng_state, set_rng_state
from ..tensor import Tensor
from .recompute import CheckpointError, Frame

__all__ = [
    "CheckpointError", "CheckpointFunction", "checkpoint", "checkpoint_sequential",
    "noop_context_fn", "set_checkpoint_early_stop",
]  # fmt: skip

_ADVICE = (
    "use_reentrant=False is recommended, but if you need to preserve the current default behavior, "
    "you can pass use_reentrant=True. Refer to docs for more details on the differences between "
    "the two variants."
)


def noop_context_fn() -> tuple[Any, Any]:
    """The default of `context_fn`: contexts that do nothing."""
    return contextlib.nullcontext(), contextlib.nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], Any] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)``, computed again in the backward pass instead of saved.

    The random state is put back for that, unless ``preserve_rng_state=False``.
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. "
            "Starting in PyTorch 2.9, calling checkpoint without use_reentrant will raise an "
            "exception. " + _ADVICE,
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if not use_reentrant:
        return _without_saving(
            function, preserve, context_fn, determinism_check, early_stop, args, kwargs
        )
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if context_fn is not noop_context_fn or debug:
        raise ValueError(
            "Passing `context_fn` or `debug` is only supported when use_reentrant=False."
        )
    return CheckpointFunction.apply(function, preserve, *args)


@contextlib.contextmanager
def _random_state(state: Any) -> Iterator[None]:
    """Inside, random numbers come as from `state` (None: as they come)."""
    if state is None:
        yield
        return
    before = get_rng_state()
    set_rng_state(state)
    try:
        yield
    finally:
        set_rng_state(before)


def _without_saving(
    function: Callable[..., Any], preserve: bool, context_fn: Any, check: str, early_stop: bool,
    args: Any, kwargs: Any,
) -> Any:  # fmt: skip
    """Run a function whose saved tensors are forgotten (recompute.py)."""
    if check not in _DESCRIPTIONS:
        raise ValueError(
            f"determinism_check should be one of {list(_DESCRIPTIONS)}, but got {check}"
        )
    state = get_rng_state() if preserve else None
    forward, again = context_fn()
    precision = _precision()

    def recompute(*args: Any, **kwargs: Any) -> None:
        with contextlib.ExitStack() as stack:
            stack.enter_context(_random_state(state))
            for enter in precision:
                stack.enter_context(enter())
            stack.enter_context(again)
            function(*args, **kwargs)

    early_stop = early_stop if _early_stop[0] is None else _early_stop[0]
    frame = Frame(recompute, _DESCRIPTIONS[check], early_stop, args, kwargs)
    if frame.inputs is None:  # nothing is recorded, so nothing is saved
        return function(*args, **kwargs)
    with frame.forgetting(), forward:
        result = function(*args, **kwargs)
    frame.completed = True
    return result


def _precision() -> list[Callable[[], Any]]:
    """Contexts of automatic mixed precision as it is now."""
    return [
        functools.partial(
            autocast, kind, dtype=get_autocast_dtype(kind), enabled=is_autocast_enabled(kind)
        )
        for kind in ("cpu", "cuda")
        if is_autocast_enabled(kind)
    ]


_DESCRIPTIONS: dict[str, Callable[[Tensor], Any] | None] = {
    "default": lambda t: {"shape": t.shape, "dtype": t.dtype, "device": t.device},
    "none": None,
}
_early_stop: list[bool | None] = [None]


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Whether functions checkpointed inside run again only as far as their last saved tensor."""
    before, _early_stop[0] = _early_stop[0], enable
    try:
        yield
    finally:
        _early_stop[0] = before


class CheckpointFunction(Function):
    """The reentrant variant: one node, whose backward runs the function and a backward pass."""

    @staticmethod
    def forward(ctx: Any, run_function: Any, preserve_rng_state: bool, *args: Any) -> Any:
        ctx.run_function = run_function
        ctx.state = get_rng_state() if preserve_rng_state else None
        ctx.args = [None if isinstance(a, Tensor) else a for a in args]
        ctx.places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        ctx.save_for_backward(*(a for a in args if isinstance(a, Tensor)))
        if not any(a.requires_grad for a in args if isinstance(a, Tensor)):
            warnings.warn(
                "None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2
            )
        return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        task = running_pass()
        if task is not None and task.wanted is not None:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or "
                "passing an `inputs` parameter to .backward(). To resolve this error, you can "
                "either set use_reentrant=False, or call .backward() without passing the `inputs` "
                "argument."
            )
        inputs = list(ctx.args)
        for i, t in zip(ctx.places, ctx.saved_tensors, strict=True):
            inputs[i] = t.detach()._require_grad(t.requires_grad)
        with _random_state(ctx.state), enable_grad():
            outputs = ctx.run_function(*inputs)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        pairs = [
            (o, g)
            for o, g in zip(outputs, grads, strict=True)
            if isinstance(o, Tensor) and o.requires_grad
        ]
        if not pairs:
            raise RuntimeError(
                "none of output has requires_grad=True, this checkpoint() is not necessary"
            )
        run_backward([o for o, _ in pairs], [g for _, g in pairs])
        return (None, None, *(x._grad if isinstance(x, Tensor) else None for x in inputs))


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """A chain of functions in so many segments, all but the last checkpointed."""
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be "
            "passed explicitly. In version 2.9 we will raise an exception if use_reentrant is not "
            "passed. " + _ADVICE,
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    chain = list(functions.children() if hasattr(functions, "children") else functions)
    size = len(chain) // segments

    def part(start: int, end: int) -> Callable[[Any], Any]:
        def run(x: Any) -> Any:
            for f in chain[start:end]:
                x = f(x)
            return x

        return run

    last = size * (segments - 1)
    for start in range(0, last, size or 1):
        input = checkpoint(
            part(start, start + size), input, use_reentrant=use_reentrant,
            preserve_rng_state=preserve,
        )  # fmt: skip
    return part(last, len(chain))(input)


__getattr__ = names_of(__name__)
