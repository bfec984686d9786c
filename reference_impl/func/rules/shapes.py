"""Views and rearrangements."""

from __future__ import annotations

from typing import Any

from ...op import Op, invoke, wrap_dim
from .base import one_by_one, rule, size_of, whole, wholes
from .families import along, moved


@rule("view", "unsafe_view", "_view", "_unsafe_view", "reshape_alias", "view_copy")
def _sized(op: Op, values: list[Any], level: int) -> Any:
    value, size = values[0]._value, _as_size(values[1])
    return invoke(op, [value, (value.shape[0], *size), *values[2:]])


@rule("expand", "expand_copy")
def _expand(op: Op, values: list[Any], level: int) -> Any:
    value, size = values[0]._value, _as_size(values[1])
    ones = [1] * (len(size) - values[0].ndim)
    value = value.reshape(value.shape[0], *ones, *value.shape[1:])
    return invoke(op, [value, (value.shape[0], *size), *values[2:]])


def _as_size(size: Any) -> tuple[int, ...]:
    return tuple(size) if isinstance(size, (tuple, list)) else (size,)


@rule("repeat")
def _repeat(op: Op, values: list[Any], level: int) -> Any:
    value, repeats = values[0]._value, _as_size(values[1])
    ones = [1] * (len(repeats) - values[0].ndim)
    return invoke(op, [value.reshape(value.shape[0], *ones, *value.shape[1:]), (1, *repeats)])


@rule("squeeze", "squeeze_copy")
def _squeeze(op: Op, values: list[Any], level: int) -> Any:
    value, dim, ndim = values[0]._value, values[1], values[0].ndim
    if dim is None:
        dim = tuple(i for i, n in enumerate(values[0].shape) if n == 1)
    return value if ndim == 0 else invoke(op, [value, moved(dim, ndim)])


@rule("unsqueeze", "unsqueeze_copy")
def _unsqueeze(op: Op, values: list[Any], level: int) -> Any:
    return invoke(op, [values[0]._value, wrap_dim(values[1], values[0].ndim + 1) + 1])


@rule("transpose", "transpose_copy")
def _transpose(op: Op, values: list[Any], level: int) -> Any:
    return values[0]._value if values[0].ndim == 0 else along(op, values, level)


@rule("t", "t_copy")
def _t(op: Op, values: list[Any], level: int) -> Any:
    value = values[0]._value
    return value.transpose(1, 2) if values[0].ndim == 2 else value


@rule("permute", "permute_copy")
def _permute(op: Op, values: list[Any], level: int) -> Any:
    return invoke(op, [values[0]._value, (0, *moved(_as_size(values[1]), values[0].ndim))])


@rule("diag_embed")
def _diag_embed(op: Op, values: list[Any], level: int) -> Any:
    out = wholes(values, level)
    for name in ("dim1", "dim2"):
        at = op.position[name]
        out[at] = moved(out[at], values[0].ndim + 1)
    return invoke(op, out)


@rule("trace")
def _trace(op: Op, values: list[Any], level: int) -> Any:
    return values[0]._value.diagonal(0, 1, 2).sum(-1)


@rule("as_strided", "as_strided_copy")
def _as_strided(op: Op, values: list[Any], level: int) -> Any:
    """The steps of an example, and that from one example to the next."""
    value = values[0]._value
    size, stride, *offset = values[1:]
    return invoke(op, [value, (value.shape[0], *size), (value.stride(0), *stride), *offset])


@rule("select_backward", "slice_backward", "diagonal_backward", "unfold_backward")
def _into_zeros(op: Op, values: list[Any], level: int) -> Any:
    """The gradients of views: dimensions count in the tensor that was viewed."""
    out, at = wholes(values, level), op.position["input_sizes"]
    ndim = len(values[at])
    if ndim == 0:
        return one_by_one(op, values, level)
    out[at] = (size_of(values, level), *values[at])
    for name in ("dim", "dim1", "dim2"):
        if name in op.position:
            out[op.position[name]] = moved(values[op.position[name]], ndim)
    return invoke(op, out)


@rule("cat")
def _cat(op: Op, values: list[Any], level: int) -> Any:
    return invoke(op, [whole(values[0], level), moved(values[1], values[0][0].ndim), *values[2:]])


@rule("stack")
def _stack(op: Op, values: list[Any], level: int) -> Any:
    ndim = values[0][0].ndim + 1
    return invoke(op, [whole(values[0], level), moved(values[1], ndim), *values[2:]])
