"""Files written by PyTorch open in the reference, and the other way round."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl import backend, dtypes, serialization
from reference_impl.nn.parameter import Parameter
from reference_impl.tensor import Size, Tensor, wrap

torch = pytest.importorskip("torch", reason="needs PyTorch, which is not installed")

FORMATS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
UNSIGNED = {"uint16", "uint32", "uint64"}  # PyTorch itself cannot load these from the old format
DTYPES = sorted({d.name for d in dtypes.PUBLIC.values()})


def ours_to_theirs(obj, zipped=True):
    buffer = io.BytesIO()
    serialization.save(obj, buffer, _use_new_zipfile_serialization=zipped)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


def theirs_to_ours(obj, zipped=True, **options):
    buffer = io.BytesIO()
    torch.save(obj, buffer, _use_new_zipfile_serialization=zipped)
    buffer.seek(0)
    return serialization.load(buffer, **options)


def their_tensor(array):
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.view(np.int16).copy()).view(torch.bfloat16)
    return torch.from_numpy(array.copy())


def facts(obj):
    """What a value is made of, the same for both packages."""
    if isinstance(obj, torch.Tensor):
        kind = "Parameter" if type(obj) is torch.nn.Parameter else "Tensor"
        bits = obj.detach().contiguous().view(-1)
        raw = bytes(bits.untyped_storage())[: bits.numel() * bits.element_size()]
        place = (tuple(obj.shape), obj.stride(), str(obj.dtype), obj.requires_grad)
        return kind, *place, raw, facts(obj.__dict__)
    if isinstance(obj, Tensor):
        data = obj._data
        strides = tuple(s // data.itemsize for s in data.strides) if data.size else None
        place = (tuple(data.shape), strides, str(obj.dtype), obj.requires_grad)
        return type(obj).__name__, *place, data.tobytes(), facts(obj.__dict__)
    if isinstance(obj, dict):
        return type(obj).__name__, [(facts(k), facts(v)) for k, v in obj.items()]
    if isinstance(obj, (list, tuple)):
        return type(obj).__name__, [facts(v) for v in obj]
    return type(obj).__name__, repr(obj)


def assert_same(a, b):
    """The same facts; the strides of empty tensors do not count."""
    assert _without_empty_strides(facts(a)) == _without_empty_strides(facts(b))


def _without_empty_strides(x):
    if isinstance(x, tuple) and len(x) == 7 and x[0] in ("Tensor", "Parameter") and 0 in x[1]:
        return (*x[:2], None, *x[3:])
    if isinstance(x, (list, tuple)):
        return type(x)(_without_empty_strides(v) for v in x)
    return x


@FORMATS
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 2)], ids=str)
def test_every_dtype_both_ways(dtype, shape, zipped):
    array = np.asarray(np.arange(np.prod(shape)).reshape(shape)).astype(dtypes.PUBLIC[dtype].numpy)
    ours, theirs = wrap(array), their_tensor(array)
    assert_same(theirs_to_ours(theirs, zipped), ours)
    if zipped or dtype not in UNSIGNED:
        assert_same(ours_to_theirs(ours, zipped), theirs)


def packages(make):
    """`make` called with the tools of each package: (ours, theirs)."""
    ours = make(wrap, Parameter, Size, backend.device, dtypes.float16)
    theirs = make(
        their_tensor, torch.nn.Parameter, torch.Size, torch.device, torch.float16
    )  # fmt: skip
    return ours, theirs


def a_bit_of_everything(tensor, parameter, size, device, float16):
    marked = tensor(np.ones(2, np.float32))
    marked.note = "kept"
    leaf = tensor(np.ones(2)).requires_grad_()
    state = OrderedDict(weight=tensor(np.ones(3, np.float32)))
    state._metadata = OrderedDict(version=1)
    noted = parameter(tensor(np.ones(2, np.float32)))
    noted.note = [1, 2]
    return {
        "tensors": [marked, leaf, parameter(tensor(np.ones(2))), noted],
        "frozen": parameter(tensor(np.ones(2)), False),
        "torch": [size((2, 3)), device("cuda", 1), device("cpu"), float16],
        "numbers": [0, -1, 300, 70000, 2**40, -(2**70), 1.5, 1 + 2j, True, None],
        "text": ("é" * 300, "", b"ab" * 200, bytearray(b"q")),
        "containers": ([], (), {}, (1,), (1, 2, 3, 4), {1, 2}, {"a": {"b": [{}]}}),
        "state": state,
        7: "an int key",
    }


@FORMATS
def test_a_bit_of_everything_both_ways(zipped):
    ours, theirs = packages(a_bit_of_everything)
    assert_same(ours_to_theirs(ours, zipped), theirs)
    loaded = theirs_to_ours(theirs, zipped)
    assert_same(loaded, ours)
    assert loaded["state"]._metadata == {"version": 1}
    assert ours_to_theirs(ours, zipped)["state"]._metadata == {"version": 1}


@FORMATS
def test_views_share_memory_after_the_crossing(zipped):
    data = np.arange(12.0).reshape(3, 4)
    ours = ours_to_theirs([wrap(data), wrap(data[:, 1:3]), wrap(data.T)], zipped)
    ours[1][0, 0] = 99.0
    assert ours[0][0, 1] == ours[2][1, 0] == 99.0
    whole = torch.from_numpy(data.copy())
    theirs = theirs_to_ours([whole, whole[:, 1:3], whole.t(), whole.expand(2, 3, 4)], zipped)
    theirs[1]._data[0, 0] = 99.0
    assert theirs[0]._data[0, 1] == theirs[2]._data[1, 0] == theirs[3]._data[1, 0, 1] == 99.0


def test_a_view_saves_as_many_bytes_in_both():
    data = np.arange(1000.0)

    def size(save, obj):
        buffer = io.BytesIO()
        save(obj, buffer)
        return len(buffer.getvalue())

    ours = size(serialization.save, wrap(data[10:20]))
    theirs = size(torch.save, torch.from_numpy(data)[10:20])
    assert abs(ours - theirs) < 600


def test_lazy_conjugation_and_negation_are_carried_out():
    z = torch.tensor([1 + 2j, 3 - 1j])
    assert theirs_to_ours(z.conj()).tolist() == [1 - 2j, 3 + 1j]
    assert theirs_to_ours(z.conj().imag).tolist() == [-2.0, 1.0]
    assert theirs_to_ours(z.conj(), zipped=False).tolist() == [1 - 2j, 3 + 1j]


@FORMATS
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_training_checkpoint(name, zipped):
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    options = {"momentum": 0.9} if name == "SGD" else {}
    optimizer = getattr(torch.optim, name)(model.parameters(), lr=0.1, **options)
    model(torch.rand(4, 3)).sum().backward()
    optimizer.step()
    before = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 7}
    after = theirs_to_ours(before, zipped)
    assert_same(after, before)
    assert_same(ours_to_theirs(after, zipped), before)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**80), 2**80),
    st.floats(),
    st.text(max_size=5),
    st.binary(min_size=1, max_size=5),
)
ARRAYS = st.tuples(st.sampled_from(DTYPES), st.lists(st.integers(0, 3), max_size=3)).map(
    lambda p: np.asarray(np.arange(np.prod(p[1])).reshape(p[1])).astype(dtypes.PUBLIC[p[0]].numpy)
)
KEYS = st.one_of(st.text(max_size=3), st.integers(), st.tuples(st.integers(), st.text(max_size=2)))
TREES = st.recursive(
    SCALARS | ARRAYS,
    lambda children: st.one_of(
        st.lists(children, max_size=4),
        st.lists(children, max_size=4).map(tuple),
        st.dictionaries(KEYS, children, max_size=4),
    ),
    max_leaves=12,
)


def with_tensors(tree, tensor):
    if isinstance(tree, np.ndarray):
        return tensor(tree)
    if isinstance(tree, dict):
        return {k: with_tensors(v, tensor) for k, v in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(with_tensors(v, tensor) for v in tree)
    return tree


@given(TREES)
@settings(max_examples=150, deadline=None)
def test_any_nest_of_containers(tree):
    ours, theirs = with_tensors(tree, wrap), with_tensors(tree, their_tensor)
    assert_same(theirs_to_ours(theirs), ours)
    assert_same(ours_to_theirs(ours), theirs)


class Custom:
    """Something no one has allowed."""


@pytest.mark.parametrize(
    "obj",
    [print, eval, range(3), Custom(), ..., pickle.loads],
    ids=["print", "eval", "range", "custom", "ellipsis", "loads"],
)
def test_refusals_are_worded_alike(obj):
    buffer = io.BytesIO()
    torch.save({"x": obj}, buffer)

    def refusal(load):
        buffer.seek(0)
        with pytest.raises(pickle.UnpicklingError) as caught:
            load(buffer)
        return str(caught.value)

    assert refusal(serialization.load) == refusal(torch.load)


@pytest.mark.parametrize("where", ["cuda", "cuda:0", "foo"])
def test_a_device_that_is_not_there_is_reported_alike(where):
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    buffer = io.BytesIO()
    torch.save(torch.ones(2), buffer)

    def refusal(load):
        buffer.seek(0)
        with pytest.raises(RuntimeError) as caught:
            load(buffer, map_location=where)
        return str(caught.value)

    assert refusal(serialization.load) == refusal(torch.load)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_newer_pickle_protocol_is_refused_by_both():
    buffer = io.BytesIO()
    torch.save(torch.ones(2), buffer, pickle_protocol=4)
    for load in (serialization.load, torch.load):
        buffer.seek(0)
        with pytest.raises(pickle.UnpicklingError, match="operand 149"):
            load(buffer)
