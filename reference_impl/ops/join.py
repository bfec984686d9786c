"""Joining tensors: ``cat``, ``stack``, grids and products."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes, errors, layout
from ..op import PUBLIC, composite, op, wrap_dim
from ..tensor import Tensor
from .parts import slice_, unbind
from .shape import expand, reshape, view


def _listed(function: str, tensors: Any) -> list[Any]:
    """A list of tensors (or of arrays, inside a rule).  Raises TypeError for anything else."""
    if not isinstance(tensors, (tuple, list)):
        raise errors.argument_must_be(function, "tensors", 1, "tuple of Tensors", tensors)
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor) and not hasattr(t, "strides"):
            name = errors.type_name(t)
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {name}")
    return list(tensors)


def _joint_dtype(arrays: Sequence[Any]) -> Any:
    found = dtypes.of(arrays[0].dtype)
    for a in arrays[1:]:
        found = dtypes.promote_types(found, dtypes.of(a.dtype))
    return found.numpy


# ---------------------------------------------------------------- one list, one dimension


def _is_skipped(shape: Sequence[int]) -> bool:
    """``cat`` ignores tensors of shape (0,), whatever the others' shape."""
    return len(shape) == 1 and shape[0] == 0


def _cat_tensors(grad: Any, tensors_shape: Any, dim: int) -> list[Any]:
    d, start, out = wrap_dim(dim, grad.ndim), 0, []
    for shape in tensors_shape:
        if _is_skipped(shape):
            out.append(slice_(reshape(grad, -1), 0, 0, 0))
            continue
        out.append(slice_(grad, d, start, start + shape[d]))
        start += shape[d]
    return out


def _check_cat(arrays: Sequence[Any], dim: int) -> int:
    for i, a in enumerate(arrays):
        if a.ndim == 0:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    kept = [(i, a) for i, a in enumerate(arrays) if not _is_skipped(a.shape)]
    if not kept:
        return wrap_dim(dim, 1)
    first = kept[0][1]
    d = wrap_dim(dim, first.ndim)
    for i, a in kept:
        if a.ndim != first.ndim:
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {first.ndim} and {a.ndim}"
            )
        for k, (n, m) in enumerate(zip(first.shape, a.shape, strict=True)):
            if n != m and k != d:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {d}. Expected size {n} but "
                    f"got size {m} for tensor number {i} in the list."
                )
    return d


@op(
    joint=(("tensors",), _cat_tensors), method=False, function=False, node="CatBackward0",
    name="cat",
)  # fmt: skip
def _cat(xp, tensors, dim=0):
    d = _check_cat(tensors, dim)
    storage = _joint_dtype(tensors)
    kept = [a for a in tensors if not _is_skipped(a.shape)] or list(tensors)
    joined = xp.concatenate([a.astype(storage, copy=False) for a in kept], axis=d)
    common = _common_layout(kept)
    if common is not None:
        return layout.copy(joined, memory_format=common)
    return xp.ascontiguousarray(joined)


def _common_layout(arrays: Sequence[Any]) -> Any:
    """The channels-last format that all of the arrays are in, or None."""
    for memory_format in (layout.channels_last, layout.channels_last_3d):
        if all(not a.flags.c_contiguous and layout.is_contiguous(a, memory_format) for a in arrays):
            return memory_format
    return None


@composite(method=False)
def cat(tensors: Any, dim: int = 0) -> Tensor:
    """The tensors one after the other along `dim`; they agree in all other dimensions."""
    given = _listed("cat", tensors)
    if not given:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    return _cat(given, dim)


@composite(method=False)
def concat(tensors: Any, dim: int = 0) -> Tensor:
    """Alias of ``cat``."""
    return cat(tensors, dim)


@composite(method=False)
def concatenate(tensors: Any, dim: int = 0) -> Tensor:
    """Alias of ``cat``."""
    return cat(tensors, dim)


@op(
    joint=(("tensors",), lambda grad, dim: unbind(grad, dim)), method=False, function=False,
    node="StackBackward0", name="stack",
)  # fmt: skip
def _stack(xp, tensors, dim=0):
    first = tensors[0].shape
    for i, a in enumerate(tensors):
        if a.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {errors.sizes(first)} at "
                f"entry 0 and {errors.sizes(a.shape)} at entry {i}"
            )
    storage = _joint_dtype(tensors)
    bound = len(first) + 1
    if not -bound <= dim < bound:
        raise errors.dim_out_of_range(dim, bound)
    return xp.ascontiguousarray(xp.stack([a.astype(storage, copy=False) for a in tensors], dim))


@composite(method=False)
def stack(tensors: Any, dim: int = 0) -> Tensor:
    """Tensors of one shape side by side along a new dimension."""
    given = _listed("stack", tensors)
    if not given:
        raise RuntimeError("stack expects a non-empty TensorList")
    return _stack(given, dim)


def _widened(function: str, tensors: Any, least: str) -> list[Tensor]:
    given = _listed(function, tensors)
    if not given:
        raise RuntimeError(f"{function} expects a non-empty TensorList")
    return list(PUBLIC[least](*given)) if len(given) > 1 else [PUBLIC[least](given[0])]


