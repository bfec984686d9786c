"""One or more calls of every public function, from which the differential tests are generated.

A line of `calls.txt` is a call in the ``torch`` namespace; `tensors` makes the names that it uses.
"""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path
from typing import Any

from .agree import lines

CALLS = lines(Path(__file__).with_name("calls.txt").read_text(encoding="utf-8"))


@dataclasses.dataclass(frozen=True)
class Variant:
    """How the tensors of a sample are made."""

    dtype: str = "float64"
    layout: str = "plain"
    size: str = "plain"
    grad: bool = False

    def __str__(self) -> str:
        said = [x for x in (self.dtype, self.layout, self.size) if x != "plain"]
        return " ".join([*said, *(["requiring gradients"] if self.grad else [])])


VARIANTS = (
    Variant(), Variant(grad=True), Variant(layout="transposed"), Variant(layout="stepped"),
    Variant(layout="expanded"), Variant(size="empty"), Variant(size="scalar"),
    *map(Variant, ("float32", "complex128", "complex64", "float16", "bfloat16", "int64", "uint8",
                   "bool")),
)  # fmt: skip


def name_of(call: str) -> str:
    """The function that a sample calls: "nn.functional.relu"."""
    return call.split("(", 1)[0]


def words(call: str) -> set[str]:
    """The names in a call: those of its tensors among them."""
    return {node.id for node in ast.walk(ast.parse(call)) if isinstance(node, ast.Name)}


def _numbers(count: int, start: float) -> list[float]:
    """Numbers without a pattern, none of them near zero or near another."""
    found = [((start + 0.618 * k) % 1.0) * 4 - 2 for k in range(count)]
    return [round(x + (0.05 if x > 0 else -0.05), 3) for x in found]


FLOATS = {  # name: shape, where the numbers start
    "s": ((), 0.7), "v": ((3,), 0.1), "w": ((3,), 0.35), "m": ((2, 3), 0.2), "n": ((2, 3), 0.5),
    "q": ((3, 3), 0.15), "r": ((3, 3), 0.4), "b": ((2, 3, 3), 0.25), "c": ((2, 3, 3), 0.6),
    "seq": ((1, 2, 5), 0.3), "img": ((1, 2, 5, 5), 0.45), "vol": ((1, 2, 4, 4, 4), 0.55),
    "kern1": ((1, 2, 2), 0.2), "kern2": ((1, 2, 3, 3), 0.3), "kern3": ((1, 2, 2, 2, 2), 0.4),
    "pairs": ((3, 2), 0.35),
}  # fmt: skip
POSITIVE = {"p": ((2, 3), 0.3), "u": ((2, 3), 0.8)}
INTEGERS = {
    "a": [[1, 2, 3], [2, -1, 1]], "d": [[2, 3, 1], [1, 2, 2]], "i": [0, 1, 1], "o": [2, 0, 1],
    "j": [[0, 1, 0], [1, 1, 0]],
}  # fmt: skip


def tensors(torch: Any, variant: Variant, names: set[str]) -> dict[str, Any]:
    """The tensors that a call names, of this variant."""
    made: dict[str, Any] = {}
    dtype = getattr(torch, variant.dtype)
    for name in sorted(names):
        if name in FLOATS or name in POSITIVE or name == "spd":
            made[name] = _float(torch, name, dtype, variant)
        elif name == "z":
            wide = {"float64": "complex128"}.get(variant.dtype, "complex64")
            real = torch.tensor(_numbers(3, 0.1), dtype=torch.float64)
            imag = torch.tensor(_numbers(3, 0.3), dtype=torch.float64)
            made[name] = _laid_out(torch.complex(real, imag).to(getattr(torch, wide)), variant)
        elif name in INTEGERS:
            made[name] = _laid_out(torch.tensor(INTEGERS[name]), variant)
        elif name == "k":
            mask = [[True, False, True], [False, True, True]]
            made[name] = _laid_out(torch.tensor(mask), variant)
        if variant.grad and name in made and made[name].dtype not in (torch.int64, torch.bool):
            made[name].requires_grad_()
    return made


def _float(torch: Any, name: str, dtype: Any, variant: Variant) -> Any:
    if name == "spd":
        root = torch.tensor(_numbers(9, 0.15), dtype=torch.float64).reshape(3, 3)
        wide = root @ root.T + torch.eye(3, dtype=torch.float64)
    else:
        shape, start = (FLOATS | POSITIVE)[name]
        count = 1
        for n in shape:
            count *= n
        wide = torch.tensor(_numbers(count, start), dtype=torch.float64).reshape(shape)
        if name == "p":
            wide = wide.abs() + 0.3
        elif name == "u":
            wide = wide / 5 + 0.5
    if not dtype.is_floating_point and not dtype.is_complex:
        wide = (wide * 3).round()
        if dtype == torch.uint8:
            wide = wide.abs()
    return _laid_out(wide.to(dtype), variant)


def _laid_out(t: Any, variant: Variant) -> Any:
    """A fresh tensor with the values of `t`, of the variant's size and layout in memory."""
    if variant.size == "scalar":
        return t.reshape(-1)[0].clone()
    if variant.size == "empty" and t.dim():
        t = t[:0].clone()
    if variant.layout == "transposed":
        order = tuple(reversed(range(t.dim())))
        return t.permute(order).contiguous().permute(order)
    if variant.layout == "stepped" and t.dim():
        wide = t.new_zeros((*t.shape, 2))
        wide[..., 0] = t
        return wide[..., 0]
    if variant.layout == "expanded" and t.dim():
        return t[:1].clone().expand(t.shape)
    return t.clone()
