"""What derivative rules share.  All of it takes arrays or Tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from .. import dtypes, errors, layout
from ..autograd.grad_mode import NATIVE, TRANSFORM, mode
from ..backend import xp_of
from ..op.call import store
from ..tensor import Tensor, wrap


def is_complex(x: Any) -> bool:
    """Whether an array, tensor, number or NumPy dtype is complex."""
    d = x if isinstance(x, np.dtype) else getattr(getattr(x, "_data", x), "dtype", None)
    return d.kind == "c" if d is not None else isinstance(x, complex)


def zeros(grad: Any) -> Any:
    """Zeros like `grad`: the derivative of a step function, whatever `grad` is, nan included."""
    if isinstance(grad, Tensor):
        return wrap(zeros(grad._data))
    return xp_of(grad).zeros_like(grad)


def any_holds(mask: Any) -> bool:
    """Whether an element of a mask is true; assumed under vmap, where examples may differ."""
    return bool(mode.state & TRANSFORM) or bool(mask.any())


def number_node(name: str) -> Callable[..., str]:
    """The node of an operation whose overload for a number shows in C++ code only (``NATIVE``)."""

    def node(self: Any, other: Any, *rest: Any, **options: Any) -> str:
        number = isinstance(self, Tensor) and not isinstance(other, Tensor)
        return f"{name}Backward{int(number and bool(mode.state & NATIVE))}"

    return node


def not_implemented(name: str) -> Callable[..., Any]:
    """A rule for an operation that PyTorch does not differentiate.

    Raises RuntimeError for one without any derivative ("aten::floor_divide"), NotImplementedError
    for one that lacks this derivative ("geqrf").
    """

    def rule(grad: Any) -> Any:
        if name.startswith("aten::"):
            raise RuntimeError(f"derivative for {name} is not implemented")
        raise NotImplementedError(f"the derivative for '{name}' is not implemented.")

    return rule


def in_single(forward: Callable[..., Any]) -> Callable[..., Any]:
    """Compute half precision in single precision and round once, as PyTorch's kernels do."""

    @wraps(forward)
    def computed(xp: Any, self: Any, *rest: Any, **options: Any) -> Any:
        storage = self.dtype
        if storage.itemsize != 2 or storage.kind in "iu":
            return forward(xp, self, *rest, **options)
        wide = [r.astype(np.float32) if getattr(r, "dtype", None) == storage else r for r in rest]
        result = forward(xp, self.astype(np.float32), *wide, **options)
        if isinstance(result, tuple):
            return tuple(narrowed(r, storage) for r in result)
        return narrowed(result, storage)

    computed.unwidened = forward  # type: ignore[attr-defined]  # what the other dtypes need
    return computed


def narrowed(result: Any, storage: np.dtype) -> Any:
    """A single-precision result as `storage`; other results (indices, masks) as they are."""
    return result.astype(storage) if result.dtype == np.float32 else result


def in_double(forward: Callable[..., Any]) -> Callable[..., Any]:
    """Compute in double precision and round once to the dtype of the first argument."""

    @wraps(forward)
    def computed(xp: Any, self: Any, *rest: Any, **options: Any) -> Any:
        storage = self.dtype
        if storage == np.float64:
            return forward(xp, self, *rest, **options)
        wide = [r.astype(np.float64) if getattr(r, "dtype", None) == storage else r for r in rest]
        return forward(xp, self.astype(np.float64), *wide, **options).astype(storage)

    return computed


def serving(
    kernel: str, refused: str = "biuc", operands: int = 1, halves: bool = True
) -> Callable[..., Any]:
    """A ``prepare`` that raises NotImplementedError for these kinds of dtype.

    It is that of the first argument, or to which so many `operands` are promoted.  Without
    `halves` numbers of two bytes are refused, but on CPUs only.  The message names PyTorch's
    `kernel`, as that for a dtype without one does.
    """

    def check(op: Any, xp: Any, arrays: list[Any]) -> None:
        d = dtypes.of(arrays[0].dtype)
        if operands > 1:
            d = dtypes.result_dtype(*arrays[:operands])
        half = d.is_floating_point and d.itemsize == 2
        if d.numpy.kind in refused or (half and not halves and xp is np):
            raise errors.not_implemented_for(kernel, d)

    return check


def into(result: Any, out: Any, name: str) -> Any:
    """`result`, or `out` filled with it: the ``out=`` of function `name`, made of others."""
    if out is None:
        return result
    store(out, result._data, name, 0)
    return out


def clipped(xp: Any, x: Any, low: Any, high: Any) -> Any:
    """``xp.clip`` that keeps the dtype, which NumPy's does not for bfloat16."""
    kind = x.dtype.type
    return xp.minimum(xp.maximum(x, kind(low)), kind(high))


def refuse_grad(function: str, **given: Any) -> None:
    """Raise RuntimeError for an argument by which PyTorch's `function` has no derivative."""
    for name, value in given.items():
        if value is not None and value.requires_grad:
            raise RuntimeError(
                f"The function '{function}' is not differentiable with respect to argument "
                f"'{name}'. This input cannot have requires_grad True."
            )


def in_rows(forward: Callable[..., Any]) -> Callable[..., Any]:
    """Lay the results out in memory row by row, however the arguments lie there."""

    @wraps(forward)
    def computed(xp: Any, *args: Any, **options: Any) -> Any:
        result = forward(xp, *args, **options)
        if isinstance(result, tuple):
            return tuple(map(row_by_row, result))
        return row_by_row(result)

    return computed


def row_by_row(array: Any) -> Any:
    return array if array.flags.c_contiguous else array.copy(order="C")


def laid_out_alike(forward: Callable[..., Any]) -> Callable[..., Any]:
    """Lay the results out in memory as a copy of the first argument would be."""

    @wraps(forward)
    def computed(xp: Any, self: Any, *rest: Any, **options: Any) -> Any:
        result = forward(xp, self, *rest, **options)
        if isinstance(result, tuple):
            return tuple(_alike(r, self) for r in result)
        return _alike(result, self)

    return computed


def _alike(array: Any, like: Any) -> Any:
    if like.flags.c_contiguous or array.shape != like.shape:
        return row_by_row(array)
    out = layout.empty_like(like, array.dtype)
    if out.strides == array.strides:
        return array
    out[...] = array
    return out


def polynomial(x: Any, coefficients: Sequence[float]) -> Any:
    """Horner's scheme, the highest power first."""
    result = x * 0 + coefficients[0]
    for c in coefficients[1:]:
        result = result * x + c
    return result
