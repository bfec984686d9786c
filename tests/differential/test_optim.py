"""Optimisers and schedules: the same trajectory as PyTorch's, step by step."""

from __future__ import annotations

import pytest

from .agree import assert_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
optim, S = torch.optim, torch.optim.lr_scheduler

def problem(dtype=torch.float64):
    w = (torch.arange(12.0).reshape(4, 3) / 6 - 1).to(dtype).requires_grad_()
    b = torch.zeros(3, dtype=dtype, requires_grad=True)
    x = (torch.arange(20.0).reshape(5, 4) / 10 - 1).to(dtype)
    loss = lambda: (((x @ w).tanh() + b - 0.3).abs() ** 4).sum()
    return w, b, loss

def follow(make, steps=6, schedule=None, **options):
    w, b, loss = problem(**options)
    optimizer = make([{"params": [w]}, {"params": [b], "lr": 0.03}])
    scheduler = schedule(optimizer) if schedule else None
    trace = []
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step(*([value.item()] if isinstance(scheduler, S.ReduceLROnPlateau) else []))
        rates = [g["lr"] for g in optimizer.param_groups]
        trace.append((w.detach().clone(), b.detach().clone(), rates))
    return trace, sorted(str(k) for s in optimizer.state_dict()["state"].values() for k in s)

def minimise(**options):
    w, b, loss = problem()
    optimizer = optim.LBFGS([w, b], **options)
    def closure():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value
    return [optimizer.step(closure).item() for _ in range(3)], w.detach(), b.detach()

def of_a_number(make):
    w = torch.tensor(1.0, requires_grad=True)
    optimizer = make([w])
    for gradient in (1.0, -0.5, 2.0):
        w.grad = torch.tensor(gradient)
        optimizer.step()
    return w.detach(), type(w.detach()).__name__

p = torch.ones(3, requires_grad=True)
"""

OPTIMISERS = """
follow(lambda p: optim.SGD(p, 0.1))
follow(lambda p: optim.SGD(p, 0.1, momentum=0.9, dampening=0.1, weight_decay=0.01))
follow(lambda p: optim.SGD(p, 0.1, momentum=0.9, nesterov=True, maximize=True))
follow(lambda p: optim.SGD(p, torch.tensor(0.1)))
of_a_number(lambda p: optim.SGD(p, 0.1, momentum=0.9))
of_a_number(lambda p: optim.RMSprop(p, 0.1, momentum=0.9, centered=True))
follow(lambda p: optim.Adam(p, 0.1))
follow(lambda p: optim.Adam(p, 0.1, amsgrad=True, weight_decay=0.1, maximize=True))
follow(lambda p: optim.Adam(p, 0.1, differentiable=False), dtype=torch.complex128)
follow(lambda p: optim.AdamW(p, 0.1))
follow(lambda p: optim.Adagrad(p, 0.1, lr_decay=0.1, initial_accumulator_value=0.2))
follow(lambda p: optim.Adadelta(p, 1.0, weight_decay=0.1))
follow(lambda p: optim.Adadelta(p, 1.0), dtype=torch.complex128)
follow(lambda p: optim.Adamax(p, 0.1))
follow(lambda p: optim.NAdam(p, 0.1))
follow(lambda p: optim.NAdam(p, 0.1, weight_decay=0.1, decoupled_weight_decay=True))
follow(lambda p: optim.RAdam(p, 0.1), steps=8)
follow(lambda p: optim.RMSprop(p, 0.1))
follow(lambda p: optim.RMSprop(p, 0.1, momentum=0.9, centered=True))
follow(lambda p: optim.Rprop(p, 0.1))
follow(lambda p: optim.ASGD(p, 0.1, t0=2))
follow(lambda p: optim.Adafactor(p, 0.1, weight_decay=0.1))
minimise()
minimise(history_size=2, max_iter=4)
minimise(line_search_fn="strong_wolfe")
"""

SCHEDULES = """
S.LambdaLR(o, lambda e: 0.95 ** e)
S.MultiplicativeLR(o, lambda e: 0.9)
S.StepLR(o, 2, gamma=0.5)
S.MultiStepLR(o, [2, 5], gamma=0.3)
S.ConstantLR(o, factor=0.5, total_iters=4)
S.LinearLR(o, start_factor=0.2, total_iters=5)
S.ExponentialLR(o, 0.9)
S.PolynomialLR(o, total_iters=4, power=2.0)
S.CosineAnnealingLR(o, 3, eta_min=0.001)
S.CosineAnnealingWarmRestarts(o, 2, 2)
S.ReduceLROnPlateau(o, factor=0.5, patience=0, threshold=0.2)
S.CyclicLR(o, 0.01, 0.1, step_size_up=2, mode="triangular2")
S.OneCycleLR(o, 0.2, total_steps=9)
S.OneCycleLR(o, 0.2, epochs=3, steps_per_epoch=3, three_phase=True, anneal_strategy="linear")
S.SequentialLR(o, [S.ConstantLR(o, 0.1, 2), S.ExponentialLR(o, 0.9)], [3])
S.ChainedScheduler([S.ConstantLR(o, 0.1, 2), S.ExponentialLR(o, 0.9)])
"""

WORDS = """
optim.Adam([p], lr=-1)
optim.Adam([p], betas=(1.0, 0.9))
optim.Adam([p], eps=-1)
optim.SGD([])
optim.SGD(p)
optim.SGD([p * 1])
optim.SGD([1])
optim.SGD([p], nesterov=True)
optim.SGD({p})
optim.SGD([{"params": [p]}, {"params": [p]}])
optim.Rprop([p], etas=(2, 3))
optim.Adafactor([p], d=0.5)
optim.Muon([p])
str(optim.Adam([p]))
str(optim.RMSprop([p], momentum=0.5))
optim.Adam([p]).state_dict()
S.StepLR(3, 1)
S.LinearLR(optim.SGD([p]), start_factor=2)
S.OneCycleLR(optim.SGD([p]), 0.1)
S.SequentialLR(optim.SGD([p]), [], [])
S.LambdaLR(optim.SGD([p]), [lambda e: 1, lambda e: 2])
S.CosineAnnealingWarmRestarts(optim.SGD([p]), 0)
S.StepLR(optim.SGD([p]), 1).step()
"""


@pytest.mark.parametrize("source", lines(OPTIMISERS))
def test_trajectory(source: str) -> None:
    assert_agree(source, SETUP)


@pytest.mark.parametrize("schedule", lines(SCHEDULES))
@pytest.mark.parametrize("optimiser", ["SGD(p, 0.1, momentum=0.9)", "Adam(p, 0.1)"])
def test_schedule(optimiser: str, schedule: str) -> None:
    assert_agree(f"follow(lambda p: optim.{optimiser}, 8, lambda o: {schedule})", SETUP)


@pytest.mark.parametrize("source", lines(WORDS))
def test_words(source: str) -> None:
    assert_agree(source, SETUP)


RESUMED = """
def resumed(make):
    w, b, loss = problem()
    first = make([w, b])
    for _ in range(2):
        loss().backward()
        first.step()
    second = make([w, b])
    second.load_state_dict(first.state_dict())
    loss().backward()
    second.step()
    return w.detach(), second.state_dict()
