"""Classes that take part in operations: what they are told, what they get back, and the sentence
where none of them answers."""

from __future__ import annotations

import pytest

from .agree import assert_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
F = torch.nn.functional
told = []

class Plain(torch.Tensor):
    pass

class Listener(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        told.append(function.__name__)
        return super().__torch_function__(function, types, args, kwargs or {})

class Heir(Listener):
    pass

class Silent:
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return NotImplemented

class SilentTensor(Silent, torch.Tensor):
    pass

class OwnWords(torch.Tensor):
    def __repr__(self):
        return "own " + super().__repr__()

    def detach(self):
        return "mine"

class OfParameter(torch.nn.Parameter):
    pass

class Around(torch.Tensor):
    def __new__(cls, data, require_grad=False):
        return torch.Tensor._make_subclass(cls, data, require_grad)

plain, silent, mute = Plain([1.0, 2.0]), Silent(), SilentTensor([1.0])
base = torch.tensor([1.0, 2.0], requires_grad=True)

def listened(call, kind=Heir):
    tensor = kind([3.0])
    told.clear()
    result = call(tensor)
    return type(result).__name__, list(told)
"""

TABLE = """
# a subclass keeps its class where no operation runs
type(plain.detach()).__name__, type(plain.data).__name__, type(plain.clone()).__name__
type(plain.requires_grad_()).__name__
type(plain.grad).__name__
plain.detach().fill_(3) is not plain and plain
repr(OwnWords([1.0]))
OwnWords([1.0]).detach(), repr(OwnWords([1.0]) + 1)
type(OfParameter(base).detach()).__name__, type(OfParameter(base).data).__name__
Around(base), Around(base).requires_grad, Around(base, True).requires_grad, Around(base) * 2

type(plain.new_zeros(2)).__name__, type(plain.new_tensor([1])).__name__
[type(f(plain)).__name__ for f in (torch.zeros_like, torch.ones_like, torch.empty_like)]
type(torch.full_like(plain, 3)).__name__, type(torch.rand_like(plain)).__name__
type(torch.zeros_like(OfParameter(base))).__name__, type(torch.zeros_like(input=base)).__name__

# it is told of methods that are no operations
listened(lambda t: t.detach())
listened(lambda t: t.detach(), Listener)
listened(lambda t: t.requires_grad_())
listened(lambda t: t.item())
listened(lambda t: t.tolist())
listened(lambda t: t.numpy())
listened(lambda t: repr(t))
listened(lambda t: torch.zeros_like(t))
listened(lambda t: torch.full_like(t, 3))
listened(lambda t: torch.randint_like(t, 3))
listened(lambda t: t.new_ones(2))
torch.zeros_like(silent)
listened(lambda t: (t.requires_grad_() * 2).sum().backward())

# nobody answers
torch.add(silent, 1)
torch.stack([silent, mute])
torch.ones(1).add(silent)
mute.sum()
mute.detach()
mute.backward()
repr(mute)
torch.split(silent, 1)
torch.norm(silent)
mute.norm()
torch.einsum("i", silent)
silent + torch.ones(1)
torch.ones(1) * silent
silent - torch.ones(1)
silent @ mute
"""


@pytest.mark.parametrize("source", lines(TABLE))
def test_agrees(source):
    assert_agree(source, SETUP)
