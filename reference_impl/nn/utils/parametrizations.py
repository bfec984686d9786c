"""Ready-made parametrisations: weight norm, spectral norm, orthogonal matrices."""

from __future__ import annotations

from typing import Any

from ... import dtypes, linalg
from ...autograd.grad_mode import no_grad
from ...op import PUBLIC
from ...tensor import Tensor
from .. import functional as F
from ..modules.module import Module
from . import parametrize

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def _weight_of(module: Module, name: str) -> Any:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


def norm_except_dim(v: Any, dim: int | None) -> Any:
    """The norm of each slice along `dim`, in a shape that broadcasts; of all if None."""
    if dim is None or dim == -1:
        return v.norm()
    axes = [d for d in range(v.ndim) if d != dim % v.ndim]
    return PUBLIC["norm"](v, 2, axes, True) if axes else v.abs()


class _WeightNorm(Module):
    """weight = g · v / |v|: length and direction apart (Salimans & Kingma 2016)."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Any, weight_v: Any) -> Any:
        return weight_v * (weight_g / norm_except_dim(weight_v, self.dim))

    def right_inverse(self, weight: Any) -> Any:
        return norm_except_dim(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int = 0) -> Module:
    """Train length and direction of a weight apart."""
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    return module


class _SpectralNorm(Module):
    """weight / σ, σ its largest singular value by power iteration (Miyato et al. 2018)."""

    def __init__(
        self, weight: Any, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12
    ) -> None:
        super().__init__()
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got "
                f"n_power_iterations={n_power_iterations}"
            )
        self.dim = dim if dim >= 0 else dim + weight.ndim
        self.eps = eps
        if weight.ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = self._matrix(weight)
            rows, columns = matrix.shape
            u = matrix.new_empty(rows).normal_(0, 1)
            v = matrix.new_empty(columns).normal_(0, 1)
            self.register_buffer("_u", F.normalize(u, dim=0, eps=eps))
            self.register_buffer("_v", F.normalize(v, dim=0, eps=eps))
            self._power_method(matrix, 15)

    def _matrix(self, weight: Any) -> Any:
        if self.dim != 0:
            rest = [d for d in range(weight.dim()) if d != self.dim]
            weight = weight.permute(self.dim, *rest)
        return weight.flatten(1)

    def _power_method(self, matrix: Any, times: int) -> None:
        with no_grad():
            matrix = matrix.detach()
            for _ in range(times):
                u = F.normalize(matrix.mv(self._v), dim=0, eps=self.eps)
                self._u.copy_(u)
                self._v.copy_(F.normalize(matrix.t().mv(u), dim=0, eps=self.eps))

    def forward(self, weight: Any) -> Any:
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = self._matrix(weight)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()
        return weight / PUBLIC["vdot"](u, matrix.mv(v))

    def right_inverse(self, value: Any) -> Any:
        return value


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12,
    dim: int | None = None,
) -> Module:  # fmt: skip
    """Keep the largest singular value of a weight at 1."""
    weight = _weight_of(module, name)
    if dim is None:
        transposed = type(module).__name__.startswith("ConvTranspose")
        dim = 1 if transposed else 0
    made = _SpectralNorm(weight, n_power_iterations, dim, eps)
    parametrize.register_parametrization(module, name, made)
    return module


_MAPS = ("matrix_exp", "cayley", "householder")


class _Orthogonal(Module):
    """The orthogonal factor that a trained matrix stands for, by one of three maps.

    With `use_trivialization` it is applied to a base, so that the parameters start at a point where
    the map is simple (Lezcano-Casado 2019).
    """

    def __init__(self, weight: Any, orthogonal_map: str, use_trivialization: bool) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape, self.orthogonal_map = weight.shape, orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x: Any) -> Any:
        wide = x.shape[-2] < x.shape[-1]
        x = x.mT if wide else x
        q = _by_householder(x) if self.orthogonal_map == "householder" else self._by_rotation(x)
        if "base" in self._buffers:
            q = self.base @ q
        return q.mT if wide else q

    def _by_rotation(self, x: Any) -> Any:
        """The exponential, or the Cayley transform, of the skew part of `x` (n, k)."""
        n, k = x.shape[-2:]
        x = x.tril()
        if n != k:
            filler = x.new_zeros(n, n - k).expand(*x.shape[:-2], -1, -1)
            x = PUBLIC["cat"]([x, filler], -1)
        a = x - x.mH
        if self.orthogonal_map == "matrix_exp":
            q = PUBLIC["matrix_exp"](a)
        else:
            eye = PUBLIC["eye"](n, dtype=a.dtype, device=a.device)
            add = PUBLIC["add"]
            q = linalg.solve(add(eye, a, alpha=-0.5), add(eye, a, alpha=0.5))
        return q[..., :k] if n != k else q

    @no_grad()
    def right_inverse(self, value: Any) -> Any:
        """The parameters for an orthogonal `value`; its base, if there is one, is set."""
        if value.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of "
                f"shape {value.shape}."
            )
        wide = value.shape[-2] < value.shape[-1]
        q = value.mT if wide else value
        if "base" in self._buffers:
            self.base = _completed(q)
            negative = PUBLIC["zeros_like"](value)
            negative.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
            return negative
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley "
                "parametrizations when use_trivialization=False."
            )
        a, tau = PUBLIC["geqrf"](q)
        a.diagonal(dim1=-2, dim2=-1).sign_()
        a.diagonal(dim1=-2, dim2=-1)[tau == 0.0] *= -1
        return a.mT if wide else a


def _by_householder(x: Any) -> Any:
    """The product of reflections whose vectors are below the diagonal, its columns signed."""
    a = x.tril(diagonal=-1)
    tau = 2.0 / (1.0 + (a * a).sum(dim=-2))
    return linalg.householder_product(a, tau) * x.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)


def _completed(q: Any) -> Any:
    """A square orthogonal matrix that begins with the columns of `q`, made so if need be."""
    n, k = q.shape[-2:]
    if n != k:
        rest = PUBLIC["randn"](*q.shape[:-2], n, n - k, dtype=q.dtype, device=q.device)
        return _made_orthogonal(PUBLIC["cat"]([q, rest], -1))
    eye = PUBLIC["eye"](k, dtype=q.dtype, device=q.device)
    near = 10.0 * n * dtypes.finfo(q.dtype).eps
    orthogonal = PUBLIC["allclose"](q.mH @ q, eye, atol=near)
    return q.clone() if orthogonal else _made_orthogonal(q)


def _made_orthogonal(a: Any) -> Any:
    """The Q of the QR decomposition in which R has a positive diagonal."""
    r, tau = PUBLIC["geqrf"](a)
    return linalg.householder_product(r, tau) * r.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *,
    use_trivialization: bool = True,
) -> Module:  # fmt: skip
    """Keep a weight orthogonal (or with orthonormal columns)."""
    weight = _weight_of(module, name)
    if weight.ndim < 2:
        raise ValueError(
            f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions."
        )
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1] or weight.is_complex()
        orthogonal_map = "matrix_exp" if square else "householder"
    if orthogonal_map not in _MAPS:
        raise ValueError(
            'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: '
            f"{orthogonal_map}"
        )
    made = _Orthogonal(weight, orthogonal_map, use_trivialization)
    parametrize.register_parametrization(module, name, made, unsafe=True)
    return module
