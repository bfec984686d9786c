"""Activations: the bends between linear layers.

Each operation is an elementwise function and its slope.  At a kink the slope is PyTorch's choice.
"""

from __future__ import annotations

import math
from typing import Any

from ... import dtypes, errors
from ...op import PUBLIC, op, pointwise, wrap_dim
from ...ops.activation import hardshrink as hardshrink
from ...ops.activation import prelu as prelu
from ...ops.arithmetic import abs as abs_
from ...ops.complex import conj
from ...ops.exponential import exp
from ...ops.join import cat
from ...ops.parts import narrow
from ...ops.rules import clipped, in_rows, in_single
from ...ops.selection import where
from ...ops.trigonometric import tanh as tanh_
from ...views import change

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
_private: dict[str, Any] = {"method": False, "function": False}


def apply(operation: Any, inplace: bool, input: Any, *args: Any) -> Any:
    """Run an elementwise operation, in place if asked."""
    if inplace:
        return change(operation.op, operation.op.bind((input, *args), {}))
    return operation(input, *args)


def _filling(operation: Any, out: Any, *args: Any) -> Any:
    """Run an operation, into `out` if there is one."""
    return operation(*args) if out is None else operation(*args, out=out)


def _sigmoid(x: Any) -> Any:
    return PUBLIC["sigmoid"](x)


# ---------------------------------------------------------------- rectifiers


@pointwise(
    self=lambda grad, self, threshold: where(self <= threshold, 0, grad), serves="if", **_private
)
def _threshold(xp, self, threshold, value):
    kind = self.dtype.type
    return xp.where(self <= threshold, kind(value), self)


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Any:
    """`input` where it is above `threshold`, else `value`."""
    return apply(_threshold, inplace, input, threshold, value)


def relu(input: Any, inplace: bool = False) -> Any:
    """The number, but at least 0."""
    return apply(PUBLIC["relu"], inplace, input)


@pointwise(
    self=lambda grad, self, min_val, max_val: (
        where((self > min_val) & (self < max_val), grad, 0)
    ),
    serves="if", **_private,
)  # fmt: skip
def _hardtanh(xp, self, min_val, max_val):
    return clipped(xp, self, min_val, max_val)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """The number, cut to [min_val, max_val].  Raises ValueError for an empty range."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    d = input.dtype
    if d.name == "bool":
        raise RuntimeError("Bool inputs not supported for hardtanh")
    if d.is_complex:
        raise NotImplementedError("clamp is not supported for complex types")
    if min(min_val, max_val) < 0 and not d.is_signed:
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    return apply(_hardtanh, inplace, input, min_val, max_val)


def relu6(input: Any, inplace: bool = False) -> Any:
    """The number, cut to [0, 6]."""
    return hardtanh(input, 0.0, 6.0, inplace)


@pointwise(
    self=lambda grad, self, negative_slope: where(self > 0, grad, grad * negative_slope),
    serves="f", kernel="leaky_relu_cpu", **_private,
)  # fmt: skip
def _leaky_relu(xp, self, negative_slope):
    return xp.where(self > 0, self, self * self.dtype.type(negative_slope))


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """The number, multiplied by `negative_slope` where it is negative."""
    return apply(_leaky_relu, inplace, input, negative_slope)


@op(
    self=lambda grad, self, noise, training, lower, upper: (
        grad * noise if training else where(self > 0, grad, grad * ((lower + upper) / 2))
    ),
    inplace=True, **_private,
)  # fmt: skip
def _rrelu_with_noise(xp, self, noise, lower, upper, training):
    if training:
        return self * noise
    return xp.where(self > 0, self, self * self.dtype.type((lower + upper) / 2))


def _rrelu_slopes(input: Any, lower: float, upper: float) -> Any:
    """For each element not above 0, in order, a slope from U(lower, upper); 1 for the others."""
    from ...ops import samplers
    from ...ops.rand_checks import generator
    from ...tensor import wrap

    data = input._data
    negative = (data <= 0).reshape(-1)
    drawn = generator(None).uniform_53(int(negative.sum())) * (upper - lower) + lower
    flat = (negative == 0).astype(data.dtype)
    flat[negative] = samplers._cast(drawn, data.dtype)
    return wrap(flat.reshape(data.shape))


def rrelu(
    input: Any,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Any:
    """``leaky_relu`` with slopes drawn from U(lower, upper); their mean outside training."""
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    noise = _rrelu_slopes(input, lower, upper) if training else None
    return apply(_rrelu_with_noise, inplace, input, noise, lower, upper, training)


# ---------------------------------------------------------------- exponential units


def _elu_slope(grad: Any, self: Any, alpha: Any, scale: Any, input_scale: Any) -> Any:
    below = grad * (input_scale * alpha * scale) * exp(self * input_scale)
    return where(self <= 0, below, grad * scale)


@pointwise(self=_elu_slope, serves="f", kernel="elu_cpu", **_private)
@in_single
def _elu(xp, self, alpha, scale, input_scale):
    kind = self.dtype.type
    below = xp.expm1(xp.minimum(self, 0) * kind(input_scale)) * kind(alpha * scale)
    return xp.where(self <= 0, below, self * kind(scale))


@pointwise(
    self=lambda grad, self, alpha: _elu_slope(grad, self, alpha, 1.0, 1.0 / alpha),
    serves="f", kernel="elu_cpu", name="celu", **_private,
)  # fmt: skip
@in_single
def _celu(xp, self, alpha):
    kind = self.dtype.type
    below = xp.expm1(xp.minimum(self, 0) / kind(alpha)) * kind(alpha)
    return xp.where(self <= 0, below, self)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x above 0, alpha * (exp(x) - 1) below."""
    return apply(_elu, inplace, input, alpha, 1.0, 1.0)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x above 0, alpha * (exp(x / alpha) - 1) below: smooth for every alpha."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return apply(_celu, inplace, input, alpha)


