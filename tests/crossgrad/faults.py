"""Faults that tests plant in the reference; each changes one thing about one operation.

They are called with the module that stands for torch, in the process of one page alone.
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any


def none(torch: ModuleType) -> None:
    """No fault: the reference as it is, which should agree."""


def wrong_derivative(torch: ModuleType) -> None:
    """The rule of the sine becomes minus the cosine; its `cos` is the reference's own."""
    rule, _ = torch.sin.op.rules[0]
    rule.__code__ = (lambda grad, self: grad * -cos(self)).__code__  # type: ignore[name-defined]  # noqa: F821


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
