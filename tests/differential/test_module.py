"""``nn.Module``: attributes, the tree, hooks, state dicts, casting, copies and errors."""

from __future__ import annotations

import pytest

from .agree import assert_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
import copy, pickle, io, warnings
from collections import OrderedDict
from functools import partial

nn = torch.nn
M = nn.modules.module if hasattr(nn.modules, "module") else None
torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 3)
        self.b = nn.Sequential(nn.ReLU(), nn.Linear(3, 2, bias=False))
        self.register_buffer("s", torch.zeros(2))
        self.register_buffer("n", torch.ones(1), persistent=False)
        self.register_buffer("none", None)
        self.register_parameter("p", None)
        self.w = nn.Parameter(torch.ones(2))
        self.shared = self.a

    def forward(self, x, scale=1.0):
        return self.b(self.a(x)) * scale + self.w + self.s


class Bare(nn.Module):
    pass


class NoInit(nn.Module):
    def __init__(self):
        pass


class Ex(nn.Module):
    def __init__(self):
        super().__init__()
        self.k = 3

    def get_extra_state(self):
        return {"k": self.k}

    def set_extra_state(self, s):
        self.k = s["k"]


net = Net()
x = torch.ones(4, 2, requires_grad=True)


def do(f):
    try:
        f()
    except Exception as e:
        raise
    return None


def trace(fn):
    log = []
    fn(log)
    return log


def sh(g):
    return (
        None
        if g is None
        else [
            None if t is None else (tuple(t.shape) if isinstance(t, torch.Tensor) else t)
            for t in g
        ]
        if isinstance(g, (tuple, list))
        else tuple(g.shape)
    )


def setn(name, v):
    def f():
        setattr(net, name, v)

    return f


def noinit(name, v):
    m = NoInit()
    setattr(m, name, v)


def full(**o):
    log = []
    m = Net()
    m.register_full_backward_hook(lambda mod, gi, go: log.append(("bw", sh(gi), sh(go))))
    m.register_full_backward_pre_hook(lambda mod, go: log.append(("pre", sh(go))))
    m.register_forward_hook(lambda mod, a, out: log.append(("fw", sh(a), sh(out))))
    m.register_forward_pre_hook(lambda mod, a: log.append(("fpre", sh(a))))
    m.a.register_full_backward_hook(lambda mod, gi, go: log.append(("a", sh(gi), sh(go))))
    out = m(x)
    log.append(out.grad_fn.name())
    out.sum().backward()
    return log


def bw_hook(kind, result):
    m = nn.Linear(2, 3)
    getattr(m, "register_" + kind)(lambda *a: result)
    y = torch.ones(1, 2, requires_grad=True)
    m(y).sum().backward()
    return y.grad, m.weight.grad


def prep():
    log = []
    m = nn.ReLU()
    m.register_forward_pre_hook(lambda *a: log.append(1))
    m.register_forward_pre_hook(lambda *a: log.append(2), prepend=True)
    m.register_forward_pre_hook(
        lambda mod, a, k: log.append((len(a), sorted(k))), with_kwargs=True
    )
    m.register_forward_hook(lambda *a: log.append(3))
    m.register_forward_hook(lambda *a: log.append(4), prepend=True)
    m.register_full_backward_hook(lambda *a: log.append(5))
    m.register_full_backward_hook(lambda *a: log.append(6), prepend=True)
    m.register_full_backward_pre_hook(lambda *a: log.append(7))
    m.register_full_backward_pre_hook(lambda *a: log.append(8), prepend=True)
    m(torch.ones(2, requires_grad=True)).sum().backward()
    return log


def kw(result):
    m = Net()
    m.register_forward_pre_hook(lambda mod, a, k: result, with_kwargs=True)
    return m(x, scale=2.0).detach()


def always(raises, **o):
    log = []

    class B(nn.Module):
        def forward(self, x):
            if raises:
                raise ValueError("boom")
            return x

    m = B()
    m.register_forward_hook(lambda *a: log.append(len(a)), always_call=True)
    m.register_forward_hook(lambda *a: log.append("not"))
    try:
        m(x)
    except ValueError as e:
        log.append(str(e))
    return log


def glob(*names):
    log = []
    hs = [
        getattr(M, "register_module_" + n)(
            lambda *a, n=n: log.append((n, type(a[0]).__name__, len(a)))
        )
        for n in names
    ]
    try:
        m = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
        m(x).sum().backward()
    finally:
        for h in hs:
            h.remove()
    return log


