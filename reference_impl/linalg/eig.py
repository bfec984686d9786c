"""Eigenvalues.

Derivatives: C. Boeddeker et al., "On the computation of complex-valued gradients with application
to statistically optimum beamforming" (2017), section 4.8; M. Giles (2008), section 3.1.  A complex
eigenvector's phase is free, so a loss must not depend on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes, errors, return_types
from ..autograd.grad_mode import FORWARD, mode
from ..op import composite, op
from ..ops.complex import conj, real
from ..ops.matmul import matmul, mH
from ..ops.parts import diagonal
from ..ops.rearrange import diag_embed
from ..ops.rules import is_complex
from ..ops.selection import where
from ..ops.shape import unsqueeze
from . import lapack
from .checks import check_served, check_square, scalar_type
from .solve import _solve_ex
from .svd import eye_like


def _check_phase(name: str, inner: Any) -> None:
    data = diagonal(getattr(inner, "_data", inner), 0, -2, -1)
    if (abs(data.imag) > 1e-2).any():
        raise RuntimeError(
            f"{name}_backward: The eigenvectors in the complex case are specified up to "
            "multiplication by e^{i phi}. The specified loss function depends on this quantity, so "
            "it is ill-defined."
        )


def _eig_backward(name: str, grads: Any, values: Any, v: Any, hermitian: bool) -> Any:
    """V^-H ((V^H gV) / E + diag(gL)) V^H; for Hermitian matrices V^-H is V."""
    grad_l, grad_v = grads
    if grad_v is None:
        if grad_l is None:
            return None
        if hermitian:
            return matmul(v * unsqueeze(grad_l, -2), mH(v))
        return _solve_ex(mH(v), unsqueeze(grad_l, -1) * mH(v))[0]
    inner = matmul(mH(v), grad_v)
    if is_complex(v):
        _check_phase(name, inner)
    if hermitian:  # V stays unitary
        inner = (inner - mH(inner)) * 0.5
    else:  # the columns of V keep the norm 1
        inner = inner - matmul(mH(v), v * unsqueeze(real(diagonal(inner, 0, -2, -1)), -2))
        values = conj(values)
    eye = eye_like(v)
    gap = unsqueeze(values, -2) - unsqueeze(values, -1)
    inner = where(eye, 0, inner / where(eye, 1, gap))
    if grad_l is not None:
        inner = inner + diag_embed(grad_l, 0, -2, -1)
    product = matmul(inner, mH(v))
    return matmul(v, product) if hermitian else _solve_ex(mH(v), product)[0]


# ---------------------------------------------------------------- Hermitian matrices


def _eigh_rule(grads: Any, A: Any, UPLO: str, compute_v: bool, result: Any, result1: Any) -> Any:
    values, v = result, result1
    if not compute_v:
        values, v = _eigh(A, UPLO)
    return _eig_backward("linalg_eigh", grads, values, v, True)


@op(
    A=_eigh_rule, name="linalg_eigh", method=False, function=False,
    returns=return_types.linalg_eigh,
)  # fmt: skip
def _eigh(xp, A, UPLO="L", compute_v=True):
    check_square("linalg.eigh", A)
    if UPLO not in ("L", "U", "l", "u"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    check_served("linalg_eigh_cpu", A)
    try:
        if compute_v:
            values, vectors = xp.linalg.eigh(A, UPLO.upper())
            return values, lapack.columns(xp, vectors)
        return xp.linalg.eigvalsh(A, UPLO.upper()), xp.empty(0, A.dtype)
    except np.linalg.LinAlgError:
        raise errors.LinAlgError(
            "linalg.eigh: The algorithm failed to converge because the input matrix is "
            "ill-conditioned or has too many repeated eigenvalues."
        ) from None


@composite(method=False, function=False)
def eigh(A: Any, UPLO: str = "L") -> Any:
    """(eigenvalues, eigenvectors) of Hermitian matrices, ascending; only one triangle is read."""
    return _eigh(A, UPLO)


@composite(method=False, function=False)
def eigvalsh(A: Any, UPLO: str = "L") -> Any:
    """The eigenvalues of Hermitian matrices, ascending and real."""
    return _eigh(A, UPLO, compute_v=False)[0]


# ---------------------------------------------------------------- any square matrices


def _eig_rule(grads: Any, result: Any, result1: Any) -> Any:
    return _eig_backward("linalg_eig", grads, result, result1, False)


def _check_eig(xp: Any, name: str, a: Any) -> None:
    check_square(name, a)
    if a.dtype.kind in "iub":
        raise RuntimeError(f"Unknown Complex ScalarType for {scalar_type(a)}")
    check_served("linalg_eig_out_cpu", a)
    if not xp.isfinite(a).all():
        raise RuntimeError(f"torch.{name}: input tensor should not contain infs or NaNs.")


@op(
    self=_eig_rule, name="linalg_eig", method=False, function=False,
    returns=return_types.linalg_eig,
)  # fmt: skip
def _eig(xp, self):
    _check_eig(xp, "linalg.eig", self)
    storage = dtypes.of(self.dtype).to_complex().numpy
    values, vectors = xp.linalg.eig(self)
    return values.astype(storage), lapack.columns(xp, vectors.astype(storage))


@composite(method=False, function=False)
def eig(A: Any) -> Any:
    """(eigenvalues, eigenvectors) of square matrices, complex, the vectors of norm 1."""
    return _eig(A)


@op(name="linalg_eigvals", method=False, function=False)
def _eigvals(xp, self):
    _check_eig(xp, "linalg.eigvals", self)
    return xp.linalg.eigvals(self).astype(dtypes.of(self.dtype).to_complex().numpy)


@composite(method=False, function=False)
def eigvals(A: Any) -> Any:
    """The eigenvalues of square matrices, complex."""
    if A.requires_grad or mode.state & FORWARD:
        return _eig(A)[0]
    return _eigvals(A)
