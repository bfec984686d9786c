"""The two ways to a Hessian agree."""

from __future__ import annotations

import pytest


# PyTorch compiles the rules of its forward mode on first use, and warns of how it does.
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_by_columns_and_by_rows(torch):
    def function(x, y):
        return (x**3).sum() * y.sin().sum()

    hessian = torch.autograd.functional.hessian
    inputs = torch.tensor([1.0, 2.0]), torch.tensor([0.5])
    rows = hessian(function, inputs)
    columns = hessian(function, inputs, vectorize=True, outer_jacobian_strategy="forward-mode")
    for row, column in zip(rows, columns, strict=True):
        for by_rows, by_columns in zip(row, column, strict=True):
            assert by_columns.shape == by_rows.shape
            assert torch.allclose(by_rows, by_columns)
    assert hessian(torch.sum, torch.tensor(2.0)).shape == ()
