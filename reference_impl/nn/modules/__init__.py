"""The modules of ``torch.nn``, by kind.  Each file's ``__all__`` says what it offers."""

from . import activation, batchnorm, container, conv, linear, loss, padding, pooling, rnn, shape, sparse
from .activation import *
from .batchnorm import *
from .container import *
from .conv import *
from .linear import *
from .loss import *
from .module import Module
from .padding import *
from .pooling import *
from .rnn import *
from .shape import *
from .sparse import *

__all__ = [
    "Module", *activation.__all__, *batchnorm.__all__, *container.__all__, *conv.__all__,
    *linear.__all__, *loss.__all__, *padding.__all__, *pooling.__all__, *rnn.__all__, *shape.__all__,
    *sparse.__all__,
]  # fmt: skip
