"""Parameters have PyTorch's names, order and defaults, and calls that do not fit its words."""

from __future__ import annotations

import importlib
import inspect
import warnings

import pytest

from .agree import assert_agree, lines
from .test_missing import MODULES, of_pytorch, ours, public

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from reference_impl import missing  # noqa: E402

SETUP = """
torch.manual_seed(0)
x = torch.tensor([0.25, 0.5])
p = torch.tensor([[2.0, 1.0], [1.0, 2.0]])
y = torch.ones(2, requires_grad=True)
"""
KEYWORDS = """
torch.linalg.norm(input=x)
torch.linalg.norm(x=x)
torch.linalg.cholesky(input=p)
torch.linalg.vector_norm(input=x)
torch.linalg.matrix_rank(input=p, tol=1.0)
torch.linalg.solve(A=p, B=p)
torch.linalg.inv(A=p)
torch.linalg.pinv(input=p)
torch.linalg.solve_triangular(input=p, B=p, upper=True)
torch.linalg.tensorsolve(input=p, other=torch.ones(2))
torch.linalg.matrix_power(input=p, n=2)
torch.dropout(x, 0.5, train=False)
torch.alpha_dropout(x, p=0.5, train=False)
torch.batch_norm(p, None, None, None, None, True, 0.1, 1e-5, True)
torch.embedding(weight=p, indices=torch.tensor([0, 1]))
torch.embedding_bag(p, torch.tensor([0, 1]), torch.tensor([0]))
torch.embedding_bag(p, torch.tensor([0, 1]), torch.tensor([0]), mode=1)
torch.embedding_bag(p, torch.tensor([0, 1]), torch.tensor([0]), mode=2)
torch.layer_norm(p, [2], None, None, 1e-5, True)
torch.group_norm(p[None], 1, None, None, 1e-5, False)
torch.kl_div(p, p)
torch.kl_div(p, p, 2, log_target=True)
torch.binary_cross_entropy_with_logits(x, x, reduction=2)
torch.cosine_embedding_loss(p, p, torch.ones(2))
torch.hinge_embedding_loss(x, x, 1.0, 2)
torch.margin_ranking_loss(x, x, x, 0.0, 2)
torch.poisson_nll_loss(x, x, True, False, 1e-8, 1)
torch.triplet_margin_loss(p, p, p, 1.0, 2.0, 1e-6, False, 1)
torch.hsplit(p, sections=2)
p.vsplit(indices=[1])
torch.tensor_split(p, sections=2)
torch.tensor_split(p, tensor_indices_or_sections=torch.tensor(2))
torch.histogramdd(p, [2, 2], [0.0, 1.0, 0.0, 1.0])
torch.isin(elements=x, test_element=1)
torch.isin(element=1, test_elements=x)
torch.result_type(tensor=x, other=1)
torch.result_type(scalar=1, tensor=x)
torch.repeat_interleave(repeats=torch.tensor([1, 2]))
x.copy_(other=x)
x.view(size=(2, 1))
x.view(dtype=torch.int32)
torch.max(p, axis=0)
torch.sum(p, axis=0, keepdims=True)
torch.cat(tensors=[x, x], axis=0)
torch.where(condition=x > 0, input=x, other=x)
torch.polygamma(n=1, input=x)
torch.pow(2, exponent=x)
torch.autograd.grad((y * y).sum(), y, only_inputs=True)
torch.autograd.grad((y * y).sum(), y, None, None, False, True, True)
torch.autograd.grad((y * y).sum(), y, only_inputs=False)
torch.set_default_device(device="cpu"), torch.set_default_device(device=None)
torch.nn.utils.rnn.pack_sequence([x]).int()
"""
MISFITS = """
torch.dropout(x)
torch.gather(x)
torch.matmul()
torch.addmm()
torch.batch_norm()
x.add(1, 2, 3)
x.std(foo=1)
x.sort(foo=1)
x.squeeze("a")
torch.linalg.norm("a")
torch.linalg.inv()
torch.fft.fft("a")
x.matmul("a")
torch.cat(x)
torch.relu(1)
torch.sum()
torch.softmax(x)
x.t(1)
torch.zeros("a")
x.chunk("a")
x.topk("a")
torch.topk(x, "a")
x.diff("a")
torch.allclose(x, "a")
torch.fft.fft(x, "a")
torch.cat([1, 2])
torch.device()
torch.device(1.5)
torch.set_grad_enabled("a")
torch.einsum("ij")
"""


@pytest.mark.parametrize("source", lines(KEYWORDS))
def test_calls_by_keyword_and_by_position(source):
    assert not assert_agree(source, SETUP).failed


@pytest.mark.parametrize("source", lines(MISFITS))
def test_calls_that_do_not_fit(source):
    assert assert_agree(source, SETUP).failed


# ---------------------------------------------------------------- parameters

# What PyTorch has from C++ or from its type system, and so not in its signatures.
INNER = {"self", "cls", "ctx", "input"}
# Modules of types, which have no signatures worth the name.
TYPES = {"torch", "torch.return_types", "torch.types", "torch.storage", "torch.nn.modules"}


def parameters(function: object) -> list[tuple[str, str, str]] | None:
    """(name, kind, default) of each, None where they cannot be known or are open to anything."""
    try:
        found = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    except (AttributeError, TypeError, ValueError):
        return None
    if any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in found):
        return None
    return [(p.name, p.kind.name, _default(p.default)) for p in found if p.name not in INNER]


def _default(value: object) -> str:
    if type(value).__name__ == "layout":  # dense, which None means too
        value = None
    plain = isinstance(value, (bool, int, float, str, tuple, type(None)))
    return repr(value) if plain or value is inspect.Parameter.empty else type(value).__name__


def shared() -> list[str]:
    """The functions and classes written in Python in PyTorch that the reference has too."""
    found = []
    for name in sorted({*MODULES} - TYPES):
        theirs = of_pytorch(name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for n in sorted(public(theirs)):
                here = getattr(ours(name), n, None)
                if callable(here) and not missing.is_missing(here) and callable(
                    getattr(theirs, n)
                ):  # fmt: skip
                    found.append(f"{name}.{n}")
    return found


KNOWN = {
    "torch.accelerator.current_device_idx", "torch.autograd.graph.Node",
    "torch.cpu.StreamContext", "torch.functional.tensordot", "torch.jit.ScriptModule",
    "torch.utils.hooks.RemovableHandle",
}  # fmt: skip


@pytest.mark.parametrize("name", [n for n in shared() if n not in KNOWN])
def test_parameters_of_functions_and_classes(name):
    owner, _, last = name.rpartition(".")
    theirs, here = (getattr(of(owner), last) for of in (of_pytorch, ours))
    pairs = [(theirs, here)]
    if isinstance(theirs, type) and isinstance(here, type):
        pairs = [(theirs.__init__, here.__init__)]
    for a, b in pairs:
        expected, found = parameters(a), parameters(b)
        if expected is not None and found is not None:
            assert found == expected


def test_the_module_is_what_it_compares():
    assert importlib.import_module("torch") is torch
    assert len(shared()) > 600
