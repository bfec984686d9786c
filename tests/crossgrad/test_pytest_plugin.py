"""One pytest item for each block and witness; silent in projects that have no pages."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree

import pytest

from crossgrad.witnesses import NAMES

GOOD = "```python\nprint(1)\n```\n\n<!--pytest-codeblocks:expected-output-->\n```text\n1\n```\n"
PAGE = (
    GOOD
    + "\n```python\nprint(2)\n```\n\n<!--crossgrad:skip torch-cpu because slow-->\n"
    + ("```python\nx = 1\n```\n")
)

pytest_plugins = ["pytester"]


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    installed = {point.name for point in entry_points(group="pytest11")}
    if "crossgrad" not in installed:
        pytester.makeini("[pytest]\naddopts = -p crossgrad.pytest_plugin\n")
    docs = pytester.mkdir("docs")
    (docs / "index.md").write_text(PAGE)
    return pytester


def collected(project: pytest.Pytester, *arguments: str) -> list[str]:
    result = project.runpytest_inprocess("--collect-only", "-q", *arguments)
    return [line for line in result.outlines if "::" in line]


def test_a_named_page_is_collected_as_blocks_and_witnesses(project: pytest.Pytester) -> None:
    assert collected(project, "docs/index.md") == [
        f"docs/index.md::L{line}[{name}]" for line in (1, 10, 15) for name in NAMES
    ]


def test_a_block_can_be_named(project: pytest.Pytester) -> None:
    only = "docs/index.md::L10[torch-cpu]"
    assert collected(project, only) == [only]
    assert collected(project, "docs/index.md", "-k", "numpy and L15") == [
        "docs/index.md::L15[numpy]"
    ]


@pytest.mark.parametrize("arguments", [[], ["docs"], ["."]])
def test_other_projects_see_nothing_of_it(project: pytest.Pytester, arguments: list[str]) -> None:
    assert collected(project, *arguments) == []


def test_a_flag_and_a_folder_with_evidence_are_collected(project: pytest.Pytester) -> None:
    count = 3 * len(NAMES)
    assert len(collected(project, "--crossgrad")) == count
    Path("docs/evidence.json").write_text('{"format": 1, "witnesses": {}, "pages": {}}')
    assert len(collected(project, "docs")) == count


@pytest.mark.torch
def test_verdicts_become_outcomes(project: pytest.Pytester) -> None:
    result = project.runpytest_inprocess(
        "docs/index.md", "-k", "torch-cpu", "-rs", "--junitxml=j.xml"
    )
    others = 3 * (len(NAMES) - 1)  # three blocks, and all witnesses but one are deselected
    result.assert_outcomes(passed=1, failed=1, skipped=1, deselected=others)
    result.stdout.fnmatch_lines(
        [
            "docs/index.md:10  output: the page and torch-cpu disagree",
            "    torch-cpu  2",
            "    the page   nothing",
            "SKIPPED * docs/index.md: slow",
        ]
    )
    cases = ElementTree.parse("j.xml").getroot().iter("testcase")
    assert [case.get("name") for case in cases] == [f"L{n}[torch-cpu]" for n in (1, 10, 15)]
    again = project.runpytest_inprocess("docs/index.md", "--lf", "-k", "torch-cpu")
    again.assert_outcomes(failed=1)


def test_a_page_that_does_not_parse_is_one_sentence(project: pytest.Pytester) -> None:
    Path("docs/bad.md").write_text("```py\n```\n")
    result = project.runpytest_inprocess("docs/bad.md")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["docs/bad.md:1: the fence '```py' would be shown but never run*"])
    result.stdout.no_fnmatch_line("*Traceback*")
