"""The modules of ``torch.nn``, by kind.  Each file's ``__all__`` says what it offers."""

from . import activation, container, linear, loss
from .activation import *
from .container import *
from .linear import *
from .loss import *
from .module import Module

__all__ = ["Module", *activation.__all__, *container.__all__, *linear.__all__, *loss.__all__]
