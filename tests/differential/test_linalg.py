"""torch.linalg and the linear algebra of the torch namespace: results, gradients, refusals."""

from __future__ import annotations

import pytest

from .agree import assert_agree, assert_gradients_agree, lines

torch = pytest.importorskip("torch", reason="needs PyTorch, which is not installed")

SETUP = """
L = torch.linalg

def waves(*shape, at=0.0):
    count = math.prod(shape)
    return (torch.arange(count, dtype=torch.float64) * 1.7 + at).sin().reshape(shape)

a = (waves(3, 3) + 2 * torch.eye(3, dtype=torch.float64)).requires_grad_()
c = torch.complex(waves(3, 3), waves(3, 3, at=1.0)) + torch.eye(3)
c = c.to(torch.complex128).requires_grad_()
p = (waves(3, 3) @ waves(3, 3).T + torch.eye(3, dtype=torch.float64)).requires_grad_()
b = waves(3, 2, at=0.5).requires_grad_()
w = waves(2, 3, at=0.25).requires_grad_()
v = waves(3, at=0.1).requires_grad_()
s = (waves(2, 3, 3) + 2 * torch.eye(3, dtype=torch.float64)).requires_grad_()
t = waves(2, 3, 2, at=0.75).requires_grad_()
z = torch.zeros(2, 2)
e = torch.eye(2)
both = torch.stack([e, z])
h = e.half()
i = e.int()
n = torch.zeros(0, 0, dtype=torch.float64).requires_grad_()
"""

LEAVES = "(a, c, p, b, w, v, s, t)"

# What has a unique result, the same on any LAPACK.
DIFFERENTIABLE = """
L.det(a)
L.det(c)
L.det(s)
L.det(a[:1, :1])
L.det(n)
torch.det(a)
L.slogdet(a)
L.slogdet(s)
torch.slogdet(a)
torch.logdet(p)
torch.logdet(-p)
L.solve(a, b)
L.solve(a, v)
L.solve(s, t)
L.solve(c, c)
L.solve(a, w, left=False)
L.solve(s, b)
L.solve_ex(a, b)
L.inv(a)
L.inv(c)
L.inv(s)
L.inv(n)
L.inv_ex(a)
torch.inverse(a)
a.inverse()
L.solve_triangular(a, b, upper=True)
L.solve_triangular(a, b, upper=False)
L.solve_triangular(a, w, upper=True, left=False)
L.solve_triangular(a, b, upper=False, unitriangular=True)
torch.triangular_solve(b, a)
torch.triangular_solve(b, a, upper=False, transpose=True)
L.cholesky(p)
L.cholesky(p, upper=True)
L.cholesky(c @ c.mH)
L.cholesky_ex(p)
torch.cholesky(p)
torch.cholesky(p, upper=True)
torch.cholesky_solve(b, a)
torch.cholesky_solve(b, a, upper=True)
torch.cholesky_inverse(a)
torch.cholesky_inverse(a, upper=True)
L.lu(a)
L.lu(b)
L.lu(w)
L.lu_factor(a)
L.lu_factor(t)
L.lu_factor_ex(s)
L.lu_solve(*L.lu_factor(a), b)
L.lu_solve(*L.lu_factor(a), b, adjoint=True)
L.lu_solve(*L.lu_factor(a), w, left=False)
L.lu_solve(*L.lu_factor(a), w, left=False, adjoint=True)
torch.lu(a)
torch.lu(a, get_infos=True)
torch.lu_solve(b, *L.lu_factor(a))
torch.lu_unpack(*L.lu_factor(b))
torch.lu_unpack(*L.lu_factor(w))
torch.lu_unpack(*L.lu_factor(a), unpack_pivots=False)
L.lstsq(b, a)
L.lstsq(b, v)
L.lstsq(t, s, driver='gels')
L.lstsq(b, a, driver='gelsd')
L.lstsq(w, e.double(), driver='gelss')
L.pinv(b)
L.pinv(w)
L.pinv(s)
L.pinv(p, hermitian=True)
torch.pinverse(b)
L.matrix_power(a, 5)
L.matrix_power(a, 3)
L.matrix_power(a, 1)
L.matrix_power(a, -2)
torch.matrix_power(a, 2)
L.matrix_exp(a)
L.matrix_exp(c)
L.matrix_exp(3 * s)
a.matrix_exp()
L.multi_dot([w, a, b])
L.multi_dot([v, a, v])
L.multi_dot([w, a])
L.multi_dot([w, b, w, a, b])
torch.chain_matmul(w, a, b)
L.vecdot(c, c)
L.vecdot(a, s, dim=0)
L.cross(a, a.T)
L.cross(c, c, dim=0)
torch.cross(b, b.flip(1))
torch.cross(a, a.T, dim=1)
L.tensorsolve(a, v)
L.vander(v)
L.vander(v, N=5)
L.diagonal(s)
L.diagonal(s, offset=1)
L.matmul(a, b)
L.householder_product(b, v[:2])
torch.orgqr(b, v[:2])
torch.ormqr(b, v[:2], a)
torch.ormqr(b, v[:2], a, left=False, transpose=True)
torch.geqrf(b.detach())
torch.trace(a)
"""

