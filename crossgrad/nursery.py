"""A warm process that has imported torch, or the reference, and forks a process for each page.

`python -m crossgrad.nursery torch 3` talks over the socket with that number, in lines of JSON:

    in    {"job": 7, "order": {...}, "seconds": 60, "bytes": 4294967296}     a page to run
          {"import": ["torch._dynamo"]}                                      for all pages after
    out   {"ready": true}                                                    or {"broken": why}
          {"job": 7, "at": 2} and {"job": 7, "index": 2, "record": {...}}    from the page
          {"job": 7, "end": null}                                            or why it ended early

It watches time and memory, so that an endless loop, a crash or an exit costs one page only.
It ends when the other side of the socket does, and takes its children along.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from crossgrad import worker

_TICK = 0.05
_LARGEST_FILE = 1 << 30
_M_PERTURB = -6  # of mallopt(3)
_PR_SET_PDEATHSIG = 1  # of prctl(2)


@dataclass
class Child:
    """A process that runs a page; its deadline moves with each message."""

    job: int
    pid: int
    pipe: int
    folder: str
    seconds: float
    most_bytes: int
    deadline: float = field(init=False)
    pending: bytes = b""
    reason: str | None = None
    told: bool = False

    def __post_init__(self) -> None:
        self.extend()

    def extend(self) -> None:
        self.deadline = time.monotonic() + self.seconds

    def excess(self) -> str | None:
        """Which limit it is over, or None."""
        if time.monotonic() > self.deadline:
            return f"it did not end within {self.seconds:g} s"
        try:
            used = psutil.Process(self.pid).memory_info().rss
        except psutil.Error:
            return None
        if used > self.most_bytes:
            return f"it took more than {self.most_bytes / 2**30:g} GiB of memory"
        return None

    def kill(self) -> None:
        """End it; what it started ends when it is buried."""
        os.kill(self.pid, signal.SIGKILL)

    def kill_descendants(self) -> None:
        """End what it left running; its number still names its process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


