"""Factorisations of bare arrays that NumPy's and CuPy's `linalg` lack, for stacks of matrices.

They take the steps that LAPACK's routines of the same name take, one column at a time for the whole
batch, so that pivots and signs agree.  G. Golub and C. Van Loan, "Matrix Computations", 4th ed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np


def columns(xp: Any, a: Any) -> Any:
    """The same matrices with their columns in one piece of memory, as LAPACK leaves them."""
    if a.ndim < 2:
        return a
    return xp.ascontiguousarray(a.swapaxes(-1, -2)).swapaxes(-1, -2)


def in_columns(forward: Callable[..., Any]) -> Callable[..., Any]:
    """Lay out an operation's matrices by columns, where programs can see it in their strides."""

    @wraps(forward)
    def computed(xp: Any, *args: Any, **options: Any) -> Any:
        result = forward(xp, *args, **options)
        if not isinstance(result, tuple):
            return columns(xp, result)
        return tuple(columns(xp, r) if r.dtype.kind in "fc" else r for r in result)

    return computed


def _size(xp: Any, a: Any) -> Any:
    """The size by which LAPACK chooses pivots: |re| + |im|."""
    return xp.abs(a.real) + xp.abs(a.imag) if a.dtype.kind == "c" else xp.abs(a)


def swap_rows(xp: Any, a: Any, k: int, other: Any) -> None:
    """Exchange row k of each matrix with the row that `other`, (...), names; in place."""
    index = xp.broadcast_to(other[..., None, None], (*a.shape[:-2], 1, a.shape[-1]))
    row = a[..., k : k + 1, :].copy()
    a[..., k : k + 1, :] = xp.take_along_axis(a, index, -2)
    xp.put_along_axis(a, index, row, -2)


def getrf(xp: Any, a: Any, pivot: bool = True) -> tuple[Any, Any, Any]:
    """LU with row exchanges: (L below U, pivots from 1, info), for a of shape (..., m, n).

    `info` is 0, or the number of the first zero on the diagonal of U.
    """
    a = a.copy()
    m, n = a.shape[-2:]
    k = min(m, n)
    pivots = xp.zeros((*a.shape[:-2], k), np.int32)
    info = xp.zeros(a.shape[:-2], np.int32)
    for j in range(k):
        pivots[..., j] = j + 1
        if pivot and a.size:
            found = _size(xp, a[..., j:, j]).argmax(-1) + j
            pivots[..., j] = found + 1
            swap_rows(xp, a, j, found)
        top = a[..., j, j]
        zero = top == 0
        info = xp.where(zero & (info == 0), np.int32(j + 1), info)
        column = a[..., j + 1 :, j] / xp.where(zero, top.dtype.type(1), top)[..., None]
        a[..., j + 1 :, j] = column
        a[..., j + 1 :, j + 1 :] -= column[..., :, None] * a[..., j : j + 1, j + 1 :]
    return a, pivots, info


def attempt(xp: Any, function: Any, *arrays: Any) -> Any:
    """``function(*arrays)``, or None if a matrix was singular or not positive-definite."""
    try:
        result = function(*arrays)
    except np.linalg.LinAlgError:
        return None
    silent = xp is not np or sys.platform == "emscripten"  # CuPy, and NumPy in WebAssembly
    if silent and not xp.isfinite(result).all():
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


def permutation(xp: Any, pivots: Any, m: int, dtype: Any) -> Any:
    """P of A = P L U as a matrix, from LAPACK's row exchanges."""
    batch = pivots.shape[:-1]
    order = xp.broadcast_to(xp.arange(m), (*batch, m)).copy()[..., None]
    for j in range(pivots.shape[-1]):
        swap_rows(xp, order, j, pivots[..., j].astype(np.int64) - 1)
    return xp.ascontiguousarray(xp.eye(m, dtype=dtype)[order[..., 0]].swapaxes(-1, -2))


def getrs(xp: Any, packed: Any, pivots: Any, b: Any, adjoint: bool = False) -> Any:
    """X with A X = B, or A^H X = B, from ``getrf``."""
    p = permutation(xp, pivots, packed.shape[-1], packed.dtype)
    if not adjoint:
        y = trsm(xp, packed, xp.matmul(p.swapaxes(-1, -2), b), False, True)
        return trsm(xp, packed, y, True, False)
    turned = xp.conj(packed.swapaxes(-1, -2))
    y = trsm(xp, turned, b, False, False)
    return xp.matmul(p, trsm(xp, turned, y, True, True))


def potrf(xp: Any, a: Any) -> tuple[Any, Any]:
    """Cholesky's L from the lower triangle, and info: the order of the first minor that fails."""
    a = xp.tril(a)
    info = xp.zeros(a.shape[:-2], np.int32)
    for j in range(a.shape[-1]):
        pivot = a[..., j, j].real
        info = xp.where(~(pivot > 0) & (info == 0), np.int32(j + 1), info)
        on = info == 0  # a matrix that failed stays as it is
        root = xp.sqrt(xp.where(on, pivot, 1))
        a[..., j, j] = xp.where(on, root, pivot)
        column = xp.where(on[..., None], a[..., j + 1 :, j] / root[..., None], 0)
        a[..., j + 1 :, j] = xp.where(on[..., None], column, a[..., j + 1 :, j])
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


