"""The modules of ``torch.nn``, by kind."""

from .activation import *
from .container import *
from .linear import *
from .loss import *
from .module import Module

__all__ = ["Module"]
