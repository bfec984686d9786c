"""What programs commonly write around the mathematics: old names, numbers taken out of tensors,
the text of optimisers, errors that learners meet."""

from __future__ import annotations

import pytest

from .agree import assert_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
import itertools
import sys

import numpy as np

nn, optim, F, Variable = torch.nn, torch.optim, torch.nn.functional, torch.autograd.Variable
leaf = torch.tensor([1.0, 2.0], requires_grad=True)
one = torch.tensor(2.5, requires_grad=True)
x = torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
RandomSampler = torch.utils.data.RandomSampler

def seeded():
    return torch.Generator().manual_seed(0)

def seen(call, wanted):
    functions = []

    class Listener(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            functions.append(function)
            return super().__torch_function__(function, types, args, kwargs or {})

    call(torch.ones(2).as_subclass(Listener))
    return functions[0] is wanted, functions[0].__name__

def added(a, b, c):
    return c + a @ b

def row_added(a, b, c):
    return c[0] + a @ b

def rounded_once(dtype, made, exact):
    parts = [torch.randn(s, generator=seeded()).to(dtype) for s in ((5, 7), (7, 6), (5, 6))]
    wanted = exact(*(p.float() for p in parts)).to(dtype)
    return made(*parts).equal(wanted), exact(*parts).equal(wanted)

def drawn(fill, tensor, **options):
    generator = seeded()
    return fill(tensor, **options, generator=generator), torch.rand(1, generator=generator)
"""

TABLE = """
# Variables, as they were written before tensors could require grad
Variable(x)
Variable(x, requires_grad=True)
Variable(x, True)
Variable(data=x, requires_grad=True)
Variable(leaf)
Variable(leaf * 2)
Variable(leaf * 2, requires_grad=True)
Variable()
Variable(x, volatile=True)
Variable(torch.tensor([1, 2]))
Variable([1, 2])
Variable(1.5)
Variable("a")
Variable(x).data_ptr() == x.data_ptr()
isinstance(x, Variable), isinstance(nn.Parameter(x), Variable), isinstance(1, Variable)
issubclass(torch.Tensor, Variable)
Variable.__name__

# the old constructors keep the history of a tensor
torch.Tensor(leaf)
torch.FloatTensor(leaf * 2)

# numbers taken out of a tensor that requires grad
float(one)
complex(one)
int(one)
bool(one)
f"{one:.2f}"
"%.2f" % one
math.sqrt(one)
one.item()
torch.no_grad()(lambda: float(one))()
torch.no_grad()(lambda: torch.tensor([one, one]))()
float(one.detach())

# the text of an optimiser with several groups
repr(optim.SGD([{"params": [leaf]}, {"params": [one], "lr": 0.5}], lr=0.1))
repr(optim.Adam([leaf]))

# initialisers draw what PyTorch draws
drawn(nn.init.trunc_normal_, torch.empty(4, 8))
drawn(nn.init.trunc_normal_, torch.empty(64, 32), std=0.02)
drawn(nn.init.trunc_normal_, torch.empty(40), mean=1.0, std=2.0, a=0.0, b=1.0)
drawn(nn.init.trunc_normal_, torch.empty(5, 8).t(), std=3.0)
drawn(nn.init.trunc_normal_, torch.empty(40, dtype=torch.bfloat16))
drawn(nn.init.trunc_normal_, nn.Parameter(torch.empty(20)))
drawn(nn.init.trunc_normal_, torch.empty(20), mean=9.0)

# a sampler with replacement may be endless for all that matters
list(itertools.islice(RandomSampler(range(10), True, 10**10, generator=seeded()), 40))

# what a summary of a model asks
sys.getsizeof(torch.zeros(10000).untyped_storage()) // 100

# in half precision a product and its added term are rounded once
rounded_once(torch.bfloat16, lambda a, b, c: torch.addmm(c, a, b), added)
rounded_once(torch.float16, lambda a, b, c: torch.addmm(c, a, b), added)
rounded_once(torch.bfloat16, lambda a, b, c: F.linear(a, b.t(), c[0]), row_added)
rounded_once(torch.float16, lambda a, b, c: torch.baddbmm(c, a[None], b[None])[0], added)
rounded_once(torch.bfloat16, lambda a, b, c: F.conv1d(a.t(), b.t()[..., None], c[0]).t(), row_added)

# linear on a batch: one addmm where the rows lie in a row
F.linear(torch.ones(2, 3, 4), torch.ones(5, 4), leaf.new_ones(5).requires_grad_())
F.linear(torch.ones(3, 2, 4).transpose(0, 1), torch.ones(5, 4), leaf.new_ones(5).requires_grad_())
F.linear(torch.ones(2, 3, 8)[..., ::2], torch.ones(5, 4), leaf.new_ones(5).requires_grad_())

# lengths of sequences as whatever holds numbers
tuple(nn.utils.rnn.pack_padded_sequence(x.t()[..., None], np.array([3, 2])))
tuple(nn.utils.rnn.pack_padded_sequence(x.t()[..., None], [3, 2]))
tuple(nn.utils.rnn.pack_padded_sequence(x.t()[..., None], torch.tensor([2, 3]), False, False))
tuple(nn.utils.rnn.pack_padded_sequence(x.t()[..., None], np.array([3, 0])))

# older names warn in PyTorch's words
nn.utils.clip_grad_norm([leaf], 1.0)
nn.init.xavier_uniform(torch.zeros(0, 2))

# what a class with __torch_function__ is told of: the very function that was called
seen(lambda t: torch.exp(t), torch.exp)
seen(lambda t: torch.add(t, 1), torch.add)
seen(lambda t: torch.mean(t), torch.mean)
seen(lambda t: t.exp(), torch.Tensor.exp)
seen(lambda t: t.mul(2), torch.Tensor.mul)
seen(lambda t: t.sub_(1), torch.Tensor.sub_)

# the text of a mode
torch.set_grad_enabled(True)

# errors
nn.Parameter(torch.tensor([1]))
torch.tensor([1]).requires_grad_()
setattr(torch.tensor([1]), "requires_grad", True)
setattr(leaf * 2, "requires_grad", False)
torch.func.functional_call(nn.Linear(1, 1), {"a": x}, (x,), strict=True)
torch.func.functional_call(nn.Linear(1, 1), {"weight": x}, (x,), strict=True)
x.expand(4, 4)
torch.broadcast_to(x, (3, 3))
x.expand(7, 5, 3)
torch.zeros(4, 4).copy_(x)
F.cross_entropy(x, torch.tensor([0.0, 1.0]))
F.nll_loss(x, torch.tensor([0, 1], dtype=torch.int32))
F.binary_cross_entropy(x, x + 1)
F.binary_cross_entropy(x, x.long())
F.binary_cross_entropy(x, x.double())
F.mse_loss(x, x.long())
F.mse_loss(x, x > 0.2)
F.smooth_l1_loss(x, x.long())
F.huber_loss(x, x.long())
F.binary_cross_entropy(x, x * float("nan"))
F.binary_cross_entropy(x + 1, x + 1)
"""


@pytest.mark.parametrize("source", lines(TABLE))
def test_agrees(source):
    assert_agree(source, SETUP)
