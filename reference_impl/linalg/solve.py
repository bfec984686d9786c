"""Systems of linear equations: solve, inverse, least squares.

Derivatives: M. Giles, "An extended collection of matrix derivative results for forward and reverse
mode algorithmic differentiation" (2008), in PyTorch's complex convention.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes, errors
from ..op import op
from ..ops.matmul import mH, matmul
from ..ops.shape import unsqueeze


def check_floating(name: str, *arrays: Any) -> None:
    """Raises RuntimeError unless all are of one floating-point or complex dtype."""
    first = dtypes.of(arrays[0].dtype)
    if first.category < dtypes.FLOAT:
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. "
            f"Got {errors.scalar_type(first)}"
        )
    for other in arrays[1:]:
        if other.dtype != arrays[0].dtype:
            a, b = errors.scalar_type(first), errors.scalar_type(dtypes.of(other.dtype))
            raise RuntimeError(
                f"{name}: Expected A and B to have the same dtype, but found A of type {a} and B "
                f"of type {b} instead"
            )


def check_square(name: str, a: Any) -> None:
    """Raises RuntimeError unless `a` holds square matrices."""
    if a.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if a.shape[-2] != a.shape[-1]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {a.shape[-2]} by "
            f"{a.shape[-1]} matrices"
        )


def _is_vector(a: Any, b: Any) -> bool:
    """Whether PyTorch takes `b` as (a batch of) vectors rather than matrices."""
    return b.ndim == 1 or (a.ndim - 1 == b.ndim and b.shape == a.shape[:-1])  # type: ignore[no-any-return]


def _solve_rhs(grad: Any, self: Any, result: Any) -> Any:
    return _solve(mH(self), grad)


def _solve_matrix(grad: Any, self: Any, other: Any, result: Any) -> Any:
    inner = _solve(mH(self), grad)
    if _is_vector(self, other):
        return -matmul(unsqueeze(inner, -1), mH(unsqueeze(result, -1)))
    return -matmul(inner, mH(result))


@op(
    self=_solve_matrix,
    other=_solve_rhs,
    node="LinalgSolveExBackward0",
    method=False,
    function=False,
)
def _solve(xp, self, other):
    check_floating("linalg.solve", self, other)
    check_square("linalg.solve", self)
    vector = _is_vector(self, other)
    b = other[..., None] if vector else other
    n, m = self.shape[-2:]
    if b.shape[-2] != n:
        raise RuntimeError(
            "linalg.solve: Incompatible shapes of A and B for the equation AX = B "
            f"({n}x{m} and {b.shape[-2]}x{b.shape[-1]})"
        )
    try:
        x = xp.linalg.solve(self, b)
    except np.linalg.LinAlgError:
        raise errors.LinAlgError(
            "torch.linalg.solve: The solver failed because the input matrix is singular."
        ) from None
    return x[..., 0] if vector else x


def solve(A: Any, B: Any, *, left: bool = True, out: Any = None) -> Any:
    """X with A X = B (or X A = B with ``left=False``); A (..., n, n), B (..., n, k) or (..., n).

    Raises LinAlgError for a singular matrix.
    """
    if not left:
        return solve(A.mT, B.mT).mT
    result = _solve(A, B)
    if out is not None:
        out.copy_(result)
        return out
    return result


@op(
    self=lambda grad, result: -matmul(matmul(mH(result), grad), mH(result)),
    node="LinalgInvExBackward0",
    method=False,
    function=False,
)
def _inv(xp, self):
    check_floating("linalg.inv", self)
    check_square("linalg.inv", self)
    try:
        return xp.linalg.inv(self)
    except np.linalg.LinAlgError:
        raise errors.LinAlgError(
            "linalg.inv: The diagonal element 1 is zero, the inversion could not be completed "
            "because the input matrix is singular."
        ) from None


def inv(A: Any, *, out: Any = None) -> Any:
    """The inverse of each matrix; A (..., n, n).  Raises LinAlgError for a singular matrix."""
    result = _inv(A)
    if out is not None:
        out.copy_(result)
        return out
    return result
