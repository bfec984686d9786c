"""Indices of examples, and sorted sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...op import Op, invoke, wrap_dim
from ...ops.comparison import ne
from ...ops.index import _index
from ...ops.put import index_put
from ...ops.ranges import arange
from ...tensor import Tensor
from ..batching import level_of
from .base import aligned, composed, one_by_one, rule, size_of, whole
from .families import moved


class Places:
    """Index tensors (None: a whole dimension) of examples, for whole batches.

    The indexed dimensions of `self` are brought to its front, after the batch, where the indices
    find them; what is found goes where NumPy's rules say.
    """

    def __init__(self, self_: Any, indices: Sequence[Any], level: int, given: Any = None) -> None:
        self.size = size_of([self_, *indices, given], level)
        self.value = whole(self_, level)
        found = _without_masks(indices, level)
        at = [i for i, index in enumerate(found) if index is not None]
        rest = [i for i in range(self_.ndim) if i not in at]
        self.order = [0, *(i + 1 for i in at), *(i + 1 for i in rest)]
        tensors = [found[i] for i in at]
        self.ndim = max(t.ndim for t in tensors)  # of what the indices make together
        self.indices = [
            arange(self.size, device=self.value.device).reshape(-1, *[1] * self.ndim),
            *aligned(tensors, level),
        ]
        together = at == list(range(at[0], at[0] + len(at)))
        self.start = at[0] if together else 0  # where it goes, among the dimensions that stay
        self.shape = [self_.shape[i] for i in rest]

    def found(self, op: Op) -> Any:
        """What is at the places."""
        out = invoke(op, [self.value.permute(self.order), self.indices])
        made = range(1, 1 + self.ndim)
        return out.movedim(tuple(made), tuple(i + self.start for i in made))

    def with_values(self, op: Op, values: Any, level: int, accumulate: bool) -> Any:
        """`self` with `values` written to the places."""
        made = list(range(1, 1 + self.ndim))
        shape = [
            max(sizes) if 0 not in sizes else 0
            for sizes in zip(*(self._shape_of(t) for t in self.indices[1:]), strict=True)
        ]
        full = [*self.shape[: self.start], *shape, *self.shape[self.start :]]
        values = _padded(values, len(full), level).expand(self.size, *full)
        values = values.movedim(tuple(i + self.start for i in made), tuple(made))
        out = invoke(op, [self.value.permute(self.order), self.indices, values, accumulate])
        return out.permute([self.order.index(i) for i in range(len(self.order))])

    def _shape_of(self, t: Any) -> Sequence[int]:
        shape = list(t.shape)[-self.ndim :] if self.ndim else []
        return [1] * (self.ndim - len(shape)) + shape


def _padded(t: Any, ndim: int, level: int) -> Any:
    """`t` with the batch in sight, and ones after it up to `ndim` dimensions."""
    value = whole(t, level)
    return value.reshape(value.shape[0], *[1] * (ndim - t.ndim), *value.shape[1:])


def _without_masks(indices: Sequence[Any], level: int) -> list[Any]:
    """Indices with each mask replaced by the places where it holds."""
    out: list[Any] = []
    for index in indices:
        if index is None or index.dtype.name != "bool":
            out.append(index)
        elif level_of(index) == level:
            raise RuntimeError(
                "vmap: We do not support batching operators that can support dynamic shape. "
                "Attempting to batch over indexing with a boolean mask."
            )
        else:
            out += index.nonzero(as_tuple=True)
    return out


@rule("index")
def _indexed(op: Op, values: list[Any], level: int) -> Any:
    self, indices = values
    if not any(level_of(i) == level for i in indices if i is not None):
        whole_dims = [None, *indices]
        at = [i for i, index in enumerate(indices) if index is not None]
        if at == list(range(at[0], at[0] + len(at))):
            return invoke(op, [self._value, whole_dims])
    return Places(self, indices, level).found(op)


@rule("index_put")
def _index_put(op: Op, values: list[Any], level: int) -> Any:
    self, indices, given, *accumulate = values
    return Places(self, indices, level, given).with_values(
        op, given, level, bool(accumulate and accumulate[0])
    )


def rows_at(rows: Any, index: Any) -> Any:
    """``rows[index]``, also where `index` is a single number that differs between examples."""
    found = rows.index_select(0, index.reshape(-1))
    return found.reshape((*index.shape, *rows.shape[1:]))


def _at(dim: int, ndim: int, index: Any) -> list[Any]:
    return [None] * wrap_dim(dim, ndim) + [index.reshape(-1)]


@rule("index_select")
def _index_select(op: Op, values: list[Any], level: int) -> Any:
    self, dim, index = values
    if self.ndim == 0:
        return one_by_one(op, values, level)
    if level_of(index) != level:
        return invoke(op, [self._value, moved(dim, self.ndim), index])
    return _indexed(_index.op, [self, _at(dim, self.ndim, index)], level)


@rule("index_add", "index_copy", "index_fill")
def _index_changed(op: Op, values: list[Any], level: int) -> Any:
    self, dim, index, source, *alpha = values
    if self.ndim == 0:
        return one_by_one(op, values, level)
    number = op.name == "index_fill"
    if level_of(index) != level and not (
        number and isinstance(source, Tensor) and level_of(source) == level
    ):
        given = source if number else whole(source, level)
        return invoke(op, [whole(self, level), moved(dim, self.ndim), index, given, *alpha])
    if number:
        source = source if isinstance(source, Tensor) else self.new_full((), source)
    elif alpha and alpha[0] != 1:
        source = source * alpha[0]
    places = Places(self, _at(dim, self.ndim, index), level)
    return places.with_values(index_put.op, source, level, op.name == "index_add")


rule("index_reduce")(
    lambda op, values, level: (
        one_by_one(op, values, level)
        if level_of(values[2]) == level or values[0].ndim == 0
        else invoke(
            op,
            [
                whole(values[0], level),
                moved(values[1], values[0].ndim),
                values[2],
                whole(values[3], level),
                *values[4:],
            ],
        )
    )
)
rule("take")(composed(lambda self, index: rows_at(self.reshape(-1), index)))
rule("put")(
    composed(
        lambda self, index, source, accumulate: index_put(
            self.reshape(-1), [index.reshape(-1)], source.reshape(-1), accumulate
        ).reshape(self.shape)
    )
)
rule("index_backward")(
    composed(lambda grad, sizes, indices: index_put(grad.new_zeros(sizes), indices, grad, True))
)


@rule("masked_select")
def _masked_select(op: Op, values: list[Any], level: int) -> Any:
    self, mask = values
    if level_of(mask) == level:
        raise RuntimeError(
            "vmap: Attempted to vmap over `mask` in torch.masked_select(self, mask) We cannot "
            "support this because for each batch this would return a differently shaped Tensor. "
            "Please file an issue at https://github.com/pytorch/pytorch/issues if you need this "
            "feature."
        )
    whole_self, _ = aligned([self, mask], level)
    shape = (self + mask).shape
    rows = whole_self.expand(whole_self.shape[0], *shape).reshape(whole_self.shape[0], -1)
    return rows[:, mask.expand(shape).reshape(-1)]


@rule("searchsorted")
def _searchsorted(op: Op, values: list[Any], level: int) -> Any:
    rows, wanted, out_int32, right, sorter = values
    if level_of(rows) != level and rows.ndim == 1 and level_of(sorter) != level:
        return invoke(op, [rows, whole(wanted, level), out_int32, right, sorter])
    out = [whole(rows, level), whole(wanted, level), out_int32, right, whole(sorter, level)]
    if rows.ndim > 1:
        return invoke(op, out)
    shape = out[1].shape
    out[1] = out[1].reshape(shape[0], -1)
    return invoke(op, out).reshape(shape)


@rule("isin")
def _isin(op: Op, values: list[Any], level: int) -> Any:
    if level_of(values[1]) == level:
        return one_by_one(op, values, level)
    return invoke(op, [whole(values[0], level), *values[1:]])


@rule("embedding")
def _embedding(op: Op, values: list[Any], level: int) -> Any:
    weight, indices, padding = values[:3]
    if len(values) == 4 or (level_of(weight) == level and values[3]):
        return one_by_one(op, values, level)
    if level_of(weight) != level:
        return invoke(op, [weight, whole(indices, level), *values[2:]])
    if padding >= 0:  # its row gets no gradient
        is_padding = (arange(weight.shape[0]) == padding).unsqueeze(-1)
        weight = weight.masked_fill(is_padding, 0) + weight.detach() * is_padding
    return _indexed(_index.op, [weight, [indices]], level)


@rule("embedding_dense_backward")
def _embedding_backward(op: Op, values: list[Any], level: int) -> Any:
    grad, indices, rows, padding, by_frequency = values
    if by_frequency:
        return one_by_one(op, values, level)
    grad = grad if padding < 0 else grad * ne(indices, padding).unsqueeze(-1)
    zeros = grad.new_zeros((rows, grad.shape[-1]))
    return whole(index_put(zeros, [indices], grad, True), level)
