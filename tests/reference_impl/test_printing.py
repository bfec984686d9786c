"""What the text of a tensor looks like, and what follows the numbers."""

from __future__ import annotations

import numpy as np
import pytest

from reference_impl import printing
from reference_impl.tensor import wrap


def text(values, dtype=np.float32):
    return repr(wrap(np.array(values, dtype)))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (2.0, "tensor(2.)"),
        ([1.0, 2.0], "tensor([1., 2.])"),
        ([1.0, 2.5], "tensor([1.0000, 2.5000])"),
        ([1.0, 1e-5], "tensor([1.0000e+00, 1.0000e-05])"),
        ([1.0, 1000.0], "tensor([   1., 1000.])"),
        ([1e8], "tensor([100000000.])"),
        ([1.0, 1001.0], "tensor([1.0000e+00, 1.0010e+03])"),
        ([-1.0, 10.0], "tensor([-1., 10.])"),
        ([0.0, -0.0], "tensor([0., -0.])"),
        ([np.nan, 1.0, -np.inf], "tensor([nan, 1., -inf])"),
        ([], "tensor([])"),
        ([[1.0], [2.0]], "tensor([[1.],\n        [2.]])"),
    ],
)
def test_floats(values, expected):
    assert text(values) == expected


def test_three_dimensions_are_set_apart_by_an_empty_line():
    assert text(np.ones((2, 1, 1))) == "tensor([[[1.]],\n\n        [[1.]]])"


def test_complex_numbers_have_a_form_for_each_part():
    assert text([1 + 2j, -0.5 - 30j], np.complex64) == "tensor([ 1.0000+2.j, -0.5000-30.j])"


def test_a_dtype_that_cannot_be_guessed_is_said():
    assert text([1, 2], np.int64) == "tensor([1, 2])"
    assert text([True, False], np.bool_) == "tensor([ True, False])"
    assert text([1, 2], np.int32) == "tensor([1, 2], dtype=torch.int32)"
    assert text([1.0], np.float64) == "tensor([1.], dtype=torch.float64)"


def test_an_empty_tensor_says_its_size_unless_it_is_0():
    assert text(np.zeros((0, 3))) == "tensor([], size=(0, 3))"
    assert text([], np.int64) == "tensor([], dtype=torch.int64)"


def test_more_than_a_thousand_elements_are_summarised():
    assert text(np.arange(1001), np.int64) == "tensor([   0,    1,    2,  ...,  998,  999, 1000])"


def test_a_leaf_says_that_it_requires_grad():
    assert repr(wrap(np.ones(1, np.float32)).requires_grad_()) == "tensor([1.], requires_grad=True)"


def test_options_hold_for_the_length_of_a_block():
    with printing.printoptions(precision=2):
        assert text([0.123]) == "tensor([0.12])"
    assert text([0.123]) == "tensor([0.1230])"


def test_a_0d_tensor_formats_as_its_number():
    assert f"{wrap(np.array(2.5)):.2f}" == "2.50"
    with pytest.raises(TypeError, match=r"unsupported format string passed to Tensor.__format__"):
        f"{wrap(np.ones(2)):.2f}"
