"""A generator learns a ring in the plane against a discriminator."""

import math

import torch
import torch.nn as nn

torch.manual_seed(999)


def weights_init(m):
    if m.__class__.__name__.find("Linear") != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.3)
        nn.init.constant_(m.bias.data, 0)


class Generator(nn.Module):
    def __init__(self, nz=4):
        super().__init__()
        self.main = nn.Sequential(
            nn.Linear(nz, 16), nn.BatchNorm1d(16), nn.ReLU(True), nn.Linear(16, 2), nn.Tanh()
        )

    def forward(self, z):
        return self.main(z)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Linear(2, 16), nn.LeakyReLU(0.2, inplace=True), nn.Linear(16, 1), nn.Sigmoid()
        )

    def forward(self, x):
        return self.main(x).view(-1)


netG, netD = Generator().apply(weights_init), Discriminator().apply(weights_init)
print(netG, netD, sep="\n")
criterion = nn.BCELoss()
fixed_noise = torch.randn(64, 4)
optimizerD = torch.optim.Adam(netD.parameters(), lr=0.01, betas=(0.5, 0.999))
optimizerG = torch.optim.Adam(netG.parameters(), lr=0.01, betas=(0.5, 0.999))
for i in range(15):
    angle = torch.rand(32) * 2 * math.pi
    real = 0.8 * torch.stack((angle.cos(), angle.sin()), 1)
    netD.zero_grad()
    label = torch.full((32,), 1.0)
    output = netD(real)
    errD_real = criterion(output, label)
    errD_real.backward()
    D_x = output.mean().item()
    fake = netG(torch.randn(32, 4))
    label.fill_(0)
    output = netD(fake.detach())
    errD_fake = criterion(output, label)
    errD_fake.backward()
    errD = errD_real + errD_fake
    optimizerD.step()
    netG.zero_grad()
    label.fill_(1)
    output = netD(fake)
    errG = criterion(output, label)
    errG.backward()
    optimizerG.step()
    if i % 3 == 0:
        print(
            "[%d/%d]\tLoss_D: %.4f\tLoss_G: %.4f\tD(x): %.4f\tD(G(z)): %.4f"
            % (i, 15, errD.item(), errG.item(), D_x, output.mean().item())
        )
netG.eval()
with torch.no_grad():
    made = netG(fixed_noise)
print("radius %.3f, spread %.3f" % (made.norm(dim=1).mean(), made.std(0).mean()))
print({k: tuple(v.shape) for k, v in netG.state_dict().items()})
