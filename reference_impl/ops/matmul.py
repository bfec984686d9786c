"""Products of matrices and vectors.

PyTorch's ``matmul`` is a composite: it folds its arguments into one of ``dot``, ``mv``, ``mm`` or
``bmm``, whose nodes are what the graph shows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..layout import contiguous_format
from ..op import PUBLIC, composite, op
from ..tensor import Tensor
from .complex import conj
from .nested import factor
from .rules import in_single, into, laid_out_alike
from .shape import reshape, t, transpose, unsqueeze, view


def mH(x: Any) -> Any:
    """The last two dimensions swapped, and conjugated."""
    return conj(x.swapaxes(-2, -1) if type(x) is np.ndarray else transpose(x, -2, -1))


def _scaled(x: Any, factor: Any) -> Any:
    if factor == 1:
        return x
    return x * (factor.conjugate() if isinstance(factor, complex) else factor)


def _require_ndim(x: Any, ndim: int, message: str) -> None:
    if x.ndim != ndim:
        raise RuntimeError(message)


_C_NAMES = {"int64": "long int", "bool": "bool", "int32": "int"}


def _c_name(array: Any) -> str:
    d = dtypes.of(array.dtype)
    return _C_NAMES.get(d.name, errors.c_type(d))


def _same_dtype(a: Any, b: Any) -> None:
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {_c_name(a)} != {_c_name(b)}"
        )


def _dtypes_differ(**operands: Any) -> RuntimeError:
    """``addmm``'s words: the first operand that has not the dtype of the last, and both dtypes."""
    *others, last = operands
    name = next(x for x in others if operands[x].dtype != operands[last].dtype)
    found = [errors.scalar_type(dtypes.of(operands[x].dtype)) for x in (name, last)]
    return RuntimeError(
        f"{name} and {last} must have the same dtype, but got {found[0]} and {found[1]}"
    )


def _product(xp: Any, a: Any, b: Any, kernel: str = "addmm_impl_cpu_") -> Any:
    """``a @ b``; NumPy's product of bools is their logical one, PyTorch's `kernel` has none."""
    if a.dtype.kind == "b":
        raise errors.not_implemented_for(kernel, dtypes.bool_)
    if a.dtype.kind == "V":  # bfloat16: NumPy's product of its elements is float32
        return xp.matmul(a.astype(np.float32), b.astype(np.float32)).astype(a.dtype)
    return xp.matmul(a, b)


# ---------------------------------------------------------------- the four kernels


def _by_mat2(grad: Any, mat1: Any, strides: Any) -> Any:
    """The gradient of mat1 @ mat2 by mat2, laid out as mat2 is, as PyTorch does.

    A linear layer's transposed weight so gets a gradient that it can keep without a copy.
    """
    if strides[0] < strides[1]:
        return t(mm(t(grad), conj(mat1)))
    return mm(mH(mat1), grad)


@op(
    self=lambda grad, mat2: mm(grad, mH(mat2)),
    mat2=lambda grad, self, mat2_strides: _by_mat2(grad, self, mat2_strides),
)
def mm(xp, self, mat2):
    """The product of two matrices, (n, m) and (m, p)."""
    _require_ndim(self, 2, "self must be a matrix")
    _require_ndim(mat2, 2, "mat2 must be a matrix")
    if self.shape[1] != mat2.shape[0]:
        raise errors.matrices_do_not_fit(self.shape, mat2.shape)
    _same_dtype(self, mat2)
    return _product(xp, self, mat2)


@op(
    self=lambda grad, vec: unsqueeze(grad, 1) * conj(unsqueeze(vec, 0)),
    vec=lambda grad, self: mv(mH(self), grad),
)
def mv(xp, self, vec):
    """A matrix (n, m) times a vector (m,)."""
    if self.ndim != 2 or vec.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {self.ndim}, {vec.ndim}")
    if self.shape[1] != vec.shape[0]:
        n, m = self.shape
        raise RuntimeError(f"size mismatch, got input ({n}), mat ({n}x{m}), vec ({vec.shape[0]})")
    _same_dtype(self, vec)
    return _product(xp, self, vec, "addmv_impl_cpu")


