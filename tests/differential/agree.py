"""Run the same thing on PyTorch and on the reference, and compare what happened.

`both(source, setup)` evaluates an expression with ``torch`` bound to each in turn and returns two
:class:`Outcome`; `assert_agree` compares them: types, dtypes, shapes, strides, flags, graph nodes,
warnings and error sentences exactly, numbers within the tolerance of their dtype.
"""

from __future__ import annotations

import dataclasses
import importlib
import math
import re
import warnings
from types import ModuleType
from typing import Any

REFERENCE = importlib.import_module("reference_impl")
TOLERANCE = {"float16": 1e-3, "bfloat16": 1.6e-2, "float32": 1.3e-6, "complex64": 1.3e-6}


@dataclasses.dataclass
class Facts:
    """A tensor, as data."""

    dtype: str
    shape: tuple[int, ...]
    stride: tuple[int, ...] | None
    requires_grad: bool
    node: Any
    values: list[Any] = dataclasses.field(compare=False)

    @classmethod
    def of(cls, t: Any) -> Facts:
        moving = tuple(s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1)
        plain = t.detach().reshape(-1)
        if getattr(t, "_is_zerotensor", bool)():  # zeros that PyTorch has no memory for
            plain = plain.new_zeros(plain.shape)
        return cls(
            str(t.dtype).removeprefix("torch."), tuple(t.shape), moving if t.numel() else None,
            t.requires_grad, node_names(t.grad_fn), plain.tolist(),
        )  # fmt: skip


@dataclasses.dataclass
class Outcome:
    """What an expression gave or raised, and what it warned of."""

    result: Any
    warned: list[str]

    @property
    def failed(self) -> bool:
        return isinstance(self.result, BaseException)


def node_names(node: Any) -> Any:
    """The names of a node and of those it leads to."""
    if node is None:
        return None
    return _name(node), [_name(f) for f, _ in node.next_functions]


def _name(node: Any) -> str | None:
    return None if node is None else node.name().removeprefix("torch::autograd::")


def as_data(value: Any, package: ModuleType) -> Any:
    """A result with its tensors as :class:`Facts`."""
    if isinstance(value, package.Tensor):
        return Facts.of(value)
    if isinstance(value, (tuple, list)):
        return [type(value).__name__, *(as_data(v, package) for v in value)]
    if isinstance(value, dict):
        return {k: as_data(v, package) for k, v in value.items()}
    if isinstance(value, (bool, int, float, complex, str, type(None), BaseException)):
        return value
    return repr(value)


def evaluate(
    source: str, package: ModuleType, setup: str = "", given: dict[str, Any] | None = None
) -> Outcome:
    """Run `setup`, evaluate `source`, with `package` bound to ``torch``, and the names `given`."""
    namespace: dict[str, Any] = {"torch": package, "math": math, **(given or {})}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(setup, namespace)
        del caught[:]
        try:
            result = eval(source, namespace)
        except Exception as error:
            result = error
    said = [_plain(str(w.message)) for w in caught]
    # PyTorch compiles some of itself on first use, and warns of its own compiler then.
    return Outcome(as_data(result, package), [text for text in said if "torch.jit" not in text])


def _plain(text: str) -> str:
    return re.sub(r" \(Triggered internally at .*", "", text)


def both(source: str, setup: str = "") -> tuple[Outcome, Outcome]:
    """(PyTorch's outcome, the reference's); warnings shown once per process show each time."""
    out = []
    for package in (importlib.import_module("torch"), REFERENCE):
        before = package.is_warn_always_enabled()
        package.set_warn_always(True)
        try:
            out.append(evaluate(source, package, setup))
        finally:
            package.set_warn_always(before)
    return out[0], out[1]


def assert_agree(source: str, setup: str = "") -> Outcome:
    """Evaluate on both, compare, and return PyTorch's outcome."""
    theirs, ours = both(source, setup)
    assert _difference(theirs.result, ours.result) is None, _difference(theirs.result, ours.result)
    if ours.warned != theirs.warned:
        # PyTorch loads parts of itself on first use and passes on what those say; not so again.
        theirs, ours = both(source, setup)
    assert ours.warned == theirs.warned
    return theirs


