"""The Tensor: an array and where it came from.  No maths here.

    x = Tensor([2.0], requires_grad)     _data     the NumPy or CuPy array, with its own strides
                                         _grad_fn  None, or the node that made it (a leaf that
                                                   requires grad: its AccumulateGrad)
                                         _port     which output of that node it is
                                         _grad     what backward() accumulated
                                         _counter  a counter in a box that all views share; in-place
                                                   changes bump it (None: an inference tensor)
                                         _view     None, or of what base it is a view (views.py)
                                         _tangent  forward-mode derivatives by level, or None

``requires_grad`` is nothing but ``_grad_fn is not None``.  Operations add themselves as methods
(op/); printing, saving and copying live in modules of those names.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import backend, dtypes, errors
from .autograd.grad_mode import INFERENCE, PERHAPS_FUNCTIONAL, mode, refuse_in_transform
from .autograd.node import AccumulateGrad, HookList, RemovableHandle
from .dtypes import dtype

_new = object.__new__


_as_tuple = tuple.__new__


def _whole(n: Any, position: int) -> int:
    """A size as an int.  Raises TypeError for what is no whole number."""
    whole = n.dtype.category < dtypes.FLOAT if isinstance(n, Tensor) else hasattr(n, "__index__")
    if whole:
        return int(operator.index(n))
    raise TypeError(
        f"torch.Size() takes an iterable of 'int' (item {position} is '{type(n).__name__}')"
    )


class Size(tuple[int, ...]):
    """The shape of a tensor: a tuple that prints as ``torch.Size([2, 3])``."""

    __slots__ = ()

    def __new__(cls, sizes: Any = ()) -> Size:
        given = tuple(sizes)
        for n in given:
            if type(n) is not int:
                given = tuple(_whole(n, i) for i, n in enumerate(given))
                break
        return _as_tuple(cls, given)

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    __str__ = __repr__

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        count = 1
        for n in self:
            count *= n
        return count

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, tuple(other)))

    def __radd__(self, other: Any) -> Size:
        return Size(tuple(other) + tuple(self))

    def __mul__(self, times: Any) -> Size:
        return Size(tuple.__mul__(self, times))

    __rmul__ = __mul__

    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        return Size(found) if isinstance(index, slice) else found

    def __reduce__(self) -> Any:
        return Size, (tuple(self),)


class Tensor:
    """A multi-dimensional array that can remember how it was computed."""

    __slots__ = (
        "__dict__", "__weakref__", "_counter", "_data", "_grad", "_grad_fn", "_port", "_tangent",
        "_view",
    )  # fmt: skip
    _grad_fn: Any
    _counter: Any
    _view: Any
    _tangent: Any
    __array_priority__ = 1000  # NumPy leaves binary operations with a Tensor to the Tensor

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """``Tensor(2, 3)`` (uninitialised), ``Tensor([1, 2])`` or ``Tensor()``: float tensors."""
        from .ops.legacy import legacy_tensor

        made = legacy_tensor(*args, **kwargs)
        return made if cls is Tensor else made.as_subclass(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __init_subclass__(cls, **options: Any) -> None:
        from .overrides import tell_of_methods

        super().__init_subclass__(**options)
        tell_of_methods(cls)

    if TYPE_CHECKING:  # most methods are the operations, attached where those are declared

        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, index: Any) -> Any: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...
        def __invert__(self) -> Any: ...
        def __mul__(self, other: Any) -> Any: ...
        def __rmul__(self, other: Any) -> Any: ...
        def __truediv__(self, other: Any) -> Any: ...
        def __matmul__(self, other: Any) -> Any: ...

    @staticmethod
    def _make_subclass(cls: Any, data: Tensor, require_grad: bool = False) -> Any:
        """An instance of `cls` around the memory of `data`."""
        made = adopt(data.detach(), cls)
        return made._require_grad() if require_grad else made

    # ------------------------------------------------------------ what it is

    @property
    def shape(self) -> Size:
        return _as_tuple(Size, self._data.shape)

    @property
    def ndim(self) -> int:
        return int(self._data.ndim)

    @property
    def dtype(self) -> dtype:
        return dtypes.of(self._data.dtype)

    @property
    def device(self) -> backend.device:
        return backend.device_of(self._data)

    @property
    def is_cuda(self) -> bool:
        return not isinstance(self._data, np.ndarray)

    @property
    def is_cpu(self) -> bool:
        return isinstance(self._data, np.ndarray)

    @property
    def itemsize(self) -> int:
        return int(self._data.dtype.itemsize)

    @property
    def nbytes(self) -> int:
        return int(self._data.nbytes)

    # ------------------------------------------------------------ autograd

    @property
    def grad_fn(self) -> Any:
        """The node that made this tensor; None for a leaf."""
        node = self.history()
        return None if type(node) is AccumulateGrad else node

    def history(self) -> Any:
        """The node that gradients of this tensor go to, or None.  Refreshes a stale view."""
        view = self._view
        if view is not None and view.seen != self._counter[0]:
            view.refresh(self)
        return self._grad_fn

    @property
    def _version(self) -> int:
        """How often this tensor, or one that shares its memory, was changed in place."""
        if self._counter is None:
            raise RuntimeError("Inference tensors do not track version counter.")
        return self._counter[0]  # type: ignore[no-any-return]

    @property
    def output_nr(self) -> int:
        return self._port

    @property
    def is_leaf(self) -> bool:
        """True unless an operation on tensors that require grad made it."""
        node = self.history()
        return node is None or type(node) is AccumulateGrad

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to this tensor, or (for a view) to its base."""
        if self._grad_fn is not None:
            return True
        return self._view is not None and self._view.base._grad_fn is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if value and self.is_leaf and self.dtype.category < dtypes.FLOAT:
            raise RuntimeError(
                "only Tensors of floating point and complex dtype can require gradients"
            )
        self._require_grad(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Start (or stop) recording operations on this leaf.

        Raises RuntimeError on a non-leaf, an integer tensor or an inference tensor, and anywhere in
        a function that ``torch.func`` transforms.
        """
        refuse_in_transform("requires_grad_", PERHAPS_FUNCTIONAL)
        return self._require_grad(requires_grad)

    def _require_grad(self, requires_grad: bool = True) -> Tensor:
        if not self.is_leaf:
            if requires_grad:
                return self
            raise errors.non_leaf_flag()
        if requires_grad:
            if self.dtype.category < dtypes.FLOAT:
                raise errors.integers_have_no_gradient()
            if self._counter is None and not mode.state & INFERENCE:
                raise errors.inference_requires_grad()
            if self._grad_fn is None:
                self._grad_fn = AccumulateGrad(self)
        else:
            self._grad_fn = None
        return self

    @property
    def grad(self) -> Any:
        """The accumulated gradient, or None.  Warns on a non-leaf that does not retain it."""
        if self._grad is None and not self.is_leaf and not self.retains_grad:
            warnings.warn(errors.NON_LEAF_GRAD_WARNING, UserWarning, stacklevel=2)
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise errors.assigned_grad_type(value)
            if value._data.shape != self._data.shape:
                raise errors.assigned_grad_shape(value._data.shape, self._data.shape)
            if value._data.dtype != self._data.dtype:
                raise errors.assigned_grad_dtype(value.dtype, self.dtype)
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    def _accumulate(self, grad: Any) -> None:
        """Add an array to this gradient in place, so that the tensor object stays the same."""
        grad = grad._data if isinstance(grad, Tensor) else grad
        self._data += grad
        if self._counter is not None:
            self._counter[0] += 1

    @property
    def retains_grad(self) -> bool:
        """Whether this non-leaf keeps its gradient (``retain_grad``)."""
        node = self._grad_fn
        if node is None or type(node) is AccumulateGrad or node.hooks is None:
            return False
        return self._port in node.hooks.retain

    def retain_grad(self) -> None:
        """Keep ``.grad`` on this non-leaf too.  Raises RuntimeError if it does not require grad."""
        import weakref

        node = self.history()
        if node is None:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        refuse_in_transform("retain_grad")
        if type(node) is not AccumulateGrad:
            node.own_hooks().retain.setdefault(self._port, weakref.ref(self))

    def register_hook(self, hook: Callable[[Any], Any]) -> RemovableHandle:
        """Call ``hook(grad)`` when this tensor's gradient is known; a result replaces it.

        Raises RuntimeError if the tensor does not require grad.
        """
        node = self.history()
        if node is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        return node.own_hooks().tensor.setdefault(self._port, HookList()).add(hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Any], Any]) -> RemovableHandle:
        """Call ``hook(tensor)`` after ``.grad`` of this leaf was updated."""
        node = self.history()
        if node is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if type(node) is not AccumulateGrad:
            raise RuntimeError(
                "post accumulate grad hooks cannot be registered on non-leaf tensors"
            )
        return node.own_hooks().accumulated.add(hook)

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Accumulate d(self)/d(leaf) into the leaves' ``.grad`` (``torch.autograd.backward``)."""
        from .autograd import backward

        backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def detach(self) -> Tensor:
        """The same memory without history, sharing the version counter."""
        out = wrap(self._data)
        out._counter = self._counter
        return out

    def detach_(self) -> Tensor:
        """Forget the history of this tensor itself.  Raises RuntimeError on a view."""
        if self._view is not None:
            raise RuntimeError(
                "Can't detach views in-place. Use detach() instead. If you are using "
                "DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as "
                "True, gradients are views of DDP buckets, and hence detach_() cannot be called on "
                "these gradients. To fix this error, please refer to the Optimizer.zero_grad() "
                "function in torch/optim/optimizer.py as the solution."
            )
        self._grad_fn, self._port = None, 0
        return self

    @property
    def data(self) -> Tensor:
        """The same memory without history and with a version counter of its own: unchecked."""
        return wrap(self._data)

    @data.setter
    def data(self, value: Tensor) -> None:
        if self._grad_fn is not None and value.dtype.category < dtypes.FLOAT:
            raise RuntimeError(
                "data set to a tensor that requires gradients must be floating point or complex "
                "dtype"
            )
        self._data = value._data
        if type(self._grad_fn) is AccumulateGrad:
            self._grad_fn.hold(value._data)

    def _is_view(self) -> bool:
        return self._view is not None

    @property
    def _base(self) -> Tensor | None:
        return None if self._view is None else self._view.base

    def is_inference(self) -> bool:
        return self._counter is None

    # ------------------------------------------------------------ Python values and NumPy

    def item(self) -> Any:
        """The only element as a Python number.  Raises RuntimeError if there is not exactly one."""
        data = self._data
        if data.size != 1:
            raise errors.not_a_scalar(data.size)
        value = data.item()
        return value if isinstance(value, (bool, int, float, complex)) else float(value)

    def tolist(self) -> Any:
        """The elements as Python numbers in nested lists (a number for a 0-d tensor)."""
        data = backend.move(self._data, "cpu")
        if self.dtype.name == "bfloat16":
            data = data.astype(np.float32)
        return data.tolist()

    def __bool__(self) -> bool:
        if self._data.size != 1:
            raise errors.ambiguous_bool(self._data.size)
        return bool(self._data.item())

    def _only_element(self) -> Any:
        if self._data.size != 1:
            raise errors.not_one_element()
        return self._data.item()

    def _real_number(self, kind: dtypes.dtype) -> Any:
        number = self._only_element()
        if not isinstance(number, complex):
            return number
        if number.imag:
            raise errors.does_not_fit(kind)
        return number.real

    def __int__(self) -> int:
        return int(self._real_number(dtypes.int64))

    def __float__(self) -> float:
        errors.warn_of_lost_history(self, stacklevel=4)
        return float(self._real_number(dtypes.float64))

    def __complex__(self) -> complex:
        errors.warn_of_lost_history(self, stacklevel=4)
        return complex(self._only_element())

    def __index__(self) -> int:
        if self._data.size != 1 or self.dtype.category > dtypes.INTEGER:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._data.item())

    def __len__(self) -> int:
        if self._data.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return int(self._data.shape[0])

    def __iter__(self) -> Any:
        if self._data.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))  # type: ignore[attr-defined]

    def __contains__(self, element: Any) -> bool:
        if not isinstance(element, (Tensor, int, float, complex)):
            raise RuntimeError(
                "Tensor.__contains__ only supports Tensor or scalar, but you passed in a "
                f"{type(element)}."
            )
        return bool((self._data == getattr(element, "_data", element)).any())

    __hash__ = object.__hash__

    def numpy(self, *, force: bool = False) -> Any:
        """The NumPy array that shares this tensor's memory; with `force`, whatever it takes.

        Raises RuntimeError if the tensor requires grad, TypeError if it is not on the CPU.
        """
        if force:
            return backend.move(self._data, "cpu")
        if self.requires_grad:
            raise errors.numpy_on_requires_grad()
        if self.is_cuda:
            raise errors.numpy_on_cuda(self.device)
        if self.dtype.name == "bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self._data

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        array = self.numpy()
        if dtype is not None:
            array = array.astype(dtype, copy=False)
        return array.copy() if copy else array

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        array = np.asarray(array)
        return wrap(array.astype(np.uint8) if array.dtype == np.bool_ else array)

    # ------------------------------------------------------------ copies

    def __reduce_ex__(self, protocol: Any) -> Any:
        from .copying import reduce_ex

        return reduce_ex(self, protocol)

    def __deepcopy__(self, memo: dict[Any, Any]) -> Any:
        from .copying import deepcopy

        return deepcopy(self, memo)

    # ------------------------------------------------------------ text

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        from .printing import tensor_str

        return tensor_str(self)

    def __format__(self, spec: str) -> str:
        from .printing import format_tensor

        return format_tensor(self, spec)

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run `func` as on plain tensors; a subclass gets results of its own class."""
        from .overrides import default_torch_function

        return default_torch_function(cls, func, types, args, kwargs or {})


# Classes without a __torch_function__ of their own; nn.Parameter joins them.
PLAIN: set[type] = {Tensor}


def wrap(array: Any) -> Tensor:
    """A plain tensor around an array (which it shares): no history, no gradient."""
    t: Any = _new(Tensor)
    t._data = array
    t._grad_fn = t._grad = t._view = t._tangent = None
    t._port = 0
    t._counter = [0] if not mode.state & INFERENCE else None
    return t


def wrap_result(result: Any) -> Tensor:
    """A plain tensor around an array or a number; NumPy turns 0-d results into scalars."""
    is_array = hasattr(result, "strides") and not isinstance(result, np.generic)
    return wrap(result if is_array else np.asarray(result))


def adopt(tensor: Tensor, cls: type) -> Any:
    """`tensor`'s memory and history as an object of the subclass `cls`."""
    t: Any = _new(cls)
    for name in ("_data", "_grad_fn", "_grad", "_view", "_tangent", "_port", "_counter"):
        setattr(t, name, getattr(tensor, name))
    return t
