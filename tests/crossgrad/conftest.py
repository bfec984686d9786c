"""A docs folder to try the engine on, and warm processes that all tests share."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crossgrad.evidence import Disagreement
from crossgrad.scheduler import Limits, Scheduler
from crossgrad.update import update
from crossgrad.verify import Verification, Verifier, read_pages
from crossgrad.witnesses import WITNESSES, Witness

TORCH = WITNESSES["torch-cpu"]
FAULTS = "tests.crossgrad.faults"


def faulty(fault: str) -> Witness:
    """The reference, with a fault of `faults.py` planted in it."""
    return Witness("saboteur", "reference_impl", "cpu", f"{FAULTS}:{fault}")


@dataclass
class Site:
    """A docs folder with pages to verify."""

    docs: Path
    scheduler: Scheduler
    limits: Limits = field(default_factory=Limits)

    def write(self, text: str, name: str = "page.md") -> Path:
        path = self.docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip(), encoding="utf-8")
        return path

    def read(self, name: str = "page.md") -> str:
        return (self.docs / name).read_text(encoding="utf-8")

    def verifier(self, *witnesses: Witness, remember: bool = False) -> Verifier:
        return Verifier(
            self.docs,
            witnesses or (TORCH,),
            self.scheduler,
            limits=self.limits,
            remember=remember,
        )

    def verify(self, *witnesses: Witness, remember: bool = False) -> Verification:
        verifier = self.verifier(*witnesses, remember=remember)
        return verifier.verify(read_pages([], self.docs))

    def update(self, *witnesses: Witness) -> Verification:
        return update(self.verifier(*witnesses), read_pages([], self.docs))

    def complaints(self, *witnesses: Witness) -> list[Disagreement]:
        return self.verify(*witnesses).disagreements


@pytest.fixture(scope="session")
def scheduler() -> Iterator[Scheduler]:
    with Scheduler() as made:
        yield made


@pytest.fixture
def site(tmp_path: Path, scheduler: Scheduler) -> Site:
    docs = tmp_path / "docs"
    docs.mkdir()
    return Site(docs, scheduler)
