"""The families: decorators that turn a function on arrays into an operation.

A family knows what its members share: how operands are promoted, how dimensions are counted, which
in-place and ``out=`` forms there are.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import dtypes, errors, fast
from ..autograd.grad_mode import (
    NATIVE,
    mode,
)
from ..return_types import into_out
from ..tensor import Tensor
from . import outputs
from .call import (
    broadcast_error,
    like_before,
    make_call,
    overridden,
    remember,
    store,
    tensors_in,
    worded_error,
)
from .declaration import REQUIRED, SYNONYMS, Op, is_array, parameters_of
from .deprecated import arguments_today
from .known import known_in_place

PUBLIC: dict[str, Callable[..., Any]] = {}  # the functions of the torch namespace
# In-place functions of several arguments that the torch namespace has beside the methods.
_INPLACE_FUNCTIONS = {
    "clamp_max", "clamp_min", "fill", "gcd", "index_put", "lcm", "ldexp", "threshold", "xlogy",
}  # fmt: skip
# And those of one argument that it has as methods only.
_INPLACE_METHODS = {
    "bitwise_not", "digamma", "erfinv", "lgamma", "logical_not", "sgn", "sign", "tril", "triu",
}  # fmt: skip


def op(
    *, method: bool = True, function: bool = True, inplace: bool | str = False, **options: Any
) -> Callable[..., Any]:
    """Declare an operation of no special family.

    Options: see Op; keywords that name arguments of the declared function are rules.  With
    `inplace` there is a method ``name_`` too, which changes its first argument; with "only" there
    is nothing else.
    """

    def declare(forward: Callable[..., Any]) -> Callable[..., Any]:
        rules = {k: options.pop(k) for k in _rule_names(forward, options)}
        declared = Op(forward, rules, **options)
        only = inplace == "only"
        call = publish(declared, method and not only, function and not only)
        if inplace:
            _publish_inplace(declared, method, function)
        return call

    return declare


def _rule_names(forward: Callable[..., Any], options: dict[str, Any]) -> list[str]:
    return [n for n in parameters_of(forward)[0] if n in options]


def publish(
    op: Op, method: bool, function: bool, make: Callable[..., Any] = make_call
) -> Callable[..., Any]:
    """Make the public function, and the method and torch name that go with it."""
    call = op.call = _labelled(make(op), op)
    if method:
        op.method = _labelled(make(op, True), op)
        setattr(Tensor, op.name, op.method)
    if function:
        PUBLIC[op.name] = call
    return call


def _labelled(call: Any, op: Op) -> Any:
    call.__name__ = call.__qualname__ = op.name
    call.__doc__, call.__module__ = op.forward.__doc__, op.forward.__module__
    call.__wrapped__ = op.forward
    call.op = op
    return call


def _make_quick(op: Op, method: bool = False) -> Callable[..., Any]:
    """The public function or method of an elementwise operation, with its short way."""
    return fast.function(op, make_call(op, method))


def _make_inner(op: Op, method: bool = False) -> Callable[..., Any]:
    """The function of an elementwise operation that is not public."""
    return fast.for_rules(op, make_call(op))


def pointwise(
    *,
    promote: str = "same",
    inplace: bool = True,
    method: bool = True,
    function: bool = True,
    **options: Any,
) -> Callable[..., Any]:
    """Declare an elementwise operation.

    `promote` is the dtype to compute in: "same" (that of the operands together), "float" (integers
    become the default float), or "none" (the declared function sees the operands as they are).
    `numbers` names the operands that may be Python numbers; with `overloads` such a number has no
    edge in the graph, as PyTorch's overloads for a Scalar have none.  `serves` are the categories
    of dtypes that PyTorch's `kernel` (its name in the error) serves: b, i, f, c for bool to
    complex, F for floats other than halves.
    """

    def declare(forward: Callable[..., Any]) -> Callable[..., Any]:
        rules = {k: options.pop(k) for k in _rule_names(forward, options)}
        prepare = options.pop("prepare", None if promote == "none" else promote_operands)
        declared = Op(forward, rules, prepare=prepare, promote=promote, **options)
        declared.family = "pointwise"
        declared.ufunc = fast.lone_ufunc(declared)
        if declared.ufunc is not None:
            declared.as_arrays |= declared.numbers
        call = publish(
            declared, method, function, _make_quick if function or method else _make_inner
        )
        if inplace:
            _publish_inplace(declared, method, function)
        return call

    return declare


def _publish_inplace(declared: Op, method: bool, function: bool) -> None:
    """The in-place form ``name_``: a method, and a function of the torch namespace."""
    from ..views import change

    calls = declared.calls_in_place

    def call(*args: Any, **kwargs: Any) -> Any:
        types, answer = like_before(calls, args, kwargs)
        if answer is NotImplemented:
            answer = overridden(call, args, kwargs)
        if answer is not NotImplemented:
            return answer
        try:
            answer = change(declared, declared.bind(args, kwargs))
            remember(calls, types, known_in_place, declared, args, kwargs)
            return answer
        except TypeError as error:
            name = declared.name + "_"
            modern = arguments_today(name, args, kwargs, True)
            if modern is not None:
                return change(declared, declared.bind(*modern))
            raise worded_error(name, declared.params, args, kwargs, error, True) from None

    call.__name__ = call.__qualname__ = declared.name + "_"
    alone = not hasattr(Tensor, declared.name)
    own = declared.forward.__doc__ if alone else None
    call.__doc__ = own or f"In-place form of ``{declared.name}``."
    if method:
        setattr(Tensor, declared.name + "_", call)
    required = sum(d is REQUIRED for d in declared.defaults)
    alone = required == 1 and declared.name not in _INPLACE_METHODS
    if function and (alone or declared.name in _INPLACE_FUNCTIONS):
        PUBLIC[declared.name + "_"] = call


_NUMBERS = (int, float, complex)


def _spelt(parameter: str) -> str:
    return "input" if parameter == "self" else parameter


def check_tensors(op: Op, arrays: Sequence[Any]) -> None:
    """Raise TypeError for an operand that is no tensor, nor a number where one will do."""
    tensors = False
    for i in op.operands:
        a = arrays[i]
        if is_array(a):
            tensors = True
        elif i in op.numbers and isinstance(a, _NUMBERS):
            continue
        elif a is not None or op.defaults[i] is not None:
            raise errors.argument_must_be_tensor(op.name, _spelt(op.params[i]), i + 1, a)
    if op.overloads and not tensors:
        name, value = _spelt(op.params[op.operands[0]]), arrays[op.operands[0]]
        raise errors.argument_must_be_tensor(op.name, name, 1, value)


def promote_operands(op: Op, xp: Any, arrays: list[Any]) -> None:
    """Cast the operands to the dtype PyTorch computes in.

    Raises TypeError for an operand of a wrong type, NotImplementedError for a dtype that the
    operation does not serve.
    """
    check_tensors(op, arrays)
    operands = [arrays[i] for i in op.operands]
    d = dtypes.result_dtype(*operands)
    if op.promote == "float" and d.category < dtypes.FLOAT:
        d = dtypes.get_default_dtype()
    letter = "bifc"[d.category]
    if letter not in op.serves and ("F" not in op.serves or letter != "f" or d.itemsize == 2):
        shapes = [a.shape for a in operands if is_array(a)]
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            raise broadcast_error(shapes) from None
        raise errors.not_implemented_for(op.kernel, d)
    storage = d.numpy
    for i in op.operands:
        a = arrays[i]
        if a is None:
            continue
        if not is_array(a) or isinstance(a, np.generic):
            arrays[i] = xp.asarray(np.asarray(a).astype(storage))
        elif a.dtype != storage:
            arrays[i] = a.astype(storage)


promote_operands.promotes = True  # type: ignore[attr-defined]  # a mark that wrappers may bear


def reduction(*, method: bool = True, function: bool = True, **options: Any) -> Callable[..., Any]:
    """Declare a reduction: a function with `dim` (int, tuple or None) and perhaps `keepdim`.

    The declared function and the rules see `dim` as a tuple of non-negative ints, or None.
    """

    def declare(forward: Callable[..., Any]) -> Callable[..., Any]:
        rules = {k: options.pop(k) for k in _rule_names(forward, options)}
        prepare = options.pop("prepare", normalise_dims)
        declared = Op(forward, rules, prepare=prepare, **options)
        declared.family = "reduction"
        return publish(declared, method, function)

    return declare


def normalise_dims(op: Op, xp: Any, arrays: list[Any]) -> None:
    if not is_array(arrays[0]):
        raise errors.argument_must_be_tensor(op.name, _spelt(op.params[0]), 1, arrays[0])
    at = op.position["dim"]
    dim, ndim = arrays[at], arrays[0].ndim
    if dim is not None:
        dims = (dim,) if not isinstance(dim, (tuple, list)) else dim
        arrays[at] = tuple(wrap_dim(d, ndim) for d in dims)
        if len(set(arrays[at])) != len(arrays[at]):
            repeated = next(d for d in arrays[at] if arrays[at].count(d) > 1)
            raise RuntimeError(f"dim {repeated} appears multiple times in the list of dims")


def wrap_dim(dim: Any, ndim: int) -> int:
    """A dimension as a non-negative int.  Raises IndexError when it is out of range."""
    bound = max(ndim, 1)
    d = dim if type(dim) is int else _as_dim(dim)
    if not -bound <= d < bound:
        raise errors.dim_out_of_range(d, ndim)
    return d + bound if d < 0 else d


def _as_dim(dim: Any) -> int:
    try:
        if not isinstance(dim, bool):
            return operator.index(dim)
    except TypeError:
        pass
    kind = "Tensor" if is_array(dim) else errors.type_name(dim)
    raise TypeError(f"argument 'dim' must be int, not {kind}")


def view(*, method: bool = True, function: bool = True, **options: Any) -> Callable[..., Any]:
    """Declare an operation whose results alias its first argument."""
    return op(method=method, function=function, is_view=True, **options)


def composite(
    function_or_name: Any = None,
    *,
    method: bool = True,
    function: bool = True,
    native: bool = False,
    keywords: dict[str, str] | None = None,
) -> Callable[..., Any]:
    """Declare a function built from other operations, for the torch namespace and as a method.

    A tensor subclass with a ``__torch_function__`` of its own sees the composite, not its parts.
    `native` ones are C++ in PyTorch, which shows where they combine tensors with numbers.
    `keywords` gives parameters further names, those of PyTorch's other overloads.
    """

    def declare(body: Callable[..., Any]) -> Callable[..., Any]:
        body.keywords = keywords or {}  # type: ignore[attr-defined]
        name = body.__name__.rstrip("_") if body.__name__.rstrip("_") != "" else body.__name__

        place = body.__module__.split(".")[1]  # linalg.norm is linalg_norm in PyTorch's errors
        prefix = f"{place}_" if place in ("linalg", "fft") and not function else ""
        call = _composite(body, prefix + name, native, False)
        if method:
            spelt = body.__name__ if body.__name__.endswith("_") else name
            setattr(Tensor, spelt, _composite(body, spelt, native, True))
        if function:
            PUBLIC[body.__name__] = call
        return call

    return declare(function_or_name) if callable(function_or_name) else declare


def _composite(
    body: Callable[..., Any], name: str, native: bool, method: bool
) -> Callable[..., Any]:
    """The public function or the method of a composite."""

    @functools.wraps(body)
    def call(*args: Any, **kwargs: Any) -> Any:
        answer = overridden(call, args, kwargs)
        if answer is not NotImplemented:
            return answer
        before = mode.state
        if native:
            mode.state = before | NATIVE
        try:
            if not kwargs:
                return body(*args)
            if "out" in kwargs and "out" not in _parameters(body):
                return _composite_into(body, args, kwargs)
            return body(*args, **_renamed(body, kwargs))
        except (TypeError, AttributeError) as error:
            raise worded_error(name, _parameters(body), args, kwargs, error, method) from None
        finally:
            if native:
                mode.state = before

    return call


@functools.cache
def _parameters(body: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(body).parameters)


def _renamed(body: Callable[..., Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """`kwargs` with PyTorch's synonyms replaced by the parameters' own names."""
    names = _parameters(body)
    synonyms = SYNONYMS | body.keywords  # type: ignore[attr-defined]
    if names[0] in ("A", "x"):  # the name that torch.linalg's documentation gives its `input`
        synonyms |= dict.fromkeys(("input", "x", "a"), names[0])
    return {
        synonyms[k] if k not in names and synonyms.get(k) in names else k: v
        for k, v in kwargs.items()
    }


def _composite_into(body: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """The ``out=`` form of a composite."""
    out = kwargs.pop("out")
    result = body(*args, **_renamed(body, kwargs))
    if out is None:
        return result
    results = result if isinstance(result, tuple) else (result,)
    targets = out if isinstance(out, (tuple, list)) else (out,)
    name = body.__name__.rstrip("_")
    in_torch = getattr(PUBLIC.get(name), "__wrapped__", None) is body
    if body.__module__.startswith("reference_impl.linalg") and not in_torch:
        name = f"linalg.{name}"
    for target in targets if name in outputs.APART else ():
        outputs.check_memory(name, [t._data for t in tensors_in(args)], target._data)
    for i, (target, made) in enumerate(zip(targets, results, strict=True)):
        store(target, made._data, name, i)
    return into_out(type(result))(*out) if hasattr(result, "_fields") else out
