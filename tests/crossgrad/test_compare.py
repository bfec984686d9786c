"""Two records of a block: what counts as the same, and how a difference is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from crossgrad.compare import close, differences, largest
from crossgrad.directives import Picture
from crossgrad.record import KEPT, BlockRecord, TensorRecord, Values


def tensor(value: Any, dtype: str = "float32", **fields: Any) -> TensorRecord:
    array = np.asarray(value, dtype)
    return TensorRecord(dtype, list(array.shape), value=Values.of(array), **fields)


def told(one: TensorRecord, other: TensorRecord) -> list[tuple[str, str, str]]:
    found = differences(BlockRecord(tensors={"x": one}), BlockRecord(tensors={"x": other}))
    return [(d.field, d.expected, d.actual) for d in found]


@pytest.mark.parametrize(
    ("dtype", "one", "other", "agree"),
    [
        ("float32", 1.0, 1.0 + 1e-6, True),
        ("float32", 1.0, 1.0 + 2e-5, False),
        ("float32", 0.0, 9e-6, True),
        ("float64", 1.0, 1.0 + 1e-7, True),
        ("float64", 1.0, 1.0 + 1e-6, False),
        ("float16", 1.0, 1.001, True),
        ("float16", 1.0, 1.01, False),
        ("complex64", 1 + 1j, 1 + 1.000001j, True),
        ("complex64", 1 + 1j, 1 - 1j, False),
        ("int64", 1, 1, True),
        ("int64", 10**9, 10**9 + 1, False),
        ("float32", np.nan, np.nan, True),
        ("float32", np.inf, np.inf, True),
        ("float32", np.inf, -np.inf, False),
        ("float32", 1.0, np.nan, False),
        ("float32", [], [], True),
    ],
)
def test_numbers_agree_within_the_tolerance_of_their_dtype(
    dtype: str, one: Any, other: Any, agree: bool
) -> None:
    a, b = Values.of(np.asarray(one, dtype)), Values.of(np.asarray(other, dtype))
    assert close(a, b, dtype) is agree


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "complex128"])
def test_the_tolerances_are_those_of_assert_close(dtype: str) -> None:
    import torch

    generator = np.random.default_rng(0)
    for exponent in np.linspace(-9, -1, 200):
        one = generator.normal(size=1).astype(dtype)
        other = (one * (1 + 10**exponent)).astype(dtype)
        try:
            torch.testing.assert_close(torch.from_numpy(other), torch.from_numpy(one))
            expected = True
        except AssertionError:
            expected = False
        assert close(Values.of(one), Values.of(other), dtype) is expected


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("dtype", "float32", "float64"),
        ("shape", [2], [1, 2]),
        ("requires_grad", True, False),
        ("is_leaf", True, False),
        ("grad_fn", "AddBackward0", None),
        ("problem", None, "TypeError: no"),
    ],
)
def test_every_field_of_a_tensor_counts(field: str, one: Any, other: Any) -> None:
    base = tensor([1.0, 2.0])
    pair = replace(base, **{field: one}), replace(base, **{field: other})
    assert told(*pair) == [(f"x.{field}", str(one), str(other))]


def test_a_gradient_that_only_one_has_is_a_difference() -> None:
    one, other = tensor([1.0]), tensor([1.0], grad=tensor([2.0]))
    assert told(one, other) == [("x.grad", "None", "a float32 tensor of shape (1,)")]


def test_the_dtype_of_a_gradient_counts() -> None:
    one = tensor([1.0], grad=tensor([2.0]))
    other = tensor([1.0], grad=tensor([2.0], "float64"))
    assert told(one, other) == [("x.grad.dtype", "float32", "float64")]


def test_a_tensor_that_only_one_changed_is_a_difference() -> None:
    (found,) = differences(BlockRecord(tensors={"x": tensor(1.0)}), BlockRecord())
    assert (found.field, found.actual) == ("x", "not bound to a tensor, or not changed")


def test_of_a_long_array_the_worst_element_is_told() -> None:
    one = np.zeros(50)
    other = one.copy()
    other[[3, 7]] = 0.5, 2.0
    assert told(tensor(one), tensor(other)) == [
        ("x.value", "0.0 (element 7; 2 of 50 differ)", "2.0 (element 7; 2 of 50 differ)")
    ]


def test_of_a_huge_array_of_integers_every_element_counts() -> None:
    one = np.zeros(3 * KEPT, np.int64)
    other = one.copy()
    other[1] = 1  # not among the elements that are kept
    assert len(Values.of(one).array()) == KEPT
    (found,) = told(tensor(one, "int64"), tensor(other, "int64"))
    assert found[0] == "x.value"


def test_the_largest_differences_are_measured() -> None:
    one = BlockRecord(tensors={"x": tensor([1.0, np.nan], grad=tensor(2.0)), "y": tensor(3.0)})
    other = BlockRecord(tensors={"x": tensor([1.5, np.nan], grad=tensor(2.25)), "y": tensor(3.0)})
    assert largest(one, other) == (0.5, 0.25)
    assert largest(one, one) == (0.0, 0.0)
    assert largest(BlockRecord(), BlockRecord()) == (None, None)


def test_text_warnings_exceptions_and_backward_passes_count() -> None:
    one = BlockRecord("a", ["UserWarning: b"], "ValueError: c", backwards=["backward from d ()"])
    assert [d.field for d in differences(one, BlockRecord())] == [
        "output",
        "warnings",
        "exception",
        "backward",
    ]


GRAPH = {
    "nodes": [{"name": "MulBackward0"}, {"name": "AccumulateGrad", "leaf": "x", "shape": []}],
    "edges": [[0, 1], [0, 1]],
    "roots": [{"name": "y", "node": 0, "shape": []}],
}


@pytest.mark.parametrize(
    ("kind", "one", "other", "path"),
    [
        ("graph", GRAPH, {**GRAPH, "edges": [[0, 1]]}, "graph y.edges"),
        ("plot", {"x": [0.0], "y": {"y": [1.0]}}, {"x": [0.0], "y": {"y": [1.1]}}, "plot y.y.y[0]"),
        ("plot", {"x": [0.0]}, {"problem": "NameError"}, "plot y"),
    ],
)
def test_a_picture_s_data_counts(kind: str, one: Any, other: Any, path: str) -> None:
    pictures = (Picture(kind, ("y",), "alt", 1, 1),)
    a, b = BlockRecord(pictures=[one]), BlockRecord(pictures=[other])
    assert differences(a, a, pictures) == []
    (found,) = differences(a, b, pictures)
    assert found.field == path
