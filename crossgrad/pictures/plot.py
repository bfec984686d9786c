"""Curves and points over one axis."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from crossgrad.pictures.svg import SERIES, PictureError, colour, element, frame, number, text

WIDTH, HEIGHT = 440, 280
TOP, BOTTOM, RIGHT = 34, 40, 14
GLYPH = 6.6  # an estimate of the width of a glyph in the labels, which are 12 high
_Mark = Callable[[Sequence[tuple[float, float]], int], str]
DASHES = ("none", "7 4", "2 4", "9 3 2 3")  # so that colour is not the only difference


class _Axis:
    """Maps the numbers from `low` to `high` to coordinates from `start` to `end`."""

    def __init__(self, values: Sequence[float], start: float, end: float, pad: float) -> None:
        low, high = min(values), max(values)
        if low == high:
            low, high = low - 0.5, high + 0.5
        margin = pad * (high - low)
        self.low, self.high = low - margin, high + margin
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int = 5) -> list[float]:
        """Round numbers: multiples of 1, 2, 2.5 or 5 times a power of ten."""
        rough = (self.high - self.low) / about
        power = 10 ** math.floor(math.log10(rough))
        step = power * min((1, 2, 2.5, 5, 10), key=lambda factor: abs(factor * power - rough))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(index * step, 12) for index in range(first, last + 1)]


def draw(data: Mapping[str, Any], alt: str, options: Mapping[str, str]) -> str:
    """The plot; `data` and `options` as in `crossgrad.pictures`.

    kind=line joins the points, kind=scatter shows them one by one, and kind=mixed shows the first
    series as points and joins those of the others.
    """
    kind = options.get("kind", "line")
    if kind not in ("line", "scatter", "mixed"):
        raise PictureError(f"A plot has kind=line, scatter or mixed, not kind={kind}.")
    series: dict[str, Sequence[float]] = data["y"]
    _check(data["x"], series)
    every = [value for values in series.values() for value in values if math.isfinite(value)]
    y = _Axis(every, HEIGHT - BOTTOM, TOP, pad=0.06)
    left = 14 + GLYPH * max(len(_label(tick)) for tick in y.ticks())
    x = _Axis([v for v in data["x"] if math.isfinite(v)], left, WIDTH - RIGHT, pad=0.02)
    marks = [_points if kind == "scatter" else _line] * len(series)
    if kind == "mixed":
        marks[0] = _points
    body = [*_grid(x, y), *_names(options, dict(zip(series, marks, strict=True)), left)]
    for index, (mark, values) in enumerate(zip(marks, series.values(), strict=True)):
        body.append(mark([(x(a), y(b)) for a, b in zip(data["x"], values, strict=True)], index))
    return frame(WIDTH, HEIGHT, alt, body)


def _check(x: Sequence[float], series: Mapping[str, Sequence[float]]) -> None:
    for name, values in series.items():
        if len(values) != len(x):
            raise PictureError(
                f"A plot needs as many y as x, but '{name}' has {len(values)} and x has {len(x)}."
            )
        if not any(map(math.isfinite, values)):
            raise PictureError(f"A plot of '{name}' is empty: it has no finite number.")


def _label(value: float) -> str:
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.3g}".replace("-", "−")
    return f"{value:.6g}".replace("-", "−")


def _grid(x: _Axis, y: _Axis) -> Iterator[str]:
    """Grid lines with their numbers, and the line y = 0 if it is in the picture."""
    small = {"font_size": "12", "fill": colour("muted")}
    for tick in y.ticks():
        path = f"M{number(x.start)} {number(y(tick))}H{number(x.end)}"
        strong = tick == 0
        yield element("path", d=path, stroke=colour("muted" if strong else "grid"))
        yield text(x.start - 7, y(tick) + 4, _label(tick), text_anchor="end", **small)
    for tick in x.ticks():
        path = f"M{number(x(tick))} {number(y.start)}v4"
        yield element("path", d=path, stroke=colour("muted"))
        yield text(x(tick), y.start + 18, _label(tick), text_anchor="middle", **small)
    axis = f"M{number(x.start)} {number(y.start)}H{number(x.end)}"
    yield element("path", d=axis, stroke=colour("muted"))


def _names(options: Mapping[str, str], marks: dict[str, _Mark], left: float) -> Iterator[str]:
    """The labels of both axes, and which curve is which if there are several."""
    names = list(marks)
    if len(names) == 1 or "ylabel" in options:
        yield text(4, 14, options.get("ylabel", names[0]))
    label = options.get("xlabel", "x")
    yield text((left + WIDTH - RIGHT) / 2, HEIGHT - 5, label, text_anchor="middle")
    if len(names) == 1:
        return
    start = WIDTH - RIGHT - sum(38 + GLYPH * len(name) for name in names) + 12
    for index, name in enumerate(names):
        mark = marks[name]
        yield mark([(start + shift, 10) for shift in ((9,) if mark is _points else (0, 18))], index)
        yield text(start + 23, 14, name, font_size="12")
        start += 38 + GLYPH * len(name)


def _line(points: Sequence[tuple[float, float]], index: int) -> str:
    """The points joined; a number that is not finite leaves a gap."""
    commands, pen_down, last = [], False, ""
    for a, b in points:
        if not (math.isfinite(a) and math.isfinite(b)):
            pen_down = False
            continue
        place = f"{number(a)} {number(b)}"
        if place != last or not pen_down:
            commands.append(("L" if pen_down else "M") + place)
        pen_down, last = True, place
    return element(
        "path",
        d="".join(commands),
        fill="none",
        stroke=colour(SERIES[index % len(SERIES)]),
        stroke_width="2.2",
        stroke_linejoin="round",
        stroke_dasharray=DASHES[index % len(DASHES)],
    )


def _points(points: Sequence[tuple[float, float]], index: int) -> str:
    """A dot for each point: a line of no length with round ends."""
    finite = [(a, b) for a, b in points if math.isfinite(a) and math.isfinite(b)]
    return element(
        "path",
        d="".join(f"M{number(a)} {number(b)}h0" for a, b in finite),
        stroke=colour(SERIES[index % len(SERIES)]),
        stroke_width="6",
        stroke_linecap="round",
        stroke_opacity=".7",
    )
