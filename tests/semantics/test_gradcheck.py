"""What ``gradcheck`` leaves to the function that it checks."""

from __future__ import annotations


def test_the_function_runs_with_recording_on_both_sides(torch):
    def function(x):
        outputs = (x * 2, x.detach())
        return tuple(t for t in outputs if t.requires_grad)

    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(function, (x,))
