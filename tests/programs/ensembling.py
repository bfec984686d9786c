"""Several models at once: stacked parameters and vmap."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import vmap
from torch.func import functional_call, stack_module_state

torch.manual_seed(0)


class SimpleMLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(28, 16)
        self.fc2 = nn.Linear(16, 16)
        self.fc3 = nn.Linear(16, 10)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        x = x.flatten(1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(self.drop(x))


num_models = 4
data = torch.randn(10, 8, 1, 28)
targets = torch.randint(10, (80,))
models = [SimpleMLP().eval() for _ in range(num_models)]
minibatches = data[:num_models]
predictions_diff = [model(minibatch) for model, minibatch in zip(models, minibatches)]

params, buffers = stack_module_state(models)
print(
    {k: tuple(v.shape) for k, v in params.items()},
    params["fc1.weight"].requires_grad,
    params["fc1.weight"].is_leaf,
)
base_model = copy.deepcopy(models[0])


def fmodel(params, buffers, x):
    return functional_call(base_model, (params, buffers), (x,))


out = vmap(fmodel)(params, buffers, minibatches)
assert torch.allclose(out, torch.stack(predictions_diff), atol=1e-3, rtol=1e-5)
print(out.shape, out.requires_grad, type(out.grad_fn).__name__ != "NoneType")
same = vmap(fmodel, in_dims=(0, 0, None))(params, buffers, minibatches[0])
print(torch.allclose(same, torch.stack([m(minibatches[0]) for m in models]), atol=1e-4))
out.sum().backward()
print(params["fc3.bias"].grad.sum().item())
base_model.train()
torch.manual_seed(3)
for randomness in ("same", "different"):
    print(
        vmap(fmodel, randomness=randomness)(params, buffers, minibatches).sum().item().__round__(3)
    )
try:
    vmap(fmodel)(params, buffers, minibatches)
except RuntimeError as e:
    print(e)
