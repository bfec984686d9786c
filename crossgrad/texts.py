"""Compare printed text: exactly, but for the last digit of long numbers.

The same number printed by two machines may be rounded differently in its last place. So a
number written with four digits or more may differ by one unit in that place, or by what
`torch.testing.assert_close` allows in float32. Everything else must be the same character by
character: words, brackets, blanks, integers, short numbers.
"""

from __future__ import annotations

import re
from decimal import Decimal

RELATIVE = Decimal("1.3e-6")  # of float32 in torch.testing.assert_close
_FEWEST_DIGITS = 4
_NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?(?=j\b|(?!\w|\.\w))",
    re.ASCII,
)
_COORDINATE = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_DEVICE = re.compile(r",\s*device='cuda:\d+'")


def normalised(output: str) -> str:
    """Output as pages keep it: no blanks at the end of a line, no blank lines at the end."""
    return "\n".join(line.rstrip() for line in output.split("\n")).rstrip("\n")


def without_device(text: str) -> str:
    """The text without the suffix that names the GPU a tensor is on."""
    return _DEVICE.sub("", text)


def same(one: str, other: str) -> bool:
    """Whether two texts agree."""
    one, other = without_device(normalised(one)), without_device(normalised(other))
    if one == other:
        return True
    if _NUMBER.sub("0", one) != _NUMBER.sub("0", other):
        return False
    return all(map(_close, _NUMBER.findall(one), _NUMBER.findall(other)))


def same_drawing(one: str, other: str) -> bool:
    """Whether two SVG texts draw the same: coordinates may be a tenth of a unit apart."""
    if one == other:
        return True
    if _COORDINATE.sub("0", one) != _COORDINATE.sub("0", other):
        return False
    pairs = zip(_COORDINATE.findall(one), _COORDINATE.findall(other), strict=True)
    return all(abs(Decimal(a) - Decimal(b)) <= Decimal("0.1") for a, b in pairs)


def _close(one: str, other: str) -> bool:
    if one == other:
        return True
    if not (_is_long(one) and _is_long(other)):
        return False
    a, b = Decimal(one), Decimal(other)
    units = [Decimal((0, (1,), int(n.as_tuple().exponent))) for n in (a, b)]
    return abs(a - b) <= max(*units, RELATIVE * max(abs(a), abs(b)))


def _is_long(number: str) -> bool:
    """A fraction with enough digits that its last one says little."""
    mantissa = re.split("[eE]", number)[0].lstrip("+-")
    fraction = mantissa.partition(".")[2]
    digits = mantissa.replace(".", "").lstrip("0")
    return bool(fraction) and max(len(digits), len(fraction)) >= _FEWEST_DIGITS
