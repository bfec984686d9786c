"""Run the blocks of a page inside Pyodide for its reader.

A block does here what it does for a witness: the same `execute` runs it, in a module of the page's
own, from the same seed. What it prints goes to the page at once; its warnings, its exception and
its pictures follow, in the form that the page shows them in.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import shutil
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

from crossgrad import execute
from crossgrad.picture_data import data_of
from crossgrad.pictures import PictureError, draw
from crossgrad.recorder import Recorder
from crossgrad.texts import normalised, same

LIMIT = 200_000
"""Characters of output that one run of a block may send."""

Emit = Callable[[str, str], None]
"""Is told a kind ("text", "error" or "picture") and a text."""


class Page:
    """One page's module and folder, as long as the reader stays on the page."""

    def __init__(self) -> None:
        self.torch = _torch()
        self.folder = tempfile.mkdtemp()
        self.module = execute.main_module("block 1")
        self.module.__dict__["input"] = _no_input
        self.recorder = Recorder(self.torch)

    def run(self, block: dict[str, Any], emit: Emit) -> dict[str, Any]:
        """Run one block; `{"error": its last line or None, "same": as the page shows it?}`."""
        sys.modules["__main__"] = self.module
        os.chdir(self.folder)
        execute.show_source(block["filename"], [block])
        output = _Output(emit)
        with warnings.catch_warnings(record=True) as caught:
            execute.reader_filters()
            sys.stdout = output
            try:
                error = execute.run_block(block, self.module)
            finally:
                sys.stdout = sys.__stdout__
            shown = execute.taken(caught)
        output.write("".join(f"{warning}\n" for warning in shown))
        output.flush()
        last = None if error is None else execute.last_line(error)
        if error is not None:
            emit("error", told(error))
        self._draw(block, emit)
        text = normalised("\n".join(filter(None, [output.text.rstrip("\n"), last])))
        return {"error": last, "same": same(text, normalised(block["expected"]))}

    def _draw(self, block: dict[str, Any], emit: Emit) -> None:
        """The block's pictures, from what it left behind."""
        for picture in block["pictures"]:
            data = data_of(picture, self.module.__dict__, self.recorder)
            try:
                if "problem" in data:
                    raise PictureError(data["problem"])
                emit("picture", draw(SimpleNamespace(**picture), data))
            except PictureError as error:
                emit("text", f"There is no picture: {error}\n")


_pages: dict[str, Page] = {}


def run(page: str, block: str, emit: Emit) -> str:
    """Run a block, given as JSON, of the page with that address; the outcome as JSON."""
    if page not in _pages:
        _pages[page] = Page()
    return json.dumps(_pages[page].run(json.loads(block), emit))


def forget(page: str) -> None:
    """The reader has left the page."""
    left = _pages.pop(page, None)
    if left is not None:
        os.chdir("/")
        shutil.rmtree(left.folder, ignore_errors=True)


def told(error: BaseException) -> str:
    """The traceback as a learner needs it: the frames of the page's blocks alone."""
    shown = traceback.TracebackException.from_exception(error, compact=True)
    for part in _with_causes(shown):
        frames = [frame for frame in part.stack if frame.filename.startswith("block ")]
        part.stack = traceback.StackSummary.from_list(frames)
    text = "".join(shown.format())
    if isinstance(error, SyntaxError):  # its last lines show the place
        return text
    return text.removesuffix("".join(shown.format_exception_only())) + execute.last_line(error)


def _with_causes(shown: traceback.TracebackException) -> list[traceback.TracebackException]:
    found: dict[int, traceback.TracebackException] = {}
    todo: list[traceback.TracebackException | None] = [shown]
    while todo:
        part = todo.pop()
        if part is not None and id(part) not in found:
            found[id(part)] = part
            todo += [part.__cause__, part.__context__]
    return list(found.values())


def _torch() -> ModuleType:
    """The reference as PyTorch, as a page finds it that has just begun."""
    importlib.import_module("reference_impl.alias").install()
    torch = importlib.import_module("torch")
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.set_grad_enabled(True)
    torch.set_printoptions(profile="default")
    torch.manual_seed(execute.SEED)
    return torch


def _no_input(prompt: str = "") -> str:
    raise RuntimeError("input() does not work in the page: put the value in the code instead")


class _Output(io.TextIOBase):
    """Standard output that sends each line to the page at once, up to the limit."""

    encoding = "utf-8"

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._part = ""
        self.text = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._part += text
        if "\n" in text or len(self._part) > 8192:
            self.flush()
        return len(text)

    def flush(self) -> None:
        text, self._part = self._part, ""
        room = LIMIT - len(self.text)
        if not text or room <= 0:
            return
        if len(text) > room:
            text = text[:room] + "\n… (the rest of the output is cut off)\n"
        self.text += text
        self._emit("text", text)
