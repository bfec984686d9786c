"""Calls in the order of arguments that PyTorch had once, and still takes with a warning.

``torch.addmm(beta, input, alpha, mat1, mat2)``, ``input.addmm(beta, alpha, mat1, mat2)``,
``torch.add(input, alpha, other)`` and ``torch.addcmul(input, value, tensor1, tensor2)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import warn_once
from ..tensor import Tensor

# Operation -> (its tensors after `input`, its numbers).
_PARAMETERS = {
    "add": ("other", "alpha"),
    "sub": ("other", "alpha"),
    "addcmul": ("tensor1 tensor2", "value"),
    "addcdiv": ("tensor1 tensor2", "value"),
    "addmm": ("mat1 mat2", "beta alpha"),
    "addmv": ("mat vec", "beta alpha"),
    "addr": ("vec1 vec2", "beta alpha"),
    "addbmm": ("batch1 batch2", "beta alpha"),
    "baddbmm": ("batch1 batch2", "beta alpha"),
}


def arguments_today(
    name: str, args: Sequence[Any], kwargs: dict[str, Any], method: bool
) -> tuple[list[Any], dict[str, Any]] | None:
    """(positional, keyword arguments) of today's call; None if `args` have no older form."""
    if name.removesuffix("_") not in _PARAMETERS:
        return None
    tensors, numbers = (words.split() for words in _PARAMETERS[name.removesuffix("_")])
    order = _order(tensors, numbers, args, method)
    if order is None:
        return None
    warn_once(_warning(name, order, tensors, numbers, method), key="deprecated overload")
    given = dict(zip(order, args, strict=True))
    named = {n: given[n] for n in numbers if n in given}
    return [given["input"], *(given[t] for t in tensors)], {**kwargs, **named}


def _order(
    tensors: list[str], numbers: list[str], args: Sequence[Any], method: bool
) -> list[str] | None:
    """The parameters' names in the order of the older form that `args` fit."""
    first, rest = numbers[0], numbers[1:]
    forms = [["input", *numbers, *tensors], ["input", first, *tensors]]
    if rest and not method:
        forms = [[first, "input", *rest, *tensors], [first, "input", *tensors]]
    for form in forms:
        if len(form) == len(args) and all(
            isinstance(a, (bool, int, float, complex) if n in numbers else Tensor)
            for n, a in zip(form, args, strict=True)
        ):
            return form
    return None


def _warning(
    name: str, order: list[str], tensors: list[str], numbers: list[str], method: bool
) -> str:
    typed = [f"{'Number' if n in numbers else 'Tensor'} {n}" for n in order]
    modern = ["Tensor input", *(f"Tensor {t}" for t in tensors)]
    if method:
        typed.remove("Tensor input")
        modern.remove("Tensor input")
    modern += ["*", *(f"Number {n} = 1" for n in numbers)]
    if not method:
        typed += ["*", "Tensor out = None"]
        modern.append("Tensor out = None")
    return (
        f"This overload of {name} is deprecated:\n\t{name}({', '.join(typed)})\n"
        f"Consider using one of the following signatures instead:\n\t{name}({', '.join(modern)})"
    )
