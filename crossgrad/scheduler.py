"""Hand pages to warm processes, and collect what they tell.

There is one nursery for real PyTorch, one for the reference and one for the reference in Pyodide,
started together: while PyTorch is being imported, the reference already runs its pages.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crossgrad.browser import pyodide
from crossgrad.errors import CrossgradError
from crossgrad.pages import Block, Page
from crossgrad.record import BlockRecord, Run
from crossgrad.witnesses import Witness

_TICK = 0.1
_KEPT = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH")
_KEPT_PREFIXES = ("CUDA", "NVIDIA", "CUPY")
_IMPORTS = {"torch._dynamo": "optim", "torch.fx.experimental.symbolic_shapes": "gradcheck"}
"""What PyTorch imports at the first use of a word, taking a second: once is enough."""
_HASH_SEEDS = {"torch": "1", "reference_impl": "2"}  # what hangs on the order of a set must differ


@dataclass(frozen=True)
class Limits:
    """How long one block, and how much memory one page may take."""

    seconds: float = 60.0
    bytes: int = 4 << 30


_LIMITS = Limits()


@dataclass(frozen=True)
class Job:
    """One page for one witness. attempt: 0, or 1 for the run that must repeat the first."""

    page: Page
    witness: Witness
    attempt: int = 0

    @property
    def key(self) -> tuple[str, str, int]:
        return self.page.name, self.witness.name, self.attempt

    def order(self) -> dict[str, Any]:
        """The job as the plain data that is sent to the process that does it."""
        blocks = [
            {
                "code": block.code,
                "filename": block.filename,
                "offset": block.offset,
                "echoes": block.echoes,
                "runs": why_not_run(self.witness, block) is None,
                "pictures": [asdict(picture) for picture in block.pictures],
            }
            for block in self.page.blocks
        ]
        return {"witness": asdict(self.witness), "blocks": blocks}


def why_not_run(witness: Witness, block: Block) -> str | None:
    """Why the page keeps a witness from running a block, or None."""
    if witness.name in block.skips:
        return block.skips[witness.name]
    if block.requires_cuda and witness.device != "cuda":
        return "needs a GPU"
    return None


class Watcher:
    """Is told what happens while jobs run; this one does nothing."""

    def planned(self, jobs: Sequence[Job]) -> None:
        """These jobs are about to be run."""

    def started(self, job: Job) -> None:
        """A job has been handed out."""

    def at(self, job: Job, block: Block) -> None:
        """A block begins."""

    def ended(self, job: Job, run: Run) -> None:
        """A job is over."""


@dataclass
class _Running:
    job: Job
    run: Run
    at: int = 0


@dataclass
class _Nursery:
    """This side of a warm process. host: what it runs, as `Witness.host` says."""

    host: str
    control: socket.socket
    process: subprocess.Popen[bytes]
    stderr: Any
    imports: int = 1
    pending: bytes = b""
    running: dict[int, _Running] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether nothing is being imported there."""
        return not self.imports

    @property
    def has_room(self) -> bool:
        """Whether it can take a page now; Pyodide runs one at a time."""
        return self.ready and not (self.host == "pyodide" and self.running)

    @classmethod
    def start(cls, host: str) -> _Nursery:
        stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [*_command(host), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=_environment(host),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,
            )
        return cls(host, ours, process, stderr)

    def say(self, message: dict[str, Any]) -> None:
        self.control.sendall(json.dumps(message).encode() + b"\n")

    def hear(self) -> Iterable[dict[str, Any]]:
        """The messages that have arrived.

        Raises:
            CrossgradError: the process is gone.
        """
        data = self.control.recv(1 << 20)
        if not data:
            self.stderr.seek(0)
            lines = self.stderr.read().decode(errors="replace").strip().splitlines()
            raise CrossgradError(
                f"the process that runs {self.host} ended: {lines[-1] if lines else 'no reason'}"
            )
        *lines, self.pending = (self.pending + data).split(b"\n")
        return map(json.loads, lines)

    def close(self) -> None:
        self.control.close()
        if not self.ready:  # it has no page yet, and would import to the end
            self.process.kill()
        self.process.wait()
        self.stderr.close()


