"""The API reference: what the reference has under a name of PyTorch's, from its docstrings.

A page asks for the names of a namespace with a comment on a line of its own; with modules named
after it, for those of its names that are defined there, under what their docstrings begin with::

    <!--site:api torch.optim-->
    <!--site:api torch ops.arithmetic ops.exponential-->

Operations are made by declarations, and get to the namespace and to Tensor where they are declared.
Only the finished package knows which there are and what arguments they take, so it is imported and
asked, when the site is built.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from html import escape
from types import ModuleType
from typing import Any

from crossgrad.errors import CrossgradError
from crossgrad.site.source import ROOT, requests
from crossgrad.site.weave import Keep

PACKAGE = "reference_impl"
_REQUEST = re.compile(r"^<!--site:api\s+(torch[\w.]*)((?:\s+[\w.]+)*)\s*-->\s*$")
_CODE = re.compile(r"``(.+?)``|`([^`]+)`|:\w+:`~?([^`]+)`")
_HEADING_ENDS = re.compile(r"[:;]|\.?$", re.MULTILINE)
_NO_LITERAL = re.compile(r"<[^>]*>")  # of a default that is an object
# What stands in a namespace for the sake of other modules, and has no such name in PyTorch.
_INTERNAL = {
    "torch.Tensor": {"history"},
    "torch.nn.functional": {"feature_dropout"},
    "torch.special": {
        "igamma", "igammac", "lgamma", "mvlgamma", "sigmoid", "special_entr", "special_xlog1py",
    },
}  # fmt: skip


def list_names(page: str, lines: list[str], keep: Keep) -> list[str]:
    """The lines of a page, with entries in place of the comments that ask for them.

    Raises:
        CrossgradError: there is no such namespace or module; names the page.
    """
    listed: list[str] = []
    asked = requests(page, lines, _REQUEST)
    for number, text in enumerate(lines, 1):
        match = asked.get(number)
        if match is None:
            listed.append(text)
            continue
        try:
            listed += _sections(match[1], match[2].split(), keep)
        except ImportError as error:
            raise CrossgradError(f"{page}: {match[1]} can't be listed: {error}") from error
    return listed


def _sections(namespace: str, modules: list[str], keep: Keep) -> Iterator[str]:
    names = public(namespace)
    for module in modules:
        here = [name for name in names if home(names[name]) == f"{PACKAGE}.{module}"]
        doc = importlib.import_module(f"{PACKAGE}.{module}").__doc__ or module
        yield from ("", f"## {_HEADING_ENDS.split(doc)[0]}", "")
        yield from (keep("".join(entry(namespace, name, names[name]) for name in here)), "")
    if not modules:
        yield from ("", keep("".join(entry(namespace, n, thing) for n, thing in names.items())), "")


# ---------------------------------------------------------------- what there is


@functools.cache
def public(namespace: str) -> dict[str, Any]:
    """The functions and classes of a namespace (``torch.optim``) or class, in alphabetical order.

    In-place forms are told of with the operation itself, and methods that the torch namespace has
    as functions with the functions.
    """
    owner = _owner(namespace)
    given = getattr(owner, "__all__", None) or [n for n in dir(owner) if not n.startswith("_")]
    found = {name: getattr(owner, name) for name in sorted(given, key=str.lower)}
    gathers = hasattr(owner, "__all__") or not isinstance(owner, ModuleType)
    if owner.__name__ in (PACKAGE, f"{PACKAGE}.special"):  # which gather what others declare
        gathers = True
    return {
        name: thing
        for name, thing in found.items()
        if callable(thing)
        and home(thing).startswith(PACKAGE if gathers else owner.__name__)
        and home(thing) != f"{PACKAGE}.missing"
        and not (name.endswith("_") and (name[:-1] in found or namespace == "torch"))
        and name not in _INTERNAL.get(namespace, ())
        and not (namespace == "torch.Tensor" and name in public("torch"))
    }


def _owner(namespace: str) -> Any:
    module, owner = PACKAGE, importlib.import_module(PACKAGE)
    for part in namespace.split(".")[1:]:
        if inspect.isclass(getattr(owner, part, None)):
            return getattr(owner, part)
        module += f".{part}"
        owner = importlib.import_module(module)
    return owner


def home(thing: Any) -> str:
    """The module in which something is written down."""
    inner = inspect.unwrap(thing) if callable(thing) else thing
    return str(getattr(inner, "__module__", None) or "")


# ---------------------------------------------------------------- how it is told


def entry(namespace: str, name: str, thing: Any) -> str:
    """One name: its arguments, its docstring, how it is differentiated, and its source."""
    full = f"{namespace}.{name}"
    told = arguments(thing, namespace == "torch.Tensor")
    doc = inspect.getdoc(thing) or ""
    if told.startswith("(input"):
        doc = re.sub(r"\bself\b", "input", doc)
    parts = [
        f'<h3 id="{full}" class="api-name"><code>{escape(full + told)}</code></h3>',
        prose(doc),
    ]
    facts = list(_facts(name, thing))
    if facts:
        parts.append(f'<p class="api-facts">{" · ".join(facts)}</p>')
    if inspect.isclass(thing):
        parts.append(_methods(thing))
    else:
        parts.append(_source(thing))
    return "".join(parts)


def arguments(thing: Any, method: bool = False) -> str:
    """The arguments as PyTorch's users give them: ``(input, dim, keepdim=False)``."""
    bound = method + hasattr(thing, "op") + inspect.isclass(thing)  # self of a method, xp of an op
    try:
        given = inspect.signature(thing.__init__ if inspect.isclass(thing) else thing)
    except (TypeError, ValueError):
        return "(...)"
    if list(given.parameters) == ["args", "kwargs"] and not inspect.isclass(thing):
        return "(...)"
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in given.parameters.values()]
    plain = _as_given(plain[bound:])
    if plain and plain[0].name == "self" and "input" not in given.parameters:
        plain[0] = plain[0].replace(name="input")
    shown = inspect.Signature(plain)
    return _NO_LITERAL.sub("...", str(shown))