def _check_dot(self: Any, other: Any) -> None:
    if self.ndim != 1 or other.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {self.ndim}D and {other.ndim}D tensors")
    if self.dtype != other.dtype:
        found, wanted = (errors.scalar_type(dtypes.of(x.dtype)) for x in (other, self))
        raise RuntimeError(
            f"dot : expected both vectors to have same dtype, but found {wanted} and {found}"
        )
    if self.size != other.size:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{self.size}] and src [{other.size}] to "
            f"have the same number of elements, but got {self.size} and {other.size} elements "
            "respectively"
        )


@op(
    self=lambda grad, tensor: grad * conj(tensor),
    tensor=lambda grad, self: grad * conj(self),
)
def dot(xp, self, tensor):
    """The sum of the products of two vectors' elements (nothing is conjugated)."""
    _check_dot(self, tensor)
    return _product(xp, self, tensor, "dot")


@op(
    self=lambda grad, other: conj(grad) * other,
    other=lambda grad, self: grad * self,
)
def vdot(xp, self, other):
    """The inner product of two vectors, the first conjugated."""
    _check_dot(self, other)
    return _product(xp, xp.conj(self) if self.dtype.kind == "c" else self, other, "dot")


@op(
    self=lambda grad, mat2: bmm(grad, mH(mat2)),
    mat2=lambda grad, self: bmm(mH(self), grad),
)
def bmm(xp, self, mat2):
    """Products of the matrices of two batches, (b, n, m) and (b, m, p)."""
    _check_batches(self, mat2)
    _same_dtype(self, mat2)
    return _product(xp, self, mat2, "bmm")


def _check_batches(self: Any, mat2: Any) -> None:
    _require_ndim(self, 3, "batch1 must be a 3D tensor")
    _require_ndim(mat2, 3, "batch2 must be a 3D tensor")
    expected = [self.shape[0], self.shape[2]]
    if list(mat2.shape[:2]) != expected:
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"{errors.sizes(expected)} but got: {errors.sizes(mat2.shape[:2])}."
        )


# ---------------------------------------------------------------- with an added term


def _added(xp: Any, self: Any, product: Any, beta: Any, alpha: Any) -> Any:
    """Beta * self + alpha * product; nan and inf in `self` do not count when beta is 0."""
    if alpha != 1:
        product = product * factor(alpha, product.dtype)
    if beta == 0:
        return product
    if beta == 1 and self.dtype == product.dtype and self.shape == product.shape[-self.ndim :]:
        product += self  # nobody else has the product
        return product
    try:
        shape = np.broadcast_shapes(self.shape, product.shape)
    except ValueError:
        shape = ()
    if shape != product.shape:
        lead = product.ndim - self.ndim
        wrong = [
            i for i in range(product.ndim)
            if i >= lead and self.shape[i - lead] not in (1, product.shape[i])
        ]  # fmt: skip
        raise errors.cannot_expand(product.shape, self.shape, wrong[-1] if wrong else 0)
    out = product + (self if beta == 1 else self * factor(beta, product.dtype))
    return out.astype(product.dtype, copy=False)


@in_single
def _product_added(
    xp: Any, a: Any, b: Any, self: Any, *, beta: Any, alpha: Any, kernel: str = "addmm_impl_cpu_"
) -> Any:
    """Beta * self + alpha * (a @ b), in half precision rounded once."""
    return _added(xp, self, _product(xp, a, b, kernel), beta, alpha)


def _addmm_self(grad: Any, beta: Any) -> Any:
    return _scaled(grad, beta)


