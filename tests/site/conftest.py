"""A small docs folder with evidence to order, and the real site, built once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from markdown import Markdown

from crossgrad.evidence import BlockEvidence, Evidence, PageEvidence, WitnessVerdict, save
from crossgrad.pages import normalised, read_page

ROOT = Path(__file__).parents[2]
DATE = "2026-11-23T10:40:00+00:00"
VERSIONS = {
    "torch-cpu": {"torch": "2.13.0+cpu", "numpy": "2.4.6"},
    "torch-cuda": {"torch": "2.13.0+cu130", "numpy": "2.4.6"},
    "numpy": {"numpy": "2.4.6"},
    "cupy": {"cupy": "14.2.0", "numpy": "2.4.6"},
    "wasm": {"numpy": "2.0.2", "python": "3.12.7", "pyodide": "0.27.7"},
}
EXTENSIONS = ["attr_list", "md_in_html", "tables", "pymdownx.superfences", "pymdownx.highlight"]

# PyTorch is out of reach for this process, installed or not.
WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
from mkdocs.__main__ import cli
cli()
"""


def agrees(name: str, **changes) -> WitnessVerdict:
    """What a witness says that ran a block and agreed, with changes."""
    found = {"date": DATE, "device": "a processor", "versions": VERSIONS[name]}
    return WitnessVerdict(**{"status": "agrees", **found, **changes})


class Docs:
    """A docs folder of one or more pages; evidence is added where a test wants it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.evidence = Evidence()
        self.write("verification.md", "# How verification works\n")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def verify(self, name: str, witnesses=("torch-cpu", "numpy"), **changes) -> list[BlockEvidence]:
        """Make evidence in which these witnesses agree on each block of a page."""
        found = [
            BlockEvidence(
                block.line,
                block.hash,
                normalised(block.expected_output or ""),
                {witness: agrees(witness, **changes) for witness in witnesses},
            )
            for block in read_page(self.folder / name, self.folder).blocks
        ]
        self.evidence.pages[name] = PageEvidence(found)
        return found

    def html(self, name: str) -> str:
        """The page as the site shows it."""
        save(self.evidence, self.folder / "evidence.json")
        extension = {"crossgrad.markdown_extension": {"docs_dir": str(self.folder)}}
        options = {
            "pymdownx.highlight": {"pygments_lang_class": True},
            "pymdownx.arithmatex": {"generic": True},
        }
        markdown = Markdown(
            extensions=[*EXTENSIONS, "pymdownx.arithmatex", *extension],
            extension_configs=options | extension,
        )
        return markdown.convert((self.folder / name).read_text(encoding="utf-8"))

    def soup(self, name: str) -> BeautifulSoup:
        return BeautifulSoup(self.html(name), "html.parser")


@pytest.fixture
def docs(tmp_path) -> Docs:
    return Docs(tmp_path / "docs")


def build(folder: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of a folder that holds mkdocs.yml, without PyTorch."""
    command = [sys.executable, "-c", WITHOUT_TORCH, "build", "--strict", "--site-dir", str(site)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """The project's own site."""
    folder = tmp_path_factory.mktemp("site")
    run = build(ROOT, folder)
    assert run.returncode == 0, run.stderr
    return folder
