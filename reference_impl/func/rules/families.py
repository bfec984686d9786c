"""Rules of the families: elementwise operations, reductions, operations along a dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import dtypes
from ...op import Op, invoke, wrap_dim
from ...ops.selection import where
from ...tensor import Tensor
from ..batching import level_of, revealed
from .base import aligned, each, one_by_one, rule, size_of, whole, wholes

_DIMS = frozenset({"dim", "dim0", "dim1", "dim2", "dims", "dimension"})
# Operations along a dimension that may be left out: then they act on the flattened tensor.
_FLATTENING = frozenset({
    "aminmax", "argmax", "argmin", "cumprod", "cumsum", "linalg_vector_norm", "max", "median",
    "min", "mode", "nanmedian", "norm", "roll", "std", "var",
})  # fmt: skip
# Operations with dimensions of their own that the batch must not be mixed with.
_NOT_ALONG = frozenset({"renorm", "unique_dim", "unique_consecutive", "_placed", "_picked"})


# ---------------------------------------------------------------- elementwise


def pointwise(op: Op, values: list[Any], level: int) -> Any:
    return invoke(op, aligned_operands(op, values, level))


def aligned_operands(op: Op, values: list[Any], level: int) -> list[Any]:
    """The operands of an elementwise operation, so that they broadcast and promote as examples."""
    tensors = [i for i, v in enumerate(values) if isinstance(v, Tensor)]
    out = list(values)
    for i, t in zip(tensors, aligned([values[i] for i in tensors], level), strict=True):
        out[i] = t
    promoting = [i for i in op.operands if isinstance(values[i], Tensor)]
    if op.promote != "none" and len({values[i].dtype for i in promoting}) > 1:
        operands = [
            v._data if isinstance(v, Tensor) else v for v in (values[i] for i in op.operands)
        ]
        wanted = dtypes.result_dtype(*operands)
        for i in promoting:
            if not values[i].ndim:
                out[i] = out[i].to(wanted)
    return out


rule(
    "complex", "conj_physical", "copy", "eq", "frexp", "ge", "gt", "isclose", "le", "lt",
    "ne", "polar", "sigmoid_backward", "tanh_backward", "threshold_backward",
    "rrelu_with_noise", "where",
)(pointwise)  # fmt: skip


@rule("masked_fill")
def _masked_fill(op: Op, values: list[Any], level: int) -> Any:
    self, mask, value = values
    if not isinstance(value, Tensor) or level_of(value) != level:
        return invoke(op, [*aligned([self, mask], level), value])
    return whole(where(mask, value.to(self.dtype), self), level)


@rule("fill")
def _fill(op: Op, values: list[Any], level: int) -> Any:
    self, value = values
    if not isinstance(value, Tensor) or level_of(value) != level:
        return invoke(op, [whole(self, level), value])
    return whole(value.to(self.dtype).expand(self.shape), level)


@rule("alias", "alias_copy", "clone", "contiguous", "detach", "to_copy", "polygamma", "zero",
      "view_as_real", "view_as_complex", "view_as_real_copy", "real", "imag", "conj", "tril",
      "triu", "constant_pad_nd", "pixel_shuffle", "pixel_unshuffle")  # fmt: skip
def leading(op: Op, values: list[Any], level: int) -> Any:
    """Operations that take any number of leading dimensions as they are."""
    return invoke(op, wholes(values, level))


# ---------------------------------------------------------------- reductions


def reduce(op: Op, values: list[Any], level: int) -> Any:
    out, ndim = revealed(values, level), values[0].ndim
    at = op.position["dim"]
    if ndim == 0:
        out[0], out[at] = out[0].unsqueeze(-1), (1,)
        if "keepdim" in op.position:
            out[op.position["keepdim"]] = False
        return invoke(op, out)
    dim = values[at]
    if dim is None or dim == ():
        dim = tuple(range(ndim))
    out[at] = tuple(
        wrap_dim(d, ndim) + 1 for d in (dim if isinstance(dim, (tuple, list)) else (dim,))
    )
    return invoke(op, out)


@rule("prod")
def _prod(op: Op, values: list[Any], level: int) -> Any:
    value, dim, *rest = whole(values[0], level), *values[1:]
    if dim is None or values[0].ndim == 0:
        return invoke(op, [value.reshape(value.shape[0], -1), 1, False, *rest[1:]])
    return invoke(op, [value, moved(dim, values[0].ndim), *rest])


# ---------------------------------------------------------------- along a dimension


def along_dim(op: Op) -> bool:
    return op.name not in _NOT_ALONG and any(name in _DIMS for name in op.params)


def along(op: Op, values: list[Any], level: int) -> Any:
    """Operations that take leading dimensions: every dim moves up by one."""
    out = wholes(values, level)
    ndim = values[0].ndim if isinstance(values[0], Tensor) else values[0][0].ndim
    places = [i for i, name in enumerate(op.params) if name in _DIMS]
    if op.name != "flip" and any(out[i] is None or out[i] == () for i in places):
        return _flattened(op, values, level)
    if ndim == 0:
        return _of_scalars(op, out, places, level)
    for i in places:
        out[i] = moved(out[i], ndim)
    return invoke(op, out)


def _of_scalars(op: Op, out: list[Any], places: Sequence[int], level: int) -> Any:
    """Along the only dimension that a tensor without dimensions is treated as having."""
    size = next(t.shape[0] for t in out if isinstance(t, Tensor))
    for i in places:
        out[i] = moved(out[i], 0)
    out = [v.unsqueeze(1) if isinstance(v, Tensor) and v.ndim == 1 else v for v in out]
    return each(invoke(op, out), lambda t: t.reshape(size, *t.shape[2:]))


def _flattened(op: Op, values: list[Any], level: int) -> Any:
    """An operation without its dim: on the flattened examples."""
    if op.name not in _FLATTENING:
        return one_by_one(op, values, level)
    out, shape = wholes(values, level), values[0].shape
    size = out[0].shape[0]
    out[0] = out[0].reshape(size, -1)
    for i, name in enumerate(op.params):
        if name in _DIMS:
            out[i] = (1,) if values[i] == () else 1
    kept = "keepdim" in op.position and values[op.position["keepdim"]]
    if op.name == "roll":
        return invoke(op, out).reshape(size, *shape)
    result = invoke(op, out)
    return each(result, lambda t: t.reshape(size, *[1] * len(shape))) if kept else result


def moved(dim: Any, ndim: int) -> Any:
    """A dimension of an example, or several, counted in the whole batch."""
    if isinstance(dim, (tuple, list)):
        return tuple(wrap_dim(d, ndim) + 1 for d in dim)
    return wrap_dim(dim, ndim) + 1


@rule("max", "min", "median", "nanmedian")
def _of_all(op: Op, values: list[Any], level: int) -> Any:
    """``max(x)`` is another operation than ``max(x, dim)``: the extreme, shared by all that tie."""
    from ...op import PUBLIC

    if "dim" in op.params:
        return along(op, values, level)
    rows = whole(values[0], level).reshape(size_of(values, level), -1)
    if op.name in ("max", "min"):
        return PUBLIC["a" + op.name](rows, 1)
    return PUBLIC[op.name](rows, 1)[0]


@rule("norm", "std", "var")
def _of_all_or_some(op: Op, values: list[Any], level: int) -> Any:
    return along(op, values, level) if "dim" in op.params else one_by_one(op, values, level)