@op(
    inplace=True,
    self=_addmm_self,
    mat1=lambda grad, mat2, alpha: _scaled(mm(grad, mH(mat2)), alpha),
    mat2=lambda grad, mat1, mat2_strides, alpha: _scaled(_by_mat2(grad, mat1, mat2_strides), alpha),
)
def addmm(xp, self, mat1, mat2, *, beta=1, alpha=1):
    """Beta * self + alpha * (mat1 @ mat2)."""
    if not self.dtype == mat1.dtype == mat2.dtype:
        raise _dtypes_differ(self=self, mat1=mat1, mat2=mat2)
    for name, mat in (("mat1", mat1), ("mat2", mat2)):
        if mat.ndim != 2:
            raise RuntimeError(f"{name} must be a matrix, got {mat.ndim}-D tensor")
    if mat1.shape[1] != mat2.shape[0]:
        raise errors.matrices_do_not_fit(mat1.shape, mat2.shape)
    return _product_added(xp, mat1, mat2, self, beta=beta, alpha=alpha)


@op(
    inplace=True,
    self=_addmm_self,
    mat=lambda grad, vec, alpha: _scaled(unsqueeze(grad, 1) * conj(unsqueeze(vec, 0)), alpha),
    vec=lambda grad, mat, alpha: _scaled(mv(mH(mat), grad), alpha),
)
def addmv(xp, self, mat, vec, *, beta=1, alpha=1):
    """Beta * self + alpha * (mat @ vec)."""
    if mat.ndim != 2 or vec.ndim != 1:
        raise RuntimeError(
            f"vector + matrix @ vector expected, got {self.ndim}, {mat.ndim}, {vec.ndim}"
        )
    if mat.shape[1] != vec.shape[0] or (self.ndim == 1 and self.shape[0] not in (1, mat.shape[0])):
        raise RuntimeError(
            f"size mismatch, got input ({self.size}), mat ({mat.shape[0]}x{mat.shape[1]}), "
            f"vec ({vec.shape[0]})"
        )
    _same_dtype(mat, vec)
    kernel = "addmv_impl_cpu"
    return _product_added(xp, mat, vec, self, beta=beta, alpha=alpha, kernel=kernel)


@op(
    inplace=True,
    self=_addmm_self,
    batch1=lambda grad, batch2, alpha: _scaled(bmm(grad, mH(batch2)), alpha),
    batch2=lambda grad, batch1, alpha: _scaled(bmm(mH(batch1), grad), alpha),
)
def baddbmm(xp, self, batch1, batch2, *, beta=1, alpha=1):
    """Beta * self + alpha * bmm(batch1, batch2)."""
    _check_batches(batch1, batch2)
    _same_dtype(batch1, batch2)
    return _product_added(xp, batch1, batch2, self, beta=beta, alpha=alpha, kernel="baddbmm")


def _to_batch(grad: Any, shape: Any) -> Any:
    """The gradient of a sum over the batch, for each of its matrices."""
    from .shape import expand

    return expand(unsqueeze(grad, 0), (shape[0], *grad.shape))


@op(
    inplace=True,
    self=_addmm_self,
    batch1=lambda grad, batch2, batch1_shape, alpha: _scaled(
        bmm(_to_batch(grad, batch1_shape), mH(batch2)), alpha
    ),
    batch2=lambda grad, batch1, batch2_shape, alpha: _scaled(
        bmm(mH(batch1), _to_batch(grad, batch2_shape)), alpha
    ),
)
def addbmm(xp, self, batch1, batch2, *, beta=1, alpha=1):
    """Beta * self + alpha * (the sum over the batch of bmm(batch1, batch2))."""
    _check_batches(batch1, batch2)
    _same_dtype(batch1, batch2)
    products = _product(xp, batch1, batch2)
    return _added(xp, self, products.sum(axis=0, dtype=products.dtype), beta, alpha)


