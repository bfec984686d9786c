"""Named results of operations with several outputs: ``torch.return_types.max``.

Tuples whose parts have names, printed as PyTorch prints them::

    torch.return_types.max(
    values=tensor(3),
    indices=tensor(1))
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from .missing import lookup

_PARTS = {
    "_lu_with_info": "LU pivots info",
    "aminmax": "min max",
    "cummax": "values indices",
    "cummin": "values indices",
    "frexp": "mantissa exponent",
    "histogram": "hist bin_edges",
    "histogramdd": "hist bin_edges",
    "kthvalue": "values indices",
    "linalg_eig": "eigenvalues eigenvectors",
    "geqrf": "a tau",
    "linalg_cholesky_ex": "L info",
    "linalg_eigh": "eigenvalues eigenvectors",
    "linalg_inv_ex": "inverse info",
    "linalg_ldl_factor": "LD pivots",
    "linalg_ldl_factor_ex": "LD pivots info",
    "linalg_lstsq": "solution residuals rank singular_values",
    "linalg_lu": "P L U",
    "linalg_lu_factor": "LU pivots",
    "linalg_lu_factor_ex": "LU pivots info",
    "linalg_qr": "Q R",
    "linalg_slogdet": "sign logabsdet",
    "linalg_solve_ex": "result info",
    "linalg_svd": "U S Vh",
    "lu_unpack": "P L U",
    "max": "values indices",
    "median": "values indices",
    "min": "values indices",
    "mode": "values indices",
    "nanmedian": "values indices",
    "qr": "Q R",
    "slogdet": "sign logabsdet",
    "sort": "values indices",
    "svd": "U S V",
    "topk": "values indices",
    "triangular_solve": "solution cloned_coefficient",
}


def _repr(self: Any) -> str:
    parts = ",\n".join(f"{n}={v!r}" for n, v in zip(self._fields, self, strict=True))
    return f"torch.return_types.{type(self).__name__}(\n{parts})"


def _new(cls: Any, *parts: Any) -> Any:
    """``max(values, indices)``, or as in PyTorch ``max((values, indices))``."""
    fields = cls._fields
    given = parts[0] if len(parts) == 1 != len(fields) else parts
    if len(given) != len(fields):
        raise TypeError(
            f"torch.return_types.{cls.__name__}() takes a {len(fields)}-sequence "
            f"({len(given)}-sequence given)"
        )
    return tuple.__new__(cls, given)


def _named(name: str, parts: str) -> Any:
    """A tuple with names; ``namedtuple`` takes ten times as long to make one."""
    fields = tuple(parts.split())
    content: dict[str, Any] = {f: property(itemgetter(i)) for i, f in enumerate(fields)}
    content |= {
        "__slots__": (), "__module__": __name__, "__new__": _new, "__repr__": _repr,
        "__reduce__": lambda self: (type(self), tuple(self)), "_fields": fields,
        "__match_args__": fields, "n_fields": len(fields), "n_sequence_fields": len(fields),
    }  # fmt: skip
    return type(name, (tuple,), content)


globals().update({name: _named(name, parts) for name, parts in _PARTS.items()})


def into_out(kind: Any) -> Any:
    """The type of the same parts where they are written ``out=``: ``max_out`` for ``max``."""
    name = f"{kind.__name__}_out"
    if name not in globals():
        globals()[name] = _named(name, " ".join(kind._fields))
    return globals()[name]


def __getattr__(name: str) -> Any:
    plain = name.removesuffix("_out")
    return into_out(globals()[plain]) if plain in _PARTS else lookup("torch.return_types", name)
