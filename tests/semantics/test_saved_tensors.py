"""What goes through saved-tensor hooks, and how often."""

from __future__ import annotations

import pytest


def _seen_by(torch, compute):
    seen = []

    def pack(t):
        seen.append(t)
        return t

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        compute()
    return seen


def test_the_very_tensors_are_packed_arguments_before_results(torch):
    a = torch.ones(2, requires_grad=True)
    b = a.detach() * 2
    seen = _seen_by(torch, lambda: a * b)
    assert [t is b for t in seen] == [True]
    seen = _seen_by(torch, lambda: (a.exp(), a.max()))
    assert [t.grad_fn and t.grad_fn.name() for t in seen] == ["ExpBackward0", None, "MaxBackward1"]
    assert seen[1] is a


def test_numbers_are_not_packed_and_indices_are(torch):
    a = torch.ones(2, requires_grad=True)
    assert _seen_by(torch, lambda: a * 3) == []
    assert [t.tolist() for t in _seen_by(torch, lambda: a[[0, 1]])] == [[0, 1]]


def test_packing_may_not_change_its_input(torch):
    def change(t):
        t += 1
        return t

    a = torch.ones(2, requires_grad=True)
    words = "A saved tensor pack hook is modifying its input in place"
    hooks = torch.autograd.graph.saved_tensors_hooks(change, lambda t: t)
    with pytest.raises(RuntimeError, match=words), hooks:
        a.exp()


def test_hooks_of_one_saved_tensor(torch):
    a = torch.ones(2, requires_grad=True)
    y = a.exp()
    y.grad_fn._raw_saved_result.register_hooks(lambda t: t * 2, lambda t: t)
    with pytest.raises(RuntimeError, match="hooks have already been set"):
        y.grad_fn._raw_saved_result.register_hooks(lambda t: t, lambda t: t)
    y.sum().backward()
    assert torch.equal(a.grad, 2 * a.detach().exp())
    with pytest.raises(RuntimeError, match="a saved tensor after it has been freed"):
        y.grad_fn._raw_saved_result.register_hooks(lambda t: t, lambda t: t)


def test_saved_tensors_are_not_made_by_hand(torch):
    with pytest.raises(RuntimeError, match="create a SavedTensor object from Python is forbidden"):
        torch.autograd.SavedTensor()


@pytest.mark.parametrize("change", [lambda t: t.sin_(), lambda t: t.view(-1)[:1].mul_(10)])
def test_what_was_saved_may_be_changed_where_that_is_allowed(torch, change):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.graph.allow_mutation_on_saved_tensors():
        middle = x.clone()
        out = (middle**2).sum()
        change(middle)
        (first,) = torch.autograd.grad(out, x, create_graph=True)
        (second,) = torch.autograd.grad(first.sum(), x)
    assert (first.tolist(), second.tolist()) == ([2.0, 4.0], [2.0, 2.0])


def test_where_changes_are_allowed_the_backward_pass_belongs_inside(torch):
    allowed = torch.autograd.graph.allow_mutation_on_saved_tensors
    x = torch.ones(2, requires_grad=True)
    with allowed():
        out = (x**2).sum()
        with pytest.raises(RuntimeError, match="contexts cannot be nested"):
            allowed().__enter__()
    with pytest.raises(AssertionError, match="Trying to backward outside of the"):
        out.backward()
    with allowed(), pytest.raises(AssertionError, match="Trying to backward outside of the"):
        out.backward()


def test_a_node_that_saves_no_tensor_can_be_used_again_under_hooks_too(torch):
    x = torch.ones(2, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        total = x.sum()
    total.backward()
    total.backward()
    assert x.grad.tolist() == [2.0, 2.0]
