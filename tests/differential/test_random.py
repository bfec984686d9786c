"""Random sampling on tensors: values, dtypes, strides, graph nodes, warnings and refusals."""

from __future__ import annotations

import re
import warnings

import pytest

import reference_impl

torch = pytest.importorskip("torch", reason="needs PyTorch, which is not installed")

VALUES = """
torch.rand(())
torch.rand([])
torch.rand(2, 3)
torch.rand((2, 3))
torch.rand(size=(2,))
torch.rand(torch.tensor(2))
torch.rand(3, dtype=torch.float64)
torch.rand(3, dtype=torch.float16)
torch.rand(3, dtype=torch.bfloat16)
torch.rand(3, dtype=torch.complex64)
torch.rand(3, dtype=torch.complex128)
torch.rand(2, 3, dtype=None, device="cpu", generator=None, requires_grad=True)
torch.rand(2, generator=torch.Generator().manual_seed(5))
torch.rand(2, out=torch.empty(5))
torch.rand(2, 3, out=torch.empty(3, 2).t())
torch.rand(2, out=torch.empty(2, dtype=torch.float64))
torch.randn(2, 3)
torch.randn(5, 7)
torch.randn(16, dtype=torch.float64)
torch.randn(17, dtype=torch.float16)
torch.randn(3, dtype=torch.complex64)
torch.randn(20, dtype=torch.complex128)
torch.randint(10, [3])
torch.randint(-5, 10, (2, 3))
torch.randint(low=1, high=3, size=(3,))
torch.randint(high=3, size=(3,))
torch.randint(torch.tensor(3), (2,))
torch.randint(0, 2**63 - 1, (3,))
torch.randint(3, (2,), dtype=torch.float64)
torch.randint(0, 2**25, (3,), dtype=torch.float32)
torch.randint(0, 258, (2,), dtype=torch.bfloat16)
torch.randint(0, 2, (4,), dtype=torch.bool)
torch.randint(0, 256, (4,), dtype=torch.uint8)
torch.randint(0, 10**6, (2,), dtype=torch.uint32)
torch.randperm(0)
torch.randperm(7)
torch.randperm(n=3, dtype=torch.float16)
torch.randperm(128, dtype=torch.int8)
torch.randperm(torch.tensor(3))
torch.randperm(5, out=torch.empty(5, dtype=torch.int32))
torch.rand_like(x)
torch.rand_like(x.t())
torch.rand_like(x[:, :2].t())
torch.rand_like(r())
torch.rand_like(x, dtype=torch.float64, requires_grad=True)
torch.rand_like(x, generator=torch.Generator())
torch.rand_like(x.t(), memory_format=torch.contiguous_format)
torch.randn_like(torch.ones(3, 7).t())
torch.randn_like(torch.ones(3, 4, dtype=torch.complex64).t())
torch.randint_like(x, 5)
torch.randint_like(x, 2, 5)
torch.randint_like(x.t(), 3)
torch.randint_like(i, 5, dtype=torch.float32)
torch.normal(0, 1, (2,))
torch.normal(0.5, 2.0, size=(20,), dtype=torch.float64)
torch.normal(x)
torch.normal(x, 2.0)
torch.normal(x, torch.ones(3))
torch.normal(mean=0.5, std=torch.arange(1.0, 4.0))
torch.normal(torch.ones(20, 3), torch.ones(3))
torch.normal(torch.ones(2, dtype=torch.complex64), 1.0)
torch.normal(torch.ones(3, dtype=torch.half), torch.ones(3))
torch.normal(x, 2.0, out=torch.empty(2, 3))
torch.normal(r(), 1.0)
torch.normal(0.0, r())
torch.normal(r(), r())
torch.bernoulli(f)
torch.bernoulli(f, 0.5)
torch.bernoulli(f.t())
torch.bernoulli(f.double())
torch.bernoulli(r())
f.bernoulli()
torch.multinomial(f, 2)
torch.multinomial(f, 5, replacement=True)
torch.multinomial(f[0], 1)
torch.multinomial(x[:0], 1)
torch.multinomial(r(), num_samples=2, replacement=True)
torch.poisson(x * 20)
torch.poisson(torch.full((4,), 3.0))
torch.poisson(r())
torch.binomial(x * 20, f)
x.clone().uniform_()
x.clone().uniform_(-2, 3)
x.clone().uniform_(torch.tensor(0.0), to=torch.tensor(2.0))
x.clone().normal_(mean=1, std=2, generator=None)
x.clone().exponential_(lambd=2.5)
x.clone().log_normal_(0, 0.5)
x.clone().cauchy_(0, 0.5)
x.clone().geometric_(0.3)
x.clone().random_()
x.clone().random_(5)
x.clone().random_(2, 5)
x.clone().random_(0, 2**60)
i.clone().random_()
i.clone().random_(3, None)
i.clone().random_(-2**63, None)
torch.ones(3).random_(-2**63, None)
torch.ones(3, dtype=torch.uint8).random_()
torch.ones(3, dtype=torch.int8).geometric_(0.01)
x.clone().bernoulli_()
x.clone().bernoulli_(0.3)
x.clone().bernoulli_(torch.full((3,), 0.5))
i.clone().bernoulli_(f[0])
torch.rand(2, 3, 5)[:, :, ::2].random_(5)
torch.ones(4, 9).t().normal_()
torch.ones(40)[::2].normal_()
r().uniform_()
r().normal_()
r().bernoulli_()
r().bernoulli_(torch.ones(3))
r().random_()
r().random_(5)
r().random_(1, 5)
r().exponential_()
r().cauchy_()
r().log_normal_()
r().geometric_(0.5)
"""