def selu(input: Any, inplace: bool = False) -> Any:
    """The scaled ``elu`` that keeps mean 0 and variance 1 (Klambauer et al. 2017)."""
    return apply(_elu, inplace, input, SELU_ALPHA, SELU_SCALE, 1.0)


# ---------------------------------------------------------------- smooth units


def _gelu_slope(grad: Any, self: Any, approximate: str) -> Any:
    if approximate == "none":
        cdf = (1 + PUBLIC["erf"](self * math.sqrt(0.5))) * 0.5
        density = exp(self * self * -0.5) * (1 / math.sqrt(2 * math.pi))
        return grad * (cdf + self * density)
    beta, kappa = math.sqrt(2 / math.pi), 0.044715
    t = tanh_((self + self * self * self * kappa) * beta)
    slope = (1 + self * self * (3 * kappa)) * beta
    return grad * ((1 + t) * 0.5 + self * 0.5 * (1 - t * t) * slope)


@pointwise(self=_gelu_slope, serves="f", kernel="GeluKernelImpl", name="gelu", inplace=False,
           **_private)  # fmt: skip
@in_single
def _gelu(xp, self, approximate):
    kind = self.dtype.type
    if approximate == "none":
        return self * (kind(1) + PUBLIC["erf"](self * kind(math.sqrt(0.5)))) * kind(0.5)
    inner = kind(math.sqrt(2 / math.pi)) * (self + kind(0.044715) * self * self * self)
    return kind(0.5) * self * (kind(1) + xp.tanh(inner))


def gelu(input: Any, *, approximate: str = "none", out: Any = None) -> Any:
    """x times the normal distribution function of x; `approximate="tanh"` is a cheaper formula."""
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    return _filling(_gelu, out, input, approximate)


def _silu_slope(grad: Any, self: Any) -> Any:
    s = _sigmoid(self)
    return grad * conj(s * (1 + self * (1 - s)))


@pointwise(self=_silu_slope, serves="fc", kernel="silu_cpu", name="silu", **_private)
@in_single
def _silu(xp, self):
    return self / (self.dtype.type(1) + xp.exp(-self))


