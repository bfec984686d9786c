"""``gradcheck`` and ``gradgradcheck``: derivatives against central differences.

For each output and each input two Jacobians are compared: the *numerical* one moves one element of
the input by ``eps`` up and down; the *analytical* one sends one unit vector after the other back
through the graph.  A complex function is checked as two real ones, its real and imaginary part.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..missing import names_of
from ..tensor import Tensor, wrap
from .grad_mode import enable_grad

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

_NOT_REENTRANT = (
    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple "
    "times gives different values, although analytical gradient matches numerical gradient."
    "The tolerance for nondeterminism was {}.\n\n"
    "NOTE: If your op relies on non-deterministic operations i.e., it is listed here:\n"
    "https://pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html\n"
    "this failure might be expected.\n\n"
    "If you are adding a new operator, please file an issue and then use one of the\n"
    "workarounds. The workaround depends on how your test invokes gradcheck/gradgradcheck.\n"
    "If the test\n"
    "- manually invokes gradcheck/gradgradcheck, then call gradcheck/gradgradcheck\n"
    "  with `nondet_tol=<tol>` as a keyword argument.\n"
    "- is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test\n"
    "  to have `gradcheck_nondet_tol=<tol>`.\n"
    "- is a Module test (e.g., in common_nn.py), then modify the corresponding\n"
    "  module_test entry to have `gradcheck_nondet_tol=<tol>`\n"
)


class GradcheckError(RuntimeError):
    """What gradcheck raises when the two derivatives differ."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compare the gradients of `func` at `inputs` with central differences.

    Inputs that require grad should be float64 or complex128.  Returns True if all agree; else
    raises GradcheckError, or returns False with ``raise_exception=False``.
    """
    _require_one(check_forward_ad=check_forward_ad, check_backward_ad=check_backward_ad)
    _require(check_batched_grad, "check_batched_grad", check_backward_ad, "check_backward_ad")
    _require(
        check_batched_forward_grad, "check_batched_forward_grad", check_forward_ad,
        "check_forward_ad",
    )  # fmt: skip
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    tolerance = {"atol": atol, "rtol": rtol}
    try:
        _check_inputs(inputs)
        outputs = _differentiable(func(*inputs))
        if not outputs:
            return _expect_zero(func, inputs, eps)
        complex_output = any(o.is_complex() for o in outputs)
        parts = ("imag", "real") if complex_output else ("",)
        if check_backward_ad:
            for part in parts:
                _compare(func, inputs, part, eps, tolerance, nondet_tol)
        if check_forward_ad:
            for part in parts:
                _compare_forward(func, inputs, part, eps, tolerance)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Compare second derivatives with central differences of the first ones."""
    from . import grad

    _require_one(check_fwd_over_rev=check_fwd_over_rev, check_rev_over_rev=check_rev_over_rev)
    for name, on in (
        ("check_undefined_grad", check_undefined_grad), ("check_batched_grad", check_batched_grad)
    ):  # fmt: skip
        _require(on, name, check_rev_over_rev, "check_rev_over_rev")
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if grad_outputs is None:
        outputs = _differentiable(func(*inputs))
        rng = np.random.default_rng(0)
        grad_outputs = [_random_like(o, rng).requires_grad_() for o in outputs]
    elif isinstance(grad_outputs, Tensor):
        grad_outputs = [grad_outputs]
    count = len(inputs)

    def first_derivative(*args: Any) -> tuple[Any, ...]:
        given, weights = args[:count], args[count:]
        given = tuple(
            x.requires_grad_() if isinstance(x, Tensor) and x.is_leaf and y.requires_grad else x
            for x, y in zip(given, inputs, strict=True)
        )
        wanted = [x for x in given if isinstance(x, Tensor) and x.requires_grad]
        with enable_grad():  # the numerical side calls this without recording
            outputs = _differentiable(func(*given))
            found = grad(outputs, wanted, weights, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(
        first_derivative, (*inputs, *grad_outputs), eps=eps, atol=atol, rtol=rtol,
        raise_exception=raise_exception, nondet_tol=nondet_tol,
        check_forward_ad=check_fwd_over_rev, check_backward_ad=check_rev_over_rev,
    )  # fmt: skip


def _require_one(**options: bool) -> None:
    """Raise AssertionError unless one of the options is on."""
    if not any(options.values()):
        raise AssertionError(f"Expected at least one of {' or '.join(options)} to be True")


def _require(on: bool, name: str, needed: bool, needed_name: str) -> None:
    """Raise AssertionError if an option is on without the one that it needs."""
    if on and not needed:
        raise AssertionError(f"Setting {name}=True requires {needed_name} to be True")


def _random_like(t: Tensor, rng: np.random.Generator) -> Tensor:
    values = rng.uniform(0.1, 1.0, t.shape)
    if t.is_complex():  # type: ignore[attr-defined]
        values = values + 1j * rng.uniform(0.1, 1.0, t.shape)
    return wrap(np.asarray(values).astype(t._data.dtype))


# ---------------------------------------------------------------- inputs and outputs


def _check_inputs(inputs: Sequence[Any]) -> None:
    wanted = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the"
            "m have requires_grad=True."
        )
    for i in wanted:
        x: Any = inputs[i]
        if x.dtype.name not in ("float64", "complex128"):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or "
                "complex. This check will likely fail if all the inputs are not of double "
                "precision floating point or complex. ",
                UserWarning,
                stacklevel=3,
            )
        if any(step == 0 and n > 1 for step, n in zip(x.stride(), x.shape, strict=True)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs "
                "that are non-overlapping to be able to compute the numerical gradients correctly. "
                "You should call .contiguous on the input before passing it to gradcheck."
            )


