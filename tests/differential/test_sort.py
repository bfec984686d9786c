"""Order, distinct values and counts."""

from __future__ import annotations

import pytest

from .agree import assert_agree, assert_gradients_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
import numpy as np

x = torch.arange(24.0).reshape(2, 3, 4).requires_grad_()
m = torch.arange(6.0).reshape(2, 3).requires_grad_()
v = torch.arange(4.0).requires_grad_()
s = torch.tensor(1.0)
"""

TABLE = """
m.sort()
m.sort(dim=0,stable=True)
m.msort()
m.argsort()
m.topk(1)
m.kthvalue(1)
torch.unique(m)
torch.unique(m,return_inverse=True)
torch.unique(m,dim=0)
torch.unique_consecutive(m)
torch.isin(v, torch.tensor([1.,2]))
torch.isin(v, torch.tensor([1.,2]), invert=True)
torch.isin(v, 1)
torch.isin(1, v)
torch.isin(v, torch.tensor([1,2]))
torch.histogram(v, bins=3, range=(0.,2.), weight=v, density=True)
torch.histogramdd(m.detach().view(3,2), bins=[2,2])
v.sort()
v.sort(descending=True)
v.sort(0, True)
v.sort(dim=0, descending=True, stable=True)
torch.sort(v, stable=True, descending=True)
v.sort(2)
v.topk(2)
v.topk(5)
v.topk(2, largest=False, sorted=True)
m.topk(2, dim=0)
torch.tensor([3.,float('nan'),1.]).sort()
torch.tensor([3.,float('nan'),1.]).sort(descending=True)
torch.tensor([3.,float('nan'),1.]).topk(2)
torch.tensor([3.,float('nan'),1.]).kthvalue(3)
torch.tensor([True,False,True]).sort()
torch.tensor([1j,2]).sort()
torch.tensor([1,1,1,0,0]).sort(descending=True)
torch.tensor([1,1,1,0,0]).argsort()
torch.tensor([1,1,1,0,0]).argsort(descending=True)
torch.tensor([1,3,2,3]).topk(2)
torch.tensor([[1,3,2,3]]).topk(3,dim=1)
torch.tensor([1,3,2,3]).unique()
torch.tensor([1,3,2,3]).unique(return_inverse=True, return_counts=True)
torch.unique(torch.tensor([[1,3],[2,3],[1,3]]), dim=0, return_inverse=True, return_counts=True)
torch.unique(torch.tensor([float('nan'), 1., float('nan')]))
torch.unique(torch.tensor([3,1,2]), sorted=False)
torch.unique(torch.tensor(5))
torch.unique_consecutive(torch.tensor([1,1,2,2,1]), return_inverse=True, return_counts=True)
torch.searchsorted(v, torch.tensor([0.5,2.]))
torch.searchsorted(v, torch.tensor([0.5,2.]), right=True)
torch.searchsorted(v, 2.5)
torch.searchsorted(v, torch.tensor([1,2]))
torch.searchsorted(v, torch.tensor([1.,2]), side='foo')
torch.searchsorted(v, torch.tensor([1.,2]), side='left', right=True)
torch.searchsorted(v, torch.tensor([1.,2]), out_int32=True)
torch.searchsorted(m, torch.ones(3,1))
torch.searchsorted(m, torch.ones(2,1))
torch.bucketize(v, torch.tensor([1.,2.]))
torch.bucketize(1.5, torch.tensor([1.,2.]))
torch.bucketize(v, m)
torch.bincount(torch.tensor([0,1,1,3]))
torch.bincount(torch.tensor([0,1,1,3]), weights=v)
torch.bincount(torch.tensor([0,1,1,3]), minlength=6)
torch.bincount(torch.tensor([0,-1]))
torch.bincount(v)
torch.bincount(torch.tensor([], dtype=torch.int64))
torch.bincount(torch.tensor([0,1]), weights=v)
torch.bincount(torch.tensor([0,1]), minlength=-1)
torch.histc(v, 4)
torch.histc(v, bins=2, min=0, max=3)
torch.histc(v, 4, 3, 1)
torch.histc(torch.arange(4), 4)
torch.histc(v, 0)
torch.histc(torch.ones(3), 4)
torch.histc(torch.tensor([float('nan')]), 4)
v.kthvalue(2)
m.kthvalue(1, 0)
m.kthvalue(1, 0, True)
m.kthvalue(9)
v.kthvalue(0)
v.msort()
v.requires_grad_().sort().values
v.sort().indices.dtype
v.topk(2).values.sum().backward(), v.grad
torch.histogram(torch.tensor([]), 3)
torch.histogram(torch.ones(3), 2)
torch.histc(torch.tensor([]), 3)
torch.histogramdd(torch.ones(3,2), [2,2])
torch.unique_consecutive(torch.zeros(5,0,5), dim=0)
torch.unique_consecutive(torch.zeros(5,0,5), dim=1)
torch.unique_consecutive(torch.zeros(5,0,5), dim=2)
torch.unique_consecutive(torch.zeros(0,5), dim=0)
torch.unique_consecutive(torch.zeros(5,0,5))
torch.unique(torch.zeros(5,0,5), dim=0)
torch.unique(torch.zeros(0,5), dim=0)
torch.unique(torch.zeros(5,0))
"""


@pytest.mark.parametrize("source", lines(TABLE))
def test_agrees(source):
    assert_agree(source, SETUP)


@pytest.mark.parametrize("source", lines(TABLE))
def test_gradients_agree(source):
    assert_gradients_agree(source, "(x, m, v)", SETUP)
