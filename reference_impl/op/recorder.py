"""Functions that give a call's results their node, written out for an operation.

Which rules will run and which arguments are tensors says what the node saves, so that nothing need
be looked up when it is made.  They do what ``Op.record`` does, in a fraction of the time; the
engine spends more time on small tensors recording than computing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .. import errors
from ..autograd.node import next_sequence
from .declaration import (
    ARGUMENT,
    DTYPE,
    RESULT,
    SHAPE,
    STRIDES,
    Op,
    metadata,
)

_ATTRIBUTES = {SHAPE: "shape", DTYPE: "dtype", STRIDES: "strides"}

_GENERAL = """
def record(values, arrays, results, edges, ports):
    out = results[0]
    first = out._data
    node = ({node_type})()
    node.edges, node.ports, node.seq = edges, ports, next_sequence()
    node.shape, node.dtype = first.shape, first.dtype
    node.hooks = node.metas = None
    {attach}
    {keep}
"""

_ATTACH = """if len(results) > 1:
        describe(node, results)
    elif first.dtype.kind not in "biu":
        out._grad_fn = node"""

_ELEMENTWISE = """
def record(out, c, edges, ports, a, b, of_a, of_b, of_c):
    out._grad_fn = node = node_type()
    node.edges, node.ports, node.seq = edges, ports, next_sequence()
    node.shape, node.dtype = c.shape, c.dtype
    node.hooks = node.metas = None
    {keep}
    return out
"""

_KEEP = """node.saved = ({saved})
    node.guards = guards = ({guards})
    node.versions = {fresh}
    for box in ({old}):
        if box is None:
            raise inference_saved()
        if box[0]:
            node.versions = tuple([b[0] for b in guards])"""
_KEEP_NOTHING = """node.saved = ({saved})
    node.guards = node.versions = ()"""


def recorder(op: Op, rules: set[int], tensors: Sequence[int]) -> Callable[..., None]:
    """Of the results of a call with tensors at the places `tensors`, whose `rules` will run.

    There are no tensors in lists among what is saved.
    """
    saved, guards = [], []
    for (kind, at), readers in zip(op.saves, op.readers, strict=True):
        if len(op.rules) != 1 and readers is not None and rules.isdisjoint(readers):
            saved.append("None")
        elif kind == RESULT:
            saved.append(f"results[{at}]._data")
            guards.append(f"results[{at}]._counter")
        elif kind in _ATTRIBUTES and at in tensors:
            saved.append(f"values[{at}]._data.{_ATTRIBUTES[kind]}")
        elif kind != ARGUMENT:
            saved.append(f"metadata(values[{at}], {kind})")
        elif at in tensors:
            saved.append(f"arrays[{at}]")
            guards.append(f"values[{at}]._counter")
        elif at in op.as_arrays:
            saved.append(f"arrays[{at}]")
        else:
            saved.append(f"values[{at}]")
    named = isinstance(op.node_name, str)
    text = _GENERAL.format(
        node_type="node_type" if named else "types.get(name(*values)) or node_type(values)",
        attach=_ATTACH if op.output_differentiability is None else "describe(node, results)",
        keep=_keep(saved, guards),
    )
    if named:
        return _written(text, op, node_type=op.node_type(()))
    types = _TypesByName(op)
    return _written(text, op, node_type=types.of, types=types, name=op.node_name)


class _TypesByName(dict[str, type]):
    """The node types of calls with tensors at the same places, where the name says the rest."""

    def __init__(self, op: Op) -> None:
        self.op = op

    def of(self, values: Sequence[Any]) -> type:
        found = self.op.node_type(values)
        self[self.op.node_name(*values)] = found
        return found


def elementwise_recorder(
    op: Op, node_type: type, saved: Sequence[str], guards: Sequence[str], **constants: Any
) -> Callable[..., Any]:
    """Of the result `c` of an elementwise call on the arrays `a` and `b`, which fast.py makes."""
    text = _ELEMENTWISE.format(keep=_keep(saved, guards))
    return _written(text, op, node_type=node_type, **constants)


def _keep(saved: Iterable[str], guards: Sequence[str]) -> str:
    if not guards:
        return _KEEP_NOTHING.format(saved=_listed(saved))
    old = [g for g in guards if not g.startswith(("results", "of_c"))]  # results are new
    return _KEEP.format(
        saved=_listed(saved), guards=_listed(guards), old=_listed(old), fresh=(0,) * len(guards)
    )


def _listed(items: Iterable[str]) -> str:
    """The inside of a tuple's text."""
    return "".join(f"{item}, " for item in items)


def _written(text: str, op: Op, **names: Any) -> Callable[..., Any]:
    scope = {
        "next_sequence": next_sequence, "describe": op.describe,
        "metadata": metadata,
        "inference_saved": errors.inference_saved, **names,
    }  # fmt: skip
    exec(compile(text, f"<the recorder of {op.name}>", "exec"), scope)
    return scope["record"]  # type: ignore[no-any-return]
