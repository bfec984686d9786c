"""What ``backward`` and ``autograd.grad`` do to leaves, graphs and gradients."""

from __future__ import annotations

import gc
import warnings
import weakref

import pytest


def test_gradients_accumulate_until_they_are_cleared(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    first = x.grad
    (x * x).sum().backward()
    assert x.grad.tolist() == [4.0, 8.0]
    assert x.grad is first  # accumulated in place
    x.grad = None
    (3 * x).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_two_leaves_never_share_a_gradient(torch):
    x = torch.ones(2, requires_grad=True)
    y = torch.ones(2, requires_grad=True)
    (x + y).sum().backward()
    x.grad.mul_(5)
    assert y.grad.tolist() == [1.0, 1.0]


def test_the_callers_gradient_is_not_kept(torch):
    x = torch.ones(2, requires_grad=True)
    g = torch.ones(2)
    (x * 1).backward(g)
    g.mul_(7)
    assert x.grad.tolist() == [1.0, 1.0]


def test_backward_needs_a_scalar_or_a_gradient(torch):
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(
        RuntimeError, match="grad can be implicitly created only for scalar outputs"
    ):
        (x * 2).backward()
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        torch.ones(()).backward()
    with pytest.raises(RuntimeError, match=r"Mismatch in shape: grad_output\[0\]"):
        (x * 2).backward(torch.ones(3))


def test_a_graph_can_be_used_once_unless_it_is_retained(torch):
    x = torch.tensor(2.0, requires_grad=True)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8.0
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()


def test_a_graph_without_saved_values_can_be_used_again(torch):
    x = torch.tensor(2.0, requires_grad=True)
    y = x + 1
    y.backward()
    y.backward()
    assert x.grad.item() == 2.0


def test_grad_returns_and_leaves_the_leaves_alone(torch):
    x = torch.tensor(3.0, requires_grad=True)
    y = torch.tensor(4.0, requires_grad=True)
    gx, gy = torch.autograd.grad(x * x * y, (x, y))
    assert (gx.item(), gy.item()) == (24.0, 9.0)
    assert x.grad is None
    assert y.grad is None


def test_grad_by_an_intermediate_tensor(torch):
    x = torch.tensor(3.0, requires_grad=True)
    h = x * x
    (g,) = torch.autograd.grad(h * h, h)
    assert g.item() == 18.0


def test_unused_inputs(torch):
    x, z = torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)
    y = (x * 2).sum()
    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        torch.autograd.grad(y, z, retain_graph=True)
    assert torch.autograd.grad(y, z, allow_unused=True, retain_graph=True) == (None,)
    (zeros,) = torch.autograd.grad(y, z, materialize_grads=True)
    assert zeros.tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(RuntimeError, match="One of the differentiated Tensors does not require"):
        torch.autograd.grad((x * 2).sum(), torch.ones(2))


def test_backward_with_inputs_reaches_only_those(torch):
    x, y = torch.ones((), requires_grad=True), torch.ones((), requires_grad=True)
    h = x * 2
    (h * y).backward(inputs=[y])
    assert x.grad is None
    assert y.grad.item() == 2.0
    z = x * 3
    (z * z).backward(inputs=[z, x])
    assert x.grad.item() == 18.0


def test_higher_derivatives(torch):
    x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    values = []
    y = x**5
    for _ in range(4):
        (y,) = torch.autograd.grad(y, x, create_graph=True)
        values.append(y.item())
    assert values == [80.0, 160.0, 240.0, 240.0]


