"""The linear layer as a function: one of addmm, mm, mv and dot, as PyTorch chooses."""

from __future__ import annotations

import math
from typing import Any

from ...op import composite
from ...ops.matmul import addmm, matmul
from ...ops.shape import reshape


@composite(method=False, function=False)
def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """input @ weight.T + bias; input (..., in), weight (out, in) or (in,), bias (out) or ()."""
    flipped = weight.t()
    if bias is None or weight.ndim != 2:
        product = matmul(input, flipped)
        return product if bias is None else product + bias
    if input.ndim == 2:
        return addmm(bias, input, flipped)
    rows = reshape(input, math.prod(input.shape[:-1]), input.shape[-1])
    product = addmm(bias, rows, flipped)
    return product.view(*input.shape[:-1], weight.shape[0])


