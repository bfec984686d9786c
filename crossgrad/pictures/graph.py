"""A computation graph: leaves on top, the result at the bottom, arrows along the computation."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from crossgrad.pictures.layout import Layout, place
from crossgrad.pictures.svg import (
    MONO,
    PictureError,
    colour,
    element,
    frame,
    number,
    text,
)

GAP, STEP, MARGIN = 26, 64, 8
HEIGHT = {"leaf": 38, "result": 30, "node": 28}
GLYPH = 7.9  # an estimate of the width of a glyph: monospaced, 13 high
SMALL = 6.2
MOST_NODES = 60
LEGEND, LEGEND_WIDTH = 30, 250


class _Item(NamedTuple):
    kind: str  # leaf, node or result
    name: str
    note: str = ""

    @property
    def width(self) -> float:
        return 24 + max(GLYPH * len(self.name), SMALL * len(self.note))


def draw(data: Mapping[str, Any], alt: str) -> str:
    """The graph; `data` as in `crossgrad.pictures`."""
    items, edges = _items(data)
    if len(items) > MOST_NODES:
        raise PictureError(
            f"A graph of {len(items)} nodes is too large to read; a picture shows {MOST_NODES}."
        )
    layout = place([item.width for item in items], edges, GAP)
    depth = max(layout.layer) * STEP + max(HEIGHT.values())
    has_arrows = bool(edges)
    width = max(layout.width, LEGEND_WIDTH if has_arrows else 0) + 2 * MARGIN
    shift = (width - layout.width) / 2
    body = [*_arrows(items, edges, layout, shift), *_boxes(items, layout, shift)]
    if has_arrows:
        body += _legend(width, depth + 2 * MARGIN)
    return frame(width, depth + 2 * MARGIN + LEGEND * has_arrows, alt, body)


def _items(data: Mapping[str, Any]) -> tuple[list[_Item], list[tuple[int, int]]]:
    """What is drawn, with edges in the direction of the computation."""
    items = []
    for node in data["nodes"]:
        if "leaf" in node:
            items.append(_Item("leaf", node["leaf"] or "a leaf", _shape(node.get("shape"))))
        else:
            items.append(_Item("node", node["name"]))
    edges = [(later, earlier) for earlier, later in data["edges"]]
    for root in data["roots"]:
        node = root["node"]
        if items[node].kind == "leaf" and items[node].name == root["name"]:
            continue
        edges.append((node, len(items)))
        items.append(_Item("result", root["name"]))
    return items, edges


def _shape(shape: list[int] | None) -> str:
    if shape is None:
        return ""
    return f"shape ({', '.join(map(str, shape))}{',' * (len(shape) == 1)})" if shape else "scalar"


def _middle(layer: int) -> float:
    return MARGIN + layer * STEP + max(HEIGHT.values()) / 2


def _boxes(items: list[_Item], layout: Layout, shift: float) -> Iterator[str]:
    for item, x, layer in zip(items, layout.x, layout.layer, strict=False):
        x, y, height = x + shift, _middle(layer), HEIGHT[item.kind]
        yield element(
            "rect",
            x=x - item.width / 2,
            y=y - height / 2,
            width=item.width,
            height=height,
            rx=5 if item.kind == "node" else height / 2,
            fill=colour("surface" if item.kind == "node" else "tint"),
            stroke=colour("muted" if item.kind == "node" else "accent"),
            stroke_width="1" if item.kind == "node" else "1.5",
        )
        style = {"text_anchor": "middle", "font_family": MONO}
        yield text(x, y + (-1 if item.note else 4.5), item.name, **style)
        if item.note:
            yield text(x, y + 13, item.note, text_anchor="middle", font_size="11")


def _arrows(
    items: list[_Item], edges: list[tuple[int, int]], layout: Layout, shift: float
) -> Iterator[str]:
    """One arrow for each edge; two edges between the same items run side by side."""
    total, seen = Counter(edges), Counter[tuple[int, int]]()
    for edge, way in zip(edges, layout.ways, strict=True):
        aside = 22 * (seen[edge] - (total[edge] - 1) / 2)
        seen[edge] += 1
        points = [(layout.x[stop] + shift, _middle(layout.layer[stop])) for stop in way]
        (first_x, first_y), (last_x, last_y) = points[0], points[-1]
        start = (first_x + aside, first_y + HEIGHT[items[edge[0]].kind] / 2)
        end = (last_x + aside, last_y - HEIGHT[items[edge[1]].kind] / 2)
        bends = [(x + aside, y) for x, y in points[1:-1]]
        yield _arrow([start, *bends, end])


def _arrow(points: list[tuple[float, float]]) -> str:
    """A smooth line that leaves and arrives vertically, with a head at its end."""
    tip_x, tip_y = points[-1]
    points = [*points[:-1], (tip_x, tip_y - 7)]
    path = f"M{number(points[0][0])} {number(points[0][1])}"
    for (a, b), (c, d) in pairwise(points):
        half = (b + d) / 2
        stops = (a, half, c, half, c, d)
        path += "C" + " ".join(number(stop) for stop in stops)
    head = f"M{number(tip_x)} {number(tip_y)}l-4.5 -8h9z"
    return element(
        "path", d=path, fill="none", stroke=colour("muted"), stroke_width="1.4"
    ) + element("path", d=head, fill=colour("muted"))


def _legend(width: float, y: float) -> list[str]:
    """Says what the arrows mean, in both directions."""
    style = {"font_size": "11", "fill": colour("muted")}
    middle = width / 2 - 6
    return [
        text(middle, y + 14, "↓ the computation", text_anchor="end", **style),
        text(middle + 18, y + 14, "↑ the backward pass", **style),
    ]
