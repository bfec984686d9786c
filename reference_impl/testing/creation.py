"""``make_tensor``: a tensor of random values within bounds, for tests."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..dtypes import dtype as Dtype
from ..op import PUBLIC
from ..tensor import Tensor


def make_tensor(
    *shape: int | Sequence[int],
    dtype: Dtype,
    device: Any,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor with values drawn uniformly from [`low`, `high`).

    The bounds are [0, 2) for bool, [-9, 10) for integers ([0, 10) for unsigned ones), [-9, 9) for
    the rest, unless given.

    Raises:
        ValueError: bounds that are nan, the wrong way round or outside of what `dtype` holds;
            `requires_grad` of an integer `dtype`; `noncontiguous` and a `memory_format`.
    """
    size = tuple(shape[0] if len(shape) == 1 and isinstance(shape[0], Sequence) else shape)  # type: ignore[arg-type]
    whole = dtype.category < dtypes.FLOAT
    if noncontiguous and memory_format is not None:
        raise ValueError(
            "The parameters `noncontiguous` and `memory_format` are mutually exclusive, but got "
            f"{noncontiguous=} and {memory_format=}"
        )
    if requires_grad and whole:
        raise ValueError(
            "`requires_grad=True` is not supported for boolean and integral dtypes, but got "
            f"{dtype=}"
        )
    noncontiguous = noncontiguous and math.prod(size) > 1  # type: ignore[arg-type]
    if noncontiguous:  # every second element of twice as many
        size = (*size[:-1], 2 * size[-1])  # type: ignore[operator]
    low, high = _bounds(low, high, dtype)
    if whole:
        result = PUBLIC["randint"](low, high, size, device=device, dtype=dtype)
    else:
        result = PUBLIC["empty"](size, device=device, dtype=dtype)
        _fill(PUBLIC["view_as_real"](result) if dtype.is_complex else result, low, high)
    if noncontiguous:
        result = result[..., 1::2]
    elif memory_format is not None:
        result = result.clone(memory_format=memory_format)
    if exclude_zero:
        result[result == 0] = 1 if whole else dtypes.finfo(dtype).tiny
    return result if whole else result.requires_grad_(requires_grad)  # type: ignore[no-any-return]


def _bounds(low: Any, high: Any, d: Dtype) -> tuple[Any, Any]:
    """The bounds as the dtype holds them."""
    lowest, highest, usual = _limits(d)
    low, high = (usual[0] if low is None else low), (usual[1] if high is None else high)
    if any(isinstance(x, float) and math.isnan(x) for x in (low, high)):
        raise ValueError(f"`low` and `high` cannot be NaN, but got {low=} and {high=}")
    if low == high and d.category >= dtypes.FLOAT:
        warnings.warn(
            "Passing `low==high` to `torch.testing.make_tensor` for floating or complex types is "
            "deprecated since 2.1 and will be removed in 2.3. Use `torch.full(...)` instead.",
            FutureWarning,
            stacklevel=3,
        )
    elif low >= high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    elif high < lowest or low >= highest:
        raise ValueError(
            f"The value interval specified by `low` and `high` is [{low}, {high}), but {d} only "
            f"supports [{lowest}, {highest})"
        )
    low, high = (min(max(x, lowest), highest) for x in (low, high))
    return (math.ceil(low), math.ceil(high)) if d.category < dtypes.FLOAT else (low, high)


def _limits(d: Dtype) -> tuple[Any, Any, tuple[int, int]]:
    """(lowest, highest, usual bounds) of a dtype."""
    if d is dtypes.bool_:
        return 0, 2, (0, 2)
    if d.category == dtypes.INTEGER:
        info = dtypes.iinfo(d)
        return info.min, info.max + (d is not dtypes.int64), (-9, 10)
    limits = dtypes.finfo(d)
    return limits.min, limits.max, (-9, 9)


def _fill(t: Any, low: float, high: float) -> None:
    if high - low >= dtypes.finfo(t.dtype).max:  # the width itself would overflow
        t.uniform_(low / 2, high / 2).mul_(2)
    else:
        t.uniform_(low, high)
