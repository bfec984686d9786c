"""Data types and PyTorch's promotion rules.

A ``dtype`` is PyTorch's name for an element type together with the NumPy dtype that stores it.
Promotion differs from NumPy's in one idea: it goes by *category* (bool < integer < float <
complex), and tensors with dimensions outrank 0-d tensors, which outrank Python numbers.  A lower
rank only counts when it is of a higher category::

    float32 vector  *  float64 scalar tensor  ->  float32       (same category: the vector wins)
    int64 vector    *  2.5                    ->  default dtype (higher category)
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from . import errors

BOOL, INTEGER, FLOAT, COMPLEX = range(4)
_BY_STORAGE: dict[np.dtype, dtype] = {}


class dtype:
    """An element type, e.g. ``torch.float32``.  One object per type: compare with ``is``."""

    __slots__ = ("category", "is_complex", "is_floating_point", "name", "numpy")

    def __init__(self, name: str, storage: Any, category: int) -> None:
        self.name, self.numpy, self.category = name, np.dtype(storage), category
        self.is_floating_point, self.is_complex = category == FLOAT, category == COMPLEX
        _BY_STORAGE[self.numpy] = self

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return of, (self.numpy,)

    @property
    def is_signed(self) -> bool:
        return self.category >= FLOAT or self.numpy.kind == "i"

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.numpy.itemsize

    def to_real(self) -> dtype:
        return of(np.dtype(f"f{self.itemsize // 2}")) if self.is_complex else self

    def to_complex(self) -> dtype:
        if self.is_complex:
            return self
        return complex128 if self is float64 else complex64


class AbsentDtype(dtype):
    """A dtype that PyTorch has and this package has not: it has a name, and refuses to be used."""

    __slots__ = ("_reason",)

    def __init__(self, name: str, reason: str) -> None:
        self.name, self._reason = name, reason

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(f"torch.{self.name} is not implemented: {self._reason}")


bool_ = dtype("bool", np.bool_, BOOL)
uint8 = dtype("uint8", np.uint8, INTEGER)
int8 = dtype("int8", np.int8, INTEGER)
int16 = dtype("int16", np.int16, INTEGER)
int32 = dtype("int32", np.int32, INTEGER)
int64 = dtype("int64", np.int64, INTEGER)
uint16 = dtype("uint16", np.uint16, INTEGER)
uint32 = dtype("uint32", np.uint32, INTEGER)
uint64 = dtype("uint64", np.uint64, INTEGER)
float16 = dtype("float16", np.float16, FLOAT)
float32 = dtype("float32", np.float32, FLOAT)
float64 = dtype("float64", np.float64, FLOAT)
complex64 = dtype("complex64", np.complex64, COMPLEX)
complex128 = dtype("complex128", np.complex128, COMPLEX)
try:
    import ml_dtypes

    bfloat16 = dtype("bfloat16", ml_dtypes.bfloat16, FLOAT)
except ImportError:  # a browser has no ml_dtypes: everything but bfloat16 works
    pass

# The names of the torch namespace, with PyTorch's synonyms.
PUBLIC = {d.name: d for d in _BY_STORAGE.values()} | {
    "short": int16,
    "int": int32,
    "long": int64,
    "half": float16,
    "float": float32,
    "double": float64,
    "cfloat": complex64,
    "cdouble": complex128,
}
_BAREBONES_UNSIGNED = {uint16, uint32, uint64}
_OF_CATEGORY = [bool_, int64, float32, complex64]  # what a Python number stands for


def of(storage: np.dtype) -> dtype:
    """The PyTorch dtype that a NumPy dtype stores.  Raises TypeError where there is none."""
    found = _BY_STORAGE.get(storage)
    if found is None:
        found = _BY_STORAGE.get(storage.newbyteorder("="))
    if found is None:
        raise errors.unsupported_numpy_dtype(storage)
    return found


def get_default_dtype() -> dtype:
    """The dtype of Python floats and of factory functions, float32 unless changed."""
    return _OF_CATEGORY[FLOAT]


def set_default_dtype(d: dtype) -> None:
    """Set the dtype of Python floats and of factory functions; raises TypeError unless floating."""
    if not isinstance(d, dtype):
        raise errors.invalid_dtype_object(d)
    if not d.is_floating_point:
        raise errors.default_dtype_must_be_float(d)
    _OF_CATEGORY[FLOAT], _OF_CATEGORY[COMPLEX] = d, d.to_complex()


def category_of_number(value: Any) -> int:
    """The category of a Python number (NumPy's scalars count as the Python ones)."""
    if isinstance(value, (bool, np.bool_)):
        return BOOL
    if isinstance(value, (int, np.integer)):
        return INTEGER
    return COMPLEX if isinstance(value, (complex, np.complexfloating)) else FLOAT


def of_number(value: Any) -> dtype:
    """The dtype that a Python number has when it meets tensors."""
    return _OF_CATEGORY[category_of_number(value)]


@functools.cache
def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype of the higher category that holds both (``torch.promote_types``)."""
    if type1 is type2:
        return type1
    low, high = sorted((type1, type2), key=lambda d: d.category)
    if high.category == INTEGER and low.category == INTEGER:
        if {low, high} & _BAREBONES_UNSIGNED:
            raise errors.barebones_unsigned_promotion(type1, type2)
        return of(np.promote_types(low.numpy, high.numpy))
    if low.category < FLOAT:
        return high
    if high.category == FLOAT:  # float16 and bfloat16 hold each other only in float32
        return float32 if low.itemsize == high.itemsize else max(low, high, key=_itemsize)
    return max(low.to_complex(), high, key=_itemsize)


def _itemsize(d: dtype) -> int:
    return d.itemsize


def _combine(higher: dtype | None, lower: dtype | None) -> dtype | None:
    """The dtype of a rank joined with that of the rank below it."""
    if higher is None or lower is None:
        return higher or lower
    if higher.category >= lower.category:
        return higher
    return higher.to_complex() if higher.is_floating_point else lower


def result_dtype(*operands: Any) -> dtype:
    """The dtype in which PyTorch computes on `operands`: arrays, Python numbers, None (ignored)."""
    ranks: list[dtype | None] = [None, None, None]  # arrays with dimensions, 0-d arrays, numbers
    for x in operands:
        if x is None:
            continue
        if hasattr(x, "strides"):  # an array of any backend, not a Python number
            rank, found = (0 if x.ndim else 1), of(x.dtype)
        else:
            rank, found = 2, of_number(x)
        seen = ranks[rank]
        ranks[rank] = found if seen is None else promote_types(seen, found)
    result = _combine(_combine(ranks[0], ranks[1]), ranks[2])
    assert result is not None
    return result


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether PyTorch stores a result of dtype `from_` into a tensor of dtype `to`."""
    return from_.category <= to.category


class finfo:
    """Limits of a floating-point dtype (complex: of its real part)."""

    def __init__(self, type: dtype | None = None) -> None:
        d = get_default_dtype() if type is None else type
        if d.category < FLOAT:
            raise errors.finfo_needs_float(d)
        real = d.to_real()
        info = np.finfo(real.numpy) if real.name != "bfloat16" else ml_dtypes.finfo(real.numpy)
        self.bits, self.dtype = info.bits, real.name
        self.eps, self.max, self.min = float(info.eps), float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.smallest_normal)
        self.resolution = float(info.resolution)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    __hash__ = None  # type: ignore[assignment]  # as in PyTorch

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{n}={getattr(self, n):g}' for n in names)}, dtype={self.dtype})"


class iinfo:
    """Limits of an integer dtype."""

    def __init__(self, type: dtype) -> None:
        if type.category != INTEGER:
            raise errors.iinfo_needs_integer(type)
        info = np.iinfo(type.numpy)
        self.bits, self.min, self.max, self.dtype = info.bits, info.min, info.max, type.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
