"""What all pictures share: elements, numbers, the frame with its colours."""

from collections.abc import Iterable
from html import escape

# Each at least 4.5:1 against the page in its scheme, so that text may use them too.
LIGHT = {
    "ink": "#1f2430",
    "accent": "#3949ab",
    "second": "#b3400f",
    "third": "#0b7261",
    "fourth": "#8a3a8f",
    "muted": "#5f6470",
    "grid": "#e3e5ea",
    "surface": "#f4f5f8",
    "tint": "#e7eaf7",
}
DARK = {
    "ink": "#e3e5ec",
    "accent": "#a3b1ff",
    "second": "#ffab7c",
    "third": "#6bd6bf",
    "fourth": "#e3a6e8",
    "muted": "#a5aab8",
    "grid": "#3a3f4d",
    "surface": "#262a36",
    "tint": "#2d3454",
}
SERIES = ("accent", "second", "third", "fourth")
SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


class PictureError(ValueError):
    """The recorded data can't be drawn; the message is one sentence for the page's author."""


def colour(name: str) -> str:
    """A colour of the scheme, by its role."""
    return "currentColor" if name == "ink" else f"var(--crossgrad-{name}, {LIGHT[name]})"


def number(value: float) -> str:
    """A coordinate: one decimal is finer than the eye, and hides the last digits of a run."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def element(name: str, content: str = "", **attributes: str | float) -> str:
    """One element; attribute names are spelt with _ for -."""
    parts = [name]
    for key, value in attributes.items():
        text = value if isinstance(value, str) else number(value)
        parts.append(f'{key.strip("_").replace("_", "-")}="{escape(text)}"')
    opening = " ".join(parts)
    return f"<{opening}>{content}</{name}>" if content else f"<{opening}/>"


def text(x: float, y: float, words: str, **attributes: str | float) -> str:
    """A line of text; its baseline starts at (x, y) unless `text_anchor` says otherwise."""
    return element("text", escape(words, quote=False), x=x, y=y, **attributes)


def frame(width: float, height: float, alt: str, body: Iterable[str]) -> str:
    """The whole file: `body` in a frame that has a text alternative and both colour schemes."""
    opening = element(
        "svg",
        "\n",
        xmlns="http://www.w3.org/2000/svg",
        class_="crossgrad-picture",
        role="img",
        aria_label=alt,
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        font_family=SANS,
        font_size="13",
        fill="currentColor",
    )
    start, end = opening.split("\n")
    return "\n".join([start, _style(), *body, end, ""])


def _style() -> str:
    """Colours for a picture that stands alone; the site leaves them out and sets its own."""
    light, dark = (
        "".join(f"--crossgrad-{name}:{value};" for name, value in scheme.items() if name != "ink")
        + f"color:{scheme['ink']}"
        for scheme in (LIGHT, DARK)
    )
    return (
        f"<style>.crossgrad-picture{{{light}}}\n"
        f"@media (prefers-color-scheme: dark){{.crossgrad-picture{{{dark}}}}}</style>"
    )
