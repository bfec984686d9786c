"""PyTorch's sentences for arguments that fit none of a function's overloads.

    eq() received an invalid combination of arguments - got (Tensor, str), but expected one of:
     * (Tensor input, Tensor other, *, Tensor out = None)
     * (Tensor input, Number other, *, Tensor out = None)

``signatures.txt`` lists the overloads of the functions that have several, in PyTorch's words; a
line with ``=`` is a function that has one, whose arguments PyTorch checks one by one.  None
of this runs unless a call has failed: it only finds the words for it, as PyTorch's own parser does
(torch/csrc/utils/python_arg_parser.cpp, ``print_error`` and ``format_invalid_args``).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from . import backend, dtypes, errors, layout
from .tensor import Tensor

_COMMA = re.compile(r", (?![^()]*\))")


class Parameter(NamedTuple):
    """One parameter of an overload."""

    type: str
    name: str
    required: bool


class Signature(NamedTuple):
    """One overload: its text and its parameters."""

    text: str
    parameters: list[Parameter]

    @property
    def required(self) -> int:
        return sum(p.required for p in self.parameters)


def _number(x: Any) -> bool:
    return isinstance(x, (int, float, complex)) or (isinstance(x, Tensor) and x.ndim == 0)


def _integer(x: Any) -> bool:
    return (isinstance(x, int) and not isinstance(x, bool)) or hasattr(x, "__index__")


def _all(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda x: isinstance(x, (tuple, list)) and all(map(check, x))


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "Tensor": lambda x: isinstance(x, Tensor),
    "Number": _number,
    "int": lambda x: _integer(x) and not isinstance(x, bool),
    "bool": lambda x: isinstance(x, bool),
    "float": _number,
    "str": lambda x: isinstance(x, str),
    "tuple of ints": lambda x: _integer(x) or _all(_integer)(x),
    "tuple of floats": lambda x: _number(x) or _all(_number)(x),
    "tuple of Scalars": lambda x: _number(x) or _all(_number)(x),
    "tuple of Tensors": _all(lambda x: isinstance(x, Tensor)),
    "torch.dtype": lambda x: isinstance(x, dtypes.dtype),
    "torch.layout": lambda x: isinstance(x, layout.layout),
    "torch.device": lambda x: isinstance(x, (str, int, backend.device)),
    "torch.memory_format": lambda x: isinstance(x, layout.memory_format),
    "torch.Generator": lambda x: type(x).__name__ == "Generator",
}


@functools.cache
def _table() -> dict[str, list[Signature]]:
    table: dict[str, list[Signature]] = {}
    for line in Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition("(")
        parts = [p for p in _COMMA.split(rest.removesuffix(")")) if p not in ("*", "")]
        table.setdefault(name, []).append(Signature(f"({rest}", [_parameter(p) for p in parts]))
    return table


def _parameter(text: str) -> Parameter:
    declared, default, _ = text.partition(" = ")
    kind, _, name = declared.rpartition(" ")
    return Parameter(kind, name, not default)


def _fits(parameter: Parameter, value: Any) -> bool:
    if value is None:
        return not parameter.required or parameter.type == "Tensor"
    return _CHECKS[parameter.type](value)


def _accepts(signature: Signature, args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    """Whether a call with these arguments would have found this overload."""
    names = [p.name for p in signature.parameters]
    if len(args) > len(names) or any(k not in names[len(args) :] for k in kwargs):
        return False
    given = dict(zip(names, args, strict=False)) | kwargs
    return all(
        _fits(p, given[p.name]) if p.name in given else not p.required for p in signature.parameters
    )


def worded(
    name: str,
    params: Sequence[str],
    args: Sequence[Any],
    kwargs: dict[str, Any],
    error: Exception,
    method: bool,
) -> Exception:
    """The error to raise where a call of `name` with these arguments raised `error`.

    The tensor of a method does not count among the arguments.
    """
    overloads = _table().get(name.removesuffix("_"))
    if overloads is None:
        return _single(name, params, args, error, method)
    if method:
        overloads = [_as_method(s) for s in overloads if s.parameters[0].type == "Tensor"]
        args = args[1:]
    return _worded(name, overloads, args, kwargs, error)


_NAMED_A = {  # the others of torch.linalg call their first argument `input`
    f"linalg_{n}"
    for n in ("det", "slogdet", "inv", "inv_ex", "solve", "solve_ex", "svd", "svdvals", "qr", "lu",
              "lu_factor", "lu_factor_ex")
}  # fmt: skip
_POSITION = re.compile(r"(?<=\()position (\d+)")
_ARGUMENT = re.compile(r"argument '(\w+)' must")


def misfit(name: str, args: Sequence[Any]) -> TypeError:
    """The error for arguments that fit none of the overloads of `name`."""
    error = TypeError(f"{name}() does not take these arguments")
    return _worded(name, _table()[name], args, {}, error)  # type: ignore[return-value]


_QUOTED = re.compile(r"['\"](\w+)['\"]")
_MISSING = re.compile(r"missing (\d+) required positional arguments?: (.*)")


def _single(
    name: str, params: Sequence[str], args: Sequence[Any], error: Exception, method: bool
) -> Exception:
    """`error` of a function without overloads, with the argument's place and the name filled in."""
    known = _table().get(f"={name}") or _table().get(f"={name.removesuffix('_')}")
    too_many = "takes" in str(error)
    if known is not None and not too_many and isinstance(error, (TypeError, AttributeError)):
        reason = _reason(name, _as_method(known[0]) if method else known[0], args[method:], {})
        if reason is not None:
            return reason
    if isinstance(error, AttributeError):
        return _not_a_tensor(name, params, args, error, method)
    text = str(error)
    in_place = name.endswith("_") and text.startswith(f"{name}()")  # says already what it should
    if not isinstance(error, TypeError) or in_place:
        return error
    if method and len(args) == 2 and "takes 1 positional argument" in text:
        return TypeError(f"TensorBase.{name}() takes no arguments (1 given)")
    text = text.replace(f"{name.removesuffix('_')}()", f"{name}()")
    argument, missing = _ARGUMENT.match(text), _MISSING.search(text)
    if argument is not None:
        at = params.index(argument[1]) if argument[1] in params else len(args)
        place = f" (position {at + 1})" if at < len(args) else ""
        text = f"{name}(): argument '{argument[1]}'{place} must" + text[argument.end() :]
    elif missing is not None:
        absent = ["input" if n == "self" else n for n in _QUOTED.findall(missing[2])]
        text = str(errors.missing_arguments(name, absent))
    if method:
        text = _POSITION.sub(lambda m: f"position {int(m[1]) - 1}", text)
    return TypeError(text)