def _difference(theirs: Any, ours: Any) -> str | None:
    """Words on how two results differ, or None."""
    if isinstance(theirs, BaseException) or isinstance(ours, BaseException):
        said = [
            f"{type(r).__name__}: {r}" if isinstance(r, BaseException) else f"no error, {r!r}"
            for r in (theirs, ours)
        ]
        return None if said[0] == said[1] else f"PyTorch {said[0]}\nreference {said[1]}"
    if isinstance(theirs, Facts) and isinstance(ours, Facts):
        if theirs != ours:
            return f"PyTorch {theirs}\nreference {ours}"
        tolerance = TOLERANCE.get(theirs.dtype, 1e-7)
        pairs = zip(theirs.values, ours.values, strict=True)
        wrong = [(a, b) for a, b in pairs if not _close(a, b, tolerance)]
        return f"values: PyTorch and reference {wrong[:5]} in {theirs}" if wrong else None
    if isinstance(theirs, (list, dict)) and type(ours) is type(theirs) and len(ours) == len(theirs):
        keys = theirs if isinstance(theirs, dict) else range(len(theirs))
        found = (_difference(theirs[k], ours[k]) for k in keys)
        return next((d for d in found if d is not None), None)
    same = theirs == ours or (isinstance(theirs, float) and _close(theirs, ours, 1e-7))
    return (
        None if same and type(theirs) is type(ours) else f"PyTorch {theirs!r}, reference {ours!r}"
    )


def _close(a: Any, b: Any, tolerance: float) -> bool:
    if isinstance(a, complex):
        return _close(a.real, b.real, tolerance) and _close(a.imag, b.imag, tolerance)
    if isinstance(a, float):
        both_nan = math.isnan(a) and math.isnan(b)
        return both_nan or a == b or math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)
    return bool(a == b)


def lines(table: str) -> list[str]:
    """The expressions of a table: one a line; blank lines and comments left out."""
    rows = (line.strip() for line in table.splitlines())
    return [row for row in rows if row and not row.startswith("#")]


# ---------------------------------------------------------------- gradients

_GRADIENTS = """
_REAL = _CONJ = lambda x: x


def _parts(value):
    if isinstance(value, torch.Tensor):
        return [value] if value.requires_grad else []
    return [t for v in value for t in _parts(v)] if isinstance(value, (tuple, list)) else []


def _weighted(parts):
    return sum((_REAL(p * torch.arange(1.0, p.numel() + 1).reshape(p.shape)).sum() for p in parts))


def _gradients(value, leaves):
    first = torch.autograd.grad(
        _weighted(_parts(value)), leaves, create_graph=True, allow_unused=True
    )
    again = [g for g in first if g is not None and g.requires_grad]
    if not again:
        return first, None
    squares = sum(_REAL(g * _CONJ(g)).sum() for g in again)
    return first, torch.autograd.grad(squares, leaves, allow_unused=True)


def _bare(value):
    if isinstance(value, torch.Tensor):
        return value.detach().contiguous()
    return tuple(map(_bare, value)) if isinstance(value, tuple) else value
"""


_MADE_REAL = """
_CONJ = torch.conj
_REAL = lambda x: x.real + 2 * x.imag if x.is_complex() else x
"""


def assert_gradients_agree(
    source: str, leaves: str, setup: str = "", *, values_only: bool = False
) -> None:
    """First and second derivatives, and the nodes that a recorded gradient comes from.

    `leaves` is the text of a tuple.  An expression without a differentiable result is skipped.
    With `values_only` the nodes and strides of the gradients do not count, where PyTorch's formula
    is put together from other operations than ours, and complex results are made real.
    """
    given = setup + _GRADIENTS + (_MADE_REAL if values_only else "")
    parts = evaluate(f"_parts({source})", importlib.import_module("torch"), given)
    if not parts.failed and len(parts.result) > 1:
        text = f"_gradients({source}, {leaves})"
        theirs, ours = both(f"_bare({text})" if values_only else text, given)
        found = _difference(theirs.result, ours.result)
        assert found is None, found