REFUSALS = """
torch.rand()
torch.rand(-2, 3)
torch.rand(2.0)
torch.rand([2.5])
torch.rand((2, 'a'))
torch.rand(2, None)
torch.rand((2, 3), 4)
torch.rand(2, size=(2,))
torch.rand(2, dtype="float32")
torch.rand(2, foo=1)
torch.rand(2, generator=3)
torch.rand(3, dtype=torch.int64)
torch.rand(2, out=torch.empty(2), dtype=torch.float64)
torch.rand(3, out=torch.empty(3, requires_grad=True))
torch.rand(2, device="foo")
torch.randn(3, dtype=torch.bool)
torch.randint(10)
torch.randint(10, 3)
torch.randint(5, 5, (3,))
torch.randint(0.5, 3, (3,))
torch.randint(0, 2**63, (3,))
torch.randint(-1, 3, (3,), dtype=torch.uint8)
torch.randint(0, 300, (3,), dtype=torch.uint8)
torch.randint(0, 10**6, (2,), dtype=torch.int16)
torch.randint(0, 10**6, (2,), dtype=torch.uint16)
torch.randint(0, 3, (3,), dtype=torch.bool)
torch.randint(0, 70000, (3,), dtype=torch.float16)
torch.randint(-70000, 0, (2,), dtype=torch.half)
torch.randint(0, 10, (2,), dtype=torch.complex64)
torch.randint(0, 3, (3,), requires_grad=True)
torch.randperm(-1)
torch.randperm(2.5)
torch.randperm(True)
torch.randperm(300, dtype=torch.uint8)
torch.randperm(3000, dtype=torch.float16)
torch.randperm(5, dtype=torch.bool)
torch.rand_like(3)
torch.rand_like(x, dtype=torch.int64)
torch.randint_like(x, 5, 2)
torch.normal(0, 1)
torch.normal(0.0, 1.0, 3)
torch.normal(x, 1 + 0j)
torch.normal(0.0, -1.0, size=(2,))
torch.normal(x, -x)
torch.normal(x, torch.ones(4))
torch.normal(torch.ones(2, dtype=torch.complex64), torch.ones(2, dtype=torch.complex64))
torch.normal(torch.ones(3, dtype=torch.int64), torch.ones(3))
torch.bernoulli(x * 2)
torch.bernoulli(i)
torch.bernoulli(x, p=2)
x.clone().bernoulli_(-1)
x.clone().bernoulli_(x * 2)
x.clone().bernoulli_(torch.ones(4))
x.clone().bernoulli_(i)
x.clone().uniform_(1, 0)
x.clone().uniform_(0, 1e40)
x.clone().uniform_(-3e38, 3e38)
x.clone().uniform_(float("nan"), 1)
x.clone().uniform_("a")
i.clone().uniform_()
x.clone().normal_(0, -1)
x.clone().normal_(0, float("nan"))
x.clone().exponential_(0)
i.clone().exponential_()
x.clone().log_normal_(0, 0)
i.clone().log_normal_()
x.clone().cauchy_(0, 0)
i.clone().cauchy_()
x.clone().geometric_(0)
x.clone().random_(5, 2)
x.clone().random_(2.5)
torch.ones(3).random_(2**30, None)
torch.ones(3, dtype=torch.int32).random_(-2**63, None)
torch.ones(3, dtype=torch.uint16).random_()
torch.ones(3, dtype=torch.complex64).random_()
torch.multinomial(x, 4)
torch.multinomial(x, 0)
torch.multinomial(x[None], 1)
torch.multinomial(torch.tensor(1.0), 1)
torch.multinomial(-x, 1)
torch.multinomial(0 * x, 1, True)
torch.multinomial(x / 0, 1)
torch.multinomial(i, 1)
torch.poisson(-x)
torch.poisson(i)
torch.ones(1).expand(3).uniform_()
torch.ones(3, requires_grad=True).uniform_()
"""