def _as_given(found: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """The parameters of a function that takes its first argument by position or by name.

    ``(*args, data=<unset>)`` is ``(data)``, and ``(*size_args, size=None)`` is ``(*size)``.
    """
    kinds = [inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.KEYWORD_ONLY]
    if [p.kind for p in found[:2]] != kinds:
        return found
    rest, second = found[:2]
    if rest.name == f"{second.name}_args":
        return [rest.replace(name=second.name), *found[2:]]
    if _NO_LITERAL.fullmatch(repr(second.default)):
        required = inspect.Parameter(second.name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        return [required, *found[2:]]
    return found


def prose(doc: str) -> str:
    """A docstring as HTML: paragraphs, indented examples, names in code."""
    parts = []
    for paragraph in re.split(r"\n\s*\n", doc.strip()):
        if paragraph.startswith(("    ", ">>> ")):
            parts.append(
                f'<pre tabindex="0"><code>{escape(textwrap.dedent(paragraph))}</code></pre>'
            )
        elif paragraph:
            text = re.sub(r"::$", ":", " ".join(paragraph.split()))
            parts.append(f"<p>{_with_code(text)}</p>")
    return "".join(parts)


def _with_code(text: str) -> str:
    """Text with what stands between backticks as code."""
    html, end = [], 0
    for match in _CODE.finditer(text):
        name = next(filter(None, match.groups()))
        html += [escape(text[end : match.start()], quote=False), f"<code>{escape(name)}</code>"]
        end = match.end()
    return "".join([*html, escape(text[end:], quote=False)])


def _facts(name: str, thing: Any) -> Iterator[str]:
    """What a declaration tells beside the docstring."""
    tensor, op = _owner("torch.Tensor"), getattr(thing, "op", None)
    if getattr(thing, "__name__", name) not in (name, f"{name}_", f"_{name}") and op is not None:
        yield f"another name of <code>{escape(op.name)}</code>"
    if inspect.isclass(thing):
        yield f"in <code>{home(thing).replace('.', '/')}.py</code>"
    if op is None:
        return
    if isinstance(op.node_name, str) and op.diff:
        yield f"recorded as <code>{op.node_name}</code>"
    elif not op.diff:
        yield "not differentiable"
    if inspect.unwrap(getattr(tensor, name, int)) is inspect.unwrap(thing):
        yield "also a method"
    if hasattr(tensor, f"{name}_"):
        yield f"in place: <code>{escape(name)}_</code>"


def _methods(thing: type) -> str:
    """The methods that a class adds and documents."""
    rows = [
        f"<dt><code>{escape(name + arguments(method, True))}</code></dt>"
        f"<dd>{prose(method.__doc__)}</dd>"
        for name, method in vars(thing).items()
        if inspect.isfunction(method) and method.__doc__ and home(method) == thing.__module__
        if not name.startswith("_")
    ]
    return f'<dl class="api-methods">{"".join(rows)}</dl>' if rows else ""


def _source(thing: Any) -> str:
    """The declaration, with the rules that it names, to be unfolded."""
    found = list(dict.fromkeys(_sources(thing)))
    if not found:
        return ""
    path = inspect.getsourcefile(inspect.unwrap(thing))
    file = str(path).removeprefix(f"{ROOT}/")
    code = "\n\n".join(text.rstrip() for text in found)
    return (
        f'<details class="api-source" data-search-exclude><summary>Source: {escape(file)}</summary>'
        f'<pre tabindex="0"><code>{escape(code)}</code></pre></details>'
    )


def _sources(thing: Any) -> Iterable[str]:
    op = getattr(thing, "op", None)
    functions: list[Callable[..., Any]] = []
    if op is not None:
        functions = [rule for rule, _ in op.rules]
    try:
        for function in functions:
            inner = inspect.unwrap(function)
            if inner.__name__ != "<lambda>" and home(inner) == home(thing):
                yield inspect.getsource(inner)
        inner = inspect.unwrap(thing)
        if inner.__code__.co_name != "call":  # an in-place form, made for the declaration
            yield inspect.getsource(inner)
    except (OSError, TypeError, AttributeError):
        return
