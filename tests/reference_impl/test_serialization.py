"""Saving and loading: what survives, what a file may not do, what a broken file says."""

from __future__ import annotations

import contextlib
import copy
import io
import os
import pickle
import struct
import zipfile
from collections import Counter, OrderedDict

import numpy as np
import pytest

from reference_impl import backend, dtypes, serialization
from reference_impl.nn.parameter import Parameter
from reference_impl.tensor import Size, Tensor, wrap

FORMATS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])


def tensor(values, dtype=np.float32):
    return wrap(np.array(values, dtype))


def saved(obj, **options):
    buffer = io.BytesIO()
    serialization.save(obj, buffer, **options)
    return buffer.getvalue()


def loaded(data, **options):
    return serialization.load(io.BytesIO(data), **options)


def again(obj, zipped=True):
    return loaded(saved(obj, _use_new_zipfile_serialization=zipped))


def rewritten(data, compression=zipfile.ZIP_STORED, **changes):
    """The archive `data` with some records replaced (None: left out); _ stands for a dot or /."""
    source, out = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for info in source.infolist():
            name = info.filename.split("/", 1)[1]
            content = changes.get(name.replace(".", "_").replace("/", "_"), source.read(info))
            if content is not None:
                archive.writestr(info.filename, content)
    return out.getvalue()


def pickled(data):
    return zipfile.ZipFile(io.BytesIO(data)).read("archive/data.pkl")


def with_pickle(content):
    return rewritten(saved(tensor([1.0])), data_pkl=content)


# ---------------------------------------------------------------- what survives


@FORMATS
@pytest.mark.parametrize("dtype", sorted({d.name for d in dtypes.PUBLIC.values()}))
def test_every_dtype(dtype, zipped):
    before = wrap(np.arange(6).reshape(2, 3).astype(dtypes.PUBLIC[dtype].numpy))
    after = again(before, zipped)
    assert after.dtype is before.dtype
    assert after._data.tolist() == before._data.tolist()


@FORMATS
def test_plain_objects_in_containers(zipped):
    state = OrderedDict(w=1)
    state._metadata = OrderedDict(version=2)
    before = {
        "numbers": [0, -1, 300, 70000, 2**40, -(2**70), 1.5, 1 + 2j, True, None],
        "text": ("é" * 300, "", b"ab" * 200, bytearray(b"q")),
        "tuples": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "sets": {1, "a"},
        "counts": Counter("aab"),
        "torch": [Size((2, 3)), dtypes.float16, backend.device("cuda", 1), backend.device("cpu")],
        ("a", 1): {"nested": {"deep": []}},
        "state": state,
    }
    after = again(before, zipped)
    assert after == before
    assert type(after["torch"][0]) is Size
    assert after["torch"][1] is dtypes.float16
    assert after["state"]._metadata == {"version": 2}


@FORMATS
def test_tensors_that_share_memory_share_it_again(zipped):
    data = np.arange(12.0).reshape(3, 4)
    before = [wrap(data), wrap(data[:, 1:3]), wrap(data.T)]
    after = again(before, zipped)
    after[0]._data[0, 1] = 99.0
    assert after[1]._data[0, 0] == after[2]._data[1, 0] == 99.0
    assert [t._data.strides for t in after] == [t._data.strides for t in before]


def test_a_view_is_saved_with_all_the_memory_behind_it():
    start = tensor(np.zeros(1000))._data[:3]
    assert len(saved(wrap(start))) > 4000 > len(saved(wrap(start.copy())))


@FORMATS
@pytest.mark.parametrize(
    "array",
    [
        np.ones((0, 3)),
        np.array(2.5),
        np.broadcast_to(np.ones((1, 3)), (2, 3)),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(6.0)[::-1],
        np.lib.stride_tricks.as_strided(np.arange(4.0), (3, 2), (8, 8)),
        np.frombuffer(bytes(16)),
    ],
    ids=["empty", "scalar", "expanded", "columns", "backwards", "overlapping", "read-only"],
)
def test_memory_of_every_kind(array, zipped):
    after = again(wrap(array), zipped)
    assert after._data.tolist() == array.tolist()
    assert after.shape == array.shape


