"""Second names: ``torch.absolute`` is ``torch.abs``.

In-place forms follow: where ``abs_`` exists, so does ``absolute_``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ..op import PUBLIC
from ..signatures import worded
from ..tensor import Tensor

ALIASES = {
    "absolute": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin",
    "arcsinh": "asinh", "arctan": "atan", "arctan2": "atan2", "arctanh": "atanh", "clip": "clamp",
    "divide": "div", "fix": "trunc", "greater": "gt", "greater_equal": "ge", "less": "lt",
    "less_equal": "le", "multiply": "mul", "negative": "neg", "not_equal": "ne",
    "subtract": "sub", "trapz": "trapezoid", "true_divide": "div",
}  # fmt: skip


def _renamed(function: Callable[..., Any], alias: str) -> Callable[..., Any]:
    """`function` under another name, which shows in errors."""
    name = function.__name__

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            renamed = TypeError(str(error).replace(f"{name}()", f"{alias}()"))
            raise worded(alias, (), args, kwargs, renamed, False) from None

    call.__name__ = call.__qualname__ = alias
    return call


def attach() -> None:
    """Give functions and methods their second names; called when all are declared."""
    for alias, name in ALIASES.items():
        for suffix in ("", "_"):
            if name + suffix in PUBLIC and alias + suffix != "absolute_":  # a method only
                PUBLIC[alias + suffix] = _renamed(PUBLIC[name + suffix], alias + suffix)
            if hasattr(Tensor, name + suffix):
                setattr(Tensor, alias + suffix, getattr(Tensor, name + suffix))
    PUBLIC["addmv_"] = Tensor.addmv_  # type: ignore[attr-defined]  # alone among matmul.py's
