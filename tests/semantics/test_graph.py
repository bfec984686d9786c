"""Nodes, their names and edges, and hooks in the order in which they run."""

from __future__ import annotations

import pytest


def test_names_of_nodes(torch):
    x = torch.ones(2, requires_grad=True)
    names = {
        "AddBackward0": x + 1,
        "MulBackward0": x * 2,
        "PowBackward0": x**2,
        "PowBackward1": x**x,
        "DivBackward0": x / 2,
        "SumBackward0": x.sum(),
        "SumBackward1": x.sum(0),
        "SelectBackward0": x[0],
        "ExpBackward0": x.exp(),
        "CloneBackward0": x.clone(),
    }
    for name, y in names.items():
        assert y.grad_fn.name() == name
        assert type(y.grad_fn).__name__ == name
        assert f"grad_fn=<{name}>" in repr(y)


@pytest.mark.filterwarnings("ignore:Using backward")
def test_a_recorded_gradient_is_a_copy_laid_out_like_its_leaf(torch):
    wide = torch.zeros(2, 1).expand(2, 3)
    for leaf, name in [
        (torch.ones(2, 3), "torch::autograd::CopyBackwards"),
        (torch.ones(3, 2).t(), "torch::autograd::CopyBackwards"),
        (wide, "CloneBackward0"),  # whose elements share memory
    ]:
        leaf.requires_grad_()
        (leaf**3).sum().backward(create_graph=True)
        assert leaf.grad.grad_fn.name() == name
        assert leaf.grad.stride() == (leaf.stride() if leaf is not wide else (3, 1))
        leaf.grad = None  # ends the circle