def lines(text):
    return [line for line in text.splitlines() if line]


def facts(value, package):
    if not isinstance(value, package.Tensor):
        return value
    strides = value.stride() if value.numel() else None
    place = (tuple(value.shape), strides, str(value.dtype), value.requires_grad)
    return repr(value), value.tolist(), *place


def outcome(expression, package):
    """What evaluating an expression gives: facts about the result, or the error; and warnings."""
    ones = package.ones
    names = {
        "x": ones(2, 3),
        "i": ones(3, dtype=package.int64),
        "f": package.full((2, 3), 0.25),
        "r": lambda: ones(3, requires_grad=True) * 0.5,
    }
    package.manual_seed(3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = facts(eval(expression, {"torch": package}, names), package)
        except Exception as error:
            result = type(error).__name__, str(error)
    said = [(w.category.__name__, re.sub(r" \(Triggered.*", "", str(w.message))) for w in caught]
    return result, said


@pytest.mark.parametrize("expression", lines(VALUES))
def test_the_same_numbers(expression):
    ours, theirs = outcome(expression, reference_impl), outcome(expression, torch)
    assert ours == theirs
    assert not isinstance(theirs[0][0], str) or not theirs[0][0].endswith("Error")


@pytest.mark.parametrize("expression", lines(REFUSALS))
def test_the_same_refusals(expression):
    ours, theirs = outcome(expression, reference_impl), outcome(expression, torch)
    assert theirs[0][0].endswith("Error")
    assert ours == theirs


def test_a_random_fill_has_no_gradient():
    results = []
    for package in (reference_impl, torch):
        leaf = package.ones(3, requires_grad=True)
        filled = (leaf * 2).uniform_()
        (filled.sum() + package.bernoulli(leaf).sum()).backward()
        results.append(leaf.grad.tolist())
    assert results == [[0.0, 0.0, 0.0]] * 2


def test_generators_are_pytorchs():
    for package in (reference_impl, torch):
        generator = package.Generator()
        assert generator.initial_seed() == 67280421310721
        assert generator.manual_seed(5) is generator
        assert str(generator.device) == "cpu"
    ours, theirs = (p.Generator().manual_seed(9) for p in (reference_impl, torch))
    first = reference_impl.rand(3, generator=ours).tolist()
    assert first == torch.rand(3, generator=theirs).tolist()
    assert ours.get_state().tolist() == theirs.get_state().tolist()
