"""Live blocks in a browser: run, edit, stop, reset; one Python for the whole visit."""

import re

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

from crossgrad.browser import pyodide  # noqa: E402

from .conftest import PHONE  # noqa: E402

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(pyodide.problem()), reason=f"needs Pyodide: {pyodide.problem()}"),
]
START = 120_000  # milliseconds that Python may take on a busy machine
SOON = 30_000
LIVE = "assets/live/"
expect = sync_api.expect


@pytest.fixture
def page(page):
    """A page in which nothing goes wrong that no test asked for."""
    troubles = []
    page.on("console", lambda m: troubles.append(m.text) if m.type in ("error", "warning") else 0)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    yield page
    assert troubles == []


class Block:
    """One block of the open page, as a reader uses it."""

    def __init__(self, page, number):
        self.page = page
        self.number = number
        self.box = page.locator(".live").nth(number - 1)
        self.out = self.box.locator(".live-out")
        self.status = self.box.locator(".live-status")

    def press(self, name):
        self.button(name).click()
        return self

    def button(self, name):
        return self.box.get_by_role("button", name=f"{name} block {self.number}", exact=True)

    def says(self, text, timeout=START):
        """Wait until the block's status says so; the expression is searched for."""
        expect(self.status).to_contain_text(re.compile(text), timeout=timeout)
        return self

    def write(self, code):
        """Replace the code in the editor."""
        if self.button("Edit").is_visible():
            self.press("Edit")
        editor = self.box.get_by_role("textbox")
        editor.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(code)
        return self

    def run(self, code):
        self.write(code)
        self.page.keyboard.press("Control+Enter")
        return self


@pytest.fixture
def block(page):
    return lambda number: Block(page, number)


def test_nothing_is_loaded_before_the_first_run(page, address, block):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert [url.rpartition("/")[2] for url in asked if LIVE in url] == ["live.css", "live.js"]
    assert block(1).button("Run").is_visible()


def test_run_runs_the_blocks_above_first_and_compares_with_the_page(page, address, block):
    page.goto(address)
    block(3).press("Run").says("Done in .* as the page shows")
    block(1).says("Done in .* as the page shows")
    assert "tensor([10., 20., 30.])" in block(1).out.inner_text()
    assert block(2).out.locator("svg[role=img]").get_attribute("aria-label").startswith("The comp")


def test_edit_run_and_reset_with_the_keyboard_alone(page, address, block):
    page.goto(address)
    block(1).button("Edit").focus()
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Code of block 1").wait_for()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("import torch\nif True:\n")
    page.keyboard.press("Tab")
    page.keyboard.insert_text("print('mine', torch.ones(2))")
    page.keyboard.press("Shift+Enter")
    block(1).says("^Done in [^,]*$")
    assert block(1).out.inner_text().strip() == "mine tensor([1., 1.])"
    assert page.evaluate("document.activeElement.ariaLabel") == "Run block 2"
    block(1).box.get_by_role("textbox").focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == "Run block 1"
    block(1).button("Reset").focus()
    page.keyboard.press("Enter")
    assert block(1).box.locator("pre code").is_visible()
    assert block(1).out.is_hidden()
    block(2).press("Run").says("Done")  # the original block 1 has run again before it
    assert "tensor([10., 20., 30.])" in block(1).out.inner_text()


def test_errors_show_the_lines_of_the_page_alone(page, address, block):
    page.goto(address)
    block(1).run("import torch\ndef f(x):\n    return x @ x\nf(torch.ones(2, 3))").says("Ended in")
    text = block(1).out.inner_text()
    assert re.search(
        r'File "block 1", line 4, in <module>\s+File "block 1", line 3, in f', text
    ) or ('File "block 1", line 3, in f\n    return x @ x' in text)
    assert text.strip().endswith("(2x3 and 2x3)")
    assert "reference_impl" not in text
    assert "crossgrad" not in text
    block(2).press("Run").says("Not run: block 1 did not finish")
    block(1).run("1 +").says("Ended in SyntaxError")
    block(1).run("input()").says("Ended in RuntimeError")
    block(1).run("import warnings; warnings.warn('mind'); print('x')").says("Done")
    assert block(1).out.inner_text().split("\n")[:2] == ["x", "UserWarning: mind"]


