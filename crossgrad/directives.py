"""The HTML comments by which a page speaks to the engine.

Before a block:
    <!--crossgrad:skip WITNESS[,WITNESS] because REASON-->
    <!--crossgrad:requires cuda-->
    <!--crossgrad:when-asked-->
    <!--crossgrad:known-difference WITNESS FIELD because REASON-->
    <!--pytest-codeblocks:expect-exception-->
Before the first block:
    <!--crossgrad:skip-page WITNESS[,WITNESS] because REASON-->
After a block:
    <!--pytest-codeblocks:expected-output-->
    <!--crossgrad:graph NAME[,NAME] "alt text"-->
    <!--crossgrad:plot x=NAME y=NAME[,NAME] [kind=line|scatter|mixed] [xlabel=] [ylabel=] "alt"-->
    <!--crossgrad:image NAME "alt text"-->
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

from crossgrad.errors import PageError
from crossgrad.witnesses import NAMES

_COMMENT = re.compile(r"^<!--[-\s]*(crossgrad|pytest-codeblocks):\s*([a-z-]+)\s*(.*?)[-\s]*-->\s*$")
_ANY = re.compile(r"<!--[-\s]*(crossgrad:|pytest-codeblocks[:-]|pytest\.mark\.)")
_BECAUSE = re.compile(r"^(?P<what>.+?)\s+because\s+(?P<reason>.+)$")

BEFORE = {"skip", "requires", "when-asked", "known-difference", "expect-exception"}
AFTER = {"expected-output", "graph", "plot", "image"}
PICTURES = {"graph", "plot", "image"}
_PLOT_OPTIONS = {"x", "y", "kind", "xlabel", "ylabel"}


@dataclass(frozen=True)
class Directive:
    """One comment: what it says (`key`), the rest of its text, and where it stands."""

    key: str
    text: str
    line: int


@dataclass(frozen=True)
class Picture:
    """A picture made from what a block left behind.

    kind: `graph`, `plot` or `image`. names: the tensors drawn (a plot's y values). options: a
    plot's `x`, `kind`, `xlabel`, `ylabel`. number: counts the pictures of the page from 1.
    """

    kind: str
    names: tuple[str, ...]
    alt: str
    line: int
    number: int
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AnnouncedDifference:
    """A difference that the page announces: it must occur, and is then no disagreement."""

    witness: str
    field: str
    reason: str
    line: int


def read(line: str, number: int, page: str) -> Directive | None:
    """The directive on a line, or None for any other line.

    Raises:
        PageError: it looks like a directive and is none.
    """
    if not _ANY.search(line):
        return None
    match = _COMMENT.match(line)
    known = BEFORE | AFTER | {"skip-page"}
    ours = {"expect-exception", "expected-output"}
    if match is None or match[2] not in known or (match[1] == "crossgrad") == (match[2] in ours):
        raise PageError(
            page,
            number,
            f"{line.strip()!r} is no directive; put one of {', '.join(sorted(known))} "
            "on a line of its own, from the first column to -->",
        )
    return Directive(match[2], match[3], number)


def skipped(directive: Directive, page: str) -> dict[str, str]:
    """Which witnesses a `skip` or `skip-page` names, each with the reason."""
    what, reason = _because(directive, page)
    witnesses = [name.strip() for name in what.split(",")]
    for name in witnesses:
        _require_witness(name, directive, page)
    return dict.fromkeys(witnesses, reason)


def announced(directive: Directive, page: str) -> AnnouncedDifference:
    """What a `known-difference` says."""
    what, reason = _because(directive, page)
    witness, _, field_name = what.partition(" ")
    if not field_name.strip():
        raise PageError(
            page,
            directive.line,
            "known-difference needs a witness and a field, "
            "such as `known-difference numpy x.grad_fn because ...`",
        )
    _require_witness(witness, directive, page)
    return AnnouncedDifference(witness, field_name.strip(), reason, directive.line)


def picture(directive: Directive, number: int, page: str) -> Picture:
    """What a `graph`, `plot` or `image` asks for."""
    match = re.match(r'^(?P<head>.*?)\s*"(?P<alt>[^"]+)"$', directive.text)
    if match is None:
        raise PageError(
            page, directive.line, f'{directive.key} needs a text alternative: {directive.key} "..."'
        )
    try:
        words = shlex.split(match["head"])
    except ValueError as error:
        raise PageError(page, directive.line, f"{directive.key}: {error}") from error
    options = dict(word.split("=", 1) for word in words if "=" in word)
    names = [word for word in words if "=" not in word]
    if directive.key == "plot":
        _require_plot(options, names, directive, page)
        names = [options.pop("y")]
    elif options or len(names) != 1:
        raise PageError(page, directive.line, f"{directive.key} takes the name of a tensor")
    split = tuple(name.strip() for name in names[0].split(","))
    return Picture(directive.key, split, match["alt"], directive.line, number, options)


def _require_plot(
    options: dict[str, str], names: list[str], directive: Directive, page: str
) -> None:
    if names or not {"x", "y"} <= set(options) <= _PLOT_OPTIONS:
        raise PageError(
            page, directive.line, "plot takes x=NAME y=NAME[,NAME] [kind=] [xlabel=] [ylabel=]"
        )
    if options.setdefault("kind", "line") not in {"line", "scatter", "mixed"}:
        raise PageError(page, directive.line, "a plot's kind is line, scatter or mixed")


def _because(directive: Directive, page: str) -> tuple[str, str]:
    match = _BECAUSE.match(directive.text)
    if match is None:
        raise PageError(
            page, directive.line, f"{directive.key} needs a reason: {directive.key} ... because ..."
        )
    return match["what"], match["reason"]


def _require_witness(name: str, directive: Directive, page: str) -> None:
    if name not in NAMES:
        raise PageError(
            page, directive.line, f"no witness is called {name!r}; there are {', '.join(NAMES)}"
        )
