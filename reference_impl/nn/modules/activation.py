"""Activations as modules."""

from __future__ import annotations

from typing import Any

from .module import Module

__all__ = ["Tanh"]


class Tanh(Module):
    """The hyperbolic tangent of each element."""

    def forward(self, input: Any) -> Any:
        return input.tanh()
