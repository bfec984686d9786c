"""Gradients of single samples: vmap over grad, against a loop and against hooks."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call, grad, grad_and_value, jacrev, stack_module_state, vmap

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3)
        self.fc = nn.Linear(3 * 3 * 3, 4)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x)), 2)
        return self.fc(torch.flatten(x, 1))


model = Net()
data, targets = torch.randn(6, 1, 8, 8), torch.randint(0, 4, (6,))
params = {k: v.detach() for k, v in model.named_parameters()}


def loss_of(params, sample, target):
    logits = functional_call(model, params, (sample.unsqueeze(0),))
    return F.cross_entropy(logits, target.unsqueeze(0))


batched = vmap(grad(loss_of), in_dims=(None, 0, 0))(params, data, targets)
for name, g in batched.items():
    print(f"{name:<12} {tuple(g.shape)!s:<18} {g.flatten(1).norm(dim=1).sum():.4f}")
one_by_one = []
for sample, target in zip(data, targets):
    loss = F.cross_entropy(model(sample[None]), target[None])
    one_by_one.append(torch.autograd.grad(loss, list(model.parameters())))
stacked = [torch.stack(shards) for shards in zip(*one_by_one)]
print(all(torch.allclose(a, b, atol=1e-5) for a, b in zip(batched.values(), stacked)))

kept = {}
first = model.fc.register_forward_hook(lambda m, args, out: kept.update(x=args[0].detach()))
second = model.fc.register_full_backward_hook(lambda m, gi, go: kept.update(g=go[0].detach()))
F.cross_entropy(model(data), targets, reduction="sum").backward()
outer = torch.einsum("bo,bi->boi", kept["g"], kept["x"])
print(torch.allclose(outer, batched["fc.weight"], atol=1e-5))
first.remove()
second.remove()

norms = torch.stack([g.flatten(1).norm(dim=1) for g in batched.values()]).norm(dim=0)
scale = (1.0 / norms).clamp(max=1.0)
private = {k: torch.einsum("b,b...->...", scale, g) for k, g in batched.items()}
print([f"{n:.3f}" for n in norms], f"{private['fc.bias'].norm():.4f}")

grads, losses = vmap(grad_and_value(loss_of), in_dims=(None, 0, 0))(params, data, targets)
print(losses, grads["fc.bias"].shape)
ensemble = [nn.Linear(3, 2) for _ in range(4)]
weights, buffers = stack_module_state(ensemble)
base = nn.Linear(3, 2)
x = torch.randn(5, 3)
every = vmap(lambda p, b, x: functional_call(base, (p, b), (x,)), (0, 0, None))(weights, buffers, x)
print(
    every.shape, torch.allclose(every[2], ensemble[2](x), atol=1e-6), f"{every.std(0).mean():.4f}"
)
J = vmap(jacrev(lambda p, s: functional_call(model, p, (s[None],))[0]), (None, 0))(params, data[:2])
kernel = sum(torch.einsum("nof,mpf->nmop", a.flatten(2), a.flatten(2)) for a in J.values())
print(kernel.shape, f"{kernel.diagonal(dim1=0, dim2=1).sum():.3f}")
