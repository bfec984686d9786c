"""``torch.types``: names for annotations."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import IO, Any, TypeAlias, Union

from . import backend
from .dtypes import dtype
from .layout import layout
from .storage import UntypedStorage as Storage
from .tensor import Size

__all__ = ["Device", "FileLike", "Number", "Storage"]

Number: TypeAlias = int | float | bool
Device: TypeAlias = backend.device | str | int | None
FileLike: TypeAlias = str | os.PathLike[str] | IO[bytes]

_int, _float, _bool, _complex, _str, _bytes = int, float, bool, complex, str, bytes
_device, _dtype, _layout = backend.device, dtype, layout
_size = Union[Size, list[int], tuple[int, ...]]  # noqa: UP007  (a list in `X | Y` has no repr)
_Number: TypeAlias = Number
_TensorOrTensors: TypeAlias = Any
_symsize: TypeAlias = Sequence[int]
