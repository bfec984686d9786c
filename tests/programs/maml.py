"""Learning to learn sinusoids: the outer gradient goes through the inner step."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call

torch.manual_seed(3)
model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
meta = torch.optim.Adam(model.parameters(), lr=1e-2)


def task():
    amplitude, phase = 0.5 + torch.rand(1), 3 * torch.rand(1)

    def draw(count=8):
        x = torch.rand(count, 1) * 6 - 3
        return x, amplitude * torch.sin(x + phase)

    return draw


def adapted(draw, params, steps=2, rate=0.05, second_order=True):
    for _ in range(steps):
        x, y = draw()
        loss = F.mse_loss(functional_call(model, params, (x,)), y)
        grads = torch.autograd.grad(loss, params.values(), create_graph=second_order)
        params = {name: p - rate * g for (name, p), g in zip(params.items(), grads)}
    return params


for episode in range(12):
    meta.zero_grad()
    total = 0.0
    for _ in range(3):
        draw = task()
        fast = adapted(draw, dict(model.named_parameters()))
        x, y = draw()
        loss = F.mse_loss(functional_call(model, fast, (x,)), y)
        (loss / 3).backward()
        total += loss.item() / 3
    meta.step()
    if episode % 3 == 0:
        print(f"episode {episode:2d} loss after adapting {total:.4f}")

draw = task()
for order in (True, False):
    torch.manual_seed(5)
    leaves = {n: p.detach().clone().requires_grad_() for n, p in model.named_parameters()}
    fast = adapted(draw, leaves, second_order=order)
    x, y = draw()
    F.mse_loss(functional_call(model, fast, (x,)), y).backward()
    norms = [round(p.grad.norm().item(), 4) for p in leaves.values()]
    print("second order" if order else "first order ", norms)
