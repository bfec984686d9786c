"""``torch.multiprocessing``: Python's ``multiprocessing``; tensors travel as pickles, in copies."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing import *  # noqa: F403  (whatever Python has)
from typing import Any

from .missing import names_of

__all__ = [*multiprocessing.__all__, "spawn", "start_processes"]

_STRATEGIES = {"file_descriptor", "file_system"}
_strategy = ["file_descriptor"]


class ProcessException(Exception):
    """A process of ``spawn`` did not end well."""

    def __init__(self, msg: str, error_index: int, pid: int) -> None:
        super().__init__(msg)
        self.msg, self.error_index, self.pid = msg, error_index, pid


class ProcessRaisedException(ProcessException):
    """A process of ``spawn`` ended in an exception."""


class ProcessExitedException(ProcessException):
    """A process of ``spawn`` ended with an exit code other than 0, or by a signal."""

    def __init__(
        self,
        msg: str,
        error_index: int,
        error_pid: int,
        exit_code: int,
        signal_name: str | None = None,
    ) -> None:
        super().__init__(msg, error_index, error_pid)
        self.exit_code, self.signal_name = exit_code, signal_name


def _run(fn: Callable[..., Any], i: int, args: tuple[Any, ...], errors: Any) -> None:
    """What a process of ``spawn`` does: call, and send home what went wrong."""
    import sys
    import traceback

    try:
        fn(i, *args)
    except KeyboardInterrupt:
        pass
    except Exception:
        errors.put(traceback.format_exc())
        sys.exit(1)


class ProcessContext:
    """The processes of ``spawn`` with ``join=False``."""

    def __init__(self, processes: list[Any], error_queues: list[Any]) -> None:
        self.processes, self.error_queues = processes, error_queues

    def pids(self) -> list[int]:
        """The processes' numbers."""
        return [int(p.pid) for p in self.processes]

    def join(self, timeout: float | None = None) -> bool:
        """Wait for all: whether they have all ended.

        Raises ProcessRaisedException or ProcessExitedException of the first that failed.
        """
        from multiprocessing import connection

        waiting = [p for p in self.processes if p.is_alive()]
        if waiting:
            connection.wait([p.sentinel for p in waiting], timeout)
        failed = next((i for i, p in enumerate(self.processes) if p.exitcode), None)
        if failed is None:
            return not any(p.is_alive() for p in self.processes)
        for process in self.processes:
            if process.is_alive():
                process.terminate()
            process.join()
        raise self._error(failed)

    def _error(self, i: int) -> ProcessException:
        process, errors = self.processes[i], self.error_queues[i]
        if errors.empty():
            return ProcessExitedException(
                f"process {i} terminated with exit code {process.exitcode}", i, process.pid,
                process.exitcode,
            )  # fmt: skip
        text = f"\n\n-- Process {i} terminated with the following error:\n{errors.get()}"
        return ProcessRaisedException(text, i, process.pid)


SpawnContext = ProcessContext


def start_processes(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """Call ``fn(i, *args)`` in a process for each ``i`` below `nprocs`; see ``spawn``."""
    context = multiprocessing.get_context(start_method)
    queues = [context.SimpleQueue() for _ in range(nprocs)]
    processes = [
        context.Process(target=_run, args=(fn, i, args, queues[i]), daemon=daemon)  # type: ignore[attr-defined]
        for i in range(nprocs)
    ]
    for process in processes:
        process.start()
    started = ProcessContext(processes, queues)
    if not join:
        return started
    while not started.join():
        pass
    return None


def spawn(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """Call ``fn(i, *args)`` in a fresh process for each ``i`` below `nprocs`.

    With `join`, wait for all; else return a context whose ``join`` waits.

    Raises:
        ProcessRaisedException: one of them raised an exception.
        ProcessExitedException: one of them ended with another exit code than 0.
    """
    return start_processes(fn, args, nprocs, join, daemon, start_method)


def set_sharing_strategy(new_strategy: str) -> None:
    """Note how tensors are to be shared; here they are copied.  Raises AssertionError."""
    if new_strategy not in _STRATEGIES:
        raise AssertionError(
            f"invalid sharing strategy {new_strategy!r}, expected one of {_STRATEGIES}"
        )
    _strategy[0] = new_strategy


def get_sharing_strategy() -> str:
    """What ``set_sharing_strategy`` was told."""
    return _strategy[0]


def get_all_sharing_strategies() -> set[str]:
    """What ``set_sharing_strategy`` takes."""
    return set(_STRATEGIES)


__getattr__ = names_of(__name__)
