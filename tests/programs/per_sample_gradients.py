"""Gradients of each sample, by a loop and by vmap of grad."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call, grad, vmap

torch.manual_seed(0)


class SimpleCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, 1)
        self.conv2 = nn.Conv2d(8, 8, 3, 1)
        self.fc1 = nn.Linear(288, 16)
        self.fc2 = nn.Linear(16, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        x = F.max_pool2d(x, 2)
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        return F.log_softmax(self.fc2(x), dim=1)


def loss_fn(predictions, targets):
    return F.nll_loss(predictions, targets)


batch_size = 4
data = torch.randn(batch_size, 1, 16, 16)
targets = torch.randint(10, (batch_size,))
model = SimpleCNN()


def compute_grad(sample, target):
    sample = sample.unsqueeze(0)
    target = target.unsqueeze(0)
    return torch.autograd.grad(loss_fn(model(sample), target), list(model.parameters()))


per = list(zip(*[compute_grad(data[i], targets[i]) for i in range(batch_size)]))
per_sample_grads = [torch.stack(s) for s in per]

params = {k: v.detach() for k, v in model.named_parameters()}
buffers = {k: v.detach() for k, v in model.named_buffers()}


def compute_loss(params, buffers, sample, target):
    predictions = functional_call(model, (params, buffers), (sample.unsqueeze(0),))
    return loss_fn(predictions, target.unsqueeze(0))


ft_compute_grad = grad(compute_loss)
ft = vmap(ft_compute_grad, in_dims=(None, None, 0, 0))(params, buffers, data, targets)
for a, (n, b) in zip(per_sample_grads, ft.items()):
    assert torch.allclose(a, b, atol=3e-3, rtol=1e-5), n
    print(n, tuple(b.shape), b.sum().item().__round__(4), b.requires_grad)
chunked = vmap(ft_compute_grad, in_dims=(None, None, 0, 0), chunk_size=3)(
    params, buffers, data, targets
)
print([torch.allclose(a, b, atol=1e-5) for a, b in zip(ft.values(), chunked.values())])
