"""The gamma function and its family: digamma, polygamma, zeta, the incomplete gamma functions.

Sources: S. Moshier's Cephes Math Library (gamma.c, psi.c, zeta.c), as in PyTorch; the incomplete
gamma functions by the series and the continued fraction of DLMF 8.11.4 and 8.9.2.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import layout
from ..backend import xp_of
from ..op import op, pointwise, promote_operands
from ..tensor import Tensor, wrap
from .exponential import exp, log
from .reduce import sum as sum_
from .rules import in_double, in_rows, not_implemented, polynomial
from .shape import unsqueeze

# ---------------------------------------------------------------- logarithm of gamma

_STIRLING = (8.11614167470508450300e-4, -5.95061904284301438324e-4, 7.93650340457716943945e-4,
             -2.77777777730099687205e-3, 8.33333333333331927722e-2)  # fmt: skip
_NUMERATOR = (-1.37825152569120859100e3, -3.88016315134637840924e4, -3.31612992738871184744e5,
              -1.16237097492762307383e6, -1.72173700820839662146e6,
              -8.53555664245765465627e5)  # fmt: skip
_DENOMINATOR = (1.0, -3.51815701436523470549e2, -1.70642106651881159223e4,
                -2.20528590553854454839e5, -1.13933444367982507207e6,
                -2.53252307177582951285e6, -2.01889141433532773231e6)  # fmt: skip


def _lgamma_positive(xp: Any, x: Any) -> Any:
    """For x > 0: by recurrence to [2, 3), where a rational function holds, or by Stirling."""
    small = xp.clip(x, 0, 13.0)
    product = xp.ones_like(small)
    for _ in range(2):
        low = small < 2
        product = xp.where(low, product / xp.where(low, small, 1), product)
        small = xp.where(low, small + 1, small)
    for _ in range(11):
        high = small >= 3
        small = xp.where(high, small - 1, small)
        product = xp.where(high, product * small, product)
    t = small - 2
    near = xp.log(product) + t * polynomial(t, _NUMERATOR) / polynomial(t, _DENOMINATOR)
    large = xp.maximum(x, 13.0)
    inverse = 1 / (large * large)
    far = (large - 0.5) * xp.log(large) - large + 0.5 * math.log(2 * math.pi)
    far = far + polynomial(inverse, _STIRLING) / large
    return xp.where(x >= 13, xp.where(xp.isinf(x), np.inf, far), near)


def _lgamma(xp: Any, x: Any) -> Any:
    """By reflection for x < 0: log(pi / |sin(pi x)|) - lgamma(1 - x)."""
    positive = _lgamma_positive(xp, xp.where(x < 0, 1 - x, x))
    sine = xp.abs(xp.sin(math.pi * (x - xp.floor(x))))
    reflected = math.log(math.pi) - xp.log(sine) - positive
    result = xp.where(x < 0, reflected, positive)
    result = xp.where((x <= 0) & (x == xp.floor(x)), np.inf, result)
    return xp.where(x != x, x, result)


@pointwise(
    self=lambda grad, self: grad * digamma(self),
    promote="float", serves="bif", kernel="lgamma_vml_cpu",
)  # fmt: skip
@in_double
def lgamma(xp, self):
    """The logarithm of the absolute value of the gamma function."""
    return _lgamma(xp, self)


# ---------------------------------------------------------------- its derivatives

_DIGAMMA = (8.33333333333333333333e-2, -2.10927960927960927961e-2, 7.57575757575757575758e-3,
            -4.16666666666666666667e-3, 3.96825396825396825397e-3, -8.33333333333333333333e-3,
            8.33333333333333333333e-2)  # fmt: skip


@pointwise(
    self=lambda grad, self: grad * polygamma(1, self),
    promote="float", serves="bif", kernel="digamma",
)  # fmt: skip
@in_double
def digamma(xp, self):
    """The derivative of ``lgamma``; at 0 infinite, at negative integers nan."""
    negative = self < 0
    x = xp.where(negative, 1 - self, self)
    result = xp.zeros_like(x)
    for _ in range(10):  # recurrence to x >= 10, where the asymptotic series holds
        low = x < 10
        result = xp.where(low, result - 1 / x, result)
        x = xp.where(low, x + 1, x)
    z = 1 / (x * x)
    result = result + xp.log(x) - 0.5 / x - z * polynomial(z, _DIGAMMA)
    fraction = self - xp.trunc(self)
    reflected = result - math.pi / xp.tan(math.pi * fraction)
    reflected = xp.where(fraction == 0, np.nan, reflected)
    result = xp.where(negative, reflected, result)
    return xp.where(self == 0, xp.copysign(np.inf, -self), result)


def _polygamma(xp: Any, n: int, x: Any) -> Any:
    if n == 0:
        return digamma.op.forward(xp, x)
    if n == 1:
        return _trigamma(xp, x)
    sign = 1.0 if n % 2 else -1.0
    values = sign * math.gamma(n + 1) * _zeta(xp, xp.full_like(x, n + 1.0), x)
    return xp.where(x == np.inf, np.nan, values)  # PyTorch's series has none there


def _trigamma(xp: Any, x: Any) -> Any:
    low = x < 0.5
    y = xp.where(low, 1 - x, x)
    result = xp.zeros_like(y)
    for _ in range(6):
        result = result + 1 / (y * y)
        y = y + 1
    ixx = 1 / (y * y)
    series = 1 / 6 - ixx * (1 / 30 - ixx * (1 / 42))
    result = result + (1 + 1 / (2 * y) + ixx * series) / y
    sine = xp.sin(math.pi * x)
    return xp.where(low, (math.pi / sine) ** 2 - result, result)


def _check_order(op: Any, xp: Any, arrays: list[Any]) -> None:
    if arrays[0] < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    promote_operands(op, xp, arrays)


@pointwise(
    self=lambda grad, n, self: grad * polygamma(n + 1, self), prepare=_check_order,
    promote="float", serves="bif", kernel="polygamma_cpu", inplace=False, method=False,
)  # fmt: skip
def polygamma(xp, n, self):
    """The n-th derivative of ``digamma``.  Raises RuntimeError for a negative n."""
    return _polygamma(xp, n, layout.copy(self, np.float64)).astype(self.dtype)


def _polygamma_method(self: Any, n: int) -> Any:
    """The n-th derivative of ``digamma`` at `self`."""
    return polygamma(n, self)


@op(self=lambda grad, self, n: grad * polygamma(n + 1, self), name="polygamma",
    node="PolygammaBackward1", inplace="only", function=False)  # fmt: skip
def _polygamma_in_place(xp, self, n):
    return polygamma.op.forward(xp, n, self)


Tensor.polygamma = _polygamma_method  # type: ignore[attr-defined]


def _mvlgamma_rule(grad: Any, self: Any, p: int) -> Any:
    offsets = xp_of(getattr(self, "_data", self)).arange(p) * -0.5
    offsets = offsets.astype(getattr(self, "_data", self).dtype)
    offsets = wrap(offsets) if isinstance(self, Tensor) else offsets
    return grad * sum_(digamma(unsqueeze(self, -1) + offsets), -1)


@pointwise(self=_mvlgamma_rule, promote="float", serves="bif", kernel="mvlgamma")
@in_rows
def mvlgamma(xp, self, p):
    """The multivariate log-gamma function of dimension `p`.  Raises RuntimeError for p < 1."""
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    x = self.astype(np.float64)
    parts = [_lgamma(xp, x - i / 2) for i in range(p)]
    result = sum(parts[1:], parts[0]) + p * (p - 1) / 4 * math.log(math.pi)
    return result.astype(self.dtype)


# ---------------------------------------------------------------- zeta

_BERNOULLI = (12.0, -720.0, 30240.0, -1209600.0, 47900160.0, -1.8924375803183791606e9,
              7.47242496e10, -2.950130727918164224e12, 1.1646782814350067249e14,
              -4.5979787224074726105e15, 1.8152105401943546773e17,
              -7.1661652561756670113e18)  # fmt: skip  # (2k)! / B_2k


def _zeta(xp: Any, x: Any, q: Any) -> Any:
    """Hurwitz' zeta function by Euler and Maclaurin: a sum until q + n > 9, then the series."""
    x, q = xp.broadcast_arrays(x, q)
    total = q**-x
    a = q + 0.0
    last = total
    steps = 9 + int(xp.maximum(-xp.floor(q[xp.isfinite(q)]), 0).max()) if q.size else 9
    for i in range(min(steps, 10000) + 9):
        going = (i < 9) | (a <= 9)
        a = xp.where(going, a + 1, a)
        last = xp.where(going, a**-x, last)
        total = xp.where(going, total + last, total)
    total = total + last * a / (x - 1) - 0.5 * last
    factor, k, power = xp.ones_like(total), 0, last
    for denominator in _BERNOULLI:
        factor = factor * (x + k)
        power = power / a
        total = total + factor * power / denominator
        factor = factor * (x + k + 1)
        power = power / a
        k += 2
    pole = (q <= 0) & (q == xp.floor(q))
    undefined = (x < 1) | ((q <= 0) & ~pole & (x != xp.floor(x)))
    total = xp.where(xp.isinf(q) & (q > 0) & (x > 1), 0, total)
    total = xp.where(pole | (x == 1), np.inf, total)
    return xp.where(undefined & (x != 1), np.nan, total)


