"""``torch.nn.functional``: the operations of networks, as functions, by kind."""

from .activation import (
    celu, celu_, elu, elu_, gelu, glu, gumbel_softmax, hardshrink, hardsigmoid, hardswish,
    hardtanh, hardtanh_, leaky_relu, leaky_relu_, log_softmax, logsigmoid, mish, prelu, relu, relu6,
    relu_, rrelu, rrelu_, selu, selu_, sigmoid, silu, softmax, softmin, softplus, softshrink,
    softsign, tanh, tanhshrink, threshold, threshold_,
)  # fmt: skip
from .linear import linear
from .loss import mse_loss
