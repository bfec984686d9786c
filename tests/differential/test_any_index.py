"""``x[index]`` and ``x[index] = value`` for indices of any kind: values, gradients, refusals."""

from __future__ import annotations

import importlib
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .agree import REFERENCE

pytestmark = pytest.mark.torch
SHAPES = [(), (3,), (2, 3), (2, 1, 4), (3, 2, 2), (0, 3)]

small = st.integers(-4, 4)
bounds = st.one_of(st.none(), small)
ranges = st.builds(slice, bounds, bounds, st.one_of(st.none(), st.integers(1, 3)))
lists = st.lists(st.integers(-2, 2), min_size=1, max_size=3)
grids = st.lists(lists.filter(lambda v: len(v) == 2), min_size=1, max_size=2)
parts = st.one_of(
    small, ranges, st.none(), st.just(...), st.booleans(),
    lists.map(lambda v: ("tensor", v)), grids.map(lambda v: ("tensor", v)), lists,
    st.integers(0, 2).map(lambda k: ("mask", k)),
)  # fmt: skip
several = st.lists(parts, max_size=4).filter(lambda v: sum(p is ... for p in v) < 2)
indices = st.one_of(parts, several.map(tuple))


def made(torch, part, shape, dim):
    """A part of an index for `torch`: masks get the shape of the dimensions they meet."""
    if isinstance(part, tuple) and part and part[0] == "tensor":
        return torch.tensor(part[1])
    if isinstance(part, tuple) and part and part[0] == "mask":
        size = shape[dim : dim + part[1]]
        count = 1
        for n in size:
            count *= n
        return torch.tensor([i % 2 == 0 for i in range(count)], dtype=torch.bool).reshape(size)
    return part


def built(torch, index, shape):
    is_part = not isinstance(index, tuple) or (index and index[0] in ("tensor", "mask"))
    if is_part:
        return made(torch, index, shape, 0)
    return tuple(made(torch, part, shape, d) for d, part in enumerate(index))


def read(torch, shape, index):
    x = torch.arange(1.0, 1.0 + torch.zeros(shape).numel(), dtype=torch.float64)
    x = x.reshape(shape).requires_grad_()
    seen = x[built(torch, index, shape)]
    weights = torch.arange(1.0, 1.0 + seen.numel(), dtype=torch.float64).reshape(seen.shape)
    (seen * weights).sum().backward()
    node = None if seen.grad_fn is None else seen.grad_fn.name()
    return tuple(seen.shape), seen.tolist(), x.grad.tolist(), node, seen._is_view()


def write(torch, shape, index, value):
    x = torch.arange(1.0, 1.0 + torch.zeros(shape).numel(), dtype=torch.float64)
    x = x.reshape(shape).requires_grad_()
    y = x * 1
    if value == "row":
        value = torch.full((1, shape[-1] if shape else 1), 7.0, dtype=torch.float64)
        value.requires_grad_()
    y[built(torch, index, shape)] = value
    (y * y).sum().backward()
    grad = (
        value.grad.tolist() if isinstance(value, torch.Tensor) and value.grad is not None else None
    )
    return y.tolist(), x.grad.tolist(), grad, y.grad_fn.name()


def outcome(action, package, *args):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return action(package, *args)
        except (IndexError, RuntimeError, TypeError, ValueError) as error:
            return type(error).__name__, str(error)


def check(action, *args):
    torch = importlib.import_module("torch")
    assert outcome(action, REFERENCE, *args) == outcome(action, torch, *args)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(SHAPES), indices)
def test_read(shape, index):
    check(read, shape, index)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(SHAPES[:-1]), indices, st.sampled_from([2.5, 1, True, "row"]))
def test_write(shape, index, value):
    check(write, shape, index, value)
