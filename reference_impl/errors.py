"""PyTorch's sentences: one function an error, each returning the exception to raise.

Learners meet these messages and search for them, so they are part of the API.  They live here, so
that a sentence is worded once and found by grep.  Arguments are plain values; dtypes come as
``reference_impl.dtypes.dtype``.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

_warned: set[str] = set()
warn_always = False  # torch.set_warn_always


def warn_once(message: str, stacklevel: int = 3, key: str | None = None) -> None:
    """Warn as PyTorch's C++ does: the first time in a process, and not again.

    Warnings of one `key` count as one; without it, those of the same text.
    """
    key = key or message
    if warn_always or key not in _warned:
        _warned.add(key)
        warnings.warn(message, UserWarning, stacklevel=stacklevel)


def warn_of_lost_history(tensor: Any, stacklevel: int) -> None:
    """The warning, once, when a number leaves a tensor that requires grad while grad is on."""
    from .autograd.grad_mode import is_grad_enabled

    if tensor.requires_grad and is_grad_enabled():
        warn_once(
            "Converting a tensor with requires_grad=True to a scalar may lead to unexpected "
            "behavior.\nConsider using tensor.detach() first.",
            stacklevel,
        )


class _LinAlgError(RuntimeError):
    """A matrix does not allow what was asked of it: singular, not positive-definite, ..."""

    __module__ = "torch._C"  # PyTorch's public name, torch.linalg.LinAlgError, is an alias


LinAlgError = _LinAlgError


# How C++ spells a dtype in a message.
_SCALAR_TYPE = {
    "bool": "Bool", "uint8": "Byte", "int8": "Char", "int16": "Short", "int32": "Int",
    "int64": "Long", "uint16": "UInt16", "uint32": "UInt32", "uint64": "UInt64",
    "float16": "Half", "bfloat16": "BFloat16", "float32": "Float", "float64": "Double",
    "complex64": "ComplexFloat", "complex128": "ComplexDouble",
}  # fmt: skip
_C_TYPE = {
    "Byte": "unsigned char", "Char": "signed char", "Half": "c10::Half", "Float": "float",
    "BFloat16": "c10::BFloat16", "Double": "double", "ComplexFloat": "c10::complex<float>",
    "ComplexDouble": "c10::complex<double>", "Short": "short int", "Long": "long int",
    "UInt16": "short unsigned int", "UInt32": "unsigned int", "UInt64": "long unsigned int",
}  # fmt: skip


def scalar_type(d: Any) -> str:
    """The C++ name of a dtype: Float for torch.float32."""
    return _SCALAR_TYPE[d.name]


def c_type(d: Any) -> str:
    """The C type of a dtype: 'float' for torch.float32, 'unsigned char' for torch.uint8."""
    name = scalar_type(d)
    return _C_TYPE.get(name, name.lower())


def sizes(shape: Sequence[int]) -> str:
    """A shape as C++ prints it: [2, 3]."""
    return "[" + ", ".join(map(str, shape)) + "]"


def type_name(value: Any) -> str:
    """The type as C names it: 'int', 'numpy.ndarray'."""
    kind = type(value)
    return f"numpy.{kind.__name__}" if kind.__module__ == "numpy" else kind.__name__


# ---------------------------------------------------------------- dtypes and conversion


def unsupported_numpy_dtype(storage: Any) -> TypeError:
    kind = storage.type.__name__
    return TypeError(
        f"can't convert np.ndarray of type numpy.{kind}. The only supported types are: float64, "
        "float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, "
        "uint16, uint8, and bool."
    )


# How C++ spells a dtype when a number does not fit into it.
_VALUE_TYPE = {"int8": "int8_t", "int16": "int16_t", "int32": "int", "int64": "int64_t"}
_VALUE_TYPE |= {f"uint{bits}": f"uint{bits}_t" for bits in (8, 16, 32, 64)}


def does_not_fit(d: Any) -> RuntimeError:
    """A number that a fill or an assignment cannot store in dtype `d`."""
    kind = _VALUE_TYPE.get(d.name) or c_type(d)
    return RuntimeError(f"value cannot be converted to type {kind} without overflow")


def invalid_dtype_object(value: Any) -> TypeError:
    return TypeError(
        "invalid dtype object: only floating-point types are supported as the default type"
    )


def default_dtype_must_be_float(d: Any) -> TypeError:
    return TypeError("only floating-point types are supported as the default type")


def finfo_needs_float(d: Any) -> TypeError:
    return TypeError(
        "torch.finfo() requires a floating point input type. Use torch.iinfo to handle "
        "'torch.finfo'"
    )


def iinfo_needs_integer(d: Any) -> TypeError:
    if d.name == "bool":
        return TypeError("torch.bool is not supported by torch.iinfo")
    return TypeError(
        "torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'"
    )


def barebones_unsigned_promotion(a: Any, b: Any) -> RuntimeError:
    return RuntimeError(
        "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
        f"{scalar_type(a)} and {scalar_type(b)}"
    )


def cannot_cast_result(result: Any, desired: Any) -> RuntimeError:
    return RuntimeError(
        f"result type {scalar_type(result)} can't be cast to the desired output type "
        f"{scalar_type(desired)}"
    )


def not_a_scalar(count: int) -> RuntimeError:
    return RuntimeError(f"a Tensor with {count} elements cannot be converted to Scalar")


def not_one_element() -> ValueError:
    return ValueError("only one element tensors can be converted to Python scalars")


def ambiguous_bool(count: int) -> RuntimeError:
    kind = "no values" if count == 0 else "more than one value"
    return RuntimeError(f"Boolean value of Tensor with {kind} is ambiguous")


def not_implemented_for(kernel: str, d: Any) -> RuntimeError:
    """A dtype that PyTorch's kernel does not serve; NotImplementedError is a RuntimeError."""
    return NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_type(d)}'")


