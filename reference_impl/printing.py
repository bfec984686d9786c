"""Tensors as text, to the character as PyTorch prints them.

Numbers of one tensor share one form: all are padded to the same width, and all are plain
(``2.``), with decimals (``2.5000``) or scientific (``2.5000e+00``)::

    tensor([1., 2.])                  every value is an integer
    tensor([1.0000, 2.5000])          one is not
    tensor([1.0000e+00, 2.5000e-05])  the largest is over 1,000 times the smallest

More than 1,000 elements are summarised: three at each end of each dimension.  What follows the
numbers says what they do not: a size, a device or a dtype that is not the default, where the
tensor came from.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from . import backend, dtypes

if TYPE_CHECKING:
    from .tensor import Tensor


@dataclasses.dataclass
class PrintOptions:
    """What :func:`set_printoptions` sets."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}
PRINT_OPTS = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors print; what is None stays as it is, except that `sci_mode` is always set.

    `precision`: digits after the point.  `threshold`: how many elements are printed in full.
    `edgeitems`: how many stand at each end of a summary.  `linewidth`: characters a line.
    `profile`: "default", "short" or "full", a set of the above.  `sci_mode`: always (True) or never
    (False) scientific; None decides by the values.
    """
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    chosen = _PROFILES.get(profile or "", {}) | {k: v for k, v in given.items() if v is not None}
    for name, value in chosen.items():
        setattr(PRINT_OPTS, name, value)
    PRINT_OPTS.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The current options, as keyword arguments of :func:`set_printoptions`."""
    return dataclasses.asdict(PRINT_OPTS)


@contextlib.contextmanager
def printoptions(**kwargs: Any) -> Iterator[None]:
    """:func:`set_printoptions` for the length of a ``with`` block."""
    before = get_printoptions()
    set_printoptions(**kwargs)
    try:
        yield
    finally:
        set_printoptions(**before)


# ---------------------------------------------------------------- numbers


def _float_form(values: list[float]) -> Callable[[float], str]:
    """The form in which PyTorch writes these floats, chosen by the finite ones that are not 0."""
    plain = [abs(v) for v in values if v and math.isfinite(v)]
    if not plain:
        return _integral
    low, high = min(plain), max(plain)
    scientific = PRINT_OPTS.sci_mode
    if scientific is None:
        scientific = high / low > 1000.0 or high > 1.0e8 or low < 1.0e-4
    if scientific:
        return f"{{:.{PRINT_OPTS.precision}e}}".format
    if all(v.is_integer() for v in plain):
        return _integral
    return f"{{:.{PRINT_OPTS.precision}f}}".format


def _integral(value: float) -> str:
    """A float that is an integer (``2.``), inf or nan."""
    return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"


def _columns(values: list[Any], floating: bool) -> tuple[list[str], int]:
    """The values as text padded to one width, and that width.

    Of floats only the finite ones that are not 0 count for the width.
    """
    form = _float_form(values) if floating else str
    texts = [form(v) for v in values]
    counts = [not floating or (v and math.isfinite(v)) for v in values]
    width = max((len(t) for t, c in zip(texts, counts, strict=True) if c), default=1)
    return [t.rjust(width) for t in texts], width


def _complex_columns(values: np.ndarray) -> tuple[list[str], int]:
    """Real and imaginary parts have a form and a width each."""
    real, width = _columns(values.real.tolist(), floating=True)
    imaginary, imaginary_width = _columns(values.imag.tolist(), floating=True)
    texts = []
    for re, im in zip(real, imaginary, strict=True):
        im = im.lstrip()
        texts.append(f"{re}{im}j" if im[0] in "+-" else f"{re}+{im}j")
    return texts, width + imaginary_width + 1


# ---------------------------------------------------------------- brackets


def _shown(array: Any) -> tuple[np.ndarray, list[bool]]:
    """The elements that are printed, on the CPU, and which dimensions are cut in the middle."""
    if array.size <= PRINT_OPTS.threshold:
        return backend.move(array, backend.CPU), [False] * array.ndim
    edge = PRINT_OPTS.edgeitems
    cut = [size > 2 * edge for size in array.shape]
    for axis, is_cut in enumerate(cut):
        if is_cut:
            before = (slice(None),) * axis
            ends = (slice(None, edge), slice(array.shape[axis] - edge, None))
            array = backend.xp_of(array).concatenate([array[(*before, e)] for e in ends], axis)
    return backend.move(array, backend.CPU), cut


