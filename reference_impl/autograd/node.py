"""Nodes: the recorded history of a tensor.

``y = a * b`` on tensors that require grad makes one node, ``y.grad_fn``, of type MulBackward0::

    node.edges   (grad_fn of a, grad_fn of b)      where the gradients go next
    node.saved   (array of b, array of a)          what the two rules of ``mul`` read
    node.guards  the version counters of b and a   so that a later in-place change is noticed

``node.backward(grad)`` runs the rules.  A node never refers to its own output, so a graph dies by
reference count when the last tensor that leads to it dies.  A leaf's node is its AccumulateGrad.
"""

from __future__ import annotations

import itertools
import re
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from .. import dtypes, errors
from .grad_mode import NATIVE, mode

if TYPE_CHECKING:
    from ..op import Op

next_sequence = itertools.count().__next__
_BUILT_IN = {"CopyBackwards", "NotImplemented"}  # nodes that PyTorch names with their namespace
_BACKWARD = re.compile(r"Backward0?(?=\d*$)")
_LAST = 1 << 62  # leaves come before everything else in the engine's order


def without_backward(name: str) -> str:
    """An operation's name as error messages give it: Mul of MulBackward0, Sum1 of SumBackward1."""
    return _BACKWARD.sub("", name)


class Node:
    """One recorded operation.  Subclasses carry the rules; instances the edges and saved values.

    `shape` and `dtype` (a NumPy dtype) describe its output, or `metas` does when there are several.
    `ports[i]` is the output of ``edges[i]`` that was used; None means output 0 throughout.
    """

    __slots__ = (
        "__dict__", "__weakref__", "dtype", "edges", "guards", "hooks", "metas", "ports", "saved",
        "seq", "shape", "versions",
    )  # fmt: skip
    op: ClassVar[Op]
    hidden: ClassVar[frozenset[int]] = frozenset()  # edges that PyTorch's node does not have
    only_given: ClassVar[bool] = False  # whether PyTorch's node has no edges without a node
    frees: ClassVar[bool] = False  # whether what it saves is a tensor in PyTorch, always
    differentiate: ClassVar[Any] = None  # (self, grad, saved): the rules' results (op/)

    edges: Sequence[Node | None]
    ports: tuple[int, ...] | None
    saved: Any  # a tuple, SavedByHooks, or None once released
    shape: Any
    dtype: Any
    guards: Sequence[list[int]]
    versions: Sequence[int]
    metas: Sequence[tuple[tuple[int, ...], Any]] | None
    hooks: Hooks | None

    def __init__(self, edges: Sequence[Node | None] = (), ports: Any = None) -> None:
        self.edges, self.ports, self.seq = edges, ports, next_sequence()
        self.saved, self.guards, self.versions = [], (), ()  # no tuple: no rules to run straight
        self.metas = self.hooks = None

    # -- what PyTorch's programs read

    def name(self) -> str:
        name = type(self).__name__
        return f"torch::autograd::{name}" if name in _BUILT_IN else name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {id(self):#x}>"

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """((node, output number), ...): where gradients go, None for an input without history."""
        return tuple(
            (e, 0 if e is None else self.port(i))
            for i, e in enumerate(self.edges)
            if i not in self.hidden and (e is not None or not self.only_given)
        )

    @property
    def metadata(self) -> dict[str, Any]:
        return self.__dict__.setdefault("metadata", {})

    @property
    def requires_grad(self) -> bool:
        return True

    def _sequence_nr(self) -> int:
        return self.seq

    def register_hook(self, fn: Callable[..., Any]) -> Any:
        """Call ``fn(grad_inputs, grad_outputs)`` after this node; a result replaces grad_inputs."""
        return self.own_hooks().post.add(fn)

    def register_prehook(self, fn: Callable[..., Any]) -> Any:
        """Call ``fn(grad_outputs)`` before this node; a result replaces grad_outputs."""
        return self.own_hooks().pre.add(fn)

    def __call__(self, *grads: Any) -> Any:
        """Run the rules on tensors, outside any backward pass."""
        from .engine import call_node

        return call_node(self, grads)

    # -- what the engine and the operations use

    def port(self, i: int) -> int:
        return 0 if self.ports is None else self.ports[i]

    def own_hooks(self) -> Hooks:
        if self.hooks is None:
            self.hooks = Hooks()
        return self.hooks

    def meta(self, port: int) -> tuple[tuple[int, ...], Any]:
        """(shape, NumPy dtype) of an output."""
        return (self.shape, self.dtype) if self.metas is None else self.metas[port]

    def backward(self, grad: Any, record: bool) -> Sequence[Any]:
        """Gradients for the edges, from the gradient of the output (a list for several outputs).

        Works on bare arrays, or on Tensors when `record` is set (``create_graph``).
        """
        if not record:
            return self.differentiate(grad, self.unpack(False))
        values = self.unpack(True)
        before = mode.state
        mode.state = before | NATIVE
        try:
            return self.differentiate(grad, values)
        finally:
            mode.state = before

    def unpack(self, record: bool) -> Sequence[Any]:
        """The saved values, as arrays or (with `record`) as Tensors with their history.

        Raises RuntimeError if they were freed or changed in place since.
        """
        saved = self.saved
        if saved is None:
            raise errors.freed_buffers()
        for box, version in zip(self.guards, self.versions, strict=True):
            if box[0] != version:
                raise self._modified(box, version)
        if type(saved) is SavedByHooks:
            saved = saved.unpack()
        return self.op.as_tensors(self, saved) if record else saved

    def _modified(self, box: list[int], version: int) -> RuntimeError:
        from ..backend import device_of

        for value, guard, source in self.op.guarded(self):
            if guard is box:
                cuda = device_of(value).type == "cuda"
                d = dtypes.of(value.dtype)
                return errors.modified_in_place(d, value.shape, source, box[0], version, cuda)
        raise AssertionError("a guard without a saved value")

    def release(self) -> None:
        """Drop the saved tensors after use.  A node without any can be used again."""
        if self.guards or self.frees or type(self.saved) is SavedByHooks:
            self.saved = None
            self.guards = self.versions = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("_saved_", "_raw_saved_")):
            return self.op.saved_attribute(self, name)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


