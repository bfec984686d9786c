"""Every elementwise rule against finite differences; needs no PyTorch.

The operations come from the declarations, so a new one is tested without a line here, unless its
domain is not the real line.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import reference_impl as torch
from reference_impl import ops, special

REAL = (-1.5, 1.5)
DOMAIN = {
    "acos": (-0.9, 0.9), "acosh": (1.2, 3.0), "asin": (-0.9, 0.9), "atanh": (-0.9, 0.9),
    "digamma": (0.3, 4.0), "erfinv": (-0.9, 0.9), "lgamma": (0.3, 4.0), "log": (0.2, 3.0),
    "log10": (0.2, 3.0), "log1p": (-0.7, 3.0), "log2": (0.2, 3.0), "logit": (0.1, 0.9),
    "mvlgamma": (2.0, 4.0), "polygamma": (0.5, 4.0), "pow": (0.2, 2.0), "rsqrt": (0.2, 3.0),
    "special_entr": (0.2, 2.0), "special_ndtri": (0.1, 0.9), "special_xlog1py": (0.2, 2.0),
    "special_zeta": (1.5, 4.0), "sqrt": (0.2, 3.0), "xlogy": (0.2, 2.0), "igamma": (0.5, 3.0),
    "igammac": (0.5, 3.0),
}  # fmt: skip
STEPS = {"ceil", "floor", "round", "sign", "trunc"}  # finite differences see their jumps
# What PyTorch does not differentiate: an operation and the position of its argument.
UNKNOWN = {("igamma", 0), ("igammac", 0), ("special_zeta", 0), ("heaviside", 0), ("heaviside", 1)}
UNKNOWN |= {("floor_divide", 0), ("floor_divide", 1)}
ARGUMENTS = {"mvlgamma": "f(x, 2)", "polygamma": "f(1, x)", "clamp": "f(x, -1.0, 1.0)"}
CONDITION = np.array([True, False, True, True, False])
ARGUMENTS |= {"masked_fill": "f(x, mask, s)", "_where": "f(mask, x, y)"}
MODULES = (
    "activation", "arithmetic", "bessel", "complex", "error_function", "exponential", "fill",
    "gamma", "rounding", "selection", "trigonometric",
)  # fmt: skip


def declared():
    """(name, function) of every elementwise operation that has rules."""
    for module in MODULES:
        for name, function in vars(getattr(ops, module)).items():
            found = getattr(function, "op", None)
            if found is None or found.forward.__module__ != f"reference_impl.ops.{module}":
                continue
            if found.family == "pointwise" and found.diff and name not in STEPS:
                yield name, function


CASES = sorted(set(declared()), key=lambda case: case[0])


def operands(name):
    low, high = DOMAIN.get(name, REAL)
    rng = np.random.default_rng(len(name))
    values = low + (high - low) * rng.random((3, 5))
    x, y, t = (torch.tensor(v) for v in values)
    return {"x": x, "y": y, "t": t, "s": torch.tensor(0.3, dtype=torch.float64)}


def call(name, function):
    """The call, as a function of the operands that can be differentiated, and those."""
    text = ARGUMENTS.get(name, f"f({', '.join('xyt'[: function.op.required])})")
    scope = {"f": function, "mask": torch.from_numpy(CONDITION)}
    given = operands(name)
    used = [k for k in "xyt" if k in text.replace("f(", "", 1)]
    body = eval(f"lambda {', '.join(used)}: {text}", scope | {"s": given["s"]})
    return body, tuple(given[k] for k in used)


def differences(body, inputs, weights, i):
    """d(sum(weights * f)) / d(inputs[i]) by central differences."""
    step, out = 1e-6, np.empty(inputs[i].shape)
    for place in np.ndindex(out.shape):
        ends = []
        for sign in (1, -1):
            moved = [x.detach().clone() for x in inputs]
            moved[i][place] += sign * step
            ends.append(float((body(*moved) * weights).sum()))
        out[place] = (ends[0] - ends[1]) / (2 * step)
    return out


@pytest.mark.parametrize(("name", "function"), CASES, ids=[name for name, _ in CASES])
def test_rule(name, function):
    body, inputs = call(name, function)
    result = body(*inputs)
    if not result.is_floating_point():
        pytest.skip("complex results are compared with PyTorch's")
    weights = torch.linspace(0.5, 1.5, result.numel(), dtype=torch.float64).reshape(result.shape)
    for i, x in enumerate(inputs):
        x.requires_grad_()
        if (name, i) in UNKNOWN:
            with pytest.raises((RuntimeError, NotImplementedError), match="not implemented"):
                torch.autograd.grad((body(*inputs) * weights).sum(), x)
            x.requires_grad_(False)
            continue
        (grad,) = torch.autograd.grad((body(*inputs) * weights).sum(), x)
        x.requires_grad_(False)
        expected = differences(body, inputs, weights, i)
        np.testing.assert_allclose(grad.numpy(), expected, rtol=2e-6, atol=1e-7)


def test_the_declarations_are_found():
    assert len(CASES) > 80
    assert {"mul", "tanh", "special_i1", "lerp"} <= {name for name, _ in CASES}
    assert math.isclose(float(special.expit(torch.tensor(0.0))), 0.5)
