"""Random sampling: factories, and draws from given probabilities.

The numbers come from ``samplers.py`` and ``discrete.py``; here are PyTorch's signatures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import backend, dtypes, errors
from ..autograd.grad_mode import TRANSFORM, mode
from ..dtypes import dtype
from ..layout import empty_like
from ..op import PUBLIC, op, store
from ..overrides import asking
from ..random import Generator
from ..tensor import Tensor, wrap
from . import discrete, samplers
from . import rand_checks as check
from . import rand_fill as fill
from .create import as_device, as_dtype, as_size, check_shape
from .rules import zeros

# ---------------------------------------------------------------- draws from given numbers


@op(self=zeros)
def bernoulli(xp: Any, self: Any, p: Any = None, *, generator: Any = None) -> Any:
    """Ones with the probabilities in `self`, or all with probability `p`, and zeros."""
    like = xp.empty(self.shape, self.dtype)
    if p is not None:
        return wrap(like).bernoulli_(p, generator=generator)._data  # type: ignore[attr-defined]
    check.real("bernoulli_tensor_cpu_self_", dtypes.of(self.dtype))
    return fill.bernoulli_each(self, generator, like)


@op(self=zeros, method=False)
def poisson(xp: Any, self: Any, generator: Any = None) -> Any:
    """How many events happen in a unit of time, at the rates in `self`."""
    check.floating("poisson_cpu", dtypes.of(self.dtype))
    rates = backend.move(self, backend.CPU)
    drawn = discrete.poisson(check.generator(generator), rates.reshape(-1))
    return xp.asarray(drawn.astype(self.dtype).reshape(self.shape))


@op(count=zeros, prob=zeros, method=False)
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


def _own_draws() -> Any:
    """The running ``vmap`` levels at which each example gets numbers of its own."""
    if not mode.state & TRANSFORM:
        return ()
    from ..func.batching import random_levels

    return random_levels()


def _made(
    function: str,
    shape: tuple[int, ...],
    draw_for: Callable[[dtype], fill.Draw],
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
    wanted = as_dtype(function, dtype)
    if out is not None:
        check.output(function, out, wanted)
        if out._data.shape != shape:
            out._data = backend.xp_of(out._data).empty(shape, out._data.dtype)
        store(out, fill.drawn_like(out._data, generator, draw_for(out.dtype)))
        return out
    chosen = wanted or default
    check.can_require_grad(chosen, requires_grad)
    levels = _own_draws()
    shape = (*(level.size for level in levels), *shape)
    flat = draw_for(chosen)(
        check.generator(generator), int(np.prod(shape, dtype=np.int64)), chosen.numpy, True
    )
    where = backend.get_default_device() if device is None else as_device(function, device)
    made = wrap(backend.move(flat.reshape(shape), where))
    if levels:
        from ..func.batching import hide

        for level in levels:
            made = hide(made, level.number)
    return made._require_grad() if requires_grad else made


def _valid_options(function: str, args: Any, kwargs: dict[str, Any]) -> None:
    known = {"generator", "out", "dtype", "layout", "device", "pin_memory", "requires_grad"}
    kinds: dict[str, Any] = {
        "generator": Generator,
        "out": Tensor,
        "dtype": (dtype, type),
        "requires_grad": bool,
    }
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
    return _shape(function, args)


def _shape(function: str, size: tuple[Any, ...]) -> tuple[int, ...]:
    shape = as_size(function, size)
    check_shape(function, shape)
    return shape


def rand(*size: Any, **options: Any) -> Tensor:
    """Numbers from [0, 1): ``rand(2, 3)``.

    Options: generator, out, dtype, layout, device, pin_memory, requires_grad.
    """
    shape = _size_of("rand", size, options)
    return _made(
        "rand",
        shape,
        lambda d: fill.uniform(d, 0, 1),
        default=dtypes.get_default_dtype(),
        **options,
    )


def randn(*size: Any, **options: Any) -> Tensor:
    """Normal numbers of mean 0 and variance 1; options as :func:`rand`."""
    shape = _size_of("randn", size, options)
    return _made(
        "randn",
        shape,
        lambda d: fill.normal(d, 0, 1),
        default=dtypes.get_default_dtype(),
        **options,
    )


def randint(*args: Any, **options: Any) -> Tensor:
    """Integers from [low, high): ``randint(high, size)`` or ``randint(low, high, size)``.

    int64 unless `dtype` says otherwise; options as :func:`rand`.
    """
    low, high, shape = _randint_arguments(args, options)
    return _made(
        "randint", shape, lambda d: fill.integers(d, low, high), default=dtypes.int64, **options
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
    shape = _shape("randint", (size,))
    return check.int64(int(low)), check.int64(int(high)), shape


def randperm(n: Any, **options: Any) -> Tensor:
    """A random order of 0 … n - 1; int64 unless `dtype` says otherwise."""
    count = check.integer("randperm", "n", 1, n)
    if count < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {count}: [{count}]")
    return _made(
        "randperm", (count,), lambda d: _permutation(d, count), default=dtypes.int64, **options
    )


def _permutation(d: dtype, n: int) -> fill.Draw:
    if d.is_complex or d.name == "bool":
        raise errors.not_implemented_for("randperm", d)
    if d.category == dtypes.INTEGER and n - 1 > np.iinfo(d.numpy).max:
        raise RuntimeError(f"value cannot be converted to type {d.name}_t without overflow")
    most = 2 ** check.DIGITS[d.name] + 1 if d.is_floating_point else n
    if n > most:
        raise RuntimeError(f"n cannot be greater than {most} for {errors.scalar_type(d)} type.")

    def draw(g: Generator, count: int, s: np.dtype, _contiguous: bool) -> np.ndarray:
        times = count // n if n else 1  # once for each example under ``vmap``
        orders = [samplers.permutation(g, n).astype(s) for _ in range(times)]
        return np.concatenate(orders) if times != 1 else orders[0]

    return draw


# ---------------------------------------------------------------- like another tensor


def _made_like(
    function: str,
    input: Any,
    draw_for: Callable[[dtype], fill.Draw],
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
    chosen = as_dtype(function, dtype) or input.dtype
    check.can_require_grad(chosen, requires_grad)
    where = input.device if device is None else as_device(function, device)
    if _own_draws():
        return _made(
            function, tuple(input.shape), draw_for, default=chosen, generator=generator,
            device=where, requires_grad=requires_grad,
        )  # fmt: skip
    like = empty_like(input._data, chosen.numpy, memory_format)
    made = wrap(backend.move(fill.drawn_like(like, generator, draw_for(chosen)), where))
    return made._require_grad() if requires_grad else made


@asking
def rand_like(input: Tensor, **options: Any) -> Tensor:
    """:func:`rand` in the shape, dtype and device of `input`."""
    return _made_like("rand_like", input, lambda d: fill.uniform(d, 0, 1), **options)


@asking
def randn_like(input: Tensor, **options: Any) -> Tensor:
    """:func:`randn` in the shape, dtype and device of `input`."""
    return _made_like("randn_like", input, lambda d: fill.normal(d, 0, 1), **options)


@asking
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
    return _made_like("randint_like", input, lambda d: fill.integers(d, first, end), **options)


# ---------------------------------------------------------------- normal, in its four forms


@op(mean=zeros, method=False, function=False, name="normal",
    node="NormalBackward1")  # fmt: skip
def _normal_around(xp: Any, mean: Any, std: Any, generator: Any) -> Any:
    check.normal_std(std)
    draw = fill.normal(dtypes.of(mean.dtype), 0, std)
    return fill.drawn_like(xp.empty(mean.shape, mean.dtype), generator, draw) + mean


@op(std=zeros, method=False, function=False, name="normal",
    node="NormalBackward2")  # fmt: skip
def _normal_scaled(xp: Any, mean: Any, std: Any, generator: Any) -> Any:
    _check_stds(std)
    draw = fill.normal(dtypes.of(std.dtype), 0, 1)
    drawn = fill.drawn_like(xp.empty(std.shape, std.dtype), generator, draw) * std
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
    draw = fill.normal(dtypes.of(mean.dtype), 0, 1)
    drawn = fill.drawn_like(xp.empty(shape, mean.dtype), generator, draw)
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
        shape, default = _shape("normal", (size,)), dtypes.get_default_dtype()
        draw = lambda d: fill.normal(d, float(mean), float(std))
        return _made("normal", shape, draw, default=default, **options)
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
