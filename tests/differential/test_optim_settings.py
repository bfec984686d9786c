"""Optimisers with all their settings, schedulers, averages, hooks and errors."""

from __future__ import annotations

import pytest

from .agree import assert_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
import copy, pickle
from importlib import import_module

nn = torch.nn
O = torch.optim
L = import_module(torch.__name__ + ".optim.lr_scheduler")
SW = import_module(torch.__name__ + ".optim.swa_utils")
OO = import_module(torch.__name__ + ".optim.optimizer")
f64 = torch.float64


def params(n=2):
    return [
        torch.tensor([1.0, -2.0, 3.0], dtype=f64).requires_grad_(),
        torch.tensor([[0.5, 2.0]], dtype=f64).requires_grad_(),
    ][:n]


def loss(ps):
    return sum((p**2).sum() + p.sin().sum() for p in ps)


def train(name, steps=4, **o):
    ps = params()
    opt = getattr(O, name)(ps, **o)
    out = []
    for _ in range(steps):
        opt.zero_grad()
        l = loss(ps)
        l.backward()
        opt.step()
        out.append(l.item())
    return out, [p.detach() for p in ps], state(opt)


def state(opt):
    return {
        k: {n: v.detach() if isinstance(v, torch.Tensor) else v for n, v in s.items()}
        for k, s in opt.state_dict()["state"].items()
    }


def closure(name, **o):
    ps = params()
    opt = getattr(O, name)(ps, **o)

    def step():
        opt.zero_grad()
        l = loss(ps)
        l.backward()
        return l

    return [opt.step(step).item() for _ in range(3)], [p.detach() for p in ps]


def groups(o):
    return [{k: v if k != "params" else len(v) for k, v in g.items()} for g in o.param_groups]


def made(name="SGD", **o):
    return getattr(O, name)(params(), **({"lr": 0.1} if name == "SGD" else {}) | o)


def sched(name, *a, n=6, opt="SGD", **o):
    opt = made(opt, lr=1.0, **({"momentum": 0.9} if opt == "SGD" else {}))
    s = getattr(L, name)(opt, *a, **o)
    out = [s.get_last_lr()]
    for i in range(n):
        opt.step()
        s.step(*([1.0 / (i % 3 + 1)] if name == "ReduceLROnPlateau" else []))
        out.append([g["lr"] for g in opt.param_groups])
    d = {
        k: v
        for k, v in s.state_dict().items()
        if not k.startswith("_") and k not in ("schedulers", "_schedulers")
    }
    return out, d


def chain(kind, *args, **o):
    opt = made(lr=1.0)
    ss = [L.ConstantLR(opt, 0.1, 2), L.ExponentialLR(opt, 0.9)]
    s = getattr(L, kind)(*(lambda x: [opt, x] if kind == "SequentialLR" else [x])(ss), *args, **o)
    out = []
    for _ in range(5):
        opt.step()
        s.step()
        out.append(s.get_last_lr())
    return out, s.last_epoch if hasattr(s, "last_epoch") else None


def order():
    opt = made()
    s = L.StepLR(opt, 1)
    s.step()
    opt.step()
    s.step()


def resume(name="StepLR", *a, **o):
    opt = made(lr=1.0)
    s = getattr(L, name)(opt, *a, **o)
    for _ in range(3):
        opt.step()
        s.step()
    opt2 = made(lr=1.0)
    s2 = getattr(L, name)(opt2, *a, **o)
    s2.load_state_dict(s.state_dict())
    opt2.load_state_dict(opt.state_dict())
    opt2.step()
    s2.step()
    return s2.get_last_lr(), s2.last_epoch


def hooks():
    log = []
    opt = made()
    opt.register_step_pre_hook(lambda o, a, k: log.append(("pre", len(a), sorted(k))))
    h = opt.register_step_post_hook(lambda o, a, k: log.append("post"))
    opt.step()
    h.remove()
    opt.step()
    return log


def ghooks():
    log = []
    a = OO.register_optimizer_step_pre_hook(lambda o, x, k: log.append("pre"))
    b = OO.register_optimizer_step_post_hook(lambda o, x, k: log.append("post"))
    try:
        made().step()
    finally:
        a.remove()
        b.remove()
    return log


