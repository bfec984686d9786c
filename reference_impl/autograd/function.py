"""``torch.autograd.Function``: operations whose derivative the user writes.

    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x ** 3

        @staticmethod
        def backward(ctx, grad_output):
            x, = ctx.saved_tensors
            return grad_output * 3 * x ** 2

    y = Cube.apply(x)

``ctx`` is the node itself: ``y.grad_fn`` is an instance of ``CubeBackward``.  ``forward`` runs
without recording; afterwards its outputs get the node as their history.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from .. import dtypes, errors
from ..missing import names_of
from ..tensor import Tensor, wrap, wrap_result
from .grad_mode import ANOMALY, FORWARD, HOOKS, INFERENCE, RECORD, TRANSFORM, mode, no_grad
from .node import AccumulateGrad, Node, without_backward

__all__ = ["Function", "FunctionCtx", "InplaceFunction", "NestedIOFunction", "once_differentiable"]


class FunctionCtx:
    """What ``forward`` and ``backward`` may do with ``ctx``."""

    to_save: Sequence[Any] = ()
    saved_for_forward: Sequence[Any] = ()
    dirty_tensors: Sequence[Tensor] = ()
    non_differentiable: Sequence[Tensor] = ()
    materialize_grads = True
    _materialize_non_diff_grads = True

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors (inputs, outputs or others; None is allowed) for ``ctx.saved_tensors``."""
        for i, t in enumerate(tensors):
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(
                    "save_for_backward can only save variables, but argument "
                    f"{i} is of type {errors.type_name(t)}"
                )
        self.to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """Keep tensors for ``jvp``."""
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Tensor) -> None:
        """Say that these inputs were changed in place; they must be returned."""
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say that these outputs have no gradient."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether ``backward`` gets zeros (True, the default) or None for unused outputs."""
        self.materialize_grads = value


