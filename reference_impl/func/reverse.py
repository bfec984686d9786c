"""Reverse mode: ``grad``, ``grad_and_value`` and ``vjp``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .. import dtypes, errors
from ..autograd.grad_mode import RECORD, enable_grad, mode
from ..autograd.graph import disable_saved_tensors_hooks
from ..ops.create import ones_like, zeros_like
from ..tensor import Tensor
from ..utils._pytree import tree_flatten, tree_map, tree_unflatten
from .levels import Inputs, Transforming, pull_back

Argnums = int | tuple[int, ...]


def grad(
    func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The function that computes the gradient of `func`, which returns one scalar tensor.

    By the argument(s) `argnums`; with `has_aux`, `func` returns (scalar, anything) and so does the
    gradient.  Raises RuntimeError for an output that is no scalar.
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        found, value = _grad_and_value(func, argnums, has_aux, args, kwargs)
        return (found, value[1]) if has_aux else found

    return wrapper


def grad_and_value(
    func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Like ``grad``, returning (gradient, value); with `has_aux`, (gradient, (value, aux))."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return _grad_and_value(func, argnums, has_aux, args, kwargs)

    return wrapper


def _grad_and_value(
    func: Any, argnums: Argnums, has_aux: bool, args: Any, kwargs: Any
) -> tuple[Any, Any]:
    inputs = Inputs()
    recorded = mode.state & RECORD
    with enable_grad(), without_hooks(), Transforming():
        args, chosen, spec = _with_fresh(inputs, args, argnums)
        output, aux = split_aux(func(*args, **kwargs), has_aux, "grad_and_value(f)(*args)")
        _check_scalar(output)
        grads = _gradients(inputs, [output], [ones_like(output)], chosen)
    found = tree_unflatten(grads, spec)
    result = (found, (output, aux) if has_aux else output)
    return _detached(result) if not recorded else inputs.released(result)


def _gradients(
    inputs: Inputs, outputs: Sequence[Any], cotangents: Sequence[Any], chosen: Sequence[Any]
) -> list[Any]:
    """Gradients by all chosen inputs, recorded only if something else could be asked of them."""
    record = not inputs.matter_alone(outputs) or not inputs.matter_alone(cotangents)
    grads = pull_back(outputs, cotangents, chosen, record=record, retain=True)
    return [zeros_like(x) if g is None else g for g, x in zip(grads, chosen, strict=True)]


def _with_fresh(inputs: Inputs, args: Any, argnums: Argnums) -> tuple[Any, list[Any], Any]:
    """(the arguments with fresh ones at `argnums`, those as a flat list, their structure)."""
    positions = check_argnums(argnums, len(args))
    fresh = {n: tree_map(fresh_leaf(inputs), args[n]) for n in positions}
    chosen = tuple(fresh[n] for n in positions)
    leaves, spec = tree_flatten(chosen if isinstance(argnums, tuple) else chosen[0])
    return tuple(fresh.get(i, a) for i, a in enumerate(args)), leaves, spec


def check_argnums(argnums: Argnums, count: int) -> list[int]:
    """`argnums` as non-negative ints.  Raises RuntimeError for what is no argument."""
    if not isinstance(argnums, (int, tuple)):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    positions = []
    for n in argnums if isinstance(argnums, tuple) else (argnums,):
        if not isinstance(n, int):
            raise RuntimeError(f"argnum must be int, got: {type(n)}")
        if not -count <= n < count:
            raise RuntimeError(f"Got argnum={n}, but only {count} positional inputs")
        positions.append(n % count)
    if not positions:
        raise RuntimeError("argnums must be non-empty")
    if len(set(positions)) != len(positions):
        raise RuntimeError(f"argnums elements must be unique, got {tuple(positions)}")
    return positions


def fresh_leaf(inputs: Inputs) -> Callable[[Any], Any]:
    def fresh(x: Any) -> Any:
        if not isinstance(x, Tensor):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(x)}")
        if x.dtype.category < dtypes.FLOAT:
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        return inputs.fresh(x)

    return fresh


def split_aux(output: Any, has_aux: bool, words: str) -> tuple[Any, Any]:
    """(output, aux).  Raises RuntimeError, opening with `words`, for anything but a pair."""
    if not has_aux:
        return output, None
    if not isinstance(output, tuple) or len(output) != 2:
        raise RuntimeError(
            f"{words}: output of function f should be a tuple: (output, aux) if has_aux is True"
        )
    for leaf in tree_flatten(output[1])[0]:
        if not isinstance(leaf, Tensor):
            raise RuntimeError(f"Expected tensors, got unsupported type {type(leaf)}")
    return output


def _check_scalar(output: Any) -> None:
    if not isinstance(output, Tensor):
        raise RuntimeError(
            f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type(output)}"
        )
    if output.ndim != 0:
        raise RuntimeError(
            "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor "
            f"with {output.ndim} dims. Maybe you wanted to use the vjp or jacrev APIs instead?"
        )


def _detached(tree: Any) -> Any:
    return tree_map(lambda t: t.detach() if isinstance(t, Tensor) else t, tree)


def without_hooks() -> Any:
    """A context in which there are no saved-tensor hooks; RuntimeError inside some."""
    return disable_saved_tensors_hooks(
        "torch.func.{grad, vjp, jacrev, hessian} don't yet support saved tensor hooks. Please open "
        "an issue with your use case."
    )


# ---------------------------------------------------------------- vjp


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """(output, vjp_fn): the function that takes cotangents of the output to those of `primals`.

    With `has_aux`, `func` returns (output, aux), and aux comes third.
    """
    inputs = Inputs()
    recorded = mode.state & RECORD
    with enable_grad(), without_hooks(), Transforming():
        fresh = tree_map(fresh_leaf(inputs), primals)
        output, aux = split_aux(func(*fresh), has_aux, "vjp(f, *primals)")
    leaves, spec = tree_flatten(fresh)
    outputs, out_spec = tree_flatten(output)
    check_outputs("vjp(f, *primals)", outputs)
    for out in outputs:
        if out.dtype.category < dtypes.FLOAT:
            raise RuntimeError(
                "vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got "
                f"Tensor with dtype {out.dtype}"
            )

    def vjp_fn(cotangents: Any, retain_graph: bool = True, create_graph: Any = None) -> Any:
        given, given_spec = tree_flatten(cotangents)
        if given_spec != out_spec:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of "
                f"outputs to the function. cotangents: {_drawn(given_spec)}, primal output: "
                f"{_drawn(out_spec)}"
            )
        for i, (c, out) in enumerate(zip(given, outputs, strict=True)):
            if c.shape != out.shape:
                raise errors.grad_shape_mismatch(i, c.shape, out.shape)
        found = _gradients(inputs, outputs, given, leaves)
        result = tree_unflatten(found, spec)
        return inputs.released(result) if mode.state & RECORD else _detached(result)

    result, aux = map(inputs.released if recorded else _detached, (output, aux))
    return (result, vjp_fn, aux) if has_aux else (result, vjp_fn)


def _drawn(spec: Any) -> str:
    """A tree's shape with a star for each leaf: ``(*, *)``."""
    return repr(tree_unflatten([_Star()] * spec.num_leaves, spec))


class _Star:
    def __repr__(self) -> str:
        return "*"


def check_outputs(name: str, outputs: Sequence[Any]) -> None:
    """Raise RuntimeError unless `outputs` are tensors, and at least one."""
    if not outputs or (len(outputs) == 1 and outputs[0] is None):
        raise RuntimeError(
            f"{name}: Expected f to be a function that has non-empty output (got output = "
            f"{list(outputs)})"
        )
    for out in outputs:
        if not isinstance(out, Tensor):
            raise RuntimeError(
                f"{name}: expected f(*primals) to return only tensors, got unsupported type "
                f"{type(out)}"
            )
