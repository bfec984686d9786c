"""Ready-made parametrisations: weight norm, spectral norm, orthogonal matrices."""

from __future__ import annotations

from typing import Any

from ...autograd.grad_mode import no_grad
from ...op import PUBLIC
from .. import functional as F
from ..modules.module import Module
from . import parametrize

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


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
    weight = getattr(module, name)
    if dim is None:
        transposed = type(module).__name__.startswith("ConvTranspose")
        dim = 1 if transposed else 0
    made = _SpectralNorm(weight, n_power_iterations, dim, eps)
    parametrize.register_parametrization(module, name, made)
    return module


class _Orthogonal(Module):
    """The orthogonal factor of a trained matrix's exponential or Cayley transform."""

    def __init__(self, weight: Any, orthogonal_map: str) -> None:
        super().__init__()
        self.orthogonal_map = orthogonal_map
        base = PUBLIC["eye"](weight.shape[-2], dtype=weight.dtype)
        from .. import init

        with no_grad():
            base = init.orthogonal_(weight.new_empty(weight.shape))
        self.register_buffer("base", base)

    def forward(self, x: Any) -> Any:
        n, k = x.shape[-2:]
        wide = n < k
        if wide:
            x, n, k = x.mT, k, n
        a = x.tril()
        if n != k:
            a = PUBLIC["cat"]([a, a.new_zeros(n, n - k)], 1)
        a = a - a.mH
        if self.orthogonal_map == "matrix_exp":
            q = PUBLIC["matrix_exp"](a)
        else:
            from ... import linalg

            eye = PUBLIC["eye"](n, dtype=a.dtype)
            q = linalg.solve(eye + a * -0.5, eye + a * 0.5)
        q = q[:, :k] if n != k else q
        base = self.base.mT if wide else self.base
        full = q if base.shape[0] != q.shape[-1] else base @ q
        return full.mT if wide else full


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *,
    use_trivialization: bool = True,
) -> Module:  # fmt: skip
    """Keep a weight orthogonal (or with orthonormal columns)."""
    weight = getattr(module, name)
    if weight.ndim < 2:
        raise ValueError(
            f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions."
        )
    chosen = orthogonal_map or "matrix_exp"
    if chosen not in ("matrix_exp", "cayley", "householder"):
        raise ValueError(
            'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: '
            f"{orthogonal_map}"
        )
    parametrize.register_parametrization(module, name, _Orthogonal(weight, chosen), unsafe=True)
    return module
