"""The eight code blocks of the source document print the same on PyTorch and on the reference.

They run as one session in a fresh interpreter each: `python script.py` where `torch` is PyTorch,
and `python -m reference_impl script.py`. What a block prints and the warnings it raises are
compared word for word, with one exception that is named below.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_codeblocks import extract_from_file

pytestmark = pytest.mark.torch

DOCUMENT = Path(__file__).with_name("source_document.md")
BLOCKS = [block.code for block in extract_from_file(DOCUMENT) if block.syntax == "python"]
REPOSITORY = Path(__file__).parents[2]
MARKER = "=== next block ==="

ON_PYTORCH = [sys.executable]
ON_THE_REFERENCE = [sys.executable, "-m", "reference_impl"]


@dataclass(frozen=True)
class Session:
    """What came of the document: the text of each block, the warnings, and the exit status."""

    outputs: list[str]
    errors: str
    status: int


def run(command: list[str], script: Path, blocks: list[str]) -> Session:
    """Run blocks as one script; a line between them tells their outputs apart."""
    script.write_text(f"print({MARKER!r})\n".join(blocks), encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    result = subprocess.run(
        [*command, script.name],
        cwd=script.parent,
        env={**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": ""},
        capture_output=True,
        text=True,
        timeout=120,
    )
    errors = result.stderr.replace(f"{script.parent}{os.sep}", "")  # Python shows the full path
    return Session(result.stdout.split(MARKER + "\n"), errors, result.returncode)


@pytest.fixture(scope="module")
def pytorch(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return run(ON_PYTORCH, tmp_path_factory.mktemp("pytorch") / "document.py", BLOCKS)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return run(ON_THE_REFERENCE, tmp_path_factory.mktemp("reference") / "document.py", BLOCKS)


def test_the_document_has_eight_blocks() -> None:
    assert len(BLOCKS) == 8


def test_the_session_runs_to_its_end_on_both(pytorch: Session, reference: Session) -> None:
    assert (pytorch.status, len(pytorch.outputs)) == (0, 8), pytorch.errors
    assert (reference.status, len(reference.outputs)) == (0, 8), reference.errors


def test_the_first_block_prints_one_version_on_each(pytorch: Session, reference: Session) -> None:
    # The exception: PyTorch and the reference each print a version of their own.
    assert len(pytorch.outputs[0].splitlines()) == len(reference.outputs[0].splitlines()) == 1


@pytest.mark.parametrize("number", range(2, 9))
def test_a_block_prints_the_same_on_both(number: int, pytorch: Session, reference: Session) -> None:
    assert reference.outputs[number - 1] == pytorch.outputs[number - 1]


def test_what_pytorch_prints_is_what_the_tutorial_says(pytorch: Session) -> None:
    printed = "".join(pytorch.outputs[1:])
    assert printed == (
        "tensor([1, 2, 3])\n"
        "torch.Size([3])\n"
        "tensor(4., grad_fn=<AddBackward0>)\n"
        "tensor(2.)\n"
        "tensor(1.)\n"  # at two the gradient is right, whatever the document says of it
        "tensor(1.)\n"
        "tensor(0.)\n"
    )


def test_both_warn_that_a_function_is_instantiated(pytorch: Session, reference: Session) -> None:
    assert "should not be instantiated" in pytorch.errors
    assert reference.errors == pytorch.errors


def test_a_block_that_printed_something_else_would_be_noticed(
    reference: Session, tmp_path: Path
) -> None:
    altered = [*BLOCKS[:3], BLOCKS[3].replace("t*2", "t*3"), *BLOCKS[4:]]
    other = run(ON_THE_REFERENCE, tmp_path / "document.py", altered)
    differing = [i for i in range(8) if other.outputs[i] != reference.outputs[i]]
    assert differing == [3]
