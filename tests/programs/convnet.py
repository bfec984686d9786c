"""A small convolutional network on made-up digits: loaders, training, testing, checkpoints."""

import os
import tempfile

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(1)


class Bars(Dataset):
    """Pictures with one bright bar: its row is the class."""

    def __init__(self, count, seed, transform=None):
        draw = np.random.RandomState(seed)
        self.labels = draw.randint(0, 4, count)
        self.pictures = (draw.rand(count, 12, 12) * 100).astype(np.uint8)
        for picture, label in zip(self.pictures, self.labels):
            picture[3 * label : 3 * label + 2] += 100
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        picture = self.transform(self.pictures[i]) if self.transform else self.pictures[i]
        return picture, int(self.labels[i])


def to_tensor(picture):
    return (torch.from_numpy(picture).unsqueeze(0).float() / 255 - 0.3) / 0.2


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3, 1)
        self.norm = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 8, kernel_size=3, padding=1, groups=2)
        self.dropout1 = nn.Dropout2d(0.1)
        self.fc1 = nn.Linear(8 * 5 * 5, 16)
        self.fc2 = nn.Linear(16, 4)

    def forward(self, x):
        x = F.relu(self.norm(self.conv1(x)))
        x = self.dropout1(F.max_pool2d(F.relu(self.conv2(x)), 2))
        x = F.relu(self.fc1(torch.flatten(x, 1)))
        return F.log_softmax(self.fc2(x), dim=1)


def train(model, loader, optimizer, epoch):
    model.train()
    for batch_idx, (data, target) in enumerate(loader):
        optimizer.zero_grad()
        loss = F.nll_loss(model(data), target)
        loss.backward()
        optimizer.step()
        if batch_idx % 2 == 0:
            print(
                f"Train Epoch: {epoch} [{batch_idx * len(data)}/{len(loader.dataset)} "
                f"({100.0 * batch_idx / len(loader):.0f}%)]\tLoss: {loss.item():.4f}"
            )


def test(model, loader):
    model.eval()
    test_loss = correct = 0
    confusion = torch.zeros(4, 4, dtype=torch.int64)
    with torch.no_grad():
        for data, target in loader:
            output = model(data)
            test_loss += F.nll_loss(output, target, reduction="sum").item()
            pred = output.argmax(dim=1, keepdim=True)
            correct += pred.eq(target.view_as(pred)).sum().item()
            for t, p in zip(target, pred.view(-1)):
                confusion[t, p] += 1
    print(f"Test: {test_loss / len(loader.dataset):.4f}, {correct}/{len(loader.dataset)}")
    print(confusion)


train_loader = DataLoader(Bars(96, 0, to_tensor), batch_size=16, shuffle=True, drop_last=True)
test_loader = DataLoader(Bars(40, 1, to_tensor), batch_size=25)
images, labels = next(iter(train_loader))
print(images.shape, images.dtype, labels)
model = Net()
print(model)
optimizer = optim.Adadelta(model.parameters(), lr=1.0)
scheduler = StepLR(optimizer, step_size=1, gamma=0.7)
for epoch in range(1, 4):
    train(model, train_loader, optimizer, epoch)
    test(model, test_loader)
    scheduler.step()
    print("rate", scheduler.get_last_lr())
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "net.pt")
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, path)
    checkpoint = torch.load(path)
again = Net()
print(again.load_state_dict(checkpoint["model"]), checkpoint["epoch"])
test(again, test_loader)
for name, buffer in again.named_buffers():
    print(name, tuple(buffer.shape), f"{buffer.float().mean():.4f}")
