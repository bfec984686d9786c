"""Training steps of small networks: matrix products and what surrounds them.

Every peer runs the same network from the same weights; a program returns the loss of its step.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

_RATE = 0.01


def _weights(sizes: list[int]) -> list[Any]:
    rng = np.random.default_rng(0)
    made = []
    for fan_in, fan_out in pairwise(sizes):
        bound = fan_in**-0.5
        made.append(rng.uniform(-bound, bound, (fan_out, fan_in)).astype(np.float32))
        made.append(np.zeros(fan_out, np.float32))
    return made


def _batch(rows: int, features: int, classes: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((rows, features)).astype(np.float32)
    return x, rng.integers(0, classes, rows)


class Perceptron:
    """A multi-layer perceptron with ReLU and cross entropy: one SGD step."""

    def __init__(self, sizes: list[int], rows: int, target: str, optimizer: str = "SGD") -> None:
        self.sizes, self.target, self.optimizer = sizes, target, optimizer
        hidden = "-".join(map(str, sizes))
        self.title = f"MLP {hidden}, batch {rows}, {optimizer}"
        self.weights = _weights(sizes)
        self.x, self.labels = _batch(rows, sizes[0], sizes[-1])

    def torch(self, torch: Any) -> Any:
        layers: list[Any] = []
        for w, b in zip(self.weights[::2], self.weights[1::2], strict=True):
            layer = torch.nn.Linear(w.shape[1], w.shape[0])
            with torch.no_grad():
                layer.weight.copy_(torch.tensor(w))
                layer.bias.copy_(torch.tensor(b))
            layers += [layer, torch.nn.ReLU()]
        model = torch.nn.Sequential(*layers[:-1])
        loss_of = torch.nn.CrossEntropyLoss()
        optimizer = getattr(torch.optim, self.optimizer)(model.parameters(), lr=_RATE)
        x, labels = torch.tensor(self.x), torch.tensor(self.labels)

        def step() -> Any:
            optimizer.zero_grad()
            loss = loss_of(model(x), labels)
            loss.backward()
            optimizer.step()
            return loss.item()

        return step

    reference = torch

    def numpy(self, np: Any) -> Any:
        if self.optimizer != "SGD":
            return None
        weights, x, labels = [w.copy() for w in self.weights], self.x, self.labels
        rows = np.arange(len(x))

        def step() -> Any:
            inputs, h = [], x
            for w, b in zip(weights[::2], weights[1::2], strict=True):
                inputs.append(h)
                h = h @ w.T
                h += b
                if w is not weights[-2]:
                    np.maximum(h, 0, out=h)
            h -= h.max(1, keepdims=True)
            grad = np.exp(h)
            total = grad.sum(1, keepdims=True)
            loss = (np.log(total[:, 0]) - h[rows, labels]).mean()
            grad /= total
            grad[rows, labels] -= 1
            grad /= len(x)
            for i in range(len(inputs) - 1, -1, -1):
                of_weight, of_bias = grad.T @ inputs[i], grad.sum(0)
                if i:
                    grad = grad @ weights[2 * i]
                    grad *= inputs[i] > 0
                weights[2 * i] -= _RATE * of_weight
                weights[2 * i + 1] -= _RATE * of_bias
            return loss

        return step

    def autograd(self, anp: Any) -> Any:
        if self.optimizer != "SGD":
            return None
        from autograd import value_and_grad

        weights, x, labels = [w.copy() for w in self.weights], self.x, self.labels
        rows = np.arange(len(x))

        def loss_of(weights: Any) -> Any:
            h = x
            for i in range(0, len(weights), 2):
                h = anp.dot(h, weights[i].T) + weights[i + 1]
                if i + 2 < len(weights):
                    h = anp.maximum(h, 0)
            h = h - anp.max(h, axis=1, keepdims=True)
            return anp.mean(anp.log(anp.sum(anp.exp(h), axis=1)) - h[rows, labels])

        gradient = value_and_grad(loss_of)

        def step() -> Any:
            loss, grads = gradient(weights)
            for w, g in zip(weights, grads, strict=True):
                w -= _RATE * g
            return loss

        return step

    def mygrad(self, mg: Any) -> Any:
        if self.optimizer != "SGD":
            return None
        from mygrad.nnet import relu, softmax_crossentropy

        weights = [mg.tensor(w.copy()) for w in self.weights]

        def step() -> Any:
            h = self.x
            for i in range(0, len(weights), 2):
                h = h @ weights[i].T + weights[i + 1]
                if i + 2 < len(weights):
                    h = relu(h)
            loss = softmax_crossentropy(h, self.labels)
            loss.backward()
            for w in weights:
                w.data -= _RATE * w.grad
            return loss.item()

        return step


class Convolutions:
    """Two convolutions with pooling and a linear layer, batch 16 of 28 x 28: one SGD step."""

    title, target = "two convolutions with pooling, batch 16", "2.00 x torch"

    def torch(self, torch: Any) -> Any:
        nn = torch.nn
        model = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(16 * 7 * 7, 10),
        )  # fmt: skip
        rng = np.random.default_rng(0)
        with torch.no_grad():
            for p in model.parameters():
                p.copy_(torch.tensor(rng.uniform(-0.1, 0.1, tuple(p.shape)).astype(np.float32)))
        optimizer = torch.optim.SGD(model.parameters(), lr=_RATE)
        x, labels = _batch(16, 28 * 28, 10)
        x, labels = torch.tensor(x.reshape(16, 1, 28, 28)), torch.tensor(labels)

        def step() -> Any:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), labels)
            loss.backward()
            optimizer.step()
            return loss.item()

        return step

    reference = torch


WORKLOADS = {
    "mlp": lambda: Perceptron([784, 256, 10], 64, "1.10 x numpy"),
    "wide-mlp": lambda: Perceptron([1024, 1024, 1024, 1024, 10], 256, "1.05 x numpy"),
    "adam": lambda: Perceptron([64, 64, 10], 32, "0.80 x torch", optimizer="Adam"),
    "convolution": Convolutions,
}
