"""Condition numbers: how much solving with a matrix magnifies errors."""

from __future__ import annotations

import math
from typing import Any

from ..op import composite
from ..ops.parts import narrow
from ..ops.shape import squeeze, unsqueeze
from .checks import check_square
from .norms import matrix_norm
from .solve import _inv_ex
from .svd import svdvals


@composite(method=False, function=False)
def cond(A: Any, p: Any = None) -> Any:
    """The norm of each matrix times the norm of its inverse; inf for a singular matrix.

    `p` is what ``matrix_norm`` takes; None is 2.  Raises RuntimeError for another.
    """
    if A.ndim < 2:
        raise RuntimeError("linalg.cond: The input tensor must have at least 2 dimensions.")
    p = 2 if p is None else p
    if not isinstance(p, str) and abs(p) not in (1, 2, math.inf):
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    if not A.numel():
        return A.new_zeros(A.shape[:-2], dtype=A.dtype.to_real())
    if not isinstance(p, str) and abs(p) == 2:
        values = svdvals(A)
        largest, smallest = narrow(values, -1, 0, 1), narrow(values, -1, values.shape[-1] - 1, 1)
        return squeeze(smallest / largest if p < 0 else largest / smallest, -1)
    check_square(f"linalg.cond(ord={p})", A)
    inverse, info = _inv_ex(A)
    singular = unsqueeze(unsqueeze(info, -1), -1) > 0
    inverse.masked_fill_(singular, math.inf)
    product = matrix_norm(A, p) * matrix_norm(inverse, p)
    return product.nan_to_num(math.inf, math.inf, -math.inf)
