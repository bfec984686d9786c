"""Read a notebook as a Markdown page, and write what changed in that page back into it.

Each cell becomes a line `<!--cell N-->` and then its text; a code cell becomes a Python fence
with its outputs as expected output. So one parser, one set of directives and one way to update
serve both kinds of page.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from crossgrad.errors import PageError

MARKER = "<!--pytest-codeblocks:expected-output-->"
RAISES = "<!--pytest-codeblocks:expect-exception-->"
_CELL = re.compile(r"^<!--cell (\d+)-->$")
_TICKS = re.compile(r"`{3,}")


def is_notebook(path: Path) -> bool:
    return path.suffix == ".ipynb"


def is_cell_line(line: str) -> bool:
    """Whether a line only says where a notebook's next cell begins."""
    return bool(_CELL.match(line))


def fence_for(text: str) -> str:
    """Backticks enough to hold the text."""
    return "`" * max([3, *(len(run) + 1 for run in _TICKS.findall(text))])


def output_fence(output: str) -> list[str]:
    """The lines that show a verified output."""
    ticks = fence_for(output)
    return [MARKER, f"{ticks}text", *output.split("\n"), ticks]


def to_markdown(text: str, page: str) -> str:
    """The Markdown that says the same as a notebook's JSON.

    Raises:
        PageError: the text is no notebook, or shows Python that Jupyter would not run.
    """
    lines: list[str] = []
    for number, cell in enumerate(_cells(_load(text, page), page), 1):
        source = "".join(cell["source"])
        lines.append(f"<!--cell {number}-->")
        if cell["cell_type"] == "code":
            lines += _code_cell(cell, source)
        elif re.search(r"^\s*(```+|~~~+)\s*\{?\.?py", source, re.MULTILINE):
            raise PageError(page, number, "Python in a Markdown cell is never run; use a code cell")
        else:
            lines += source.split("\n")
    return "\n".join(lines) + "\n"


def cell_of_line(lines: list[str]) -> list[int]:
    """For each line of the Markdown, counted from 1, the cell that it belongs to."""
    cells, current = [0], 0
    for line in lines:
        match = _CELL.match(line)
        current = int(match[1]) if match else current
        cells.append(current)
    return cells


def from_markdown(original: str, markdown: str, page: str) -> str:
    """The notebook's JSON with the outputs and the Markdown cells of an updated page."""
    notebook = _load(original, page)
    texts = _split(markdown)
    for number, cell in enumerate(_cells(notebook, page), 1):
        lines = texts[number]
        if cell["cell_type"] == "code":
            cell["outputs"] = _outputs(lines)
            cell["execution_count"] = None
        else:
            cell["source"] = "\n".join(lines).splitlines(keepends=True)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _load(text: str, page: str) -> dict[str, Any]:
    try:
        notebook = json.loads(text)
    except ValueError as error:
        raise PageError(page, 1, f"the notebook is no valid JSON: {error}") from error
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4:
        raise PageError(page, 1, "this is no notebook of format 4; save it with a current Jupyter")
    return notebook


def _cells(notebook: dict[str, Any], page: str) -> list[dict[str, Any]]:
    cells = notebook.get("cells", [])
    for number, cell in enumerate(cells, 1):
        if not isinstance(cell, dict) or not {"cell_type", "source"} <= set(cell):
            raise PageError(page, number, "this cell has no type or no source")
    return cells


def _code_cell(cell: dict[str, Any], source: str) -> list[str]:
    ticks = fence_for(source)
    raises = "raises-exception" in cell.get("metadata", {}).get("tags", [])
    fence = [f"{ticks}python", *source.rstrip("\n").split("\n"), ticks]
    shown = "".join(_shown(output) for output in cell.get("outputs", [])).rstrip("\n")
    return [*([RAISES] if raises else []), *fence, *(output_fence(shown) if shown else [])]


def _shown(output: dict[str, Any]) -> str:
    """What a reader sees of one output."""
    if output["output_type"] == "stream":
        return "".join(output["text"])
    if output["output_type"] == "error":
        return f"{output['ename']}: {output['evalue']}\n"
    return "".join(output.get("data", {}).get("text/plain", "")) + "\n"


def _split(markdown: str) -> dict[int, list[str]]:
    texts: dict[int, list[str]] = {}
    current: list[str] = []
    for line in markdown.removesuffix("\n").split("\n"):
        match = _CELL.match(line)
        if match:
            current = texts[int(match[1])] = []
        else:
            current.append(line)
    return texts


def _outputs(lines: list[str]) -> list[dict[str, Any]]:
    if MARKER not in lines:
        return []
    text = "\n".join(lines[lines.index(MARKER) + 2 :]).rstrip()
    shown = text[: text.rindex("\n")] + "\n" if "\n" in text else ""
    return [{"name": "stdout", "output_type": "stream", "text": shown.splitlines(keepends=True)}]
