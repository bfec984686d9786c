"""Products of matrices and vectors, and linear algebra on stacks of matrices."""

from __future__ import annotations

from typing import Any

from ...linalg.checks import is_vector
from ...op import Op, invoke
from ...ops.complex import conj
from ...ops.matmul import matmul
from ...tensor import Tensor
from ..batching import expanded, level_of, revealed
from .base import aligned, composed, rule, whole, wholes


@rule("mm", "bmm")
def _matrices(op: Op, values: list[Any], level: int) -> Any:
    _check_inner(values[0], values[1])
    return matmul(*revealed(values[:2], level))


def _check_inner(a: Any, b: Any) -> None:
    if a.shape[-1] != b.shape[-2]:
        rows = f"({a.shape[-2]}x{a.shape[-1]} and {b.shape[-2]}x{b.shape[-1]})"
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied {rows}")


@rule("mv")
def _matrix_vector(op: Op, values: list[Any], level: int) -> Any:
    matrix, vector = revealed(values[:2], level)
    return matmul(matrix, vector.unsqueeze(-1)).squeeze(-1)


def _added(product: Any, self: Any, beta: Any, alpha: Any) -> Any:
    product = product if alpha == 1 else product * alpha
    return product if beta == 0 else product + (self if beta == 1 else self * beta)


def _linear(input: Any, weight: Any, bias: Any) -> Any:
    turned = weight.transpose(-1, -2) if weight.ndim > 1 else weight
    rows = input if input.ndim > 1 else input.unsqueeze(0)
    product = matmul(rows, turned)
    product = product if input.ndim > 1 else product.squeeze(0)
    return product if bias is None else product + bias


rule("dot")(composed(lambda a, b: (a * b).sum(-1)))
rule("vdot")(composed(lambda a, b: (conj(a) * b).sum(-1)))
rule("addmm", "baddbmm", "addmv")(
    composed(lambda self, a, b, beta, alpha: _added(matmul(a, b), self, beta, alpha))
)
rule("addbmm")(
    composed(lambda self, a, b, beta, alpha: _added(matmul(a, b).sum(0), self, beta, alpha))
)
rule("addr")(
    composed(lambda self, a, b, beta, alpha: _added(a.unsqueeze(1) * b, self, beta, alpha))
)
rule("linear")(composed(_linear))


# ---------------------------------------------------------------- stacks of matrices


# How many dimensions fewer than the matrix an argument has.
_LACKING = {"pivots": 1, "LU_pivots": 1, "tau": 1, "atol": 2, "rtol": 2}


@rule(
    "linalg_det", "linalg_slogdet", "linalg_eigh", "linalg_eig", "linalg_eigvals", "linalg_svd",
    "linalg_lu_factor_ex", "linalg_lu", "linalg_ldl_factor_ex", "linalg_matrix_exp", "linalg_qr",
    "geqrf", "linalg_inv_ex", "linalg_cholesky_ex", "cholesky", "cholesky_inverse",
)  # fmt: skip
def _of_matrices(op: Op, values: list[Any], level: int) -> Any:
    """Operations on the last two dimensions."""
    return invoke(op, wholes(values, level))


@rule(
    "linalg_solve_triangular", "triangular_solve", "cholesky_solve", "linalg_lu_solve", "lu_unpack",
    "linalg_ldl_solve", "linalg_householder_product", "ormqr", "cdist", "linalg_pinv",
    "linalg_matrix_rank",
)  # fmt: skip
def _of_several(op: Op, values: list[Any], level: int) -> Any:
    """Operations on the last dimensions of several tensors, whose other dimensions broadcast.

    Vectors and numbers that go with a matrix lack dimensions of it; they are not counted.
    """
    lacking = [_lacking(op, name) for name in op.params]
    tensors = [i for i, v in enumerate(values) if isinstance(v, Tensor)]
    ndim = max(values[i].ndim + lacking[i] for i in tensors)
    out = list(values)
    for i in tensors:
        value = whole(values[i], level)
        ones = [1] * (ndim - lacking[i] - values[i].ndim)
        out[i] = value.reshape(value.shape[0], *ones, *value.shape[1:])
    return invoke(op, out)


def _lacking(op: Op, name: str) -> int:
    if op.name in ("ormqr", "cholesky_solve"):
        return int((op.name, name) == ("ormqr", "input2"))
    return _LACKING.get(name, 0)


@rule("linalg_cross")
def _cross(op: Op, values: list[Any], level: int) -> Any:
    one, two, dim = values
    return invoke(op, [whole(one, level), whole(two, level), dim if dim < 0 else dim + 1])


def _batch(t: Any, level: int) -> Any:
    """`t` batched at `level`."""
    return t if level_of(t) == level else expanded(t, level)


@rule("linalg_solve_ex")
def _solve(op: Op, values: list[Any], level: int) -> Any:
    A, B, left, check = values
    vector = B.ndim > 0 and is_vector(A.shape, B.shape)
    right = B.unsqueeze(-1) if vector else B
    pair = aligned([_batch(A, level), _batch(right, level)], level)
    found = invoke(op, [*pair, left, check])
    if not vector:
        return found
    return type(found)(found[0].squeeze(-1), *tuple(found)[1:])
