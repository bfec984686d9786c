"""From random words to random numbers: PyTorch's CPU samplers, on flat arrays.

Each function draws `n` numbers from a :class:`~reference_impl.random.Generator` and returns a flat
array, in the order in which PyTorch's kernels fill memory.  Results are equal to PyTorch's to the
last bit on x86: the transcendental functions are the C library's, as in PyTorch's scalar kernels,
or Cephes' in ``normal`` (``cephes.py``), and multiply-adds are fused where its compiler fuses them.

Source: aten/src/ATen/native/cpu/DistributionTemplates.h, core/TransformationHelper.h.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from . import cephes

if TYPE_CHECKING:
    from ..random import Generator

_TWO_PI = 2.0 * math.pi


def fused_multiply_add(a: np.ndarray, b: float, c: float) -> np.ndarray:
    """Compute a * b + c in float64 with one rounding: Dekker's split product, then two sums."""
    split = 134217729.0  # 2^27 + 1 halves the 53 bits of a double
    t = split * a
    a_high = t - (t - a)
    b_high = split * b - (split * b - b)
    a_low, b_low = a - a_high, b - b_high
    product = a * b
    rest = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    total = product + c
    shifted = total - product
    return total + ((product - (total - shifted)) + (c - shifted) + rest)


def _cast(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Doubles to `dtype`; PyTorch rounds to half precision by way of float32."""
    return (values.astype(np.float32) if dtype.itemsize == 2 else values).astype(dtype)


def _exactly(function: Callable[[float], float], x: np.ndarray) -> np.ndarray:
    """The C library's function: NumPy's own vectorised ones may differ in the last bit."""
    return np.fromiter(map(function, x.tolist()), np.float64, x.size)


def uniform(
    generator: Generator, n: int, dtype: np.dtype, low: float = 0.0, high: float = 1.0
) -> np.ndarray:
    """Numbers in [low, high)."""
    work = np.float64 if dtype == np.float64 else np.float32
    draw = generator.uniform_53 if dtype == np.float64 else generator.uniform_24
    start, width = work(low), work(high) - work(low)
    values = draw(n)
    if start == 0 and width == 1 and values.dtype == dtype:
        return values
    if work is np.float64:
        result = fused_multiply_add(values, float(width), float(start))
    else:
        result = (values * np.float64(width) + np.float64(start)).astype(work).astype(dtype)
    result[result == dtype.type(high)] = dtype.type(low)  # rounding may have reached `high`
    return result


def normal(
    generator: Generator,
    n: int,
    dtype: np.dtype,
    mean: float = 0.0,
    std: float = 1.0,
    contiguous: bool = True,
) -> np.ndarray:
    """Normal numbers.  From 16 contiguous elements on PyTorch fills blocks of 16 at once."""
    if n < 16 or not contiguous:
        return _cast(_normal_one_by_one(generator, n, mean, std), dtype)
    if dtype == np.float64:
        return _fill_blocks(generator.uniform_53, n, lambda u: _box_muller_64(u, mean, std))
    values = _fill_blocks(
        generator.uniform_24,
        n,
        lambda u: _box_muller_32(u, np.float32(mean), np.float32(std)),
        draws_tail_first=dtype == np.float32,
    )
    return values.astype(dtype)


def _normal_one_by_one(generator: Generator, n: int, mean: float, std: float) -> np.ndarray:
    """Box-Muller in doubles; the second number of a pair waits in the generator."""
    values = []
    if n and generator.spare_normal is not None:
        values.append(generator.spare_normal)
        generator.spare_normal = None
    pairs = generator.uniform_53(2 * ((n - len(values) + 1) // 2)).tolist()
    for u1, u2 in zip(pairs[::2], pairs[1::2], strict=True):
        radius = math.sqrt(-2.0 * math.log1p(-u2))
        values += (radius * math.cos(_TWO_PI * u1), radius * math.sin(_TWO_PI * u1))
    if len(values) > n:
        generator.spare_normal = values.pop()
    return fused_multiply_add(np.array(values, np.float64), std, mean)


def _fill_blocks(
    draw: Callable[[int], np.ndarray],
    n: int,
    transform: Callable[[np.ndarray], np.ndarray],
    draws_tail_first: bool = True,
) -> np.ndarray:
    """Blocks of 16 uniform numbers, each turned into 16 normal ones.

    Where `n` is not a multiple of 16, the last 16 elements are drawn anew and replace what was
    there.  Half-precision kernels never draw the incomplete block in the first place.
    """
    whole, tail = n - n % 16, n % 16
    if tail and draws_tail_first:
        values = draw(n)
        values = np.concatenate([transform(values[:whole]), values[whole:]])
    else:
        values = np.concatenate([transform(draw(whole)), np.empty(tail, draw(0).dtype)])
    if tail:
        values[-16:] = transform(draw(16))
    return values


def _box_muller_32(u: np.ndarray, mean: np.float32, std: np.float32) -> np.ndarray:
    u = u.reshape(-1, 2, 8)
    radius = np.sqrt(np.float32(-2) * cephes.log(np.float32(1) - u[:, 0]))
    sine, cosine = cephes.sin_cos(np.float32(_TWO_PI) * u[:, 1])
    standard = np.stack([radius * cosine, radius * sine], axis=1).reshape(-1)
    return (standard * np.float64(std) + np.float64(mean)).astype(np.float32)


def _box_muller_64(u: np.ndarray, mean: float, std: float) -> np.ndarray:
    u = u.reshape(-1, 2, 8)
    radius = np.sqrt(-2.0 * _exactly(math.log, 1.0 - u[:, 0].reshape(-1)))
    theta = _TWO_PI * u[:, 1].reshape(-1)
    pairs = (radius * _exactly(math.cos, theta), radius * _exactly(math.sin, theta))
    standard = np.stack([p.reshape(-1, 8) for p in pairs], axis=1).reshape(-1)
    return fused_multiply_add(standard, std, mean)


def log_normal(
    generator: Generator, n: int, dtype: np.dtype, mean: float = 1.0, std: float = 2.0
) -> np.ndarray:
    return _cast(_exactly(_exp, _normal_one_by_one(generator, n, mean, std)), dtype)


def _exp(x: float) -> float:
    """C's exp: Python's raises where the result overflows."""
    return math.exp(x) if x <= 709.782712893384 else math.inf


def exponential(generator: Generator, n: int, dtype: np.dtype, lambd: float = 1.0) -> np.ndarray:
    return _cast(-1.0 / lambd * _exactly(math.log1p, -generator.uniform_53(n)), dtype)


def cauchy(
    generator: Generator, n: int, dtype: np.dtype, median: float = 0.0, sigma: float = 1.0
) -> np.ndarray:
    tangent = _exactly(math.tan, math.pi * (generator.uniform_53(n) - 0.5))
    return _cast(fused_multiply_add(tangent, sigma, median), dtype)


def geometric(generator: Generator, n: int, dtype: np.dtype, p: float) -> np.ndarray:
    u = generator.uniform_53(n)
    logs = _exactly(lambda x: math.log(x) if x else -math.inf, u)
    return _cast(np.ceil(logs / math.log1p(-p)), dtype)


def bernoulli(generator: Generator, n: int, dtype: np.dtype, p: float) -> np.ndarray:
    """Ones with probability `p`; also the mask that dropout multiplies by."""
    return (generator.uniform_53(n) < p).astype(dtype)


def bernoulli_each(generator: Generator, p: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Ones with the probability that stands in `p`, a flat array of floats."""
    if p.dtype == np.float64:
        return (generator.uniform_53(p.size) < p).astype(dtype)
    return (generator.uniform_24(p.size) < p.astype(np.float32)).astype(dtype)


def integers(generator: Generator, n: int, dtype: np.dtype, low: int, count: int) -> np.ndarray:
    """Integers from `low` on, `count` of them: a remainder, of 64 bits from 2^28 on."""
    if count >= 2**28:
        values = (
            generator.words_64(n) % np.uint64(count) if count < 2**64 else generator.words_64(n)
        )
    else:
        values = (generator.words(n) % np.uint32(count)).astype(np.uint64)
    return _cast((values + np.uint64(low % 2**64)).astype(np.int64), dtype)


def full_range(generator: Generator, n: int, dtype: np.dtype, digits: int) -> np.ndarray:
    """What ``random_()`` draws without bounds.

    Integers: from 0 to the largest of `dtype`.  Floats: from 0 to 2^digits, where `digits` is the
    length of the significand.
    """
    wide = dtype in (np.dtype(np.int64), np.dtype(np.float64))
    words = generator.words_64(n) if wide else generator.words(n)
    if dtype == np.bool_:
        return (words & np.uint32(1)).astype(np.bool_)
    count = int(np.iinfo(dtype).max) + 1 if dtype.kind in "iu" else 2**digits + 1
    return (words % words.dtype.type(count)).astype(dtype)


def permutation(generator: Generator, n: int) -> np.ndarray:
    """A shuffle of 0 … n - 1 (Fisher and Yates, from the front), int64."""
    remaining = np.arange(n, 1, -1, dtype=np.uint32)
    jumps = (generator.words(max(n - 1, 0)) % remaining).tolist()
    order = list(range(n))
    for i, jump in enumerate(jumps):
        order[i], order[i + jump] = order[i + jump], order[i]
    return np.array(order, np.int64)
