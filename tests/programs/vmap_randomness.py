"""Random numbers under vmap, for each kind of randomness."""

import torch
import torch.nn.functional as F
from torch import vmap

x = torch.zeros(3, 4)


def show(f, *a, **k):
    torch.manual_seed(0)
    try:
        print(vmap(f, **k)(*a))
    except Exception as e:
        print(type(e).__name__, str(e)[:160])


for r in ("error", "same", "different"):
    show(lambda a: torch.rand(2), x, randomness=r)
    show(lambda a: torch.randn(3) + a.sum(), x, randomness=r)
    show(lambda a: torch.randint(10, (2,)), x, randomness=r)
    show(lambda a: torch.randperm(4), x, randomness=r)
    show(lambda a: torch.bernoulli(a + 0.5), x, randomness=r)
    show(lambda a: F.dropout(a + 1), x, randomness=r)
    show(lambda a: torch.rand_like(a), x, randomness=r)
    show(lambda a: torch.normal(a, 1.0), x, randomness=r)
    show(lambda a: a.clone().uniform_(), x, randomness=r)
    show(lambda a: a.clone().bernoulli_(0.5), x, randomness=r)
    show(lambda a: torch.multinomial(a + 1, 2), x, randomness=r)
    show(lambda a: torch.bernoulli(torch.full((4,), 0.5)), x, randomness=r)
    show(lambda a: torch.normal(0.0, 1.0, (2,)), x, randomness=r)
    show(
        lambda a: F.dropout2d(a[None, :, None, None].expand(1, 4, 2, 2) + 1).sum((0, 2, 3)),
        x,
        randomness=r,
    )
    show(lambda a: torch.zeros(2).normal_(), x, randomness=r)
    show(lambda a: F.alpha_dropout(a + 1), x, randomness=r)
    show(lambda a: torch.poisson(a + 2), x, randomness=r)
    show(lambda a: torch.empty(3).exponential_(), x, randomness=r)
