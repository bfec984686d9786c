"""Copies with the elements elsewhere: ``clone``, ``flip``, ``roll``, ``repeat``, ``diag``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes, errors, layout
from ..op import composite, op, wrap_dim
from ..tensor import Tensor
from .create import empty
from .index import index_select
from .parts import (
    _narrowed,
    diagonal,
    diagonal_backward,
    diagonal_view,
    select,
    slice_,
    slice_backward,
)
from .rules import in_rows, laid_out_alike, serving
from .shape import _ints, as_dim, at, expand, flatten, reshape, unsqueeze, view


@op(self=lambda grad: grad)
def clone(xp, self, *, memory_format=None):
    """A copy with memory of its own, in the graph."""
    return layout.copy(self, None, memory_format)


# ---------------------------------------------------------------- turning over and around


def _flip_dims(dims: Any, ndim: int) -> tuple[int, ...]:
    axes = tuple(wrap_dim(d, ndim) for d in _ints("flip", "dims", dims))
    repeated = next((d for d in axes if axes.count(d) > 1), None)
    if repeated is not None:
        raise RuntimeError(f"dim {repeated} appears multiple times in the list of dims")
    return axes


@op(self=lambda grad, dims: flip(grad, dims), varargs="dims")
@laid_out_alike
def flip(xp, self, dims):
    """The order of the elements reversed along `dims`; a copy, unlike NumPy's."""
    axes = _flip_dims(dims, self.ndim)
    return xp.flip(self, axes).copy() if self.ndim and axes else self.copy()


@composite
def fliplr(self: Tensor) -> Tensor:
    """Columns in reverse order."""
    if self.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(self, (1,))


@composite
def flipud(self: Tensor) -> Tensor:
    """Rows in reverse order."""
    if self.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(self, (0,))


def _pairs(shifts: Any, dims: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    by = _ints("roll", "shifts", shifts)
    if not by:
        raise RuntimeError("`shifts` required")
    axes = () if dims is None or dims == () or dims == [] else _ints("roll", "dims", dims)
    if len(by) != len(axes) and not (not axes and len(by) == 1):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(by)}, dims:{len(axes)}")
    return by, axes


def _rolled_back(grad: Any, shifts: Any, dims: Any) -> Any:
    by, axes = _pairs(shifts, dims)
    return roll(grad, tuple(-s for s in reversed(by)), tuple(reversed(axes)))


@op(self=_rolled_back)
@in_rows
def roll(xp, self, shifts, dims=()):
    """Elements moved along `dims`; what leaves at one end comes back at the other."""
    by, axes = _pairs(shifts, dims)
    if not axes:
        return xp.roll(self, by[0])
    if not self.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    return xp.roll(self, by, tuple(wrap_dim(d, self.ndim) for d in axes))


@op(self=lambda grad, k, dims: rot90(grad, -k, dims))
def rot90(xp, self, k=1, dims=(0, 1)):
    """Rotated `k` times by 90 degrees in the plane of two dimensions."""
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if self.ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {self.ndim}")
    a, b = (wrap_dim(d, self.ndim) for d in dims)
    if a == b:
        raise RuntimeError(
            f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}"
        )
    return _turned(xp, self, k % 4, a, b)


def _turned(xp: Any, array: Any, k: int, a: int, b: int) -> Any:
    if k == 0:
        return array.copy(order="C")
    if k == 2:
        return flip.op.forward(xp, array, (a, b))
    return xp.swapaxes(flip.op.forward(xp, array, b if k == 1 else a), a, b)


# ---------------------------------------------------------------- repeating


def _repeated_back(grad: Any, repeats: Any, self_shape: Any) -> Any:
    """The sum over all copies: each dimension split into (copy, element)."""
    times = _ints("repeat", "repeats", repeats)
    lead = len(times) - len(self_shape)
    own = (*(1,) * lead, *self_shape)
    split = [n for pair in zip(times, own, strict=True) for n in pair]
    if math.prod(times) == 0:
        return expand(grad.sum(), tuple(self_shape))  # the sum of nothing
    summed = reshape(grad, tuple(split)).sum(tuple(range(0, len(split), 2)))
    return reshape(summed, tuple(self_shape))


