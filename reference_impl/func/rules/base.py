"""The table of rules, and what rules share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...op import Op, invoke
from ...ops.join import stack
from ...ops.shape import reshape
from ...tensor import Tensor
from ..batching import expanded, flat, level_of

Rule = Callable[[Op, list[Any], int], Any]
BY_NAME: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Declare the rule of the operations of these names."""

    def declare(function: Rule) -> Rule:
        for name in names:
            BY_NAME[name] = function
        return function

    return declare


def size_of(values: Sequence[Any], level: int) -> int:
    return next(int(v._value.shape[0]) for v in flat(values) if level_of(v) == level)


def whole(v: Any, level: int) -> Any:
    """A tensor with the batch in sight, expanded if it has none; other values as they are."""
    if type(v) in (list, tuple):
        return type(v)(whole(x, level) for x in v)
    if not isinstance(v, Tensor):
        return v
    return v._value if level_of(v) == level else expanded(v, level)._value


def wholes(values: Sequence[Any], level: int) -> list[Any]:
    return [whole(v, level) for v in values]


def aligned(tensors: Sequence[Any], level: int) -> list[Any]:
    """Whole batches of tensors, with ones after the batch so that they broadcast as examples do."""
    ndim = max((t.ndim for t in tensors if isinstance(t, Tensor)), default=0)
    return [_with_ones(t, level, ndim) if isinstance(t, Tensor) else t for t in tensors]


def _with_ones(t: Any, level: int, ndim: int) -> Any:
    if level_of(t) != level:
        return t
    if t.ndim == ndim:
        return t._value
    size, *shape = t._value.shape
    return reshape(t._value, (size, *[1] * (ndim - t.ndim), *shape))


def each(result: Any, function: Callable[[Any], Any]) -> Any:
    """A result, or a tuple of results, with `function` applied to each tensor."""
    if isinstance(result, Tensor):
        return function(result)
    made = [function(r) if isinstance(r, Tensor) else r for r in result]
    return type(result)(*made) if hasattr(result, "_fields") else type(result)(made)


def composed(function: Callable[..., Any]) -> Rule:
    """A rule that says the same in other operations, on tensors whose batch is hidden."""

    def run(op: Op, values: list[Any], level: int) -> Any:
        return each(function(*values), lambda t: whole(t, level))

    return run


def example(values: Sequence[Any], level: int, i: int) -> list[Any]:
    def one(v: Any) -> Any:
        return v._value.select(0, i) if level_of(v) == level else v

    return [type(v)(map(one, v)) if type(v) in (list, tuple) else one(v) for v in values]


def one_by_one(op: Op, values: list[Any], level: int) -> Any:
    """Example by example, and the results stacked."""
    results = [invoke(op, example(values, level, i)) for i in range(size_of(values, level))]
    if isinstance(results[0], Tensor):
        return stack(results)
    columns = [stack(list(column)) for column in zip(*results, strict=True)]
    kind = type(results[0])
    return (
        kind(*columns) if hasattr(kind, "_fields") or kind not in (tuple, list) else kind(columns)
    )
