"""Functions of ``torch.nn.functional``: values, nodes, warnings and errors, and derivatives."""

from __future__ import annotations

import pytest

from .agree import assert_agree, assert_gradients_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
F = torch.nn.functional
torch.manual_seed(0)
v = torch.tensor([-3.5, -3.0, -1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 3.0, 6.0], dtype=torch.float64,
                 requires_grad=True)
m = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
n = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
p = torch.rand(3, 4, dtype=torch.float64, requires_grad=True)
q = torch.rand(3, 4, dtype=torch.float64)
w = torch.randn(5, 4, dtype=torch.float64, requires_grad=True)
b = torch.randn(5, dtype=torch.float64, requires_grad=True)
g = torch.rand(4, dtype=torch.float64, requires_grad=True)
t = torch.tensor([1, 3, 0])
s = torch.randn(2, 4, 8, dtype=torch.float64, requires_grad=True)
i = torch.randn(2, 4, 6, 6, dtype=torch.float64, requires_grad=True)
k = torch.randn(6, 4, 3, 3, dtype=torch.float64, requires_grad=True)
c = torch.randn(6, dtype=torch.float64, requires_grad=True)
h = torch.tensor([[[[1, math.nan, 2, 5], [math.nan, 3, 1, 5], [0, 0, -math.inf, 1], [0, 0, 2, 1]]]])
r = torch.rand(2, 5, 5, 2, dtype=torch.float64, requires_grad=True)
"""

ACTIVATIONS = """
F.relu(v)
F.relu6(v)
F.elu(v)
F.elu(v, 0.5)
F.celu(v, 2.0)
F.selu(v)
F.gelu(v)
F.gelu(v, approximate="tanh")
F.gelu(v, approximate="other")
F.glu(m)
F.glu(m, 0)
F.hardshrink(v)
F.hardswish(v)
F.hardtanh(v)
F.hardtanh(v, 2, 1)
F.leaky_relu(v)
F.logsigmoid(v)
F.mish(v)
F.silu(v)
F.softplus(v)
F.softplus(v, 2, 1.5)
F.softshrink(v)
F.softshrink(v, -1)
F.softsign(v)
F.tanhshrink(v)
F.threshold(v, 0.0, 2.0)
F.softmin(m, 1)
F.softmax(m)
F.log_softmax(m, -1)
F.prelu(v, torch.tensor([0.5], dtype=torch.float64, requires_grad=True))
F.prelu(m, g)
F.rrelu(v)
F.rrelu(v, training=True)
F.relu(v.clone(), inplace=True)
F.elu(torch.ones(2, dtype=torch.int64))
"""

LOSSES = """
F.mse_loss(m, n)
F.mse_loss(m, n, reduction="none")
F.mse_loss(m, n, reduction="sum")
F.mse_loss(m, n, reduction="other")
F.l1_loss(m, n)
F.smooth_l1_loss(m, n, beta=0.5)
F.huber_loss(m, n, delta=0.5)
F.huber_loss(m, n, delta=0)
F.binary_cross_entropy(p, q)
F.binary_cross_entropy(m, q)
F.binary_cross_entropy_with_logits(m, q)
F.binary_cross_entropy_with_logits(m, q, pos_weight=torch.ones(4, dtype=torch.float64) * 2)
F.soft_margin_loss(m, (q > 0.5) * 2.0 - 1)
F.kl_div(m, q)
F.kl_div(m, q, reduction="batchmean")
F.gaussian_nll_loss(m, n, p)
F.nll_loss(m, t)
F.nll_loss(m, t, reduction="none")
F.nll_loss(m, t, ignore_index=3)
F.nll_loss(m, t + 1)
F.nll_loss(m, t[:, None])
F.nll_loss(m, m)
F.nll_loss(m[0], t)
F.nll_loss(m[0], m[0])
F.cross_entropy(m, t[:, None])
F.nll_loss(m, t[:2])
F.nll_loss(s, torch.zeros(2, 8, dtype=torch.int64))
F.cross_entropy(m, t, label_smoothing=0.1)
F.cross_entropy(m, t, ignore_index=1)
F.cross_entropy(m, t * 0 - 100)
F.cross_entropy(m[0], t[1], torch.tensor([0.5, 2, 4, 3]).double())
F.cross_entropy(m[0], t[1])
F.cross_entropy(m, t, torch.tensor([0.0, 2, 0, 1]).double(), ignore_index=0)
F.cross_entropy(m, t)
F.cross_entropy(m, t, weight=g.detach())
F.cosine_embedding_loss(m, n, torch.tensor([1, -1, 1]))
F.margin_ranking_loss(m, n, torch.ones(3, 4, dtype=torch.float64))
F.hinge_embedding_loss(m, (q > 0.5) * 2 - 1)
F.triplet_margin_loss(m, n, p)
F.triplet_margin_loss(m, n, p, margin=-1)
F.normalize(m)
"""

DIFFERENTIABLE_ONCE = """
F.hardsigmoid(v)
F.multi_margin_loss(m, t)
F.multilabel_margin_loss(m, torch.tensor([[1, -1, 2, 0], [0, 2, -1, 1], [3, 0, 1, 2]]))
F.max_pool2d(i, 3, 2, 1, return_indices=True)
"""

LAYERS = """
F.linear(m, w, b)
F.linear(m, w)
F.linear(m[0], w, b)
F.linear(m[0], w)
F.linear(m.reshape(1, 3, 4), w, b)
F.linear(m, w.t())
F.bilinear(m, m, torch.ones(2, 4, 4, dtype=torch.float64, requires_grad=True))
F.batch_norm(m, None, None, g, g, True)
F.batch_norm(m, torch.zeros(4, dtype=torch.float64), torch.ones(4, dtype=torch.float64))
F.batch_norm(m[:1], None, None, training=True)
F.layer_norm(m, (4,), g, g)
F.layer_norm(m, (3,))
F.group_norm(s, 2, g, g)
F.group_norm(s, 3)
F.rms_norm(m, (4,), g)
F.dropout(m, 0.5)
F.dropout(m, 0.5, training=False)
F.dropout(m, 2)
F.dropout2d(i, 0.5)
F.alpha_dropout(m, 0.5, training=True)
F.embedding(t, w)
F.embedding(t, w, padding_idx=1)
F.embedding(t + 5, w)
F.one_hot(t)
F.one_hot(t, 2)
F.max_pool2d(h, 2, return_indices=True)
F.max_pool2d(h, 3, 1, 1, return_indices=True)
F.max_pool2d(h - math.inf, 3, 2, 1, 2, return_indices=True, ceil_mode=True)
F.conv1d(s, k[..., 0], c)
F.conv2d(i, k, c)
F.conv2d(i, k, c, stride=2, padding=1, dilation=2)
F.conv2d(i, k, padding="same")
F.conv2d(i, k[:, :2], groups=2)
F.conv2d(i, k[:, :2])
F.conv2d(i[0], k)
F.conv_transpose2d(i, k[:4], stride=2, output_padding=1)
F.max_pool1d(s, 2)
F.max_pool2d(i, 2)
F.max_pool2d(i, 2, padding=2)
F.avg_pool1d(s, 2)
F.avg_pool2d(i, 3, 2, 1)
F.avg_pool2d(i, 3, 2, 1, ceil_mode=True, count_include_pad=False)
F.adaptive_avg_pool2d(i, (2, 3))
F.adaptive_max_pool2d(i, 4)
F.lp_pool2d(i, 2, 2)
F.unfold(i, 3)
F.fold(F.unfold(i, 2), 6, 2)
F.fold(m, 4, 3)
F.pad(s, (1, 2))
F.pad(s, (1, 2), "reflect")
F.pad(s, (1, 2), "replicate")
F.pad(s, (9, 2), "reflect")
F.pad(s, (1, 2), "other")
F.interpolate(i, 9)
F.interpolate(i, scale_factor=2, mode="bilinear")
F.interpolate(i, 4, mode="bicubic", align_corners=True)
F.interpolate(i, 4, mode="linear")
F.grid_sample(i, r, align_corners=False)
F.grid_sample(i, r)
F.pixel_shuffle(i, 2)
F.pixel_shuffle(i, 3)
F.channel_shuffle(i, 2)
F.scaled_dot_product_attention(m, n, p)
"""


@pytest.mark.parametrize("source", lines(ACTIVATIONS + LOSSES + LAYERS + DIFFERENTIABLE_ONCE))
def test_gives_and_raises_what_pytorch_does(source: str) -> None:
    assert_agree(source, SETUP)


# Squared, so that functions made of straight pieces have a second derivative to compare too.


@pytest.mark.parametrize("source", lines(ACTIVATIONS))
def test_activations_have_pytorchs_derivatives(source: str) -> None:
    assert_gradients_agree(f"({source}) ** 2", "(v, m, g)", SETUP, values_only=True)


@pytest.mark.parametrize("source", lines(LOSSES))
def test_losses_have_pytorchs_derivatives(source: str) -> None:
    assert_gradients_agree(f"({source}) ** 2", "(m, n, p)", SETUP, values_only=True)


@pytest.mark.parametrize("source", lines(LAYERS))
def test_layers_have_pytorchs_derivatives(source: str) -> None:
    leaves = "(m, s, i, w, b, g, k, c, r)"
    assert_gradients_agree(f"({source}) ** 2", leaves, SETUP, values_only=True)
