"""The project's own source on its pages: always what the file says."""

import pytest

from crossgrad.errors import CrossgradError
from crossgrad.site.source import _REQUEST, ROOT, find, requests, show

DOCS = ROOT / "docs"
REQUESTS = [
    (path.relative_to(DOCS).as_posix(), match[1], wanted)
    for path in sorted(DOCS.rglob("*.md"))
    for match in requests(
        path.name, path.read_text(encoding="utf-8").split("\n"), _REQUEST
    ).values()
    for wanted in match[2].split()
]
EXAMPLE = '''
import functools

LIMIT = 3
SIZES: dict[str, int] = {}

@functools.cache
def f(x):
    """Doubles."""
    return 2 * x


class Node:
    """A node."""

    saved: int = 0

    def release(self):
        self.saved = None
'''


@pytest.fixture
def module(tmp_path):
    path = tmp_path / "example.py"
    path.write_text(EXAMPLE, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("wanted", "line", "code"),
    [
        ("LIMIT", 4, "LIMIT = 3"),
        ("SIZES", 5, "SIZES: dict[str, int] = {}"),
        ("f", 7, '@functools.cache\ndef f(x):\n    """Doubles."""\n    return 2 * x'),
        ("Node.release", 18, "def release(self):\n    self.saved = None"),
        ("Node.saved", 16, "saved: int = 0"),
        ("Node.", 13, 'class Node:\n    """A node."""\n\n    saved: int = 0'),
    ],
)
def test_an_object_is_shown_with_all_that_belongs_to_it(module, wanted, line, code):
    assert find(module, wanted) == (line, code)


def test_a_change_of_the_file_is_seen_at_once(module):
    assert find(module, "LIMIT")[1] == "LIMIT = 3"
    module.write_text("LIMIT = 40\n", encoding="utf-8")
    assert find(module, "LIMIT") == (1, "LIMIT = 40")


@pytest.mark.parametrize(
    ("file", "wanted", "complaint"),
    [
        ("example.py", "g", "page.md: example.py has no g whose source could be shown"),
        ("example.py", "Node.g", "page.md: example.py has no Node.g"),
        ("other.py", "f", "page.md: there is no other.py"),
    ],
)
def test_what_is_gone_is_named_with_the_page(module, file, wanted, complaint):
    with pytest.raises(CrossgradError, match=complaint):
        show("page.md", [f"<!--site:source {file} {wanted}-->"], module.parent)


def test_a_build_complains_of_what_is_gone(docs, caplog):
    docs.write("page.md", "# A page\n\n<!--site:source reference_impl/views.py gone-->\n")
    docs.html("page.md")
    assert "page.md: views.py has no gone" in caplog.text


def test_an_example_of_a_request_is_none():
    lines = ["```html", "<!--site:source reference_impl/views.py gone-->", "```"]
    assert show("page.md", lines) == lines


def test_source_is_no_block(docs):
    docs.write("page.md", "<!--site:source reference_impl/views.py View.locate-->\n")
    soup = docs.soup("page.md")
    (box,) = soup.select(".source.highlight")
    assert box.select_one(".filename").get_text().startswith("reference_impl/views.py, line ")
    assert box.code.get_text().startswith("def locate(self, tensor: Tensor) -> None:")
    assert not soup.select(".verdict")
    assert "id" not in box.attrs


@pytest.mark.parametrize(("page", "file", "wanted"), REQUESTS)
def test_what_the_pages_ask_for_is_there(page, file, wanted):
    _, code = find(ROOT / file, wanted)
    assert 0 < code.count("\n") < 80, "a reader wants less at once"


def test_the_pages_ask_for_source():
    assert len(REQUESTS) > 20
