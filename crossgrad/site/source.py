"""The project's own source on its pages: read when the site is built, so never out of date.

A page asks for it with a comment on a line of its own: a file and the names of what it wants::

    <!--site:source reference_impl/autograd/node.py Node.unpack Node.release-->

What is shown is no block of the page: it is not run, and has no verdict.
"""

from __future__ import annotations

import ast
import functools
import re
import textwrap
from pathlib import Path
from typing import NamedTuple

from crossgrad import fences
from crossgrad.errors import CrossgradError

ROOT = Path(__file__).resolve().parents[2]
_REQUEST = re.compile(r"^<!--site:source\s+(\S+)\s+(.+?)\s*-->\s*$")


class Quotation(NamedTuple):
    """Source as a page shows it: the file, the line on which it starts there, and the code."""

    file: str
    line: int
    code: str


def show(name: str, lines: list[str], root: Path = ROOT) -> list[str]:
    """The lines of the page `name`, with source in place of the comments that ask for it.

    Raises:
        CrossgradError: a file or an object in it is gone; names the page.
    """
    quoted = quotations(name, lines, root)
    shown: list[str] = []
    for number, text in enumerate(lines, 1):
        for file, first, code in quoted.get(number, ()):
            opening = f'``` {{ .python .source title="{file}, line {first}" }}'
            shown += ["", opening, *code.split("\n"), "```", ""]
        if number not in quoted:
            shown.append(text)
    return shown


def quotations(name: str, lines: list[str], root: Path = ROOT) -> dict[int, list[Quotation]]:
    """What the lines of the page `name` quote, by the line that asks for it.

    Raises:
        CrossgradError: a file or an object in it is gone; names the page.
    """
    asked = requests(name, lines, _REQUEST)
    try:
        return {
            number: [Quotation(m[1], *find(root / m[1], wanted)) for wanted in m[2].split()]
            for number, m in asked.items()
        }
    except CrossgradError as error:
        raise CrossgradError(f"{name}: {error}") from error


def requests(page: str, lines: list[str], form: re.Pattern[str]) -> dict[int, re.Match[str]]:
    """The comments of a form, by line; in a fence such a comment is an example of one."""
    found = {n: form.match(text) for n, text in fences.outside(lines, fences.scan(lines, page))}
    return {number: match for number, match in found.items() if match}


def find(path: Path, wanted: str) -> tuple[int, str]:
    """(the line on which it starts, the source) of a function, a class, a method or a variable.

    A class's name with a dot after it, as in ``Node.``, asks for its opening without the methods.

    Raises:
        CrossgradError: there is no such file, or no such object in it.
    """
    try:
        lines, tree = _parsed(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise CrossgradError(f"there is no {path.name} whose source could be shown") from error
    node: ast.AST | None = tree
    for part in wanted.rstrip(".").split("."):
        node = next((n for n in getattr(node, "body", ()) if part in _names(n)), None)
    if node is None:
        raise CrossgradError(f"{path.name} has no {wanted} whose source could be shown")
    first, last = _span(node)
    if wanted.endswith("."):
        methods = [n for n in getattr(node, "body", ()) if isinstance(n, ast.FunctionDef)]
        last = min((_span(method)[0] - 1 for method in methods), default=last)
    return first, textwrap.dedent("\n".join(lines[first - 1 : last])).rstrip()


@functools.lru_cache(maxsize=64)
def _parsed(path: Path, changed: int) -> tuple[list[str], ast.Module]:
    text = path.read_text(encoding="utf-8")
    return text.split("\n"), ast.parse(text)


def _names(node: ast.AST) -> set[str]:
    """What a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _span(node: ast.AST) -> tuple[int, int]:
    """The first and the last line of a statement, its decorators included."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(d.lineno for d in decorators)])  # type: ignore[attr-defined]
    return first, node.end_lineno  # type: ignore[attr-defined]
