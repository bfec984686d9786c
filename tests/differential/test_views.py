"""Views and in-place changes in any order: values, versions, nodes, gradients and refusals.

Hypothesis writes a program of steps; each takes one of the tensors made so far and views it,
changes it in place or computes with it.  Both packages run it; all that can be seen must agree.
"""

from __future__ import annotations

import importlib
import re
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .agree import REFERENCE, node_names

pytestmark = pytest.mark.torch

VIEWS = {
    "int": lambda t, p, k: t[k % max(len(t), 1)],
    "slice": lambda t, p, k: t[k % 2 : 3],
    "step": lambda t, p, k: t[:: 1 + k % 2],
    "last": lambda t, p, k: t[..., -1],
    "none": lambda t, p, k: t[None],
    "all": lambda t, p, k: t[...],
    "colon": lambda t, p, k: t[:],
    "select": lambda t, p, k: t.select(-1, 0),
    "narrow": lambda t, p, k: t.narrow(k % max(t.dim(), 1), 0, 1),
    "transpose": lambda t, p, k: t.transpose(0, -1),
    "t": lambda t, p, k: t.t(),
    "permute": lambda t, p, k: t.permute(tuple(reversed(range(t.dim())))),
    "view": lambda t, p, k: t.view(-1),
    "reshape": lambda t, p, k: t.reshape(-1),
    "flatten": lambda t, p, k: t.flatten(),
    "unsqueeze": lambda t, p, k: t.unsqueeze(k % (t.dim() + 1)),
    "squeeze": lambda t, p, k: t.squeeze(),
    "squeeze one": lambda t, p, k: t.squeeze(0),
    "expand": lambda t, p, k: t.expand(2, *t.shape),
    "diagonal": lambda t, p, k: t.diagonal(),
    "unfold": lambda t, p, k: t.unfold(0, 2, 2),
    "unbind": lambda t, p, k: t.unbind(0)[0],
    "split": lambda t, p, k: t.split(1)[-1],
    "chunk": lambda t, p, k: t.chunk(2, -1)[0],
    "as_strided": lambda t, p, k: t.as_strided((2, 2), (1, 2), k % 2),
    "view_as": lambda t, p, k: t.view_as(t),
    "detach": lambda t, p, k: t.detach(),
    "real": lambda t, p, k: t.real,
}
CHANGES = {
    "mul_": lambda t, p, k: t.mul_(2),
    "add_": lambda t, p, k: t.add_(t),
    "mul_ by a leaf": lambda t, p, k: t.mul_(p.w),
    "add_ a constant": lambda t, p, k: t.add_(p.c),
    "exp_": lambda t, p, k: t.mul_(0.1).exp_(),
    "sin_": lambda t, p, k: t.sin_(),
    "zero_": lambda t, p, k: t.zero_(),
    "fill_": lambda t, p, k: t.fill_(0.5),
    "fill_ with a leaf": lambda t, p, k: t.fill_(p.w),
    "copy_": lambda t, p, k: t.copy_(p.w),
    "set a row": lambda t, p, k: t.__setitem__(0, 3.0),
    "set a range": lambda t, p, k: t.__setitem__(slice(0, 1), p.w),
    "set by list": lambda t, p, k: t.__setitem__([0], p.w),
    "set by mask": lambda t, p, k: t.__setitem__(t.detach() > 1, 0.25),
    "set all": lambda t, p, k: t.__setitem__(..., p.w * 2),
    "index_fill_": lambda t, p, k: t.index_fill_(0, p.i, 0.5),
    "index_add_": lambda t, p, k: t.index_add_(0, p.i, t[:1].detach().clone()),
    "masked_fill_": lambda t, p, k: t.masked_fill_(t.detach() > 1, p.w),
    "unsqueeze_": lambda t, p, k: t.unsqueeze_(0),
    "squeeze_": lambda t, p, k: t.squeeze_(),
    "t_": lambda t, p, k: t.t_(),
    "transpose_": lambda t, p, k: t.transpose_(0, -1),
}
VALUES = {
    "times two": lambda t, p, k: t * 2,
    "times itself": lambda t, p, k: t * t,
    "times a leaf": lambda t, p, k: t * p.w,
    "exp": lambda t, p, k: (t * 0.1).exp(),
    "sin": lambda t, p, k: t.sin(),
    "clone": lambda t, p, k: t.clone(),
    "contiguous": lambda t, p, k: t.contiguous(),
    "index": lambda t, p, k: t[[0, 0]],
    "cat": lambda t, p, k: p.torch.cat([t, t]),
}
STEPS = VIEWS | CHANGES | VALUES


