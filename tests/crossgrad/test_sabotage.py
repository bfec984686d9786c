"""Break things on purpose, and watch the check go red: it names page, line, field and values."""

from __future__ import annotations

import pytest

from crossgrad.errors import CrossgradError
from crossgrad.evidence import Disagreement
from crossgrad.scheduler import Limits

from .conftest import TORCH, Site, faulty

pytestmark = pytest.mark.torch

PAGE = """
    # A page

    ```python
    import torch

    x = torch.tensor([0.0, 1.0], requires_grad=True)
    ```

    ```python
    y = torch.mean(torch.add(torch.sin(x), x))
    y.backward()
    print(y)
    ```

    <!--pytest-codeblocks:expected-output-->
    ```text
    tensor(0.9207, grad_fn=<MeanBackward0>)
    ```

    <!--pytest-codeblocks:expect-exception-->
    ```python
    z = torch.add(x, 1)
    torch.matmul(x, torch.ones(3))
    ```

    <!--pytest-codeblocks:expected-output-->
    ```text
    RuntimeError: inconsistent tensor size, expected tensor [2] and src [3] to have the same \
number of elements, but got 2 and 3 elements respectively
    ```
    """


def fields(complaints: list[Disagreement]) -> dict[str, Disagreement]:
    return {complaint.field: complaint for complaint in complaints}


def test_nothing_is_red_before_the_sabotage(site: Site) -> None:
    site.write(PAGE)
    assert site.complaints(TORCH, faulty("none")) == []


@pytest.mark.parametrize(
    ("fault", "line", "field", "expected", "actual"),
    [
        ("wrong_derivative", 9, "x.grad.value", "[1.0, 0.7701511", "[0.0, 0.2298488"),
        ("wrong_dtype", 9, "y.dtype", "float32", "float64"),
        ("wrong_node_name", 21, "z.grad_fn", "AddBackward0", "SubBackward0"),
        (
            "wrong_message",
            21,
            "exception",
            "RuntimeError: inconsistent",
            "RuntimeError: these shapes",
        ),
        ("hasty", 9, "run", "the block ends", "its process ended with exit status 7"),
    ],
)
def test_a_fault_in_one_witness_is_named(
    site: Site, fault: str, line: int, field: str, expected: str, actual: str
) -> None:
    site.write(PAGE)
    complaint = fields(site.complaints(TORCH, faulty(fault)))[field]
    assert (complaint.page, complaint.line) == ("docs/page.md", line)
    assert complaint.witness == "saboteur"
    assert complaint.expected.startswith(expected)
    assert complaint.actual.startswith(actual)


def complaint_of(site: Site, text: str) -> Disagreement:
    """The one thing that is wrong with a page."""
    site.write(text)
    (complaint,) = site.complaints()
    return complaint


@pytest.mark.parametrize("edited", ["0.9208", "0.9207 ", "0.92", "0.9207,"])
def test_an_edited_output_is_named(site: Site, edited: str) -> None:
    complaint = complaint_of(site, PAGE.replace("0.9207", edited))
    assert (complaint.page, complaint.line) == ("docs/page.md", 9)
    assert (complaint.witness, complaint.field) == ("page", "output")
    assert complaint.expected == "tensor(0.9207, grad_fn=<MeanBackward0>)"
    assert complaint.actual == f"tensor({edited}, grad_fn=<MeanBackward0>)"


def test_an_output_edited_after_an_update_is_named(site: Site) -> None:
    path = site.write(PAGE)
    assert site.update().disagreements == []
    path.write_text(path.read_text().replace("0.9207", "0.9208"))
    (complaint,) = site.complaints()
    assert (complaint.field, complaint.against) == ("output", "evidence.json")
    assert complaint.actual == "tensor(0.9208, grad_fn=<MeanBackward0>)"


def test_an_output_that_is_gone_is_named(site: Site) -> None:
    complaint = complaint_of(site, "```python\nprint(1)\n```\n")
    assert (complaint.line, complaint.field) == (1, "output")
    assert (complaint.expected, complaint.actual) == ("1", "nothing")


def test_an_edited_error_message_is_named(site: Site) -> None:
    complaint = complaint_of(site, PAGE.replace("inconsistent", "consistent"))
    assert (complaint.line, complaint.witness, complaint.field) == (21, "page", "exception")
    assert complaint.expected.startswith("RuntimeError: inconsistent")
    assert complaint.actual.startswith("RuntimeError: consistent")


def test_an_exception_that_the_page_does_not_announce_is_named(site: Site) -> None:
    text = PAGE.replace("<!--pytest-codeblocks:expect-exception-->", "")
    complaint = complaint_of(site, text)
    assert complaint.field == "exception"
    assert complaint.actual == "no expect-exception"


def test_an_announced_exception_that_does_not_come_is_named(site: Site) -> None:
    complaint = complaint_of(
        site, "<!--pytest-codeblocks:expect-exception-->\n```python\nx = 1\n```\n"
    )
    assert (complaint.expected, complaint.actual) == ("no exception", "expect-exception")


