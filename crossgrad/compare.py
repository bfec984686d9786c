"""Hold two records of the same block against each other.

Text, dtypes, shapes, flags, node names, warnings and exceptions must be equal; numbers must be
within the tolerance that `torch.testing.assert_close` has for their dtype. PyTorch's own
function is not used, so that the reference can be checked where PyTorch is not installed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from crossgrad.directives import Picture
from crossgrad.record import BlockRecord, TensorRecord, Values
from crossgrad.texts import same

TOLERANCES = {  # relative and absolute, of torch.testing.assert_close
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex32": (1e-3, 1e-5),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}
_SHORT = 12  # elements that are shown whole
NOTHING = "nothing"


@dataclass(frozen=True)
class Difference:
    """One field that two records do not share."""

    field: str
    expected: str
    actual: str


def differences(
    expected: BlockRecord, actual: BlockRecord, pictures: tuple[Picture, ...] = ()
) -> list[Difference]:
    """Every field in which two records of one block differ."""
    return [
        *_text_differences(expected, actual),
        *_tensors(expected.tensors, actual.tensors),
        *_pictures(expected, actual, pictures),
    ]


def largest(expected: BlockRecord, actual: BlockRecord) -> tuple[float | None, float | None]:
    """The largest absolute difference of a value and of a gradient; None where there is none."""
    values: list[float] = []
    gradients: list[float] = []
    for name in expected.tensors.keys() & actual.tensors.keys():
        one, other = expected.tensors[name], actual.tensors[name]
        values += _gap(one.value, other.value)
        if one.grad is not None and other.grad is not None:
            gradients += _gap(one.grad.value, other.grad.value)
    return max(values, default=None), max(gradients, default=None)


def close(expected: Values, actual: Values, dtype: str) -> bool:
    """Whether two arrays of one dtype agree."""
    if expected.sha256 == actual.sha256:
        return True
    if dtype not in TOLERANCES or expected.size != actual.size:
        return False
    relative, absolute = TOLERANCES[dtype]
    one, other = expected.array(), actual.array()
    return bool(np.allclose(other, one, rtol=relative, atol=absolute, equal_nan=True))


def _text_differences(expected: BlockRecord, actual: BlockRecord) -> Iterator[Difference]:
    if not same(expected.output, actual.output):
        yield Difference("output", expected.output or NOTHING, actual.output or NOTHING)
    if expected.warnings != actual.warnings:
        yield Difference("warnings", _lines(expected.warnings), _lines(actual.warnings))
    if expected.exception != actual.exception:
        yield Difference("exception", expected.exception or NOTHING, actual.exception or NOTHING)
    if expected.backwards != actual.backwards:
        yield Difference("backward", _lines(expected.backwards), _lines(actual.backwards))


def _lines(texts: list[str]) -> str:
    return "\n".join(texts) or NOTHING


def _tensors(
    expected: dict[str, TensorRecord], actual: dict[str, TensorRecord]
) -> Iterator[Difference]:
    for name in dict.fromkeys([*expected, *actual]):
        one, other = expected.get(name), actual.get(name)
        if one is None or other is None:
            yield Difference(name, _described(one), _described(other))
        else:
            yield from _tensor(name, one, other)


def _described(tensor: TensorRecord | None) -> str:
    if tensor is None:
        return "not bound to a tensor, or not changed"
    return f"a {tensor.dtype} tensor of shape {tuple(tensor.shape)}"


def _tensor(name: str, one: TensorRecord, other: TensorRecord) -> Iterator[Difference]:
    for field in ("dtype", "shape", "requires_grad", "is_leaf", "grad_fn", "problem"):
        expected, actual = getattr(one, field), getattr(other, field)
        if expected != actual:
            yield Difference(f"{name}.{field}", str(expected), str(actual))
    if (one.dtype, one.shape) != (other.dtype, other.shape):
        return
    a, b = one.value, other.value
    if a is not None and b is not None and not close(a, b, one.dtype):
        yield Difference(f"{name}.value", *_shown(a, b, one.dtype))
    if one.grad is not None and other.grad is not None:
        yield from _tensor(f"{name}.grad", one.grad, other.grad)
    elif one.grad is not other.grad:
        yield Difference(f"{name}.grad", _or_none(one.grad), _or_none(other.grad))


def _or_none(grad: TensorRecord | None) -> str:
    return "None" if grad is None else _described(grad)


def _shown(expected: Values, actual: Values, dtype: str) -> tuple[str, str]:
    """Both arrays as text: short ones whole, of long ones the element that is furthest off."""
    one, other = expected.array(), actual.array()
    if one.size <= _SHORT:
        return _listed(one), _listed(other)
    relative, absolute = TOLERANCES.get(dtype, (0.0, 0.0))
    wide = np.result_type(one.dtype, np.float64)
    a, b = one.astype(wide), other.astype(wide)
    off = ~np.isclose(b, a, rtol=relative, atol=absolute, equal_nan=True)
    if not off.any():
        return "other elements than those kept", "other elements than those kept"
    with np.errstate(invalid="ignore"):
        gap = np.nan_to_num(np.abs(a - b), nan=np.inf)
    worst = int(np.argmax(np.where(off, gap, -1.0)))
    where = f"(element {worst}; {int(off.sum())} of {one.size} differ)"
    return f"{one[worst]!s} {where}", f"{other[worst]!s} {where}"


def _listed(array: np.ndarray[Any, Any]) -> str:
    return str(array.tolist()) if array.size != 1 else str(array.tolist()[0])


def _gap(expected: Values | None, actual: Values | None) -> list[float]:
    """The largest absolute difference of the finite elements, or nothing to compare."""
    if expected is None or actual is None or expected.size != actual.size or not expected.size:
        return []
    if expected.sha256 == actual.sha256:
        return [0.0]
    one, other = expected.array(), actual.array()
    wide = np.result_type(one.dtype, other.dtype, np.float64)
    with np.errstate(invalid="ignore"):
        gap = np.abs(one.astype(wide) - other.astype(wide))
    finite = gap[np.isfinite(gap)]
    return [float(finite.max())] if finite.size else []


def _pictures(
    expected: BlockRecord, actual: BlockRecord, pictures: tuple[Picture, ...]
) -> Iterator[Difference]:
    for picture, one, other in zip(pictures, expected.pictures, actual.pictures, strict=True):
        for path, a, b in _unequal(one, other, ""):
            yield Difference(f"{picture.kind} {','.join(picture.names)}{path}", a, b)
            break  # the first difference of a drawing explains the rest


def _unequal(one: Any, other: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """Where two pieces of plain data differ, numbers within the tolerance of float32."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key in one:
            yield from _unequal(one[key], other[key], f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (a, b) in enumerate(zip(one, other, strict=True)):
            yield from _unequal(a, b, f"{path}[{index}]")
    elif isinstance(one, float) and isinstance(other, float):
        relative, absolute = TOLERANCES["float32"]
        both_nan = math.isnan(one) and math.isnan(other)
        if not (both_nan or math.isclose(one, other, rel_tol=relative, abs_tol=absolute)):
            yield path, str(one), str(other)
    elif one != other:
        yield path, str(one), str(other)
