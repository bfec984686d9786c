"""The dtype in which each operation runs under autocast on the CPU."""

from __future__ import annotations

import pytest

from .agree import assert_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
nn = torch.nn
F = nn.functional
torch.manual_seed(0)
a, b, x3 = torch.randn(3, 4), torch.randn(4, 4), torch.randn(2, 3, 4)
h = torch.rand(4, 4).bfloat16() + torch.eye(4).bfloat16() * 4
h3, h4, h5 = (
    torch.randn(2, 3, 6).bfloat16(),
    torch.randn(2, 3, 6, 6).bfloat16(),
    torch.randn(1, 2, 4, 4, 4).bfloat16(),
)
L = torch.linalg


def kind(f):
    with torch.autocast("cpu"):
        r = f()
    return str(r.dtype)


def first(f):
    with torch.autocast("cpu"):
        return str(f()[0].dtype)


def within():
    out = [
        torch.is_autocast_enabled("cpu"),
        torch.is_autocast_cpu_enabled(),
        str(torch.get_autocast_dtype("cpu")),
        torch.is_autocast_cache_enabled(),
    ]
    with torch.autocast("cpu", cache_enabled=False):
        out += [torch.is_autocast_enabled("cpu"), torch.is_autocast_cache_enabled()]
        with torch.autocast("cpu", enabled=False):
            out += [torch.is_autocast_enabled("cpu"), str((a @ b).dtype)]
        out += [str((a @ b).dtype)]
    return out + [torch.is_autocast_enabled("cpu")]
