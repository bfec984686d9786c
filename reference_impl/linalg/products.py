"""Powers and products of matrices, and tensors taken for matrices.

The exponential: N. Higham, "The scaling and squaring method for the matrix exponential revisited"
(2005); its derivative: the upper right block of the exponential of [[A, E], [0, A]] (R. Mathias,
"A chain rule for matrix functions and applications", 1996).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..op import composite, op, wrap_dim
from ..op.autocasts import autocasts
from ..ops.complex import conj
from ..ops.create import eye as eye_of
from ..ops.create import ones
from ..ops.join import cat
from ..ops.matmul import matmul, mH, mm
from ..ops.parts import diagonal as torch_diagonal
from ..ops.parts import slice_
from ..ops.reduce import sum as sum_
from ..ops.rules import serving
from ..ops.shape import reshape, unsqueeze, view
from .checks import (
    category,
    check_floating,
    check_singular,
    check_square,
    scalar_type,
)
from .solve import _inv_ex, inv, solve

# ---------------------------------------------------------------- powers


@composite(method=False, function=False)
def matrix_power(A: Any, n: int) -> Any:
    """The n-th power of square matrices, of the inverse for n < 0; A (..., m, m)."""
    if not isinstance(n, int):
        raise errors.argument_must_be("linalg_matrix_power", "n", 2, "int", n)
    check_square("linalg.matrix_power", A)
    if n == 0:
        return A.clone().copy_(eye_of(A.shape[-1], dtype=A.dtype, device=A.device))
    if n == 1:
        return A.clone()
    base = inv(A) if n < 0 else A
    n = abs(n)
    if n == 3:
        return matmul(matmul(base, base), base)
    result = None
    while n:
        if n % 2:
            result = base if result is None else matmul(result, base)
        n //= 2
        base = matmul(base, base) if n else base
    return result


# Coefficients of the Padé approximant of degree 13 and the norm up to which it is exact enough.
_PADE = (
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000,
    10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
)  # fmt: skip
_REACH = 5.371920351148152


def _pade(xp: Any, a: Any) -> Any:
    """The exponential of matrices of small norm."""
    eye = xp.eye(a.shape[-1], dtype=a.dtype)
    c = [a.real.dtype.type(x) for x in _PADE]
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a2 @ a4
    u = a6 @ (c[13] * a6 + c[11] * a4 + c[9] * a2) + c[7] * a6 + c[5] * a4 + c[3] * a2 + c[1] * eye
    v = a6 @ (c[12] * a6 + c[10] * a4 + c[8] * a2) + c[6] * a6 + c[4] * a4 + c[2] * a2 + c[0] * eye
    u = a @ u
    return xp.linalg.solve(v - u, v + u)


def _exponential(xp: Any, a: Any) -> Any:
    """Scaled down to a small norm, each matrix by its own power of 2, and squared as often."""
    if not a.size:
        return a.copy()
    norm = xp.abs(a).sum(-2).max(-1)
    halvings = xp.maximum(xp.ceil(xp.log2(xp.maximum(norm, 1e-30) / _REACH)), 0)
    halvings = xp.where(xp.isfinite(halvings), halvings, 0)
    result = _pade(xp, a / (2**halvings)[..., None, None].astype(a.dtype))
    for step in range(int(halvings.max())):
        squared = result @ result
        result = xp.where((halvings > step)[..., None, None], squared, result)
    return result


def _exp_rule(grad: Any, self: Any) -> Any:
    adjoint = mH(self)
    n = adjoint.shape[-1]
    top = cat([adjoint, grad], -1)
    bottom = cat([0 * adjoint, adjoint], -1)
    whole = _matrix_exp(cat([top, bottom], -2))
    return slice_(slice_(whole, -2, 0, n), -1, n, 2 * n)


@op(self=_exp_rule, name="linalg_matrix_exp", method=False, function=False)
def _matrix_exp(xp, self):
    check_square("linalg.matrix_exp", self)
    check_floating("linalg.matrix_exp", self)
    if self.dtype.itemsize == 2:
        return _exponential(xp, self.astype(np.float32)).astype(self.dtype)
    return _exponential(xp, self)


@composite(method=False, function=False)
def matrix_exp(A: Any) -> Any:
    """The exponential of square matrices, A^0 + A^1 / 1! + A^2 / 2! + ...; A (..., n, n)."""
    return _matrix_exp(A)


# ---------------------------------------------------------------- products


def _check_chain(tensors: Sequence[Any]) -> None:
    """Raises RuntimeError for tensors of different dtypes or shapes that do not fit."""
    for i, (a, b) in enumerate(itertools.pairwise(tensors)):
        if b.dtype is not tensors[0].dtype:
            names = [_c_name(tensors[0]), _c_name(b)]
            raise RuntimeError(
                "multi_dot(): all tensors must have be the same dtype but tensor 0 is "
                f"{names[0]} and tensor {i + 1} {names[1]}"
            )
        if a.shape[-1] != b.shape[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {errors.sizes(a.shape)} and "
                f"{errors.sizes(b.shape)} cannot be multiplied"
            )


def _c_name(x: Any) -> str:
    return errors.c_type(x.dtype)


def _best_split(sizes: Sequence[int]) -> list[list[int]]:
    """Where to split each part of a chain for the fewest multiplications.

    T. Cormen et al., "Introduction to Algorithms", section 15.2; matrix i is sizes[i]
    by sizes[i + 1].
    """
    n = len(sizes) - 1
    cost = [[0] * n for _ in range(n)]
    split = [[0] * n for _ in range(n)]
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            found = [
                cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
                for k in range(i, j)
            ]
            cost[i][j] = min(found)
            split[i][j] = i + found.index(cost[i][j])
    return split


def _chained(tensors: Sequence[Any], split: list[list[int]], i: int, j: int) -> Any:
    if i == j:
        return tensors[i]
    k = split[i][j]
    return mm(_chained(tensors, split, i, k), _chained(tensors, split, k + 1, j))


@composite(method=False, function=False)
def multi_dot(tensors: Sequence[Any]) -> Any:
    """The product of two or more matrices, in the order that takes the fewest multiplications.

    The first and the last may be vectors.  Raises RuntimeError for shapes that do not fit.
    """
    n = len(tensors)
    if n < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {n}")
    for i, x in enumerate(tensors):
        ends = {0: "first", n - 1: "last"}
        if i in ends and x.ndim not in (1, 2):
            raise RuntimeError(
                f"multi_dot(): the {ends[i]} tensor must be 1D or 2D but got {x.ndim}D"
            )
        if i not in ends and x.ndim != 2:
            raise RuntimeError(f"multi_dot(): tensor {i} must be 2D but got {x.ndim}D")
    shape = [*tensors[0].shape[:-1], *tensors[-1].shape[1:]]
    first = unsqueeze(tensors[0], 0) if tensors[0].ndim == 1 else tensors[0]
    last = unsqueeze(tensors[-1], -1) if tensors[-1].ndim == 1 else tensors[-1]
    _check_chain([first, *tensors[1:-1], tensors[-1]])
    chain = [first, *tensors[1:-1], last]
    split = _best_split([x.shape[0] for x in chain] + [last.shape[1]])
    return view(_chained(chain, split, 0, n - 1), shape)


@composite(method=False, function=False)
@autocasts("linalg_vecdot")
def vecdot(x: Any, y: Any, *, dim: int = -1) -> Any:
    """The sum of conj(x) * y along `dim`."""
    check_floating("linalg.vecdot", x)
    if x.dtype is not y.dtype:
        raise RuntimeError(
            "linalg.vecdot: Expected x and y to have the same dtype, but found x of type "
            f"{scalar_type(x)} and y of type {scalar_type(y)} instead"
        )
    return sum_(conj(x) * y, dim)


# ---------------------------------------------------------------- cross products


def _cross_dim(op: Any, xp: Any, arrays: list[Any]) -> None:
    """Check the shapes and make `dim` non-negative."""
    a, b, dim = arrays
    if a.ndim != b.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    d = wrap_dim(dim, a.ndim)
    if a.shape[d] != 3 or b.shape[d] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {a.shape[d]} and "
            f"{b.shape[d]}"
        )
    if a.dtype != b.dtype:
        raise RuntimeError(f"expected scalar type {scalar_type(a)} but found {scalar_type(b)}")
    arrays[2] = d


def _cross_check(op: Any, xp: Any, arrays: list[Any]) -> None:
    _cross_dim(op, xp, arrays)
    serving("cross", "b")(op, xp, arrays)


@op(
    self=lambda grad, other, dim: _cross(conj(other), grad, dim=dim),
    other=lambda grad, self, dim: _cross(grad, conj(self), dim=dim),
    prepare=_cross_check, name="linalg_cross", method=False, function=False,
)  # fmt: skip
def _cross(xp, self, other, *, dim=-1):
    a = [xp.take(self, i, axis=dim) for i in range(3)]
    b = [xp.take(other, i, axis=dim) for i in range(3)]
    parts = [a[i - 2] * b[i - 1] - a[i - 1] * b[i - 2] for i in range(3)]
    return xp.stack(parts, axis=dim)


@composite(method=False, function=False)
def cross(input: Any, other: Any, *, dim: int = -1) -> Any:
    """The cross product of vectors of length 3 along `dim`."""
    return _cross(input, other, dim=dim)


# ---------------------------------------------------------------- tensors as matrices


@composite(method=False, function=False)
def tensorinv(A: Any, ind: int = 2) -> Any:
    """The inverse of the linear map from the dimensions after the first `ind` to those."""
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    front, back = list(A.shape[:ind]), list(A.shape[ind:])
    if math.prod(front) != math.prod(back):
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == "
            f"prod(self.shape[:ind]), but got {math.prod(back)} != {math.prod(front)}"
        )
    inverse, info = _inv_ex(reshape(A, math.prod(front), math.prod(back)))
    check_singular("inv", info, inversion=True)
    return reshape(inverse, back + front)


@composite(method=False, function=False, keywords={"other": "B"})
def tensorsolve(A: Any, B: Any, dims: Any = None) -> Any:
    """X with tensordot(A, X, X.ndim) = B; `dims` of A are moved to its end first."""
    if dims is not None:
        moved = [wrap_dim(d, A.ndim) for d in dims]
        A = A.permute([d for d in range(A.ndim) if d not in moved] + moved)
    shape = list(A.shape[B.ndim :])
    n, m = math.prod(shape), B.numel()
    if n != m:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {n} != {m}"
        )
    return reshape(solve(reshape(A, n, n), B.flatten()), shape)


@composite(method=False, function=False)
def vander(x: Any, *, N: int | None = None) -> Any:
    """The powers 0 to N - 1 of each element, as a last dimension; x (..., n)."""
    if category(x) == dtypes.BOOL or (x.dtype.is_floating_point and x.dtype.itemsize == 2):
        raise RuntimeError(
            "linalg.vander supports floating point, complex, and integer tensors, but got "
            f"{scalar_type(x)}"
        )
    x = x if x.ndim else unsqueeze(x, -1)
    n = x.shape[-1] if N is None else N
    if n <= 1:
        raise RuntimeError("N must be greater than 1.")
    powers = unsqueeze(x, -1).expand(*x.shape, n - 1).cumprod(-1)
    return cat([ones((*x.shape, 1), dtype=powers.dtype, device=x.device), powers], -1)


@composite(method=False, function=False)
def diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """The diagonal of the matrices in the last two dimensions, as the last dimension."""
    return torch_diagonal(A, offset, dim1, dim2)
