"""``assert_close``: element by element through sequences and mappings, with words on what differs.

Numbers, booleans, None and tensor-likes are each compared in a way of their own; the first mismatch
is raised, with the path to the item it was found in.
"""

from __future__ import annotations

import cmath
import contextlib
import functools
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import dtypes
from ..dtypes import dtype
from ..op import PUBLIC
from ..tensor import Tensor

_TOLERANCES = {  # dtype: (rtol, atol)
    "float16": (1e-3, 1e-5), "bfloat16": (1.6e-2, 1e-5), "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7), "complex64": (1.3e-6, 1e-5), "complex128": (1e-7, 1e-7),
}  # fmt: skip
_OF_NUMBER = {int: "int64", float: "float64", complex: "complex128"}
_UNSIGNED = ("uint16", "uint32", "uint64")


class _Options(NamedTuple):
    allow_subclasses: bool
    rtol: float | None
    atol: float | None
    equal_nan: bool
    check_device: bool
    check_dtype: bool
    check_layout: bool
    check_stride: bool


class _Mismatch(Exception):
    """What to raise in the end, with the path of the item."""

    def __init__(self, kind: type[Exception], text: str) -> None:
        self.kind, self.text = kind, text
        self.path: tuple[Any, ...] = ()

    def error(self, msg: str | Callable[[str], str] | None) -> Exception:
        if isinstance(msg, str):
            return self.kind(msg)
        text = self.text
        if self.path:
            item = "".join(str([at]) for at in self.path)
            text += f"\n\nThe failure occurred for item {item}"
        return self.kind(msg(text) if msg is not None else text)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise AssertionError unless ``|actual - expected| <= atol + rtol * |expected|`` everywhere.

    Takes tensors, what ``torch.as_tensor`` takes, numbers, None, and sequences and mappings of
    them.  Without tolerances, those of the dtype hold.

    Raises:
        AssertionError: values, or attributes that are to be checked, differ.
        TypeError: the two are not of types that can be compared.
        ValueError: only one of `rtol` and `atol` is given.
    """
    __tracebackhide__ = True
    options = _Options(
        allow_subclasses, rtol, atol, equal_nan, check_device, check_dtype, check_layout,
        check_stride,
    )  # fmt: skip
    try:
        compared = [(path, _comparison(a, b, options, path)) for path, a, b in
                    _items(actual, expected, ())]  # fmt: skip
        for path, compare in compared:
            with _at(path):
                compare()
    except _Mismatch as mismatch:
        raise mismatch.error(msg) from None


@contextlib.contextmanager
def _at(path: tuple[Any, ...]) -> Iterator[None]:
    """A mismatch inside is one of the item at `path`."""
    try:
        yield
    except _Mismatch as mismatch:
        mismatch.path = path
        raise


# ---------------------------------------------------------------- what is compared with what


def _items(
    actual: Any, expected: Any, path: tuple[Any, ...]
) -> Iterator[tuple[tuple[Any, ...], Any, Any]]:
    """(path, actual, expected) of all that are neither sequences nor mappings."""
    both = (actual, expected)
    if all(isinstance(x, Sequence) and not isinstance(x, str) for x in both):
        with _at(path):
            if len(actual) != len(expected):
                raise _Mismatch(
                    AssertionError,
                    f"The length of the sequences mismatch: {len(actual)} != {len(expected)}",
                )
        for i, (a, b) in enumerate(zip(actual, expected, strict=True)):
            yield from _items(a, b, (*path, i))
    elif all(isinstance(x, Mapping) for x in both):
        with _at(path):
            _check_keys(set(actual), set(expected))
        keys: Any = set(actual)
        with contextlib.suppress(Exception):  # in order, where they have one
            keys = sorted(keys)
        for key in keys:
            yield from _items(actual[key], expected[key], (*path, key))
    else:
        yield path, actual, expected


def _check_keys(actual: set[Any], expected: set[Any]) -> None:
    if actual != expected:
        raise _Mismatch(
            AssertionError,
            "The keys of the mappings do not match:\n"
            f"Missing keys in the actual mapping: {sorted(expected - actual)}\n"
            f"Additional keys in the actual mapping: {sorted(actual - expected)}",
        )


def _comparison(
    actual: Any, expected: Any, options: _Options, path: tuple[Any, ...]
) -> Callable[[], None]:
    """How these two are compared.  Raises a mismatch of their types at once."""
    both = (actual, expected)
    with _at(path):
        if actual is None or expected is None:
            return functools.partial(_compare_none, actual, expected)
        if all(isinstance(x, (bool, np.bool_)) for x in both):
            return functools.partial(_compare_booleans, bool(actual), bool(expected))
        if all(isinstance(x, (int, float, complex, np.number)) for x in both):
            a, b = (x.item() if isinstance(x, np.number) else x for x in both)
            names = [_OF_NUMBER[next(t for t in _OF_NUMBER if isinstance(x, t))] for x in (a, b)]
            return functools.partial(_compare_numbers, a, b, _tolerances(names, options), options)
        related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
        a, b = map(_tensor_like, both)
        same = options.allow_subclasses or type(actual) is type(expected)
        if not related or not same or a is None or b is None:
            raise _Mismatch(
                TypeError,
                f"No comparison pair was able to handle inputs of type {type(actual)} and "
                f"{type(expected)}.",
            )
        tolerances = _tolerances([t.dtype.name for t in (a, b)], options)
        return functools.partial(_compare_tensors, a, b, tolerances, options)


def _tensor_like(x: Any) -> Any:
    """`x` as a tensor, or None."""
    if isinstance(x, Tensor):
        return x
    try:
        return PUBLIC["as_tensor"](x)
    except Exception:
        return None


def _tolerances(names: Sequence[str], options: _Options) -> tuple[float, float]:
    rtol, atol = options.rtol, options.atol
    if (rtol is None) != (atol is None):
        raise _Mismatch(
            ValueError,
            "Both 'rtol' and 'atol' must be either specified or omitted, but got no "
            f"{'rtol' if rtol is None else 'atol'}.",
        )
    if rtol is not None and atol is not None:
        return rtol, atol
    found = [_TOLERANCES.get(name, (0.0, 0.0)) for name in names]
    return max(r for r, _ in found), max(a for _, a in found)


# ---------------------------------------------------------------- comparing


def _compare_none(actual: Any, expected: Any) -> None:
    if not (actual is None and expected is None):
        raise _Mismatch(AssertionError, f"None mismatch: {actual} is not {expected}")


def _compare_booleans(actual: bool, expected: bool) -> None:
    if actual is not expected:
        raise _Mismatch(AssertionError, f"Booleans mismatch: {actual} is not {expected}")


def _compare_numbers(
    actual: Any, expected: Any, tolerances: tuple[float, float], options: _Options
) -> None:
    rtol, atol = tolerances
    if options.check_dtype and type(actual) is not type(expected):
        raise _Mismatch(
            AssertionError, f"The (d)types do not match: {type(actual)} != {type(expected)}."
        )
    if actual == expected:
        return
    if options.equal_nan and cmath.isnan(actual) and cmath.isnan(expected):
        return
    difference = abs(actual - expected)
    if cmath.isfinite(difference) and difference <= atol + rtol * abs(expected):
        return
    raise _Mismatch(AssertionError, _number_words(actual, expected, rtol, atol))


def _compare_tensors(
    actual: Tensor, expected: Tensor, tolerances: tuple[float, float], options: _Options
) -> None:
    rtol, atol = tolerances
    _compare_attributes(actual, expected, options)
    if actual.device != expected.device:
        actual, expected = actual.cpu(), expected.cpu()
    if actual.dtype != expected.dtype:
        common = dtypes.promote_types(*(_widened(t.dtype) for t in (actual, expected)))
        actual, expected = actual.to(common), expected.to(common)
    actual, expected = actual.detach(), expected.detach()
    matches = PUBLIC["isclose"](actual, expected, rtol=rtol, atol=atol, equal_nan=options.equal_nan)
    if not bool(matches.all()):
        scalar = actual.ndim == 0
        raise _Mismatch(
            AssertionError,
            _number_words(actual.item(), expected.item(), rtol, atol)
            if scalar
            else _tensor_words(actual, expected, matches, rtol, atol),
        )


def _widened(d: dtype) -> dtype:
    return dtypes.int64 if d.name in _UNSIGNED else d


def _compare_attributes(actual: Any, expected: Any, options: _Options) -> None:
    checked = [
        ("shape", True, actual.shape, expected.shape),
        ("layout", options.check_layout, actual.layout, expected.layout),
        ("stride()", options.check_stride, actual.stride(), expected.stride()),
        ("device", options.check_device, actual.device, expected.device),
        ("dtype", options.check_dtype, actual.dtype, expected.dtype),
    ]
    for name, check, a, b in checked:
        if check and a != b:
            raise _Mismatch(
                AssertionError, f"The values for attribute '{name}' do not match: {a} != {b}."
            )


# ---------------------------------------------------------------- words


def _words(
    subject: str, extra: str, found: Sequence[tuple[str, Any, Any]], rtol: float, atol: float
) -> str:
    exact = rtol == 0 and atol == 0
    lines = [f"{subject} are not {'equal' if exact else 'close'}!\n", extra]
    for (kind, difference, at), allowed in zip(found, (atol, rtol), strict=True):
        text = (
            f"{kind.title()} difference: {difference}"
            if at is None
            else f"Greatest {kind} difference: {difference} at index {at}"
        )
        lines.append(text if exact else f"{text} (up to {allowed} allowed)")
    return "\n".join(lines)


def _number_words(actual: Any, expected: Any, rtol: float, atol: float) -> str:
    difference = abs(actual - expected)
    relative = math.inf if expected == 0 else difference / abs(expected)
    found = [("absolute", difference, None), ("relative", relative, None)]
    return _words("Scalars", f"Expected {expected} but got {actual}.", found, rtol, atol)


def _tensor_words(actual: Any, expected: Any, matches: Any, rtol: float, atol: float) -> str:
    total = matches.numel()
    wrong = total - int(matches.sum())
    extra = f"Mismatched elements: {wrong} / {total} ({wrong / total:.1%})"
    a, b, fine = actual.flatten(), expected.flatten(), matches.flatten()
    if actual.dtype.category < dtypes.FLOAT:
        a, b = a.to(dtypes.int64), b.to(dtypes.int64)
    absolute = (a - b).abs()
    absolute[fine] = 0
    relative = absolute / b.abs()
    relative[fine] = 0
    found = []
    for kind, difference in (("absolute", absolute), ("relative", relative)):
        value, at = difference.max(0)
        index = tuple(int(i) for i in np.unravel_index(int(at), matches.shape))
        found.append((kind, value.item(), index))
    return _words("Tensor-likes", extra, found, rtol, atol)


def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str = "",
) -> None:
    """The older form of ``assert_close``, which turns numbers into tensors and checks no dtype."""
    warnings.warn(
        "`torch.testing.assert_allclose()` is deprecated since 1.12 and will be removed in a "
        "future release. Please use `torch.testing.assert_close()` instead. You can find detailed "
        "upgrade instructions in https://github.com/pytorch/pytorch/issues/61844.",
        FutureWarning,
        stacklevel=2,
    )
    a = actual if isinstance(actual, Tensor) else PUBLIC["tensor"](actual)
    b = expected if isinstance(expected, Tensor) else PUBLIC["tensor"](expected, dtype=a.dtype)
    if rtol is None and atol is None:
        found = [_OLD_TOLERANCES.get(t.dtype.name, (0.0, 0.0)) for t in (a, b)]
        rtol, atol = max(r for r, _ in found), max(t for _, t in found)
    assert_close(
        a, b, rtol=rtol, atol=atol, equal_nan=equal_nan, check_device=True, check_dtype=False,
        check_stride=False, msg=msg or None,
    )  # fmt: skip


_OLD_TOLERANCES = {"float16": (1e-3, 1e-3), "float32": (1e-4, 1e-5), "float64": (1e-5, 1e-8)}