@op(
    inplace=True,
    self=_addmm_self,
    vec1=lambda grad, vec2, alpha: _scaled(mv(grad, conj(vec2)), alpha),
    vec2=lambda grad, vec1, alpha: _scaled(mv(transpose(grad, 0, 1), conj(vec1)), alpha),
)
@laid_out_alike
def addr(xp, self, vec1, vec2, *, beta=1, alpha=1):
    """Beta * self + alpha * outer(vec1, vec2)."""
    if vec1.ndim != 1 or vec2.ndim != 1:
        which = ("vec1", vec1) if vec1.ndim != 1 else ("vec2", vec2)
        raise RuntimeError(f"addr: Expected 1-D argument {which[0]}, but got {which[1].ndim}-D")
    d = dtypes.result_dtype(self, vec1, vec2)
    for name, value in (("beta", beta), ("alpha", alpha)):
        if isinstance(value, bool) and d is not dtypes.bool_:
            raise RuntimeError(f"Boolean {name} only supported for Boolean results.")
        if isinstance(value, float) and d.category < dtypes.FLOAT:
            raise RuntimeError(
                f"For integral input tensors, argument {name} must not be a floating point number."
            )
    outer = xp.multiply(vec1[:, None].astype(d.numpy), vec2[None, :].astype(d.numpy))
    if d is dtypes.bool_:
        outer = outer & bool(alpha)
        return xp.logical_or(self, outer) if beta else outer
    return _added(xp, self.astype(d.numpy), outer, beta, alpha)


# ---------------------------------------------------------------- composites


@composite
def matmul(self: Any, other: Any) -> Any:
    """The product that the shapes ask for: dot, matrix times vector, matrices, batches of them.

    Raises RuntimeError for 0-d arguments and shapes that do not fit.
    """
    if not isinstance(self, Tensor) and not isinstance(other, Tensor):
        return self @ other
    a, b = self.ndim, other.ndim
    if a == 0 or b == 0:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {a}D and {b}D"
        )
    if a == 1 and b == 1:
        return dot(self, other)
    if a == 2 and b == 1:
        return mv(self, other)
    if a == 1 and b == 2:
        return mm(unsqueeze(self, 0), other).squeeze_(0)
    if a == 2 and b == 2:
        return mm(self, other)
    if a >= 3 and b <= 2 and _fold(self, other):
        return _folded(self, other)
    if b >= 3 and a <= 2 and _fold(other, self):
        return _folded_right(self, other)
    return _batched(self, other)


def _fold(big: Any, small: Any) -> bool:
    """Whether PyTorch folds the batch of `big` into its rows (it does when that copies nothing)."""
    if big.requires_grad or small.requires_grad or small.ndim == 1:
        return True
    return big.is_contiguous()  # type: ignore[no-any-return]


def _folded(self: Any, other: Any) -> Any:
    """(..., n, m) times (m,) or (m, p): one product with all rows."""
    rows = reshape(self, math.prod(self.shape[:-1]), self.shape[-1])
    if other.ndim == 1:
        return _unfold(mv(rows, other), self.shape[:-1])
    return _unfold(mm(rows, other), (*self.shape[:-1], other.shape[-1]))


def _unfold(product: Any, shape: Sequence[int]) -> Any:
    from .shape import _unsafe_view

    return _unsafe_view(product, tuple(shape))


def _folded_right(self: Any, other: Any) -> Any:
    """(m,) or (n, m) times (..., m, p): the transpose of the folded product of the transposes."""
    flipped = transpose(other, -2, -1)
    if self.ndim == 1:
        return _folded(flipped, self)
    product = _folded(flipped, transpose(self, 0, 1))
    return transpose(product, -2, -1).clone(memory_format=contiguous_format)


def _batched(self: Any, other: Any) -> Any:
    """Both sides as batches of matrices, broadcast and multiplied by ``bmm``."""
    left = unsqueeze(self, 0) if self.ndim == 1 else self
    right = unsqueeze(other, 1) if other.ndim == 1 else other
    try:
        batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    except ValueError:
        raise errors.size_mismatch(left.shape[:-2], right.shape[:-2]) from None
    n, m, p = left.shape[-2], left.shape[-1], right.shape[-1]
    count = math.prod(batch)
    lefts = reshape(left.expand(*batch, n, m), count, n, m)
    rights = reshape(right.expand(*batch, right.shape[-2], p), count, right.shape[-2], p)
    out = _unfold(bmm(lefts, rights), (*batch, n, p))
    if self.ndim == 1:
        out = PUBLIC["squeeze"](out, -2)
    return PUBLIC["squeeze"](out, -1) if other.ndim == 1 else out


