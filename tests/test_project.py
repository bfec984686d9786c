"""What holds for the project as a whole: its promises, its borders, its size."""

from __future__ import annotations

import ast
import itertools
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAX_LINES = 600


@cache
def tracked(*patterns: str) -> list[Path]:
    """The files that git knows, deleted ones left out."""
    listing = subprocess.run(
        ["git", "ls-files", "--", *patterns], cwd=ROOT, capture_output=True, text=True
    )
    if listing.returncode:
        pytest.skip("not a git checkout, so there is no list of the project's files")
    return [path for line in listing.stdout.splitlines() if (path := ROOT / line).is_file()]


def text_of(path: Path) -> str | None:
    """The file's text, None for a picture or the like."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def imported_modules(source: str) -> set[str]:
    """The top-level names of every module that the source imports, at any depth."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


# The reference


def test_the_scan_for_imports_sees_every_form():
    source = "import torch.nn\ndef f():\n    from torch import ones\n    from . import torch_like"
    assert imported_modules(source) == {"torch"}


@pytest.mark.parametrize(
    "path", [str(path.relative_to(ROOT)) for path in (ROOT / "reference_impl").rglob("*.py")]
)
def test_the_reference_imports_neither_pytorch_nor_the_engine(path):
    source = (ROOT / path).read_text()
    assert not imported_modules(source) & {"torch", "crossgrad", "pytest_codeblocks"}


def test_importing_the_reference_is_light():
    heavy = ("torch", "scipy", "matplotlib", "cupy", "IPython", "pytest")
    code = f"import sys, reference_impl; print(*[m for m in {heavy} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (run.stdout.strip(), run.stderr) == ("", "")


def test_every_test_file_can_be_collected_without_pytorch():
    found = [
        str(path.relative_to(ROOT))
        for path in tracked("tests/*.py")
        if path.parent.name != "programs"  # those are run, not collected
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        and "torch" in imported_modules(ast.unparse(node))
    ]
    assert found == []  # pytest.importorskip("torch", reason=...) instead


# Promises of the README


def test_the_readme_names_only_make_targets_that_exist():
    named = set(re.findall(r"\bmake ([a-z]+)", (ROOT / "README.md").read_text()))
    assert {"site", "test"} <= named <= make_targets()


def test_the_readme_names_only_files_that_exist():
    text = (ROOT / "README.md").read_text()
    named = re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(r"\bdocs/[\w/-]+\.md\b", text)
    placeholders = {"docs/page.md", "docs/my-page.md"}
    assert [name for name in named if name not in placeholders and not (ROOT / name).exists()] == []


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / ".ci" / "run"], ids=lambda path: path.name)
def test_automation_calls_only_make_targets_that_exist(path):
    commands = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    assert set(re.findall(r"\bmake ([a-z]+)", "\n".join(commands))) <= make_targets()


# Borders


def test_no_tracked_file_names_a_path_of_one_machine():
    # Pyodide's home is a folder of the browser's own file system, the same everywhere.
    homes = r"(?<![\w.])/(?:home(?!/pyodide\b)|root|Users|opt)/\w"
    machine = re.compile(rf"{homes}|{re.escape(str(ROOT))}/")
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        if (text := text_of(path)) and path != Path(__file__) and (match := machine.search(text))
    ]
    assert found == []


def test_installing_names_no_index():
    files = tracked("Makefile", "*.toml", "*.txt", "*.yaml", ".github", ".ci", "*.json")
    installs = [path for path in files if "docs" not in path.relative_to(ROOT).parts]
    hosts = {
        host for path in installs for host in re.findall(r"https?://([\w.-]+)", text_of(path) or "")
    }
    assert hosts == set()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_pin_actions_by_commit_and_grant_nothing_by_default(path):
    text = path.read_text()
    uses = re.findall(r"uses: (.*)", text)
    assert uses == re.findall(r"uses: ([\w./-]+@[0-9a-f]{40} # v[\d.]+)", text)
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    assert all("permissions" in job for job in workflow["jobs"].values())


def test_pull_requests_never_reach_the_machine_with_the_gpu():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "cuda.yml").read_text())
    triggers = workflow[True]  # YAML reads the key `on` as a boolean
    assert not [trigger for trigger in triggers if trigger.startswith("pull_request")]


def test_every_requirement_has_a_pinned_version():
    def key(requirement: str) -> str:
        return re.match(r"[\w.-]+", requirement).group().lower().replace("_", "-")

    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[\w.-]+==[\w.]+( *;.*)?", line)] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *itertools.chain.from_iterable(extras)]
    assert {key(requirement) for requirement in wanted} <= {key(pin) for pin in pins}


# Size


def test_modules_stay_short():
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in tracked("crossgrad/*.py", "reference_impl/*.py", "tests/*.py")
    }
    assert {name for name, lines in sizes.items() if lines > MAX_LINES} == set()
