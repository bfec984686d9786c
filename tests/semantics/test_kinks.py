"""Gradients at kinks, ties and zeros: PyTorch's choices, where other frameworks choose otherwise.

Each row: a function, the point, and the gradient by each of its arguments.
"""

from __future__ import annotations

import math

import pytest

INF, NAN = math.inf, math.nan
THIRD = 1 / 3


def f(name):
    return lambda torch: getattr(torch.nn.functional, name)


ROWS = {
    "abs at 0": (lambda t: t.abs, [0.0], 0.0),
    "relu at 0": (lambda t: t.relu, [0.0], 0.0),
    "relu6 at 0 and 6": (f("relu6"), [[0.0, 6.0]], [0.0, 0.0]),
    "maximum of equals": (lambda t: t.maximum, [2.0, 2.0], 0.5, 0.5),
    "minimum of equals": (lambda t: t.minimum, [2.0, 2.0], 0.5, 0.5),
    "fmax of equals": (lambda t: t.fmax, [0.0, 0.0], 1.0, 0.0),
    "fmin of equals": (lambda t: t.fmin, [0.0, 0.0], 1.0, 0.0),
    "clamp at its minimum": (lambda t: lambda x: x.clamp(min=0), [0.0], 1.0),
    "clamp at its maximum": (lambda t: lambda x: x.clamp(max=1), [1.0], 1.0),
    "max of ties": (lambda t: lambda x: x.max(), [[1.0, 1.0, 0.0]], [0.5, 0.5, 0.0]),
    "amax of ties": (lambda t: lambda x: x.amax(), [[1.0, 1.0, 0.0]], [0.5, 0.5, 0.0]),
    "amin of ties": (lambda t: lambda x: x.amin(0), [[1.0, 1.0, 2.0]], [0.5, 0.5, 0.0]),
    "max(dim) of ties": (lambda t: lambda x: x.max(0).values, [[1.0, 1.0, 0.0]], [1.0, 0.0, 0.0]),
    "max_pool1d of ties": (
        lambda t: lambda x: t.nn.functional.max_pool1d(x[None, None], 3),
        [[1.0, 1.0, 0.0]],
        [1.0, 0.0, 0.0],
    ),
    "median of ties": (lambda t: lambda x: x.median(), [[1.0, 1.0, 1.0]], [THIRD, THIRD, THIRD]),
    "cummax of ties": (lambda t: lambda x: x.cummax(0).values, [[1.0, 1.0]], [1.0, 1.0]),
    "norm at 0": (lambda t: lambda x: x.norm(), [[0.0, 0.0]], [0.0, 0.0]),
    "1-norm at 0": (lambda t: lambda x: x.norm(1), [[0.0, 2.0]], [0.0, 1.0]),
    "inf-norm of ties": (lambda t: lambda x: x.norm(INF), [[1.0, -1.0]], [0.5, -0.5]),
    "sqrt at 0": (lambda t: t.sqrt, [0.0], INF),
    "prod with one zero": (lambda t: lambda x: x.prod(), [[0.0, 2.0, 3.0]], [6.0, 0.0, 0.0]),
    "prod with two zeros": (lambda t: lambda x: x.prod(), [[0.0, 0.0, 3.0]], [0.0, 0.0, 0.0]),
    "std of a constant": (lambda t: lambda x: x.std(), [[2.0, 2.0, 2.0]], [0.0, 0.0, 0.0]),
    "sinc at 0": (lambda t: t.sinc, [0.0], 0.0),
    "atan2 at the origin": (lambda t: t.atan2, [0.0, 0.0], 0.0, 0.0),
    "hypot at the origin": (lambda t: t.hypot, [0.0, 0.0], NAN, NAN),
    "xlogy at the origin": (lambda t: t.xlogy, [0.0, 0.0], 0.0, NAN),
    "logaddexp of minus infinities": (lambda t: t.logaddexp, [-INF, -INF], NAN, NAN),
    "logsumexp of minus infinities": (
        lambda t: lambda x: x.logsumexp(0),
        [[-INF, -INF]],
        [NAN, NAN],
    ),
    "where around a nan": (
        lambda t: lambda x: t.where(x > 0, x.sqrt(), 0 * x),
        [[-1.0, 4.0]],
        [NAN, 0.25],
    ),
    "hardtanh at its corners": (f("hardtanh"), [[-1.0, 1.0]], [0.0, 0.0]),
    "leaky_relu at 0": (f("leaky_relu"), [0.0], 0.01),
    "elu at 0": (f("elu"), [0.0], 1.0),
    "hardswish at its corners": (f("hardswish"), [[-3.0, 3.0]], [0.0, 1.0]),
    "hardsigmoid at its corners": (f("hardsigmoid"), [[-3.0, 3.0]], [0.0, 0.0]),
    "softshrink at its threshold": (f("softshrink"), [[-0.5, 0.5]], [0.0, 0.0]),
    "hardshrink at its threshold": (f("hardshrink"), [[-0.5, 0.5]], [0.0, 0.0]),
    "threshold at its threshold": (
        lambda t: lambda x: t.nn.functional.threshold(x, 0.0, 5.0),
        [0.0],
        0.0,
    ),
    "remainder by the second": (lambda t: t.remainder, [1.0, 1.0], 1.0, -1.0),
    "fmod by the second": (lambda t: t.fmod, [1.0, 1.0], 1.0, -1.0),
    "l1_loss at 0": (f("l1_loss"), [[1.0], [1.0]], [0.0], [0.0]),
    "smooth_l1_loss at 1": (f("smooth_l1_loss"), [[1.0], [0.0]], [1.0], [-1.0]),
    "huber_loss at 1": (f("huber_loss"), [[1.0], [0.0]], [1.0], [-1.0]),
    "sign, floor, ceil, round, trunc": (
        lambda t: lambda x: x.sign() + x.floor() + x.ceil() + x.round() + x.trunc(),
        [[0.0, 1.5]],
        [0.0, 0.0],
    ),
    "frac": (lambda t: t.frac, [[1.0, 1.5]], [1.0, 1.0]),
    "angle at 0": (lambda t: t.angle, [0.0], 0.0),
    "cdist at 0": (
        lambda t: lambda x, y: t.cdist(x, y),
        [[[1.0, 2.0]], [[1.0, 2.0]]],
        [[0.0, 0.0]],
        [[0.0, 0.0]],
    ),
    "pow at 0, 0": (lambda t: t.pow, [0.0, 0.0], 0.0, 0.0),
    "0 to the power of y": (lambda t: lambda y: t.pow(0.0, y), [2.0], 0.0),
}


def same(found, expected):
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    if math.isnan(expected):
        return math.isnan(found)
    return found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("row", ROWS)
def test_gradient(torch, row):
    make, points, *expected = ROWS[row]
    tensors = [torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in points]
    make(torch)(*tensors).sum().backward()
    found = [t.grad.tolist() for t in tensors]
    assert all(map(same, found, expected)), f"{found}, not {expected}"


def test_abs_of_complex_zero(torch):
    z = torch.zeros(1, dtype=torch.complex128, requires_grad=True)
    z.abs().sum().backward()
    assert z.grad.tolist() == [0j]
