"""`import torch` means the reference, and `python -m reference_impl` runs scripts that way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def python(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *arguments], env=env, cwd=cwd, capture_output=True, text=True, check=False
    )


def aliased(code: str) -> str:
    """What a program prints that runs after the alias is installed."""
    ran = python("-c", f"from reference_impl import alias\nalias.install()\n{code}")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_torch_is_the_very_same_module() -> None:
    code = (
        "import torch, reference_impl, sys\n"
        "import torch.autograd, reference_impl.autograd\n"
        "from torch import nn\n"
        "import torch.nn.functional as F\n"
        "print(torch is reference_impl, torch.autograd is reference_impl.autograd,"
        " sys.modules['torch.autograd'] is reference_impl.autograd, F is nn.functional,"
        " torch.__spec__.name, torch.autograd.__spec__.name)"
    )
    assert aliased(code) == "True True True True reference_impl reference_impl.autograd"


def test_installing_twice_changes_nothing() -> None:
    assert aliased("alias.install()\nimport sys\nprint(len(sys.meta_path))") == aliased(
        "import sys\nprint(len(sys.meta_path))"
    )


def test_classes_say_that_they_are_pytorchs() -> None:
    code = (
        "import pickle\nimport torch\nfrom torch import nn\n"
        "x = torch.ones(2, requires_grad=True)\n"
        "things = [x, x.shape, x.dtype, x.device, nn.Linear(1, 1), nn.Dropout(), nn.Parameter(x),"
        " torch.optim.SGD([x], 0.1), torch.utils.data.DataLoader([1]), (x * 2).grad_fn,"
        " torch.max(x, 0)]\n"
        "print(*(f'{type(t).__module__}.{type(t).__qualname__}' for t in things))\n"
        "print(type(pickle.loads(pickle.dumps(things[4]))) is nn.Linear)"
    )
    names, pickled = aliased(code).splitlines()
    assert names.split() == [
        "torch.Tensor", "torch.Size", "torch.dtype", "torch.device",
        "torch.nn.modules.linear.Linear", "torch.nn.modules.dropout.Dropout",
        "torch.nn.parameter.Parameter", "torch.optim.sgd.SGD",
        "torch.utils.data.dataloader.DataLoader", "builtins.MulBackward0",
        "torch.return_types.max",
    ]  # fmt: skip
    assert pickled == "True"


def test_modules_that_only_pytorch_has_hold_what_the_reference_keeps_elsewhere() -> None:
    code = (
        "from torch.nn.modules.dropout import Dropout\n"
        "from torch.nn.modules.activation import MultiheadAttention\n"
        "import torch.nn.modules.normalization as N\n"
        "from torch import nn\n"
        "print(Dropout is nn.Dropout, MultiheadAttention is nn.MultiheadAttention,"
        " N.LayerNorm is nn.LayerNorm)"
    )
    assert aliased(code) == "True True True"


@pytest.mark.torch
def test_every_class_has_pytorchs_place() -> None:
    code = (
        "import importlib, sys\nfound = []\n"
        "for place in 'torch torch.nn torch.optim torch.optim.lr_scheduler torch.utils.data"
        " torch.autograd torch.nn.parameter torch.nn.utils.rnn torch.utils.hooks'.split():\n"
        "    module = importlib.import_module(place)\n"
        "    for name in importlib.import_module(place).__dict__:\n"
        "        value = getattr(module, name)\n"
        "        if isinstance(value, type) and not name.startswith('_'):\n"
        "            found.append(f'{place} {name} {value.__module__}.{value.__qualname__}')\n"
        "print('\\n'.join(found))"
    )
    ours, theirs = (
        {tuple(line.split()[:2]): line.split()[2] for line in text.splitlines()}
        for text in (aliased(code), python("-c", code).stdout)
    )
    differing = {k: (v, ours[k]) for k, v in theirs.items() if k in ours and ours[k] != v}
    written_in_c = {k for k, (v, _) in differing.items() if v.startswith("torch._C.")}
    assert set(differing) == written_in_c, differing
    assert len(set(theirs) & set(ours)) > 200


def test_what_the_reference_lacks_is_missing_by_its_torch_name() -> None:
    code = "try:\n    import torch.nothing\nexcept ModuleNotFoundError as error:\n    print(error)"
    assert aliased(code) == "No module named 'torch.nothing'"


def test_real_torch_cannot_be_reached() -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'torch._C', 'torch.version'):\n"
        "    try:\n        __import__(name)\n    except ModuleNotFoundError:\n        pass\n"
        "print([m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'torch'"
        " and 'reference_impl' not in m.__file__])"
    )
    assert aliased(code) == "[]"


@pytest.mark.torch
def test_real_torch_that_is_there_already_is_refused() -> None:
    ran = python("-c", "import torch\nfrom reference_impl import alias\nalias.install()")
    assert "RuntimeError: torch is already imported" in ran.stderr


def test_a_script_runs_as_main_with_its_arguments(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("import torch\nVALUE = torch.ones(2)\n")
    (tmp_path / "script.py").write_text(
        "import sys, pickle\nfrom helper import VALUE\n\n"
        "class A: pass\n\n"
        "same = pickle.loads(pickle.dumps(A())).__class__ is A\n"
        "print(sys.argv, __name__, __file__, VALUE, same)\n"
        "sys.exit(3)\n"
    )
    ran = python("-m", "reference_impl", "script.py", "-x", "y", cwd=tmp_path)
    assert ran.stdout == "['script.py', '-x', 'y'] __main__ script.py tensor([1., 1.]) True\n"
    assert (ran.returncode, ran.stderr) == (3, "")


def test_a_program_can_be_given_as_text() -> None:
    ran = python(
        "-m", "reference_impl", "-c", "import sys, torch; print(torch.ones(1), sys.argv)", "a"
    )
    assert ran.stdout == "tensor([1.]) ['-c', 'a']\n"


def test_a_script_s_own_traceback_is_shown(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("def f():\n    1 / 0\n\nf()\n")
    ran = python("-m", "reference_impl", "script.py", cwd=tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.startswith(
        'Traceback (most recent call last):\n  File "script.py", line 4, in <module>\n    f()\n'
    )
    assert ran.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert "reference_impl" not in ran.stderr


def test_a_script_that_does_not_parse_is_shown(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("x = = 1\n")
    ran = python("-m", "reference_impl", "script.py", cwd=tmp_path)
    assert ran.returncode == 1
    assert ran.stderr.startswith('  File "script.py", line 1\n    x = = 1\n')


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.py"], "cannot read the script none.py: No such file or directory"),
        (["."], "cannot read the script .: Is a directory"),
        (["-c"], "-c needs the program as its next argument"),
    ],
)
def test_a_bad_request_gets_one_sentence(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    ran = python("-m", "reference_impl", *arguments, cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"python -m reference_impl: {sentence}\n"


def test_help_says_how_to_call_it() -> None:
    asked, nothing = python("-m", "reference_impl", "--help"), python("-m", "reference_impl")
    assert "python -m reference_impl script.py [arguments]" in asked.stdout
    assert (asked.returncode, nothing.returncode) == (0, 2)
