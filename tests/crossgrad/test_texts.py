"""Printed text is compared exactly, but for the last digit of long numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossgrad.texts import normalised, same, same_drawing


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tensor(0.3333)", "tensor(0.3334)"),
        ("tensor([1.2345e-05, 2.0000e+00])", "tensor([1.2346e-05, 2.0000e+00])"),
        ("tensor(1.0000+0.3333j)", "tensor(1.0000+0.3334j)"),
        ("0.3333333432674408", "0.3333333134651184"),
        ("1234.5678 and -0.1235.", "1234.5679 and -0.1234."),
        ("tensor([1.], device='cuda:0')", "tensor([1.])"),
        ("tensor([1.], device='cuda:1', grad_fn=<X>)", "tensor([1.], grad_fn=<X>)"),
        ("a  \nb\n\n", "a\nb"),
    ],
)
def test_texts_agree(one: str, other: str) -> None:
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tensor(0.3333)", "tensor(0.3335)"),
        ("tensor(1.)", "tensor(2.)"),
        ("tensor(1.)", "tensor(1)"),
        ("0.5", "0.6"),
        ("0.12", "0.13"),
        ("12", "13"),
        ("1234567", "1234568"),
        ("-0.3333", "0.3333"),
        ("0.3333333432674408", "0.3333343432674408"),
        ("1.2345e-05", "1.2345e-06"),
        ("torch 2.1300.0", "torch 2.1301.0"),
        ("x0.3333", "x0.3334"),
        ("AddBackward0", "AddBackward1"),
        ("[ 1.5000]", "[1.5000]"),
        ("a b", "a  b"),
        ("nan", "inf"),
        ("one", "one\ntwo"),
        ("device='cuda:0'", "device='cpu'"),
    ],
)
def test_texts_differ(one: str, other: str) -> None:
    assert not same(one, other)
    assert not same(other, one)


@given(st.text())
def test_a_text_agrees_with_itself(text: str) -> None:
    assert same(text, text)
    assert normalised(normalised(text)) == normalised(text)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(4, 8))
def test_rounding_the_last_place_either_way_is_no_difference(value: float, places: int) -> None:
    shown = f"{value:.{places}f}"
    unit = 10.0**-places
    if "-" not in f"{shown}{value + unit:.{places}f}":
        assert same(shown, f"{float(shown) + unit:.{places}f}")


@given(st.integers(1, 9), st.integers(0, 3))
def test_a_change_of_any_digit_before_the_last_is_a_difference(step: int, place: int) -> None:
    digits = list("12345")
    digits[place] = str((int(digits[place]) + step) % 10)
    assert not same("0.12345", "0." + "".join(digits))


def test_drawings_may_differ_by_a_tenth_of_a_unit() -> None:
    assert same_drawing('<path d="M1.0 2.0"/>', '<path d="M1.1 2.0"/>')
    assert not same_drawing('<path d="M1.0 2.0"/>', '<path d="M1.3 2.0"/>')
    assert not same_drawing('<path d="M1.0 2.0"/>', '<line d="M1.0 2.0"/>')
    assert not same_drawing("<text>x</text>", "<text>y</text>")