def test_create_graph_makes_the_gradient_differentiable(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (x**3).sum().backward(create_graph=True)
    assert x.grad.requires_grad
    g = x.grad
    x.grad = None
    g.sum().backward()
    assert x.grad.tolist() == [6.0, 12.0]


def test_only_what_requires_grad_is_recorded(torch):
    x = torch.ones(2, requires_grad=True)
    y = torch.ones(2)
    assert (y * y).grad_fn is None
    assert (x * y).requires_grad
    assert not (x * y).is_leaf
    assert x.is_leaf
    assert y.is_leaf


def test_detach_shares_memory_and_the_version_counter(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    d = y.detach()
    assert not d.requires_grad
    z = y * y
    d.mul_(3)
    assert y.tolist() == [6.0, 6.0]
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


def test_data_shares_memory_but_is_not_watched(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    z = y * y
    y.data.mul_(3)
    z.sum().backward()
    assert x.grad.tolist() == [24.0, 24.0]


def test_requires_grad_can_be_set_on_leaves_only(torch):
    x = torch.ones(2)
    x.requires_grad = True
    y = x * 2
    with pytest.raises(RuntimeError, match="you can only change requires_grad flags of leaf"):
        y.requires_grad = False
    with pytest.raises(RuntimeError, match="floating point"):
        torch.ones(2, dtype=torch.int64).requires_grad_()


def test_reading_grad_of_a_non_leaf_warns_unless_retained(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    with pytest.warns(UserWarning, match="The .grad attribute of a Tensor that is not a leaf"):
        assert y.grad is None
    y.retain_grad()
    assert y.retains_grad
    (y * y).sum().backward()
    assert y.grad.tolist() == [4.0, 4.0]


def test_assigning_grad_is_checked(torch):
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(TypeError, match="assigned grad expected to be a Tensor or None"):
        x.grad = 3
    with pytest.raises(RuntimeError, match=r"gradient of size '\[3\]' to a tensor of size '\[2\]'"):
        x.grad = torch.ones(3)
    x.grad = torch.full((2,), 5.0)
    x.sum().backward()
    assert x.grad.tolist() == [6.0, 6.0]


def test_a_broadcast_gradient_is_summed(torch):
    row = torch.ones(3, requires_grad=True)
    column = torch.ones(2, 1, requires_grad=True)
    (row * column * 2).sum().backward()
    assert row.grad.tolist() == [4.0, 4.0, 4.0]
    assert column.grad.tolist() == [[6.0], [6.0]]


def test_a_gradient_has_the_dtype_of_its_tensor(torch):
    x = torch.ones(2, dtype=torch.float32, requires_grad=True)
    y = torch.ones(2, dtype=torch.float64, requires_grad=True)
    (x * y).sum().backward()
    assert x.grad.dtype == torch.float32
    assert y.grad.dtype == torch.float64


def test_no_grad_and_enable_grad_nest_and_restore(torch):
    x = torch.ones(2, requires_grad=True)
    with torch.no_grad():
        assert not (x * 2).requires_grad
        with torch.enable_grad():
            assert (x * 2).requires_grad
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()
    with torch.set_grad_enabled(False):
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()

    @torch.no_grad()
    def f():
        return x * 2

    assert not f().requires_grad
    with pytest.raises(ZeroDivisionError), torch.no_grad():
        1 / 0
    assert torch.is_grad_enabled()


def test_no_grad_around_a_generator_covers_its_body_only(torch):
    @torch.no_grad()
    def numbers():
        yield torch.is_grad_enabled()
        yield torch.is_grad_enabled()

    seen = [(inside, torch.is_grad_enabled()) for inside in numbers()]
    assert seen == [(False, True), (False, True)]


def test_inference_tensors_take_no_part_in_recording(torch):
    x = torch.ones(2, requires_grad=True)
    with torch.inference_mode():
        y = x * 2
    assert y.is_inference()
    assert not y.requires_grad
    with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
        x * y
    with pytest.raises(RuntimeError, match="Inplace update to inference tensor outside Inference"):
        y.add_(1)


def test_a_graph_dies_with_its_last_tensor(torch):
    """By reference count: no garbage collection is needed to free what a node saved."""
    x = torch.ones(2, requires_grad=True)
    y = (x * 2).exp()
    saved = weakref.ref(y)
    gc.disable()
    try:
        z = y * y
        del y, z
        assert saved() is None
    finally:
        gc.enable()


def test_a_long_chain_needs_no_recursion(torch):
    x = torch.ones((), requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y + 1
    y.backward()
    assert x.grad.item() == 1.0
    del y


def test_complex_gradients_follow_the_conjugate_convention(torch):
    z = torch.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    (z * z.conj()).real.sum().backward()
    assert z.grad.tolist() == [2 + 4j, 6 - 2j]
    z.grad = None
    (z * z).real.sum().backward()
    assert z.grad.tolist() == [2 - 4j, 6 + 2j]
    with pytest.raises(RuntimeError, match="only for real scalar outputs"):
        (z * z).sum().backward()


def test_a_real_leaf_of_a_complex_function_gets_a_real_gradient(torch):
    x = torch.tensor([0.5], requires_grad=True)
    y = torch.exp(1j * x)
    (y.real + 2 * y.imag).sum().backward()
    assert x.grad.dtype == torch.float32
    assert x.grad.item() == pytest.approx(1.2757396, abs=1e-5)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * 3,
        lambda x: x / 3,
        lambda x: x[[0, 1]],
        lambda x: x[x > 0],
    ],
)
def test_a_number_or_an_index_is_saved_and_freed(torch, function):
    y = function(torch.ones(2, requires_grad=True)).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()


@pytest.mark.parametrize(
    "function", [lambda x: x + 3, lambda x: 3 - x, lambda x: x[0], lambda x: x.view(2, 1)]
)
def test_what_saves_nothing_can_be_used_again(torch, function):
    x = torch.ones(2, requires_grad=True)
    y = function(x).sum()
    y.backward()
    y.backward()
    assert x.grad.abs().max() == 2


def test_an_index_may_not_change_before_backward(torch):
    index = torch.tensor([0, 1])
    y = torch.ones(2, requires_grad=True)[index]
    index.add_(-1)
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation: \[torch.LongTensor"):
        y.sum().backward()


def test_a_class_under_no_grad_is_warned_about(torch):
    with pytest.warns(FutureWarning, match="Decorating classes is deprecated"):

        @torch.no_grad()
        class Silent:
            def __init__(self):
                self.recording = torch.is_grad_enabled()

    assert not Silent().recording


def test_data_of_a_leaf_keeps_a_dtype_with_gradient(torch):
    x = torch.tensor(1.0, requires_grad=True)
    with pytest.raises(RuntimeError, match="must be floating point or complex dtype"):
        x.data = torch.tensor(3)


def nesting(torch, end):
    """A Function whose backward starts a backward pass, as often as its input is large."""

    class Nesting(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            with torch.enable_grad():
                ctx.x = x.detach().requires_grad_() - 1
            return ctx.x.detach()

        @staticmethod
        def backward(ctx, grad):
            if ctx.x < 0:
                return end(grad)
            with torch.enable_grad():
                Nesting.apply(ctx.x).backward()
            return grad

    return Nesting


def test_passes_started_inside_passes_may_nest_deeper_than_the_stack(torch):
    x = torch.tensor(500.0, requires_grad=True)
    nesting(torch, lambda grad: grad).apply(x).backward()
    assert x.grad.item() == 1.0


def test_an_error_deep_inside_passes_reaches_the_program(torch):
    def end(grad):
        raise ValueError("deep down")

    x = torch.tensor(50.0, requires_grad=True)
    with pytest.raises(ValueError, match="deep down"):
        nesting(torch, end).apply(x).backward()
