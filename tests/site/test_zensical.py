"""Zensical builds the same site from the same mkdocs.yml: its blocks, verdicts and tools."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from crossgrad.browser import pyodide
from crossgrad.site.finish import finish

from .conftest import ROOT

pytest.importorskip("zensical", reason="Zensical could not be installed")


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The site as Zensical builds it, finished like any other."""
    folder = tmp_path_factory.mktemp("zensical")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    for name in ("docs", "overrides", ".crossgrad"):
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, folder / name)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "CROSSGRAD_SITE_URL": ""}
    command = [sys.executable, "-m", "zensical", "build", "--clean"]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert finish(folder / "site") == pyodide.problem()
    return folder / "site"


def pages(site: Path) -> dict[str, BeautifulSoup]:
    """All pages but notebooks, which Zensical does not show; their verdicts stand on a page."""
    found = {path.relative_to(site).as_posix(): path for path in site.rglob("index.html")}
    return {
        name: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for name, path in found.items()
        if not name.startswith("notebooks/")
    }


def told(soup: BeautifulSoup) -> dict[str, list[str]]:
    """What a page tells of its blocks."""
    return {
        "code": [one.get_text() for one in soup.select(".language-python code")],
        "output": [one.get_text() for one in soup.select(".output code")],
        "verdict": [one.get_text() for one in soup.select(".verdict details")],
        "picture": [one["aria-label"] for one in soup.select("figure.picture > svg")],
        "formula": [one["alttext"] for one in soup.select("math")],
        "tools": [one.get_text() for one in soup.select(".page-tools :is(a, button)")],
    }


def test_each_page_has_the_same_blocks_outputs_verdicts_and_tools(site, built):
    expected, found = pages(site), pages(built)
    assert sorted(found) == sorted(expected)
    different = [name for name in expected if told(found[name]) != told(expected[name])]
    assert different == []
    assert sum(len(told(soup)["verdict"]) for soup in found.values()) > 200
