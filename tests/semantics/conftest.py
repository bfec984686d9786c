"""Specifications of autograd that run twice: on the reference and, where it is installed, on torch.

A test that passes on one and fails on the other has found a difference between them; one that fails
on torch states something that is not so.
"""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest


@pytest.fixture(params=["reference_impl", "torch"])
def torch(request: pytest.FixtureRequest) -> ModuleType:
    """The implementation under specification."""
    if request.param == "torch":
        return pytest.importorskip("torch")
    return importlib.import_module(request.param)
