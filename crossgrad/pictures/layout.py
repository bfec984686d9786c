"""Places the items of a small directed graph in layers, top to bottom.

The steps are those of Sugiyama, Tagawa and Toda (1981): give each item a layer, cut edges that
span several layers into pieces, order each layer to have few crossings, then move the items
sideways towards their neighbours. There is no chance in it: equal graphs get equal places.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

SWEEPS = 8


class Layout(NamedTuple):
    """Where things are: the middle of each item, its layer, and the way of each edge."""

    x: list[float]
    layer: list[int]
    ways: list[list[int]]  # for each edge, the items and bends it passes, both ends included
    width: float


def place(widths: Sequence[float], edges: Sequence[tuple[int, int]], gap: float) -> Layout:
    """Places items of the given widths; each edge leads downwards. Bends get places of their own.

    Layer 0 is the top. An item is as low as its edges allow: directly above the first that uses it.
    """
    layer = _layers(len(widths), edges)
    sizes = list(widths)
    ways = [_way(edge, layer, sizes) for edge in edges]
    pieces = sorted({piece for way in ways for piece in pairwise(way)})
    above, below = defaultdict(list), defaultdict(list)
    for upper, lower in pieces:
        below[upper].append(lower)
        above[lower].append(upper)
    rows = _rows(layer)
    x = _pack(rows, sizes, gap)
    for sweep in range(SWEEPS):
        order, neighbours = (rows, above) if sweep % 2 == 0 else (rows[::-1], below)
        for row in order:
            _reorder(row, x, neighbours)
        x = _pack(rows, sizes, gap)
    for sweep in range(2 * SWEEPS):
        order, neighbours = (rows, above) if sweep % 2 == 0 else (rows[::-1], below)
        for row in order:
            _pull(row, x, neighbours, sizes, gap)
    left = min(x[item] - sizes[item] / 2 for item in range(len(sizes)))
    right = max(x[item] + sizes[item] / 2 for item in range(len(sizes)))
    return Layout([place - left for place in x], layer, ways, right - left)


def _layers(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The longest way down from each item decides its layer."""
    below = defaultdict(set)
    for upper, lower in edges:
        below[upper].add(lower)
    depth: dict[int, int] = {}
    for start in range(count):
        stack = [start]
        while stack:
            item = stack[-1]
            waiting = [lower for lower in sorted(below[item]) if lower not in depth]
            if waiting:
                stack.extend(waiting)
            else:
                depth[item] = 1 + max((depth[lower] for lower in below[item]), default=-1)
                stack.pop()
    bottom = max(depth.values())
    return [bottom - depth[item] for item in range(count)]


def _way(edge: tuple[int, int], layer: list[int], sizes: list[float]) -> list[int]:
    """The edge in pieces, one for each layer; the bends between them become items of no width."""
    upper, lower = edge
    bends = range(layer[upper] + 1, layer[lower])
    way = [upper, *range(len(sizes), len(sizes) + len(bends)), lower]
    layer.extend(bends)
    sizes.extend([0.0] * len(bends))
    return way


def _rows(layer: list[int]) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in range(max(layer) + 1)]
    for item, level in enumerate(layer):
        rows[level].append(item)
    return rows


def _pack(rows: list[list[int]], sizes: list[float], gap: float) -> list[float]:
    """Each row side by side, with its middle at 0."""
    x = [0.0] * len(sizes)
    for row in rows:
        place = -(sum(sizes[item] for item in row) + gap * (len(row) - 1)) / 2
        for item in row:
            x[item] = place + sizes[item] / 2
            place += sizes[item] + gap
    return x


def _wish(item: int, x: list[float], neighbours: dict[int, list[int]]) -> float:
    near = neighbours.get(item)
    return sum(x[other] for other in near) / len(near) if near else x[item]


def _reorder(row: list[int], x: list[float], neighbours: dict[int, list[int]]) -> None:
    """Sorts a row by where its neighbours are; equal wishes keep their order."""
    places = sorted(x[item] for item in row)
    row.sort(key=lambda item: _wish(item, x, neighbours))
    for item, place in zip(row, places, strict=True):
        x[item] = place


def _pull(
    row: list[int],
    x: list[float],
    neighbours: dict[int, list[int]],
    sizes: list[float],
    gap: float,
) -> None:
    """Moves a row towards its neighbours, as near as order and gaps allow, in least squares.

    Items that would overlap form a block, which goes where its members wish on average.
    """
    offset, blocks = 0.0, []
    for index, item in enumerate(row):
        if index:
            offset += (sizes[row[index - 1]] + sizes[item]) / 2 + gap
        blocks.append(([(item, offset)], _wish(item, x, neighbours) - offset))
        while len(blocks) > 1 and blocks[-2][1] > blocks[-1][1]:
            (last, b), (first, a) = blocks.pop(), blocks.pop()
            middle = (len(first) * a + len(last) * b) / (len(first) + len(last))
            blocks.append((first + last, middle))
    for members, start in blocks:
        for item, shift in members:
            x[item] = start + shift
