"""What the functions of ``torch.linalg`` ask of their arguments: one function a check.

All take bare arrays (or tensors) and raise RuntimeError in PyTorch's words.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes, errors


def scalar_type(a: Any) -> str:
    """The C++ name of an array's or a tensor's dtype."""
    return errors.scalar_type(a.dtype if isinstance(a.dtype, dtypes.dtype) else dtypes.of(a.dtype))


def category(a: Any) -> int:
    return (a.dtype if isinstance(a.dtype, dtypes.dtype) else dtypes.of(a.dtype)).category


def check_floating(name: str, a: Any, *, low_precision: bool = True) -> None:
    """Raises RuntimeError for integers, and for half precision unless `low_precision`."""
    if category(a) < dtypes.FLOAT:
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {scalar_type(a)}"
        )
    if not low_precision and a.dtype.itemsize == 2:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {scalar_type(a)}")


def check_served(kernel: str, a: Any) -> None:
    """Raises NotImplementedError for integers and half precision, which LAPACK does not serve."""
    if a.dtype.itemsize == 2 or category(a) < dtypes.FLOAT:
        raise errors.not_implemented_for(kernel, dtypes.of(a.dtype))


def check_matrix(name: str, a: Any, argument: str = "A") -> None:
    """Raises RuntimeError for fewer than two dimensions."""
    if a.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor {argument} must have at least 2 dimensions.")


def check_square(name: str, a: Any, argument: str = "A") -> None:
    """Raises RuntimeError unless `a` holds square matrices."""
    check_matrix(name, a, argument)
    n, m = a.shape[-2:]
    if n != m:
        raise RuntimeError(
            f"{name}: {argument} must be batches of square matrices, but they are {n} by {m} "
            "matrices"
        )


def check_system(name: str, a: Any, b: Any, left: bool) -> None:
    """Raises RuntimeError unless A X = B (or X A = B) makes sense for matrices."""
    check_square(name, a)
    check_matrix(name, b, "B")
    if a.shape[-2] != b.shape[-2 if left else -1]:
        (n, m), (p, q) = a.shape[-2:], b.shape[-2:]
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {'AX' if left else 'XA'} = B "
            f"({n}x{m} and {p}x{q})"
        )


def check_same_dtype(name: str, a: Any, b: Any) -> None:
    """Raises RuntimeError if A and B differ in dtype."""
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"{name}: Expected A and B to have the same dtype, but found A of type "
            f"{scalar_type(a)} and B of type {scalar_type(b)} instead"
        )


def broadcast_batch(a: Any, b: Any) -> tuple[int, ...]:
    """The batch dimensions of two stacks of matrices together; raises RuntimeError."""
    try:
        return np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        raise errors.size_mismatch(a.shape[:-2], b.shape[:-2]) from None


def is_vector(a_shape: Any, b_shape: Any) -> bool:
    """Whether PyTorch takes B as (a batch of) vectors rather than matrices."""
    a_shape, b_shape = tuple(a_shape), tuple(b_shape)
    return len(b_shape) == 1 or (len(a_shape) - 1 == len(b_shape) and b_shape == a_shape[:-1])


def first_failure(info: Any) -> tuple[int, str] | None:
    """(LAPACK's info, "(Batch element 1): ") of the first matrix that failed, or None."""
    while hasattr(info, "_value"):  # under vmap: the whole batch
        info = info._value
    data = getattr(info, "_data", info)
    if not data.any():
        return None
    flat = data.reshape(-1)
    at = int((flat != 0).argmax())
    return int(flat[at]), f"(Batch element {at}): " if data.ndim else ""


def check_singular(name: str, info: Any, inversion: bool = False) -> None:
    """Raises LinAlgError if a factorisation met a zero on the diagonal."""
    failure = first_failure(info)
    if failure is None:
        return
    number, batch = failure
    if inversion:
        raise errors.LinAlgError(
            f"{name}: {batch}The diagonal element {number} is zero, the inversion could not be "
            "completed because the input matrix is singular."
        )
    raise errors.LinAlgError(
        f"torch.{name}: {batch}The solver failed because the input matrix is singular."
    )
