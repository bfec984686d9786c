"""Functions of networks that ``torch`` has under C++'s own signatures, beside ``nn.functional``'s.

torch.ctc_loss(..., reduction=1)             F.ctc_loss(..., reduction="mean")
torch.lstm(input, (hx, cx), params, ...)     nn.LSTM(...)(input, (hx, cx))
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from ..dtypes import bool_
from ..op import PUBLIC, composite, op
from ..tensor import Tensor
from . import functional as F
from .functional.adaptive import adaptive_max_pool1d_with_indices
from .functional.dropout import _dropped
from .functional.embedding import _renormalise
from .modules.module import Module
from .modules.rnn import _STEPS, RNNBase

_REDUCTIONS = ("none", "mean", "sum")
_native = composite(method=False, function=False)


# ---------------------------------------------------------------- dropout


@_native
def dropout(input: Any, p: float, train: bool) -> Any:
    """``F.dropout``, with no defaults."""
    return F.dropout(input, p, train)


@_native
def dropout_(input: Any, p: float, train: bool) -> Any:
    """``dropout`` in place."""
    return F.dropout(input, p, train, inplace=True)


@_native
def alpha_dropout(input: Any, p: float, train: bool) -> Any:
    """``F.alpha_dropout``, with no defaults."""
    return F.alpha_dropout(input, p, train)


@_native
def alpha_dropout_(input: Any, p: float, train: bool) -> Any:
    """``alpha_dropout`` in place."""
    return F.alpha_dropout(input, p, train, inplace=True)


@_native
def feature_dropout_(input: Any, p: float, train: bool) -> Any:
    """``feature_dropout`` in place."""
    return _dropped(input, p, train, True, feature=True)


@_native
def feature_alpha_dropout(input: Any, p: float, train: bool) -> Any:
    """``F.feature_alpha_dropout``, with no defaults."""
    return F.feature_alpha_dropout(input, p, train)


@_native
def feature_alpha_dropout_(input: Any, p: float, train: bool) -> Any:
    """``feature_alpha_dropout`` in place."""
    return F.feature_alpha_dropout(input, p, train, inplace=True)


@_native
def native_dropout(input: Any, p: float, train: bool | None) -> tuple[Any, Any]:
    """(``dropout`` of the input, what was kept)."""
    if train is False or input.numel() == 0:
        kept = PUBLIC["ones_like"](input.detach(), dtype=bool_)
        return _scaled(input, kept, 1.0), kept
    kept = PUBLIC["empty_like"](input.detach()).bernoulli_(1 - p) > 0
    return _scaled(input, kept, 0.0 if p == 1 else 1.0 / (1.0 - p)), kept


@op(
    self=lambda grad, kept, scale: grad * kept * scale, name="native_dropout", method=False,
    function=False,
)  # fmt: skip
def _scaled(xp, self, kept, scale):
    return self * kept * self.dtype.type(scale)


# ---------------------------------------------------------------- layers


@_native
def convolution(
    input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any,
    transposed: bool, output_padding: Any, groups: int,
) -> Any:  # fmt: skip
    """A convolution, or a transposed one, over as many dimensions as the input has beyond two."""
    count = input.ndim - 2
    if not transposed:
        forward = (F.conv1d, F.conv2d, F.conv3d)[count - 1]
        return forward(input, weight, bias, tuple(stride), tuple(padding), tuple(dilation), groups)
    back = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[count - 1]
    return back(
        input, weight, bias, tuple(stride), tuple(padding), tuple(output_padding), groups,
        tuple(dilation),
    )  # fmt: skip


@_native
def adaptive_max_pool1d(input: Any, output_size: Any) -> tuple[Any, Any]:
    """(largest elements, their indices)."""
    found: tuple[Any, Any] = adaptive_max_pool1d_with_indices(input, output_size)
    return found


@_native
def affine_grid_generator(theta: Any, size: Sequence[int], align_corners: bool) -> Any:
    """``F.affine_grid``, with no default."""
    return F.affine_grid(theta, list(size), align_corners)


@_native
def embedding(
    weight: Any, indices: Any, padding_idx: int = -1, scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:  # fmt: skip
    """``F.embedding`` with the table first; a `padding_idx` of -1 is none."""
    padding = None if padding_idx == -1 else padding_idx
    return F.embedding(
        indices, weight, padding, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse
    )


@_native
def embedding_renorm_(input: Any, indices: Any, max_norm: float, norm_type: float) -> Any:
    """Scale the rows at `indices` whose norm is above `max_norm` down to it, in place."""
    _renormalise(input, indices, max_norm, norm_type)
    return input


@_native
def batch_norm(
    input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, training: bool,
    momentum: float, eps: float, cudnn_enabled: bool,
) -> Any:  # fmt: skip
    """``F.batch_norm``, with no defaults."""
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


@_native
def instance_norm(
    input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any,
    use_input_stats: bool, momentum: float, eps: float, cudnn_enabled: bool,
) -> Any:  # fmt: skip
    """``F.instance_norm``, with no defaults."""
    return F.instance_norm(
        input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
    )


@_native
def layer_norm(
    input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Any:  # fmt: skip
    """``F.layer_norm``; `cudnn_enable` changes nothing."""
    return F.layer_norm(input, normalized_shape, weight, bias, eps)


@_native
def group_norm(
    input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Any:  # fmt: skip
    """``F.group_norm``; `cudnn_enabled` changes nothing."""
    return F.group_norm(input, num_groups, weight, bias, eps)


@_native
def norm_except_dim(v: Any, pow: int = 2, dim: int = 0) -> Any:
    """The norm over all dimensions but `dim`, in a shape that broadcasts; -1: over all of them."""
    if dim == -1:
        return v.norm(pow)
    if dim not in (0, v.ndim - 1):
        return norm_except_dim(v.transpose(0, dim), pow, 0).transpose(0, dim)
    if dim == 0:
        shape = (v.shape[0], *(1,) * (v.ndim - 1))
        return v.contiguous().view(v.shape[0], -1).norm(pow, 1).view(shape)
    shape = (*(1,) * (v.ndim - 1), v.shape[-1])
    return v.contiguous().view(-1, v.shape[-1]).norm(pow, 0).view(shape)


# ---------------------------------------------------------------- bags


@_native
def embedding_bag(
    weight: Any, indices: Any, offsets: Any, scale_grad_by_freq: bool = False, mode: int = 0,
    sparse: bool = False, per_sample_weights: Any = None, include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> tuple[Any, Any, Any, Any]:  # fmt: skip
    """(``F.embedding_bag``, the bag of each index, the size of each bag, where maxima stood).

    The mode is a number: 0 sum, 1 mean, 2 max.  A sum fills in none of the last three.
    """
    out = F.embedding_bag(
        indices, weight, offsets, None, 2.0, scale_grad_by_freq, ("sum", "mean", "max")[mode],
        sparse, per_sample_weights, include_last_offset, padding_idx,
    )  # fmt: skip
    nothing = PUBLIC["zeros_like"](offsets)
    if mode == 0:
        return out, offsets.new_empty(0), nothing, nothing.clone()
    ends = PUBLIC["cat"]([offsets[1:], offsets.new_full((1,), indices.numel())])
    bags = PUBLIC["repeat_interleave"](ends - offsets)
    counted = PUBLIC["ones_like"](bags) if padding_idx is None else (indices != padding_idx).long()
    sizes = nothing.scatter_add(0, bags, counted)
    return out, bags, sizes, sizes.clone() if mode == 1 else _largest(weight, indices, bags, out)


def _largest(weight: Any, indices: Any, bags: Any, out: Any) -> Any:
    """The index in each bag whose row has the largest element, for each feature."""
    best = PUBLIC["zeros"](out.shape, dtype=bags.dtype)
    for index, bag in reversed(list(zip(indices.tolist(), bags.tolist(), strict=True))):
        best[bag][weight[index] == out[bag]] = index  # the first of equals is written last
    return best


# ---------------------------------------------------------------- losses
# The reduction is a number: 0 none, 1 mean, 2 sum.  Where PyTorch's C++ says that the mean is the
# default, its Python has 0.


@_native
def ctc_loss(
    log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, blank: int = 0,
    reduction: int = 0, zero_infinity: bool = False,
) -> Any:  # fmt: skip
    """``F.ctc_loss`` with the reduction as a number: 0 none, 1 mean, 2 sum."""
    return F.ctc_loss(
        log_probs, targets, input_lengths, target_lengths, blank, _REDUCTIONS[reduction],
        zero_infinity,
    )  # fmt: skip


@_native
def kl_div(input: Any, target: Any, reduction: int = 0, *, log_target: bool = False) -> Any:
    """``F.kl_div`` with the reduction as a number."""
    with warnings.catch_warnings():  # on the meaning of "mean", which PyTorch's C++ leaves unsaid
        warnings.simplefilter("ignore")
        return F.kl_div(input, target, reduction=_REDUCTIONS[reduction], log_target=log_target)


@_native
def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, pos_weight: Any = None, reduction: int = 0
) -> Any:
    """``F.binary_cross_entropy_with_logits`` with the reduction as a number."""
    return F.binary_cross_entropy_with_logits(
        input, target, weight, reduction=_REDUCTIONS[reduction], pos_weight=pos_weight
    )


@_native
def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: int = 0
) -> Any:
    """``F.cosine_embedding_loss`` with the reduction as a number."""
    return F.cosine_embedding_loss(input1, input2, target, margin, reduction=_REDUCTIONS[reduction])


@_native
def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, reduction: int = 0) -> Any:
    """``F.hinge_embedding_loss`` with the reduction as a number."""
    return F.hinge_embedding_loss(input, target, margin, reduction=_REDUCTIONS[reduction])


@_native
def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: int = 0
) -> Any:
    """``F.margin_ranking_loss`` with the reduction as a number."""
    return F.margin_ranking_loss(input1, input2, target, margin, reduction=_REDUCTIONS[reduction])


@_native
def poisson_nll_loss(
    input: Any, target: Any, log_input: bool, full: bool, eps: float, reduction: int
) -> Any:
    """``F.poisson_nll_loss`` with the reduction as a number, and no defaults."""
    return F.poisson_nll_loss(
        input, target, log_input, full, eps=eps, reduction=_REDUCTIONS[reduction]
    )


@_native
def triplet_margin_loss(
    anchor: Any, positive: Any, negative: Any, margin: float = 1.0, p: float = 2.0,
    eps: float = 1e-6, swap: bool = False, reduction: int = 0,
) -> Any:  # fmt: skip
    """``F.triplet_margin_loss`` with the reduction as a number."""
    return F.triplet_margin_loss(
        anchor, positive, negative, margin, p, eps, swap, reduction=_REDUCTIONS[reduction]
    )


# ---------------------------------------------------------------- recurrent layers


class _Given(RNNBase):
    """A recurrent layer whose parameters are given at each call."""

    def __init__(
        self, mode: str, params: Sequence[Any], has_biases: bool, num_layers: int,
        dropout: float, train: bool, bidirectional: bool,
    ) -> None:  # fmt: skip
        Module.__init__(self)
        self.mode, self.bias, self.num_layers = mode, has_biases, num_layers
        self.dropout, self.bidirectional = dropout, bidirectional
        self.training = train
        each = len(params) // (num_layers * (2 if bidirectional else 1))
        self.proj_size = each % 2  # an odd one is the projection
        self.given = [list(params[i : i + each]) for i in range(0, len(params), each)]

    @property
    def all_weights(self) -> Any:
        return self.given


def _recurrent(mode: str, args: tuple[Any, ...]) -> Any:
    """Run a layer on (input, hx, params, ...) or on packed (data, batch_sizes, hx, ...)."""
    packed = isinstance(args[1], Tensor) and isinstance(args[3], (tuple, list))
    data, *rest = args
    sizes = rest.pop(0).tolist() if packed else None
    hx, params, has_biases, num_layers, dropout, train, bidirectional, *batch_first = rest
    layer = _Given(mode, params, has_biases, num_layers, dropout, train, bidirectional)
    turned = bool(batch_first and batch_first[0])
    steps = data.transpose(0, 1) if turned else data
    out, states = layer._layers(steps, sizes, tuple(hx) if mode == "LSTM" else (hx,))
    return (out.transpose(0, 1) if turned else out, *states)


def lstm(*args: Any) -> Any:
    """(output, hidden, cell) of (input, (hx, cx), params, has_biases, num_layers, dropout, train,
    bidirectional, batch_first), or of (data, batch_sizes, ...) without `batch_first`.
    """
    return _recurrent("LSTM", args)


def gru(*args: Any) -> Any:
    """(output, hidden) of the arguments of ``lstm`` with one hidden state."""
    return _recurrent("GRU", args)


def rnn_tanh(*args: Any) -> Any:
    """(output, hidden) of the arguments of ``lstm`` with one hidden state."""
    return _recurrent("RNN_TANH", args)


def rnn_relu(*args: Any) -> Any:
    """(output, hidden) of the arguments of ``lstm`` with one hidden state."""
    return _recurrent("RNN_RELU", args)


def _cell(
    mode: str, input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any
) -> tuple[Any, ...]:
    states = tuple(hx) if mode == "LSTM" else (hx,)
    stepped: tuple[Any, ...] = _STEPS[mode](F.linear(input, w_ih, b_ih), states, w_hh, b_hh)
    return stepped


def lstm_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """(hidden, cell) after one step from `hx`, a pair."""
    return _cell("LSTM", input, hx, w_ih, w_hh, b_ih, b_hh)


def gru_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """The hidden state after one step."""
    return _cell("GRU", input, hx, w_ih, w_hh, b_ih, b_hh)[0]


def rnn_tanh_cell(
    input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
) -> Any:
    """The hidden state after one step."""
    return _cell("RNN_TANH", input, hx, w_ih, w_hh, b_ih, b_hh)[0]


def rnn_relu_cell(
    input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
) -> Any:
    """The hidden state after one step."""
    return _cell("RNN_RELU", input, hx, w_ih, w_hh, b_ih, b_hh)[0]
