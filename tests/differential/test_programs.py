"""Whole programs, in the manner of the classics, print the same on PyTorch and on the reference.

They stand in ``tests/programs`` and are run unmodified, as ``python -m reference_impl`` runs them.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.torch

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted(p.stem for p in (ROOT / "tests" / "programs").glob("*.py"))
NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
# Runs programs one after the other and writes what each printed.
RUNNER = """
import contextlib, io, json, runpy, sys, traceback
kind, out, *programs = sys.argv[1:]
if kind == "reference":
    from reference_impl import alias
    alias.install()
import torch
printed = {}
for program in programs:
    text = io.StringIO()
    torch.manual_seed(0)
    with contextlib.redirect_stdout(text):
        try:
            runpy.run_path(program, run_name="__main__")
        except Exception:
            traceback.print_exc(file=text)
    torch.set_default_dtype(torch.float32)
    torch.set_printoptions(profile="default")
    printed[program] = text.getvalue()
json.dump(printed, open(out, "w"))
"""


def run_all(kind: str, folder: Path) -> dict[str, str]:
    out = folder / f"{kind}.json"
    paths = [str(ROOT / "tests" / "programs" / f"{name}.py") for name in PROGRAMS]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", "-c", RUNNER, kind, str(out), *paths]
    subprocess.run(command, env=env, cwd=folder, check=True)
    return {Path(path).stem: text for path, text in json.loads(out.read_text()).items()}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, str]]:
    """What every program prints, on PyTorch and on the reference."""
    folder = tmp_path_factory.mktemp("programs")
    return run_all("torch", folder), run_all("reference", folder)


def place(number: str) -> float:
    """One unit of the last digit that was printed."""
    digits, _, exponent = number.partition("e")
    return 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))


def same(theirs: str, ours: str) -> bool:
    """Whether two lines agree: words exactly, numbers up to rounding."""
    if NUMBER.sub("#", theirs).split() != NUMBER.sub("#", ours).split():
        return False
    pairs = zip(NUMBER.findall(theirs), NUMBER.findall(ours), strict=True)
    return all(
        a == b or abs(float(a) - float(b)) <= 1.01 * max(place(a), place(b), 1e-4 * abs(float(a)))
        for a, b in pairs
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_prints_the_same(name: str, printed: tuple[dict[str, str], dict[str, str]]) -> None:
    theirs, ours = (text[name].splitlines() for text in printed)
    assert theirs, f"{name} prints nothing"
    assert "Traceback (most recent call last):" not in theirs, "\n".join(theirs)
    differing = [
        f"line {i}\n  PyTorch   {a}\n  reference {b}"
        for i, (a, b) in enumerate(itertools.zip_longest(theirs, ours, fillvalue="nothing"), 1)
        if not same(a, b)
    ]
    assert not differing, "\n".join(differing[:5])


@pytest.mark.parametrize(
    ("theirs", "ours", "agree"),
    [
        ("loss 0.1234", "loss 0.1235", True),
        ("loss 0.1234", "loss 0.1237", False),
        ("loss 0.1234", "cost 0.1234", False),
        ("step 3", "step 5", False),
        ("tensor([1., 2.])", "tensor([1., 2.], grad_fn=<A>)", False),
        ("1.00e-03", "1.01e-03", True),
        ("12345.6789", "12345.9", True),
        ("12345.6789", "12349.9", False),
    ],
)
def test_what_counts_as_the_same(theirs: str, ours: str, agree: bool) -> None:
    assert same(theirs, ours) is agree
