"""Anomaly detection: where in the forward pass was the operation whose backward went wrong?

While it is on, each node keeps the stack of the call that made it, and a backward pass stops at the
first nan (unless `check_nan` is off).
"""

from __future__ import annotations

import os
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from ..backend import xp_of
from .grad_mode import ANOMALY, mode
from .node import Node

__all__ = ["detect_anomaly", "set_detect_anomaly"]

_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep
_check_nan = [True]


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on."""
    return bool(mode.state & ANOMALY)


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly detection looks for NaN in gradients."""
    return _check_nan[0]


def set_anomaly_enabled(enabled: bool, check_nan: bool = True) -> None:
    """Switch anomaly detection on or off."""
    mode.state = mode.state | ANOMALY if enabled else mode.state & ~ANOMALY
    _check_nan[0] = check_nan


class set_detect_anomaly:
    """Switch anomaly detection on or off at once; as a context, put back what was before."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.prev, self.prev_check_nan = is_anomaly_enabled(), is_anomaly_check_nan_enabled()
        set_anomaly_enabled(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        set_anomaly_enabled(self.prev, self.prev_check_nan)


class detect_anomaly:
    """A context with anomaly detection on.  It warns that this is slow."""

    def __init__(self, check_nan: bool = True) -> None:
        self.prev, self.prev_check_nan = is_anomaly_enabled(), is_anomaly_check_nan_enabled()
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should "
            "only be enabled for debugging.",
            stacklevel=2,
        )

    def __enter__(self) -> None:
        set_anomaly_enabled(True, self.check_nan)

    def __exit__(self, *exc: object) -> None:
        set_anomaly_enabled(self.prev, self.prev_check_nan)


def remember_call(node: Node) -> None:
    """Keep the stack of the call that makes `node`, down to the last line outside this package."""
    frames = traceback.extract_stack()
    while frames and frames[-1].filename.startswith(_PACKAGE):
        frames.pop()
    node.metadata["traceback_"] = traceback.format_list(frames)


def watched(node: Node, run: Callable[[], Sequence[Any]]) -> Sequence[Any]:
    """What ``run()`` computes for `node`; if that goes wrong, a warning says where it was recorded.

    Raises RuntimeError for nan in them.
    """
    try:
        results = run()
        if _check_nan[0]:
            _raise_for_nan(node, results)
    except Exception:
        _warn(node)
        raise
    return results


def _raise_for_nan(node: Node, results: Sequence[Any]) -> None:
    for i, result in enumerate(results):
        data = getattr(result, "_data", result)
        if data is not None and data.dtype.kind in "fcV" and xp_of(data).isnan(data).any():
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.")


def _warn(node: Node) -> None:
    found = node.metadata.get("traceback_")
    where = (
        "Traceback of forward call that caused the error:\n" + "".join(found)
        if found
        else "No forward pass information available. Enable detect anomaly during forward pass "
        "for more information."
    )
    warnings.warn(f"Error detected in {node.name()}. {where}", UserWarning, stacklevel=2)
