"""The verdict line: one quiet sentence under a block, which unfolds to the details."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from crossgrad.evidence import AGREES, Disagreement, Evidence, KnownDifference, WitnessVerdict
from crossgrad.site import judgement, words
from crossgrad.site.judgement import Judgement
from crossgrad.witnesses import NAMES

MARKS = {
    judgement.AGREE: "✓",
    judgement.ALONE: "○",
    judgement.NOT_RUN: "○",
    judgement.STALE: "△",
    judgement.MISSING: "○",
    judgement.EDITED: "✗",
    judgement.DISAGREE: "✗",
}
STATUS_WORDS = {"agrees": "agrees", "disagrees": "disagrees", "failed": "failed"}


def sentence(verdict: Judgement) -> str:
    """The line itself."""
    who = words.who(verdict.ran)
    when = words.day(verdict.date)
    if verdict.state == judgement.AGREE:
        known = verdict.evidence.known_differences if verdict.evidence else []
        but = f", apart from {words.count(len(known), 'known difference')}" if known else ""
        return (
            f"{who[0].upper()}{who[1:]} agree{but} · {words.difference(verdict.largest)} · {when}"
        )
    if verdict.state == judgement.DISAGREE:
        number = len(verdict.evidence.disagreements) if verdict.evidence else 0
        return f"The witnesses disagree ({words.count(max(number, 1), 'difference')}) · {when}"
    return {
        judgement.ALONE: f"Run by {who} alone, not cross-checked · {when}",
        judgement.NOT_RUN: "Not run yet: " + _why_not(verdict),
        judgement.STALE: f"Out of date: changed since it was verified on {when}",
        judgement.MISSING: "Not verified yet",
        judgement.EDITED: f"The output shown is not the one that was verified on {when}",
    }[verdict.state]


def details(verdict: Judgement, evidence: Evidence, label: str = "") -> str:
    """The line as HTML that unfolds to what each witness said; `label` goes before it."""
    opened = " open" if verdict.is_loud else ""
    mark = f'<span class="verdict-mark" aria-hidden="true">{MARKS[verdict.state]}</span> '
    return (
        f"<details{opened}>"
        f"<summary>{mark}{escape(label + sentence(verdict))}</summary>"
        f'<div class="verdict-details">{"".join(_body(verdict, evidence))}</div>'
        "</details>"
    )


def _body(verdict: Judgement, evidence: Evidence) -> Iterator[str]:
    if verdict.evidence is None:
        yield f"<p>{_ADVICE[verdict.state]}</p>"
        return
    if verdict.state == judgement.EDITED:
        yield "<p>This was the verified output:</p>"
        yield f"<pre>{escape(verdict.evidence.output or '(nothing)')}</pre>"
    for found in verdict.evidence.disagreements:
        yield _disagreement(found)
    for known in verdict.evidence.known_differences:
        yield _known(known)
    yield "<dl>"
    for name in NAMES:
        yield _witness(name, verdict, evidence)
    yield "</dl>"


_ADVICE = {
    judgement.STALE: "This block, or one above it, has changed since the last verification. "
    "What you see may be right, but nobody has checked it.",
    judgement.MISSING: "There is no evidence for this block. "
    "What you see may be right, but nobody has checked it.",
}


def _witness(name: str, verdict: Judgement, evidence: Evidence) -> str:
    if name in verdict.ran:
        found = verdict.ran[name]
        mark = "✓" if found.status == AGREES else "✗"
        said = _said(found)
    elif name in verdict.skipped:
        mark, said = "○", "not run: " + (verdict.skipped[name].reason or "skipped by the page")
    else:
        info = evidence.witnesses.get(name)
        reason = info.reason if info and not info.available else None
        mark, said = "○", f"not run: {reason}" if reason else "not run yet"
    return f'<dt><span aria-hidden="true">{mark}</span> {escape(name)}</dt><dd>{escape(said)}</dd>'


def _said(verdict: WitnessVerdict) -> str:
    """All that is recorded of one witness's run."""
    parts = [STATUS_WORDS[verdict.status] + (f": {verdict.reason}" if verdict.reason else "")]
    parts.append(words.versions(verdict.versions))
    parts += [verdict.device or "", words.day_and_time(verdict.date) if verdict.date else ""]
    sizes = {"values": verdict.value_difference, "gradients": verdict.gradient_difference}
    parts += [
        f"{what}: {words.difference(size)}" for what, size in sizes.items() if size is not None
    ]
    return " · ".join(filter(None, parts))


def _disagreement(found: Disagreement) -> str:
    against = found.against or "expected"
    return (
        f"<p><strong>{escape(found.witness)}</strong> differs in "
        f"<code>{escape(found.field)}</code>:</p>"
        f"<dl><dt>{escape(against)}</dt><dd><pre>{escape(found.expected)}</pre></dd>"
        f"<dt>{escape(found.witness)}</dt><dd><pre>{escape(found.actual)}</pre></dd></dl>"
    )


def _known(known: KnownDifference) -> str:
    return (
        f"<p>Known difference: <code>{escape(known.field)}</code> is "
        f"<code>{escape(known.actual)}</code> on {escape(known.witness)} instead of "
        f"<code>{escape(known.expected)}</code>, because {escape(known.reason)}.</p>"
    )


def _why_not(verdict: Judgement) -> str:
    reasons = dict.fromkeys(v.reason or "skipped by the page" for v in verdict.skipped.values())
    return "; ".join(reasons) or "no witness is available"