"""

TABLE = """
kind(lambda: torch.fft.fft(h))
kind(lambda: torch.fft.ifft(h))
kind(lambda: torch.fft.rfft(h))
kind(lambda: torch.fft.fft2(h))
kind(lambda: torch.fft.fftn(h))
kind(lambda: torch.fft.hfft(h))
kind(lambda: torch.fft.irfft(h))
kind(lambda: L.inv(h))
kind(lambda: L.det(h))
kind(lambda: L.cholesky(h@h.T))
kind(lambda: L.matrix_rank(h))
kind(lambda: L.cond(h))
kind(lambda: L.solve(h,h))
kind(lambda: L.svdvals(h))
kind(lambda: L.eigvals(h))
kind(lambda: L.eigvalsh(h))
kind(lambda: L.pinv(h))
kind(lambda: torch.inverse(h))
kind(lambda: torch.pinverse(h))
kind(lambda: torch.trace(h))
kind(lambda: torch.prod(h))
kind(lambda: torch.cdist(h,h))
kind(lambda: torch.cholesky(h@h.T))
kind(lambda: L.matrix_norm(h))
kind(lambda: L.norm(h))
kind(lambda: h.std())
kind(lambda: h.var())
kind(lambda: h.cumsum(0))
kind(lambda: h.pow(2))
kind(lambda: h.norm())
kind(lambda: h.exp())
kind(lambda: h.log())
kind(lambda: torch.quantile(h,.5))
kind(lambda: torch.nanquantile(h,.5))
kind(lambda: torch.polar(h,h))
kind(lambda: h.sum())
kind(lambda: h.mean())
kind(lambda: h.logsumexp(0))
kind(lambda: h.erfinv())
kind(lambda: torch.atan2(h,b))
kind(lambda: torch.addcmul(h,h,h))
kind(lambda: torch.dist(h,h))
kind(lambda: torch.renorm(h,2,0,1.))
kind(lambda: h.sort()[0])
kind(lambda: h.softmax(0))
kind(lambda: F.mse_loss(h,h))
kind(lambda: F.l1_loss(h,h))
kind(lambda: F.smooth_l1_loss(h,h))
kind(lambda: F.huber_loss(h,h))
kind(lambda: F.kl_div(h,h))
kind(lambda: F.soft_margin_loss(h,h))
kind(lambda: F.hinge_embedding_loss(h,h))
kind(lambda: F.poisson_nll_loss(h,h))
kind(lambda: F.margin_ranking_loss(h,h,h))
kind(lambda: F.triplet_margin_loss(h,h,h))
kind(lambda: F.cosine_embedding_loss(h,h,torch.ones(4)))
kind(lambda: F.multilabel_soft_margin_loss(h,h))
kind(lambda: F.multi_margin_loss(h,torch.tensor([0,1,2,3])))
kind(lambda: F.nll_loss(h,torch.tensor([0,1,2,3])))
kind(lambda: F.cross_entropy(h4,torch.ones(2,6,6).long()))
kind(lambda: F.gaussian_nll_loss(h,h,h.abs()))
kind(lambda: F.binary_cross_entropy_with_logits(h,h.sigmoid()))
kind(lambda: F.avg_pool1d(h3,2))
kind(lambda: F.avg_pool2d(h4,2))
kind(lambda: F.avg_pool3d(h5,2))
kind(lambda: F.max_pool1d(h3,2))
kind(lambda: F.max_pool2d(h4,2))
kind(lambda: F.max_pool3d(h5,2))
kind(lambda: F.adaptive_avg_pool2d(h4,2))
kind(lambda: F.adaptive_avg_pool3d(h5,2))
kind(lambda: F.adaptive_max_pool2d(h4,2))
kind(lambda: F.pad(h3,(1,1)))
kind(lambda: F.interpolate(h4,scale_factor=2))
kind(lambda: F.interpolate(h4,scale_factor=2,mode='bilinear'))
kind(lambda: F.grid_sample(h4,torch.zeros(2,2,2,2)))
kind(lambda: F.gelu(h))
kind(lambda: F.silu(h))
kind(lambda: F.layer_norm(h,(4,)))
kind(lambda: F.group_norm(h4,3))
kind(lambda: F.batch_norm(h3,None,None,training=True))
kind(lambda: F.instance_norm(h3))
kind(lambda: F.prelu(h,torch.ones(1)))
kind(lambda: F.embedding(torch.tensor([1]),h))
kind(lambda: F.normalize(h))
kind(lambda: F.cosine_similarity(h,h))
kind(lambda: F.pairwise_distance(h,h))
kind(lambda: F.linear(a,b))
kind(lambda: F.bilinear(a,a,torch.ones(2,4,4)))
kind(lambda: F.conv2d(h4.float(),torch.ones(2,3,2,2)))
kind(lambda: F.conv_transpose2d(h4.float(),torch.ones(3,2,2,2)))
kind(lambda: F.unfold(h4,2))
kind(lambda: F.one_hot(torch.tensor([1])))
kind(lambda: F.softmax(h,0))
kind(lambda: F.log_softmax(h,0))
kind(lambda: F.dropout(h))
kind(lambda: torch.mm(a,b))
kind(lambda: torch.mv(a,b[0]))
kind(lambda: torch.dot(b[0],b[1]))
kind(lambda: torch.addmv(b[0],b,b[1]))
kind(lambda: torch.addr(b,b[0],b[1]))
kind(lambda: torch.ger(b[0],b[1]))
kind(lambda: torch.chain_matmul(b,b))
kind(lambda: L.multi_dot([b,b]))
kind(lambda: L.vecdot(b,b))
kind(lambda: torch.einsum('ij,jk',b,b))
kind(lambda: torch.tensordot(b,b))
kind(lambda: torch.kron(b,b))
kind(lambda: torch.inner(b,b))
kind(lambda: torch.outer(b[0],b[1]))
kind(lambda: torch.matrix_power(b,2))
kind(lambda: L.matrix_power(b,2))
kind(lambda: L.matmul(b,b))
kind(lambda: torch.baddbmm(x3,x3.repeat(1,1,1)[:,:,:3],x3))
kind(lambda: torch.addbmm(a,x3[:,:,:3],x3))
kind(lambda: torch.cat([h,b]))
kind(lambda: torch.stack([h,b]))
kind(lambda: torch.hstack([h,b]))
kind(lambda: torch.vstack([h,b]))
kind(lambda: torch.where(h>0,h,b))
kind(lambda: torch.bmm(x3,x3.mT))
kind(lambda: F.scaled_dot_product_attention(x3,x3,x3))
kind(lambda: nn.LSTM(4,2)(x3)[0])
kind(lambda: nn.GRU(4,2)(x3)[0])
kind(lambda: nn.RNN(4,2)(x3)[0])
kind(lambda: nn.LSTMCell(4,2)(a)[0])
kind(lambda: nn.MultiheadAttention(4,2)(x3,x3,x3)[0])
kind(lambda: torch.index_copy(h,0,torch.tensor([0]),b[:1]))
first(lambda: L.qr(h))
first(lambda: L.svd(h))
first(lambda: L.eig(h))
first(lambda: L.eigh(h))
first(lambda: L.lstsq(h, h))
first(lambda: torch.geqrf(h))
first(lambda: torch.qr(h))
first(lambda: L.inv_ex(h))
within()
"""


@pytest.mark.parametrize("source", lines(TABLE))
def test_autocast(source: str) -> None:
    assert_agree(source, SETUP)