def silu(input: Any, inplace: bool = False) -> Any:
    """x * sigmoid(x)."""
    return apply(_silu, inplace, input)


def _mish_slope(grad: Any, self: Any) -> Any:
    t = tanh_(softplus(self))
    return grad * (t + self * _sigmoid(self) * (1 - t * t))


@pointwise(self=_mish_slope, serves="f", kernel="mish_cpu", name="mish", **_private)
@in_single
def _mish(xp, self):
    return self * xp.tanh(xp.logaddexp(self, self.dtype.type(0)))


def mish(input: Any, inplace: bool = False) -> Any:
    """x * tanh(softplus(x))."""
    return apply(_mish, inplace, input)


def _softplus_slope(grad: Any, self: Any, beta: Any, threshold: Any) -> Any:
    return where(self * beta > threshold, grad, grad * _sigmoid(self * beta))


@pointwise(self=_softplus_slope, serves="f", kernel="softplus_cpu", inplace=False, name="softplus",
           **_private)  # fmt: skip
@in_single
def _softplus(xp, self, beta, threshold):
    kind = self.dtype.type
    scaled = self * kind(beta)
    soft = xp.log1p(xp.exp(xp.minimum(scaled, kind(threshold)))) / kind(beta)
    return xp.where(scaled > threshold, self, soft)


def softplus(input: Any, beta: float = 1, threshold: float = 20, *, out: Any = None) -> Any:
    """log(1 + exp(beta * x)) / beta; x itself where beta * x is above `threshold`."""
    return _filling(_softplus, out, input, beta, threshold)


@pointwise(
    self=lambda grad, self: grad * _sigmoid(-self),
    serves="f", kernel="log_sigmoid_cpu", inplace=False, node="LogSigmoidBackward0", **_private,
)  # fmt: skip
@in_single
@in_rows
def _log_sigmoid(xp, self):
    return xp.minimum(self, self.dtype.type(0)) - xp.log1p(xp.exp(-xp.abs(self)))


def logsigmoid(input: Any, *, out: Any = None) -> Any:
    """The logarithm of the sigmoid."""
    return _filling(_log_sigmoid, out, input)


def softsign(input: Any) -> Any:
    """x / (1 + |x|)."""
    return input / (abs_(input) + 1)


def tanhshrink(input: Any) -> Any:
    """x - tanh(x)."""
    return input - input.tanh()


def tanh(input: Any) -> Any:
    """The hyperbolic tangent."""
    return input.tanh()


def sigmoid(input: Any) -> Any:
    """The logistic function."""
    return input.sigmoid()


# ---------------------------------------------------------------- piecewise linear units


@pointwise(
    self=lambda grad, self: where((self > -3) & (self < 3), grad / 6, 0),
    serves="f", kernel="hardsigmoid_cpu", name="hardsigmoid", **_private,
)  # fmt: skip
@in_single
def _hardsigmoid(xp, self):
    kind = self.dtype.type
    return clipped(xp, self + kind(3), 0, 6) / kind(6)


def hardsigmoid(input: Any, inplace: bool = False) -> Any:
    """(x + 3) / 6, cut to [0, 1]."""
    return apply(_hardsigmoid, inplace, input)


@pointwise(
    self=lambda grad, self: (
        where(self <= -3, 0, where(self < 3, grad * (self / 3 + 0.5), grad))
    ),
    serves="f", kernel="hardswish_cpu", name="hardswish", **_private,
)  # fmt: skip
@in_single
def _hardswish(xp, self):
    kind = self.dtype.type
    return self * clipped(xp, self + kind(3), 0, 6) / kind(6)


def hardswish(input: Any, inplace: bool = False) -> Any:
    """x * hardsigmoid(x)."""
    return apply(_hardswish, inplace, input)


@pointwise(
    self=lambda grad, self, lambd: where((self >= -lambd) & (self <= lambd), 0, grad),
    serves="f", kernel="softshrink_check", inplace=False, name="softshrink", **_private,
)  # fmt: skip
def _softshrink(xp, self, lambd):
    kind = self.dtype.type
    inside = self * kind(0)
    return xp.where(self > lambd, self - kind(lambd),
                    xp.where(self < -lambd, self + kind(lambd), inside))  # fmt: skip


