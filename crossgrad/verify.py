"""Verify pages: read them, run what has changed, judge. The whole engine in one call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crossgrad import evidence as store
from crossgrad.cache import Cache
from crossgrad.errors import CrossgradError, PageError
from crossgrad.evidence import Disagreement, Evidence, PageEvidence, WitnessInfo
from crossgrad.pages import Page, find_pages, read_page
from crossgrad.record import Run
from crossgrad.scheduler import Job, Limits, Scheduler, Watcher
from crossgrad.verdict import PageRuns, judge, to_repeat
from crossgrad.witnesses import Witness


@dataclass
class Verification:
    """What was found. missing: the witnesses that cannot run here, each with the reason."""

    pages: list[Page]
    witnesses: list[Witness]
    missing: dict[str, str]
    runs: dict[str, PageRuns] = field(default_factory=dict)
    evidence: Evidence = field(default_factory=Evidence)

    @property
    def disagreements(self) -> list[Disagreement]:
        return [
            disagreement
            for page in self.pages
            for block in self.evidence.pages[page.name].blocks
            for disagreement in block.disagreements
        ]


class Verifier:
    """Verifies pages of one docs folder; its warm processes serve call after call.

    remember: keep runs beside the docs folder, and use the kept ones.
    """

    def __init__(
        self,
        docs_dir: Path,
        witnesses: Sequence[Witness],
        scheduler: Scheduler,
        *,
        limits: Limits | None = None,
        watcher: Watcher | None = None,
        remember: bool = True,
    ) -> None:
        self.docs_dir = docs_dir
        self.committed = store.load(docs_dir / store.COMMITTED)
        problems = {witness.name: witness.problem() for witness in witnesses}
        self.missing = {name: problem for name, problem in problems.items() if problem}
        self.witnesses = [w for w in witnesses if w.name not in self.missing]
        if not self.witnesses:
            reasons = "; ".join(f"{name}: {why}" for name, why in self.missing.items())
            raise CrossgradError(f"no witness can run here ({reasons})")
        self._cache = Cache(store.fresh_path(docs_dir).parent / "runs" if remember else None)
        self._scheduler = scheduler
        self._limits = limits or Limits()
        self._watcher = watcher or Watcher()

    def verify(self, pages: Sequence[Page]) -> Verification:
        """Run what has changed on every witness, and judge.

        Raises:
            CrossgradError: a witness that is installed cannot be started.
        """
        result = Verification(list(pages), self.witnesses, self.missing)
        runs = self._runs(Job(page, w) for page in pages if page.blocks for w in self.witnesses)
        for page in pages:
            ours = {w.name: runs[page.name, w.name, 0] for w in self.witnesses if page.blocks}
            result.runs[page.name] = PageRuns(page, self.witnesses, ours)
            self._judge(result, page)
        self._repeat(result)
        result.evidence.witnesses = self._infos(result)
        return result

    def _judge(self, result: Verification, page: Page) -> None:
        committed = self.committed.pages.get(page.name, PageEvidence())
        result.evidence.pages[page.name] = judge(result.runs[page.name], committed)

    def _repeat(self, result: Verification) -> None:
        """Look for results that change from run to run, where nothing else would show them."""
        jobs = [
            Job(page, witness, 1)
            for page in result.pages
            for witness in to_repeat(result.runs[page.name], result.evidence.pages[page.name])
        ]
        runs = self._runs(jobs)
        for job in jobs:
            result.runs[job.page.name].repeats[job.witness.name] = runs[job.key]
        for page in {job.page.name: job.page for job in jobs}.values():
            self._judge(result, page)

    def _runs(self, jobs: Iterable[Job]) -> dict[tuple[str, str, int], Run]:
        """The runs of jobs, kept ones where nothing has changed."""
        runs: dict[tuple[str, str, int], Run] = {}
        todo = []
        for job in jobs:
            kept = self._cache.get(job)
            if kept is None:
                todo.append(job)
            else:
                runs[job.key] = kept
        if todo:
            fresh = self._scheduler.run(todo, self._limits, self._watcher)
            for job in todo:
                self._cache.put(job, fresh[job.key])
            runs |= fresh
        return runs

    def _infos(self, result: Verification) -> dict[str, WitnessInfo]:
        infos = {name: WitnessInfo(False, reason=why) for name, why in self.missing.items()}
        for witness in self.witnesses:
            dates = [runs.runs[witness.name].date for runs in result.runs.values() if runs.runs]
            infos[witness.name] = WitnessInfo(
                True, witness.versions(), witness.device_name(), max(dates, default=None)
            )
        return infos


def read_pages(paths: Iterable[Path], docs_dir: Path) -> list[Page]:
    """Read pages; a folder stands for the pages in it, and no path for the whole site.

    Raises:
        CrossgradError: a page is missing or does not parse; names every such page.
    """
    if not docs_dir.is_dir():
        raise CrossgradError(f"there is no folder {docs_dir}; name the docs folder with --docs")
    files: list[Path] = []
    for path in list(paths) or [docs_dir]:
        files += find_pages(path) if path.is_dir() else [path]
    pages, problems = [], []
    for file in dict.fromkeys(files):
        try:
            pages.append(read_page(file, docs_dir))
        except PageError as error:
            problems.append(str(error))
    if problems:
        raise CrossgradError("\n".join(problems))
    return pages


def require_available(witnesses: Iterable[Witness]) -> None:
    """Refuse witnesses that were asked for by name and cannot run here.

    Raises:
        CrossgradError: names the first of them, with the reason.
    """
    for witness in witnesses:
        problem = witness.problem()
        if problem:
            raise CrossgradError(f"{witness.name} cannot run here: {problem}")


def restricted(evidence: Evidence, pages: Sequence[Page], names: Sequence[str]) -> Evidence:
    """The evidence of some pages and witnesses, without what is stale."""
    kept = Evidence({n: w for n, w in evidence.witnesses.items() if not names or n in names})
    for page in pages:
        found = evidence.pages.get(page.name, PageEvidence())
        blocks = [block for block in (found.of(b.hash) for b in page.blocks) if block is not None]
        for block in blocks:
            block.witnesses = {n: v for n, v in block.witnesses.items() if n in kept.witnesses}
        kept.pages[page.name] = PageEvidence(blocks)
    return kept


def keep_fresh(result: Verification, docs_dir: Path) -> None:
    """Lay what was found over the evidence of earlier local runs."""
    path = store.fresh_path(docs_dir)
    merged = replace_pages(store.load(path), result.evidence)
    store.write_whole(path, merged.to_json(indent=None))  # nobody reads it as a diff


def replace_pages(older: Evidence, newer: Evidence) -> Evidence:
    """`newer`, with the pages it does not speak of and what it could not run from `older`."""
    merged = store.overlay(older, newer)
    for name, page in newer.pages.items():
        hashes = {block.hash for block in page.blocks}
        kept = [block for block in merged.pages[name].blocks if block.hash in hashes]
        merged.pages[name] = PageEvidence(sorted(kept, key=lambda block: block.line))
    return merged
