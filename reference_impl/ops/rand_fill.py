"""Filling tensors with random numbers: ``uniform_``, ``normal_`` and the other in-place samplers.

The numbers come from ``samplers.py``.  A tensor is filled in the order of its memory, whatever the
order of its dimensions.  A random fill does not depend on what was there: its gradient is zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import backend, dtypes, errors
from ..dtypes import dtype
from ..layout import shares_elements
from ..op import op
from ..random import Generator
from ..tensor import Tensor
from . import rand_checks as check
from . import samplers
from .rules import zeros

# (generator, n, dtype, contiguous) -> n numbers
Draw = Callable[[Generator, int, np.dtype, bool], np.ndarray]


def memory_order(array: Any) -> list[int]:
    """The dimensions from the slowest to the fastest in memory."""
    moving = [i for i in range(array.ndim) if array.shape[i] != 1]
    order = sorted(moving, key=lambda i: -array.strides[i])
    return [i for i in range(array.ndim) if array.shape[i] == 1] + order


def drawn_like(array: Any, generator: Any, draw: Draw) -> Any:
    """Numbers in the shape, dtype and memory order of `array`, on its device."""
    if shares_elements(array):
        raise errors.overlapping_write()
    contiguous = bool(array.flags.c_contiguous)
    flat = draw(check.generator(generator), array.size, array.dtype, contiguous)
    order = memory_order(array)
    laid_out = flat.reshape([array.shape[i] for i in order]).transpose(np.argsort(order))
    return backend.move(laid_out, backend.device_of(array))


# ---------------------------------------------------------------- draws of a dtype


def _of_parts(draw: Draw) -> Draw:
    """A draw for complex numbers too: their real and imaginary parts in turn."""

    def parts(generator: Generator, n: int, storage: np.dtype, contiguous: bool) -> np.ndarray:
        if storage.kind != "c":
            return draw(generator, n, storage, contiguous)
        half = np.dtype(f"f{storage.itemsize // 2}")
        return draw(generator, 2 * n, half, contiguous).view(storage)

    return parts


def uniform(d: dtype, low: float, high: float) -> Draw:
    """Raises NotImplementedError for an integer `d`, RuntimeError for bounds it cannot hold."""
    check.floating("check_uniform_bounds", d, complex_too=True)
    check.uniform_bounds(low, high, d.to_real())
    return _of_parts(lambda g, n, s, _: samplers.uniform(g, n, s, low, high))


def normal(d: dtype, mean: float, std: float) -> Draw:
    """Raises NotImplementedError for an integer `d`, RuntimeError for a negative `std`."""
    check.normal_std(std)
    check.floating("normal_kernel_cpu", d, complex_too=True)
    if d.is_complex:  # the variance is shared between the two parts
        std /= np.sqrt(2.0)
    return _of_parts(lambda g, n, s, contiguous: samplers.normal(g, n, s, mean, std, contiguous))


def integers(d: dtype, low: int, high: int | None) -> Draw:
    """Raises RuntimeError for an empty range or bounds that `d` cannot hold."""
    first, count = check.integer_range(low, high, d)
    return lambda g, n, s, _: samplers.integers(g, n, s, first, count)


def bernoulli_each(p: Any, generator: Any, like: Any) -> Any:
    """Ones with the probabilities `p`, in the shape, dtype and memory order of `like`."""
    check.floating("bernoulli_tensor_cpu_p_", dtypes.of(p.dtype))
    flat = backend.move(p, backend.CPU).transpose(memory_order(like)).reshape(-1)
    check.probabilities(flat)
    return drawn_like(like, generator, lambda g, n, s, _: samplers.bernoulli_each(g, flat, s))


# ---------------------------------------------------------------- in-place methods


@op(self=zeros, name="uniform", inplace="only", function=False)
def _uniform(xp: Any, self: Any, from_: Any = 0, to: Any = 1, *, generator: Any = None) -> Any:
    """Fill with numbers from [from, to)."""
    low, high = check.number("uniform_", "from", 1, from_), check.number("uniform_", "to", 2, to)
    return drawn_like(self, generator, uniform(dtypes.of(self.dtype), low, high))


@op(self=zeros, name="normal", inplace="only", function=False)
def _normal(xp: Any, self: Any, mean: Any = 0, std: Any = 1, *, generator: Any = None) -> Any:
    """Fill with normal numbers."""
    m, s = check.number("normal_", "mean", 1, mean), check.number("normal_", "std", 2, std)
    return drawn_like(self, generator, normal(dtypes.of(self.dtype), m, s))


@op(self=zeros, name="log_normal", inplace="only", function=False)
def _log_normal(xp: Any, self: Any, mean: Any = 1, std: Any = 2, *, generator: Any = None) -> Any:
    """Fill with exponentials of normal numbers."""
    m, s = check.number("log_normal_", "mean", 1, mean), check.number("log_normal_", "std", 2, std)
    check.positive("log_normal_", "std", s)
    check.floating("log_normal_cpu", dtypes.of(self.dtype))
    return drawn_like(self, generator, lambda g, n, d, _: samplers.log_normal(g, n, d, m, s))


@op(self=zeros, name="exponential", inplace="only", function=False)
def _exponential(xp: Any, self: Any, lambd: Any = 1, *, generator: Any = None) -> Any:
    """Fill with waiting times of rate `lambd`."""
    rate, d = check.number("exponential_", "lambd", 1, lambd), dtypes.of(self.dtype)
    check.positive("exponential_", "lambda", rate)
    check.continuous("Exponential", d, errors.scalar_type(d))
    return drawn_like(self, generator, lambda g, n, s, _: samplers.exponential(g, n, s, rate))


@op(self=zeros, name="cauchy", inplace="only", function=False)
def _cauchy(xp: Any, self: Any, median: Any = 0, sigma: Any = 1, *, generator: Any = None) -> Any:
    """Fill with Cauchy numbers around `median`."""
    m, s = check.number("cauchy_", "median", 1, median), check.number("cauchy_", "sigma", 2, sigma)
    check.positive("cauchy_", "sigma", s)
    check.continuous("Cauchy", dtypes.of(self.dtype), errors.c_type(dtypes.of(self.dtype)))
    return drawn_like(self, generator, lambda g, n, d, _: samplers.cauchy(g, n, d, m, s))


@op(self=zeros, name="geometric", inplace="only", function=False)
def _geometric(xp: Any, self: Any, p: Any, *, generator: Any = None) -> Any:
    """Fill with the number of trials up to the first success, whose probability is `p`."""
    chance = check.number("geometric_", "p", 1, p)
    if not 0 < chance < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={chance:g}")
    check.real("geometric_cpu", dtypes.of(self.dtype), bool_too=False)
    return drawn_like(self, generator, lambda g, n, d, _: samplers.geometric(g, n, d, chance))


def _random_node(self: Any, from_: Any = None, to: Any = ..., *, generator: Any = None) -> str:
    return f"RandomBackward{2 if from_ is None else 1 if to is ... else 0}"


@op(self=zeros, name="random", inplace="only", function=False, node=_random_node)
def _random(xp: Any, self: Any, from_: Any = None, to: Any = ..., *, generator: Any = None) -> Any:
    """Fill with integers: ``random_()``, ``random_(to)`` or ``random_(from, to)``.

    Without bounds, from 0 to the largest of an integer dtype; of a float, to 2 to the length of its
    significand.
    """
    d = dtypes.of(self.dtype)
    bounds = [b for b in (from_, to) if b is not None and b is not ...]
    if not all(hasattr(b, "__index__") and not isinstance(b, bool) for b in bounds):
        raise check.invalid_combination("random_", bounds)
    if from_ is None:
        check.real("random_kernel_cpu", d)
        digits = check.DIGITS.get(d.name, 0)
        return drawn_like(self, generator, lambda g, n, s, _: samplers.full_range(g, n, s, digits))
    low, high = (0, from_) if to is ... else (from_, to)
    low = check.int64(int(low))
    if high is None and low == -(2**63):
        return drawn_like(self, generator, _all_64_bits(d))
    return drawn_like(self, generator, integers(d, low, high and check.int64(int(high))))


def _all_64_bits(d: dtype) -> Draw:
    if d.name not in ("int64", "float64", "float32", "bfloat16"):
        raise RuntimeError(
            "random_full_64_bits_range_kernel_cpu handles only int64, double, float and bfloat16"
        )
    return lambda g, n, s, _: samplers.integers(g, n, s, 0, 2**64)


def _bernoulli_node(self: Any, p: Any = 0.5, *, generator: Any = None) -> str:
    return f"BernoulliBackward{1 if isinstance(p, Tensor) else 2}"


@op(self=zeros, name="bernoulli", inplace="only", function=False, node=_bernoulli_node)
def _bernoulli(xp: Any, self: Any, p: Any = 0.5, *, generator: Any = None) -> Any:
    """Fill with ones of probability `p` (a number, or a tensor that broadcasts) and zeros."""
    d = dtypes.of(self.dtype)
    if hasattr(p, "strides"):
        check.real("bernoulli_tensor_cpu_self_", d)
        return bernoulli_each(_expanded(p, self.shape), generator, self)
    chance = check.number("bernoulli_", "p", 1, p)
    check.probability(chance)
    check.real("bernoulli_scalar_cpu_", d)
    return drawn_like(self, generator, lambda g, n, s, _: samplers.bernoulli(g, n, s, chance))


def _expanded(p: Any, shape: tuple[int, ...]) -> Any:
    padded = (1,) * (len(shape) - p.ndim) + p.shape
    for dim in reversed(range(len(shape))):
        if padded[dim] not in (1, shape[dim]):
            raise errors.cannot_expand(shape, p.shape, dim)
    return backend.xp_of(p).broadcast_to(p, shape)
