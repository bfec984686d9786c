"""``torch.utils.dlpack``: memory shared with other libraries by the DLPack protocol."""

from __future__ import annotations

from typing import Any

from ..missing import names_of
from ..op import PUBLIC
from ..tensor import Tensor

__all__ = ["from_dlpack", "to_dlpack"]


class _Carrier:
    """A capsule as an object that follows the protocol; its memory is the CPU's."""

    def __init__(self, capsule: Any) -> None:
        self._capsule = capsule

    def __dlpack__(self, **kwargs: Any) -> Any:
        return self._capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor that shares the memory of an object with ``__dlpack__``, or of a capsule."""
    capsule = not hasattr(ext_tensor, "__dlpack__")
    given = _Carrier(ext_tensor) if capsule else ext_tensor
    return PUBLIC["from_dlpack"](given, device=device, copy=copy)  # type: ignore[no-any-return]


def to_dlpack(tensor: Tensor) -> Any:
    """A DLPack capsule of the tensor's memory, to be used once."""
    return tensor.__dlpack__()  # type: ignore[attr-defined]


__getattr__ = names_of(__name__)
