"""Least squares, the pseudoinverse and the rank: what follows from singular values cut off.

Derivative of the pseudoinverse: G. Golub and V. Pereyra, "The differentiation of pseudo-inverses
and nonlinear least squares problems whose variables separate" (1973), eq. 4.12.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes, errors, return_types
from ..op import composite, op
from ..ops.matmul import matmul, mH
from ..ops.shape import squeeze, unsqueeze
from ..tensor import Tensor
from .checks import category, check_matrix, check_square, is_vector, scalar_type

# ---------------------------------------------------------------- pseudoinverse


def _pinv_rule(grad: Any, self: Any, result: Any) -> Any:
    """The gradient through A^+, without dividing by differences of singular values."""
    grad_h, result_h = mH(grad), mH(result)
    if self.shape[-2] <= self.shape[-1]:
        k = matmul(grad_h, result)
        k_result_h = matmul(k, result_h)
        return (
            k_result_h
            - mH(matmul(result, k))
            - matmul(matmul(self, result), k_result_h)
            + matmul(matmul(result_h, result), grad_h - matmul(k, self))
        )
    k = matmul(result, grad_h)
    result_h_k = matmul(result_h, k)
    return (
        result_h_k
        - mH(matmul(k, result))
        + matmul(matmul(grad_h - matmul(self, k), result), result_h)
        - matmul(matmul(result_h_k, result), self)
    )


def cutoff(xp: Any, largest: Any, atol: Any, rtol: Any, shape: Any, dtype: Any) -> Any:
    """The size below which singular values count as 0: max(atol, rtol * the largest)."""
    if rtol is None:
        default = np.finfo(dtype).eps * max(shape[-2:])
        rtol = default if atol is None else xp.where(xp.asarray(atol) > 0, 0, default)
    atol = 0 if atol is None else atol
    return xp.maximum(xp.asarray(atol, largest.dtype), xp.asarray(rtol, largest.dtype) * largest)


def _check_tolerances(name: str, atol: Any, rtol: Any) -> None:
    for tolerance, argument in ((atol, "atol"), (rtol, "rtol")):
        if getattr(getattr(tolerance, "dtype", None), "kind", "f") == "c":
            raise RuntimeError(
                f"torch.{name}: {argument} tensor of complex type is not supported. Got "
                + scalar_type(tolerance)
            )


def _as_array(value: Any) -> Any:
    return value._data if isinstance(value, Tensor) else value


@op(self=_pinv_rule, name="linalg_pinv", method=False, function=False)
def _pinv(xp, self, *, atol=None, rtol=None, hermitian=False):
    if self.ndim < 2 or category(self) < dtypes.FLOAT or self.dtype.itemsize == 2:
        raise RuntimeError(
            f"linalg.pinv({scalar_type(self)}{{{errors.sizes(self.shape)}}}): expected a tensor "
            "with 2 or more dimensions of float, double, cfloat or cdouble types"
        )
    _check_tolerances("linalg.pinv", atol, rtol)
    if hermitian:
        check_square("linalg.eigh", self)
    if not self.size:
        return xp.zeros((*self.shape[:-2], *self.shape[:-3:-1]), self.dtype)
    if hermitian:
        values, vectors = xp.linalg.eigh(self)
        sizes = xp.abs(values)
        left, right = vectors, xp.conj(vectors.swapaxes(-1, -2))
    else:
        left, values, right = xp.linalg.svd(self, full_matrices=False)
        sizes = values
    least = cutoff(xp, sizes.max(-1), atol, rtol, self.shape, self.dtype)
    kept = sizes > least[..., None]
    inverted = xp.where(kept, 1 / xp.where(kept, values, 1), 0).astype(self.dtype)
    adjoint = xp.conj(right.swapaxes(-1, -2)) * inverted[..., None, :]
    return xp.matmul(adjoint, xp.conj(left.swapaxes(-1, -2)))


@composite(method=False, function=False)
def pinv(
    A: Any, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Any:
    """The pseudoinverse (Moore-Penrose) of each matrix; A (..., n, m), the result (..., m, n).

    Singular values up to max(atol, rtol * the largest) count as 0.
    """
    rtol = rcond if rtol is None else rtol
    return _pinv(A, atol=_as_array(atol), rtol=_as_array(rtol), hermitian=hermitian)


@op(name="linalg_matrix_rank", method=False, function=False)
def _matrix_rank(xp, self, atol, rtol, hermitian):
    check_matrix("torch.linalg.matrix_rank", self, "input")
    if category(self) < dtypes.FLOAT or self.dtype.itemsize == 2:
        raise RuntimeError("This function doesn't handle types other than float and double")
    _check_tolerances("linalg.matrix_rank", atol, rtol)
    if hermitian:
        check_square("linalg.eigh", self)
    if not self.size:
        return xp.zeros(self.shape[:-2], np.int64)
    if hermitian:
        values = xp.abs(xp.linalg.eigvalsh(self))
    else:
        values = xp.linalg.svd(self, compute_uv=False)
    least = cutoff(xp, values.max(-1), atol, rtol, self.shape, self.dtype)
    return (values > least[..., None]).sum(-1, dtype=np.int64)


@composite(method=False, function=False)
def matrix_rank(
    A: Any, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Any:
    """How many singular values are above max(atol, rtol * the largest): int64, (...)."""
    if tol is not None:
        atol, rtol = tol, 0.0
    return _matrix_rank(A, _as_array(atol), _as_array(rtol), hermitian)


# ---------------------------------------------------------------- least squares

_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def _lstsq_rule(grads: Any, self: Any, b: Any, result: Any, needs: Any) -> Any:
    """Through the solution X = A^+ B, and through the residuals |A X - B|^2 of each column."""
    grad_x, grad_r = grads[0], grads[1]
    vector = is_vector(self.shape, b.shape)
    if vector:
        b, result = unsqueeze(b, -1), unsqueeze(result, -1)
    grad_a = grad_b = None
    if grad_x is not None:
        grad_x = unsqueeze(grad_x, -1) if vector else grad_x
        inverse = _pinv(self)
        grad_b = matmul(mH(inverse), grad_x)
        if needs[0]:
            grad_a = _pinv_rule(matmul(grad_x, mH(b)), self, inverse)
    if grad_r is not None and grad_r.shape[0]:
        rest = (matmul(self, result) - b) * (2 * unsqueeze(grad_r, -2))
        grad_b = -rest if grad_b is None else grad_b - rest
        through = matmul(rest, mH(result))
        grad_a = through if grad_a is None else grad_a + through
    if vector and grad_b is not None:
        grad_b = squeeze(grad_b, -1)
    return grad_a, grad_b


def _check_lstsq(a: Any, b: Any, driver: Any, cuda: bool) -> None:
    name = "torch.linalg.lstsq"
    if a.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if b.ndim < 1:
        raise RuntimeError(f"{name}: other must have at least 1 dimension.")
    if not 0 <= a.ndim - b.ndim <= 1:
        raise RuntimeError(
            f"{name}: input.dim() must be greater or equal to other.dim() and "
            "(input.dim() - other.dim()) <= 1"
        )
    vector = is_vector(a.shape, b.shape)
    if a.shape[-2] != b.shape[-1 if vector else -2]:
        raise RuntimeError(
            f"{name}: input.size(-2) should match other.size({-1 if vector else -2})"
        )
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"{name}: Expected input and other to have the same dtype, but got input's dtype "
            f"{scalar_type(a)} and other's dtype {scalar_type(b)}"
        )
    if category(a) < dtypes.FLOAT or a.dtype.itemsize == 2:
        raise RuntimeError("This function doesn't handle types other than float and double")
    if driver not in (("gels",) if cuda else _DRIVERS):
        known = "`driver` other than `gels` is not supported on CUDA" if cuda else (
            "parameter `driver` should be one of (gels, gelsy, gelsd, gelss)"
        )  # fmt: skip
        raise RuntimeError(f"{name}: {known}")


def _in_place_of(xp: Any, x: Any, rows: int) -> Any:
    """X in the memory of B's columns, where LAPACK leaves it."""
    n, k = x.shape[-2:]
    held = xp.zeros((*x.shape[:-2], k, max(rows, n)), x.dtype).swapaxes(-1, -2)
    held[..., :n, :] = x
    return held[..., :n, :]


