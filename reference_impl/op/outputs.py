"""What an ``out=`` tensor must be: its dtype, and that it lies apart from what is read.

Most elementwise operations cast their result to the dtype of `out` where that loses no category.
Other kernels of PyTorch want one dtype, and each family of them says so in a sentence of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .. import dtypes, errors
from ..layout import shares_elements
from ..storage import lie_apart
from ..tensor import Tensor

# Operations that compute in the dtype of `out`, unless a `dtype` is given: it must be the same.
COMPUTED_IN_OUT = {"cumprod", "cumsum", "mean", "nansum", "prod", "sum"}
# Operations whose `out` may not lie in the memory of an argument at all.
APART = {"cat", "gather", "index_select", "kthvalue", "masked_select", "take"}

_EXPECTED = "Expected out tensor to have dtype {result_c}, but got {out_c} instead"
_FFT = "{name} expects a {kind} output tensor, but got {out}"
_SAFELY = ": Expected {part} to be safely castable from {result} dtype, but got {part} with dtype "
_ALONG = "linalg.{name} expected out tensor dtype {result} but got: {out}"

# Sentence -> the operations that refuse any other dtype with it; ``name:1`` is a second result.
_EXACT = {
    _EXPECTED: (
        "addmm addmv baddbmm bmm cross expand_copy diagonal_copy alias_copy aminmax "
        "as_strided_copy avg_pool3d avg_pool2d linear topk mm view_copy permute_copy "
        "split_with_sizes_copy sort slice_scatter gather index_copy index_add scatter "
        "scatter_add scatter_reduce unbind_copy unfold_copy msort squeeze_copy take_along_dim "
        "unsqueeze_copy transpose_copy tril triu t_copy argmax argmin isin lu_unpack lu_solve "
        "softmax qr triangular_solve svd renorm max min log_softmax norm det cholesky_ex eigh "
        "eigvalsh ldl_factor ldl_factor_ex ldl_solve slogdet vector_norm lu_factor lu_factor_ex "
        "linalg.lu linalg.cholesky inv inv_ex solve solve_ex svdvals diag linalg_cross "
        "linalg_qr linalg_cholesky_ex inverse"
    ),
    "Found dtype {out} but expected {result}": (
        "abs absolute bitwise_not ceil conj_physical frac floor softshrink hardshrink gelu neg "
        "negative round sign sgn trunc fix softplus clamp_to_numbers"
    ),
    "expected scalar type {result} but found {out}": (
        "native_batch_norm logsigmoid solve_triangular linalg_solve_triangular"
    ),
    "expected scalar_type {result} but found {out}": "cummax cummin logcumsumexp",
    "result dtype {out} does not match input dtype {result}": "dot vdot matmul",
    "Expected object of scalar type {result} but got scalar type {out} for argument 'out'": (
        "complex polar"
    ),
    "quantile() out tensor must be same dtype as the input tensor": "quantile nanquantile",
    "torch.histogram: input tensor and hist tensor should have the same dtype, but got input "
    "{result_c} and hist {out_c}": "histogram histc",
    "tensordot: Expected the output tensor to have dtype {result}, but got an output tensor with "
    "dtype {out}": "inner tensordot",
    "Expected the dtype for input and out to match, but got {result} for input's dtype and {out} "
    "for out's dtype.": "amax amin",
    "self and mat2 must have the same dtype, but got {out} and {result}": "addbmm",
    "addmv input tensors must have the same dtype, but got {out}, {result}, and {result}": "mv",
    "torch.frexp() expects mantissa to have dtype {result_c} but got {out_c}": "frexp",
    "torch.frexp() expects exponent to have {result_c} dtype but got {out_c}": "frexp:1",
    "output values must be of same type as input": "kthvalue",
    "output indices must be of scalar type {result}": "kthvalue:1",
    "{name}(): self and result must have the same scalar type": "masked_select index_select",
    "expected scalar type '{result}' but got '{out}' for values output": "mode",
    "expected scalar type '{result}' but got '{out}' for indices output": "mode:1",
    "the output given to float_power has dtype {out} but the operation's result requires dtype "
    "{result}": "float_power",
    "{name} does not support non-boolean outputs.": "signbit isposinf isneginf",
    "nan_to_num: dtype of out: {out} should be same as input: {result}": "nan_to_num",
    "heaviside is not yet implemented for tensors with different dtypes.": "heaviside",
    "take(): self and out expected to have the same dtype, but got self.dtype = {result} and "
    "out.dtype = {out}": "take",
    "multinomial expects {result} tensor out, got: {out}": "multinomial",
    "Expected out type to be {result} but got {out}": "where",
    "nonzero: Expected out tensor to have scalar type {result} but got scalar type{out}": "nonzero",
    "linalg.vecdot: Expected out of dtype{result} but found {out}": "vecdot",
    "multi_dot(): expected out tensor to have dtype {result_c} but got {out_c}": "multi_dot",
    _ALONG: "linalg.norm matrix_norm",
    _FFT.replace("{kind}", "complex"): (
        "fft fft2 fftn ifft ifft2 ifftn rfft rfft2 rfftn ihfft ihfft2 ihfftn"
    ),
    "{name} only supports bool tensor for result, got: {out}": "all any",
}  # fmt: skip

# Sentence -> the operations that cast their result, and say so where that loses a category.
_CAST = {
    _FFT.replace("{kind}", "floating point"): "hfft hfft2 hfftn irfft irfft2 irfftn",
    "torch.cat(): input types can't be cast to the desired output type {out}": (
        "cat concat concatenate column_stack stack hstack vstack dstack row_stack"
    ),
    "{name}" + _SAFELY.format(part="result", result="{result}") + "{out}": (
        "cholesky cholesky_inverse cholesky_solve matrix_power tensorinv tensorsolve linalg.cond "
        "linalg.pinv torch.linalg.householder_product torch.linalg.matrix_rank"
    ),
    "torch.linalg.lstsq" + _SAFELY.format(part="solution", result="{result}") + "{out}": "lstsq",
    "torch.linalg.eig" + _SAFELY.format(part="eigenvalues", result="{result}") + "{out}": "eig",
    "torch.linalg.eig" + _SAFELY.format(part="eigenvectors", result="{result}") + "{out}": "eig:1",
    "torch.linalg.eigvals" + _SAFELY.format(part="eigenvalues", result="{result}") + "{out}": (
        "eigvals"
    ),
    "ldexp can't be cast to the desired output type {out}": "ldexp",
    "logsumexp(): Expected floating point type for result tensor, but got: {out}": "logsumexp",
}  # fmt: skip

_SHOWN = {
    "fft2": "fftn", "ifft2": "fftn", "ifftn": "fftn", "rfft2": "rfftn", "ihfft2": "ihfftn",
    "hfft2": "hfftn", "irfft2": "irfftn",
}  # fmt: skip


def _by_name(table: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Name of an operation -> (sentence, its name there)."""
    found = {}
    for sentence, names in table.items():
        for entry in names.split():
            plain = entry.removeprefix("torch.").removeprefix("linalg.")
            key = f"linalg.{plain}" if entry.startswith("linalg.") else plain
            shown = plain if sentence == _ALONG else _SHOWN.get(entry, entry)
            found[key] = (sentence, shown.removesuffix(":1"))
    return found


