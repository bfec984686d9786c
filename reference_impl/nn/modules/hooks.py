"""Hooks of modules: registering them, and calling a module that has some.

Backward hooks need to know when the gradients of a module's outputs and inputs are there.  So
inputs and outputs pass through an identity Function, whose node carries the hook.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable
from typing import Any

from ...autograd.function import Function
from ...autograd.grad_mode import is_grad_enabled
from ...autograd.node import HookList, RemovableHandle
from ...tensor import Tensor

_MIXED = (
    "Cannot use both regular backward hooks and full backward hooks {}. "
    "Please use only one of them."
)


class AllModules:
    """Hooks that apply to every module (``nn.modules.module.register_module_...``)."""

    def __init__(self) -> None:
        self.forward, self.forward_pre = HookList(), HookList()
        self.forward_with_kwargs, self.forward_always_called = set[int](), set[int]()
        self.backward, self.backward_pre = HookList(), HookList()
        self.parameter, self.buffer, self.module = HookList(), HookList(), HookList()
        self.is_full: bool | None = None

    def called(self) -> bool:
        """Whether a call of any module has a hook."""
        return bool(self.forward or self.forward_pre or self.backward or self.backward_pre)

    def registered(self, hooks: HookList, module: Any, name: str, value: Any) -> Any:
        """What the hooks of registration make of `value`."""
        for hook in hooks.values():
            changed = hook(module, name, value)
            value = value if changed is None else changed
        return value


everywhere = AllModules()


class Hooked:
    """The part of ``Module`` that registers hooks."""

    _forward_hooks: HookList
    _forward_pre_hooks: HookList
    _backward_hooks: HookList
    _backward_pre_hooks: HookList
    _forward_hooks_with_kwargs: set[int]
    _forward_hooks_always_called: set[int]
    _forward_pre_hooks_with_kwargs: set[int]
    _is_full_backward_hook: bool | None

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before forward; a result replaces the arguments."""
        handle = _add(self._forward_pre_hooks, hook, prepend)
        if with_kwargs:
            self._forward_pre_hooks_with_kwargs.add(handle.id)
        return handle

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after forward; a result replaces the output."""
        handle = _add(self._forward_hooks, hook, prepend)
        if with_kwargs:
            self._forward_hooks_with_kwargs.add(handle.id)
        if always_call:
            self._forward_hooks_always_called.add(handle.id)
        return handle

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` when the gradients of the inputs are
        known; a result replaces them."""
        self._use_backward_hooks(full=True)
        return _add(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """The older form, a hook of the last node alone: use ``register_full_backward_hook``."""
        self._use_backward_hooks(full=False)
        return _add(self._backward_hooks, hook, False)

    def _use_backward_hooks(self, full: bool) -> None:
        if self._is_full_backward_hook is (not full):
            raise RuntimeError(_MIXED.format("on a single Module"))
        self._is_full_backward_hook = full

    def register_full_backward_pre_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` before the module's backward pass."""
        return _add(self._backward_pre_hooks, hook, prepend)


def _add(hooks: HookList, hook: Callable[..., Any], prepend: bool) -> RemovableHandle:
    handle = hooks.add(hook)
    if prepend:
        rest = [(k, v) for k, v in hooks.items() if k != handle.id]
        hooks.clear()
        hooks[handle.id] = hook
        hooks.update(rest)
    return handle


# ---------------------------------------------------------------- calling


def call_with_hooks(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``module(*args, **kwargs)`` with all its hooks, and those of all modules."""
    called: set[int] = set()
    try:
        return _called(module, args, kwargs, called)
    except Exception:
        for key, hook in [*everywhere.forward.items(), *module._forward_hooks.items()]:
            if _always_called(module, key) and key not in called:
                _call_although_failed(module, key, hook, args, kwargs)
        raise


def _always_called(module: Any, key: int) -> bool:
    """Whether this forward hook is called even if forward raises."""
    return key in module._forward_hooks_always_called or key in everywhere.forward_always_called


def _takes_kwargs(module: Any, key: int) -> bool:
    """Whether this forward hook is given the keyword arguments."""
    return key in module._forward_hooks_with_kwargs or key in everywhere.forward_with_kwargs


def _called(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], called: set[int]) -> Any:
    args, kwargs = _before(module, args, kwargs)
    full, regular = _backward_hooks(module)
    pre = [*everywhere.backward_pre.values(), *module._backward_pre_hooks.values()]
    bridge = BackwardHook(module, full, pre) if full or pre else None
    if bridge is not None:
        args = bridge.setup_input_hook(args)
    output = module.forward(*args, **kwargs)
    for key, hook in [*everywhere.forward.items(), *module._forward_hooks.items()]:
        if _always_called(module, key):
            called.add(key)
        if _takes_kwargs(module, key):
            result = hook(module, args, kwargs, output)
        else:
            result = hook(module, args, output)
        output = output if result is None else result
    if bridge is not None:
        if not isinstance(output, (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of "
                f"Tensors but received {type(output)}",
                stacklevel=4,
            )
        output = bridge.setup_output_hook(output)
    if regular:
        _hook_last_node(module, regular, args, output)
    return output


def _before(module: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """The arguments that the forward pre-hooks leave."""
    for key, hook in [*everywhere.forward_pre.items(), *module._forward_pre_hooks.items()]:
        if key in module._forward_pre_hooks_with_kwargs:
            result = hook(module, args, kwargs)
            if result is None:
                continue
            if not (isinstance(result, tuple) and len(result) == 2):
                raise RuntimeError(
                    "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but "
                    f"got {result}."
                )
            args, kwargs = result
        else:
            result = hook(module, args)
            if result is not None:
                args = result if isinstance(result, tuple) else (result,)
    return args, kwargs


def _call_although_failed(module: Any, key: int, hook: Any, args: Any, kwargs: Any) -> None:
    try:
        hook(module, args, *([kwargs] if _takes_kwargs(module, key) else []), None)
    except Exception as error:
        of = "module" if key in module._forward_hooks else "global module"
        warnings.warn(
            f"{of} forward hook with ``always_call=True`` raised an exception that was silenced "
            f"as another error was raised in forward: {error}",
            stacklevel=3,
        )


def _backward_hooks(module: Any) -> tuple[list[Any], list[Any]]:
    """(full, regular) backward hooks, those of all modules first."""
    full: list[Any] = []
    regular: list[Any] = []
    (full if everywhere.is_full else regular).extend(everywhere.backward.values())
    (full if module._is_full_backward_hook else regular).extend(module._backward_hooks.values())
    return full, regular


# ---------------------------------------------------------------- full backward hooks


class BackwardHookFunction(Function):
    """The identity on several tensors: a place in the graph to put hooks."""

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        ctx.mark_non_differentiable(*[a for a in args if not a.requires_grad])
        return args

    @staticmethod
    def backward(ctx: Any, *args: Any) -> Any:
        return args


class BackwardHook:
    """The backward hooks of one call: gathers grad_outputs, then runs hooks on grad_inputs."""

    def __init__(self, module: Any, user_hooks: list[Any], user_pre_hooks: list[Any]) -> None:
        self.module, self.user_hooks, self.user_pre_hooks = module, user_hooks, user_pre_hooks
        self.grad_outputs: Any = None
        self.n_inputs = self.n_outputs = -1
        self.input_positions: list[int] | None = None
        self.output_positions: list[int] | None = None

    def setup_input_hook(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """`args` by way of a node whose backward runs the hooks on the inputs' gradients."""
        new, self.input_positions, node = _through_identity(args)
        self.n_inputs = len(args)
        if node is not None:
            node.register_hook(self._on_inputs)
        return new

    def setup_output_hook(self, output: Any) -> Any:
        """`output` by way of a node whose backward tells the gradients of the outputs."""
        outputs = output if isinstance(output, tuple) else (output,)
        new, self.output_positions, node = _through_identity(outputs)
        self.n_outputs = len(outputs)
        if node is not None:
            node.register_hook(self._on_outputs)
        return new if isinstance(output, tuple) else new[0]

    def _on_inputs(self, grad_inputs: Any, _: Any) -> Any:
        if self.grad_outputs is None:  # the gradient did not come by way of the module's output
            return None
        result = _spread(self.input_positions, grad_inputs, self.n_inputs)
        for hook in self.user_hooks:
            out = hook(self.module, result, self.grad_outputs)
            if out is None:
                continue
            _check_count(out, result, "Backward hook", "grad_input")
            result = out
        self.grad_outputs = None
        return tuple(result[at] for at in self.input_positions or ())

    def _on_outputs(self, _: Any, grad_outputs: Any) -> Any:
        self.grad_outputs = _spread(self.output_positions, grad_outputs, self.n_outputs)
        for hook in self.user_pre_hooks:
            out = hook(self.module, self.grad_outputs)
            if out is None:
                continue
            _check_count(out, self.grad_outputs, "Backward pre hook", "grad_output")
            self.grad_outputs = out
        passed_on = self.grad_outputs
        if self.input_positions is None:
            self._without_inputs()
        return tuple(passed_on[at] for at in self.output_positions or ())

    def _without_inputs(self) -> None:
        """No input requires a gradient: the hooks are called here or not at all."""
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module "
            "outputs since no inputs require gradients. See https://docs.pytorch.org/docs/main/"
            "generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_hook for more "
            "details.",
            stacklevel=6,
        )
        for hook in self.user_hooks:
            out = hook(self.module, (None,) * self.n_inputs, self.grad_outputs)
            if out is not None and not (isinstance(out, tuple) and all(g is None for g in out)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always "
                    "return None or None for all gradients."
                )
        self.grad_outputs = None


def _check_count(out: Any, expected: Any, kind: str, of: str) -> None:
    if len(out) != len(expected):
        raise RuntimeError(
            f"{kind} returned an invalid number of {of}, got {len(out)}, but expected "
            f"{len(expected)}"
        )


def _spread(positions: Any, values: Any, size: int) -> tuple[Any, ...]:
    full: list[Any] = [None] * size
    for at, value in zip(positions, values, strict=True):
        full[at] = value
    return tuple(full)


def _through_identity(args: Any) -> tuple[Any, list[int] | None, Any]:
    """`args` with their tensors passed through the identity; where those are; the node.

    Where no gradient is wanted: `args` themselves, None and None.
    """
    positions = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
    if not (is_grad_enabled() and any(args[i].requires_grad for i in positions)):
        return args, None, None
    passed = BackwardHookFunction.apply(*[args[i] for i in positions])
    new = list(args)
    for i, t in zip(positions, passed, strict=True):
        new[i] = t
    node = next(t.grad_fn for t in passed if t.requires_grad)
    return (tuple(new) if type(args) is tuple else type(args)(*new)), positions, node


# ---------------------------------------------------------------- the older backward hooks


def _hook_last_node(module: Any, hooks: list[Any], args: Any, output: Any) -> None:
    """Let the node that made the first tensor of `output` call the older backward hooks."""
    first = output
    while not isinstance(first, Tensor):
        if isinstance(first, dict):
            first = next(v for v in first.values() if isinstance(v, Tensor))
        else:
            first = first[0]
    node = first.grad_fn
    if node is None:
        return
    this = weakref.ref(module)
    for hook in hooks:
        node.register_hook(_named_like(hook, this))
    text = _what_is_missing(args, output, node)
    if text:
        warnings.warn(text, FutureWarning, stacklevel=5)


def _named_like(hook: Any, module: Any) -> Any:
    def call(*grads: Any) -> Any:
        return hook(module(), *grads)

    call.__name__ = getattr(hook, "__name__", type(hook).__name__)
    return call


def _what_is_missing(inputs: Any, output: Any, node: Any) -> str | None:
    """PyTorch's words on what such a hook will not be told, or None."""
    start, documented = (
        "Using {} is deprecated and will be removed in future versions. ",
        (" Please use register_full_backward_hook to get the documented behavior."),
    )
    outputs = (output,) if isinstance(output, Tensor) else output
    if not (isinstance(outputs, tuple) and all(isinstance(o, Tensor) for o in outputs)):
        what = "non-full backward hooks on a Module that does not return a single Tensor or a tuple"
        told = "This hook will be missing some of the grad_output."
        return start.format(what + " of Tensors") + told + documented
    if not all(isinstance(i, Tensor) for i in inputs):
        what = "non-full backward hooks on a Module that does not take as input a single Tensor or "
        told = "This hook will be missing some of the grad_input."
        return start.format(what + "a tuple of Tensors") + told + documented
    ends = {o.grad_fn for o in outputs if o.grad_fn is not None}
    if not ends or (len(ends) == 1 and node not in ends):
        what = "a non-full backward hook when outputs are nested in python data structure"
        return start.format(what) + "This hook will be missing some grad_output."
    if len(ends) > 1:
        what = "a non-full backward hook when outputs are generated by different autograd Nodes"
        return start.format(what) + "This hook will be missing some grad_output." + documented
    begins = {i.grad_fn for i in inputs if i.grad_fn is not None}
    if begins != {n for n, _ in node.next_functions}:
        what = "a non-full backward hook when the forward contains multiple autograd Nodes"
        return start.format(what) + "This hook will be missing some grad_input." + documented
    return None


# ---------------------------------------------------------------- hooks of all modules


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """A forward hook of all modules."""
    handle = everywhere.forward.add(hook)
    if with_kwargs:
        everywhere.forward_with_kwargs.add(handle.id)
    if always_call:
        everywhere.forward_always_called.add(handle.id)
    return handle


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """A forward pre-hook of all modules."""
    return everywhere.forward_pre.add(hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """A backward hook of all modules."""
    return _backward_everywhere(hook, full=True)


def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """The older form, a hook of each module's last node."""
    return _backward_everywhere(hook, full=False)


def _backward_everywhere(hook: Callable[..., Any], full: bool) -> RemovableHandle:
    if everywhere.is_full is (not full):
        raise RuntimeError(_MIXED.format("as a global Module hook"))
    everywhere.is_full = full
    return everywhere.backward.add(hook)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """A backward pre-hook of all modules."""
    return everywhere.backward_pre.add(hook)


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, param)`` for each parameter registered; a result replaces it."""
    return everywhere.parameter.add(hook)


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, buffer)`` for each buffer registered; a result replaces it."""
    return everywhere.buffer.add(hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, submodule)`` for each one registered; a result replaces it."""
    return everywhere.module.add(hook)
