"""Python's operators on tensors: ``a + b``, ``a += b``, ``2 - a``, ``a < b``, ``~a``.

Each is one of the operations; an operand that is neither a tensor nor a number makes Python try the
other operand's method and in the end raise its own TypeError.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import dtypes, fast
from .autograd.grad_mode import NATIVE, mode
from .op import PUBLIC
from .tensor import Tensor, wrap

_NUMBERS = (int, float, complex, np.generic)
BINARY = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "pow", "matmul": "matmul", "and": "bitwise_and",
    "or": "bitwise_or", "xor": "bitwise_xor", "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge", "eq": "eq",
    "ne": "ne",
}  # fmt: skip
COMMUTATIVE = {"add", "mul", "and", "or", "xor"}  # `2 + a` is recorded as `a + 2`
COMPARISONS = {"lt", "le", "gt", "ge", "eq", "ne"}
UNARY = {"neg": "neg", "pos": "positive", "abs": "abs"}


def _operator(
    function: Callable[..., Any], numbers: bool = True, name: str = ""
) -> Callable[..., Any]:
    kinds = (Tensor, *_NUMBERS) if numbers else (Tensor,)

    def method(self: Any, other: Any) -> Any:
        if not isinstance(self, Tensor):
            raise TypeError(
                f"descriptor '{name}' for 'torch._C.TensorBase' objects doesn't apply to a "
                f"'{type(self).__name__}' object"
            )
        if type(other) is Tensor or isinstance(other, kinds):
            return function(self, other)
        if hasattr(type(other), "__torch_function__"):
            try:
                return function(self, other)
            except TypeError:  # it did not answer: perhaps its own operator does
                return NotImplemented
        return NotImplemented

    method.__name__ = name
    op = getattr(function, "op", None)
    return method if op is None else fast.function(op, method)


def _reflected(
    function: Callable[..., Any], numbers: bool = True, name: str = ""
) -> Callable[..., Any]:
    kinds = (Tensor, *_NUMBERS) if numbers else (Tensor,)

    def method(self: Any, other: Any) -> Any:
        if isinstance(other, kinds):
            return function(other, self)
        return NotImplemented

    method.__name__ = name
    return method


def _unary(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self: function(self)


def _equal(function: Callable[..., Any]) -> Callable[..., Any]:
    """``a == b``, which alone of the operators takes NumPy's arrays too."""
    compare = _operator(function, name="__eq__")

    def method(self: Any, other: Any) -> Any:
        return compare(self, wrap(other) if type(other) is np.ndarray else other)

    return method


def _number_over(number: Any, self: Any) -> Any:
    """``2 / a``: PyTorch's Python computes it as the reciprocal times 2, its C++ as a quotient."""
    if mode.state & NATIVE:
        return PUBLIC["div"](number, self)
    return self.reciprocal() * number


def _number_minus(self: Any, number: Any) -> Any:
    """``2 - a``, which PyTorch's Python gives an operation of its own, its C++ does not."""
    return PUBLIC["sub"](number, self) if mode.state & NATIVE else PUBLIC["rsub"](self, number)


def _invert(self: Any) -> Any:
    """``~a``.  Raises TypeError for floats."""
    if self.dtype.category > dtypes.INTEGER:
        raise TypeError(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
        )
    return PUBLIC["bitwise_not"](self)


def attach() -> None:
    """Give Tensor its operators; called once, when all operations are declared."""
    for python, name in BINARY.items():
        function = PUBLIC[name]
        numbers = python != "matmul"
        setattr(Tensor, f"__{python}__", _operator(function, numbers, f"__{python}__"))
        if python not in COMPARISONS:
            reflected = _operator if python in COMMUTATIVE else _reflected
            spelt = f"__r{python}__"
            setattr(Tensor, spelt, reflected(function, numbers, spelt))
            inplace = getattr(Tensor, name + "_", None)
            if inplace is not None:
                setattr(Tensor, f"__i{python}__", _operator(inplace, name=f"__i{python}__"))
    Tensor.__rtruediv__ = Tensor.__rdiv__ = _reflected(_number_over)  # type: ignore[attr-defined]
    Tensor.__idiv__ = Tensor.__itruediv__  # type: ignore[attr-defined]
    for python, name in UNARY.items():
        setattr(Tensor, f"__{python}__", _unary(PUBLIC[name]))
    Tensor.__eq__ = _equal(PUBLIC["eq"])  # type: ignore[method-assign, assignment]
    Tensor.__invert__ = _invert  # type: ignore[attr-defined]
    Tensor.__rsub__ = _operator(_number_minus)  # type: ignore[attr-defined]
    Tensor.__hash__ = object.__hash__  # type: ignore[method-assign,assignment]
