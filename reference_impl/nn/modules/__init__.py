"""The modules of ``torch.nn``, by kind.  Each file's ``__all__`` says what it offers."""

from ...missing import names_of
from . import (
    activation,
    adaptive,
    batchnorm,
    container,
    conv,
    lazy,
    linear,
    loss,
    padding,
    pooling,
    rnn,
    shape,
    sparse,
    transformer,
)
from .activation import *
from .adaptive import *
from .batchnorm import *
from .container import *
from .conv import *
from .lazy import *
from .linear import *
from .loss import *
from .module import Module
from .padding import *
from .pooling import *
from .rnn import *
from .shape import *
from .sparse import *
from .transformer import *

_FILES = (
    activation, adaptive, batchnorm, container, conv, lazy, linear, loss, padding, pooling, rnn,
    shape, sparse, transformer,
)  # fmt: skip
__all__ = ["Module", *(name for file in _FILES for name in file.__all__)]

__getattr__ = names_of(__name__)
