"""Pictures drawn from what a run recorded: computation graphs, plots and images, as SVG.

`draw(directive, data)` is the one entry point. The directive says what to draw:

    directive.kind       "graph", "plot" or "image"
    directive.alt        the text alternative
    directive.options    a dict of strings: "kind" (of a plot), "xlabel", "ylabel"

and `data` is what the run recorded, as plain JSON values:

    graph   {"nodes": [{"name": "MulBackward0"},
                       {"name": "AccumulateGrad", "leaf": "x", "shape": [3]}],
             "edges": [[0, 1]],                 from a node to those it hands gradients on to
             "roots": [{"name": "y", "node": 0, "shape": []}]}
            "leaf" is the name that the page bound to the leaf tensor, or None if it bound none.
    plot    {"x": [0.0, 1.0], "y": {"name": [0.0, 2.0], ...}}
    image   {"shape": [C, H, W], "values": [...]}   flat; 0 to 1, or "dtype": "uint8" and 0 to 255

Equal data gives equal text: nothing depends on time, chance, fonts or the machine. Colours are
`currentColor` and CSS variables, so that a picture that the site inlines follows its colour scheme.
Used as `<img>`, as on GitHub, a picture brings its own two colour schemes.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from crossgrad.pictures import graph, image, plot
from crossgrad.pictures.svg import PictureError

__all__ = ["PictureError", "draw"]


class Directive(Protocol):
    """What a page asks for; `crossgrad.pages` reads it from the page's comments."""

    @property
    def kind(self) -> str: ...
    @property
    def alt(self) -> str: ...
    @property
    def options(self) -> Mapping[str, str]: ...


_DRAW: dict[str, Callable[[Directive, Mapping[str, Any]], str]] = {
    "graph": lambda directive, data: graph.draw(data, directive.alt),
    "plot": lambda directive, data: plot.draw(data, directive.alt, directive.options),
    "image": lambda directive, data: image.draw(data, directive.alt),
}


def draw(directive: Directive, data: Mapping[str, Any]) -> str:
    """The picture as the text of an SVG file.

    Raises PictureError, with one sentence that says why, if the data can't be drawn.
    """
    if directive.kind not in _DRAW:
        kinds = ", ".join(_DRAW)
        raise PictureError(f"There is no picture of kind '{directive.kind}'; there are: {kinds}.")
    return _DRAW[directive.kind](directive, data)