def numpy_on_requires_grad() -> RuntimeError:
    return RuntimeError(
        "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
    )


def numpy_on_cuda(device: Any) -> TypeError:
    return TypeError(
        f"can't convert {device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor "
        "to host memory first."
    )


# ---------------------------------------------------------------- arguments


def unsupported_operand(symbol: str, left: Any, right: Any) -> TypeError:
    return TypeError(
        f"unsupported operand type(s) for {symbol}: '{type_name(left)}' and '{type_name(right)}'"
    )


def argument_must_be_tensor(function: str, name: str, position: int, value: Any) -> TypeError:
    return TypeError(
        f"{function}(): argument '{name}' (position {position}) must be Tensor, "
        f"not {type_name(value)}"
    )


def argument_must_be(
    function: str, name: str, position: int | None, expected: str, value: Any
) -> TypeError:
    where = f" (position {position})" if position is not None else ""
    return TypeError(
        f"{function}(): argument '{name}'{where} must be {expected}, not {type_name(value)}"
    )


def missing_arguments(function: str, names: Sequence[str]) -> TypeError:
    quoted = ", ".join(f'"{n}"' for n in names)
    argument = "arguments" if len(names) == 1 else "argument"  # PyTorch's own plurals
    return TypeError(f"{function}() missing {len(names)} required positional {argument}: {quoted}")


def unexpected_keyword(function: str, name: str) -> TypeError:
    return TypeError(f"{function}() got an unexpected keyword argument '{name}'")


def too_many_positional(function: str, expected: int, given: int) -> TypeError:
    plural = "s" if expected != 1 else ""
    were = "was" if given == 1 else "were"
    return TypeError(
        f"{function}() takes {expected} positional argument{plural} but {given} {were} given"
    )


def different_devices(a: Any, b: Any) -> RuntimeError:
    return RuntimeError(
        f"Expected all tensors to be on the same device, but found at least two devices, {a} and "
        f"{b}!"
    )


# ---------------------------------------------------------------- shapes and indices


def size_mismatch(a: Sequence[int], b: Sequence[int]) -> RuntimeError:
    """Two shapes that do not broadcast: names the last dimension that differs."""
    n = max(len(a), len(b))
    left, right = (1,) * (n - len(a)) + tuple(a), (1,) * (n - len(b)) + tuple(b)
    for dim in reversed(range(n)):
        x, y = left[dim], right[dim]
        if x != y and x != 1 and y != 1:
            return RuntimeError(
                f"The size of tensor a ({x}) must match the size of tensor b ({y}) at "
                f"non-singleton dimension {dim}"
            )
    return RuntimeError(f"shapes {sizes(a)} and {sizes(b)} cannot be broadcast together")


