"""Counts and categories: samplers that draw as many numbers as it takes.

Source: aten/src/ATen/native/Distributions.cpp, Distributions.h and cpu/MultinomialKernel.cpp.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .samplers import exponential

if TYPE_CHECKING:
    from ..random import Generator


def categories(generator: Generator, p: np.ndarray, n: int, replacement: bool) -> np.ndarray:
    """Indices drawn from the rows of `p` (rows, categories): int64 (rows, n)."""
    if replacement and n > 1:
        work = p.astype(np.float64 if p.dtype == np.float64 else np.float32)
        sums = np.cumsum(work, axis=1)
        sums /= sums[:, -1:].copy()
        sums[:, -1] = 1
        rows = [np.searchsorted(s.astype(np.float64), generator.uniform_53(n)) for s in sums]
        return np.array(rows, np.int64).reshape(len(p), n)
    # The Gumbel trick: the largest p / q with exponential q are a draw without replacement.
    waiting = exponential(generator, p.size, p.dtype).reshape(p.shape)
    ratio = (p / waiting).astype(np.float64)
    if n == 1:
        return ratio.argmax(axis=1)[:, None].astype(np.int64)
    return np.argsort(-ratio, axis=1, kind="stable")[:, :n].astype(np.int64)


def poisson(generator: Generator, rates: np.ndarray) -> np.ndarray:
    """Numbers of events at the given rates."""
    return np.array([_poisson(generator, rate) for rate in rates.tolist()], np.float64)


def _poisson(generator: Generator, rate: float) -> int:
    if not rate >= 0:
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    if rate == 0:
        return 0
    if rate >= 10:
        return _poisson_rejection(generator, rate)
    bound, product, events = math.exp(-rate), generator.uniform(), 0
    while product > bound:
        product *= generator.uniform()
        events += 1
    return events


def _poisson_rejection(generator: Generator, rate: float) -> int:
    """Transformed rejection (W. Hörmann, 1993, algorithm PTRS)."""
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    tight = 0.9277 - 3.6224 / (b - 2)
    while True:
        u = generator.uniform() - 0.5
        v = generator.uniform()
        distance = 0.5 - abs(u)
        if not distance:
            continue
        k = math.floor((2 * a / distance + b) * u + rate + 0.43)
        if distance >= 0.07 and v <= tight:
            return k
        if k < 0 or (distance < 0.013 and v > distance):
            continue
        accepted = _log(v) + math.log(inverse_alpha) - math.log(a / (distance * distance) + b)
        if accepted <= -rate + k * math.log(rate) - math.lgamma(k + 1):
            return k


def binomial(generator: Generator, counts: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Numbers of successes in `counts` trials, each of probability `chances`."""
    pairs = zip(counts.tolist(), chances.tolist(), strict=True)
    single = counts.dtype != np.float64
    return np.array([_binomial(generator, n, p, single) for n, p in pairs], np.float64)


def _binomial(generator: Generator, count: float, p: float, single: bool) -> float:
    """`single`: whether PyTorch would hold the arguments in single precision."""
    if count <= 0 or p <= 0:
        return 0.0
    if p >= 1:
        return count
    if math.isnan(p):
        return math.nan
    flipped = p > 0.5
    if flipped:
        p = float(np.float32(1.0 - p)) if single else 1.0 - p
    product = float(np.float32(count) * np.float32(p)) if single else count * p
    draw = _binomial_rejection if product >= 10 else _binomial_inversion
    successes = draw(generator, count, p)
    return count - successes if flipped else successes


def _binomial_inversion(generator: Generator, count: float, p: float) -> float:
    """Add up the trials until each next success, until they exceed `count`."""
    log_failure, trials, successes = math.log1p(-p), 0.0, 0.0
    while True:
        trials += math.ceil(_log(generator.uniform()) / log_failure)
        if trials > count:
            return successes
        successes += 1


def _binomial_rejection(generator: Generator, count: float, p: float) -> float:
    """Transformed rejection (W. Hörmann, 1993, algorithm BTRS)."""
    deviation = math.sqrt(count * p * (1 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    centre = count * p + 0.5
    tight = 0.92 - 4.2 / b
    odds = p / (1 - p)
    alpha = (2.83 + 5.1 / b) * deviation
    m = math.floor((count + 1) * p)
    while True:
        u = generator.uniform() - 0.5
        v = generator.uniform()
        distance = 0.5 - abs(u)
        if not distance:
            continue
        k = math.floor((2 * a / distance + b) * u + centre)
        if k < 0 or k > count:
            continue
        if distance >= 0.07 and v <= tight:
            return float(k)
        bound = (
            (m + 0.5) * math.log((m + 1) / (odds * (count - m + 1)))
            + (count + 1) * math.log((count - m + 1) / (count - k + 1))
            + (k + 0.5) * math.log(odds * (count - k + 1) / (k + 1))
            + _stirling_tail(m)
            + _stirling_tail(count - m)
            - _stirling_tail(k)
            - _stirling_tail(count - k)
        )
        if _log(v * alpha / (a / (distance * distance) + b)) <= bound:
            return float(k)


_TAILS = (
    0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509,
    0.0166446911898211, 0.0138761288230707, 0.0118967099458917, 0.0104112652619720,
    0.00925546218271273, 0.00833056343336287,
)  # fmt: skip


def _stirling_tail(k: float) -> float:
    """What Stirling's formula leaves of log(k!)."""
    if k < len(_TAILS):
        return _TAILS[int(k)]
    square = (k + 1) * (k + 1)
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)


def _log(x: float) -> float:
    """C's log: Python's raises at 0."""
    return math.log(x) if x > 0 else -math.inf
