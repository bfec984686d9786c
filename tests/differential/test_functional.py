"""``torch.autograd.functional``, anomaly detection and checkpointing."""

from __future__ import annotations

import re
import warnings

import pytest

from .agree import assert_agree, both, lines

pytestmark = pytest.mark.torch

SETUP = """
F = torch.autograd.functional if hasattr(torch.autograd, "functional") else None
x = torch.tensor([0.5, -1.0, 2.0])
y = torch.tensor([1.0, 0.5, -0.5])
A = torch.arange(6.0).reshape(2, 3) / 4
f = lambda x: A @ x.sin()
g = lambda x, y: (x * y.exp(), (x * x).sum())
cube = lambda x: x.pow(3).sum()
two = lambda x, y: (x * y * y).sum()
"""

TABLE = """
F.vjp(f, x, torch.ones(2))
F.jvp(f, x, torch.ones(3))
F.vhp(cube, x, torch.ones(3))
F.hvp(cube, x, torch.ones(3))
F.jacobian(f, x)
F.jacobian(g, (x, y))
F.jacobian(g, (x, y), vectorize=True)
F.jacobian(f, x, vectorize=True, strategy="forward-mode")
F.hessian(cube, x)
F.hessian(two, (x, y))
F.hessian(two, (x, y), vectorize=True)
F.hvp(two, (x, y), (x, y))
F.vhp(two, (x, y), (x, y))
F.hvp(lambda x: x.sum(), x, x)
F.jacobian(f, x, create_graph=True)
F.hessian(cube, x.clone().requires_grad_(), create_graph=True).requires_grad
F.jacobian(lambda x, y: x, (x, y), strict=True)
F.hessian(lambda x: x.sum(), x, strict=True)
F.vjp(lambda x: torch.ones(1), x, strict=True)
F.hvp(lambda x: x.sum(), x, x, strict=True)
F.vhp(lambda x: x.sum(), x, x, strict=True)
F.vjp(f, x)
F.vjp(f, 3)
F.vjp(f, (x, 3))
F.jvp(f, x, torch.ones(2))
F.hessian(f, x)
F.hvp(cube, x, (x, x))
F.hvp(cube, x)
F.jacobian(f, x, strategy="forward-mode")
F.jacobian(f, x, strategy="x")
"""


@pytest.mark.parametrize("source", lines(TABLE))
def test_functional(source: str) -> None:
    assert_agree(f"contiguous({source})", SETUP + _CONTIGUOUS)


# Strides of results follow from how PyTorch puts them together.
_CONTIGUOUS = """
def contiguous(tree):
    if isinstance(tree, (tuple, list)):
        return type(tree)(map(contiguous, tree))
    return tree.detach().contiguous() if isinstance(tree, torch.Tensor) else tree
"""

ANOMALY = """
import torch as _

def of(x, watch_forward, check_nan=True):
    with torch.autograd.set_detect_anomaly(watch_forward, check_nan):
        z = torch.sqrt(x).sum()
    with torch.autograd.detect_anomaly(check_nan):
        z.backward()
    return x.grad

class Failing(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        return a * 2

    @staticmethod
    def backward(ctx, grad):
        raise ValueError("no")

x = torch.tensor([-1.0, 4.0], requires_grad=True)
"""
ANOMALY = ANOMALY.replace("import torch as _\n", "")


@pytest.mark.parametrize(
    "source",
    ["of(x, False)", "of(x, True)", "of(x, True, check_nan=False)", "of(Failing.apply(x), False)"],
)
def test_anomaly_detection_names_the_operation(source: str) -> None:
    theirs, ours = both(source, ANOMALY)
    assert repr(ours.result) == repr(theirs.result)
    assert [_first_line(w) for w in ours.warned] == [_first_line(w) for w in theirs.warned]


def _first_line(warning: str) -> str:
    return warning.split("\n")[0].strip()


def test_anomaly_detection_shows_the_call(tmp_path: object) -> None:
    from .agree import REFERENCE as torch

    x = torch.tensor([-1.0], requires_grad=True)
    with torch.autograd.set_detect_anomaly(True):
        y = torch.sqrt(x)  # the culprit
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with pytest.raises(RuntimeError, match="SqrtBackward0"):
                y.backward()
    assert re.search(r"torch\.sqrt\(x\)  # the culprit\s*$", str(caught[-1].message))


CHECKPOINT = """
from importlib import import_module
C = import_module(torch.__name__ + ".utils.checkpoint")
x = torch.arange(3.0, requires_grad=True)
noisy = lambda a, b: (a * b).sin() * torch.rand(3)

def of(run):
    torch.manual_seed(1)
    out = run()
    out.sum().backward()
    return out.detach(), x.grad, torch.rand(1)
"""


@pytest.mark.parametrize(
    "source",
    lines("""
of(lambda: C.checkpoint(noisy, x, torch.ones(3), use_reentrant=True))
of(lambda: C.checkpoint(noisy, x, torch.ones(3), use_reentrant=False))
of(lambda: C.checkpoint(noisy, x, torch.ones(3)))
of(lambda: C.checkpoint_sequential([torch.sin, torch.exp, torch.tanh], 2, x, use_reentrant=False))
C.checkpoint(noisy, x, use_reentrant=True, b=1)
"""),
)
def test_checkpoint(source: str) -> None:
    assert_agree(source, CHECKPOINT)
