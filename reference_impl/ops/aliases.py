"""Second names: ``torch.absolute`` is ``torch.abs``.

In-place forms follow: where ``abs_`` exists, so does ``absolute_``.
"""

from __future__ import annotations

from ..op import PUBLIC
from ..tensor import Tensor

ALIASES = {
    "absolute": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin",
    "arcsinh": "asinh", "arctan": "atan", "arctan2": "atan2", "arctanh": "atanh", "clip": "clamp",
    "divide": "div", "fix": "trunc", "greater": "gt", "greater_equal": "ge", "less": "lt",
    "less_equal": "le", "multiply": "mul", "negative": "neg", "not_equal": "ne",
    "subtract": "sub", "trapz": "trapezoid",
}  # fmt: skip


def attach() -> None:
    """Give functions and methods their second names; called when all are declared."""
    for alias, name in ALIASES.items():
        for suffix in ("", "_"):
            if name + suffix in PUBLIC:
                PUBLIC[alias + suffix] = PUBLIC[name + suffix]
            if hasattr(Tensor, name + suffix):
                setattr(Tensor, alias + suffix, getattr(Tensor, name + suffix))


def true_divide(self, other):  # type: ignore[no-untyped-def]
    """The quotient self / other."""
    return PUBLIC["div"](self, other)


PUBLIC["true_divide"] = true_divide
Tensor.true_divide = true_divide  # type: ignore[attr-defined]
Tensor.true_divide_ = lambda self, other: self.div_(other)  # type: ignore[attr-defined]
