"""Layers in use: copies, casts, conversions, and what they refuse."""

from __future__ import annotations

import pytest

from .agree import assert_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
import copy, pickle, gc, weakref

nn = torch.nn
F = nn.functional
torch.manual_seed(0)
x = torch.randn(4, 3)


def hooked():
    m = nn.Linear(3, 2)
    log = []
    m.register_forward_hook(lambda *a: log.append(1))
    c = copy.deepcopy(m)
    c(x)
    m(x)
    return len(log), len(c._forward_hooks)


def tied():
    a = nn.Linear(3, 3)
    b = nn.Linear(3, 3)
    b.weight = a.weight
    m = nn.Sequential(a, b)
    c = copy.deepcopy(m)
    return c[0].weight is c[1].weight, len(list(c.parameters())), len(c.state_dict())


def freed():
    m = nn.Linear(3, 2)
    m.register_full_backward_hook(lambda *a: None)
    m(x.clone().requires_grad_()).sum().backward()
    r = weakref.ref(m)
    del m
    gc.collect()
    return r() is None


def grads(m, *a):
    out = m(*a)
    out.sum().backward()
    return [p.grad is None for p in m.parameters()]


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.s = nn.Parameter(torch.tensor(2.0))
        self.register_buffer("b", torch.ones(1))
        self.sub = nn.ModuleDict({"a": nn.Linear(1, 1)})

    def forward(self, x):
        return self.s * x

    def extra_repr(self):
        return f"s={self.s.item()}"


class Two(nn.Module):
    def forward(self, a, *, b=1):
        return a * b


def moved():
    m = nn.Linear(3, 2)
    p = m.weight
    m(x).sum().backward()
    g = m.weight.grad
    m.double()
    return m.weight is p, m.weight.grad.dtype, m.weight.grad is g


def optim_after():
    m = nn.Linear(3, 2)
    o = torch.optim.SGD(m.parameters(), 0.1)
    m.double()
    m(x.double()).sum().backward()
    w = m.weight.detach().clone()
    o.step()
    return bool((m.weight != w).all())


def bn(train):
    m = nn.BatchNorm1d(3, momentum=None)
    m.train(train)
    out = [m(x + i) for i in range(3)]
    return out[-1].detach(), m.running_mean, m.num_batches_tracked


def syncd():
    return nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.BatchNorm1d(3)))
"""

TABLE = """
hooked()
tied()
freed()
repr(Scale()), list(Scale().state_dict()), [n for n, _ in Scale().named_parameters()]
moved()
optim_after()
bn(True)
bn(False)
Two()(x, b=3)
Two()(x, 3)
syncd()
nn.Identity(1, b=2)(x) is x
nn.Flatten(0)(x).shape, nn.Unflatten(0, (2, 2))(x).shape, nn.Flatten()(x[None]).shape
nn.Sequential(nn.Linear(3, 2), nn.ReLU())(x).grad_fn.name()
nn.Linear(3, 2)(x[:, :2])
nn.Conv2d(3, 4, 3)(x)
nn.Conv2d(3, 4, 3)(torch.ones(1, 2, 5, 5))
nn.BatchNorm1d(3)(x[:1])
nn.BatchNorm2d(3)(x)
nn.LayerNorm(3)(x[:, :2])
nn.GroupNorm(2, 3)
nn.Embedding(3, 2)(torch.tensor([5]))
nn.Embedding(3, 2)(x)
nn.Embedding(3, 2, padding_idx=5)
nn.Embedding.from_pretrained(torch.ones(2, 3)).weight.requires_grad
nn.Embedding.from_pretrained(x, freeze=False).weight
nn.CrossEntropyLoss()(x, torch.tensor([0, 1, 2, 3]))
nn.CrossEntropyLoss()(x, torch.tensor([0, 1]))
nn.MSELoss()(x, x[:, :1])
nn.BCELoss()(x, x)
nn.Dropout(1.5)
nn.Softmax()(x)
nn.MultiheadAttention(4, 2)(x, x, x)
nn.Upsample(scale_factor=2)(x)
nn.PixelShuffle(2)(torch.ones(1, 3, 2, 2))
nn.MaxPool2d(2)(x)
nn.AvgPool2d(9)(torch.ones(1, 1, 3, 3))
nn.AdaptiveAvgPool2d(2)(torch.ones(3))
nn.Bilinear(2, 3, 4)(x[:, :2], x).shape
nn.GaussianNLLLoss()(x, x, -torch.ones(4, 3))
nn.CTCLoss()(x[:, None].log_softmax(-1), torch.tensor([[1, 2]]), (4,), (2,))
nn.TripletMarginWithDistanceLoss()(x, x + 1, x - 1)
nn.AdaptiveLogSoftmaxWithLoss(3, 6, [2, 4])(x, torch.tensor([0, 3, 5, 1]))
nn.AdaptiveLogSoftmaxWithLoss(3, 6, [2, 4]).predict(x)
nn.AdaptiveLogSoftmaxWithLoss(3, 6, [2, 4]).log_prob(x).shape
nn.utils.parametrizations.weight_norm(nn.Conv2d(1, 2, 3)).weight.shape
nn.Module().half(), nn.Module().cuda
"""


@pytest.mark.parametrize("source", lines(TABLE))
def test_nn_behaviour(source: str) -> None:
    assert_agree(source, SETUP)
