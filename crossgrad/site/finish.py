"""Finish a built site: files to take away, tools, previews, live blocks, a security policy.

`python -m crossgrad.site.finish site` works on the files that any site generator wrote. Where
Pyodide is not set up it leaves the live blocks out and says so in one sentence.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from crossgrad.browser import pyodide
from crossgrad.evidence import write_whole
from crossgrad.site.settings import Settings, read_settings, site_pages
from crossgrad.site.takeaway import write_files, write_redirects
from crossgrad.site.tools import with_preview, with_tools

ASSETS = "assets/live"
PACKED = pyodide.ROOT / ".cache" / "live"
_CHARSET = '<meta charset="utf-8">'
_INLINE = re.compile(r"<script(?: type=\"[\w/]+\")?>(.*?)</script>", re.DOTALL)
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'self'",
    "form-action": "'none'",
}


def finish(site: Path, settings: Settings | None = None) -> str | None:
    """Finish the site in this folder; returns why it has no live blocks, or None if it has."""
    problem = pyodide.problem() or pack()
    if problem is None:
        shutil.copytree(PACKED, site / ASSETS, dirs_exist_ok=True)
    settings = settings or read_settings()
    known = {site / page.folder / "index.html": page for page in site_pages(settings)}
    known = {path: page for path, page in known.items() if path.is_file()}
    write_files(site, list(known.values()), settings)
    write_redirects(site, settings)
    pages = {path: path.read_text(encoding="utf-8") for path in sorted(site.rglob("*.html"))}
    policy = content_security_policy(pages.values())
    for path, html in pages.items():
        if policy in html:  # it has been here before
            continue
        if path in known:
            html = with_tools(with_preview(html, known[path], settings), known[path], settings)
        html = html.replace(_CHARSET, f"{_CHARSET}\n{policy}", 1)
        if problem is None and path.name != "404.html":  # which is served at any depth
            html = html.replace("</head>", f"{_tags(path, site)}</head>", 1)
        write_whole(path, html)
    return problem


def content_security_policy(pages: Iterable[str]) -> str:
    """Nothing but the site itself, and the inline scripts that its pages hold.

    Each page gets those of all pages, because navigation without reloading keeps the first page's
    policy. Workers from a URL have a policy of their own, so Python runs without 'unsafe-eval'.
    """
    scripts = {script for html in pages for script in _INLINE.findall(html)}
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    hashes = sorted(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    rules = _POLICY | {"script-src": " ".join([_POLICY["script-src"], *hashes])}
    content = "; ".join(f"{name} {value}" for name, value in rules.items())
    return f'<meta http-equiv="Content-Security-Policy" content="{content}">'


def pack() -> str | None:
    """Bring what the site serves for live blocks up to date; returns why it can't be, or None."""
    PACKED.parent.mkdir(exist_ok=True)
    with open(PACKED.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # builds may run side by side
        return _pack()


def _pack() -> str | None:
    stamp, wanted = PACKED.with_suffix(".stamp"), _sources_hash()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and PACKED.is_dir():
        return None
    new = PACKED.with_suffix(".part")
    command = [pyodide.node() or "node", str(pyodide.LIVE / "pack.mjs"), str(new)]
    run = subprocess.run(
        [*command, str(pyodide.numpy_wheel())], capture_output=True, text=True, check=False
    )
    if run.returncode:
        shutil.rmtree(new, ignore_errors=True)
        lines = [line for line in run.stderr.splitlines() if "Error" in line and len(line) < 300]
        return f"packing them failed ({(lines or ['no reason given'])[-1].strip()})"
    shutil.rmtree(PACKED, ignore_errors=True)
    new.rename(PACKED)
    write_whole(stamp, wanted)
    return None


def _tags(page: Path, site: Path) -> str:
    assets = Path(os.path.relpath(site / ASSETS, page.parent)).as_posix()
    return (
        f'<link rel="stylesheet" href="{assets}/live.css">'
        f'<script type="module" src="{assets}/live.js"></script>'
    )


def _sources_hash() -> str:
    digest = hashlib.sha256()
    sources = [
        *pyodide.LIVE.glob("*.*"),
        *(pyodide.ROOT / "reference_impl").rglob("*.py"),
        *(pyodide.ROOT / "reference_impl").rglob("*.txt"),
        *(pyodide.ROOT / "crossgrad").rglob("*.py"),
    ]
    for path in sorted(sources):
        digest.update(path.as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def main(arguments: list[str]) -> int:
    """Finish the site named on the command line, by default `site`."""
    problem = finish(Path(arguments[0] if arguments else "site"))
    if problem:
        print(f"Live blocks are left out: {problem}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
