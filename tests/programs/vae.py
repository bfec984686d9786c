"""A variational autoencoder of points on a bent line."""

import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)
t = torch.rand(256, 1)
points = torch.sigmoid(torch.cat([t, t**2, torch.sin(4 * t), 1 - t], 1) * 2 - 1)
training, held = random_split(TensorDataset(points), [224, 32])
loader = DataLoader(training, batch_size=32, shuffle=True)
print(len(training), len(held), len(loader))


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 16)
        self.mean, self.logvar = nn.Linear(16, 2), nn.Linear(16, 2)
        self.decode = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 4), nn.Sigmoid())

    def forward(self, x):
        h = F.relu(self.fc1(x))
        mu, logvar = self.mean(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.decode(z), mu, logvar


def loss_function(recon, x, mu, logvar):
    bce = F.binary_cross_entropy(recon, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return bce, kld


model = VAE()
optimizer = optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(1, 5):
    model.train()
    total = 0
    for index, (batch,) in enumerate(loader):
        optimizer.zero_grad()
        bce, kld = loss_function(*[(out := model(batch))[0], batch, *out[1:]])
        loss = bce + kld
        loss.backward()
        total += loss.item()
        optimizer.step()
        if index % 4 == 0:
            print(
                "Epoch: {} [{}/{} ({:.0f}%)]\tLoss: {:.4f}".format(
                    epoch,
                    index * len(batch),
                    len(training),
                    100.0 * index / len(loader),
                    loss.item() / len(batch),
                )
            )
    print(f"====> Epoch: {epoch} Average loss: {total / len(training):.4f}")
model.eval()
with torch.no_grad():
    rest = torch.stack([held[i][0] for i in range(len(held))])
    recon, mu, logvar = model(rest)
    bce, kld = loss_function(recon, rest, mu, logvar)
    print(f"held out: {bce / 32:.4f} + {kld / 32:.4f}")
    print(model.decode(torch.zeros(1, 2)))
    print(recon.requires_grad, mu.shape, logvar.std().item() > 0)
