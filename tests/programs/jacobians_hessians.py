"""Jacobians and Hessians, in reverse and in forward mode."""

from functools import partial

import torch
import torch.nn.functional as F
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vjp, vmap

torch.manual_seed(0)


def predict(weight, bias, x):
    return F.linear(x, weight, bias).tanh()


D = 6
weight = torch.randn(D, D)
bias = torch.randn(D)
x = torch.randn(D)
xp = x.clone().requires_grad_()
unit_vectors = torch.eye(D)


def compute_jac(xp):
    rows = [torch.autograd.grad(predict(weight, bias, xp), xp, vec)[0] for vec in unit_vectors]
    return torch.stack(rows)


jacobian = compute_jac(xp)
print(jacobian.shape, jacobian[0])
_, vjp_fn = vjp(partial(predict, weight, bias), x)
(ft_jacobian,) = vmap(vjp_fn)(unit_vectors)
assert torch.allclose(ft_jacobian, jacobian)
r = jacrev(predict, argnums=2)(weight, bias, x)
f = jacfwd(predict, argnums=2)(weight, bias, x)
print(torch.allclose(r, f), r.shape, r.requires_grad)
print(torch.allclose(jacrev(predict, argnums=2, chunk_size=2)(weight, bias, x), f))
w = jacrev(predict, argnums=0)(weight, bias, x)
print(w.shape, round(w.sum().item(), 4))
both = jacfwd(predict, argnums=(0, 1))(weight, bias, x)
print([b.shape for b in both])
hess_api = hessian(predict, argnums=2)(weight, bias, x)
hess_fwdfwd = jacfwd(jacfwd(predict, argnums=2), argnums=2)(weight, bias, x)
hess_revrev = jacrev(jacrev(predict, argnums=2), argnums=2)(weight, bias, x)
hess_revfwd = jacrev(jacfwd(predict, argnums=2), argnums=2)(weight, bias, x)
print(
    [torch.allclose(hess_api, h, atol=1e-6) for h in (hess_fwdfwd, hess_revrev, hess_revfwd)],
    hess_api[0, 0],
)
batch_size = 3
weight = torch.randn(2, D)
bias = torch.randn(2)
x = torch.randn(batch_size, D)
batch_jac = vmap(jacrev(predict, argnums=2), in_dims=(None, None, 0))(weight, bias, x)
print(batch_jac.shape)


def predict_with_output_summed(weight, bias, x):
    return predict(weight, bias, x).sum(0)


print(
    torch.allclose(
        jacrev(predict_with_output_summed, argnums=2)(weight, bias, x).movedim(1, 0), batch_jac
    )
)
batch_hess = vmap(hessian(predict, argnums=2), in_dims=(None, None, 0))(weight, bias, x)
print(batch_hess.shape, round(batch_hess.sum().item(), 4))


def hvp(f, primals, tangents):
    return jvp(grad(f), primals, tangents)[1]


def g(x):
    return x.sin().sum()


x = torch.randn(64)
tangent = torch.randn(64)
print(torch.allclose(hvp(g, (x,), (tangent,)), -x.sin() * tangent))


def hvp_revrev(f, primals, tangents):
    _, vjp_fn = vjp(grad(f), *primals)
    return vjp_fn(*tangents)


print(torch.allclose(hvp_revrev(g, (x,), (tangent,))[0], -x.sin() * tangent))