NORMS = """
L.norm(a)
L.norm(a, 'fro')
L.norm(a, 'nuc')
L.norm(a, 2)
L.norm(a, -2)
L.norm(a, 1)
L.norm(a, -1)
L.norm(a, float('inf'))
L.norm(a, -float('inf'))
L.norm(v, 3)
L.norm(s, 2, dim=(0, 2), keepdim=True)
L.vector_norm(a)
L.vector_norm(a, 0)
L.vector_norm(a, 1, dim=0)
L.vector_norm(a, 0.5)
L.vector_norm(a, 1.5, dim=1, keepdim=True)
L.vector_norm(a, 3)
L.vector_norm(a, float('inf'), dim=1)
L.vector_norm(a, -float('inf'))
L.vector_norm(c, 2, dim=(0, 1))
L.vector_norm(c, 3)
L.vector_norm(h, dtype=torch.float32)
L.matrix_norm(s)
L.matrix_norm(s, 'nuc', keepdim=True)
L.matrix_norm(s, 1, dim=(0, 1))
L.matrix_norm(c, 2)
torch.norm(a)
torch.norm(a, p=1, dim=0)
torch.norm(a, 'nuc')
torch.norm(a, float('inf'), dim=(0, 1), keepdim=True)
a.norm()
a.norm(3)
L.cond(a)
L.cond(a, -2)
L.cond(a, 1)
L.cond(both, 1)
L.cond(a, 'fro')
L.svdvals(a)
L.svdvals(t)
L.eigvalsh(p)
L.matrix_rank(a)
L.matrix_rank(both)
L.matrix_rank(p, hermitian=True)
L.matrix_rank(a, atol=10.0)
torch.cdist(a, b.T.new_ones(2, 3))
torch.cdist(a, a.flip(0), p=1)
torch.cdist(a, 2 * a, p=3)
torch.cdist(a, 2 * a, p=0.5)
torch.cdist(a, 2 * a, p=float('inf'))
torch.cdist(a, 2 * a, compute_mode='use_mm_for_euclid_dist')
torch.cdist(s, 2 * a)
torch.pdist(a)
torch.pdist(a, 1)
torch.renorm(a, 2, 0, 1.5)
torch.renorm(a, 1, 1, 0.5)
a.detach().renorm_(2, 0, 1.5)
"""

# Signs and phases of these are LAPACK's choice, so they are compared through what does not depend
# on them.
FACTORISATIONS = """
(lambda q, r: (q.abs(), r.abs()))(*L.qr(b))
(lambda q, r: (q.abs(), r.abs()))(*L.qr(a))
(lambda q, r: (q.abs(), r.abs()))(*L.qr(w))
(lambda q, r: (q.abs(), r.abs()))(*L.qr(s, 'complete'))
(lambda q, r: (q.abs(), r.abs()))(*torch.qr(b))
(lambda q, r: (q.abs(), r.abs()))(*L.qr(c))
L.qr(b, 'r').R.abs()
(lambda u, x, vh: (u.abs(), x, vh.abs()))(*L.svd(a))
(lambda u, x, vh: (u.abs(), x, vh.abs()))(*L.svd(t, full_matrices=False))
(lambda u, x, vh: (u[:, :2].abs(), x, vh.abs()))(*L.svd(b))
(lambda u, x, vh: (u.abs(), x, vh.abs()))(*L.svd(c))
(lambda u, x, v: (u.abs(), x, v.abs()))(*torch.svd(b))
torch.svd(b, compute_uv=False)
(lambda x, u: (x, u.abs()))(*L.eigh(p))
(lambda x, u: (x, u.abs()))(*L.eigh(a, UPLO='U'))
(lambda x, u: (x, u.abs()))(*L.eigh(c @ c.mH))
L.eig(p)[0].real.sort()[0]
(lambda x, u: (u * x @ L.inv(u)).real)(*L.eig(a))
(lambda x, u: u * x @ L.inv(u))(*L.eig(c))
L.eigvals(p).real.sort()[0]
L.ldl_factor(p.detach())
L.ldl_factor_ex(-p.detach())
L.ldl_solve(*L.ldl_factor(s.detach() + s.detach().mT), t.detach())
"""

