"""The error function, the normal distribution's, and their inverses.

Sources: erf and erfc after S. Moshier's Cephes Math Library (ndtr.c), whose erfc is exp(-x^2) times
a rational function, which is erfcx itself; erfinv after G. Pavlis' erfinv.m, as in PyTorch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..op import composite, pointwise
from .exponential import exp
from .rules import in_double, polynomial

_ROOT_PI = math.sqrt(math.pi)
# erfc = exp(-x^2) P/Q from 1 to 8, R/S from 8 on; erf = x T/U up to 1.
_P = (2.46196981473530512524e-10, 5.64189564831068821977e-1, 7.46321056442269912687,
      4.86371970985681366614e1, 1.96520832956077098242e2, 5.26445194995477358631e2,
      9.34528527171957607540e2, 1.02755188689515710272e3, 5.57535335369399327526e2)  # fmt: skip
_Q = (1.0, 1.32281951154744992508e1, 8.67072140885989742329e1, 3.54937778887819891062e2,
      9.75708501743205489753e2, 1.82390916687909736289e3, 2.24633760818710981792e3,
      1.65666309194161350182e3, 5.57535340817727675546e2)  # fmt: skip
_R = (5.64189583547755073984e-1, 1.27536670759978104416, 5.01905042251180477414,
      6.16021097993053585195, 7.40974269950448939160, 2.97886665372100240670)  # fmt: skip
_S = (1.0, 2.26052863220117276590, 9.39603524938001434673, 1.20489539808096656605e1,
      1.70814450747565897222e1, 9.60896809063285878198, 3.36907645100081516050)  # fmt: skip
_T = (9.60497373987051638749, 9.00260197203842689217e1, 2.23200534594684319226e3,
      7.00332514112805075473e3, 5.55923013010394962768e4)  # fmt: skip
_U = (1.0, 3.35617141647503099647e1, 5.21357949780152679795e2, 4.59432382970980127987e3,
      2.26290000613890934246e4, 4.92673942608635921086e4)  # fmt: skip


def _small(xp: Any, x: Any) -> Any:
    """The error function of |x| <= 1."""
    return x * polynomial(x * x, _T) / polynomial(x * x, _U)


def _scaled(xp: Any, x: Any) -> Any:
    """exp(x^2) erfc(x) of x >= 1."""
    near, far = xp.minimum(x, 8.0), xp.maximum(x, 8.0)
    inverse = 1 / far  # so that powers of large numbers do not overflow
    middle = polynomial(near, _P) / polynomial(near, _Q)
    tail = polynomial(inverse, _R[::-1]) / polynomial(inverse, _S[::-1]) * inverse
    return xp.where(x < 8.0, middle, tail)


def _gaussian(xp: Any, x: Any) -> Any:
    """exp(-x^2), with x^2 split in two so that its rounding is not magnified."""
    head = xp.trunc(x * 16) / 16
    rest = xp.where(xp.isfinite(x), (x - head) * (x + head), 0)
    return xp.exp(-head * head) * xp.exp(-rest)


def _erfc(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    large = xp.maximum(size, 1.0)
    tail = _gaussian(xp, large) * _scaled(xp, large)
    tail = xp.where(x < 0, 2 - tail, tail)
    return xp.where(size <= 1, 1 - _small(xp, xp.clip(x, -1, 1)), tail)


def _erf(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    large = xp.maximum(size, 1.0)
    tail = xp.copysign(1 - _gaussian(xp, large) * _scaled(xp, large), x)
    return xp.where(size <= 1, _small(xp, xp.clip(x, -1, 1)), tail)


def _erfcx(xp: Any, x: Any) -> Any:
    small = xp.clip(x, -1, 1)
    near = xp.exp(small * small) * (1 - _small(xp, small))
    tail = _scaled(xp, xp.maximum(xp.abs(x), 1.0))
    negative = 2 * xp.exp(x * x) - tail
    return xp.where(xp.abs(x) <= 1, near, xp.where(x < 0, negative, tail))


@pointwise(
    self=lambda grad, self: 2 / _ROOT_PI * exp(-(self**2)) * grad,
    promote="float", serves="bif", kernel="erf_vml_cpu",
)  # fmt: skip
@in_double
def erf(xp, self):
    """The error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to self."""
    return _erf(xp, self)


@pointwise(
    self=lambda grad, self: -2 / _ROOT_PI * exp(-(self**2)) * grad,
    promote="float", serves="bif", kernel="erfc_vml_cpu",
)  # fmt: skip
@in_double
def erfc(xp, self):
    """The complement 1 - erf(self), exact for large arguments too."""
    return _erfc(xp, self)


@pointwise(
    self=lambda grad, self, result: (2 * self * result - 2 / _ROOT_PI) * grad,
    promote="float", serves="biF", kernel="erfcx_cpu", inplace=False, method=False, function=False,
)  # fmt: skip
@in_double
def special_erfcx(xp, self):
    """The scaled complement exp(self^2) * erfc(self)."""
    return _erfcx(xp, self)


_CENTRE = (
    (-0.140543331, 0.914624893, -1.645349621, 0.886226899),
    (0.012229801, -0.329097515, 1.442710462, -2.118377725, 1.0),
)
_TAIL = ((1.641345311, 3.429567803, -1.624906493, -1.970840454), (1.637067800, 3.543889200, 1.0))


@pointwise(
    self=lambda grad, self: 0.5 * _ROOT_PI * exp(erfinv(self) ** 2) * grad,
    promote="float", serves="bif", kernel="erfinv_vml_cpu",
)  # fmt: skip
@in_double
def erfinv(xp, self):
    """The inverse of the error function; nan outside [-1, 1]."""
    size = xp.abs(self)
    square = self * self
    centre = self * polynomial(square, _CENTRE[0]) / polynomial(square, _CENTRE[1])
    z = xp.sqrt(-xp.log((1 - size) / 2))
    tail = xp.copysign(polynomial(z, _TAIL[0]) / polynomial(z, _TAIL[1]), self)
    x = xp.where(size <= 0.7, centre, tail)
    for _ in range(2):  # Newton's method
        x = x - (_erf(xp, x) - self) / (2 / _ROOT_PI * xp.exp(-x * x))
    x = xp.where(size == 1, xp.copysign(np.inf, self), x)
    return xp.where(size > 1, np.nan, x)


# ---------------------------------------------------------------- the normal distribution


@composite(method=False, function=False, native=True)
def special_ndtr(self: Any) -> Any:
    """The standard normal distribution function."""
    return (1 + erf(self * math.sqrt(0.5))) * 0.5


def _log_ndtr(xp: Any, x: Any) -> Any:
    t = x * math.sqrt(0.5)
    low = xp.log(_erfcx(xp, -xp.minimum(t, 0)) / 2) - t * t
    return xp.where(x < -1, low, xp.log1p(-_erfc(xp, t) / 2))


@pointwise(
    self=lambda grad, self, result: (
        grad / math.sqrt(2 * math.pi) * exp(-(result + self * self / 2))
    ), promote="float", serves="biF", kernel="log_ndtr_cpu", inplace=False, method=False,
    function=False,
)  # fmt: skip
@in_double
def special_log_ndtr(xp, self):
    """The logarithm of the standard normal distribution function."""
    return _log_ndtr(xp, self)


@pointwise(
    self=lambda grad, result: grad * math.sqrt(2 * math.pi) * exp(result * result / 2),
    promote="float", serves="biF", kernel="ndtri_cpu", inplace=False, method=False, function=False,
)  # fmt: skip
@in_double
def special_ndtri(xp, self):
    """The inverse of the standard normal distribution function; nan outside [0, 1]."""
    lower = xp.minimum(self, 1 - self)  # by symmetry, the lower half is enough
    target = xp.log(lower)
    x = -xp.sqrt(xp.maximum(-2 * target - xp.log(4 * math.pi * xp.maximum(-target, 1)), 0.05))
    for _ in range(8):  # Newton's method on log_ndtr, which is concave
        value = _log_ndtr(xp, x)
        slope = xp.exp(-x * x / 2 - value) / math.sqrt(2 * math.pi)
        x = xp.minimum(x - (value - target) / slope, 0)
    x = xp.where(lower == 0, -np.inf, xp.where(lower < 0, np.nan, x))
    return xp.where(self > 0.5, -x, x)
