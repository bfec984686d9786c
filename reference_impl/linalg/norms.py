"""Norms of vectors and matrices.

At zero the gradient of a norm is a subgradient, 0: PyTorch's notes on autograd, "Gradients for
non-differentiable functions".
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..op import composite, op, wrap_dim
from ..ops.arithmetic import abs as abs_
from ..ops.complex import sgn
from ..ops.convert import cast
from ..ops.extremes import amax, amin
from ..ops.reduce import axes, unreduce
from ..ops.reduce import sum as sum_
from ..ops.selection import masked_fill
from ..ops.shape import unsqueeze
from .checks import category, check_floating
from .svd import svdvals

# ---------------------------------------------------------------- vectors


def _vector_norm_rule(grad: Any, self: Any, result: Any, ord: Any, dim: Any, keepdim: bool) -> Any:
    """The derivative of (sum |x|^p)^(1/p); 0 where the norm is."""
    shape = tuple(self.shape)
    grad, norm = unreduce(grad, shape, dim, keepdim), unreduce(result, shape, dim, keepdim)
    p = float(ord)
    if p == 0:
        return None
    if p == 1:
        return sgn(self) * grad
    if p == 2:
        return grad * masked_fill(self / norm, norm == 0, 0)
    size = abs_(self)
    if math.isinf(p):
        chosen = (size == norm) | (size != size)
        number = sum_(chosen, dim or None, True) if shape else chosen
        return sgn(self) * ((grad / number) * chosen)
    if p < 1:
        return sgn(self) * masked_fill(size ** (p - 1), self == 0, 0) * grad * norm ** (1 - p)
    scale = masked_fill(grad / norm ** (p - 1), norm == 0, 0)
    return (sgn(self) * size ** (p - 1) if p < 2 else self * size ** (p - 2)) * scale


def _check_order(name: str, self: Any, p: float, dim: Any) -> None:
    """Raises RuntimeError where a norm without identity meets no elements."""
    if not (p < 0 or p == math.inf):
        return
    if not dim:
        if self.size == 0:
            raise RuntimeError(
                f"{name} cannot compute the {_order(p)} norm on an empty tensor because the "
                "operation does not have an identity"
            )
        return
    for d in dim:
        if self.ndim and self.shape[d] == 0:
            raise RuntimeError(
                f"{name} cannot compute the {_order(p)} norm on the dimension {d}because this "
                "dimension is empty and the operation does not have an identity"
            )


def _order(p: float) -> str:
    return f"{p:g}"


def check_norm_dtype(name: str, self: Any, dtype: Any) -> None:
    """Raises RuntimeError for a `dtype` of another kind than the input's, or narrower."""
    if dtype is None:
        return
    if dtype.category < dtypes.FLOAT:
        raise RuntimeError(
            f"{name}: dtype should be floating point or complex, but got "
            + errors.scalar_type(dtype)
        )
    is_complex = category(self) == dtypes.COMPLEX
    if dtype.is_complex != is_complex:
        kind = "complex" if is_complex else "real"
        raise RuntimeError(
            f"{name}: dtype should be {kind} for {kind} inputs, but got {errors.scalar_type(dtype)}"
        )
    found = dtypes.of(self.dtype) if not isinstance(self.dtype, dtypes.dtype) else self.dtype
    if dtypes.promote_types(found, dtype) is not dtype:
        raise RuntimeError(
            f"{name}: the dtype of the input ({errors.scalar_type(found)}) should be convertible "
            f"without narrowing to the specified dtype ({errors.scalar_type(dtype)})"
        )


def _norm_of(xp: Any, size: Any, p: float, axis: Any, keepdim: bool) -> Any:
    """The norm of absolute values."""
    if p == math.inf or p == -math.inf:
        return (xp.max if p > 0 else xp.min)(size, axis=axis, keepdims=keepdim)
    if p == 0:
        return xp.sum(size != 0, axis=axis, keepdims=keepdim).astype(size.dtype)
    if p == 1:
        return xp.sum(size, axis=axis, keepdims=keepdim)
    if p == 2:
        return xp.sqrt(xp.sum(size * size, axis=axis, keepdims=keepdim))
    return xp.sum(size**p, axis=axis, keepdims=keepdim) ** (1 / p)


def _normalise(op: Any, xp: Any, arrays: list[Any]) -> None:
    at = op.position["dim"]
    dim, ndim = arrays[at], arrays[0].ndim
    if dim is None:
        return
    dims = tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    arrays[at] = tuple(wrap_dim(d, ndim) for d in dims)
    for d in arrays[at]:
        if arrays[at].count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")