@FORMATS
def test_parameters_attributes_and_gradients(zipped):
    leaf = tensor([1.0]).requires_grad_()
    leaf.note = "kept"
    leaf.grad = tensor([2.0])
    frozen = Parameter(tensor([1.0]), requires_grad=False)
    after_leaf, parameter, after_frozen = again([leaf, Parameter(tensor([1.0])), frozen], zipped)
    assert after_leaf.requires_grad
    assert after_leaf.note == "kept"
    assert after_leaf.grad is None
    assert type(parameter) is type(after_frozen) is Parameter
    assert (parameter.requires_grad, after_frozen.requires_grad) == (True, False)


def test_one_object_in_two_places_stays_one():
    shared = tensor([1.0])
    first, second = again([shared, shared])
    assert first is second


def test_the_records_of_the_archive():
    archive = zipfile.ZipFile(io.BytesIO(saved({"a": tensor([1.0, 2.0]), "b": tensor([3.0])})))
    assert archive.testzip() is None
    names = [name.removeprefix("archive/") for name in archive.namelist()]
    assert names == [
        "data.pkl", ".format_version", ".storage_alignment", "byteorder", "data/0", "data/1",
        "version",
    ]  # fmt: skip
    assert archive.read("archive/data/0") == struct.pack("<2f", 1, 2)


def test_storages_start_at_multiples_of_64():
    data = saved([tensor([1.0]), tensor([2.0])])
    for info in zipfile.ZipFile(io.BytesIO(data)).infolist():
        name, extra = struct.unpack_from("<HH", data, info.header_offset + 26)
        assert (info.header_offset + 30 + name + extra) % 64 == 0


# ---------------------------------------------------------------- files


def test_a_path_names_its_archive(tmp_path):
    path = tmp_path / "my.model.pt"
    serialization.save(tensor([1.0]), path)
    assert zipfile.ZipFile(path).namelist()[0] == "my.model/data.pkl"
    assert serialization.load(str(path)).tolist() == [1.0]
    assert os.listdir(tmp_path) == ["my.model.pt"]


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "kept.pt"
    serialization.save(tensor([1.0]), path)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        serialization.save([tensor([2.0]), lambda: None], path)
    assert serialization.load(path).tolist() == [1.0]
    assert os.listdir(tmp_path) == ["kept.pt"]


def test_places_that_cannot_be_written(tmp_path):
    with pytest.raises(RuntimeError, match=r"Parent directory .*nowhere does not exist\."):
        serialization.save(1, tmp_path / "nowhere" / "a.pt")
    with pytest.raises(RuntimeError, match="Is a directory"):
        serialization.save(1, tmp_path)
    with pytest.raises(AttributeError, match="expected 'f' to be string, path, or a file-like"):
        serialization.save(1, 3)


def test_places_that_cannot_be_read():
    with pytest.raises(FileNotFoundError, match=r"No such file or directory: 'nowhere\.pt'"):
        serialization.load("nowhere.pt")
    with pytest.raises(AttributeError, match="from a file that is seekable"):
        serialization.load(3)
    with pytest.raises(TypeError, match="binary mode"):
        serialization.load(io.StringIO("text"))
    with pytest.raises(ValueError, match="f must be a file path in order to use the mmap"):
        loaded(saved(1), mmap=True)


def test_two_objects_in_one_stream_of_the_old_format():
    stream = io.BytesIO()
    for value in (1.0, 2.0):
        serialization.save(tensor([value]), stream, _use_new_zipfile_serialization=False)
    stream.seek(0)
    assert [serialization.load(stream).tolist() for _ in range(2)] == [[1.0], [2.0]]


# ---------------------------------------------------------------- devices


def test_a_cuda_tensor_needs_a_gpu_or_map_location(monkeypatch):
    monkeypatch.setattr(backend, "cuda_device_count", lambda: 0)
    data = with_pickle(pickled(saved(tensor([1.0]))).replace(b"\x03\0\0\0cpu", b"\x06\0\0\0cuda:0"))
    with pytest.raises(RuntimeError, match=r"torch.cuda.is_available\(\) is False"):
        loaded(data)
    places = ["cpu", backend.device("cpu"), {"cuda:0": "cpu"}, lambda storage, location: storage]
    assert [loaded(data, map_location=p).tolist() for p in places] == [[1.0]] * 4


