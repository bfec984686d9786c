"""The command line: what it prints, and the one sentence that answers a bad request."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from crossgrad import cli, witnesses

ROOT = Path(__file__).resolve().parents[2]
GOOD = (
    "```python\nimport torch\n\nprint(torch.ones(2))\n```\n\n"
    "<!--pytest-codeblocks:expected-output-->\n```text\ntensor([1., 1.])\n```\n"
)
torch = pytest.mark.torch


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = cli.main(arguments)
    printed = capsys.readouterr()
    return status, printed.out, printed.err


@torch
def test_verify_prints_every_page_and_the_sum(
    docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(docs / "index.md", GOOD)
    write(docs / "sub" / "prose.md", "# No code\n")
    write(docs / "sub" / "two.md", "```python\nx = 1\n```\n\n```python\ny = 1\n```\n")
    status, out, err = run(capsys, "verify", "--witness", "torch-cpu")
    assert status == 0
    assert out.splitlines() == [
        "docs/index.md     1 block × 1 witness  all agree",
        "docs/sub/two.md  2 blocks × 1 witness  all agree",
        "",
        "3 blocks, 1 witness, 0 disagreements",
    ]
    assert "docs/index.md torch-cpu" in err


@torch
def test_verify_fails_with_a_readable_diff(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(docs / "index.md", GOOD.replace("1., 1.", "1., 2."))
    write(docs / "many.md", "```python\nprint('a\\nb')\n```\n")
    status, out, _ = run(capsys, "verify", "--witness", "torch-cpu")
    assert status == 1
    assert out.split("\n\n", 1)[1].splitlines() == [
        "docs/index.md:1  output: the page and torch-cpu disagree",
        "    torch-cpu  tensor([1., 1.])",
        "    the page   tensor([1., 2.])",
        "",
        "docs/many.md:1  output: the page and torch-cpu disagree",
        "    --- torch-cpu",
        "    +++ the page",
        "    @@ -1,2 +1 @@",
        "    -a",
        "    -b",
        "    +nothing",
        "",
        "2 blocks, 1 witness, 2 disagreements",
    ]


@torch
def test_only_the_named_pages_are_verified(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = write(docs / "index.md", GOOD)
    write(docs / "sub" / "bad.md", "```py\n```\n")
    for arguments in (
        [str(page), "--witness", "torch-cpu"],
        ["--witness", "torch-cpu", str(page)],
        ["docs/index.md", "docs/index.md", "--witness", "torch-cpu"],
    ):
        status, out, _ = run(capsys, "verify", *arguments)
        assert (status, out.splitlines()[-1]) == (0, "1 block, 1 witness, 0 disagreements")


@torch
def test_what_has_not_changed_is_not_run_again(
    docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = write(docs / "index.md", GOOD + "\n```python\nx = 1\n```\n")
    command = ("verify", "--witness", "torch-cpu")
    assert "docs/index.md torch-cpu again" in run(capsys, *command)[2]
    assert run(capsys, *command)[2] == ""
    assert "docs/index.md" in run(capsys, *command, "--fresh")[2]
    page.write_text(page.read_text() + "More prose.\n")
    assert run(capsys, *command)[2] == ""
    page.write_text(page.read_text().replace("x = 1", "x = 2"))
    assert "docs/index.md" in run(capsys, *command)[2]


@torch
def test_update_then_verify_then_report(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = write(docs / "index.md", GOOD.split("\n\n<!--")[0] + "\n")
    only = ("--witness", "torch-cpu")
    assert run(capsys, "update", *only)[0] == 0
    assert page.read_text() == GOOD
    assert run(capsys, "verify", *only)[0] == 0
    status, out, _ = run(capsys, "report")
    assert (status, out.splitlines()[-1]) == (0, "1 block, 1 witness, 0 disagreements")


@torch
def test_report_writes_junit_and_json(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(docs / "index.md", GOOD.replace("1., 1.", "1., 2."))
    write(docs / "gpu.md", "<!--crossgrad:requires cuda-->\n```python\nx = 1\n```\n")
    run(capsys, "verify", "--witness", "torch-cpu")
    assert run(capsys, "report", "--format", "junit", "--output", "found.xml")[0] == 0
    suite = ElementTree.parse("found.xml").getroot()
    assert {key: suite.get(key) for key in ("tests", "failures", "skipped")} == {
        "tests": "2",
        "failures": "1",
        "skipped": "1",
    }
    failed = suite.find("testcase[@classname='docs/index.md']")
    assert failed is not None
    assert failed.get("name") == "L1[torch-cpu]"
    assert "tensor([1., 2.])" in (failed.findtext("failure") or "")
    status, out, _ = run(capsys, "report", "docs/index.md", "--format", "json")
    assert status == 0
    assert list(json.loads(out)["pages"]) == ["index.md"]


def test_a_witness_that_cannot_run_is_reported_with_the_reason(
    docs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witnesses, "gpu_name", lambda: "")
    monkeypatch.setattr(witnesses, "cupy_version", lambda: "")
    write(docs / "index.md", "# No code\n")
    out = run(capsys, "verify")[1]
    assert "cupy is not available: CuPy is not installed" in out
    monkeypatch.setattr(witnesses, "version_of", lambda name: "")
    out = run(capsys, "verify")[1]
    assert "torch-cpu is not available: PyTorch is not installed" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["verify", "--witness", "jax"], "no witness is called 'jax'; there are torch-cpu, "),
        (["verify", "docs/none.md"], "there is no page docs/none.md"),
        (["verify", "--docs", "nowhere"], "there is no folder nowhere; name the docs folder"),
        (
            ["verify", "docs/bad.md"],
            "docs/bad.md:3: the fence '```py' would be shown but",
        ),
        (
            ["update", "docs/bad.md"],
            "docs/bad.md:3: the fence '```py' would be shown but",
        ),
        (["verify", "docs/open.md"], "docs/open.md:1: this fence is never closed"),
        (["verify", "docs/binary.md"], "docs/binary.md cannot be read as a page"),
        (["verify", "--witness", "cupy"], "cupy cannot run here: CuPy is not installed"),
        (["report", "docs/good.md"], "there is no evidence of these pages yet; run `crossgrad ver"),
        (["report", "docs/none.md"], "there is no page docs/none.md"),
    ],
)
def test_a_bad_request_gets_one_sentence_and_status_2(
    docs: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.setattr(witnesses, "cupy_version", lambda: "")
    write(docs / "bad.md", "# A page\n\n```py\n```\n")
    write(docs / "open.md", "```python\n")
    write(docs / "good.md", GOOD)
    (docs / "binary.md").write_bytes(b"\xff\xfe")
    before = {path: path.read_bytes() for path in docs.rglob("*")}
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"crossgrad: {sentence}")
    assert err.count("\n") == 1
    assert {path: path.read_bytes() for path in docs.rglob("*")} == before


@pytest.mark.parametrize(
    "arguments",
    [[], ["verfy"], ["verify", "--timeout", "0"], ["verify", "--memory", "much"], ["verify", "-x"]],
)
def test_a_command_line_that_makes_no_sense_gets_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "crossgrad" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["verify", "update", "report"])
def test_help_is_complete(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main([command, "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for word in ("PAGES", "--docs", "--witness", "torch-cuda", "exit status"):
        assert word in text


def test_an_evidence_file_that_is_none_is_refused(
    docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(docs / "index.md", GOOD)
    for text in ("{", "[]", '{"format": 9}', '{"format": 1}'):
        write(docs / "evidence.json", text)
        status, _, err = run(capsys, "report")
        assert status == 2
        assert err.startswith("crossgrad: docs/evidence.json is not an evidence file")


def test_a_docs_folder_that_cannot_be_written_is_refused(
    docs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from crossgrad import update

    original = update.tempfile.TemporaryFile

    def fail_there(dir: Path | None = None) -> object:
        if dir is not None:
            raise PermissionError(13, "Permission denied")
        return original()

    write(docs / "index.md", GOOD)
    monkeypatch.setattr(update.tempfile, "TemporaryFile", fail_there)
    status, out, err = run(capsys, "update")
    assert (status, out) == (2, "")
    assert err.startswith("crossgrad: the folder docs cannot be written (Permission denied)")


@torch
@pytest.mark.parametrize("command", ["verify", "update"])
def test_ctrl_c_ends_everything_with_status_130(docs: Path, command: str) -> None:
    write(docs / "a.md", "```python\nprint(1)\n```\n")
    begun = docs / "begun"
    code = f"open({str(begun)!r}, 'w')\nwhile True: pass"
    write(docs / "slow.md", f"```python\n{code}\n```\n")
    before = {path: path.read_bytes() for path in docs.glob("*.md")}
    process = subprocess.Popen(
        [sys.executable, "-m", "crossgrad.cli", command, "--witness", "torch-cpu"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not begun.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "crossgrad: stopped; no page is left half-written"
    assert out == ""
    begun.unlink()
    assert {path: path.read_bytes() for path in docs.rglob("*.md")} == before
