"""Faults that tests plant in a second witness; each changes one thing about one operation.

They are called with the module that stands for torch there, in the process of one page.
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any


def none(torch: ModuleType) -> None:
    """No fault: this witness should agree."""


def wrong_derivative(torch: ModuleType) -> None:
    """The derivative of the sine becomes minus the cosine."""

    class Sin(torch.autograd.Function):  # type: ignore[name-defined,misc]
        @staticmethod
        def forward(ctx: Any, self: Any) -> Any:
            ctx.save_for_backward(self)
            return self.sinh() * 0 + original(self)

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            return -grad * ctx.saved_tensors[0].cos()

    original = torch.sin
    Sin._backward_cls.name = lambda node: "SinBackward0"
    torch.sin = Sin.apply


def wrong_dtype(torch: ModuleType) -> None:
    """A mean comes out in double precision."""
    original = torch.mean
    torch.mean = lambda self: original(self).double()


def wrong_node_name(torch: ModuleType) -> None:
    """An addition leaves the node of a subtraction."""
    torch.add = lambda self, other: self - (-other)


def wrong_message(torch: ModuleType) -> None:
    """Shapes that do not fit are complained of in other words."""
    original = torch.matmul

    def matmul(self: Any, other: Any) -> Any:
        try:
            return original(self, other)
        except RuntimeError:
            raise RuntimeError("these shapes cannot be multiplied") from None

    torch.matmul = matmul


def hasty(torch: ModuleType) -> None:
    """A backward pass ends the process."""
    torch.Tensor.backward = lambda self: os._exit(7)
