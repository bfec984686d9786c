"""Factories of evenly spaced numbers and of indices: ``arange``, ``linspace``, ``tril_indices``."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..tensor import Tensor
from .create import _finish, _number, _on, as_device, as_dtype, public

_OPTIONS = (
    "torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, "
    "bool pin_memory = False, bool requires_grad = False)"
)
_ARANGE_FORMS = (
    f" * (Number end, *, Tensor out = None, {_OPTIONS}\n"
    f" * (Number start, Number end, *, {_OPTIONS}\n"
    f" * (Number start, Number end, Number step = 1, *, Tensor out = None, {_OPTIONS}\n"
)
_SPACED = ", int steps, {}*, Tensor out = None, " + _OPTIONS + "\n"
_KINDS = (("Tensor", "Tensor"), ("Number", "Tensor"), ("Tensor", "Number"), ("Number", "Number"))


def _no_such_form(function: str, args: tuple[Any, ...], forms: str) -> TypeError:
    got = ", ".join(map(errors.type_name, args))
    return TypeError(
        f"{function}() received an invalid combination of arguments - got ({got}), but expected "
        f"one of:\n{forms}"
    )


# ---------------------------------------------------------------- steps


@public
def arange(
    *bounds: Any, start: Any = None, end: Any = None, step: Any = None, out: Any = None,
    dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Numbers from `start` (0) up to but without `end` in steps of `step` (1).

    int64 if all three are ints, else the default dtype.  Raises RuntimeError for a step of 0 or
    one that leads away from `end`.
    """
    first, last, by = _bounds(bounds, start, end, step)
    chosen = as_dtype("arange", dtype)
    if chosen is None:
        floating = any(isinstance(v, float) for v in (first, last, by))
        chosen = dtypes.get_default_dtype() if floating else dtypes.int64
        chosen = chosen if out is None else out.dtype
    for v in (first, last, by):
        _check_bound(v)
    if chosen is dtypes.bool_ or chosen.is_complex:
        raise errors.not_implemented_for("arange_cpu", chosen)
    if chosen is dtypes.int64:
        if by and not int(by):
            raise ValueError("step must be nonzero")
        first, last, by = int(first), int(last), int(by)
    _check_direction(first, last, by)
    count = math.ceil((last - first) / by)
    if chosen.category == dtypes.INTEGER:
        first, by = int(first), int(by)
    xp, there = _on(as_device("arange", device))
    with there:
        numbers = first + xp.arange(count, dtype=_wide(chosen)) * by
        array = numbers.astype(chosen.numpy)
    if out is not None and out._data.size != count:
        _warn_out_size(out, count)
    return _finish(array, requires_grad, out, dtype, flat=True)


def _bounds(bounds: tuple[Any, ...], start: Any, end: Any, step: Any) -> tuple[Any, Any, Any]:
    """(start, end, step) from what was given by position and by name."""
    if len(bounds) == 1 and end is None:
        end, bounds = bounds[0], ()
        names = ("end", 1)
    else:
        names = ("end", 2)
    given = [*bounds, *[None] * (3 - len(bounds))]
    if len(bounds) > 3:
        raise _no_such_form("arange", bounds, _ARANGE_FORMS)
    for i, value in enumerate((start, end, step)):
        given[i] = value if value is not None else given[i]
    if given[1] is None:
        raise _no_such_form("arange", bounds, _ARANGE_FORMS)
    first = 0 if given[0] is None else _number("arange", "start", 1, given[0])
    by = 1 if given[2] is None else _number("arange", "step", 3, given[2])
    return first, _number("arange", *names, given[1]), by


def _check_bound(value: Any) -> None:
    if isinstance(value, complex):
        raise RuntimeError("value cannot be converted to type double without overflow")
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise OverflowError("int too big to convert")


def _check_direction(first: Any, last: Any, by: Any) -> None:
    if by == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(first) and math.isfinite(last)):
        raise RuntimeError(f"unsupported range: {_plain(first)} -> {_plain(last)}")
    if (last - first) * by < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _wide(d: Any) -> Any:
    """The dtype in which numbers of dtype `d` are computed."""
    return np.dtype(np.int64 if d.category == dtypes.INTEGER else np.float64)


def _warn_out_size(out: Tensor, count: int) -> None:
    if out._data.size == 0:
        return
    warnings.warn(
        f"The number of elements in the out tensor of shape {errors.sizes(out._data.shape)} is "
        f"{out._data.size} which does not match the computed number of elements {count}. Note "
        "that this may occur as a result of rounding error. The out tensor will be resized to a "
        f"tensor of shape ({count},).",
        UserWarning,
        stacklevel=3,
    )


