"""The Python-Markdown extension of the site: verdicts, pictures and formulas.

    markdown_extensions:
      - pymdownx.superfences
      - pymdownx.arithmatex: {generic: true}
      - attr_list
      - md_in_html
      - tables
      - crossgrad.markdown_extension: {docs_dir: docs}

An extension, and no plugin of one site generator, because every generator that reads MkDocs'
configuration runs Python-Markdown. It executes no block and needs no PyTorch.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from crossgrad.errors import CrossgradError
from crossgrad.evidence import site_evidence
from crossgrad.pages import parse_page
from crossgrad.site.api import list_names
from crossgrad.site.formulas import FormulaTreeprocessor
from crossgrad.site.identity import PageIndex
from crossgrad.site.source import show
from crossgrad.site.tables import fill
from crossgrad.site.weave import weave

log = logging.getLogger("mkdocs.crossgrad")  # MkDocs counts warnings below its own name

AFTER_WHITESPACE, BEFORE_FENCES = 30, 25  # priorities of Python-Markdown and superfences
AFTER_INLINE = 15
_indexes: dict[Path, PageIndex] = {}


class CrossgradExtension(Extension):
    """Registers what turns pages and evidence into what readers see."""

    def __init__(self, **options: Any) -> None:
        self.config = {"docs_dir": ["docs", "The folder of the pages and of evidence.json."]}
        super().__init__(**options)

    def extendMarkdown(self, md: Markdown) -> None:
        """Called by Python-Markdown, once for each page."""
        docs_dir = Path(self.getConfig("docs_dir")).resolve()
        priority = (AFTER_WHITESPACE + BEFORE_FENCES) / 2
        md.preprocessors.register(PagePreprocessor(md, docs_dir), "crossgrad", priority)
        md.treeprocessors.register(FormulaTreeprocessor(md), "crossgrad-formulas", AFTER_INLINE)


class PagePreprocessor(Preprocessor):
    """Hands a page's text to `weave`, then to what answers its requests for something."""

    def __init__(self, md: Markdown, docs_dir: Path) -> None:
        super().__init__(md)
        self.docs_dir = docs_dir

    def run(self, lines: list[str]) -> list[str]:
        """The lines of a page as the site shows them; other text stays as it is."""
        try:
            return self._woven(lines)
        except CrossgradError as error:
            log.warning("%s", error)
            return lines

    def _woven(self, lines: list[str]) -> list[str]:
        index = _indexes.setdefault(self.docs_dir, PageIndex(self.docs_dir))
        found = index.find(lines)
        if found is None:
            if any(line.rstrip() == "```python" for line in lines):
                log.warning("a text with Python blocks is no page below %s", self.docs_dir)
            return lines
        name, text = found
        page, evidence = parse_page(text, name), site_evidence(self.docs_dir)
        keep = self.md.htmlStash.store
        woven = weave(page, lines, evidence, self.docs_dir, keep)
        woven = fill(name, woven, evidence, self.docs_dir, keep)
        return show(name, list_names(name, woven, keep))


def makeExtension(**options: Any) -> CrossgradExtension:
    """Python-Markdown's way to ask for an extension."""
    return CrossgradExtension(**options)
