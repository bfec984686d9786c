"""``torch.linalg``: solving, factorising and measuring matrices, and stacks of them.

NumPy's and CuPy's `linalg` do the work; what they lack is in lapack.py.
"""

from ..errors import LinAlgError
from .determinant import det, slogdet
from .lstsq import lstsq, matrix_rank, pinv
from .norms import matrix_norm, norm, vector_norm
from .solve import inv, inv_ex, solve, solve_ex
from .svd import svd, svdvals

__all__ = [
    "LinAlgError", "det", "inv", "inv_ex", "lstsq", "matrix_norm", "matrix_rank", "norm", "pinv",
    "slogdet", "solve", "solve_ex", "svd", "svdvals", "vector_norm",
]  # fmt: skip

from . import namespace  # last: it needs the functions above
