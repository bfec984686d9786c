"""One pytest item for each block and witness: `docs/autograd/index.md::L42[numpy]`.

So `-k numpy`, `-x`, `--lf`, xdist and JUnit XML work on pages as on any test. The plugin keeps
out of the way: it collects a page if the page itself is named on the command line, with
`--crossgrad`, or if the page lies in a folder that holds Crossgrad's `evidence.json`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from crossgrad.evidence import BlockEvidence
    from crossgrad.pages import Block, Page
    from crossgrad.scheduler import Scheduler
    from crossgrad.verify import Verifier
    from crossgrad.witnesses import Witness

_SUFFIXES = {".md", ".ipynb"}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("crossgrad")
    group.addoption(
        "--crossgrad", action="store_true", help="collect the code blocks of Markdown pages"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_RUNS] = _Runs()


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_RUNS].close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix not in _SUFFIXES:
        return None
    wanted = parent.config.getoption("--crossgrad") or _is_named(file_path, parent.config)
    if wanted or _home(file_path) is not None:
        return PageFile.from_parent(parent, path=file_path)
    return None


class BlockDisagreementError(Exception):
    """A block on which a witness does not agree; the message is the report."""


class PageFile(pytest.File):
    """A page; collecting it reads its blocks, and runs none."""

    def collect(self) -> Iterator[pytest.Item]:
        from crossgrad.pages import read_page
        from crossgrad.witnesses import WITNESSES

        docs_dir = _home(self.path) or _docs_above(self.path)
        page = read_page(self.path, docs_dir)
        for block in page.blocks:
            for witness in WITNESSES.values():
                name = f"{block.label}[{witness.name}]"
                nodeid = f"{self.nodeid}::{name}"  # as text: then --lf recognises it
                yield BlockItem.from_parent(
                    self, name=name, nodeid=nodeid, page=page, block=block, witness=witness
                )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        from crossgrad.errors import CrossgradError

        if isinstance(excinfo.value, CrossgradError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class BlockItem(pytest.Item):
    """One block under one witness."""

    def __init__(self, *, page: Page, block: Block, witness: Witness, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        from crossgrad.scheduler import why_not_run

        self.page, self.block, self.witness = page, block, witness
        reason = witness.problem() or why_not_run(witness, block)
        if reason:
            self.add_marker(pytest.mark.skip(reason=reason))

    def runtest(self) -> None:
        from crossgrad.report import complaints_of, explained

        evidence = self.config.stash[_RUNS].evidence(self.page, self.block)
        complaints = complaints_of(evidence, self.witness.name)
        verdict = evidence.witnesses[self.witness.name]
        if complaints:
            lines = [line for complaint in complaints for line, _ in explained(complaint)]
            raise BlockDisagreementError("\n".join(lines))
        if verdict.status == "failed":
            raise BlockDisagreementError(verdict.reason)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        from crossgrad.errors import CrossgradError

        if isinstance(excinfo.value, (BlockDisagreementError, CrossgradError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.block.line - 1, self.name


class _Runs:
    """Verifies each page once, when the first of its items is run."""

    def __init__(self) -> None:
        self._scheduler: Scheduler | None = None
        self._verifiers: dict[Path, Verifier] = {}
        self._found: dict[Path, list[BlockEvidence]] = {}

    def evidence(self, page: Page, block: Block) -> BlockEvidence:
        if page.path not in self._found:
            result = self._verifier(page.docs_dir).verify([page])
            self._found[page.path] = result.evidence.pages[page.name].blocks
        return self._found[page.path][block.index]

    def close(self) -> None:
        if self._scheduler is not None:
            self._scheduler.close()
        self._verifiers.clear()

    def _verifier(self, docs_dir: Path) -> Verifier:
        from crossgrad.scheduler import Scheduler
        from crossgrad.verify import Verifier
        from crossgrad.witnesses import choose

        self._scheduler = self._scheduler or Scheduler()
        if docs_dir not in self._verifiers:
            self._verifiers[docs_dir] = Verifier(docs_dir, choose(), self._scheduler)
        return self._verifiers[docs_dir]


_RUNS = pytest.StashKey[_Runs]()


def _is_named(path: Path, config: pytest.Config) -> bool:
    """Whether the file itself stands on the command line."""
    named = [Path(argument.split("::")[0]) for argument in config.args]
    return any((config.invocation_params.dir / name).resolve() == path.resolve() for name in named)


def _home(path: Path) -> Path | None:
    """The folder above a page that holds Crossgrad's evidence."""
    return next((folder for folder in path.parents if (folder / "evidence.json").is_file()), None)


def _docs_above(path: Path) -> Path:
    """The docs folder that a page without evidence belongs to."""
    return next((folder for folder in path.parents if folder.name == "docs"), path.parent)
