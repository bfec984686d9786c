"""SparseAdam: Adam for sparse gradients, of which this package has none."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from .per_parameter import PerParameter, check_settings

__all__ = ["SparseAdam"]


class SparseAdam(PerParameter):
    """Accepts what PyTorch's accepts; its step raises RuntimeError for dense gradients."""

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        check_settings(lr, eps=eps, betas=betas)
        if lr == 0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if eps == 0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        indices = [
            [i, j] for i, group in enumerate(self.param_groups)
            for j, p in enumerate(group["params"]) if p.is_complex()
        ]  # fmt: skip
        if indices:
            raise ValueError(
                f"Complex params at indices {indices}: SparseAdam does not support complex "
                "parameters"
            )

    def _start(self, p: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        raise RuntimeError(
            "SparseAdam does not support dense gradients, please consider Adam instead"
        )
