"""What a test may ask for: PyTorch, a GPU, a browser. Without it the test skips and says why."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The path of a Chromium to drive: the one CROSSGRAD_CHROMIUM names, else the first found."""
    return os.environ.get("CROSSGRAD_CHROMIUM") or next(
        filter(None, map(shutil.which, BROWSERS)), None
    )


@functools.cache
def missing(need: str) -> str | None:
    """Why `need` (a marker's name) cannot be met on this machine; None where it can."""
    if need == "browser":
        if importlib.util.find_spec("playwright") is None:
            return "needs Playwright, which is not installed"
        return None if chromium() else "needs Chromium, which is not installed"
    if importlib.util.find_spec("torch") is None:
        return "needs PyTorch, which is not installed"
    if need == "cuda":
        import torch

        if not torch.cuda.is_available():
            return "needs a GPU, and PyTorch finds none"
        if importlib.util.find_spec("cupy") is None:
            return "needs CuPy, which is not installed"
    return None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, with the reason, a test marked with something this machine lacks."""
    for need in ("torch", "cuda", "browser"):
        if item.get_closest_marker(need) and (reason := missing(need)):
            pytest.skip(reason)


def pytest_report_header() -> list[str]:
    """Say at the top of a run what it can and cannot exercise."""
    return [f"{need}: {missing(need) or 'available'}" for need in ("torch", "cuda", "browser")]


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The path of the Chromium that browser tests drive."""
    return chromium() or pytest.skip("needs Chromium, which is not installed")
