"""Tensors print here as they print in PyTorch, character for character."""

from __future__ import annotations

import contextlib

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl import dtypes, printing
from reference_impl.tensor import wrap

torch = pytest.importorskip("torch", reason="needs PyTorch, which is not installed")

SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 5e-324, 1e300, 1e8, 1e8 + 1, 1e-4, 9.9e-5]
NUMBERS = st.one_of(
    st.sampled_from(SPECIAL),
    st.integers(-2000, 2000).map(float),
    st.floats(-10, 10),
    st.floats(width=64),
    st.integers(-12, 12).map(lambda e: 10.0**e),
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "precision": st.integers(0, 8),
        "threshold": st.sampled_from([0, 1, 5, 1000]),
        "edgeitems": st.integers(0, 4),
        "linewidth": st.sampled_from([1, 20, 79, 80, 120]),
        "sci_mode": st.booleans(),
        "profile": st.sampled_from(["default", "short", "full"]),
    },
)
SHAPES = st.one_of(
    st.lists(st.integers(0, 5), max_size=4),
    st.sampled_from([[1001], [7, 1000], [3, 8, 50], [2, 2, 8, 40], [11, 11, 11]]),
).map(tuple)
DTYPES = ["float32", "float64", "float16", "bfloat16", "complex64", "complex128"]
DTYPES += ["int64", "int32", "int16", "int8", "uint8", "uint16", "bool"]


@contextlib.contextmanager
def both(options, default_dtype="float32"):
    """Set print options and default dtype in both; put them back afterwards."""
    torch.set_printoptions(**options)
    printing.set_printoptions(**options)
    torch.set_default_dtype(getattr(torch, default_dtype))
    dtypes.set_default_dtype(dtypes.PUBLIC[default_dtype])
    try:
        yield
    finally:
        torch.set_printoptions(profile="default")
        printing.set_printoptions(profile="default")
        torch.set_default_dtype(torch.float32)
        dtypes.set_default_dtype(dtypes.float32)


def pair(values, dtype):
    """The same numbers as a tensor of PyTorch and as one of the reference."""
    with np.errstate(all="ignore"):
        if dtype == "bfloat16":
            theirs = torch.from_numpy(values.astype(np.float32)).bfloat16()
            return theirs, wrap(theirs.float().numpy().astype(ml_dtypes.bfloat16))
        if dtype.startswith("complex"):
            values = values + 1j * values[..., ::-1] if values.ndim else values * (1 + 1j)
        elif not dtype.startswith("float"):
            values = np.nan_to_num(values, posinf=7, neginf=-7).clip(-1e6, 1e6)
        array = np.asarray(values).astype(dtype)
    return torch.from_numpy(array.copy()), wrap(array.copy())


@st.composite
def arrays(draw):
    shape = draw(SHAPES)
    count = int(np.prod(shape))
    pool = np.array(draw(st.lists(NUMBERS, min_size=1, max_size=12)))
    order = np.random.RandomState(draw(st.integers(0, 99))).randint(len(pool), size=count)
    return pool[order].reshape(shape)


@given(arrays(), st.sampled_from(DTYPES), OPTIONS, st.sampled_from(["float32", "float64"]))
@settings(max_examples=400, deadline=None)
def test_any_tensor_under_any_options(values, dtype, options, default_dtype):
    theirs, ours = pair(values, dtype)
    with both(options, default_dtype):
        assert repr(ours) == repr(theirs)
        assert str(ours) == str(theirs)


BOUNDARIES = [1.0, 1000.0, 1000.5, 1001.0, 1e-4, 0.1, 100.0, 1e8, 1e8 + 8, 99999999.0, 0.5]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_boundaries_of_scientific_notation(dtype):
    for low in BOUNDARIES:
        for high in BOUNDARIES:
            theirs, ours = pair(np.array([low, high]), dtype)
            assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("profile", ["default", "short", "full"])
def test_profiles(profile):
    theirs, ours = pair(np.linspace(-1, 1, 1200).reshape(30, 40), "float32")
    with both({"profile": profile}):
        assert repr(ours) == repr(theirs)


def test_suffixes_that_do_not_fit_go_to_a_line_of_their_own():
    for n in range(1, 40):
        theirs, ours = pair(np.full((2, n), 0.5), "float64")
        theirs.requires_grad_()
        ours.requires_grad_()
        assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("spec", ["", ".2f", ">10", "e", "d"])
@pytest.mark.parametrize("value", [2.5, 7, True])
def test_format_of_a_number_in_a_tensor(spec, value):
    ours, theirs = wrap(np.array(value)), torch.tensor(value)

    def outcome(tensor):
        try:
            return format(tensor, spec)
        except ValueError as error:
            return str(error)

    assert outcome(ours) == outcome(theirs)


def test_a_format_spec_of_a_vector_is_refused_alike():
    for tensor in (wrap(np.ones(2)), torch.ones(2)):
        with pytest.raises(TypeError, match=r"unsupported format string passed to Tensor"):
            format(tensor, ".2f")


def test_options_are_those_of_pytorch():
    with both({"precision": 2, "sci_mode": True}):
        from torch._tensor_str import get_printoptions

        assert printing.get_printoptions() == get_printoptions()
