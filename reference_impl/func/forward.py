"""Forward mode: ``jvp`` and ``linearize``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..autograd.forward_ad import below, in_program, make_dual, pop_level, push_level, tangent_of
from ..autograd.grad_mode import enable_grad
from ..ops.create import zeros_like
from ..tensor import Tensor
from ..utils._pytree import tree_flatten, tree_map, tree_unflatten
from .batching import innermost, levels_of, with_batch
from .levels import Inputs, Transforming, pull_back
from .reverse import check_outputs, fresh_leaf, split_aux

_JVP = "jvp(f, primals, tangents)"


def jvp(
    func: Callable[..., Any],
    primals: Any,
    tangents: Any,
    *,
    strict: bool = False,
    has_aux: bool = False,
) -> Any:
    """(output, its tangent) of `func` at `primals` in the direction of `tangents`, two tuples.

    With `has_aux`, `func` returns (output, aux), and aux comes third.  Raises RuntimeError for
    arguments that do not fit each other, and with `strict` for an output that does not depend on
    `primals`.
    """
    if not isinstance(primals, tuple):
        raise RuntimeError(
            f"{_JVP}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals)."
        )
    given, spec = tree_flatten(primals)
    directions, tangents_spec = tree_flatten(tangents)
    if spec != tangents_spec:
        raise RuntimeError(
            f"{_JVP}: Expected primals and tangents to have the same python structure. For "
            "example, if primals is a tuple of 3 tensors, tangents also must be. Got primals with "
            f"structure {spec} and tangents with structure {tangents_spec}"
        )
    _check_tensors(given, "primals")
    _check_tensors(directions, "tangents")
    if in_program():
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    level = push_level()
    try:
        pairs = zip(given, directions, strict=True)
        duals = [make_dual(p, t, level=level) for p, t in pairs]
        with Transforming():
            output, aux = split_aux(func(*tree_unflatten(duals, spec)), has_aux, _JVP)
        outputs, out_spec = tree_flatten(output)
        check_outputs(_JVP, outputs)
        with below(level):
            found = [_pushed(out, level, strict) for out in outputs]
            made = [tree_unflatten(list(column), out_spec) for column in zip(*found, strict=True)]
            aux = tree_map(lambda a: a.view_as(a) if isinstance(a, Tensor) else a, aux)
    finally:
        pop_level()
    return (*made, aux) if has_aux else tuple(made)


def _check_tensors(values: Sequence[Any], name: str) -> None:
    if not values:
        raise RuntimeError(f"{_JVP}: Expected {name} to contain at least one Tensor.")
    for v in values:
        if not isinstance(v, Tensor):
            raise RuntimeError(f"{_JVP}: Expected {name} to only contain Tensors, got {type(v)}")


def _pushed(out: Any, level: int, strict: bool) -> tuple[Any, Any]:
    """An output and its tangent."""
    tangent = tangent_of(out, level)
    if tangent is None and strict:
        raise RuntimeError(
            "jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. "
            "This is not allowed with strict=True."
        )
    return out.view_as(out), zeros_like(out) if tangent is None else tangent


# ---------------------------------------------------------------- linearize


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """(output, jvp_fn): the function that takes tangents of `primals` to those of the output.

    `func` runs once.  Its pull-back is linear in the cotangent, so pulling back through that pushes
    tangents forward.
    """
    inputs = Inputs()
    with enable_grad(), Transforming():
        fresh = tree_map(fresh_leaf(inputs), primals)
        leaves, spec = tree_flatten(fresh)
        outputs, out_spec = tree_flatten(func(*fresh))
        check_outputs("linearize(f, *primals)", outputs)
        seeds = [inputs.zeros(o) for o in outputs]
        plain_in, plain_out = list(map(innermost, leaves)), list(map(innermost, outputs))
        pulled = pull_back(plain_out, seeds, plain_in, record=True, retain=True)

    def jvp_fn(*tangents: Any) -> Any:
        given, given_spec = tree_flatten(tangents)
        if given_spec != spec:
            raise RuntimeError(
                f"Expected the tangents {given_spec} to have the same argspec as the primals {spec}"
            )
        _check_like(given, leaves)
        with enable_grad():
            found = _push_forward(inputs, pulled, given, leaves, seeds, outputs)
        return inputs.released(tree_unflatten(found, out_spec))

    return inputs.released(tree_unflatten(outputs, out_spec)), jvp_fn


def _check_like(tangents: Sequence[Any], primals: Sequence[Any]) -> None:
    for i, (t, p) in enumerate(zip(tangents, primals, strict=True)):
        for what in ("shape", "device", "dtype"):
            if getattr(t, what) != getattr(p, what):
                raise RuntimeError(
                    f"tangent:{i} with {what} {getattr(t, what)} in flattened pytree doesn't match "
                    f"the {what} {getattr(p, what)} of the corresponding primal."
                )


def _push_forward(
    inputs: Inputs, pulled: Any, tangents: Any, leaves: Any, seeds: Any, outputs: Any
) -> list[Any]:
    def as_batched(t: Any, like: Any) -> Any:
        for level in levels_of(like):
            t = with_batch(t, level)
        return t

    useful = [i for i, g in enumerate(pulled) if g is not None and g.history() is not None]
    roots = [as_batched(pulled[i], leaves[i]) for i in useful]
    given = [tangents[i] for i in useful]
    record = not inputs.matter_alone(roots) or not inputs.matter_alone(given)
    found = pull_back(
        roots, given, [as_batched(s, o) for s, o in zip(seeds, outputs, strict=True)],
        record=record, retain=True,
    )  # fmt: skip
    return [zeros_like(o) if t is None else t for t, o in zip(found, outputs, strict=True)]
