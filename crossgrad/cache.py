"""Keep runs, so that what has not changed is not run again.

A run is kept under the hash of all it depends on: the page's blocks, the witness with its
versions and device, and the sources of the engine and, for the reference, of the reference.
Runs that ended early are not kept. Comparing is never skipped.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
from pathlib import Path
from typing import Any

from crossgrad.evidence import write_whole
from crossgrad.record import Run
from crossgrad.scheduler import Job

_HERE = Path(__file__).resolve().parent


class Cache:
    """The runs kept in one folder; without a folder it keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(self, job: Job) -> Run | None:
        """The kept run of a job, if everything is as it was then."""
        if self.folder is None:
            return None
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(self._path(job).read_text(encoding="utf-8"))
            if kept["key"] == key_of(job):
                return Run.from_json(kept["run"])
        return None

    def put(self, job: Job, run: Run) -> None:
        """Keep a run in place of the job's last one."""
        if self.folder is not None and run.ended is None:
            text = json.dumps({"key": key_of(job), "run": run}, default=vars)
            write_whole(self._path(job), text)

    def _path(self, job: Job) -> Path:
        assert self.folder is not None
        attempt = ".again" if job.attempt else ""
        return self.folder / f"{job.page.slug}.{job.witness.name}{attempt}.json"


def key_of(job: Job) -> str:
    """The hash of everything that a run depends on, but not of the outputs the page shows."""
    order = job.order()
    blocks = [_without_place(block) for block in order["blocks"]]
    device = job.witness.device_name()
    versions = job.witness.versions()
    sources = [source_hash("crossgrad")]
    if not job.witness.is_torch:
        sources.append(source_hash(job.witness.binding))
    whole = [blocks, order["witness"], versions, device, sources, job.attempt]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


def _without_place(block: dict[str, Any]) -> dict[str, Any]:
    """A block without the lines on which it and its pictures stand."""
    pictures = [
        {key: value for key, value in picture.items() if key in ("kind", "names", "options")}
        for picture in block["pictures"]
    ]
    kept = {key: value for key, value in block.items() if key != "offset"}
    return {**kept, "pictures": pictures}


@functools.cache
def source_hash(package: str) -> str:
    """The hash of a package's Python sources."""
    digest = hashlib.sha256()
    for path in sorted((_HERE.parent / package).rglob("*.py")):
        digest.update(path.as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
