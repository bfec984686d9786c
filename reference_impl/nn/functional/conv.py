"""Convolutions, as one trilinear form.

For an input x, a weight w and a gradient g of the result, <g, conv(x, w)> is linear in each of the
three.  Its three partial derivatives are ``conv(x, w)``, the gradient of the input ``back(g, w)``
and that of the weight ``correlate(x, g)``; each is the derivative of the other two.  A transposed
convolution *is* the gradient of an input.  All are matrix products of windows (windows.py).

Arrays: x (N, C, *spatial), w (O, C / groups, *kernel), g (N, O, *output).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import dtypes, errors
from ...op import PUBLIC, op
from ...ops.complex import conj
from ...ops.reduce import sum as sum_
from ...ops.rules import in_single
from .windows import Geometry, as_windows, columns, ints, output_size, overlap_add, windows

_private: dict[str, bool] = {"method": False, "function": False}


def _wide(x: Any) -> Any:
    return x.astype(np.float32) if x.dtype.itemsize == 2 and x.dtype.kind not in "iu" else x


def _columns_by_group(xp: Any, x: Any, g: Geometry, groups: int) -> Any:
    """The windows as a matrix for each image and group: (N, groups, C / groups * cells, places)."""
    n, c = x.shape[:2]
    width = c // groups * math.prod(g.kernel)
    return columns(windows(xp, x, g), g).reshape(n, groups, width, math.prod(g.output))


def _check_dtype(d: dtypes.dtype, count: int, transposed: bool) -> None:
    """Raise NotImplementedError for bool, and for integers but int64 of what is transposed."""
    if transposed:
        kernel = f"slow_conv_transpose{max(count, 2)}d_out_cpu"
        refused = d.category < dtypes.FLOAT and d is not dtypes.int64
    else:
        kernel = "compute_columns3d" if count == 3 else "slow_conv2d_cpu"
        refused = d is dtypes.bool_
    if refused:
        raise errors.not_implemented_for(kernel, d)


def _by_group(grad: Any, groups: int) -> Any:
    """(N, O, *output) as (N, groups, O / groups, places)."""
    n, o = grad.shape[:2]
    return grad.reshape(n, groups, o // groups, math.prod(grad.shape[2:]))


def _matrices(weight: Any, groups: int) -> Any:
    """The weight as (groups, O / groups, C / groups * cells)."""
    o = weight.shape[0]
    return weight.reshape(groups, o // groups, math.prod(weight.shape[1:]))


@op(
    input=lambda grad, input_shape, weight, geometry, groups: back(
        grad, conj(weight), input_shape[2:], geometry, groups
    ),
    weight=lambda grad, input, geometry, groups: correlate(conj(input), grad, geometry, groups),
    node="ConvolutionBackwardBackward0", **_private,
)  # fmt: skip
def conv(xp, input, weight, geometry, groups):
    """The convolution itself (N, O, *output)."""
    x, w = _wide(input), _wide(weight)
    product = xp.matmul(_matrices(w, groups), _columns_by_group(xp, x, geometry, groups))
    out = product.reshape(x.shape[0], w.shape[0], *geometry.output)
    return out.astype(input.dtype, copy=False)


@op(
    grad=lambda grad, weight, geometry, groups: conv(grad, conj(weight), geometry, groups),
    weight=lambda grads, grad, geometry, groups: correlate(grads, conj(grad), geometry, groups),
    node="ConvolutionBackwardBackward0", **_private,
)  # fmt: skip
def back(xp, grad, weight, spatial, geometry, groups):
    """The gradient of the input, from that of the result: (N, C, *spatial)."""
    g, w = _wide(grad), _wide(weight)
    product = xp.matmul(_matrices(w, groups).transpose(0, 2, 1), _by_group(g, groups))
    features = groups * product.shape[2]
    cells = as_windows(product.reshape(len(g), features, product.shape[3]), geometry)
    out = overlap_add(xp, cells, tuple(spatial), geometry)
    return xp.ascontiguousarray(out).astype(grad.dtype, copy=False)


def _side_by_side(matrices: Any) -> Any:
    """(N, groups, rows, places) as (groups, rows, N * places)."""
    n, groups, rows, places = matrices.shape
    return matrices.transpose(1, 2, 0, 3).reshape(groups, rows, n * places)


@op(
    input=lambda grads, input_shape, grad, geometry, groups: back(
        conj(grad), grads, input_shape[2:], geometry, groups
    ),
    grad=lambda grads, input, geometry, groups: conv(conj(input), grads, geometry, groups),
    node="ConvolutionBackwardBackward0", **_private,
)  # fmt: skip
def correlate(xp, input, grad, geometry, groups):
    """The gradient of the weight, from the input and the gradient of the result."""
    x, g = _wide(input), _wide(grad)
    rows, cells = _by_group(g, groups), _columns_by_group(xp, x, geometry, groups)
    if rows.shape[2] <= rows.shape[3]:
        product = xp.matmul(rows, cells.transpose(0, 1, 3, 2)).sum(0)
    else:  # a product for each image would take more memory than the images side by side
        product = xp.matmul(_side_by_side(rows), _side_by_side(cells).transpose(0, 2, 1))
    shape = (g.shape[1], x.shape[1] // groups, *geometry.kernel)
    return product.reshape(shape).astype(input.dtype, copy=False)


# ---------------------------------------------------------------- the operation


def _geometry(
    input: Any, weight: Any, stride: Any, padding: Any, dilation: Any, transposed: bool,
    output_padding: Any,
) -> tuple[Geometry, tuple[int, ...]]:  # fmt: skip
    """(geometry, spatial shape of the result)."""
    kernel, spatial = tuple(weight.shape[2:]), tuple(input.shape[2:])
    if transposed:
        result = tuple(
            (n - 1) * s - 2 * p + d * (k - 1) + 1 + extra
            for n, s, p, d, k, extra in zip(
                spatial, stride, padding, dilation, kernel, output_padding, strict=True
            )
        )
        return Geometry(kernel, stride, padding, dilation, spatial), result
    result = tuple(
        output_size(*sizes)
        for sizes in zip(spatial, kernel, stride, padding, dilation, strict=True)
    )
    return Geometry(kernel, stride, padding, dilation, result), result


def _convolution_rule(
    grad: Any, input: Any, weight: Any, stride: Any, padding: Any, dilation: Any,
    transposed: bool, output_padding: Any, groups: int, needs: Any,
) -> Any:  # fmt: skip
    g, _ = _geometry(input, weight, stride, padding, dilation, transposed, output_padding)
    by_input = by_weight = by_bias = None
    if needs[0]:
        flipped = conj(weight)
        by_input = (
            conv(grad, flipped, g, groups)
            if transposed
            else back(grad, flipped, tuple(input.shape[2:]), g, groups)
        )
    if needs[1]:
        by_weight = (
            correlate(grad, conj(input), g, groups)
            if transposed
            else correlate(conj(input), grad, g, groups)
        )
    if needs[2]:
        by_bias = sum_(grad, (0, *range(2, len(input.shape))))
    return by_input, by_weight, by_bias


@op(joint=(("input", "weight", "bias"), _convolution_rule), name="convolution", **_private)
@in_single
def _convolution(
    xp, input, weight, bias, stride, padding, dilation, transposed, output_padding, groups
):
    g, spatial = _geometry(input, weight, stride, padding, dilation, transposed, output_padding)
    if transposed:
        out = back.op.forward(xp, input, weight, spatial, g, groups)
    else:
        out = conv.op.forward(xp, input, weight, g, groups)
    return out if bias is None else out + bias.reshape(1, -1, *(1,) * len(spatial))


# ---------------------------------------------------------------- checks


def _check_settings(
    stride: Any, padding: Any, dilation: Any, output_padding: Any, groups: int
) -> None:
    if any(p < 0 for p in padding):
        raise RuntimeError("negative padding is not supported")
    if any(p < 0 for p in output_padding):
        raise RuntimeError("negative output_padding is not supported")
    if any(s <= 0 for s in stride):
        raise RuntimeError("non-positive stride is not supported")
    if any(d <= 0 for d in dilation):
        raise RuntimeError("dilation should be greater than zero")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")


def _check_types(input: Any, weight: Any, bias: Any) -> None:
    for name, other in (("weight", weight), ("bias", bias)):
        if other is not None and other.dtype is not input.dtype:
            first, second = (errors.c_type(t.dtype) for t in (input, other))
            if name == "weight" and input.dtype.category < dtypes.FLOAT:
                wanted, found = (errors.scalar_type(t.dtype) for t in (input, other))
                raise RuntimeError(f"expected scalar type {wanted} but found {found}")
            raise RuntimeError(
                f"Input type ({_cpp(first)}) and {name} type ({_cpp(second)}) should be the same"
            )


def _cpp(name: str) -> str:
    return {"long": "long long"}.get(name, name)


def _check_shapes(
    input: Any, weight: Any, bias: Any, padding: Any, dilation: Any, transposed: bool, groups: int
) -> None:
    shape, found = weight.shape, input.shape
    if any(n == 0 for n in shape[1:]) and not transposed and shape[1] != 0:
        raise RuntimeError("weight should not have a zero size")
    if transposed:
        if found[1] != shape[0]:
            raise RuntimeError(
                f"Given transposed=1, weight of size {errors.sizes(shape)}, expected input"
                f"{errors.sizes(found)} to have {shape[0]} channels, but got {found[1]} channels "
                "instead"
            )
        if bias is not None and (bias.ndim != 1 or bias.shape[0] != shape[1] * groups):
            raise RuntimeError(
                f"Given transposed=1, weight of size {errors.sizes(shape)}, expected bias to be "
                f"1-dimensional with {shape[1] * groups} elements, but got bias of size "
                f"{errors.sizes(bias.shape)} instead"
            )
        return
    if shape[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but "
            f"got weight of size {errors.sizes(shape)} instead"
        )
    if shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, "
            f"but got weight of size {errors.sizes(shape)} instead"
        )
    if found[1] != shape[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {errors.sizes(shape)}, expected input"
            f"{errors.sizes(found)} to have {shape[1] * groups} channels, but got {found[1]} "
            "channels instead"
        )
    if bias is not None and (bias.ndim != 1 or bias.shape[0] != shape[0]):
        raise RuntimeError(
            f"Given weight of size {errors.sizes(shape)}, expected bias to be 1-dimensional with "
            f"{shape[0]} elements, but got bias of size {errors.sizes(bias.shape)} instead"
        )
    _check_kernel(found[2:], shape[2:], padding, dilation)


def _check_kernel(spatial: Any, kernel: Any, padding: Any, dilation: Any) -> None:
    padded = [n + 2 * p for n, p in zip(spatial, padding, strict=True)]
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    if any(r > n for r, n in zip(reach, padded, strict=True)):
        first, second = " x ".join(map(str, padded)), " x ".join(map(str, reach))
        raise RuntimeError(
            f"Calculated padded input size per channel: ({first}). Kernel size: ({second}). Kernel "
            "size can't be greater than actual input size"
        )


def _sized(name: str, value: Any, count: int) -> tuple[int, ...]:
    values = ints(value, count)
    if len(values) != count:
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {count} values to match "
            f"the convolution dimensions, but got {name}={list(values)}"
        )
    return values


def _same_padding(
    input: Any, weight: Any, stride: Any, dilation: Any
) -> tuple[Any, tuple[int, ...]]:
    """(input, padding) such that the result is as large; an odd rest is padded at the end."""
    if any(s != 1 for s in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    totals = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
    rest = [t % 2 for t in totals]
    if any(rest):
        pads = [n for r in reversed(rest) for n in (0, r)]
        input = PUBLIC["constant_pad_nd"](input, pads, 0)
    return input, tuple(t // 2 for t in totals)


def _run(
    count: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any,
    groups: int, transposed: bool = False, output_padding: Any = 0,
) -> Any:  # fmt: skip
    name = f"conv{'_transpose' if transposed else ''}{count}d"
    if input.ndim not in (count + 1, count + 2):
        raise RuntimeError(
            f"Expected {count + 1}D (unbatched) or {count + 2}D (batched) input to {name}, but got "
            f"input of size: {errors.sizes(input.shape)}"
        )
    batched = input.ndim == count + 2
    if weight.ndim != count + 2:
        if weight.ndim < 3:
            raise RuntimeError("weight should have at least three dimensions")
        raise RuntimeError(
            f"Expected {weight.ndim}-dimensional input for {weight.ndim}-dimensional weight "
            f"{errors.sizes(weight.shape)}, but got {count + 2}-dimensional input of size "
            f"{errors.sizes(input.shape if batched else (1, *input.shape))} instead"
        )
    _check_types(input, weight, bias)
    stride, dilation = _sized("stride", stride, count), _sized("dilation", dilation, count)
    extra = _sized("output_padding", output_padding, count)
    x = input if batched else input.unsqueeze(0)
    if isinstance(padding, str):
        if padding not in ("valid", "same"):
            raise RuntimeError(
                f"Invalid padding string: '{padding}'. Supported values are 'valid' and 'same'."
            )
        if padding == "same":
            x, padding = _same_padding(x, weight, stride, dilation)
        else:
            padding = 0
    padding = _sized("padding", padding, count)
    _check_settings(stride, padding, dilation, extra, groups)
    _check_shapes(x, weight, bias, padding, dilation, transposed, groups)
    _check_dtype(input.dtype, len(x.shape) - 2, transposed)
    if transposed:
        for e, s, d in zip(extra, stride, dilation, strict=True):
            if e >= s and e >= d:
                raise RuntimeError(
                    "output padding must be smaller than either stride or dilation, but got "
                    f"output_padding: {extra} stride: {stride} dilation: {dilation}"
                )
    out = _convolution(x, weight, bias, stride, padding, dilation, transposed, extra, groups)
    return out if batched else out.squeeze(0)


def conv1d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Any:  # fmt: skip
    """Convolve (N, C, L) with `weight` (O, C / groups, K)."""
    return _run(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Any:  # fmt: skip
    """Convolve (N, C, H, W) with `weight` (O, C / groups, KH, KW)."""
    return _run(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Any:  # fmt: skip
    """Convolve (N, C, D, H, W) with `weight` (O, C / groups, KD, KH, KW)."""
    return _run(3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    """The gradient of ``conv1d`` by its input, as an operation; weight (C, O / groups, K)."""
    return _run(1, input, weight, bias, stride, padding, dilation, groups, True, output_padding)


def conv_transpose2d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    """The gradient of ``conv2d`` by its input, as an operation."""
    return _run(2, input, weight, bias, stride, padding, dilation, groups, True, output_padding)


def conv_transpose3d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    """The gradient of ``conv3d`` by its input, as an operation."""
    return _run(3, input, weight, bias, stride, padding, dilation, groups, True, output_padding)


def conv_tbc(input: Any, weight: Any, bias: Any, pad: int = 0) -> Any:
    """``conv1d`` of (time, batch, channels) with weight (K, C, O)."""
    out = conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad)
    return out.permute(2, 0, 1)