def test_map_locations_that_make_no_sense():
    with pytest.raises(RuntimeError, match=r"don't know how to restore data .*tagged with foo"):
        loaded(saved(tensor([1.0])), map_location="foo")
    with pytest.raises(TypeError, match="'int' object is not callable"):
        loaded(saved(tensor([1.0])), map_location=3)


# ---------------------------------------------------------------- loading runs no code


class Trap:
    """Whoever unpickles it calls something."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@FORMATS
@pytest.mark.parametrize("weights_only", [True, False, None])
def test_a_call_in_the_file_is_refused_whatever_weights_only_says(zipped, weights_only):
    data = saved({"w": Trap(eval, "1")}, _use_new_zipfile_serialization=zipped)
    with pytest.raises(pickle.UnpicklingError, match="GLOBAL eval was not an allowed global"):
        loaded(data, weights_only=weights_only)


def test_what_is_blocked_stays_blocked():
    data = saved(Trap(os.system, "true"))
    sentence = f"whose module {os.name} is blocked"
    with (
        serialization.safe_globals([os.system]),
        pytest.raises(pickle.UnpicklingError, match=sentence),
    ):
        loaded(data)


class Point:
    """A class of the user's own."""

    def __init__(self, x):
        self.x = x


def test_a_class_must_be_declared_safe():
    data = saved(Point(tensor([3.0])))
    with pytest.raises(pickle.UnpicklingError, match="Point was not an allowed global by default"):
        loaded(data)
    with serialization.safe_globals([Point]):
        assert loaded(data).x.tolist() == [3.0]
    assert serialization.get_safe_globals() == []
    serialization.add_safe_globals([(Point, f"{Point.__module__}.Point")])
    assert type(loaded(data)) is Point
    serialization.clear_safe_globals()
    assert serialization.get_safe_globals() == []


class Tagged(Tensor):
    """A tensor subclass of the user's own."""


def test_a_tensor_subclass_must_be_declared_safe():
    from reference_impl.tensor import adopt

    before = adopt(tensor([1.0]), Tagged)
    before.tag = "x"
    data = saved(before)
    with pytest.raises(pickle.UnpicklingError, match="Tagged was not an allowed global"):
        loaded(data)
    with serialization.safe_globals([Tagged]):
        after = loaded(data)
    assert (type(after), after.tag, after._data.tolist()) == (Tagged, "x", [1.0])


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        (b"cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.", "cannot encode int"),
        (b"c_codecs\nencode\nX\1\0\0\0aX\3\0\0\0zip\x86R.", "cannot encode str as 'zip'"),
        (b"}" + b")" + b"\x85" * 1_000_000 + b"K\1s.", "nested this deep cannot be a key"),
        (b"ctorch\nfloat32\nK\1\x85R.", "Trying to call reduce for unrecognized function"),
        (b"ctorch\nfloat32\n}X\4\0\0\0nameK\1sb.", "Can only build Tensor, Parameter"),
        (b"ctorch\nTensor\n)\x81.", "Can only create new object"),
        (b"K\1K\2a.", "Can only append to lists"),
        (b"]K\1K\2s.", "Can only SETITEM for dict"),
        (b"X\xff\xff\xff\x7fabc.", "the file ends in the middle of a pickle"),
        (b"h\5.", "the pickle is corrupt or no pickle at all"),
        (b"R.", "the pickle is corrupt or no pickle at all"),
        (b"", "the file ends in the middle of a pickle"),
        (b"\xff.", "Unsupported operand 255"),
        (b"K\1Q.", "persistent_load id must be tuple"),
        (b"X\1\0\0\0a\x85Q.", "Only persistent_load of storage is allowed"),
        (b"X\7\0\0\0storage\x85Q.", "the reference to a storage is corrupt"),
    ],
)  # fmt: skip
def test_pickles_that_misbehave(program, sentence):
    with pytest.raises((pickle.UnpicklingError, EOFError), match=sentence):
        loaded(with_pickle(b"\x80\x02" + program))


# ---------------------------------------------------------------- files that lie or are broken


