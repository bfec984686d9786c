"""Write down what a block left behind, through PyTorch's public interface alone.

So the same lines record real PyTorch and the reference. Recording must not change what it
records: it runs under `no_grad`, detaches, and never touches a `.grad` that would warn.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

from crossgrad.record import TensorRecord, Values

_DEPTH = 2  # of containers that are searched for tensors
_WIDTH = 100  # entries of one container

_PLAIN = {
    *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
}


class Recorder:
    """Follows the tensors of one namespace from block to block."""

    def __init__(self, torch: ModuleType) -> None:
        self.torch = torch
        self._last: dict[str, TensorRecord] = {}

    def changed(self, namespace: dict[str, Any]) -> dict[str, TensorRecord]:
        """The tensors that are new or no longer what they were, by name."""
        with warnings.catch_warnings(), self.torch.no_grad():
            warnings.simplefilter("ignore")
            now = {name: self.record(t) for name, t in self.tensors(namespace)}
        changed = {name: t for name, t in now.items() if self._last.get(name) != t}
        self._last = now
        return changed

    def tensors(self, namespace: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """Each tensor that a name of the page reaches: bound, in a container, in a module."""
        for name, value in list(namespace.items()):
            if not name.startswith("__"):
                yield from self._search(name, value, _DEPTH)

    def _search(self, name: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
        if isinstance(value, self.torch.Tensor):
            yield name, value
        elif isinstance(value, self.torch.nn.Module):
            yield from ((f"{name}.{part}", t) for part, t in value.named_parameters())
            yield from ((f"{name}.{part}", t) for part, t in value.named_buffers())
        elif depth and type(value) in (list, tuple, dict) and len(value) <= _WIDTH:
            items = value.items() if isinstance(value, dict) else enumerate(value)
            for key, item in list(items):
                yield from self._search(f"{name}[{key!r}]", item, depth - 1)

    def record(self, tensor: Any) -> TensorRecord:
        """One tensor; what cannot be read of it becomes the record's `problem`."""
        record = TensorRecord(
            dtype=str(tensor.dtype).removeprefix("torch."), shape=[int(n) for n in tensor.shape]
        )
        try:
            record.requires_grad = bool(tensor.requires_grad)
            record.is_leaf = bool(tensor.is_leaf)
            record.grad_fn = None if tensor.grad_fn is None else tensor.grad_fn.name()
            record.value = Values.of(self.array(tensor))
            if (tensor.is_leaf or tensor.retains_grad) and tensor.grad is not None:
                record.grad = self.record(tensor.grad)
        except Exception as error:  # whatever fails here is a fact about the witness
            record.problem = f"{type(error).__name__}: {error}"
        return record

    def array(self, tensor: Any) -> np.ndarray[Any, Any]:
        """The tensor's values; types that NumPy lacks come widened."""
        torch = self.torch
        tensor = tensor.detach()
        if tensor.layout != torch.strided:
            tensor = tensor.to_dense()
        if str(tensor.dtype).removeprefix("torch.") not in _PLAIN:
            tensor = tensor.to(torch.complex64 if tensor.is_complex() else torch.float32)
        return np.asarray(tensor.cpu().resolve_conj().resolve_neg().numpy())


class BackwardPasses:
    """Notes each backward pass that the page's own code starts."""

    def __init__(self, torch: ModuleType, is_page: Callable[[str], bool]) -> None:
        self._is_page = is_page
        self._seen: list[str] = []
        for owner, name in [
            (torch.Tensor, "backward"),
            (torch.autograd, "backward"),
            (torch.autograd, "grad"),
        ]:
            self._watch(owner, name)

    def take(self) -> list[str]:
        """The passes since the last call, one line each."""
        seen, self._seen = self._seen, []
        return seen

    def _watch(self, owner: Any, name: str) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            if self._is_page(sys._getframe(1).f_code.co_filename):
                self._seen.append(f"{name} from {_roots(args, kwargs)}")
            return original(*args, **kwargs)

        setattr(owner, name, watched)


def _roots(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    roots: Any = args[0] if args else kwargs.get("tensors", kwargs.get("outputs"))
    texts = []
    for root in roots if isinstance(roots, (list, tuple)) else [roots]:
        with contextlib.suppress(AttributeError):
            node = "a leaf" if root.grad_fn is None else root.grad_fn.name()
            texts.append(f"{node} {tuple(root.shape)}")
    return ", ".join(texts)
