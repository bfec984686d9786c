"""The verdicts as data: what `crossgrad` found, block by block, for the site and for people.

`crossgrad verify` keeps its findings in the ignored folder `.crossgrad/` beside `docs/`;
`crossgrad update` also writes the committed `docs/evidence.json`. The site shows the committed
evidence with the fresh local one laid over it. A block's evidence holds while its hash does.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from crossgrad.errors import CrossgradError

FORMAT = 1
COMMITTED = "evidence.json"
FRESH = Path(".crossgrad") / "evidence.json"

AGREES, DISAGREES, SKIPPED, FAILED = "agrees", "disagrees", "skipped", "failed"


@dataclass
class Disagreement:
    """Two values of one field that should be the same; `page` and `line` say where.

    `against` is whose value is `expected`; `witness` is whose is `actual`.
    """

    page: str
    line: int
    witness: str
    field: str
    expected: str
    actual: str
    against: str = ""


@dataclass
class KnownDifference:
    """A difference that the page itself announces and explains."""

    witness: str
    field: str
    reason: str
    expected: str
    actual: str


@dataclass
class WitnessVerdict:
    """What one witness said about one block, when, and on what."""

    status: str
    date: str | None = None
    device: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    value_difference: float | None = None
    gradient_difference: float | None = None
    reason: str | None = None


@dataclass
class BlockEvidence:
    """All that is known about one block; `line` is the line of its opening fence."""

    line: int
    hash: str
    output: str | None = None
    witnesses: dict[str, WitnessVerdict] = field(default_factory=dict)
    disagreements: list[Disagreement] = field(default_factory=list)
    known_differences: list[KnownDifference] = field(default_factory=list)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> BlockEvidence:
        return cls(
            line=data["line"],
            hash=data["hash"],
            output=data["output"],
            witnesses={k: WitnessVerdict(**v) for k, v in data["witnesses"].items()},
            disagreements=[Disagreement(**d) for d in data["disagreements"]],
            known_differences=[KnownDifference(**d) for d in data["known_differences"]],
        )


@dataclass
class WitnessInfo:
    """A witness as it was found on the machine that last ran it."""

    available: bool
    versions: dict[str, str] = field(default_factory=dict)
    device: str | None = None
    date: str | None = None
    reason: str | None = None


@dataclass
class PageEvidence:
    """The evidence of one page, block after block."""

    blocks: list[BlockEvidence] = field(default_factory=list)

    def of(self, block_hash: str) -> BlockEvidence | None:
        """The evidence of the block with that hash, or None where it is stale or missing."""
        return next((block for block in self.blocks if block.hash == block_hash), None)


@dataclass
class Evidence:
    """Everything found; page names are paths below the docs folder, with `/`."""

    witnesses: dict[str, WitnessInfo] = field(default_factory=dict)
    pages: dict[str, PageEvidence] = field(default_factory=dict)

    def to_json(self, indent: int | None = 1) -> str:
        """The text of an evidence file."""
        pages = {name: self.pages[name] for name in sorted(self.pages)}
        whole = {"format": FORMAT, "witnesses": self.witnesses, "pages": pages}
        return json.dumps(whole, default=vars, indent=indent, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Evidence:
        if data.get("format") != FORMAT:
            raise ValueError(f"its format is {data.get('format')!r}, not {FORMAT}")
        return cls(
            witnesses={k: WitnessInfo(**v) for k, v in data["witnesses"].items()},
            pages={
                name: PageEvidence([BlockEvidence.from_json(b) for b in page["blocks"]])
                for name, page in data["pages"].items()
            },
        )


def load(path: Path) -> Evidence:
    """Read an evidence file; a missing one is empty evidence.

    Raises:
        CrossgradError: the file cannot be read as evidence.
    """
    try:
        return Evidence.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Evidence()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CrossgradError(
            f"{path} is not an evidence file ({error}); delete it and run `crossgrad update`"
        ) from error


def save(evidence: Evidence, path: Path) -> None:
    """Write an evidence file, whole or not at all."""
    write_whole(path, evidence.to_json())


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that a reader sees the old text or the new one, never a part.

    Raises:
        CrossgradError: the file cannot be written; it is then as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o644)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CrossgradError(
            f"{path} cannot be written ({error.strerror}); it is left as it was"
        ) from error


def fresh_path(docs_dir: Path) -> Path:
    """Where the evidence of the last local `crossgrad verify` lies."""
    return docs_dir.resolve().parent / FRESH


def site_evidence(docs_dir: str | Path) -> Evidence:
    """The committed evidence with the fresh local one laid over it.

    Blocks are matched by their hash; ask a page's evidence with `PageEvidence.of(hash)`.
    A block for which that is None is stale, or was never run.
    """
    docs = Path(docs_dir)
    return overlay(load(docs / COMMITTED), load(fresh_path(docs)))


def overlay(older: Evidence, newer: Evidence) -> Evidence:
    """What `newer` found, and what `older` found wherever `newer` has nothing to say.

    A witness that `newer` could not run keeps what `older` knows of it.
    """
    merged = Evidence(dict(older.witnesses), dict(older.pages))
    for name, info in newer.witnesses.items():
        if info.available or not merged.witnesses.get(name, info).available:
            merged.witnesses[name] = info
    for name, page in newer.pages.items():
        before = merged.pages.get(name, PageEvidence())
        blocks = {block.hash: block for block in before.blocks}
        for block in page.blocks:
            blocks[block.hash] = lay_over(blocks.get(block.hash), block)
        merged.pages[name] = PageEvidence(list(blocks.values()))
    return merged


def lay_over(older: BlockEvidence | None, newer: BlockEvidence) -> BlockEvidence:
    """The newer evidence of one block; witnesses that it lacks keep their older verdict."""
    if older is None:
        return newer
    output = older.output if newer.output is None else newer.output
    return replace(newer, output=output, witnesses={**older.witnesses, **newer.witnesses})
