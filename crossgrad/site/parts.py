"""A page as prose and blocks in turn, without what speaks to the engine and to the site.

The notebook, the script and the Markdown that readers take away are made of these parts.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from crossgrad import directives, fences, notebooks
from crossgrad.pages import Block, Page
from crossgrad.site.source import quotations

_OPENING = re.compile(r"<details\b[^>]*>")
_SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.DOTALL)
_QUESTION = re.compile(r'<details class="question"[^>]*>\s*<summary>(.*?)</summary>', re.DOTALL)
_EMPTY = re.compile(r"<details>\s*<summary>Why\?</summary>\s*</details>")
_SITE = re.compile(r"<!--site:.*-->\s*$")
_MADE = "*(A list that is made when the site is built: see the page.)*"
_PICTURE = re.compile(r"^!\[(?P<alt>[^\]]*)\]\((?P<file>[^)\s]+\.svg)\)[ \t]*$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)(\[[^\]]*\])\((?![a-z]+:|/|#)([^)#\s]*)(#[^)\s]*)?\)")
_BLANKS = re.compile(r"\n{3,}")


@dataclass
class Prose:
    """Markdown between two blocks."""

    text: str


@dataclass
class Code:
    """A block; `question` is asked before its output is shown."""

    block: Block
    question: str | None = None


def parts(page: Page) -> list[Prose | Code]:
    """What a page holds, in its order. A verified output goes with its block."""
    lines = page.text.split("\n")
    gone, quoted = _engine_lines(page, lines), _quoted(page, lines)
    ends = {block.fence_end: block for block in page.blocks}
    fenced = fences.scan(lines, page.shown)
    starts = {fence.line: ends[fence.end] for fence in fenced if fence.end in ends}
    found: list[Prose | Code] = []
    prose: list[str] = []
    number = 1
    while number <= len(lines):
        if number in starts:
            _append_prose(found, prose)
            found.append(Code(starts[number]))
            prose, number = [], starts[number].fence_end
        elif number in quoted:
            prose += quoted[number]
        elif number not in gone:
            prose.append(lines[number - 1])
        number += 1
    _append_prose(found, prose)
    return _with_questions(found)


def markdown(page: Page) -> str:
    """The page's Markdown with its outputs, as a reader or a language model wants it.

    Source that the page quotes stands in it. What is made for the site alone is told in words.
    """
    lines = page.text.split("\n")
    outside = list(fences.outside(lines, fences.scan(lines, page.shown)))
    said = {n: "" for n, text in outside if _is_comment(text, n, page)}
    said |= {n: _MADE for n, text in outside if _SITE.match(text)}
    said |= {n: "\n".join(quoted) for n, quoted in _quoted(page, lines).items()}
    kept = [said.get(n, text).replace(' markdown="1"', "") for n, text in enumerate(lines, 1)]
    return _BLANKS.sub("\n\n", "\n".join(kept)).strip() + "\n"


def placed(text: str, page: str, address: str) -> str:
    """Text that leaves its place: links lead to the site, pictures to their files there.

    Where the site's address is not known, links stay and a picture is told in words.
    """
    folder = posixpath.dirname(page)

    def link(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, match[2])) if match[2] else page
        plain, ending = posixpath.splitext(target)
        if ending in (".md", ".ipynb"):
            target = (plain.removesuffix("index").rstrip("/") + "/").lstrip("/")
        return f"{match[1]}({address}{target}{match[3] or ''})"

    def picture(match: re.Match[str]) -> str:
        if not address:
            return f"*(Picture: {match['alt']})*"
        file = posixpath.normpath(posixpath.join(folder, match["file"]))
        return f"![{match['alt']}]({address}{file})"

    text = _PICTURE.sub(picture, text)
    return _LINK.sub(link, text) if address else text


def _engine_lines(page: Page, lines: list[str]) -> set[int]:
    """Comments, and the outputs that go with their blocks."""
    outside = fences.outside(lines, fences.scan(lines, page.shown))
    gone = {number for number, text in outside if _is_comment(text, number, page)}
    for block in page.blocks:
        if block.output_lines:
            gone |= set(range(block.output_lines[0], block.output_lines[1] + 1))
    return gone


def _quoted(page: Page, lines: list[str]) -> dict[int, list[str]]:
    """The source of the project that a page quotes, by the line that asks for it."""
    return {
        number: [
            line
            for file, first, code in found
            for line in ("", f"`{file}`, line {first}:", "", "```python", code, "```", "")
        ]
        for number, found in quotations(page.name, lines).items()
    }


def _is_comment(text: str, number: int, page: Page) -> bool:
    return bool(
        notebooks.is_cell_line(text)
        or _SITE.match(text)
        or directives.read(text, number, page.shown)
    )


def _append_prose(found: list[Prose | Code], lines: list[str]) -> None:
    text = _BLANKS.sub("\n\n", "\n".join(lines)).strip()
    if text:
        found.append(Prose(text))


def _with_questions(found: list[Prose | Code]) -> list[Prose | Code]:
    """Questions stand before their block, and what they hide but the output stands after it."""
    result: list[Prose | Code] = []
    is_open = False
    for part in found:
        if isinstance(part, Code):
            result.append(part)
            continue
        text = part.text.replace(' markdown="1"', "")
        asked = _QUESTION.match(text)
        if asked and result and isinstance(result[-1], Code):
            result[-1].question = asked[1].strip()
            text = f"<details>\n<summary>Why?</summary>{text[asked.end() :]}"
            text = _EMPTY.sub("", text)
        text, is_open = _opened(text, is_open)
        if text.strip():
            result.append(Prose(text.strip()))
    return result


def _opened(text: str, is_open: bool) -> tuple[str, bool]:
    """A `details` element that holds blocks becomes plain text below its summary in bold.

    Between the cells of a notebook no element can stay open. Returns the text, and whether such
    an element is open at its end.
    """
    if is_open and "</details>" not in text:
        return text, True
    if is_open:
        text = text.replace("</details>", "", 1)
    start = text.rfind("<details")
    if start < 0 or "</details>" in text[start:]:
        return text, False
    opened = _OPENING.sub("", text[start:], count=1)
    return text[:start] + _SUMMARY.sub(r"**\1**", opened, count=1), True