def inplace_broadcast(shape: Sequence[int], broadcast: Sequence[int]) -> RuntimeError:
    return RuntimeError(
        f"output with shape {sizes(shape)} doesn't match the broadcast shape {sizes(broadcast)}"
    )


def dim_out_of_range(dim: int, ndim: int) -> IndexError:
    bound = max(ndim, 1)
    return IndexError(
        f"Dimension out of range (expected to be in range of [{-bound}, {bound - 1}], "
        f"but got {dim})"
    )


def index_out_of_bounds(index: int, dim: int, size: int) -> IndexError:
    return IndexError(f"index {index} is out of bounds for dimension {dim} with size {size}")


def place_outside(index: int, count: int) -> IndexError:
    return IndexError(
        f"out of range: tried to access index {index} on a tensor of {count} elements."
    )


def too_many_indices(ndim: int) -> IndexError:
    return IndexError(f"too many indices for tensor of dimension {ndim}")


def index_of_0d() -> IndexError:
    return IndexError(
        "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in "
        "C++ to convert a 0-dim tensor to a number"
    )


def invalid_shape(shape: Sequence[int], count: int) -> RuntimeError:
    return RuntimeError(f"shape '{sizes(shape)}' is invalid for input of size {count}")


def view_incompatible() -> RuntimeError:
    return RuntimeError(
        "view size is not compatible with input tensor's size and stride (at least one dimension "
        "spans across two contiguous subspaces). Use .reshape(...) instead."
    )


def cannot_expand(target: Sequence[int], shape: Sequence[int], dim: int) -> RuntimeError:
    lead = len(target) - len(shape)
    return RuntimeError(
        f"The expanded size of the tensor ({target[dim]}) must match the existing size "
        f"({shape[dim - lead]}) at non-singleton dimension {dim}.  Target sizes: {sizes(target)}. "
        f" Tensor sizes: {sizes(shape)}"
    )


def resized_output(found: Sequence[int], wanted: Sequence[int]) -> str:
    """The warning when an ``out=`` tensor that is not empty has to be resized."""
    return (
        "An output with one or more elements was resized since it had shape "
        f"{sizes(found)}, which does not match the required output shape {sizes(wanted)}. This "
        "behavior is deprecated, and in a future PyTorch release outputs will not be resized "
        "unless they have zero elements. You can explicitly reuse an out tensor t by resizing it, "
        "inplace, to zero elements with t.resize_(0)."
    )


def expand_too_few(d: Any, shape: Sequence[int], target: Sequence[int]) -> RuntimeError:
    return RuntimeError(
        f"expand(torch.{scalar_type(d)}Tensor{{{sizes(shape)}}}, size={sizes(target)}): the number "
        f"of sizes provided ({len(target)}) must be greater or equal to the number of dimensions "
        f"in the tensor ({len(shape)})"
    )


def expand_leading(size: int, dim: int) -> RuntimeError:
    return RuntimeError(
        f"The expanded size of the tensor ({size}) isn't allowed in a leading, non-existing "
        f"dimension {dim}"
    )


def overlapping_input() -> RuntimeError:
    return RuntimeError(
        "unsupported operation: some elements of the input tensor and the written-to tensor refer "
        "to a single memory location. Please clone() the tensor before performing the operation."
    )


def overlapping_write() -> RuntimeError:
    return RuntimeError(
        "unsupported operation: more than one element of the written-to tensor refers to a single "
        "memory location. Please clone() the tensor before performing the operation."
    )


def degrees_of_freedom(name: str) -> str:
    """The warning of a variance of too few numbers."""
    return (
        f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the "
        "reduction factor (input numel divided by output numel)."
    )


# ---------------------------------------------------------------- autograd


def freed_buffers() -> RuntimeError:
    return RuntimeError(
        "Trying to backward through the graph a second time (or directly access saved tensors "
        "after they have already been freed). Saved intermediate values of the graph are freed "
        "when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to "
        "backward through the graph a second time or if you need to access saved tensors after "
        "calling backward."
    )


