"""What pooling refuses, in the order in which PyTorch notices it.

Source: PyTorch's ``Pool.h`` and ``MaxPooling.cpp``; one dimension has sentences of its own, unless
it is averaged, which is done in two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import errors

_COUNTS = {2: "two", 3: "three"}
_AXES = {2: "HW", 3: "THW"}


def check_lengths(name: str, count: int, **settings: Any) -> None:
    """Raise RuntimeError for a setting that is neither one int nor one for each dimension."""
    for what, value in settings.items():
        given = len(value) if isinstance(value, (tuple, list)) else 1
        if given in (1, count) or (what == "stride" and not given):
            continue
        if name == "avg_pool1d":
            raise RuntimeError(f"{name}() argument '{what}' should contain one int (got {given})")
        if count == 1:
            kinds = "None, an int, list of ints," if what == "stride" else "an int, list of ints"
            raise RuntimeError(
                f"{name}() {what} must be {kinds} or tuple of ints of size 1 but got size {given}"
            )
        omitted = "be omitted, " if what == "stride" else "be "
        either = "be either " if what == "dilation" else f"either {omitted}"
        raise RuntimeError(
            f"{name}: {what} must {either}a single int, or a tuple of {_COUNTS[count]} ints"
        )


def check_input_1d(name: str, shape: Sequence[int]) -> None:
    """Raise RuntimeError for what is no (C, L) or (N, C, L) with something to pool."""
    if name == "avg_pool1d":
        if len(shape) not in (2, 3):
            raise RuntimeError(
                f"Expected 2 to 3 dimensions, but got {len(shape)}-dimensional tensor for argument "
                "#1 'self' (while checking arguments for avg_pool1d)"
            )
    elif len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise RuntimeError(
            f"{name}: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for "
            f"input, but got:{errors.sizes(shape)}"
        )


def check_settings_1d(name: str, kernel: int, stride: int, padding: int, dilation: int) -> None:
    """Raise RuntimeError for settings of ``max_pool1d`` that make no sense."""
    for what, value in (("kernel_size", kernel), ("stride", stride)):
        if value <= 0:
            raise RuntimeError(f"{name}() {what} must be greater than zero, but got {value}")
    if padding < 0:
        raise RuntimeError(f"{name}() padding must be non-negative, but got {padding}")
    if padding > kernel // 2:
        raise RuntimeError(
            f"{name}() padding should be at most half of kernel size, but got padding={padding} "
            f"and kernel_size={kernel}"
        )
    if dilation <= 0:
        raise RuntimeError(f"{name}() dilation must be greater than zero, but got {dilation}")


def check_ndim(shape: Sequence[int], count: int) -> None:
    """Raise RuntimeError unless there are `count` dimensions after the channels."""
    if len(shape) not in (count + 1, count + 2):
        raise RuntimeError(
            f"non-empty {count + 1}D or {count + 2}D (batch mode) tensor expected for input"
        )


def check_windows(
    kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int]
) -> None:
    """Raise RuntimeError for windows that make no sense, whatever they are laid on."""
    for k, s, p, d in zip(kernel, stride, padding, dilation, strict=True):
        if s == 0:
            raise RuntimeError("stride should not be zero")
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > ((k - 1) * d + 1) // 2:
            raise RuntimeError(
                "pad should be at most half of effective kernel size, but got pad="
                f"{p}, kernel_size={k} and dilation={d}"
            )
    axes = _AXES[len(kernel)]
    for what, letter, values in (
        ("kernel size", "k", kernel), ("stride", "d", stride), ("dilation", "dilation", dilation),
    ):  # fmt: skip
        if any(v <= 0 for v in values):
            shown = " ".join(f"{letter}{a}: {v}" for a, v in zip(axes, values, strict=True))
            raise RuntimeError(f"{what} should be greater than zero, but got {shown}")


def check_dtype(kernel: str, input: Any, integers: Sequence[str] = ()) -> None:
    """Raise NotImplementedError for a dtype that PyTorch's `kernel` does not serve.

    All serve real floating-point numbers, some also `integers`, given by name.
    """
    if not (input.dtype.is_floating_point or input.dtype.name in integers):
        raise errors.not_implemented_for(kernel, input.dtype)


def check_sizes(name: str, shape: Sequence[int], count: int) -> None:
    """Raise RuntimeError for a dimension after the batch that has nothing in it."""
    inner = list(shape[len(shape) - count - 1 :])
    if 0 not in inner:
        return
    if count == 2:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but "
            f"got:{errors.sizes(shape)}"
        )
    kernel = "max_pool3d_with_indices_out_cpu_template" if name == "max_pool3d" else name
    raise RuntimeError(
        f"{kernel}(): Expected input's non-batch dimensions to have positive length, but input has "
        f"a shape of {errors.sizes(shape)} and non-batch dimension {inner.index(0)} has length "
        "zero!"
    )


def too_small(name: str, shape: Sequence[int], output: Sequence[int]) -> RuntimeError:
    """The error for windows of which none fits on an input of (N, C, ...)."""
    if name == "max_pool1d":
        return RuntimeError(f"{name}() Invalid computed output size: {output[1]}")
    given, made = ("x".join(map(str, (shape[1], *n))) for n in (shape[2:], output))
    return RuntimeError(
        f"Given input size: ({given}). Calculated output size: ({made}). Output size is too small"
    )
