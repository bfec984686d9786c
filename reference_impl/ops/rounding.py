"""Rounding to integers: floor, ceil, trunc, round, and the fraction that is left."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes, errors
from ..op import pointwise, promote_operands
from .rules import in_single, zeros


def _prepare(op: Any, xp: Any, arrays: list[Any]) -> None:
    if arrays[0].dtype.kind == "c":
        if op.name in ("ceil", "floor", "trunc"):
            raise NotImplementedError(f"{op.name} is not supported for complex inputs")
        kernel = "frac_cpu" if op.name == "frac" else f"{op.name}_vml_cpu"
        raise errors.not_implemented_for(kernel, dtypes.of(arrays[0].dtype))
    promote_operands(op, xp, arrays)


_options: dict[str, Any] = {"self": zeros, "serves": "if", "prepare": _prepare}


@pointwise(**_options, kernel="floor_vml_cpu")
def floor(xp, self):
    """The largest integer that is not larger."""
    return self.copy() if self.dtype.kind in "iu" else xp.floor(self)


@pointwise(**_options, kernel="ceil_vml_cpu")
def ceil(xp, self):
    """The smallest integer that is not smaller."""
    return self.copy() if self.dtype.kind in "iu" else xp.ceil(self)


@pointwise(**_options, kernel="trunc_vml_cpu")
def trunc(xp, self):
    """The integer part."""
    return self.copy() if self.dtype.kind in "iu" else xp.trunc(self)


@pointwise(self=lambda grad: grad, serves="f", kernel="frac_cpu", prepare=_prepare)
def frac(xp, self):
    """What rounding towards zero takes off."""
    return self - xp.trunc(self)


def _round_node(self, *, decimals=None):
    return f"RoundBackward{int(decimals is not None)}"


@pointwise(**_options, kernel="round_vml_cpu", node=_round_node)
@in_single
def round(xp, self, *, decimals=None):
    """The nearest integer, the even one where two are as near; or so many `decimals`."""
    if self.dtype.kind in "iu":
        if decimals is None:
            return self.copy()
        kernel = "round_cpu" if decimals else "round_vml_cpu"
        raise errors.not_implemented_for(kernel, dtypes.of(self.dtype))
    if not decimals:
        return xp.rint(self)
    scale = self.dtype.type(10.0 ** np.abs(decimals))
    if decimals < 0:
        return xp.rint(self / scale) * scale
    return xp.rint(self * scale) / scale
