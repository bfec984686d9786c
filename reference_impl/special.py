"""``torch.special``: functions of mathematical physics and statistics.

They are declared in ``ops/`` (error_function.py, gamma.py, bessel.py, polynomials.py and, where
they are functions of the torch namespace too, the other tables); ``special_i1`` there is ``i1``
here.
"""

from __future__ import annotations

from typing import Any

from .ops import bessel, error_function, gamma, polynomials
from .ops.activation import logit, sigmoid
from .ops.bessel import i0
from .ops.error_function import erf, erfc, erfinv
from .ops.exponential import exp2, expm1, log1p, special_entr, special_xlog1py, xlogy
from .ops.gamma import digamma, igamma, igammac, lgamma, mvlgamma, polygamma
from .ops.rounding import round as _round
from .ops.softmax import log_softmax as _log_softmax
from .ops.softmax import logsumexp
from .ops.softmax import softmax as _softmax
from .ops.trigonometric import sinc

expit = sigmoid
gammainc, gammaincc, gammaln = igamma, igammac, lgamma
multigammaln = mvlgamma
psi = digamma
entr, xlog1py = special_entr, special_xlog1py


def softmax(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """The exponentials, divided by their sum along `dim`."""
    return _softmax(input, dim, dtype)


def log_softmax(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """The logarithm of ``softmax``."""
    return _log_softmax(input, dim, dtype)


def round(input: Any, *, decimals: int = 0, out: Any = None) -> Any:
    """The nearest integers, or numbers with so many `decimals`."""
    return _round(input, decimals=decimals, out=out)


for _table in (bessel, error_function, gamma, polynomials):
    for _name, _function in list(vars(_table).items()):
        if _name.startswith("special_"):
            globals()[_name.removeprefix("special_")] = _function
