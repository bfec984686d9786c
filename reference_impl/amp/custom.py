"""``custom_fwd`` and ``custom_bwd``: how a ``Function``'s own code takes part in autocast."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ..dtypes import dtype, float64
from ..tensor import Tensor
from .autocast_mode import autocast, get_autocast_dtype, is_autocast_enabled


def _check(device_type: Any) -> None:
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")


def _cast(value: Any, device_type: str, wanted: dtype) -> Any:
    """Floating tensors of the device, but no doubles, in the wanted dtype; in containers too."""
    if isinstance(value, Tensor):
        eligible = value.dtype.is_floating_point and value.dtype is not float64
        return value.to(wanted) if eligible and value.device.type == device_type else value
    if isinstance(value, (str, bytes, np.ndarray)) or not isinstance(value, Iterable):
        return value
    if isinstance(value, Mapping):
        return {
            _cast(k, device_type, wanted): _cast(v, device_type, wanted) for k, v in value.items()
        }
    cast = (_cast(v, device_type, wanted) for v in value)
    return type(value)(cast) if isinstance(value, (list, tuple)) else cast  # type: ignore[arg-type]


def custom_fwd(
    fwd: Callable[..., Any] | None = None, *, device_type: str, cast_inputs: Any = None
) -> Any:
    """A decorator for the ``forward`` of a ``Function`` used under autocast.

    With `cast_inputs`, floating inputs come in that dtype and autocast is off inside.  Raises
    ValueError unless `device_type` is text.
    """
    _check(device_type)
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def forward(*args: Any, **kwargs: Any) -> Any:
        ctx, on = args[0], is_autocast_enabled(device_type)
        ctx._dtype = get_autocast_dtype(device_type)
        ctx._fwd_used_autocast = on and cast_inputs is None
        if cast_inputs is None or not on:
            return fwd(*args, **kwargs)
        with autocast(device_type, enabled=False):
            given = _cast(args[1:], device_type, cast_inputs)
            return fwd(ctx, *given, **_cast(kwargs, device_type, cast_inputs))

    return forward


def custom_bwd(bwd: Callable[..., Any] | None = None, *, device_type: str) -> Any:
    """A decorator for the ``backward`` of such a ``Function``: autocast is as it was in forward.

    Raises ValueError unless `device_type` is text.
    """
    _check(device_type)
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def backward(*args: Any, **kwargs: Any) -> Any:
        ctx = args[0]
        with autocast(device_type, enabled=ctx._fwd_used_autocast, dtype=ctx._dtype):
            return bwd(*args, **kwargs)

    return backward
