"""Trees: tuples, lists, dictionaries and named tuples, with anything else as leaves.

leaves, spec = tree_flatten({"a": 1, "b": (2, 3)})     [1, 2, 3]
tree_unflatten([x + 1 for x in leaves], spec)          {"a": 2, "b": (3, 4)}
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["TreeSpec", "tree_flatten", "tree_leaves", "tree_map", "tree_unflatten"]


class TreeSpec:
    """The shape of a tree: its type, its keys, and the specs of its children; None for a leaf."""

    __slots__ = ("children", "keys", "type")

    def __init__(self, type: Any, keys: Any, children: Sequence[TreeSpec]) -> None:
        self.type, self.keys, self.children = type, keys, children

    @property
    def num_leaves(self) -> int:
        return 1 if self.type is None else sum(c.num_leaves for c in self.children)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, TreeSpec)
            and (self.type, self.keys) == (other.type, other.keys)
            and list(self.children) == list(other.children)
        )

    def __repr__(self, indent: int = 0) -> str:
        """PyTorch's: each child but the first on a line of its own."""
        if self.type is None:
            return "*"
        inner = f",\n{' ' * (indent + 2)}".join(c.__repr__(indent + 2) for c in self.children)
        return f"TreeSpec({self.type.__name__}, {self.keys}, [{inner}])"

    __hash__ = None  # type: ignore[assignment]


LEAF = TreeSpec(None, None, ())


def _children(tree: Any) -> tuple[Any, Sequence[Any]] | None:
    """(keys, children) of an inner node; None for a leaf."""
    kind = type(tree)
    if kind in (dict, OrderedDict, defaultdict):
        return list(tree), list(tree.values())
    if kind in (tuple, list) or (isinstance(tree, tuple) and hasattr(tree, "_fields")):
        return None, tree
    return None


def tree_flatten(tree: Any) -> tuple[list[Any], TreeSpec]:
    """The leaves in order, and what it takes to build the tree from them."""
    inner = _children(tree)
    if inner is None:
        return [tree], LEAF
    leaves: list[Any] = []
    specs = []
    for child in inner[1]:
        found, spec = tree_flatten(child)
        leaves += found
        specs.append(spec)
    return leaves, TreeSpec(type(tree), inner[0], specs)


def tree_unflatten(leaves: Sequence[Any], treespec: TreeSpec) -> Any:
    """The tree of that shape with these leaves."""
    return _build(iter(leaves), treespec)


def _build(leaves: Any, spec: TreeSpec) -> Any:
    if spec.type is None:
        return next(leaves)
    children = [_build(leaves, c) for c in spec.children]
    if spec.keys is not None:
        pairs = zip(spec.keys, children, strict=True)
        return OrderedDict(pairs) if spec.type is OrderedDict else dict(pairs)
    if hasattr(spec.type, "_fields"):
        return spec.type(*children)
    return spec.type(children)


def tree_map(fn: Callable[..., Any], tree: Any, *rests: Any) -> Any:
    """`fn` applied to each leaf (and to those at its place in other trees)."""
    leaves, spec = tree_flatten(tree)
    others = [tree_flatten(r)[0] for r in rests]
    return tree_unflatten([fn(*xs) for xs in zip(leaves, *others, strict=True)], spec)


def tree_leaves(tree: Any) -> list[Any]:
    return tree_flatten(tree)[0]