def _differentiable(outputs: Any) -> list[Any]:
    outputs = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
    return [o for o in outputs if o.requires_grad]


def _part(t: Any, part: str) -> Any:
    """The real or imaginary part of a complex output; a real output counts with the real parts."""
    if not part or not t.is_complex():
        return t
    return t.imag if part == "imag" else t.real


def _numbers(outputs: Any, part: str, chosen: list[int]) -> list[Any]:
    """The outputs' present values as fresh float arrays."""
    outputs = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
    return [np.array(_part(outputs[i].detach(), part).cpu()._data) for i in chosen]


def _expect_zero(func: Callable[..., Any], inputs: Sequence[Any], eps: float) -> bool:
    """A function without differentiable outputs must not change with its inputs."""
    outputs = func(*inputs)
    outputs = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
    everything = list(range(len(outputs)))
    for x in inputs:
        if isinstance(x, Tensor) and x.requires_grad:
            for jacobian in _numerical(func, inputs, x, "", everything, eps):
                if np.any(jacobian != 0):
                    raise GradcheckError("Numerical gradient for function expected to be zero")
    return True


# ---------------------------------------------------------------- the two Jacobians


def _numerical(
    func: Callable[..., Any],
    inputs: Sequence[Any],
    x: Any,
    part: str,
    chosen: list[int],
    eps: float,
) -> list[np.ndarray]:
    """Central differences by the elements of `x`: for each output an (x.numel, out.numel) array."""
    data = x._data
    steps = (eps, eps * 1j) if x.is_complex() else (eps,)
    rows: list[list[np.ndarray]] = []
    with enable_grad():  # what is checked may depend on the mode
        for index in np.ndindex(data.shape):
            before = data[index].copy()
            total: list[Any] = []
            for step in steps:
                data[index] = before + step
                above = _numbers(func(*inputs), part, chosen)
                data[index] = before - step
                below = _numbers(func(*inputs), part, chosen)
                data[index] = before
                slopes = [(a - b) / (2 * eps) for a, b in zip(above, below, strict=True)]
                unit = step / eps
                total = [
                    t + unit * s for t, s in zip(total or [0] * len(slopes), slopes, strict=True)
                ]
            rows.append([np.ravel(t) for t in total])
    kind = data.dtype
    return [
        np.array([row[i] for row in rows]).reshape(data.size, -1).astype(kind)
        for i in range(len(chosen))
    ]


def _analytical(outputs: Any, x: Any, part: str) -> list[np.ndarray]:
    """Unit vectors sent back from the outputs to `x`: arrays as in `_numerical`."""
    from . import grad

    found = []
    for out in outputs:
        columns = []
        unit = np.zeros(out.shape, out._data.dtype)
        for index in np.ndindex(out._data.shape):
            unit[index] = 1j if part == "imag" and out.is_complex() else 1
            (g,) = grad(out, [x], wrap(unit.copy()), retain_graph=True, allow_unused=True)
            columns.append(np.zeros(x._data.size, x._data.dtype) if g is None else g._data.ravel())
            unit[index] = 0
        found.append(np.array(columns).reshape(-1, x._data.size).T)
    return found


