"""Warm processes: started when needed, told apart, and gone when they are closed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import psutil
import pytest

from crossgrad.errors import CrossgradError
from crossgrad.pages import Page, parse_page
from crossgrad.scheduler import Job, Scheduler, Watcher
from crossgrad.witnesses import WITNESSES, Witness

NUMPY = WITNESSES["numpy"]


def page(*codes: str, name: str = "page.md") -> Page:
    return parse_page("".join(f"```python\n{code}\n```\n\n" for code in codes), name)


def test_a_binding_that_cannot_be_imported_is_named_each_time() -> None:
    job = Job(page("x = 1"), Witness("broken", "no_such_package", "cpu"))
    with Scheduler() as scheduler:
        for _ in range(2):
            with pytest.raises(CrossgradError, match="no_such_package cannot be imported: Module"):
                scheduler.run([job])


def test_jobs_are_told_from_start_to_end() -> None:
    told: list[str] = []

    class Teller(Watcher):
        def started(self, job: Job) -> None:
            told.append(f"started {job.page.name}")

        def at(self, job: Job, block: object) -> None:
            told.append("at")

        def ended(self, job: Job, run: object) -> None:
            told.append(f"ended {job.page.name}")

    with Scheduler(slots=1) as scheduler:
        jobs = [Job(page("x = 1", "y = 2", name=name), NUMPY) for name in ("a.md", "b.md")]
        runs = scheduler.run(jobs, watcher=Teller())
    assert told == [
        "started a.md",
        "at",
        "at",
        "ended a.md",
        "started b.md",
        "at",
        "at",
        "ended b.md",
    ]
    assert [run.ended for run in runs.values()] == [None, None]


def test_an_interrupted_run_leaves_no_process_and_no_trace(tmp_path: Path) -> None:
    class Impatient(Watcher):
        def at(self, job: Job, block: object) -> None:
            raise KeyboardInterrupt

    endless = Job(page("import os\nprint(os.getpid())\nwhile True: pass"), NUMPY)
    before = set(psutil.Process().children(recursive=True))
    with Scheduler() as scheduler:
        with pytest.raises(KeyboardInterrupt):
            scheduler.run([endless], watcher=Impatient())
        left = set(psutil.Process().children(recursive=True)) - before
        assert [process for process in left if process.is_running()] == []
        ran = scheduler.run([Job(page("x = 1", name="next.md"), NUMPY)])
        assert list(ran) == [("next.md", "numpy", 0)]


def test_what_a_page_started_ends_with_it(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    code = "import subprocess\np = subprocess.Popen(['sleep', '60'])\n"
    code += f"open({str(file)!r}, 'w').write(str(p.pid))"
    with Scheduler() as scheduler:
        scheduler.run([Job(page(code), NUMPY)])
        deadline = time.monotonic() + 10
        while _runs(int(file.read_text())) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert not _runs(int(file.read_text()))


def test_temporary_folders_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with Scheduler() as scheduler:
        scheduler.run([Job(page("open('file', 'w').close()"), NUMPY)])
    assert os.listdir(tmp_path) == []


def _runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