REFUSED = """
L.solve(both, torch.ones(2, 2, 2))
L.solve(z, torch.ones(2))
L.solve(z, torch.ones(3))
L.solve(z, torch.ones(3, 1), left=False)
L.solve(z, torch.tensor(1.0))
L.solve(b, b)
L.solve(i, i)
L.solve(h, h)
L.solve(e, e.double())
L.solve(torch.zeros(3, 2, 2), torch.ones(2, 2, 2))
L.solve_ex(z, z, check_errors=True)
L.inv(both)
L.inv(b)
L.inv(v)
L.inv(i)
L.inv(h)
L.inv_ex(z, check_errors=True)
torch.inverse(z)
L.det(b)
L.det(i)
L.det(h)
L.slogdet(i)
torch.logdet(b)
L.cholesky(both)
L.cholesky(-e)
L.cholesky(i)
L.cholesky(h)
L.cholesky_ex(-e, check_errors=True)
torch.cholesky(z)
torch.cholesky_solve(v, a)
torch.cholesky_solve(b, e.double())
torch.cholesky_inverse(z)
L.solve_triangular(a, v, upper=True)
L.solve_triangular(e, a.float(), upper=True)
torch.triangular_solve(v, a)
L.qr(v)
L.qr(a, 'foo')
L.qr(i)
torch.geqrf(v)
L.householder_product(v, v)
L.householder_product(w, v)
L.householder_product(b, b)
torch.ormqr(b, v[:2], v)
torch.ormqr(b, v[:2], a.float())
L.eig(b)
L.eig(i)
L.eig(z / 0)
L.eigh(b)
L.eigh(e, UPLO='x')
L.svd(v)
L.svd(both / 0)
L.svd(e, driver='gesvd')
torch.svd(v)
L.lu(v)
L.lu(a, pivot=False)
L.lu_factor(both)
L.lu_factor_ex(z, check_errors=True)
L.lu_solve(e, v[:2].detach(), e)
L.lu_solve(e, i[0], e.double())
torch.lu_unpack(e, i[0] + 5)
L.ldl_factor(b)
L.lstsq(v, v)
L.lstsq(b, torch.ones(4, dtype=torch.float64))
L.lstsq(b, a.float())
L.lstsq(b, a, driver='foo')
L.pinv(v)
L.pinv(i)
L.matrix_rank(v)
L.matrix_power(b, 2)
L.matrix_power(a, 2.0)
L.matrix_exp(b)
L.matrix_exp(i)
L.multi_dot([a])
L.multi_dot([a, e.double()])
L.multi_dot([a, v, a])
L.multi_dot([a, a.float()])
torch.chain_matmul(a, v)
L.vecdot(a, a.float())
L.vecdot(i, i)
L.cross(e, e)
L.cross(v, a)
torch.cross(e, e)
L.tensorinv(a, ind=0)
L.tensorinv(a, ind=2)
L.tensorinv(z, ind=1)
L.tensorsolve(a, b)
L.vander(v, N=1)
L.cond(v)
L.cond(b, 1)
L.cond(a, 3)
L.norm(i)
L.norm(s, 2)
L.norm(a, 'foo')
L.norm(v, 'fro')
L.norm(a, 3)
L.norm(a, 2, dim=(0, 0))
L.vector_norm(a, dtype=torch.int32)
L.vector_norm(a, dtype=torch.complex128)
L.vector_norm(a, dtype=torch.float32)
L.vector_norm(n, float('inf'))
L.vector_norm(torch.zeros(2, 0), -1, dim=1)
L.vector_norm(a, 'fro')
L.matrix_norm(v)
L.matrix_norm(h, 2)
L.matrix_norm(a, dim=(0,))
torch.norm(a, 'foo')
torch.cdist(a, b)
torch.cdist(a, v)
torch.cdist(i, i)
torch.cdist(a, a, p=-1)
torch.cdist(a, a, compute_mode='foo')
torch.pdist(v)
torch.pdist(a, -1)
torch.renorm(v, 2, 0, 1)
torch.renorm(a, -1, 0, 1)
torch.renorm(a, 2, 0, -1)
torch.trace(v)
"""

ALL = lines(DIFFERENTIABLE) + lines(NORMS) + lines(FACTORISATIONS)


@pytest.mark.parametrize("expression", [*ALL, *lines(REFUSED)])
def test_result(expression: str) -> None:
    assert_agree(expression, SETUP)


@pytest.mark.parametrize("expression", [x for x in ALL if "geqrf" not in x])
def test_gradient(expression: str) -> None:
    assert_gradients_agree(expression, LEAVES, SETUP, values_only=True)


