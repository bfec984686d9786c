"""The transpose of a linear function, by recording it and running it backward.

Forward mode and stale views use it: any operation whose rule is known can be transposed, so neither
needs rules of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..backend import xp_of
from ..tensor import Tensor, wrap
from .grad_mode import enable_grad
from .node import AccumulateGrad


def transpose_linear(
    function: Callable[[Tensor], Tensor], like: Any, cotangent: Any, record: bool
) -> Any:
    """Apply the transpose of `function` at arrays shaped like `like` to `cotangent`.

    `cotangent` and the result are bare arrays, or Tensors when `record` is set.
    """
    from .engine import run_backward

    point = wrap(xp_of(like).empty_like(like))  # only its layout matters
    target = point._grad_fn = AccumulateGrad(point)
    with enable_grad():
        image = function(point)
    if image._grad_fn is None:
        return None
    found = run_backward(
        [(image._grad_fn, image._port)],
        [cotangent],
        retain_graph=record,
        create_graph=record,
        targets=[(target, 0)],
        accumulate=False,
    )
    return found.get((target, 0))
