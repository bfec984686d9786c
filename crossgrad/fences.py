"""Find the code fences of a Markdown text, and the Python ones that nobody would run.

pytest-codeblocks runs fences whose info string is exactly `python` and skips every other
spelling in silence. A skipped block would stand on the site unverified, so each of them is
an error here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from crossgrad.errors import PageError

_OPENING = re.compile(
    r"^(?P<prefix>(?:[ \t>]|[-*+][ \t]|\d+[.)][ \t])*)(?P<mark>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)$"
)
_PYTHON = re.compile(r"^[\s{.]*(python|py|pycon|ipython|pytb|py3tb)[\d.]*(?![\w-])", re.IGNORECASE)
_HTML = re.compile(r"<(pre|code)\b[^>]*\b(language-|lang=[\"']?)(py|python|pycon)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Fence:
    """A fence from its opening line to its closing line, both counted from 1."""

    line: int
    end: int
    info: str
    prefix: str
    mark: str

    @property
    def is_python(self) -> bool:
        """Whether this is the one form of Python fence that is run."""
        return self.info.rstrip() == "python" and not self.prefix and self.mark[0] == "`"

    @property
    def looks_like_python(self) -> bool:
        """Whether a reader would take it for Python, however it is spelt."""
        return bool(_PYTHON.match(self.info))


def scan(lines: list[str], page: str) -> list[Fence]:
    """All fences of a page, in order.

    Raises:
        PageError: a fence is never closed.
    """
    fences: list[Fence] = []
    opening: re.Match[str] | None = None
    start = 0
    for number, line in enumerate(lines, 1):
        if opening is None:
            opening, start = _OPENING.match(line), number
        elif _closes(opening["mark"], line):
            fences.append(Fence(start, number, opening["info"], opening["prefix"], opening["mark"]))
            opening = None
    if opening is not None:
        raise PageError(page, start, "this fence is never closed; close it with " + opening["mark"])
    return fences


def outside(lines: list[str], fences: list[Fence]) -> Iterator[tuple[int, str]]:
    """The numbered lines that stand in no fence."""
    inside = {number for fence in fences for number in range(fence.line, fence.end + 1)}
    return ((n, line) for n, line in enumerate(lines, 1) if n not in inside)


def require_runnable(lines: list[str], fences: list[Fence], page: str) -> None:
    """Refuse Python that would be shown but not run.

    Raises:
        PageError: a Python fence in any form but a plain one in the first column, or Python
            in HTML.
    """
    for fence in fences:
        if fence.looks_like_python and not fence.is_python:
            shown = (fence.prefix + fence.mark + fence.info).rstrip()
            raise PageError(
                page,
                fence.line,
                f"the fence {shown!r} would be shown but never run; "
                "write ```python in the first column, with nothing after it",
            )
    for number, line in outside(lines, fences):
        if line.lstrip().startswith("```"):
            raise PageError(
                page,
                number,
                "this line begins with ``` and opens no fence, but extraction takes it for one; "
                "begin the line with a word",
            )
        if _HTML.search(line):
            raise PageError(
                page, number, "Python in HTML would be shown but never run; use a ```python fence"
            )


def _closes(mark: str, line: str) -> bool:
    text = line.strip(" \t>")
    return text.startswith(mark) and not text.strip(mark[0])
