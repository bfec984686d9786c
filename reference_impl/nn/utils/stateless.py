"""Calling a module with other parameters than its own."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from ..modules.module import Module

__all__ = ["functional_call"]


def _owner(module: Module, path: str) -> tuple[Module, str]:
    at, _, name = path.rpartition(".")
    return module.get_submodule(at), name


def _swap(module: Module, name: str, value: Any) -> Any:
    """Put `value` where the parameter or buffer `name` is; returns what was there."""
    table = module._parameters if name in module._parameters else module._buffers
    before = table[name]
    table[name] = value
    return before


@contextlib.contextmanager
def _reparametrize_module(module: Module, tensors: Mapping[str, Any]) -> Iterator[None]:
    """Inside, the parameters and buffers named are those of `tensors`."""
    places = [(*_owner(module, path), value) for path, value in tensors.items()]
    before = [(owner, name, _swap(owner, name, value)) for owner, name, value in places]
    try:
        yield
    finally:
        for owner, name, value in reversed(before):
            _swap(owner, name, value)


def functional_call(
    module: Module, parameters_and_buffers: Mapping[str, Any], args: Any = None, kwargs: Any = None,
    *, tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """``module(*args, **kwargs)`` with the parameters and buffers of a dictionary."""
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be "
        "removed in a future version of PyTorch. Please use `torch.func.functional_call` instead "
        "which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    known: dict[str, Any] = dict(module.named_parameters(remove_duplicate=False))
    known |= dict(module.named_buffers(remove_duplicate=False))
    unknown = [k for k in parameters_and_buffers if k not in known]
    missing = [k for k in known if k not in parameters_and_buffers]
    if strict and (unknown or missing):
        lines = [
            f"{kind} key(s): {', '.join(map(repr, keys))}."
            for kind, keys in (("Unexpected", unknown), ("Missing", missing))
            if keys
        ]
        raise RuntimeError(
            f"Error(s) in reparametrizing for {module._get_name()}:\n\t" + "\n\t".join(lines)
        )
    given = {k: v for k, v in parameters_and_buffers.items() if k in known}
    if tie_weights:
        by_identity = {id(known[k]): v for k, v in given.items()}
        for name, value in known.items():
            if name not in given and id(value) in by_identity:
                given[name] = by_identity[id(value)]
    with _reparametrize_module(module, given):
        return module(*args, **(kwargs or {}))
