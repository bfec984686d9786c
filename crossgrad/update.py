"""Write verified outputs and pictures into the pages, and the evidence beside them.

An output is written only where all witnesses that ran the block agree. Everything about one
page is written in one step that Ctrl-C cannot split, each file whole or not at all.
"""

from __future__ import annotations

import signal
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from crossgrad import evidence as store
from crossgrad import illustrate, notebooks
from crossgrad.errors import CrossgradError
from crossgrad.evidence import BlockEvidence, Evidence, PageEvidence, write_whole
from crossgrad.pages import Block, Page, read_page
from crossgrad.texts import normalised
from crossgrad.verdict import between_witnesses, judge
from crossgrad.verify import Verification, Verifier, replace_pages

Edit = tuple[int, int, list[str]]
"""Lines to replace, as a slice counted from 0, and the new lines."""


def require_writable(docs_dir: Path) -> None:
    """Refuse early, before anything is run.

    Raises:
        CrossgradError: no file can be made in the docs folder.
    """
    try:
        tempfile.TemporaryFile(dir=docs_dir).close()
    except OSError as error:
        raise CrossgradError(
            f"the folder {docs_dir} cannot be written ({error.strerror}); "
            "allow writing to it, or use `crossgrad verify`"
        ) from error


def update(verifier: Verifier, pages: Sequence[Page]) -> Verification:
    """Verify pages and write what was found; the result judges the pages as they now are.

    Raises:
        CrossgradError: a file cannot be written, or a witness cannot be started.
    """
    result = verifier.verify(pages)
    committed = verifier.committed
    for name in [name for name in committed.pages if not (verifier.docs_dir / name).exists()]:
        del committed.pages[name]
    for index, page in enumerate(pages):
        with uninterrupted():
            result.pages[index] = _write_page(page, result)
            _judge_again(result, result.pages[index], committed)
            if _lay_over(committed, result, page.name):
                store.save(committed, verifier.docs_dir / store.COMMITTED)
    return result


def _write_page(page: Page, result: Verification) -> Page:
    """Write what the witnesses agree on into one page, and read it again."""
    runs, verdicts = result.runs[page.name], result.evidence.pages[page.name].blocks
    outputs = {}
    for block, found in zip(page.blocks, verdicts, strict=True):
        records = runs.records(block.index)
        if not records or between_witnesses(found):
            continue
        record = next(iter(records.values()))
        outputs[block.index] = normalised(record.shown())
        for file, svg in illustrate.drawings(block, page, record).items():
            _write_if_new(file, svg)
    for file in illustrate.surplus(page):
        file.unlink()
    _write_text(page, rewritten(page, outputs))
    return read_page(page.path, page.docs_dir)


def _judge_again(result: Verification, page: Page, committed: Evidence) -> None:
    """Judge a page as written; recorded outputs count only for blocks that were not run now."""
    runs = replace(result.runs[page.name], page=page)
    ran = {block.hash for block in page.blocks if runs.records(block.index)}
    before = committed.pages.get(page.name, PageEvidence()).blocks
    kept = PageEvidence([block for block in before if block.hash not in ran])
    result.runs[page.name] = runs
    result.evidence.pages[page.name] = judge(runs, kept)


def _lay_over(committed: Evidence, result: Verification, name: str) -> bool:
    """Put a page's evidence into the committed one; False if it says nothing but newer dates."""
    newer = Evidence(result.evidence.witnesses, {name: result.evidence.pages[name]})
    merged = replace_pages(committed, newer)
    before = committed.pages.get(name)
    if before is not None and _undated(before) == _undated(merged.pages[name]):
        return False
    committed.witnesses, committed.pages[name] = merged.witnesses, merged.pages[name]
    return True


def _undated(page: PageEvidence) -> list[BlockEvidence]:
    """A page's evidence without its dates."""
    return [
        replace(
            block,
            witnesses={name: replace(v, date=None) for name, v in block.witnesses.items()},
        )
        for block in page.blocks
    ]


def rewritten(page: Page, outputs: dict[int, str]) -> str:
    """The page's Markdown with these outputs, by block index, and with all its image lines."""
    edits: list[Edit] = []
    for block in page.blocks:
        if block.index in outputs:
            edits += _output_edit(page, block, outputs[block.index])
        for picture in block.pictures:
            shown = illustrate.shown_line(page, picture) is not None
            new = [illustrate.image_line(page, picture)]
            edits.append((picture.line, picture.line + shown, new))
    lines = page.text.split("\n")
    for start, end, new in sorted(edits, key=lambda edit: edit[0], reverse=True):
        lines[start:end] = new
    return "\n".join(lines)


def _output_edit(page: Page, block: Block, output: str) -> Iterator[Edit]:
    fence = notebooks.output_fence(output) if output else []
    if block.output_lines is not None:
        start, end = block.output_lines
        blank_before = not page.text.split("\n")[start - 2].strip()
        yield start - 1 - (not fence and blank_before), end, fence
    elif fence:
        yield block.fence_end, block.fence_end, ["", *fence]


def _write_text(page: Page, text: str) -> None:
    if page.is_notebook:
        original = page.path.read_text(encoding="utf-8")
        text = notebooks.from_markdown(original, text, page.shown)
    _write_if_new(page.path, text)


def _write_if_new(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_whole(path, text)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until the block is through."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt
