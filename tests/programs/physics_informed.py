"""u'' + u = 0 with u(0) = 0, u'(0) = 1: a network is trained on the equation alone."""

import torch
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


class Sine(nn.Module):
    def forward(self, x):
        return torch.sin(x)


net = nn.Sequential(nn.Linear(1, 16), Sine(), nn.Linear(16, 16), Sine(), nn.Linear(16, 1))
for layer in net:
    if isinstance(layer, nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)


def derivative(y, x):
    return torch.autograd.grad(y, x, torch.ones_like(y), create_graph=True)[0]


def residual(x):
    u = net(x)
    return derivative(derivative(u, x), x) + u


t = torch.linspace(0, 3, 20).view(-1, 1).requires_grad_()
zero = torch.zeros(1, 1, requires_grad=True)
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=15, gamma=0.5)
for step in range(40):
    optimizer.zero_grad()
    physics = residual(t).square().mean()
    u0 = net(zero)
    boundary = u0.square().sum() + (derivative(u0, zero) - 1).square().sum()
    loss = physics + 10 * boundary
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 10 == 0:
        rate = optimizer.param_groups[0]["lr"]
        print(f"{step:3d}  physics {physics:.5f}  boundary {boundary:.5f}  rate {rate:.5f}")
with torch.no_grad():
    print("furthest from the sine: %.4f" % (net(t) - torch.sin(t)).abs().max())
print([tuple(p.grad.shape) for p in net.parameters()])
third = derivative(derivative(derivative(net(zero), zero), zero), zero)
print(f"third derivative at 0: {third.item():.4f}", third.requires_grad)
