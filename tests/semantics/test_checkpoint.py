"""How often ``checkpoint(use_reentrant=False)`` runs a function, and what it refuses."""

from __future__ import annotations

import importlib

import pytest


@pytest.fixture
def checkpointing(torch):
    return importlib.import_module(f"{torch.__name__}.utils.checkpoint")


def _counted(function):
    def counted(x):
        counted.calls += 1
        return function(x)

    counted.calls = 0
    return counted


def test_each_backward_pass_runs_the_function_once_more(torch, checkpointing):
    function = _counted(lambda x: x.sin().exp())
    x = torch.ones(2, requires_grad=True)
    y = checkpointing.checkpoint(function, x, use_reentrant=False).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert function.calls == 3
    plain = x.detach().requires_grad_()
    plain.sin().exp().sum().backward()
    assert torch.allclose(x.grad, 2 * plain.grad)


def test_looking_at_a_saved_value_runs_it_each_time(torch, checkpointing):
    function = _counted(lambda x: x.exp())
    x = torch.ones(2, requires_grad=True)
    y = checkpointing.checkpoint(function, x, use_reentrant=False)
    assert torch.equal(y.grad_fn._saved_result, y)
    assert torch.equal(y.grad_fn._saved_result, y)
    assert function.calls == 3


def test_it_stops_at_the_last_saved_tensor(torch, checkpointing):
    last = _counted(lambda x: x.clone())
    x = torch.ones(2, requires_grad=True)
    checkpointing.checkpoint(lambda x: last(x.sin()), x, use_reentrant=False).sum().backward()
    assert last.calls == 1
    with checkpointing.set_checkpoint_early_stop(False):
        y = checkpointing.checkpoint(lambda x: last(x.sin()), x, use_reentrant=False)
    y.sum().backward()
    assert last.calls == 3


@pytest.mark.parametrize("early_stop", [True, False])
def test_checkpoints_nest_and_gradients_of_gradients_pass(torch, checkpointing, early_stop):
    def gradient(function):
        def at(x):
            return torch.autograd.grad(function(x).sum(), x, create_graph=True)[0]

        return at

    def forget(function):
        return lambda x: checkpointing.checkpoint(function, x, use_reentrant=False)

    def plain(x):
        return x.sin().exp().sin()

    x = torch.tensor([0.3, 0.7], requires_grad=True)
    expected = gradient(gradient(plain))(x)
    with checkpointing.set_checkpoint_early_stop(early_stop):
        for function in (
            gradient(gradient(forget(plain))),
            gradient(gradient(forget(forget(plain)))),
            gradient(forget(gradient(plain))),
            gradient(forget(gradient(forget(plain)))),
        ):
            assert torch.allclose(function(x), expected)


def test_a_saved_tensor_is_handed_out_once_a_pass(torch, checkpointing):
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            with pytest.raises(RuntimeError, match="for a tensor that was already unpacked once"):
                _ = ctx.saved_tensors
            return 2 * x * grad

    x = torch.tensor(3.0, requires_grad=True)
    checkpointing.checkpoint(lambda x: Square.apply(x * 1), x, use_reentrant=False).backward()
    assert x.grad.item() == 6


def test_the_second_run_must_save_the_same(torch, checkpointing):
    def run(*results):
        steps = iter(results)
        x = torch.ones(2, requires_grad=True)
        checkpointing.checkpoint(lambda x: next(steps)(x), x, use_reentrant=False).sum().backward()

    with pytest.raises(checkpointing.CheckpointError, match="A different number of tensors was"):
        run(lambda x: x.exp().exp(), lambda x: x.exp())
    with pytest.raises(checkpointing.CheckpointError, match="different metadata than during the"):
        run(lambda x: x.exp(), lambda x: x[:1].exp())


def test_mixed_precision_is_that_of_the_first_run(torch, checkpointing):
    seen = []

    def function(x):
        seen.append((x @ x).dtype)
        return x @ x

    x = torch.ones(2, 2, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        y = checkpointing.checkpoint(function, x, use_reentrant=False)
    y.sum().backward()
    assert seen == [torch.bfloat16] * 2


def test_the_reentrant_variant_is_for_backward_alone(torch, checkpointing):
    x = torch.ones(2, requires_grad=True)
    y = checkpointing.checkpoint(torch.exp, x, use_reentrant=True).sum()
    with pytest.raises(RuntimeError, match="is incompatible with"):
        torch.autograd.grad(y, x)
