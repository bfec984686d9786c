"""A page's Markdown with what belongs to the site put in: verdicts, labels, pictures.

Text goes in and text comes out, so that every generator that runs Python-Markdown gets the same.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path

from crossgrad import directives, fences
from crossgrad.directives import Picture
from crossgrad.evidence import Evidence
from crossgrad.pages import Block, Page
from crossgrad.scheduler import why_not_run
from crossgrad.site import line, words
from crossgrad.site.judgement import Judgement, judge
from crossgrad.witnesses import WITNESSES

EXPLANATION, HELP = "verification.md", "How verification works"
_PICTURE = re.compile(r"^!\[[^\]]*\]\(([^)\s]+\.svg)\)\s*$")
_STYLE = re.compile(r"<style>.*?</style>\s*", re.DOTALL)

Keep = Callable[[str], str]
"""Puts HTML where Markdown leaves it alone, and returns what stands for it in the text."""


def weave(
    page: Page, lines: list[str], evidence: Evidence, docs_dir: Path, keep: Keep
) -> list[str]:
    """The lines of a page as the site shows them."""
    verdicts = judge(page, evidence)
    replaced = _fences(page) | _directives(page, lines) | _pictures(page, lines, docs_dir, keep)
    after: dict[int, list[str]] = defaultdict(list)
    for block, verdict in zip(page.blocks, verdicts, strict=True):
        end = block.output_lines[1] if block.output_lines else block.fence_end
        place = f' id="{verdict_anchor(block)}"'
        after[end] = verdict_lines(page.name, verdict, evidence, keep, place=place)
    woven: list[str] = []
    for number, text in enumerate(lines, 1):
        woven.append(replaced.get(number, text))
        woven += after[number]
    return _with_warning(woven, verdicts)


def verdict_lines(
    page: str,
    verdict: Judgement,
    evidence: Evidence,
    keep: Keep,
    label: str = "",
    place: str = "",
) -> list[str]:
    """A verdict as Markdown: the line that unfolds, and a link to what verification is."""
    return [
        "",
        f'<div class="verdict verdict-{verdict.state}"{place} markdown="1" data-search-exclude>',
        "",
        keep(line.details(verdict, evidence, label)),
        "",
        f'[?]({link(page, EXPLANATION)}){{ .verdict-help aria-label="{HELP}" title="{HELP}" }}',
        "",
        "</div>",
        "",
    ]


def link(page: str, target: str) -> str:
    """The address of one page from another, both below the docs folder."""
    return posixpath.relpath(target, posixpath.dirname(page) or ".")


def _fences(page: Page) -> dict[int, str]:
    """Opening fences with what the site needs: a place to link to, a label on outputs."""
    replaced: dict[int, str] = {}
    for block in page.blocks:
        ticks = "`" * _ticks(page, block.line)
        told = f".python{_classes(block)} #{anchor(block)}{_in_the_page(block)}"
        replaced[block.line] = f"{ticks} {{ {told} }}"
        if block.output_lines:
            opening = _opening(page, block.output_lines)
            ticks = "`" * _ticks(page, opening)
            of = f'data-block="{anchor(block)}"'
            kind = " .error" if block.expects_exception else ""
            replaced[opening] = f'{ticks} {{ .text .output{kind} .no-copy title="Output" {of} }}'
    return replaced


def _classes(block: Block) -> str:
    """What the scripts of the page must know of a block's run."""
    raises = " .raises" if block.expects_exception else ""
    return raises + (" .when-asked" if block.when_asked else "")


def _in_the_page(block: Block) -> str:
    """Why a block does not run in the page, or does something else there, for its scripts."""
    reason = why_not_run(WITNESSES["wasm"], block)
    if reason is not None:
        return f' data-not-live="{escape(reason)}"'
    known = [d.reason for d in block.known_differences if d.witness == "wasm"]
    return f' data-differs="{escape(known[0])}"' if known else ""


def anchor(block: Block) -> str:
    """The id of a block on its page; it holds while no block is put in above it."""
    return f"block-{block.index + 1}"


def verdict_anchor(block: Block) -> str:
    """The id of its verdict, which site generators find when they check links."""
    return f"verdict-{block.index + 1}"


def _opening(page: Page, output_lines: tuple[int, int]) -> int:
    lines = page.text.splitlines()
    return next(n for n in range(output_lines[0] + 1, output_lines[1]) if lines[n - 1].strip())


def _ticks(page: Page, number: int) -> int:
    text = page.text.splitlines()[number - 1]
    return len(text) - len(text.lstrip("`"))


def _directives(page: Page, lines: list[str]) -> dict[int, str]:
    """The comments to the engine have been heard, and leave."""
    outside = fences.outside(lines, fences.scan(lines, page.shown))
    return {number: "" for number, text in outside if directives.read(text, number, page.shown)}


def _pictures(page: Page, lines: list[str], docs_dir: Path, keep: Keep) -> dict[int, str]:
    """Drawings become part of the page, so that they follow its colours.

    One whose file is missing stays a link, for the site generator to complain about.
    """
    folder = docs_dir / posixpath.dirname(page.name)
    replaced: dict[int, str] = {}
    for block, picture in ((b, picture) for b in page.blocks for picture in b.pictures):
        for number in range(picture.line + 1, min(picture.line + 3, len(lines)) + 1):
            match = _PICTURE.match(lines[number - 1])
            if match and (folder / match[1]).is_file():
                svg = (folder / match[1]).read_text(encoding="utf-8")
                replaced[number] = keep(_figure(block, picture, _STYLE.sub("", svg)))
                break
    return replaced


def _figure(block: Block, picture: Picture, svg: str) -> str:
    """A drawing, with what it takes to draw it anew when a reader runs the block."""
    parts = {name: getattr(picture, name) for name in ("kind", "names", "alt", "options")}
    data = f'data-block="{anchor(block)}" data-picture="{escape(json.dumps(parts))}"'
    return f'<figure class="picture picture-{picture.kind}" {data}>{svg}</figure>'


def _with_warning(lines: list[str], verdicts: Iterable[Judgement]) -> list[str]:
    """A page with disagreements says so at its top, where nobody overlooks it."""
    loud = sum(verdict.is_loud for verdict in verdicts)
    if not loud:
        return lines
    title = next((n for n, text in enumerate(lines, 1) if text.startswith("# ")), 0)
    sentence = f"{words.count(loud, 'block')} on this page did not pass verification; see below."
    warning = ["", f'<p class="verdict-warning" role="note">✗ {sentence}</p>', ""]
    return [*lines[:title], *warning, *lines[title:]]