def reg(kind, f=None):
    log = []
    h = getattr(M, "register_module_%s_registration_hook" % kind)(
        lambda m, n, v: log.append((type(m).__name__, n, type(v).__name__))
    )
    try:
        q = nn.Sequential(nn.Linear(2, 2))
        q.register_buffer("z", torch.ones(1))
        q.add_module("k", nn.ReLU())
        q.t = nn.Tanh()
        q.w = nn.Parameter(torch.ones(1))
    finally:
        h.remove()
    return log


def old(m=None, n=1):
    log = []
    m = m or nn.ReLU()
    m.register_backward_hook(lambda mod, gi, go: log.append((sh(gi), sh(go))))
    m(x).sum().backward()
    return log


def out_kind(o):
    class B(nn.Module):
        def forward(self, x):
            return o(x)

    m = B()
    log = []
    m.register_full_backward_hook(lambda mod, gi, go: log.append((sh(gi), sh(go))))
    r = m(x)
    (r["a"] if isinstance(r, dict) else r[0]).sum().backward()
    return log, type(r).__name__


def sd_hooks():
    log = []
    m = Net()
    m.register_state_dict_pre_hook(lambda mod, prefix, keep: log.append(("pre", prefix, keep)))
    m.a.register_state_dict_post_hook(
        lambda mod, sd, prefix, meta: log.append(("post", prefix, list(sd), dict(meta)))
    )
    m._register_state_dict_hook(
        lambda mod, sd, prefix, meta: OrderedDict((k.upper(), v) for k, v in sd.items())
    )
    return list(m.state_dict()), log


def ld_hooks():
    log = []
    m = Net()
    sd = m.state_dict()
    m.register_load_state_dict_pre_hook(
        lambda mod, sd, prefix, meta, strict, mi, un, er: log.append(
            (type(mod).__name__, len(sd), prefix, dict(meta), strict)
        )
    )
    m.register_load_state_dict_post_hook(
        lambda mod, inc: log.append((list(inc.missing_keys), list(inc.unexpected_keys)))
    )
    m.a._register_load_state_dict_pre_hook(lambda sd, prefix, *r: log.append(prefix))
    m.load_state_dict(sd)
    return log


def post_clear():
    m = Net()
    m.register_load_state_dict_post_hook(lambda mod, inc: inc.missing_keys.clear())
    return m.load_state_dict({}, strict=True)


def loaded(sd, **o):
    m = Net()
    r = m.load_state_dict(sd, **o)
    return repr(r), m.w


def assigned():
    m = Net()
    sd = {k: torch.ones_like(v, dtype=torch.float64) for k, v in m.state_dict().items()}
    w = m.w
    m.load_state_dict(sd, assign=True)
    return m.w is w, m.w, type(m.w).__name__, m.s, m.a.weight.requires_grad


def lin(sd, **o):
    return nn.Linear(2, 3).load_state_dict(sd, **o)


def bn(sd):
    m = nn.BatchNorm1d(2)
    return repr(m.load_state_dict(sd)), m.num_batches_tracked


def cp(m):
    return copy.deepcopy(m)


def rt(m):
    return pickle.loads(pickle.dumps(m))


def dc():
    m = copy.deepcopy(net)
    return m.a is m.shared, m.a is net.a, m.a.weight is net.a.weight, list(m.state_dict())


def moved(f):
    m = Net()
    w = m.w
    s = m.s
    r = f(m)
    return (
        r is m,
        m.w is w,
        m.s is s,
        [str(p.dtype) for p in m.parameters()],
        [str(b.dtype) for b in m.buffers()],
    )


def withint():
    m = nn.BatchNorm1d(2)
    return m


def names(it):
    return [n for n, _ in it]
