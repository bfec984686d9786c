"""What tutorials print about models, tensors and graphs."""

import copy
import pickle
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn
from torch.autograd import Variable

torch.manual_seed(0)
model = nn.Sequential(
    OrderedDict(
        [
            ("conv", nn.Conv2d(1, 4, 3, padding="same")),
            ("norm", nn.BatchNorm2d(4, affine=False)),
            ("act", nn.PReLU()),
            ("pool", nn.AdaptiveAvgPool2d((2, 2))),
            ("flat", nn.Flatten()),
            ("head", nn.Linear(16, 3)),
        ]
    )
)
print(type(model), type(model.conv), type(model[0].weight))
rows = []


def hook(module, inputs, output):
    count = sum(p.numel() for p in module.parameters() if p.requires_grad)
    rows.append((module.__class__.__name__, tuple(inputs[0].shape), tuple(output.shape), count))


handles = [m.register_forward_hook(hook) for m in model.modules() if not list(m.children())]
out = model(torch.rand(2, 1, 6, 6))
print("-" * 60)
for name, before, after, count in rows:
    print(f"{name:<20}{before!s:<18}{after!s:<16}{count:>6,}")
print("=" * 60)
for handle in handles:
    handle.remove()
for name, param in model.named_parameters():
    print(f"{name:<12} {list(param.shape)!s:<14} {param.requires_grad}")
print(list(model.state_dict()), model.training, next(model.parameters()).is_leaf)


def walk(node, depth=0):
    print("  " * depth + node.name())
    for child, _ in node.next_functions[:2]:
        if child is not None and depth < 4:
            walk(child, depth + 1)


walk(out.sum().grad_fn)

x = torch.arange(6.0).reshape(2, 3)
for row in x:
    print(row, row.sum(), f"{row.mean():.2f}")
a, b = x
print(len(x), 4 in x, max(a), min(b), sum(a), sorted(torch.tensor([3, 1, 2]))[0])
print(
    dict(zip("abc", b.tolist())),
    [*map(int, a)],
    x[torch.tensor(1)],
    list(range(5))[torch.tensor(2)],
)
print(np.asarray(x).mean(), np.sqrt(x.numpy()).round(2), torch.from_numpy(np.arange(3)))
print(x.type(), type(x), isinstance(x, torch.FloatTensor), x.dtype, x.device, x.size(), x.size(0))
print("%.3f %s {:>8.2f}".format(a[2]) % (b[1], a[0]))
v = Variable(torch.ones(2, 2), requires_grad=True)
out = (v + 2).pow(2).mean()
out.backward()
print(v.grad, out.data, v.data.numpy().sum(), out.grad_fn is not None)


@dataclass
class Batch:
    x: torch.Tensor
    y: torch.Tensor = field(default_factory=lambda: torch.zeros(1))


print(Batch(torch.ones(2)))
twin = copy.deepcopy(model)
print(all(torch.equal(p, q) for p, q in zip(model.parameters(), twin.parameters())))
print(pickle.loads(pickle.dumps(x)).equal(x), pickle.loads(pickle.dumps(nn.Dropout(0.3))))
for attempt in (
    lambda: x @ x,
    lambda: x.view(4),
    lambda: model(torch.rand(1, 2, 6, 6)),
    lambda: v.numpy(),
    lambda: x.backward(),
    lambda: torch.cat([x, x.T]),
    lambda: bool(x),
    lambda: nn.Linear(2, 3).load_state_dict({"weight": torch.ones(3, 2)}),
):
    try:
        print(attempt())
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
