"""Timing several programs in turn, so that what else the machine does falls on all of them alike.

Each round runs every program for a few milliseconds, one right after the other.  Two programs are
compared within each round, and the median of the rounds counts: a machine that is slower for a
while is slower for both.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

_ROUND = 0.005  # seconds that one program gets in a round, at least one run


def times(programs: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """The time of one run of each program in each round, in seconds."""
    runs = {}
    for name, program in programs.items():
        program()  # the first run pays for caches and memory
        runs[name] = max(1, round(_ROUND / max(_time(program, 1), 1e-7)))
    found: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            found[name].append(_time(program, runs[name]))
    return found


def ratio(mine: list[float], other: list[float]) -> float:
    """How long one program takes, relative to another."""
    return median(a / b for a, b in zip(mine, other, strict=True))


def _time(program: Callable[[], object], runs: int) -> float:
    start = perf_counter()
    for _ in range(runs):
        program()
    return (perf_counter() - start) / runs
