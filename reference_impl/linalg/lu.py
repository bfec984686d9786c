"""LU factorisation with row exchanges, and LDL.

Derivative: F. de Hoog, R. Anderssen and M. Lukas, "Differentiation of matrix functionals using
triangular factorization" (2011); a wide or tall matrix is a square one and what follows from it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import errors, return_types
from ..backend import xp_of
from ..op import composite, op
from ..ops.join import cat
from ..ops.matmul import matmul, mH
from ..ops.parts import slice_
from ..ops.rearrange import constant_pad_nd, tril, triu
from ..tensor import Tensor, wrap
from . import lapack
from .checks import (
    broadcast_batch,
    check_floating,
    check_served,
    check_square,
    check_system,
    first_failure,
    scalar_type,
)
from .triangular import _solve_triangular

# ---------------------------------------------------------------- the derivative


def _rows(x: Any, start: int, end: int) -> Any:
    return slice_(x, -2, start, end)


def _columns(x: Any, start: int, end: int) -> Any:
    return slice_(x, -1, start, end)


def _square_backward(grad_l: Any, grad_u: Any, low: Any, up: Any) -> Any:
    """L^-H (strictly lower part of L^H gL + upper part of gU U^H) U^-H."""
    inner = 0
    if grad_l is not None:
        inner = tril(matmul(mH(low), grad_l), -1)
    if grad_u is not None:
        inner = inner + triu(matmul(grad_u, mH(up)))
    inner = _solve_triangular(mH(up), inner, upper=False, left=False)
    return _solve_triangular(mH(low), inner, upper=True, unitriangular=True)


def _minus(a: Any, b: Any) -> Any:
    return -b if a is None else a - b


def lu_backward(grad_l: Any, grad_u: Any, low: Any, up: Any) -> Any:
    """The gradient of L U; P's rows are yet to be exchanged."""
    m, n = low.shape[-2], up.shape[-1]
    if m == n:
        return _square_backward(grad_l, grad_u, low, up)
    if m < n:  # the columns beyond the square are U2 = L^-1 A2
        first = None if grad_u is None else _columns(grad_u, 0, m)
        rest = 0 * _columns(up, m, n) if grad_u is None else _columns(grad_u, m, n)
        rest = _solve_triangular(mH(low), rest, upper=True, unitriangular=True)
        grad_l = _minus(grad_l, matmul(rest, mH(_columns(up, m, n))))
        return cat([_square_backward(grad_l, first, low, _columns(up, 0, m)), rest], -1)
    # the rows beyond the square are L2 = A2 U^-1
    first = None if grad_l is None else _rows(grad_l, 0, n)
    rest = 0 * _rows(low, n, m) if grad_l is None else _rows(grad_l, n, m)
    rest = _solve_triangular(mH(up), rest, upper=False, left=False)
    grad_u = _minus(grad_u, matmul(mH(_rows(low, n, m)), rest))
    return cat([_square_backward(first, grad_u, _rows(low, 0, n), up), rest], -2)


def unpacked(packed: Any) -> tuple[Any, Any]:
    """(L, U) from the matrix that holds both."""
    m, n = packed.shape[-2:]
    k = min(m, n)
    low = tril(_columns(packed, 0, k), -1)
    data = getattr(packed, "_data", packed)
    ones = xp_of(data).eye(m, k, dtype=data.dtype)
    low = low + (wrap(ones) if isinstance(packed, Tensor) else ones)
    return low, triu(_rows(packed, 0, k))


def _permuted(pivots: Any, x: Any) -> Any:
    """P x."""
    bare = getattr(pivots, "_data", pivots)
    data = getattr(x, "_data", x)
    p = lapack.permutation(xp_of(bare), bare, x.shape[-2], data.dtype)
    return matmul(wrap(p) if isinstance(x, Tensor) else p, x)


# ---------------------------------------------------------------- lu_factor, lu


def _check_lu(name: str, a: Any, pivot: bool, xp: Any) -> None:
    if a.ndim < 2:
        raise RuntimeError(
            f"{name}: Expected tensor with 2 or more dimensions. Got size: "
            f"{errors.sizes(a.shape)} instead"
        )
    if not pivot and xp is np:
        raise RuntimeError(f"linalg.{name.rpartition('.')[2]}: LU without pivoting is not "
                           "implemented on the CPU")  # fmt: skip
    check_served("lu_cpu", a)


def _factor_rule(grads: Any, result: Any, result1: Any) -> Any:
    if grads[0] is None:
        return None
    m, n = result.shape[-2:]
    k = min(m, n)
    grad_l = tril(_columns(grads[0], 0, k), -1)
    grad_u = triu(_rows(grads[0], 0, k))
    return _permuted(result1, lu_backward(grad_l, grad_u, *unpacked(result)))


@op(
    A=_factor_rule, name="linalg_lu_factor_ex", method=False, function=False,
    returns=return_types.linalg_lu_factor_ex,
)  # fmt: skip
def _lu_factor_ex(xp, A, *, pivot=True):
    _check_lu("torch.lu_factor", A, pivot, xp)
    packed, pivots, info = lapack.getrf(xp, A, pivot)
    return lapack.columns(xp, packed), pivots, info


