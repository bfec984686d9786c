"""``torch.autograd.functional``: products with Jacobians and Hessians, and these whole.

Each function takes a tensor or a tuple of tensors and answers in kind.  With `create_graph` results
can be differentiated; with `strict`, RuntimeError where something does not depend on its input.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ops.create import eye, zeros_like
from ..ops.join import stack
from ..tensor import Tensor
from .grad_mode import enable_grad, is_grad_enabled, set_grad_enabled

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

_NOT_STRICT = " This is not allowed in strict mode"
_FIRST_JACOBIAN = (
    "While computing the hessian, found that the jacobian of the user-provided function with "
    "respect to input {} is independent of the input." + _NOT_STRICT + ". You should ensure that "
    "your function is twice differentiable and that the jacobian depends on the inputs (this would "
    "be violated by a linear function for example)."
)
_INDEPENDENT = {
    "outputs": (
        "Output {} of the user-provided function does not require gradients. The outputs must be "
        "computed in a differentiable manner from the input when running in strict mode."
    ),
    "grad_inputs": (
        "The gradient with respect to input {} is independent of the inputs of the user-provided "
        "function." + _NOT_STRICT + "."
    ),
    "jacobian": _FIRST_JACOBIAN,
}
_MISSING = {
    "back": "The output of the user-provided function is independent of input {}.",
    "back_trick": (
        "The gradient with respect to the input is independent of entry {} in the grad_outputs "
        "when using the double backward trick to compute forward mode gradients."
    ),
    "double_back": "The jacobian of the user-provided function is independent of input {}.",
    "double_back_trick": (
        "The hessian of the user-provided function is independent of entry {} in the grad_jacobian."
    ),
}


def vjp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """(outputs, v · J) for the Jacobian J of `func` at `inputs`; `v` is shaped like the outputs."""
    with enable_grad():
        single, inputs, single_out, outputs = _called("vjp", func, inputs, create_graph, strict)
        v = _vector("vjp", v, outputs, single_out, create_graph)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _grad(outputs, inputs, v, create_graph)
        found = _filled(found, inputs, strict, create_graph, "back")
    return _answer(outputs, single_out, create_graph), _answer(found, single, create_graph)


def jvp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """(outputs, J · v) for the Jacobian J of `func` at `inputs`; `v` is shaped like the inputs.

    The product u · J is linear in u: its derivative by u in the direction v is J · v.
    """
    with enable_grad():
        single, inputs = _as_tuple(inputs, "inputs", "jvp")
        inputs = _prepared(inputs, create_graph, True)
        v = _vector("jvp", v, inputs, single, create_graph)
        single_out, outputs = _outputs("jvp", func, inputs, strict)
        seeds = tuple(zeros_like(o, requires_grad=True) for o in outputs)
        pulled = _grad(outputs, inputs, seeds, True)
        _check_depends(pulled, "grad_inputs", strict)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _grad(pulled, seeds, v, create_graph)
        found = _filled(found, outputs, strict, create_graph, "back_trick")
    return _answer(outputs, single_out, create_graph), _answer(found, single_out, create_graph)


def vhp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """(output, v · H) for the Hessian H of the scalar `func`; `v` is shaped like the inputs."""
    with enable_grad():
        single, inputs, v, outputs, first = _scalar("vhp", func, inputs, v, create_graph, strict)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _grad(first, inputs, v, create_graph)
        found = _filled(found, inputs, strict, create_graph, "double_back")
    return _answer(outputs, True, create_graph), _answer(found, single, create_graph)


def hvp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """(output, H · v) for the Hessian H of the scalar `func`; `v` is shaped like the inputs."""
    with enable_grad():
        single, inputs, v, outputs, first = _scalar("hvp", func, inputs, v, create_graph, strict)
        seeds = tuple(zeros_like(x, requires_grad=True) for x in inputs)
        pulled = _grad(first, inputs, seeds, True)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _grad(pulled, seeds, v, create_graph)
        found = _filled(found, inputs, strict, create_graph, "double_back_trick")
    return _answer(outputs, True, create_graph), _answer(found, single, create_graph)


# ---------------------------------------------------------------- whole matrices


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian: shaped like an output followed by an input; nested tuples for several.

    A row at a time, or with `vectorize` all rows in one batch; the `strategy` "forward-mode"
    (which needs `vectorize`) goes by columns.
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your '
            'function has more outputs than inputs, "forward-mode" tends to be more performant. '
            'Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode":
        return _forward_jacobian(func, inputs, create_graph, strict, vectorize)
    with enable_grad():
        single, inputs, single_out, outputs = _called(
            "jacobian", func, inputs, create_graph, strict
        )
        if vectorize and strict:
            raise RuntimeError(
                "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not "
                "supported together. Please either set `strict=False` or `vectorize=False`."
            )
        rows = _all_rows if vectorize else _each_row
        found = [rows(i, o, inputs, create_graph, strict) for i, o in enumerate(outputs)]
    answers = tuple(_answer(f, single, create_graph) for f in found)
    return answers[0] if single_out else answers


def _each_row(
    i: int, out: Any, inputs: Sequence[Any], create_graph: bool, strict: bool
) -> Sequence[Any]:
    columns: list[list[Any]] = [[] for _ in inputs]
    for j in range(out.numel()):
        row = _grad((out.reshape(-1)[j],), inputs, None, create_graph, retain=True)
        for k, (g, x) in enumerate(zip(row, inputs, strict=True)):
            if g is None and strict:
                raise RuntimeError(
                    f"Output {i} of the user-provided function is independent of input {k}."
                    + _NOT_STRICT
                    + "."
                )
            if strict and create_graph and not g.requires_grad:
                raise RuntimeError(
                    f"The jacobian of the user-provided function is independent of input {i}."
                    + _NOT_STRICT
                    + " when create_graph=True."
                )
            columns[k].append(zeros_like(x) if g is None else g)
    return [
        (stack(c) if c else zeros_like(x)).reshape((*out.shape, *x.shape))
        for c, x in zip(columns, inputs, strict=True)
    ]


def _all_rows(
    i: int, out: Any, inputs: Sequence[Any], create_graph: bool, strict: bool
) -> Sequence[Any]:
    from ..func.levels import gradients_of_batch

    count = out.numel()
    unit = eye(count, dtype=out.dtype, device=out.device).reshape(count, *out.shape)
    found: Sequence[Any] = [None] * len(inputs)
    if out.requires_grad:
        found = gradients_of_batch([out], [unit], inputs, retain=True, record=create_graph)
    return [
        (zeros_like(x).expand(count, *x.shape) if g is None else g).reshape((*out.shape, *x.shape))
        for g, x in zip(found, inputs, strict=True)
    ]


def _forward_jacobian(
    func: Callable[..., Any], inputs: Any, create_graph: bool, strict: bool, vectorize: bool
) -> Any:
    from ..func import jacfwd

    words = 'torch.autograd.functional.jacobian: `{}=True` and `strategy="forward-mode"` are not '
    if create_graph:
        raise NotImplementedError(
            words.format("create_graph")
            + "supported together (yet). Please either set `create_graph=False` or "
            '`strategy="reverse-mode"`.'
        )
    if strict:
        raise RuntimeError(
            words.format("strict")
            + "supported together (yet). Please either set `strict=False` or "
            '`strategy="reverse-mode"`.'
        )
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian is"
            "only implemented for `vectorize=True`."
        )
    single, given = _as_tuple(inputs, "inputs", "jacobian")
    found = jacfwd(func, 0 if single else tuple(range(len(given))))(*given)
    if single:
        return found
    several = isinstance(found[0], tuple)
    return [list(row) for row in found] if several else list(found)


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The matrix of second derivatives of the scalar `func`: the Jacobian of its Jacobian."""
    single, inputs = _as_tuple(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')

    def scalar(*x: Any) -> Any:
        out = func(*x)
        single_out, outputs = _as_tuple(out, "outputs of the user-provided function", "hessian")
        _check_depends(outputs, "outputs", strict)
        _check_scalar("hessian", single_out, outputs)
        return out.squeeze()

    def first(*x: Any) -> Any:
        if outer_jacobian_strategy == "forward-mode":  # the inner one must carry tangents
            from ..func import jacrev

            return jacrev(scalar, argnums=tuple(range(len(x))))(*x)
        found = jacobian(scalar, x, create_graph=True)
        _check_depends(found, "jacobian", strict)
        return found

    found = jacobian(
        first, inputs, create_graph=create_graph, strict=strict, vectorize=vectorize,
        strategy=outer_jacobian_strategy,
    )  # fmt: skip
    return found[0][0] if single else found  # nested as ``jacobian`` nests


# ---------------------------------------------------------------- parts


def _as_tuple(given: Any, argument: str, function: str) -> tuple[bool, tuple[Any, ...]]:
    """(whether it was a single tensor, a tuple).  Raises TypeError for anything but tensors."""
    single = not isinstance(given, tuple)
    values = (given,) if single else given
    for i, value in enumerate(values):
        if not isinstance(value, Tensor):
            what = f"the given {argument} has" if single else f"the value at index {i} has"
            raise TypeError(
                f"The {argument} given to {function} must be either a Tensor or a tuple of Tensors "
                f"but {what} type {type(value)}."
            )
    return single, values


def _prepared(tensors: Sequence[Any], create_graph: bool, need_graph: bool) -> tuple[Any, ...]:
    """Tensors of our own: views where the caller's history is to be kept, else new leaves."""
    return tuple(
        t.view_as(t) if create_graph and t.requires_grad else t.detach().requires_grad_(need_graph)
        for t in tensors
    )


def _outputs(
    name: str, func: Callable[..., Any], inputs: Any, strict: bool
) -> tuple[bool, tuple[Any, ...]]:
    single, outputs = _as_tuple(func(*inputs), "outputs of the user-provided function", name)
    _check_depends(outputs, "outputs", strict)
    return single, outputs


def _called(
    name: str, func: Callable[..., Any], inputs: Any, create_graph: bool, strict: bool
) -> tuple[bool, tuple[Any, ...], bool, tuple[Any, ...]]:
    """Whether the input was single, the inputs, whether the output was, the outputs."""
    single, inputs = _as_tuple(inputs, "inputs", name)
    inputs = _prepared(inputs, create_graph, True)
    return (single, inputs, *_outputs(name, func, inputs, strict))


def _scalar(
    name: str, func: Callable[..., Any], inputs: Any, v: Any, create_graph: bool, strict: bool
) -> tuple[bool, Any, Any, Any, Any]:
    """Whether the input was single, the inputs, `v`, the scalar output, its gradient."""
    single, inputs = _as_tuple(inputs, "inputs", name)
    inputs = _prepared(inputs, create_graph, True)
    v = _vector(name, v, inputs, single, create_graph)
    single_out, outputs = _outputs(name, func, inputs, strict)
    _check_scalar(name, single_out, outputs)
    first = _grad(outputs, inputs, None, True)
    _check_depends(first, "jacobian", strict)
    return single, inputs, v, outputs, first


def _check_scalar(name: str, single: bool, outputs: Sequence[Any]) -> None:
    if not single:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if outputs[0].numel() != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {name} should contain a single element"
        )


