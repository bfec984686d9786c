"""Whatever is public in PyTorch is here, or listed in ``missing.txt`` and refuses when called."""

from __future__ import annotations

import importlib
import types
import warnings

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

import reference_impl  # noqa: E402
from reference_impl import missing  # noqa: E402

MODULES = """
torch torch.accelerator torch.amp torch.autograd torch.autograd.anomaly_mode
torch.autograd.forward_ad torch.autograd.function torch.autograd.functional
torch.autograd.grad_mode torch.autograd.gradcheck torch.autograd.graph torch.autograd.profiler
torch.backends torch.backends.cpu torch.backends.cuda torch.backends.cudnn
torch.backends.cusparselt torch.backends.mha torch.backends.mkl torch.backends.mkldnn
torch.backends.mps torch.backends.nnpack torch.backends.openmp torch.backends.opt_einsum
torch.backends.quantized torch.compiler torch.cpu torch.cpu.amp torch.cuda torch.cuda.amp
torch.distributed torch.distributions torch.export torch.fft torch.func torch.functional
torch.futures torch.fx torch.hub torch.jit torch.library torch.linalg torch.masked torch.monitor
torch.mps torch.mtia torch.multiprocessing torch.nested torch.nn torch.nn.attention
torch.nn.functional torch.nn.grad torch.nn.init torch.nn.modules torch.nn.parallel
torch.nn.parameter torch.nn.utils torch.nn.utils.parametrizations torch.nn.utils.parametrize
torch.nn.utils.prune torch.nn.utils.rnn torch.nn.utils.stateless torch.onnx torch.optim
torch.optim.lr_scheduler torch.optim.optimizer torch.optim.swa_utils torch.overrides
torch.package torch.profiler torch.quantization torch.quasirandom torch.random
torch.return_types torch.serialization torch.signal torch.signal.windows torch.sparse
torch.special torch.storage torch.testing torch.torch_version torch.types torch.utils
torch.utils.benchmark torch.utils.checkpoint torch.utils.collect_env
torch.utils.cpp_extension torch.utils.data torch.utils.data.distributed
torch.utils.deterministic torch.utils.dlpack torch.utils.hooks torch.utils.mobile_optimizer
torch.utils.model_zoo torch.utils.weak torch.version torch.xpu
""".split()
# Names in `dir(torch)` and the like that are no part of what PyTorch offers.
ACCIDENTS = {
    "torch", "m", "TYPE_CHECKING", "USE_GLOBAL_DEPS", "USE_RTLD_GLOBAL_WITH_LIBTORCH",
    "common_notes", "reproducibility_notes", "sparse_support_notes", "tf32_notes",
}  # fmt: skip


def of_pytorch(name: str) -> types.ModuleType:
    """A module of PyTorch; what it says while it loads is not our business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def ours(name: str) -> types.ModuleType:
    return importlib.import_module(name.replace("torch", "reference_impl", 1))


def public(module: types.ModuleType) -> set[str]:
    """What a module offers: ``__all__``, or what it defines without an underscore."""
    declared = None if module is torch else getattr(module, "__all__", None)
    names = dir(module) if declared is None else declared
    return {
        n
        for n in names
        if n not in ACCIDENTS and n[0] != "_" and (declared is not None or _own(module, n))
    }


def _own(module: types.ModuleType, name: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = getattr(module, name)
    if isinstance(value, types.ModuleType):
        return module is torch and value.__name__.startswith("torch")
    home = getattr(value, "__module__", None) or ""
    return home.startswith("torch") if module is torch else home in (module.__name__, "")


def listed(owner: str) -> set[str]:
    return {name for group in missing.groups() for name in group.names.get(owner, ())}


def is_missing(value: object) -> bool:
    return missing.is_missing(value)


@pytest.mark.parametrize("name", MODULES)
def test_what_a_module_offers_is_here_or_listed(name):
    theirs = of_pytorch(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        here = ours(name)
        lacking = sorted(n for n in public(theirs) if not hasattr(here, n))
    assert lacking == []


def test_what_a_tensor_offers_is_here_or_listed():
    names = {n for n in dir(torch.Tensor) if n[0] != "_"}
    assert sorted(names - set(dir(reference_impl.Tensor))) == []


@pytest.mark.parametrize("owner", sorted({o for g in missing.groups() for o in g.names}))
def test_what_is_listed_exists_in_pytorch_and_not_here(owner):
    if owner == "torch.Tensor":
        theirs, here = torch.Tensor, reference_impl.Tensor
    else:
        theirs, here = of_pytorch(owner), ours(owner)
    assert sorted(n for n in listed(owner) if not hasattr(theirs, n)) == []
    assert sorted(n for n in listed(owner) if not is_missing(getattr(here, n))) == []


@pytest.mark.parametrize("name", sorted(m for g in missing.groups() for m in g.modules))
def test_a_listed_module_exists_in_pytorch_and_not_here(name):
    if name == "torch.ops.aten":
        assert torch.ops.aten is not None
    elif importlib.util.find_spec(name) is None:
        pytest.fail(f"PyTorch has no {name}")
    assert isinstance(ours(name), missing.MissingModule)


def test_no_name_is_listed_twice():
    names = [f"{o}.{n}" for g in missing.groups() for o, ns in g.names.items() for n in ns]
    names += [module for group in missing.groups() for module in group.modules]
    assert sorted({n for n in names if names.count(n) > 1}) == []


def test_the_torch_namespace_has_no_operation_that_pytorch_has_not():
    assert sorted(n for n in reference_impl.op.PUBLIC if not hasattr(torch, n)) == []
