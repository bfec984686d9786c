"""Hamiltonian Monte Carlo on a correlated normal, and Langevin steps on two hills."""

import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
covariance = torch.tensor([[1.0, 0.8], [0.8, 1.5]])
precision = torch.linalg.inv(covariance)


def log_density(q):
    return -0.5 * q @ precision @ q


def slope(q):
    q = q.detach().requires_grad_()
    return torch.autograd.grad(log_density(q), q)[0]


def leapfrog(q, p, h=0.25, steps=6):
    p = p + h / 2 * slope(q)
    for i in range(steps):
        q = q + h * p
        p = p + (h if i < steps - 1 else h / 2) * slope(q)
    return q, p


q, kept, accepted = torch.zeros(2), [], 0
for _ in range(120):
    p = torch.randn(2)
    moved, ended = leapfrog(q, p)
    change = log_density(moved) - ended @ ended / 2 - log_density(q) + p @ p / 2
    if torch.rand(()).log() < change:
        q, accepted = moved, accepted + 1
    kept.append(q)
samples = torch.stack(kept)
print(f"accepted {accepted / len(kept):.2%}")
print(samples.mean(0), torch.cov(samples.T), sep="\n")
print(torch.quantile(samples[:, 0], torch.tensor([0.1, 0.5, 0.9])))


def hills(x):
    return torch.logsumexp(torch.stack([-((x - 2) ** 2), -((x + 2) ** 2)]), 0)


x = torch.randn(50)
for _ in range(40):
    x.requires_grad_(True)
    (g,) = torch.autograd.grad(hills(x).sum(), x)
    x = (x + 0.05 * g).detach() + 0.1**0.5 * torch.randn_like(x)
print(f"{(x > 0).double().mean():.2f} {x.abs().mean():.4f} {torch.histc(x, 5, -4, 4).tolist()}")
