"""k-means by assignment and by gradient; principal components by ascent against the SVD."""

import torch
from torch.nn.utils.parametrizations import orthogonal

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
torch.set_printoptions(precision=3, sci_mode=False)
centres = torch.tensor([[0.0, 0.0, 1.0], [3.0, 3.0, 0.0], [-3.0, 3.0, -1.0]])
points = (centres[:, None] + 0.4 * torch.randn(3, 20, 3)).reshape(-1, 3)


def kmeans(x, k, rounds=5):
    means = x[torch.arange(0, len(x), len(x) // k)[:k]].clone()
    for _ in range(rounds):
        nearest = torch.cdist(x, means).argmin(dim=1)
        sums = torch.zeros_like(means).index_add(0, nearest, x)
        counts = torch.bincount(nearest, minlength=k)
        means = sums / counts.clamp(min=1)[:, None]
    return means, nearest, counts


means, nearest, counts = kmeans(points, 3)
print(means, counts)
print(torch.unique(nearest, return_counts=True))

learned = points[::20].clone().requires_grad_()
optimizer = torch.optim.SGD([learned], lr=0.3)
for step in range(15):
    optimizer.zero_grad()
    loss = torch.cdist(points, learned).min(dim=1).values.square().mean()
    loss.backward()
    optimizer.step()
print(f"loss {loss:.4f}, as k-means: {torch.allclose(learned, means, atol=0.1)}")

centred = points - points.mean(0)
axes = orthogonal(torch.nn.Linear(3, 2, bias=False))
optimizer = torch.optim.Adam(axes.parameters(), lr=0.1)
for step in range(40):
    optimizer.zero_grad()
    captured = axes(centred).var(0).sum()
    (-captured).backward()
    optimizer.step()
_, S, V = torch.linalg.svd(centred, full_matrices=False)
best = S[:2].square().sum() / (len(points) - 1)
print(f"captured {captured:.2f} of at most {best:.2f} of {centred.var(0).sum():.2f}")
W = axes.weight.detach()
print(torch.allclose(W @ W.T, torch.eye(2), atol=1e-4), f"{(W @ V[:2].T).det().abs():.2f}")
print(torch.corrcoef(points.T))