def test_sizes_that_lie():
    good = saved(tensor(np.arange(10)))
    more = pickled(good).replace(b"K\x0at", b"K\x14t")
    with pytest.raises(
        RuntimeError, match=r"record size \(40 bytes\) does not match expected size"
    ):
        loaded(rewritten(good, data_pkl=more))
    longer = pickled(good).replace(b"K\x0a\x85", b"K\x14\x85")
    with pytest.raises(RuntimeError, match=r"setStorage: sizes \[20\].*out of bounds for storage"):
        loaded(rewritten(good, data_pkl=longer))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"data_pkl": None}, "failed locating file data.pkl"),
        ({"data_0": None}, "failed locating file data/0"),
        ({"data_0": b"ab"}, "record size"),
        ({"byteorder": b"odd"}, "Unknown endianness type: odd"),
        ({"version": b"99"}, "version 99, but the maximum supported version for reading is 10"),
        ({"version": None}, "Expected hasRecord"),
        ({"compression": zipfile.ZIP_DEFLATED}, "is compressed"),
    ],
)
def test_archives_with_something_wrong(changes, sentence):
    with pytest.raises((RuntimeError, ValueError), match=sentence):
        loaded(rewritten(saved(tensor([1.0])), **changes))


def test_bytes_of_the_other_order():
    swapped = np.arange(3, dtype=">f4").tobytes()
    good = saved(tensor(np.arange(3)))
    assert loaded(rewritten(good, byteorder=b"big", data_0=swapped)).tolist() == [0.0, 1.0, 2.0]


def test_a_damaged_record():
    data = bytearray(saved(tensor([1.0])))
    data[data.index(struct.pack("<f", 1.0))] ^= 1
    with pytest.raises(RuntimeError, match="failed reading file data/0: Bad CRC-32"):
        loaded(bytes(data))


@FORMATS
def test_a_file_cut_off_anywhere(zipped):
    data = saved({"a": tensor([1.0, 2.0]), "b": "text"}, _use_new_zipfile_serialization=zipped)
    for end in range(len(data)):
        with pytest.raises((RuntimeError, EOFError, pickle.UnpicklingError)):
            loaded(data[:end])


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@FORMATS
def test_a_file_with_bytes_changed_at_random(zipped):
    data = saved(
        {"a": tensor([1.0, 2.0]), "b": [1, "x", (2,)]}, _use_new_zipfile_serialization=zipped
    )
    random = np.random.RandomState(0)
    for _ in range(600):
        broken = bytearray(data)
        for at in random.randint(len(data), size=random.randint(1, 4)):
            broken[at] = random.randint(256)
        with contextlib.suppress(RuntimeError, EOFError, ValueError, pickle.UnpicklingError):
            loaded(bytes(broken))


def test_not_a_file_of_torch_save():
    with pytest.raises(pickle.UnpicklingError, match="neither a zip archive nor a pickle"):
        loaded(b"hello world")
    with pytest.raises(RuntimeError, match="Invalid magic number; corrupt file"):
        loaded(pickle.dumps(7, 2))
    with pytest.raises(EOFError, match="the file is empty"):
        loaded(b"")


# ---------------------------------------------------------------- copies and plain pickles


def test_a_deep_copy_shares_within_itself_only():
    data = np.arange(3.0)
    whole, part = copy.deepcopy([wrap(data), wrap(data[1:])])
    whole._data[1] = 9.0
    assert part._data.tolist() == [9.0, 2.0]
    assert data.tolist() == [0.0, 1.0, 2.0]


def test_a_deep_copy_keeps_gradient_and_attributes():
    leaf = tensor([1.0]).requires_grad_()
    leaf.grad, leaf.note = tensor([2.0]), ["a"]
    made = copy.deepcopy(leaf)
    assert (made.requires_grad, made.grad.tolist(), made.note) == (True, [2.0], ["a"])
    assert made.grad is not leaf.grad
    assert made.note is not leaf.note


def test_a_copied_parameter_trains_on_its_own():
    parameter = Parameter(tensor([1.0]))
    made = copy.deepcopy(parameter)
    assert type(made) is Parameter
    assert made.grad_fn is None
    made.backward()
    assert made.grad.tolist() == [1.0]
    assert parameter.grad is None


def test_plain_pickle_keeps_a_tensor():
    leaf = tensor([1.0, 2.0]).requires_grad_()
    leaf.note = "kept"
    made = pickle.loads(pickle.dumps(leaf))
    assert (made.tolist(), made.requires_grad, made.note) == ([1.0, 2.0], True, "kept")
