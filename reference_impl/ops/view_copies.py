"""``select_copy``, ``view_copy``, ...: each view operation once more, with memory of its own."""

from __future__ import annotations

import copy
from typing import Any

from ..op import Op, publish
from . import complex, memory, parts, shape

_VIEWS = (
    parts.alias, memory.as_strided, shape.expand, shape.permute, parts.select, parts.slice_,
    parts.split_with_sizes, shape.squeeze, shape.t, shape.transpose, parts.unbind, parts.unfold,
    shape.unsqueeze, complex.view_as_real,
)  # fmt: skip


def _copying(view: Op) -> Op:
    """The operation that computes a view and copies it; rules and saved values are the view's."""
    made = copy.copy(view)

    def compute(*values: Any) -> Any:
        seen = (_reshaped if view is shape._view.op else view.compute)(*values)
        if isinstance(seen, tuple):
            return tuple(piece.copy(order="C") for piece in seen)
        return seen.copy(order="C")

    name = view.node_name
    made.compute, made.is_view, made.name = compute, False, view.name + "_copy"
    made._node_types, made.calls, made.calls_in_place = {}, {}, {}
    made.node_name = f"{name}_copy" if isinstance(name, str) else lambda *v: name(*v) + "_copy"
    return made


def _reshaped(xp: Any, self: Any, size: Any) -> Any:
    """What a view would see, also where the memory cannot be seen so."""
    return self.reshape(shape.inferred_shape(size, self.size))


for _view in (*_VIEWS, parts._split, shape._view):
    publish(_copying(_view.op), method=False, function=True)
