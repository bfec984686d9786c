"""Custom Functions under ``vmap``: by their own ``vmap``, or example by example."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..func.batching import Batched, batched_in, hide, level_of, running
from ..ops.join import stack
from ..tensor import Tensor
from ..utils._pytree import tree_flatten, tree_leaves, tree_map, tree_unflatten


class VmapInfo(NamedTuple):
    """What a Function's ``vmap`` is told."""

    batch_size: int
    randomness: str


_MORE = " For more details, please see https://pytorch.org/docs/main/notes/extending.func.html"


def apply_under_transform(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``cls.apply(*args)`` with batched arguments; NotImplemented if there are none.

    Raises RuntimeError for a Function that has no ``setup_context``, or does not say how to be
    mapped.
    """
    from .function import Function

    if cls.setup_context is Function.setup_context:
        raise RuntimeError(
            "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, "
            "jacrev, ...), it must override the setup_context staticmethod." + _MORE
        )
    level = batched_in(args)
    if not level:
        return NotImplemented
    written = cls.vmap is not Function.vmap
    if written == cls.generate_vmap_rule:
        raise RuntimeError(
            f"You tried to vmap over {cls.__name__}, but it does not have vmap support. Please "
            "override and implement the vmap staticmethod or set generate_vmap_rule=True." + _MORE
            if not written
            else f"You tried to vmap over {cls.__name__}, but it has both generate_vmap_rule=True "
            "and an overridden vmap staticmethod. Please set generate_vmap_rule=False or delete "
            f"the overridden vmap staticmethod to avoid ambiguity. {_MORE.strip()}"
        )
    return (
        _by_its_own(cls, args, kwargs, level) if written else _one_by_one(cls, args, kwargs, level)
    )


def _by_its_own(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any], level: int) -> Any:
    if any(isinstance(x, Tensor) for x in tree_leaves(kwargs)):
        raise NotImplementedError(
            "Run vmap on autograd.Function with kwarg-only Tensor args. Please do not pass "
            f"kwarg-only Tensors to autograd.Function. Got: {kwargs}"
        )
    running_level = next(one for one in running() if one.number == level)
    info = VmapInfo(running_level.size, running_level.randomness)
    in_dims = tree_map(lambda a: 0 if level_of(a) == level else None, args)
    whole = tree_map(lambda a: a._value if level_of(a) == level else a, args)
    answer = cls.vmap(info, in_dims, *whole, **kwargs)
    outputs, out_dims = _two(answer)
    leaves, spec = tree_flatten(outputs)
    dims, dims_spec = tree_flatten(out_dims)
    if isinstance(outputs, tuple) and not isinstance(out_dims, tuple):
        dims, dims_spec = [out_dims] * len(leaves), spec
    if dims_spec != spec:
        raise RuntimeError(
            "The autograd.Function's vmap staticmethod returned an incompatible (output, out_dims) "
            f"tuple. Expected out_dims={out_dims} to be compatible with the structure of `output`. "
            f"out_dims has structure {dims_spec} but output has structure {spec}.{_MORE}"
        )
    pairs = zip(leaves, dims, strict=True)
    return tree_unflatten([_hidden(o, d, level) for o, d in pairs], spec)


def _two(answer: Any) -> tuple[Any, Any]:
    """What a ``vmap`` returned, (output, out_dims).  Raises RuntimeError for anything else."""
    if isinstance(answer, tuple) and len(answer) == 2:
        return answer
    got = f"{len(answer)} returns" if isinstance(answer, tuple) else f"a {type(answer)}"
    raise RuntimeError(
        "Expected the vmap staticmethod to have two returns, an output and out_dims with pytree "
        f"structure compatible with the output. Got {got} instead"
    )


def _hidden(out: Any, dim: int | None, level: int) -> Any:
    return out if dim is None else hide(out.movedim(dim, 0), level)


def _one_by_one(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any], level: int) -> Any:
    size = next(a._value.shape[0] for a in args if level_of(a) == level)
    results = []
    for i in range(size):
        example = [
            a._value.select(0, i) if isinstance(a, Batched) and level_of(a) == level else a
            for a in args
        ]
        results.append(cls.apply(*example, **kwargs))
    if isinstance(results[0], Tensor):
        return hide(stack(results), level)
    return tuple(hide(stack(list(column)), level) for column in zip(*results, strict=True))