@composite(method=False)
def hstack(tensors: Any) -> Tensor:
    """Side by side: along the first dimension of vectors, the second of anything else."""
    given = _widened("hstack", tensors, "atleast_1d")
    return cat(given, 0 if given[0].ndim == 1 else 1)


@composite(method=False)
def vstack(tensors: Any) -> Tensor:
    """One below the other: vectors become rows."""
    return cat(_widened("vstack", tensors, "atleast_2d"), 0)


@composite(method=False)
def row_stack(tensors: Any) -> Tensor:
    """Alias of ``vstack``."""
    return vstack(tensors)


@composite(method=False)
def dstack(tensors: Any) -> Tensor:
    """One behind the other, along the third dimension."""
    return cat(_widened("dstack", tensors, "atleast_3d"), 2)


@composite(method=False)
def column_stack(tensors: Any) -> Tensor:
    """Vectors as the columns of a matrix; matrices side by side."""
    given = _listed("column_stack", tensors)
    return hstack([view(t, (t.numel(), 1)) if t.ndim <= 1 else t for t in given])


# ---------------------------------------------------------------- grids and products


@composite(method=False)
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """The coordinates of all points of the grid that vectors span, one tensor for each vector.

    `indexing` "ij": dimension i follows vector i; "xy": the first two dimensions are swapped.
    """
    given = list(tensors[0]) if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else (
        list(tensors)
    )  # fmt: skip
    if indexing is None:
        errors.warn_once(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing "
            "argument."
        )
    elif indexing not in ("ij", "xy"):
        raise RuntimeError(
            f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}'
        )
    if not given:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    _check_grid(given)
    along = list(range(len(given)))  # the dimension that follows each vector
    if indexing == "xy" and len(given) >= 2:
        along[:2] = [1, 0]
    shape = tuple(given[i].numel() for i in along)
    rows = [view(t, _row(len(given), d)) for t, d in zip(given, along, strict=True)]
    return tuple(expand(row, shape) for row in rows)


def _row(ndim: int, dim: int) -> tuple[int, ...]:
    return tuple(-1 if d == dim else 1 for d in range(ndim))


def _check_grid(tensors: Sequence[Tensor]) -> None:
    for t in tensors:
        if t.ndim > 1:
            raise RuntimeError(
                f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {t}"
            )
        if t.dtype is not tensors[0].dtype:
            raise RuntimeError("meshgrid expects all tensors to have the same dtype")


def _check_vector(t: Tensor) -> None:
    if t.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {errors.sizes(t.shape)}")


@composite(method=False)
def cartesian_prod(*tensors: Any) -> Tensor:
    """All ways to take one element of each vector, one a row."""
    given = list(tensors[0]) if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else (
        list(tensors)
    )  # fmt: skip
    for t in given:
        _check_vector(t)
    if len(given) == 1:
        return given[0]
    return stack([t.flatten() for t in meshgrid(given, indexing="ij")], 1)


@composite(method=False)
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All combinations of `r` elements of a vector, one a row."""
    from .index import masked_select

    _check_vector(input)
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return input.new_empty(0)  # type: ignore[attr-defined, no-any-return]
    n = input.numel()  # type: ignore[attr-defined]
    grids = meshgrid([input] * r, indexing="ij")
    index = np.indices((n,) * r)
    keep = np.ones((n,) * r, np.bool_)
    for a, b in itertools.pairwise(index):
        keep &= a <= b if with_replacement else a < b
    from .create import as_tensor

    mask = as_tensor(keep, device=input.device)
    return stack([masked_select(g, mask) for g in grids], 1)


def _blocks(grad: Any, tensors_shape: Any) -> list[Any]:
    """The part of the gradient that each block takes up."""
    out, row, col = [], 0, 0
    for shape in tensors_shape:
        n, m = ((1, 1), (1, *shape), shape)[len(shape)] if len(shape) < 2 else shape
        block = slice_(slice_(grad, 0, row, row + n), 1, col, col + m)
        out.append(reshape(block, tuple(shape)))
        row, col = row + n, col + m
    return out


@op(
    joint=(("tensors",), _blocks), method=False, function=False, node="BlockDiagBackward0",
    name="block_diag",
)  # fmt: skip
def _block_diag(xp, tensors):
    for i, a in enumerate(tensors):
        if a.ndim > 2:
            raise RuntimeError(
                "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input "
                f"{i} has {a.ndim} dimensions"
            )
    matrices = [a.reshape((1,) * (2 - a.ndim) + a.shape) for a in tensors]
    rows, cols = (sum(m.shape[k] for m in matrices) for k in (0, 1))
    out = xp.zeros((rows, cols), _joint_dtype(matrices))
    row = col = 0
    for m in matrices:
        out[row : row + m.shape[0], col : col + m.shape[1]] = m
        row, col = row + m.shape[0], col + m.shape[1]
    return out


@composite(method=False)
def block_diag(*tensors: Any) -> Tensor:
    """The matrices along the diagonal of a matrix of zeros."""
    if not tensors:
        from .create import empty

        return empty(1, 0)  # type: ignore[no-any-return]
    return _block_diag(list(tensors))