class Scheduler:
    """Runs jobs on warm processes, as many at a time as there are processors."""

    def __init__(self, slots: int | None = None) -> None:
        self.slots = slots or len(os.sched_getaffinity(0))
        self._nurseries: dict[str, _Nursery] = {}
        self._broken: dict[str, str] = {}
        self._selector = selectors.DefaultSelector()
        self._numbers = 0

    def __enter__(self) -> Scheduler:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the warm processes; they are started again when they are needed."""
        for nursery in self._nurseries.values():
            self._selector.unregister(nursery.control)
            nursery.close()
        self._nurseries.clear()

    def warm(self, hosts: Iterable[str]) -> None:
        """Start the processes that these hosts are, and do not wait for them.

        Raises:
            CrossgradError: a host is known to be impossible to start.
        """
        for host in sorted(set(hosts) - set(self._nurseries), reverse=True):
            if host in self._broken:
                raise CrossgradError(self._broken[host])
            nursery = self._nurseries[host] = _Nursery.start(host)
            self._selector.register(nursery.control, selectors.EVENT_READ, nursery)

    def run(
        self, jobs: Sequence[Job], limits: Limits = _LIMITS, watcher: Watcher | None = None
    ) -> dict[Any, Run]:
        """Do all jobs; the result is by `Job.key`.

        Raises:
            CrossgradError: a host cannot be started, or its process is gone.
        """
        try:
            return self._run(jobs, limits, watcher or Watcher())
        except BaseException:  # what still runs belongs to nobody
            self.close()
            raise

    def _run(self, jobs: Sequence[Job], limits: Limits, watcher: Watcher) -> dict[Any, Run]:
        watcher.planned(jobs)
        waiting = {job.key: job for job in jobs}
        runs: dict[Any, Run] = {}
        self.warm(job.witness.host for job in jobs)
        self._prepare(jobs)
        while len(runs) < len(jobs):
            self._hand_out(waiting, limits, watcher)
            for key, _ in self._selector.select(_TICK):
                for message in key.data.hear():
                    self._take(key.data, message, runs, watcher)
        return runs

    def _prepare(self, jobs: Sequence[Job]) -> None:
        """Let PyTorch's process import what several pages would each import."""
        codes = ["".join(b.code for b in j.page.blocks) for j in jobs if j.witness.is_torch]
        modules = [m for m, word in _IMPORTS.items() if sum(word in code for code in codes) > 1]
        if modules:
            self._nurseries["torch"].imports += 1
            self._nurseries["torch"].say({"import": modules})

    def _hand_out(self, waiting: dict[Any, Job], limits: Limits, watcher: Watcher) -> None:
        """Fill the free slots, first from the nursery that has the most to do."""
        nurseries = self._nurseries.values()
        importing = sum(not nursery.ready for nursery in nurseries)
        free = max(1, self.slots - importing) - sum(len(n.running) for n in nurseries)
        while free > 0:
            queues = [
                [job for job in waiting.values() if job.witness.host == nursery.host]
                for nursery in nurseries
                if nursery.has_room
            ]
            queue = max(queues, key=len, default=[])
            if not queue:
                return
            self._start(waiting.pop(queue[0].key), limits, watcher)
            free -= 1

    def _start(self, job: Job, limits: Limits, watcher: Watcher) -> None:
        nursery = self._nurseries[job.witness.host]
        self._numbers += 1
        nursery.running[self._numbers] = _Running(job, Run([None] * len(job.page.blocks)))
        nursery.say(
            {
                "job": self._numbers,
                "order": job.order(),
                "seconds": limits.seconds,
                "bytes": limits.bytes,
            }
        )
        watcher.started(job)

    def _take(
        self, nursery: _Nursery, message: dict[str, Any], runs: dict[Any, Run], watcher: Watcher
    ) -> None:
        if "broken" in message:
            self._broken[nursery.host] = message["broken"]
            raise CrossgradError(message["broken"])
        if "ready" in message:
            nursery.imports -= 1
            return
        running = nursery.running[message["job"]]
        if "at" in message:
            running.at = message["at"]
            watcher.at(running.job, running.job.page.blocks[running.at])
        elif "record" in message:
            running.run.records[message["index"]] = BlockRecord.from_json(message["record"])
        else:
            running.run.date = datetime.now(UTC).isoformat(timespec="seconds")
            if message["end"] is not None:
                running.run.ended = (running.at, message["end"])
            runs[running.job.key] = running.run
            del nursery.running[message["job"]]
            watcher.ended(running.job, running.run)


def _command(host: str) -> list[str]:
    """The program that is told the number of its socket."""
    if host == "pyodide":
        return [pyodide.node() or "node", str(pyodide.LIVE / "witness.mjs")]
    return [sys.executable, "-P", "-m", "crossgrad.nursery", host]


def _environment(host: str) -> dict[str, str]:
    """What a page may know of the machine: where programs and libraries are, nothing else."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
    here = str(Path(__file__).resolve().parent.parent)
    paths = [here, *filter(None, kept.get("PYTHONPATH", "").split(os.pathsep))]
    with contextlib.suppress(RuntimeError):  # a page's own home would lose compiled kernels
        kept.setdefault("CUPY_CACHE_DIR", str(Path.home() / ".cupy" / "kernel_cache"))
    threads = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return {
        **kept,
        **dict.fromkeys(threads, "1"),
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": _HASH_SEEDS.get(host, "0"),
        "PYTHONPATH": os.pathsep.join(paths),
    }
