"""A network learns the energy of a pendulum from its motion: dq/dt = dH/dp, dp/dt = -dH/dq."""

import torch
from torch import nn
from torch.autograd.functional import hessian, jacobian

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
S = torch.tensor([[0.0, 1.0], [-1.0, 0.0]])


def energy(z):
    q, p = z.unbind(-1)
    return p**2 / 2 + 1 - torch.cos(q)


def motion(H, z, create_graph=False):
    with torch.enable_grad():
        z = z if z.requires_grad else z.detach().requires_grad_(True)
        return torch.autograd.grad(H(z).sum(), z, create_graph=create_graph)[0] @ S.T


class HNN(nn.Module):
    def __init__(self, width=20):
        super().__init__()
        self.a, self.b = nn.Linear(2, width), nn.Linear(width, 1, bias=False)
        nn.init.orthogonal_(self.a.weight)
        nn.init.orthogonal_(self.b.weight)

    def forward(self, z):
        return self.b(torch.tanh(self.a(z))).squeeze(-1)


z = torch.rand(40, 2) * 2 - 1
dz = motion(energy, z)
model = HNN()
optimizer = torch.optim.Adam(model.parameters(), 1e-2, weight_decay=1e-4)
for step in range(41):
    loss = (dz - motion(model, z, create_graph=True)).pow(2).mean()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    if step % 10 == 0:
        print("step {}, loss {:.4e}".format(step, loss.item()))


@torch.no_grad()
def leapfrog(H, z, h=0.1, steps=20):
    path = [z]
    for _ in range(steps):
        half = z + h / 2 * motion(H, z) * torch.tensor([0.0, 1.0])
        moved = half + h * motion(H, half) * torch.tensor([1.0, 0.0])
        z = moved + h / 2 * motion(H, moved) * torch.tensor([0.0, 1.0])
        path.append(z)
    return torch.stack(path)


start = torch.tensor([[0.8, 0.0]])
true, learned = leapfrog(energy, start), leapfrog(model, start)
print("drift of energy: %.5f and %.5f" % (energy(true).std(), energy(learned).std()))
print(true[-1], learned[-1])
print(jacobian(lambda z: motion(energy, z, create_graph=True), start[0]))
print(hessian(lambda z: model(z), start[0]))
