"""``torch.autograd.Function``."""

from __future__ import annotations

import warnings

import pytest


def cube(torch):
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * 3 * x**2

    return Cube


def test_forward_and_backward(torch):
    Cube = cube(torch)
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = Cube.apply(x)
    assert y.grad_fn.name() == "CubeBackward"
    assert "grad_fn=<CubeBackward>" in repr(y)
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 12.0]


def test_saved_tensors_are_the_inputs_themselves_and_are_freed(torch):
    Cube = cube(torch)
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = Cube.apply(x)
    assert y.grad_fn.saved_tensors[0] is x
    y.sum().backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.sum().backward()


def test_backward_can_be_differentiated(torch):
    Cube = cube(torch)
    x = torch.tensor(2.0, requires_grad=True)
    (g,) = torch.autograd.grad(Cube.apply(x), x, create_graph=True)
    (h,) = torch.autograd.grad(g, x)
    assert (g.item(), h.item()) == (12.0, 12.0)


def test_setup_context(torch):
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(x, factor):
            return x * factor

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.factor = inputs[1]

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.factor, None

    x = torch.ones(2, requires_grad=True)
    Scale.apply(x, 4).sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]


def test_needs_input_grad_and_arguments_that_are_no_tensors(torch):
    seen = []

    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b, name):
            return a + b

        @staticmethod
        def backward(ctx, grad):
            seen.append(ctx.needs_input_grad)
            return grad, None, None

    F.apply(torch.ones(2, requires_grad=True), torch.ones(2), "name").sum().backward()
    assert seen == [(True, False, False)]


def test_several_outputs_and_unused_ones(torch):
    seen = []

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, a, b):
            seen.append((a.tolist(), b.tolist()))
            return 2 * a + 3 * b

    x = torch.ones(2, requires_grad=True)
    _, triple = Both.apply(x)
    assert triple.output_nr == 1
    triple.sum().backward()
    assert seen == [([0.0, 0.0], [1.0, 1.0])]
    assert x.grad.tolist() == [3.0, 3.0]


