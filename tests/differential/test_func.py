"""``torch.func``: transforms of functions, alone and nested in each other."""

from __future__ import annotations

import warnings

import pytest

from .agree import assert_agree, both, lines

pytestmark = pytest.mark.torch

SETUP = """
for name in ("functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp",
             "linearize", "vjp", "vmap"):
    globals()[name] = getattr(torch.func, name)

x = torch.tensor(0.7)
v = torch.tensor([0.5, -1.0, 2.0])
b = torch.arange(6.0).reshape(2, 3) / 3 - 0.9
A = torch.arange(12.0).reshape(4, 3) / 5 - 1
W = torch.arange(6.0).reshape(2, 3) / 4
M = b[:, None] * v[:, None]
w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
f = lambda x: torch.tanh(x * x)

def changed(a):
    z = a.clone()
    z.add_(1)
    z[0] = 5
    z[1:].mul_(2)
    z[torch.tensor([1])] = 9.0
    return z

class Cube(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x ** 3

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        return grad_output * 3 * x ** 2

net = torch.nn.Linear(3, 2)
with torch.no_grad():
    net.weight.copy_(W)
    net.bias.copy_(torch.tensor([0.5, -0.5]))
plain = {k: p.detach() for k, p in net.named_parameters()}
"""

DERIVATIVES = """
grad(f)(x)
grad(grad(f))(x)
grad(grad(grad(f)))(x)
grad(lambda x: x * grad(lambda y: x + y)(torch.tensor(0.0)))(x)
grad(lambda x: x * grad(lambda y: x)(torch.tensor(0.0)))(x)
grad_and_value(f)(x)
grad(lambda x: (f(x), x * 2), has_aux=True)(x)
grad(lambda a, b: (a * b).sum(), argnums=(0, 1))(v, v * 2)
grad(lambda a, b: (a * b).sum(), argnums=-1)(v, v * 2)
grad(lambda p: (p["a"] * p["b"]).sum())({"a": v, "b": v * 2})
grad(lambda x: x)(v)
grad(lambda x: 3)(v)
grad(lambda x: torch.tensor(2.0))(v)
grad(lambda x: (w * x * x).sum())(v).detach()
grad(lambda x: x ** 3)(torch.tensor(2.0, requires_grad=True))
vjp(torch.sin, v)[1](torch.ones(3))
vjp(lambda a, b: (a * b, a.sum()), v, v)[1]((v, torch.tensor(1.0)))
jvp(f, (x,), (torch.tensor(1.0),))
jvp(lambda x: jvp(f, (x,), (torch.tensor(1.0),))[1], (x,), (torch.tensor(1.0),))
jvp(lambda a, b: a * b, (v, v), (torch.ones(3), torch.zeros(3)))
jvp(f, x, x)
jacrev(lambda x: (A @ x).sin())(v)
jacrev(lambda x: (A @ x).sin(), chunk_size=3)(v)
jacfwd(lambda x: (A @ x).sin())(v)
jacrev(lambda a, b: (a * b, a.sum()), argnums=(0, 1))(v, v)
jacfwd(lambda a, b: (a * b, a.sum()), argnums=(0, 1))(v, v)
hessian(lambda x: x.prod() + x.exp().sum())(v)
jacrev(jacrev(lambda x: x.pow(3).sum()))(v)
jacfwd(jacfwd(lambda x: x.pow(3).sum()))(v)
jacrev(jacfwd(lambda x: x.pow(3).sum()))(v)
grad(lambda x: Cube.apply(x).sum())(v)
"""

MAPPED = """
vmap(torch.dot)(b, b * 2)
vmap(torch.mul, in_dims=(0, None), out_dims=1)(b, v)
vmap(lambda r: W @ r)(b)
vmap(torch.mm, in_dims=(0, None))(torch.ones(2, 3, 4), torch.ones(4, 2))
vmap(lambda a: vmap(lambda c: a * c)(v))(v)
vmap(vmap(torch.mul, in_dims=(None, 0)), in_dims=(0, None))(v, v)
vmap(lambda a: torch.softmax(a, 0))(b)
vmap(lambda a: a.sort()[0])(b)
vmap(lambda a: (a.argmax(), a.max(), a.mean(-1, keepdim=True), a.std(), a.norm()))(b)
vmap(lambda a: (a.cumsum(0), a.flip(0), a.logsumexp(0), a.prod()))(b)
vmap(lambda a: (a[0], a[1:], a[[0, 2]], a[None], a[..., 0], a.reshape(3, 1), a.expand(2, 3)))(b)
vmap(lambda a: (torch.stack([a, a]), torch.cat([a, v]), a.unsqueeze(-1), a.view(-1)))(b)
vmap(lambda m: (m.T, m.diagonal(), m.tril(), m.transpose(0, -1), m.permute(1, 0)))(M)
vmap(lambda s: (s.sum(), s.reshape(1), s * v))(v)
vmap(lambda d: torch.where(d["x"] > 0, d["x"], 0.0))({"x": b})
vmap(lambda a: a * 2, chunk_size=1)(b)
vmap(lambda a, k=1: a * k)(v, k=3)
vmap(lambda a: (a, v), out_dims=(0, None))(b)
vmap(changed)(b)
vmap(lambda a: v.clone().add_(a))(b)
vmap(lambda a: a * torch.ones(2))(torch.ones(3, dtype=torch.float64))
vmap(lambda a: a + torch.tensor([1.0], dtype=torch.float64))(v)
vmap(lambda a: (a * 1j).abs().sum())(b)
vmap(lambda a: sum(e * 2 for e in a))(b)
vmap(lambda a: a.item())(v)
vmap(lambda a: 1.0)(v)
vmap(torch.mul)(v, b)
vmap(torch.mul, in_dims=3)(v, b)
vmap(torch.mul, in_dims=(None, None))(v, v)
vmap(lambda a: a if a > 0 else -a)(v)
vmap(f)(2.0)
vmap(lambda a: a + torch.rand(3))(b)
(torch.manual_seed(1), vmap(lambda a: a + torch.rand(3), randomness="same")(b))[1]
(torch.manual_seed(1), vmap(lambda a: a + torch.rand(3), randomness="different")(b))[1]
vmap(Cube.apply)(b)
"""

