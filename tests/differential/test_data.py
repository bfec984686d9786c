"""``torch.utils.data`` and ``torch.amp``."""

from __future__ import annotations

import pytest

from .agree import assert_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
from importlib import import_module
import numpy as np

D = import_module(torch.__name__ + ".utils.data")
torch.manual_seed(0)
x, y = torch.arange(20.0).reshape(10, 2), torch.arange(10)
data = D.TensorDataset(x, y)
seeded = lambda n: torch.Generator().manual_seed(n)

class Stream(D.IterableDataset):
    def __iter__(self):
        return iter(range(7))
"""

TABLE = """
list(D.DataLoader(data, batch_size=4))
[b[1] for b in D.DataLoader(data, batch_size=4, shuffle=True)] + [torch.rand(2)]
[b[1] for b in D.DataLoader(data, batch_size=4, shuffle=True, drop_last=True, generator=seeded(3))]
[s.indices for s in D.random_split(data, [7, 3])]
[s.indices for s in D.random_split(range(10), [0.5, 0.3, 0.2], generator=seeded(42))]
list(D.RandomSampler(range(5), replacement=True, num_samples=40))
list(D.RandomSampler(range(5), num_samples=12))
list(D.WeightedRandomSampler([0.1, 0.9, 0.4], 6))
list(D.SubsetRandomSampler([3, 4, 7]))
list(D.BatchSampler(D.SequentialSampler(range(7)), 3, False))
list(D.BatchSampler(D.SequentialSampler(range(7)), 3, True))
list(D.DataLoader(Stream(), batch_size=3))
list(D.DataLoader(Stream(), batch_size=3, drop_last=True))
list(D.DataLoader(Stream(), batch_size=None))
(len(data + data), (data + data)[12], (data + data)[-1])
(len(D.DataLoader(data, batch_size=3)), len(D.DataLoader(data, batch_size=3, drop_last=True)))
D.default_collate([{"a": 1, "b": 2.0, "c": "x", "d": np.ones(2), "e": (1, 2)}] * 2)
D.default_collate([[3, torch.ones(1)]] * 2)
D.default_collate([True, False])
D.default_collate([object()])
D.default_collate([[1], [1, 2]])
D.DataLoader(data, batch_size=0)
D.DataLoader(data, shuffle=True, sampler=[1])
D.DataLoader(Stream(), shuffle=True)
D.DataLoader(data, num_workers=-1)
D.random_split(data, [1, 2])
D.TensorDataset(x, y[:3])
D.StackDataset(a=data, b=data)[1]
D.Subset(data, [1, 2])[0]
D.random_split(data, [0.99, 0.01])[1].indices
"""


@pytest.mark.parametrize("source", lines(TABLE))
def test_data(source: str) -> None:
    assert_agree(source, SETUP)


AMP = """
a = (torch.arange(12.0).reshape(3, 4) / 7 - 1).requires_grad_()
b = torch.arange(8.0).reshape(4, 2) / 5

def facts(*tensors):
    return [(str(t.dtype).split(".")[1], t.grad_fn and t.grad_fn.name()) for t in tensors]

def mixed(**options):
    with torch.autocast("cpu", **options):
        c = a @ b
        return facts(c, c + 1.0, c.sum(), a * 2, torch.cat([c, torch.ones(3, 2)]), c.softmax(-1))

def trained():
    p = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2)
    trace = []
    for i in range(5):
        optimizer.zero_grad()
        loss = scaler.scale((p * p).sum() * (float("inf") if i == 3 else 1))
        loss.backward()
        if i == 2:
            scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
        trace.append((loss.item(), p.detach().clone(), scaler.get_scale()))
    return trace, scaler.state_dict()
"""


@pytest.mark.parametrize(
    "source",
    lines("""
mixed()
mixed(dtype=torch.float16)
mixed(enabled=False)
mixed(dtype=torch.float64)
torch.autocast("cpu")(lambda: facts(a @ b))()
torch.autocast("tpu")
trained()
torch.amp.GradScaler("cpu").update()
torch.amp.GradScaler().is_enabled()
"""),
)
def test_mixed_precision(source: str) -> None:
    assert_agree(source, AMP)
