"""``torch.nn.grad``: the gradients of convolutions, by input and by weight."""

from __future__ import annotations

from typing import Any

from .functional.conv import back, correlate
from .functional.windows import Geometry, ints


def _geometry(kernel: Any, grad: Any, stride: Any, padding: Any, dilation: Any) -> Geometry:
    count = grad.ndim - 2
    stride, padding, dilation = (ints(v, count) for v in (stride, padding, dilation))
    return Geometry(tuple(kernel), stride, padding, dilation, tuple(grad.shape[2:]))


def _by_input(
    input_size: Any, weight: Any, grad_output: Any, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Any:  # fmt: skip
    geometry = _geometry(weight.shape[2:], grad_output, stride, padding, dilation)
    return back(grad_output, weight, tuple(input_size[2:]), geometry, groups)


def _by_weight(
    input: Any, weight_size: Any, grad_output: Any, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Any:  # fmt: skip
    geometry = _geometry(weight_size[2:], grad_output, stride, padding, dilation)
    return correlate(input, grad_output, geometry, groups)


def conv1d_input(
    input_size: Any, weight: Any, grad_output: Any, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Any:  # fmt: skip
    """The gradient of ``conv1d`` by its input, from that of its result."""
    return _by_input(input_size, weight, grad_output, stride, padding, dilation, groups)


def conv1d_weight(
    input: Any, weight_size: Any, grad_output: Any, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Any:  # fmt: skip
    """The gradient of ``conv1d`` by its weight, from that of its result."""
    return _by_weight(input, weight_size, grad_output, stride, padding, dilation, groups)


def conv2d_input(
    input_size: Any, weight: Any, grad_output: Any, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Any:  # fmt: skip
    """The gradient of ``conv2d`` by its input, from that of its result."""
    return _by_input(input_size, weight, grad_output, stride, padding, dilation, groups)


def conv2d_weight(
    input: Any, weight_size: Any, grad_output: Any, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Any:  # fmt: skip
    """The gradient of ``conv2d`` by its weight, from that of its result."""
    return _by_weight(input, weight_size, grad_output, stride, padding, dilation, groups)


def conv3d_input(
    input_size: Any, weight: Any, grad_output: Any, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Any:  # fmt: skip
    """The gradient of ``conv3d`` by its input, from that of its result."""
    return _by_input(input_size, weight, grad_output, stride, padding, dilation, groups)


def conv3d_weight(
    input: Any, weight_size: Any, grad_output: Any, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Any:  # fmt: skip
    """The gradient of ``conv3d`` by its weight, from that of its result."""
    return _by_weight(input, weight_size, grad_output, stride, padding, dilation, groups)
