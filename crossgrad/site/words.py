"""How the site says things: names of witnesses, dates, differences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from crossgrad.evidence import WitnessVerdict


def who(ran: Mapping[str, WitnessVerdict]) -> str:
    """The witnesses in a sentence, each with the version that matters most.

    Such as `PyTorch 2.13.0 on CPU and GPU and the reference on NumPy 2.4.6 and WebAssembly`.
    """
    pytorch: dict[str, list[str]] = {}
    arrays: list[str] = []
    others: list[str] = []
    for name, verdict in ran.items():
        if name in ("torch-cpu", "torch-cuda"):
            place = "CPU" if name == "torch-cpu" else "GPU"
            pytorch.setdefault(_version(verdict, "torch"), []).append(place)
        elif name in ("numpy", "cupy"):
            arrays.append(f"{'NumPy' if name == 'numpy' else 'CuPy'} {_version(verdict, name)}")
        elif name == "wasm":
            arrays.append("WebAssembly")
        else:
            others.append(name)
    parts = [
        f"PyTorch {version}" + ("" if places == ["CPU"] else f" on {listing(places)}")
        for version, places in pytorch.items()
    ]
    return listing([*parts, *([f"the reference on {listing(arrays)}"] if arrays else []), *others])


def listing(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def day(date: str | None) -> str:
    """A recorded date as a reader says it: `23 November 2026`."""
    if date is None:
        return "an unknown date"
    moment = datetime.fromisoformat(date)
    return f"{moment.day} {moment:%B %Y}"


def day_and_time(date: str) -> str:
    """A recorded date with its time: `23 November 2026, 10:40 UTC`."""
    return f"{day(date)}, {datetime.fromisoformat(date):%H:%M} UTC"


def difference(size: float) -> str:
    """How far numbers are apart: `no difference`, or the largest one."""
    return f"largest difference {size:.1g}" if size else "no difference"


def versions(found: Mapping[str, str]) -> str:
    """All versions of a witness: `torch 2.13.0+cpu, numpy 2.4.6, python 3.11.7`."""
    return ", ".join(f"{name} {version}" for name, version in found.items())


def count(number: int, noun: str) -> str:
    """`1 block`, `2 blocks`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _version(verdict: WitnessVerdict, package: str) -> str:
    return verdict.versions.get(package, "of an unknown version").split("+")[0]
