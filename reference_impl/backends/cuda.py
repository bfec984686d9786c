"""``torch.backends.cuda``: how PyTorch is to compute on CUDA; CuPy does it its own way here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .. import backend
from ..missing import names_of


class _Matmul:
    """``torch.backends.cuda.matmul``: how matrix products may be rounded."""

    allow_tf32 = False
    allow_fp16_reduced_precision_reduction = True
    allow_bf16_reduced_precision_reduction = True
    allow_fp16_accumulation = False
    fp32_precision = "none"


matmul = _Matmul()
_sdp = {"flash": True, "mem_efficient": True, "math": True, "cudnn": True, "reduced": False}


def is_built() -> bool:
    """Whether a CUDA device could be used: whether CuPy is installed."""
    try:
        backend.cupy()
    except AssertionError:
        return False
    return True


def flash_sdp_enabled() -> bool:
    """What ``enable_flash_sdp`` was told; attention has one form here."""
    return _sdp["flash"]


def enable_flash_sdp(enabled: bool) -> None:
    """Note the switch."""
    _sdp["flash"] = enabled


def mem_efficient_sdp_enabled() -> bool:
    """What ``enable_mem_efficient_sdp`` was told; attention has one form here."""
    return _sdp["mem_efficient"]


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Note the switch."""
    _sdp["mem_efficient"] = enabled


def math_sdp_enabled() -> bool:
    """What ``enable_math_sdp`` was told; attention has one form here, this one."""
    return _sdp["math"]


def enable_math_sdp(enabled: bool) -> None:
    """Note the switch."""
    _sdp["math"] = enabled


def cudnn_sdp_enabled() -> bool:
    """What ``enable_cudnn_sdp`` was told; attention has one form here."""
    return _sdp["cudnn"]


def enable_cudnn_sdp(enabled: bool) -> None:
    """Note the switch."""
    _sdp["cudnn"] = enabled


def fp16_bf16_reduction_math_sdp_allowed() -> bool:
    """What ``allow_fp16_bf16_reduction_math_sdp`` was told."""
    return _sdp["reduced"]


def allow_fp16_bf16_reduction_math_sdp(enabled: bool) -> None:
    """Note the switch."""
    _sdp["reduced"] = enabled


def is_flash_attention_available() -> bool:
    """No."""
    return False


def can_use_flash_attention(params: Any, debug: bool = False) -> bool:
    """No."""
    return False


def can_use_efficient_attention(params: Any, debug: bool = False) -> bool:
    """No."""
    return False


def can_use_cudnn_attention(params: Any, debug: bool = False) -> bool:
    """No."""
    return False


@contextlib.contextmanager
def sdp_kernel(
    enable_flash: bool = True,
    enable_math: bool = True,
    enable_mem_efficient: bool = True,
    enable_cudnn: bool = True,
) -> Iterator[None]:
    """Set the switches of attention inside; deprecated in PyTorch."""
    before = dict(_sdp)
    _sdp.update(
        flash=enable_flash, math=enable_math, mem_efficient=enable_mem_efficient,
        cudnn=enable_cudnn,
    )  # fmt: skip
    try:
        yield
    finally:
        _sdp.update(before)


__getattr__ = names_of(__name__)
