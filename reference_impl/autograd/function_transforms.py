"""Custom Functions under ``vmap``: by their own ``vmap``, or example by example."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..func.batching import Batched, batched_in, hide, level_of, running
from ..ops.join import stack
from ..tensor import Tensor


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
    return _by_its_own(cls, args, level) if written else _one_by_one(cls, args, kwargs, level)


def _by_its_own(cls: Any, args: tuple[Any, ...], level: int) -> Any:
    running_level = next(one for one in running() if one.number == level)
    info = VmapInfo(running_level.size, running_level.randomness)
    in_dims = tuple(0 if level_of(a) == level else None for a in args)
    whole = [a._value if d == 0 else a for a, d in zip(args, in_dims, strict=True)]
    outputs, out_dims = cls.vmap(info, in_dims, *whole)
    if isinstance(outputs, tuple):
        dims = out_dims if isinstance(out_dims, tuple) else (out_dims,) * len(outputs)
        return tuple(_hidden(o, d, level) for o, d in zip(outputs, dims, strict=True))
    return _hidden(outputs, out_dims, level)


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