def _vector(name: str, v: Any, like: Sequence[Any], single: bool, create_graph: bool) -> Any:
    """`v` prepared, once its sizes are checked; None if it was left out and may be."""
    if v is None:
        if len(like) == 1 and like[0].numel() == 1:
            return None
        raise RuntimeError(
            "The vector v can only be None if the user-provided function returns a single Tensor "
            "with a single element."
            if name == "vjp"
            else "The vector v can only be None if the input to the user-provided function is a "
            "single Tensor with a single element."
        )
    _, vectors = _as_tuple(v, "v", name)
    vectors = _prepared(vectors, create_graph, False)
    if len(vectors) != len(like):
        raise RuntimeError(
            "The given v should contain a single Tensor."
            if single
            else f"v is a tuple of invalid length: should be {len(like)} but got {len(vectors)}."
        )
    for i, (x, other) in enumerate(zip(vectors, like, strict=True)):
        if x.shape != other.shape:
            entry = "" if single else f"Entry {i} in "
            raise RuntimeError(
                f"{entry}v has invalid size: should be {other.shape} but got {x.shape}."
            )
    return vectors


def _check_depends(tensors: Any, kind: str, strict: bool) -> None:
    """With `strict`, RuntimeError for what does not depend on the inputs."""
    if not strict:
        return
    for i, t in enumerate(tensors if isinstance(tensors, tuple) else (tensors,)):
        if t is None:
            raise RuntimeError(_MISSING["back"].format(i) + _NOT_STRICT + ".")
        if not t.requires_grad:
            raise RuntimeError(_INDEPENDENT[kind].format(i))


