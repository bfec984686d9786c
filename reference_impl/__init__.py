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
from .tensor import Size, Tensor
from .version import __version__

newaxis = None
_LAZY = (
    "amp", "distributions", "fft", "func", "nn", "optim", "signal", "special", "testing",
    "utils",
)  # fmt: skip
_AUTOCAST = ("autocast", "get_autocast_dtype", "is_autocast_enabled", "set_autocast_dtype",
             "set_autocast_enabled", "is_autocast_available")  # fmt: skip
_FROM = {"vmap": "func", **dict.fromkeys(_AUTOCAST, "amp.autocast_mode")}

ops.aliases.attach()
operators.attach()
globals().update(op.PUBLIC)
globals().update(layout.PUBLIC)
globals().update(dtypes.PUBLIC)  # last: ``torch.float`` and ``torch.int`` are dtypes


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
    if name in _FROM:
        return getattr(importlib.import_module(f"{__name__}.{_FROM[name]}"), name)
    raise AttributeError(f"module 'torch' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
