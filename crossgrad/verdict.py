"""From the runs of a page to its verdict: who agrees with whom, and with the page.

Each witness is held against the first one that ran the block. The page is a witness too: the
output that it shows must be what that first one printed, and what was recorded when
`crossgrad update` wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from crossgrad import compare, illustrate
from crossgrad.compare import NOTHING, Difference
from crossgrad.evidence import (
    AGREES,
    DISAGREES,
    FAILED,
    SKIPPED,
    BlockEvidence,
    Disagreement,
    KnownDifference,
    PageEvidence,
    WitnessVerdict,
)
from crossgrad.pages import Block, Page
from crossgrad.record import BlockRecord, Run
from crossgrad.scheduler import why_not_run
from crossgrad.texts import normalised, same
from crossgrad.witnesses import Witness

PAGE = "page"
ITSELF = "its own second run"


@dataclass
class PageRuns:
    """The runs of one page by witness, in the witnesses' order; `repeats` are second runs."""

    page: Page
    witnesses: Sequence[Witness]
    runs: dict[str, Run]
    repeats: dict[str, Run] = field(default_factory=dict)

    def records(self, index: int) -> dict[str, BlockRecord]:
        """Who ran a block to its end, and what they recorded."""
        found = {name: run.records[index] for name, run in self.runs.items()}
        return {name: record for name, record in found.items() if record is not None}


def judge(runs: PageRuns, committed: PageEvidence) -> PageEvidence:
    """The verdict on every block of a page."""
    return PageEvidence([_judge_block(block, runs, committed) for block in runs.page.blocks])


def to_repeat(runs: PageRuns, evidence: PageEvidence) -> list[Witness]:
    """Who should run the page again, to find out whether it changes from run to run.

    Two witnesses that agree have been two runs already. What only one ran, and what they
    disagree on, is run a second time by the first of them.
    """
    names: set[str] = set()
    for block, verdict in zip(runs.page.blocks, evidence.blocks, strict=True):
        ran = list(runs.records(block.index))
        if ran and (len(ran) == 1 or between_witnesses(verdict)):
            names.add(ran[0])
    return [w for w in runs.witnesses if w.name in names and runs.runs[w.name].ended is None]


def between_witnesses(block: BlockEvidence) -> list[Disagreement]:
    """The disagreements that no change of what the page shows can settle."""
    return [d for d in block.disagreements if d.witness != PAGE]


def _judge_block(block: Block, runs: PageRuns, committed: PageEvidence) -> BlockEvidence:
    records = runs.records(block.index)
    first = next(iter(records), None)
    known: list[KnownDifference] = []
    found = list(_failures(block, runs))
    sizes: dict[str, tuple[float | None, float | None]] = {}
    for name, record in records.items():
        if first is None or name == first:
            continue
        sizes[name] = compare.largest(records[first], record)
        for difference in compare.differences(records[first], record, block.pictures):
            reason = _announced(block, name, difference)
            if reason is None:
                found.append(_disagreement(block, runs.page, name, difference, first))
            else:
                known.append(
                    KnownDifference(
                        name, difference.field, reason, difference.expected, difference.actual
                    )
                )
    found += _no_longer_known(block, runs.page, records, known)
    found += _unsteady(block, runs, first)
    evidence = committed.of(block.hash)
    output = records[first].shown() if first is not None else evidence and evidence.output
    found += _page_against_run(block, runs.page, records, first, evidence)
    verdicts = {
        witness.name: _verdict(block, witness, runs, found, sizes) for witness in runs.witnesses
    }
    return BlockEvidence(block.line, block.hash, normalised(output or ""), verdicts, found, known)


def _verdict(
    block: Block,
    witness: Witness,
    runs: PageRuns,
    found: list[Disagreement],
    sizes: dict[str, tuple[float | None, float | None]],
) -> WitnessVerdict:
    reason = why_not_run(witness, block)
    if reason is not None:
        return WitnessVerdict(SKIPPED, reason=reason)
    run = runs.runs[witness.name]
    verdict = WitnessVerdict(AGREES, run.date, witness.device_name(), witness.versions())
    if run.records[block.index] is None:
        verdict.status, verdict.reason = FAILED, _why_failed(block, runs.page, run)
    elif any(d.witness == witness.name for d in found):
        verdict.status = DISAGREES
    verdict.value_difference, verdict.gradient_difference = sizes.get(witness.name, (None, None))
    return verdict


