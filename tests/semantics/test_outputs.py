"""``out=``: which dtypes a result is written to, and memory that is read and written at once."""

from __future__ import annotations

import warnings

import pytest


def refusal(call):
    with pytest.raises((RuntimeError, TypeError)) as caught:
        call()
    return str(caught.value).partition("\n")[0]


def test_elementwise_results_are_cast_where_no_category_is_lost(torch):
    x = torch.ones(2)
    out = torch.zeros(2, dtype=torch.float64)
    assert torch.add(x, x, out=out) is out
    assert out.tolist() == [2.0, 2.0]
    said = refusal(lambda: torch.add(x, x, out=torch.zeros(2, dtype=torch.int64)))
    assert said == "result type Float can't be cast to the desired output type Long"


@pytest.mark.parametrize("name", ["neg", "abs", "floor", "sign", "trunc", "round"])
def test_functions_that_keep_the_dtype_want_the_very_same(torch, name):
    out = torch.zeros(2, dtype=torch.float64)
    said = refusal(lambda: getattr(torch, name)(torch.ones(2), out=out))
    assert said == "Found dtype Double but expected Float"


@pytest.mark.parametrize("name", ["argmax", "tril", "mm", "softmax", "linalg.inv"])
def test_most_kernels_want_one_dtype(torch, name):
    function = torch
    for part in name.split("."):
        function = getattr(function, part)
    x = torch.eye(2)
    args = {"mm": (x, x), "softmax": (x, 0)}.get(name, (x,))
    wanted = "long int" if name == "argmax" else "float"
    said = refusal(lambda: function(*args, out=torch.zeros(0, dtype=torch.float64)))
    assert said == f"Expected out tensor to have dtype {wanted}, but got double instead"


@pytest.mark.parametrize("name", ["sum", "prod", "cumsum"])
def test_sums_are_computed_in_the_dtype_of_out(torch, name):
    function = getattr(torch, name)
    out = torch.zeros(2 if name != "cumsum" else (2, 2), dtype=torch.int64)
    function(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), 0, out=out)
    expected = {"sum": [4, 6], "prod": [3, 8], "cumsum": [[1, 2], [4, 6]]}
    assert out.tolist() == expected[name]
    said = refusal(lambda: function(torch.ones(2, 2), 0, dtype=torch.float64, out=out))
    assert said == "Expected out tensor to have dtype double, but got long int instead"


def test_sentences_of_single_operations(torch):
    x, wide = torch.ones(2, 2), torch.zeros(0, dtype=torch.float64)
    places = torch.zeros(0, dtype=torch.int64)
    cases = {
        "all only supports bool tensor for result, got: Double": lambda: torch.all(x, 0, out=wide),
        "nonzero: Expected out tensor to have scalar type Long but got scalar typeDouble": (
            lambda: torch.nonzero(x, out=wide)
        ),
        "expected scalar_type Float but found Double": (
            lambda: torch.cummax(x, 0, out=(wide, places))
        ),
        "output values must be of same type as input": (
            lambda: torch.kthvalue(x, 1, 0, out=(wide, places))
        ),
        "fft expects a complex output tensor, but got Double": lambda: torch.fft.fft(x, out=wide),
        "torch.cat(): input types can't be cast to the desired output type Long": (
            lambda: torch.cat([x, x], out=places)
        ),
        "nonzero does not support the out kwarg when as_tuple is True": (
            lambda: torch.nonzero(x, as_tuple=True, out=places)
        ),
    }
    for sentence, call in cases.items():
        assert refusal(call) == sentence


def test_named_results_keep_their_names(torch):
    out = (torch.zeros(2), torch.zeros(2, dtype=torch.int64))
    found = torch.max(torch.tensor([[1.0, 4.0], [3.0, 2.0]]), 0, out=out)
    assert found.values is out[0]
    assert found.indices.tolist() == [1, 0]
    assert type(found).__name__ == "max_out"


# ---------------------------------------------------------------- memory read and written

