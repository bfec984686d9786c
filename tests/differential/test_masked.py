"""``torch.masked``: values, dtypes, gradients and errors as PyTorch's."""

from __future__ import annotations

import pytest

from .agree import assert_agree, assert_gradients_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
import math

x = torch.tensor([[3.0, -1.0, 2.5], [0.5, 4.0, -2.0]], requires_grad=True)
y = torch.tensor([[1.0, 2.0, -0.5], [0.0, -1.5, 3.0]], requires_grad=True)
z = torch.tensor([[1 + 2j, -1j, 2], [0.5, 1 - 1j, 3j]], requires_grad=True)
i = torch.tensor([[3, 1, 2], [7, 5, -6]])
b = torch.tensor([[1, 0, 1], [0, 0, 1]], dtype=torch.uint8)
m = torch.tensor([[True, True, False], [False, True, True]])
row = torch.tensor([True, False, True])
none = torch.zeros(2, 3, dtype=torch.bool)
masked = torch.masked
"""

# Second derivatives in single precision differ by more than a rounding.
IN_DOUBLE = """
x, y = (t.detach().double().requires_grad_() for t in (x, y))
z = z.detach().to(torch.complex128).requires_grad_()
"""

DIFFERENTIABLE = """
masked.sum(x, mask=m)
masked.sum(x, 1, keepdim=True, mask=row)
masked.sum(z, (0, 1), mask=m)
masked.prod(x, (0, 1), mask=m)
masked.prod(x, 1, mask=none)
masked.cumsum(x, 1, mask=m)
masked.cumprod(x, -1, mask=m)
masked.amax(x, 1, mask=m)
masked.amin(x, (), mask=m)
masked.median(x, 1, mask=m)
masked.mean(x, mask=m)
masked.mean(x, 0, keepdim=True)
masked.mean(x, 0, mask=none)
masked.var(x, 1, mask=row)
masked.var(x, 1, False)
masked.std(x, correction=2, mask=m)
masked.norm(x, 2, 1, mask=m)
masked.norm(x, -math.inf, 1, mask=m)
masked.normalize(x, 2, 1, mask=m)
masked.logsumexp(x, 1, mask=m)
masked.logaddexp(x, y, input_mask=m, other_mask=row)
masked.softmax(x, 1, mask=m)
masked.log_softmax(x, 0)
masked.softmin(x, 1, mask=m)
"""

OTHERS = """
masked.sum(i, 1, mask=m)
masked.sum(b, 1, mask=m)
masked.sum(x, 1, dtype=torch.float64)
masked.prod(b, 0)
masked.amax(i, 1, mask=none)
masked.amin(i, 1, keepdim=True, mask=m)
masked.argmax(x, 1, mask=m)
masked.argmin(i, mask=m)
masked.argmax(i, 1, keepdim=True, dtype=torch.int32, mask=row)
masked.median(i, 1, mask=m)
masked.var(i, 1, mask=m)
masked.logsumexp(i.float(), 1, dtype=torch.float64)

# errors
masked.median(i, 1, mask=none)
masked.mean(i)
masked.mean(x, dtype=torch.int64)
masked.sum(x, (0, 0))
masked.sum(x, 2)
masked.sum(x, mask=m[None])
masked.var(x, 1, True, correction=1)
masked.amax(m, mask=m)
"""


@pytest.mark.parametrize("source", lines(DIFFERENTIABLE + OTHERS))
def test_results_agree(source):
    assert_agree(source, SETUP)


@pytest.mark.parametrize("source", lines(DIFFERENTIABLE))
def test_gradients_agree(source):
    leaves = ", ".join(n for n in "xyz" if f"({n}" in source or f" {n}," in source)
    assert_gradients_agree(source, f"({leaves},)", SETUP + IN_DOUBLE)
