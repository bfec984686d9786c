"""Every link, anchor, picture and download of the built site leads somewhere."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

ADDRESSES = {"a": "href", "img": "src", "script": "src", "link": "href", "source": "src"}
MARKDOWN_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PYTHON_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def checked(site: Path, address: str = "") -> dict[str, list[str]]:
    """For each file of a site, its links that lead nowhere; `address` is the site's own."""
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    soups = {path: BeautifulSoup(html, "html.parser") for path, html in pages.items()}
    anchors = {path: {tag["id"] for tag in soup.select("[id]")} for path, soup in soups.items()}
    broken: dict[str, list[str]] = {}
    for path, soup in soups.items():
        links = [
            tag[key] for name, key in ADDRESSES.items() for tag in soup.select(f"{name}[{key}]")
        ]
        links += [tag["data-copy-page"] for tag in soup.select("[data-copy-page]")]
        note(broken, site, path, links, anchors, address)
    for path in [*site.rglob("*.md"), site / "llms.txt"]:
        text = PYTHON_FENCE.sub("", path.read_text(encoding="utf-8")) if path.is_file() else ""
        note(broken, site, path, MARKDOWN_LINK.findall(re.sub("`[^`\n]*`", "", text)), {}, address)
    return broken


def note(broken, site, path, links, anchors, address):
    wrong = sorted(
        {link for link in links if not leads_somewhere(link, path, site, anchors, address)}
    )
    if wrong:
        broken[path.relative_to(site).as_posix()] = wrong


def leads_somewhere(link: str, path: Path, site: Path, anchors: dict, address: str) -> bool:
    inside = link.removeprefix(address) if address else link
    base = site if inside != link else path.parent
    parts = urlsplit(inside)
    if parts.scheme or parts.netloc:
        return parts.scheme in ("https", "mailto", "data")  # other hosts are theirs to keep
    if parts.path.startswith("/"):
        base = site
    target = (base / unquote(parts.path).lstrip("/")).resolve() if parts.path else path
    if base == site and not parts.path:
        target = site
    target = target / "index.html" if target.is_dir() else target
    if not target.is_file():
        return False
    fragment = unquote(parts.fragment)
    is_known = target in anchors and not fragment.startswith("__")  # Material's own, made by script
    return not fragment or not is_known or fragment in anchors[target]


@pytest.fixture
def small(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below/index.html").write_text('<h1 id="there">x</h1>')
    return tmp_path


@pytest.mark.parametrize(
    ("link", "is_good"),
    [
        ("below/", True),
        ("below/#there", True),
        ("below/#nowhere", False),
        ("below/page.ipynb", False),
        ("elsewhere/", False),
        ("#here", True),
        ("#gone", False),
        ("http://127.0.0.1:1/below/", True),
        ("http://127.0.0.1:1/beside/", False),
        ("https://example.org/", True),
        ("http://example.org/", False),
    ],
)
def test_a_link_that_leads_nowhere_is_named(small, link, is_good):
    (small / "index.html").write_text(f'<p id="here"><a href="{link}">a</a>')
    found = checked(small, "http://127.0.0.1:1/")
    assert found == ({} if is_good else {"index.html": [link]})


def test_every_link_of_the_site_leads_somewhere(site, port):
    assert checked(site, f"http://127.0.0.1:{port}/") == {}


def test_every_page_has_its_files_beside_it(site):
    for page in site.rglob("index.html"):
        tools = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").select(".page-tools")
        assert len(tools) == 1, page
        for link in tools[0].select("a[href]"):
            assert (page.parent / link["href"]).is_file(), (page, link)


def test_the_sitemap_has_every_page(site, port, paths):
    text = (site / "sitemap.xml").read_text(encoding="utf-8")
    listed = re.findall(r"<loc>(.*?)</loc>", text)
    address = f"http://127.0.0.1:{port}/"
    assert sorted(listed) == sorted(address + path.lstrip("/") for path in paths)


def test_a_link_to_a_page_has_a_title_a_description_and_a_picture_elsewhere(site, port, paths):
    told = set()
    for path in paths:
        html = (site / path.lstrip("/") / "index.html").read_text(encoding="utf-8")
        soup = BeautifulSoup(html, "html.parser")
        found = {tag["property"]: tag["content"] for tag in soup.select("meta[property^='og:']")}
        picture = found["og:image"].removeprefix(f"http://127.0.0.1:{port}/")
        assert (site / picture).is_file()
        assert found["og:title"]
        assert len(soup.select("meta[name=description]")) == 1, path
        told.add(found["og:description"])
    assert len(told) == len(paths)
