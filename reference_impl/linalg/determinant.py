"""Determinants and their logarithms.

Derivatives: M. Giles (2008), section 2.2.1: the gradient of det(A) is det(A) A^-H, that is the
adjugate, which exists for singular matrices too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import return_types
from ..backend import xp_of
from ..op import composite, op
from ..ops.complex import conj, imag
from ..ops.matmul import matmul, mH
from ..ops.reduce import prod, without_each
from ..ops.rules import is_complex
from ..ops.selection import where
from ..ops.shape import unsqueeze
from ..tensor import Tensor, wrap
from .checks import check_floating, check_served, check_square
from .solve import _solve_ex


def _identity_like(a: Any) -> Any:
    data = getattr(a, "_data", a)
    eye = xp_of(data).eye(data.shape[-1], dtype=data.dtype)
    return wrap(eye) if isinstance(a, Tensor) else eye


def _each(x: Any) -> Any:
    """A number for each matrix, to be multiplied with the matrices."""
    return unsqueeze(unsqueeze(x, -1), -1)


def _adjugate_of_singular(a: Any) -> Any:
    """Conj(det(U) det(Vh)) U D Vh, where D holds the products of the other singular values."""
    from .svd import _svd

    u, s, vh = _svd(a, full_matrices=False)
    others = prod(without_each(s, s.ndim - 1), s.ndim)
    turn = conj(_det(u) * _det(vh))
    return _each(turn) * matmul(u * unsqueeze(others, -2), vh)


def _det_rule(grad: Any, A: Any, result: Any) -> Any:
    data = getattr(result, "_data", result)
    if A.shape[-1] == 1:
        return _each(grad) * _identity_like(A)
    eye = _identity_like(A)
    if not isinstance(A, Tensor):  # PyTorch's first derivative is 0 where the determinant is
        regular = where((data == 0)[..., None, None], eye, A)
        return _solve_ex(mH(regular), _each(grad * conj(result)) * eye)[0]
    singular = abs(data) < 100 * np.finfo(data.dtype).eps
    if not singular.any():
        return _solve_ex(mH(A), _each(grad * conj(result)) * eye)[0]
    if singular.all():
        return _each(grad) * _adjugate_of_singular(A)
    mask = wrap(singular[..., None, None])
    regular = _solve_ex(mH(where(mask, eye, A)), _each(grad * conj(result)) * eye)[0]
    distinct = eye * _counting_like(A)
    return where(mask, _each(grad) * _adjugate_of_singular(where(mask, A, distinct)), regular)


def _counting_like(a: Any) -> Any:
    data = getattr(a, "_data", a)
    numbers = xp_of(data).arange(1, data.shape[-1] + 1).astype(data.dtype)
    return wrap(numbers) if isinstance(a, Tensor) else numbers


@op(A=_det_rule, name="linalg_det", method=False, function=False)
def _det(xp, A):
    check_square("linalg.det", A)
    check_floating("linalg.det", A)
    check_served("lu_cpu", A)
    return xp.asarray(xp.linalg.det(A)).astype(A.dtype, copy=False)


@composite(method=False, function=False)
def det(A: Any) -> Any:
    """The determinant of each matrix; A (..., n, n)."""
    return _det(A)


def _slogdet_rule(grads: Any, A: Any, result: Any) -> Any:
    """The logarithm's gradient is A^-H; a complex sign turns with the imaginary part."""
    grad_sign, grad = grads
    if is_complex(A) and grad_sign is not None:
        turn = imag(conj(grad_sign) * result) * -1j
        grad = turn if grad is None else grad + turn
    if grad is None:
        return None
    return _solve_ex(mH(A), _each(grad) * _identity_like(A))[0]


@op(
    A=_slogdet_rule, name="linalg_slogdet", method=False, function=False,
    returns=return_types.linalg_slogdet,
)  # fmt: skip
def _slogdet(xp, A):
    check_square("linalg.slogdet", A)
    check_floating("linalg.slogdet", A, low_precision=False)
    sign, logabsdet = xp.linalg.slogdet(A)
    return xp.asarray(sign).astype(A.dtype, copy=False), xp.asarray(logabsdet)


@composite(method=False, function=False)
def slogdet(A: Any) -> Any:
    """(sign, logabsdet) of the determinant of each matrix; A (..., n, n)."""
    return _slogdet(A)
