"""Say what was found: for people, as JUnit XML for CI systems, or as JSON."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree

from crossgrad.evidence import (
    AGREES,
    DISAGREES,
    FAILED,
    SKIPPED,
    BlockEvidence,
    Disagreement,
    Evidence,
    PageEvidence,
)
from crossgrad.verdict import ITSELF, PAGE

GOOD, BAD, QUIET = "green", "bold red", "dim"
FORMATS = ("text", "junit", "json")

Line = tuple[str, str]
"""A line of text, and the style in which a terminal shows it."""


def text(evidence: Evidence, docs: str) -> Iterator[Line]:
    """The report for people. docs: the docs folder's name, which stands before page names."""
    present = [name for name, info in evidence.witnesses.items() if info.available]
    pages = {name: page for name, page in evidence.pages.items() if page.blocks}
    sizes = [_count(len(page.blocks), "block") for page in pages.values()]
    names = [_shown(name, docs) for name in pages]
    for shown, size, page in zip(_padded(names), sizes, pages.values(), strict=True):
        state, style = _state(page, present)
        size = size.rjust(max(map(len, sizes)))
        yield f"{shown}  {size} × {_count(len(present), 'witness')}  {state}", style
    found = [d for page in evidence.pages.values() for b in page.blocks for d in b.disagreements]
    for disagreement in found:
        yield "", ""
        yield from explained(disagreement)
    yield "", ""
    for name, info in evidence.witnesses.items():
        if not info.available:
            yield f"{name} is not available: {info.reason}", QUIET
    blocks = sum(len(page.blocks) for page in evidence.pages.values())
    yield summary(blocks, len(present), len(found)), BAD if found else GOOD


def summary(blocks: int, witnesses: int, disagreements: int) -> str:
    counts = (blocks, "block"), (witnesses, "witness"), (disagreements, "disagreement")
    return ", ".join(_count(*count) for count in counts)


def _count(number: int, noun: str) -> str:
    plural = "es" if noun.endswith("s") else "s"
    return f"{number} {noun}{'' if number == 1 else plural}"


def _padded(texts: list[str]) -> list[str]:
    width = max(map(len, texts), default=0)
    return [text.ljust(width) for text in texts]


def explained(disagreement: Disagreement) -> Iterator[Line]:
    """One disagreement: page, line and field, and both values or their diff."""
    d = disagreement
    witness = "the page" if d.witness == PAGE else d.witness
    if d.against == ITSELF:
        verb = f"{witness} changes from run to run"
    elif d.against == PAGE:
        verb = f"{witness} and the page disagree"
    else:
        verb = f"{witness} and {d.against} disagree"
    yield f"{d.page}:{d.line}  {d.field}: {verb}", BAD
    left = "first run" if d.against == ITSELF else d.against or "expected"
    right = "second run" if d.against == ITSELF else witness
    yield from _sides(left, d.expected, right, d.actual)


def _sides(left: str, expected: str, right: str, actual: str) -> Iterator[Line]:
    if "\n" not in expected + actual:
        width = max(len(left), len(right))
        yield f"    {left.ljust(width)}  {expected}", GOOD
        yield f"    {right.ljust(width)}  {actual}", BAD
        return
    for line in difflib.unified_diff(
        expected.split("\n"), actual.split("\n"), left, right, lineterm=""
    ):
        yield f"    {line}", {"-": GOOD, "+": BAD}.get(line[0], QUIET)


def _state(page: PageEvidence, witnesses: list[str]) -> Line:
    """What became of a page, in a few words."""
    count = sum(len(block.disagreements) for block in page.blocks)
    kinds = Counter(_kind(block, witnesses) for block in page.blocks)
    states = [_count(count, "disagreement")] if count else []
    states += [f"{kinds[kind]} {kind}" for kind in sorted(kinds) if kind]
    return ", ".join(states) or "all agree", BAD if count else ""


def _kind(block: BlockEvidence, witnesses: list[str]) -> str:
    """What is special about a block's verdict, or the empty string."""
    here = [block.witnesses[name] for name in witnesses if name in block.witnesses]
    if here and all(verdict.status == SKIPPED for verdict in here):
        return f"not run here ({here[0].reason})"
    if any(verdict.status == SKIPPED for verdict in here):
        return "with a witness skipped"
    return "with a known difference" if block.known_differences else ""


def junit(evidence: Evidence, docs: str) -> str:
    """One test case for each block and witness, as CI systems read them."""
    suite = ElementTree.Element("testsuite", name="crossgrad")
    counts: Counter[str] = Counter()
    for name, page in evidence.pages.items():
        for block in page.blocks:
            for witness, verdict in block.witnesses.items():
                case = ElementTree.SubElement(
                    suite,
                    "testcase",
                    classname=_shown(name, docs),
                    name=f"L{block.line}[{witness}]",
                )
                counts["tests"] += 1
                if verdict.status == SKIPPED:
                    ElementTree.SubElement(case, "skipped", message=verdict.reason or "")
                    counts["skipped"] += 1
                elif complaints := complaints_of(block, witness):
                    failure = ElementTree.SubElement(
                        case, "failure", message=verdict.reason or complaints[0].field
                    )
                    lines = [line for d in complaints for line, _ in explained(d)]
                    failure.text = "\n".join(lines)
                    counts["failures"] += 1
    for key in ("tests", "failures", "skipped"):
        suite.set(key, str(counts[key]))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def complaints_of(block: BlockEvidence, witness: str) -> list[Disagreement]:
    """The disagreements that a witness answers for; the first to run answers for the page's."""
    ran = [name for name, v in block.witnesses.items() if v.status in (AGREES, DISAGREES)]
    failed = [name for name, v in block.witnesses.items() if v.status == FAILED]
    first = (ran or failed or [witness])[0]
    return [
        d
        for d in block.disagreements
        if d.witness == witness or (d.witness == PAGE and first == witness)
    ]


def _shown(name: str, docs: str) -> str:
    return name if name.startswith("/") else f"{docs}/{name}"