class FunctionNode(Node, FunctionCtx):
    """The node of a custom Function, and its ``ctx``."""

    __slots__ = ()
    _forward_cls: ClassVar[Any]
    needs_input_grad: tuple[bool, ...] = ()
    _tensor_inputs: tuple[bool, ...] = ()
    _in_jvp: bool = False  # while ``jvp`` runs, which sees what ``save_for_forward`` was given
    _left_undefined: tuple[int, ...] = ()  # outputs whose missing gradient stays None
    __repr__ = object.__repr__

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The tensors given to ``save_for_backward``, with their history.

        Raises RuntimeError if they were freed, or changed in place since.
        """
        if self._in_jvp:
            return tuple(self.saved_for_forward)
        if self.saved is None:
            raise errors.freed_buffers()
        maker = self.__dict__.get("seen_as", self)
        return tuple(None if s is None else s.unpack(maker) for s in self.saved)

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        """The old name of ``saved_tensors``."""
        warnings.warn(
            "'saved_variables' is deprecated; use 'saved_tensors'", DeprecationWarning, stacklevel=2
        )
        return self.saved_tensors

    def backward(self, grad: Any, record: bool) -> Sequence[Any]:
        grads = list(grad) if self.metas is not None else [grad]
        grads = [self._materialized(g, port) for port, g in enumerate(grads)]
        result = self._user_backward()(self, *grads)
        results = result if isinstance(result, tuple) else (result,)
        return [
            None if g is None else (g if record else g._data) for g in self._checked(list(results))
        ]

    def _user_backward(self) -> Callable[..., Any]:
        cls = self._forward_cls
        written, vjp = cls.backward, cls.vjp
        if written is not Function.backward and vjp is not Function.vjp:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You "
                "should only implement one of them."
            )
        return vjp if vjp is not Function.vjp else written  # type: ignore[no-any-return]

    def _materialized(self, grad: Any, port: int) -> Any:
        if grad is None and self.materialize_grads:
            shape, dtype = self.meta(port)
            if dtype is None or port in self._left_undefined:
                return None
            return wrap(np.zeros(shape, dtype))
        return wrap_result(grad) if grad is not None and not isinstance(grad, Tensor) else grad

    def _checked(self, results: list[Any]) -> list[Any]:
        """What ``backward`` returned for the tensor inputs, or an error about what it returned."""
        expected = len(self._tensor_inputs)
        while len(results) > expected and results[-1] is None:
            results.pop()
        name = self.name()
        if len(results) != expected:
            raise RuntimeError(
                f"function {name} returned an incorrect number of gradients (expected {expected}, "
                f"got {len(results)})"
            )
        kept = []
        for i, (g, is_tensor) in enumerate(zip(results, self._tensor_inputs, strict=True)):
            if not is_tensor and g is not None:
                raise RuntimeError(
                    f"function {name} returned a gradient different from None at position {i + 1}, "
                    "but the corresponding forward input was not a Variable"
                )
            if g is not None and not isinstance(g, Tensor):
                raise TypeError(f"expected Variable or None (got {errors.type_name(g)})")
            if is_tensor:
                kept.append(g)
        return kept

    def unpack(self, record: bool) -> Sequence[Any]:
        return self.saved_tensors

    def release(self) -> None:
        self.saved = None

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


class SavedTensor:
    """A tensor kept by ``save_for_backward``: its array, its history, and the version it had."""

    __slots__ = ("array", "box", "edge", "hook", "is_output", "original", "port", "version")

    def __init__(self, t: Tensor, output: int | None) -> None:
        if t._counter is None:
            raise errors.inference_saved()
        self.array, self.box, self.version = t._data, t._counter, t._counter[0]
        self.hook, self.is_output = None, output is not None
        # A node must not refer to its own output: an output is remembered by its number.
        self.edge = None if output is not None else t.history()
        self.port = t._port if output is None else output
        # Without a history, or as a leaf, the very tensor that was saved comes back.
        leaf = output is None and (self.edge is None or type(self.edge) is AccumulateGrad)
        self.original = t if leaf else None
        if mode.state & HOOKS:
            from .graph import packed

            self.hook = packed(t)
            self.array = self.original = None

    def unpack(self, node: Node) -> Tensor:
        from ..op import with_history

        if self.hook is not None:
            found = self.hook()
            if self.edge is None and not self.is_output and not found.requires_grad:
                return found  # type: ignore[no-any-return]
            return with_history(found._data, node if self.is_output else self.edge, self.port)
        if self.box[0] != self.version:
            words = ""
            maker = self.box[1] if len(self.box) > 1 else ""  # what changed it last
            if self.edge is not None and self.original is None:
                maker = maker or self.edge.name()
            if maker:
                words = f", which is output {self.port} of {without_backward(maker)}"
            raise errors.modified_in_place(
                dtypes.of(self.array.dtype), self.array.shape, words, self.box[0], self.version,
                cuda=not isinstance(self.array, np.ndarray),
            )  # fmt: skip
        if self.original is not None:
            return self.original
        return with_history(self.array, self.edge or node, self.port)


class _FunctionMeta(type):
    """Gives each Function its node class, named after it: Cube -> CubeBackward."""

    def __init__(cls, name: str, bases: Any, namespace: Any) -> None:
        super().__init__(name, bases, namespace)
        content = {"_forward_cls": cls, "__module__": "torch.autograd.function"}
        cls._backward_cls = type(name + "Backward", (FunctionNode,), content)


class Function(metaclass=_FunctionMeta):
    """Base class of operations with a derivative of one's own.  See the module's docstring."""

    _backward_cls: ClassVar[Any]
    generate_vmap_rule = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{self.__class__} should not be instantiated. Methods on autograd functions are all "
            "static, so you should invoke them on the class itself. Instantiating an autograd "
            "function will raise an error in a future version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use "
            "new-style autograd function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the result: ``forward(ctx, *inputs)``, or ``forward(*inputs)`` with
        ``setup_context``.
        """
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Save on ``ctx`` what ``backward`` needs, when ``forward`` takes no ``ctx``."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Gradients by the inputs, one each (None for inputs that have none)."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """Tangents of the outputs from those of the inputs (forward mode)."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with "
            "forward mode AD."
        )

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        """The operation on inputs with a batch dimension (``torch.func.vmap``)."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap static method "
            "or set generate_vmap_rule=True."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run ``forward`` on the inputs and record one node for it.

        Together with ``setup_context``, `forward` may have defaults and take keywords.
        """
        if cls.setup_context is not Function.setup_context:
            bound = _signature(cls.forward).bind(*args, **kwargs)
            bound.apply_defaults()
            args, kwargs = bound.args, bound.kwargs
        if mode.state & TRANSFORM or mode.transforms:
            from .function_transforms import apply_under_transform

            found = apply_under_transform(cls, args, kwargs)
            if found is not NotImplemented:
                return found
        return _apply(cls, args, kwargs)


_signature = functools.cache(inspect.signature)
Function.vjp = Function.backward  # type: ignore[method-assign]


def _apply(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    ctx = cls._backward_cls()
    recording = bool(mode.state & RECORD) and not mode.state & INFERENCE
    ctx._tensor_inputs = tuple(isinstance(a, Tensor) for a in args)
    ctx.needs_input_grad = tuple(isinstance(a, Tensor) and a.requires_grad for a in args)
    inputs = [a for a in args if isinstance(a, Tensor)]
    ctx.edges = [t.history() for t in inputs]
    ports = tuple(0 if e is None else t._port for e, t in zip(ctx.edges, inputs, strict=True))
    ctx.ports = ports if any(ports) else None
    forward_mode, mode.state = mode.state & FORWARD, mode.state & ~FORWARD
    with no_grad():
        if cls.setup_context is not Function.setup_context:
            output = cls.forward(*args, **kwargs)
            cls.setup_context(ctx, args, output)
        else:
            output = cls.forward(ctx, *args, **kwargs)
    mode.state |= forward_mode
    outputs = output if isinstance(output, tuple) else (output,)
    recording = recording and any(ctx.needs_input_grad)
    _check_dirty(ctx, outputs, inputs, recording)
    results = [_outgoing(ctx, o, inputs, recording) for o in outputs]
    _mark_views(ctx, results, recording)
    if recording:
        _attach(ctx, results)
        if mode.state & ANOMALY:
            from .anomaly_mode import remember_call

            remember_call(ctx)
    ctx.saved = [_saved(t, ctx, outputs, results) if t is not None else None for t in ctx.to_save]
    if mode.state & FORWARD:
        from .tangents import propagate_function

        ctx._in_jvp = True
        propagate_function(cls, ctx, args, results, outputs)
        ctx._in_jvp = False
    ctx.to_save = ctx.dirty_tensors = ctx.non_differentiable = ctx.saved_for_forward = ()
    return tuple(results) if isinstance(output, tuple) else results[0]


def _saved(t: Tensor, ctx: Any, outputs: Sequence[Any], results: Sequence[Any]) -> SavedTensor:
    """Outputs are recognised by identity, as returned by forward or as handed to the caller."""
    for port, (returned, result) in enumerate(zip(outputs, results, strict=True)):
        if (t is returned or t is result) and getattr(result, "_grad_fn", None) is ctx:
            return SavedTensor(result, port)
    return SavedTensor(t, None)


def _outgoing(ctx: Any, value: Any, inputs: Sequence[Tensor], recording: bool) -> Any:
    """An output as the caller gets it: an input that was returned unchanged becomes an alias."""
    if not isinstance(value, Tensor):
        return value
    dirty = any(value is t for t in ctx.dirty_tensors)
    if any(value is t for t in inputs) and not dirty:
        if value.requires_grad and not recording:
            return value.detach()
        with no_grad():
            value = value.view_as(value)  # type: ignore[attr-defined]
        if not recording:
            return value
    elif not recording and not dirty and type(value._grad_fn) is not AccumulateGrad:
        value._grad_fn = None
    return value


def _check_dirty(
    ctx: Any, outputs: Sequence[Any], inputs: Sequence[Tensor], recording: bool
) -> None:
    """Raise if something marked dirty is no output, or has a history that cannot be rewritten."""
    for t in ctx.dirty_tensors:
        if not any(t is o for o in outputs):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as "
                "output. The inputs that are modified inplace must all be outputs of the Function."
            )
        if not recording:
            continue
        if not any(t is i for i in inputs):
            warnings.warn(
                "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that "
                "have been mutated should be passed to ctx.mark_dirty().",
                stacklevel=4,
            )
        if type(t._grad_fn) is AccumulateGrad:
            raise errors.leaf_marked_dirty()
        if t._view is not None and len(outputs) > 1:
            raise _several_outputs_of_dirty_view()
        if t._view is not None and t._view.base.is_leaf and t._view.base.requires_grad:
            raise errors.view_of_leaf_in_place()


def _several_outputs_of_dirty_view() -> RuntimeError:
    return RuntimeError(
        "If your Function modifies inplace an input that is a view of another Tensor, your "
        "Function cannot return more than one Tensor. This is not supported by the current "
        "autograd engine. You should either make sure the input is not a view (using .clone() for "
        "example) or make your Function only return one Tensor (potentially splitting it into two "
        "Functions: one doing the inplace that returns a single Tensor and a second one that does "
        "the other operations). You can ask on the forum https://discuss.pytorch.org/ if you need "
        "help to do this change."
    )


def _mark_views(ctx: Any, results: Sequence[Any], recording: bool) -> None:
    """Note that outputs which are views may not be changed in place."""
    tensors = [t for t in results if isinstance(t, Tensor)]
    several = recording and sum(t.dtype.category >= dtypes.FLOAT for t in tensors) > 1
    for t in tensors:
        if t._view is not None and not any(t is d for d in ctx.dirty_tensors):
            t._view.kind, t._view.seen = "several" if several else "custom", t._counter[0]


def _attach(ctx: Any, results: list[Any]) -> None:
    """Make the node the history of the differentiable outputs."""
    from ..views import move_to, rebase

    tensors = [r if isinstance(r, Tensor) else None for r in results]
    shapes = [((), None) if t is None else (t._data.shape, t._data.dtype) for t in tensors]
    if len(tensors) == 1 and tensors[0] is not None:
        ctx.shape, ctx.dtype = shapes[0]
    else:
        ctx.metas = shapes
    for port, t in enumerate(tensors):
        if t is None or any(t is n for n in ctx.non_differentiable):
            if not ctx._materialize_non_diff_grads:
                ctx._left_undefined = (*ctx._left_undefined, port)
            if t is not None and any(t is d for d in ctx.dirty_tensors):
                results[port] = t.detach()
            continue
        if t.dtype.category < dtypes.FLOAT:
            continue
        if any(t is d for d in ctx.dirty_tensors) and t._view is not None:
            rebase(t, ctx)
        else:
            move_to(t, ctx, port)


class Error(Node):
    """The history of gradients that may not be differentiated again."""

    __slots__ = ()

    def name(self) -> str:
        return "torch::autograd::Error"

    def backward(self, grad: Any, record: bool) -> Sequence[Any]:
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )

    def unpack(self, record: bool) -> Sequence[Any]:
        return ()


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator for ``backward``: it runs without recording, and differentiating it is an error."""

    @functools.wraps(fn)
    def wrapper(ctx: Any, *args: Any) -> Any:
        with no_grad():
            outputs = fn(ctx, *args)
        if not mode.state & RECORD:
            return outputs
        if not any(isinstance(a, Tensor) and a.requires_grad for a in args):
            return outputs
        several = outputs if isinstance(outputs, tuple) else (outputs,)
        made = _undifferentiable(several)
        return made if isinstance(outputs, tuple) else made[0]

    return wrapper


def _undifferentiable(outputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """`outputs` with one Error node as the history of all tensors among them."""
    made = [out.detach() if isinstance(out, Tensor) else out for out in outputs]
    tensors = [t if isinstance(t, Tensor) and t.dtype.category >= dtypes.FLOAT else None
               for t in made]  # fmt: skip
    node = Error([None if t is None else AccumulateGrad(t) for t in tensors])
    node.metas = [((), None) if t is None else (t._data.shape, t._data.dtype) for t in tensors]
    for port, t in enumerate(tensors):
        if t is not None:
            t._grad_fn, t._port = node, port
    return tuple(made)


class InplaceFunction(Function):
    """A Function with an ``inplace`` argument; kept because programs subclass it."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


class NestedIOFunction(Function):
    """Named for completeness: nested inputs are not supported."""


__getattr__ = names_of(__name__)