APART = (
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a "
    "single memory location. Please clone() the tensor before performing the operation."
)


def test_what_is_written_may_not_be_read_shifted(torch):
    x = torch.arange(4.0)
    calls = [
        lambda: x.div_(x[3]),
        lambda: x[1:].copy_(x[:-1]),
        lambda: x.__setitem__(slice(1, None), x[:-1]),
        lambda: torch.add(x[1:], 1, out=x[:-1]),
        lambda: x.view(2, 2).add_(x.view(2, 2).t()),
        lambda: x.index_add_(0, torch.tensor([0]), x[:1]),
        lambda: x.scatter_(0, torch.tensor([0]), x),
    ]
    for call in calls:
        assert refusal(call) == APART
    assert x.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_the_same_elements_numbers_and_memory_with_gaps_do_no_harm(torch):
    x = torch.arange(4.0)
    x.add_(x)
    x.fill_(x[1])
    x[::2] = x[1::2]
    x[x > 1] = x[0]
    x.masked_fill_(x > 1, x[0])
    x.sub_(x.sum())
    assert x.tolist() == [-6.0] * 4


@pytest.mark.parametrize("name", ["masked_fill_", "index_fill_", "index_put_"])
def test_some_operations_write_to_expanded_tensors_with_a_warning(torch, name):
    x = torch.ones(1).expand(3)
    places = torch.tensor([1])
    args = {
        "masked_fill_": (torch.tensor([True, False, False]), 5.0),
        "index_fill_": (0, places, 5.0),
        "index_put_": ((places,), torch.tensor(5.0)),
    }
    with pytest.warns(UserWarning, match=f"Use of {name} on expanded tensors is deprecated"):
        getattr(x, name)(*args[name])
    assert x.tolist() == [5.0, 5.0, 5.0]


# ---------------------------------------------------------------- arguments in their old order


