"""Run pages inside Pyodide, each as if in a process of its own.

There is no fork in WebAssembly, and starting Python anew takes seconds. So what a page could have
changed is put back after it: the engine and the reference are imported afresh, and the folder, the
environment, the import system and NumPy's settings are as they were.
"""

from __future__ import annotations

import gc
import importlib
import json
import linecache
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

_OURS = ("crossgrad", "reference_impl", "torch", "__main__")


def run(order: str, tell: Callable[[str], None]) -> None:
    """Do a job, given as JSON; `tell` gets each message as JSON."""
    with ExitStack() as stack:
        for restore in (_modules, _interpreter, _streams, _folder):
            stack.enter_context(restore())
        stack.enter_context(np.printoptions())
        stack.enter_context(np.errstate())
        worker = importlib.import_module("crossgrad.worker")
        worker.run_page(json.loads(order), lambda message: tell(json.dumps(message, default=vars)))
    gc.collect()


@contextmanager
def _modules() -> Any:
    main = sys.modules["__main__"]
    kept = {name: m for name, m in sys.modules.items() if name.partition(".")[0] in _OURS}
    for name in kept:
        del sys.modules[name]
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] in _OURS]:
            del sys.modules[name]
        sys.modules.update(kept)
        sys.modules["__main__"] = main
        linecache.clearcache()


@contextmanager
def _interpreter() -> Any:
    path, finders, hooks = sys.path[:], sys.meta_path[:], (sys.displayhook, sys.excepthook)
    argv, limit, environment = sys.argv, sys.getrecursionlimit(), dict(os.environ)
    try:
        yield
    finally:
        sys.path[:], sys.meta_path[:] = path, finders
        (sys.displayhook, sys.excepthook), sys.argv = hooks, argv
        sys.setrecursionlimit(limit)
        os.environ.clear()
        os.environ.update(environment)


@contextmanager
def _streams() -> Any:
    """Standard output as a file, as it is for the other witnesses."""
    streams, saved = (sys.stdout, sys.stderr), os.dup(1)
    with tempfile.NamedTemporaryFile() as file:  # the file system finds open files by their names
        os.dup2(file.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(saved, 1)
            os.close(saved)
            sys.stdout, sys.stderr = streams


@contextmanager
def _folder() -> Any:
    before, home = os.getcwd(), tempfile.mkdtemp()
    os.chdir(home)
    os.environ["HOME"] = home
    try:
        yield
    finally:
        os.chdir(before)
        shutil.rmtree(home, ignore_errors=True)
