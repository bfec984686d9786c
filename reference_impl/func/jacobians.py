"""Jacobians and Hessians: ``jacrev``, ``jacfwd`` and ``hessian``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ..ops.create import eye
from ..ops.join import stack
from ..tensor import Tensor
from ..utils._pytree import tree_flatten, tree_map, tree_unflatten
from .forward import jvp
from .reverse import Argnums, check_argnums, vjp
from .vmap import vmap


def _check_real(name: str, tree: Any, what: str) -> None:
    """Raise RuntimeError for a complex tensor."""
    for i, t in enumerate(tree_flatten(tree)[0]):
        if isinstance(t, Tensor) and t.is_complex():
            raise RuntimeError(
                f"{name}: Expected all {what} to be real but received complex tensor at flattened "
                f"input idx: {i}"
            )


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
    def wrapper(*args: Any) -> Any:
        _check_real("jacrev", args, "inputs")
        partial, chosen = _of_chosen(func, args, argnums)
        output, vjp_fn, *aux = vjp(partial, *chosen, has_aux=has_aux)
        outputs, out_spec = tree_flatten(output)
        _check_real("jacrev", outputs, "outputs")
        rows = _basis(outputs)

        def back(*row: Any) -> Any:
            return vjp_fn(tree_unflatten(row, out_spec))

        one_by_one = chunk_size == 1
        found = _each(back, rows) if one_by_one else vmap(back, chunk_size=chunk_size)(*rows)
        columns, in_spec = tree_flatten(found)
        sizes = [o.numel() for o in outputs]
        results = []
        for out, start, size in zip(outputs, _starts(sizes), sizes, strict=True):
            parts = [c[start : start + size].reshape((*out.shape, *c.shape[1:])) for c in columns]
            found = tree_unflatten(parts, in_spec)
            results.append(found if isinstance(argnums, tuple) else found[0])
        result = tree_unflatten(results, out_spec)
        return (result, aux[0]) if has_aux else result

    return wrapper


def jacfwd(
    func: Callable[..., Any],
    argnums: Argnums | None = 0,
    has_aux: bool = False,
    *,
    randomness: str = "error",
) -> Callable[..., Any]:
    """The function that computes the Jacobian of `func`, all columns at once in forward mode.

    Its shape is that of the output followed by that of the argument (each, if `argnums` is a tuple;
    None means all).  With `has_aux`, `func` returns (output, aux), and aux comes second.
    """

    @functools.wraps(func)
    def wrapper(*args: Any) -> Any:
        _check_real("jacfwd", args, "inputs")
        numbers = tuple(range(len(args))) if argnums is None else argnums
        partial, chosen = _of_chosen(func, args, numbers)
        leaves, in_spec = tree_flatten(chosen)

        def column(*tangents: Any) -> Any:
            output, tangent, *aux = jvp(
                partial, chosen, tree_unflatten(tangents, in_spec), has_aux=has_aux
            )
            _check_real("jacfwd", output, "outputs")
            return (tangent, *aux)

        tangents, *aux = vmap(column, randomness=randomness)(*_basis(leaves))
        columns, out_spec = tree_flatten(tangents)
        sizes = [x.numel() for x in leaves]
        results = []
        for pushed in columns:
            moved = pushed.movedim(0, -1)
            parts = [
                moved[..., start : start + size].reshape((*pushed.shape[1:], *x.shape))
                for x, start, size in zip(leaves, _starts(sizes), sizes, strict=True)
            ]
            found = tree_unflatten(parts, in_spec)
            results.append(found if isinstance(numbers, tuple) else found[0])
        result = tree_unflatten(results, out_spec)
        return (result, tree_map(lambda a: a[0], aux[0])) if has_aux else result

    return wrapper


def _each(func: Callable[..., Any], rows: Sequence[Any]) -> Any:
    """What ``vmap(func)(*rows)`` returns, for a function that cannot be mapped."""
    found = [tree_flatten(func(*row)) for row in zip(*rows, strict=True)]
    columns = zip(*(leaves for leaves, _ in found), strict=True)
    return tree_unflatten([stack(list(column)) for column in columns], found[0][1])


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The function that computes the matrix of second derivatives: ``jacfwd(jacrev(func))``."""
    return jacfwd(jacrev(func, argnums), argnums)


def _of_chosen(
    func: Callable[..., Any], args: Any, argnums: Argnums
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """`func` as a function of the arguments at `argnums` alone, and those."""
    positions = check_argnums(argnums, len(args))

    def partial(*chosen: Any) -> Any:
        replaced = dict(zip(positions, chosen, strict=True))
        return func(*(replaced.get(i, a) for i, a in enumerate(args)))

    return partial, tuple(args[n] for n in positions)