"""


@pytest.mark.parametrize("make", ["Adam", "SGD", "RMSprop", "Adagrad"])
def test_state_is_taken_over(make: str) -> None:
    assert_agree(f"resumed(lambda p: optim.{make}(p, lr=0.1))", SETUP + RESUMED)


DIFFERENTIATED = """
def through(make):
    start = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    p = start.clone()
    p.grad = start * 3
    make([p.requires_grad_()] if p.is_leaf else [_retained(p)]).step()
    return torch.autograd.grad(p.sum(), start)[0]

def _retained(p):
    p.retain_grad()
    return p
"""


@pytest.mark.parametrize(
    "make", ["SGD(p", "Adam(p", "Adam(p, amsgrad=True", "RMSprop(p", "Adagrad(p", "NAdam(p"]
)
def test_a_step_can_be_differentiated(make: str) -> None:
    assert_agree(
        f"through(lambda p: optim.{make}, lr=0.1, differentiable=True))", SETUP + DIFFERENTIATED
    )


def test_a_step_can_be_differentiated_by_the_state() -> None:
    assert_agree("by_product()", SETUP + BY_PRODUCT)


BY_PRODUCT = """
def by_product():
    p = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True).clone()
    product = torch.tensor(0.9, dtype=torch.float64, requires_grad=True)
    p.retain_grad()
    p.grad = torch.ones_like(p)
    optimizer = optim.NAdam([p], lr=0.1, differentiable=True)
    optimizer.state[p] = {
        "step": torch.tensor(3.0), "mu_product": product.clone(),
        "exp_avg": torch.full_like(p, 0.1), "exp_avg_sq": torch.full_like(p, 0.2),
    }
    optimizer.step()
    return torch.autograd.grad(p.sum(), product)
"""


def test_hooks_of_the_state_may_come_first() -> None:
    assert_agree("order_of_hooks()", SETUP + ORDER)


ORDER = """
def order_of_hooks():
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    order = []
    for kind in ("state_dict_pre", "state_dict_post", "load_state_dict_pre"):
        register = getattr(optimizer, f"register_{kind}_hook")
        register(lambda *_, kind=kind: order.append(kind))
        register(lambda *_, kind=kind: order.append(f"first {kind}"), prepend=True)
    optimizer.load_state_dict(optimizer.state_dict())
    return order
"""


AVERAGED = """
U = torch.optim.swa_utils
net = torch.nn.Linear(2, 1)
with torch.no_grad():
    net.weight.fill_(1.0)
    net.bias.fill_(0.0)

def averaged(**options):
    model = U.AveragedModel(net, **options)
    for i in range(3):
        model.update_parameters(net)
        with torch.no_grad():
            net.weight.add_(1.0)
    return model.module.weight.detach(), model.n_averaged
"""


@pytest.mark.parametrize(
    "source",
    [
        "averaged()",
        "averaged(avg_fn=U.get_ema_avg_fn(0.5))",
        "averaged(multi_avg_fn=U.get_ema_multi_avg_fn(0.5))",
        "averaged(avg_fn=1, multi_avg_fn=2)",
        "follow(lambda p: optim.SGD(p, 0.1), 6, lambda o: U.SWALR(o, 0.05, anneal_epochs=3))",
    ],
)
def test_averages_of_weights(source: str) -> None:
    assert_agree(source, SETUP + AVERAGED)