def _chosen(outputs: Any, part: str) -> list[int]:
    """Which outputs are looked at: the imaginary pass is for complex ones only."""
    outputs = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
    return [
        i for i, o in enumerate(outputs) if o.requires_grad and (part != "imag" or o.is_complex())
    ]


def _compare(
    func: Callable[..., Any], inputs: Any, part: str, eps: float, tolerance: Any, nondet_tol: float
) -> None:
    outputs = func(*inputs)
    chosen = _chosen(outputs, part)
    everything = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
    looked_at = [everything[i] for i in chosen]
    for j, x in enumerate(inputs):
        if not (isinstance(x, Tensor) and x.requires_grad):
            continue
        numerical = _numerical(func, inputs, x, part, chosen, eps)
        analytical = _analytical(looked_at, x, part)
        again = _analytical(looked_at, x, part)
        for a, b in zip(analytical, again, strict=True):
            if not np.allclose(a, b, rtol=0, atol=nondet_tol, equal_nan=True):
                raise GradcheckError(_NOT_REENTRANT.format(nondet_tol))
        for i, a, n in zip(chosen, analytical, numerical, strict=True):
            if not np.allclose(n, a, **tolerance, equal_nan=True):
                raise GradcheckError(_mismatch(i, j, a, n, part))


def _compare_forward(
    func: Callable[..., Any], inputs: Any, part: str, eps: float, tolerance: Any
) -> None:
    """Forward mode along each element of each input."""
    from . import forward_ad

    outputs = func(*inputs)
    chosen = _chosen(outputs, part)
    for j, x in enumerate(inputs):
        if not (isinstance(x, Tensor) and x.requires_grad):
            continue
        numerical = _numerical(func, inputs, x, part, chosen, eps)
        rows: list[list[np.ndarray]] = []
        for index in np.ndindex(x._data.shape):
            unit = np.zeros(x._data.shape, x._data.dtype)
            total: list[Any] = [None] * len(chosen)
            for direction in (1, 1j) if x.is_complex() else (1,):  # type: ignore[attr-defined]
                unit[index] = direction
                with forward_ad.dual_level():
                    dual = forward_ad.make_dual(x.detach(), wrap(unit.copy()))
                    out = func(*inputs[:j], dual, *inputs[j + 1 :])
                    out = out if isinstance(out, (tuple, list)) else (out,)
                    for k, i in enumerate(chosen):
                        tangent = forward_ad.unpack_dual(out[i]).tangent
                        if tangent is not None:
                            step = direction * _part(tangent, part)._data
                            total[k] = step if total[k] is None else total[k] + step
            total = [0 if t is None else t for t in total]
            rows.append([np.ravel(np.broadcast_to(t, everything_shape(outputs, i)))
                         for t, i in zip(total, chosen, strict=True)])  # fmt: skip
        for k, i in enumerate(chosen):
            forward = np.array([row[k] for row in rows]).reshape(x._data.size, -1)
            if not np.allclose(numerical[k], forward, **tolerance, equal_nan=True):
                raise GradcheckError(_mismatch(i, j, forward, numerical[k], part, forward_ad=True))


def everything_shape(outputs: Any, i: int) -> tuple[int, ...]:
    """The shape of output `i` of one or several."""
    outputs = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
    return outputs[i]._data.shape  # type: ignore[no-any-return]


def _mismatch(
    i: int, j: int, analytical: Any, numerical: Any, part: str, forward_ad: bool = False
) -> str:
    name = {"imag": "imaginary", "real": "real"}.get(part)
    prefix = f"While considering the {name} part of complex outputs only, " if name else ""
    mode = "computed with forward mode " if forward_ad else ""
    return (
        f"{prefix}Jacobian {mode}mismatch for output {i} with respect to input {j},\n"
        f"numerical:{wrap(np.asarray(numerical))}\nanalytical:{wrap(np.ascontiguousarray(analytical))}\n"
    )


__getattr__ = names_of(__name__)
