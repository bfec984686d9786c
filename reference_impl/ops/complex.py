"""Complex numbers: their parts, conjugates and polar form.

Rules follow PyTorch's convention: the gradient of a real loss is its derivative by the conjugate,
so a holomorphic f contributes ``grad * conj(f'(z))``.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from .. import dtypes, errors, layout
from ..backend import xp_of
from ..op import check_tensors, composite, op, pointwise
from ..op import view as view_op
from ..storage import storage_of
from ..tensor import Tensor
from .rules import is_complex, zeros

_REAL_SCALARS = {np.float32, np.float64, float, int}
_COMPLEX_OF = {"f": "c8", "d": "c16", "e": "c8"}


@pointwise(self=lambda grad: conj(grad), inplace=False, node="ConjBackward0",
           method=False, function=False)  # fmt: skip
def _conj(xp, self):
    return xp.conj(self)


def conj(self: Any) -> Any:
    """The complex conjugate; `self` itself, at no cost, where it is real.  Rules use it on arrays
    and on numbers too."""
    kind = type(self)
    if kind is np.ndarray:  # most rules' case, kept short
        return np.conj(self) if self.dtype.kind == "c" else self
    if kind in _REAL_SCALARS:
        return self
    if not is_complex(self):
        return self
    return self.conjugate() if isinstance(self, builtins.complex) else _conj(self)


composite(conj)


@pointwise(self=lambda grad: conj_physical(grad), inplace=False, method=False, function=False)
def _conj_physical(xp, self):
    return xp.conj(self)


@op(self=lambda grad: conj_physical(grad), node="ConjPhysicalBackward1", name="conj_physical",
    inplace="only")  # fmt: skip
def _conj_physical_in_place(xp, self):
    return xp.conj(self) if self.dtype.kind == "c" else self.copy()


@composite
def conj_physical(self: Any) -> Any:
    """The complex conjugate, computed at once."""
    return _conj_physical(self) if is_complex(self) else self


def _packed(grad: Any) -> Any:
    """`grad` with the two parts of each number side by side in memory."""
    return grad.contiguous() if isinstance(grad, Tensor) else xp_of(grad).ascontiguousarray(grad)


@view_op(self=lambda grad: view_as_complex(_packed(grad)))
def view_as_real(xp, self):
    """A complex tensor as a real one of shape (..., 2) that shares its memory.

    Raises RuntimeError for a real tensor.
    """
    if self.dtype.kind != "c":
        raise RuntimeError("view_as_real is only supported for complex tensors")
    self = xp.asarray(self)  # a NumPy scalar's real part has no neighbour in memory
    step = self.itemsize // 2
    shape, strides = (*self.shape, 2), (*self.strides, step)
    return xp.lib.stride_tricks.as_strided(self.real, shape, strides)


@view_op(self=lambda grad: view_as_real(grad))
def view_as_complex(xp, self):
    """A real tensor of shape (..., 2) as a complex one that shares its memory.

    Raises RuntimeError for another shape or dtype.
    """
    if self.dtype.kind != "f" or self.itemsize == 2:  # NumPy has no complex halves
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a "
            f"tensor of scalar type: {errors.scalar_type(dtypes.of(self.dtype))}"
        )
    if self.ndim == 0:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if self.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    if self.size and self.strides[-1] != self.itemsize:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    if self.size and any(stride // self.itemsize % 2 for stride in self.strides[:-1]):
        raise RuntimeError("Tensor must have a stride divisible by 2 for all but last dimension")
    if self.base is not None and storage_of(self)[1] % 2:
        raise RuntimeError("Tensor must have a storage_offset divisible by 2")
    return self.view(_COMPLEX_OF[self.dtype.char])[..., 0]


@composite(method=False)
def real(self: Any) -> Any:
    """The real part, a view; `self` itself where it is real."""
    if not is_complex(self):
        return self
    return view_as_real(self).select(-1, 0) if isinstance(self, Tensor) else self.real


@composite(method=False)
def imag(self: Any) -> Any:
    """The imaginary part, a view.  Raises RuntimeError for a real tensor."""
    if not is_complex(self):
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return view_as_real(self).select(-1, 1) if isinstance(self, Tensor) else self.imag


def _set_real(self: Tensor, value: Any) -> None:
    real(self).copy_(value)  # type: ignore[attr-defined]


def _set_imag(self: Tensor, value: Any) -> None:
    imag(self).copy_(value)  # type: ignore[attr-defined]


Tensor.real = property(real, _set_real)  # type: ignore[attr-defined]
Tensor.imag = property(imag, _set_imag)  # type: ignore[attr-defined]


def _angle_rule(grad: Any, self: Any) -> Any:
    """A real number's angle is a step function; arctan2's derivative otherwise, 0 at 0."""
    if not is_complex(self):
        return zeros(grad)
    size = abs_(self)
    return where(size == 0, 0, grad * self / (size * size) * 1j)


@pointwise(self=_angle_rule, promote="float", inplace=False)
def angle(xp, self):
    """The angle in the complex plane; of real numbers 0 or pi, nan for nan."""
    if self.dtype.kind == "c":
        return xp.angle(self)
    plain = xp.where(self < 0, self.dtype.type(np.pi), self.dtype.type(0))
    return xp.where(xp.isnan(self), self, plain)


def _paired(op: Any, xp: Any, arrays: list[Any]) -> None:
    """Check the two real operands of `complex` and `polar`."""
    check_tensors(op, arrays)
    first, second = (dtypes.of(a.dtype) for a in arrays[:2])
    if not (first.is_floating_point and second.is_floating_point):
        raise RuntimeError(
            "Expected both inputs to be Half, Float or Double tensors but got "
            f"{errors.scalar_type(first)} and {errors.scalar_type(second)}"
        )
    if "bfloat16" in (first.name, second.name):  # which a browser has not
        raise RuntimeError(
            "Expected both inputs to be Half, Float or Double tensors but got "
            f"{errors.scalar_type(first)} and {errors.scalar_type(second)}"
        )
    if first.itemsize == 2 and op.name == "polar":
        raise errors.not_implemented_for("polar_cpu", first)
    if first.itemsize == 2:
        raise NotImplementedError(
            "the reference has no complex32, as NumPy has no complex halves: use float32 parts"
        )
    if first is not second:
        raise RuntimeError(
            f"Expected object of scalar type {errors.scalar_type(first)} but got scalar type "
            f"{errors.scalar_type(second)} for second argument"
        )


def _joined(xp: Any, re: Any, im: Any) -> Any:
    """re + 1j * im, exact where either is inf or nan."""
    re, im = (re, im) if re.shape == im.shape else xp.broadcast_arrays(re, im)
    out = layout.empty_like(re, _COMPLEX_OF[re.dtype.char])
    out.real, out.imag = re, im
    return out


@op(real=lambda grad: real(grad), imag=lambda grad: imag(grad), prepare=_paired,
    operands=("real", "imag"), method=False)  # fmt: skip
def complex(xp, real, imag):
    """The complex tensor real + 1j * imag of two float tensors."""
    return _joined(xp, real, imag)


def _polar_rule(grad: Any, abs: Any, angle: Any, result: Any, needs: Any) -> Any:
    turned = conj(grad) * result
    size = real(conj(grad) * sgn(result)) if needs[0] else None
    return size, real(turned * 1j) if needs[1] else None


@op(joint=(("abs", "angle"), _polar_rule), prepare=_paired, method=False)
def polar(xp, abs, angle):
    """The complex tensor abs * exp(1j * angle) of two float tensors."""
    return _joined(xp, abs * xp.cos(angle), abs * xp.sin(angle))


def _sgn_rule(grad: Any, self: Any, result: Any) -> Any:
    """Derivative of z / |z|: what is left of grad across the direction of z, over |z|; 0 at 0."""
    if not is_complex(self):
        return zeros(grad)
    size = abs_(self)
    along = real(grad / result) * result
    return where(size == 0, 0, (grad - along) / size)


@pointwise(self=_sgn_rule)
def sgn(xp, self):
    """The sign; of a complex number z / |z|, 0 at 0."""
    if self.dtype == np.bool_:
        return self.copy()
    if self.dtype.kind != "c":
        return xp.where(self != self, self.dtype.type(0), xp.sign(self))
    size = xp.abs(self)
    return xp.where(size == 0, self.dtype.type(0), self / xp.where(size == 0, 1, size))


@composite
def is_conj(self: Any) -> bool:
    """Whether the tensor is lazily conjugated: never here, conjugates are computed at once."""
    return False


@composite
def is_neg(self: Any) -> bool:
    """Whether the tensor is lazily negated: never here."""
    return False


@composite
def resolve_conj(self: Any) -> Any:
    """The tensor itself: conjugates are computed at once."""
    return self


@composite
def resolve_neg(self: Any) -> Any:
    """The tensor itself: negatives are computed at once."""
    return self


from .arithmetic import abs as abs_  # noqa: E402 - arithmetic's rules need conj first
from .selection import where  # noqa: E402
