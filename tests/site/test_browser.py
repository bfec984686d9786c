"""The site in a browser: quiet, self-contained, and fit for a phone and for the dark."""

import gzip
from urllib.parse import urlsplit

import pytest

from .conftest import PHONE

pytestmark = pytest.mark.browser


def test_every_page_opens_without_an_error_or_a_request_to_another_host(page, address, paths):
    troubles = []
    page.on("console", lambda m: troubles.append(m.text) if m.type in ("error", "warning") else 0)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "requestfailed",  # a request that leaving a page cut short has not failed
        lambda request: (
            None if request.failure == "net::ERR_ABORTED" else troubles.append(request.url)
        ),
    )
    page.on(
        "request",
        lambda request: (
            troubles.append(request.url)
            if urlsplit(request.url).scheme not in ("data", "blob")
            and urlsplit(request.url).netloc != urlsplit(address).netloc
            else None
        ),
    )
    for path in paths:
        page.goto(address + path.lstrip("/"))
        page.wait_for_timeout(50)  # for what scripts ask for after the page has loaded
        assert page.locator("h1").count() == 1, path
        assert troubles == [], path
    assert len(paths) > 15


def test_no_page_scrolls_sideways_on_a_phone(page, address, paths):
    page.set_viewport_size(PHONE)
    for path in paths:
        page.goto(address + path.lstrip("/"))
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], path


def test_a_verdict_unfolds_and_leads_to_its_explanation(page, address):
    page.goto(address)
    verdict = page.locator(".verdict").first
    assert not verdict.locator("dl").first.is_visible()
    verdict.locator("summary").click()
    assert verdict.locator("dl").first.is_visible()
    verdict.get_by_role("link", name="How verification works").click()
    assert page.locator("h1").inner_text() == "How verification works"


def test_a_question_hides_its_answer_until_it_is_asked_for(page, address):
    page.goto(address)
    question = page.locator("details.question").first
    assert not question.locator(".output").is_visible()
    question.locator("summary").first.click()
    assert question.locator(".output").is_visible()


def test_pictures_follow_the_palette(page, address):
    colour = "getComputedStyle(document.querySelector('.crossgrad-picture text')).fill"
    page.goto(address)
    light = page.evaluate(colour)
    page.get_by_title("Switch to dark mode").click()
    page.wait_for_function(f"{colour} != '{light}'")
    assert page.locator("body").get_attribute("data-md-color-scheme") == "slate"


def test_the_search_dialog_has_a_name(page, address):
    page.goto(address)
    assert page.locator("[role=dialog]:not([aria-label])").count() == 0


def test_a_page_weighs_little_before_anything_is_run(page, address, site, paths):
    """As a host sends it: compressed, and each file once."""
    for path in paths:
        asked = set()
        page.on("response", lambda answer, asked=asked: asked.add(urlsplit(answer.url).path))
        page.goto(address + path.lstrip("/"))
        page.wait_for_load_state("networkidle")
        files = [site / name.lstrip("/") for name in asked]
        files = [file / "index.html" if file.is_dir() else file for file in files]
        weight = sum(len(gzip.compress(file.read_bytes())) for file in files if file.is_file())
        # A notebook's page carries JupyterLab's style sheet.
        assert weight < (200_000 if path.startswith("notebooks/") else 120_000), path


def test_the_search_index_is_fetched_when_the_reader_turns_to_the_search(page, address):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "search_index" in url]
    page.keyboard.press("/")
    page.keyboard.type("grad_fn")
    page.locator(".md-search-result__item a").first.wait_for()
    assert len([url for url in asked if "search_index" in url]) == 1
