"""Anomaly detection: where in the forward pass was the operation whose backward went wrong?

While it is on, each node keeps the stack of the call that made it, and a backward pass stops at the
first nan (unless `check_nan` is off).
"""

from __future__ import annotations

import os
import sys
import threading
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


class _Watched(threading.local):
    """The nodes whose rules are running in this thread, the innermost last."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []


_watched = _Watched()


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
    """Keep the stack of the call that makes `node`, the lines outside this package.

    And the node in whose backward it is made, under ``create_graph``.
    """
    stack = traceback.extract_stack()
    frames = [frame for frame in stack if not frame.filename.startswith(_PACKAGE)]
    node.metadata["traceback_"] = traceback.format_list(frames)
    if _watched.nodes:
        node.metadata["parent_"] = _watched.nodes[-1]


def watched(node: Node, run: Callable[[], Sequence[Any]]) -> Sequence[Any]:
    """What ``run()`` computes for `node`; if that goes wrong, a warning says where it was recorded.

    Raises RuntimeError for nan in them.
    """
    _watched.nodes.append(node)
    try:
        results = run()
        if _check_nan[0]:
            _raise_for_nan(node, results)
    except Exception:
        _warn(node)
        raise
    finally:
        _watched.nodes.pop()
    return results


def _raise_for_nan(node: Node, results: Sequence[Any]) -> None:
    for i, result in enumerate(results):
        data = getattr(result, "_data", result)
        if data is not None and data.dtype.kind in "fcV" and xp_of(data).isnan(data).any():
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.")


def _warn(node: Node) -> None:
    """Say where `node` was recorded, and in whose backward if it was recorded in one."""
    _say(f"Error detected in {node.name()}. ", "caused the error", node)
    while (node := node.metadata.get("parent_")) is not None:  # type: ignore[assignment]
        words = f"\n\nPrevious calculation was induced by {node.name()}. "
        _say(words, "induced the previous calculation", node)


def _say(words: str, did: str, node: Node) -> None:
    found = node.metadata.get("traceback_")
    where = (
        f"Traceback of forward call that {did}:\n" + "".join(found)
        if found
        else "No forward pass information available. Enable detect anomaly during forward pass "
        "for more information."
    )
    try:
        warnings.warn(words + where, UserWarning, stacklevel=4)
    except UserWarning as warning:  # it must not take the place of the error
        print(f"UserWarning: {warning}", file=sys.stderr)
