"""What a page offers to its reader below the heading, and what it tells those who link to it.

Both are put into built HTML, so every site generator's pages get them.
"""

from __future__ import annotations

import os
import re
from html import escape
from pathlib import PurePosixPath
from urllib.parse import quote, urlsplit

from crossgrad.site import words
from crossgrad.site.parts import Code, Prose, parts
from crossgrad.site.settings import Settings, SitePage

PICTURE, PICTURE_SIZE = "assets/social.png", (1200, 630)
PICTURE_ALT = "Crossgrad: a PyTorch tutorial that proves itself"
NOTEBOOKS_BRANCH = "notebooks"
WORDS_A_MINUTE, LINES_A_MINUTE = 200, 15  # of prose, and of code with its output
_LONGEST = 160  # what search engines show of a description
_ARTICLE, _HEADING = re.compile(r"<article\b[^>]*>"), re.compile(r"</h1>")
_DESCRIPTION = re.compile(r'<meta name="description" content="[^"]*">\s*')
_MARKUP = re.compile(r"\[([^\]]*)\]\([^)]*\)|[`*$]|<[^>]*>")


def with_tools(html: str, page: SitePage, settings: Settings) -> str:
    """A built page with its tools: below its heading, or at the top of a notebook."""
    article = _ARTICLE.search(html)
    if article is None:
        return html
    at = article.end()
    if not page.page.is_notebook and (heading := _HEADING.search(html, at)):
        at = heading.end()
    return f"{html[:at]}\n{tools(page, settings)}{html[at:]}"


def tools(page: SitePage, settings: Settings) -> str:
    """How long the page takes, and the ways to take it along."""
    markdown = _beside(page, ".md")
    items = [f"<span>{words.count(minutes(page), 'minute')} to read</span>"]
    items.append(
        f'<button type="button" data-copy-page="{markdown}">Copy page as Markdown</button>'
    )
    items.append(f'<a href="{markdown}">Markdown</a>')
    if page.page.blocks:
        for ending, name in ((".ipynb", "Notebook"), (".py", "Script")):
            file = f"{page.page.slug}{ending}"
            items.append(f'<a href="{_beside(page, ending)}" download="{file}">{name}</a>')
        if colab := colab_link(page, settings.repository):
            items.append(f'<a href="{colab}">Open in Colab</a>')
    status = '<span role="status"></span>'
    return (
        '<div class="page-tools" role="group" aria-label="This page" data-search-exclude>'
        f"{''.join(items)}{status}</div>\n"
    )


def colab_link(page: SitePage, repository: str) -> str | None:
    """Where Colab opens the page's notebook: it reads those of GitHub, from a branch of their own.

    The workflow that publishes the site pushes that branch. None without a repository on GitHub.
    """
    where = urlsplit(repository)
    if where.netloc != "github.com":
        return None
    path = quote(f"{where.path.strip('/')}/blob/{NOTEBOOKS_BRANCH}/{page.plain}.ipynb")
    return f"https://colab.research.google.com/github/{path}"


def minutes(page: SitePage) -> int:
    """An estimate of how long the page takes to read."""
    counted, lines = 0, 0
    for part in parts(page.page):
        if isinstance(part, Prose):
            counted += len(part.text.split())
        elif isinstance(part, Code):
            counted += len((part.question or "").split())
            shown = [part.block.code, part.block.expected_output or ""]
            lines += sum(len(text.split("\n")) for text in shown if text)
    return max(1, round(counted / WORDS_A_MINUTE + lines / LINES_A_MINUTE))


def with_preview(html: str, page: SitePage, settings: Settings) -> str:
    """A built page with its own description, and what a link to it shows elsewhere."""
    text = description(page) or settings.description
    found = {
        "og:type": "article" if page.folder else "website",
        "og:site_name": settings.name,
        "og:title": page.title,
        "og:description": text,
    }
    if settings.address:
        width, height = PICTURE_SIZE
        found |= {
            "og:url": settings.address + page.folder,
            "og:image": settings.address + PICTURE,
            "og:image:width": str(width),
            "og:image:height": str(height),
            "og:image:alt": PICTURE_ALT,
        }
    card = "summary_large_image" if settings.address else "summary"
    tags = [f'<meta property="{key}" content="{escape(value)}">' for key, value in found.items()]
    tags.append(f'<meta name="twitter:card" content="{card}">')
    tags.append(f'<meta name="description" content="{escape(text)}">')
    html = _DESCRIPTION.sub("", html, count=1)
    return html.replace("</head>", "\n".join([*tags, "</head>"]), 1)


def description(page: SitePage) -> str:
    """The beginning of the page's first paragraph, as long as search engines show it."""
    for part in parts(page.page):
        for paragraph in part.text.split("\n\n") if isinstance(part, Prose) else []:
            if paragraph[:1].isalnum() and "$" not in paragraph:
                plain = _MARKUP.sub(r"\1", " ".join(paragraph.split()))
                return _shortened(plain)
    return ""


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    sentences = text[:_LONGEST].rpartition(". ")[0]
    return f"{sentences}." if sentences else text[: _LONGEST - 1].rpartition(" ")[0] + "…"


def _beside(page: SitePage, ending: str) -> str:
    """A file that stands beside a page, as its address from there."""
    start = PurePosixPath(page.folder) if page.folder else PurePosixPath(".")
    return escape(PurePosixPath(os.path.relpath(page.plain + ending, start)).as_posix())