@op(
    joint=(("self", "b"), _lstsq_rule), name="linalg_lstsq", method=False, function=False,
    output_differentiability=(True, True, False, False),
    returns=return_types.linalg_lstsq,
)  # fmt: skip
def _lstsq(xp, self, b, rcond=None, *, driver=None):
    driver = driver or ("gelsy" if xp is np else "gels")
    _check_lstsq(self, b, driver, xp is not np)
    vector = is_vector(self.shape, b.shape)
    if vector:
        b = b[..., None]
    try:
        batch = np.broadcast_shapes(self.shape[:-2], b.shape[:-2])
    except ValueError:
        raise errors.size_mismatch(self.shape[:-2], b.shape[:-2]) from None
    left, values, right = xp.linalg.svd(self, full_matrices=False)
    rtol = np.finfo(self.dtype).eps * max(self.shape[-2:]) if rcond is None else rcond
    largest = values.max(-1, keepdims=True) if values.shape[-1] else values
    kept = values > rtol * largest if driver != "gels" else values == values
    inverted = xp.where(kept, 1 / xp.where(kept, values, 1), 0)
    inside = xp.matmul(xp.conj(left.swapaxes(-1, -2)), b) * inverted[..., None].astype(b.dtype)
    x = xp.matmul(xp.conj(right.swapaxes(-1, -2)), inside)
    x = _in_place_of(xp, xp.broadcast_to(x, (*batch, *x.shape[-2:])), self.shape[-2])
    rank, real = kept.sum(-1), values.dtype
    m, n = self.shape[-2:]
    residuals = xp.zeros(0, real)
    if driver != "gelsy" and m > n and (driver == "gels" or bool((rank == n).all())):
        residuals = (xp.abs(xp.matmul(self, x) - b) ** 2).sum(-2).astype(real)
    if driver == "gels":
        rank = xp.zeros(0, np.int64)
    if driver in ("gels", "gelsy"):
        values = xp.zeros(0, real)
    return (x[..., 0] if vector else x), residuals, rank, values


@composite(method=False, function=False, keywords={"b": "B"})
def lstsq(A: Any, B: Any, rcond: Any = None, *, driver: Any = None) -> Any:
    """(solution, residuals, rank, singular_values) of min |A X - B|.

    A (..., m, n), B (..., m, k) or (..., m).  Residuals, rank and singular values are empty where
    LAPACK's `driver` (gelsy on the CPU, gels on CUDA) does not compute them.
    """
    return _lstsq(A, B, rcond, driver=driver)
