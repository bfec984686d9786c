"""What a function may do while ``torch.func`` transforms it, and Functions under ``vmap``."""

from __future__ import annotations

import pytest

TRANSFORMS = ["grad", "vjp", "jvp"]


def transformed(torch, name, f, x):
    if name == "grad":
        return torch.func.grad(f)(x)
    if name == "vjp":
        return torch.func.vjp(f, x)
    return torch.func.jvp(f, (x,), (torch.ones_like(x),))


@pytest.mark.parametrize("name", TRANSFORMS)
def test_requires_grad_is_refused_inside_but_the_attribute_may_be_set(torch, name):
    def calls(x):
        torch.ones(2).requires_grad_()
        return x.sum()

    def sets(x):
        torch.ones(2).requires_grad = True
        torch.ones(2, requires_grad=True)
        return x.sum()

    x = torch.tensor([1.0, 2.0])
    with pytest.raises(RuntimeError, match=r"attempting to call Tensor.requires_grad_\(\) \(or"):
        transformed(torch, name, calls, x)
    transformed(torch, name, sets, x)
    x.requires_grad_()


def test_requires_grad_is_refused_inside_vmap_for_any_tensor(torch):
    with pytest.raises(RuntimeError, match=r"Tensor.requires_grad_\(\)"):
        torch.func.vmap(lambda x: x * torch.ones(2).requires_grad_())(torch.ones(2))


def test_retain_grad_is_refused_inside(torch):
    def f(x):
        y = x.sin()
        y.retain_grad()
        return y.sum()

    with pytest.raises(RuntimeError, match=r"call Tensor.retain_grad\(\) inside of a function"):
        torch.func.grad(f)(torch.ones(2))


def test_the_functional_api_is_refused_inside(torch):
    def f(x):
        return torch.autograd.functional.jacobian(torch.sin, x).sum()

    with pytest.raises(RuntimeError, match=r"perhaps using torch\.autograd\.functional"):
        torch.func.grad(f)(torch.ones(2))


@pytest.mark.parametrize("name", ["grad", "vjp"])
def test_reverse_mode_transforms_and_saved_tensor_hooks_exclude_each_other(torch, name):
    def hooked(x):
        with torch.autograd.graph.save_on_cpu():
            return x.sin().sum()

    x = torch.ones(2)
    with pytest.raises(RuntimeError, match="don't yet support saved tensor hooks"):
        transformed(torch, name, hooked, x)
    with (
        pytest.raises(RuntimeError, match="don't yet support saved tensor hooks"),
        torch.autograd.graph.save_on_cpu(),
    ):
        transformed(torch, name, lambda x: x.sin().sum(), x)
    with torch.autograd.graph.save_on_cpu():
        transformed(torch, "jvp", lambda x: x.sin().sum(), x)


def test_no_grad_around_vjp_cuts_the_output_but_not_later_cotangents(torch):
    w = torch.tensor(2.0, requires_grad=True)
    with torch.no_grad():
        output, pull = torch.func.vjp(lambda x: x**2, w)
        (inside,) = pull(torch.tensor(1.0))
    (outside,) = pull(torch.tensor(1.0))
    assert (output.requires_grad, inside.requires_grad, outside.requires_grad) == (
        False,
        False,
        True,
    )
    assert torch.autograd.grad(outside, w)[0].item() == 2.0


def test_jacrev_one_row_at_a_time_needs_no_batching(torch):
    class Looks(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return x * 2

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def backward(ctx, grad):
            assert len(grad.nonzero()) == 1
            return grad * 2

    x = torch.ones(2)
    assert torch.func.jacrev(Looks.apply, chunk_size=1)(x).tolist() == [[2.0, 0.0], [0.0, 2.0]]
    with pytest.raises(RuntimeError, match="can output dynamic shape"):
        torch.func.jacrev(Looks.apply, chunk_size=2)(x)


@pytest.mark.filterwarnings("ignore:There is a performance drop")
def test_the_jacobian_of_take(torch):
    index = torch.tensor([1, 1])
    found = torch.func.jacrev(lambda x: torch.take(x, index))(torch.ones(3))
    assert found.tolist() == [[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]


def test_models_of_one_stack_agree_on_what_they_record(torch):
    models = [torch.nn.Linear(2, 2) for _ in range(2)]
    models[0].weight.requires_grad_(False)
    message = "Expected weight from each model to have the same .requires_grad"
    with pytest.raises(RuntimeError, match=message):
        torch.func.stack_module_state(models)


def mapped(torch, rule, forward=lambda x: x * 2):
    """``vmap`` of a Function whose ``vmap`` is `rule`."""

    class Mapped(torch.autograd.Function):
        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

    Mapped.forward, Mapped.vmap = staticmethod(forward), staticmethod(rule)
    return torch.func.vmap(Mapped.apply)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda x: x, "to have two returns.* Got a <class"),
        (lambda x: (x, x, 0, 0), "to have two returns.* Got 4 returns instead"),
        (lambda x: (x, (None,)), r"incompatible \(output, out_dims\) tuple. Expected out_dims=\("),
        (lambda x: ((x, x), (0, 0, 0)), r"Expected out_dims=\(0, 0, 0\) to be compatible"),
    ],
)
def test_vmap_of_a_function_returns_outputs_and_fitting_dimensions(torch, answer, message):
    with pytest.raises(RuntimeError, match=message):
        mapped(torch, lambda info, in_dims, x: answer(x))(torch.ones(3, 2))


def test_vmap_of_a_function_takes_and_returns_nested_structures(torch):
    def rule(info, in_dims, x, pair):
        assert in_dims == (0, [0, 0])
        return [x * 2, pair[1]], [0, 0]

    x = torch.tensor([1.0, 2.0])
    doubled, other = mapped(torch, rule, lambda x, pair: [x * 2, pair[1]])(x, [x, x * 3])
    assert (doubled.tolist(), other.tolist()) == ([2.0, 4.0], [3.0, 6.0])


def test_vmap_of_a_function_takes_no_tensor_by_keyword_only(torch):
    class Sum(torch.autograd.Function):
        @staticmethod
        def forward(x, *, y):
            return x + y

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def vmap(info, in_dims, x, *, y):
            return x + y, 0

    x = torch.ones(2)
    with pytest.raises(NotImplementedError, match="kwarg-only Tensor args"):
        torch.func.vmap(Sum.apply)(x, y=x)