def test_unused_outputs_may_be_left_undefined(torch):
    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, a, b):
            assert a is None
            return 3 * b

    x = torch.ones(2, requires_grad=True)
    Both.apply(x)[1].sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_mark_non_differentiable(torch):
    class SortIt(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            values, index = x.sort()
            ctx.mark_non_differentiable(index)
            ctx.save_for_backward(index)
            return values, index

        @staticmethod
        def backward(ctx, grad, _):
            (index,) = ctx.saved_tensors
            out = torch.zeros_like(grad)
            out[index] = grad
            return out

    x = torch.tensor([3.0, 1.0, 2.0], requires_grad=True)
    values, index = SortIt.apply(x)
    assert not index.requires_grad
    (values * torch.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [100.0, 1.0, 10.0]


def test_mark_dirty(torch):
    class Double_(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    leaf = torch.ones(2, requires_grad=True)
    x = leaf * 1
    y = Double_.apply(x)
    assert y is x
    assert x.grad_fn.name() == "Double_Backward"
    y.sum().backward()
    assert leaf.grad.tolist() == [2.0, 2.0]
    with pytest.raises(
        RuntimeError, match="a leaf Variable that requires grad has been used in an"
    ):
        Double_.apply(torch.ones(2, requires_grad=True))


def test_an_input_returned_unchanged_becomes_an_alias(torch):
    class Straight(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, grad):
            return grad * 7

    x = torch.ones(2, requires_grad=True)
    y = Straight.apply(x)
    assert y is not x
    assert x.is_leaf
    y.sum().backward()
    assert x.grad.tolist() == [7.0, 7.0]


def test_once_differentiable(torch):
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return 2 * x * grad

    x = torch.tensor(3.0, requires_grad=True)
    weight = torch.tensor(1.0, requires_grad=True)
    (g,) = torch.autograd.grad(Once.apply(x), x, weight, create_graph=True)
    assert g.item() == 6.0
    with pytest.raises(RuntimeError, match="trying to differentiate twice a function that was"):
        g.backward()


def test_wrong_numbers_of_gradients(torch):
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            return grad, grad

    with pytest.raises(
        RuntimeError, match=r"returned an incorrect number of gradients \(expected 1"
    ):
        Wrong.apply(torch.ones(2, requires_grad=True)).sum().backward()


def test_a_gradient_of_the_wrong_shape(torch):
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, grad):
            return torch.ones(3)

    with pytest.raises(
        RuntimeError, match=r"returned an invalid gradient at index 0 - got \[3\] but"
    ):
        Wrong.apply(torch.ones(2, requires_grad=True)).sum().backward()


def test_instantiating_warns_as_pytorch_does(torch):
    Cube = cube(torch)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Cube()
    assert [w.category for w in caught] == [DeprecationWarning]
    assert "should not be instantiated. Methods on autograd functions are all static" in str(
        caught[0].message
    )


def test_save_for_backward_takes_tensors_only(torch):
    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(3)
            return x

    with pytest.raises(TypeError, match="save_for_backward can only save variables"):
        F.apply(torch.ones(2, requires_grad=True))


def test_outputs_made_inside_forward_become_part_of_the_graph(torch):
    """The hole at three: forward returns a new leaf that requires grad."""

    class Hole(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            ctx.save_for_backward(t)
            return torch.tensor(0.0, requires_grad=True) if t == 3.0 else t

        @staticmethod
        def backward(ctx, grad):
            (t,) = ctx.saved_tensors
            return torch.tensor(0.0) if t == 3.0 else grad.clone()

    for value, slope in ((2.0, 1.0), (3.0, 0.0)):
        t = torch.tensor(value, requires_grad=True)
        y = Hole.apply(t)
        assert y.grad_fn.name() == "HoleBackward"
        y.backward()
        assert t.grad.item() == slope


def test_forward_with_setup_context_may_have_defaults(torch):
    class Power(torch.autograd.Function):
        @staticmethod
        def forward(x, exponent=3):
            return x**exponent

        @staticmethod
        def setup_context(ctx, inputs, output):
            x, ctx.exponent = inputs
            ctx.save_for_backward(x)

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * ctx.exponent * x ** (ctx.exponent - 1), None

    x = torch.tensor(2.0, requires_grad=True)
    (by_default,) = torch.autograd.grad(Power.apply(x), x)
    (by_keyword,) = torch.autograd.grad(Power.apply(x, exponent=2), x)
    assert (by_default.item(), by_keyword.item()) == (12, 4)


def test_outputs_that_are_no_tensors_have_no_gradient(torch):
    class Labelled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return "label", x.clone(), None, x.clone()

        @staticmethod
        def backward(ctx, *grads):
            seen.append([None if g is None else g.item() for g in grads])
            return grads[1]

    seen = []
    x = torch.tensor(2.0, requires_grad=True)
    Labelled.apply(x)[1].backward()
    assert seen == [[None, 1, None, 0]]


def test_what_may_not_be_differentiated_twice_is_one_node(torch):
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, grad):
            return grad * 2, grad * 3

    x, y, grad = (torch.ones(1, requires_grad=True) for _ in range(3))
    a, b = torch.autograd.grad(Twice.apply(x, y), (x, y), grad, create_graph=True)
    assert a.grad_fn is b.grad_fn
    assert (a.output_nr, b.output_nr) == (0, 1)
    assert [node.name() for node, _ in a.grad_fn.next_functions] == [
        "torch::autograd::AccumulateGrad"
    ] * 2


def test_an_input_changed_in_place_but_not_differentiable_comes_back_without_history(torch):
    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.mark_dirty(a)
            ctx.mark_non_differentiable(a)
            a.mul_(2)
            return a, b.clone()

        @staticmethod
        def backward(ctx, of_a, of_b):
            return None, of_b

    made = torch.ones(2, requires_grad=True).clone()
    doubled, other = Doubled.apply(made, torch.ones(2, requires_grad=True))
    assert (doubled.tolist(), doubled.requires_grad, other.requires_grad) == ([2, 2], False, True)


def test_saved_variables_is_the_old_name_of_saved_tensors(torch):
    class Old(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        def backward(ctx, grad):
            return 2 * grad * ctx.saved_variables[0]

    x = torch.tensor(3.0, requires_grad=True)
    with pytest.warns(DeprecationWarning, match="'saved_variables' is deprecated"):
        Old.apply(x).backward()
    assert x.grad.item() == 6.0