def _nested(
    texts: list[str], shape: tuple[int, ...], cut: list[bool], width: int, indent: int
) -> str:
    """Brackets around `texts`, which fill `shape`; `width` is that of a column with its comma."""
    if not shape:
        return texts[0]
    if len(shape) == 1:
        return _row(texts, cut[0], width, indent)
    size = len(texts) // shape[0] if shape[0] else 0
    parts = [
        _nested(texts[i * size : (i + 1) * size], shape[1:], cut[1:], width, indent + 1)
        for i in range(shape[0])
    ]
    if cut[0]:
        parts.insert(len(parts) // 2, "...")
    gap = "," + "\n" * (len(shape) - 1) + " " * (indent + 1)
    return "[" + gap.join(parts) + "]"


def _row(texts: list[str], cut: bool, width: int, indent: int) -> str:
    if cut:
        middle = len(texts) // 2
        texts = [*texts[:middle], " ..." if texts else "...", *texts[middle:]]
    per_line = max(1, (PRINT_OPTS.linewidth - indent) // width)
    lines = [", ".join(texts[i : i + per_line]) for i in range(0, len(texts), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _contents(array: Any, indent: int) -> str:
    """The numbers of an array that is not empty, in brackets."""
    shown, cut = _shown(array)
    flat = shown.reshape(-1)
    kind = dtypes.of(shown.dtype)
    if kind.is_complex:
        texts, width = _complex_columns(flat)
    else:
        if kind.is_floating_point:
            flat = flat.astype(np.float64)
        texts, width = _columns(flat.tolist(), kind.is_floating_point)
    return _nested(texts, shown.shape, cut, width + 2, indent)


# ---------------------------------------------------------------- tensors


def tensor_str(tensor: Tensor) -> str:
    """``repr(tensor)``; a tensor of a subclass bears the name of its class."""
    from ._utils import is_parameter
    from .op import PLAIN

    is_plain = type(tensor) in PLAIN
    prefix = "tensor" if is_plain else type(tensor).__name__
    indent = len(prefix) + 1
    contents = _contents(tensor._data, indent) if tensor._data.size else "[]"
    text = _with_suffixes(f"{prefix}({contents}", _suffixes(tensor), indent)
    return f"Parameter({text})" if is_parameter(tensor) and not is_plain else text


def _suffixes(tensor: Tensor) -> list[str]:
    """What is said after the numbers, in PyTorch's order."""
    suffixes = []
    if tensor.is_cuda:
        suffixes.append(f"device='{tensor.device}'")
    default = dtypes.get_default_dtype()
    implied = {default}
    if not tensor._data.size:
        if tensor.ndim != 1:
            suffixes.append(f"size={tuple(tensor.shape)}")
    else:
        if not PRINT_OPTS.edgeitems:
            suffixes.append(f"size={tuple(tensor.shape)}")
        wide = default is dtypes.float64
        implied |= {dtypes.complex128 if wide else dtypes.complex64, dtypes.int64, dtypes.bool_}
    if tensor.dtype not in implied:
        suffixes.append(f"dtype={tensor.dtype}")
    try:
        node = tensor.grad_fn
        origin = None if node is None else type(node).__name__
    except RuntimeError:  # a view made in no_grad mode and changed there has no valid history
        origin = "Invalid"
    if origin is not None:
        suffixes.append(f"grad_fn=<{origin}>")
    elif tensor.requires_grad:
        suffixes.append("requires_grad=True")
    if tensor._tangent is not None:
        suffixes.append(f"tangent={tensor._tangent[max(tensor._tangent)]}")
    return suffixes


def _with_suffixes(text: str, suffixes: list[str], indent: int) -> str:
    """`text`, the suffixes that fit on its last line, the rest on lines of their own; a bracket."""
    # The count starts two high (PyTorch's rfind is one past the line break): kept for its wrapping.
    used = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if used + len(suffix) + 2 > PRINT_OPTS.linewidth:
            text += ",\n" + " " * indent + suffix
            used = indent + len(suffix)
        else:
            text += ", " + suffix
            used += len(suffix) + 2
    return text + ")"


def format_tensor(tensor: Tensor, spec: str) -> str:
    """``format(tensor, spec)``: a plain 0-d tensor formats as its number.

    Raises TypeError for a `spec` on any other tensor.
    """
    from .tensor import Tensor

    if type(tensor) is Tensor and tensor.ndim == 0:
        return format(tensor.item(), spec)
    return object.__format__(tensor, spec)
