"""``torch.nn.functional``: the operations of networks, as functions, by kind."""

from .activation import (
    celu, celu_, elu, elu_, gelu, glu, gumbel_softmax, hardshrink, hardsigmoid, hardswish,
    hardtanh, hardtanh_, leaky_relu, leaky_relu_, log_softmax, logsigmoid, mish, prelu, relu, relu6,
    relu_, rrelu, rrelu_, selu, selu_, sigmoid, silu, softmax, softmin, softplus, softshrink,
    softsign, tanh, tanhshrink, threshold, threshold_,
)  # fmt: skip
from .classification import (
    cosine_embedding_loss, cross_entropy, hinge_embedding_loss, linear_cross_entropy,
    margin_ranking_loss, multi_margin_loss, multilabel_margin_loss, multilabel_soft_margin_loss,
    nll_loss, triplet_margin_loss, triplet_margin_with_distance_loss,
)  # fmt: skip
from .distance import cosine_similarity, normalize, pairwise_distance, pdist
from .linear import linear
from .loss import (
    binary_cross_entropy, binary_cross_entropy_with_logits, gaussian_nll_loss, huber_loss, kl_div,
    l1_loss, mse_loss, poisson_nll_loss, smooth_l1_loss, soft_margin_loss,
)  # fmt: skip
