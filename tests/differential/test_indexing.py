"""Indexing, assignment, gather, scatter and their kin."""

from __future__ import annotations

import pytest

from .agree import REFERENCE, assert_agree, assert_gradients_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
import numpy as np

x = torch.arange(24.0).reshape(2, 3, 4).requires_grad_()
m = torch.arange(6.0).reshape(2, 3).requires_grad_()
v = torch.arange(4.0).requires_grad_()
s = torch.tensor(1.0)
mask = torch.tensor([[True, False, True], [False, True, False]])

d = torch.arange(6.0)


def assigned(tensor, index, value):
    tensor = tensor.clone()
    tensor[index] = value
    return tensor
"""

TABLE = """
torch.take(d, torch.tensor([0,1]), out=d[:2])
torch.gather(d, 0, torch.tensor([0,1]), out=d[:2])
torch.index_select(d, 0, torch.tensor([0,1]), out=d[:2])
torch.masked_select(d, d > 3, out=d[:2])
torch.add(d, d, out=torch.ones(1).expand(6))
torch.take(d, torch.tensor([0,1]), out=torch.ones(1).expand(2))
torch.add(d, d, out=d)
torch.kthvalue(d, 2, out=(d[0], torch.tensor(0)))
torch.cat([d, d], out=torch.ones(1).expand(12))
torch.unravel_index(torch.tensor([5, 3]), (2, 3))
torch.unravel_index(torch.tensor(-1), (2, 3))
torch.unravel_index(torch.tensor([1.0]), (2, 3))
torch.nonzero_static(v, size=2)
torch.nonzero_static(v, size=5)
torch.take_along_dim(m, torch.tensor([[-1]]), 1)
m[0]
m[0,1]
m[:,1]
m[:]
m[...]
m[None]
m[0:1]
m[::2]
m[:, ::2]
m[0:1, 0:1]
m[torch.tensor([0,1])]
m[[0,1]]
m[m>2]
m[torch.tensor(0)]
m[True]
m[torch.tensor(True)]
m[...,None]
m[0:2]
x[:, 0:3]
m[:, torch.tensor([0,1])]
m[0, torch.tensor([0,1])]
m.gather(0, torch.zeros(1,3,dtype=torch.long))
m.scatter(0, torch.zeros(1,3,dtype=torch.long), 1.)
m.scatter(0, torch.zeros(1,3,dtype=torch.long), m)
m.scatter(0, torch.zeros(1,3,dtype=torch.long), m, reduce='add')
m.scatter_add(0, torch.zeros(1,3,dtype=torch.long), m)
m.scatter_reduce(0, torch.zeros(1,3,dtype=torch.long), m, 'sum')
m.index_select(0, torch.tensor([0]))
m.index_add(0, torch.tensor([0]), m[:1])
m.index_copy(0, torch.tensor([0]), m[:1])
m.index_fill(0, torch.tensor([0]), 1.)
m.index_fill(0, torch.tensor([0]), m[0,0])
m.index_reduce(0, torch.tensor([0]), m[:1], 'prod')
m.index_put((torch.tensor([0]),), m[:1])
m.masked_select(m>2)
m.masked_scatter(m>2, m.detach())
m.take(torch.tensor([0]))
torch.take_along_dim(m, torch.zeros(1,3,dtype=torch.long),0)
torch.take_along_dim(m, torch.tensor([1]))
m.put(torch.tensor([0]), v[:1])
torch.where(m>2)
m.select_scatter(v[:3],0,0)
m.slice_scatter(m[:1],0,0,1)
m.diagonal_scatter(v[:2])
x[0,:,1]
x[None,0]
x[:,None]
x[...,0]
x[0:1,...,torch.tensor([0])]
x[torch.tensor([0,1]),:,torch.tensor([0,1])]
x[mask, 0]
x[mask]
x[mask, 0:2]
x[[[0,1],[1,2]]]
x[[0,1]]
x[[0,1],[1,2]]
x[[slice(0,1)]]
x[[0, None]]
x[(0,1)]
x[[True,False]]
x[True]
x[False]
x[True, 0]
x[np.array([0,1])]
x[np.int64(1)]
x[np.array(1)]
x[torch.tensor([0,1],dtype=torch.int32)]
x[torch.tensor([0,1],dtype=torch.uint8)]
x[torch.tensor([0,1],dtype=torch.int16)]
x[torch.tensor([0.,1])]
x[1.0]
x["a"]
x[0,0,0,0]
x[..., 0, ...]
x[5]
x[-3]
x[0,7]
x[:, 5]
x[torch.tensor([5])]
x[:, torch.tensor([5])]
x[torch.tensor([-3])]
x[[0,1],[0,1,2]]
x[torch.tensor([True,False,True])]
x[:, torch.tensor([True,False])]
x[::-1]
x[::0]
x[0:10:3]
x[5:2]
x[-1:]
x[torch.tensor(1):]
x[1.5:]
x[None, ..., None].shape
v[0][0]
v[0][...]
v[0][None]
v[0][()]
x[()].shape
x[[]]
x[torch.tensor([])]
x[torch.tensor([], dtype=torch.long)].shape
x[{}]
x[0, [0,2]]
x[[0,1], :, [0,1]].shape
x[:, [0,1], [0,1]].shape
x[range(2)]
x[torch.tensor(True), 0]
assigned(v,0,5)
assigned(v,0,5.5)
assigned(v,slice(1,3),torch.tensor([7.,8]))
assigned(v,slice(1,3),torch.tensor([7,8]))
assigned(v,slice(1,3),torch.tensor([7.,8,9]))
assigned(v,slice(1,3),torch.tensor([[7.,8]]))
assigned(v,0,torch.tensor([[7.]]))
assigned(v,0,torch.tensor([7.,8]))
assigned(v,slice(1,3),[1,2])
assigned(v,slice(1,3),np.array([1,2]))
assigned(v,slice(1,3),"a")
assigned(v,slice(1,3),None)
assigned(v,slice(1,3),2j)
assigned(v,slice(1,3),True)
assigned(torch.arange(3),0,1.7)
assigned(torch.arange(3),0,torch.tensor(1.7))
assigned(torch.arange(3),0,float('nan'))
assigned(torch.arange(3,dtype=torch.uint8),0,300)
assigned(v, v>1, 0)
assigned(v, v>1, torch.tensor([1.,2]))
assigned(v, v>1, torch.tensor([1.,2,3]))
assigned(v, [0,0], torch.tensor([1.,2]))
assigned(v, [0,1], torch.tensor([1,2]))
assigned(v, [0,1], 3)
assigned(m, (slice(None), [0,1]), torch.tensor([1.,2]))
assigned(m, (slice(None), [0,1]), torch.tensor([1.,2,3]))
assigned(m, ..., 3)
assigned(m, None, 3)
assigned(m, True, 3)
assigned(m, False, 3)
assigned(m, (0, None), 3)
assigned(m, mask, torch.tensor([[1.,2,3]]))
assigned(m, 5, 3)
assigned(m, (0,5), 3)
assigned(m, "a", 3)
assigned(m, torch.tensor([0.]), 3)
assigned(m, 0, torch.ones(2,3))
assigned(m, slice(0,0), torch.ones(2,3))
assigned(m, (slice(None),0), torch.ones(2,1))
v.__delitem__(0)
torch.arange(3)[0].item()
m[0].__setitem__(0, 3)
m.nonzero()
m.nonzero(as_tuple=True)
torch.argwhere(m>2)
torch.tensor(3).nonzero()
m.index_put_((torch.tensor([0]),), torch.tensor([9.,9,9]))
m.index_put((torch.tensor([0,0]),), torch.tensor(1.), accumulate=True)
m.gather(0, torch.tensor([[0,1,0]]))
m.gather(2, torch.tensor([[0,1,0]]))
m.gather(0, torch.tensor([[0,5,0]]))
m.gather(0, torch.tensor([0,1]))
m.gather(0, torch.tensor([[0.,1]]))
m.gather(0, torch.tensor([[0,1,0,0]]))
m.gather(0, torch.tensor([[0,1,0]],dtype=torch.int32))
m.scatter(0, torch.tensor([[0,5,0]]), 1.)
m.scatter(0, torch.tensor([[0,1,0]]), torch.ones(1,2))
m.scatter(0, torch.tensor([[0,1,0]]), torch.ones(1,3,dtype=torch.int64))
m.index_select(0, torch.tensor([3]))
m.index_select(0, torch.tensor([[0]]))
m.index_select(0, torch.tensor([0.]))
m.index_select(0, torch.tensor(0))
m.index_add(0, torch.tensor([0]), torch.ones(2,3))
m.index_add(0, torch.tensor([0,0]), torch.ones(2,3), alpha=2)
m.index_copy(0, torch.tensor([5]), torch.ones(1,3))
m.index_fill(0, torch.tensor([5]), 1)
m.masked_select(torch.tensor([True,False,True]))
m.masked_select(torch.tensor([1,0,1]))
m.take(torch.tensor([7]))
m.take(torch.tensor([-1]))
"""


@pytest.mark.parametrize("source", lines(TABLE))
def test_agrees(source):
    assert_agree(source, SETUP)


@pytest.mark.parametrize("source", lines(TABLE))
def test_gradients_agree(source):
    assert_gradients_agree(source, "(x, m, v)", SETUP)


def test_what_as_strided_scatter_replaces_has_no_gradient():
    """The true derivative; PyTorch 2.13 returns the gradient of just the replaced elements."""
    x, v = (REFERENCE.ones(4, requires_grad=True) for _ in range(2))
    made = x.as_strided_scatter(v[:2], (2,), (2,))
    (made * REFERENCE.arange(1.0, 5.0)).sum().backward()
    assert x.grad.tolist() == [0.0, 2.0, 0.0, 4.0]
    assert v.grad.tolist() == [1.0, 3.0, 0.0, 0.0]
