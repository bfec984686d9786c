"""Distances between vectors, and norms held down.

At distance 0 the gradient is 0, a subgradient.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..op import composite, op, wrap_dim
from ..tensor import Tensor
from .arithmetic import refuse_bools
from .complex import conj, real
from .matmul import matmul
from .reduce import sum as sum_
from .rules import in_rows, not_implemented, zeros
from .selection import where
from .shape import expand, transpose, unsqueeze, view

# ---------------------------------------------------------------- the norm and its derivative


def _measured(xp: Any, difference: Any, p: float) -> Any:
    """The p-norm over the last dimension."""
    size = xp.abs(difference)
    if p == 0:
        return (size != 0).sum(-1).astype(size.dtype)
    if p == math.inf:
        return size.max(-1, initial=0)
    if p == 2:
        return xp.sqrt((size * size).sum(-1))
    return size.sum(-1) if p == 1 else (size**p).sum(-1) ** (1 / p)


def _slope(xp: Any, difference: Any, distance: Any, p: float) -> Any:
    """The derivative of the p-norm by the elements of the last dimension."""
    distance = distance[..., None]
    if p == 0:
        return xp.zeros_like(difference)
    sign, size = xp.sign(difference), xp.abs(difference)
    if p == 1:
        return sign
    if p == math.inf:
        return sign * (size == distance)
    slope = sign * size ** (p - 1) / distance ** (p - 1)
    off = (distance == 0) | ((difference == 0) if p < 1 else False)
    return xp.where(off, difference.dtype.type(0), slope)


# ---------------------------------------------------------------- cdist


@op(
    grad=not_implemented("_cdist_backward"), x1=not_implemented("_cdist_backward"),
    x2=not_implemented("_cdist_backward"), cdist=not_implemented("_cdist_backward"),
    method=False, function=False,
)  # fmt: skip
def _cdist_backward(xp, grad, x1, x2, p, cdist):
    """The gradient of all distances for `x1`."""
    slope = _slope(xp, x1[..., :, None, :] - x2[..., None, :, :], cdist, p)
    return (grad[..., None] * slope).sum(-2)


@op(
    x1=lambda grad, x1, x2, p, result: _cdist_backward(grad, x1, x2, p, result),
    x2=lambda grad, x1, x2, p, result: _cdist_backward(
        transpose(grad, -2, -1), x2, x1, p, transpose(result, -2, -1)
    ),
    method=False, function=False, name="cdist",
)  # fmt: skip
def _cdist_forward(xp, x1, x2, p):
    if x1.dtype.itemsize == 2:
        raise errors.not_implemented_for("cdist", dtypes.of(x1.dtype))
    if x1.dtype != x2.dtype:
        a, b = (errors.scalar_type(dtypes.of(x.dtype)) for x in (x1, x2))
        raise RuntimeError(f"expected scalar type {a} but found {b}")
    return _measured(xp, x1[..., :, None, :] - x2[..., None, :, :], p)


def _ratio(grad: Any, result: Any) -> Any:
    return where(result == 0, 0, grad / result)


def _euclidean_x1(grad: Any, x1: Any, x2: Any, result: Any) -> Any:
    ratio = _ratio(grad, result)
    return x1 * sum_(ratio, -1, True) - matmul(ratio, x2)


def _euclidean_x2(grad: Any, x1: Any, x2: Any, result: Any) -> Any:
    ratio = _ratio(grad, result)
    return x2 * unsqueeze(sum_(ratio, -2), -1) - matmul(transpose(ratio, -2, -1), x1)


@op(x1=_euclidean_x1, x2=_euclidean_x2, method=False, function=False)
def _euclidean_dist(xp, x1, x2):
    """Distances by |a|^2 + |b|^2 - 2 a b, as PyTorch computes those of many vectors."""
    squares = (x1 * x1).sum(-1)[..., :, None] + (x2 * x2).sum(-1)[..., None, :]
    return xp.sqrt(xp.maximum(squares - 2 * xp.matmul(x1, x2.swapaxes(-1, -2)), 0))


_MODES = {
    "use_mm_for_euclid_dist_if_necessary": 0, "use_mm_for_euclid_dist": 1,
    "donot_use_mm_for_euclid_dist": 2,
}  # fmt: skip
_MANY = 25  # from this many vectors on PyTorch multiplies matrices for the Euclidean distance


def _check_cdist(x1: Tensor, x2: Tensor, p: float) -> None:
    for x, argument in ((x1, "X1"), (x2, "X2")):
        if x.ndim < 2:
            raise RuntimeError(
                f"cdist only supports at least 2D tensors, {argument} got: {x.ndim}D"
            )
        if not x.dtype.is_floating_point:
            raise RuntimeError(
                f"cdist only supports floating-point dtypes, {argument} got: "
                + errors.scalar_type(x.dtype)
            )
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}"
        )
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")


@composite(method=False)
def cdist(
    x1: Any, x2: Any, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary"
) -> Any:
    """The distance of each row of x1 (..., P, M) from each row of x2 (..., R, M): (..., P, R)."""
    if compute_mode not in _MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    _check_cdist(x1, x2, p)
    try:
        batch = np.broadcast_shapes(x1.shape[:-2], x2.shape[:-2])
    except ValueError:
        raise errors.size_mismatch(x1.shape[:-2], x2.shape[:-2]) from None
    mode, many = _MODES[compute_mode], max(x1.shape[-2], x2.shape[-2]) > _MANY
    if p == 2 and (mode == 1 or (mode == 0 and many)) and x1.numel() and x2.numel():
        x1 = x1 if x1.shape[:-2] == batch else expand(x1, (*batch, *x1.shape[-2:]))
        x2 = x2 if x2.shape[:-2] == batch else expand(x2, (*batch, *x2.shape[-2:]))
        found = _euclidean_dist(x1, x2)
        return view(found, tuple(found.shape))
    return _cdist_forward(x1, x2, float(p))


# ---------------------------------------------------------------- pdist


@op(
    grad=not_implemented("_pdist_backward"), self=not_implemented("_pdist_backward"),
    pdist=not_implemented("_pdist_backward"), method=False, function=False,
)  # fmt: skip
def _pdist_backward(xp, grad, self, p, pdist):
    first, second = (xp.asarray(i) for i in np.triu_indices(len(self), 1))
    share = grad[:, None] * _slope(xp, self[first] - self[second], pdist, p)
    out = xp.zeros_like(self)
    xp.add.at(out, first, share)
    xp.add.at(out, second, -share)
    return out


@op(self=lambda grad, self, p, result: _pdist_backward(grad, self, p, result), method=False)
def pdist(xp, self, p=2):
    """The distances of all pairs of rows, (n (n - 1) / 2,)."""
    if self.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {self.ndim}D")
    if self.dtype.kind in "iubc":
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    if self.dtype.itemsize == 2:
        raise errors.not_implemented_for("pdist", dtypes.of(self.dtype))
    first, second = (xp.asarray(i) for i in np.triu_indices(len(self), 1))
    return _measured(xp, self[first] - self[second], float(p))


# ---------------------------------------------------------------- dist


def _dist_rule(grad: Any, self: Any, other: Any, p: float, result: Any) -> Any:
    from ..linalg.norms import _vector_norm_rule

    found = _vector_norm_rule(grad, self - other, result, p, None, False)
    return zeros(self - other) if found is None else found


def _dist_check(op: Any, xp: Any, arrays: list[Any]) -> None:
    refuse_bools(*arrays[:2])
    d = dtypes.result_dtype(*arrays[:2])
    if d.category < dtypes.FLOAT:
        raise RuntimeError(
            "norm(): input dtype should be either floating point or complex. Got "
            f"{errors.scalar_type(d)} instead."
        )


@op(
    prepare=_dist_check,
    self=_dist_rule,
    other=lambda grad, self, other, p, result: -_dist_rule(grad, self, other, p, result),
)
def dist(xp, self, other, p=2):
    """The p-norm of self - other."""
    from ..linalg.norms import _vector_norm

    return _vector_norm(self - other, p)


# ---------------------------------------------------------------- renorm

_AVOID_ZERO = 1e-7  # what PyTorch adds to a norm before it divides by it


def _others(ndim: int, dim: int) -> tuple[int, ...]:
    d = wrap_dim(dim, ndim)
    return tuple(i for i in range(ndim) if i != d)


def _renorm_rule(grad: Any, self: Any, p: float, dim: int, maxnorm: float) -> Any:
    """Where a slice was scaled, the derivative of maxnorm x / |x|; elsewhere grad."""
    from ..linalg.norms import _vector_norm, _vector_norm_rule

    others = _others(self.ndim, dim)
    norm = _vector_norm(self, p, others, True)
    inner = sum_(real(conj(self) * grad), others, True)
    through = _vector_norm_rule(inner, self, norm, p, others, True)
    inverse = 1 / (norm + _AVOID_ZERO)
    scaled = grad if through is None else grad - inverse * through
    return where(norm > maxnorm, maxnorm * inverse * scaled, grad)


@op(self=_renorm_rule, inplace=True)
@in_rows
def renorm(xp, self, p, dim, maxnorm):
    """The tensor with each slice along `dim` scaled down to a p-norm of at most `maxnorm`."""
    from ..linalg.norms import _vector_norm

    if self.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {self.ndim} dimensions")
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    norm = _vector_norm(self, p, _others(self.ndim, dim), True)
    wide = norm.astype(np.float32) if norm.dtype.itemsize == 2 else norm
    scale = xp.where(wide > maxnorm, maxnorm / (wide + _AVOID_ZERO), 1)
    return self * scale.astype(norm.dtype)
