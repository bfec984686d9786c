"""Products of vectors, matrices and batches, and einsum: results, gradients, refusals."""

from __future__ import annotations

import pytest

from .agree import assert_agree, assert_gradients_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
def waves(*shape, at=0.0):
    count = math.prod(shape)
    return (torch.arange(count, dtype=torch.float64) * 1.7 + at).sin().reshape(shape)

u = waves(3).requires_grad_()
v = waves(3, at=1.0).requires_grad_()
m = waves(2, 3).requires_grad_()
n = waves(3, 4, at=0.5).requires_grad_()
q = waves(2, 4, at=2.0).requires_grad_()
b = waves(5, 2, 3).requires_grad_()
c = waves(5, 3, 4, at=0.3).requires_grad_()
z = torch.complex(waves(3, 3), waves(3, 3, at=1.0)).requires_grad_()
t = waves(2, 1, 3, 4).requires_grad_()
i = torch.arange(6).reshape(2, 3)
f = torch.ones(3, 2)
e = torch.zeros(0, 3, dtype=torch.float64).requires_grad_()
w = torch.zeros(2, 0, dtype=torch.float64).requires_grad_()
"""

LEAVES = "(u, v, m, n, q, b, c, z, t)"

PRODUCTS = """
u @ v
m @ u
u @ n
m @ n
b @ c
b @ n
m @ c
b @ u
u @ c
t @ n.mT
b @ t[:, :, :, :2].transpose(0, 1)[:1]
z @ z
z @ z.mH
i @ i.T
e @ n
w @ w.T
torch.matmul(m, n)
torch.mm(m, n)
torch.mm(z, z)
torch.mv(m, u)
torch.dot(u, v)
torch.vdot(z[0], z[1])
torch.bmm(b, c)
torch.inner(m, n.T)
torch.inner(u, v)
torch.outer(u, v)
torch.ger(u, v)
torch.kron(m, n)
torch.kron(u, m)
torch.addmm(q, m, n)
torch.addmm(q, m, n, beta=0.5, alpha=2)
torch.addmm(q, m, n, beta=0)
torch.addmv(q[:, 0], m, u, beta=2, alpha=3)
torch.addr(m, m[:, 0], v, alpha=2)
torch.baddbmm(q, b, c, beta=0.5)
torch.addbmm(q, b, c, alpha=2)
torch.tensordot(b, c, dims=([0, 2], [0, 1]))
torch.tensordot(m, n, 1)
torch.tensordot(m, n, 0)
m.mm(n)
u.dot(v)
m.matmul(n)
torch.matmul(m.detach(), n.detach(), out=torch.zeros(2, 4, dtype=torch.float64))
q.detach().clone().addmm_(m.detach(), n.detach(), alpha=0.5)
"""

EINSUM = """
torch.einsum('ij,jk->ik', m, n)
torch.einsum('ij,jk', m, n)
torch.einsum('bij,bjk->bik', b, c)
torch.einsum('bij,bjk->ik', b, c)
torch.einsum('bij,bjk->kbi', b, c)
torch.einsum('ii', z)
torch.einsum('ii->i', z)
torch.einsum('ij->ji', m)
torch.einsum('ij->', m)
torch.einsum('i,j->ij', u, v)
torch.einsum('i,i', u, v)
torch.einsum('...ij,jk->...ik', b, n)
torch.einsum('b...,...k->bk...', m, n)
torch.einsum('ij,jk,lk->il', m, n, q)
torch.einsum(m, [0, 1], n, [1, 2], [0, 2])
torch.einsum(m, [0, 1], n, [1, 2])
torch.einsum('ij, jk -> ik', [m, n])
"""

REFUSED = """
u @ torch.tensor(1.0).double()
m @ m
u @ m
b @ b
m @ f
torch.mm(u, m)
torch.mm(m, m)
torch.mm(m, f)
torch.mv(m, m)
torch.mv(n, u)
torch.dot(u, m)
torch.dot(u, n[0])
torch.dot(u, f[:, 0])
torch.bmm(m, n)
torch.bmm(b, b)
torch.inner(m, n)
torch.outer(m, u)
torch.addmm(q, m, u)
torch.addmm(n, m, n)
torch.addmm(q, m, m)
torch.addmm(q, m, f)
torch.addmm(q, f.T, f)
torch.addmm(q, f.T, m)
torch.nn.functional.linear(m, m, f[0])
torch.nn.functional.linear(f.T, m, u)
torch.nn.functional.linear(f.T, m)
torch.addmv(u, m, m)
torch.tensordot(m, n, -1)
torch.tensordot(m, m, 1)
torch.einsum('ij,jk->ik', m)
torch.einsum('ij,jk->ik', m, m)
torch.einsum('ijk', m)
torch.einsum('ij->ik', m)
torch.einsum('ij->ii', m)
torch.einsum('i1', m)
torch.einsum('ii', m)
(i > 0) @ (i > 0).T
"""


@pytest.mark.parametrize("expression", [*lines(PRODUCTS), *lines(REFUSED)])
def test_result(expression: str) -> None:
    assert_agree(expression, SETUP)


@pytest.mark.parametrize("expression", lines(EINSUM))
def test_einsum(expression: str) -> None:
    """Which views an einsum is made of is PyTorch's own business: values, dtypes and shapes."""
    assert_agree(f"{expression}.detach().contiguous()", SETUP)


@pytest.mark.parametrize("expression", lines(PRODUCTS) + lines(EINSUM))
def test_gradient(expression: str) -> None:
    assert_gradients_agree(expression, LEAVES, SETUP, values_only=True)
