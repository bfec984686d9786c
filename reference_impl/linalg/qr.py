"""QR factorisation and Householder reflections.

Derivatives: S. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions with
application in optimum experimental design" (2010); for wide matrices D. Roberts and L. Roberts, "QR
and LQ decomposition matrix backpropagation algorithms for square, wide, and deep matrices" (2020).
"""

from __future__ import annotations

from typing import Any

from .. import errors, return_types
from ..backend import xp_of
from ..op import composite, op
from ..ops.complex import real
from ..ops.join import cat
from ..ops.matmul import matmul, mH
from ..ops.parts import diagonal, narrow, slice_
from ..ops.rearrange import diag_embed, tril, triu
from ..ops.rules import not_implemented
from ..ops.shape import unsqueeze
from ..tensor import wrap
from . import lapack
from .checks import check_floating, check_matrix, check_served, scalar_type
from .triangular import _solve_triangular
from .vjp import pullback

# ---------------------------------------------------------------- QR


def _columns(x: Any, start: int, end: int) -> Any:
    return slice_(x, -1, start, end)


def _symmetric_from_upper(x: Any) -> Any:
    """The Hermitian matrix with the upper triangle of X, its diagonal made real."""
    upper = triu(x)
    return upper + mH(upper) - diag_embed(real(diagonal(x, 0, -2, -1)), 0, -2, -1)


def _tall(grad_q: Any, grad_r: Any, q: Any, r: Any) -> Any:
    """The gradient of A = Q R with at least as many rows as columns."""
    inner = 0 if grad_r is None else matmul(grad_r, mH(r))
    if grad_q is not None:
        inner = inner - matmul(mH(q), grad_q)
    out = matmul(q, _symmetric_from_upper(inner))
    out = out if grad_q is None else out + grad_q
    return _solve_triangular(mH(r), out, upper=False, left=False)


def _qr_rule(grads: Any, result: Any, result1: Any, mode: str) -> Any:
    grad_q, grad_r = grads
    q, r = result, result1
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please "
            "use linalg.qr(A, mode='reduced') if you are going to differentiate through linalg.qr."
        )
    m, n = q.shape[-2], r.shape[-1]
    if mode == "complete" and m > n:
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols."
        )
    if m >= n:
        return _tall(grad_q, grad_r, q, r)
    # A = [X Y]: Q and the first part of R come from X alone, the rest of R is Q^H Y.
    grad_u = None
    if grad_r is None:
        grad_y = 0 * _columns(r, m, n)
    else:
        grad_u, grad_v = _columns(grad_r, 0, m), _columns(grad_r, m, n)
        through = matmul(matmul(q, _columns(r, m, n)), mH(grad_v))
        grad_q = through if grad_q is None else grad_q + through
        grad_y = matmul(q, grad_v)
    return cat([_tall(grad_q, grad_u, q, _columns(r, 0, m)), grad_y], -1)


@op(
    A=_qr_rule, name="linalg_qr", method=False, function=False,
    returns=return_types.linalg_qr,
)  # fmt: skip
@lapack.in_columns
def _qr(xp, A, mode="reduced"):
    check_matrix("linalg.qr", A)
    check_floating("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', "
            "or 'complete'"
        )
    check_served("geqrf_cpu", A)
    if mode == "r":
        return xp.empty(0, A.dtype), xp.linalg.qr(A, mode="r")
    q, r = xp.linalg.qr(A, mode=mode)
    return q, r


@composite(method=False, function=False)
def qr(A: Any, mode: str = "reduced") -> Any:
    """(Q, R) with A = Q R, Q with orthonormal columns and R upper triangular; A (..., m, n).

    `mode`: "reduced", "complete" (Q square) or "r" (Q empty).
    """
    return _qr(A, mode)


# ---------------------------------------------------------------- Householder reflections


@op(
    self=not_implemented("geqrf"),
    returns=return_types.geqrf,
)  # fmt: skip
def geqrf(xp, self):
    """(a, tau): R above, the Householder vectors below the diagonal of `a`."""
    if self.ndim < 2:
        raise RuntimeError("torch.geqrf: input must have at least 2 dimensions.")
    check_served("geqrf_cpu", self)
    packed, tau = xp.linalg.qr(self, mode="raw")
    return lapack.columns(xp, packed.swapaxes(-1, -2)), tau


