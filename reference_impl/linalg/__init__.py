"""``torch.linalg``: solving, factorising and measuring matrices, and stacks of them.

NumPy's and CuPy's `linalg` do the work; what they lack is in lapack.py.
"""

from ..errors import LinAlgError
from ..ops.matmul import matmul
from .condition import cond
from .determinant import det, slogdet
from .eig import eig, eigh, eigvals, eigvalsh
from .lstsq import lstsq, matrix_rank, pinv
from .lu import (
    ldl_factor,
    ldl_factor_ex,
    ldl_solve,
    lu,
    lu_factor,
    lu_factor_ex,
    lu_solve,
)
from .norms import matrix_norm, norm, vector_norm
from .products import (
    cross,
    diagonal,
    matrix_exp,
    matrix_power,
    multi_dot,
    tensorinv,
    tensorsolve,
    vander,
    vecdot,
)
from .qr import householder_product, qr
from .solve import inv, inv_ex, solve, solve_ex
from .svd import svd, svdvals
from .triangular import cholesky, cholesky_ex, solve_triangular

__all__ = [
    "LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh",
    "eigvals", "eigvalsh", "householder_product", "inv", "inv_ex", "ldl_factor",
    "ldl_factor_ex", "ldl_solve", "lstsq", "lu", "lu_factor", "lu_factor_ex", "lu_solve",
    "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm",
    "pinv", "qr", "slogdet", "solve", "solve_ex", "solve_triangular", "svd", "svdvals",
    "tensorinv", "tensorsolve", "vander", "vecdot", "vector_norm",
]  # fmt: skip

from . import lowrank, namespace, removed  # last: they need the functions above
