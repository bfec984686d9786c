"""A (C, H, W) tensor as an image: a square for each pixel."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from crossgrad.pictures.svg import PictureError, colour, element, frame

WIDTH = 420
MOST_PIXELS = 64 * 64


def draw(data: Mapping[str, Any], alt: str) -> str:
    """The image, WIDTH wide at most; `data` as in `crossgrad.pictures`."""
    height, width = _size(data["shape"])
    scale = max(1, min(WIDTH // width, WIDTH // height))
    body = [
        element("path", d="".join(squares), fill=fill) for fill, squares in _squares(data).items()
    ]
    border = element(
        "rect",
        x=0.5,
        y=0.5,
        width=width * scale + 1,
        height=height * scale + 1,
        fill="none",
        stroke=colour("muted"),
    )
    pixels = element(
        "g",
        "\n".join(body),
        transform=f"translate(1 1) scale({scale})",
        shape_rendering="crispEdges",
    )
    return frame(width * scale + 2, height * scale + 2, alt, [pixels, border])


def _size(shape: list[int]) -> tuple[int, int]:
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise PictureError(
            f"An image has the shape (3, H, W) or (1, H, W), but this tensor has {tuple(shape)}."
        )
    _, height, width = shape
    if not 0 < height * width <= MOST_PIXELS:
        raise PictureError(
            f"An image of {height} x {width} pixels can't be drawn: "
            f"a picture has from 1 to {MOST_PIXELS} pixels."
        )
    return height, width


def _squares(data: Mapping[str, Any]) -> dict[str, list[str]]:
    """Runs of equal pixels in a row, as path commands, by colour."""
    channels, height, width = data["shape"]
    values = [_byte(value, data.get("dtype")) for value in data["values"]]
    size = height * width
    planes = [values[c * size : (c + 1) * size] for c in range(channels)] * (3 // channels)
    result: dict[str, list[str]] = defaultdict(list)
    for row in range(height):
        line = ["#" + bytes(pixel).hex() for pixel in _row(planes, row * width, width)]
        start = 0
        for column in range(1, width + 1):
            if column == width or line[column] != line[start]:
                result[line[start]].append(f"M{start} {row}h{column - start}v1H{start}z")
                start = column
    return result


def _row(planes: list[list[int]], start: int, width: int) -> list[tuple[int, ...]]:
    return list(zip(*(plane[start : start + width] for plane in planes), strict=True))


def _byte(value: float, dtype: str | None) -> int:
    whole = value if dtype == "uint8" else 255 * value
    if whole != whole:
        raise PictureError("An image can't be drawn: one of its values is nan.")
    return min(255, max(0, round(whole)))