"""

TABLE = """
names(net.named_modules())
names(net.named_modules(remove_duplicate=False))
names(net.named_children())
names(net.named_parameters())
names(net.named_parameters(remove_duplicate=False))
names(net.named_parameters('pre', False))
names(net.named_buffers())
len(list(net.modules()))
len(list(net.children()))
len(list(net.parameters()))
len(list(net.buffers(recurse=False)))
list(net.state_dict())
list(net.state_dict(prefix='q.'))
net.state_dict(keep_vars=True)['w'] is net.w
dict(net.state_dict()._metadata)
net.state_dict({}, 'p.')
repr(net), repr(Bare()), str(nn.Sequential())
Bare()(1)
nn.Linear(2,3)()
Bare(3)
Bare(a=1)
NoInit()(x)
noinit('w', nn.Parameter(torch.ones(1)))
noinit('m', nn.ReLU())
noinit('m', 3)
NoInit().register_buffer('x', None)
NoInit().register_parameter('x', None)
NoInit().q
do(setn('w', torch.ones(2)))
do(setn('w', 'str'))
do(setn('w', None)), net.w
do(setn('a', 3))
do(setn('a', torch.ones(2)))
do(setn('a', None)), net.a
do(setn('s', 3))
do(setn('s', np_like)) if 0 else 1
do(setn('s', None)), net.s
do(setn('s', nn.Parameter(torch.ones(2)))), list(net._buffers), list(net._parameters)
do(setn('w', nn.ReLU()))
do(setn('forward', 3)), net.forward
do(setn('training', 'yes')), net.training
net.register_parameter('w2', torch.ones(2))
net.register_parameter('a', None)
net.register_parameter('x.y', None)
net.register_parameter('', None)
net.register_parameter(3, None)
net.register_parameter('forward', None)
net.register_parameter('q', nn.Parameter(torch.ones(2)) * 2)
net.register_parameter('q', torch.ones(2, requires_grad=True))
net.register_buffer('w', torch.ones(2))
net.register_buffer('x.y', torch.ones(2))
net.register_buffer('', torch.ones(2))
net.register_buffer(3, torch.ones(2))
net.register_buffer('q', 3)
net.add_module('a', 3)
net.add_module('w', nn.ReLU())
net.add_module('x.y', nn.ReLU())
net.add_module('', nn.ReLU())
net.add_module(3, nn.ReLU())
net.add_module('forward', nn.ReLU())
net.nothing
del net.nothing
net.__delattr__('w'), names(net.named_parameters())
net.__delattr__('s'), names(net.named_buffers())
net.__delattr__('a'), names(net.named_children())
net.get_submodule('b.1'), net.get_submodule('') is net
net.get_submodule('b.7')
net.get_submodule('w')
net.get_submodule('a.weight')
net.get_parameter('a.weight') is net.a.weight
net.get_parameter('a.nothing')
net.get_parameter('s')
net.get_parameter('zz.weight')
net.get_buffer('s') is net.s
net.get_buffer('w')
net.get_buffer('nothing')
net.get_extra_state()
net.set_extra_state(3)
net.set_submodule('b.1', nn.Tanh()), net
net.set_submodule('', nn.Tanh())
net.set_submodule('b.9', nn.Tanh())
net.set_submodule('b.9', nn.Tanh(), strict=True)
net.set_submodule('z.9', nn.Tanh())
net.set_submodule('b.1', 3)
net.apply(lambda m: None) is net
trace(lambda log: net.apply(lambda m: log.append(type(m).__name__)))
net.train(3)
net.train('no')
net.eval().training, net.a.training, net.train().b.training
net.requires_grad_(False) is net, [p.requires_grad for p in net.parameters()]
net.zero_grad(), net.zero_grad(set_to_none=False)
moved(lambda m: m.half())
moved(lambda m: m.bfloat16())
moved(lambda m: m.double())
moved(lambda m: m.float())
moved(lambda m: m.to(torch.float64))
moved(lambda m: m.to('cpu'))
moved(lambda m: m.to(torch.ones(1,dtype=torch.float16)))
moved(lambda m: m.to('cpu', torch.float64))
moved(lambda m: m.to(dtype=torch.float64, non_blocking=True))
moved(lambda m: m.to(memory_format=torch.channels_last))
moved(lambda m: m.to(torch.int64))
moved(lambda m: m.to(torch.complex64))
moved(lambda m: m.to())
moved(lambda m: m.type(torch.float64))
moved(lambda m: m.type('torch.DoubleTensor'))
moved(lambda m: m.cpu())
moved(lambda m: m.share_memory())
moved(lambda m: m.to_empty(device='cpu'))
moved(lambda m: m._apply(lambda t: t))
nn.BatchNorm1d(2).half().state_dict()
nn.BatchNorm1d(2).to(torch.float64).num_batches_tracked.dtype
full()
prep()
bw_hook('full_backward_hook', (torch.full((1,2),7.),))
bw_hook('full_backward_hook', (None,))
bw_hook('full_backward_hook', (torch.ones(1,2),None))
bw_hook('full_backward_hook', 3)
bw_hook('full_backward_pre_hook', (torch.full((1,3),7.),))
bw_hook('full_backward_pre_hook', (torch.ones(1,3),None))
kw(None)
kw(((x,), {'scale': 3.}))
kw((x,))
kw(x)
always(False)
always(True)
glob('forward_hook','forward_pre_hook')
glob('full_backward_hook','full_backward_pre_hook')
glob('backward_hook')
glob('backward_hook','full_backward_hook')
reg('buffer')
reg('parameter')
reg('module')
old()
old(nn.Sequential(nn.Linear(2,2), nn.ReLU()))
out_kind(lambda x: (x*2,x*3))
out_kind(lambda x: [x*2,x*3])
out_kind(lambda x: {'a': x*2})
out_kind(lambda x: (x*2, 3))
net.register_backward_hook(print), net.register_full_backward_hook(print)
net.register_full_backward_hook(print), net.register_backward_hook(print)
sd_hooks()
ld_hooks()
post_clear()
loaded({}, strict=False)
loaded({})
loaded({'zzz': 1, 'a.q.r': 2}, strict=False)
loaded(dict(Net().state_dict(), extra=torch.ones(1), **{'b.9.w': torch.ones(1)}))
loaded(3)
loaded({'w': torch.ones(3)}, strict=False)
loaded({'w': 3}, strict=False)
assigned()
lin({'weight': torch.ones(3,2), 'bias': torch.ones(2)})
lin({'weight': torch.ones(3,2), 'bias': [1,2,3]})
lin({'weight': torch.ones(3,2).double(), 'bias': torch.ones(3)})
lin({'weight': torch.ones(2,3), 'bias': torch.ones(4), 'q': 1})
Ex().state_dict(), Ex().load_state_dict({'_extra_state': {'k': 5}})
Ex().load_state_dict({})
Net().load_state_dict({'_extra_state': 1}, strict=False)
dc()
repr(cp(nn.LSTM(2,3,2))), repr(rt(nn.Sequential(nn.Linear(2,2),nn.BatchNorm1d(2))))
sorted(k for k in nn.ReLU().__dict__)
nn.Module.__call__ is nn.Linear.__call__
nn.Module.dump_patches
nn.Linear._version
nn.BatchNorm1d._version
nn.Linear(2,3).extra_repr(), nn.Module().extra_repr(), nn.Linear(2,2)._get_name()
nn.Linear(2.5, 3)
nn.Linear(0, 3)
nn.Linear(2, 3, dtype=torch.float64).weight.dtype
nn.Buffer(torch.ones(2))
isinstance(nn.Buffer(torch.ones(2)), nn.Buffer)
nn.Buffer(torch.ones(2), persistent=False).persistent
repr(nn.Parameter(torch.ones(2)))
isinstance(torch.ones(2), nn.Parameter)
nn.Parameter(torch.ones(2), False).requires_grad
nn.Parameter(torch.ones(2, dtype=torch.int64), requires_grad=False)
nn.Parameter()
nn.Parameter(3)
copy.deepcopy(nn.Parameter(torch.ones(2)))
type(copy.deepcopy(nn.Parameter(torch.ones(2)))).__name__
pickle.loads(pickle.dumps(nn.Parameter(torch.ones(2))))
repr(nn.UninitializedParameter())
nn.UninitializedParameter().shape
repr(nn.UninitializedBuffer())
repr(nn.LazyLinear(3).weight)
list(nn.LazyLinear(3).state_dict())
nn.LazyLinear(3)(x).shape, nn.LazyLinear(3).has_uninitialized_params()
[nn.LazyBatchNorm1d(), nn.LazyConv2d(2,3), nn.LazyConvTranspose1d(2,2), nn.LazyInstanceNorm2d()]
nn.LazyLinear(3).double().weight.dtype
nn.LazyLinear(3).share_memory()
nn.LazyLinear(3).load_state_dict(nn.Linear(2,3).state_dict())
nn.Linear(2,3).load_state_dict(nn.LazyLinear(3).state_dict())
copy.deepcopy(nn.LazyLinear(3))
"""


@pytest.mark.parametrize("source", lines(TABLE))
def test_module(source: str) -> None:
    assert_agree(source, SETUP)
