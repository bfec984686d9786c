"""Mixed precision as a program uses it, gradient scaling, and checkpoints."""

from __future__ import annotations

import pytest

from .agree import assert_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
from importlib import import_module

nn = torch.nn
F = nn.functional
A = import_module(torch.__name__ + ".amp")
C = import_module(torch.__name__ + ".utils.checkpoint")
torch.manual_seed(0)
a, b, x3 = torch.randn(3, 4), torch.randn(4, 4), torch.randn(2, 3, 4)
c = torch.randn(4, 4, dtype=torch.float64)


def kinds(*fs, **o):
    with torch.autocast("cpu", **({"dtype": torch.bfloat16} | o)):
        return [str(f().dtype) for f in fs]


def within():
    out = [
        torch.is_autocast_enabled("cpu"),
        torch.is_autocast_cpu_enabled(),
        str(torch.get_autocast_dtype("cpu")),
        torch.is_autocast_cache_enabled(),
    ]
    with torch.autocast("cpu", cache_enabled=False):
        out += [torch.is_autocast_enabled("cpu"), torch.is_autocast_cache_enabled()]
        with torch.autocast("cpu", enabled=False):
            out += [torch.is_autocast_enabled("cpu"), str((a @ b).dtype)]
        out += [str((a @ b).dtype)]
    return out + [torch.is_autocast_enabled("cpu")]


def trained(**o):
    torch.manual_seed(1)
    m = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
    opt = torch.optim.SGD(m.parameters(), lr=0.1)
    with torch.autocast("cpu", **o):
        out = m(a)
        loss = F.mse_loss(out, torch.ones(3, 1))
    loss.backward()
    opt.step()
    return (
        str(out.dtype),
        str(loss.dtype),
        [p.grad.dtype == p.dtype for p in m.parameters()],
        out.float().detach(),
    )


@torch.autocast("cpu")
def wrapped(x, y):
    return x @ y


class Fn(torch.autograd.Function):
    @staticmethod
    @A.custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x @ x

    @staticmethod
    @A.custom_bwd(device_type="cpu")
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g @ x.T + x.T @ g


def fn():
    x = b.clone().requires_grad_()
    with torch.autocast("cpu"):
        y = Fn.apply(x.bfloat16())
    y.sum().backward()
    return str(y.dtype), x.grad


def scaled(seq, **o):
    p = torch.ones(2, requires_grad=True)
    opt = torch.optim.SGD([p], lr=0.1)
    s = A.GradScaler("cpu", **({"init_scale": 4.0} | o))
    out = []
    for v in seq:
        opt.zero_grad()
        s.scale((p * v).sum()).backward()
        s.unscale_(opt)
        n = nn.utils.clip_grad_norm_([p], 1.0)
        r = s.step(opt)
        s.update()
        out.append((n.item(), s.get_scale(), r))
    return out, p.detach(), s.state_dict()


def twice_unscaled():
    p = torch.ones(2, requires_grad=True)
    opt = torch.optim.SGD([p], lr=0.1)
    s = A.GradScaler("cpu")
    s.scale(p.sum()).backward()
    s.unscale_(opt)
    s.unscale_(opt)


def stepped_twice():
    p = torch.ones(2, requires_grad=True)
    opt = torch.optim.SGD([p], lr=0.1)
    s = A.GradScaler("cpu")
    s.scale(p.sum()).backward()
    s.step(opt)
    s.step(opt)


def nograd():
    p = torch.ones(2, requires_grad=True)
    opt = torch.optim.SGD([p], lr=0.1)
    s = A.GradScaler("cpu")
    s.scale(p.sum())
    s.step(opt)


def ck(f, *xs, n=1, **o):
    calls = []

    def g(*a, **k):
        calls.append(torch.is_grad_enabled())
        return f(*a, **k)

    xs = [x.clone().requires_grad_() for x in xs]
    out = C.checkpoint(g, *xs, **o)
    (out[0] if isinstance(out, tuple) else out).sum().backward()
    return [x.grad for x in xs], calls


def node(**o):
    return C.checkpoint(torch.sin, a.clone().requires_grad_(), **o).grad_fn.name()


def drop(**o):
    x = torch.ones(8, requires_grad=True)
    torch.manual_seed(3)
    y = C.checkpoint(lambda t: F.dropout(t * 1, 0.5), x, **o)
    y.sum().backward()
    return y.detach(), x.grad, torch.rand(1)


def seq(segments, **o):
    torch.manual_seed(2)
    m = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4), nn.Tanh())
    x = a.clone().requires_grad_()
    y = C.checkpoint_sequential(m, segments, x, **o)
    y.sum().backward()
    return y.detach(), x.grad, m[0].weight.grad


def nested(**o):
    x = a.clone().requires_grad_()
    y = C.checkpoint(lambda t: C.checkpoint(torch.sin, t * 2, **o) * t, x, **o)
    y.sum().backward()
    return x.grad


def changes(**o):
    n = [0]

    def f(t):
        n[0] += 1
        return t.sin().cos() if n[0] == 1 else t.sin()

    x = a.clone().requires_grad_()
    C.checkpoint(f, x, use_reentrant=False, **o).sum().backward()


