"""A mixture density network learns an inverse that has three answers."""

import math

import torch
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
y = torch.rand(120, 1) * 2 - 1
x = y + 0.3 * torch.sin(2 * math.pi * y) + 0.02 * torch.randn_like(y)


class MDN(nn.Module):
    def __init__(self, hidden=16, components=3):
        super().__init__()
        self.z_h = nn.Sequential(nn.Linear(1, hidden), nn.Tanh())
        self.z_pi, self.z_mu, self.z_sigma = (nn.Linear(hidden, components) for _ in range(3))

    def forward(self, x):
        h = self.z_h(x)
        return (
            torch.log_softmax(self.z_pi(h), -1),
            self.z_mu(h),
            nn.functional.softplus(self.z_sigma(h)),
        )


def nll(log_pi, mu, sigma, y):
    z = (y - mu) / sigma
    log_prob = -0.5 * z**2 - torch.log(sigma) - 0.5 * math.log(2 * math.pi)
    return -torch.logsumexp(log_pi + log_prob, dim=1).mean()


network = MDN()
print(network)
optimizer = torch.optim.NAdam(network.parameters(), lr=0.02)
for epoch in range(60):
    loss = nll(*network(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 15 == 0:
        print(f"{epoch:3d} {loss.item():.4f}")
with torch.no_grad():
    log_pi, mu, sigma = network(torch.tensor([[-0.5], [0.0], [0.5]]))
    print(log_pi.exp())
    print(log_pi.exp().sum(1), torch.all(sigma > 0))
    k = torch.multinomial(log_pi.exp(), 5, replacement=True)
    print(k.shape, mu.gather(1, k).shape, torch.unique(k).numel() <= 3)
    mean = (log_pi.exp() * mu).sum(1)
    print(" ".join(f"{m:.3f}" for m in mean))
