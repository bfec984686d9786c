"""A small docs folder with evidence to order, and the real site, built once."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from markdown import Markdown

from crossgrad.browser import pyodide
from crossgrad.evidence import BlockEvidence, Evidence, PageEvidence, WitnessVerdict, save
from crossgrad.pages import normalised, read_page
from crossgrad.serve import HOST, QuietHandler
from crossgrad.site.finish import finish
from crossgrad.site.settings import read_settings

ROOT = Path(__file__).parents[2]
DATE = "2026-11-23T10:40:00+00:00"
VERSIONS = {
    "torch-cpu": {"torch": "2.13.0+cpu", "numpy": "2.4.6"},
    "torch-cuda": {"torch": "2.13.0+cu130", "numpy": "2.4.6"},
    "numpy": {"numpy": "2.4.6"},
    "cupy": {"cupy": "14.2.0", "numpy": "2.4.6"},
    "wasm": {"numpy": "2.0.2", "python": "3.12.7", "pyodide": "0.27.7"},
}
EXTENSIONS = ["attr_list", "md_in_html", "tables", "pymdownx.superfences", "pymdownx.highlight"]

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# PyTorch is out of reach for this process, installed or not.
WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
from mkdocs.__main__ import cli
cli()
"""


def agrees(name: str, **changes) -> WitnessVerdict:
    """What a witness says that ran a block and agreed, with changes."""
    found = {"date": DATE, "device": "a processor", "versions": VERSIONS[name]}
    return WitnessVerdict(**{"status": "agrees", **found, **changes})


class Docs:
    """A docs folder of one or more pages; evidence is added where a test wants it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.evidence = Evidence()
        self.write("verification.md", "# How verification works\n")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def verify(self, name: str, witnesses=("torch-cpu", "numpy"), **changes) -> list[BlockEvidence]:
        """Make evidence in which these witnesses agree on each block of a page."""
        found = [
            BlockEvidence(
                block.line,
                block.hash,
                normalised(block.expected_output or ""),
                {witness: agrees(witness, **changes) for witness in witnesses},
            )
            for block in read_page(self.folder / name, self.folder).blocks
        ]
        self.evidence.pages[name] = PageEvidence(found)
        return found

    def html(self, name: str) -> str:
        """The page as the site shows it."""
        save(self.evidence, self.folder / "evidence.json")
        extension = {"crossgrad.markdown_extension": {"docs_dir": str(self.folder)}}
        options = {
            "pymdownx.highlight": {"pygments_lang_class": True},
            "pymdownx.arithmatex": {"generic": True},
        }
        markdown = Markdown(
            extensions=[*EXTENSIONS, "pymdownx.arithmatex", *extension],
            extension_configs=options | extension,
        )
        return markdown.convert((self.folder / name).read_text(encoding="utf-8"))

    def soup(self, name: str) -> BeautifulSoup:
        return BeautifulSoup(self.html(name), "html.parser")


@pytest.fixture
def docs(tmp_path) -> Docs:
    return Docs(tmp_path / "docs")


def build(folder: Path, site: Path, address: str = "") -> subprocess.CompletedProcess[str]:
    """Build the site of a folder that holds mkdocs.yml, without PyTorch."""
    command = [sys.executable, "-c", WITHOUT_TORCH, "build", "--strict", "--site-dir", str(site)]
    told = {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT), "CROSSGRAD_SITE_URL": address}
    environment = os.environ | told
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="session")
def port() -> int:
    """Where the site will be served; it must know, to lead from page to page without reloading."""
    with contextlib.closing(socket.socket()) as listener:
        listener.bind((HOST, 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="session")
def site(tmp_path_factory, port) -> Path:
    """The project's own site."""
    folder = tmp_path_factory.mktemp("site")
    address = f"http://{HOST}:{port}/"
    run = build(ROOT, folder, address)
    assert run.returncode == 0, run.stderr
    assert finish(folder, read_settings(address=address)) == pyodide.problem()
    return folder


@contextlib.contextmanager
def served(site: Path, port: int, handler: type = QuietHandler) -> Iterator[str]:
    """Serves a folder; gives the address."""
    bound = functools.partial(handler, directory=str(site))
    with ThreadingHTTPServer((HOST, port), bound) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield "http://{}:{}/".format(*server.server_address[:2])
        server.shutdown()
        thread.join()


class PlainHandler(SimpleHTTPRequestHandler):
    """Sends no headers of its own, as the hosts of static sites do."""

    log_message = QuietHandler.log_message


@pytest.fixture(scope="session")
def address(site, port) -> Iterator[str]:
    """Where the built site is served as `make site` serves it."""
    with served(site, port) as address:
        yield address


@pytest.fixture(scope="session")
def plain_address(site) -> Iterator[str]:
    """Where it is served without headers that let page and worker share memory."""
    with served(site, 0, PlainHandler) as address:
        yield address


@pytest.fixture(scope="session")
def browser(chromium_path):
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with (
        sync_api.sync_playwright() as playwright,
        contextlib.closing(
            playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM)
        ) as browser,
    ):
        yield browser


@pytest.fixture
def page(browser):
    with contextlib.closing(browser.new_page(viewport=DESK, color_scheme="light")) as page:
        yield page


@pytest.fixture(scope="session")
def paths(site):
    """The addresses of all pages, below that of the site."""
    return sorted(
        path.parent.relative_to(site).as_posix().removeprefix(".") + "/"
        for path in site.rglob("index.html")
    )
