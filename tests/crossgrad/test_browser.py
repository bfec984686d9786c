"""Pyodide: fetched against hashes, one page after another without a trace, and live for readers."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from crossgrad.browser import fetch, pyodide
from crossgrad.scheduler import Limits
from crossgrad.witnesses import WITNESSES

WASM = WITNESSES["wasm"]
needs_pyodide = pytest.mark.skipif(bool(WASM.problem()), reason=f"needs Pyodide: {WASM.problem()}")

# Fetching


@pytest.fixture
def wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where a wheel with the content b"numpy" is wanted."""
    locked = {"file_name": "numpy.whl", "sha256": hashlib.sha256(b"numpy").hexdigest()}
    monkeypatch.setattr(fetch, "lock", lambda: {"packages": {"numpy": locked}})
    monkeypatch.setattr(fetch, "numpy_wheel", lambda: tmp_path / "kept" / "numpy.whl")
    return tmp_path / "kept" / "numpy.whl"


def refuse(name: str) -> bytes:
    raise OSError("out of reach")


def test_the_wheel_comes_from_the_first_source_that_has_it(
    monkeypatch: pytest.MonkeyPatch, wheel: Path
) -> None:
    sources = {"one": refuse, "two": lambda name: b"numpy", "three": lambda name: b"never asked"}
    monkeypatch.setattr(fetch, "SOURCES", sources)
    fetch._fetch_wheel()
    assert wheel.read_bytes() == b"numpy"
    assert list(wheel.parent.iterdir()) == [wheel]


def test_a_wheel_with_another_hash_is_refused(monkeypatch: pytest.MonkeyPatch, wheel: Path) -> None:
    monkeypatch.setattr(fetch, "SOURCES", {"one": refuse, "two": lambda name: b"numpy and more"})
    with pytest.raises(
        fetch.Unobtainable, match="one: out of reach; two: the file has another hash"
    ):
        fetch._fetch_wheel()
    assert not wheel.exists()


def test_the_folder_that_a_variable_names_is_a_source(
    monkeypatch: pytest.MonkeyPatch, wheel: Path, tmp_path: Path
) -> None:
    (tmp_path / "numpy.whl").write_bytes(b"numpy")
    monkeypatch.setenv(fetch.WHEELS_VARIABLE, str(tmp_path))
    fetch._fetch_wheel()
    assert wheel.read_bytes() == b"numpy"


def test_what_cannot_be_had_is_one_sentence_and_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unobtainable() -> None:
        raise fetch.Unobtainable("npm is out of reach")

    monkeypatch.setattr(fetch, "fetch", unobtainable)
    assert fetch.main() == 0
    expected = "Live blocks and the witness wasm are left out: npm is out of reach.\n"
    assert capsys.readouterr().out == expected


def test_npm_is_told_to_run_no_package_s_own_scripts() -> None:
    assert "ignore-scripts=true" in (pyodide.LIVE / ".npmrc").read_text().split()


# The witness


@needs_pyodide
def test_wasm_agrees_and_its_pages_know_nothing_of_each_other(site) -> None:
    site.write(
        """
        ```python
        import os, torch
        print(torch.tensor([1, 2]).argmax(), torch.arange(2).dtype, os.listdir())
        open("left", "w").close()
        torch.Tensor.planted = 1
        torch.set_default_dtype(torch.float64)
        ```
        """,
        "a.md",
    )
    site.write(
        """
        ```python
        import os, torch
        print(hasattr(torch.Tensor, "planted"), torch.ones(1), os.listdir())
        ```
        """,
        "b.md",
    )
    numpy = WITNESSES["numpy"]
    found = site.verify(numpy, WASM)
    assert [d for d in found.disagreements if d.witness == "wasm"] == []
    (record,) = found.runs["b.md"].runs["wasm"].records
    assert record.output == "False tensor([1.]) []"


@needs_pyodide
def test_a_block_without_end_costs_one_page(site) -> None:
    site.limits = Limits(seconds=3)
    site.write("```python\nwhile True: pass\n```\n", "a.md")
    site.write("```python\nprint(1)\n```\n", "b.md")
    runs = site.verify(WASM).runs
    assert runs["a.md"].runs["wasm"].ended == (0, "it did not end within 3 s")
    assert runs["b.md"].runs["wasm"].records[0].output == "1"


