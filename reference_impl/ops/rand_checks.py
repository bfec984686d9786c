"""What random sampling refuses, in PyTorch's words."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes, errors
from ..autograd.grad_mode import RECORD, TRANSFORM, mode
from ..dtypes import dtype
from ..random import Generator, default_generator
from ..tensor import Tensor

DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}  # of the significand
_INT64 = np.iinfo(np.int64)
_BAREBONES = {"uint16", "uint32", "uint64"}
_OPTIONS = (
    "Tensor out = None, torch.dtype dtype = None, torch.layout layout = None, "
    "torch.device device = None, bool pin_memory = False, bool requires_grad = False"
)
_TENSOR_OPTIONS = "torch.Generator generator = None, Tensor out = None"


def _with_generator(arguments: str) -> tuple[str, str]:
    return (
        f"({arguments}, *, torch.Generator generator, {_OPTIONS})",
        f"({arguments}, *, {_OPTIONS})",
    )


# The overloads that PyTorch lists when none fits.
SIGNATURES: dict[str, tuple[str, ...]] = {
    "rand": _with_generator("tuple of ints size"),
    "randn": _with_generator("tuple of ints size"),
    "randint": _with_generator("int high, tuple of ints size")
    + _with_generator("int low, int high, tuple of ints size"),
    "normal": (
        f"(Tensor mean, Tensor std, *, {_TENSOR_OPTIONS})",
        f"(Tensor mean, float std = 1, *, {_TENSOR_OPTIONS})",
        f"(float mean, Tensor std, *, {_TENSOR_OPTIONS})",
        "(float mean, float std, tuple of ints size, *, torch.Generator generator = None, "
        f"{_OPTIONS})",
    ),
    "random_": (
        "(*, torch.Generator generator = None)",
        "(int from, int to, *, torch.Generator generator = None)",
        "(int to, *, torch.Generator generator = None)",
    ),
}


def invalid_combination(
    function: str, args: Sequence[Any], kwargs: dict[str, Any] | None = None
) -> TypeError:
    """No overload of `function` takes these arguments."""
    given = [type(a).__name__ for a in args]
    given += [f"{k}={type(v).__name__}" for k, v in (kwargs or {}).items()]
    listed = "".join(f" * {s}\n" for s in SIGNATURES[function])
    return TypeError(
        f"{function}() received an invalid combination of arguments - got ({', '.join(given)}), "
        f"but expected one of:\n{listed}"
    )


def integer(function: str, name: str, position: int, value: Any) -> int:
    """An int argument; 0-d integer tensors count, bools do not."""
    if isinstance(value, (bool, float)) or not hasattr(value, "__index__"):
        raise errors.argument_must_be(function, name, position, "int", value)
    return int64(int(value.__index__()))


def int64(value: int) -> int:
    if not _INT64.min <= value <= _INT64.max:
        raise ValueError("Overflow when unpacking long long")
    return value


def number(function: str, name: str, position: int, value: Any) -> float:
    """A float argument; 0-d tensors count."""
    if isinstance(value, str) or not hasattr(value, "__float__"):
        raise errors.argument_must_be(function, name, position, "float", value)
    return float(value)


def generator(given: Any) -> Generator:
    """The generator to draw from.  Raises RuntimeError where ``vmap`` forbids random numbers."""
    if mode.state & TRANSFORM:
        from ..func.batching import random_levels

        random_levels()
    if given is None:
        return default_generator
    if not isinstance(given, Generator):
        raise TypeError(f"argument 'generator' must be torch.Generator, not {type(given).__name__}")
    return given


def can_require_grad(d: dtype, requires_grad: bool) -> None:
    if requires_grad and d.category < dtypes.FLOAT:
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")


def output(function: str, out: Tensor, wanted: dtype | None) -> None:
    if wanted is not None and wanted is not out.dtype:
        raise RuntimeError(
            f"dtype {errors.scalar_type(wanted)} does not match dtype of out parameter "
            f"({errors.scalar_type(out.dtype)})"
        )
    if mode.state & RECORD and out.requires_grad:
        raise RuntimeError(
            f"aten::{function}(): functions with out=... arguments don't support automatic "
            "differentiation, but one of the arguments requires grad."
        )


def floating(kernel: str, d: dtype, complex_too: bool = False) -> None:
    if not (d.is_floating_point or (complex_too and d.is_complex)):
        raise errors.not_implemented_for(kernel, d)


def real(kernel: str, d: dtype, bool_too: bool = True) -> None:
    """Kernels of every dtype but complex and the unsigned ones that PyTorch half supports."""
    if d.is_complex or d.name in _BAREBONES or (d.name == "bool" and not bool_too):
        raise errors.not_implemented_for(kernel, d)


def continuous(name: str, d: dtype, spelled: str) -> None:
    if not d.is_floating_point:
        raise RuntimeError(
            f"{name} distribution is a continuous probability distribution. dtype must be a "
            f"floating point but you specified {spelled}"
        )


def normal_std(std: float) -> None:
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")


def positive(function: str, name: str, value: float) -> None:
    if not value > 0:
        raise RuntimeError(f"{function} expects {name} > 0.0, but found {name}={value:g}")


def probability(p: float) -> None:
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")


def probabilities(p: np.ndarray) -> None:
    if not ((p >= 0) & (p <= 1)).all():
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message "
            "be improved?  If so, please report an enhancement request to PyTorch.)"
        )


def uniform_bounds(low: float, high: float, d: dtype) -> None:
    limits = dtypes.finfo(d)
    for name, value in (("from", low), ("to", high)):
        if not limits.min <= value <= limits.max:
            raise RuntimeError(f"{name} is out of bounds for {errors.c_type(d)}")
    if low > high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}"
        )
    if high - low > limits.max:
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{errors.scalar_type(d)}>::max(), but "
            f"found to={high:g} and from={low:g} which result in to-from to exceed the limit"
        )


def integer_range(low: int, high: int | None, d: dtype) -> tuple[int, int]:
    """(first, count) of the integers from `low` to `high` - 1 that `d` can hold.

    Without `high`: up to the largest of `d` (of a float: 2 to the length of its significand).
    """
    if high is None:
        return _open_range(low, d)
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    if d.is_floating_point:
        low, high = _next_held(low, d, up=True), _next_held(high, d, up=False)
        if low >= high:
            raise RuntimeError(
                "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but "
                f"got from={low} >= to={high}"
            )
    _within(low, high - 1, d)
    return low, high - low


def _open_range(low: int, d: dtype) -> tuple[int, int]:
    if d.is_floating_point:
        last, low = 2 ** DIGITS[d.name], _next_held(low, d, up=True)
        if low >= last:
            raise RuntimeError(
                "random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' "
                f"casted to dtype, but got from={low} > to_inc={last}"
            )
    elif d.is_complex:
        raise RuntimeError(
            "random_from_to_impl handles only integral, floating-point and boolean types"
        )
    else:
        last = 1 if d.name == "bool" else min(int(np.iinfo(d.numpy).max), int(_INT64.max))
    _within(low, last, d)
    return low, last - low + 1


def _next_held(bound: int, d: dtype, up: bool) -> int:
    """`bound`, or the nearest integer inside it that `d` holds, where rounding would leave it."""
    inner = bound + 1 if up else bound - 1
    held = np.float64(inner) if d is dtypes.float64 else np.float32(inner).astype(d.numpy)
    if not np.isfinite(held):
        return bound
    rounded = int(held)
    if rounded < bound if up else rounded >= bound:
        step = 1 << max(abs(inner).bit_length() - DIGITS[d.name], 0)
        return rounded + step if up else rounded - step
    return bound


def _within(low: int, last: int, d: dtype) -> None:
    """Whether both ends fit `d`; warns where a float cannot hold all integers between."""
    if d.is_complex:
        raise RuntimeError(
            "check_random_bounds handles only integral, floating-point and boolean types"
        )
    least: float
    most: float
    if d.name == "bool":
        least, most = 0, 1
    elif d.is_floating_point:
        least, most = dtypes.finfo(d).min, dtypes.finfo(d).max
    else:
        least, most = np.iinfo(d.numpy).min, min(np.iinfo(d.numpy).max, _INT64.max)
    for name, value in (("from", low), ("to - 1", last)):
        if not least <= value <= most:
            raise RuntimeError(f"{name} is out of bounds for {errors.c_type(d)}")
        digits = DIGITS.get(d.name)
        if digits is not None and abs(value) > 2**digits:
            warnings.warn(
                f"{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision "
                f"limitations {errors.c_type(d)} can support discrete uniform distribution only "
                "within this range. This warning will become an error in version 1.7 release, "
                "please fix the code in advance",
                UserWarning,
                stacklevel=6,
            )


def multinomial(p: np.ndarray, d: dtype, n: int, replacement: bool) -> None:
    if not 1 <= p.ndim <= 2:
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if not d.is_floating_point:
        raise RuntimeError(
            "multinomial only supports floating-point dtypes for input, got: "
            f"{errors.scalar_type(d)}"
        )
    if n <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and n > p.shape[-1]:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
        )
    if p.shape[-1] > 2**24:
        raise RuntimeError("number of categories cannot exceed 2^24")
    if p.size and not ((p >= 0) & (p < np.inf)).all():
        if replacement and n > 1:  # only then does PyTorch draw one by one
            first = p.reshape(-1)[~((p >= 0) & (p < np.inf)).reshape(-1)][0]
            entry = "= infinity or NaN" if first == np.inf else "< 0"
            raise RuntimeError(
                f"invalid multinomial distribution (encountering probability entry {entry})"
            )
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if p.size and (p.astype(np.float64).sum(axis=-1) == 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
