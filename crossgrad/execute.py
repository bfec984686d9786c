"""How a block is run, for a witness and for a reader alike.

A page runs in a real module registered as `__main__`, compiled under its own file name with its
own line numbers: tracebacks name the true line, `inspect.getsource` works, and a class defined in
a block can be pickled.
"""

from __future__ import annotations

import ast
import contextlib
import io
import linecache
import re
import sys
import warnings
from collections.abc import Iterator
from types import CodeType, ModuleType
from typing import Any

SEED = 0
_TRIGGERED = re.compile(r"\s*\(Triggered internally at [^)]*\)")
_QUIET = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


def run_block(block: dict[str, Any], module: ModuleType) -> BaseException | None:
    """Run a block's code in its page's module; what it raised, if it did."""
    module.__file__ = block["filename"]
    try:
        for code, echo in _compiled(block):
            value = eval(code, module.__dict__)
            if echo and value is not None:
                print(repr(value))
    except BaseException as error:  # SystemExit and KeyboardInterrupt are outcomes like others
        return error
    return None


def last_line(error: BaseException) -> str:
    """An exception as the page shows it: the last line of its traceback."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


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


def main_module(filename: str) -> ModuleType:
    """An empty module in which a page begins."""
    module = ModuleType("__main__")
    module.__builtins__ = __builtins__  # type: ignore[attr-defined]
    module.__file__ = filename
    sys.modules["__main__"] = module
    return module


def show_source(filename: str, blocks: list[dict[str, Any]]) -> None:
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


def reader_filters() -> None:
    """Show the warnings that a reader's own interpreter shows, but each time, not the first."""
    warnings.simplefilter("always")
    for category in _QUIET:
        warnings.simplefilter("ignore", category)
    warnings.filterwarnings("always", category=DeprecationWarning, module="__main__")


def taken(caught: list[warnings.WarningMessage]) -> list[str]:
    """The warnings of one block, each once; the place in PyTorch's C++ is left out."""
    texts = [f"{w.category.__name__}: {_TRIGGERED.sub('', str(w.message))}" for w in caught]
    caught.clear()
    return list(dict.fromkeys(texts))
