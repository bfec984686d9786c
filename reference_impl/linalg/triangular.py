"""Systems with a triangular matrix, and Cholesky's factorisation.

Derivatives: M. Giles (2008), section 2.2; for Cholesky I. Murray, "Differentiation of the Cholesky
decomposition" (2016), eq. 9.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import errors, return_types
from ..op import composite, op, wrap_dim
from ..ops.matmul import matmul, mH
from ..ops.rearrange import tril, triu
from ..ops.shape import transpose
from . import deprecated, lapack
from .checks import (
    broadcast_batch,
    check_floating,
    check_served,
    check_square,
    check_system,
    first_failure,
    scalar_type,
)

# ---------------------------------------------------------------- triangular systems


def _triangle(x: Any, upper: bool, unitriangular: bool) -> Any:
    return triu(x, int(unitriangular)) if upper else tril(x, -int(unitriangular))


def _triangular_rule(
    grad: Any, self: Any, result: Any, upper: bool, left: bool, unitriangular: bool, needs: Any
) -> Any:
    """For B it is A^-H grad, for A minus that times X^H, in A's triangle."""
    options = {"upper": not upper, "left": left, "unitriangular": unitriangular}
    grad_b = _solve_triangular(mH(self), grad, **options)
    if not needs[0]:
        return None, grad_b
    product = matmul(grad_b, mH(result)) if left else matmul(mH(result), grad_b)
    return _triangle(-product, upper, unitriangular), grad_b


@op(
    joint=(("self", "B"), _triangular_rule), name="linalg_solve_triangular", method=False,
    function=False,
)  # fmt: skip
@lapack.in_columns
def _solve_triangular(xp, self, B, *, upper, left=True, unitriangular=False):
    check_system("linalg.solve_triangular", self, B, left)
    check_served("triangular_solve_cpu", self)
    broadcast_batch(B, self)
    B = B.astype(self.dtype, copy=False)
    if left:
        return lapack.trsm(xp, self, B, upper, unitriangular)
    flipped = self.swapaxes(-1, -2), B.swapaxes(-1, -2)
    return lapack.trsm(xp, *flipped, not upper, unitriangular).swapaxes(-1, -2)


