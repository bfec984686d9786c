"""The short way of a call against the general one: they must not differ in anything."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import reference_impl as torch
from reference_impl import fast
from reference_impl.op.call import make_call

GENERAL = {
    name: make_call(function.op)
    for name, function in torch.op.PUBLIC.items()
    if getattr(function, "op", None) is not None and function.op.family == "pointwise"
}
SHORT = {
    name: quick
    for name, general in GENERAL.items()
    if (quick := fast.function(torch.op.PUBLIC[name].op, general)) is not general
}
SHAPES = [(), (3,), (2, 1)]
OPERANDS = {name: len(fast._required(torch.op.PUBLIC[name].op)) for name in SHORT}


def _tensor(shape, offset, dtype, grad):
    values = np.linspace(0.2, 0.9, max(1, int(np.prod(shape)))) + offset
    return torch.tensor(values.reshape(shape).tolist(), dtype=dtype, requires_grad=grad)


def _outcome(call, operands):
    """All there is to see of a call: result, node, what it saves, and the gradients."""
    try:
        out = call(*operands)
    except (RuntimeError, TypeError) as error:
        return type(error), str(error)
    node = out.grad_fn
    seen = [type(out), out.dtype, out.shape, out.tolist(), type(out._data), out.requires_grad]
    if node is None:
        return repr(seen)
    edges = [None if e is None else type(e).__name__ for e in node.edges]
    seen += [node.name(), edges, node.ports, node.shape, node.dtype, node.versions]
    seen += [repr(v) for v in node.saved]
    seen += [[box is t._counter for t in (*operands, out) if isinstance(t, torch.Tensor)]
             for box in node.guards]  # fmt: skip
    leaves = [t for t in operands if isinstance(t, torch.Tensor) and t.requires_grad]
    try:
        found = torch.autograd.grad(out.sum(), leaves, allow_unused=True)
    except RuntimeError as error:
        return repr([*seen, str(error)])
    return repr([*seen, *(None if g is None else (g.dtype, g.tolist()) for g in found)])


@pytest.mark.parametrize("name", [n for n in SHORT if OPERANDS[n] == 1])
def test_of_one_tensor(name):
    for shape, dtype, grad in itertools.product(
        SHAPES, [torch.float32, torch.float64, torch.complex64], [False, True]
    ):
        x = _tensor(shape, 0, dtype, grad)
        assert _outcome(SHORT[name], (x,)) == _outcome(GENERAL[name], (x,))


@pytest.mark.parametrize("name", [n for n in SHORT if OPERANDS[n] == 2])
def test_of_two_tensors(name):
    kinds = [(torch.float32, torch.float32), (torch.float64, torch.float32)]
    grads = itertools.product([False, True], [False, True])
    for (a, b), first, second, (mine, other) in itertools.product(
        kinds, SHAPES, [*SHAPES, (5,)], list(grads)
    ):
        x, y = _tensor(first, 0, a, mine), _tensor(second, 0.3, b, other)
        assert _outcome(SHORT[name], (x, y)) == _outcome(GENERAL[name], (x, y))


@pytest.mark.parametrize("name", [n for n in SHORT if OPERANDS[n] == 2])
@pytest.mark.parametrize("number", [2, 0.5, -1.5, 0.0, -0.0, 10**400, float("nan"), True, 1j, "a"])
def test_of_a_tensor_and_a_number(name, number):
    for shape, dtype, grad in itertools.product(
        SHAPES, [torch.float32, torch.float64, torch.int64], [False, True]
    ):
        x = _tensor(shape, 0, dtype, grad and dtype is not torch.int64)
        try:
            expected = _outcome(GENERAL[name], (x, number))
        except OverflowError:
            continue
        assert _outcome(SHORT[name], (x, number)) == expected


def test_a_tensor_changed_before_it_is_saved_counts_from_there():
    x = torch.tensor([1.0, 2.0])
    x.add_(1)
    y = torch.tensor([3.0, 4.0], requires_grad=True)
    out = x * y
    assert out.grad_fn.versions == (1,)
    out.sum().backward()
    assert y.grad.tolist() == [2.0, 3.0]


def test_zeros_of_either_sign_are_not_confused():
    x = torch.tensor([1.0])
    assert (x / 0.0).item() == np.inf
    assert (x / -0.0).item() == -np.inf
    assert (x / 0.0).item() == np.inf


def test_a_number_cannot_be_changed_through_what_was_saved():
    x = torch.tensor([1.0], requires_grad=True)
    saved = (x * 7.0).grad_fn._saved_other
    with pytest.raises((RuntimeError, ValueError)):
        saved.add_(1)
    assert (x * 7.0).item() == 7.0
