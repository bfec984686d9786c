"""The transforms of torch.func, alone and nested."""

import torch
from torch.func import grad, hessian, jacfwd, jacrev, jvp, linearize, vjp, vmap

torch.manual_seed(0)
x = torch.tensor(0.7)
assert torch.allclose(grad(torch.sin)(x), x.cos())
print(grad(lambda x: grad(torch.sin)(x))(x))
feature_size = 3
weights = torch.randn(feature_size, requires_grad=True)


def model(weights, feature_vec):
    return feature_vec.dot(weights).relu()


examples = torch.randn(5, feature_size)
print(vmap(model, in_dims=(None, 0))(weights, examples))


def compute_loss(weights, example, target):
    return ((model(weights, example) - target) ** 2).mean()


targets = torch.randn(5)
grads = vmap(grad(compute_loss), in_dims=(None, 0, 0))(weights, examples, targets)
print(grads.shape, grads)
inputs = torch.randn(5)
func = torch.sin
outputs, vjp_func = vjp(func, inputs)
print(*vjp_func(torch.ones(5)))


def f(x, y):
    return x * y


print(jvp(f, (torch.ones(5), torch.arange(5.0)), (torch.ones(5), torch.ones(5))))
print(vmap(jacfwd(torch.sin))(torch.arange(3.0)))
print(vmap(jacrev(torch.sin))(torch.arange(3.0)))
print(hessian(lambda x: x.sin().sum())(torch.arange(3.0)))
out, lin = linearize(lambda x: (x.sin() * x, x.sum()), inputs)
print(out, lin(torch.ones(5)))


def forward_all(x):
    return jvp(
        lambda y: jvp(lambda z: z**4, (y,), (torch.ones_like(y),))[1], (x,), (torch.ones_like(x),)
    )


print(forward_all(torch.tensor([1.0, 2.0])))
print(grad(lambda x: jvp(torch.exp, (x,), (x,))[1].sum())(torch.tensor([1.0, 2.0])))
print(
    jvp(lambda x: vmap(lambda r: r.sin() * r.sum())(x), (examples,), (torch.ones_like(examples),))[
        1
    ]
)
print(
    jacfwd(lambda d: {"a": d["p"] * 2, "b": d["q"].sum()})({"p": torch.ones(2), "q": torch.ones(3)})
)
print(
    vmap(
        lambda x, y: (
            x @ y,
            x.argmax(),
            x.sort().indices,
            torch.linalg.inv(torch.outer(x, x) + torch.eye(3)),
        )
    )(examples, examples.flip(0))
)
print(vmap(vmap(lambda a, b: a * b + a.sum(), (0, None)), (None, 0))(examples, torch.arange(2.0)))
print(vmap(torch.mul, in_dims=(0, 1), out_dims=1)(examples, examples.T).shape)
