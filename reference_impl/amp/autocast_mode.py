"""``autocast``: inside, some operations run in lower precision, some in float32.

Which do is PyTorch's choice, by name, for each kind of device; all others run in the dtype of their
operands.  The casts are recorded operations like any other.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..autograd.grad_mode import AUTOCAST, mode
from ..backend import cuda_device_count, device
from ..dtypes import dtype
from ..tensor import Tensor

__all__ = ["autocast", "is_autocast_available"]

_PRODUCTS = frozenset({
    "mm", "bmm", "addmm", "addbmm", "baddbmm", "linear", "matmul", "prelu", "linalg_vecdot",
    "convolution", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "conv_tbc", "scaled_dot_product_attention", "mkldnn_rnn_layer",
})  # fmt: skip
_LOSSES = frozenset({
    "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "nll_loss", "nll_loss_nd",
    "cross_entropy_loss", "kl_div", "ctc_loss", "poisson_nll_loss", "hinge_embedding_loss",
    "cosine_embedding_loss", "margin_ranking_loss", "soft_margin_loss", "triplet_margin_loss",
    "multi_margin_loss", "multilabel_margin_loss", "binary_cross_entropy_with_logits",
})  # fmt: skip
_LOWER = {
    "cpu": _PRODUCTS,
    "cuda": _PRODUCTS | {"addmv", "addr", "mv", "chain_matmul"},
}
_FULL = {
    "cpu": _LOSSES | {
        "binary_cross_entropy", "prod", "quantile", "nanquantile", "cdist", "trace", "cholesky",
        "avg_pool3d", "max_pool3d", "adaptive_avg_pool3d", "adaptive_max_pool3d", "grid_sampler",
        "fractional_max_pool2d", "fractional_max_pool3d", "max_unpool2d", "max_unpool3d",
        "inverse", "polar", "stft", "lu_solve", "geqrf", "ormqr", "orgqr", "pinverse", "qr", "svd",
        "cholesky_inverse", "cholesky_solve", "triangular_solve", "view_as_complex",
        "linalg_cond", "linalg_matrix_rank", "linalg_solve", "linalg_cholesky", "linalg_svdvals",
        "linalg_eigvals", "linalg_eigvalsh", "linalg_inv", "linalg_householder_product",
        "linalg_tensorinv", "linalg_tensorsolve", "linalg_qr", "linalg_cholesky_ex", "linalg_svd",
        "linalg_eig", "linalg_eigh", "linalg_lstsq", "linalg_inv_ex", "linalg_solve_ex",
    },
    "cuda": _LOSSES | {
        "acos", "asin", "cosh", "erfinv", "exp", "expm1", "log", "log10", "log1p", "log2",
        "reciprocal", "rsqrt", "sinh", "tan", "pow", "softplus", "layer_norm", "group_norm", "norm",
        "cumprod", "cumsum", "dist", "pdist", "cdist", "renorm", "logsumexp", "prod", "softmax",
        "log_softmax", "sum", "softmin", "native_layer_norm",
    },
}  # fmt: skip
_WIDEST = frozenset({"cat", "stack", "index_copy", "addcmul", "addcdiv", "atan2", "bilinear"})

_enabled: dict[str, bool] = {}
_dtypes: dict[str, Any] = {}
_cache = [True]


def is_autocast_available(device_type: str) -> bool:
    """Whether there is an autocast for this kind of device."""
    return device(device_type).type in _LOWER


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    return _enabled.get(device_type, False)


def get_autocast_dtype(device_type: str) -> dtype:
    """The dtype of lower precision: bfloat16 on the CPU, float16 on CUDA, unless set."""
    found: Any = _dtypes.get(device_type)
    if found is None:
        found = getattr(dtypes, "bfloat16", None) if device_type == "cpu" else dtypes.float16
    return found


def set_autocast_enabled(device_type: str, enabled: bool) -> None:
    _enabled[device_type] = enabled
    on = any(_enabled.values())
    mode.state = mode.state | AUTOCAST if on else mode.state & ~AUTOCAST


def set_autocast_dtype(device_type: str, dtype: Any) -> None:
    _dtypes[device_type] = dtype


class autocast:
    """Context manager and decorator: operations on `device_type` run in mixed precision.

    Raises RuntimeError for an unknown kind of device; warns, and does nothing, for an unsupported
    dtype and for CUDA where there is none.
    """

    def __init__(
        self,
        device_type: str,
        dtype: Any = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        if not is_autocast_available(device_type):
            raise RuntimeError(
                f"User specified an unsupported autocast device_type '{device_type}'"
            )
        self.device = device_type
        self.fast_dtype = get_autocast_dtype(device_type) if dtype is None else dtype
        self._enabled = enabled and self._usable()
        self._cache_enabled = cache_enabled
        self._outer: list[tuple[bool, Any, bool]] = []

    def _usable(self) -> bool:
        if self.device == "cuda" and not cuda_device_count():
            warnings.warn(
                "CUDA is not available or torch_xla is imported. Disabling autocast.", stacklevel=3
            )
            return False
        supported = [getattr(dtypes, "bfloat16", None), dtypes.float16]
        if self.fast_dtype in supported:
            return True
        name = self.device.upper()
        warnings.warn(
            f"In {name} autocast, but the target dtype is not supported. Disabling autocast.\n"
            f"{name} Autocast only supports dtypes of torch.bfloat16, torch.float16 currently.",
            stacklevel=3,
        )
        return False

    def __enter__(self) -> autocast:
        before = (is_autocast_enabled(self.device), _dtypes.get(self.device), _cache[0])
        self._outer.append(before)
        if self._cache_enabled is not None:
            _cache[0] = self._cache_enabled
        set_autocast_dtype(self.device, self.fast_dtype)
        set_autocast_enabled(self.device, self._enabled)
        return self

    def __exit__(self, *exc: object) -> None:
        enabled, dtype, _cache[0] = self._outer.pop()
        set_autocast_dtype(self.device, dtype)
        set_autocast_enabled(self.device, enabled)

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(func):
            raise TypeError(
                f"autocast()(func) requires a callable, but got {type(func).__name__}. Did you "
                "mean to use autocast as a context manager? For example:\n"
                "    with torch.autocast(device_type=...):\n        output = model(input)"
            )

        @functools.wraps(func)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self:
                return func(*args, **kwargs)

        return inside


# ---------------------------------------------------------------- what operations ask


def cast_arguments(name: str, values: list[Any]) -> list[Any]:
    """The arguments of the operation `name` in the dtype that autocast runs it in."""
    tensors = [t for v in values for t in (v if type(v) in (list, tuple) else (v,))]
    kinds = {t.device.type for t in tensors if isinstance(t, Tensor)}
    kind = "cuda" if "cuda" in kinds else "cpu"
    if not _enabled.get(kind, False):
        return values
    wanted = _wanted(name, kind, tensors)
    if wanted is None:
        return values
    before = mode.state
    mode.state = before & ~AUTOCAST
    try:
        return [
            type(v)(_cast(t, wanted) for t in v) if type(v) in (list, tuple) else _cast(v, wanted)
            for v in values
        ]
    finally:
        mode.state = before


def _wanted(name: str, kind: str, tensors: list[Any]) -> dtype | None:
    if name in _LOWER[kind]:
        return get_autocast_dtype(kind)
    if name in _FULL[kind] or (kind == "cpu" and name.startswith("fft_")):
        return dtypes.float32
    if name in _WIDEST:
        found = {t.dtype for t in tensors if isinstance(t, Tensor)}
        return dtypes.float32 if dtypes.float32 in found and len(found) > 1 else None
    return None


def _cast(t: Any, wanted: dtype) -> Any:
    """A floating tensor, but not a double, in the wanted dtype."""
    eligible = isinstance(t, Tensor) and t.dtype.is_floating_point and t.dtype is not dtypes.float64
    return t.to(wanted) if eligible and t.dtype is not wanted else t  # type: ignore[attr-defined]