@composite(method=False, function=False)
def solve_triangular(
    A: Any, B: Any, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Any:
    """X with A X = B (X A = B without `left`), where only one triangle of A is read.

    A (..., n, n), B (..., n, k).  With `unitriangular` the diagonal counts as ones.
    """
    return _solve_triangular(A, B, upper=upper, left=left, unitriangular=unitriangular)


def _old_triangular_rule(
    grads: Any, self: Any, A: Any, result: Any, upper: bool, transpose: bool, unitriangular: bool,
    needs: Any,
) -> Any:  # fmt: skip
    grad, grad_copy = grads
    if grad is None:
        return None, grad_copy
    back = _turned(mH(A) if not transpose else _conjugate(A), grad, upper == transpose,
                   unitriangular)  # fmt: skip
    if not needs[1]:
        return back, None
    grad_a = -matmul(back, mH(result)) if not transpose else -matmul(_conjugate(result), _mT(back))
    grad_a = _triangle(grad_a, upper, unitriangular)
    return back, grad_a if grad_copy is None else grad_a + grad_copy


def _mT(x: Any) -> Any:
    return transpose(x, -2, -1)


def _conjugate(x: Any) -> Any:
    return mH(_mT(x))


def _turned(a: Any, b: Any, upper: bool, unitriangular: bool) -> Any:
    return _solve_triangular(a, b, upper=upper, unitriangular=unitriangular)


@op(
    joint=(("self", "A"), _old_triangular_rule),
    returns=return_types.triangular_solve,
)  # fmt: skip
@lapack.in_columns
def triangular_solve(xp, self, A, upper=True, transpose=False, unitriangular=False):
    """(solution, cloned_coefficient): X with A X = self, or A^T X = self; deprecated."""
    for x, argument in ((self, "b"), (A, "A")):
        if x.ndim < 2:
            raise RuntimeError(
                f"torch.triangular_solve: Expected {argument} to have at least 2 dimensions, but "
                f"it has {x.ndim} dimensions instead"
            )
    check_old_system("triangular_solve", self, A)
    batch = broadcast_batch(self, A)
    deprecated.warn("triangular_solve")
    check_served("triangular_solve_cpu", A)
    a = A.swapaxes(-1, -2) if transpose else A
    x = lapack.trsm(xp, a, self, upper != transpose, unitriangular)
    return x, xp.broadcast_to(A, (*batch, *A.shape[-2:])).copy()


def check_old_system(name: str, b: Any, a: Any) -> None:
    """Raises RuntimeError as PyTorch's older solvers word it."""
    if b.dtype != a.dtype:
        raise RuntimeError(
            f"Expected b and A to have the same dtype, but found b of type {scalar_type(b)} and A "
            f"of type {scalar_type(a)} instead."
        )
    wrap_dim(-2, b.ndim)
    n, m = a.shape[-2:]
    if n != m:
        raise RuntimeError(
            f"A must be batches of square matrices, but they are {n} by {m} matrices"
        )
    if n != b.shape[-2]:
        raise RuntimeError(
            f"Incompatible matrix sizes for {name}: each A matrix is {n} by {n} but each b matrix "
            f"is {b.shape[-2]} by {b.shape[-1]}"
        )


# ---------------------------------------------------------------- Cholesky


def cholesky_backward(grad: Any, factor: Any, upper: bool) -> Any:
    """L^-H of the symmetric part of L^H grad (its lower triangle), times L^-1."""
    if upper:
        factor, grad = mH(factor), mH(grad)
    inner = tril(matmul(mH(factor), grad))
    inner = (inner + mH(tril(inner, -1))) * 0.5
    inner = _solve_triangular(mH(factor), inner, upper=True)
    return _solve_triangular(factor, inner, upper=False, left=False)


def _factorised(xp: Any, a: Any, upper: bool) -> tuple[Any, Any]:
    """(the factor, info) from one triangle of each matrix."""
    if upper:
        a = xp.conj(a.swapaxes(-1, -2))
    info = xp.zeros(a.shape[:-2], np.int32)
    factor = lapack.attempt(xp, xp.linalg.cholesky, a)
    if factor is None:
        factor, info = lapack.potrf(xp, a)
    return (xp.conj(factor.swapaxes(-1, -2)) if upper else factor), info


def _cholesky_ex_rule(grads: Any, result: Any, upper: bool) -> Any:
    return None if grads[0] is None else cholesky_backward(grads[0], result, upper)


@op(
    self=_cholesky_ex_rule, name="linalg_cholesky_ex", method=False, function=False,
    returns=return_types.linalg_cholesky_ex,
)  # fmt: skip
@lapack.in_columns
def _cholesky_ex(xp, self, *, upper=False):
    check_square("linalg.cholesky", self)
    check_floating("linalg.cholesky", self)
    check_served("cholesky_cpu", self)
    return _factorised(xp, self, upper)


def _check_definite(name: str, info: Any) -> None:
    failure = first_failure(info)
    if failure is not None:
        number, batch = failure
        raise errors.LinAlgError(
            f"{name}: {batch}The factorization could not be completed because the input is not "
            f"positive-definite (the leading minor of order {number} is not positive-definite)."
        )


@composite(method=False, function=False)
def cholesky_ex(A: Any, *, upper: bool = False, check_errors: bool = False) -> Any:
    """(L, info): like ``cholesky``; a matrix that is not positive-definite has an info not 0."""
    found = _cholesky_ex(A, upper=upper)
    if check_errors:
        _check_definite("linalg.cholesky_ex", found.info)
    return found


@composite(method=False, function=False)
def cholesky(A: Any, *, upper: bool = False) -> Any:
    """L with A = L L^H for positive-definite matrices; with `upper` L^H.

    Raises LinAlgError for a matrix that is not positive-definite.
    """
    factor, info = _cholesky_ex(A, upper=upper)
    _check_definite("linalg.cholesky", info)
    return factor


@op(self=lambda grad, result, upper: cholesky_backward(grad, result, upper), name="cholesky")
@lapack.in_columns
def _torch_cholesky(xp, self, upper=False):
    """The older ``torch.cholesky``."""
    deprecated.warn("cholesky")
    check_square("cholesky", self)
    check_served("cholesky_cpu", self)
    factor, info = _factorised(xp, self, upper)
    _check_definite("cholesky", info)
    return factor


def _cholesky_solve_rule(
    grad: Any, self: Any, input2: Any, result: Any, upper: bool, needs: Any
) -> Any:
    """With A = L L^H: gB = A^-1 grad, and gL = -(gB X^H + X gB^H) L."""
    grad_b = cholesky_solve(grad, input2, upper)
    if not needs[1]:
        return grad_b, None
    term = matmul(grad_b, mH(result))
    term = term + mH(term)
    return grad_b, -(matmul(input2, term) if upper else matmul(term, input2))


@op(joint=(("self", "input2"), _cholesky_solve_rule))
@lapack.in_columns
def cholesky_solve(xp, self, input2, upper=False):
    """X with A X = self, from A's Cholesky factor `input2`."""
    for x, argument in ((self, "b"), (input2, "u")):
        if x.ndim < 2:
            raise RuntimeError(
                f"{argument} should have at least 2 dimensions, but has {x.ndim} dimensions instead"
            )
    check_old_system("cholesky_solve", self, input2)
    check_served("cholesky_solve_cpu", self)
    broadcast_batch(self, input2)
    return lapack.potrs(xp, input2, self, upper)


def _cholesky_inverse_rule(grad: Any, self: Any, result: Any, upper: bool) -> Any:
    """With X = (L L^H)^-1: gL = -X (grad + grad^H) X L."""
    inner = matmul(matmul(result, grad + mH(grad)), result)
    return -(matmul(self, inner) if upper else matmul(inner, self))


@op(self=_cholesky_inverse_rule)
@lapack.in_columns
def cholesky_inverse(xp, self, upper=False):
    """The inverse of A from its Cholesky factor.  Raises LinAlgError for a singular factor."""
    check_square("cholesky_inverse", self)
    check_served("cholesky_inverse_out_cpu", self)
    zero = xp.diagonal(self, 0, -2, -1) == 0
    if zero.any():
        number = int(zero.reshape(-1, self.shape[-1]).any(0).argmax()) + 1
        raise errors.LinAlgError(
            f"cholesky_inverse: The diagonal element {number} is zero, the inversion could not be "
            "completed because the input matrix is singular."
        )
    eye = xp.broadcast_to(xp.eye(self.shape[-1], dtype=self.dtype), self.shape)
    return lapack.potrs(xp, self, eye, upper)
