"""``torch.__version__``: text that compares as a version, with text or with numbers.

>>> torch.__version__ >= "2.2"
True
>>> torch.__version__ >= (2, 2)
True
"""

from __future__ import annotations

import itertools
import re
from typing import Any

__all__ = ["TorchVersion"]


def _release(version: Any) -> tuple[int, ...]:
    """The numbers of a version before any suffix such as ``+cpu``."""
    if isinstance(version, str):
        found = re.match(r"v?(\d+(?:\.\d+)*)", version)
        if found is None:
            raise ValueError(f"Invalid version: '{version}'")
        return tuple(map(int, found[1].split(".")))
    return tuple(int(v) for v in version)


def _order(a: str, b: Any) -> int:
    """-1, 0 or 1, as `a` is older than, equal to or newer than `b`."""
    pairs = itertools.zip_longest(_release(a), _release(b), fillvalue=0)
    first = next(((x, y) for x, y in pairs if x != y), (0, 0))
    return (first[0] > first[1]) - (first[0] < first[1])


class TorchVersion(str):
    """A version; ``+cpu`` and the like count only in comparison with text for equality."""

    __slots__ = ()

    def __lt__(self, other: Any) -> bool:
        return _order(self, other) < 0

    def __le__(self, other: Any) -> bool:
        return _order(self, other) <= 0

    def __gt__(self, other: Any) -> bool:
        return _order(self, other) > 0

    def __ge__(self, other: Any) -> bool:
        return _order(self, other) >= 0

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other) if isinstance(other, str) else _order(self, other) == 0

    __hash__ = str.__hash__
