"""Systems of linear equations and inverses.

Derivatives: M. Giles, "An extended collection of matrix derivative results for forward and reverse
mode algorithmic differentiation" (2008), section 2.2, in PyTorch's complex convention.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import return_types
from ..op import composite, op
from ..ops.matmul import matmul, mH
from ..ops.shape import squeeze, unsqueeze
from . import lapack
from .checks import (
    broadcast_batch,
    check_floating,
    check_same_dtype,
    check_served,
    check_singular,
    check_square,
    check_system,
    is_vector,
)

# ---------------------------------------------------------------- A X = B


def _solve_rule(grads: Any, A: Any, B_shape: Any, result: Any, left: bool, needs: Any) -> Any:
    """For B it is A^-H grad, for A minus that times X^H; both mirrored for X A = B."""
    grad = grads[0]
    if grad is None:
        return None, None
    vector = is_vector(A.shape, B_shape)
    if vector:
        grad, result = unsqueeze(grad, -1), unsqueeze(result, -1)
    grad_b = _solve_ex(mH(A), grad, left=left)[0]
    grad_a = None
    if needs[0]:
        product = matmul(grad_b, mH(result)) if left else matmul(mH(result), grad_b)
        grad_a = -product
    if not needs[1]:
        return grad_a, None
    return grad_a, squeeze(grad_b, -1) if vector else grad_b


@op(
    joint=(("A", "B"), _solve_rule), name="linalg_solve_ex", method=False, function=False,
    returns=return_types.linalg_solve_ex,
)  # fmt: skip
def _solve_ex(xp, A, B, *, left=True, check_errors=False):
    check_floating("linalg.solve", A)
    check_same_dtype("linalg.solve", A, B)
    vector = is_vector(A.shape, B.shape) if B.ndim else False
    b = B[..., None] if vector else B
    check_system("linalg.solve", A, b, left)
    if vector and not left and B.ndim > 1:
        raise RuntimeError(
            "linalg.solve: Vector broadcasting of the left hand side is not supported for "
            "left=False. In this case linalg.solve is equivalent to B / A.squeeze(-1)"
        )
    check_served("lu_cpu", A)
    batch = broadcast_batch(b, A)
    a, b = (A, b) if left else (A.swapaxes(-1, -2), b.swapaxes(-1, -2))
    x = lapack.attempt(xp, xp.linalg.solve, a, xp.broadcast_to(b, (*batch, *b.shape[-2:])))
    info = xp.zeros(A.shape[:-2], np.int32)
    if x is None:
        packed, pivots, info = lapack.getrf(xp, a)
        x = lapack.getrs(xp, packed, pivots, b)
    x = lapack.columns(xp, x)
    x = x if left else x.swapaxes(-1, -2)
    return (x[..., 0] if vector else x), info


@composite(method=False, function=False)
def solve_ex(A: Any, B: Any, *, left: bool = True, check_errors: bool = False) -> Any:
    """(result, info): like ``solve``, but a singular matrix is told by an info that is not 0."""
    found = _solve_ex(A, B, left=left)
    if check_errors:
        check_singular("linalg.solve_ex", found.info)
    return found


@composite(method=False, function=False)
def solve(A: Any, B: Any, *, left: bool = True) -> Any:
    """X with A X = B (or X A = B with ``left=False``); A (..., n, n), B (..., n, k) or (..., n).

    Raises LinAlgError for a singular matrix.
    """
    result, info = _solve_ex(A, B, left=left)
    check_singular("linalg.solve", info)
    return result


# ---------------------------------------------------------------- inverses


def _inv_rule(grads: Any, result: Any) -> Any:
    if grads[0] is None:
        return None
    adjoint = mH(result)
    return -matmul(adjoint, matmul(grads[0], adjoint))


@op(
    A=_inv_rule, name="linalg_inv_ex", method=False, function=False,
    returns=return_types.linalg_inv_ex,
)  # fmt: skip
@lapack.in_columns
def _inv_ex(xp, A):
    check_square("linalg.inv", A)
    check_floating("linalg.inv", A, low_precision=False)
    inverse = lapack.attempt(xp, xp.linalg.inv, A)
    info = xp.zeros(A.shape[:-2], np.int32)
    if inverse is None:
        packed, pivots, info = lapack.getrf(xp, A)
        inverse = lapack.getrs(xp, packed, pivots, xp.eye(A.shape[-1], dtype=A.dtype))
    return inverse, info


@composite(method=False, function=False)
def inv_ex(A: Any, *, check_errors: bool = False) -> Any:
    """(inverse, info): like ``inv``, but a singular matrix is told by an info that is not 0."""
    found = _inv_ex(A)
    if check_errors:
        check_singular("linalg.inv_ex", found.info, inversion=True)
    return found


@composite(method=False, function=False)
def inv(A: Any) -> Any:
    """The inverse of each matrix; A (..., n, n).  Raises LinAlgError for a singular matrix."""
    result, info = _inv_ex(A)
    check_singular("linalg.inv", info, inversion=True)
    return result
