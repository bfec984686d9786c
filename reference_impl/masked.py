"""``torch.masked``: reductions and normalisations of the elements that a mask keeps.

    >>> x, mask = torch.tensor([1.0, 2.0, 30.0]), torch.tensor([True, True, False])
    >>> torch.masked.mean(x, mask=mask)
    tensor(1.5000)

What the mask leaves out is filled with the identity of the operation, zero for a sum, and the
operation then runs as always: so each function here is a composite.  ``MaskedTensor`` is not here.
"""

from __future__ import annotations

from typing import Any

from . import dtypes, nn
from . import linalg as _linalg
from .missing import names_of
from .op import PUBLIC
from .ops.create import ones, tensor
from .tensor import Tensor

_INF = float("inf")
_SMALL = (dtypes.uint8, dtypes.bool_, dtypes.int8, dtypes.int16, dtypes.int32)

# ---------------------------------------------------------------- masks, identities, dimensions


def _kept(input: Tensor, mask: Tensor) -> Tensor:
    """The mask as a bool tensor of the shape of `input`."""
    if mask.ndim > input.ndim:
        raise IndexError(
            "_input_mask expected broadcastable mask (got mask dimensionality higher than of the "
            "input)"
        )
    if mask.shape != input.shape:
        mask = PUBLIC["broadcast_to"](mask.clone(), tuple(input.shape))
    return mask.to(dtypes.bool_)


def _lowest(input: Tensor, sign: int) -> Any:
    """Minus infinity or the lowest integer, with `sign` -1; the highest with 1."""
    d = input.dtype
    if d.is_floating_point or d.is_complex:
        return sign * _INF
    info = dtypes.iinfo(d)
    return info.max if sign > 0 else info.min


_IDENTITIES: dict[str, Any] = {
    "sum": lambda x: 0,
    "prod": lambda x: 1,
    "amax": lambda x: _lowest(x, -1),
    "amin": lambda x: _lowest(x, 1),
    "median": lambda x: float("nan"),
}


def _filled(input: Tensor, mask: Tensor | None, identity: Any) -> Tensor:
    """`input`, with `identity` where the mask does not hold."""
    if mask is None:
        return input
    if isinstance(identity, str):
        identity = _identity(identity, input)
    fill = tensor(identity, dtype=input.dtype, device=input.device)
    return PUBLIC["where"](_kept(input, mask), input, fill)  # type: ignore[no-any-return]


def _identity(name: str, input: Tensor) -> Any:
    if name in ("amax", "amin") and input.dtype in (dtypes.bool_, dtypes.complex64,
                                                    dtypes.complex128):  # fmt: skip
        raise NotImplementedError(f"identity of {name} on {input.dtype} input")
    return _IDENTITIES[name](input)


def _dims(dim: Any, ndim: int) -> tuple[int, ...]:
    """`dim` as a sorted tuple; None and () stand for all dimensions."""
    if dim is None or dim == ():
        return tuple(range(ndim))
    ndim = max(ndim, 1)
    found: list[int] = []
    for d in (dim,) if isinstance(dim, int) else dim:
        if d in found:
            raise RuntimeError(f"dim={d} appears multiple times in the list of dims")
        if not -ndim <= d < ndim:
            raise IndexError(
                "Dimension out of range (expected to be in range of "
                f"[{-ndim}, {ndim - 1}], but got {d})"
            )
        found.append(d % ndim)
    return tuple(sorted(found))


def _wide(input: Tensor, dtype: Any) -> Any:
    if dtype is not None:
        return dtype
    return dtypes.int64 if input.dtype in _SMALL else input.dtype


# ---------------------------------------------------------------- sums and products


