"""Distances and similarities between vectors, and vectors scaled to length 1."""

from __future__ import annotations

from typing import Any

from ...op import PUBLIC
from ...ops.fused import fused
from ...ops.rules import any_holds, serving


def pairwise_distance(
    x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Any:
    """The p-norm of x1 - x2 + eps over the last dimension."""
    last = max(x1.ndim, x2.ndim) - 1
    return PUBLIC["norm"](x1 - x2 + eps, p, last, keepdim)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """The cosine of the angle between vectors along `dim`; lengths count as at least `eps`."""
    x1, x2 = PUBLIC["broadcast_tensors"](x1, x2)
    if x1.dtype is not x2.dtype:
        common = PUBLIC["result_type"](x1, x2)
        x1, x2 = x1.to(common), x2.to(common)
    if not x1.is_floating_point():
        raise RuntimeError(
            f"expected common dtype to be floating point, yet common dtype is {_scalar(x1)}"
        )
    lengths = [_length(x, dim, eps) for x in (x1, x2)]
    return ((x1 / lengths[0]) * (x2 / lengths[1])).sum(dim)


def _scalar(x: Any) -> str:
    from ...errors import scalar_type

    return scalar_type(x.dtype)


def _length(x: Any, dim: int, eps: float) -> Any:
    """The length along `dim`, at least `eps`; where it is cut the gradient still passes."""
    length = _vector_norm(x, dim)
    if any_holds(length < eps):
        cut = length.detach().clamp_min(eps)
        length = length + (cut - length.detach())
    return length


def _vector_norm(x: Any, dim: int) -> Any:
    return PUBLIC["norm"](x, 2, dim, True)


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Any = None) -> Any:
    """Vectors along `dim`, divided by their p-norms (at least `eps`)."""
    denominator = PUBLIC["norm"](input, p, dim, True).clamp_min(eps).expand_as(input)
    if out is not None:
        return PUBLIC["div"](input, denominator, out=out)
    return input / denominator


@fused("self", name="pdist", node="PdistBackward0", prepare=serving("pdist", "", halves=False))
def _pdist(self, p):
    n = self.shape[0]
    rows, columns = PUBLIC["triu_indices"](n, n, 1, device=self.device).unbind(0)
    return PUBLIC["norm"](self[rows] - self[columns], p, 1)


def pdist(input: Any, p: float = 2) -> Any:
    """The distances of all pairs of rows, in the order (0, 1), (0, 2), …, (n - 2, n - 1)."""
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    if not input.is_floating_point():
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    return _pdist(input, p)
