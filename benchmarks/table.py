"""The table of a run of the benchmarks, in a page of the site."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

BEGIN, END = "<!--benchmarks: written by python -m benchmarks --write-->", "<!--/benchmarks-->"


class Page:
    """A page with a place for the table, found before anything is measured.

    Leaves the program with a sentence if there is no such page or no such place in it.
    """

    def __init__(self, path: Path, parser: argparse.ArgumentParser) -> None:
        if not path.is_file():
            parser.error(f"there is no page {path}")
        self.path = path
        text = path.read_text(encoding="utf-8")
        self.before, begin, rest = text.partition(BEGIN)
        _, end, self.after = rest.partition(END)
        if not begin or not end:
            parser.error(f"{path} has no place for the table: the lines {BEGIN} and {END}")

    def write(
        self, names: Iterable[str], rows: Sequence[Sequence[str]], sentences: Sequence[str],
        found: dict[str, ModuleType],
    ) -> None:  # fmt: skip
        """Put the table in its place, with what measured it, in one step."""
        heads = ["Forward and backward", *names, "Wanted of the reference"]
        lines = [_line(heads), _line(["---", *["--:"] * (len(heads) - 2), "---"])]
        lines += [_line(row) for row in rows]
        lines += ["", *[f"- {sentence}" for sentence in sentences], "", _measured(found)]
        text = "\n".join([self.before + BEGIN, "", *lines, "", END + self.after])
        part = self.path.with_suffix(".part")
        part.write_text(text, encoding="utf-8")
        os.replace(part, self.path)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _measured(found: dict[str, ModuleType]) -> str:
    """When, on what and with which versions."""
    from crossgrad.witnesses import cpu_name

    versions = [
        f"{name} {module.__version__}" for name, module in found.items()
        if name != "reference" and hasattr(module, "__version__")
    ]  # fmt: skip
    day = datetime.now(UTC).strftime("%d %B %Y").lstrip("0")
    python = f"Python {platform.python_version()}"
    return f"Measured on {day} on one thread of {cpu_name()} with {', '.join([python, *versions])}."