def sdhooks():
    log = []
    opt = made()
    opt.register_state_dict_pre_hook(lambda o: log.append("pre"))
    opt.register_state_dict_post_hook(lambda o, s: log.append(sorted(s)))
    opt.register_load_state_dict_pre_hook(lambda o, s: log.append("lpre"))
    opt.register_load_state_dict_post_hook(lambda o: log.append("lpost"))
    opt.load_state_dict(opt.state_dict())
    return log


def roundtrip(name, **o):
    ps = params()
    opt = getattr(O, name)(ps, **o)
    for _ in range(2):
        opt.zero_grad()
        loss(ps).backward()
        opt.step()
    qs = [p.detach().clone().requires_grad_() for p in ps]
    opt2 = getattr(O, name)(qs, **o)
    opt2.load_state_dict(copy.deepcopy(opt.state_dict()))
    for a, b in ((ps, opt), (qs, opt2)):
        b.zero_grad()
        loss(a).backward()
        b.step()
    return [bool((p == q).all()) for p, q in zip(ps, qs)], opt.state_dict()["param_groups"]


def addg(g, **o):
    opt = made(**o)
    opt.add_param_group(g)
    return groups(opt)


def load(sd):
    return made().load_state_dict(sd)


def avg(**o):
    torch.manual_seed(0)
    m = nn.Linear(2, 1)
    a = SW.AveragedModel(m, **o)
    for i in range(3):
        m.weight.data += i
        a.update_parameters(m)
    return a.module.weight, a.n_averaged, list(a.state_dict()), a(torch.ones(1, 2))


def swalr(**o):
    opt = made(lr=1.0)
    s = SW.SWALR(opt, **o)
    out = []
    for _ in range(6):
        opt.step()
        s.step()
        out.append(s.get_last_lr())
    return out


def bn():
    torch.manual_seed(0)
    m = nn.Sequential(nn.BatchNorm1d(2))
    SW.update_bn([torch.randn(4, 2), torch.randn(4, 2)], m)
    return dict(m.state_dict())


def diff(name, **o):
    p = torch.tensor([1.0, 2.0], dtype=f64, requires_grad=True)
    q = p.clone()
    opt = getattr(O, name)([q], differentiable=True, **o)
    q.grad = (p * 3).clone()
    opt.step()
    q.sum().backward()
    return p.grad


