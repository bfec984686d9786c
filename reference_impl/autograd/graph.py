"""``torch.autograd.graph``: looking at the graph, and hooks on what it saves."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from .. import backend, errors
from ..missing import names_of
from ..tensor import Tensor
from .grad_mode import HOOKS, mode, no_grad
from .node import Node, RemovableHandle, SavedByHooks

__all__ = [
    "GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks",
    "get_gradient_edge", "increment_version", "register_multi_grad_hook", "save_on_cpu",
    "saved_tensors_hooks",
]  # fmt: skip

_active = threading.local()


def hooks_of_thread() -> dict[str, Any]:
    """The hooks that are active in this thread, and whether they are forbidden."""
    return _active.__dict__


class saved_tensors_hooks:
    """Inside, whatever an operation saves goes through `pack_hook`, and through `unpack_hook` when
    it is needed again.  The innermost pair counts.
    """

    def __init__(
        self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]
    ) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        if getattr(_active, "forbidden", None) is not None:
            raise RuntimeError(_active.forbidden)
        stack = _active.__dict__.setdefault("stack", [])
        stack.append((self.pack_hook, self.unpack_hook))
        mode.state |= HOOKS

    def __exit__(self, *exc: object) -> None:
        _active.stack.pop()
        if not _active.stack:
            mode.state &= ~HOOKS


class save_on_cpu(saved_tensors_hooks):
    """Inside, saved tensors wait on the CPU and return to their device for the backward pass."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(t: Tensor) -> tuple[backend.device, Tensor]:
            return t.device, t.to("cpu")  # type: ignore[attr-defined]

        def unpack(packed: tuple[backend.device, Tensor]) -> Tensor:
            device, t = packed
            return t.to(device)  # type: ignore[attr-defined,no-any-return]

        super().__init__(pack, unpack)


class _AllowMutationOnSavedContext:
    """The copies that one ``allow_mutation_on_saved_tensors`` keeps, each as long as its node."""

    def __init__(self) -> None:
        self._copies: WeakKeyDictionary[Any, Tensor] = WeakKeyDictionary()

    def clear(self) -> None:
        """Forget all copies."""
        self._copies.clear()

    def _keep(self, t: Tensor) -> Any:
        handle = _Handle()
        self._copies[handle] = t.clone()  # type: ignore[attr-defined]
        return handle

    def _kept(self, handle: Any) -> Tensor:
        assert handle in self._copies, (
            "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context"
            "in which the graph was originally recorded."
        )
        return self._copies[handle]


class _Handle:
    """Stands for a copy in a node."""


