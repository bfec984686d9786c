"""Run one page, in the process forked for it, and tell what each block did.

The page runs in a real module registered as `__main__`, compiled under its own file name with
its own line numbers: tracebacks name the true line, `inspect.getsource` works, and a class
defined in a block can be pickled.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import json
import linecache
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from types import CodeType, ModuleType
from typing import Any

from crossgrad.picture_data import data_of
from crossgrad.record import BlockRecord
from crossgrad.recorder import BackwardPasses, Recorder
from crossgrad.texts import normalised
from crossgrad.witnesses import Witness

SEED = 0
LONGEST_OUTPUT = 1_000_000
_TRIGGERED = re.compile(r"\s*\(Triggered internally at [^)]*\)")
_QUIET = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


def bind(witness: Witness) -> ModuleType:
    """What `import torch` gives from here on, with the witness's device and PyTorch's defaults."""
    if not witness.is_torch:
        importlib.import_module(f"{witness.binding}.alias").install()
    torch = importlib.import_module("torch")
    if witness.setup:
        module, _, function = witness.setup.partition(":")
        getattr(importlib.import_module(module), function)(torch)
    torch.manual_seed(SEED)
    if witness.device == "cuda":
        torch.set_default_device("cuda")
        if witness.is_torch:
            importlib.import_module("crossgrad.cuda").match_the_cpu()
    return torch


def run_page(order: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> None:
    """Do a job in this very process; `tell` gets a message before and after each block."""
    blocks = order["blocks"]
    torch = bind(Witness(**order["witness"]))
    module = _main_module(blocks)
    filenames = {block["filename"] for block in blocks}
    for filename in filenames:
        _show_source(filename, [block for block in blocks if block["filename"] == filename])
    recorder, passes = Recorder(torch), BackwardPasses(torch, filenames.__contains__)
    output, process = _Output(), os.getpid()
    with warnings.catch_warnings(record=True) as caught:
        _reader_filters()
        for index, block in enumerate(blocks):
            if not block["runs"]:
                continue
            tell({"at": index})
            record = _run_block(block, module, output)
            if os.getpid() != process:
                os._exit(0)  # a child that the page forked and did not end
            record.warnings = _taken(caught)
            record.backwards = passes.take()
            record.tensors = recorder.changed(module.__dict__)
            record.pictures = [data_of(p, module.__dict__, recorder) for p in block["pictures"]]
            output.take()  # what recording printed is not the page's
            caught.clear()
            passes.take()
            tell({"index": index, "record": record})


def _run_block(block: dict[str, Any], module: ModuleType, output: _Output) -> BlockRecord:
    record = BlockRecord()
    module.__file__ = block["filename"]
    try:
        for code, echo in _compiled(block):
            value = eval(code, module.__dict__)
            if echo and value is not None:
                print(repr(value))
    except BaseException as error:  # SystemExit and KeyboardInterrupt are outcomes like others
        record.exception = (
            f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        )
    record.output = output.take()
    return record


def _compiled(block: dict[str, Any]) -> Iterator[tuple[CodeType, bool]]:
    """The block's code; a notebook's last expression comes apart, because Jupyter shows it."""
    source = "\n" * block["offset"] + block["code"]
    filename = block["filename"]
    tree = ast.parse(source, filename)
    last = None
    if block["echoes"] and tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)
        if block["code"].rstrip().endswith(";"):
            last = None
    yield compile(tree, filename, "exec", dont_inherit=True), False
    if last is not None:
        yield compile(last, filename, "eval", dont_inherit=True), True


def _main_module(blocks: list[dict[str, Any]]) -> ModuleType:
    module = ModuleType("__main__")
    module.__builtins__ = __builtins__  # type: ignore[attr-defined]
    module.__file__ = blocks[0]["filename"]
    sys.modules["__main__"] = module
    sys.argv = [blocks[0]["filename"]]
    sys.path.insert(0, "")
    return module


def _show_source(filename: str, blocks: list[dict[str, Any]]) -> None:
    """Let tracebacks and `inspect` find the code: the page's lines, with its prose left blank.

    `inspect` parses the whole file, so blocks that are no valid Python are left blank too.
    """
    lines: list[str] = []
    for block in blocks:
        with contextlib.suppress(SyntaxError, ValueError):
            ast.parse(block["code"])
            lines += ["\n"] * (block["offset"] - len(lines))
            lines += io.StringIO(block["code"])
    linecache.cache[filename] = (sum(map(len, lines)), None, lines, filename)


def _reader_filters() -> None:
    """Show the warnings that a reader's own interpreter shows, but each time, not the first."""
    warnings.simplefilter("always")
    for category in _QUIET:
        warnings.simplefilter("ignore", category)
    warnings.filterwarnings("always", category=DeprecationWarning, module="__main__")


def _taken(caught: list[warnings.WarningMessage]) -> list[str]:
    """The warnings of one block, each once; the place in PyTorch's C++ is left out."""
    texts = [f"{w.category.__name__}: {_TRIGGERED.sub('', str(w.message))}" for w in caught]
    caught.clear()
    return list(dict.fromkeys(texts))


class _Output:
    """Standard output as a file, so that what subprocesses and C code print is caught too."""

    def __init__(self) -> None:
        sys.stdout = io.TextIOWrapper(
            io.FileIO(1, "w", closefd=False), encoding="utf-8", write_through=True
        )
        self._reader = os.dup(1)
        self._offset = 0

    def take(self) -> str:
        """The text since the last call."""
        with contextlib.suppress(ValueError, AttributeError):
            sys.stdout.flush()
        end = os.fstat(self._reader).st_size
        size = min(end - self._offset, LONGEST_OUTPUT)
        text = os.pread(self._reader, size, self._offset).decode(errors="backslashreplace")
        if end - self._offset > size:
            text += "\n... (the rest of the output is cut off)"
        self._offset = end
        return normalised(text)


def teller(handle: int, job: int) -> Callable[[dict[str, Any]], None]:
    """Messages as lines of JSON, each written whole before the next block runs."""

    def tell(message: dict[str, Any]) -> None:
        data = json.dumps({"job": job, **message}, default=vars).encode() + b"\n"
        while data:
            data = data[os.write(handle, data) :]

    return tell