@composite
def outer(self: Any, vec2: Any) -> Any:
    """All products of the elements of two vectors, shape (n, m)."""
    if self.ndim != 1 or vec2.ndim != 1:
        which = ("self", self) if self.ndim != 1 else ("vec2", vec2)
        raise RuntimeError(f"outer: Expected 1-D argument {which[0]}, but got {which[1].ndim}-D")
    return reshape(self, self.shape[0], 1) * vec2


@composite
def ger(self: Any, vec2: Any, *, out: Any = None) -> Any:
    """Alias of ``outer``; deprecated, of which only the form with ``out=`` tells."""
    if out is not None:
        errors.warn_once(
            "torch.ger is deprecated and will be removed in a future PyTorch release. Use "
            "torch.outer instead."
        )
    return into(outer(self, vec2), out, "ger")


@composite
def inner(self: Any, other: Any) -> Any:
    """Sums of products over the last dimensions."""
    if self.ndim == 0 or other.ndim == 0:
        return self * other
    if self.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{errors.sizes(self.shape)} and {errors.sizes(other.shape)}"
        )
    last = self.ndim - 1, other.ndim - 1
    return tensordot(self, other, dims=([last[0]], [last[1]]))


@composite(method=False)
def tensordot(self: Any, b: Any, dims: Any = 2) -> Any:
    """Sum products over pairs of dimensions: the last `dims` with the first, or two lists."""
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        dims_a, dims_b = list(range(-dims, 0)), list(range(dims))
    else:
        dims_a, dims_b = ([d] if isinstance(d, int) else list(d) for d in dims)
    if len(dims_a) != len(dims_b):
        raise RuntimeError("both dimension lists should have same length")
    for da, db in zip(dims_a, dims_b, strict=True):
        if self.shape[da] != b.shape[db] and 1 not in (self.shape[da], b.shape[db]):
            raise RuntimeError(
                "contracted dimensions need to match, but first has size "
                f"{self.shape[da]} in dim {da} and second has size {b.shape[db]} in dim {db}"
            )
    dims_a, dims_b = [d % self.ndim for d in dims_a], [d % b.ndim for d in dims_b]
    left, right = self, b
    for da, db in zip(dims_a, dims_b, strict=True):  # a size of 1 is summed against the other
        if self.shape[da] == 1 and b.shape[db] != 1:
            right = right.sum(db, keepdim=True)
        elif b.shape[db] == 1 and self.shape[da] != 1:
            left = left.sum(da, keepdim=True)
    return _contracted(left, right, dims_a, dims_b)


def _contracted(left: Any, right: Any, dims_a: list[int], dims_b: list[int]) -> Any:
    """Sums over pairs of dimensions by one product of matrices (of vectors, if none is left)."""
    free_a = [d for d in range(left.ndim) if d not in dims_a]
    free_b = [d for d in range(right.ndim) if d not in dims_b]
    shape = [left.shape[d] for d in free_a] + [right.shape[d] for d in free_b]
    inside = math.prod(left.shape[d] for d in dims_a)
    first, second = left.permute(*free_a, *dims_a), right.permute(*dims_b, *free_b)
    if dims_a and not shape:
        return view(dot(_flat(first), _flat(second)), ())
    rows = reshape(first, math.prod(left.shape[d] for d in free_a), inside)
    columns = reshape(second, inside, math.prod(right.shape[d] for d in free_b))
    return reshape(mm(rows, columns), shape)


def _flat(x: Any) -> Any:
    return x if x.ndim == 1 else reshape(x, -1)


@composite
def kron(self: Any, other: Any) -> Any:
    """The Kronecker product: every element of `self` times all of `other`."""
    ndim = max(self.ndim, other.ndim)
    a = reshape(self, (1,) * (ndim - self.ndim) + tuple(self.shape))
    b = reshape(other, (1,) * (ndim - other.ndim) + tuple(other.shape))
    wide_a = reshape(a, [n for size in a.shape for n in (size, 1)])
    wide_b = reshape(b, [n for size in b.shape for n in (1, size)])
    from .shape import _unsafe_view

    shape = tuple(m * n for m, n in zip(a.shape, b.shape, strict=True))
    return _unsafe_view(wide_a * wide_b, shape)
