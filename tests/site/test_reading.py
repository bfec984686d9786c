"""Reading comfort in a browser: search, copying a page, paper, a page that is not there."""

import pytest

from .conftest import PHONE

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    "message",
    [
        "modified by an inplace operation",
        "shapes cannot be multiplied",
        "backward through the graph a second time",
        "does not require grad and does not have a grad_fn",
    ],
)
def test_search_finds_error_messages_by_their_words(page, address, message):
    page.goto(address)
    titles = search(page, message).locator("article h1, article h2").all_text_contents()
    assert [title for title in titles if message.casefold() in title.casefold()]


@pytest.mark.parametrize("name", ["retain_grad", "cross_entropy", "requires_grad_", "no_grad"])
def test_search_finds_functions(page, address, name):
    page.goto(address)
    marked = [mark.strip("().") for mark in search(page, name).locator("mark").all_text_contents()]
    assert any(name in mark for mark in marked)


def search(page, words):
    """The best result for these words: a page and its sections."""
    page.keyboard.press("/")
    page.keyboard.type(words)
    page.locator(".md-search-result__item mark").first.wait_for(state="attached")
    page.wait_for_timeout(300)  # results come in while the words are typed
    return page.locator(".md-search-result__item").first


def test_a_page_is_copied_as_markdown_with_the_keyboard(browser, address, site):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(address + "autograd/homework/")
    page.get_by_role("button", name="Copy page as Markdown").focus()
    page.keyboard.press("Enter")
    page.locator(".page-tools [role=status]", has_text="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == (site / "autograd/homework.md").read_text(encoding="utf-8")
    context.close()


def test_a_page_opened_without_reloading_is_copied_too(browser, address):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(address + "autograd/homework/")
    page.evaluate("window.same = true")
    page.get_by_role("link", name="Next: A hole at three").click()
    page.get_by_role("heading", level=1, name="A function with a hole").wait_for()
    assert page.evaluate("window.same")
    page.get_by_role("button", name="Copy page as Markdown").click()
    page.locator(".page-tools [role=status]", has_text="Copied").wait_for()
    assert "# A function with a hole at three" in page.evaluate("navigator.clipboard.readText()")
    context.close()


def test_a_copy_that_fails_says_so(page, address):
    page.route("**/*.md", lambda route: route.fulfill(status=503))
    page.goto(address)
    page.get_by_role("button", name="Copy page as Markdown").click()
    page.locator(
        ".page-tools [role=status]", has_text="Not copied: the site answers 503"
    ).wait_for()


def test_the_tools_fit_on_a_phone(page, address):
    page.set_viewport_size(PHONE)
    page.goto(address + "autograd/homework/")
    boxes = [one.bounding_box() for one in page.locator(".page-tools :is(a, button)").all()]
    assert len(boxes) == 4
    assert all(box["x"] + box["width"] <= PHONE["width"] for box in boxes)
    assert all(box["height"] >= 24 for box in boxes)


def test_a_download_has_the_name_of_its_page(page, address):
    page.goto(address + "autograd/homework/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Notebook", exact=True).click()
    assert download.value.suggested_filename == "autograd-homework.ipynb"


def test_paper_has_the_answers_and_none_of_the_tools(page, address):
    page.goto(address + "autograd/homework/")
    page.emulate_media(media="print")
    assert page.locator("details.question .output").first.is_visible()
    for gone in (".page-tools a", ".page-tools button", ".md-header", ".md-sidebar", ".md-footer"):
        assert not page.locator(gone).first.is_visible(), gone


def test_paper_is_light_even_where_the_screen_is_dark(page, address):
    page.emulate_media(color_scheme="dark")
    page.goto(address)
    page.emulate_media(media="print", color_scheme="dark")
    background = "getComputedStyle(document.querySelector('.output code')).backgroundColor"
    page.wait_for_timeout(500)  # it fades
    assert page.evaluate(background) == "rgb(255, 255, 255)"


def test_an_address_without_a_page_says_so_and_leads_on(page, address):
    page.goto(address + "404.html")
    page.get_by_role("heading", level=1, name="There is no page here").wait_for()
    page.get_by_role("link", name="Start at the beginning").click()
    page.get_by_role("heading", level=1, name="Getting started").wait_for()
