"""Calling a module with parameters and buffers that are not its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ops.join import stack
from ..tensor import Tensor

__all__ = ["functional_call", "stack_module_state"]


def functional_call(
    module: Any,
    parameter_and_buffer_dicts: Any,
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """``module(*args, **kwargs)`` with the tensors given by name in place of its own.

    Names are those of ``named_parameters`` and ``named_buffers``; with several dictionaries no name
    may come twice (ValueError).  With `tie_weights`, a tensor known under two names is replaced
    under both.  With `strict`, RuntimeError unless exactly the module's names are given.
    """
    given = _merged(parameter_and_buffer_dicts)
    places = dict(_places(module, ""))
    if strict:
        _check_names(type(module).__name__, given, places)
    if tie_weights:
        _tie(given, places)
    if args is None:
        args = ()
    elif not isinstance(args, tuple):
        args = (args,)
    before = []
    try:
        for name, value in given.items():
            if name not in places:
                continue  # as PyTorch does
            store, key = places[name]
            before.append((store, key, store[key]))
            store[key] = value
        return module(*args, **(kwargs or {}))
    finally:
        for store, key, value in reversed(before):
            store[key] = value


def _merged(dictionaries: Any) -> dict[str, Any]:
    if isinstance(dictionaries, dict):
        return dict(dictionaries)
    if not isinstance(dictionaries, Sequence) or not all(isinstance(d, dict) for d in dictionaries):
        raise ValueError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got "
            f"{type(dictionaries)}"
        )
    merged: dict[str, Any] = {}
    for d in dictionaries:
        repeated = merged.keys() & d.keys()
        if repeated:
            raise ValueError(
                f"{sorted(repeated)} appeared in multiple dictionaries; behavior of functional "
                "call is ambiguous"
            )
        merged.update(d)
    return merged


def _places(module: Any, prefix: str) -> Any:
    """(name, (the dictionary it is in, its key there)) of every parameter and buffer."""
    for store in (module._parameters, module._buffers):
        for key, value in store.items():
            if value is not None:
                yield prefix + key, (store, key)
    for name, child in module._modules.items():
        if child is not None:
            yield from _places(child, f"{prefix}{name}.")


def _tie(given: dict[str, Any], places: dict[str, Any]) -> None:
    """Give the other names of a tensor the replacement that one of its names has."""
    names: dict[int, list[str]] = {}
    for name, (store, key) in places.items():
        names.setdefault(id(store[key]), []).append(name)
    for same in names.values():
        replacements = [given[n] for n in same if n in given]
        if any(r is not replacements[0] for r in replacements):
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(same)}, which are tied. "
                "Consider using tie_weights=False"
            )
        if replacements:
            given.update(dict.fromkeys(same, replacements[0]))


def _check_names(kind: str, given: dict[str, Any], places: dict[str, Any]) -> None:
    unexpected, missing = sorted(given.keys() - places.keys()), sorted(places.keys() - given.keys())
    words = []
    if unexpected:
        words.append("Unexpected key(s): " + ", ".join(map(repr, unexpected)) + ".")
    if missing:
        words.append("Missing key(s): " + ", ".join(map(repr, missing)) + ".")
    if words:
        raise RuntimeError(f"Error(s) in reparametrizing for {kind}:\n\t" + "\n\t".join(words))


def stack_module_state(models: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(parameters, buffers) of models of one kind, each stacked along a new first dimension.

    Raises RuntimeError for no models, for different kinds, and unless all train or all evaluate.
    """
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({m.training for m in models}) > 1:
        raise RuntimeError(
            "stack_module_state: Expected all models to have the same training/eval mode."
        )
    if any(type(m) is not type(models[0]) for m in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    found = []
    for kind in ("named_parameters", "named_buffers"):
        columns = [dict(getattr(m, kind)()) for m in models]
        found.append({name: _stacked(name, [c[name] for c in columns]) for name in columns[0]})
    return found[0], found[1]


def _stacked(name: str, tensors: Sequence[Any]) -> Tensor:
    if all(t.requires_grad and t.is_leaf for t in tensors):
        out = stack([t.detach() for t in tensors])
        return out._require_grad()
    if any(t.requires_grad for t in tensors):
        raise RuntimeError(f"Expected {name} from each model to have the same .requires_grad")
    return stack(list(tensors))
