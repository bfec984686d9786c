"""Random numbers under ``vmap``: one draw for all examples, or one for each, as was asked for."""

from __future__ import annotations

from typing import Any

from ...op import Op, invoke
from ...tensor import Tensor
from ..batching import Level, expanded, level_of, levels_of, random_levels, running
from .base import Rule, each, rule, wholes

_FILLS = ("cauchy", "exponential", "geometric", "log_normal", "random", "uniform")


def with_own_draws(values: list[Any]) -> list[Any]:
    """Arguments batched at every level at which each example wants numbers of its own."""
    for level in random_levels():
        if not any(isinstance(v, Tensor) and level.number in levels_of(v) for v in values):
            at = next(i for i, v in enumerate(values) if isinstance(v, Tensor))
            values = [*values]
            values[at] = expanded(values[at], level.number)
    return values


class Drawing:
    """Inside, an operation draws the numbers for all maps at once."""

    def __enter__(self) -> None:
        self.outer, Level.drawing = Level.drawing, True

    def __exit__(self, *exc: object) -> None:
        Level.drawing = self.outer


def _same(level: int) -> bool:
    return running()[level - 1].randomness == "same"


@rule("bernoulli", "binomial", "multinomial", "normal", "poisson")
def _drawn(op: Op, values: list[Any], level: int) -> Any:
    if _same(level):
        raise RuntimeError(
            "Vmap does not currently support same randomness with a batched tensor input. Please "
            "file an issue with functorch"
        )
    return invoke(op, wholes(values, level))


def fill(op: Op, values: list[Any], level: int) -> Any:
    """What a tensor is to be filled with, in place: the whole batch."""
    whole = wholes(values, level)
    if not _same(level) or any(level_of(v) == level for v in values[1:]):
        return invoke(op, whole)
    one = invoke(op, [whole[0][0], *whole[1:]])
    return each(one, lambda t: t.expand(whole[0].shape))


FILLS: dict[str, Rule] = dict.fromkeys((*_FILLS, "bernoulli", "normal"), fill)


def refuse_unbatched() -> None:
    """Raise RuntimeError if a tensor that is the same for all is to be filled for each."""
    if random_levels():
        raise RuntimeError(
            "vmap: Cannot ask for different inplace randomness on an unbatched tensor. This will "
            "appear like same randomness. If this is necessary for your usage, please file an "
            "issue with functorch."
        )