def shape_changes():
    n = [0]

    def f(t):
        n[0] += 1
        return (t if n[0] == 1 else t[:2]).sin().sum()

    x = a.clone().requires_grad_()
    C.checkpoint(f, x, use_reentrant=False).backward()


def stops(early):
    log = []

    def f(t):
        y = t.sin()
        log.append(1)
        z = y * 2
        log.append(2)
        return z

    x = a.clone().requires_grad_()
    with C.set_checkpoint_early_stop(early):
        C.checkpoint(f, x, use_reentrant=False).sum().backward()
    return log


def ctxs():
    log = []

    class K:
        def __init__(s, n):
            s.n = n

        def __enter__(s):
            log.append(s.n)

        def __exit__(s, *e):
            log.append("-" + s.n)

    x = a.clone().requires_grad_()
    C.checkpoint(
        torch.sin, x, use_reentrant=False, context_fn=lambda: (K("f"), K("r"))
    ).sum().backward()
    return log


def gradof(**o):
    x = a.clone().requires_grad_()
    y = C.checkpoint(torch.sin, x, **o).sum()
    return torch.autograd.grad(y, x)


def second(**o):
    x = a.clone().requires_grad_()
    y = C.checkpoint(lambda t: t.sin() ** 2, x, **o).sum()
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    return torch.autograd.grad(g.sum(), x)
"""

TABLE = """
# autocast
kinds(lambda: a @ b, dtype=torch.float16)
kinds(lambda: a @ b, enabled=False)
kinds(lambda: a @ b, dtype=torch.float64)
kinds(lambda: a @ b, dtype=torch.int64)
within()
str(wrapped(a, b).dtype)
repr(torch.autocast('cpu').fast_dtype)
torch.autocast('cpu').device
torch.autocast('cpu').prev if 0 else 1
torch.autocast("nothing")
torch.autocast(3)
torch.autocast()
A.autocast_mode.is_autocast_available("cpu"), A.is_autocast_available("cpu")
fn()
import_module(torch.__name__ + ".cpu.amp").autocast().fast_dtype
# scaler
scaled([1., 1., 1.])
scaled([1., float("inf"), 1.], growth_interval=1)
scaled([1., float("nan")], backoff_factor=.25)
scaled([1.], enabled=False)
A.GradScaler("cpu", growth_factor=.5)
A.GradScaler("cpu", backoff_factor=2.)
twice_unscaled()
stepped_twice()
nograd()
A.GradScaler('cpu').get_scale()
A.GradScaler('cpu', init_scale=3.0).get_scale()
A.GradScaler('cpu').get_growth_factor()
A.GradScaler('cpu').get_backoff_factor()
A.GradScaler('cpu').get_growth_interval()
A.GradScaler('cpu').is_enabled()
A.GradScaler("cpu").scale([torch.ones(1), torch.ones(2)])
A.GradScaler("cpu").scale(3)
A.GradScaler("cpu").update(2.)
(lambda s: (s.scale(torch.ones(1)), s.update(2.), s.get_scale()))(A.GradScaler("cpu"))
A.GradScaler("cpu").load_state_dict({})
A.GradScaler('cpu', enabled=False).load_state_dict({})
A.GradScaler('cpu', enabled=False).state_dict()
A.GradScaler('cpu', enabled=False).get_scale()
# checkpoint
ck(torch.sin, a, use_reentrant=False)
ck(torch.sin, a, use_reentrant=True)
ck(torch.sin, a)
ck(lambda x, y: (x * y, y), a, a, use_reentrant=False)
ck(lambda x, y: (x * y, y), a, a, use_reentrant=True)
ck(lambda x, k=1: x * k, a, use_reentrant=False, k=3)
ck(lambda x, k=1: x * k, a, use_reentrant=True, k=3)
ck(torch.sin, a, use_reentrant=True, context_fn=lambda: 0)
ck(torch.sin, a, use_reentrant=True, determinism_check="none")
ck(torch.sin, a, use_reentrant=False, determinism_check="bad")
ck(torch.sin, a, use_reentrant=False, preserve_rng_state=False)
C.checkpoint(torch.sin, a, use_reentrant=True)
C.checkpoint(torch.sin, a, use_reentrant=False).requires_grad
C.checkpoint(lambda x: x + 1, 3, use_reentrant=True)
node(use_reentrant=False), node(use_reentrant=True)
drop(use_reentrant=False)
drop(use_reentrant=True)
drop(use_reentrant=False, preserve_rng_state=False)
seq(2, use_reentrant=False)
seq(2, use_reentrant=True)
seq(1)
seq(4, use_reentrant=False)
nested(use_reentrant=False)
nested(use_reentrant=True)
changes()
changes(determinism_check="none")
shape_changes()
stops(True), stops(False)
ctxs()
gradof(use_reentrant=False)
gradof(use_reentrant=True)
second(use_reentrant=False)
second(use_reentrant=True)
"""


@pytest.mark.parametrize("source", lines(TABLE))
def test_amp_and_checkpoint(source: str) -> None:
    assert_agree(source, SETUP)
