"""The files that stand beside the pages of a built site, and those that list them.

Beside `autograd/homework/` stand `autograd/homework.md`, `.ipynb` and `.py`; at the top stand
`llms.txt`, which lists the pages for language models, and `llms-full.txt`, which holds them all.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from crossgrad.evidence import write_whole
from crossgrad.site.downloads import notebook, script
from crossgrad.site.parts import markdown, placed
from crossgrad.site.settings import Settings, SitePage
from crossgrad.site.tools import description

_MOVED = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>This page has moved</title>
<meta name="robots" content="noindex">
<meta http-equiv="refresh" content="0; url={target}">
</head>
<body><p>This page has moved: <a href="{target}">go there</a>.</p></body>
</html>
"""


def write_files(site: Path, pages: list[SitePage], settings: Settings) -> None:
    """Write a page's Markdown, its notebook and its script beside it; then the lists."""
    for page in pages:
        beside = site / page.plain
        write_whole(beside.with_suffix(".md"), markdown(page.page))
        if page.page.blocks:
            write_whole(beside.with_suffix(".ipynb"), notebook(page.page, settings.address))
            write_whole(beside.with_suffix(".py"), script(page.page, settings.address))
    write_whole(site / "llms.txt", _list(pages, settings))
    write_whole(site / "llms-full.txt", _whole(pages, settings))


def write_redirects(site: Path, settings: Settings) -> None:
    """At the address that a page once had, lead on to where it is now."""
    for old, new in settings.redirects.items():
        folder = site / old.strip("/")
        depth = len(Path(old.strip("/")).parts)
        if not (folder / "index.html").exists():
            folder.mkdir(parents=True, exist_ok=True)
            target = "../" * depth + f"{new.strip('/')}/".lstrip("/")
            write_whole(folder / "index.html", _MOVED.format(target=target))


def _list(pages: list[SitePage], settings: Settings) -> str:
    """In the form that llmstxt.org proposes."""
    lines = [f"# {settings.name}", "", f"> {settings.description}"]
    for section, members in groupby(pages, key=lambda page: page.section):
        lines += ["", f"## {section}", ""]
        for page in members:
            told = description(page)
            colon = f": {told}" if told else ""
            lines.append(f"- [{page.title}]({settings.address}{page.plain}.md){colon}")
    return "\n".join(lines) + "\n"


def _whole(pages: list[SitePage], settings: Settings) -> str:
    texts = [f"# {settings.name}\n\n> {settings.description}\n"]
    for page in pages:
        text = placed(markdown(page.page), page.page.name, settings.address)
        texts.append(f"<!-- {settings.address}{page.plain}.md -->\n\n{text}")
    return "\n\n".join(texts)
