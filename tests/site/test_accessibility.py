"""No page breaks a rule of WCAG 2.2 AA that axe-core can check, before and after a run."""

import contextlib

import pytest

from crossgrad.browser import pyodide

from .conftest import DESK, PHONE

AXE = pyodide.LIVE / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
STILL = "*, ::before, ::after { transition: none !important; animation: none !important }"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed"),
]


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    return request.param


@pytest.fixture
def page(browser, scheme):
    """A page into which axe-core may be put, in spite of the site's policy."""
    with contextlib.closing(
        browser.new_context(viewport=DESK, color_scheme=scheme, bypass_csp=True)
    ) as context:
        yield context.new_page()


def violations(page):
    page.add_style_tag(content=STILL)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
    return [
        (one["id"], node["target"], node["html"][:80]) for one in found for node in one["nodes"]
    ]


def test_every_page_as_it_opens(page, address, paths):
    found = {}
    for path in paths:
        page.goto(address + path.lstrip("/"))
        found[path] = violations(page)
    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.skipif(bool(pyodide.problem()), reason=f"needs Pyodide: {pyodide.problem()}")
def test_a_page_after_a_run_an_error_and_an_edit(page, address):
    page.goto(address)
    for number in (1, 2):
        page.get_by_role("button", name=f"Run block {number}", exact=True).click()
        page.locator(".live-status", has_text="Done").nth(number - 1).wait_for(timeout=120_000)
    page.get_by_role("button", name="Edit block 3").click()
    page.get_by_role("textbox", name="Code of block 3").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("1 / 0  # no")
    page.keyboard.press("Control+Enter")
    page.locator(".live-status", has_text="Ended in ZeroDivisionError").wait_for()
    assert violations(page) == []
    page.set_viewport_size(PHONE)
    assert violations(page) == []
