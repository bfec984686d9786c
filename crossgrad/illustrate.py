"""The pictures of a page: their files, the lines that show them, and whether both are right.

A directive's picture is drawn from what the first witness recorded, kept as
`docs/pictures/<page>-<number>.svg`, and shown by an image line directly under the directive.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crossgrad.compare import NOTHING, Difference
from crossgrad.directives import Picture
from crossgrad.pages import Block, Page
from crossgrad.pictures import PictureError, draw
from crossgrad.record import BlockRecord
from crossgrad.texts import same_drawing

FOLDER = "pictures"


def file_of(page: Page, picture: Picture) -> Path:
    """Where a picture is kept."""
    return page.docs_dir / FOLDER / f"{page.slug}-{picture.number}.svg"


def drawings(block: Block, page: Page, record: BlockRecord) -> dict[Path, str]:
    """The pictures of one block that can be drawn, by file."""
    drawn = {}
    for picture, data in zip(block.pictures, record.pictures, strict=True):
        with contextlib.suppress(PictureError):
            drawn[file_of(page, picture)] = _draw(picture, data)
    return drawn


def surplus(page: Page) -> list[Path]:
    """Pictures of the page that it no longer has."""
    kept = {file_of(page, picture).name for block in page.blocks for picture in block.pictures}
    ours = re.compile(rf"{re.escape(page.slug)}-\d+\.svg")
    files = (page.docs_dir / FOLDER).glob("*.svg")
    return [file for file in files if ours.fullmatch(file.name) and file.name not in kept]


def image_line(page: Page, picture: Picture) -> str:
    """The Markdown line that shows a picture."""
    folder = os.path.relpath(FOLDER, os.path.dirname(page.name) or ".")
    return f"![{picture.alt}]({folder}/{file_of(page, picture).name})"


def shown_line(page: Page, picture: Picture) -> str | None:
    """The image line that stands under a directive, right or wrong, or None."""
    following = page.text.split("\n")[picture.line : picture.line + 1]
    ours = [line for line in following if line.startswith("![") and f"{FOLDER}/" in line]
    return ours[0] if ours else None


def problems(block: Block, page: Page, record: BlockRecord) -> Iterator[Difference]:
    """What is wrong with the pictures that the page shows of a block."""
    for picture, data in zip(block.pictures, record.pictures, strict=True):
        name = f"{picture.kind} {','.join(picture.names)}"
        file, shown = file_of(page, picture), shown_line(page, picture)
        try:
            drawing = _draw(picture, data)
        except PictureError as error:
            yield Difference(name, "a picture", str(error))
            continue
        if shown != image_line(page, picture):
            yield Difference(name, image_line(page, picture), shown or NOTHING)
        elif not file.exists():
            yield Difference(name, f"the file {file.name}", NOTHING)
        elif not same_drawing(drawing, file.read_text(encoding="utf-8")):
            yield Difference(name, f"{file.name} as it is drawn from this run", "another drawing")


def _draw(picture: Picture, data: dict[str, Any]) -> str:
    """The drawing; raises PictureError with the reason if there is none."""
    if "problem" in data:
        raise PictureError(data["problem"])
    return draw(picture, data)