# ---------------------------------------------------------------- symmetric indefinite matrices

_ALPHA = (1 + 17**0.5) / 8  # Bunch and Kaufman's threshold


def sytrf(xp: Any, a: Any, hermitian: bool) -> tuple[Any, Any, Any]:
    """LDL by J. Bunch and L. Kaufman's pivoting (1977), lower triangle: (LD, pivots, info).

    A pivot > 0 is the row exchanged with; a pair of equal negative ones marks a 2 by 2 block.
    """
    n = a.shape[-1]
    packed = xp.tril(a)
    pivots = xp.zeros(a.shape[:-1], np.int32)
    info = xp.zeros(a.shape[:-2], np.int32)
    for index in np.ndindex(*a.shape[:-2]):
        whole = packed[index] + _mirror(xp, xp.tril(packed[index], -1), hermitian)
        if hermitian:
            whole[range(n), range(n)] = whole.diagonal().real
        found, pivots[index], info[index] = _sytf2(xp, whole, hermitian)
        packed[index] = xp.tril(found)
    return packed, pivots, info


def _mirror(xp: Any, a: Any, hermitian: bool) -> Any:
    turned = a.swapaxes(-1, -2)
    return xp.conj(turned) if hermitian else turned


def _sytf2(xp: Any, a: Any, hermitian: bool) -> tuple[Any, Any, int]:
    """One full symmetric matrix, in place."""
    n, k, info = len(a), 0, 0
    pivots = xp.zeros(n, np.int32)
    while k < n:
        row, step = _pivot(xp, a, k, hermitian)
        if row is None:
            info, row = info or k + 1, k
        last = k + step - 1
        _exchange(xp, a, last, row, k)
        rest, block = slice(last + 1, None), slice(k, last + 1)
        pivots[block] = row + 1 if step == 1 else -(row + 1)
        if a[block, block].any():
            column = xp.linalg.solve(a[block, block].T, a[rest, block].T).T
            a[rest, rest] -= column @ a[block, rest]
            a[rest, block] = column
        k += step
    return a, pivots, info


def _pivot(xp: Any, a: Any, k: int, hermitian: bool) -> tuple[int | None, int]:
    """(the row to exchange with, the size of the block); row None where the column is zero."""
    own = abs(a[k, k].real) if hermitian else _size(xp, a[k, k])
    below = _size(xp, a[k + 1 :, k])
    largest = below.max() if below.size else 0
    if max(own, largest) == 0:
        return None, 1
    if own >= _ALPHA * largest:
        return k, 1
    row = int(below.argmax()) + k + 1
    others = _size(xp, a[row, k:]).copy()
    others[row - k] = 0
    most = others.max()
    if own >= _ALPHA * largest * (largest / most):
        return k, 1
    there = abs(a[row, row].real) if hermitian else _size(xp, a[row, row])
    return (row, 1) if there >= _ALPHA * most else (row, 2)


def _exchange(xp: Any, a: Any, i: int, j: int, k: int) -> None:
    """Exchange rows and columns i and j of what is not factorised yet."""
    if i != j:
        a[[i, j], k:] = a[[j, i], k:]
        a[k:, [i, j]] = a[k:, [j, i]]


def sytrs(xp: Any, packed: Any, pivots: Any, b: Any, hermitian: bool) -> Any:
    """X with A X = B from ``sytrf``."""
    batch = np.broadcast_shapes(packed.shape[:-2], b.shape[:-2])
    n = packed.shape[-1]
    packed = xp.broadcast_to(packed, (*batch, n, n))
    pivots = xp.broadcast_to(pivots, (*batch, n))
    x = xp.broadcast_to(b, (*batch, *b.shape[-2:])).copy()
    for index in np.ndindex(*batch):
        _sytrs_one(xp, packed[index], pivots[index].tolist(), x[index], hermitian)
    return x


def _blocks(pivots: list[int]) -> list[tuple[int, int, int]]:
    """(first row, size, row exchanged with) of each block."""
    found, k = [], 0
    while k < len(pivots):
        size = 1 if pivots[k] > 0 else 2
        found.append((k, size, abs(pivots[k]) - 1))
        k += size
    return found


def _sytrs_one(xp: Any, a: Any, pivots: list[int], x: Any, hermitian: bool) -> None:
    blocks = _blocks(pivots)
    for k, size, row in blocks:
        last = k + size - 1
        if row != last:
            x[[last, row]] = x[[row, last]]
        x[last + 1 :] -= a[last + 1 :, k : last + 1] @ x[k : last + 1]
    for k, size, _ in blocks:
        block = xp.tril(a[k : k + size, k : k + size])
        block = block + _mirror(xp, xp.tril(block, -1), hermitian)
        x[k : k + size] = xp.linalg.solve(block, x[k : k + size])
    for k, size, row in reversed(blocks):
        last = k + size - 1
        x[k : last + 1] -= _mirror(xp, a[last + 1 :, k : last + 1], hermitian) @ x[last + 1 :]
        if row != last:
            x[[last, row]] = x[[row, last]]
