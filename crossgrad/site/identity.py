"""Find out which page a Markdown text is.

Python-Markdown is given text and no name. Site generators tell the name each in a way of its own,
so the text itself is asked: it is the page whose file says the same.
"""

from __future__ import annotations

import re
from pathlib import Path

from crossgrad.errors import CrossgradError

_FRONT_MATTER = re.compile(r"\A---\s*\n.*?\n(?:---|\.\.\.)[ \t]*\n", re.DOTALL)


class PageIndex:
    """The Markdown pages of a docs folder, by their text; read again when a file changes."""

    def __init__(self, docs_dir: Path) -> None:
        self.docs_dir = docs_dir
        self._names: dict[tuple[str, ...], str] = {}
        self._texts: dict[str, str] = {}
        self._stamps: dict[Path, tuple[int, int]] = {}

    def find(self, lines: list[str]) -> tuple[str, str] | None:
        """The name and the text (without front matter) of the page with these lines."""
        self._refresh()
        name = self._names.get(_key(lines))
        return None if name is None else (name, self._texts[name])

    def _refresh(self) -> None:
        if not self.docs_dir.is_dir():
            raise CrossgradError(f"there is no docs folder {self.docs_dir}; set docs_dir")
        for path in sorted(self.docs_dir.rglob("*.md")):
            stat = path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if self._stamps.get(path) != stamp:
                name = path.relative_to(self.docs_dir).as_posix()
                text = body(path.read_text(encoding="utf-8-sig"))
                self._texts[name] = text
                self._names[_key(text.splitlines())] = name
                self._stamps[path] = stamp


def body(text: str) -> str:
    """A page without its front matter, as site generators hand it to Markdown."""
    return _FRONT_MATTER.sub("", text, count=1).lstrip("\n")


def _key(lines: list[str]) -> tuple[str, ...]:
    """The lines as they compare: Python-Markdown expands tabs and appends blank lines."""
    kept = [line.expandtabs(4).rstrip() for line in lines]
    while kept and not kept[-1]:
        kept.pop()
    return tuple(kept)