def _reflected(v: Any, tau: Any, b: Any) -> Any:
    """The product of the reflections, times `b`: on tensors, for its derivative."""
    eye = _identity(v)
    for j in reversed(range(tau.shape[-1])):
        tail = tril(narrow(v, -1, j, 1), -1 - j) + narrow(eye, -1, j, 1)
        factor = unsqueeze(narrow(tau, -1, j, 1), -1)
        b = b - factor * matmul(tail, matmul(mH(tail), b))
    return b


def _identity(v: Any) -> Any:
    data = v._data
    return wrap(xp_of(data).eye(data.shape[-2], dtype=data.dtype))


def _householder_rule(grad: Any, self: Any, tau: Any, needs: Any) -> Any:
    def product(v: Any, tau: Any) -> Any:
        return narrow(_reflected(v, tau, _identity(v)), -1, 0, v.shape[-1])

    return pullback(product, (self, tau), grad, needs)


@op(
    joint=(("self", "tau"), _householder_rule), name="linalg_householder_product", method=False,
    function=False,
)  # fmt: skip
@lapack.in_columns
def _householder_product(xp, self, tau):
    name = "torch.linalg.householder_product"
    if self.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if self.shape[-2] < self.shape[-1]:
        raise RuntimeError(
            f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]"
        )
    if tau.shape[-1] > self.shape[-1]:
        raise RuntimeError(
            f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]"
        )
    _check_tau(name, self, tau)
    if tau.shape[:-1] != self.shape[:-2]:
        raise RuntimeError(
            f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got "
            + errors.sizes(tau.shape[:-1])
        )
    if tau.dtype != self.dtype:
        raise RuntimeError(
            f"{name}: tau dtype {scalar_type(tau)} does not match input dtype {scalar_type(self)}"
        )
    check_served("orgqr_cpu", self)
    return lapack.householder(xp, self, tau, self.shape[-1])


def _check_tau(name: str, v: Any, tau: Any) -> None:
    if v.ndim - tau.ndim != 1:
        raise RuntimeError(
            f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal "
            f"to {tau.ndim} and input.ndim is equal to {v.ndim}"
        )


@composite(method=False, function=False)
def householder_product(A: Any, tau: Any) -> Any:
    """The first n columns of the product of the reflections I - tau v v^H.

    A (..., m, n) holds the vectors v below its diagonal, tau (..., k) with k <= n.
    """
    return _householder_product(A, tau)


def _ormqr_rule(
    grad: Any, self: Any, input2: Any, input3: Any, left: bool, transpose: bool, needs: Any
) -> Any:
    def product(v: Any, tau: Any, c: Any) -> Any:
        if left and not transpose:
            return _reflected(v, tau, c)
        q = _reflected(v, tau, _identity(v))
        q = mH(q) if transpose else q
        return matmul(q, c) if left else matmul(c, q)

    return pullback(product, (self, input2, input3), grad, needs)


def _check_ormqr(v: Any, tau: Any, c: Any, left: bool) -> None:
    name = "torch.ormqr"
    if v.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if c.ndim < 2:
        raise RuntimeError(f"{name}: other must have at least 2 dimensions.")
    side = -2 if left else -1
    if c.shape[side] != v.shape[-2]:
        if c.shape[side] < tau.shape[-1]:
            raise RuntimeError(
                f"{name}: other.shape[{side}] must be greater than or equal to tau.shape[-1]"
            )
        raise RuntimeError(f"{name}: other.shape[{side}] must be equal to input.shape[-2]")
    if tau.shape[-1] != min(c.shape[side], v.shape[-1]) and v.ndim - tau.ndim == 1:
        raise RuntimeError(
            f"{name}: tau.shape[-1] must be equal to min(other.shape[{side}], input.shape[-1])"
        )
    _check_tau(name, v, tau)
    if c.dtype != v.dtype:
        raise RuntimeError(
            f"{name}: Expected input and other to have the same dtype, but input has dtype"
            f"{scalar_type(v)} and other has dtype {scalar_type(c)}"
        )


@op(joint=(("self", "input2", "input3"), _ormqr_rule))
@lapack.in_columns
def ormqr(xp, self, input2, input3, left=True, transpose=False):
    """The product of a matrix with all of Q, given as reflections (``geqrf``)."""
    _check_ormqr(self, input2, input3, left)
    check_served("ormqr_cpu", self)
    q = lapack.householder(xp, self, input2, self.shape[-2])
    q = xp.conj(q.swapaxes(-1, -2)) if transpose else q
    return xp.matmul(q, input3) if left else xp.matmul(input3, q)
