"""Who can run here, found out without importing torch or touching a GPU."""

from __future__ import annotations

import subprocess
import sys

import pytest

from crossgrad import witnesses
from crossgrad.browser import pyodide
from crossgrad.errors import CrossgradError
from crossgrad.witnesses import WITNESSES, choose


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine to describe: what is installed, and `gpu`."""
    found = {"numpy": "2.0", "torch": "2.13.0", "gpu": "NVIDIA H200", "cupy": "14.0"}
    monkeypatch.setattr(witnesses, "version_of", lambda name: found.get(name, ""))
    monkeypatch.setattr(witnesses, "gpu_name", lambda: found["gpu"])
    monkeypatch.setattr(pyodide, "problem", lambda: found.get("no pyodide"))
    return found


def problems() -> dict[str, str | None]:
    return {name: witness.problem() for name, witness in WITNESSES.items()}


def test_with_a_gpu_and_everything_installed_all_can_run(machine: dict[str, str]) -> None:
    assert problems() == dict.fromkeys(WITNESSES)
    assert WITNESSES["torch-cuda"].device_name() == "NVIDIA H200"
    assert WITNESSES["cupy"].versions()["cupy"] == "14.0"
    assert set(WITNESSES["torch-cpu"].versions()) == {"torch", "numpy", "python"}
    assert set(WITNESSES["numpy"].versions()) == {"numpy", "python"}
    assert WITNESSES["wasm"].device_name().startswith("WebAssembly on ")


@pytest.mark.parametrize(
    ("lacks", "expected"),
    [
        ({"gpu": ""}, [None, "there is no CUDA device", None, "there is no CUDA device", None]),
        ({"cupy": ""}, [None, None, None, "CuPy is not installed", None]),
        ({"no pyodide": "Node.js is missing"}, [None, None, None, None, "Node.js is missing"]),
        (
            {"torch": ""},
            ["PyTorch is not installed", "PyTorch is not installed", None, None, None],
        ),
        (
            {"torch": "2.13.0+cpu"},
            [None, "PyTorch 2.13.0+cpu is built without CUDA", None, None, None],
        ),
    ],
)
def test_what_is_lacking_is_the_reason(
    machine: dict[str, str], lacks: dict[str, str], expected: list[str | None]
) -> None:
    machine.update(lacks)
    assert list(problems().values()) == expected


def test_cupy_is_known_by_the_names_of_its_wheels(machine: dict[str, str]) -> None:
    del machine["cupy"]
    machine["cupy-cuda12x"] = "14.1"
    assert witnesses.cupy_version() == "14.1"


def test_a_hidden_gpu_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    witnesses.gpu_name.cache_clear()
    assert witnesses.gpu_name() == ""
    witnesses.gpu_name.cache_clear()


def test_witnesses_are_chosen_by_name_in_their_own_order() -> None:
    assert [w.name for w in choose(["numpy", "torch-cpu"])] == ["torch-cpu", "numpy"]
    assert choose() == list(WITNESSES.values())
    with pytest.raises(CrossgradError, match="no witness is called 'jax'; there are torch-cpu"):
        choose(["jax"])


def test_asking_imports_neither_torch_nor_cupy() -> None:
    code = (
        "import sys\n"
        "from crossgrad.witnesses import WITNESSES\n"
        "for w in WITNESSES.values(): w.problem(), w.versions(), w.device_name()\n"
        "sys.exit(bool({'torch', 'cupy', 'numpy'} & set(sys.modules)))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
