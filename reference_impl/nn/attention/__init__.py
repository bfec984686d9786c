"""``torch.nn.attention``: which form of attention to use, and biases that say more than a mask.

PyTorch has several kernels for ``scaled_dot_product_attention``.  Here there is one computation; it
appears in the graph as one node where PyTorch's would be fused, and in its parts where the fused
kernel is switched off.
"""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Iterable, Iterator

from ...backends import cuda
from ...missing import names_of

__all__ = ["WARN_FOR_UNFUSED_KERNELS", "SDPBackend", "sdpa_kernel"]

WARN_FOR_UNFUSED_KERNELS = False


class SDPBackend(enum.IntEnum):
    """The kernels that PyTorch chooses from."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4

    def __repr__(self) -> str:
        return f"<SDPBackend.{self.name}: {self.value}>"

    def __str__(self) -> str:
        return f"SDPBackend.{self.name}"


_SWITCHES = {
    SDPBackend.CUDNN_ATTENTION: (cuda.cudnn_sdp_enabled, cuda.enable_cudnn_sdp),
    SDPBackend.FLASH_ATTENTION: (cuda.flash_sdp_enabled, cuda.enable_flash_sdp),
    SDPBackend.EFFICIENT_ATTENTION: (
        cuda.mem_efficient_sdp_enabled, cuda.enable_mem_efficient_sdp,
    ),
    SDPBackend.MATH: (cuda.math_sdp_enabled, cuda.enable_math_sdp),
}  # fmt: skip


def _enabled() -> list[SDPBackend]:
    return [backend for backend, (asked, _) in _SWITCHES.items() if asked()]


def _enable(backends: Iterable[SDPBackend]) -> None:
    for backend, (_, switch) in _SWITCHES.items():
        switch(backend in backends)


@contextlib.contextmanager
def sdpa_kernel(
    backends: list[SDPBackend] | SDPBackend, set_priority: bool = False
) -> Iterator[dict[str, object]]:
    """Inside, attention uses only these kernels."""
    if not isinstance(backends, (list, SDPBackend)):
        raise AssertionError(
            "Backend must be an instance of SDPBackend or a list of SDPBackend instances, got "
            + type(backends).__name__
        )
    before = _enabled()
    _enable([backends] if isinstance(backends, SDPBackend) else backends)
    try:
        yield {}
    finally:
        _enable(before)


__getattr__ = names_of(__name__)
