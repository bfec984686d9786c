"""Random sampling on tensors: factories, in-place fills, draws from given probabilities.

The numbers come from ``samplers.py``; here are PyTorch's signatures, and the order in which a
tensor is filled: that of its memory, whatever the order of its dimensions.  A random fill does not
depend on what the tensor held, so its gradient is zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import backend, dtypes, errors
from ..dtypes import dtype
from ..op import PUBLIC, Op, op, store
from ..random import Generator
from ..tensor import Tensor, wrap
from ..views import change
from . import discrete, samplers
from . import rand_checks as check

# (generator, n, dtype, contiguous) -> n numbers
Draw = Callable[[Generator, int, np.dtype, bool], np.ndarray]


def _zeros(grad: Any) -> Any:
    """The derivative of something random: zeros, as an array or a tensor like `grad`."""
    if isinstance(grad, Tensor):
        return wrap(_zeros(grad._data))
    return backend.xp_of(grad).zeros_like(grad)


# ---------------------------------------------------------------- in the order of memory


def _memory_order(array: Any) -> list[int]:
    """The dimensions from the slowest to the fastest in memory."""
    moving = [i for i in range(array.ndim) if array.shape[i] != 1]
    order = sorted(moving, key=lambda i: -array.strides[i])
    return [i for i in range(array.ndim) if array.shape[i] == 1] + order


def _drawn_like(array: Any, given: Any, draw: Draw, storage: np.dtype | None = None) -> Any:
    """Numbers in the shape and memory order of `array`, on its device."""
    storage = storage or array.dtype
    if any(s == 0 and n > 1 for s, n in zip(array.strides, array.shape, strict=True)):
        raise errors.overlapping_write()
    generator = check.generator(given)
    flat = draw(generator, array.size, storage, bool(array.flags.c_contiguous))
    order = _memory_order(array)
    laid_out = flat.reshape([array.shape[i] for i in order])
    return backend.move(laid_out.transpose(np.argsort(order)), backend.device_of(array))


def _of_parts(draw: Draw) -> Draw:
    """A draw for complex numbers too: their real and imaginary parts in turn."""

    def parts(generator: Generator, n: int, storage: np.dtype, contiguous: bool) -> np.ndarray:
        if storage.kind != "c":
            return draw(generator, n, storage, contiguous)
        half = np.dtype(f"f{storage.itemsize // 2}")
        return draw(generator, 2 * n, half, contiguous).view(storage)

    return parts


def _uniform(d: dtype, low: float, high: float) -> Draw:
    check.floating("check_uniform_bounds", d, complex_too=True)
    check.uniform_bounds(low, high, d.to_real())
    return _of_parts(lambda g, n, s, _: samplers.uniform(g, n, s, low, high))


def _normal(d: dtype, mean: float, std: float) -> Draw:
    check.normal_std(std)
    check.floating("normal_kernel_cpu", d, complex_too=True)
    if d.is_complex:  # the variance is shared between the two parts
        std /= np.sqrt(2.0)
    return _of_parts(lambda g, n, s, contiguous: samplers.normal(g, n, s, mean, std, contiguous))


def _integers(d: dtype, low: int, high: int | None) -> Draw:
    first, count = check.integer_range(low, high, d)
    return lambda g, n, s, _: samplers.integers(g, n, s, first, count)


# ---------------------------------------------------------------- in-place fills


def _fill(node: Any = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a method that fills a tensor in place; it returns the drawn array."""

    def declare(forward: Callable[..., Any]) -> Callable[..., Any]:
        declared = Op(forward, {"self": lambda grad: _zeros(grad)}, node=node)

        def call(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            if "from" in kwargs:  # PyTorch's name of it, which Python reserves
                kwargs["from_"] = kwargs.pop("from")
            return change(declared, declared.bind((self, *args), kwargs))

        call.__name__ = call.__qualname__ = forward.__name__
        call.__doc__ = forward.__doc__
        setattr(Tensor, forward.__name__, call)
        return call

    return declare


@_fill()
def uniform_(xp: Any, self: Any, from_: Any = 0, to: Any = 1, *, generator: Any = None) -> Any:
    """Fill with numbers from [from, to)."""
    low, high = check.number("uniform_", "from", 1, from_), check.number("uniform_", "to", 2, to)
    return _drawn_like(self, generator, _uniform(dtypes.of(self.dtype), low, high))


@_fill()
def normal_(xp: Any, self: Any, mean: Any = 0, std: Any = 1, *, generator: Any = None) -> Any:
    """Fill with normal numbers."""
    m, s = check.number("normal_", "mean", 1, mean), check.number("normal_", "std", 2, std)
    return _drawn_like(self, generator, _normal(dtypes.of(self.dtype), m, s))


@_fill()
def log_normal_(xp: Any, self: Any, mean: Any = 1, std: Any = 2, *, generator: Any = None) -> Any:
    """Fill with exponentials of normal numbers."""
    m, s = check.number("log_normal_", "mean", 1, mean), check.number("log_normal_", "std", 2, std)
    check.positive("log_normal_", "std", s)
    check.floating("log_normal_cpu", dtypes.of(self.dtype))
    return _drawn_like(self, generator, lambda g, n, d, _: samplers.log_normal(g, n, d, m, s))


@_fill()
def exponential_(xp: Any, self: Any, lambd: Any = 1, *, generator: Any = None) -> Any:
    """Fill with waiting times of rate `lambd`."""
    rate, d = check.number("exponential_", "lambd", 1, lambd), dtypes.of(self.dtype)
    check.positive("exponential_", "lambda", rate)
    check.continuous("Exponential", d, errors.scalar_type(d))
    return _drawn_like(self, generator, lambda g, n, s, _: samplers.exponential(g, n, s, rate))


@_fill()
def cauchy_(xp: Any, self: Any, median: Any = 0, sigma: Any = 1, *, generator: Any = None) -> Any:
    """Fill with Cauchy numbers around `median`."""
    m, s = check.number("cauchy_", "median", 1, median), check.number("cauchy_", "sigma", 2, sigma)
    check.positive("cauchy_", "sigma", s)
    check.continuous("Cauchy", dtypes.of(self.dtype), errors.c_type(dtypes.of(self.dtype)))
    return _drawn_like(self, generator, lambda g, n, d, _: samplers.cauchy(g, n, d, m, s))


@_fill()
def geometric_(xp: Any, self: Any, p: Any, *, generator: Any = None) -> Any:
    """Fill with the number of trials up to the first success, whose probability is `p`."""
    chance = check.number("geometric_", "p", 1, p)
    if not 0 < chance < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={chance:g}")
    check.real("geometric_cpu", dtypes.of(self.dtype), bool_too=False)
    return _drawn_like(self, generator, lambda g, n, d, _: samplers.geometric(g, n, d, chance))


def _random_node(self: Any, from_: Any = None, to: Any = None, *, generator: Any = None) -> str:
    return f"RandomBackward{2 if from_ is None else 0 if to is not None else 1}"


@_fill(node=_random_node)
def random_(xp: Any, self: Any, from_: Any = None, to: Any = ..., *, generator: Any = None) -> Any:
    """Fill with integers: ``random_()``, ``random_(to)`` or ``random_(from, to)``.

    Without bounds, from 0 to the largest of an integer dtype; of a float, to 2 to the length of its
    significand.
    """
    d = dtypes.of(self.dtype)
    bounds = [b for b in (from_, to) if b is not None and b is not ...]
    if not all(hasattr(b, "__index__") and not isinstance(b, bool) for b in bounds):
        raise check.invalid_combination("random_", bounds)
    if from_ is None:
        check.real("random_kernel_cpu", d)
        digits = check.DIGITS.get(d.name, 0)
        return _drawn_like(self, generator, lambda g, n, s, _: samplers.full_range(g, n, s, digits))
    low, high = (0, from_) if to is ... else (from_, to)
    low = check.int64(int(low))
    if high is None and low == -(2**63):
        if d.name not in ("int64", "float64", "float32", "bfloat16"):
            raise RuntimeError(
                "random_full_64_bits_range_kernel_cpu handles only int64, double, float and "
                "bfloat16"
            )
        return _drawn_like(self, generator, lambda g, n, s, _: samplers.integers(g, n, s, 0, 2**64))
    high = None if high is None else check.int64(int(high))
    return _drawn_like(self, generator, _integers(d, low, high))


def _bernoulli_node(self: Any, p: Any = 0.5, *, generator: Any = None) -> str:
    return f"BernoulliBackward{1 if isinstance(p, Tensor) else 2}"


@_fill(node=_bernoulli_node)
def bernoulli_(xp: Any, self: Any, p: Any = 0.5, *, generator: Any = None) -> Any:
    """Fill with ones of probability `p` (a number, or a tensor that broadcasts) and zeros."""
    d = dtypes.of(self.dtype)
    if hasattr(p, "strides"):
        check.real("bernoulli_tensor_cpu_self_", d)
        return _bernoulli_each(_expanded(p, self.shape), generator, self)
    chance = check.number("bernoulli_", "p", 1, p)
    check.probability(chance)
    check.real("bernoulli_scalar_cpu_", d)
    return _drawn_like(self, generator, lambda g, n, s, _: samplers.bernoulli(g, n, s, chance))


def _expanded(p: Any, shape: tuple[int, ...]) -> Any:
    padded = (1,) * (len(shape) - p.ndim) + p.shape
    for dim in reversed(range(len(shape))):
        if padded[dim] not in (1, shape[dim]):
            raise errors.cannot_expand(shape, p.shape, dim)
    return backend.xp_of(p).broadcast_to(p, shape)


def _bernoulli_each(p: Any, given: Any, like: Any) -> Any:
    """Ones with the probabilities `p`, in the shape, dtype and memory order of `like`."""
    check.floating("bernoulli_tensor_cpu_p_", dtypes.of(p.dtype))
    order = _memory_order(like)
    flat = backend.move(p, backend.CPU).transpose(order).reshape(-1)
    check.probabilities(flat)
    return _drawn_like(like, given, lambda g, n, s, _: samplers.bernoulli_each(g, flat, s))


# ---------------------------------------------------------------- draws from given numbers


@op(self=lambda grad: _zeros(grad))
def bernoulli(xp: Any, self: Any, p: Any = None, *, generator: Any = None) -> Any:
    """Ones with the probabilities in `self`, or all with probability `p`, and zeros."""
    like = xp.empty(self.shape, self.dtype)
    if p is not None:
        return bernoulli_(wrap(like), p, generator=generator)._data
    check.real("bernoulli_tensor_cpu_self_", dtypes.of(self.dtype))
    return _bernoulli_each(self, generator, like)


@op(self=lambda grad: _zeros(grad), method=False)
def poisson(xp: Any, self: Any, generator: Any = None) -> Any:
    """How many events happen in a unit of time, at the rates in `self`."""
    check.floating("poisson_cpu", dtypes.of(self.dtype))
    rates = backend.move(self, backend.CPU)
    drawn = discrete.poisson(check.generator(generator), rates.reshape(-1))
    return xp.asarray(drawn.astype(self.dtype).reshape(self.shape))


@op(count=lambda grad: _zeros(grad), prob=lambda grad: _zeros(grad), method=False)
def binomial(xp: Any, count: Any, prob: Any, generator: Any = None) -> Any:
    """How many of `count` trials succeed, each with probability `prob`; shapes broadcast."""
    check.floating("binomial_cpu", dtypes.of(count.dtype))
    if dtypes.of(count.dtype) is not dtypes.of(prob.dtype):
        raise RuntimeError(
            "Found dtype "
            f"{errors.scalar_type(dtypes.of(prob.dtype))} but expected "
            f"{errors.scalar_type(dtypes.of(count.dtype))}"
        )
    counts, chances = np.broadcast_arrays(
        backend.move(count, backend.CPU), backend.move(prob, backend.CPU)
    )
    drawn = discrete.binomial(check.generator(generator), counts.ravel(), chances.ravel())
    return xp.asarray(drawn.astype(count.dtype).reshape(counts.shape))


@op()
def multinomial(
    xp: Any, self: Any, num_samples: Any, replacement: bool = False, *, generator: Any = None
) -> Any:
    """Indices drawn from the rows of `self`, which need not sum to 1; int64.

    Where a draw without replacement has to take entries of equal weight, their order may differ
    from PyTorch's, whose partial sort is not stable.
    """
    n = check.integer("multinomial", "num_samples", 2, num_samples)
    p = backend.move(self, backend.CPU)
    check.multinomial(p, dtypes.of(self.dtype), n, replacement)
    rows = np.atleast_2d(p)
    if not rows.size:
        return xp.empty((*p.shape[:-1], n), np.int64)
    drawn = discrete.categories(check.generator(generator), rows, n, bool(replacement))
    return xp.asarray(drawn.reshape(*p.shape[:-1], n))


# ---------------------------------------------------------------- factories


def _made(
    function: str,
    shape: tuple[int, ...],
    draw_for: Callable[[dtype], Draw],
    *,
    default: dtype,
    generator: Any = None,
    out: Any = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of random numbers, or `out` filled with them."""
    if out is not None:
        check.output(function, out)
        if dtype is not None and dtype is not out.dtype:
            raise RuntimeError(
                f"dtype {errors.scalar_type(dtype)} does not match dtype of out parameter "
                f"({errors.scalar_type(out.dtype)})"
            )
        like = out._data if out._data.shape == shape else np.empty(shape, out._data.dtype)
        store(out, _drawn_like(like, generator, draw_for(out.dtype)))
        return out
    chosen = default if dtype is None else dtype
    check.can_require_grad(chosen, requires_grad)
    flat = draw_for(chosen)(
        check.generator(generator), int(np.prod(shape, dtype=np.int64)), chosen.numpy, True
    )
    made = wrap(backend.xp_for(device).asarray(flat.reshape(shape)))
    return made.requires_grad_() if requires_grad else made


def _valid_options(function: str, args: Any, kwargs: dict[str, Any]) -> None:
    known = {"generator", "out", "dtype", "layout", "device", "pin_memory", "requires_grad"}
    kinds = {"generator": Generator, "out": Tensor, "dtype": dtype, "requires_grad": bool}
    for name, value in kwargs.items():
        kind = kinds.get(name)
        if name not in known or (kind and value is not None and not isinstance(value, kind)):
            raise check.invalid_combination(function, args, kwargs)


def _size_of(function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[int, ...]:
    """The size from ``f(2, 3)``, ``f((2, 3))`` or ``f(size=(2, 3))``; removes it from kwargs."""
    given = dict(kwargs)
    if "size" in kwargs:
        size = kwargs.pop("size")
        if args or not isinstance(size, (tuple, list)):
            raise check.invalid_combination(function, args, given)
        args = (size,)
    if not args or (len(args) > 1 and isinstance(args[0], (tuple, list))):
        raise check.invalid_combination(function, args, given)
    _valid_options(function, args, kwargs)
    return check.size(function, args)


def rand(*size: Any, **options: Any) -> Tensor:
    """Numbers from [0, 1): ``rand(2, 3)``.

    Options: generator, out, dtype, layout, device, pin_memory, requires_grad.
    """
    shape = _size_of("rand", size, options)
    return _made(
        "rand", shape, lambda d: _uniform(d, 0, 1), default=dtypes.get_default_dtype(), **options
    )


def randn(*size: Any, **options: Any) -> Tensor:
    """Normal numbers of mean 0 and variance 1; options as :func:`rand`."""
    shape = _size_of("randn", size, options)
    return _made(
        "randn", shape, lambda d: _normal(d, 0, 1), default=dtypes.get_default_dtype(), **options
    )


def randint(*args: Any, **options: Any) -> Tensor:
    """Integers from [low, high): ``randint(high, size)`` or ``randint(low, high, size)``.

    int64 unless `dtype` says otherwise; options as :func:`rand`.
    """
    low, high, shape = _randint_arguments(args, options)
    return _made(
        "randint", shape, lambda d: _integers(d, low, high), default=dtypes.int64, **options
    )


def _randint_arguments(args: Any, options: dict[str, Any]) -> tuple[int, int, tuple[int, ...]]:
    given = dict(options)
    values = list(args)
    values += [options.pop(name) for name in ("low", "high", "size") if name in options]
    if len(values) == 2:
        values.insert(0, 0)
    is_int = [hasattr(v, "__index__") and not isinstance(v, bool) for v in values]
    if len(values) != 3 or is_int[:2] != [True, True]:
        raise check.invalid_combination("randint", args, given)
    low, high, size = values
    if not isinstance(size, (tuple, list)):
        raise errors.argument_must_be("randint", "size", len(args), "tuple of ints", size)
    _valid_options("randint", args, options)
    shape = check.size("randint", (size,))
    return check.int64(int(low)), check.int64(int(high)), shape


def randperm(n: Any, **options: Any) -> Tensor:
    """A random order of 0 … n - 1; int64 unless `dtype` says otherwise."""
    count = check.integer("randperm", "n", 1, n)
    if count < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {count}: [{count}]")
    return _made(
        "randperm", (count,), lambda d: _permutation(d, count), default=dtypes.int64, **options
    )


def _permutation(d: dtype, n: int) -> Draw:
    if d.is_complex or d.name == "bool":
        raise errors.not_implemented_for("randperm", d)
    if d.category == dtypes.INTEGER and n - 1 > np.iinfo(d.numpy).max:
        raise RuntimeError(f"value cannot be converted to type {d.name}_t without overflow")
    most = 2 ** check.DIGITS[d.name] + 1 if d.is_floating_point else n
    if n > most:
        raise RuntimeError(f"n cannot be greater than {most} for {errors.scalar_type(d)} type.")
    return lambda g, _n, s, _c: samplers.permutation(g, n).astype(s)


# ---------------------------------------------------------------- like another tensor


def _made_like(
    function: str,
    input: Any,
    draw_for: Callable[[dtype], Draw],
    *,
    generator: Any = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Random numbers in the shape, dtype and device of `input`, laid out in memory as it is."""
    if not isinstance(input, Tensor):
        raise errors.argument_must_be_tensor(function, "input", 1, input)
    chosen = input.dtype if dtype is None else dtype
    check.can_require_grad(chosen, requires_grad)
    source = input._data
    order = _memory_order(source)
    if "contiguous" in str(memory_format):
        order = list(range(source.ndim))
    like = np.empty([source.shape[i] for i in order], chosen.numpy).transpose(np.argsort(order))
    drawn = _drawn_like(like, generator, draw_for(chosen))
    made = wrap(backend.move(drawn, input.device if device is None else device))
    return made.requires_grad_() if requires_grad else made


def rand_like(input: Tensor, **options: Any) -> Tensor:
    """:func:`rand` in the shape, dtype and device of `input`."""
    return _made_like("rand_like", input, lambda d: _uniform(d, 0, 1), **options)


def randn_like(input: Tensor, **options: Any) -> Tensor:
    """:func:`randn` in the shape, dtype and device of `input`."""
    return _made_like("randn_like", input, lambda d: _normal(d, 0, 1), **options)


def randint_like(
    input: Tensor,
    low: Any = 0,
    high: Any = None,
    **options: Any,
) -> Tensor:
    """:func:`randint` in the shape, dtype and device of `input`; `low` may be left out."""
    if high is None:
        low, high = 0, low
    first = check.integer("randint_like", "low", 2, low)
    end = check.integer("randint_like", "high", 3, high)
    return _made_like("randint_like", input, lambda d: _integers(d, first, end), **options)


# ---------------------------------------------------------------- normal, in its four forms


@op(mean=lambda grad: _zeros(grad), method=False, function=False, name="normal",
    node="NormalBackward1")  # fmt: skip
def _normal_around(xp: Any, mean: Any, std: Any, generator: Any) -> Any:
    check.normal_std(std)
    draw = _normal(dtypes.of(mean.dtype), 0, std)
    return _drawn_like(xp.empty(mean.shape, mean.dtype), generator, draw) + mean


@op(std=lambda grad: _zeros(grad), method=False, function=False, name="normal",
    node="NormalBackward2")  # fmt: skip
def _normal_scaled(xp: Any, mean: Any, std: Any, generator: Any) -> Any:
    _check_stds(std)
    draw = _normal(dtypes.of(std.dtype), 0, 1)
    drawn = _drawn_like(xp.empty(std.shape, std.dtype), generator, draw) * std
    return drawn + std.dtype.type(mean)


@op(mean=lambda grad, mean_shape: _zeros_of(grad, mean_shape), method=False, function=False,
    std=lambda grad, std_shape: _zeros_of(grad, std_shape), name="normal",
    node="NormalBackward3")  # fmt: skip
def _normal_both(xp: Any, mean: Any, std: Any, generator: Any) -> Any:
    _check_stds(std)
    try:
        shape = np.broadcast_shapes(mean.shape, std.shape)
    except ValueError:
        raise errors.size_mismatch(mean.shape, std.shape) from None
    draw = _normal(dtypes.of(mean.dtype), 0, 1)
    drawn = _drawn_like(xp.empty(shape, mean.dtype), generator, draw)
    return (drawn * std + mean).astype(mean.dtype)


def _zeros_of(grad: Any, shape: tuple[int, ...]) -> Any:
    if isinstance(grad, Tensor):
        return wrap(_zeros_of(grad._data, shape))
    return backend.xp_of(grad).zeros(shape, grad.dtype)


def _check_stds(std: Any) -> None:
    if dtypes.of(std.dtype).is_complex:
        raise RuntimeError("normal expects standard deviation to be non-complex")
    if std.size and not bool((std >= 0).all()):
        raise RuntimeError("normal expects all elements of std >= 0.0")


def normal(mean: Any = None, std: Any = None, size: Any = None, **options: Any) -> Tensor:
    """Normal numbers: ``normal(mean, std)``, one or both of them tensors, or with numbers and a
    `size`.  Options: generator, out; with a size also those of :func:`rand`.
    """
    given = {"mean": mean, "std": std, "size": size}
    args = [v for v in given.values() if v is not None]
    if isinstance(mean, Tensor) and std is None:
        std = 1.0
    numbers = [isinstance(v, (int, float)) for v in (mean, std)]
    if all(numbers):
        if not isinstance(size, (tuple, list)):
            raise check.invalid_combination("normal", args, options)
        _valid_options("normal", args, options)
        shape, default = check.size("normal", (size,)), dtypes.get_default_dtype()
        return _made(
            shape, lambda d: _normal(d, float(mean), float(std)), default=default, **options
        )
    known = all(n or isinstance(v, Tensor) for n, v in zip(numbers, (mean, std), strict=True))
    if not known or size is not None or options.keys() - {"generator", "out"}:
        raise check.invalid_combination("normal", args, options)
    form = _normal_scaled if numbers[0] else _normal_around if numbers[1] else _normal_both
    out = options.pop("out", None)
    made: Tensor = form(mean, std, options.get("generator"))
    if out is not None:
        store(out, made._data)
        return out
    return made


for _function in (rand, randn, randint, randperm, rand_like, randn_like, randint_like, normal):
    PUBLIC[_function.__name__] = _function