@op(
    self=_vector_norm_rule, name="linalg_vector_norm", method=False, function=False,
    prepare=_normalise,
)  # fmt: skip
def _vector_norm(xp, self, ord=2, dim=None, keepdim=False, *, dtype=None):
    name = "linalg.vector_norm"
    check_floating(name, self)
    p = float(ord)
    _check_order(name, self, p, dim)
    check_norm_dtype(name, self, dtype)
    x = self if dtype is None else cast(self, dtype.numpy)
    size = xp.abs(x)
    storage = size.dtype
    wide = size.astype(np.float32) if storage.itemsize == 2 else size
    return xp.asarray(_norm_of(xp, wide, p, axes(x, dim), keepdim)).astype(storage, copy=False)


@composite(method=False, function=False)
def vector_norm(
    x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """(sum |x|^ord)^(1/ord) over `dim`, all dimensions if None; inf, -inf and 0 as limits.

    Raises RuntimeError for integers.
    """
    if isinstance(ord, str):
        raise errors.argument_must_be("linalg_vector_norm", "ord", 2, "Number", ord)
    return _vector_norm(x, ord, dim, keepdim, dtype=dtype)


# ---------------------------------------------------------------- matrices


def _extreme(values: Any, dim: int, keepdim: bool, largest: bool) -> Any:
    """The largest (or smallest) along `dim`; 0 for the largest of none."""
    if largest and values.shape[dim] == 0:
        return sum_(values, dim, keepdim)
    return (amax if largest else amin)(values, dim, keepdim)


def _spectral(A: Any, ord: Any, dims: tuple[int, int], keepdim: bool) -> Any:
    """Norms of the singular values: their sum ("nuc"), the largest (2) or smallest (-2)."""
    order = [d for d in range(A.ndim) if d not in dims] + list(dims)
    values = svdvals(A.permute(order))
    if ord == "nuc":
        result = sum_(values, -1)
    else:
        result = _extreme(values, -1, False, ord > 0)
    if keepdim:
        result = unsqueeze(unsqueeze(result, -1), -1).permute(np.argsort(order).tolist())
    return result


def _check_matrix_dims(A: Any, dim: Any) -> tuple[int, int]:
    name = "linalg.matrix_norm"
    if A.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if len(dim) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple. Got {', '.join(map(str, dim))}")
    first, second = (wrap_dim(d, A.ndim) for d in dim)
    if first == second:
        raise RuntimeError(f"{name}: dims must be different. Got ({first}, {second})")
    return first, second


@composite(method=False, function=False)
def matrix_norm(
    A: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """The norm of each matrix: 'fro', 'nuc', inf, -inf, 1, -1, 2 or -2.

    Raises RuntimeError for another `ord` and for integers.
    """
    name = "linalg.matrix_norm"
    first, second = _check_matrix_dims(A, dim)
    known = ord in ("fro", "nuc") if isinstance(ord, str) else abs(ord) in (1, 2, math.inf)
    if not known:
        shown = ord if isinstance(ord, str) else f"{float(ord):g}"
        raise RuntimeError(f"{name}: Order {shown} not supported.")
    if ord == "fro":
        check_floating(name, A)
        check_norm_dtype(name, A, dtype)
        return _vector_norm(A, 2, (first, second), keepdim, dtype=dtype)
    check_floating(name, A, low_precision=ord != "nuc" and abs(ord) != 2)
    check_norm_dtype(name, A, dtype)
    if ord == "nuc" or abs(ord) == 2:
        return _spectral(A if dtype is None else A.to(dtype), ord, (first, second), keepdim)
    if abs(ord) == math.inf:
        first, second = second, first
    sums = _vector_norm(A, 1, first, keepdim, dtype=dtype)
    return _extreme(sums, second - (not keepdim and first < second), keepdim, ord > 0)


@composite(method=False, function=False)
def norm(
    A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """A vector's norm over one `dim`, a matrix's over two; with neither, of all elements.

    Raises RuntimeError for an `ord` that the shape does not allow.
    """
    if dim is not None:
        dim = (dim,) if isinstance(dim, int) else tuple(dim)
        if len(dim) not in (1, 2):
            raise RuntimeError(
                "linalg.norm: If dim is specified, it must be of length 1 or 2. Got "
                f"{errors.sizes(dim)}"
            )
    elif ord is not None and A.ndim not in (1, 2):
        raise RuntimeError(
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
            f"{A.ndim}D."
        )
    if isinstance(ord, str):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    if ord is not None and (len(dim) == 2 if dim is not None else A.ndim == 2):
        return matrix_norm(A, ord, dim if dim is not None else (0, 1), keepdim, dtype=dtype)
    return _vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype)
