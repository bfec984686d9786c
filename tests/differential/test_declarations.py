"""Every public function, called in every way that it can be called, on PyTorch and the reference.

The calls come from `calls.txt`, one or more of each function, so none can be added untested.  Each
is made with tensors of every kind of dtype, layout in memory and size, with gradients of first and
second order, in forward mode, in place and with ``out=``.  Compared are: values, dtypes, shapes,
strides, graph nodes, warnings, errors, whose memory a result shares, and that inputs stay as they
were.  `known_differences.txt` lists where the two differ.
"""

from __future__ import annotations

import functools
import importlib
import warnings
from pathlib import Path
from typing import Any

import pytest

from reference_impl import op

from .agree import REFERENCE, _difference, _plain, as_data
from .samples import CALLS, VARIANTS, Variant, name_of, tensors, words

pytestmark = pytest.mark.torch
KNOWN = Path(__file__).with_name("known_differences.txt")

# Functions of the torch namespace without a sample here, and where they are compared.
ELSEWHERE = {
    "test_create.py": (
        "BFloat16Tensor BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor "
        "IntTensor LongTensor ShortTensor arange as_tensor asarray empty empty_like empty_permuted "
        "empty_strided eye from_dlpack from_numpy frombuffer full linspace logspace ones range "
        "scalar_tensor tensor tril_indices triu_indices zeros bartlett_window blackman_window "
        "hamming_window hann_window kaiser_window fftfreq rfftfreq"
    ),
    "test_random.py": (
        "bernoulli binomial multinomial normal poisson rand rand_like randint randint_like randn "
        "randn_like randperm dropout dropout1d dropout2d dropout3d alpha_dropout "
        "feature_alpha_dropout feature_dropout gumbel_softmax rrelu rrelu_ fractional_max_pool2d "
        "fractional_max_pool2d_with_indices fractional_max_pool3d "
        "fractional_max_pool3d_with_indices svd_lowrank pca_lowrank"
    ),
    "test_convert.py": (
        "broadcast_shapes get_device is_complex is_conj is_floating_point is_neg is_nonzero "
        "is_same_size is_signed numel resize_as_ as_strided_ detach_ zero_"
    ),
    "test_nn_functional.py": "multi_head_attention_forward native_channel_shuffle",
    "test_linalg.py": "frobenius_norm nuclear_norm symeig",
}


def _public() -> set[str]:
    """The names that must have a sample; a name in place counts as the one out of place."""
    names = set(op.PUBLIC)
    for module in ("fft", "linalg", "special", "nn.functional"):
        here = importlib.import_module(f"reference_impl.{module}")
        theirs = importlib.import_module(f"torch.{module}")
        names |= {n for n in dir(theirs) if callable(vars(here).get(n)) and n[0].islower()}
    return {n.removesuffix("_").removesuffix("_with_indices") for n in names if n[0] != "_"}


def test_everything_has_a_sample() -> None:
    """A new operation needs a line in `calls.txt`."""
    sampled = {name_of(call).rpartition(".")[2] for call in CALLS}
    elsewhere = {n.removesuffix("_") for names in ELSEWHERE.values() for n in names.split()}
    assert _public() - sampled - elsewhere == set()


# ---------------------------------------------------------------- ways to call


def _parts(value: Any, package: Any) -> list[Any]:
    """The tensors in a result."""
    if isinstance(value, package.Tensor):
        return [value]
    if isinstance(value, (tuple, list)):
        return [part for v in value for part in _parts(v, package)]
    return []


class Session:
    """A call's tensors in one package, and evaluation with them."""

    def __init__(self, package: Any, call: str, variant: Variant) -> None:
        self.package = package
        self.made = tensors(package, variant, words(call))
        self.before = {n: t.detach().clone() for n, t in self.made.items()}

    def run(self, source: str) -> Any:
        names = words(source) - set(self.made) - {"out_"}
        return eval(source, {n: getattr(self.package, n) for n in names} | self.made)

    def changed(self) -> list[str]:
        return [n for n, t in self.made.items() if not _same(t.detach(), self.before[n])]

    def shared(self, part: Any) -> Any:
        """Which input `part` is, or whose memory it shares and where."""
        for name, t in self.made.items():
            if part is t:
                return name
            if part.numel() and t.numel() and _memory(part) == _memory(t):
                return name, part.storage_offset()
        return None


def _memory(t: Any) -> int:
    return int(t.untyped_storage().data_ptr())


def _same(a: Any, b: Any) -> bool:
    return a.shape == b.shape and bool(((a == b) | (a != a)).all())


def _plainly(session: Session, call: str) -> Any:
    result = session.run(call)
    parts = _parts(result, session.package)
    return [result, session.changed(), [session.shared(p) for p in parts]]


def _in_place(session: Session, call: str) -> Any:
    """``add(m, n)`` as ``m.add_(n)``."""
    name, _, rest = call.partition("(")
    first, _, others = rest[:-1].partition(", ")
    target = session.made[first] = session.made[first].clone()
    result = session.run(f"{first}.{name}_({others})")
    return [result, result is target, target, target._version]


def _into(shape: str) -> Any:
    """With ``out=`` tensors of the right dtype and a shape of this kind."""

    def into(session: Session, call: str) -> Any:
        plain = session.run(call)
        parts = _parts(plain, session.package)
        made = [_output(session.package, p, shape) for p in parts]
        session.made["out_"] = made[0] if isinstance(plain, session.package.Tensor) else tuple(made)
        result = session.run(f"{call[:-1]}, out=out_)")
        same = [a is b for a, b in zip(_parts(result, session.package), made, strict=True)]
        return [list(_parts(result, session.package)), same]

    return into


