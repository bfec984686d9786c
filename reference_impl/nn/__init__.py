"""``torch.nn``: networks as trees of modules."""

from ..missing import names_of
from . import functional, init, modules, parameter, utils
from .modules import *
from .parameter import Buffer, Parameter, UninitializedBuffer, UninitializedParameter

__all__ = [
    *modules.__all__, "Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter",
    "functional", "init", "modules", "parameter", "utils",
]  # fmt: skip

__getattr__ = names_of(__name__)