def softshrink(input: Any, lambd: float = 0.5, *, out: Any = None) -> Any:
    """x moved towards 0 by `lambd`, at most to 0.  Raises RuntimeError for a negative `lambd`."""
    if lambd < 0:
        top = dtypes.finfo(input.dtype).max
        kind = errors.scalar_type(input.dtype)
        raise RuntimeError(
            f"lambda must be in range [0, {top:g}] for input dtype {kind}, but found {lambd:g}"
        )
    return _filling(_softshrink, out, input, lambd)


# ---------------------------------------------------------------- along a dimension


def _glu_slope(grad: Any, self: Any, dim: int) -> Any:
    n = self.shape[dim] // 2
    values, gate = _narrow(self, dim, 0, n), _sigmoid(_narrow(self, dim, n, n))
    return cat([grad * gate, grad * values * gate * (1 - gate)], dim)


def _narrow(x: Any, dim: int, start: int, length: int) -> Any:
    if hasattr(x, "_data"):
        return narrow(x, dim, start, length)
    where_ = [slice(None)] * x.ndim
    where_[dim] = slice(start, start + length)
    return x[tuple(where_)]


@op(self=_glu_slope, name="glu", **_private)
@in_single
def _glu(xp, self, dim):
    if self.dtype.kind != "f" and self.dtype.kind != "V":
        raise errors.not_implemented_for("glu_cpu", dtypes.of(self.dtype))
    values, gate = xp.split(self, 2, axis=dim)
    return values / (self.dtype.type(1) + xp.exp(-gate))


def glu(input: Any, dim: int = -1) -> Any:
    """The first half along `dim`, multiplied by the sigmoid of the second half."""
    if input.ndim == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    d = wrap_dim(dim, input.ndim)
    if input.shape[d] % 2:
        raise RuntimeError(
            f"Halving dimension must be even, but dimension {d} is size {input.shape[d]}"
        )
    return _glu(input, d)


def _implied_dim(name: str, ndim: int) -> int:
    """The dimension of a softmax called without one."""
    import warnings

    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
        "dim=X as an argument.",
        stacklevel=3,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Any, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """The exponentials, divided by their sum along `dim`."""
    dim = _implied_dim("softmax", input.ndim) if dim is None else dim
    return input.softmax(dim, dtype=dtype)


def log_softmax(input: Any, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """The logarithm of ``softmax``."""
    dim = _implied_dim("log_softmax", input.ndim) if dim is None else dim
    return input.log_softmax(dim, dtype=dtype)


def softmin(input: Any, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """The softmax of the negated input."""
    dim = _implied_dim("softmin", input.ndim) if dim is None else dim
    return (-input).softmax(dim, dtype=dtype)


def gumbel_softmax(
    logits: Any, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Any:
    """A sample of the Gumbel-softmax distribution; with `hard`, one-hot with the soft gradient."""
    noise = -PUBLIC["empty_like"](logits.detach()).exponential_().log()
    soft = ((logits + noise) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    one_hot = PUBLIC["zeros_like"](logits.detach()).scatter_(dim, index, 1.0)
    return one_hot - soft.detach() + soft


def _in_place(function: Any) -> Any:
    """The ``name_`` form of a function with an `inplace` argument."""

    def call(input: Any, *args: Any, **kwargs: Any) -> Any:
        return function(input, *args, **kwargs, inplace=True)

    call.__name__ = call.__qualname__ = function.__name__ + "_"
    call.__doc__ = f"In-place form of ``{function.__name__}``."
    return call


threshold_, relu_, rrelu_ = _in_place(threshold), _in_place(relu), _in_place(rrelu)
hardtanh_, leaky_relu_ = _in_place(hardtanh), _in_place(leaky_relu)
elu_, celu_, selu_ = _in_place(elu), _in_place(celu), _in_place(selu)