@op(self=_repeated_back, varargs="repeats", function=False)
def repeat(xp, self, repeats):
    """The tensor put next to itself, a number of times along each dimension."""
    times = _ints("repeat", "repeats", repeats)
    if len(times) < self.ndim:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            "tensor"
        )
    lead = len(times) - self.ndim
    shape = [n * k for n, k in zip((*(1,) * lead, *self.shape), times, strict=True)]
    negative = next((n for n in shape if n < 0), None)
    if negative is not None:
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {negative}: {errors.sizes(shape)}"
        )
    return xp.tile(self, times)


@composite
def tile(self: Tensor, *dims: Any) -> Tensor:
    """``repeat`` with as many leading ones as it takes."""
    times = _ints("tile", "dims", dims) if dims != ((),) else ()
    return repeat(self, (1,) * (self.ndim - len(times)) + times)  # type: ignore[no-any-return]


@composite
def repeat_interleave(
    self: Any = None, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element (or slice along `dim`) repeated on the spot, `repeats` times or each its own.

    ``repeat_interleave(repeats)`` with a tensor alone gives the indices to be selected.
    """
    if repeats is None or self is None:
        return _interleaved_index(self if repeats is None else repeats)
    x = flatten(self) if dim is None else self
    d = 0 if dim is None else wrap_dim(dim, x.ndim)
    if isinstance(repeats, Tensor) and repeats.ndim == 0:
        repeats = int(repeats.item())
    if isinstance(repeats, Tensor) and repeats.numel() == 1:  # type: ignore[attr-defined]
        repeats = int(repeats.item())
    n = x.shape[d] if x.ndim else 1
    if isinstance(repeats, Tensor):
        if repeats.shape[0] != n:
            raise RuntimeError(
                "repeats must have the same size as input along dim, but got repeats.size(0) = "
                f"{repeats.shape[0]} and input.size({d}) = {n}"
            )
        return index_select(x, d, _interleaved_index(repeats))  # type: ignore[no-any-return]
    if repeats < 0:
        raise RuntimeError("Repeats must be non-negative")
    x = x if x.ndim else reshape(x, (1,))
    wide = expand(unsqueeze(x, d + 1), (*x.shape[: d + 1], repeats, *x.shape[d + 1 :]))
    copied = wide.clone(memory_format=layout.contiguous_format)
    return flatten(copied, d, d + 1)


@op(method=False, function=False)
def _interleaved_index(xp, repeats):
    """[0] * repeats[0] + [1] * repeats[1] + ..."""
    if repeats.ndim != 1:
        raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
    if repeats.dtype.name not in ("int64", "int32"):
        raise RuntimeError("repeats has to be Long or Int tensor")
    if (repeats < 0).any():
        raise RuntimeError("repeats can not be negative")
    return xp.repeat(xp.arange(repeats.size, dtype=repeats.dtype), repeats.tolist())


# ---------------------------------------------------------------- triangles and diagonals


def _require_matrix(name: str, array: Any) -> None:
    if array.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")


@op(self=lambda grad, diagonal: tril(grad, diagonal), inplace=True)
@in_rows
def tril(xp, self, diagonal=0):
    """The elements on and below a diagonal of the last two dimensions; zeros above."""
    _require_matrix("tril", self)
    return xp.where(xp.tri(*self.shape[-2:], diagonal, dtype=bool), self, self.dtype.type(0))


@op(self=lambda grad, diagonal: triu(grad, diagonal), inplace=True)
@in_rows
def triu(xp, self, diagonal=0):
    """The elements on and above a diagonal of the last two dimensions; zeros below."""
    _require_matrix("triu", self)
    return xp.where(xp.tri(*self.shape[-2:], diagonal - 1, dtype=bool), self.dtype.type(0), self)


@op(self=lambda grad, offset, dim1, dim2: diagonal(grad, offset, dim1, dim2))
def diag_embed(xp, self, offset=0, dim1=-2, dim2=-1):
    """Matrices of zeros with the last dimension as a diagonal."""
    n, ndim = self.shape[-1] + abs(offset), self.ndim + 1
    a, b = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    rest = list(self.shape[:-1])
    shape = [n if d in (a, b) else rest.pop(0) for d in range(ndim)]
    out = xp.zeros(shape, self.dtype)
    diagonal_view(xp, out, offset, a, b)[...] = self
    return out


@op(
    self=lambda grad, self_shape, offset, dim1, dim2: diagonal_backward(
        grad, self_shape, offset, dim1, dim2
    ),
    node="DiagonalBackward0_copy", method=False,
)  # fmt: skip
def diagonal_copy(xp, self, offset=0, dim1=0, dim2=1):
    """``diagonal`` as a copy."""
    return diagonal_view(xp, self, offset, dim1, dim2).copy()


@composite
def diag(self: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix, or the matrix with a vector as its diagonal."""
    if self.ndim not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {self.ndim}D")
    picked = diag_embed if self.ndim == 1 else diagonal_copy
    return picked(self, diagonal)  # type: ignore[no-any-return]


@composite
def diagflat(self: Tensor, offset: int = 0) -> Tensor:
    """The matrix with all elements, in a row, as its diagonal."""
    return diag_embed(view(self.contiguous(), -1), offset)  # type: ignore


def _traced_back(grad: Any, self_shape: Any) -> Any:
    n = min(self_shape)
    return diagonal_backward(expand(grad, (n,)), self_shape, 0, 0, 1)


@op(self=_traced_back, prepare=serving("trace", "b"))
def trace(xp, self):
    """The sum of the diagonal of a matrix."""
    if self.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {self.ndim}")
    d = np.dtype(np.int64) if self.dtype.kind in "iub" else self.dtype
    return xp.trace(self, dtype=d)


@composite(method=False)
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The matrix (n, N) of the powers of a vector, by default in falling order."""
    if x.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    n = x.shape[0] if N is None else N
    if n < 0:
        raise RuntimeError("N must be non-negative.")
    kind = dtypes.int64 if x.dtype.category < dtypes.FLOAT else x.dtype
    result = empty(x.shape[0], n, dtype=kind, device=x.device)
    if n > 0:
        select(result, 1, 0).fill_(1)
    if n > 1:
        rest = slice_(result, 1, 1, n)
        rest.copy_(unsqueeze(x, 1))
        slice_(result, 1, 1, n).copy_(rest.cumprod(1))
    return result if increasing else flip(result, (1,))  # type: ignore[no-any-return]


# ---------------------------------------------------------------- padding


def _unpad(grad: Any, pad: Any) -> Any:
    return constant_pad_nd(grad, [-n for n in pad], 0)


@op(self=_unpad, method=False)
def constant_pad_nd(xp, self, pad, value=0):
    """`value` before and after each dimension, the last dimension first; negative pads cut off."""
    if len(pad) % 2:
        raise RuntimeError(f"Length of pad must be even but instead it equals {len(pad)}")
    if len(pad) > 2 * self.ndim:
        raise RuntimeError(
            "Length of pad should be no more than twice the number of dimensions of the input. "
            f"Pad length is {len(pad)}while the input has {self.ndim}dimensions."
        )
    lead = self.ndim - len(pad) // 2
    before = [0] * lead + [pad[2 * i] for i in reversed(range(self.ndim - lead))]
    after = [0] * lead + [pad[2 * i + 1] for i in reversed(range(self.ndim - lead))]
    shape = [n + a + b for n, a, b in zip(self.shape, before, after, strict=True)]
    for n, total, a, b in zip(self.shape, shape, before, after, strict=True):
        if total < 0:
            raise RuntimeError(
                f"The input size {n}, plus negative padding {a} and {b} resulted in a negative "
                f"output size, which is invalid. Check dimension {before.index(a)} of your input."
            )
    out = xp.full(shape, value, self.dtype)
    out[_inner(shape, before, after)] = self[
        _inner(self.shape, [-a for a in before], [-b for b in after])
    ]
    return out


def _inner(shape: Any, before: Any, after: Any) -> tuple[slice, ...]:
    """What is left of `shape` without the margins; negative margins count as none."""
    margins = zip(shape, before, after, strict=True)
    return tuple(slice(max(a, 0), n - max(b, 0)) for n, a, b in margins)


# ---------------------------------------------------------------- views as copies


@op(
    self=lambda grad, self_shape, dim, start, length: slice_backward(
        grad, self_shape, dim, *_narrowed(self_shape, dim, start, length), 1
    )
)
def narrow_copy(xp, self, dim, start, length):
    """``narrow`` as a copy."""
    if dim >= self.ndim > 0:
        raise RuntimeError(
            "Expected dim < static_cast<int64_t>(self_sizes.size()) to be true, but got false.  "
            "(Could this error message be improved?  If so, please report an enhancement request "
            "to PyTorch.)"
        )
    if length < 0 and self.ndim:
        n = self.shape[dim]
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({n}).")
    begin, end = _narrowed(self.shape, dim, start, length)
    return self[at(as_dim("narrow_copy", dim, self.ndim), slice(begin, end))].copy()