def _failures(block: Block, runs: PageRuns) -> Iterator[Disagreement]:
    """The block at which a witness's process ended early."""
    for name, run in runs.runs.items():
        if run.ended is not None and run.ended[0] == block.index:
            difference = Difference("run", "the block ends", run.ended[1])
            yield _disagreement(block, runs.page, name, difference, PAGE)


def _why_failed(block: Block, page: Page, run: Run) -> str:
    if run.ended is None:
        return "it was not run"
    index, reason = run.ended
    if index == block.index:
        return reason
    return f"the page ended at {page.shown}:{page.blocks[index].line}: {reason}"


def _unsteady(block: Block, runs: PageRuns, first: str | None) -> Iterator[Disagreement]:
    """What one witness did differently when it ran the page again."""
    repeat = runs.repeats.get(first or "")
    if first is None or repeat is None:
        return
    before, again = runs.runs[first].records[block.index], repeat.records[block.index]
    if before is not None and again is not None:
        for difference in compare.differences(before, again, block.pictures):
            yield _disagreement(block, runs.page, first, difference, ITSELF)


def _announced(block: Block, witness: str, difference: Difference) -> str | None:
    for known in block.known_differences:
        if known.witness == witness and known.field == difference.field:
            return known.reason
    return None


def _no_longer_known(
    block: Block, page: Page, records: dict[str, BlockRecord], known: list[KnownDifference]
) -> Iterator[Disagreement]:
    occurred = {(difference.witness, difference.field) for difference in known}
    for announced in block.known_differences:
        where = (announced.witness, announced.field)
        if announced.witness in records and len(records) > 1 and where not in occurred:
            difference = Difference("known-difference", f"a difference in {where[1]}", NOTHING)
            yield _disagreement(block, page, announced.witness, difference, PAGE)


def _page_against_run(
    block: Block,
    page: Page,
    records: dict[str, BlockRecord],
    first: str | None,
    evidence: BlockEvidence | None,
) -> list[Disagreement]:
    """Whether the page shows what the block did."""
    recorded = None if evidence is None else evidence.output
    page_text = block.expected_output or ""
    found: list[Disagreement] = []
    if first is not None:
        record = records[first]
        found += [
            _disagreement(block, page, PAGE, difference, first)
            for difference in [
                *_announcement(block, record),
                *shown_differences(record, page_text, exact=recorded is None),
                *illustrate.problems(block, page, record),
            ]
        ]
    unseen = first is None and recorded is None  # then the page has nothing to show yet
    if (unseen or recorded is not None) and not found and page_text != normalised(recorded or ""):
        difference = Difference("output", recorded or NOTHING, page_text or NOTHING)
        found.append(_disagreement(block, page, PAGE, difference, "evidence.json"))
    return found


def _announcement(block: Block, record: BlockRecord) -> Iterator[Difference]:
    if (record.exception is not None) != block.expects_exception:
        says = "expect-exception" if block.expects_exception else "no expect-exception"
        yield Difference("exception", record.exception or "no exception", says)


def shown_differences(record: BlockRecord, page: str, *, exact: bool) -> list[Difference]:
    """Which part of what the page shows (output, warnings, exception) is not what happened."""

    def agree(one: str, other: str) -> bool:
        return normalised(one) == normalised(other) if exact else same(one, other)

    if agree(record.shown(), page):
        return []
    lines = page.split("\n")
    found = []
    for name, text in (
        ("exception", record.exception or ""),
        ("warnings", "\n".join(record.warnings)),
    ):
        if text:
            start = _start_of(text, lines)
            lines, tail = lines[:start], "\n".join(lines[start:])
            if not agree(text, tail):
                found.append(Difference(name, text, tail or NOTHING))
    rest = "\n".join(lines)
    if not agree(record.output, rest):
        found.append(Difference("output", record.output or NOTHING, rest or NOTHING))
    return found


def _start_of(text: str, lines: list[str]) -> int:
    """At which line an exception or warnings begin that end a shown output, however edited."""
    count, kind = text.count("\n") + 1, text.split(":")[0]
    if len(lines) >= count and lines[-count].startswith(f"{kind}:"):
        return len(lines) - count
    for pattern in (rf"{re.escape(kind)}:", r"\w*(Error|Exception|Warning|Exit|Interrupt):"):
        starts = [i for i, line in enumerate(lines) if re.match(pattern, line)]
        if starts:
            return starts[-1]
    return len(lines)


def _disagreement(
    block: Block, page: Page, witness: str, difference: Difference, against: str
) -> Disagreement:
    return Disagreement(
        page=page.shown,
        line=block.line,
        witness=witness,
        field=difference.field,
        expected=difference.expected,
        actual=difference.actual,
        against=against,
    )
