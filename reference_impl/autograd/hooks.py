"""Running the hooks of a node: those of its outputs, its own before it runs, and those after.

A hook sees gradients as tensors, None where nothing arrived, and may return others in their place.
"""

from __future__ import annotations

from typing import Any

from .. import errors
from ..tensor import Tensor, wrap, wrap_result
from .node import Node


def as_tensor(grad: Any) -> Any:
    return grad if grad is None or isinstance(grad, Tensor) else wrap_result(grad)


def unwrapped(grad: Any, record: bool) -> Any:
    return grad if grad is None or record else grad._data


def run_tensor_hooks(node: Node, grad: Any) -> Any:
    """The hooks of the tensors that are the node's outputs, then their retained gradients."""
    hooks = node.hooks
    assert hooks is not None
    grads = list(grad) if grad.__class__ is list else [grad]
    record = any(isinstance(g, Tensor) for g in grads)
    for port, registered in hooks.tensor.items():
        for hook in list(registered.values()):
            result = hook(as_tensor(grads[port]))
            if result is not None:
                grads[port] = _checked(result, grads[port], hook, record)
    for port, reference in hooks.retain.items():
        tensor = reference()
        if tensor is not None and grads[port] is not None:
            kept = as_tensor(grads[port])
            if tensor._grad is not None:
                kept = tensor._grad + kept
            tensor._grad = kept if record else wrap(kept._data.copy())
    return grads if grad.__class__ is list else grads[0]


def run_pre_hooks(node: Node, grad: Any) -> Any:
    """The node's own hooks before it runs."""
    assert node.hooks is not None
    grads = list(grad) if grad.__class__ is list else [grad]
    record = any(isinstance(g, Tensor) for g in grads)
    for hook in list(node.hooks.pre.values()):
        result = hook(tuple(map(as_tensor, grads)))
        if result is not None:
            grads = _all_checked(result, grads, hook, record)
    return grads if grad.__class__ is list else grads[0]


def run_post_hooks(node: Node, results: Any, outputs: list[Any], record: bool) -> Any:
    """The node's hooks after it ran, on the gradients that it found."""
    assert node.hooks is not None
    found = list(results)
    given = tuple(map(as_tensor, outputs))
    for hook in list(node.hooks.post.values()):
        replaced = hook(tuple(map(as_tensor, found)), given)
        if replaced is not None:
            found = _all_checked(replaced, found, hook, record)
    return found


def _all_checked(result: Any, grads: list[Any], hook: Any, record: bool) -> list[Any]:
    """What a hook of a node returned in place of `grads`; a None among it replaces, too."""
    results = result if isinstance(result, tuple) else (result,)
    if len(results) != len(grads):
        raise RuntimeError(
            f"hook '{_name(hook)}' has returned an incorrect number of values (got {len(results)}, "
            f"but expected {len(grads)})"
        )
    pairs = zip(results, grads, strict=True)
    return [None if r is None else _checked(r, g, hook, record) for r, g in pairs]


def _checked(result: Any, grad: Any, hook: Any, record: bool) -> Any:
    """What a hook returned, if it fits the gradient it replaces."""
    if grad is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if not isinstance(result, Tensor):
        raise _no_tensor(result)
    was = as_tensor(grad)
    if result.dtype is not was.dtype or result.is_cuda != was.is_cuda:
        raise RuntimeError(
            f"hook '{_name(hook)}' has changed the type of value (was {was.type()} got "
            f"{result.type()})"
        )
    if result._data.shape != was._data.shape:
        raise RuntimeError(f"hook '{_name(hook)}' has changed the size of value")
    return unwrapped(result, record)


def refuse_result(result: Any) -> None:
    """Raise for a hook that ran after a gradient was accumulated and returned something."""
    if isinstance(result, Tensor):
        raise RuntimeError("Tensor post accumulate grad hooks should return None.")
    if result is not None:
        raise _no_tensor(result)


def _no_tensor(result: Any) -> TypeError:
    return TypeError(f"expected Variable, but hook returned '{errors.type_name(result)}'")


def _name(hook: Any) -> str:
    return getattr(hook, "__name__", "<unknown>")
