"""What calling an operation does: arrays in, arrays out; Tensors in, Tensors out.

Arguments are bound, classes with a ``__torch_function__`` are asked, arrays are computed on, and
the results are wrapped, recorded and, where they are views, tied to their base.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .. import backend, dtypes, errors
from ..autograd.grad_mode import (
    AUTOCAST,
    FORWARD,
    INFERENCE,
    NATIVE,
    RECORD,
    TRANSFORM,
    UNUSUAL,
    mode,
)
from ..layout import shares_elements
from ..return_types import into_out
from ..tensor import PLAIN, Size, Tensor, wrap
from ..views import View
from . import outputs
from .declaration import Op, holds_tensors, is_array
from .deprecated import arguments_today
from .known import known

_SEQUENCES = {tuple, list, Size}
_INT = {int}
_MOST_KNOWN = 500  # kinds of calls of one operation that are remembered
# Types that are no tensors and have no say in what an operation does.
_ORDINARY = {
    bool, int, float, complex, str, type(None), dtypes.dtype, np.ndarray, np.float32, np.float64,
}  # fmt: skip


def make_call(op: Op, method: bool = False) -> Callable[..., Any]:
    """The public function of an operation, or the method, whose errors count otherwise."""
    calls = op.calls

    def call(*args: Any, **kwargs: Any) -> Any:
        types, answer = like_before(calls, args, kwargs)
        if answer is NotImplemented:
            answer = overridden(op.method if method else op.call, args, kwargs)
        if answer is not NotImplemented:
            return answer
        out = kwargs.pop("out", None) if "out" in kwargs else None
        try:
            if out is not None:
                return _into(op, op.bind(args, kwargs), out)
            answer = invoke(op, op.bind(args, kwargs))
            remember(calls, types, known, op, args, kwargs)
            return answer
        except TypeError as error:
            modern = arguments_today(op.name, args, kwargs, method)
            if modern is not None:
                values = op.bind(*modern)
                return invoke(op, values) if out is None else _into(op, values, out)
            raise worded_error(op.name, op.params, args, kwargs, error, method) from None

    return call


def like_before(calls: dict[Any, Any], args: Any, kwargs: Any) -> tuple[Any, Any]:
    """(the types of the arguments, what an earlier call with such arguments makes of these).

    The answer is NotImplemented if the call has to take the general way.
    """
    types: Any = tuple(map(type, args))
    if kwargs:
        types = *types, *kwargs, *map(type, kwargs.values())
    run = calls.get(types)
    state = mode.state
    if run is None or state & UNUSUAL:
        return types, NotImplemented
    try:
        return types, run(args, kwargs, state)
    except (TypeError, ValueError):
        return types, NotImplemented  # the general way has the words for it


def remember(
    calls: dict[Any, Any], types: Any, known: Callable[..., Any], op: Op, args: Any, kwargs: Any
) -> None:
    """Note how further calls with arguments of these types are run, now that one went well."""
    if types not in calls and len(calls) < _MOST_KNOWN:
        calls[types] = known(op, args, kwargs)


def worded_error(
    name: str, params: Sequence[str], args: Any, kwargs: dict[str, Any], error: Any, method: bool
) -> Exception:
    """`error`, in PyTorch's words for arguments that do not fit."""
    from ..signatures import worded

    return worded(name, params, args, kwargs, error, method)


