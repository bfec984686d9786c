"""Evidence is kept as JSON, laid over older evidence by the hash of the block."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossgrad import evidence as store
from crossgrad.errors import CrossgradError
from crossgrad.evidence import (
    BlockEvidence,
    Disagreement,
    Evidence,
    KnownDifference,
    PageEvidence,
    WitnessInfo,
    WitnessVerdict,
)


def block(hash_: str, output: str | None = "out", **statuses: str) -> BlockEvidence:
    witnesses = {name: WitnessVerdict(status) for name, status in statuses.items()}
    return BlockEvidence(1, hash_, output, witnesses)


def evidence(*blocks: BlockEvidence, **available: bool) -> Evidence:
    infos = {name: WitnessInfo(found) for name, found in available.items()}
    return Evidence(infos, {"page.md": PageEvidence(list(blocks))})


def test_evidence_survives_a_file(tmp_path: Path) -> None:
    made = evidence(block("a", cpu="agrees"), cpu=True)
    made.pages["page.md"].blocks[0].disagreements = [
        Disagreement("docs/page.md", 3, "numpy", "x.dtype", "float32", "float64", "torch-cpu")
    ]
    made.pages["page.md"].blocks[0].known_differences = [
        KnownDifference("numpy", "y.grad_fn", "it is fused", "A", "B")
    ]
    store.save(made, tmp_path / "new" / "evidence.json")
    assert store.load(tmp_path / "new" / "evidence.json") == made
    assert store.load(tmp_path / "none.json") == Evidence()


def test_a_file_that_is_no_evidence_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    for text in ("", "[]", '{"format": 2}', '{"format": 1, "witnesses": 3, "pages": {}}'):
        path.write_text(text)
        with pytest.raises(CrossgradError, match=r"evidence\.json is not an evidence file"):
            store.load(path)


def test_newer_evidence_of_the_same_block_wins_and_other_witnesses_stay() -> None:
    older = evidence(block("a", "old", cpu="disagrees", cuda="agrees"), cpu=True, cuda=True)
    newer = evidence(block("a", "new", cpu="agrees"), cpu=True, cuda=False)
    merged = store.overlay(older, newer)
    found = merged.pages["page.md"].of("a")
    assert found is not None
    assert {name: v.status for name, v in found.witnesses.items()} == {
        "cpu": "agrees",
        "cuda": "agrees",
    }
    assert found.output == "new"
    assert merged.witnesses["cuda"].available
    assert older.pages["page.md"].blocks[0].output == "old"


def test_evidence_of_another_text_stands_beside() -> None:
    merged = store.overlay(evidence(block("a")), evidence(block("b")))
    assert [b.hash for b in merged.pages["page.md"].blocks] == ["a", "b"]
    assert merged.pages["page.md"].of("c") is None


def test_the_site_sees_fresh_evidence_over_the_committed(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    store.save(evidence(block("a", "committed")), docs / "evidence.json")
    assert store.site_evidence(docs).pages["page.md"].blocks[0].output == "committed"
    store.save(evidence(block("a", "fresh")), store.fresh_path(docs))
    assert store.site_evidence(docs).pages["page.md"].blocks[0].output == "fresh"
    assert store.fresh_path(docs) == tmp_path / ".crossgrad" / "evidence.json"
