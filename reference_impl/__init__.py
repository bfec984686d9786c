"""PyTorch's tensor and autograd API on NumPy and CuPy: ``import reference_impl as torch``.

Whatever PyTorch calls ``torch.x`` is here under that name: the operations declared in ``ops/``, the
dtypes, and the public names of the modules below.  Submodules such as ``nn`` load on first use.
"""

from __future__ import annotations

import importlib
from math import e, inf, nan, pi
from typing import Any

from . import autograd  # first: the engine and the tensor need each other  # isort: skip
from . import (
    cuda,
    dtypes,
    layout,
    linalg,
    missing,
    op,
    operators,
    ops,
    overrides,
    printing,
    random,
    return_types,
    serialization,
    settings,
    version,
)
from .autograd import enable_grad, inference_mode, no_grad, set_grad_enabled
from .autograd.anomaly_mode import (
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    set_anomaly_enabled,
)
from .autograd.grad_mode import is_grad_enabled, is_inference_mode_enabled
from .backend import device
from .dtypes import dtype, finfo, iinfo
from .printing import set_printoptions
from .random import (
    Generator,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from .serialization import load, save
from .settings import *
from .symbolic import *
from .tensor import Size, Tensor
from .version import __version__

newaxis = None
has_lapack = has_spectral = True
has_mkl = has_openmp = False
legacy_contiguous_format = layout.PUBLIC["contiguous_format"]
_LAZY = (
    "accelerator", "amp", "backends", "compiler", "cpu", "fft", "func", "functional", "jit",
    "masked", "mps", "multiprocessing", "nn", "optim", "profiler", "signal", "special", "testing",
    "torch_version", "types", "utils",
)  # fmt: skip
_AUTOCAST = ("autocast", "get_autocast_dtype", "is_autocast_enabled", "set_autocast_dtype",
             "set_autocast_enabled", "is_autocast_available")  # fmt: skip
_FUNCTIONAL = (  # operations of networks that the torch namespace has too
    "adaptive_avg_pool1d", "avg_pool1d", "bilinear", "celu", "celu_", "channel_shuffle", "conv1d",
    "conv2d", "conv3d", "conv_tbc", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "cosine_similarity", "feature_dropout", "max_pool1d", "max_pool2d", "max_pool3d",
    "native_channel_shuffle", "pairwise_distance", "pdist", "pixel_shuffle", "pixel_unshuffle",
    "rms_norm", "rrelu", "rrelu_", "selu", "selu_", "threshold", "threshold_",
)  # fmt: skip
_NATIVE = (  # the same again, under signatures of their own
    "adaptive_max_pool1d", "affine_grid_generator", "alpha_dropout", "alpha_dropout_",
    "batch_norm", "binary_cross_entropy_with_logits", "convolution", "cosine_embedding_loss",
    "ctc_loss", "dropout", "dropout_", "embedding", "embedding_bag", "embedding_renorm_",
    "feature_alpha_dropout", "feature_alpha_dropout_", "feature_dropout_", "group_norm", "gru",
    "gru_cell", "hinge_embedding_loss", "instance_norm", "kl_div", "layer_norm", "lstm",
    "lstm_cell", "margin_ranking_loss", "native_dropout", "norm_except_dim", "poisson_nll_loss",
    "rnn_relu", "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell", "triplet_margin_loss",
)  # fmt: skip
_AUTOCAST_BEFORE = (
    "clear_autocast_cache", "get_autocast_cpu_dtype", "get_autocast_gpu_dtype",
    "is_autocast_cache_enabled", "is_autocast_cpu_enabled", "set_autocast_cache_enabled",
    "set_autocast_cpu_dtype", "set_autocast_cpu_enabled", "set_autocast_gpu_dtype",
)  # fmt: skip
_STORAGES = (
    "BFloat16Storage", "BoolStorage", "ByteStorage", "CharStorage", "ComplexDoubleStorage",
    "ComplexFloatStorage", "DoubleStorage", "FloatStorage", "HalfStorage", "IntStorage",
    "LongStorage", "ShortStorage", "Storage", "TypedStorage",
)  # fmt: skip
_FROM = {
    "GradScaler": "amp",
    "compile": "compiler",
    "max_pool1d_with_indices": "nn.functional",
    "vmap": "func",
    "windows": "signal",
    **dict.fromkeys(_AUTOCAST, "amp.autocast_mode"),
    **dict.fromkeys(_AUTOCAST_BEFORE, "amp.deprecated"),
    **dict.fromkeys(_FUNCTIONAL, "nn.functional"),
    **dict.fromkeys(_STORAGES, "typed_storage"),
    "UntypedStorage": "storage",
    "to_dlpack": "utils.dlpack",
    **dict.fromkeys(_NATIVE, "nn.native"),
}

ops.aliases.attach()
operators.attach()
globals().update(op.PUBLIC)
globals().update(layout.PUBLIC)
globals().update(dtypes.PUBLIC)  # last: ``torch.float`` and ``torch.int`` are dtypes
missing.attach(Tensor)


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _FROM:
        return getattr(importlib.import_module(f"{__name__}.{_FROM[name]}"), name)
    return missing.lookup("torch", name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
