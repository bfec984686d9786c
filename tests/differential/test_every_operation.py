"""Every case of ``cases.py`` under ``vmap`` and in forward mode, against PyTorch."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from reference_impl.func import rules

from .agree import REFERENCE, _difference, as_data, evaluate
from .cases import cases, example, is_integer, parameters

pytestmark = pytest.mark.torch
_COUNT = 3

SETUP = """
def flat(tree):
    if isinstance(tree, torch.Tensor):
        return [tree.contiguous()]
    return [t for branch in tree for t in flat(branch)]
"""


def _given(package: Any, name: str, batched: bool) -> Any:
    if batched:
        return package.from_numpy(np.stack([example(name, i) for i in range(_COUNT)]))
    return package.from_numpy(example(name))


# ---------------------------------------------------------------- vmap


def _choices(names: list[str]) -> list[tuple[bool, ...]]:
    """Which parameters are batched: all, the first alone, all but the first."""
    count = len(names)
    found = [(True,) * count]
    if count > 1:
        found += [(True, *[False] * (count - 1)), (False, *[True] * (count - 1))]
    return found


def _mapped(package: Any, source: str, names: list[str], batched: tuple[bool, ...]) -> Any:
    dims = tuple(0 if b else None for b in batched)
    values = [_given(package, n, b) for n, b in zip(names, batched, strict=True)]
    expression = f"flat(torch.vmap(lambda *a: tuple(flat(case(*a))), in_dims={dims})(*values))"
    return evaluate(expression, package, SETUP + f"case = {source}\n", {"values": values})


@pytest.mark.parametrize("source", cases())
def test_vmap(source: str) -> None:
    torch = importlib.import_module("torch")
    names = parameters(source)
    for batched in _choices(names):
        theirs = _mapped(torch, source, names, batched)
        ours = _mapped(REFERENCE, source, names, batched)
        assert _difference(theirs.result, ours.result) is None, batched


def _looped(source: str, names: list[str]) -> Any:
    """The results of one example after the other, stacked."""
    function = eval(source, {"torch": REFERENCE})
    results = []
    for number in range(_COUNT):
        values = [REFERENCE.from_numpy(example(n, number)) for n in names]
        results.append(_leaves(function(*values)))
    return [REFERENCE.stack(list(column)) for column in zip(*results, strict=True)]


def _leaves(tree: Any) -> list[Any]:
    if isinstance(tree, REFERENCE.Tensor):
        return [tree]
    return [t for branch in tree for t in _leaves(branch)]


@pytest.mark.parametrize("source", cases())
def test_vmap_is_a_loop(source: str) -> None:
    names = parameters(source)
    mapped = _mapped(REFERENCE, source, names, (True,) * len(names)).result
    looped = as_data([t.contiguous() for t in _looped(source, names)], REFERENCE)
    assert _difference(looped, mapped) is None


# Operations without a rule for whole batches: they run example by example.
ONE_BY_ONE = {"dist", "histc", "renorm"}


@pytest.mark.parametrize("source", cases())
def test_the_batch_is_one_call(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No operation runs once for each example: kernels are counted, not timed."""
    seen: set[str] = set()
    original = rules.base.one_by_one

    def counted(op: Any, values: Any, level: int) -> Any:
        seen.add(op.name)
        return original(op, values, level)

    for module in (rules, rules.base, rules.families, rules.indexing, rules.layers, rules.shapes):
        if hasattr(module, "one_by_one"):
            monkeypatch.setattr(module, "one_by_one", counted)
    names = parameters(source)
    _mapped(REFERENCE, source, names, (True,) * len(names))
    assert seen <= ONE_BY_ONE


# ---------------------------------------------------------------- forward mode


_DUAL = """
def tangents(case, values, numbers):
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        duals = [
            forward_ad.make_dual(v, torch.from_numpy(t)) if t is not None else v
            for v, t in zip(values, numbers)
        ]
        found = [forward_ad.unpack_dual(t).tangent for t in flat(case(*duals))]
        return [t if t is None else t.clone() for t in found]
"""


def _pushed(package: Any, source: str, names: list[str]) -> Any:
    values = [_given(package, n, False) for n in names]
    numbers = [None if is_integer(n) else example(n, 7) - 0.4 for n in names]
    setup = SETUP + _DUAL + f"case = {source}\n"
    given = {"values": values, "numbers": numbers}
    return evaluate("tangents(case, values, numbers)", package, setup, given)


# PyTorch's tangent is not the derivative here; finite differences agree with the reference.
WRONG_IN_PYTORCH = {"lambda s: torch.cholesky_inverse(torch.linalg.cholesky(s))"}


@pytest.mark.parametrize("source", [s for s in cases() if s not in WRONG_IN_PYTORCH])
def test_tangent(source: str) -> None:
    names = parameters(source)
    theirs = _pushed(importlib.import_module("torch"), source, names)
    ours = _pushed(REFERENCE, source, names)
    assert _difference(_without_strides(theirs.result), _without_strides(ours.result)) is None


def _without_strides(result: Any) -> Any:
    for facts in result if isinstance(result, list) else ():
        if hasattr(facts, "stride"):
            facts.stride = None
    return result


@pytest.mark.parametrize("source", cases())
def test_jvp_of_vmap_and_vmap_of_jvp(source: str) -> None:
    """The transforms commute."""
    names = [n for n in parameters(source) if not is_integer(n)]
    if names != parameters(source):
        pytest.skip("integers have no tangents")
    function = eval(source, {"torch": REFERENCE})
    torch, func = REFERENCE, REFERENCE.func

    def case(*values: Any) -> Any:
        return tuple(t for t in _leaves(function(*values)) if t.is_floating_point())

    values = tuple(_given(torch, n, True) for n in names)
    moves = tuple(v.flip(0) * 0.5 for v in values)
    try:
        outer = func.jvp(torch.vmap(case), values, moves)[1]
    except (NotImplementedError, RuntimeError):
        pytest.skip("not differentiated in forward mode")
    inner = torch.vmap(lambda *a: func.jvp(case, a[: len(names)], a[len(names) :])[1])
    for one, two in zip(outer, inner(*values, *moves), strict=True):
        torch.testing.assert_close(one, two, equal_nan=True)
