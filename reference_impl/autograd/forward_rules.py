"""Forward rules of the few operations that the transpose of the reverse rule does not serve.

A rule gets the tangents of the arguments (None for what has none), the arguments and the results,
and returns the tangent of the result, or a tuple of tangents.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..op import Op

Rule = Callable[[Any, Any, Any], Any]
_RULES: dict[str, Rule] = {}


def rule_of(op: Op) -> Rule | None:
    """The forward rule of an operation, if it has one of its own."""
    return _RULES.get(op.name)
