"""A page to take away: as a notebook and as a script, made from its verified blocks.

Both run anywhere with plain PyTorch. Both hold the outputs that the witnesses agreed on.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from typing import Any

import nbformat
from nbformat import v4

from crossgrad.pages import Block, Page
from crossgrad.site.parts import Code, Prose, parts, placed

_WARNING = re.compile(r"^\w*Warning: ", re.MULTILINE)
_ERROR = re.compile(r"^(?P<type>_?[A-Z]\w*)(?:: (?P<message>.*))?\Z", re.MULTILINE | re.DOTALL)
_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
_WITHOUT_GPU = "print('Not run: there is no GPU')"


def notebook(page: Page, address: str = "") -> str:
    """The page as a notebook's JSON; `address` is the site's, for links and pictures."""
    if page.is_notebook:
        return page.path.read_text(encoding="utf-8")
    cells = [cell for part in parts(page) for cell in _cells(part, page, address)]
    for number, cell in enumerate(cells, 1):
        cell["id"] = f"cell-{number}"  # the same from build to build
    made = v4.new_notebook(
        cells=cells, metadata={"kernelspec": _KERNEL, "language_info": {"name": "python"}}
    )
    nbformat.validate(made)
    return nbformat.writes(made, indent=1, ensure_ascii=False) + "\n"


def script(page: Page, address: str = "") -> str:
    """The page as a program in cells (`# %%`), its text and its outputs in comments."""
    pieces = [piece for part in parts(page) for piece in _script_cells(part, page, address)]
    return "\n\n".join(pieces) + "\n"


def outputs(block: Block) -> list[dict[str, Any]]:
    """A block's verified output as that of a notebook's cell: text, warnings, an error."""
    text = block.expected_output or ""
    error = _error(text) if block.expects_exception else None
    if error:
        text = text[: error.start()]
    warned = _WARNING.search(text)
    printed, warnings_ = (text[: warned.start()], text[warned.start() :]) if warned else (text, "")
    streams = [("stdout", printed), ("stderr", warnings_)]
    found = [
        v4.new_output("stream", name=name, text=f"{part.rstrip()}\n")
        for name, part in streams
        if part.strip()
    ]
    if error:
        kind, message = error["type"], error["message"] or ""
        line = f"{kind}: {message}" if message else kind
        found.append(v4.new_output("error", ename=kind, evalue=message, traceback=[line]))
    return found


def _error(text: str) -> re.Match[str] | None:
    """The exception that ends an output: from the last line that names one, to the end.

    A warning is one only where the page turned it into an error.
    """
    starts = [m.start() for m in re.finditer(r"^_?[A-Z]\w*(?=: |$)", text, re.MULTILINE)]
    named = [match for start in reversed(starts) if (match := _ERROR.match(text, start))]
    by_kind = sorted(named, key=lambda match: _kind(match["type"]))
    return next(iter(by_kind), None)


def _kind(name: str) -> int:
    """How likely a name is that of an exception: surely, as a warning, by its capital alone."""
    return next(
        (rank for rank, ending in enumerate(("Error", "Exception", "Warning")) if ending in name), 3
    )


def _cells(part: Prose | Code, page: Page, address: str) -> list[dict[str, Any]]:
    if isinstance(part, Prose):
        return [v4.new_markdown_cell(placed(part.text, page.name, address))]
    block = part.block
    cell = v4.new_code_cell(block.code.rstrip("\n"), outputs=outputs(block))
    if block.expects_exception or block.requires_cuda:
        cell["metadata"]["tags"] = ["raises-exception"]
    if part.question is None:
        return [cell]
    cell["metadata"]["jupyter"] = {"outputs_hidden": True}
    return [v4.new_markdown_cell(f"**{part.question}**"), cell]


def _script_cells(part: Prose | Code, page: Page, address: str) -> list[str]:
    if isinstance(part, Prose):
        return [_said(placed(part.text, page.name, address))]
    question = [_said(f"**{part.question}**")] if part.question else []
    block = part.block
    shown = block.expected_output
    output = f"\n# Output:\n{_commented(shown)}" if shown else ""
    return [*question, f"# %%\n{_program(block)}{output}"]


def _said(markdown: str) -> str:
    return f"# %% [markdown]\n{_commented(markdown)}"


def _commented(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.split("\n"))


def _program(block: Block) -> str:
    """A block's code as part of a program, which goes on after an error that the page shows."""
    code = block.code.rstrip("\n")
    inner = textwrap.indent(code, "    ")
    wrapped = code
    if block.expects_exception:
        report = "    print(f'{type(raised).__name__}: {raised}')"
        wrapped = f"try:\n{inner}\nexcept Exception as raised:\n{report}"
    if block.requires_cuda:
        inner = textwrap.indent(wrapped, "    ")
        wrapped = f"if torch.cuda.is_available():\n{inner}\nelse:\n    {_WITHOUT_GPU}"
    if _parses(wrapped):
        return wrapped
    return f"# Python refuses to read this, so it is left out of the program:\n{_commented(code)}"


def _parses(code: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a page shows is the page's affair
            ast.parse(code)
    except SyntaxError:
        return False
    return True