class AccumulateGrad(Node):
    """The node of a leaf: adds what arrives to the leaf's ``.grad``.

    The leaf holds it strongly and is held weakly, so that neither keeps the other alive.
    """

    __slots__ = ("array", "leaf")
    __module__ = "builtins"
    hooked: ClassVar[bool] = False  # whether any leaf was ever given a hook

    def __init__(self, leaf: Any) -> None:
        super().__init__()
        self.seq = _LAST
        self.leaf = weakref.ref(leaf)
        self.hold(leaf._data)

    def hold(self, array: Any) -> None:
        """Note the memory of the leaf, which outlives it."""
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    @property
    def variable(self) -> Any:
        """The leaf; a new tensor around its memory once it is gone."""
        found = self.leaf()
        if found is None:
            from ..tensor import wrap

            found = wrap(self.array)
            found._grad_fn = self
            self.leaf = weakref.ref(found)
        return found

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"

    def own_hooks(self) -> Hooks:
        AccumulateGrad.hooked = True
        return super().own_hooks()

    def unpack(self, record: bool) -> Sequence[Any]:
        return ()

    def release(self) -> None:
        pass


class SavedByHooks:
    """Saved values that went through ``saved_tensors_hooks``: packed now, unpacked when needed."""

    __slots__ = ("items", "unpackers")

    def __init__(self, items: list[Any], unpackers: list[Callable[[Any], Any] | None]) -> None:
        self.items, self.unpackers = items, unpackers

    def unpack(self) -> list[Any]:
        pairs = zip(self.items, self.unpackers, strict=True)
        return [x if unpacker is None else unpacker(x) for x, unpacker in pairs]


class RemovableHandle:
    """What registering a hook returns: ``remove()`` takes the hook away; also a context manager."""

    __slots__ = ("_hooks", "id")
    next_id: ClassVar[int] = 0

    def __init__(self, hooks: dict[int, Any]) -> None:
        self._hooks = weakref.ref(hooks) if isinstance(hooks, HookList) else lambda: hooks
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1

    def remove(self) -> None:
        hooks = self._hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


class HookList(dict[int, Callable[..., Any]]):
    """Hooks in the order of their registration, removable by handle."""

    __slots__ = ("__weakref__",)

    def add(self, fn: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Register `fn` after the others, or before them."""
        handle = RemovableHandle(self)
        others = list(self.items()) if prepend else []
        if prepend:
            self.clear()
        self[handle.id] = fn
        self.update(others)
        return handle


class Hooks:
    """All hooks of a node, in the order in which the engine runs them.

    `tensor[port]`: hooks of the tensor that is this output; `retain[port]`: a weak reference to
    the tensor whose ``.grad`` is to be kept; `pre`, `post`: hooks of the node; `accumulated`: hooks
    of a leaf, run after its ``.grad`` was updated.
    """

    __slots__ = ("accumulated", "post", "pre", "retain", "tensor")

    def __init__(self) -> None:
        self.tensor: dict[int, HookList] = {}
        self.retain: dict[int, Any] = {}
        self.pre, self.post, self.accumulated = HookList(), HookList(), HookList()