def sum(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The sum over `dim`; 0 where nothing is kept.  Small integers are summed as int64."""
    dims = _dims(dim, input.ndim)
    filled = _filled(input, mask, "sum")
    return PUBLIC["sum"](filled, dims, bool(keepdim), dtype=_wide(input, dtype))  # type: ignore


def prod(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The product over `dim`; 1 where nothing is kept.  Small integers count as int64."""
    result = _filled(input, mask, "prod").to(_wide(input, dtype))
    for d in reversed(_dims(dim, input.ndim)):
        result = result.prod(d, bool(keepdim))
    return result


def cumsum(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The running sum along `dim`; what is left out adds nothing."""
    dtype = input.dtype if dtype is None else dtype
    (d,) = _dims(dim, input.ndim)[:1]
    return _filled(input, mask, "sum").cumsum(d, dtype=dtype).to(dtype)


def cumprod(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The running product along `dim`; what is left out is a factor of 1."""
    dtype = input.dtype if dtype is None else dtype
    (d,) = _dims(dim, input.ndim)[:1]
    return _filled(input, mask, "prod").cumprod(d, dtype=dtype).to(dtype)


# ---------------------------------------------------------------- extremes


def _extreme(name: str, input: Tensor, dim: Any, keepdim: bool, dtype: Any, mask: Any) -> Tensor:
    filled = _filled(input, mask, name)
    result = PUBLIC[name](filled, _dims(dim, filled.ndim), bool(keepdim))
    return result.to(input.dtype if dtype is None else dtype)  # type: ignore[no-any-return]


def amax(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The largest element over `dim`; the lowest value of the dtype where nothing is kept."""
    return _extreme("amax", input, dim, keepdim, dtype, mask)


def amin(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The smallest element over `dim`; the highest value of the dtype where nothing is kept."""
    return _extreme("amin", input, dim, keepdim, dtype, mask)


def argmax(
    input: Tensor, dim: int | None = None, *, keepdim: bool = False, dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Where the largest element is, as a tensor of `dtype` (by default that of `input`)."""
    found = _filled(input, mask, "amax").argmax(dim, bool(keepdim))
    return found.to(input.dtype if dtype is None else dtype)


def argmin(
    input: Tensor, dim: int | None = None, *, keepdim: bool = False, dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Where the smallest element is, as a tensor of `dtype` (by default that of `input`)."""
    found = _filled(input, mask, "amin").argmin(dim, bool(keepdim))
    return found.to(input.dtype if dtype is None else dtype)


def median(
    input: Tensor, dim: int = -1, *, keepdim: bool = False, dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The median along `dim`, the lower of two; nan where nothing is kept.

    Raises ValueError where nothing is kept of numbers that have no nan.
    """
    (d,) = _dims(dim, input.ndim)[:1]
    real = input if input.is_floating_point() else input.to(dtypes.float32)
    found = PUBLIC["nanmedian"](_filled(real, mask, "median"), d, keepdim).values
    if real is input:
        return found  # type: ignore[no-any-return]
    if bool(found.isnan().any()):
        raise ValueError(
            "masked median expects no fully masked out rows if dtype is not floating point"
        )
    return found.to(input.dtype if dtype is None else dtype)  # type: ignore[no-any-return]


# ---------------------------------------------------------------- means and spreads


def _counted(input: Tensor, dim: Any, keepdim: bool, mask: Tensor | None) -> Tensor:
    """How many elements are kept over `dim`."""
    if mask is None:
        every = ones(tuple(input.shape), dtype=dtypes.int64, device=input.device)
        return sum(every, dim, keepdim=keepdim)
    return _kept(input, mask).sum(dim=dim, keepdim=bool(keepdim))


def mean(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The mean over `dim`; nan where nothing is kept.  Raises ValueError for integers."""
    source, dtype = ("Input", input.dtype) if dtype is None else ("Optional", dtype)
    if not (dtype.is_floating_point or dtype.is_complex):
        raise ValueError(
            f"mean(): Could not infer output dtype. {source} dtype must be either a floating point "
            f"or complex dtype. Got: {dtype}"
        )
    count = _counted(input, dim, keepdim, mask)
    return sum(input, dim, keepdim=keepdim, dtype=dtype, mask=mask) / count


def _spread(
    input: Tensor, dim: Any, unbiased: Any, correction: Any, keepdim: bool, dtype: Any,
    mask: Tensor | None,
) -> tuple[Tensor, Any]:  # fmt: skip
    """(the variance, the dtype that was asked for)."""
    if unbiased is not None and correction is not None:
        raise AssertionError("Only one of unbiased and correction may be given")
    if correction is None:
        correction = 1.0 if unbiased is None else float(unbiased)
    if dtype is None:
        inexact = input.dtype.is_floating_point or input.dtype.is_complex
        dtype = input.dtype if inexact else dtypes.float32
    wide = dtype if dtype.is_floating_point or dtype.is_complex else dtypes.float32
    count = _counted(input, dim, True, mask)
    centred = input - sum(input, dim, keepdim=True, dtype=dtype, mask=mask) / count
    squares = centred * centred.conj()
    total = sum(squares, dim, keepdim=keepdim, dtype=wide, mask=mask)
    count = count if keepdim else count.reshape(total.shape)
    if correction:
        count = count.to(total.real.dtype) - float(correction)
        count = PUBLIC["maximum"](count, count.new_zeros([]))
    return (total / count).to(dtype), dtype


def var(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, *, correction: Any = None,
    keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The variance over `dim`, of n - `correction` degrees of freedom (1 by default)."""
    return _spread(input, dim, unbiased, correction, keepdim, dtype, mask)[0]


def std(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, *, correction: Any = None,
    keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The standard deviation over `dim`: the root of ``var``."""
    return _spread(input, dim, unbiased, correction, keepdim, dtype, mask)[0].sqrt()


# ---------------------------------------------------------------- norms and logarithms


def norm(
    input: Tensor, ord: float | None = 2.0, dim: Any = None, *, keepdim: bool = False,
    dtype: Any = None, mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The vector norm of order `ord` over `dim`."""
    filled = _filled(input, mask, _INF if ord == -_INF else 0)
    dtype = input.dtype if dtype is None else dtype
    dims = _dims(dim, input.ndim)
    return _linalg.vector_norm(filled, ord, dims, bool(keepdim), dtype=dtype)  # type: ignore


def normalize(
    input: Tensor, ord: float, dim: int, *, eps: float = 1e-12, dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """`input` over its norm along `dim`, or over `eps` where the norm is smaller."""
    dtype = input.dtype if dtype is None else dtype
    size = norm(input, ord, dim, keepdim=True, dtype=dtype, mask=mask)
    return _filled(input, mask, "sum") / PUBLIC["maximum"](size, size.new_full([], eps))


def logsumexp(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The logarithm of the sum of the exponentials over `dim`."""
    filled = _filled(input, mask, None if mask is None else _lowest(input, -1))
    result = filled.logsumexp(_dims(dim, input.ndim), keepdim=keepdim)
    return result.to(input.dtype if dtype is None else dtype)


def logaddexp(
    input: Tensor, other: Tensor, *, dtype: Any = None, input_mask: Tensor | None = None,
    other_mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Elementwise log(exp(input) + exp(other)); what is left out adds nothing."""
    a = _filled(input, input_mask, "amax")
    b = _filled(other, other_mask, "amax")
    return a.logaddexp(b).to(input.dtype if dtype is None else dtype)


# ---------------------------------------------------------------- softmax and its kin


def _shared(
    name: str, identity: str, input: Tensor, dim: int, dtype: Any, mask: Tensor | None
) -> Tensor:
    dtype = input.dtype if dtype is None else dtype
    (d,) = _dims(dim, input.ndim)[:1]
    function = getattr(nn.functional, name)
    return function(_filled(input, mask, identity), d, dtype=dtype)  # type: ignore[no-any-return]


def softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The exponentials over their sum along `dim`; 0 for what is left out."""
    return _shared("softmax", "amax", input, dim, dtype, mask)


def log_softmax(
    input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """The logarithm of ``softmax``; minus infinity for what is left out."""
    return _shared("log_softmax", "amax", input, dim, dtype, mask)


def softmin(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """``softmax`` of the negative."""
    return _shared("softmin", "amin", input, dim, dtype, mask)


__all__ = [
    "amax", "amin", "argmax", "argmin", "cumprod", "cumsum", "log_softmax", "logaddexp",
    "logsumexp", "mean", "median", "norm", "normalize", "prod", "softmax", "softmin", "std", "sum",
    "var",
]  # fmt: skip


__getattr__ = names_of(__name__)
