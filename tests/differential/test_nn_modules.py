"""Modules: how they print, what they hold, what they draw, and what they and their gradients give.

Each is built from the same seed on both sides; nothing is copied from one to the other.  It is run
in double precision, where rounding does not hide a difference.
"""

from __future__ import annotations

import pytest

from .agree import assert_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
nn = torch.nn


def built(text):
    torch.manual_seed(0)
    return eval(text)


def held(module):
    return repr(module), dict(module.state_dict())


def ran(text, *shapes):
    module = built(text).double()
    inputs = [torch.randn(s, dtype=torch.float64).requires_grad_() for s in shapes]
    out = module(*inputs)
    out = out[0] if isinstance(out, tuple) else out
    out.square().sum().backward()
    grads = [p.grad for p in module.parameters()] + [x.grad for x in inputs]
    return out.detach().contiguous(), [None if g is None else g.contiguous() for g in grads]
"""

# What builds the module; then the shapes of its inputs, for those that are run.
MODULES = """
nn.Linear(3, 2) | (4, 3)
nn.Linear(3, 2, bias=False) | (2, 4, 3)
nn.Bilinear(3, 4, 2) | (5, 3), (5, 4)
nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)) | (4, 2)
nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU()])
nn.Conv1d(2, 3, 3, padding="same") | (2, 2, 7)
nn.Conv2d(2, 4, 3, padding=1, groups=2, bias=False, padding_mode="reflect") | (2, 2, 5, 5)
nn.Conv3d(1, 2, 2, stride=2) | (1, 1, 4, 4, 4)
nn.ConvTranspose2d(2, 3, 2, stride=2, output_padding=1) | (1, 2, 3, 3)
nn.BatchNorm1d(3) | (4, 3)
nn.BatchNorm2d(3, affine=False) | (2, 3, 4, 4)
nn.InstanceNorm2d(3, affine=True) | (2, 3, 4, 4)
nn.LayerNorm((3, 4)) | (2, 3, 4)
nn.GroupNorm(2, 4) | (2, 4, 3)
nn.RMSNorm(4) | (2, 4)
nn.LocalResponseNorm(2) | (2, 4, 5)
nn.MaxPool2d(2) | (2, 3, 6, 6)
nn.AvgPool1d(2) | (2, 3, 6)
nn.LPPool2d(2, 3) | (2, 3, 6, 6)
nn.AdaptiveAvgPool2d((2, None)) | (2, 3, 6, 6)
nn.AdaptiveMaxPool1d(2) | (2, 3, 6)
nn.FractionalMaxPool2d(2, output_size=3) | (2, 3, 7, 7)
nn.MaxUnpool2d(2)
nn.Dropout(0.3) | (4, 5)
nn.Dropout2d(0.3) | (4, 5, 2, 2)
nn.AlphaDropout(0.3) | (4, 5)
nn.Embedding(5, 3, padding_idx=1, max_norm=2.0)
nn.EmbeddingBag(5, 3, mode="sum")
nn.Upsample(scale_factor=2, mode="bilinear") | (1, 2, 3, 3)
nn.PixelShuffle(2) | (1, 4, 3, 3)
nn.Flatten() | (2, 3, 4)
nn.Unflatten(1, (2, 2)) | (2, 4)
nn.Fold(4, 2)
nn.Unfold(3) | (1, 2, 4, 4)
nn.ZeroPad2d(1) | (1, 2, 3, 3)
nn.ReflectionPad1d(1) | (1, 2, 3)
nn.ConstantPad1d(2, 3.0) | (1, 2, 3)
nn.CosineSimilarity() | (3, 4), (3, 4)
nn.RNN(2, 3, 2, batch_first=True) | (2, 4, 2)
nn.LSTM(2, 3, num_layers=2, bidirectional=True) | (4, 2, 2)
nn.LSTM(2, 3, proj_size=1) | (4, 2, 2)
nn.GRU(2, 3) | (4, 2, 2)
nn.LSTMCell(2, 3) | (4, 2)
nn.RNNCell(2, 3, nonlinearity="relu") | (4, 2)
nn.GRUCell(2, 3, bias=False) | (4, 2)
nn.MultiheadAttention(4, 2) | (3, 2, 4), (5, 2, 4), (5, 2, 4)
nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0) | (3, 2, 4)
nn.TransformerDecoderLayer(4, 2, 8, norm_first=True, activation="gelu") | (3, 2, 4), (5, 2, 4)
nn.AdaptiveLogSoftmaxWithLoss(8, 10, [2, 5])
nn.LinearCrossEntropyLoss(3, 4)
nn.LazyLinear(3)
nn.LazyConv2d(3, 2)
nn.PReLU() | (3, 4)
nn.GELU() | (3, 4)
nn.ReLU6(inplace=True)
nn.Softmax(dim=1) | (3, 4)
nn.RReLU() | (3, 4)
nn.Threshold(0.1, 20) | (3, 4)
nn.Softplus() | (3, 4)
nn.Hardtanh(-2, 2) | (3, 4)
nn.CrossEntropyLoss(weight=torch.ones(3))
nn.BCEWithLogitsLoss(pos_weight=torch.ones(3))
"""
ROWS = [tuple(part.strip() for part in row.split("|")) for row in lines(MODULES)]
BUILT = [row[0] for row in ROWS]
RUN = [row for row in ROWS if len(row) > 1]


@pytest.mark.parametrize("text", [t for t in BUILT if "Lazy" not in t])
def test_prints_and_holds_what_pytorch_does(text: str) -> None:
    assert_agree(f"held(built({text!r}))", SETUP)


@pytest.mark.parametrize("text", [t for t in BUILT if "Lazy" in t])
def test_lazy_modules_print_what_pytorch_does(text: str) -> None:
    assert_agree(f"repr(built({text!r}))", SETUP)


@pytest.mark.parametrize(("text", "shapes"), RUN)
def test_computes_what_pytorch_does(text: str, shapes: str) -> None:
    assert_agree(f"ran({text!r}, {shapes})", SETUP)
