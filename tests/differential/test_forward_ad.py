"""Forward mode: dual tensors."""

from __future__ import annotations

import pytest

from .agree import assert_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
fwAD = torch.autograd.forward_ad

x = torch.tensor([1.0, 2.0])
t = torch.tensor([1.0, -1.0])
m = torch.arange(6.0).reshape(2, 3) + 0.5
c = torch.tensor([1 + 2j, 3.0])
w = torch.tensor([3.0, 4.0], requires_grad=True)

def of(f, *primals):
    tangents = [torch.arange(1.0, p.numel() + 1).reshape(p.shape).to(p.dtype) for p in primals]
    with fwAD.dual_level():
        out = f(*(fwAD.make_dual(p, d) for p, d in zip(primals, tangents)))
        found = [fwAD.unpack_dual(o) for o in (out if isinstance(out, (tuple, list)) else [out])]
        return [[t if t is None else t.detach().contiguous() for t in pair] for pair in found]

def into_slice(d):
    z = torch.zeros(3)
    z[:2] = d
    z[0].mul_(d[1])
    return z

def in_place(d):
    q = d.clone()
    q *= d
    q.add_(1)
    return q

def second(d):
    y = (d * w).exp().sum()
    return torch.autograd.grad(fwAD.unpack_dual(y).tangent, w)[0].detach()

class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b, n):
        ctx.save_for_forward(a, b)
        return a * b * n

    @staticmethod
    def jvp(ctx, da, db, dn):
        assert dn is None
        a, b = ctx.saved_tensors
        return da * b * 7 + db * a

class Silent(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        return a * 2

def at_level(f):
    with fwAD.dual_level():
        return f()
"""

OPERATIONS = """
of(lambda a: a * a, x)
of(lambda a: (a * 3).sin(), x)
of(lambda a: a > 1, x)
of(lambda a, b: a @ b, m, m.T)
of(lambda a: (a.sum(), a.prod(), a.max(), a.std(), a.norm()), x)
of(lambda a: (a.sort()[0], a.cumsum(0), a.flip(0), a[0], a[None], a.reshape(2, 1)), x)
of(lambda a: torch.softmax(a, 0), x)
of(lambda a: (torch.cat([a, x]), torch.stack([a, a]).T, torch.where(a > 1, a, 0.0)), x)
of(lambda a: a + torch.ones(3, 2), x)
of(lambda a: a.double().mul(2).float(), x)
of(lambda a: (a * a, a.abs(), a.real, a.conj(), a.exp()), c)
of(lambda a: a.logsumexp(1), m)
of(lambda a: (a.max(0)[0], a.mean(1, keepdim=True), a.var(0)), m)
of(into_slice, x)
of(in_place, x)
of(lambda a: a.clone().zero_(), x)
of(lambda a: (a.clone().mul_(3), a), x)
of(lambda a: ((a + 0).add_(a), a), x)
of(lambda a: (a[:1].clone().mul_(a[1:]), a), x)
of(lambda a: a.clone().copy_(x), x)
of(lambda a: a.detach(), x)
of(lambda a: Scaled.apply(a, x, 2.0), x)
of(lambda a: Silent.apply(a), x)
"""

LEVELS = """
fwAD.make_dual(x, t)
fwAD.exit_dual_level()
list(fwAD.unpack_dual(x))
at_level(lambda: fwAD.make_dual(x, torch.ones(3)))
at_level(lambda: fwAD.make_dual(torch.tensor([1, 2]), t))
at_level(lambda: fwAD.make_dual(x, torch.tensor([1, 2])))
at_level(lambda: fwAD.make_dual(fwAD.make_dual(x, t), t))
at_level(lambda: fwAD.enter_dual_level())
at_level(lambda: str(fwAD.make_dual(x, t)))
at_level(lambda: str(fwAD.make_dual(x, t) @ t))
at_level(lambda: second(fwAD.make_dual(x, t)))
list(fwAD.unpack_dual(at_level(lambda: fwAD.make_dual(x, t))))
"""


REVERSE = """
over_reverse(lambda a: a ** 3, x)
over_reverse(lambda a: (a.sin() * a).cumsum(0), x)
over_reverse(lambda a: a @ a.T, m)
over_reverse(lambda a: torch.softmax(a, 1), m)
over_reverse(lambda a: a.clone().mul_(a), x)
over_reverse(lambda a: a[0] * a, x)
"""


@pytest.mark.parametrize("source", lines(REVERSE))
def test_gradients_of_duals_carry_tangents(source: str) -> None:
    assert_agree(source, SETUP + OVER_REVERSE)


OVER_REVERSE = """
def over_reverse(f, primal):
    with fwAD.dual_level():
        leaf = primal.clone().requires_grad_()
        dual = fwAD.make_dual(leaf, torch.arange(1.0, primal.numel() + 1).reshape(primal.shape))
        grads = torch.autograd.grad(f(dual).sum(), (dual, leaf))
        found = [fwAD.unpack_dual(g) for g in grads]
        return [[t.detach().contiguous() for t in pair] for pair in found]
"""


@pytest.mark.parametrize("source", lines(OPERATIONS))
def test_tangent(source: str) -> None:
    assert_agree(source, SETUP)


@pytest.mark.parametrize("source", lines(LEVELS))
def test_level(source: str) -> None:
    assert_agree(source, SETUP)


def test_a_changed_base_carries_its_view() -> None:
    assert_agree(
        "of(lambda a: (a.clone(), a[0]) and (lambda b: (b[0], b.mul_(2))[0])(a.clone()), x)", SETUP
    )