_REFUSES = _by_name(_EXACT)
_CASTS = _by_name(_CAST)


def kernel(name: str, values: Sequence[Any]) -> str:
    """The name under which an operation stands in the tables when called with `values`."""
    if name == "abs" and values[0].is_complex():
        return ""
    bounds = values[1:] if name in ("clamp", "clamp_min", "clamp_max") else ()
    if bounds and not any(isinstance(b, Tensor) for b in bounds):
        return "clamp_to_numbers"
    return name


def check_dtype(name: str, position: int, result: Any, out: Any) -> None:
    """Raise RuntimeError if an `out` of dtype `out` cannot take a result of dtype `result`.

    `name` is the operation's, perhaps after its namespace: ``linalg.norm``.
    """
    if result is out:
        return
    plain = name.rpartition(".")[2]
    if plain == "bernoulli":  # zeros and ones fit into any
        return
    exact = _entry(_REFUSES, name, plain, position)
    if exact is not None:
        if plain in ("all", "any") and out is dtypes.uint8:
            return
        sentence, shown = exact
        raise _refusal(sentence, shown, result, out)
    if not dtypes.can_cast(result, out):
        cast = _entry(_CASTS, name, plain, position)
        if cast is None:
            raise errors.cannot_cast_result(result, out)
        sentence, shown = cast
        kind = TypeError if sentence.startswith("torch.cat") else RuntimeError
        raise _refusal(sentence, shown, result, out, kind)


def _entry(table: dict[str, tuple[str, str]], name: str, plain: str, position: int) -> Any:
    for key in (name, plain):
        found = table.get(f"{key}:{position}") or table.get(key)
        if found is not None:
            return found
    return None


def _refusal(
    sentence: str, name: str, result: Any, out: Any, kind: type[Exception] = RuntimeError
) -> Exception:
    return kind(
        sentence.format(
            name=name,
            result=errors.scalar_type(result), out=errors.scalar_type(out),
            result_c=errors.c_type(result), out_c=errors.c_type(out),
        )
    )  # fmt: skip


def computed_in(name: str, dtype: Any, out: Any) -> Any:
    """The dtype that an operation in `COMPUTED_IN_OUT` computes in, for an `out` of dtype `out`.

    Raises RuntimeError if it was called with another one.
    """
    if dtype is not None and dtype is not out:
        raise _refusal(_EXPECTED, name, dtype, out)
    return None if name == "mean" and out.category < dtypes.FLOAT else out


def check_memory(name: str, read: Iterable[Any], written: Any) -> None:
    """Raise RuntimeError if `written` is memory that is read from other places, too.

    Reading and writing the very same elements is refused only by the operations in `APART`, which
    do not wait for `written` to be resized before they refuse elements that share memory, either.
    """
    if name in APART and shares_elements(written):
        raise errors.overlapping_write()
    for array in read:
        itself = name in APART and array is written  # refused even with no element in it
        if itself or (
            type(array) is type(written) and not lie_apart(array, written, name in APART)
        ):
            raise errors.overlapping_input()
