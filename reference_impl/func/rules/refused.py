"""What PyTorch refuses to batch: results shaped by the data, many changes of one tensor."""

from __future__ import annotations

from typing import Any

from ...op import Op
from .base import rule

_ATEN = {"unique2": "_unique2"}


@rule("nonzero", "unique2", "unique_dim", "unique_consecutive")
def _dynamic(op: Op, values: list[Any], level: int) -> Any:
    raise RuntimeError(
        "vmap: We do not support batching operators that can output dynamic shape. Attempted to "
        f"vmap over aten::{_ATEN.get(op.name, op.name)}. Please file an issue at "
        "https://github.com/pytorch/pytorch/issues if you need this feature."
    )


@rule("histogramdd")
def _none(op: Op, values: list[Any], level: int) -> Any:
    raise RuntimeError(
        f"Batching rule not implemented for aten::{op.name}. We could not generate a fallback."
    )


_INPLACE_ARITHMETIC = {
    "clamp_max", "clamp_min", "copy", "div", "logical_and", "logical_or", "logical_xor",
    "masked_fill", "mul", "sub", "true_divide",
}  # fmt: skip
_INPLACE_AT_INDICES = {
    "index_add", "index_fill", "index_put", "scatter", "scatter_add", "scatter_reduce", "fill",
}  # fmt: skip


def inplace_unbatched(name: str, level: int) -> RuntimeError:
    """For an in-place operation of batched operands on a tensor that is not batched."""
    called, where = f"aten::{name}_", f"at level {level}"
    if name in _INPLACE_ARITHMETIC:
        called, where = "inplace arithmetic", "in a vmap"
    elif name in _INPLACE_AT_INDICES:
        called, where = f"{name}_", "in a vmap"
    return RuntimeError(
        f"vmap: {called}(self, *extra_args) is not possible because there exists a Tensor `other` "
        "in extra_args that has more elements than `self`. This happened due to `other` being "
        f"vmapped over but `self` not being vmapped over {where}. Please try to use out-of-place "
        f"operators instead of {called}. If said operator is being called inside the PyTorch "
        "framework, please file a bug report instead."
    )
