"""``vmap``: a function of one example becomes a function of a batch."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ..ops.join import cat
from ..tensor import Tensor
from ..utils._pytree import TreeSpec, tree_flatten, tree_unflatten
from .batching import Level, level_of, with_batch, without_batch

__all__ = ["vmap"]


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Map `func` over a dimension of its inputs.

    `in_dims` says over which (None: the input is the same for all), as one number or in the shape
    of the arguments; `out_dims` where the batch goes in the outputs.  With `chunk_size`, that many
    examples at a time.  Raises ValueError for dimensions that do not fit, and for an output that is
    no tensor.
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(
            "Only allowed values for randomness are 'error', 'different', or 'same'. Got "
            f"{randomness}"
        )
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        leaves, spec = tree_flatten(args)
        dims = _dims_of(in_dims, spec, leaves, func)
        size = _batch_size(dims, leaves)
        if chunk_size is None or chunk_size >= size:
            outputs = _run(func, leaves, dims, spec, size, randomness, kwargs, out_dims)
            return _collected(outputs, out_dims, func)
        parts = []
        for start in range(0, size, chunk_size):
            count = min(chunk_size, size - start)
            chunk = [
                x if d is None else x.narrow(d, start, count)
                for x, d in zip(leaves, dims, strict=True)
            ]
            outputs = _run(func, chunk, dims, spec, count, randomness, kwargs, out_dims)
            parts.append(tree_flatten(_collected(outputs, 0, func)))
        joined = [cat(list(column)) for column in zip(*(p[0] for p in parts), strict=True)]
        return _placed(joined, parts[0][1], out_dims, func)

    return wrapped


def _run(
    func: Callable[..., Any],
    leaves: Sequence[Any],
    dims: Sequence[Any],
    spec: TreeSpec,
    size: int,
    randomness: str,
    kwargs: dict[str, Any],
    out_dims: Any,
) -> tuple[list[Any], TreeSpec]:
    """The outputs with the batch in sight, as their first dimension."""
    with Level(size, randomness) as level:
        inputs = [
            x if d is None else with_batch(x.movedim(d, 0), level.number)
            for x, d in zip(leaves, dims, strict=True)
        ]
        outputs, out_spec = tree_flatten(func(*tree_unflatten(inputs, spec), **kwargs))
        dims = _broadcast(out_dims, out_spec) or [0] * len(outputs)
        return [_whole(o, d, level, func) for o, d in zip(outputs, dims, strict=True)], out_spec


def _whole(out: Any, dim: Any, level: Level, func: Any) -> Any:
    """An output with the batch in sight, as its first dimension; without one if `dim` is None."""
    if dim is None:
        if level_of(out) == level.number:
            raise ValueError(
                f"vmap({_name(func)}, ...): `{_name(func)}` can not return a BatchedTensor when "
                "out_dim is None"
            )
        return out
    if not isinstance(out, Tensor):
        raise ValueError(
            f"vmap({_name(func)}, ...): `{_name(func)}` must only return Tensors, got type "
            f"{type(out)}. Did you mean to set out_dims= to None for output?"
        )
    return without_batch(out, level.number, level.size)


def _collected(outputs: tuple[list[Any], TreeSpec], out_dims: Any, func: Any) -> Any:
    return _placed(*outputs, out_dims, func)


def _placed(leaves: Sequence[Any], spec: TreeSpec, out_dims: Any, func: Any) -> Any:
    """The outputs with the batch where `out_dims` says."""
    for dim in tree_flatten(out_dims)[0]:
        if dim is not None and not isinstance(dim, int):
            raise ValueError(
                f"vmap({_name(func)}, ..., out_dims={out_dims}): `out_dims` must be an int, None "
                "or a python collection of ints representing where in the outputs the vmapped "
                "dimension should appear."
            )
    dims = _broadcast(out_dims, spec)
    if dims is None:
        raise ValueError(
            f"vmap({_name(func)}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible "
            f"with the structure of `outputs`. out_dims has structure "
            f"{tree_flatten(out_dims)[1]} but outputs has structure {spec}."
        )
    moved = [x if not d else x.movedim(0, d) for x, d in zip(leaves, dims, strict=True)]
    return tree_unflatten(moved, spec)


def _name(func: Any) -> str:
    return getattr(func, "__name__", repr(func))


def _broadcast(dims: Any, spec: TreeSpec) -> list[Any] | None:
    """A dimension for each leaf: `dims` may be a prefix of the tree.  None if it does not fit."""
    if dims is None or isinstance(dims, int):
        return [dims] * spec.num_leaves
    if spec.type is None:
        return list(dims) if isinstance(dims, (tuple, list)) and len(dims) == 1 else None
    children = dims
    if spec.keys is not None:
        if not isinstance(dims, dict) or list(dims) != list(spec.keys):
            return None
        children = list(dims.values())
    if not isinstance(children, (tuple, list)) or len(children) != len(spec.children):
        return None
    found = [_broadcast(d, s) for d, s in zip(children, spec.children, strict=True)]
    return None if any(f is None for f in found) else [d for f in found if f for d in f]


def _dims_of(in_dims: Any, spec: TreeSpec, leaves: Sequence[Any], func: Any) -> list[Any]:
    words = f"vmap({_name(func)}, in_dims={in_dims}, ...)(<inputs>)"
    if not isinstance(in_dims, (int, tuple, list)) or isinstance(in_dims, bool):
        raise ValueError(
            f"{words}: expected `in_dims` to be int or a (potentially nested) tuple matching the "
            f"structure of inputs, got: {type(in_dims)}."
        )
    if not leaves:
        raise ValueError(
            f"vmap({_name(func)})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you "
            "are trying to vmap over a function with no inputs. The latter is unsupported."
        )
    dims = _broadcast(tuple(in_dims) if isinstance(in_dims, list) else in_dims, spec)
    if dims is None:
        raise ValueError(
            f"{words}: in_dims is not compatible with the structure of `inputs`. in_dims has "
            f"structure {tree_flatten(in_dims)[1]} but inputs has structure {spec}."
        )
    return [_checked(x, d, words) for x, d in zip(leaves, dims, strict=True)]


def _checked(x: Any, dim: Any, words: str) -> Any:
    """A dimension as a non-negative int, or an error about it."""
    if dim is None:
        return None
    if not isinstance(dim, int):
        raise ValueError(
            f"{words}: Got in_dim={dim} for an input but in_dim must be either an integer "
            "dimension or None."
        )
    if not isinstance(x, Tensor):
        raise ValueError(
            f"{words}: Got in_dim={dim} for an input but the input is of type {type(x)}. We cannot "
            "vmap over non-Tensor arguments, please use None as the respective in_dim"
        )
    if not -x.ndim <= dim < x.ndim:
        raise ValueError(
            f"{words}: Got in_dim={dim} for some input, but that input is a Tensor of "
            f"dimensionality {x.ndim} so expected in_dim to satisfy -{x.ndim} <= in_dim < {x.ndim}."
        )
    return dim % x.ndim


def _batch_size(dims: Sequence[Any], leaves: Sequence[Any]) -> int:
    sizes = [x.shape[d] for x, d in zip(leaves, dims, strict=True) if d is not None]
    if not sizes:
        raise ValueError("vmap: Expected at least one Tensor to vmap over")
    if any(s != sizes[0] for s in sizes):
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    return int(sizes[0])
