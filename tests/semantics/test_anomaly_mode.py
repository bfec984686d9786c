"""``detect_anomaly``: where what went wrong was recorded."""

from __future__ import annotations

import warnings

import pytest


def first(torch):
    """A Function whose backward uses another, whose backward returns nan."""

    class Second(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * float("nan")

    class First(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * a

        @staticmethod
        def backward(ctx, grad):
            return Second.apply(grad * ctx.saved_tensors[0])

    return First


def test_an_error_in_a_second_derivative_names_the_backward_that_led_to_it(torch):
    x = torch.ones(2, requires_grad=True)
    with warnings.catch_warnings(record=True) as seen, torch.autograd.set_detect_anomaly(True):
        warnings.simplefilter("always")
        (g,) = torch.autograd.grad(first(torch).apply(x).sum(), x, create_graph=True)
        with pytest.raises(RuntimeError, match="'SecondBackward' returned nan values"):
            g.sum().backward()
    error, cause = (str(w.message) for w in seen)
    assert error.startswith("Error detected in SecondBackward. Traceback of forward call that")
    assert "Second.apply(" in error
    assert "Previous calculation was induced by FirstBackward. Traceback of forward" in cause
    assert "first(torch).apply(x)" in cause


def test_a_warning_that_is_an_error_does_not_take_the_place_of_the_error(torch, capsys):
    x = torch.ones(2, requires_grad=True)
    with torch.autograd.set_detect_anomaly(True), warnings.catch_warnings():
        warnings.simplefilter("error")
        (g,) = torch.autograd.grad(first(torch).apply(x).sum(), x, create_graph=True)
        with pytest.raises(RuntimeError, match="'SecondBackward' returned nan values"):
            g.sum().backward()
    assert "UserWarning: Error detected in SecondBackward." in capsys.readouterr().err
