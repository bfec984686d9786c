"""How long a build of the site takes, and a reader waits: ``python -m benchmarks.site``.

    site build     MkDocs, then live blocks and the policy; what is packed is kept between builds
    page opened    from the request to the load event
    first Run      from the click to "Done", with an empty cache, and on a second visit
    next page      a Run on the page after it, with the Python that is there already

The server compresses as hosts of static sites do. Needs Chromium and Pyodide.
"""

from __future__ import annotations

import functools
import gzip
import io
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from http.server import ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from crossgrad.browser import pyodide
from crossgrad.serve import HOST, QuietHandler
from crossgrad.site.finish import PACKED, finish

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PACKED = (".gz", ".zip", ".whl", ".png")


@functools.cache
def compressed(path: str) -> bytes:
    data = Path(path).read_bytes()
    return data if path.endswith(_PACKED) else gzip.compress(data, 6)


class Handler(QuietHandler):
    """Sends files compressed, to be kept for ten minutes, and counts their bytes."""

    sent = 0

    def send_head(self) -> io.BytesIO | None:
        path = self.translate_path(self.path)
        if os.path.isdir(path):
            path = os.path.join(path, "index.html")
        if not os.path.isfile(path):
            self.send_error(404)
            return None
        data = compressed(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        if not path.endswith(_PACKED):
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Cache-Control", "max-age=600")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        Handler.sent += len(data)
        return io.BytesIO(data)


def main() -> int:
    """Measure, and print the table."""
    browser = os.environ.get("CROSSGRAD_CHROMIUM") or next(
        filter(None, map(shutil.which, BROWSERS)), None
    )
    problem = pyodide.problem() or (None if browser else "Chromium is not installed")
    if problem:
        print(f"The site cannot be measured: {problem}.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        server = ThreadingHTTPServer((HOST, 0), functools.partial(Handler, directory=str(site)))
        address = f"http://{HOST}:{server.server_address[1]}/"
        measure_build(site, address)
        for path in filter(Path.is_file, site.rglob("*")):
            compressed(str(path))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        measure_visits(address, str(browser), folder)
        server.shutdown()
    return 0


def measure_build(site: Path, address: str) -> None:
    environment = os.environ | {"CROSSGRAD_SITE_URL": address, "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(site)]
    begin = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    row("site build, MkDocs", time.perf_counter() - begin)
    for name in ("from nothing", "again"):
        if name == "from nothing":
            PACKED.with_suffix(".stamp").unlink(missing_ok=True)
        begin = time.perf_counter()
        finish(site)
        row(f"site build, live blocks {name}", time.perf_counter() - begin)


def measure_visits(address: str, browser: str, folder: str) -> None:
    """A first and a second visit with one browser's cache."""
    with sync_playwright() as playwright:
        for visit in ("cold", "warm"):
            context = playwright.chromium.launch_persistent_context(
                f"{folder}/profile", executable_path=browser, args=["--no-sandbox", "--disable-gpu"]
            )
            page = context.pages[0]
            Handler.sent = 0
            begin = time.perf_counter()
            page.goto(address)
            row(f"page opened, {visit}", time.perf_counter() - begin, Handler.sent)
            Handler.sent = 0
            row(f"first Run, {visit}", first_run(page), Handler.sent)
            if visit == "warm":
                page.locator(".md-footer__link--next").click()
                page.wait_for_url(lambda url: url != address)
                page.locator(".live-bar").first.wait_for()
                row("next page, Run", first_run(page))
            page.wait_for_timeout(3000)  # for the compiled code to reach the cache
            context.close()


def first_run(page: Page) -> float:
    """Seconds from the click to the end of the first block, timed in the page."""
    return page.evaluate(
        """() => new Promise(resolve => {
          const status = document.querySelector(".live-status"), begin = performance.now()
          new MutationObserver(() => {
            if (status.textContent.startsWith("Done")) resolve((performance.now() - begin) / 1000)
          }).observe(status, {childList: true, characterData: true, subtree: true})
          document.querySelector(".live-run").click()
        })"""
    )


def row(name: str, seconds: float, sent: int = 0) -> None:
    size = f"  {sent / 1000:7.0f} kB" if sent else ""
    print(f"{name:36}{seconds:8.2f} s{size}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
