"""``torch.autograd``: backward passes, and what can be asked of the graph."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..backend import xp_of
from ..missing import lookup

from .engine import run_backward  # first: it completes the tensor module  # isort: skip
from ..tensor import Tensor, wrap
from . import forward_ad, function, graph
from .anomaly_mode import detect_anomaly, set_detect_anomaly
from .function import Function
from .grad_mode import FORWARD, enable_grad, inference_mode, mode, no_grad, set_grad_enabled
from .gradcheck import gradcheck, gradgradcheck
from .variable import Variable

__all__ = [
    "Function",
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
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
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
    Raises RuntimeError for a tensor without history or a second pass through a freed graph.
    """
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
    edges = [(t.history(), t._port) for t in roots]
    run_backward(edges, grads, retain_graph=retain, create_graph=create_graph, targets=targets)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of the sum of `outputs` (weighted by `grad_outputs`) by `inputs`, as a tuple.

    Nothing is accumulated.  An input that the outputs do not depend on raises RuntimeError, gives
    None with `allow_unused`, zeros with `materialize_grads`.
    """
    roots, wanted = _as_tuple(outputs), _as_tuple(inputs)
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

        several = gradients_of_batch(
            roots, _as_tuple(grad_outputs), wanted, retain=retain, record=create_graph
        )
        found = dict(zip(targets, several, strict=True))
    elif mode.state & FORWARD:
        from ..func.levels import pull_back

        grads = _root_gradients(roots, grad_outputs, True)
        pulled = pull_back(roots, grads, wanted, record=create_graph, retain=retain)
        found = dict(zip(targets, pulled, strict=True))
    else:
        grads = _root_gradients(roots, grad_outputs, create_graph)
        edges = [(t.history(), t._port) for t in roots]
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
            g = xp_of(t._data).zeros_like(t._data)
        out.append(g if g is None or isinstance(g, Tensor) else _own(g))
    return tuple(out)


def _own(array: Any) -> Tensor:
    """A gradient handed to the user: memory of its own."""
    if isinstance(array, np.generic):
        return wrap(np.asarray(array))
    return wrap(array.copy())


def _as_tuple(tensors: Any) -> tuple[Any, ...]:
    return (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)


def _target(t: Tensor) -> Any:
    node = t.history()
    if node is None:
        raise errors.differentiated_needs_grad()
    return node, t._port


def _root_gradients(roots: Any, given: Any, create_graph: bool) -> list[Any]:
    """The gradient to start from at each root, checked: arrays, or Tensors for `create_graph`."""
    if given is None:
        given = (None,) * len(roots)
    elif isinstance(given, Tensor):
        given = (given,)
    grads = []
    for i, (root, g) in enumerate(zip(roots, given, strict=True)):
        if root.history() is None:
            raise errors.no_graph(i)
        data = root._data
        if g is None:
            if data.size != 1:
                raise errors.not_scalar_backward()
            if data.dtype.kind == "c":
                raise errors.not_real_backward(root.dtype)
            g = wrap(xp_of(data).ones(data.shape, data.dtype))
        elif g._data.shape != data.shape:
            raise errors.grad_shape_mismatch(i, g.shape, root.shape)
        elif g.is_complex() != root.is_complex():
            raise errors.grad_dtype_mismatch(i, g.dtype, root.dtype)
        elif g._data.dtype != data.dtype:
            g = g.to(root.dtype)
        grads.append(g if create_graph else g._data)
    return grads


def __getattr__(name: str) -> Any:
    if name == "functional":  # it needs the operations, which need this module
        return importlib.import_module(f"{__name__}.functional")
    return lookup("torch.autograd", name)
