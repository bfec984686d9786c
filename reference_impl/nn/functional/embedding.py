"""Looking up rows of a table by number, alone or summed up in bags."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import errors
from ...autograd.grad_mode import no_grad
from ...backend import xp_of
from ...op import PUBLIC, op
from ...ops.fused import fused
from ...ops.index import add_at

_private: dict[str, bool] = {"method": False, "function": False}


def _check_rows(indices: Any, rows: int) -> None:
    if indices.size and (int(indices.min()) < 0 or int(indices.max()) >= rows):
        raise IndexError("index out of range in self")


@op(
    weight=lambda grad, weight_shape, indices, padding_idx, scale_grad_by_freq: (
        _embedding_backward(grad, indices, weight_shape[0], padding_idx, scale_grad_by_freq)
    ),
    name="embedding", **_private,
)  # fmt: skip
def _embedding(xp, weight, indices, padding_idx, scale_grad_by_freq, sparse):
    _check_rows(indices, weight.shape[0])
    return weight[indices]


def _shares(grad: Any, indices: Any, padding_idx: int, by_frequency: bool) -> Any:
    """What each looked-up row counts for in the gradient: 0 for padding, perhaps 1/frequency."""
    data = getattr(indices, "_data", indices)
    xp = xp_of(data)
    shares = (data != padding_idx).astype(np.float64)
    if by_frequency and data.size:
        shares = shares / xp.bincount(data.reshape(-1).astype(np.intp, copy=False))[data]
    return shares[..., None]


@op(
    grad=lambda grad, indices, padding_idx, by_frequency: (
        _embedding_double(grad, indices, padding_idx, by_frequency)
    ),
    name="embedding_dense_backward", **_private,
)  # fmt: skip
def _embedding_backward(xp, grad, indices, rows, padding_idx, by_frequency):
    out = xp.zeros((rows, grad.shape[-1]), grad.dtype)
    values = grad
    if padding_idx >= 0 or by_frequency:
        values = (grad * _shares(grad, indices, padding_idx, by_frequency)).astype(grad.dtype)
    add_at(xp, out, (indices.reshape(-1),), values.reshape(-1, grad.shape[-1]))
    return out


@op(
    weight=lambda grad, weight_shape, indices, padding_idx, by_frequency: (
        _embedding_backward(grad, indices, weight_shape[0], padding_idx, by_frequency)
    ),
    name="embedding", **_private,
)  # fmt: skip
def _embedding_double(xp, weight, indices, padding_idx, by_frequency):
    shares = _shares(weight, indices, padding_idx, by_frequency)
    return (weight[indices] * shares).astype(weight.dtype)


def _check_index_dtype(name: str, indices: Any) -> None:
    if indices.dtype.name not in ("int64", "int32"):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got {indices.type()} instead (while checking arguments for {name})"
        )


def _renormalise(weight: Any, indices: Any, max_norm: float, norm_type: float) -> None:
    """Shorten, in place, the rows looked up that are longer than `max_norm`."""
    with no_grad():
        for row in PUBLIC["unique"](indices).tolist():
            length = PUBLIC["norm"](weight[row], norm_type)
            if float(length) > max_norm:
                weight[row] = weight[row] * (max_norm / (length + 1e-7))


def _positive_padding(padding_idx: int | None, weight: Any) -> int:
    """`padding_idx` counted from the front; -1 for none."""
    if padding_idx is None:
        return -1
    rows = weight.shape[0]
    if padding_idx >= rows or padding_idx < -rows:
        raise AssertionError("Padding_idx must be within num_embeddings")
    return padding_idx % rows


def embedding(
    input: Any, weight: Any, padding_idx: int | None = None, max_norm: float | None = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Any:  # fmt: skip
    """The rows of `weight` (rows, features) with the numbers `input`: (*input.shape, features).

    The row `padding_idx` gets no gradient.  With `max_norm`, longer rows are shortened in place.
    """
    padding = _positive_padding(padding_idx, weight)
    _check_index_dtype("embedding", input)
    if weight.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    if max_norm is not None:
        _renormalise(weight, input, max_norm, norm_type)
    return _embedding(weight, input, padding, scale_grad_by_freq, sparse)


# ---------------------------------------------------------------- bags


def _bag_table(indices: Any, offsets: Any, last: bool) -> tuple[Any, Any]:
    """(positions in `indices`, which of them count), a row for each bag."""
    xp = xp_of(indices)
    ends = offsets[1:] if last else xp.concatenate([offsets[1:], xp.asarray([indices.size])])
    starts = offsets[: ends.size]
    longest = int((ends - starts).max()) if starts.size else 0
    at = starts[:, None] + xp.arange(longest)
    counts = at < ends[:, None]
    return xp.where(counts, at, 0), counts


@fused("weight", "per_sample_weights", name="embedding_bag")
def _embedding_bag(weight, indices, offsets, mode, per_sample_weights, last, padding_idx):
    from ...tensor import wrap

    at, counts = _bag_table(indices._data, offsets._data, last)
    if padding_idx >= 0 and indices.numel():
        counts = counts & (indices._data != padding_idx)[at]
    if not indices.numel() or not at.size:
        return weight.new_zeros((at.shape[0], weight.shape[1])) + weight.sum() * 0
    rows = weight[wrap(indices._data[at])]
    mask = wrap(counts).unsqueeze(2)
    if mode == "max":
        some = wrap(counts.any(axis=1)).unsqueeze(1)
        return PUBLIC["where"](some, rows.masked_fill(~mask, -float("inf")).max(1)[0], 0.0)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights[wrap(at)].unsqueeze(2)
    total = rows.masked_fill(~mask, 0.0).sum(1)
    if mode == "sum":
        return total
    return total / wrap(counts.sum(axis=1)).clamp(min=1).unsqueeze(1)


def _flat_bags(input: Any, offsets: Any, samples: Any) -> tuple[Any, Any, Any]:
    """(indices, offsets, per-sample weights), one-dimensional."""
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch "
                f"of fixed length sequences. However, found offsets of type {type(offsets)}"
            )
        offsets = PUBLIC["arange"](
            0, input.numel(), input.shape[1], dtype=input.dtype, device=input.device
        )
        samples = None if samples is None else samples.reshape(-1)
        return input.reshape(-1), offsets, samples
    if input.ndim != 1:
        raise ValueError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}"
        )
    if offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    if offsets.ndim != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    return input, offsets, samples


def _check_bag_dtype(d: Any) -> None:
    """Raise RuntimeError for a weight that is not of real floating-point numbers."""
    if d.is_floating_point:
        return
    kind = errors.scalar_type(d)
    modern = d.is_complex or d.name == "bool"
    found = f"CPU{kind}Type" if modern else f"torch.{kind}Tensor"
    raise RuntimeError(
        "Expected tensor for argument #1 'weight' to have one of the following scalar types: Half, "
        f"BFloat16, Float, Double; but got {found} instead (while checking arguments for "
        "embedding_bag)"
    )


def embedding_bag(
    input: Any, weight: Any, offsets: Any = None, max_norm: float | None = None,
    norm_type: float = 2, scale_grad_by_freq: bool = False, mode: str = "mean",
    sparse: bool = False, per_sample_weights: Any = None, include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:  # fmt: skip
    """The sum, mean or maximum of the rows in each bag of numbers: (bags, features)."""
    if weight.dtype.name == "int64" and input.is_floating_point():
        input, weight = weight, input  # the order of arguments before PyTorch 0.4
    if per_sample_weights is not None and input.shape != per_sample_weights.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then "
            f"it must have the same shape as the input ({input.shape})"
        )
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported "
            f"for mode='sum' (got mode='{mode}'). Please open a feature request on GitHub."
        )
    flat, starts, samples = _flat_bags(input, offsets, per_sample_weights)
    padding = _positive_padding(padding_idx, weight)
    if max_norm is not None:
        _renormalise(weight, flat, max_norm, norm_type)
    _check_bag_dtype(weight.dtype)
    _check_rows(flat._data, weight.shape[0])
    if flat.numel() and starts.numel() and int(starts[0]) != 0:
        raise RuntimeError("offsets[0] has to be 0, i.e., the first sequence in the mini-batch has "
                           f"to start from position 0. However, got {int(starts[0])}")  # fmt: skip
    return _embedding_bag(weight, flat, starts, mode, samples, include_last_offset, padding)


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """A new last dimension: 1 at the number that stood there, else 0; int64.

    Raises RuntimeError for numbers that are negative or not below `num_classes`.
    """
    if tensor.dtype.name != "int64":
        raise RuntimeError(
            "one_hot is only applicable to index tensor of type LongTensor, got "
            f"{errors.c_type(tensor.dtype)}"
        )
    data = tensor._data
    if not data.size:
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return PUBLIC["empty"]((*tensor.shape, num_classes), dtype=tensor.dtype)
    if int(data.min()) < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(data.max()) + 1
    elif num_classes < 1:
        raise RuntimeError("num_classes should be positive")
    elif num_classes <= int(data.max()):
        raise RuntimeError("Class values must be smaller than num_classes.")
    classes = PUBLIC["arange"](num_classes, device=tensor.device)
    return (tensor.unsqueeze(-1) == classes).to(tensor.dtype)
