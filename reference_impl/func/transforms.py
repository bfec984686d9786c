"""``grad``, ``vjp``, ``jvp``, ``linearize``, ``jacrev``, ``jacfwd`` and ``hessian``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .. import dtypes
from ..autograd.grad_mode import RECORD, enable_grad, mode
from ..ops.create import eye, ones_like, zeros_like
from ..tensor import Tensor
from ..utils._pytree import tree_flatten, tree_map, tree_unflatten
from .batching import innermost
from .levels import Inputs, pull_back
from .vmap import vmap

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
        found, value = _grad_and_value("grad", func, argnums, has_aux, args, kwargs)
        return (found, value[1]) if has_aux else found

    return wrapper


def grad_and_value(
    func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Like ``grad``, returning (gradient, value); with `has_aux`, (gradient, (value, aux))."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return _grad_and_value("grad_and_value", func, argnums, has_aux, args, kwargs)

    return wrapper


def _grad_and_value(
    name: str, func: Any, argnums: Argnums, has_aux: bool, args: Any, kwargs: Any
) -> tuple[Any, Any]:
    inputs = Inputs()
    recorded = mode.state & RECORD
    with enable_grad():
        args, chosen, spec = _with_fresh(inputs, args, argnums)
        output, aux = _split(func(*args, **kwargs), has_aux, name)
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
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    positions = []
    for n in numbers:
        if not isinstance(n, int):
            raise RuntimeError(f"argnum must be int, got: {type(n)}")
        if not -len(args) <= n < len(args):
            raise RuntimeError(f"Got argnum={n}, but only {len(args)} positional inputs")
        positions.append(n % len(args))
    fresh = {n: tree_map(_fresh_leaf(inputs), args[n]) for n in positions}
    chosen = tuple(fresh[n] for n in positions)
    leaves, spec = tree_flatten(chosen if isinstance(argnums, tuple) else chosen[0])
    return tuple(fresh.get(i, a) for i, a in enumerate(args)), leaves, spec


def _fresh_leaf(inputs: Inputs) -> Callable[[Any], Any]:
    def fresh(x: Any) -> Any:
        if not isinstance(x, Tensor):
            raise RuntimeError(f"Thing passed to transform API must be Tensor, got {type(x)}")
        if x.dtype.category < dtypes.FLOAT:
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        return inputs.fresh(x)

    return fresh


def _split(output: Any, has_aux: bool, name: str) -> tuple[Any, Any]:
    if not has_aux:
        return output, None
    if not isinstance(output, tuple) or len(output) != 2:
        raise RuntimeError(
            f"{name}_and_value(f)(*args): output of function f should be a tuple: (output, aux) if "
            "has_aux is True"
            if name == "grad"
            else f"{name}(f, *args): output of function f should be a tuple: (output, aux) if "
            "has_aux is True"
        )
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


# ---------------------------------------------------------------- vjp


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """(output, vjp_fn): the function that takes cotangents of the output to those of `primals`.

    With `has_aux`, `func` returns (output, aux), and aux comes third.
    """
    inputs = Inputs()
    with enable_grad():
        fresh = tree_map(_fresh_leaf(inputs), primals)
        output, aux = _split(func(*fresh), has_aux, "vjp")
    leaves, spec = tree_flatten(fresh)
    outputs, out_spec = tree_flatten(output)
    _check_outputs("vjp", outputs)

    def vjp_fn(*cotangents: Any, retain_graph: bool = True, create_graph: Any = None) -> Any:
        given, given_spec = tree_flatten(cotangents[0] if len(cotangents) == 1 else cotangents)
        if given_spec != out_spec:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of "
                f"outputs to the function. cotangents: {given_spec}, primal output: {out_spec}"
            )
        found = _gradients(inputs, outputs, given, leaves)
        return inputs.released(tree_unflatten(found, spec))

    result = inputs.released(output)
    return (result, vjp_fn, inputs.released(aux)) if has_aux else (result, vjp_fn)


def _check_outputs(name: str, outputs: Sequence[Any]) -> None:
    for out in outputs:
        if not isinstance(out, Tensor):
            raise RuntimeError(
                f"{name}(f, *primals): Expected f(*primals) to only return tensors, got "
                f"unsupported type {type(out)}"
            )


# ---------------------------------------------------------------- jvp


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """(output, jvp_fn): the function that takes tangents of `primals` to those of the output."""
    output, jvp_fn, _ = _linearize("linearize", func, primals, False)
    return output, jvp_fn


def jvp(
    func: Callable[..., Any],
    primals: Any,
    tangents: Any,
    *,
    strict: bool = False,
    has_aux: bool = False,
) -> Any:
    """(output, its tangent) of `func` at `primals` in the direction of `tangents`, two tuples.

    With `has_aux`, `func` returns (output, aux), and aux comes third.
    """
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, tuple):
            raise RuntimeError(
                f"jvp(f, primals, tangents): Expected {name} to be a tuple. E.g. it should be "
                "valid to call f(*primals)."
            )
    if tree_flatten(primals)[1] != tree_flatten(tangents)[1]:
        raise RuntimeError(
            "jvp(f, primals, tangents): Expected primals and tangents to have the same python "
            f"structure. For example, if primals is a tuple of 3 tensors, tangents also must be. "
            f"Got primals with structure {tree_flatten(primals)[1]} and tangents with structure "
            f"{tree_flatten(tangents)[1]}"
        )
    output, jvp_fn, aux = _linearize("jvp", func, primals, has_aux)
    tangent = jvp_fn(*tangents)
    return (output, tangent, aux) if has_aux else (output, tangent)


def _linearize(
    name: str, func: Callable[..., Any], primals: Any, has_aux: bool
) -> tuple[Any, Callable[..., Any], Any]:
    """The pull-back is linear in the cotangent: pulling back through it pushes tangents forward."""
    inputs = Inputs()
    with enable_grad():
        fresh = tree_map(_fresh_leaf(inputs), primals)
        output, aux = _split(func(*fresh), has_aux, name)
        leaves, _ = tree_flatten(fresh)
        outputs, out_spec = tree_flatten(output)
        _check_outputs(name, outputs)
        plain_in, plain_out = list(map(innermost, leaves)), list(map(innermost, outputs))
        seeds = [inputs.zeros(o) for o in outputs]
        pulled = pull_back(plain_out, seeds, plain_in, record=True, retain=True)

    def jvp_fn(*tangents: Any) -> Any:
        given = tree_flatten(tangents)[0]
        with enable_grad():
            found = _push_forward(inputs, pulled, given, leaves, seeds, outputs)
        return inputs.released(tree_unflatten(found, out_spec))

    return inputs.released(output), jvp_fn, inputs.released(aux)


def _push_forward(
    inputs: Inputs, pulled: Any, tangents: Any, leaves: Any, seeds: Any, outputs: Any
) -> list[Any]:
    from .batching import levels_of, with_batch

    def as_batched(t: Any, like: Any) -> Any:
        for level in levels_of(like):
            t = with_batch(t, level)
        return t

    useful = [i for i, g in enumerate(pulled) if g is not None and g.history() is not None]
    roots = [as_batched(pulled[i], leaves[i]) for i in useful]
    given = [tangents[i] for i in useful]
    record = not inputs.matter_alone(roots) or not inputs.matter_alone(given)
    found = pull_back(
        roots, given, [as_batched(s, o) for s, o in zip(seeds, outputs, strict=True)],
        record=record, retain=True,
    )  # fmt: skip
    return [zeros_like(o) if t is None else t for t, o in zip(found, outputs, strict=True)]


# ---------------------------------------------------------------- Jacobians


def _basis(tensors: Sequence[Any]) -> list[Any]:
    """For each tensor (total, *shape): the rows of a unit matrix, cut in pieces."""
    sizes = [t.numel() for t in tensors]
    rows = []
    for t, start, size in zip(tensors, _starts(sizes), sizes, strict=True):
        unit = eye(sum(sizes), dtype=t.dtype, device=t.device)
        rows.append(unit[:, start : start + size].reshape(sum(sizes), *t.shape))
    return rows


def _starts(sizes: Sequence[int]) -> list[int]:
    return [sum(sizes[:i]) for i in range(len(sizes))]


def jacrev(
    func: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """The function that computes the Jacobian of `func`, a row at a time in reverse mode.

    Its shape is that of the output followed by that of the argument.
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        partial, chosen = _of_chosen(func, args, kwargs, argnums)
        output, vjp_fn, *aux = vjp(partial, *chosen, has_aux=has_aux)
        outputs, out_spec = tree_flatten(output)
        rows = _basis(outputs)
        back = vmap(lambda *r: vjp_fn(tree_unflatten(r, out_spec)), chunk_size=chunk_size)
        columns, in_spec = tree_flatten(back(*rows))
        sizes = [o.numel() for o in outputs]
        results = []
        for out, start, size in zip(outputs, _starts(sizes), sizes, strict=True):
            parts = [c[start : start + size].reshape(*out.shape, *c.shape[1:]) for c in columns]
            found = tree_unflatten(parts, in_spec)
            results.append(found if isinstance(argnums, tuple) else found[0])
        result = tree_unflatten(results, out_spec)
        return (result, aux[0]) if has_aux else result

    return wrapper


