"""Show what is running: a live display on a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

from crossgrad.pages import Block
from crossgrad.record import Run
from crossgrad.scheduler import Job, Watcher

if TYPE_CHECKING:
    from rich.console import RenderableType


class PlainProgress(Watcher):
    """One line for each page and witness that is done."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._started: dict[Any, float] = {}
        self._total = self._done = 0

    def planned(self, jobs: Sequence[Job]) -> None:
        self._total += len(jobs)

    def started(self, job: Job) -> None:
        self._started[job.key] = time.monotonic()

    def ended(self, job: Job, run: Run) -> None:
        self._done += 1
        seconds = time.monotonic() - self._started[job.key]
        state = f"ended early: {run.ended[1]}" if run.ended else f"{seconds:.1f} s"
        again = " again" if job.attempt else ""
        print(
            f"[{self._done}/{self._total}] {job.page.shown} {job.witness.name}{again}: {state}",
            file=self._stream,
            flush=True,
        )


class LiveProgress(Watcher):
    """A line for each witness, how far it is, and the blocks that run at this moment."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live: Any = None
        self._begun = time.monotonic()
        self._totals: Counter[str] = Counter()
        self._done: Counter[str] = Counter()
        self._running: dict[Any, tuple[Job, str, float]] = {}

    def planned(self, jobs: Sequence[Job]) -> None:
        from rich.console import Console
        from rich.live import Live

        self._totals.update(job.witness.name for job in jobs)
        if self._live is None and jobs:
            console = Console(file=self._stream)
            self._live = Live(
                get_renderable=self.picture,
                console=console,
                refresh_per_second=10,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()

    def started(self, job: Job) -> None:
        self._running[job.key] = (job, "", time.monotonic())

    def at(self, job: Job, block: Block) -> None:
        self._running[job.key] = (job, block.label, self._running[job.key][2])

    def ended(self, job: Job, run: Run) -> None:
        self._running.pop(job.key, None)
        self._done[job.witness.name] += 1

    def close(self) -> None:
        """Take the display away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def picture(self) -> RenderableType:
        """The display as it is now."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        now = time.monotonic()
        table = Table.grid(padding=(0, 2))
        for name, total in self._totals.items():
            done = self._done[name]
            table.add_row(name, ProgressBar(total, done, width=30), f"{done}/{total} pages", "")
        for job, label, since in self._running.values():
            where = f"{job.page.shown} {label}"
            table.add_row(
                "", f"[dim]{job.witness.name}", f"[dim]{where}", f"[dim]{now - since:.1f} s"
            )
        waiting = "starting" if self._done != self._totals else "comparing"
        table.add_row("", "" if self._running else waiting, "", f"{now - self._begun:.1f} s")
        return table


def watcher() -> PlainProgress | LiveProgress:
    """The progress display that suits standard error."""
    return LiveProgress(sys.stderr) if sys.stderr.isatty() else PlainProgress(sys.stderr)