_HINT = (
    "enable anomaly detection to find the operation that failed to compute its gradient, with "
    "torch.autograd.set_detect_anomaly(True, check_nan=False)."
)
_HINT_WHEN_WATCHED = (
    "the backtrace further above shows the operation that failed to compute its gradient. The "
    "variable in question was changed in there or anywhere later. Good luck!"
)


def modified_in_place(
    d: Any, shape: Sequence[int], source: str, version: int, expected: int, cuda: bool
) -> RuntimeError:
    """A saved value was changed; `source` says where it came from, '' for a leaf."""
    from .autograd.grad_mode import ANOMALY, mode

    watched = mode.state & ANOMALY
    where = f"{source}," if source else ""
    kind = f"torch.{'cuda.' if cuda else ''}{scalar_type(d)}Tensor"
    return RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: [{kind} {sizes(shape)}]{where} is at version {version}; expected version "
        f"{expected} instead. Hint: " + (_HINT_WHEN_WATCHED if watched else _HINT)
    )


def leaf_in_place() -> RuntimeError:
    return RuntimeError(
        "a leaf Variable that requires grad is being used in an in-place operation."
    )


def leaf_marked_dirty() -> RuntimeError:
    return RuntimeError(
        "a leaf Variable that requires grad has been used in an in-place operation."
    )


def view_of_leaf_in_place() -> RuntimeError:
    return RuntimeError(
        "a view of a leaf Variable that requires grad is being used in an in-place operation."
    )


_AMBIGUOUS = (
    "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your "
    "code by moving both the view and the inplace either both inside the {} block (if you don't "
    "want the inplace to be tracked) or both outside (if you want the inplace to be tracked)."
)
_WHY_NOT = {
    "no_grad": _AMBIGUOUS.format("no_grad"),
    "inference": _AMBIGUOUS.format("inference_mode"),
    "several": (
        "This view is the output of a function that returns multiple views. Such functions do not "
        "allow the output views to be modified inplace. You should replace the inplace operation "
        "by an out-of-place one."
    ),
    "custom": (
        "This view was created inside a custom Function (or because an input was returned as-is) "
        "and the autograd logic to handle view+inplace would override the custom backward "
        "associated with the custom Function, leading to incorrect gradients. This behavior is "
        "forbidden. You can fix this by cloning the output of the custom Function."
    ),
}


def view_must_not_change(kind: str, port: int, node: str | None, base: bool) -> RuntimeError:
    """A view of this kind was changed in place or, with `base`, its base was.

    `node` is the name of the node whose output `port` it is; None if nothing was recorded.
    """
    what = "its base or another view of its base has been" if base else "is being"
    inference = kind == "inference"
    made = "inference mode" if inference else "no_grad mode"
    where = "in normal mode" if inference else "with grad mode enabled"
    if node is None:
        said = f"A view was created in {made} and {what} modified inplace {where}."
    elif kind in ("no_grad", "inference"):
        said = f"Output {port} of {node} is a view of a view which was created in {made} and "
        said += f"{what} modified inplace {where}."
    else:
        said = f"Output {port} of {node} is a view and {what} modified inplace."
    return RuntimeError(f"{said} {_WHY_NOT[kind]}")


def inference_in_place() -> RuntimeError:
    return RuntimeError(
        "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a "
        "clone to get a normal tensor before doing inplace update.See "
        "https://github.com/pytorch/rfcs/pull/17 for more details."
    )


def inference_saved() -> RuntimeError:
    return RuntimeError(
        "Inference tensors cannot be saved for backward. Please do not use Tensors created in "
        "inference mode in computation tracked by autograd. To work around this, you can make a "
        "clone to get a normal tensor and use it in autograd, or use `torch.no_grad()` instead of "
        "`torch.inference_mode()`."
    )


def inference_requires_grad() -> RuntimeError:
    return RuntimeError(
        "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed."
    )


def not_scalar_backward() -> RuntimeError:
    return RuntimeError("grad can be implicitly created only for scalar outputs")


def not_real_backward(d: Any) -> RuntimeError:
    return RuntimeError(
        f"grad can be implicitly created only for real scalar outputs but got torch.{d.name}"
    )


def no_graph(index: int) -> RuntimeError:
    return RuntimeError(
        f"element {index} of tensors does not require grad and does not have a grad_fn"
    )