def jacfwd(
    func: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    *,
    chunk_size: int | None = None,
    randomness: str = "error",
) -> Callable[..., Any]:
    """The function that computes the Jacobian of `func`, a column at a time in forward mode."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        partial, chosen = _of_chosen(func, args, kwargs, argnums)
        _, jvp_fn, aux = _linearize("jvp", partial, chosen, has_aux)
        leaves, in_spec = tree_flatten(chosen)
        forward = vmap(
            lambda *t: jvp_fn(*tree_unflatten(t, in_spec)), randomness=randomness,
            chunk_size=chunk_size,
        )  # fmt: skip
        columns, out_spec = tree_flatten(forward(*_basis(leaves)))
        sizes = [x.numel() for x in leaves]
        results = []
        for column in columns:
            moved = column.movedim(0, -1)
            parts = [
                moved[..., start : start + size].reshape(*column.shape[1:], *x.shape)
                for x, start, size in zip(leaves, _starts(sizes), sizes, strict=True)
            ]
            found = tree_unflatten(parts, in_spec)
            results.append(found if isinstance(argnums, tuple) else found[0])
        result = tree_unflatten(results, out_spec)
        return (result, aux) if has_aux else result

    return wrapper


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The function that computes the matrix of second derivatives: ``jacfwd(jacrev(func))``."""
    return jacfwd(jacrev(func, argnums), argnums)


def _of_chosen(
    func: Callable[..., Any], args: Any, kwargs: Any, argnums: Argnums
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """`func` as a function of the arguments at `argnums` alone, and those."""
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    for n in numbers:
        if not -len(args) <= n < len(args):
            raise RuntimeError(f"Got argnum={n}, but only {len(args)} positional inputs")
    positions = [n % len(args) for n in numbers]

    def partial(*chosen: Any) -> Any:
        replaced = dict(zip(positions, chosen, strict=True))
        return func(*(replaced.get(i, a) for i, a in enumerate(args)), **kwargs)

    return partial, tuple(args[n] for n in positions)