def test_numbers_may_stand_before_the_tensors_as_of_old(torch):
    a, b = torch.ones(2), torch.full((2,), 3.0)
    m = torch.ones(2, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert torch.add(a, 2, b).tolist() == [7.0, 7.0]
        assert a.sub(2, b).tolist() == [-5.0, -5.0]
        assert torch.addcmul(a, 2, b, b).tolist() == [19.0, 19.0]
        assert a.clone().addcdiv_(2, b, b).tolist() == [3.0, 3.0]
        assert torch.addmm(2, m, 3, m, m).tolist() == [[8.0, 8.0], [8.0, 8.0]]
        assert m.addmm(2, m, m).tolist() == [[4.0, 4.0], [4.0, 4.0]]
        assert torch.addmv(2, a, m, a, out=torch.zeros(2)).tolist() == [4.0, 4.0]
    with pytest.raises(TypeError):
        torch.addmm(m, 2, 3, m, m)


def test_names_that_numpy_has_for_the_operands(torch):
    assert torch.add(x1=torch.ones(1), x2=torch.ones(1)).tolist() == [2.0]
    assert torch.sub(other=torch.ones(1), input=torch.zeros(1)).tolist() == [-1.0]
    assert torch.sum(a=torch.ones(2), axis=0, keepdims=True).tolist() == [2.0]


def test_a_size_is_made_of_whole_numbers(torch):
    assert torch.Size(torch.tensor([1, 2])) == (1, 2)
    for wrong, kind in (([1.5], "float"), ("ab", "str"), (torch.ones(2), "Tensor")):
        with pytest.raises(TypeError, match=rf"iterable of 'int' \(item 0 is '{kind}'\)"):
            torch.Size(wrong)


def test_membership_is_asked_of_numbers_and_tensors(torch):
    x = torch.tensor([1.0, 2.0])
    assert 2 in x
    assert torch.tensor(3.0) not in x
    for wrong in ("foo", None, [1, 2]):
        with pytest.raises(RuntimeError, match="only supports Tensor or scalar, but you passed"):
            wrong in x  # noqa: B015


def test_a_0d_tensor_of_any_integers_is_an_index(torch):
    x = torch.arange(3.0)
    assert x[torch.tensor(1, dtype=torch.int16)] == 1
    with pytest.raises(IndexError, match="must be long, int, byte or bool"):
        x[torch.tensor([1], dtype=torch.int16)]


def test_limits_of_one_dtype_are_equal(torch):
    assert torch.finfo(torch.float32) == torch.finfo(torch.float32)
    assert torch.iinfo(torch.int8) != torch.iinfo(torch.int16)


# ---------------------------------------------------------------- factories


def test_a_factory_with_out_computes_in_its_dtype_and_resizes_it(torch):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.linspace(0, 3, 4, out=torch.zeros(2, dtype=torch.int32)).tolist() == [
            0,
            1,
            2,
            3,
        ]
        assert torch.zeros(3, out=torch.ones(2)).tolist() == [0.0, 0.0, 0.0]
    assert torch.ones(2, out=torch.zeros(2), requires_grad=True).requires_grad
    for call in (
        lambda: torch.zeros(2, dtype=torch.float64, out=torch.zeros(2)),
        lambda: torch.arange(2, dtype=torch.float64, out=torch.zeros(2)),
        lambda: torch.fft.rfftfreq(2, dtype=torch.float64, out=torch.zeros(2)),
    ):
        assert refusal(call) == "dtype Double does not match dtype of out parameter (Float)"


def test_a_range_fills_a_view_of_as_many_elements(torch):
    x = torch.zeros(2, 3)
    torch.arange(4, out=x[:, 1:])
    assert x.tolist() == [[0.0, 0.0, 1.0], [0.0, 2.0, 3.0]]


def test_complex_numbers_do_not_become_real_ones_unasked(torch):
    x = torch.ones(2)
    assert float(torch.tensor(1.5 + 0j)) == 1.5
    calls = {
        "value cannot be converted to type double without overflow": (
            lambda: float(torch.tensor(1.5j))
        ),
        "value cannot be converted to type float without overflow": lambda: x.addcmul(
            x, x, value=1j
        ),
        "In-place abs is not supported for complex tensors.": lambda: (x + 1j).abs_(),
        "index_fill_(): Converting complex Scalar to non-complex type is not supported": (
            lambda: x.index_fill(0, torch.tensor([0]), 1j)
        ),
    }
    for sentence, call in calls.items():
        assert refusal(call) == sentence


def test_cat_does_not_write_to_what_it_joins(torch):
    x = torch.arange(4.0)
    for parts, out in [((x[:2], x[2:]), x), ((torch.zeros(0), x), x)]:
        said = refusal(lambda parts=parts, out=out: torch.cat(parts, out=out))
        assert said.startswith("unsupported operation: some elements of the input tensor and the")
    nothing = torch.zeros(0)
    assert refusal(lambda: torch.cat([nothing, x], out=nothing)).startswith("unsupported operation")
    shared = torch.zeros(1).expand(8)
    assert "more than one element of the written-to" in refusal(
        lambda: torch.cat([x, x], out=shared)
    )


def test_cat_keeps_channels_last(torch):
    x = torch.ones(2, 3, 2, 2).contiguous(memory_format=torch.channels_last)
    assert torch.cat([x, x], 1).is_contiguous(memory_format=torch.channels_last)
    assert torch.cat([x, x.contiguous()], 1).is_contiguous()


def test_small_meanings(torch):
    assert torch.arange(3).roll(1, dims=None).tolist() == [2, 0, 1]
    t = torch.tensor([True])
    assert torch.addr(t[None], t, t, beta=0, alpha=0).tolist() == [[False]]
    one = torch.ones(1, dtype=torch.uint8)
    assert one.index_add(0, torch.tensor([0]), one, alpha=-1).tolist() == [0]
    with pytest.raises(IndexError, match="Dimension out of range"):
        torch.trapezoid(torch.ones(2, 3), dim=5)
    with pytest.raises(RuntimeError, match="diff expects prepend or append to be the same dim"):
        torch.diff(torch.ones(2, 2), prepend=torch.ones(2))


def test_lists_and_sequences_that_make_no_tensor(torch):
    class Broken:
        def __len__(self):
            return 3

        def __getitem__(self, index):
            raise KeyError(index)

    loop = [0]
    loop.append(loop)
    with pytest.raises(TypeError, match="self-referential lists are incompatible"):
        torch.tensor(loop)
    with pytest.raises(ValueError, match="could not determine the shape of object type 'Broken'"):
        torch.tensor(Broken())


def test_masks_of_bytes(torch):
    mask = torch.tensor([1, 0, 1], dtype=torch.uint8)
    y = torch.ones(3)
    with pytest.warns(UserWarning, match="indexing with dtype torch.uint8 is now deprecated"):
        y.index_put_((mask,), torch.tensor([2.0, 3.0]))
    assert y.tolist() == [2.0, 1.0, 3.0]
    with pytest.raises(RuntimeError, match="only supports boolean masks"):
        y[mask] = 0.0


def test_the_shape_of_what_is_assigned_is_looked_at_before_its_dtype(torch):
    x = torch.arange(4)
    with pytest.raises(RuntimeError, match="shape mismatch: value tensor of shape"):
        x[x > -1] = torch.tensor([1.0, 2.0, 3.0])
    with pytest.raises(RuntimeError, match="source and destination dtypes match, got Long for"):
        x[x > -1] = torch.ones(4)


def test_flags_do_not_scale_numbers(torch):
    x, m = torch.ones(2), torch.ones(2, 2)
    for name in ("beta", "alpha"):
        with pytest.raises(RuntimeError, match=f"Boolean {name} only supported for Boolean"):
            torch.addr(m, x, x, **{name: True})
        with pytest.raises(RuntimeError, match=f"argument {name} must not be a floating point"):
            torch.addr(m.long(), x.long(), x.long(), **{name: 1.5})


def test_bounds_are_two_tensors_or_two_numbers(torch):
    x = torch.tensor([0.0, 5.0])
    assert x.clamp(torch.tensor(1.0), 2).tolist() == [1.0, 2.0]
    with pytest.raises(TypeError, match="received an invalid combination of arguments"):
        torch.clamp(x, torch.ones(2), 2)


def test_refusals_of_dtypes_and_equations(torch):
    calls = {
        "\"tril_indices\" not implemented for 'Float'": (
            lambda: torch.tril_indices(2, 2, dtype=torch.float32)
        ),
        "\"logcumsumexp_out_cpu\" not implemented for 'Long'": (
            lambda: torch.logcumsumexp(torch.ones(2).long(), 0)
        ),
        "torch.bool is not supported by torch.iinfo": lambda: torch.iinfo(torch.bool),
        "einsum(): found '.' for operand 0 that is not part of any ellipsis": (
            lambda: torch.einsum("i..j", torch.ones(2, 2))
        ),
        "unflatten got an unexpected error:": lambda: torch.ones(4).unflatten(0, (-1, -1)),
    }
    for sentence, call in calls.items():
        assert refusal(call) == sentence


def test_what_is_kept_between_numbers_keeps_its_dtype(torch):
    x, wide = torch.ones(2), torch.zeros(2, dtype=torch.float64)
    assert (
        refusal(lambda: torch.clamp(x, 0, 1, out=wide)) == "Found dtype Double but expected Float"
    )
    assert torch.clamp(x, torch.zeros(2), torch.ones(2), out=wide).tolist() == [1.0, 1.0]
    assert torch.abs(x + 1j, out=wide).dtype is torch.float64


def test_copying_does_not_drop_dimensions(torch):
    for shape in ((2, 3), (1, 3)):
        said = refusal(lambda shape=shape: torch.zeros(3).copy_(torch.ones(shape)))
        assert said == f"output with shape [3] doesn't match the broadcast shape {list(shape)}"
    x = torch.zeros(3)
    x[:] = torch.ones(1, 3)
    assert x.tolist() == [1.0, 1.0, 1.0]