COMBINED = """
vmap(grad(lambda w, x: torch.tanh(w @ x).sum()), in_dims=(None, 0))(W, b)
vmap(grad(lambda w: (w * v).sum() ** 2))(b)
grad(lambda x: vmap(lambda a: a ** 2)(x).sum())(v)
vmap(jacrev(lambda x: x.sin().sum() * x))(b)
vmap(jacfwd(lambda x: x.sin().sum() * x))(b)
vmap(hessian(lambda x: x.pow(3).sum()))(b)
vmap(lambda t: jvp(torch.sin, (v,), (t,))[1])(torch.eye(3))
vmap(vjp(lambda x: A @ x.sin(), v)[1])(torch.eye(4))
vmap(vmap(grad(lambda a, c: (a * c).sin()), in_dims=(None, 0)), in_dims=(0, None))(v, v)
functional_call(net, {"weight": W * 2}, (v,)).detach()
grad(lambda p: functional_call(net, p, (v,)).square().sum())(plain)
vmap(grad(lambda p, x: functional_call(net, p, (x,)).sum()), in_dims=(None, 0))(plain, b)
functional_call(net, {"nothing": W}, (v,))
torch.autograd.grad(w ** 2, w, torch.eye(3), is_grads_batched=True)[0].contiguous()
"""


FUNCTIONS = """
class JvpOnly(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x ** 3

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_forward(*inputs)

    @staticmethod
    def jvp(ctx, tangent):
        x, = ctx.saved_tensors
        return 3 * x ** 2 * tangent

class Once(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x ** 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        return 2 * x * grad_output

class Old(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * 2

class Own(torch.autograd.Function):
    @staticmethod
    def forward(x, y):
        return x * y

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        x, y = ctx.saved_tensors
        return grad_output * y, grad_output * x

    @staticmethod
    def vmap(info, in_dims, x, y):
        x, y = [t if d is not None else t.expand(info.batch_size, *t.shape)
                for t, d in zip((x, y), in_dims)]
        return Own.apply(x, y), 0

def changed_by(a):
    z = torch.zeros(3)
    z[1:] = a[1:] * 2
    z[0].add_(a[0] ** 2)
    return z

def capture(a):
    total = torch.zeros(3)
    total.add_(a)
    return total
"""

NESTED = """
jvp(grad(lambda a: a.pow(3).sum()), (v,), (torch.ones(3),))
jvp(lambda a: grad(lambda c: (c * a).sin().sum())(a), (v,), (v,))
grad(lambda a: jvp(torch.exp, (a,), (a,))[1].sum())(v)
jvp(lambda a: jvp(lambda c: c ** 3 * a, (a,), (a,))[1], (v,), (v,))
jvp(lambda a: jvp(lambda c: jvp(torch.exp, (c,), (c,))[1], (a,), (a,))[1], (v,), (v,))
jacfwd(jacrev(lambda a: a.pow(3).sum() * a))(v)
jacrev(jacfwd(lambda a: a.pow(3).sum() * a))(v)
jacfwd(changed_by)(v)
jacfwd(jacfwd(changed_by))(v)
vmap(jacfwd(changed_by))(b)
jvp(vmap(lambda a: a.softmax(0) * a.sum()), (b,), (b,))
vmap(lambda a, t: jvp(lambda c: (c * t).cumsum(0), (a,), (t,)))(b, b)
vmap(lambda t: jvp(lambda c: c * t, (v,), (t,))[1])(b)
vmap(vmap(lambda a, t: jvp(torch.sin, (a,), (t,))[1], (None, 0)), (0, None))(b, b)
jvp(lambda a: vjp(torch.sin, a)[1](a)[0], (v,), (v,))
jvp(JvpOnly.apply, (v,), (v,))
jvp(lambda a: JvpOnly.apply(a).sum() * a, (v,), (v,))
grad(lambda a: Once.apply(a).sum())(v)
vmap(Own.apply, (0, None))(b, v)
vmap(grad(lambda a, c: Own.apply(a, c).sum()), (0, None))(b, v)
jacfwd(lambda a: (a * 2, a.sum()), has_aux=True)(v)
jacfwd(torch.mul, argnums=None)(v, v)
jacfwd(lambda d: {"s": d["a"] * d["b"]})({"a": v, "b": v})
jvp(lambda a: (a * 2, a.sum()), (v,), (v,), has_aux=True)
jvp(lambda a: v * 3, (v,), (v,))
"""

