"""Singular values.

Derivative: J. Townsend, "Differentiating the singular value decomposition" (2016), and, for
complex matrices, M. Seeger et al., "Auto-differentiating linear algebra" (2017).  The phase of a
pair of singular vectors is free, so a loss must not depend on it.
"""

from __future__ import annotations

from typing import Any

from .. import errors, return_types
from ..backend import xp_of
from ..op import composite, op
from ..ops.matmul import matmul, mH
from ..ops.parts import diagonal, narrow
from ..ops.rearrange import diag_embed
from ..ops.rules import is_complex
from ..ops.selection import where
from ..ops.shape import unsqueeze
from ..tensor import Tensor, wrap
from . import lapack
from .checks import check_floating, check_matrix, check_served


def skew(x: Any) -> Any:
    """X - X^H."""
    return x - mH(x)


def eye_like(a: Any) -> Any:
    """A bool identity matrix of the size of the last dimension, array or tensor as `a` is."""
    data = getattr(a, "_data", a)
    eye = xp_of(data).eye(data.shape[-1], dtype=bool)
    return wrap(eye) if isinstance(a, Tensor) else eye


def first(x: Any, dim: int, count: int) -> Any:
    """The first `count` rows (dim -2) or columns (dim -1) of each matrix."""
    if x.shape[dim] == count:
        return x
    if isinstance(x, Tensor):
        return narrow(x, dim, 0, count)
    return x[..., :count, :] if dim == -2 else x[..., :count]


def _check_phase(*turns: Any) -> None:
    """Raises RuntimeError if the loss depends on the free phase of the singular vectors."""
    size = sum(abs(getattr(t, "_data", t)) for t in turns)
    total = sum(diagonal(getattr(t, "_data", t), 0, -2, -1) for t in turns)
    if (abs(total.imag) > 1e-2 * (1 + diagonal(size, 0, -2, -1))).any():
        raise RuntimeError(
            "svd_backward: The singular vectors in the complex case are specified up to "
            "multiplication by e^{i phi}. The specified loss function depends on this phase term, "
            "making it ill-defined."
        )


def svd_backward(grads: Any, u: Any, s: Any, vh: Any) -> Any:
    """The gradient of A = U diag(S) Vh, U and Vh reduced."""
    grad_u, grad_s, grad_vh = grads
    if grad_u is None and grad_vh is None:
        if grad_s is None:
            return None
        return matmul(u * unsqueeze(grad_s, -2), vh)
    m, n, k = u.shape[-2], vh.shape[-1], s.shape[-1]
    row, column = unsqueeze(s, -2), unsqueeze(s, -1)
    turn_u = None if grad_u is None else skew(matmul(mH(u), grad_u))
    turn_v = None if grad_vh is None else skew(matmul(vh, mH(grad_vh)))
    inner = 0
    if turn_u is not None:
        inner = turn_u * row
    if turn_v is not None:
        inner = inner + column * turn_v
    eye = eye_like(s)
    gap = where(eye, 1, row * row - column * column)
    core = inner / gap
    if is_complex(u):
        _check_phase(*(t for t in (turn_u, turn_v) if t is not None))
        if turn_u is not None and turn_v is not None:
            core = core + diag_embed(diagonal(turn_u, 0, -2, -1) / (2 * s), 0, -2, -1)
    if grad_s is not None:
        core = core + diag_embed(grad_s, 0, -2, -1)
    return _outside(grad_u, grad_vh, core, u, s, vh, m > k, n > k)


def _outside(grad_u: Any, grad_vh: Any, core: Any, u: Any, s: Any, vh: Any, tall: bool,
             wide: bool) -> Any:  # fmt: skip
    """U core Vh, and what lies outside the spaces that U and V span."""
    if tall and grad_u is not None:
        scaled = grad_u / unsqueeze(s, -2)
        left = matmul(u, core) + scaled - matmul(u, matmul(mH(u), scaled))
        out = matmul(left, vh)
    else:
        out = matmul(u, matmul(core, vh))
    if wide and grad_vh is not None:
        scaled = grad_vh / unsqueeze(s, -1)
        out = out + matmul(u, scaled - matmul(matmul(scaled, mH(vh)), vh))
    return out


def _svd_rule(
    grads: Any, result: Any, result1: Any, result2: Any, full_matrices: bool, compute_uv: bool,
    A: Any,
) -> Any:  # fmt: skip
    grad_u, grad_s, grad_vh = grads
    u, s, vh = result, result1, result2
    if not compute_uv:
        u, _, vh = _svd(A, full_matrices=False)
    k = s.shape[-1]
    if full_matrices:
        u, vh = first(u, -1, k), first(vh, -2, k)
        grad_u = None if grad_u is None else first(grad_u, -1, k)
        grad_vh = None if grad_vh is None else first(grad_vh, -2, k)
    return svd_backward((grad_u, grad_s, grad_vh), u, s, vh)


@op(
    A=_svd_rule, name="linalg_svd", method=False, function=False,
    returns=return_types.linalg_svd,
)  # fmt: skip
def _svd(xp, A, full_matrices=True, *, driver=None, compute_uv=True):
    check_matrix("linalg.svd", A)
    check_floating("linalg.svd", A)
    check_served("linalg_svd_cpu", A)
    if driver is not None and xp.__name__ == "numpy":
        raise RuntimeError("torch.linalg.svd: keyword argument `driver=` is only supported on CUDA "
                           "inputs with cuSOLVER backend.")  # fmt: skip
    _check_finite(xp, A)
    if compute_uv:
        u, s, vh = xp.linalg.svd(A, full_matrices=full_matrices)
        return lapack.columns(xp, u), s, lapack.columns(xp, vh)
    empty = xp.empty(0, A.dtype)
    return empty, xp.linalg.svd(A, compute_uv=False), empty


def _check_finite(xp: Any, a: Any) -> None:
    finite = xp.isfinite(a).all((-2, -1))
    if not finite.all():
        batch = f"(Batch element {int(finite.reshape(-1).argmin())}): " if finite.ndim else ""
        raise errors.LinAlgError(
            f"linalg.svd: {batch}The algorithm failed to converge because the input matrix "
            "contained non-finite values."
        )


@composite(method=False, function=False)
def svd(A: Any, full_matrices: bool = True, *, driver: Any = None) -> Any:
    """(U, S, Vh) with A = U diag(S) Vh, for each matrix; A (..., m, n).

    Raises RuntimeError in the backward pass if the loss depends on the vectors' free phase.
    """
    return _svd(A, full_matrices, driver=driver)


@composite(method=False, function=False)
def svdvals(A: Any, *, driver: Any = None) -> Any:
    """The singular values of each matrix, the largest first; A (..., m, n)."""
    return _svd(A, False, driver=driver, compute_uv=False)[1]