def test_a_warning_that_the_page_does_not_show_is_named(site: Site) -> None:
    complaint = complaint_of(
        site,
        """
        ```python
        import warnings

        warnings.warn("mind the step")
        print("done")
        ```

        <!--pytest-codeblocks:expected-output-->
        ```text
        done
        ```
        """,
    )
    assert (complaint.page, complaint.line) == ("docs/page.md", 1)
    assert (complaint.witness, complaint.field) == ("page", "warnings")
    assert (complaint.expected, complaint.actual) == ("UserWarning: mind the step", "nothing")


ENDING = """
    ```python
    x = 1
    ```

    ```python
    {}
    ```

    ```python
    y = 2
    ```
    """


def test_an_endless_loop_costs_its_page_only(site: Site) -> None:
    site.limits = Limits(seconds=1.0)
    site.write(ENDING.format("while True: pass"), "endless.md")
    site.write("```python\nx = 1\n```\n", "other.md")
    result = site.verify()
    (complaint,) = result.disagreements
    assert (complaint.page, complaint.line) == ("docs/endless.md", 5)
    assert (complaint.witness, complaint.field) == ("torch-cpu", "run")
    assert complaint.actual == "it did not end within 1 s"
    statuses = [b.witnesses["torch-cpu"].status for b in result.evidence.pages["endless.md"].blocks]
    assert statuses == ["agrees", "failed", "failed"]
    last = result.evidence.pages["endless.md"].blocks[2].witnesses["torch-cpu"]
    assert last.reason == "the page ended at docs/endless.md:5: it did not end within 1 s"
    assert result.evidence.pages["other.md"].blocks[0].witnesses["torch-cpu"].status == "agrees"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os; os._exit(3)", "its process ended with exit status 3"),
        ("import os; os._exit(0)", "its process ended with exit status 0"),
        ("import os, signal; os.kill(os.getpid(), 11)", "its process was ended by SIGSEGV"),
        ("import ctypes; ctypes.string_at(0)", "its process was ended by SIGSEGV"),
    ],
)
def test_a_process_that_ends_is_named_with_its_block(site: Site, code: str, reason: str) -> None:
    complaint = complaint_of(site, ENDING.format(code))
    assert (complaint.line, complaint.field) == (5, "run")
    assert complaint.expected == "the block ends"
    assert complaint.actual == reason


@pytest.mark.parametrize(
    "code",
    [
        "x = []\n    while True: x.append(bytearray(b'x' * 10**7))",
        "import torch\n    x = [torch.ones(10**7) for _ in range(1000)]",
    ],
)
def test_a_block_that_eats_memory_is_stopped(site: Site, code: str) -> None:
    site.limits = Limits(seconds=60.0, bytes=3 << 29)
    complaint = complaint_of(site, ENDING.format(code))
    assert (complaint.line, complaint.field) == (5, "run")
    assert complaint.actual == "it took more than 1.5 GiB of memory"


def test_a_python_fence_that_would_be_skipped_stops_the_run(site: Site) -> None:
    site.write("# Title\n\n```py\nprint(1)\n```\n")
    with pytest.raises(CrossgradError, match=r"docs/page\.md:3: the fence '```py' .* never run"):
        site.verify()


@pytest.mark.parametrize(
    ("code", "field"),
    [
        ("import time\nprint(time.time_ns())", "output"),
        ("import random\nx = torch.tensor(random.random())", "x.value"),
        ("torch.seed()\nx = torch.rand(2)", "x.value"),
        ("x = torch.empty(3)", "x.value"),
        ("import numpy\nx = torch.from_numpy(numpy.random.rand(2))", "x.value"),
    ],
)
def test_a_result_that_changes_from_run_to_run_is_named(site: Site, code: str, field: str) -> None:
    site.write("```python\nimport torch\n```\n\n```python\n" + code + "\n```\n")
    complaint = fields(site.complaints())[field]
    found = [c for c in site.complaints() if c.against == "its own second run"]
    assert [c.field for c in found] == [field]
    assert (complaint.page, complaint.line) == ("docs/page.md", 5)
    assert found[0].expected != found[0].actual


def test_a_known_difference_is_no_disagreement_and_must_occur(site: Site) -> None:
    announced = """
        ```python
        import torch

        x = torch.ones(2, requires_grad=True)
        ```

        <!--crossgrad:known-difference torch-cpu z.grad_fn because nodes are named after history-->
        ```python
        z = torch.add(x, 1)
        ```
        """
    site.write(announced)
    (missing,) = site.complaints(faulty("none"), TORCH)
    assert (missing.line, missing.field) == (8, "known-difference")
    assert missing.expected == "a difference in z.grad_fn"

    result = site.verify(faulty("wrong_node_name"), TORCH)
    assert result.disagreements == []
    (known,) = result.evidence.pages["page.md"].blocks[1].known_differences
    assert (known.witness, known.reason) == ("torch-cpu", "nodes are named after history")
    assert (known.expected, known.actual) == ("SubBackward0", "AddBackward0")


def test_an_output_of_a_block_that_nobody_has_run_is_named(site: Site) -> None:
    block = "<!--crossgrad:requires cuda-->\n```python\nprint(1)\n```\n\n"
    text = block + "<!--pytest-codeblocks:expected-output-->\n```text\n1\n```\n"
    complaint = complaint_of(site, text)
    assert (complaint.line, complaint.witness, complaint.field) == (2, "page", "output")
    assert (complaint.expected, complaint.actual) == ("nothing", "1")
