"""The project's own site, as readers get it: built without PyTorch, every block with evidence."""

import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from crossgrad.pages import find_pages, read_page
from crossgrad.site.judgement import DISAGREE, EDITED, MISSING, STALE

from .conftest import ROOT, build

DOCS = ROOT / "docs"
PAGES = {path.relative_to(DOCS).as_posix(): read_page(path, DOCS) for path in find_pages(DOCS)}
MARKDOWN = [name for name, page in PAGES.items() if not page.is_notebook]
NOTEBOOKS = [name for name, page in PAGES.items() if page.is_notebook]
UNPROVEN = {f"verdict-{state}" for state in (DISAGREE, EDITED, MISSING, STALE)}


def html(site: Path, name: str) -> BeautifulSoup:
    """A built page."""
    plain = name.rsplit(".", 1)[0].removesuffix("index")
    return BeautifulSoup((site / plain / "index.html").read_text(encoding="utf-8"), "html.parser")


@pytest.mark.parametrize("name", MARKDOWN)
def test_every_python_block_of_a_built_page_has_evidence(site, name):
    article = html(site, name).article
    shown = [box for box in article.select("div.highlight") if looks_like_python(box)]
    verdicts = article.select("div.verdict:not(#notebooks ~ div.verdict)")
    assert len(shown) == len(verdicts) == len(PAGES[name].blocks)
    unproven = [v.summary.get_text() for v in verdicts if UNPROVEN & set(v["class"])]
    assert unproven == [], "run: crossgrad verify"


def looks_like_python(box) -> bool:
    return any(word.startswith(("language-py", "language-ipy")) for word in box["class"])


def test_every_cell_of_a_notebook_has_evidence_where_verdicts_are_explained(site):
    cells = sum(len(html(site, name).select(".jp-CodeCell .highlight-ipynb")) for name in NOTEBOOKS)
    verdicts = html(site, "verification.md").select("#notebooks ~ div.verdict")
    assert len(verdicts) == cells == sum(len(PAGES[name].blocks) for name in NOTEBOOKS) > 0
    unproven = [v.summary.get_text() for v in verdicts if UNPROVEN & set(v["class"])]
    assert unproven == [], "run: crossgrad verify"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_leads_to_its_verdicts(site, name):
    address = html(site, name).select_one(".notebook-note a")["href"]
    assert address.endswith("verification/#notebooks")


def test_every_page_stands_in_the_matrix(site):
    rows = html(site, "verification.md").select_one("#all-pages").find_next("table").select("tr")
    assert len(rows) - 1 == sum(bool(page.blocks) for page in PAGES.values())


@pytest.mark.parametrize("name", MARKDOWN)
def test_every_picture_has_a_text_alternative(site, name):
    article = html(site, name).article
    pictures = [picture for block in PAGES[name].blocks for picture in block.pictures]
    drawn = [svg.get("aria-label") for svg in article.select("figure.picture > svg")]
    assert drawn == [picture.alt for picture in pictures]
    assert [image for image in article.select("img") if not image.get("alt")] == []


@pytest.mark.parametrize("name", MARKDOWN)
def test_no_formula_is_left_as_latex(site, name):
    assert html(site, name).select(".arithmatex") == []


@pytest.mark.parametrize(
    ("slip", "complaint"),
    [
        ("```py\nprint(1)\n```", "the fence '```py' would be shown but never run"),
        ("$\\unheard$", "there is no command \\unheard"),
        ("[away](nowhere.md)", "nowhere.md"),
        ("[down](verification.md#no-such-section)", "no-such-section"),
    ],
)
def test_a_slip_in_a_page_stops_the_build_and_is_named(tmp_path, slip, complaint):
    docs = tmp_path / "docs"
    docs.mkdir()
    shutil.copy(DOCS / "verification.md", docs)
    (docs / "index.md").write_text(f"# A page\n\n{slip}\n")
    settings = (ROOT / "mkdocs.yml").read_text().split("\nnav:")[0]
    extensions = (
        "markdown_extensions:" + (ROOT / "mkdocs.yml").read_text().split("markdown_extensions:")[1]
    )
    (tmp_path / "mkdocs.yml").write_text(f"{settings}\n{extensions}")
    run = build(tmp_path, tmp_path / "site")
    assert run.returncode != 0
    assert complaint in run.stderr
