"""The project's own site, as readers get it: built without PyTorch, every block with evidence."""

import re
import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from crossgrad.evidence import AGREES, site_evidence
from crossgrad.pages import block_hash, find_pages, read_page
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
    """But for the project's own source, which has a sign of its own and is no block."""
    if "source" in box["class"]:
        return False
    return any(word.startswith(("language-py", "language-ipy")) for word in box["class"])


@pytest.mark.parametrize("name", MARKDOWN)
def test_what_a_built_page_shows_as_source_is_what_the_files_say(site, name):
    for box in html(site, name).article.select(".source.highlight"):
        file = box.select_one(".filename").get_text().partition(",")[0]
        plain = (ROOT / file).read_text(encoding="utf-8")
        shown = box.code.get_text().strip()
        assert re.sub(r"\s+", "", shown) in re.sub(r"\s+", "", plain), (name, file)


def test_every_cell_of_a_notebook_has_evidence_where_verdicts_are_explained(site):
    cells = sum(len(html(site, name).select(".jp-CodeCell .highlight-ipynb")) for name in NOTEBOOKS)
    verdicts = html(site, "verification.md").select("#notebooks ~ div.verdict")
    assert len(verdicts) == cells == sum(len(PAGES[name].blocks) for name in NOTEBOOKS) > 0
    unproven = [v.summary.get_text() for v in verdicts if UNPROVEN & set(v["class"])]
    assert unproven == [], "run: crossgrad verify"


def built_blocks(page: Path) -> list[tuple[str, str | None]]:
    """(the hash that its evidence goes by, why it does not run in the page) of each block.

    Read from the built HTML alone. Source of the project that a page quotes is no block of it.
    """
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    boxes = soup.select("div.highlight-ipynb") or [
        box for box in soup.select("div.highlight:not(.source)") if looks_like_python(box)
    ]
    codes = [(box.select_one("code") or box.pre).get_text() for box in boxes]
    return [
        (block_hash(codes[: number + 1]), box.get("data-not-live"))
        for number, box in enumerate(boxes)
    ]


def test_every_block_of_the_built_html_has_evidence_and_runs_in_the_page_or_says_why(site):
    known = {
        block.hash: block.witnesses
        for page in site_evidence(DOCS).pages.values()
        for block in page.blocks
    }
    counted, unknown, silent = 0, [], []
    for path in site.rglob("index.html"):
        for number, (hash_, reason) in enumerate(built_blocks(path), 1):
            counted += 1
            place = f"{path.parent.relative_to(site)}#block-{number}"
            if hash_ not in known:
                unknown.append(place)
            elif "wasm" in known[hash_] and (reason is None) != (
                known[hash_]["wasm"].status == AGREES
            ):
                silent.append(place)
    assert unknown == [], "run: crossgrad verify"
    assert silent == []
    assert counted == sum(len(page.blocks) for page in PAGES.values())


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