def _not_a_tensor(
    name: str, params: Sequence[str], args: Sequence[Any], error: AttributeError, method: bool
) -> Exception:
    """`error`; where it is an argument that lacks what tensors have, PyTorch's words for that."""
    at = next((i for i, a in enumerate(args) if a is error.obj), len(params))
    if at >= len(params) or isinstance(error.obj, Tensor) or hasattr(error.obj, "_data"):
        return error
    called = params[at]
    if called == "self" or (called in ("A", "x") and name not in _NAMED_A):
        called = "input"
    return errors.argument_must_be_tensor(name, called, at + 1 - method, error.obj)


def _as_method(signature: Signature) -> Signature:
    """The overload as a method has it: without the tensor itself and without ``out``."""
    texts = _COMMA.split(signature.text[1:-1])[1:]
    texts = [t for t in texts if not t.startswith(("Tensor out", "tuple of Tensors out"))]
    if texts and texts[-1] == "*":
        texts.pop()
    parameters = [p for p in signature.parameters[1:] if p.name != "out"]
    return Signature(f"({', '.join(texts)})", parameters)


def _worded(
    name: str,
    overloads: list[Signature] | None,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    error: Exception,
) -> Exception:
    if overloads is None or any(_accepts(s, args, kwargs) for s in overloads):
        return error
    number = len(args) + len(kwargs)
    plausible = [s for s in overloads if s.required <= number <= len(s.parameters)]
    if len(plausible) == 1:
        return _reason(name, plausible[0], args, kwargs) or error
    given = [errors.type_name(a) for a in args] + [
        f"{k}={errors.type_name(v)}" for k, v in kwargs.items()
    ]
    got = ", ".join(given) if args or not kwargs else "".join(f"{g}, " for g in given)
    if len(overloads) == 1:
        got = _marked(overloads[0], args, kwargs, given) or got
    head = f"{name}() received an invalid combination of arguments - got ({got})"
    if len(overloads) == 1:
        return TypeError(f"{head}, but expected {overloads[0].text}")
    options = "".join(f" * {s.text}\n{_mismatch(s, args, kwargs, given)}" for s in overloads)
    return TypeError(f"{head}, but expected one of:\n{options}")


def _is_of_type(parameter: Parameter, value: Any) -> bool:
    """Whether the value's type goes by the parameter's name: no number's does by 'Number'."""
    if parameter.type.startswith("tuple"):
        return _fits(parameter, value)
    return errors.type_name(value) == parameter.type


def _mismatch(
    signature: Signature, args: Sequence[Any], kwargs: dict[str, Any], given: list[str]
) -> str:
    """The line on an overload that has as many parameters as there are arguments, else ''.

    PyTorch counts the ``*`` before keyword-only parameters as one of them.
    """
    if len(_counted(signature)) != len(given):
        return ""
    wrong = [k for k in kwargs if k not in [p.name for p in signature.parameters]]
    if wrong:
        return (
            f"      didn't match because some of the keywords were incorrect: {', '.join(wrong)}\n"
        )
    marks = _marked(signature, args, kwargs, given)
    return f"      didn't match because some of the arguments have invalid types: ({marks})\n"


def _counted(signature: Signature) -> list[Parameter]:
    """The parameters as PyTorch counts them: with ``*``, and one where there is none."""
    parameters = list(signature.parameters)
    parts = _COMMA.split(signature.text[1:-1])
    if "*" in parts:
        parameters.insert(parts.index("*"), Parameter("*", "*", False))
    return parameters or [Parameter("", "", False)]


def _marked(
    signature: Signature, args: Sequence[Any], kwargs: dict[str, Any], given: list[str]
) -> str:
    """The arguments' types, the wrong ones between exclamation marks; '' for another number."""
    parameters = _counted(signature)
    if len(parameters) != len(given):
        return ""
    values = [*args, *(kwargs.get(p.name) for p in parameters[len(args) :])]
    marks = [
        text if _is_of_type(p, v) else f"!{text}!"
        for text, p, v in zip(given, parameters, values, strict=True)
    ]
    return ", ".join(marks)


def _reason(
    name: str, signature: Signature, args: Sequence[Any], kwargs: dict[str, Any]
) -> TypeError | None:
    """What is wrong with the only overload that has a place for so many arguments."""
    for i, p in enumerate(signature.parameters):
        value = args[i] if i < len(args) else kwargs.get(p.name)
        if (i < len(args) or p.name in kwargs) and not _fits(p, value):
            where = f" (position {i + 1})" if i < len(args) else ""
            return TypeError(
                f"{name}(): argument '{p.name}'{where} must be {p.type}, "
                f"not {errors.type_name(value)}"
            )
    return None
