"""How a page is run: one session, a fresh process, a reader's surroundings."""

from __future__ import annotations

import pytest

from crossgrad.record import BlockRecord

from .conftest import TORCH, Site

pytestmark = pytest.mark.torch


def records(site: Site, *blocks: str, name: str = "page.md") -> list[BlockRecord]:
    site.write("".join(f"```python\n{block}\n```\n\n" for block in blocks), name)
    run = site.verify().runs[name].runs[TORCH.name]
    assert run.ended is None
    return [record for record in run.records if record is not None]


def test_the_blocks_of_a_page_share_a_namespace(site: Site) -> None:
    assert records(site, "x = 1", "x += 1", "print(x)")[2].output == "2"


def test_a_block_goes_on_after_an_exception_in_another(site: Site) -> None:
    found = records(site, "x = 1\n\nx.y", "print(x)")
    assert found[0].exception == "AttributeError: 'int' object has no attribute 'y'"
    assert found[1].output == "1"


def test_pages_see_nothing_of_each_other(site: Site) -> None:
    meddle = "import os, torch, builtins\nopen('file', 'w').close()\nos.environ['X'] = '1'\n"
    meddle += "torch.set_default_dtype(torch.float64)\nbuiltins.y = 1\ntorch.rand(5)"
    look = "import os, torch, builtins\n"
    look += "print(os.listdir(), os.environ.get('X'), torch.get_default_dtype())\n"
    look += "print(hasattr(builtins, 'y'), torch.initial_seed(), torch.rand(1))"
    records(site, meddle, name="a.md")
    assert records(site, look, name="b.md")[0].output == (
        "[] None torch.float32\nFalse 0 tensor([0.4963])"
    )


def test_the_environment_is_a_clean_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "1")
    found = records(site, "import os\nprint('SECRET_TOKEN' in os.environ, os.environ['LANG'])")
    assert found[0].output == "False C.UTF-8"


def test_a_block_is_main_and_its_classes_can_be_pickled_and_read(site: Site) -> None:
    code = "import inspect, pickle\n\nclass A:\n    x = 1\n\n"
    code += "print(__name__, pickle.loads(pickle.dumps(A)) is A)\nprint(inspect.getsource(A))"
    assert records(site, "x = 1", code)[1].output == "__main__ True\nclass A:\n    x = 1"


def test_a_traceback_names_the_true_line_of_the_page(site: Site) -> None:
    code = "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n"
    code += "    print(traceback.format_exc())"
    assert (
        '"docs/page.md", line 8, in <module>\n    1 / 0' in records(site, "x = 1", code)[1].output
    )


def test_what_a_child_process_prints_is_output(site: Site) -> None:
    code = "import os\nprint('one')\nos.system('echo two')\nprint('three')"
    assert records(site, code)[0].output == "one\ntwo\nthree"


def test_a_page_that_forks_is_still_one_page(site: Site) -> None:
    code = "import os\nif os.fork() == 0:\n    print('child')\nelse:\n    os.wait()"
    assert [r.output for r in records(site, code, "print('next')")] == ["child", "next"]


def test_each_warning_is_recorded_once_and_only_a_reader_s(site: Site) -> None:
    code = "import warnings\nfor _ in range(3):\n    warnings.warn('look')\n"
    code += "warnings.warn('old', DeprecationWarning)\nwarnings.warn('quiet', ResourceWarning)"
    found = records(site, code, "warnings.warn('look')")
    assert found[0].warnings == ["UserWarning: look", "DeprecationWarning: old"]
    assert found[1].warnings == ["UserWarning: look"]


def test_system_exit_is_an_outcome(site: Site) -> None:
    found = records(site, "import sys\nsys.exit(3)", "print('still here')")
    assert (found[0].exception, found[1].output) == ("SystemExit: 3", "still here")


def test_a_tensor_is_recorded_when_it_is_bound_and_when_it_changes(site: Site) -> None:
    found = records(
        site,
        "import torch\nx = torch.tensor([1.0, 2.0], requires_grad=True)\nn = 3",
        "y = (x * x).sum()\npair = [x, {'k': y}]",
        "y.backward()",
        "del pair\nmodel = torch.nn.Linear(1, 1)",
    )
    assert [list(record.tensors) for record in found] == [
        ["x"],
        ["y", "pair[0]", "pair[1]['k']"],
        ["x", "pair[0]"],
        ["model.weight", "model.bias"],
    ]
    x = found[2].tensors["x"]
    assert (x.dtype, x.shape, x.requires_grad, x.is_leaf, x.grad_fn) == (
        "float32",
        [2],
        True,
        True,
        None,
    )
    assert x.value is not None
    assert x.grad is not None
    assert x.grad.value is not None
    assert x.value.array().tolist() == [1.0, 2.0]
    assert x.grad.value.array().tolist() == [2.0, 4.0]
    assert found[1].tensors["y"].grad_fn == "SumBackward0"
    assert [record.backwards for record in found[2:]] == [["backward from SumBackward0 ()"], []]


@pytest.mark.parametrize(
    ("make", "dtype", "value"),
    [
        ("torch.tensor([1.5], dtype=torch.bfloat16)", "bfloat16", [1.5]),
        ("torch.tensor([1 + 2j]).conj()", "complex64", [1 - 2j]),
        ("torch.tensor([1.0]).to_sparse()", "float32", [1.0]),
        ("torch.tensor([True])", "bool", [True]),
        ("torch.empty(0, 3)", "float32", []),
    ],
)
def test_tensors_of_every_kind_are_recorded(
    site: Site, make: str, dtype: str, value: list[object]
) -> None:
    tensor = records(site, f"import torch\nx = {make}")[0].tensors["x"]
    assert tensor.problem is None
    assert tensor.dtype == dtype
    assert tensor.value is not None
    assert tensor.value.array().tolist() == value


def test_recording_changes_nothing(site: Site) -> None:
    found = records(
        site,
        "import torch\nx = torch.ones(2, requires_grad=True)\ny = x * 2\nversion = y._version",
        "y.sum().backward()\nprint(y._version - version, torch.is_grad_enabled())",
    )
    assert (found[1].output, found[1].warnings) == ("0 True", [])


def test_pictures_are_read_from_what_a_block_left(site: Site) -> None:
    text = """
        ```python
        import torch

        x = torch.tensor(2.0, requires_grad=True)
        y = x * x + 1
        a, b = [0.0, 1.0], torch.tensor([2.0, 3.0], requires_grad=True)
        image = torch.zeros(1, 1, 2)
        ```

        <!--crossgrad:graph y "graph"-->
        <!--crossgrad:plot x=a y=b "plot"-->
        <!--crossgrad:image image "image"-->
        <!--crossgrad:graph a "no tensor"-->
        """
    site.write(text)
    (record,) = site.verify().runs["page.md"].runs[TORCH.name].records
    assert record is not None
    graph, plot, image, problem = record.pictures
    assert graph == {
        "nodes": [
            {"name": "AddBackward0"},
            {"name": "MulBackward0"},
            {"name": "AccumulateGrad", "leaf": "x", "shape": []},
        ],
        "edges": [[0, 1], [1, 2], [1, 2]],
        "roots": [{"name": "y", "node": 0, "shape": []}],
    }
    assert plot == {"x": [0.0, 1.0], "y": {"b": [2.0, 3.0]}}
    assert image == {"shape": [1, 1, 2], "dtype": "float32", "values": [0.0, 0.0]}
    assert problem["problem"].startswith("AttributeError: 'list' object")