def test_what_a_page_changes_is_put_back() -> None:
    order = {
        "witness": {"name": "wasm", "binding": "reference_impl", "device": "cpu"},
        "blocks": [
            {
                "code": "import os, sys, numpy\nos.environ['X'] = '1'\nsys.path.append('x')\n"
                "numpy.set_printoptions(3)\nprint('hello')",
                "filename": "page.md",
                "offset": 0,
                "echoes": False,
                "runs": True,
                "pictures": [],
            }
        ],
    }
    script = (
        "import json, os, sys, numpy\n"
        "from crossgrad.browser.witness import run\n"
        "def state(): return (sys.path[:], dict(os.environ), os.getcwd(), sys.stdout,\n"
        "    'torch' in sys.modules, numpy.get_printoptions(), sys.modules['__main__'])\n"
        "before, told = state(), []\n"
        f"run({json.dumps(order)!r}, told.append)\n"
        "assert state() == before\n"
        "print(json.loads(told[1])['record']['output'])\n"
    )

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ran.stdout.strip(), ran.returncode) == ("hello", 0), ran.stderr


# For readers


SESSION = """
import json
from crossgrad.browser import session
told = []
def run(page, code, number=1, expected="", pictures=()):
    block = {"code": code, "filename": f"block {number}", "offset": 0, "echoes": False,
             "pictures": list(pictures), "expected": expected}
    told.clear()
    return json.loads(session.run(page, json.dumps(block), lambda *what: told.append(what)))
"""


def session(script: str) -> None:
    """Run a script on a reader's session, in a process of its own, where `torch` is not PyTorch."""

    code = SESSION + textwrap.dedent(script)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_a_reader_s_block_is_compared_with_what_the_page_shows() -> None:
    session(
        """
        assert run("a", "print(0.12345679)", expected="0.12345678") == {"error": None, "same": True}
        assert not run("a", "print(1)", expected="2")["same"]
        """
    )


def test_output_warnings_and_error_come_in_the_order_of_the_page() -> None:
    session(
        """
        code = "import warnings\\nwarnings.warn('mind')\\nprint('x')\\n1 / 0"
        error = "ZeroDivisionError: division by zero"
        outcome = run("a", code, expected="x\\nUserWarning: mind\\n" + error)
        assert outcome == {"error": error, "same": True}
        assert "".join(text for kind, text in told if kind == "text") == "x\\nUserWarning: mind\\n"
        lines = told[-1][1].splitlines()
        assert lines[1:3] == ['  File "block 1", line 4, in <module>', "    1 / 0"]
        """
    )


def test_blocks_of_a_page_share_names_and_pages_do_not() -> None:
    session(
        """
        run("a", "x = 1")
        assert run("a", "print(x)", 2)["error"] is None
        assert run("b", "print(x)")["error"].startswith("NameError")
        session.forget("a")
        assert run("a", "print(x)")["error"].startswith("NameError")
        """
    )


def test_a_picture_is_drawn_anew_or_the_reason_is_told() -> None:
    session(
        """
        picture = {"kind": "graph", "names": ["y"], "alt": "a graph", "options": {}}
        run("a", "import torch\\ny = torch.ones(1, requires_grad=True) * 2", pictures=[picture])
        assert told[-1][0] == "picture" and "MulBackward0" in told[-1][1]
        run("b", "pass", pictures=[picture])
        assert told[-1][1].startswith("There is no picture: NameError")
        """
    )


def test_a_flood_of_output_is_cut() -> None:
    session(
        """
        run("a", "for i in range(100_000): print('x' * 10)")
        assert sum(len(text) for kind, text in told) < session.LIMIT + 100
        assert "cut off" in told[-1][1]
        """
    )


def test_the_archive_is_the_same_each_time_and_holds_no_source(tmp_path: Path) -> None:
    code = (
        "import hashlib, io, sys, zipfile\n"
        "from crossgrad.browser.archive import pack\n"
        f"data = pack({str(pyodide.ROOT)!r})\n"
        "names = zipfile.ZipFile(io.BytesIO(data)).namelist()\n"
        "assert 'reference_impl/tensor.pyc' in names\n"
        "assert 'crossgrad/browser/session.pyc' in names\n"
        "assert not [n for n in names if n.endswith('.py') or 'crossgrad/sched' in n]\n"
        "print(hashlib.sha256(data).hexdigest())\n"
    )

    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True) for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout != b"", runs[0].stderr
