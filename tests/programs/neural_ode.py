"""A learned vector field follows a spiral: RK4, with the adjoint method as a Function."""

import torch
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
TRUE = torch.tensor([[-0.1, 2.0], [-2.0, -0.1]])


def rk4_step(f, y, h):
    k1 = f(y)
    k2 = f(y + h / 2 * k1)
    k3 = f(y + h / 2 * k2)
    k4 = f(y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def solve(f, y, h, steps):
    for _ in range(steps):
        y = rk4_step(f, y, h)
    return y


class Adjoint(torch.autograd.Function):
    """The state at the end; backward solves the adjoint equation from the end to the start."""

    @staticmethod
    def forward(ctx, f, y, h, steps, *params):
        with torch.no_grad():
            end = solve(f, y, h, steps)
        ctx.f, ctx.h, ctx.steps = f, h, steps
        ctx.save_for_backward(end, *params)
        return end

    @staticmethod
    def backward(ctx, grad):
        end, *params = ctx.saved_tensors
        f, size = ctx.f, end.numel()

        def together(state):
            y = state[:size].view_as(end).detach().requires_grad_()
            a = state[size : 2 * size].view_as(end)
            with torch.enable_grad():
                value = f(y)
                pulled = torch.autograd.grad(value, (y, *params), -a)
            return torch.cat([value.detach().reshape(-1), *(p.reshape(-1) for p in pulled)])

        state = torch.cat(
            [end.reshape(-1), grad.reshape(-1), *(torch.zeros(p.numel()) for p in params)]
        )
        state = solve(together, state, -ctx.h, ctx.steps)
        _, of_y, of_params = state.split([size, size, len(state) - 2 * size])
        parts = of_params.split([p.numel() for p in params])
        shaped = [part.view_as(p) for part, p in zip(parts, params)]
        return None, of_y.view_as(end), None, None, *shaped


field = nn.Sequential(nn.Linear(2, 12), nn.Tanh(), nn.Linear(12, 2))
start = torch.tensor([[2.0, 0.0], [1.0, 1.0], [0.0, -1.5]])
wanted = solve(lambda y: y @ TRUE, start, 0.02, 10)
params = list(field.parameters())

direct = torch.autograd.grad((solve(field, start, 0.02, 10) - wanted).abs().sum(), params)
through = torch.autograd.grad(
    (Adjoint.apply(field, start, 0.02, 10, *params) - wanted).abs().sum(), params
)
print(
    "adjoint and direct gradients:",
    max((a - b).abs().max() for a, b in zip(direct, through)) < 1e-6,
)
print([f"{g.norm():.4f}" for g in through])
optimizer = torch.optim.RMSprop(params, lr=1e-2)
for i in range(12):
    optimizer.zero_grad()
    end = Adjoint.apply(field, start, 0.02, 10, *params)
    loss = (end - wanted).pow(2).mean()
    loss.backward()
    optimizer.step()
    if i % 3 == 0:
        print(f"Iter {i:02d} | loss {loss.item():.6f} | {type(end.grad_fn).__name__}")
print(end.detach())
