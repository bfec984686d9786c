"""How operations act on a whole batch: by family, by the names of their parameters, or one by one.

Every rule gets the operation, its bound arguments and the level, and returns the result on whole
batches, the batch first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import dtypes, errors
from ..autograd.grad_mode import FORWARD, mode
from ..op import Op, invoke, wrap_dim
from ..ops.join import stack
from ..ops.matmul import matmul
from ..ops.shape import reshape
from ..tensor import Tensor
from .batching import (
    batched_in,
    expanded,
    flat,
    hidden,
    innermost,
    level_of,
    levels_of,
    revealed,
)

Rule = Callable[[Op, list[Any], int], Any]
BY_NAME: dict[str, Rule] = {}

_DIMS = frozenset({"dim", "dim0", "dim1", "dim2", "dims", "dimension"})
# Operations that act along `dim` (or elementwise) and take any number of leading dimensions.
_ALONG = frozenset({
    "alias", "clone", "to_copy", "select", "slice", "unsqueeze", "transpose", "permute", "unbind",
    "split_with_sizes", "unsafe_split", "unsafe_split_with_sizes", "diagonal", "unfold", "cumsum",
    "cumprod", "cummax", "cummin", "logcumsumexp", "softmax", "log_softmax", "sort", "topk",
    "kthvalue", "mode", "flip", "gather", "tril", "triu", "diag_embed", "view_as_real",
    "view_as_complex", "scatter", "scatter_add", "std", "var", "narrow_copy", "median", "max",
    "min", "conj", "real", "imag", "detach", "contiguous", "norm", "linalg_vector_norm",
})  # fmt: skip
_OF_ALL = frozenset({"max", "min", "median", "norm", "std", "var"})  # two operations a name


def run(op: Op, values: list[Any]) -> Any:
    """``op`` on arguments of which some are batched."""
    level = batched_in(values)
    values = _with_tangents_batched(values, level)
    return hidden(_rule_of(op)(op, values, level), level)


def _with_tangents_batched(values: Sequence[Any], level: int) -> list[Any]:
    """`values` with those batched too whose tangents are batched at `level` and they are not."""
    if not mode.state & FORWARD:
        return list(values)

    def fitting(v: Any) -> Any:
        plain = innermost(v)
        if not isinstance(v, Tensor) or level_of(v) == level or plain._tangent is None:
            return v
        moving = any(level in levels_of(t) for t in plain._tangent.values())
        return expanded(v, level) if moving else v

    return [[fitting(x) for x in v] if type(v) in (list, tuple) else fitting(v) for v in values]


def run_in_place(op: Op, values: list[Any]) -> Any:
    """``op`` in place on its first argument.  Raises RuntimeError if that is not batched."""
    from ..views import change

    level, self = batched_in(values), values[0]
    if level_of(self) != level and op.family == "pointwise":
        whole = (_size(values, level), *self.shape)
        raise errors.inplace_broadcast(self.shape, whole)
    if level_of(self) != level:
        raise RuntimeError(
            f"vmap: {op.name}_(self, *extra_args) is not possible because there exists a Tensor "
            "`other` in extra_args that has more elements than `self`. This happened due to "
            "`other` being vmapped over but `self` not being vmapped over in a vmap. Please try to "
            "use out-of-place operators instead of in-place operators. If said operator is being "
            "called inside the PyTorch framework, please file a bug report instead."
        )
    if op.family == "pointwise":
        change(op, _aligned(op, values, level))
    else:
        for i in range(self._value.shape[0]):
            change(op, _example(values, level, i))
    return self


def _rule_of(op: Op) -> Rule:
    found = BY_NAME.get(op.name)
    if found is not None:
        return found
    if op.family == "pointwise":
        return lambda op, values, level: invoke(op, _aligned(op, values, level))
    if op.family == "reduction":
        return _reduce
    return _along if op.name in _ALONG and not op.joint else _one_by_one


def rule(*names: str) -> Callable[[Rule], Rule]:
    def declare(function: Rule) -> Rule:
        for name in names:
            BY_NAME[name] = function
        return function

    return declare


# ---------------------------------------------------------------- by family


def _aligned(op: Op, values: list[Any], level: int) -> list[Any]:
    """The operands of an elementwise operation, so that they broadcast and promote as examples."""
    tensors = [i for i in op.operands if isinstance(values[i], Tensor)]
    ndim = max(values[i].ndim for i in tensors)
    out = revealed(values, level)
    for i in tensors:
        if level_of(values[i]) == level and values[i].ndim < ndim:
            whole = out[i]
            ones = [1] * (ndim - values[i].ndim)
            out[i] = reshape(whole, (whole.shape[0], *ones, *whole.shape[1:]))
    if op.promote != "none" and len({values[i].dtype for i in tensors}) > 1:
        operands = [
            v._data if isinstance(v, Tensor) else v for v in (values[i] for i in op.operands)
        ]
        wanted = dtypes.result_dtype(*operands)
        for i in tensors:
            if not values[i].ndim:
                out[i] = out[i].to(wanted)
    return out


def _reduce(op: Op, values: list[Any], level: int) -> Any:
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


def _along(op: Op, values: list[Any], level: int) -> Any:
    """Operations that take leading dimensions: every dim moves up by one."""
    if op.name in _OF_ALL and "dim" not in op.params:
        return _one_by_one(op, values, level)
    out, ndim, size = revealed(values, level), values[0].ndim, _size(values, level)
    for i, v in enumerate(values):
        if isinstance(v, Tensor) and level_of(v) != level:
            out[i] = v.unsqueeze(0).expand(size, *v.shape)
    lone = ndim == 0 and op.name not in ("unsqueeze", "alias", "clone", "to_copy", "permute")
    if lone and any(name in _DIMS for name in op.params):
        return _one_by_one(op, values, level)
    extra = 1 if op.name == "unsqueeze" else 2 if op.name == "diag_embed" else 0
    extra -= op.name == "diag_embed"
    for i, name in enumerate(op.params):
        if name in _DIMS:
            if out[i] is None:
                return _one_by_one(op, values, level)
            out[i] = _moved(out[i], ndim + extra)
    if op.name == "permute":
        out[op.position["dims"]] = (0, *out[op.position["dims"]])
    return invoke(op, out)


def _moved(dim: Any, ndim: int) -> Any:
    if isinstance(dim, (tuple, list)):
        return tuple(wrap_dim(d, ndim) + 1 for d in dim)
    return wrap_dim(dim, ndim) + 1


def _size(values: Sequence[Any], level: int) -> int:
    return next(int(v._value.shape[0]) for v in flat(values) if level_of(v) == level)


def _example(values: Sequence[Any], level: int, i: int) -> list[Any]:
    def one(v: Any) -> Any:
        return v._value.select(0, i) if level_of(v) == level else v

    return [type(v)(map(one, v)) if type(v) in (list, tuple) else one(v) for v in values]


def _one_by_one(op: Op, values: list[Any], level: int) -> Any:
    """Example by example, and the results stacked."""
    results = [invoke(op, _example(values, level, i)) for i in range(_size(values, level))]
    if isinstance(results[0], Tensor):
        return stack(results)
    columns = [stack(list(column)) for column in zip(*results, strict=True)]
    kind = type(results[0])
    return (
        kind(*columns) if hasattr(kind, "_fields") or kind not in (tuple, list) else kind(columns)
    )


# ---------------------------------------------------------------- shapes


@rule("view", "unsafe_view", "_view", "_unsafe_view")
def _sized(op: Op, values: list[Any], level: int) -> Any:
    value, size = values[0]._value, _as_size(values[1])
    return invoke(op, [value, (value.shape[0], *size), *values[2:]])


@rule("expand")
def _expand(op: Op, values: list[Any], level: int) -> Any:
    value, size = values[0]._value, _as_size(values[1])
    ones = [1] * (len(size) - values[0].ndim)
    value = value.reshape(value.shape[0], *ones, *value.shape[1:])
    return invoke(op, [value, (value.shape[0], *size), *values[2:]])


def _as_size(size: Any) -> tuple[int, ...]:
    return tuple(size) if isinstance(size, (tuple, list)) else (size,)


@rule("prod")
def _prod(op: Op, values: list[Any], level: int) -> Any:
    value, dim, *rest = values[0]._value, *values[1:]
    if dim is None or values[0].ndim == 0:
        return invoke(op, [value.reshape(value.shape[0], -1), 1, False, *rest[1:]])
    return invoke(op, [value, _moved(dim, values[0].ndim), *rest])


@rule("squeeze")
def _squeeze(op: Op, values: list[Any], level: int) -> Any:
    value, dim, ndim = values[0]._value, values[1], values[0].ndim
    if dim is None:
        dim = tuple(i for i, n in enumerate(values[0].shape) if n == 1)
    return value if ndim == 0 else invoke(op, [value, _moved(dim, ndim)])


@rule("t")
def _t(op: Op, values: list[Any], level: int) -> Any:
    value = values[0]._value
    return value.transpose(1, 2) if values[0].ndim == 2 else value


@rule("cat")
def _cat(op: Op, values: list[Any], level: int) -> Any:
    size, tensors = _size(values, level), values[0]
    whole = [
        t._value if level_of(t) == level else t.unsqueeze(0).expand(size, *t.shape) for t in tensors
    ]
    return invoke(op, [whole, _moved(values[1], tensors[0].ndim), *values[2:]])


@rule("stack")
def _stack(op: Op, values: list[Any], level: int) -> Any:
    size, tensors = _size(values, level), values[0]
    whole = [
        t._value if level_of(t) == level else t.unsqueeze(0).expand(size, *t.shape) for t in tensors
    ]
    return invoke(op, [whole, _moved(values[1], tensors[0].ndim + 1), *values[2:]])


# ---------------------------------------------------------------- products


@rule("mm", "bmm")
def _matrices(op: Op, values: list[Any], level: int) -> Any:
    _check_inner(values[0], values[1])
    return matmul(*revealed(values[:2], level))


def _check_inner(a: Any, b: Any) -> None:
    if a.shape[-1] != b.shape[-2]:
        rows = f"({a.shape[-2]}x{a.shape[-1]} and {b.shape[-2]}x{b.shape[-1]})"
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied {rows}")


@rule("mv")
def _matrix_vector(op: Op, values: list[Any], level: int) -> Any:
    matrix, vector = revealed(values[:2], level)
    return matmul(matrix, vector.unsqueeze(-1)).squeeze(-1)


@rule("dot")
def _dot(op: Op, values: list[Any], level: int) -> Any:
    return (values[0] * values[1]).sum(-1)._value


@rule("addmm", "baddbmm")
def _add_product(op: Op, values: list[Any], level: int) -> Any:
    self, one, two, beta, alpha = values
    product = matmul(one, two)
    product = product if alpha == 1 else product * alpha
    return (product + (self if beta == 1 else self * beta))._value


@rule("linear")
def _linear(op: Op, values: list[Any], level: int) -> Any:
    input, weight, bias = values
    flat_input = input if input.ndim > 1 else input.unsqueeze(0)
    product = matmul(flat_input, weight.transpose(-1, -2) if weight.ndim > 1 else weight)
    product = product if input.ndim > 1 else product.squeeze(0)
    return (product if bias is None else product + bias)._value
