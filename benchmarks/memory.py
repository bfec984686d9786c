"""What a library costs before it computes: memory for each recorded operation, and importing it.

Each figure comes from a process of its own, so that no other library's memory is in it.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

NODES = 100_000

_CHAIN = """
import importlib, os, sys
sys.path.insert(0, "")
import psutil
torch = importlib.import_module(sys.argv[1])
process = psutil.Process()
x, term = torch.tensor(1.0, requires_grad=True), torch.tensor(0.5)
y = x + term
before = process.memory_info().rss
for _ in range(int(sys.argv[2])):
    y = y + term
print(process.memory_info().rss - before)
"""

_IMPORT = """
import sys, time
sys.path.insert(0, "")
import numpy
start = time.perf_counter()
__import__(sys.argv[1])
print(time.perf_counter() - start)
"""


def _run(program: str, *args: str) -> float:
    command = [sys.executable, "-c", program, *args]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def bytes_per_node(module: str) -> float:
    """Resident memory of one recorded addition of 0-d tensors, in bytes."""
    return _run(_CHAIN, module, str(NODES)) / NODES


def import_seconds(module: str) -> float:
    """The time `module` takes to import, NumPy's own not counted: median of five."""
    return statistics.median(_run(_IMPORT, module) for _ in range(5))