def overridden(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """What a class with a ``__torch_function__`` among the arguments answers, or NotImplemented."""
    if not kwargs:
        for a in args:
            kind = type(a)
            if kind in _ORDINARY or kind in PLAIN:
                continue
            if kind not in _SEQUENCES or not {*map(type, a)} <= _INT:
                break
        else:
            return NotImplemented
    special = [
        a
        for a in flat((*args, *kwargs.values()))
        if type(a) not in PLAIN and hasattr(type(a), "__torch_function__")
    ]
    if not special:
        return NotImplemented
    from ..overrides import override

    return override(function, special, args, kwargs)


def invoke(op: Op, values: list[Any]) -> Any:
    """Run an operation on bound arguments: arrays in, arrays out; Tensors in, Tensors out."""
    if mode.state & TRANSFORM:
        from ..func.batching import concerned

        if concerned(op.name, values):
            from ..func.rules import run

            return run(op, values)
    if mode.state & AUTOCAST:
        from ..amp.autocast_mode import cast_arguments

        values = cast_arguments(op.name, values)
    arrays, result = compute_arrays(op, values)
    if _all_bare(values):
        return result
    for at in op.operands:
        if type(values[at]) is np.ndarray and not mode.state & NATIVE:
            name = op.params[at] if op.params[at] != "self" else "input"
            raise errors.argument_must_be_tensor(op.name, name, at + 1, values[at])
    several = type(result) is tuple or type(result) is list
    results = [_wrapped(r) for r in (result if several else (result,))]
    state = mode.state
    if state & RECORD and not state & INFERENCE and op.diff:
        op.record(values, arrays, results)
    if op.is_view:
        for port, t in enumerate(results):
            t._counter = values[0]._counter
            if t._counter is not None:  # autograd knows no views of inference tensors
                t._view = View.of(values[0], op, values, several, port)
    if state & FORWARD:
        from ..autograd.tangents import propagate

        propagate(op, values, arrays, results)
    if not several:
        return results[0]
    return op.returns(*results) if op.returns is not None else tuple(results)


def compute_arrays(op: Op, values: Sequence[Any]) -> tuple[list[Any], Any]:
    """(the arrays computed on, what forward returned)."""
    arrays = [v._data if type(v) in PLAIN else _array_of(v) for v in values]
    xp = _common_backend(arrays)
    if op.prepare is not None:
        op.prepare(op, xp, arrays)
    try:
        return arrays, op.compute(xp, *arrays)
    except ValueError as error:
        if "broadcast" not in str(error):
            raise
        shapes = [a.shape for a in arrays if is_array(a)]
        raise broadcast_error(shapes) from None


def _all_bare(values: Sequence[Any]) -> bool:
    """Whether a rule made this call on bare arrays: no Tensor, and at least one array."""
    for v in values:
        if type(v) in PLAIN:
            return False
    bare = False
    for v in flat(values):
        if isinstance(v, Tensor):
            return False
        bare = bare or is_array(v)
    return bare


def broadcast_error(shapes: Sequence[tuple[int, ...]]) -> RuntimeError:
    """PyTorch names the first pair, in order of the arguments, that does not broadcast."""
    so_far = shapes[0]
    for shape in shapes[1:]:
        try:
            so_far = np.broadcast_shapes(so_far, shape)
        except ValueError:
            return errors.size_mismatch(so_far, shape)
    return errors.size_mismatch(shapes[0], shapes[-1])


def flat(values: Sequence[Any]) -> Iterator[Any]:
    for v in values:
        if type(v) in (list, tuple):
            yield from v
        else:
            yield v


def tensors_in(values: Sequence[Any]) -> Iterator[Tensor]:
    for v in flat(values):
        if isinstance(v, Tensor):
            yield v


def _array_of(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value._data
    if type(value) in (list, tuple) and holds_tensors(value):
        return [v._data if isinstance(v, Tensor) else v for v in value]
    return value


def _wrapped(result: Any) -> Tensor:
    """A result as a tensor; NumPy turns 0-d arrays into scalars, which are turned back here."""
    if type(result) is np.ndarray:
        return wrap(result)
    if isinstance(result, np.generic) or not is_array(result):
        result = np.asarray(result)
    return wrap(result)


def _common_backend(arrays: list[Any]) -> Any:
    """numpy or cupy.  On CuPy a 0-d CPU array joins the others; other mixtures raise."""
    for a in arrays:
        if type(a) is not np.ndarray and type(a) not in _ORDINARY:
            break
    else:
        return np
    found = [a for a in flat(arrays) if is_array(a) and not isinstance(a, np.generic)]
    if all(type(a) is np.ndarray for a in found):
        return np
    xp = backend.cupy()
    devices = {str(backend.device_of(a)): a for a in found if a.ndim or type(a) is not np.ndarray}
    if len(devices) > 1:
        raise errors.different_devices(*sorted(devices, reverse=True)[:2])
    for i, a in enumerate(arrays):
        if type(a) is np.ndarray:
            arrays[i] = xp.asarray(a)
    return xp


def _into(op: Op, values: list[Any], out: Any) -> Any:
    """The ``out=`` form: compute, then resize and fill the given tensor(s)."""
    given = out if type(out) in (tuple, list) else (out,)
    if mode.state & RECORD:
        involved = [t.requires_grad for t in (*tensors_in(values), *given)]
        if any(involved):
            raise RuntimeError(
                f"{op.name}(): functions with out=... arguments don't support automatic "
                "differentiation, but one of the arguments requires grad."
            )
    if mode.state & FORWARD and any(t._tangent for t in (*tensors_in(values), *given)):
        raise NotImplementedError(
            f"Trying to use forward AD with {op.name}_out that does not support it because it is "
            "an out= function"
        )
    if not mode.state & INFERENCE and any(t._counter is None for t in given):
        raise errors.inference_in_place()
    if op.name in outputs.COMPUTED_IN_OUT:
        at = op.position["dtype"]
        values[at] = outputs.computed_in(op.name, values[at], given[0].dtype)
    for target in given if op.family == "pointwise" or op.name in outputs.APART else ():
        outputs.check_memory(op.name, [t._data for t in tensors_in(values)], target._data)
    result = compute_arrays(op, values)[1]
    results = result if type(result) in (tuple, list) else (result,)
    name = outputs.kernel(op.name, values)
    for i, (target, array) in enumerate(zip(given, results, strict=True)):
        store(target, np.asarray(array) if isinstance(array, np.generic) else array, name, i)
    return out if op.returns is None else into_out(type(op.returns(*given)))(*given)


def store(target: Tensor, array: Any, name: str = "", position: int = 0) -> None:
    """Write a result into an ``out=`` tensor, resizing it if need be.

    `name` is the operation's, which decides about the dtype, and `position` the result's.
    """
    wanted = target.dtype
    outputs.check_dtype(name, position, dtypes.of(array.dtype), wanted)
    if target._data.shape != array.shape:
        if target._data.size:
            warnings.warn(
                errors.resized_output(target._data.shape, array.shape), UserWarning, stacklevel=4
            )
        target._data = array.astype(wanted.numpy)
    elif shares_elements(target._data):
        raise errors.overlapping_write()
    else:
        target._data[...] = array
    if target._counter is not None:
        target._counter[0] += 1
