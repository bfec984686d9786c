"""Moving and casting a module: its parameters, their gradients and its buffers in place."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Self

from ...autograd.grad_mode import no_grad
from ...tensor import Tensor

_COMPLEX = (
    "Complex modules are a new feature under active development whose design may change, and some "
    "modules might not work as expected when using complex tensors as parameters or buffers. "
    "Please file an issue at https://github.com/pytorch/pytorch/issues/new?"
    "template=bug-report.yml if a complex module does not work as expected."
)


class Casting:
    """The part of ``Module`` that changes the dtype and the device of what it holds."""

    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    children: Callable[[], Any]

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the data of every parameter, gradient and buffer by ``fn`` of it."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        for p in self._parameters.values():
            if p is None:
                continue
            with no_grad():
                p.data = fn(p)
                if p._grad is not None:
                    p._grad.data = fn(p._grad)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move to a device and/or cast floating-point parameters and buffers to a dtype."""
        from ...ops.convert import targets

        dtype, device = targets(
            args, kwargs.get("dtype"), kwargs.get("device"), kwargs.get("tensor")
        )
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, but got desired "
                f"dtype={dtype}"
            )
        if dtype is not None and dtype.is_complex:
            warnings.warn(_COMPLEX, stacklevel=2)

        def convert(t: Any) -> Any:
            cast = dtype if t.is_floating_point() or t.is_complex() else None
            return t.to(device=device, dtype=cast)

        return self._apply(convert)

    def cpu(self) -> Self:
        return self._apply(lambda t: t.cpu())  # type: ignore[attr-defined]

    def cuda(self, device: Any = None) -> Self:
        return self._apply(lambda t: t.cuda(device))  # type: ignore[attr-defined]

    def type(self, dst_type: Any) -> Self:
        return self._apply(lambda t: t.type(dst_type))  # type: ignore[attr-defined]

    def _cast(self, name: str) -> Self:
        return self._apply(
            lambda t: getattr(t, name)() if t.is_floating_point() else t  # type: ignore[attr-defined]
        )

    def float(self) -> Self:
        return self._cast("float")

    def double(self) -> Self:
        return self._cast("double")

    def half(self) -> Self:
        return self._cast("half")

    def bfloat16(self) -> Self:
        return self._cast("bfloat16")

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Move without keeping the values."""
        from ...ops.create import empty_like

        return self._apply(lambda t: empty_like(t, device=device), recurse)

    def share_memory(self) -> Self:
        """Here memory is never shared between processes: checks as PyTorch does, no more."""
        return self._apply(lambda t: t.share_memory_())  # type: ignore[attr-defined]
