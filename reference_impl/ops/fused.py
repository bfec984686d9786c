"""Operations that PyTorch has in one piece, described by the smaller ones that they consist of.

    @fused("input", "grid", node="GridSampler2DBackward0")
    def grid_sampler_2d(input, grid, mode, ...):
        ...                                   # other operations on tensors

The graph shows a single node.  Its rule runs the description again, recording, and walks back
through it: the derivative is that of the parts, and so is the second one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ..autograd.engine import run_backward
from ..autograd.grad_mode import enable_grad, no_grad
from ..autograd.node import AccumulateGrad
from ..op import op
from ..tensor import Tensor, wrap
from .parts import alias


def fused(*names: str, **options: Any) -> Callable[..., Any]:
    """Declare an operation by a composite, differentiable in the arguments `names`."""

    def declare(body: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(body)
        given = list(signature.parameters.values())

        def forward(xp: Any, *values: Any) -> Any:
            with no_grad():
                result = body(*[_as_tensor(v) for v in values])
            several = isinstance(result, tuple)
            return tuple(_data(r) for r in result) if several else _data(result)

        positions = [i for i, p in enumerate(given) if p.name in names]

        def rule(grad: Any, *read: Any) -> Any:
            *values, needs = read
            wanted = [at for at, need in zip(positions, needs, strict=True) if need]
            return _spread(_through(body, values, wanted, grad), wanted, positions)

        self_like = inspect.Parameter("xp", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        forward.__signature__ = signature.replace(parameters=[self_like, *given])  # type: ignore
        needs = inspect.Parameter("needs", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        plain = [p.replace(default=inspect.Parameter.empty, annotation=Any) for p in given]
        rule.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [self_like.replace(name="grad"), *plain, needs]
        )
        forward.__name__, forward.__doc__ = body.__name__, body.__doc__
        forward.described_by = body  # type: ignore[attr-defined]  # on batches (func/rules)
        return op(joint=(names, rule), **{"method": False, "function": False} | options)(forward)

    return declare


def _as_tensor(value: Any) -> Any:
    return wrap(value) if hasattr(value, "strides") else value


def _data(value: Any) -> Any:
    return value._data if isinstance(value, Tensor) else value


def _spread(found: Sequence[Any], wanted: Sequence[int], positions: Sequence[int]) -> list[Any]:
    """The gradients found, at the places of all that can be differentiated."""
    by_position = dict(zip(wanted, found, strict=True))
    return [by_position.get(at) for at in positions]


def _through(body: Any, values: Sequence[Any], wanted: Sequence[int], grad: Any) -> list[Any]:
    """The gradients of ``body(*values)`` by the `wanted` arguments; Tensors if `grad` is one."""
    grads = grad if isinstance(grad, list) else [grad]
    record = any(isinstance(g, Tensor) for g in grads)
    inputs = [_as_tensor(v) for v in values]
    with enable_grad():
        for at in wanted:
            inputs[at] = alias(inputs[at]) if record else _leaf(inputs[at])
            if record and inputs[at]._grad_fn is None:
                inputs[at] = _leaf(inputs[at])
        results = body(*inputs)
    results = results if isinstance(results, tuple) else (results,)
    pairs = [
        (r, g) for r, g in zip(results, grads, strict=False)
        if g is not None and r._grad_fn is not None
    ]  # fmt: skip
    targets = [(inputs[at]._grad_fn, 0) for at in wanted]
    if not pairs:
        return [None] * len(wanted)
    found = run_backward(
        [(r._grad_fn, r._port) for r, _ in pairs],
        [g for _, g in pairs],
        retain_graph=record,
        create_graph=record,
        targets=targets,
        accumulate=False,
    )
    return [found.get(t) for t in targets]


def _leaf(tensor: Tensor) -> Tensor:
    fresh = wrap(tensor._data)
    fresh._grad_fn = AccumulateGrad(fresh)
    return fresh