@pytest.mark.parametrize(
    "loss",
    [
        "L.svd(c)[0].real.sum()",
        "L.eigh(c @ c.mH)[1].real.sum()",
        "L.eig(c)[1].real.sum()",
        "L.qr(b, 'r').R.sum()",
        "L.qr(b, 'complete').Q.sum()",
        "torch.geqrf(b)[0].sum()",
    ],
)
def test_losses_without_a_gradient(loss: str) -> None:
    assert_agree(f"torch.autograd.grad({loss}, (b, c), allow_unused=True)", SETUP)


@pytest.mark.parametrize("ord", ["0.5", "1", "1.5", "2", "3", "float('inf')"])
def test_norm_at_zero_has_a_subgradient(ord: str) -> None:
    setup = SETUP + "o = torch.zeros(3, dtype=torch.float64, requires_grad=True)\n"
    assert_agree(f"torch.autograd.grad(L.vector_norm(o, {ord}), o)", setup)


@pytest.mark.parametrize("p", ["0", "0.5", "1", "1.5", "2", "3", "float('inf')"])
def test_distance_at_zero_has_a_subgradient(p: str) -> None:
    assert_agree(f"torch.autograd.grad(torch.cdist(a, a, p={p}).sum(), a)", SETUP)


@pytest.mark.parametrize(
    "matrix", ["torch.ones(3, 3)", "torch.diag(torch.tensor([1.0, 2.0, 0.0]))"]
)
def test_singular_matrices_have_a_determinant_with_a_gradient(matrix: str) -> None:
    setup = SETUP + f"x = {matrix}.double().requires_grad_()\n"
    if "diag" in matrix:  # PyTorch's second derivative at several equal singular values is nan
        assert_gradients_agree("L.det(x)", "(x,)", setup, values_only=True)
    assert_agree("torch.autograd.grad(L.det(x), x)[0].contiguous()", setup)
    setup += "y = torch.stack([x, x + torch.eye(3)]).detach().requires_grad_()\n"
    assert_agree("torch.autograd.grad(L.det(y).sum(), y)[0].contiguous()", setup)


@pytest.mark.parametrize("dtype", ["float32", "complex64"])
def test_single_precision(dtype: str) -> None:
    setup = (
        SETUP + f"x = c.detach().to(torch.{dtype}) if 'c' in '{dtype}' else a.detach().float()\n"
    )
    for expression in (
        "L.inv(x)",
        "L.det(x)",
        "L.solve(x, x)",
        "L.svdvals(x)",
        "L.eigvals(x).abs()",
    ):
        torch_outcome = assert_agree_loosely(expression, setup)
        assert not torch_outcome.failed


def assert_agree_loosely(expression: str, setup: str):  # type: ignore[no-untyped-def]
    """Single precision on two LAPACKs: dtype and shape exactly, numbers by rounding to 4 digits."""
    return assert_agree(
        f"(lambda r: (r.dtype, torch.round(r.abs(), decimals=4)))({expression})", setup
    )


def test_every_function_of_linalg_is_compared() -> None:
    text = " ".join([*ALL, *lines(REFUSED)])
    names = [n for n in dir(torch.linalg) if not n.startswith("_") and n[0].islower()]
    functions = [n for n in names if callable(getattr(torch.linalg, n))]
    assert [n for n in functions if f"L.{n}(" not in text] == []


def test_the_error_has_pytorchs_name() -> None:
    outcome = assert_agree("(L.LinAlgError.__name__, L.LinAlgError.__module__)", SETUP)
    assert outcome.result[1:] == ["_LinAlgError", "torch._C"]


# ---------------------------------------------------------------- low rank

LOW_RANK = """
torch.svd_lowrank(a, 3)
torch.svd_lowrank(a.mT, q=2, niter=1)
torch.svd_lowrank(a, 2, M=a.mean(0, keepdim=True))
torch.svd_lowrank(batch, 2)
torch.svd_lowrank(z, 2)
torch.pca_lowrank(a)
torch.pca_lowrank(a, 2, center=False)
torch.pca_lowrank(a, q=9)
torch.pca_lowrank(a, niter=-1)
"""
LOW_RANK_SETUP = """
torch.manual_seed(3)
a = torch.randn(6, 4, dtype=torch.float64)
batch = torch.randn(2, 3, 5, dtype=torch.float64)
z = torch.randn(4, 3, dtype=torch.complex128)


def product(parts):  # singular vectors have a sign of their own
    U, S, V = parts
    return S, (U * S.unsqueeze(-2)) @ V.mH
"""


@pytest.mark.parametrize("source", lines(LOW_RANK))
def test_low_rank_approximations_draw_the_same_numbers(source):
    assert_agree(f"product({source})", LOW_RANK_SETUP)
