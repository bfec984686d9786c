"""In-place changes: versions, views and histories."""

from __future__ import annotations

import gc
import weakref

import pytest


def test_a_leaf_that_requires_grad_may_not_be_changed(torch):
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(
        RuntimeError, match="a leaf Variable that requires grad is being used in an"
    ):
        x.add_(1)
    with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad is being"):
        x[0].add_(1)
    with torch.no_grad():
        x.add_(1)
    assert x.tolist() == [2.0, 2.0]


def test_changing_a_saved_value_is_noticed(torch):
    x = torch.ones(2, requires_grad=True)
    y = x.exp()
    y.mul_(2)
    with pytest.raises(RuntimeError) as caught:
        y.sum().backward()
    assert str(caught.value) == (
        "one of the variables needed for gradient computation has been modified by an inplace "
        "operation: [torch.FloatTensor [2]], which is output 0 of Exp, is at version 1; expected "
        "version 0 instead. Hint: enable anomaly detection to find the operation that failed to "
        "compute its gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False)."
    )


def test_changing_what_is_not_needed_is_allowed(torch):
    x = torch.ones(2, requires_grad=True)
    w = torch.full((2,), 3.0)
    h = x * 1
    y = h * w  # needs w, not h, since w does not require grad
    h.mul_(5)
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_in_place_history(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    y.mul_(x)
    y.add_(1)
    assert y.grad_fn.name() == "AddBackward0"
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_changing_a_view_changes_the_history_of_its_base(torch):
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    y = x * 2
    row = y[0]
    row.mul_(3)
    assert type(y.grad_fn).__name__ == "CopySlices"
    assert y.grad_fn.name() == "torch::autograd::CopySlices"
    assert row.grad_fn.name() == "AsStridedBackward0"
    (y * torch.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [[6.0, 60.0, 600.0], [2.0, 20.0, 200.0]]


def test_a_view_follows_its_base(torch):
    x = torch.ones(2, 2, requires_grad=True)
    y = x * 2
    column = y.t()[0]
    y.mul_(5)
    assert column.tolist() == [10.0, 10.0]
    column.sum().backward()
    assert x.grad.tolist() == [[10.0, 0.0], [10.0, 0.0]]


def test_a_view_of_a_constant_base_learns_to_require_grad(torch):
    w = torch.tensor(3.0, requires_grad=True)
    base = torch.ones(4)
    head = base[:2]
    assert not head.requires_grad
    base.mul_(w)
    assert head.requires_grad
    head.sum().backward()
    assert w.grad.item() == 2.0


def test_assignment_by_index_is_differentiable(torch):
    x = torch.ones(3, requires_grad=True)
    v = torch.tensor(7.0, requires_grad=True)
    y = x * 2
    y[1] = v
    y[2:] = 0
    y.sum().backward()
    assert y.tolist() == [2.0, 7.0, 0.0]
    assert x.grad.tolist() == [2.0, 0.0, 0.0]
    assert v.grad.item() == 1.0


def test_assignment_by_mask_and_by_index_tensor(torch):
    x = torch.arange(4.0).requires_grad_()
    y = x * 1
    y[y > 1.5] = 0
    z = y.clone()
    z[torch.tensor([0])] = x[3:] * 2
    z.sum().backward()
    assert z.tolist() == [6.0, 1.0, 0.0, 0.0]
    assert x.grad.tolist() == [0.0, 1.0, 0.0, 2.0]


def test_views_of_views(torch):
    x = torch.arange(8.0).requires_grad_()
    y = x * 1
    inner = y.view(2, 4)[1].view(2, 2).t()[0]
    inner.mul_(torch.tensor([10.0, 100.0]))
    assert y.tolist() == [0.0, 1.0, 2.0, 3.0, 40.0, 5.0, 600.0, 7.0]
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0, 1.0, 1.0, 10.0, 1.0, 100.0, 1.0]


def test_a_view_taken_without_recording_may_not_be_changed_while_recording(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 1
    with torch.no_grad():
        v = y[0]
    with pytest.raises(RuntimeError, match="A view was created in no_grad mode and is being modif"):
        v.mul_(2)


def test_one_of_several_views_may_not_be_changed(torch):
    x = torch.ones(2, requires_grad=True)
    a, _ = (x * 1).unbind()
    with pytest.raises(RuntimeError, match=r"Output 0 of Unbind.* is a view and is being modified"):
        a.mul_(2)


def test_an_expanded_tensor_may_not_be_written(torch):
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor refers"):
        torch.ones(1).expand(3).add_(1)


def test_shape_and_dtype_of_the_result_must_fit(torch):
    with pytest.raises(RuntimeError, match=r"output with shape \[2\] doesn't match the broadcast"):
        torch.ones(2).add_(torch.ones(3, 2))
    with pytest.raises(RuntimeError, match="result type Float can't be cast to the desired output"):
        torch.ones(2, dtype=torch.int64).add_(1.5)


def test_second_derivative_through_an_in_place_change_of_a_view(torch):
    x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
    y = x * x
    y[1:].mul_(x[1:])
    (g,) = torch.autograd.grad((y * y).sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    assert g.tolist() == [4.0, 192.0, 1458.0]
    assert h.tolist() == [12.0, 480.0, 2430.0]


def test_augmented_assignment_is_in_place(torch):
    x = torch.ones(2)
    alias = x
    x += 1
    x *= torch.tensor([2.0, 3.0])
    assert alias.tolist() == [4.0, 6.0]


@pytest.mark.parametrize("name", ["exp_", "relu_", "sigmoid_"])
def test_second_derivative_through_a_view_changed_in_place(torch, name):
    def by(change):
        x = torch.tensor([0.5, -1.0], requires_grad=True)
        y = getattr(change(x + 1), name)()
        (g,) = torch.autograd.grad((y**3).sum(), x, create_graph=True)
        (h,) = torch.autograd.grad(g.sum(), x)
        return g.tolist(), h.tolist()

    assert by(lambda t: t.view(2)) == by(lambda t: t)


@pytest.mark.parametrize("name", ["exp_", "relu_", "mul_"])
def test_a_graph_with_a_view_changed_in_place_dies_by_itself(torch, name):
    class Hook:
        def __call__(self, *grads):
            pass

    def alive_after(change):
        made = torch.ones(4, requires_grad=True).clone()
        hook = Hook()
        made.grad_fn.register_hook(hook)
        change(made)
        return weakref.ref(hook)

    gc.disable()
    try:
        found = alive_after(lambda t: getattr(t.view(2, 2)[0], name)(*[2] * (name == "mul_")))
        assert found() is None
    finally:
        gc.enable()


def test_var_mean_does_not_save_its_variance(torch):
    x = torch.tensor([1.0, 3.0], requires_grad=True)
    variance, mean = torch.var_mean(x)
    variance.mul_(2)
    (variance + mean).backward()
    assert x.grad.tolist() == [-3.5, 4.5]


def test_a_view_of_an_inference_tensor_is_no_view_to_autograd(torch):
    with torch.inference_mode():
        x = torch.ones(2, 3)
    view = x.view(-1)
    assert (view._is_view(), view.is_leaf, view.is_inference()) == (False, True, True)


@pytest.mark.parametrize(("shape", "index"), [((3,), 1), ((), [0, 0]), ((), 0)])
def test_gather_mixes_single_numbers_and_rows(torch, shape, index):
    x = torch.ones(shape, requires_grad=True)
    found = torch.gather(x, 0, torch.tensor(index))
    found.sum().backward()
    assert x.grad.sum().item() == found.numel()
