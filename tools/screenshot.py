"""Take the picture of a verified block that the README shows.

python tools/screenshot.py [SITE] [PICTURE]      after: make build
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from crossgrad.errors import CrossgradError
from crossgrad.serve import make_server

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BLOCK = "#block-2"  # of the front page: a derivative, its output and its verdict
MARGIN = 16


def main(site: str = "site", picture: str = "docs/assets/verified-block.png") -> int:
    """Serve the site, take the picture, and say where it is."""
    chromium = os.environ.get("CROSSGRAD_CHROMIUM") or next(
        filter(None, map(shutil.which, BROWSERS)), None
    )
    try:
        if chromium is None:
            raise CrossgradError("there is no Chromium; name one in CROSSGRAD_CHROMIUM")
        server = make_server(Path(site), 8000)
    except CrossgradError as error:
        print(f"screenshot: {error}", file=sys.stderr)
        return 2
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": 860, "height": 4000}, device_scale_factor=2, color_scheme="light"
        )
        page.goto("http://{}:{}/".format(*server.server_address[:2]))
        page.add_style_tag(content=".md-clipboard, .md-code__nav, .md-top { display: none }")
        page.screenshot(path=picture, clip=around_the_block(page))
        browser.close()
    server.shutdown()
    print(picture)
    return 0


def around_the_block(page: Page) -> dict[str, float]:
    """The part of the page with the block, its output and its verdict, unfolded."""
    verdict = page.locator(f"{BLOCK} ~ .verdict").first
    verdict.locator("summary").click()
    page.mouse.move(0, 0)
    top, bottom = page.locator(BLOCK).bounding_box(), verdict.bounding_box()
    assert top is not None
    assert bottom is not None
    height = bottom["y"] + bottom["height"] - top["y"]
    return {
        "x": top["x"] - MARGIN,
        "y": top["y"] - MARGIN,
        "width": top["width"] + 2 * MARGIN,
        "height": height + 2 * MARGIN,
    }


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
