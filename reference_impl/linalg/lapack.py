"""Factorisations of bare arrays that NumPy's and CuPy's `linalg` lack, for stacks of matrices.

They take the steps that LAPACK's routines of the same name take, one column at a time for the whole
batch, so that pivots and signs agree.  G. Golub and C. Van Loan, "Matrix Computations", 4th ed.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def _size(xp: Any, a: Any) -> Any:
    """The size by which LAPACK chooses pivots: |re| + |im|."""
    return xp.abs(a.real) + xp.abs(a.imag) if a.dtype.kind == "c" else xp.abs(a)


def swap_rows(xp: Any, a: Any, k: int, other: Any) -> None:
    """Exchange row k of each matrix with the row that `other`, (...), names; in place."""
    index = xp.broadcast_to(other[..., None, None], (*a.shape[:-2], 1, a.shape[-1]))
    row = a[..., k : k + 1, :].copy()
    a[..., k : k + 1, :] = xp.take_along_axis(a, index, -2)
    xp.put_along_axis(a, index, row, -2)


def getrf(xp: Any, a: Any) -> tuple[Any, Any, Any]:
    """LU with row exchanges: (L below U, pivots from 1, info), for a of shape (..., m, n).

    `info` is 0, or the number of the first zero on the diagonal of U.
    """
    a = a.copy()
    m, n = a.shape[-2:]
    k = min(m, n)
    pivots = xp.zeros((*a.shape[:-2], k), np.int32)
    info = xp.zeros(a.shape[:-2], np.int32)
    for j in range(k):
        found = _size(xp, a[..., j:, j]).argmax(-1) + j if a.size else pivots[..., j]
        pivots[..., j] = found + 1
        swap_rows(xp, a, j, found)
        pivot = a[..., j, j]
        zero = pivot == 0
        info = xp.where(zero & (info == 0), np.int32(j + 1), info)
        column = a[..., j + 1 :, j] / xp.where(zero, pivot.dtype.type(1), pivot)[..., None]
        a[..., j + 1 :, j] = column
        a[..., j + 1 :, j + 1 :] -= column[..., :, None] * a[..., j : j + 1, j + 1 :]
    return a, pivots, info


def attempt(xp: Any, function: Any, *arrays: Any) -> Any:
    """``function(*arrays)``, or None if a matrix was singular or not positive-definite."""
    try:
        result = function(*arrays)
    except np.linalg.LinAlgError:
        return None
    if xp is not np and not xp.isfinite(result).all():  # CuPy does not say
        return None
    return result


def trsm(xp: Any, a: Any, b: Any, upper: bool, unitriangular: bool) -> Any:
    """X with A X = B by substitution, from one triangle of A (..., n, n); B (..., n, k)."""
    n = a.shape[-1]
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    x = xp.broadcast_to(b, (*batch, *b.shape[-2:])).copy()
    for j in reversed(range(n)) if upper else range(n):
        if not unitriangular:
            x[..., j, :] /= a[..., j, j, None]
        rest = slice(None, j) if upper else slice(j + 1, None)
        x[..., rest, :] -= a[..., rest, j, None] * x[..., j : j + 1, :]
    return x


def potrf(xp: Any, a: Any) -> tuple[Any, Any]:
    """Cholesky's L from the lower triangle, and info: the order of the first minor that fails."""
    a = xp.tril(a)
    info = xp.zeros(a.shape[:-2], np.int32)
    for j in range(a.shape[-1]):
        pivot = a[..., j, j].real
        bad = ~(pivot > 0)
        info = xp.where(bad & (info == 0), np.int32(j + 1), info)
        root = xp.sqrt(xp.where(bad, pivot.dtype.type(1), pivot))
        a[..., j, j] = root
        column = a[..., j + 1 :, j] / root[..., None]
        a[..., j + 1 :, j] = column
        update = xp.tril(column[..., :, None] * xp.conj(column[..., None, :]))
        a[..., j + 1 :, j + 1 :] -= update
    return a, info


def potrs(xp: Any, factor: Any, b: Any, upper: bool) -> Any:
    """X with A X = B, from A's Cholesky factor."""
    adjoint = xp.conj(factor.swapaxes(-1, -2))
    low, high = (adjoint, factor) if upper else (factor, adjoint)
    return trsm(xp, high, trsm(xp, low, b, False, False), True, False)


def householder(xp: Any, v: Any, tau: Any, columns: int) -> Any:
    """The first `columns` columns of the product of the reflections I - tau v v^H (LAPACK orgqr).

    v (..., m, n) holds the vectors below its diagonal, tau (..., k) their factors.
    """
    m, k = v.shape[-2], tau.shape[-1]
    eye = xp.eye(m, columns, dtype=v.dtype)
    q = xp.broadcast_to(eye, (*v.shape[:-2], m, columns)).copy()
    for j in reversed(range(k)):
        tail = reflector(xp, v, j)
        rest = q[..., j:, :]
        along = xp.matmul(xp.conj(tail.swapaxes(-1, -2)), rest)
        q[..., j:, :] = rest - tau[..., j, None, None] * tail * along
    return q


def reflector(xp: Any, v: Any, j: int) -> Any:
    """The j-th vector from row j on, (..., m - j, 1): 1, then what lies below the diagonal."""
    tail = v[..., j:, j : j + 1].copy()
    tail[..., 0, :] = 1
    return tail
