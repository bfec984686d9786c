"""The tables of the page that explains verification, as Markdown.

A page asks for one with a comment on a line of its own, such as `<!--site:matrix-->`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from crossgrad.evidence import Evidence
from crossgrad.pages import Block, Page, find_pages, read_page
from crossgrad.site import judgement, words
from crossgrad.site.judgement import Judgement, judge
from crossgrad.site.weave import Keep, link, verdict_anchor, verdict_lines
from crossgrad.witnesses import NAMES

_REQUEST = re.compile(r"^<!--site:([a-z-]+)-->\s*$")


def fill(name: str, lines: list[str], evidence: Evidence, docs_dir: Path, keep: Keep) -> list[str]:
    """The lines of the page `name`, with tables in place of the comments that ask for them."""
    filled: list[str] = []
    judged: list[tuple[Page, list[Judgement]]] | None = None
    for text in lines:
        match = _REQUEST.match(text)
        if match is None or match[1] not in TABLES:
            filled.append(text)
            continue
        if judged is None:
            judged = _judged(evidence, docs_dir)
        filled += ["", *TABLES[match[1]](name, judged, evidence, keep), ""]
    return filled


_Judged = list[tuple[Page, list[Judgement]]]


def _judged(evidence: Evidence, docs_dir: Path) -> _Judged:
    """Every page that has blocks, with the verdict on each."""
    pages = [read_page(path, docs_dir) for path in find_pages(docs_dir)]
    return [(page, judge(page, evidence)) for page in pages if page.blocks]


def title(page: Page) -> str:
    """A page's heading; | would end a cell of a table."""
    heading = next((text for text in page.text.splitlines() if text.startswith("# ")), "")
    return heading[2:].strip().replace("|", "\\|") or page.name


def _witnesses(name: str, judged: _Judged, evidence: Evidence, keep: Keep) -> list[str]:
    """Each witness as it was found on the machine that last ran it."""
    rows = ["| Witness | Versions | Device | Last run |", "|---|---|---|---|"]
    for witness in NAMES:
        newest = max(
            (v.ran[witness] for _, verdicts in judged for v in verdicts if witness in v.ran),
            key=lambda verdict: verdict.date or "",
            default=None,
        )
        info = evidence.witnesses.get(witness)
        if newest is not None:
            found = [words.versions(newest.versions), newest.device or "", words.day(newest.date)]
        else:
            reason = info.reason if info and info.reason else "it has not been asked"
            found = ["", "", f"not yet: {reason}"]
        rows.append("| " + " | ".join([f"`{witness}`", *found]) + " |")
    return rows


def _matrix(name: str, judged: _Judged, evidence: Evidence, keep: Keep) -> list[str]:
    """Pages and witnesses: how many blocks of a page each witness ran, and whether it agrees."""
    heads = " | ".join(f"`{witness}`" for witness in NAMES)
    rows = [f"| Page | Blocks | {heads} | Largest difference |"]
    rows.append("|---|--:|" + ":-:|" * len(NAMES) + "--:|")
    for page, verdicts in judged:
        cells = [_cell(verdicts, witness) for witness in NAMES]
        largest = max(verdict.largest for verdict in verdicts)
        size = f"{largest:.1g}" if largest else "none"
        address = f"[{title(page)}]({link(name, page.name)})"
        rows.append("| " + " | ".join([address, str(len(verdicts)), *cells, size]) + " |")
    return rows


def _cell(verdicts: list[Judgement], witness: str) -> str:
    """What one witness said of one page, in a few signs."""
    said: Counter[str] = Counter()
    for verdict in verdicts:
        if witness in verdict.ran:
            said["✓" if verdict.ran[witness].status == "agrees" else "✗"] += 1
        elif witness in verdict.skipped:
            said["skipped"] += 1
        elif verdict.state == judgement.STALE:
            said["out of date"] += 1
    return ", ".join(f"{count} {word}" for word, count in said.items()) or "–"


def _known_differences(name: str, judged: _Judged, evidence: Evidence, keep: Keep) -> list[str]:
    """Every difference that a page announces and explains."""
    rows = [
        f"| [{title(page)}]({link(name, page.name)}{_place(page, block)}) | `{known.witness}` "
        f"| `{known.field}` | {known.reason} |"
        for page, verdicts in judged
        for block, verdict in zip(page.blocks, verdicts, strict=True)
        for known in (verdict.evidence.known_differences if verdict.evidence else [])
    ]
    if not rows:
        return ["There is none at present."]
    return ["| Page | Witness | What differs | Why |", "|---|---|---|---|", *rows]


def _place(page: Page, block: Block) -> str:
    """Where on its page a verdict stands; a notebook has no verdicts."""
    return "" if page.is_notebook else f"#{verdict_anchor(block)}"


def _notebooks(name: str, judged: _Judged, evidence: Evidence, keep: Keep) -> list[str]:
    """The verdicts on the notebooks' cells, which have no place for them of their own."""
    lines: list[str] = []
    for page, verdicts in judged:
        if page.is_notebook:
            lines += ["", f"**[{title(page)}]({link(name, page.name)})**", ""]
            for block, verdict in zip(page.blocks, verdicts, strict=True):
                label = f"Cell {block.line}: "
                lines += verdict_lines(name, verdict, evidence, keep, label)
    return lines or ["There is no notebook at present."]


TABLES: dict[str, Callable[[str, _Judged, Evidence, Keep], list[str]]] = {
    "witnesses": _witnesses,
    "matrix": _matrix,
    "known-differences": _known_differences,
    "notebooks": _notebooks,
}