REFUSED = """
grad(lambda a: Old.apply(a).sum())(v)
vmap(Old.apply)(b)
vmap(Once.apply)(b)
grad(lambda a: JvpOnly.apply(a).sum())(v)
jvp(Once.apply, (v,), (v,))
jvp(torch.sin, (v,), (v, v))
jvp(torch.sin, (), ())
jvp(torch.sin, (v,), (3,))
jvp(torch.sin, (v,), (torch.ones(2),))
jvp(lambda a: 3, (v,), (v,))
jvp(lambda a: a, (v,), (v,), has_aux=True)
jvp(lambda a: (a, 1), (v,), (v,), has_aux=True)
jvp(lambda a: v, (v,), (v,), strict=True)
jvp(torch.sin, (torch.arange(3),), (v,))
grad(torch.sin)(3.0)
grad(torch.sin, argnums=())(x)
grad(torch.mul, argnums=(0, 0))(x, x)
grad(torch.mul, argnums="a")(x, x)
grad(lambda a: (a.sum(), "x"), has_aux=True)(v)
vjp(lambda a: a > 0, v)
vjp(lambda a: (), v)
vjp(lambda a: (a, a), v)[1](v)
vjp(torch.sin, v)[1](torch.ones(2))
jacrev(torch.sin)(v + 1j)
jacfwd(torch.sin)(v + 1j)
jacfwd(torch.sin, argnums=2)(v)
jacfwd(lambda a: 3)(v)
vmap(capture)(b)
vmap(lambda a: a.requires_grad_())(b)
vmap(lambda a: a.data)(b)
vmap(lambda a: a.tolist())(b)
vmap(lambda a: a.numpy())(b)
vmap(lambda a: float(a))(v)
vmap(lambda a: a.nonzero())(b)
vmap(lambda a: a.unique())(b)
vmap(lambda a: a[a > 0])(b)
vmap(lambda a: a.masked_select(a > 0))(b)
vmap(lambda a: torch.autograd.grad((a * w).sum(), w))(b)
vmap(lambda a: a, out_dims="a")(b)
vmap(lambda a: (a, a), out_dims=(0,))(b)
vmap(lambda a: a, out_dims=None)(b)
vmap(torch.mul, in_dims=(0,))(b, b)
torch.autograd.grad(w ** 2, w, torch.eye(2), is_grads_batched=True)
"""


@pytest.mark.parametrize("source", lines(NESTED))
def test_nested_levels(source: str) -> None:
    assert_agree(_contiguous(source), SETUP + CONTIGUOUS + FUNCTIONS)


@pytest.mark.parametrize("source", lines(REFUSED))
def test_refusals(source: str) -> None:
    outcome = assert_agree(_contiguous(source), SETUP + CONTIGUOUS + FUNCTIONS)
    assert outcome.failed


@pytest.mark.parametrize("source", lines(DERIVATIVES))
def test_derivatives(source: str) -> None:
    assert_agree(_contiguous(source), SETUP + CONTIGUOUS)


def test_linearize() -> None:
    theirs, ours = both("linearize(torch.exp, v)[1](torch.ones(3))", SETUP)
    assert ours.result == theirs.result  # PyTorch warns of what it uses inside


@pytest.fixture(autouse=True, scope="module")
def first_jvp() -> None:
    """PyTorch warns of its own deprecations the first time."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.func.jvp(torch.sin, (torch.ones(1),), (torch.ones(1),))


@pytest.mark.parametrize("source", lines(MAPPED))
def test_vmap(source: str) -> None:
    assert_agree(_contiguous(source), SETUP + CONTIGUOUS)


@pytest.mark.parametrize("source", lines(COMBINED))
def test_transforms_of_transforms(source: str) -> None:
    assert_agree(_contiguous(source), SETUP + CONTIGUOUS)


# Where the batch lies in memory is PyTorch's affair.
CONTIGUOUS = """
def contiguous(tree):
    if isinstance(tree, dict):
        return {k: contiguous(t) for k, t in tree.items()}
    if isinstance(tree, (tuple, list)):
        return tuple(map(contiguous, tree))
    return tree.contiguous() if isinstance(tree, torch.Tensor) else tree
"""


def _contiguous(source: str) -> str:
    return f"contiguous({source})"


def test_closed_over_parameters_keep_their_history() -> None:
    assert_agree(
        "(g.sum().backward(), w.grad)[1]",
        SETUP + "g = grad(lambda x: (w * x * x).sum())(v)",
    )