def _zeta_node(self, other):
    if not hasattr(self, "dtype"):
        return "SpecialZetaBackward1"
    return f"SpecialZetaBackward{0 if hasattr(other, 'dtype') else 2}"


@pointwise(
    self=not_implemented("zeta"), other=lambda grad, self, other: (
        grad * -self * special_zeta(self + 1.0, other)
    ), node=_zeta_node, overloads=True, numbers=("self", "other"), promote="float", serves="biF",
    kernel="zeta_cpu", inplace=False, method=False, function=False,
)  # fmt: skip
@in_double
def special_zeta(xp, self, other):
    """Hurwitz' zeta function: the sum over k >= 0 of (k + other) ** -self."""
    return _zeta(xp, self, other)


# ---------------------------------------------------------------- incomplete gamma functions


def _series(xp: Any, a: Any, x: Any, inside: Any) -> Any:
    """The lower function, regularised, for x < a + 1: x^a e^-x / gamma(a + 1) times a series."""
    term = xp.ones_like(a)
    total = term
    n = a
    for _ in range(2000):
        n = n + 1
        term = term * x / n
        total = total + term
        if not bool((inside & (term > total * 1e-17)).any()):
            break
    return total * xp.exp(a * xp.log(x) - x - _lgamma(xp, a + 1))


