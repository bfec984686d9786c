"""Derivatives by recording: for operations whose formula is long but whose parts all have rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..autograd import grad as autograd_grad
from ..autograd.grad_mode import enable_grad
from ..tensor import Tensor, wrap


def pullback(
    function: Callable[..., Any], inputs: Sequence[Any], grad: Any, needs: Sequence[bool]
) -> list[Any]:
    """The gradients of ``function(*inputs)`` for the inputs that `needs` names, others None.

    Bare arrays give bare arrays; Tensors give Tensors that can be differentiated again.
    """
    record = isinstance(grad, Tensor)
    tensors = list(inputs) if record else [wrap(x)._require_grad() for x in inputs]
    wanted = [t for t, need in zip(tensors, needs, strict=True) if need]
    with enable_grad():
        image = function(*tensors)
    if not image.requires_grad:  # nothing to differentiate, as without reflections
        found: Any = [0 * t for t in wanted]
    else:
        way = grad if record else wrap(grad)
        found = autograd_grad(image, wanted, way, create_graph=record, materialize_grads=True)
    answers = iter(found if record else [g._data for g in found])
    return [next(answers) if need else None for need in needs]
