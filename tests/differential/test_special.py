"""torch.special: error functions, gamma functions, Bessel functions, orthogonal polynomials."""

from __future__ import annotations

import pytest

from .agree import assert_agree, assert_gradients_agree, lines

pytestmark = pytest.mark.torch

SETUP = """
x = torch.tensor([0.05, 0.3, 0.9, 1.5, 4.0, 9.5, 27.0], dtype=torch.float64, requires_grad=True)
y = torch.tensor([-27.5, -6.2, -1.5, -0.3, 0.0, 0.7, 3.0], dtype=torch.float64, requires_grad=True)
p = torch.tensor([0.001, 0.02, 0.3, 0.5, 0.8, 0.99], dtype=torch.float64, requires_grad=True)
f = torch.tensor([0.1, 0.5, 2.0])
h = torch.tensor([0.25, 0.5, 3.0], dtype=torch.float16)
i = torch.tensor([0, 1, 5])
b = torch.tensor([True, False])
z = torch.tensor([1j, 2])
n = torch.tensor([0, 1, 2, 5, 8, 13, -1])
odd = torch.tensor([float("inf"), -float("inf"), float("nan"), 0.0, -0.0, 1.0, -1.0])
"""
UNARY = (
    "airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 digamma entr erf erfc erfcx erfinv exp2 expit"
    " expm1 gammaln i0 i0e i1 i1e log1p log_ndtr logit modified_bessel_i0 modified_bessel_i1"
    " modified_bessel_k0 modified_bessel_k1 ndtr ndtri psi round scaled_modified_bessel_k0"
    " scaled_modified_bessel_k1 sinc spherical_bessel_j0"
).split()
POLYNOMIALS = (
    "chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w"
    " hermite_polynomial_h hermite_polynomial_he laguerre_polynomial_l legendre_polynomial_p"
    " shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u"
    " shifted_chebyshev_polynomial_v shifted_chebyshev_polynomial_w"
).split()
TABLE = """
gammainc(x, x.flip(0))
gammaincc(x, x.flip(0))
gammainc(torch.tensor([0.0, 0.0, 2.0, -1.0]), torch.tensor([0.0, 1.0, 0.0, 1.0]))
gammaincc(torch.tensor([100.0, 300.0, 1000.0]), torch.tensor([110.0, 290.0, 1000.0]))
gammainc(f, f)
gammainc(i, i)
multigammaln(x + 3, 3)
multigammaln(f, 0)
polygamma(0, x)
polygamma(1, x)
polygamma(2, x)
polygamma(3, y)
polygamma(-1, x)
polygamma(2, i + 1)
zeta(x + 1.5, x)
zeta(2, x)
zeta(x, 1.0)
zeta(i, 2.5)
zeta(2, 3)
xlogy(x, y)
xlogy(2, x)
xlogy(x, 2)
xlogy(i, i)
xlog1py(x, y)
xlog1py(2, x)
xlog1py(x, 2)
xlog1py(y, odd.double())
logit(p, 0.1)
logit(p, eps=0.25)
logsumexp(x, 0)
softmax(x, 0)
softmax(x, 0, dtype=torch.float32)
log_softmax(x, 0)
round(y, decimals=1)
i1()
entr(x, x)
"""


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_number(name):
    for operand in ("x", "y", "p", "f", "h", "i", "b", "z", "odd", "x[:0]", "x[0]"):
        assert_agree(f"torch.special.{name}({operand})", SETUP)


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials(name):
    for operands in (
        "y, n",
        "p, 3",
        "x, n.double()",
        "0.3, n.double()",
        "f, 2",
        "i, n[:3]",
        "p, 40",
        "z, 1",
    ):
        assert_agree(f"torch.special.{name}({operands})", SETUP)


@pytest.mark.parametrize("source", lines(TABLE))
def test_table(source):
    assert_agree(f"torch.special.{source}", SETUP)


# The derivative of C++'s `x * 0.5` has a node of its own, with the same values.
OTHER_NODES = {"ndtr"}


@pytest.mark.parametrize("name", sorted({*UNARY} - OTHER_NODES))
def test_derivatives_of_functions_of_one_number(name):
    for operand in ("x", "y", "p"):
        assert_gradients_agree(f"torch.special.{name}({operand})", "(x, y, p)", SETUP)


@pytest.mark.parametrize("source", lines(TABLE))
def test_derivatives(source):
    assert_gradients_agree(f"torch.special.{source}", "(x, y, p)", SETUP)


def test_every_public_function_is_there_and_compared():
    import torch

    import reference_impl

    assert set(torch.special.__all__) - set(dir(reference_impl.special)) == set()
    compared = {*UNARY, *POLYNOMIALS, *(row.partition("(")[0] for row in lines(TABLE))}
    assert set(torch.special.__all__) - compared == set()