class Program:
    """The tensors of one run in one package."""

    def __init__(self, torch):
        self.torch = torch
        self.x = torch.arange(1.0, 7.0, dtype=torch.float64).reshape(2, 3).requires_grad_()
        self.w = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
        self.c = torch.tensor(0.5, dtype=torch.float64)
        self.i = torch.tensor([0])
        self.tensors = [self.x, self.x * 1, torch.ones(3, 2, dtype=torch.float64)]

    def step(self, name, which, k):
        tensor = self.tensors[which % len(self.tensors)]
        assert tensor.grad_fn is not self  # raises for a view that may not be used any more
        if name in CHANGES and 0 in tensor.stride():
            return  # kernels of PyTorch differ in whether they refuse to write to shared elements
        made = STEPS[name](tensor, self, k)
        if made is not None:
            self.tensors.append(made)

    def backward(self):
        torch, total = self.torch, self.w * 0
        for t in self.tensors:
            if t.requires_grad:
                weights = torch.arange(1.0, t.numel() + 1, dtype=torch.float64).reshape(t.shape)
                total = total + (t * weights).sum()
        total.backward()

    def facts(self):
        return [attempt(lambda: facts(t)) for t in self.tensors]  # noqa: B023

    def numbers(self):
        grads = [t.grad for t in (self.x, self.w) if t.grad is not None]
        return [t.detach().reshape(-1).tolist() for t in (*self.tensors, *grads)]


def facts(t):
    """What can be seen of a tensor without its numbers."""
    flags = t.requires_grad, t.is_leaf, t._is_view(), t.is_contiguous(), t.output_nr
    return tuple(t.shape), *flags, t._version, node_names(t.grad_fn)


def attempt(action):
    """What an action returns, or the error as text."""
    try:
        return action()
    except (RuntimeError, IndexError, TypeError) as error:
        return f"{type(error).__name__}: {error}"


def without_shape(said):
    """A sentence on a saved tensor without its shape and origin: ``t_`` may have changed both."""
    return said and re.sub(r"Tensor \[.*?\]\](, which is .*?,)? is at", "Tensor is at", said)


def check(steps):
    torch = importlib.import_module("torch")
    theirs, ours = Program(torch), Program(REFERENCE)
    done = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step in steps:
            done.append(step)
            said = attempt(lambda: theirs.step(*step)), attempt(lambda: ours.step(*step))  # noqa: B023
            assert said[0] == said[1], done
            assert ours.facts() == theirs.facts(), done
        said = attempt(theirs.backward), attempt(ours.backward)
        assert without_shape(said[0]) == without_shape(said[1]), done
        if said[0] is not None:
            return  # how far the pass got before the error is nobody's business
    for a, b in zip(theirs.numbers(), ours.numbers(), strict=True):
        assert a == pytest.approx(b, rel=1e-9, nan_ok=True), done


step = st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 9), st.integers(0, 3))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(step, max_size=8))
def test_any_program(steps):
    check(steps)


changing = st.tuples(st.sampled_from(sorted(VIEWS | CHANGES)), st.integers(1, 9), st.integers(0, 3))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(changing, min_size=2, max_size=6))
def test_views_changed_in_place(steps):
    check(steps)
