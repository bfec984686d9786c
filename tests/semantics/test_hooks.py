"""When hooks run, what they see, and what they may return."""

from __future__ import annotations

import pytest


def test_a_captured_gradient_is_hooked_only_where_the_pass_ends(torch):
    a = torch.tensor(1.0, requires_grad=True)
    b = a * 2
    b.register_hook(lambda grad: grad * 10)
    c = b * 3
    (at_the_end,) = torch.autograd.grad(c, b, retain_graph=True)
    of_a, on_the_way = torch.autograd.grad(c, (a, b))
    assert (at_the_end.item(), of_a.item(), on_the_way.item()) == (30, 60, 3)


def test_grad_runs_tensor_hooks_of_its_inputs_but_not_hooks_of_their_nodes(torch):
    ran = []
    leaf = torch.ones(1, requires_grad=True)
    node = (leaf * 1).grad_fn.next_functions[0][0]
    leaf.register_hook(lambda grad: ran.append("tensor"))
    node.register_prehook(lambda grads: ran.append("before"))
    node.register_hook(lambda inputs, outputs: ran.append(("after", len(inputs), len(outputs))))
    torch.autograd.grad((leaf * 2).sum(), leaf)
    assert ran == ["tensor"]
    (leaf * 2).sum().backward()
    assert ran == ["tensor", "tensor", "before", ("after", 0, 1)]


def test_a_hook_of_an_output_without_gradient_gets_none(torch):
    first, second = torch.ones(2, requires_grad=True).unbind()
    seen = []
    first.register_hook(lambda grad: seen.append(grad))
    first.grad_fn.register_prehook(lambda grads: seen.append([g is None for g in grads]))
    second.backward()
    assert seen == [None, [True, False]]


def test_backward_to_a_non_leaf_retains_its_gradient(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    (y * y * 3).sum().backward(inputs=[y])
    assert y.retains_grad
    assert (y.grad.tolist(), x.grad) == ([18, 36], None)


def test_a_retained_gradient_follows_a_change_in_place(torch):
    x = torch.ones(3, requires_grad=True).clone()
    x.retain_grad()
    x.mul_(2)
    x.mul_(2)
    assert x.retains_grad
    x.sum().backward()
    assert x.grad.tolist() == [1, 1, 1]


def test_a_retained_gradient_follows_a_change_of_a_view(torch):
    x = torch.ones(3, requires_grad=True).clone()
    row = x[:1]
    x.retain_grad()
    row.retain_grad()
    row.mul_(5)
    assert all(t.retains_grad for t in (x, row))
    (x.sum() + row.sum()).backward()
    assert (x.grad.tolist(), row.grad.tolist()) == ([2, 1, 1], [1])


def test_hooks_stay_with_the_value_they_were_registered_on(torch):
    seen = []
    x = torch.ones(1, requires_grad=True) * 1
    x.register_hook(lambda grad: seen.append(("old", grad.item())))
    x.mul_(3)
    x.register_hook(lambda grad: seen.append(("new", grad.item())))
    x.backward()
    assert seen == [("new", 1), ("old", 3)]


@pytest.mark.parametrize(
    ("result", "error", "words"),
    [
        (lambda grad: 3, TypeError, "expected Variable, but hook returned 'int'"),
        (lambda grad: grad[:1], RuntimeError, "hook 'hook' has changed the size of value"),
        (
            lambda grad: grad.double(),
            RuntimeError,
            "hook 'hook' has changed the type of value (was torch.FloatTensor got "
            "torch.DoubleTensor)",
        ),
    ],
)
def test_what_a_tensor_hook_may_not_return(torch, result, error, words):
    def hook(grad):
        return result(grad)

    x = torch.ones(2, requires_grad=True) * 1
    x.register_hook(hook)
    with pytest.raises(error) as caught:
        x.sum().backward()
    assert str(caught.value) == words


def test_a_node_hook_returns_as_many_as_there_are(torch):
    def pair(*_):
        return 1, 2

    words = "hook 'pair' has returned an incorrect number of values (got 2, but expected 1)"
    for register in ("register_hook", "register_prehook"):
        x = torch.ones(2, requires_grad=True).clone()
        getattr(x.grad_fn, register)(pair)
        with pytest.raises(RuntimeError) as caught:
            x.sum().backward()
        assert str(caught.value) == words


def test_hooks_after_accumulation_return_none(torch):
    x = torch.ones(2, requires_grad=True)
    x.register_post_accumulate_grad_hook(lambda leaf: leaf.grad)
    with pytest.raises(RuntimeError, match="hooks should return None"):
        x.sum().backward()


def test_a_hook_on_several_gradients_counts_each_pass_by_itself(torch):
    leaves = [torch.ones(2, requires_grad=True) for _ in range(4)]
    seen = []
    torch.autograd.graph.register_multi_grad_hook(
        leaves, lambda grads: seen.append([g is not None for g in grads])
    )
    a, b, c, d = leaves
    product = (b * c).sum()
    product.backward(inputs=(b, c), retain_graph=True)
    product.backward()
    (a * d).sum().backward()
    sum(x.sum() for x in leaves).backward()
    middle = [False, True, True, False]
    assert seen == [middle, middle, [True, False, False, True], [True] * 4]


def test_a_hook_on_any_gradient_runs_once_in_each_pass(torch):
    a, b = (torch.ones(2, requires_grad=True) for _ in range(2))
    seen = []
    torch.autograd.graph.register_multi_grad_hook((a, b), seen.append, mode="any")
    (a * b).sum().backward()
    (a + b).sum().backward()
    assert len(seen) == 2


def test_a_pass_that_failed_leaves_nothing_to_a_hook_on_several_gradients(torch):
    a, b = (torch.ones(2, requires_grad=True) for _ in range(2))
    seen, failures = [], [RuntimeError("once")]
    torch.autograd.graph.register_multi_grad_hook((a, b), lambda grads: seen.append(len(grads)))

    def fail_once(grad):
        if failures:
            raise failures.pop()

    middle = a * 2
    middle.register_hook(fail_once)
    total = middle.sum() + (b * 3).sum()
    with pytest.raises(RuntimeError, match="once"):
        total.backward(retain_graph=True)
    total.backward(retain_graph=True)
    total.backward()
    assert seen == [2, 2]


def test_a_hook_on_several_gradients_needs_histories_and_reaches_no_leaf_in_grad(torch):
    a = torch.ones(2, requires_grad=True)
    with pytest.raises(AssertionError, match="Expected gradient function to be set"):
        torch.autograd.graph.register_multi_grad_hook((a, torch.ones(2)), print)
    double = a * 2
    torch.autograd.graph.register_multi_grad_hook((a, double), print)
    with pytest.raises(RuntimeError, match="A leaf node was passed to _will_engine_execute_node"):
        torch.autograd.grad(double.sum(), a)
