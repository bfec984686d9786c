"""One elementwise expression on many elements: memory traffic is what counts."""

from __future__ import annotations

from typing import Any

import numpy as np

ELEMENTS = 1_000_000


def _points() -> Any:
    return np.random.default_rng(0).standard_normal(ELEMENTS).astype(np.float32)


class Elementwise:
    """``(x * sin(x) + exp(-x**2)).sum()`` and its gradient."""

    title, target = "(x sin x + exp(-x^2)).sum(), 10^6", "1.30 x numpy"

    def torch(self, torch: Any) -> Any:
        x = torch.tensor(_points(), requires_grad=True)

        def run() -> Any:
            x.grad = None
            (x * torch.sin(x) + torch.exp(-(x**2))).sum().backward()
            return x.grad

        return run

    reference = torch

    def numpy(self, np: Any) -> Any:
        x = _points()

        def run() -> Any:
            sine, bell = np.sin(x), np.exp(-(x * x))
            (x * sine + bell).sum()
            return sine + x * np.cos(x) - 2 * x * bell

        return run

    def autograd(self, anp: Any) -> Any:
        from autograd import grad

        x = _points()
        gradient = grad(lambda x: anp.sum(x * anp.sin(x) + anp.exp(-(x**2))))
        return lambda: gradient(x)

    def mygrad(self, mg: Any) -> Any:
        x = mg.tensor(_points())

        def run() -> Any:
            (x * mg.sin(x) + mg.exp(-(x**2))).sum().backward()
            return x.grad

        return run


WORKLOADS = {"elementwise": Elementwise}
