"""Fit a cubic to a sine in five styles; each must come to the same polynomial."""

import math

import torch

X = torch.linspace(-math.pi, math.pi, 200)
Y = torch.sin(X)
STEPS, RATE = 100, 1e-3


def start():
    return torch.tensor([0.1, 0.3, -0.2, 0.05])


def show(style, weights, loss):
    a, b, c, d = (float(w) for w in weights)
    print(f"{style:<12} loss {loss:.4f}  y = {a:.4f} + {b:.4f} x + {c:.4f} x^2 + {d:.4f} x^3")


def powers():
    return torch.stack([X**k / 10**k for k in range(4)], dim=1)


def by_hand():
    w, p = start(), powers()
    for _ in range(STEPS):
        error = p @ w - Y
        w -= RATE * (2 * error @ p)
    show("by hand", w, (error**2).sum().item())


def with_autograd():
    w, p = start().requires_grad_(), powers()
    for _ in range(STEPS):
        loss = (p @ w - Y).pow(2).sum()
        loss.backward()
        with torch.no_grad():
            w -= RATE * w.grad
            w.grad = None
    show("autograd", w.detach(), loss.item())


class Cubic(torch.autograd.Function):
    """The polynomial of scaled powers, with its own derivative."""

    @staticmethod
    def forward(ctx, p, w):
        ctx.save_for_backward(p)
        return p.mv(w)

    @staticmethod
    def backward(ctx, grad):
        (p,) = ctx.saved_tensors
        return None, grad @ p


def with_a_function():
    w, p = start().requires_grad_(), powers()
    for _ in range(STEPS):
        prediction = Cubic.apply(p, w)
        loss = (prediction - Y).square().sum()
        (gradient,) = torch.autograd.grad(loss, w)
        w.data.sub_(gradient, alpha=RATE)
    print(prediction.grad_fn.name())
    show("function", w.detach(), loss.item())


def with_modules():
    model = torch.nn.Sequential(torch.nn.Linear(4, 1, bias=False), torch.nn.Flatten(0, 1))
    with torch.no_grad():
        model[0].weight.copy_(start())
    measure = torch.nn.MSELoss(reduction="sum")
    for _ in range(STEPS):
        loss = measure(model(powers()), Y)
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for param in model.parameters():
                param -= RATE * param.grad
    print(model)
    show("modules", model[0].weight[0].detach(), loss.item())


class Polynomial(torch.nn.Module):
    """Four coefficients as parameters."""

    def __init__(self):
        super().__init__()
        self.weights = torch.nn.ParameterList([torch.nn.Parameter(w) for w in start()])

    def forward(self, x):
        return sum(w * (x / 10) ** k for k, w in enumerate(self.weights))

    def string(self):
        return " + ".join(f"{w.item():.3f} (x/10)^{k}" for k, w in enumerate(self.weights))


def with_an_optimiser():
    model = Polynomial()
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    for step in range(STEPS):
        loss = torch.nn.functional.mse_loss(model(X), Y, reduction="sum")
        if step % 25 == 0:
            print(step, f"{loss.item():.4f}")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(model.string())
    show("optimiser", list(model.parameters()), loss.item())


for style in (by_hand, with_autograd, with_a_function, with_modules, with_an_optimiser):
    style()
