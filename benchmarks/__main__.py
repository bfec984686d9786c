"""The reference beside torch, HIPS/autograd, MyGrad and derivatives by hand.

    python -m benchmarks [--only NAME ...] [--repeat N] [--write PAGE]

One process, one thread, all libraries in turn; prints how long each takes relative to torch (or, if
torch is not installed, to NumPy by hand).  With --write the table goes into a page too, in place of
the one there.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from . import large, measure, memory, networks, peers, small, table

WORKLOADS: dict[str, Callable[[], Any]] = {
    **small.WORKLOADS, **networks.WORKLOADS, **large.WORKLOADS,
}  # fmt: skip
_OTHERS = ("linear", "memory", "import")
_LINE = "{:<44}{:>9}{:>9}{:>9}{:>9}{:>11}   {}"


def main() -> None:
    """Measure what was asked for and print the table."""
    names = [*WORKLOADS, *_OTHERS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME",
                        help=f"which workloads to run: {', '.join(names)}")  # fmt: skip
    parser.add_argument("--repeat", type=int, default=25, metavar="N",
                        help="rounds; their median counts (default 25)")  # fmt: skip
    parser.add_argument("--write", type=Path, metavar="PAGE",
                        help="a page of docs/ whose table this one replaces")  # fmt: skip
    options = parser.parse_args()
    page = None if options.write is None else table.Page(options.write, parser)
    found, notes = peers.load()
    for note in notes:
        print(note)
    print(_LINE.format("forward and backward; less is faster", *peers.MODULES, "wanted"))
    rows = [_compare(WORKLOADS[n](), found, options.repeat) for n in options.only if n in WORKLOADS]
    sentences = []
    if "linear" in options.only:
        sentences += _linearity(found, options.repeat)
    if "memory" in options.only:
        sentences += _per_node(found)
    if "import" in options.only:
        seconds = memory.import_seconds("reference_impl")
        sentences.append(
            f"Importing the reference takes {seconds:.2f} s beyond NumPy's own (0.15 s wanted)."
        )
    print("\n".join(sentences))
    if page is not None:
        page.write(peers.MODULES, rows, sentences, found)


def _compare(workload: Any, found: dict[str, ModuleType], rounds: int) -> list[str]:
    """One line of the table: printed, and its cells."""
    programs, missing = {}, []
    for name, module in found.items():
        try:
            program = getattr(workload, name, lambda _: None)(module)
            if program is not None:
                program()
                programs[name] = program
        except (AttributeError, NotImplementedError) as error:
            missing.append(f"{name}: {error}")
    times = measure.times(programs, rounds)
    unit = times.get("torch", times.get("numpy"))
    cells = [
        f"{measure.ratio(times[n], unit):.2f}" if n in times and unit else "-"
        for n in peers.MODULES
    ]
    row = [workload.title, *cells, _verdict(workload.target, times)]
    print(_LINE.format(*row), flush=True)
    for note in missing:
        print(f"  {note}")
    return row


def _verdict(target: str, times: dict[str, list[float]]) -> str:
    """The target, and what the reference reached in its terms."""
    factor, _, peer = target.split()
    if peer not in times or "reference" not in times:
        return f"at most {target}"
    reached = measure.ratio(times["reference"], times[peer])
    missed = "" if reached <= float(factor) else "  missed"
    return f"at most {target}, is {reached:.2f}{missed}"


def _linearity(found: dict[str, ModuleType], rounds: int) -> list[str]:
    """How the time of an operation grows from a chain of 10^5 to one of 10^6."""
    reference = found.get("reference")
    if reference is None:
        return []
    chains = {n: small.Chain(n).reference(reference) for n in (100_000, 1_000_000)}
    times = measure.times({str(n): run for n, run in chains.items()}, min(rounds, 5))
    growth = measure.ratio(times["1000000"], times["100000"]) / 10
    return [
        f"An operation in a chain of 10^6 takes {growth:.2f} × what one of 10^5 takes "
        "(1 would be linear)."
    ]


def _per_node(found: dict[str, ModuleType]) -> list[str]:
    """Memory for each recorded addition."""
    if "torch" not in found or "reference" not in found:
        return []
    ratio = memory.bytes_per_node("reference_impl") / memory.bytes_per_node("torch")
    return [f"A recorded addition takes {ratio:.2f} × torch's memory (at most 1 wanted)."]


if __name__ == "__main__":
    main()
