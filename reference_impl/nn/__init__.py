"""``torch.nn``: networks as trees of modules."""

from . import functional, init, parameter
from .modules import *
from .parameter import Buffer, Parameter

__all__ = ["Buffer", "Parameter", "functional", "init", "parameter"]
