"""Every function of these tables occurs in a differential test."""

from __future__ import annotations

import re
from pathlib import Path

from reference_impl import op

MODULES = (
    "activation", "arithmetic", "bessel", "bitwise", "comparison", "complex", "convert", "count",
    "create", "cumulative", "error_function", "exponential", "extremes", "fill", "gamma",
    "gradient", "index", "join", "legacy", "memory", "parts", "put", "quantiles", "ranges",
    "rearrange", "reduce", "rounding", "scatter", "selection", "shape", "softmax", "sort",
    "statistics", "trigonometric", "windows",
)  # fmt: skip
TESTS = [p for p in Path(__file__).parent.glob("test_*.py") if p != Path(__file__)]


def declared():
    for name, function in op.PUBLIC.items():
        source = getattr(getattr(function, "op", None), "forward", function)
        module = getattr(source, "__module__", "")
        if module.startswith("reference_impl.ops.") and module.rsplit(".", 1)[-1] in MODULES:
            yield name


def test_everything_is_compared_with_pytorch():
    """A new operation needs a line in a table."""
    words = set(re.findall(r"\w+", "\n".join(p.read_text(encoding="utf-8") for p in TESTS)))
    assert set(declared()) - words == set()
