"""Dropout: random elements or channels set to zero in training.

The mask is drawn as PyTorch draws it, so that the same seed drops the same elements.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

from ...op import PUBLIC


def _check_probability(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _scale_from(alpha: float, p: float) -> float:
    return 1.0 / math.sqrt((alpha * alpha * p + 1) * (1 - p))


def _dropped(
    input: Any, p: float, training: bool, inplace: bool, feature: bool = False, alpha: bool = False
) -> Any:
    """Set elements (or whole channels) to zero with probability p and scale the rest."""
    _check_probability(p)
    if p == 0 or not training or input.numel() == 0:
        return input
    if p == 1 and not alpha:
        zeros = PUBLIC["zeros"]((), dtype=input.dtype, device=input.device)
        return input.mul_(zeros) if inplace else input * zeros
    shape = input.shape[:2] + (1,) * (input.ndim - 2) if feature else input.shape
    if feature and input.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    if feature:
        noise = input.detach().new_empty(shape).bernoulli_(1 - p)
    else:
        noise = PUBLIC["empty_like"](input.detach()).bernoulli_(1 - p)
    if not alpha:
        noise.div_(1 - p)
        return input.mul_(noise) if inplace else input * noise
    limit = 1.7580993408473766  # minus the limit of selu at -inf
    scale = _scale_from(limit, p) if p < 1 else 0.0
    shift = noise.add(-1).mul_(limit * scale).add_(limit * scale * p)
    noise.mul_(scale)
    return input.mul_(noise).add_(shift) if inplace else input * noise + shift


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Set elements to zero with probability p and divide the others by 1 - p."""
    return _dropped(input, p, training, inplace)


def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """Dropout that keeps mean and variance after ``selu``."""
    return _dropped(input, p, training, inplace, alpha=True)


def feature_alpha_dropout(
    input: Any, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Any:
    """``alpha_dropout`` of whole channels."""
    return _dropped(input, p, training, inplace, feature=True, alpha=True)


def feature_dropout(input: Any, p: float, train: bool) -> Any:
    """Dropout of whole channels."""
    return _dropped(input, p, train, False, feature=True)


def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Dropout of whole channels of (N, C, L) or (C, L)."""
    _check_probability(p)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. Note that "
            "dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, "
            "a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    return _batched_dropout(input, 3, p, training, inplace)


def _batched_dropout(input: Any, ndim: int, p: float, training: bool, inplace: bool) -> Any:
    if input.ndim == ndim:
        return _dropped(input, p, training, inplace, feature=True)
    batch = input.unsqueeze_(0) if inplace else input.unsqueeze(0)
    out = _dropped(batch, p, training, inplace, feature=True)
    return out.squeeze_(0) if inplace else out.squeeze(0)


def _warn_dims(name: str, ndim: int, spatial: int) -> None:
    if ndim not in (spatial + 1, spatial + 2):
        warnings.warn(
            f"{name}: Received a {ndim}-D input to {name}, which is deprecated and will result in "
            "an error in a future release. To retain the behavior and silence this warning, please "
            f"use dropout instead. Note that {name} exists to provide channel-wise dropout on "
            f"inputs with {spatial} spatial dimensions, a channel dimension, and an optional batch "
            f"dimension (i.e. {spatial + 1}D or {spatial + 2}D inputs).",
            stacklevel=3,
        )


def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Dropout of whole channels of (N, C, H, W)."""
    _check_probability(p)
    _warn_dims("dropout2d", input.ndim, 2)
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout "
            "behavior is desired - input is interpreted as shape (N, C, L), where C is the channel "
            "dim. This behavior will change in a future release to interpret the input as one "
            "without a batch dimension, i.e. shape (C, H, W). To maintain the 1D channel-wise "
            "dropout behavior, please switch to using dropout1d instead.",
            stacklevel=2,
        )
    return _dropped(input, p, training, inplace, feature=True)


def dropout3d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Dropout of whole channels of (N, C, D, H, W) or (C, D, H, W)."""
    _check_probability(p)
    _warn_dims("dropout3d", input.ndim, 3)
    if input.ndim == 4:
        return _batched_dropout(input, 5, p, training, inplace)
    return _dropped(input, p, training, inplace, feature=True)
