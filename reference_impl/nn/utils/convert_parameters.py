"""Parameters as one vector, and back."""

from __future__ import annotations

from typing import Any

from ...errors import type_name
from ...op import PUBLIC
from ...tensor import Tensor


def parameters_to_vector(parameters: Any) -> Any:
    """All parameters in one row."""
    return PUBLIC["cat"]([p.view(-1) for p in parameters])


def vector_to_parameters(vec: Any, parameters: Any) -> None:
    """Make slices of `vec` the data of the parameters."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type_name(vec)}")
    start = 0
    for p in parameters:
        count = p.numel()
        p.data = vec[start : start + count].view_as(p).data
        start += count
