"""Work so small that what a library does around it is all that counts."""

from __future__ import annotations

from typing import Any

import numpy as np

OPERATIONS = 100
CHAIN = 100_000


class Scalars:
    """100 multiplications of 0-d tensors, one after the other, and backward."""

    title, target = "100 scalar multiplications", "0.60 x torch"

    def torch(self, torch: Any) -> Any:
        x, factor = torch.tensor(1.0, requires_grad=True), torch.tensor(1.01, requires_grad=True)

        def run() -> Any:
            y = x
            for _ in range(OPERATIONS):
                y = y * factor
            x.grad = factor.grad = None
            y.backward()
            return x.grad

        return run

    reference = torch

    def numpy(self, np: Any) -> Any:
        x, factor = np.float32(1.0), np.float32(1.01)

        def run() -> Any:
            ys = [x]
            for _ in range(OPERATIONS):
                ys.append(ys[-1] * factor)
            grad, of_factor = np.float32(1.0), np.float32(0.0)
            for y in reversed(ys[:-1]):
                of_factor += grad * y
                grad = grad * factor
            return grad

        return run

    def autograd(self, anp: Any) -> Any:
        from autograd import grad

        def product(x: Any, factor: Any) -> Any:
            for _ in range(OPERATIONS):
                x = x * factor
            return x

        both = grad(product, (0, 1))
        return lambda: both(1.0, 1.01)[0]

    def mygrad(self, mg: Any) -> Any:
        x, factor = mg.tensor(1.0), mg.tensor(1.01)

        def run() -> Any:
            y = x
            for _ in range(OPERATIONS):
                y = y * factor
            y.backward()
            return x.grad

        return run


class Vectors:
    """100 operations (tanh, mul, add in turn) on vectors of 10, and backward."""

    title, target = "100 small-vector operations", "0.60 x torch"

    def torch(self, torch: Any) -> Any:
        x = torch.linspace(-1.0, 1.0, 10, requires_grad=True)
        factor, term = torch.full((10,), 1.1), torch.full((10,), 0.1)

        def run() -> Any:
            y = x
            for _ in range(33):
                y = torch.tanh(y) * factor + term
            x.grad = None
            y.sum().backward()
            return x.grad

        return run

    reference = torch

    def numpy(self, np: Any) -> Any:
        x = np.linspace(-1.0, 1.0, 10, dtype=np.float32)
        factor, term = np.full(10, 1.1, np.float32), np.full(10, 0.1, np.float32)

        def run() -> Any:
            y, kept = x, []
            for _ in range(33):
                t = np.tanh(y)
                kept.append(t)
                y = t * factor + term
            grad = np.ones_like(y)
            for t in reversed(kept):
                grad = grad * factor * (1 - t * t)
            return grad

        return run

    def autograd(self, anp: Any) -> Any:
        from autograd import grad

        x = np.linspace(-1.0, 1.0, 10, dtype=np.float32)
        factor, term = np.full(10, 1.1, np.float32), np.full(10, 0.1, np.float32)

        def function(y: Any) -> Any:
            for _ in range(33):
                y = anp.tanh(y) * factor + term
            return anp.sum(y)

        gradient = grad(function)
        return lambda: gradient(x)

    def mygrad(self, mg: Any) -> Any:
        x = mg.tensor(np.linspace(-1.0, 1.0, 10, dtype=np.float32))
        factor, term = np.full(10, 1.1, np.float32), np.full(10, 0.1, np.float32)

        def run() -> Any:
            y = x
            for _ in range(33):
                y = mg.tanh(y) * factor + term
            y.sum().backward()
            return x.grad

        return run


class Chain:
    """A chain of 10^5 additions of 0-d tensors, and backward."""

    title, target = "a chain of 10^5 additions", "0.60 x torch"

    def __init__(self, length: int = CHAIN) -> None:
        self.length = length

    def torch(self, torch: Any) -> Any:
        x, term = torch.tensor(1.0, requires_grad=True), torch.tensor(0.5)

        def run() -> Any:
            y = x
            for _ in range(self.length):
                y = y + term
            x.grad = None
            y.backward()
            return x.grad

        return run

    reference = torch


WORKLOADS = {"scalars": Scalars, "vectors": Vectors, "chain": Chain}