def _grad(
    outputs: Sequence[Any], inputs: Any, grads: Any, create_graph: bool, retain: Any = None
) -> tuple[Any, ...]:
    """``autograd.grad`` of the outputs that have a history; None where there is no gradient."""
    from . import grad

    grads = (None,) * len(outputs) if grads is None else grads
    pairs = [
        (o, g) for o, g in zip(outputs, grads, strict=True) if o is not None and o.requires_grad
    ]
    if not pairs:
        return (None,) * len(inputs)
    roots, given = zip(*pairs, strict=True)
    return grad(
        roots, inputs, given, allow_unused=True, create_graph=create_graph, retain_graph=retain
    )


def _filled(
    grads: Sequence[Any], like: Sequence[Any], strict: bool, create_graph: bool, stage: str
) -> tuple[Any, ...]:
    """Zeros for missing gradients; RuntimeError for them with `strict`."""
    out = []
    for i, (g, x) in enumerate(zip(grads, like, strict=True)):
        if g is None and strict:
            trick = (
                " as it prevents from using the double backward trick to replace forward mode AD"
                if stage == "double_back_trick"
                else ""
            )
            raise RuntimeError(_MISSING[stage].format(i) + _NOT_STRICT + trick + ".")
        if g is not None and strict and create_graph and not g.requires_grad:
            which = "hessian" if "double" in stage else "jacobian"
            raise RuntimeError(
                f"The {which} of the user-provided function is independent of input {i}."
                + _NOT_STRICT
                + " when create_graph=True."
            )
        out.append(zeros_like(x) if g is None else g)
    return tuple(out)


def _answer(tensors: Sequence[Any], single: bool, create_graph: bool) -> Any:
    out = tuple(t if create_graph else t.detach() for t in tensors)
    return out[0] if single else out
