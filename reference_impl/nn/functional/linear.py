"""Linear and bilinear layers as functions."""

from __future__ import annotations

import math
from typing import Any

from ...op import composite
from ...ops.fused import fused
from ...ops.matmul import addmm, matmul
from ...ops.shape import reshape


@composite(method=False, function=False)
def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """input @ weight.T + bias; input (..., in), weight (out, in) or (in,), bias (out) or ()."""
    flipped = weight.t()
    scattered = input.ndim > 2 and not input.is_contiguous()
    if bias is None or weight.ndim != 2 or scattered:
        product = matmul(input, flipped)
        return product if bias is None else product + bias
    if input.ndim == 2:
        return addmm(bias, input, flipped)
    rows = reshape(input, math.prod(input.shape[:-1]), input.shape[-1])
    product = addmm(bias, rows, flipped)
    return product.view(*input.shape[:-1], weight.shape[0])


@fused("input1", "weight", "input2", name="_trilinear", node="TrilinearBackward0")
def _trilinear(input1, weight, input2):
    """The sums over i and j of input1[n, i] weight[o, i, j] input2[n, j]."""
    by_first = matmul(input1, weight.permute(1, 0, 2).reshape(weight.shape[1], -1))
    by_first = by_first.reshape(input1.shape[0], weight.shape[0], weight.shape[2])
    products = by_first * input2.unsqueeze(1)
    return products.sum(2, dtype=products.dtype)


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """x1ᵀ weight[o] x2 + bias for each output o; weight (out, in1, in2)."""
    if input1.ndim != input2.ndim:
        raise RuntimeError(
            f"bilinear(): input dimensions do not match: got {input1.ndim} and {input2.ndim}"
        )
    for i in range(input1.ndim - 1):
        if input1.shape[i] != input2.shape[i]:
            raise RuntimeError(
                f"bilinear(): input batch dimensions do not match at dim {i}: got "
                f"{input1.shape[i]} and {input2.shape[i]}"
            )
    for i, x in ((1, input1), (2, input2)):
        if x.shape[-1] != weight.shape[i]:
            raise RuntimeError(
                f"bilinear(): input{i} size does not match weight size: got {x.shape[-1]} but "
                f"expected {weight.shape[i]}"
            )
    shape = (*input1.shape[:-1], weight.shape[0])
    count = math.prod(shape[:-1])
    rows = [x.reshape(count, x.shape[-1]) for x in (input1, input2)]
    out = _trilinear(rows[0], weight, rows[1]).reshape(shape)
    return out if bias is None else out + bias
