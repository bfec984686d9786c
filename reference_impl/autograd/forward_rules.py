"""Forward rules of the few operations that the transpose of the reverse rule does not serve.

A rule gets the operation, the tangents of the arguments (None for what has none), the arguments and
the results, and returns the tangent of the result, a tuple of tangents, or NotImplemented where the
transpose will do.

Operations that PyTorch does not differentiate in forward mode are listed too: they raise its error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..op import Op

Rule = Callable[[Any, Any, Any, Any], Any]
_RULES: dict[str, Rule] = {}
# Operations without forward mode in PyTorch, and what its error calls them.
_REFUSED = {
    "cdist": "_cdist_forward",
    "cholesky": "cholesky",
    "ctc_loss": "_ctc_loss",
    "embedding_bag": "_embedding_bag",
    "euclidean_dist": "_euclidean_dist",
    "grid_sampler_2d": "grid_sampler_2d",
    "grid_sampler_3d": "grid_sampler_3d",
    "index_reduce": "index_reduce",
    "mkldnn_rnn_layer": "mkldnn_rnn_layer",
    "multi_margin_loss": "multi_margin_loss",
    "multilabel_margin_loss": "multilabel_margin_loss_forward",
    "ormqr": "ormqr",
    "pdist": "_pdist_forward",
    "scaled_dot_product_flash_attention_for_cpu": "_scaled_dot_product_flash_attention_for_cpu",
    "soft_margin_loss": "soft_margin_loss_backward",
}


def rule_of(op: Op) -> Rule | None:
    """The forward rule of an operation, if it has one of its own.

    Raises NotImplementedError for an operation that PyTorch does not differentiate in forward mode.
    """
    if op.name in _REFUSED:
        raise refused(_REFUSED[op.name])
    return _RULES.get(op.name)


def refused(name: str) -> NotImplementedError:
    return NotImplementedError(
        f"Trying to use forward AD with {name} that does not support it because it has not been "
        "implemented yet.\nPlease file an issue to PyTorch at "
        "https://github.com/pytorch/pytorch/issues/new?template=feature-request.yml so that we can "
        "prioritize its implementation or submit a PR adding the implementation to derivatives.yaml"
    )


def _rule(*names: str) -> Callable[[Rule], Rule]:
    def declare(function: Rule) -> Rule:
        for name in names:
            _RULES[name] = function
        return function

    return declare


@_rule("linalg_cholesky_ex")
def _cholesky(op: Op, tangents: Any, values: Any, results: Any) -> Any:
    """L Φ(L^-1 dA L^-H), where Φ takes the lower triangle and halves the diagonal.

    dA need not be Hermitian: the transpose of the reverse rule would make it so.
    """
    from ..linalg import solve_triangular

    upper, factor = values[1], results[0]
    lower = factor.mH if upper else factor
    inner = solve_triangular(lower, tangents[0], upper=False)
    inner = solve_triangular(lower.mH, inner, upper=True, left=False)
    half = inner.tril(-1) + 0.5 * inner.diagonal(0, -2, -1).diag_embed(0, -2, -1)
    tangent = lower @ half
    return tangent.mH if upper else tangent, None


@_rule("triangular_solve")
def _triangular_solve(op: Op, tangents: Any, values: Any, results: Any) -> Any:
    """A^-1 (dB - dA X); PyTorch takes all of dA, not its triangle alone."""
    from ..linalg.triangular import triangular_solve
    from ..ops.create import zeros_like

    _, matrix, upper, transpose, unitriangular = values
    moved, turned = tangents[0], tangents[1]
    if moved is None:
        moved = zeros_like(results[0])
    if turned is not None:
        product = (turned.mH if transpose else turned) @ results[0]
        moved = moved - product
    solution = triangular_solve(moved, matrix, upper, transpose, unitriangular)[0]
    return solution, turned


@_rule("logcumsumexp")
def _logcumsumexp(op: Op, tangents: Any, values: Any, results: Any) -> Any:
    """The running sum of tangent · exp(self) over that of exp(self), on the scale of logarithms."""
    from ..ops.cumulative import logcumsumexp

    (tangent, _), (self, dim), result = tangents, values, results[0]
    if self.is_complex():
        return (logcumsumexp(self + tangent.log(), dim) - result).exp()
    gains = logcumsumexp(self + tangent.clamp(min=0).log(), dim)
    losses = logcumsumexp(self + (-tangent).clamp(min=0).log(), dim)
    return (gains - result).exp() - (losses - result).exp()


@_rule("index_copy", "index_put", "max_unpool", "scatter")
def _placed(op: Op, tangents: Any, values: Any, results: Any) -> Any:
    """Tangents are put where the numbers go: of several for one place, the same one wins."""
    from ..op import invoke
    from ..ops.create import zeros_like

    if op.name == "scatter" and len(values) > 4 and values[4] is not None:
        return NotImplemented  # with a reduction
    moved = list(values)
    for at in op.diff:
        tangent = tangents[at]
        if tangent is None:
            tangent = zeros_like(values[at])
        moved[at] = tangent
    for at, value in enumerate(values):
        if isinstance(value, (int, float, complex)) and op.params[at] in ("src", "value"):
            moved[at] = 0
    return invoke(op, moved)


@_rule("embedding")
def _embedding(op: Op, tangents: Any, values: Any, results: Any) -> Any:
    """The rows of the tangent, that of the padding too, though it gets no gradient."""
    if len(values) == 4:  # the backward pass's own gradient
        return NotImplemented
    indices = values[1]
    return tangents[0].index_select(0, indices.reshape(-1)).reshape(results[0].shape)