def _fraction(xp: Any, a: Any, x: Any, inside: Any) -> Any:
    """The upper function, regularised, for x >= a + 1: a continued fraction, by Lentz' method."""
    b = x + 1 - a
    tiny = 1e-300
    c = xp.full_like(x, 1 / tiny)
    d = 1 / xp.where(b == 0, tiny, b)
    h = d
    for i in range(1, 2000):
        numerator = -i * (i - a)
        b = b + 2
        d = numerator * d + b
        d = 1 / xp.where(xp.abs(d) < tiny, tiny, d)
        c = b + numerator / c
        c = xp.where(xp.abs(c) < tiny, tiny, c)
        h = h * d * c
        if not bool((inside & (xp.abs(d * c - 1) > 1e-16)).any()):
            break
    return h * xp.exp(a * xp.log(x) - x - _lgamma(xp, a))


def _incomplete(xp: Any, a: Any, x: Any, upper: bool) -> Any:
    a, x = xp.broadcast_arrays(a, x)
    plain = (a > 0) & (x > 0) & xp.isfinite(a) & xp.isfinite(x)
    below = plain & (x < a + 1)
    safe_a, safe_x = xp.where(plain, a, 1.0), xp.where(plain, x, 1.0)
    low = _series(xp, safe_a, xp.where(below, safe_x, 1.0), below)
    above = plain & ~below
    high = _fraction(xp, xp.where(above, safe_a, 1.0), xp.where(above, safe_x, 2.0), above)
    result = xp.where(below, 1 - low if upper else low, high if upper else 1 - high)
    at_zero = (x == 0) | (xp.isinf(a) & xp.isfinite(x))
    at_end = (a == 0) | (xp.isinf(x) & xp.isfinite(a))
    result = xp.where(at_zero, float(upper), xp.where(at_end, float(not upper), result))
    invalid = (a < 0) | (x < 0) | (a != a) | (x != x) | ((a == 0) & (x == 0))
    return xp.where(invalid | (xp.isinf(a) & xp.isinf(x)), np.nan, result)


def _igamma_slope(grad: Any, self: Any, other: Any) -> Any:
    return grad * exp((self - 1) * log(other) - other - lgamma(self))


@pointwise(
    self=not_implemented("igamma: input"), other=_igamma_slope, serves="f", kernel="igamma_cpu"
)
@in_double
def igamma(xp, self, other):
    """The regularised lower incomplete gamma function P(self, other)."""
    return _incomplete(xp, self, other, upper=False)


@pointwise(
    self=not_implemented("igammac: input"),
    other=lambda grad, self, other: -_igamma_slope(grad, self, other),
    serves="f", kernel="igammac_cpu",
)  # fmt: skip
@in_double
def igammac(xp, self, other):
    """The regularised upper incomplete gamma function Q(self, other)."""
    return _incomplete(xp, self, other, upper=True)
