"""On CUDA, numbers are drawn as on the CPU. The meta device stands in for a GPU here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from crossgrad.cuda import DrawOnCpu  # noqa: E402 - needs torch

DRAWS: dict[str, Callable[[str], Any]] = {
    "rand": lambda device: torch.rand(3, device=device),
    "randn": lambda device: torch.randn(2, 2, device=device),
    "randint": lambda device: torch.randint(5, (4,), device=device),
    "randperm": lambda device: torch.randperm(6, device=device),
    "rand_like": lambda device: torch.rand_like(torch.empty(3, device=device)),
    "uniform_": lambda device: torch.empty(3, device=device).uniform_(),
    "normal_": lambda device: torch.empty(20, device=device).normal_(),
    "bernoulli": lambda device: torch.bernoulli(torch.full((3,), 0.0, device=device)),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_a_draw_moves_the_cpu_s_generator_and_lands_on_the_device(
    draw: Callable[[str], Any],
) -> None:
    torch.manual_seed(0)
    draw("cpu")
    expected = torch.get_rng_state()
    torch.manual_seed(0)
    with DrawOnCpu():
        drawn = draw("meta")
    assert drawn.device.type == "meta"
    assert torch.equal(torch.get_rng_state(), expected)


def test_other_operations_stay_on_the_device() -> None:
    with DrawOnCpu():
        assert (torch.ones(2, device="meta") + 1).device.type == "meta"
        assert torch.rand(2).device.type == "cpu"


def test_an_operation_that_draws_in_place_returns_its_own_tensor() -> None:
    tensor = torch.empty(3, device="meta")
    with DrawOnCpu():
        assert tensor.uniform_() is tensor