nothing = getattr(import_module(torch.__name__), "nothing", None)
"""

TABLE = """
train('SGD', lr=.1)
train('SGD', lr=.1, momentum=.9)
train('SGD', lr=.1, momentum=.9, dampening=.3, weight_decay=.1)
train('SGD', lr=.1, momentum=.9, nesterov=True)
train('SGD', lr=.1, maximize=True, foreach=True)
train('SGD', lr=.1, fused=True)
train('SGD', lr=torch.tensor(.1))
train('Adam', lr=.1)
train('Adam', lr=.1, amsgrad=True, weight_decay=.1)
train('Adam', lr=.1, maximize=True)
train('Adam', lr=.1, foreach=True)
train('Adam', lr=.1, fused=True)
train('Adam', lr=.1, betas=(.5, .7), eps=1e-3)
train('Adam', lr=.1, decoupled_weight_decay=True, weight_decay=.1)
train('Adam', lr=torch.tensor(.1), foreach=False)
train('AdamW', lr=.1)
train('AdamW', lr=.1, amsgrad=True, maximize=True, weight_decay=.3)
train('Adamax', lr=.1, weight_decay=.1)
train('Adamax', maximize=True)
train('NAdam', lr=.1)
train('NAdam', lr=.1, weight_decay=.1, decoupled_weight_decay=True)
train('NAdam', maximize=True)
train('RAdam', lr=.1, steps=7)
train('RAdam', lr=.1, weight_decay=.1, decoupled_weight_decay=True, steps=8)
train('RMSprop', lr=.1)
train('RMSprop', lr=.1, centered=True, momentum=.9, weight_decay=.1)
train('RMSprop', maximize=True)
train('Rprop', lr=.1)
train('Rprop', maximize=True, etas=(.4, 1.3))
train('Adagrad', lr=.1, lr_decay=.1, weight_decay=.1)
train('Adagrad', initial_accumulator_value=.5, maximize=True)
train('Adadelta', weight_decay=.1)
train('Adadelta', lr=.5, rho=.8, maximize=True)
train('ASGD', lr=.1, t0=1, weight_decay=.1)
train('ASGD', maximize=True)
train('Adafactor', lr=.1)
train('Adafactor', maximize=True, weight_decay=.1)
closure("SGD", lr=.1)
closure("Adam", lr=.1)
closure("LBFGS", lr=.5)
closure("LBFGS", line_search_fn="strong_wolfe")
closure("LBFGS", line_search_fn="x")
O.LBFGS(params()).step()
O.LBFGS([{"params": params()}, {"params": []}])
O.SGD([], lr=.1)
O.SGD(torch.ones(2), lr=.1)
O.SGD(params()[0], lr=.1)
O.SGD([3], lr=.1)
O.SGD([params()[0] * 2], lr=.1)
O.SGD(params(), lr=-1)
O.SGD(params(), lr=.1, momentum=-1)
O.SGD(params(), lr=.1, weight_decay=-1)
O.SGD(params(), lr=.1, nesterov=True)
O.SGD(params(), lr=torch.ones(2))
O.SGD(params(), lr=.1, foreach=True, fused=True)
O.SGD(params(), lr=torch.tensor(.1), foreach=True)
O.SGD(params(), lr=.1, differentiable=True, fused=True)
O.Adam(params(), betas=(1., .9))
O.Adam(params(), betas=(.9, 2))
O.Adam(params(), eps=-1)
O.Adam(params(), lr=torch.tensor(.1), foreach=True)
O.Adam(params(), capturable=True).step()
train("Adam", lr=.1, capturable=True)
train("NAdam", capturable=True)
train("ASGD", capturable=True)
O.SGD([{"params": params(1)}, {"params": [("a", params()[0])]}], lr=.1)
O.AdamW(params(), weight_decay=-1)
O.RMSprop(params(), momentum=-1)
O.RMSprop(params(), alpha=-1)
O.Rprop(params(), etas=(2, 1))
O.Adagrad(params(), lr_decay=-1)
O.Adadelta(params(), rho=2)
O.Adamax(params(), betas=(2, 1))
O.NAdam(params(), momentum_decay=-1)
O.RAdam(params(), betas=(2, 1))
O.ASGD(params(), lr=-1)
O.Adafactor(params(), beta2_decay=1)
O.SparseAdam(params(), lr=0)
O.Muon(params(), lr=.1)
repr(made())
repr(made('Adam'))
repr(O.SGD([{'params': params(1)}, {'params': params(1), 'lr': 3}], lr=0.1, momentum=0.9))
groups(O.SGD([{'params': params(1)}, {'params': params(1), 'lr': 3}], lr=0.1))
groups(made('AdamW'))
groups(made('LBFGS'))
O.SGD([{"params": params(1)}, {"params": params(1)}]).defaults
O.SGD([{"lr": 3}], lr=.1)
O.SGD([("a", params()[0]), ("b", params()[1])], lr=.1).param_groups[0]["param_names"]
O.SGD([("a", params()[0]), params()[1]], lr=.1)
addg({"params": params(1), "lr": 5})
addg({"params": params()[0]})
addg(3)
addg({"params": {1, 2}})
addg({"params": [3]})
addg({"params": [params()[0] * 2]})
(lambda ps: O.SGD(ps, lr=.1).add_param_group({"params": ps}))(params())
O.SGD([params()[0]] * 2, lr=.1)
(lambda p: O.SGD([p, p], lr=.1))(params()[0])
load({"param_groups": [], "state": {}})
load({"param_groups": [{"params": [0]}], "state": {}})
roundtrip("SGD", lr=.1, momentum=.9)
roundtrip("Adam", lr=.1, amsgrad=True)
roundtrip("RMSprop", lr=.1, momentum=.9)
roundtrip("Adagrad", lr=.1)
roundtrip("Adafactor", lr=.1)
roundtrip("NAdam", lr=.1)
hooks()
ghooks()
sdhooks()
made().zero_grad(), made().zero_grad(set_to_none=False)
pickle.loads(pickle.dumps(made("Adam"))).param_groups[0]["betas"]
copy.deepcopy(made("Adam")).defaults
diff("SGD", lr=.1)
diff("Adam", lr=.1)
O.Optimizer(params(), {}).step()
made().step.__name__, made().step(lambda: 3)
# schedulers
sched("StepLR", 2, .5)
sched("MultiStepLR", [1, 3], .5)
sched("ConstantLR", .5, 2)
sched("LinearLR", .1, 1., 4)
sched("ExponentialLR", .5)
sched("PolynomialLR", 4, 2.)
sched("CosineAnnealingLR", 4, .1, n=9)
sched("CosineAnnealingWarmRestarts", 2, 2, n=9)
sched("LambdaLR", lambda e: .5 ** e)
sched("MultiplicativeLR", lambda e: .5)
sched("OneCycleLR", 2., 6)
sched("OneCycleLR", 2., epochs=2, steps_per_epoch=3, anneal_strategy="linear", three_phase=True)
sched("OneCycleLR", 2., 3)
sched("OneCycleLR", 2.)
sched("OneCycleLR", 2., 6, anneal_strategy="x")
sched("OneCycleLR", 2., 6, pct_start=2)
sched("CyclicLR", .1, 1., 2, n=7)
sched("CyclicLR", .1, 1., 2, mode="exp_range", gamma=.9, n=7)
sched("CyclicLR", .1, 1., 2, mode="x")
sched("CyclicLR", .1, 1., opt="AdamW")
sched("ReduceLROnPlateau", patience=0, n=8)
sched("ReduceLROnPlateau", mode="x")
sched("ReduceLROnPlateau", factor=2.)
sched("ReduceLROnPlateau", threshold_mode="x")
sched("LinearLR", 2.)
sched("LinearLR", .5, 2.)
sched("ConstantLR", 2.)
sched("CosineAnnealingWarmRestarts", 0)
sched("LambdaLR", [lambda e: 1] * 3)
sched("StepLR", 2, last_epoch=3)
chain("SequentialLR", milestones=[2])
chain("SequentialLR", milestones=[2, 3])
chain("SequentialLR", [])
chain("ChainedScheduler")
L.ChainedScheduler([])
L.SequentialLR(made(), [], [])
(lambda a, b: L.ChainedScheduler([L.StepLR(a, 1), L.StepLR(b, 1)]))(made(), made())
(lambda a, b: L.SequentialLR(a, [L.StepLR(a, 1), L.StepLR(b, 1)], [1]))(made(), made())
order()
L.StepLR(3, 1)
L.StepLR(made(), 1).step(2)
resume("StepLR", 2)
resume("CosineAnnealingLR", 5)
resume("OneCycleLR", 2., 8)
resume("LinearLR")
L.StepLR(made(), 1).state_dict()
L.LambdaLR(made(), lambda e: 1).state_dict()
L.StepLR(made(), 2).get_lr()
# averages
avg()
avg(avg_fn=lambda a, b, n: a * .5 + b * .5)
avg(multi_avg_fn=SW.get_ema_multi_avg_fn(.9))
avg(avg_fn=SW.get_ema_avg_fn(.9))
avg(use_buffers=True)
avg(multi_avg_fn=SW.get_swa_multi_avg_fn())
SW.get_ema_avg_fn(2)
SW.get_ema_multi_avg_fn(-1)
SW.AveragedModel(nn.Linear(1, 1), avg_fn=1, multi_avg_fn=2)
swalr(swa_lr=.1, anneal_epochs=3)
swalr(swa_lr=.1, anneal_epochs=3, anneal_strategy="linear")
swalr(swa_lr=.1, anneal_epochs=0)
swalr(swa_lr=.1, anneal_strategy="x")
swalr(swa_lr=.1, anneal_epochs=-1)
swalr(swa_lr=[.1, .2])
bn()
"""


@pytest.mark.parametrize("source", lines(TABLE))
def test_optim(source: str) -> None:
    assert_agree(source, SETUP)
