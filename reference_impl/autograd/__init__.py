"""``torch.autograd``: backward passes, and what can be asked of the graph."""

from __future__ import annotations

import importlib
import math
import warnings
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..backend import xp_of
from ..missing import lookup

from .engine import run_backward  # first: it completes the tensor module  # isort: skip
from ..tensor import Size, Tensor, wrap
from . import forward_ad, function, graph
from .anomaly_mode import detect_anomaly, set_detect_anomaly
from .function import Function, NestedIOFunction
from .grad_mode import (
    FORWARD,
    enable_grad,
    inference_mode,
    is_multithreading_enabled,
    mode,
    no_grad,
    set_grad_enabled,
    set_multithreading_enabled,
)
from .gradcheck import gradcheck, gradgradcheck
from .graph import SavedTensor
from .variable import Variable

__all__ = [
    "Function",
    "NestedIOFunction",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "forward_ad",
    "function",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "is_multithreading_enabled",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
    "set_multithreading_enabled",
]  # fmt: skip


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Accumulate the gradients of `tensors` by the leaves (or by `inputs`) into their ``.grad``.

    `grad_tensors` are the gradients by `tensors` themselves; they may be left out for scalars.
    A tensor may be given by its ``graph.GradientEdge``.
    Raises RuntimeError for a tensor without history or a second pass through a freed graph.
    """
    if grad_variables is not None:
        warnings.warn(
            "`grad_variables` is deprecated. Use `grad_tensors` instead.",
            FutureWarning,
            stacklevel=2,
        )
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to "
                "`backward()`. Please only use `grad_tensors`."
            )
        grad_tensors = grad_variables
    roots = _as_tuple(tensors)
    if inputs is not None:
        inputs = _as_tuple(inputs)
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    if create_graph:
        warnings.warn(errors.CREATE_GRAPH_WARNING, UserWarning, stacklevel=2)
    retain = create_graph if retain_graph is None else retain_graph
    grads = _root_gradients(roots, grad_tensors, create_graph)
    targets = None if inputs is None else [_target(t) for t in inputs]
    for t in inputs or ():
        if isinstance(t, Tensor):
            t.retain_grad()
    edges = [_edge(t) for t in roots]
    run_backward(edges, grads, retain_graph=retain, create_graph=create_graph, targets=targets)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of the sum of `outputs` (weighted by `grad_outputs`) by `inputs`, as a tuple.

    Nothing is accumulated.  An input that the outputs do not depend on raises RuntimeError, gives
    None with `allow_unused`, zeros with `materialize_grads`.
    """
    roots, wanted = _as_tuple(outputs), _as_tuple(inputs)
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To "
            "accumulate gradient for other parts of the graph, please use torch.autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    if not wanted:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, "
            "but got: allow_unused=False."
        )
    allow_unused = bool(allow_unused) or materialize_grads
    retain = create_graph if retain_graph is None else retain_graph
    targets = [_target(t) for t in wanted]
    found: dict[Any, Any]
    if is_grads_batched:
        from ..func.levels import gradients_of_batch

        rows = _as_tuple(grad_outputs)
        several = gradients_of_batch(roots, rows, wanted, retain=retain, record=create_graph)
        found = dict(zip(targets, several, strict=True))
    elif mode.state & FORWARD and all(isinstance(t, Tensor) for t in (*roots, *wanted)):
        from ..func.levels import pull_back

        grads = _root_gradients(roots, grad_outputs, True)
        pulled = pull_back(roots, grads, wanted, record=create_graph, retain=retain)
        found = dict(zip(targets, pulled, strict=True))
    else:
        grads = _root_gradients(roots, grad_outputs, create_graph)
        edges = [_edge(t) for t in roots]
        found = run_backward(
            edges, grads, retain_graph=retain, create_graph=create_graph, targets=targets,
            accumulate=False,
        )  # fmt: skip
    out = []
    for i, (target, t) in enumerate(zip(targets, wanted, strict=True)):
        g = found.get(target)
        if g is None and not allow_unused:
            raise errors.grad_not_used(i)
        if g is None and materialize_grads:
            if isinstance(t, graph.GradientEdge):
                raise RuntimeError(
                    "materialize_grads cannot be used when the given input is a GradientEdge"
                )
            g = xp_of(t._data).zeros_like(t._data)
        out.append(g if g is None or isinstance(g, Tensor) else _own(g))
    return tuple(out)


def _own(array: Any) -> Tensor:
    """A gradient handed to the user: memory of its own."""
    if isinstance(array, np.generic):
        return wrap(np.asarray(array))
    return wrap(array.copy())


def _as_tuple(tensors: Any) -> tuple[Any, ...]:
    single = isinstance(tensors, (Tensor, graph.GradientEdge))
    return (tensors,) if single else tuple(tensors)


def _edge(t: Any) -> tuple[Any, int]:
    """Where the gradient of a tensor, or of an edge given for it, goes."""
    if isinstance(t, graph.GradientEdge):
        return t.node, t.output_nr
    return t.history(), t._port


def _target(t: Any) -> Any:
    if not isinstance(t, (Tensor, graph.GradientEdge)):
        kind = errors.type_name(t)
        raise RuntimeError(f"all inputs have to be Tensors or GradientEdges, but got {kind}")
    node, port = _edge(t)
    if node is None:
        raise errors.differentiated_needs_grad()
    return node, port


def _root_gradients(roots: Any, given: Any, create_graph: bool) -> list[Any]:
    """The gradient to start from at each root, checked: arrays, or Tensors for `create_graph`."""
    if given is None:
        given = (None,) * len(roots)
    elif isinstance(given, Tensor):
        given = (given,)
    grads = []
    for i, (root, g) in enumerate(zip(roots, given, strict=True)):
        node, port = _edge(root)
        if node is None or hasattr(root, "_value"):  # under vmap
            raise errors.no_graph(i)
        shape, dtype = node.meta(port)
        if g is None:
            if math.prod(shape) != 1:
                raise errors.not_scalar_backward()
            if dtype.kind == "c":
                raise errors.not_real_backward(dtypes.of(dtype))
            xp = xp_of(root._data) if isinstance(root, Tensor) else np
            g = wrap(xp.ones(shape, dtype))
        elif g._data.shape != shape:
            raise errors.grad_shape_mismatch(i, g.shape, Size(shape))
        elif g.is_complex() != (dtype.kind == "c"):
            raise errors.grad_dtype_mismatch(i, g.dtype, dtypes.of(dtype))
        elif g._data.dtype != dtype:
            g = g.to(dtypes.of(dtype))
        grads.append(g if create_graph else g._data)
    return grads


def __getattr__(name: str) -> Any:
    if name == "functional":  # it needs the operations, which need this module
        return importlib.import_module(f"{__name__}.functional")
    return lookup("torch.autograd", name)
