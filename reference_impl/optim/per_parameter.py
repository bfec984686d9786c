"""What the optimisers that change each parameter on its own share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.grad_mode import no_grad
from ..ops.complex import view_as_real
from ..tensor import Tensor, wrap, wrap_result
from .optimizer import Optimizer


class PerParameter(Optimizer):
    """An optimiser that changes each parameter on its own.

    Subclasses say what they remember of a parameter (``_start``) and how it changes (``_update``).
    An update is written with operators and this package's operations alone, so it reads both ways:
    as a rule it works on bare arrays, in place; with ``differentiable`` on tensors, recorded.
    A complex parameter is updated as its real and imaginary parts, unless `by_parts` says not to.
    """

    by_parts = True
    captured = "params and state_steps"  # what a graph of CUDA kernels would hold on to

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = self._loss(closure)
        for group in self.param_groups:
            recorded = group.get("differentiable", False)
            for p in group["params"]:
                if p._grad is None:
                    continue
                if group.get("capturable") and p.is_cpu:
                    raise AssertionError(
                        f"If capturable=True, {self.captured} must be on supported devices: "
                        "['cuda', 'xpu', 'hpu', 'privateuseone', 'xla']."
                    )
                state = self.state.get(p) or {}
                if not state:
                    with no_grad():
                        self._start(p, state, group)
                if recorded:
                    self._update_tensors(p, state, group)
                else:
                    self._update_arrays(p, state, group)
                if state:
                    self.state[p] = state
        return loss

    def _start(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Fill in what is remembered of `p`, at its first step."""

    def _update(self, p: Any, grad: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Change `p` and `state` in place."""
        raise NotImplementedError

    def _update_arrays(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        arrays = {k: v._data if isinstance(v, Tensor) else v for k, v in state.items()}
        param, grad = p._data, p._grad._data
        if param.dtype.kind == "c" and self.by_parts:
            param, grad = view_as_real(param), view_as_real(grad)
            for k, v in arrays.items():
                if k != "step" and getattr(v, "dtype", param.dtype).kind == "c":
                    arrays[k] = view_as_real(v)
        self._update(param, -grad if group.get("maximize") else grad, arrays, group)
        if p._counter is not None:
            p._counter[0] += 1
        for k in arrays.keys() - state.keys():
            state[k] = wrap_result(arrays[k])  # a scalar, for a parameter without dimensions

    def _update_tensors(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Recorded: each step changes copies, so that what earlier steps saved stays."""
        grad = p._grad
        tensors = {k: v.clone() if isinstance(v, Tensor) else v for k, v in state.items()}
        self._update(p, -grad if group.get("maximize") else grad, tensors, group)
        state.update(tensors)


def decayed(p: Any, grad: Any, group: dict[str, Any]) -> Any:
    """The gradient with weight decay: of ``weight_decay / 2`` times the square of `p` added."""
    decay = group["weight_decay"]
    return grad if decay == 0 else grad + decay * p


def lerp_(average: Any, value: Any, weight: float) -> None:
    """Move a running average towards `value`, in place."""
    average += weight * (value - average)


def step_counter(value: float = 0.0) -> Any:
    """A 0-d tensor to count in: float32, or the default dtype if that is float64."""
    wide = dtypes.get_default_dtype() is dtypes.float64
    return wrap(np.array(value, np.float64 if wide else np.float32))


def scalar(value: Any) -> Any:
    """A hyper-parameter as a number: tensors of one element are read."""
    return value.item() if isinstance(value, Tensor) else value


def check_settings(
    lr: Any,
    *,
    eps: float = 0.0,
    betas: tuple[float, float] = (0.0, 0.0),
    **not_negative: float,
) -> None:
    """Raise ValueError for a setting that is out of its range, as PyTorch words it."""
    if isinstance(lr, Tensor) and lr._data.size != 1:
        raise ValueError("Tensor lr must be 1-element")
    if not lr >= 0.0:
        raise ValueError(f"Invalid learning rate: {lr}")
    if not eps >= 0.0:
        raise ValueError(f"Invalid epsilon value: {eps}")
    for i, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {beta}")
    for name, value in not_negative.items():
        if not value >= 0.0:
            raise ValueError(f"Invalid {name} value: {value}")
