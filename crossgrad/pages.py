"""Read a page as blocks of code: Markdown by pytest-codeblocks' extraction, notebooks likewise.

A page is one session. Its blocks share a namespace in reading order, as a reader who types
along would have it.
"""

from __future__ import annotations

import ast
import hashlib
import io
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from crossgrad import directives, fences, notebooks
from crossgrad.directives import AnnouncedDifference, Directive, Picture
from crossgrad.errors import CrossgradError, PageError
from crossgrad.fences import Fence
from crossgrad.texts import normalised

if TYPE_CHECKING:
    from pytest_codeblocks import CodeBlock


@dataclass(frozen=True)
class Block:
    """One Python block of a page.

    line: the line of its opening fence (a notebook's cell, counted from 1). hash: over its
    code and that of all earlier blocks, because they made the names that it uses. filename and
    offset: what tracebacks name, and how many lines of that file stand before the code.
    when_asked: a reader of the site runs it alone, never as a step to a later block.
    fence_end and output_lines: where in the page's text its fence ends, and from where to where
    its expected output stands, marker and fence.
    """

    index: int
    line: int
    code: str
    hash: str
    filename: str
    offset: int
    fence_end: int
    label: str
    expected_output: str | None = None
    output_lines: tuple[int, int] | None = None
    expects_exception: bool = False
    requires_cuda: bool = False
    when_asked: bool = False
    echoes: bool = False
    skips: dict[str, str] = field(default_factory=dict)
    known_differences: tuple[AnnouncedDifference, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Page:
    """A page and its blocks.

    name: the path below the docs folder, with `/`. shown: the path that people read in reports.
    text: the Markdown (for a notebook, the Markdown that `notebooks.to_markdown` makes of it).
    """

    name: str
    shown: str
    path: Path
    docs_dir: Path
    text: str
    blocks: tuple[Block, ...]

    @property
    def slug(self) -> str:
        """The name that its pictures' files begin with."""
        return self.name.rsplit(".", 1)[0].replace("/", "-").lower()

    @property
    def is_notebook(self) -> bool:
        return notebooks.is_notebook(self.path)


def block_hash(codes: Iterable[str]) -> str:
    """The hash of the last of a page's first blocks, given the code of each in order."""
    return hashlib.sha256("\0".join(codes).encode()).hexdigest()


def find_pages(folder: Path) -> list[Path]:
    """The pages in a folder and below: every Markdown file and every notebook."""
    found = [*folder.rglob("*.md"), *folder.rglob("*.ipynb")]
    return sorted(path for path in found if not _is_hidden(path.relative_to(folder)))


def read_page(path: str | Path, docs_dir: str | Path) -> Page:
    """Read one page.

    Raises:
        CrossgradError: the file is missing or no text.
        PageError: it does not parse; names the line.
    """
    path, docs = Path(path), Path(docs_dir)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise CrossgradError(f"there is no page {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CrossgradError(f"{path} cannot be read as a page: {error}") from error
    absolute, root = path.resolve(), docs.resolve()
    name = _below(absolute, root) or _below(absolute, root.parent) or absolute.as_posix()
    shown = _below(absolute, root.parent) or path.as_posix()
    if notebooks.is_notebook(path):
        text = notebooks.to_markdown(text, shown)
    return parse_page(text, name, shown=shown, path=path, docs_dir=docs)


def parse_page(
    text: str,
    name: str,
    *,
    shown: str | None = None,
    path: Path | None = None,
    docs_dir: Path = Path("docs"),
) -> Page:
    """Make a Page of Markdown text.

    Raises:
        PageError: the text does not parse; names the line.
    """
    shown = shown or name
    path = path or docs_dir / name
    lines = text.split("\n")
    found = fences.scan(lines, shown)
    fences.require_runnable(lines, found, shown)
    plan = _Plan(shown, [fence for fence in found if fence.is_python])
    for element in _elements(lines, found, shown):
        plan.place(element)
    plan.finish()
    cells = notebooks.cell_of_line(lines) if notebooks.is_notebook(path) else None
    blocks = _blocks(_extract(text, plan.python, shown), plan, shown, cells)
    return Page(name, shown, path, docs_dir, text, blocks)


class _Plan:
    """Gives each directive to the block that it speaks of."""

    def __init__(self, page: str, python: list[Fence]) -> None:
        self.page, self.python = page, python
        self.before: dict[int, list[Directive]] = {fence.line: [] for fence in python}
        self.pictures: dict[int, list[Picture]] = {fence.line: [] for fence in python}
        self.output: dict[int, tuple[int, int]] = {}
        self.skips: dict[str, str] = {}
        self._waiting: list[Directive] = []
        self._last: Fence | None = None
        self._drawn = 0

    def place(self, element: Fence | Directive | str) -> None:
        """Take the next element of the page: a fence, a directive or a line of text."""
        wants_output = bool(self._waiting) and self._waiting[-1].key == "expected-output"
        if isinstance(element, Fence):
            self._place_fence(element, wants_output)
        elif isinstance(element, Directive) and not wants_output:
            self._place_directive(element)
        elif self._waiting:
            self._complain()

    def finish(self) -> None:
        """The page is over: no directive may be left waiting for its block."""
        if self._waiting:
            self._complain()

    def _place_fence(self, fence: Fence, wants_output: bool) -> None:
        if wants_output:
            if self._last is None or not self._last.is_python or fence.prefix:
                self._complain()
            if fence.info.strip() != "text":
                self._complain()
            assert self._last is not None
            self._once(self._last.line not in self.output, self._waiting[-1])
            self.output[self._last.line] = (self._waiting.pop().line, fence.end)
            return
        if self._waiting and not fence.is_python:
            self._complain()
        if fence.is_python:
            self.before[fence.line] = self._waiting
            self._waiting = []
        self._last = fence

    def _place_directive(self, directive: Directive) -> None:
        if directive.key == "skip-page":
            self._once(self._last is None or not self._last.is_python, directive)
            self.skips.update(directives.skipped(directive, self.page))
        elif directive.key in directives.PICTURES:
            if self._last is None or not self._last.is_python or self._waiting:
                raise PageError(self.page, directive.line, "this picture follows no Python block")
            self._drawn += 1
            picture = directives.picture(directive, self._drawn, self.page)
            self.pictures[self._last.line].append(picture)
        else:
            self._waiting.append(directive)

    def _once(self, right: bool, directive: Directive) -> None:
        if not right:
            place = "before the first block" if directive.key == "skip-page" else "once a block"
            raise PageError(self.page, directive.line, f"{directive.key} stands {place}")

    def _complain(self) -> None:
        directive = self._waiting[-1]
        place = (
            "between a Python block and a ```text fence"
            if directive.key == "expected-output"
            else "directly before a Python block"
        )
        raise PageError(self.page, directive.line, f"{directive.key} must stand {place}")


def _elements(lines: list[str], found: list[Fence], page: str) -> Iterable[Fence | Directive | str]:
    """Fences, directives and lines of text in the order of the page, without blank lines."""
    elements: list[tuple[int, Fence | Directive | str]] = [(f.line, f) for f in found]
    for number, line in fences.outside(lines, found):
        if line.strip() and not notebooks.is_cell_line(line):
            elements.append((number, directives.read(line, number, page) or line))
    return (element for _, element in sorted(elements, key=lambda pair: pair[0]))


def _extract(text: str, python: list[Fence], page: str) -> list[CodeBlock]:
    """pytest-codeblocks' Python blocks; they must be the ones that a reader sees."""
    from pytest_codeblocks import extract_from_buffer  # it imports pytest, which takes a while

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of the word expect-exception
            extracted = extract_from_buffer(io.StringIO(text), max_num_lines=10**6)
    except RuntimeError as error:
        raise PageError(page, 1, f"the page does not parse: {error}") from error
    blocks = [block for block in extracted if block.syntax == "python"]
    ours, theirs = {fence.line for fence in python}, {block.lineno for block in blocks}
    if ours != theirs:
        raise PageError(
            page,
            min(ours ^ theirs),
            "extraction does not see this Python block as a reader does; "
            "look for a fence above it that closes early",
        )
    return blocks


def _blocks(
    extracted: list[CodeBlock], plan: _Plan, page: str, cells: list[int] | None
) -> tuple[Block, ...]:
    blocks: list[Block] = []
    ends = {fence.line: fence.end for fence in plan.python}
    codes: list[str] = []
    for index, code_block in enumerate(extracted):
        line = code_block.lineno
        codes.append(code_block.code)
        before = plan.before[line]
        expected = code_block.expected_output
        cell = cells[line] if cells is not None else None
        block = Block(
            index=index,
            line=line if cell is None else cell,
            code=code_block.code,
            hash=block_hash(codes),
            filename=page if cell is None else f"{page}[cell {cell}]",
            offset=line if cell is None else 0,
            fence_end=ends[line],
            label=f"L{line}" if cell is None else f"cell{cell}",
            expected_output=None if expected is None else normalised(expected),
            output_lines=plan.output.get(line),
            expects_exception=any(d.key == "expect-exception" for d in before),
            requires_cuda=_requires_cuda(before, page),
            when_asked=_when_asked(before, page),
            echoes=cell is not None,
            skips=plan.skips | _skips(before, page),
            known_differences=tuple(
                directives.announced(d, page) for d in before if d.key == "known-difference"
            ),
            pictures=tuple(plan.pictures[line]),
        )
        _require_syntax(block, page)
        blocks.append(block)
    return tuple(blocks)


def _skips(before: list[Directive], page: str) -> dict[str, str]:
    skips: dict[str, str] = {}
    for directive in before:
        if directive.key == "skip":
            skips.update(directives.skipped(directive, page))
    return skips


def _requires_cuda(before: list[Directive], page: str) -> bool:
    required = [directive for directive in before if directive.key == "requires"]
    for directive in required:
        if directive.text != "cuda":
            raise PageError(page, directive.line, "a block can require `cuda` and nothing else")
    return bool(required)


def _when_asked(before: list[Directive], page: str) -> bool:
    asked = [directive for directive in before if directive.key == "when-asked"]
    for directive in asked:
        if directive.text:
            raise PageError(page, directive.line, "when-asked stands alone, with nothing after it")
    return bool(asked)


def _require_syntax(block: Block, page: str) -> None:
    """A syntax error is a slip of the author, unless the page announces it."""
    if block.expects_exception:
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the run itself shows them
            ast.parse(block.code)
    except (SyntaxError, ValueError) as error:
        line = block.line + (getattr(error, "lineno", None) or 0) * (not block.echoes)
        message = getattr(error, "msg", str(error))
        raise PageError(page, line, f"the block is no valid Python: {message}") from error


def _below(path: Path, folder: Path) -> str | None:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else None


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
