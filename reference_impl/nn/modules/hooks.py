"""Calling a module that has hooks.

Backward hooks need to know when the gradients of a module's outputs and inputs are there.  So
inputs and outputs pass through an identity Function, whose node carries the hook.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from ...autograd.function import Function
from ...tensor import Tensor

if TYPE_CHECKING:
    from .module import Module


class BackwardHookFunction(Function):
    """The identity on several tensors: a place in the graph to put hooks."""

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        ctx.mark_non_differentiable(*[a for a in args if not a.requires_grad])
        return args

    @staticmethod
    def backward(ctx: Any, *args: Any) -> Any:
        return args


class _BackwardHooks:
    """The backward hooks of one call: gathers grad_outputs, then runs hooks on grad_inputs."""

    def __init__(self, module: Module, hooks: list[Any], pre_hooks: list[Any]) -> None:
        self.module, self.hooks, self.pre_hooks = module, hooks, pre_hooks
        self.grad_outputs: Any = None
        self.input_positions: list[int] = []
        self.inputs = 0
        self.has_inputs = False

    def setup_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        new, positions, node = _through_identity(args)
        if node is None:
            return args
        self.has_inputs, self.input_positions, self.inputs = True, positions, len(args)
        node.register_hook(self._on_inputs)
        return new

    def _on_inputs(self, grad_inputs: Any, _: Any) -> Any:
        if self.grad_outputs is None:
            return None
        full: list[Any] = [None] * self.inputs
        for at, grad in zip(self.input_positions, grad_inputs, strict=False):
            full[at] = grad
        result: Any = tuple(full)
        for hook in self.hooks:
            out = hook(self.module, result, self.grad_outputs)
            if out is not None:
                out = out if isinstance(out, tuple) else (out,)
                if len(out) != len(result):
                    raise RuntimeError(
                        "Backward hook returned an invalid number of grad_input, got "
                        f"{len(out)}, but expected {len(result)}"
                    )
                result = out
        self.grad_outputs = None
        return tuple(result[at] for at in self.input_positions)

    def setup_outputs(self, output: Any) -> Any:
        outputs = output if isinstance(output, tuple) else (output,)
        if not all(isinstance(o, Tensor) for o in outputs):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of "
                f"Tensors but received {type(output)}",
                stacklevel=3,
            )
            return output
        new, positions, node = _through_identity(outputs)
        if node is None:
            return output
        count = len(outputs)

        def on_outputs(grad_outputs: Any) -> Any:
            full: list[Any] = [None] * count
            for at, grad in zip(positions, grad_outputs, strict=False):
                full[at] = grad
            self.grad_outputs = tuple(full)
            for hook in self.pre_hooks:
                out = hook(self.module, self.grad_outputs)
                if out is not None:
                    self.grad_outputs = out if isinstance(out, tuple) else (out,)
            if not self.has_inputs:
                for hook in self.hooks:
                    hook(self.module, (None,) * max(self.inputs, 1), self.grad_outputs)
            if self.pre_hooks:
                return tuple(self.grad_outputs[at] for at in positions)
            return None

        node.register_prehook(on_outputs)
        return new if isinstance(output, tuple) else new[0]


def _through_identity(args: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[int], Any]:
    """`args` with their tensors passed through the identity; where those are; its node or None."""
    positions = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
    if not any(args[i].requires_grad for i in positions):
        return args, positions, None
    passed = BackwardHookFunction.apply(*[args[i] for i in positions])
    new = list(args)
    for i, t in zip(positions, passed, strict=True):
        new[i] = t
    node = next(t.grad_fn for t in passed if t.requires_grad)
    return tuple(new), positions, node


def call_with_hooks(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``module(*args, **kwargs)`` with all its hooks, and those of all modules."""
    from .module import _global_hooks as everywhere

    for hook in [*everywhere.forward_pre.values(), *module._forward_pre_hooks.values()]:
        if getattr(hook, "with_kwargs", False):
            result = hook(module, args, kwargs)
            if result is not None:
                args, kwargs = result
        else:
            result = hook(module, args)
            if result is not None:
                args = result if isinstance(result, tuple) else (result,)
    backward = [*everywhere.backward.values(), *module._backward_hooks.values()]
    backward_pre = [*everywhere.backward_pre.values(), *module._backward_pre_hooks.values()]
    bridge = _BackwardHooks(module, backward, backward_pre) if backward or backward_pre else None
    if bridge is not None:
        args = bridge.setup_inputs(args)
    output = module.forward(*args, **kwargs)
    for hook in [*everywhere.forward.values(), *module._forward_hooks.values()]:
        if getattr(hook, "with_kwargs", False):
            result = hook(module, args, kwargs, output)
        else:
            result = hook(module, args, output)
        output = output if result is None else result
    return output if bridge is None else bridge.setup_outputs(output)