@contextlib.contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[_AllowMutationOnSavedContext]:
    """Inside, tensors may be changed in place although a backward pass, also inside, needs them.

    PyTorch copies a saved tensor just before it is changed; here it is copied when it is saved.
    Raises RuntimeError inside itself, and a later backward pass AssertionError.
    """
    if getattr(_active, "mutable", False):
        raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
    context = _AllowMutationOnSavedContext()
    with saved_tensors_hooks(context._keep, context._kept):
        _active.mutable = True
        try:
            yield context
        finally:
            context.clear()
            _active.mutable = False


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside, entering ``saved_tensors_hooks`` raises RuntimeError(`error_message`)."""
    before = getattr(_active, "forbidden", None)
    if getattr(_active, "stack", None):
        raise RuntimeError(error_message)
    _active.forbidden = error_message
    try:
        yield
    finally:
        _active.forbidden = before


def packed(t: Tensor, hooks: tuple[Any, Any] | None = None) -> Callable[[], Tensor]:
    """What `t` becomes under `hooks` (None: the active ones): a function that unpacks it."""
    pack, unpack = hooks or _active.stack[-1]
    before = t._counter[0]
    with _without_hooks(), no_grad():
        kept = pack(t)
    if t._counter[0] != before:
        raise RuntimeError(
            "A saved tensor pack hook is modifying its input in place. Tensors provided as input "
            "to pack hook cannot be modified by in-place operations as this can lead to unexpected "
            "side-effects. Please open an issue if you need to perform in-place operations on the "
            "input to a pack hook."
        )

    def restore() -> Tensor:
        found = unpack(kept)
        if not isinstance(found, Tensor):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{errors.type_name(found)}"
            )
        return found

    return restore


@contextlib.contextmanager
def _without_hooks() -> Iterator[None]:
    before = mode.state
    mode.state = before & ~HOOKS
    try:
        yield
    finally:
        mode.state = before


def pack_saved(node: Node, tensors: dict[int, Any]) -> None:
    """Send the tensors that a node has just saved (by their place) through the active hooks."""
    if not tensors:
        return  # nothing to be freed after use, either
    saved = node.saved
    assert saved is not None
    items: list[Any] = list(saved)
    unpackers: list[Callable[[Any], Any] | None] = [None] * len(items)
    for i, t in tensors.items():
        if isinstance(t, Tensor):
            items[i], unpackers[i] = packed(t), _unpacked
        else:
            items[i] = [packed(v) if isinstance(v, Tensor) else v for v in t]
            unpackers[i] = _all_unpacked
    node.saved, node.guards, node.versions = SavedByHooks(items, unpackers), (), ()


def _unpacked(restore: Callable[[], Tensor]) -> Any:
    return restore()._data


def _all_unpacked(items: list[Any]) -> list[Any]:
    return [_unpacked(v) if callable(v) else v for v in items]


class SavedTensor:
    """``grad_fn._raw_saved_self``: a saved tensor that hooks can be registered on."""

    __slots__ = ("_at", "_node")

    def __init__(self, node: Node | None = None, at: int = 0) -> None:
        if node is None:
            raise RuntimeError("Trying to create a SavedTensor object from Python is forbidden.")
        self._node, self._at = node, at

    def register_hooks(
        self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]
    ) -> None:
        """Pack this saved tensor now, unpack it when it is needed.

        Raises RuntimeError for a second pair of hooks, and once the tensor was freed.
        """
        node, at = self._node, self._at
        if node.saved is None:
            raise RuntimeError(
                "Calling register_hooks on a saved tensor after it has been freed. Saved "
                "intermediate values of the graph are freed when you call .backward() or "
                "autograd.grad(). Specify retain_graph=True if you need to backward through the "
                "graph a second time or if you need to access saved variables after calling "
                "backward."
            )
        held = node.saved
        if not isinstance(held, SavedByHooks):
            held = SavedByHooks(list(held), [None] * len(held))
        if held.unpackers[at] is not None:
            raise RuntimeError(
                "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: "
                "only one pair of hooks is allowed at a time."
            )
        value = node.unpack(True)[at]
        held.items[at] = packed(value, (pack_hook, unpack_hook))
        held.unpackers[at] = _unpacked
        node.saved, node.guards, node.versions = held, (), ()


class GradientEdge(NamedTuple):
    """Where the gradient of a tensor goes: a node, and which of its outputs the tensor is."""

    node: Node
    output_nr: int
    ownership_token: Any = None


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The edge of a tensor.  Raises RuntimeError if it does not require grad."""
    node = tensor.history()
    if node is None:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not "
                           "require gradients")  # fmt: skip
    return GradientEdge(node, tensor._port)


def increment_version(tensor: Tensor | Sequence[Tensor]) -> None:
    """Tell autograd that a tensor's memory was changed behind its back."""
    for t in (tensor,) if isinstance(tensor, Tensor) else tensor:
        if t._counter is not None:
            t._counter[0] += 1


class _Handles(tuple[RemovableHandle, ...]):
    """Several handles removed together."""

    def remove(self) -> None:
        for handle in self:
            handle.remove()

    def __enter__(self) -> _Handles:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[..., None], *, mode: str = "all"
) -> _Handles:
    """Call `fn` when the gradients of all `tensors` are known (with their list), or of ``"any"``
    (with the first gradient), once in each backward pass.

    "All" are those that the pass reaches; in the list there is None for the others.
    """
    from .engine import running_pass

    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    nodes = [t.history() for t in tensors]
    assert None not in nodes, "Expected gradient function to be set"
    arrived: WeakKeyDictionary[Any, dict[int, Any]] = WeakKeyDictionary()  # by backward pass
    lock = threading.Lock()

    def hook_for(i: int) -> Callable[[Any], None]:
        def hook(grad: Any) -> None:
            task = running_pass()
            assert task is not None
            with lock:
                found = arrived.setdefault(task, {})
                found[i] = grad
                count = len(found)
            if mode == "any":
                if count == 1:
                    fn(grad)
            elif count == sum(map(task.will_run, nodes)):
                fn([found.get(k) for k in range(len(nodes))])

        return hook

    return _Handles(t.register_hook(hook_for(i)) for i, t in enumerate(tensors))


__getattr__ = names_of(__name__)