def _check_factor(name: str, info: Any) -> None:
    failure = first_failure(info)
    if failure is not None:
        number, batch = failure
        raise RuntimeError(
            f"{name}: {batch}U[{number},{number}] is zero and using it on lu_solve would result in "
            "a division by zero. If you still want to perform the factorization, consider calling "
            "linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"
        )


@composite(method=False, function=False)
def lu_factor_ex(A: Any, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """(LU, pivots, info): like ``lu_factor``; info is not 0 where U has a zero on its diagonal."""
    found = _lu_factor_ex(A, pivot=pivot)
    if check_errors:
        _check_factor("torch.linalg.lu_factor_ex", found.info)
    return found


@composite(method=False, function=False)
def lu_factor(A: Any, *, pivot: bool = True) -> Any:
    """(LU, pivots): L below the diagonal and U in one matrix, and the row exchanges from 1.

    Raises RuntimeError if U has a zero on its diagonal.
    """
    packed, pivots, info = _lu_factor_ex(A, pivot=pivot)
    _check_factor("torch.linalg.lu_factor", info)
    return return_types.linalg_lu_factor(packed, pivots)  # type: ignore[attr-defined]


def _lu_rule(grads: Any, result: Any, result1: Any, result2: Any) -> Any:
    _, grad_l, grad_u = grads
    if grad_l is None and grad_u is None:
        return None
    product = lu_backward(grad_l, grad_u, result1, result2)
    return matmul(result, product) if result.shape[-1] else product


@op(
    A=_lu_rule, name="linalg_lu", method=False, function=False,
    output_differentiability=(False, True, True),
    returns=return_types.linalg_lu,
)  # fmt: skip
def _lu(xp, A, *, pivot=True):
    if A.ndim < 2:
        _check_lu("linalg.lu", A, pivot, xp)
    _check_lu("linalg.lu_factor", A, pivot, xp)
    packed, pivots, _ = lapack.getrf(xp, A, pivot)
    p = lapack.permutation(xp, pivots, A.shape[-2], A.dtype) if pivot else xp.empty(0, A.dtype)
    return p, *map(xp.ascontiguousarray, unpacked(packed))


@composite(method=False, function=False)
def lu(A: Any, *, pivot: bool = True) -> Any:
    """(P, L, U) with A = P L U: P a permutation, L with ones on its diagonal; A (..., m, n)."""
    return _lu(A, pivot=pivot)


# ---------------------------------------------------------------- lu_solve, lu_unpack


def _lu_solve_rule(
    grad: Any, LU: Any, pivots: Any, result: Any, left: bool, adjoint: bool, needs: Any
) -> Any:
    """gB solves the adjoint system; gA = -gB X^H (or mirrored) goes on to L and U."""
    grad_b = _lu_solve(LU, pivots, grad, left=left, adjoint=not adjoint)
    if not needs[0]:
        return None, grad_b
    first, second = (result, grad_b) if adjoint else (grad_b, result)
    product = matmul(first, mH(second)) if left else matmul(mH(second), first)
    product = _exchanged(pivots, -product)
    low, up = unpacked(LU)
    grad_lu = tril(matmul(product, mH(up)), -1) + triu(matmul(mH(low), product))
    return grad_lu, grad_b


def _exchanged(pivots: Any, x: Any) -> Any:
    """P^T x."""
    bare = getattr(pivots, "_data", pivots)
    data = getattr(x, "_data", x)
    p = lapack.permutation(xp_of(bare), bare, x.shape[-2], data.dtype).swapaxes(-1, -2)
    return matmul(wrap(p) if isinstance(x, Tensor) else p, x)


def _check_lu_solve(packed: Any, pivots: Any, b: Any, left: bool) -> None:
    name = "linalg.lu_solve"
    check_floating(f"torch.{name}", packed)
    if packed.dtype != b.dtype:
        raise RuntimeError(
            f"{name}: Expected LU and B to have the same dtype, but found LU of type "
            f"{scalar_type(packed)} and B of type {scalar_type(b)} instead"
        )
    if pivots.dtype != np.int32:
        raise RuntimeError(f"{name}: pivots should be a Tensor of scalar type torch.int32")
    check_square(f"torch.{name}", packed)
    check_system(name, packed, b, left)
    if pivots.shape[-1] != packed.shape[-1]:
        raise RuntimeError(
            f"{name}: Number of pivots per batch should be same as the dimension of the matrix"
        )
    if pivots.shape != packed.shape[:-1]:
        raise RuntimeError(
            f"{name}: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots with "
            f"shape {errors.sizes(pivots.shape)} instead"
        )
    check_served("lu_solve_cpu", packed)


@op(
    joint=(("LU", "B"), _lu_solve_rule), name="linalg_lu_solve", method=False, function=False,
)  # fmt: skip
def _lu_solve(xp, LU, pivots, B, *, left=True, adjoint=False):
    _check_lu_solve(LU, pivots, B, left)
    broadcast_batch(B, LU)
    if left:
        return lapack.columns(xp, lapack.getrs(xp, LU, pivots, B, adjoint))
    turned = xp.conj(B.swapaxes(-1, -2))
    found = lapack.columns(xp, lapack.getrs(xp, LU, pivots, turned, not adjoint))
    return xp.conj(found.swapaxes(-1, -2))


@composite(method=False, function=False)
def lu_solve(LU: Any, pivots: Any, B: Any, *, left: bool = True, adjoint: bool = False) -> Any:
    """X with A X = B from A's ``lu_factor``; X A = B without `left`, A^H for A with `adjoint`."""
    return _lu_solve(LU, pivots, B, left=left, adjoint=adjoint)


def _unpack_rule(grads: Any, LU_data_shape: Any) -> Any:
    _, grad_l, grad_u = grads
    m, n = LU_data_shape[-2:]
    out = None
    if grad_l is not None:
        out = constant_pad_nd(tril(grad_l, -1), [0, max(n - m, 0)])
    if grad_u is not None:
        part = constant_pad_nd(triu(grad_u), [0, 0, 0, max(m - n, 0)])
        out = part if out is None else out + part
    return out


@op(
    LU_data=_unpack_rule, output_differentiability=(False, True, True), method=False,
    returns=return_types.lu_unpack,
)  # fmt: skip
def lu_unpack(xp, LU_data, LU_pivots, unpack_data=True, unpack_pivots=True):
    """(P, L, U) from what ``lu_factor`` returned; empty tensors for what is not asked for."""
    if LU_data.ndim < 2:
        raise RuntimeError(
            "torch.lu_unpack: Expected tensor with 2 or more dimensions. Got size: "
            f"{errors.sizes(LU_data.shape)} instead"
        )
    empty = xp.empty(0, LU_data.dtype)
    m = LU_data.shape[-2]
    p = empty
    if unpack_pivots:
        if LU_pivots.dtype != np.int32:
            raise RuntimeError(
                "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 "
                "dtype.\nNote: this function is intended to be used with the output produced by "
                "torch.linalg.lu_factor"
            )
        if ((LU_pivots < 1) | (LU_pivots > m)).any():
            raise RuntimeError(
                "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive."
                "Did you properly pass the result of lu_factor?"
            )
        p = lapack.permutation(xp, LU_pivots, m, LU_data.dtype)
    if not unpack_data:
        return p, empty, empty
    return p, *map(xp.ascontiguousarray, unpacked(LU_data))


# ---------------------------------------------------------------- LDL


@op(
    name="linalg_ldl_factor_ex", method=False, function=False,
    returns=return_types.linalg_ldl_factor_ex,
)  # fmt: skip
@lapack.in_columns
def _ldl_factor_ex(xp, self, *, hermitian=False):
    check_square("torch.linalg.ldl_factor_ex", self)
    check_floating("torch.linalg.ldl_factor_ex", self)
    check_served("ldl_factor_kernel_cpu", self)
    return lapack.sytrf(xp, self, hermitian)


@composite(method=False, function=False)
def ldl_factor_ex(A: Any, *, hermitian: bool = False, check_errors: bool = False) -> Any:
    """(LD, pivots, info): like ``ldl_factor``; info is not 0 where D is singular."""
    return _ldl_factor_ex(A, hermitian=hermitian)


@composite(method=False, function=False)
def ldl_factor(A: Any, *, hermitian: bool = False) -> Any:
    """(LD, pivots) of symmetric matrices, A = L D L^T: D has blocks of size 1 and 2.

    With `hermitian` A = L D L^H.  Only the lower triangle is read.
    """
    packed, pivots, _ = _ldl_factor_ex(A, hermitian=hermitian)
    return return_types.linalg_ldl_factor(packed, pivots)  # type: ignore[attr-defined]


@op(name="linalg_ldl_solve", method=False, function=False)
@lapack.in_columns
def _ldl_solve(xp, LD, pivots, B, *, hermitian=False):
    name = "torch.linalg.ldl_solve"
    check_square(name, LD)
    check_floating(name, LD)
    from .triangular import check_old_system

    check_old_system(name, B, LD)
    if pivots.dtype.kind not in "iu":
        raise RuntimeError(f"{name}: Expected pivots to be integers. Got {scalar_type(pivots)}")
    if pivots.shape != LD.shape[:-1]:
        raise RuntimeError(
            f"{name}: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with "
            f"shape {errors.sizes(pivots.shape)} instead"
        )
    broadcast_batch(B, LD)
    return lapack.sytrs(xp, LD, pivots, B, hermitian)


@composite(method=False, function=False)
def ldl_solve(LD: Any, pivots: Any, B: Any, *, hermitian: bool = False) -> Any:
    """X with A X = B from A's ``ldl_factor``."""
    return _ldl_solve(LD, pivots, B, hermitian=hermitian)
