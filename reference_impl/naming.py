"""PyTorch's name of what this package keeps in another module.

``torch.nn.Dropout`` is ``torch.nn.modules.dropout.Dropout`` to ``print(type(m))`` and to the file
that ``torch.save(m)`` writes; here the class stands in ``nn/modules/shape.py``.  Whatever is not
listed has the same place in both.
"""

from __future__ import annotations

import functools
from typing import Any

_PACKAGE = __name__.rpartition(".")[0]

# PyTorch's module: the module here and what of it belongs there (all of it, where nothing is said).
_HOMES = """
torch: backend device
torch: dtypes dtype finfo iinfo
torch: layout layout memory_format
torch: tensor Size Tensor
torch.autograd.graph: autograd.node Node
torch.nn.modules.activation: nn.modules.transformer MultiheadAttention
torch.nn.modules.batchnorm: nn.modules.lazy LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d
torch.nn.modules.channelshuffle: nn.modules.shape ChannelShuffle
torch.nn.modules.conv: nn.modules.lazy LazyConv1d LazyConv2d LazyConv3d
torch.nn.modules.conv: nn.modules.lazy LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d
torch.nn.modules.distance: nn.modules.shape CosineSimilarity PairwiseDistance
torch.nn.modules.dropout: nn.modules.shape AlphaDropout Dropout Dropout1d Dropout2d Dropout3d
torch.nn.modules.dropout: nn.modules.shape FeatureAlphaDropout
torch.nn.modules.flatten: nn.modules.shape Flatten Unflatten
torch.nn.modules.fold: nn.modules.shape Fold Unfold
torch.nn.modules.instancenorm: nn.modules.batchnorm InstanceNorm1d InstanceNorm2d InstanceNorm3d
torch.nn.modules.instancenorm: nn.modules.lazy LazyInstanceNorm1d LazyInstanceNorm2d
torch.nn.modules.instancenorm: nn.modules.lazy LazyInstanceNorm3d
torch.nn.modules.linear: nn.modules.lazy LazyLinear
torch.nn.modules.linear_cross_entropy_options: nn.modules.adaptive LinearCrossEntropyOptions
torch.nn.modules.loss: nn.modules.adaptive LinearCrossEntropyLoss
torch.nn.modules.normalization: nn.modules.batchnorm GroupNorm LayerNorm LocalResponseNorm RMSNorm
torch.nn.modules.normalization: nn.modules.shape CrossMapLRN2d
torch.nn.modules.pixelshuffle: nn.modules.shape PixelShuffle PixelUnshuffle
torch.nn.modules.upsampling: nn.modules.shape Upsample UpsamplingBilinear2d UpsamplingNearest2d
torch.optim: optim._adafactor Adafactor
torch.optim: optim._muon Muon
torch.optim.lr_scheduler: optim.lr_scheduler.base
torch.optim.lr_scheduler: optim.lr_scheduler.combined
torch.optim.lr_scheduler: optim.lr_scheduler.cosine
torch.optim.lr_scheduler: optim.lr_scheduler.cycles
torch.optim.lr_scheduler: optim.lr_scheduler.decay
torch.optim.lr_scheduler: optim.lr_scheduler.plateau
torch.serialization: _weights_only_unpickler safe_globals
torch.utils.hooks: autograd.node RemovableHandle
"""


@functools.cache
def _homes() -> dict[tuple[str, str], str]:
    """PyTorch's module of (module, name) here; the name "" stands for all that have no line."""
    found: dict[tuple[str, str], str] = {}
    for line in filter(None, _HOMES.splitlines()):
        home, _, rest = line.partition(": ")
        module, *names = rest.split()
        found |= {(f"{_PACKAGE}.{module}", name): home for name in names or [""]}
    return found


@functools.cache
def residents(home: str) -> dict[str, str]:
    """What PyTorch has in its module `home` and this package in another, with that other."""
    return {name: module for (module, name), at in _homes().items() if at == home and name}


def torch_module(module: str, name: str) -> str:
    """Where PyTorch has what here is `name` in `module`; a foreign module stays what it is."""
    if module != _PACKAGE and not module.startswith(_PACKAGE + "."):
        return module
    same = "torch" + module.removeprefix(_PACKAGE)
    homes = _homes()
    return homes.get((module, name.partition(".")[0])) or homes.get((module, "")) or same


def torch_name(obj: Any) -> tuple[str, str]:
    """(module, name) under which PyTorch's files know an object of this package, or any other."""
    return torch_module(obj.__module__, obj.__qualname__), obj.__qualname__