@public
def range(
    start: Any = 0, end: Any = None, step: Any = 1, *, out: Any = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Like ``arange`` but with `end`, and floating by default; deprecated in PyTorch."""
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior "
        "is inconsistent with Python's range builtin. Instead, use torch.arange, which produces "
        "values in [start, end).",
        UserWarning,
        stacklevel=2,
    )
    _check_direction(start, end, step)
    chosen = as_dtype("range", dtype) or dtypes.get_default_dtype()
    count = math.floor((end - start) / step) + 1
    xp, there = _on(as_device("range", device))
    with there:
        array = (start + xp.arange(count, dtype=_wide(chosen)) * step).astype(chosen.numpy)
    return _finish(array, requires_grad, out, dtype, flat=True)


# ---------------------------------------------------------------- a number of points


def _points(
    function: str, start: Any, end: Any, steps: Any, dtype: Any, device: Any
) -> tuple[Any, Any]:
    """(`steps` numbers from `start` to `end`, their dtype): the upper half counts from the end.

    Source: ATen/native/cpu/RangeFactoriesKernel.cpp, linspace_kernel.
    """
    ends = [start, end]
    if any(isinstance(v, Tensor) and v.ndim for v in ends):
        dims = [v.ndim if isinstance(v, Tensor) else 0 for v in ends]
        raise RuntimeError(
            f"{function} only supports 0-dimensional start and end tensors, but got start with "
            f"{dims[0]} dimension(s) and end with {dims[1]} dimension(s)."
        )
    start, end = (v._data.item() if isinstance(v, Tensor) else v for v in ends)
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    complex_ = isinstance(start, complex) or isinstance(end, complex)
    default = dtypes.get_default_dtype()
    chosen = as_dtype(function, dtype) or (default.to_complex() if complex_ else default)
    if chosen is dtypes.bool_:
        raise errors.not_implemented_for(f"{function}_cpu", chosen)
    work = chosen.numpy
    if chosen.category == dtypes.INTEGER:
        start, end, work = int(start), int(end), np.dtype(np.float64)
    xp, there = _on(as_device(function, device))
    with there:
        if steps == 1:
            return xp.full(1, start, work), chosen
        low, high = work.type(start), work.type(end)
        step = (high - low) / work.type(max(steps - 1, 1))
        i = xp.arange(steps)
        up, down = low + step * i.astype(work), high - step * (steps - 1 - i).astype(work)
        return xp.where(i < steps // 2, up, down).astype(work), chosen


def _check_steps(function: str, base: str, args: tuple[Any, ...]) -> None:
    steps = args[2]
    if isinstance(steps, bool) or not hasattr(steps, "__index__"):
        given = args if steps is not None else args[:2]
        forms = "".join(f" * ({a} start, {b} end{_SPACED.format(base)}" for a, b in _KINDS)
        raise _no_such_form(function, given, forms)


@public
def linspace(
    start: Any, end: Any, steps: Any = None, *, out: Any = None, dtype: Any = None,
    layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` evenly spaced numbers from `start` to `end`, both included."""
    _check_steps("linspace", "", (start, end, steps))
    inside = dtype if out is None or dtype is not None else out.dtype
    array, chosen = _points("linspace", start, end, int(steps), inside, device)
    return _finish(array.astype(chosen.numpy), requires_grad, out, dtype, flat=True)


@public
def logspace(
    start: Any, end: Any, steps: Any = None, base: float = 10.0, *, out: Any = None,
    dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` numbers from base**start to base**end with evenly spaced exponents."""
    _check_steps("logspace", "float base = 10.0, ", (start, end, steps))
    inside = dtype if out is None or dtype is not None else out.dtype
    exponents, chosen = _points("logspace", start, end, int(steps), inside, device)
    array = exponents.dtype.type(base) ** exponents
    return _finish(array.astype(chosen.numpy), requires_grad, out, dtype, flat=True)


# ---------------------------------------------------------------- indices of triangles


def _triangle(name: str, keep: Any, row: int, col: int, offset: int, options: Any) -> Tensor:
    for label, n in (("row", row), ("col", col)):
        if n < 0:
            raise RuntimeError(f"{label} must be non-negative, got{'' if n < 0 else ' '}{n}")
    chosen = as_dtype(name, options.get("dtype")) or dtypes.int64
    if chosen not in (dtypes.int32, dtypes.int64):
        raise errors.not_implemented_for(name, chosen)
    xp, there = _on(as_device(name, options.get("device")))
    with there:
        i, j = xp.indices((row, col)).reshape(2, -1)
        inside = keep(j - i, offset)
        return _finish(xp.stack([i[inside], j[inside]]).astype(chosen.numpy))


@public
def tril_indices(row: int, col: int, offset: int = 0, **options: Any) -> Tensor:
    """The indices (2, n) of the elements on and below diagonal `offset` of a (row, col) matrix."""
    return _triangle("tril_indices", lambda d, k: d <= k, row, col, offset, options)


@public
def triu_indices(row: int, col: int, offset: int = 0, **options: Any) -> Tensor:
    """The indices (2, n) of the elements on and above diagonal `offset` of a (row, col) matrix."""
    return _triangle("triu_indices", lambda d, k: d >= k, row, col, offset, options)
