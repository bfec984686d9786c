"""How ``checkpoint(use_reentrant=False)`` forgets saved tensors and gets them back.

In place of each tensor that the function saves, a `_Holder` is saved.  The first holder that a
backward pass asks for runs the function again; what that run saves goes, in order, to the holders
that are still alive, and stays there until it is asked for or the pass ends.

The function's inputs are saved tensors themselves, of a node of their own: so inside another
checkpoint they are forgotten with all others.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.engine import running_pass
from ..autograd.function import Function
from ..autograd.grad_mode import enable_grad
from ..autograd.graph import saved_tensors_hooks
from ..tensor import Tensor, wrap


class CheckpointError(RuntimeError):
    """The second run of a function did not do what the first did."""


class _Stop(Exception):
    """All that was saved has been computed again."""


class _Holder:
    """What is saved in place of a tensor: the tensor, by backward pass, once computed again."""

    __slots__ = ("__weakref__", "found")

    def __init__(self) -> None:
        self.found: Any = weakref.WeakKeyDictionary()


class _Once:
    """Stands for a backward pass where a saved tensor is looked at outside any."""


class _Inputs(Function):
    """Saves the inputs of a function, and computes nothing."""

    @staticmethod
    def forward(anchor: Tensor, kwargs: dict[str, Any], *args: Any) -> Tensor:
        return wrap(np.zeros(0, np.float32))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        _, ctx.kwargs, *args = inputs
        ctx.places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        ctx.others = [None if isinstance(a, Tensor) else a for a in args]
        ctx.save_for_backward(*(args[i] for i in ctx.places))


class Frame:
    """One checkpointed call: its inputs, and the holders of what it saved."""

    def __init__(
        self,
        function: Callable[..., Any],
        describe: Callable[[Tensor], Any] | None,
        early_stop: bool,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.function, self.describe, self.early_stop = function, describe, early_stop
        self.holders: list[weakref.ref[_Holder]] = []
        self.described: list[Any] = []
        self.counts: Any = weakref.WeakKeyDictionary()  # backward pass -> tensors saved again
        self.completed = self.lenient = False
        anchor = wrap(np.zeros(0, np.float32))._require_grad()
        self.inputs = _Inputs.apply(anchor, kwargs, *args)._grad_fn

    def forgetting(self) -> saved_tensors_hooks:
        """A context in which what is saved is forgotten."""

        def pack(t: Tensor) -> _Holder:
            holder = _Holder()
            self.holders.append(weakref.ref(holder))
            self.described.append(self.describe(t) if self.describe else None)
            return holder

        return saved_tensors_hooks(pack, self._unpack)

    def _unpack(self, holder: _Holder) -> Tensor:
        task: Any = running_pass() or _Once()
        if task not in self.counts:
            self._run_again(task)
            self._check(task)
        if task not in holder.found:
            raise CheckpointError(
                "torch.utils.checkpoint: Unpack is being triggered for a tensor that was already "
                "unpacked once. If you are calling ctx.saved_tensors in backward, make sure to do "
                "so only once. Otherwise please open an issue with details on your use case."
            )
        return holder.found.pop(task)  # type: ignore[no-any-return]

    def _run_again(self, task: Any) -> None:
        args, tensors = list(self.inputs.others), self.inputs.saved_tensors
        for i, t in zip(self.inputs.places, tensors, strict=True):
            args[i] = t
        hooks = saved_tensors_hooks(lambda t: self._keep(t, task), lambda t: t)
        self.counts[task] = 0
        try:
            with hooks, enable_grad():
                self.function(*args, **self.inputs.kwargs)
        except _Stop:
            pass

    def _keep(self, t: Tensor, task: Any) -> Tensor:
        """Give a tensor that was saved again to its holder."""
        t = t.detach() if t.requires_grad else t
        at = self.counts[task]
        self.counts[task] += 1
        if at >= len(self.holders):
            if self.completed:
                raise CheckpointError(
                    "torch.utils.checkpoint: trying to save more tensors during recomputation than "
                    f"during the original forward pass.\n{_TIP}"
                )
            self.lenient = True  # a gradient is taken inside the function
            return t
        holder = self.holders[at]()
        if holder is not None:
            holder.found[task] = t
        if self.early_stop and self.counts[task] == len(self.holders):
            raise _Stop
        return t

    def _check(self, task: Any) -> None:
        """Raise CheckpointError unless the second run saved what the first did."""
        if self.lenient:
            return
        if len(self.holders) != self.counts[task]:
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the "
                "original forward and recomputation.\nNumber of tensors saved during forward: "
                f"{len(self.holders)}\nNumber of tensors saved during recomputation: "
                f"{self.counts[task]}.\n{_TIP}"
            )
        if self.describe is None:
            return
        words = ""
        for i, (reference, before) in enumerate(zip(self.holders, self.described, strict=True)):
            holder = reference()
            now = before if holder is None else self.describe(holder.found[task])
            if now != before:
                words += f"tensor at position {i}:\nsaved metadata: {before}\n"
                words += f"recomputed metadata: {now}\n"
        if words:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have "
                f"different metadata than during the forward pass.\n{words}.\n{_TIP}"
            )


_TIP = """
Tip: To see a more detailed error message, either pass `debug=True` to
`torch.utils.checkpoint.checkpoint(...)` or wrap the code block
with `with torch.utils.checkpoint.set_checkpoint_debug_enabled(True):` to
enable checkpoint\N{NON-BREAKING HYPHEN}debug mode globally.

If this error occurs under torch.compile with automatic_dynamic_shapes enabled,
it may be because the recomputation selected a different compiled graph than the
forward pass (e.g., a dynamic graph instead of the original static graph).
To fix this, either:
  - Use torch._dynamo.mark_dynamic() to explicitly mark varying dimensions as
    dynamic upfront, avoiding the static-to-dynamic transition.
  - Call torch._C._dynamo.eval_frame._set_lru_cache(False) to disable LRU cache
    reordering, which can change which graph is checked first between forward
    and recompute.
See https://github.com/pytorch/pytorch/issues/166926 for more details and
workaround examples.
"""
