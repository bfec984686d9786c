"""Which views may be changed in place, and what inference tensors may do."""

from __future__ import annotations

import contextlib

import pytest


def _function(torch, forward):
    class Custom(torch.autograd.Function):
        @staticmethod
        def backward(ctx, *grads):
            return grads[0]

    Custom.forward = staticmethod(lambda ctx, x: forward(x))
    return Custom.apply


VIEWS = {
    "view": lambda torch, x: x.view(4),
    "one of several": lambda torch, x: x.unbind()[0],
    "view of one of several": lambda torch, x: x.unbind()[0].view(2),
    "of a Function": lambda torch, x: _function(torch, lambda x: x[0])(x),
    "returned as it came": lambda torch, x: _function(torch, lambda x: x)(x),
    "of a Function with two outputs": lambda torch, x: _function(torch, lambda x: (x[0], x.exp()))(
        x
    )[0],
}
MODES = {
    "grad": contextlib.nullcontext,
    "no_grad": lambda torch: torch.no_grad(),
    "inference": lambda torch: torch.inference_mode(),
}
SEVERAL = "This view is the output of a function that returns multiple views"
CUSTOM = "This view was created inside a custom Function"
AMBIGUOUS = "Given that this use case is ambiguous"
# What the error says first, and then the reason.
UNTRACKED = (
    "A view was created in no_grad mode and is being modified inplace with grad mode enabled. "
)
INFERENCE = "A view was created in inference mode and is being modified inplace in normal mode. "
FORBIDDEN = {
    ("grad", "one of several"): "Output 0 of Unbind is a view and is being modified inplace. "
    + SEVERAL,
    ("grad", "view of one of several"): "Output 0 of View is a view and is being modified inplace. "
    + SEVERAL,
    ("grad", "of a Function"): "Output 0 of Custom is a view and is being modified inplace. "
    + CUSTOM,
    ("grad", "returned as it came"): "Output 0 of Custom is a view and is being modified inplace. "
    + CUSTOM,
    ("grad", "of a Function with two outputs"): "Output 0 of Custom is a view and is being "
    "modified inplace. " + SEVERAL,
    ("no_grad", "view"): UNTRACKED + AMBIGUOUS,
    ("no_grad", "one of several"): UNTRACKED,
    ("no_grad", "view of one of several"): UNTRACKED,
    ("no_grad", "of a Function"): UNTRACKED + CUSTOM,
    ("no_grad", "of a Function with two outputs"): UNTRACKED + CUSTOM,
    ("inference", "view"): INFERENCE + AMBIGUOUS,
    ("inference", "one of several"): INFERENCE + AMBIGUOUS,
    ("inference", "view of one of several"): INFERENCE + AMBIGUOUS,
    ("inference", "of a Function"): UNTRACKED + CUSTOM,
    ("inference", "of a Function with two outputs"): UNTRACKED + CUSTOM,
}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("mode", MODES)
def test_why_a_view_may_not_be_changed(torch, mode, name):
    x = torch.ones(2, 2, requires_grad=True).clone()
    with MODES[mode](torch):
        y = VIEWS[name](torch, x)
    words = FORBIDDEN.get((mode, name))
    if words is None:
        y.add_(1)
        return
    with pytest.raises(RuntimeError) as caught:
        y.add_(1)
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize("name", ["of a Function", "of a Function with two outputs"])
def test_a_view_of_a_function_stays_one_without_gradient(torch, name):
    y = VIEWS[name](torch, torch.ones(2, 2))
    with pytest.raises(RuntimeError, match="This view was created inside a custom Function"):
        y += torch.ones(1, requires_grad=True)


def test_a_view_of_a_view_made_in_a_mode(torch):
    for mode, words in [
        (torch.no_grad, "which was created in no_grad mode and is being modified inplace with"),
        (torch.inference_mode, "which was created in inference mode and is being modified inplace"),
    ]:
        with mode():
            y = torch.zeros(2).view(2)
        if y.is_inference():
            continue
        z = y.requires_grad_().view(2)
        with pytest.raises(RuntimeError, match=f"Output 0 of View is a view of a view {words}"):
            z.mul_(2)


def test_a_changed_view_of_another_dtype_keeps_its_way(torch):
    x = torch.ones(2, dtype=torch.complex64, requires_grad=True).clone()
    y = torch.view_as_real(x)
    y.mul_(2)
    assert y.grad_fn.name() == "ViewAsRealBackward0"
    assert x.grad_fn.name() == "torch::autograd::CopySlices"


def test_views_of_inference_tensors_are_no_views(torch):
    with torch.inference_mode():
        x = torch.ones(2, 2, requires_grad=True)
        y = x.view(4)
        assert (y.is_inference(), y._is_view(), y.requires_grad) == (True, False, False)
    torch.autograd.graph.increment_version(x)


def test_an_inference_tensor_takes_no_result_outside(torch):
    with torch.inference_mode():
        x = torch.ones(2)
    with pytest.raises(RuntimeError, match="Inplace update to inference tensor outside"):
        torch.mul(torch.ones(2), 2, out=x)


class TestMarkDirty:
    @staticmethod
    def add(torch, outputs):
        class Add(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, y):
                x.add_(y)
                ctx.mark_dirty(x)
                return outputs(x, y)

            @staticmethod
            def backward(ctx, *grads):
                return grads[0], grads[0]

        return Add.apply

    def test_it_must_be_returned(self, torch):
        x, y = torch.ones(2), torch.ones(2, requires_grad=True)
        with pytest.raises(RuntimeError, match="marked as dirty during the forward method were"):
            self.add(torch, lambda x, y: x.clone())(x, y)

    def test_it_must_be_an_input(self, torch):
        class Triple(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                y = x * 3
                ctx.mark_dirty(y)
                return y

        with pytest.warns(UserWarning, match="mark_dirty.. received a tensor that was not an inp"):
            Triple.apply(torch.ones(2, requires_grad=True))

    def test_a_view_must_be_the_only_output(self, torch):
        x, y = torch.ones(2, requires_grad=True).clone(), torch.ones(2, requires_grad=True)
        with pytest.raises(RuntimeError, match="cannot return more than one Tensor"):
            self.add(torch, lambda x, y: (x, x + y))(x.view(2), y)
        assert self.add(torch, lambda x, y: x)(x.view(2), y).tolist() == [3, 3]

    def test_a_view_of_a_leaf_may_not_change(self, torch):
        x = torch.ones(2, requires_grad=True)
        with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad"):
            self.add(torch, lambda x, y: x)(x.view(2), torch.ones(2))


def test_an_inference_tensor_that_requires_grad_may_be_resized(torch):
    with torch.inference_mode():
        x = torch.ones(2, 2, requires_grad=True)
        x.resize_(1, 2).add_(1)
    assert (x.requires_grad, x.tolist()) == (True, [[2, 2]])


def test_set_without_recording_makes_another_leaf(torch):
    x = torch.ones(2, requires_grad=True)
    y = x.clone()
    with torch.no_grad():
        x.set_(torch.zeros(2))
    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        torch.autograd.grad(y.sum(), x)


def test_pairs_and_complex_numbers_of_no_dimension_lead_backward_to_each_other(torch):
    pair = torch.tensor([1.0, 2.0], requires_grad=True)
    square = torch.view_as_complex(pair) ** 2
    real, imaginary = torch.view_as_real(square)
    (by_real,) = torch.autograd.grad(real, pair, retain_graph=True)
    (by_imaginary,) = torch.autograd.grad(imaginary, pair)
    assert (by_real.tolist(), by_imaginary.tolist()) == ([2.0, -4.0], [4.0, 2.0])
