"""How long verifying takes beside running the same blocks once in one process with torch.

    python -m benchmarks.verify [--docs DIR] [--repeat N]

Both from cold, in turn, N times; the ratio is of the medians. Then once more with nothing changed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

ONCE = """
import contextlib, io, json, os, sys, tempfile
import torch
pages = json.load(open(sys.argv[1]))
for page in pages:
    os.chdir(tempfile.mkdtemp())
    torch.manual_seed(0)
    namespace = {"__name__": "__main__"}
    for number, code in enumerate(page):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
            exec(compile(code, f"block {number}", "exec"), namespace)
"""


def main() -> None:
    """Measure, and print the ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verify", description=__doc__)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        docs = Path(folder) / "docs"
        shutil.copytree(options.docs, docs)
        blocks = write_blocks(docs, Path(folder) / "blocks.json")
        script = Path(folder) / "once.py"
        script.write_text(ONCE, encoding="utf-8")
        once = [sys.executable, "-W", "ignore", str(script), str(Path(folder) / "blocks.json")]
        verify = [sys.executable, "-m", "crossgrad.cli", "verify", "--docs", str(docs)]
        verify += ["--witness", "torch-cpu", "numpy"]
        single, cold = [], []
        for _ in range(options.repeat):
            single.append(seconds(once, folder))
            shutil.rmtree(Path(folder) / ".crossgrad", ignore_errors=True)
            cold.append(seconds(verify, folder))
        again = seconds(verify, folder)
    a, b = statistics.median(single), statistics.median(cold)
    print(f"{blocks} blocks once, in one process with torch:  {a:6.2f} s")
    print(f"crossgrad verify on two witnesses, from cold:  {b:6.2f} s")
    print(f"ratio:                                         {b / a:6.2f}")
    print(f"crossgrad verify again, nothing changed:       {again:6.2f} s")


def write_blocks(docs: Path, path: Path) -> int:
    """Write the code that runs on a CPU, page by page, as JSON; returns the number of blocks."""
    import json

    from crossgrad.verify import read_pages

    pages = [
        [block.code for block in page.blocks if not block.requires_cuda]
        for page in read_pages([], docs)
    ]
    path.write_text(json.dumps(pages), encoding="utf-8")
    return sum(map(len, pages))


def seconds(command: list[str], folder: str) -> float:
    """How long a command takes, with one thread for each process."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    environment = {**os.environ, **threads, "PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
