"""The verdict on a block in one word, from the evidence and from the page that shows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from crossgrad.evidence import (
    AGREES,
    DISAGREES,
    FAILED,
    BlockEvidence,
    Evidence,
    PageEvidence,
    WitnessVerdict,
)
from crossgrad.pages import Block, Page, normalised
from crossgrad.witnesses import NAMES

AGREE = "agree"  # at least two witnesses ran the block, and all that ran it agree
ALONE = "alone"  # one witness ran it, so nobody has checked that one
NOT_RUN = "not-run"  # nobody could run it here
STALE = "stale"  # the block, or one above it, has changed since it was verified
MISSING = "missing"  # it has never been verified
EDITED = "edited"  # the page shows another output than the one that was verified
DISAGREE = "disagree"  # witnesses differ, or one of them failed


@dataclass(frozen=True)
class Judgement:
    """The verdict on one block.

    state: one of the words above. ran: the witnesses that ran it, skipped: those that did not,
    both in the fixed order. date: of the newest run behind it, or of the superseded one.
    """

    state: str
    evidence: BlockEvidence | None = None
    ran: dict[str, WitnessVerdict] = field(default_factory=dict)
    skipped: dict[str, WitnessVerdict] = field(default_factory=dict)
    date: str | None = None

    @property
    def is_loud(self) -> bool:
        """Whether the reader must not overlook it."""
        return self.state in (DISAGREE, EDITED)

    @property
    def largest(self) -> float:
        """The largest difference between the numbers of two witnesses."""
        sizes = [
            size
            for verdict in self.ran.values()
            for size in (verdict.value_difference, verdict.gradient_difference)
            if size is not None
        ]
        return max(sizes, default=0.0)


def judge(page: Page, evidence: Evidence) -> list[Judgement]:
    """The verdict on each block of a page."""
    known = evidence.pages.get(page.name, PageEvidence())
    current = {block.hash for block in page.blocks}
    superseded = [block for block in known.blocks if block.hash not in current]
    return [_judge(block, known.of(block.hash), superseded) for block in page.blocks]


def _judge(
    block: Block, evidence: BlockEvidence | None, superseded: list[BlockEvidence]
) -> Judgement:
    if evidence is None:
        state = STALE if superseded else MISSING
        return Judgement(state, date=_newest(superseded))
    verdicts = {name: evidence.witnesses[name] for name in NAMES if name in evidence.witnesses}
    ran = {name: v for name, v in verdicts.items() if v.status in (AGREES, DISAGREES, FAILED)}
    skipped = {name: verdict for name, verdict in verdicts.items() if name not in ran}
    if evidence.disagreements or any(v.status != AGREES for v in ran.values()):
        state = DISAGREE
    elif ran and normalised(block.expected_output or "") != normalised(evidence.output or ""):
        state = EDITED
    else:
        state = (NOT_RUN, ALONE, AGREE)[min(len(ran), 2)]
    return Judgement(state, evidence, ran, skipped, _newest([evidence]))


def _newest(blocks: list[BlockEvidence]) -> str | None:
    dates = [v.date for block in blocks for v in block.witnesses.values() if v.date]
    return max(dates, default=None)
