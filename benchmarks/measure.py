"""Timing several programs in turn, so that what else the machine does falls on all of them alike.

Each round runs every program once for a few milliseconds.  The best round of each counts: other
work on the machine can only make a run slower.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

_ROUND = 0.02  # seconds that one program gets in a round, at least one run


def best_times(programs: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The best time of one run of each program, in seconds."""
    runs = {}
    for name, program in programs.items():
        program()  # the first run pays for caches and memory
        runs[name] = max(1, round(_ROUND / max(_time(program, 1), 1e-7)))
    best = dict.fromkeys(programs, float("inf"))
    for _ in range(rounds):
        for name, program in programs.items():
            best[name] = min(best[name], _time(program, runs[name]))
    return best


def _time(program: Callable[[], object], runs: int) -> float:
    start = perf_counter()
    for _ in range(runs):
        program()
    return (perf_counter() - start) / runs
