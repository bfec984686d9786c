"""The same seed means the same numbers, to the last bit, in PyTorch and in the reference."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from reference_impl.ops import discrete, samplers
from reference_impl.random import Generator

torch = pytest.importorskip("torch", reason="needs PyTorch, which is not installed")

FLOATS = {
    np.dtype(np.float32): torch.float32,
    np.dtype(np.float64): torch.float64,
    np.dtype(np.float16): torch.float16,
    np.dtype(ml_dtypes.bfloat16): torch.bfloat16,
}
INTEGERS = {np.dtype(n): getattr(torch, n) for n in ("int64", "int32", "int16", "int8", "uint8")}
INTEGERS[np.dtype(np.bool_)] = torch.bool
DIGITS = {torch.float32: 24, torch.float64: 53, torch.float16: 11, torch.bfloat16: 8}
SIZES = (0, 1, 2, 7, 15, 16, 17, 31, 32, 100, 623, 1250)


def array(tensor):
    if tensor.dtype is torch.bfloat16:
        return tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return tensor.numpy()


def assert_same_bits(ours, theirs):
    theirs = array(theirs).reshape(ours.shape)
    assert ours.dtype == theirs.dtype
    assert ours.tobytes() == theirs.tobytes()


def seeded(seed):
    torch.manual_seed(seed)
    return Generator().manual_seed(seed)


CONTINUOUS = {
    "uniform": (lambda g, n, d: samplers.uniform(g, n, d), lambda t: t.uniform_()),
    "uniform of a range": (
        lambda g, n, d: samplers.uniform(g, n, d, -0.37, 0.91),
        lambda t: t.uniform_(-0.37, 0.91),
    ),
    "uniform of a wide range": (
        lambda g, n, d: samplers.uniform(g, n, d, -7, 1000),
        lambda t: t.uniform_(-7, 1000),
    ),
    "normal": (lambda g, n, d: samplers.normal(g, n, d), lambda t: t.normal_()),
    "normal with mean and std": (
        lambda g, n, d: samplers.normal(g, n, d, 0.3, 1.7),
        lambda t: t.normal_(0.3, 1.7),
    ),
    "log-normal": (
        lambda g, n, d: samplers.log_normal(g, n, d, 0.2, 3.0),
        lambda t: t.log_normal_(0.2, 3.0),
    ),
    "log-normal that overflows": (
        lambda g, n, d: samplers.log_normal(g, n, d, 708.0, 3.0),
        lambda t: t.log_normal_(708.0, 3.0),
    ),
    "exponential": (
        lambda g, n, d: samplers.exponential(g, n, d, 1.3),
        lambda t: t.exponential_(1.3),
    ),
    "cauchy": (lambda g, n, d: samplers.cauchy(g, n, d, 0.2, 3.0), lambda t: t.cauchy_(0.2, 3.0)),
    "geometric": (lambda g, n, d: samplers.geometric(g, n, d, 0.2), lambda t: t.geometric_(0.2)),
    "bernoulli": (lambda g, n, d: samplers.bernoulli(g, n, d, 0.2), lambda t: t.bernoulli_(0.2)),
}


@pytest.mark.parametrize("name", CONTINUOUS)
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_floats_of_every_size_and_what_is_drawn_after_them(name, dtype):
    ours, theirs = CONTINUOUS[name]
    for n in SIZES:
        for seed in (0, 2**40 + 7):
            generator = seeded(seed)
            for _ in range(2):
                drawn = ours(generator, n, dtype)
                assert_same_bits(drawn, theirs(torch.empty(n, dtype=FLOATS[dtype])))
            after = torch.randn(3, dtype=torch.float64)  # the stream goes on at the same place
            assert_same_bits(samplers.normal(generator, 3, np.dtype(np.float64)), after)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_normal_numbers_in_strided_memory_are_drawn_one_by_one(dtype):
    for n in (5, 16, 40):
        generator = seeded(1)
        drawn = samplers.normal(generator, n, dtype, 0.3, 1.7, contiguous=False)
        assert_same_bits(drawn, torch.empty(2 * n, dtype=FLOATS[dtype])[::2].normal_(0.3, 1.7))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_a_probability_for_each_element(dtype):
    p = torch.linspace(0, 1, 50).to(FLOATS[dtype])
    assert_same_bits(samplers.bernoulli_each(seeded(2), array(p), dtype), torch.bernoulli(p))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_integers_in_floats(dtype):
    digits = DIGITS[FLOATS[dtype]]
    drawn = samplers.full_range(seeded(3), 20, dtype, digits)
    assert_same_bits(drawn, torch.empty(20, dtype=FLOATS[dtype]).random_())


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_integers(dtype):
    ranges = [(0, 10), (-5, 100), (0, 2**28 - 1), (0, 2**28), (3, 2**40), (-(2**63), 2**63 - 1)]
    if dtype == np.bool_:
        ranges = [(0, 1), (0, 2), (1, 2)]
    else:
        limits = np.iinfo(dtype)
        ranges = [(a, b) for a, b in ranges if limits.min <= a and b - 1 <= limits.max]
    for low, high in ranges:
        drawn = samplers.integers(seeded(4), 50, dtype, low, high - low)
        assert_same_bits(drawn, torch.randint(low, high, (50,), dtype=INTEGERS[dtype]))
    drawn = samplers.full_range(seeded(5), 50, dtype, 0)
    assert_same_bits(drawn, torch.empty(50, dtype=INTEGERS[dtype]).random_())


@pytest.mark.parametrize("n", [0, 1, 2, 10, 1000])
def test_permutations(n):
    assert_same_bits(samplers.permutation(seeded(6), n), torch.randperm(n))


@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 2, 7, 30])
def test_categories(replacement, dtype, n):
    p = torch.rand(3, 30, dtype=FLOATS[np.dtype(dtype)])
    drawn = discrete.categories(seeded(7), p.numpy(), n, replacement)
    assert_same_bits(drawn, torch.multinomial(p, n, replacement))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_poisson_counts(dtype):
    rates = torch.tensor([0.0, 0.1, 1.0, 5.5, 9.99, 10.0, 33.3, 1e4], dtype=FLOATS[np.dtype(dtype)])
    rates = rates.repeat(50)
    drawn = discrete.poisson(seeded(8), rates.numpy()).astype(dtype)
    assert_same_bits(drawn, torch.poisson(rates))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_binomial_counts(dtype):
    d = FLOATS[np.dtype(dtype)]
    counts = torch.tensor([0.0, 1, 5, 20, 100, 1000], dtype=d).repeat(60)
    chances = torch.tensor([0.0, 0.05, 0.3, 0.5, 0.8, 0.99, 1.0], dtype=d).repeat(60)[:360]
    drawn = discrete.binomial(seeded(9), counts.numpy(), chances.numpy()).astype(dtype)
    assert_same_bits(drawn, torch.binomial(counts, chances))


def test_the_state_is_that_of_pytorch_byte_for_byte():
    for draws in (0, 1, 5, 623, 624, 625, 2000):
        generator = seeded(11)
        generator.words(draws)
        torch.empty(draws, dtype=torch.int32).random_()
        assert_same_bits(generator.get_state()._data, torch.get_rng_state())
    samplers.normal(generator, 3, np.dtype(np.float32))
    torch.randn(3)
    assert_same_bits(generator.get_state()._data, torch.get_rng_state())


def test_a_state_of_pytorch_continues_here():
    from reference_impl.tensor import wrap

    torch.manual_seed(12)
    for draws in (0, 3, 621, 1000):
        torch.randn(3)
        torch.rand(draws)
        generator = Generator().set_state(wrap(torch.get_rng_state().numpy().copy()))
        drawn = samplers.normal(generator, 5, np.dtype(np.float64))
        assert_same_bits(drawn, torch.randn(5, dtype=torch.float64))
        assert generator.initial_seed() == torch.initial_seed()
