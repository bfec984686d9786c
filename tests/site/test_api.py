"""The API reference: every public name of the reference once, as its declaration tells it."""

import importlib
import re
from collections import Counter

import pytest
from bs4 import BeautifulSoup

from crossgrad.errors import CrossgradError
from crossgrad.site import api
from crossgrad.site.source import ROOT

PAGES = {
    path.name: re.findall(
        r"^<!--site:api\s+(\S+)(.*)-->$", path.read_text(encoding="utf-8"), re.MULTILINE
    )
    for path in sorted((ROOT / "docs" / "api").glob("*.md"))
}
REQUESTS = [(namespace, rest.split()) for found in PAGES.values() for namespace, rest in found]
NAMESPACES = sorted({namespace for namespace, _ in REQUESTS})


def entry(full):
    namespace, _, name = full.rpartition(".")
    html = api.entry(namespace, name, api.public(namespace)[name])
    return BeautifulSoup(html, "html.parser")


@pytest.mark.parametrize(
    "heading",
    [
        "torch.logsumexp(input, dim, keepdim=False)",
        "torch.add(input, other, *, alpha=1)",
        "torch.Tensor.retain_grad()",
        "torch.Tensor.cauchy_(...)",
        "torch.ones(*size, out=None, dtype=None, layout=None, device=None, pin_memory=False, "
        "requires_grad=False, **options)",
        "torch.tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False)",
        "torch.linalg.svd(A, full_matrices=True, *, driver=None)",
        "torch.nn.Identity(*args, **kwargs)",
    ],
)
def test_arguments_are_given_as_users_give_them(heading):
    found = entry(heading.partition("(")[0]).h3
    assert found["id"] == heading.partition("(")[0]
    assert found.get_text() == heading


def test_what_is_missing_is_not_listed():
    assert "coalesce" not in api.public("torch.Tensor")


def test_a_method_that_is_in_place_alone_says_what_it_fills_in():
    assert entry("torch.Tensor.normal_").p.get_text() == "Fill with normal numbers."


def test_docstrings_name_the_argument_as_the_heading_does():
    assert entry("torch.add").p.get_text().startswith("The sum input + alpha * other.")


def test_an_operation_shows_how_it_is_differentiated():
    found = entry("torch.logsumexp")
    assert "recorded as LogsumexpBackward0 · also a method" in found.get_text()
    assert found.summary.get_text() == "Source: reference_impl/ops/softmax.py"
    code = found.details.pre.get_text()
    assert code.index("def _logsumexp_rule") < code.index("def logsumexp")


def test_a_class_shows_the_methods_that_it_adds():
    found = entry("torch.optim.Optimizer")
    assert found.select_one(".api-facts").get_text() == "in reference_impl/optim/optimizer.py"
    assert "zero_grad(set_to_none=True)" in [term.get_text() for term in found.select("dt")]


def test_docstrings_become_paragraphs_code_and_examples():
    html = api.prose("A ``b < c`` and `d`::\n\n    x = 1\n    y = 2\n\nThe end.")
    soup = BeautifulSoup(html, "html.parser")
    assert [p.get_text() for p in soup.select("p")] == ["A b < c and d:", "The end."]
    assert [code.get_text() for code in soup.select("p code")] == ["b < c", "d"]
    assert soup.pre.get_text() == "x = 1\ny = 2"


def test_headings_are_what_docstrings_begin_with():
    asked = "<!--site:api torch ops.arithmetic ops.bessel-->"
    headings = [line for line in api.list_names("page.md", [asked], str) if line.startswith("## ")]
    assert headings[0] == "## Arithmetic"
    assert headings[1].startswith("## Bessel functions and Airy's Ai, after S. Moshier's Cephes")


def test_a_namespace_that_is_gone_is_named_with_the_page():
    with pytest.raises(CrossgradError, match=r"page.md: torch.gone can't be listed"):
        api.list_names("page.md", ["<!--site:api torch.gone-->"], str)


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_name_says_what_it_is(namespace):
    silent = [name for name, thing in api.public(namespace).items() if not thing.__doc__]
    assert silent == []


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_name_is_on_one_page(namespace):
    asked = [modules for of, modules in REQUESTS if of == namespace]
    if asked == [[]]:
        return
    listed = Counter(module for modules in asked for module in modules)
    homes = {api.home(thing) for thing in api.public(namespace).values()}
    assert {f"{api.PACKAGE}.{module}" for module in listed} == homes
    assert set(listed.values()) == {1}


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_name_is_one_of_pytorch(namespace):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    if namespace == "torch.Tensor":
        theirs = torch.Tensor
    else:
        theirs = importlib.import_module(namespace)
    assert [name for name in api.public(namespace) if not hasattr(theirs, name)] == []