def test_edges_lead_to_the_inputs(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * torch.ones(2)
    (edge, number), (nothing, _) = y.grad_fn.next_functions
    assert edge.name() == "torch::autograd::AccumulateGrad"
    assert type(edge).__name__ == "AccumulateGrad"
    assert edge.variable is x
    assert number == 0
    assert nothing is None
    assert edge.next_functions == ()


def test_edges_name_the_output_that_was_used(torch):
    x = torch.tensor([3.0, 1.0], requires_grad=True)
    values, _ = x.sort()
    _, b = x.unbind()
    assert b.output_nr == 1
    assert (b * 2).grad_fn.next_functions[0][1] == 1
    assert (values * 2).grad_fn.next_functions[0][1] == 0


def test_saved_values_can_be_read(torch):
    x = torch.tensor([2.0], requires_grad=True)
    y = torch.tensor([3.0], requires_grad=True)
    z = x * y
    assert z.grad_fn._saved_other.tolist() == [3.0]
    assert z.grad_fn._saved_self.tolist() == [2.0]
    z.backward()
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        z.grad_fn._saved_other


def test_tensor_hooks_see_and_replace_gradients(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    seen = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    y.register_hook(lambda g: g * 10)
    handle = y.register_hook(lambda g: g * 1000)
    handle.remove()
    y.sum().backward()
    assert seen == [[1.0, 1.0]]
    assert x.grad.tolist() == [20.0, 20.0]


def test_a_hook_on_a_leaf_sees_the_sum_of_all_contributions(torch):
    x = torch.ones((), requires_grad=True)
    seen = []
    x.register_hook(lambda g: seen.append(g.item()))
    (x * 2 + x * 3).backward()
    assert seen == [5.0]
    assert x.grad.item() == 5.0


def test_retained_gradients_are_those_after_the_hooks(torch):
    x = torch.ones((), requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    (y * 1).backward()
    assert y.grad.item() == 10.0


def test_order_of_hooks(torch):
    x = torch.ones((), requires_grad=True)
    w = torch.ones((), requires_grad=True)
    h = torch.tanh(x)
    order = []
    x.register_hook(lambda g: order.append("x"))
    w.register_hook(lambda g: order.append("w"))
    h.register_hook(lambda g: order.append("h"))
    y = h * w
    y.register_hook(lambda g: order.append("y"))
    y.grad_fn.register_prehook(lambda grads: order.append("pre"))
    y.grad_fn.register_hook(lambda inputs, outputs: order.append("post"))
    x.register_post_accumulate_grad_hook(
        lambda leaf: order.append(f"x.grad {leaf.grad is not None}")
    )
    y.backward()
    assert order == ["y", "pre", "post", "w", "h", "x", "x.grad True"]


def test_node_hooks_replace_gradients(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 3
    y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 10, *inputs[1:]))
    y.grad_fn.register_prehook(lambda outputs: (outputs[0] * 2,))
    y.sum().backward()
    assert x.grad.tolist() == [60.0, 60.0]


def test_a_hook_may_not_change_the_shape(torch):
    x = torch.ones(2, requires_grad=True)
    y = x * 1
    y.register_hook(lambda g: g.sum())
    with pytest.raises(RuntimeError, match="has changed the size of value"):
        y.sum().backward()


def test_hooks_need_a_tensor_that_requires_grad(torch):
    with pytest.raises(RuntimeError, match="cannot register a hook on a tensor that doesn't"):
        torch.ones(2).register_hook(print)


def test_saved_tensor_hooks_pack_and_unpack(torch):
    packed = []

    def pack(t):
        packed.append(t.tolist())
        return t.tolist()

    x = torch.tensor([2.0, 3.0], requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda values: torch.tensor(values)):
        y = x * x
    assert packed == [[2.0, 3.0], [2.0, 3.0]]
    y.sum().backward()
    assert x.grad.tolist() == [4.0, 6.0]


def test_multi_grad_hooks(torch):
    x, y = torch.ones((), requires_grad=True), torch.ones((), requires_grad=True)
    seen = []
    torch.autograd.graph.register_multi_grad_hook(
        (x, y), lambda grads: seen.append([g.item() for g in grads])
    )
    (x * 2 + y * 3).backward()
    assert seen == [[2.0, 3.0]]


def test_calling_a_node_runs_its_rules(torch):
    x = torch.tensor([2.0], requires_grad=True)
    y = x * x
    first, second = y.grad_fn(torch.tensor([1.0]))
    assert (first.tolist(), second.tolist()) == ([2.0], [2.0])


def test_an_edge_stands_for_its_tensor(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.square()
    edge = torch.autograd.graph.get_gradient_edge(y)
    out = (y * 3).sum()
    (of_y,) = torch.autograd.grad(out, edge)
    (of_x,) = torch.autograd.grad(edge, x, grad_outputs=of_y)
    assert (of_y.tolist(), of_x.tolist()) == ([3, 3], [6, 12])
    torch.autograd.backward(x.exp().sum(), inputs=[torch.autograd.graph.get_gradient_edge(x)])
    assert torch.equal(x.grad, x.detach().exp())


def test_an_edge_is_checked_like_a_tensor(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    edge = torch.autograd.graph.get_gradient_edge(x * 2)
    with pytest.raises(RuntimeError, match="implicitly created only for scalar outputs"):
        torch.autograd.grad(edge, x)
    with pytest.raises(RuntimeError, match=r"grad_output\[0\] has a shape of torch.Size\(\[3\]\)"):
        torch.autograd.grad(edge, x, torch.ones(3))
    with pytest.raises(RuntimeError, match="materialize_grads cannot be used when"):
        torch.autograd.grad(x.sum(), edge, materialize_grads=True)


def test_inputs_of_a_pass_are_tensors_and_not_none_at_all(torch):
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"`inputs` argument to `grad\(\)` cannot be empty"):
        torch.autograd.grad(x.sum(), [])
    with pytest.raises(RuntimeError, match="all inputs have to be Tensors or GradientEdges"):
        x.sum().backward(inputs=[3])


def test_calling_a_node_counts_the_gradients(torch):
    node = (torch.ones(1, requires_grad=True) ** 2).grad_fn
    with pytest.raises(TypeError, match="expected 1 arguments, got 0 instead"):
        node()
