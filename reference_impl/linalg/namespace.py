"""The linear algebra of the torch namespace and of tensors: ``torch.det``, ``x.norm()``.

Most are other names of functions of ``torch.linalg``.
"""

from __future__ import annotations

from typing import Any

from .. import linalg, return_types
from ..op import composite
from ..op.autocasts import autocasts
from ..ops.matmul import mH
from ..ops.selection import where
from . import deprecated
from .checks import check_floating, check_square

# ---------------------------------------------------------------- inverses and determinants


@composite
def inverse(self: Any) -> Any:
    """Alias of ``linalg.inv``."""
    return linalg.inv(self)


@composite
@autocasts("pinverse")
def pinverse(self: Any, rcond: float = 1e-15) -> Any:
    """The pseudoinverse; singular values up to rcond * the largest count as 0."""
    return linalg.pinv(self, rcond)


@composite
def det(self: Any) -> Any:
    """Alias of ``linalg.det``."""
    return linalg.det(self)


@composite
def slogdet(self: Any) -> Any:
    """Alias of ``linalg.slogdet``."""
    return return_types.slogdet(*linalg.slogdet(self))  # type: ignore[attr-defined]


@composite
def logdet(self: Any) -> Any:
    """The logarithm of the determinant of each matrix; nan where that is negative."""
    check_square("logdet", self)
    check_floating("logdet", self, low_precision=False)
    sign, logabsdet = linalg.slogdet(self)
    if self.is_complex():
        return sign.log() + logabsdet
    return where(sign == -1, float("nan"), logabsdet)


# ---------------------------------------------------------------- factorisations


@composite
def qr(self: Any, some: bool = True) -> Any:
    """``linalg.qr``; without `some` Q is square.  Deprecated."""
    deprecated.warn("qr")
    return return_types.qr(*linalg.qr(self, "reduced" if some else "complete"))  # type: ignore


@composite
def svd(self: Any, some: bool = True, compute_uv: bool = True) -> Any:
    """(U, S, V) with self = U diag(S) V^H; without `compute_uv` U and V are zeros."""
    if self.ndim < 2:
        raise RuntimeError(
            "linalg.svd: input should have at least 2 dimensions, but has "
            f"{self.ndim} dimensions instead"
        )
    if compute_uv:
        u, s, vh = linalg.svd(self, full_matrices=not some)
        return return_types.svd(u, s, mH(vh))  # type: ignore[attr-defined]
    m, n = self.shape[-2:]
    u = self.new_zeros((*self.shape[:-2], m, m))
    v = self.new_zeros((*self.shape[:-2], n, n)).mT
    return return_types.svd(u, linalg.svdvals(self), v)  # type: ignore[attr-defined]


@composite
def orgqr(self: Any, input2: Any) -> Any:
    """Alias of ``linalg.householder_product``."""
    return linalg.householder_product(self, input2)


@composite
def lu(self: Any, pivot: bool = True, get_infos: bool = False, out: Any = None) -> Any:
    """(LU, pivots) or, with `get_infos`, (LU, pivots, info) of ``linalg.lu_factor_ex``."""
    deprecated.warn("lu")
    packed, pivots, info = linalg.lu_factor_ex(self, pivot=pivot)
    if not get_infos:
        return packed, pivots
    return return_types._lu_with_info(packed, pivots, info)  # type: ignore[attr-defined]


@composite
def lu_solve(self: Any, LU_data: Any, LU_pivots: Any) -> Any:
    """X with A X = self, from A's LU factorisation."""
    deprecated.warn("lu_solve")
    return linalg.lu_solve(LU_data, LU_pivots, self)


# ---------------------------------------------------------------- products


@composite
def matrix_power(self: Any, n: int) -> Any:
    """Alias of ``linalg.matrix_power``."""
    return linalg.matrix_power(self, n)


@composite
def matrix_exp(self: Any) -> Any:
    """Alias of ``linalg.matrix_exp``."""
    return linalg.matrix_exp(self)


@composite
def cross(self: Any, other: Any, dim: int | None = None) -> Any:
    """The cross product along `dim`; without it along the first dimension of size 3, deprecated."""
    if dim is None:
        deprecated.warn("cross")
        if self.ndim != other.ndim:
            raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
        dim = next((d for d, n in enumerate(self.shape) if n == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    return linalg.cross(self, other, dim=dim)


@composite(method=False)
def chain_matmul(*matrices: Any) -> Any:
    """The product of several matrices (``linalg.multi_dot``); deprecated."""
    deprecated.warn("chain_matmul")
    for x in matrices:
        if x.ndim != 2:
            raise RuntimeError(f"Tensor dimension is {x.ndim}, expected 2 instead.")
    if not matrices:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    return matrices[0] if len(matrices) == 1 else linalg.multi_dot(matrices)


# ---------------------------------------------------------------- norms


@composite
def norm(
    self: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, out: Any = None,
    dtype: Any = None,
) -> Any:  # fmt: skip
    """The norm over `dim`, of all elements if None; p is a number, "fro" or "nuc"."""
    dims = [dim] if isinstance(dim, int) else dim
    if not isinstance(p, str):
        order = 2.0 if p is None else p
        return linalg.vector_norm(self, order, dims, keepdim, dtype=dtype, out=out)
    if p == "fro" and (dims is None or len(dims) <= 2):
        return linalg.vector_norm(self, 2, dims, keepdim, dtype=dtype, out=out)
    dims = list(range(self.ndim)) if dims is None else dims
    return linalg.matrix_norm(self, p, dims, keepdim, dtype=dtype, out=out)


# ---------------------------------------------------------------- older norms


@composite(method=False)
def frobenius_norm(self: Any, dim: Any, keepdim: bool = False) -> Any:
    """``linalg.vector_norm`` with ``ord=2``.  Deprecated."""
    deprecated.warn("frobenius_norm")
    return linalg.vector_norm(self, 2.0, dim, keepdim)


@composite(method=False)
def nuclear_norm(self: Any, dim: Any = (-2, -1), keepdim: bool = False) -> Any:
    """``linalg.matrix_norm`` with ``ord='nuc'``.  Deprecated."""
    deprecated.warn("nuclear_norm")
    dims, keepdim = ((-2, -1), dim) if isinstance(dim, bool) else (dim, keepdim)
    return linalg.matrix_norm(self, "nuc", dims, keepdim)