def non_leaf_flag() -> RuntimeError:
    return RuntimeError(
        "you can only change requires_grad flags of leaf variables. If you want to use a computed "
        "variable in a subgraph that doesn't require differentiation use var_no_grad = "
        "var.detach()."
    )


def deepcopy_of_non_leaf() -> RuntimeError:
    return RuntimeError(
        "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol "
        "at the moment.  If you were attempting to deepcopy a module, this may be because of a "
        "torch.nn.utils.weight_norm usage, see https://github.com/pytorch/pytorch/pull/103001"
    )


def integers_have_no_gradient() -> RuntimeError:
    return RuntimeError("only Tensors of floating point dtype can require gradients")


def grad_shape_mismatch(index: int, grad: Any, output: Any) -> RuntimeError:
    return RuntimeError(
        f"Mismatch in shape: grad_output[{index}] has a shape of {grad} and output[{index}] has a "
        f"shape of {output}."
    )


def grad_not_used(index: int) -> RuntimeError:
    return RuntimeError(
        f"The differentiated Tensor at index {index} appears to not have been used in the graph. "
        "Set allow_unused=True if this is the desired behavior."
    )


def differentiated_needs_grad() -> RuntimeError:
    return RuntimeError("One of the differentiated Tensors does not require grad")


def invalid_gradient(node: str, index: int, reason: str) -> RuntimeError:
    return RuntimeError(f"Function {node} returned an invalid gradient at index {index} - {reason}")


def assigned_grad_type(value: Any) -> TypeError:
    return TypeError(
        f"assigned grad expected to be a Tensor or None but got grad of type {type_name(value)}"
    )


def assigned_grad_shape(grad: Sequence[int], shape: Sequence[int]) -> RuntimeError:
    return RuntimeError(
        f"attempting to assign a gradient of size '{sizes(grad)}' to a tensor of size "
        f"'{sizes(shape)}'. Please ensure that the gradient and the tensor are the same size"
    )


def assigned_grad_dtype(grad: Any, d: Any) -> RuntimeError:
    return RuntimeError(
        f"attempting to assign a gradient with dtype '{c_type(grad)}' to a tensor with grad_dtype "
        f"'{scalar_type(d)}'. The gradient must match the tensor's grad_dtype (defaults to the "
        "tensor's dtype). You can set the tensor's grad_dtype attribute with a specific dtype, or "
        "None to allow any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor "
        "and its gradient may break downstream systems that assume they match."
    )


T_WARNING = (
    "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated "
    "and it will throw an error in a future release. Consider `x.mT` to transpose batches of "
    "matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a "
    "tensor."
)
SCATTER_REDUCE_WARNING = (
    "The reduce argument of torch.scatter with Tensor src is deprecated and will be removed in a "
    "future PyTorch release. Use torch.scatter_reduce instead for more reduction options."
)
NON_LEAF_GRAD_WARNING = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad "
    "attribute won't be populated during autograd.backward(). If you indeed want the .grad field "
    "to be populated for a non-leaf Tensor, use .retain_grad() on the non-leaf Tensor. If you "
    "access the non-leaf Tensor by mistake, make sure you access the leaf Tensor instead. See "
    "github.com/pytorch/pytorch/pull/30531 for more information."
)
CREATE_GRAPH_WARNING = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter "
    "and its gradient which can cause a memory leak. We recommend using autograd.grad when "
    "creating the graph to avoid this. If you have to use this function, make sure to reset the "
    ".grad fields of your parameters to None after use to break the cycle and avoid the leak."
)


def matrices_do_not_fit(a: Sequence[int], b: Sequence[int]) -> RuntimeError:
    return RuntimeError(
        f"mat1 and mat2 shapes cannot be multiplied ({a[0]}x{a[1]} and {b[0]}x{b[1]})"
    )


def grad_dtype_mismatch(index: int, grad: Any, output: Any) -> RuntimeError:
    return RuntimeError(
        "For complex Tensors, both grad_output and output are required to have the same dtype. "
        f"Mismatch in dtype: grad_output[{index}] has a dtype of {grad} and output[{index}] has a "
        f"dtype of {output}."
    )


COMPLEX_TO_REAL_WARNING = "Casting complex values to real discards the imaginary part"
