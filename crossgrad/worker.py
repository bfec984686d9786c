"""Run one page, in the process forked for it, and tell what each block did."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

from crossgrad import execute
from crossgrad.picture_data import data_of
from crossgrad.record import BlockRecord
from crossgrad.recorder import BackwardPasses, Recorder
from crossgrad.texts import normalised
from crossgrad.witnesses import Witness

LONGEST_OUTPUT = 1_000_000


def bind(witness: Witness) -> ModuleType:
    """What `import torch` gives from here on, with the witness's device and PyTorch's defaults."""
    if not witness.is_torch:
        importlib.import_module(f"{witness.binding}.alias").install()
    torch = importlib.import_module("torch")
    if witness.setup:
        module, _, function = witness.setup.partition(":")
        getattr(importlib.import_module(module), function)(torch)
    torch.manual_seed(execute.SEED)
    if witness.device == "cuda":
        torch.set_default_device("cuda")
        if witness.is_torch:
            importlib.import_module("crossgrad.cuda").match_the_cpu()
    return torch


def run_page(order: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> None:
    """Do a job in this very process; `tell` gets a message before and after each block."""
    blocks = order["blocks"]
    torch = bind(Witness(**order["witness"]))
    module = execute.main_module(blocks[0]["filename"])
    sys.argv = [blocks[0]["filename"]]
    sys.path.insert(0, "")
    filenames = {block["filename"] for block in blocks}
    for filename in filenames:
        execute.show_source(filename, [block for block in blocks if block["filename"] == filename])
    recorder, passes = Recorder(torch), BackwardPasses(torch, filenames.__contains__)
    output, process = _Output(), os.getpid()
    with warnings.catch_warnings(record=True) as caught:
        execute.reader_filters()
        for index, block in enumerate(blocks):
            if not block["runs"]:
                continue
            tell({"at": index})
            record = _run_block(block, module, output)
            if os.getpid() != process:
                os._exit(0)  # a child that the page forked and did not end
            record.warnings = execute.taken(caught)
            record.backwards = passes.take()
            record.tensors = recorder.changed(module.__dict__)
            record.pictures = [data_of(p, module.__dict__, recorder) for p in block["pictures"]]
            output.take()  # what recording printed is not the page's
            caught.clear()
            passes.take()
            tell({"index": index, "record": record})


def _run_block(block: dict[str, Any], module: ModuleType, output: _Output) -> BlockRecord:
    record = BlockRecord()
    error = execute.run_block(block, module)
    record.exception = None if error is None else execute.last_line(error)
    record.output = output.take()
    return record


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
