"""``nn.attention``, ``nn.grad``, ``nn.parallel`` and older names."""

from __future__ import annotations

import pytest

from .agree import assert_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
from importlib import import_module

nn = torch.nn
F = nn.functional
A = import_module(torch.__name__ + ".nn.attention")
B = import_module(torch.__name__ + ".nn.attention.bias")
G = import_module(torch.__name__ + ".nn.grad")
torch.manual_seed(0)
q, k = torch.randn(1, 2, 3, 4, requires_grad=True), torch.randn(1, 2, 5, 4, requires_grad=True)
x, w, g = torch.randn(2, 4, 7), torch.randn(6, 2, 3), torch.randn(2, 6, 4)
x2, w2, g2 = torch.randn(2, 3, 6, 6), torch.randn(4, 3, 3, 3), torch.randn(2, 4, 4, 4)
x3, w3, g3 = torch.randn(1, 2, 4, 4, 4), torch.randn(3, 2, 2, 2, 2), torch.randn(1, 3, 3, 3, 3)


def attended(*backends, **o):
    with A.sdpa_kernel(list(backends) if len(backends) != 1 else backends[0], **o):
        return F.scaled_dot_product_attention(q, k, k)


def math():
    with A.sdpa_kernel([A.SDPBackend.MATH]):
        y = F.scaled_dot_product_attention(q, k, k)
    return y.detach(), F.scaled_dot_product_attention(q, k, k).grad_fn.name()
"""

TABLE = """
attended(A.SDPBackend.FLASH_ATTENTION)
math()
attended("x")
A.SDPBackend.MATH.name
A.SDPBackend.FLASH_ATTENTION.name
int(A.SDPBackend.CUDNN_ATTENTION)
int(A.SDPBackend.ERROR)
F.scaled_dot_product_attention(q, k, k, B.causal_upper_left(3, 5))
F.scaled_dot_product_attention(q, k, k, B.causal_lower_right(3, 5))
F.scaled_dot_product_attention(q, k, k, B.causal_lower_right(3, 5), is_causal=True)
repr(B.causal_lower_right(2, 3)), B.causal_upper_left(2, 3).variant.name
B.causal_lower_right(3, 2).seq_len_q
B.causal_upper_left(3)
G.conv1d_input(x.shape, w, g, stride=2, padding=1, groups=2)
G.conv1d_weight(x, w.shape, g, 2, 1, 1, 2)
G.conv2d_input(x2.shape, w2, g2)
G.conv2d_weight(x2, w2.shape, g2)
G.conv3d_input(x3.shape, w3, g3), G.conv3d_weight(x3, w3.shape, g3)
repr(nn.DataParallel(nn.Linear(2, 3))), list(nn.DataParallel(nn.Linear(2, 3)).state_dict())
nn.DataParallel(nn.Tanh())(torch.ones(2)), nn.DataParallel(nn.Tanh()).device_ids
nn.parallel.data_parallel(nn.Tanh(), torch.ones(2))
nn.factory_kwargs({'dtype': torch.float64, 'factory_kwargs': {'device': 'cpu'}})
nn.factory_kwargs(None)
nn.factory_kwargs({"x": 1})
nn.factory_kwargs({"dtype": 1, "factory_kwargs": {"dtype": 2}})
nn.NLLLoss2d()(torch.ones(1, 2, 1, 1), torch.ones(1, 1, 1).long())
nn.modules.container.Container(a=nn.ReLU())
"""


@pytest.mark.parametrize("source", lines(TABLE))
def test_nn_small_modules(source: str) -> None:
    assert_agree(source, SETUP)