class Nursery:
    """Serves one socket until it closes."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.children: dict[int, Child] = {}
        self.selector = selectors.DefaultSelector()
        self.selector.register(control, selectors.EVENT_READ)
        self.pending = b""

    def serve(self) -> None:
        while True:
            for key, _ in self.selector.select(_TICK if self.children else None):
                if key.fileobj is not self.control:
                    self._relay(key.data)
                elif not self._obey():
                    return
            for child in list(self.children.values()):
                self._watch(child)

    def close(self) -> None:
        for child in self.children.values():
            child.kill()
            child.kill_descendants()
            shutil.rmtree(child.folder, ignore_errors=True)

    def say(self, message: dict[str, Any]) -> None:
        self.control.sendall(json.dumps(message).encode() + b"\n")

    def _obey(self) -> bool:
        data = self.control.recv(1 << 20)
        *lines, self.pending = (self.pending + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "import" in message:
                for module in message["import"]:
                    importlib.import_module(module)
                gc.freeze()
                self.say({"ready": True})
            else:
                self._start(message)
        return bool(data)

    def _start(self, message: dict[str, Any]) -> None:
        folder = tempfile.mkdtemp(prefix="crossgrad-")
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            _run(message, writer, folder)
        os.close(writer)
        child = Child(message["job"], pid, reader, folder, message["seconds"], message["bytes"])
        self.children[pid] = child
        self.selector.register(reader, selectors.EVENT_READ, child)

    def _relay(self, child: Child) -> bool:
        data = os.read(child.pipe, 1 << 20)
        if not data:
            self.selector.unregister(child.pipe)
            return False
        *lines, child.pending = (child.pending + data).split(b"\n")
        for line in lines:
            child.extend()
            child.told |= b'"end"' in line[:40]
            self.control.sendall(line + b"\n")
        return True

    def _watch(self, child: Child) -> None:
        pid, status = os.waitpid(child.pid, os.WNOHANG)
        if pid:
            self._bury(child, os.waitstatus_to_exitcode(status))
        elif child.reason is None:
            child.reason = child.excess()
            if child.reason:
                child.kill()

    def _bury(self, child: Child, exitcode: int) -> None:
        child.kill_descendants()
        if child.pipe in self.selector.get_map():
            os.set_blocking(child.pipe, False)
            try:
                while self._relay(child):
                    pass
            except BlockingIOError:  # something it started still holds the pipe
                self.selector.unregister(child.pipe)
        os.close(child.pipe)
        del self.children[child.pid]
        if not child.told:
            reason = child.reason or _reason(exitcode, Path(child.folder, "stderr"))
            self.say({"job": child.job, "end": reason})
        shutil.rmtree(child.folder, ignore_errors=True)


def _reason(exitcode: int, stderr: Path) -> str:
    if exitcode < 0:
        reason = f"its process was ended by {signal.Signals(-exitcode).name}"
    else:
        reason = f"its process ended with exit status {exitcode}"
    lines = stderr.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"{reason} ({lines[-1]})" if lines else reason


def _run(message: dict[str, Any], writer: int, folder: str) -> None:
    """The forked process, from its first step to its last."""
    status = 1
    try:
        os.setsid()
        _end_with_parent()
        _enter(folder, writer)
        _soil_memory(message["job"])
        tell = worker.teller(writer, message["job"])
        worker.run_page(message["order"], tell)
        tell({"end": None})
        status = 0
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(status)


def _enter(folder: str, writer: int) -> None:
    """A temporary home and working folder, files for the output, no other open file."""
    home = os.path.join(folder, "home")
    os.mkdir(home)
    for number, flags, name in (
        (0, os.O_RDONLY, os.devnull),
        (1, os.O_RDWR | os.O_CREAT | os.O_APPEND, os.path.join(folder, "stdout")),
        (2, os.O_RDWR | os.O_CREAT | os.O_APPEND, os.path.join(folder, "stderr")),
    ):
        handle = os.open(name, flags)
        os.dup2(handle, number)
        os.close(handle)
    os.closerange(3, writer)
    os.closerange(writer + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    os.chdir(home)
    os.environ["HOME"] = home
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    if "numpy.random" in sys.modules:  # a fork would repeat its parent's numbers
        sys.modules["numpy.random"].seed()


def _end_with_parent() -> None:
    """Leave nothing running should the nursery be killed."""
    with contextlib.suppress(OSError, AttributeError):  # Linux alone can do it
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _soil_memory(job: int) -> None:
    """Let new memory hold other bytes in each run, so that reading it unwritten shows.

    The bytes make numbers that no tolerance hides: as float32, 3, 12, 49, 195 and so on.
    """
    with contextlib.suppress(OSError, AttributeError):  # glibc alone can do it
        ctypes.CDLL(None).mallopt(_M_PERTURB, 0xFF ^ (0x40 + job % 8))  # it inverts the byte


def _warm(binding: str) -> str | None:
    """Import what every page needs; returns why that is impossible, if it is."""
    try:
        if binding != "torch":
            importlib.import_module(f"{binding}.alias").install()
        importlib.import_module("numpy")
        torch = importlib.import_module("torch")
        torch.manual_seed(0)  # what the first use of seeds and printing imports, every page uses
        repr(torch.ones(1))
    except Exception as error:
        return f"{binding} cannot be imported: {type(error).__name__}: {error}"
    gc.collect()
    gc.freeze()
    return None


def main() -> None:
    binding, handle = sys.argv[1], int(sys.argv[2])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    nursery = Nursery(socket.socket(fileno=handle))
    problem = _warm(binding)
    nursery.say({"broken": problem} if problem else {"ready": True})
    try:
        nursery.serve()
    except (BrokenPipeError, ConnectionResetError):
        pass
    finally:
        nursery.close()
        os._exit(0)  # tearing down all that was imported takes longer than it is worth


if __name__ == "__main__":
    main()