def test_stop_keeps_the_variables_where_memory_can_be_shared(page, address, block):
    page.goto(address)
    block(1).run("n = 1\nprint('on')\nwhile True:\n    n += 1")
    block(1).out.get_by_text("on", exact=True).wait_for(timeout=START)
    block(1).press("Stop").says("^Stopped.$", timeout=SOON)
    block(1).run("print(n > 0)").says("Done", timeout=SOON)
    assert block(1).out.inner_text().strip() == "True"


def test_stop_ends_python_where_it_cannot(page, plain_address, block):
    page.goto(plain_address)
    block(1).run("while True: print('x' * 100)").says("Running")
    block(1).box.get_by_text("the rest of the output is cut off").wait_for(timeout=START)
    block(1).press("Stop").says("^Stopped. Its variables are gone", timeout=SOON)
    block(1).press("Reset").press("Run").says("as the page shows")


def test_python_stays_from_page_to_page_and_variables_do_not(page, address, block):
    page.goto(address)
    block(1).press("Run").says("Done")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("window.same = true")
    page.locator(".md-footer__link--next").click()
    page.get_by_role("heading", level=1, name="The learning problem").wait_for()
    assert page.evaluate("window.same") is True
    block(1).press("Run").says("Done", timeout=SOON)
    assert [url for url in asked if "runtime/" in url] == []
    page.go_back()
    page.get_by_role("heading", level=1, name="Getting started").wait_for()
    block(2).press("Run").says("Done", timeout=SOON)
    assert block(1).out.is_visible()


def test_copy_takes_the_code_as_it_is_now(page, address, block):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address)
    block(1).write("mine = 1").press("Copy").says("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "mine = 1"
    block(2).press("Copy").says("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("x = ")


def test_a_block_that_cannot_run_in_the_page_says_why(page, address):
    page.goto(f"{address}gpu/")
    refused = page.locator(".live", has=page.locator("[data-not-live]"))
    assert refused.first.locator(".live-status").inner_text() == "Not run in the page: needs a GPU"
    assert refused.first.get_by_role("button").all_inner_texts() == ["Copy"]


def test_an_exercise_checks_what_the_reader_wrote(page, address, block):
    page.goto(f"{address}exercises/")
    start, answer, check = block(1), block(2), block(3)
    check.press("Run").says("Ended in NotImplementedError")
    assert "double is yours to write" in check.out.inner_text()
    start.run("import torch\ndef double(x):\n    return 3 * x").says("Done")
    check.press("Run").says("Ended in AssertionError")
    start.run("import torch\ndef double(x):\n    return x + x").says("Done")
    check.press("Run").says("Done")
    assert check.out.inner_text().strip() == "Right!"
    assert answer.status.text_content() == ""  # it has not run on the way to the check
    page.get_by_text("Show an answer").click()
    answer.press("Run").says("Done")


def test_later_exercises_do_not_wait_for_earlier_ones(page, address, block):
    page.goto(f"{address}exercises/tensors/")
    block(4).run("def standardise(x):\n    return (x - x.mean(0)) / x.std(0)").says("Done")
    block(6).press("Run").says("Done")
    assert block(3).status.text_content() == ""


def test_the_cells_of_a_notebook_run(page, address, block):
    page.goto(f"{address}notebooks/autograd-in-a-hundred-lines/")
    block(2).press("Run").says("Done")


def test_a_phone_and_the_dark_are_fine(page, address, block):
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    page.goto(address)
    block(1).run("print('y' * 500)").says("Done")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    colours = page.evaluate(
        "[...document.querySelectorAll('.live-out pre, .live-button')]"
        ".map(one => getComputedStyle(one).color)"
    )
    assert "rgb(0, 0, 0)" not in colours


def test_paper_shows_no_buttons(page, address):
    page.goto(address)
    page.emulate_media(media="print")
    assert page.locator(".live-bar:visible").count() == 0


def test_a_download_that_failed_can_be_tried_again(browser, address):
    page = browser.new_page()
    page.route("**/pyodide.asm.js", lambda route: route.abort())
    page.goto(address)
    Block(page, 1).press("Run").says("Python ended. Run starts it again.")
    page.unroute_all()
    Block(page, 1).press("Run").says("Done")
    page.close()
