"""Singular vectors of matrices of low rank, from a few random combinations of their columns.

Source: Halko, Martinsson, Tropp, "Finding structure with randomness" (arXiv:0909.4061), algorithms
4.4 and 5.1.  The random numbers are those that PyTorch draws, so the results are too.
"""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..op import composite
from ..ops.rand import randn
from ..tensor import Tensor
from .qr import qr
from .svd import svd


def _basis(A: Tensor, q: int, niter: int) -> Tensor:
    """`q` orthonormal columns that nearly span the columns of `A`."""
    inexact = A.dtype.is_floating_point or A.dtype.is_complex
    dtype = A.dtype if inexact else dtypes.float32
    sample = A @ randn(A.shape[-1], q, dtype=dtype, device=A.device)
    Q = qr(sample)[0]
    for _ in range(niter):
        Q = qr(A.mH @ Q)[0]
        Q = qr(A @ Q)[0]
    return Q  # type: ignore[no-any-return]


@composite(method=False)
def svd_lowrank(
    A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """(U, S, V) with ``A - M`` nearly U diag(S) Vᴴ, for a matrix of rank below `q` or a batch.

    U is (..., m, q), S (..., q) and V (..., n, q); `niter` steps of iteration sharpen them.
    """
    A = A if M is None else A - M.broadcast_to(A.shape)
    wide = A.shape[-2] < A.shape[-1]
    A = A.mH if wide else A
    Q = _basis(A, 6 if q is None else q, 2 if niter is None else niter)
    U, S, Vh = svd(Q.mH @ A, full_matrices=False)
    U, V = Q @ U, Vh.mH
    return (V, S, U) if wide else (U, S, V)


@composite(method=False)
def pca_lowrank(
    A: Tensor, q: int | None = None, center: bool = True, niter: int = 2
) -> tuple[Any, Any, Any]:
    """``svd_lowrank`` of `A` less the mean of its rows: V holds the principal directions.

    Raises ValueError for a `q` above both sizes, or a negative `q` or `niter`.
    """
    smaller = min(A.shape[-2:])
    if q is None:
        q = min(6, smaller)
    elif not 0 <= q <= smaller:
        raise ValueError(
            f"q(={q}) must be non-negative integer and not greater than min(m, n)={smaller}"
        )
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    centred = A - A.mean(dim=(-2,), keepdim=True) if center else A
    return svd_lowrank(centred, q, niter)  # type: ignore[no-any-return]
