"""Single-precision log, sine and cosine with the roundings of PyTorch's AVX2 normal sampler.

PyTorch turns uniform numbers into normal ones with Cephes' polynomials on eight floats at a time,
and the compiler fuses each multiply-add into one rounding.  Doing the same here makes ``randn``
equal to the last bit.  A fused multiply-add of floats is exact in double precision, so each step
computes in double and rounds to single.

Source: S. Moshier, Cephes Math Library (logf, sinf, cosf); https://www.netlib.org/cephes/
"""

from __future__ import annotations

import numpy as np

_LOG = (
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
    -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip
_LN2_HIGH, _LN2_LOW = 0.693359375, -2.12194440e-4
_SQRT_HALF = np.float32(0.707106781186547524)
_FOUR_OVER_PI = np.float32(1.27323954473516)
_PI_4 = (0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8)  # high to low parts
_SIN = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_COS = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)


def _single(x: np.ndarray) -> np.ndarray:
    """Round doubles to single precision; the result stays a double array for the next step."""
    return x.astype(np.float32).astype(np.float64)


def _polynomial(coefficients: tuple[float, ...], x: np.ndarray) -> np.ndarray:
    """Horner's scheme, one rounding to single for each multiply-add."""
    first, *rest = (float(np.float32(c)) for c in coefficients)
    result = np.full_like(x, first)
    for c in rest:
        result = _single(result * x + c)
    return result


def log(x: np.ndarray) -> np.ndarray:
    """Natural logarithm of positive float32 numbers."""
    mantissa, exponent = np.frexp(x)
    below = mantissa < _SQRT_HALF
    e = (exponent - below).astype(np.float64)
    t = np.where(below, mantissa + mantissa, mantissa).astype(np.float64) - 1.0
    z = _single(t * t)
    y = _single(_polynomial(_LOG, t) * t)
    y = _single(y * z + _single(e * float(np.float32(_LN2_LOW))))
    y = _single(y - 0.5 * z)
    return _single(_single(t + y) + e * _LN2_HIGH).astype(np.float32)


def sin_cos(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sine and cosine of float32 angles in [0, 8192)."""
    octant = ((x * _FOUR_OVER_PI).astype(np.int32) + 1) & ~1
    t = x.astype(np.float64)
    for part in _PI_4:
        t = _single(t - octant * float(np.float32(part)))
    z = _single(t * t)
    cosine = _single(_polynomial(_COS, z) * z)
    cosine = _single(1.0 + _single(cosine * z - 0.5 * z)).astype(np.float32)
    sine = _single(_polynomial(_SIN, z) * z)
    sine = _single(sine * t + t).astype(np.float32)
    swap = (octant & 2) != 0
    return (
        np.where((octant & 4) != 0, np.float32(-1), np.float32(1)) * np.where(swap, cosine, sine),
        np.where(((octant + 2) & 4) != 0, np.float32(-1), np.float32(1))
        * np.where(swap, sine, cosine),
    )