def _output(package: Any, like: Any, shape: str) -> Any:
    if shape == "larger":
        return package.zeros((*like.shape, 2), dtype=like.dtype)
    if shape == "gaps":
        return package.zeros((*like.shape, 2), dtype=like.dtype)[..., 0]
    return package.empty(0, dtype=like.dtype) if shape == "none" else package.empty_like(like)


def _loss(session: Session, result: Any) -> Any:
    torch, total = session.package, 0.0
    for part in _parts(result, torch):
        if part.requires_grad:
            weights = torch.arange(1.0, part.numel() + 1, dtype=torch.float64).reshape(part.shape)
            part = part.real + 2 * part.imag if part.is_complex() else part
            total = total + (part * weights).sum()
    return total


def _derivatives(session: Session, call: str) -> Any:
    """The gradients, and those of their sum of squares."""
    grad = session.package.autograd.grad
    total = _loss(session, session.run(call))
    leaves = [t for t in session.made.values() if t.requires_grad]
    if isinstance(total, float) or not leaves:
        return None
    first = grad(total, leaves, create_graph=True, allow_unused=True)
    squares = sum((g * g.conj()).real.sum() if g.is_complex() else (g * g).sum()
                  for g in first if g is not None and g.requires_grad)  # fmt: skip
    second = [None] * len(leaves)
    if not isinstance(squares, int):
        second = grad(squares, leaves, allow_unused=True)
    # Where a function is straight, its second derivative is zeros on one side, none on the other.
    second = [session.package.zeros_like(leaf) if g is None else g
              for g, leaf in zip(second, leaves, strict=True)]  # fmt: skip
    return [[None if g is None else g.detach().contiguous() for g in gs]
            for gs in (first, second)]  # fmt: skip


def _forward_mode(session: Session, call: str) -> Any:
    """The results' tangents where every input moves by its own cosine."""
    forward_ad = session.package.autograd.forward_ad
    with forward_ad.dual_level():
        for name, t in session.made.items():
            if t.is_floating_point() or t.is_complex():
                session.made[name] = forward_ad.make_dual(t.detach(), t.detach().cos())
        parts = _parts(session.run(call), session.package)
        tangents = [forward_ad.unpack_dual(p).tangent for p in parts]
        return [None if t is None else t.contiguous() for t in tangents]


def outcome(package: Any, way: Any, call: str, variant: Variant) -> list[Any]:
    """[what the call did, what it warned of], as data."""
    session = Session(package, call, variant)
    before = package.is_warn_always_enabled()
    package.set_warn_always(True)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = as_data(way(session, call), package)
            except Exception as error:
                result = error
    finally:
        package.set_warn_always(before)
    said = [_plain(str(w.message)) for w in caught]
    return [result, [text for text in said if "torch.jit" not in text]]


def differ(way: Any, call: str, variant: Variant) -> str | None:
    """Words on how PyTorch and the reference differ, or None."""
    theirs = outcome(importlib.import_module("torch"), way, call, variant)
    if isinstance(theirs[0], Exception) and way is not _plainly:
        return None  # not to be called so
    ours = outcome(REFERENCE, way, call, variant)
    return _difference(theirs, ours)


# ---------------------------------------------------------------- the tests

WAYS = {
    "in place": (_in_place, Variant()),
    "out= alike": (_into("alike"), Variant()),
    "out= without elements": (_into("none"), Variant()),
    "out= too large": (_into("larger"), Variant()),
    "out= with gaps": (_into("gaps"), Variant()),
    "derivatives": (_derivatives, Variant(grad=True)),
    "complex derivatives": (_derivatives, Variant("complex128", grad=True)),
    "forward mode": (_forward_mode, Variant()),
}


def ways(call: str) -> dict[str, tuple[Any, Variant]]:
    """Label -> (way to call, kind of tensors)."""
    first = call.partition("(")[2].rstrip(")").partition(", ")[0]
    method = f"{name_of(call)}_"
    there = "." not in method and first.isidentifier() and hasattr(REFERENCE.Tensor, method)
    every = {str(variant): (_plainly, variant) for variant in VARIANTS} | WAYS
    return every if there else {k: v for k, v in every.items() if k != "in place"}


@functools.cache
def known() -> dict[tuple[str, str], str]:
    """(label of the way, call) -> how PyTorch and the reference differ, where that is known."""
    found, label, how = {}, "", ""
    for line in KNOWN.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            label = line[3:]
        elif line.startswith("# "):
            how = line[2:]
        elif line:
            found[label, line] = how
    return found


@pytest.mark.parametrize("call", CALLS)
def test_all_ways_to_call_agree(call: str) -> None:
    for label, (way, variant) in ways(call).items():
        found, how = differ(way, call, variant), known().get((label, call))
        if how is None:
            assert found is None, f"{label}: {found}"
        elif not how.startswith("machine"):
            assert found is not None, f"{label}: no difference, so it must leave {KNOWN.name}"


def test_known_differences_are_of_these_calls() -> None:
    assert {(label, call) for label, call in known() if label not in ways(call)} == set()
    assert {call for _, call in known()} <= set(CALLS)
