"""Losses of predictions that are scores of classes, and margins between pairs and triplets."""

from __future__ import annotations

from typing import Any

from ... import errors
from ...op import PUBLIC, composite, op
from ...op.autocasts import autocasts
from ...ops.fused import fused
from ...ops.rules import refuse_grad, serving
from ...tensor import Tensor, wrap, wrap_result
from .activation import log_softmax, logsigmoid
from .distance import pairwise_distance
from .loss import check_reduction, reduced, reduced_tensor

_private: dict[str, Any] = {"method": False, "function": False}


# ---------------------------------------------------------------- negative log-likelihood


def _data(x: Any) -> Any:
    return getattr(x, "_data", x)


def _class_dim(ndim: int) -> int:
    return 0 if ndim == 1 else 1


def _shares(xp: Any, target: Any, weight: Any, ignore_index: int, dtype: Any) -> Any:
    """(classes, their weights, which count) of the targets; None where all count (the same)."""
    kept = target != ignore_index
    if bool(kept.all()):
        return target, None if weight is None else weight[target], None
    at = xp.where(kept, target, 0)
    return at, kept.astype(dtype) if weight is None else xp.where(kept, weight[at], 0), kept


def _nll_rule(
    grad: Any, self_shape: Any, self_dtype: Any, target: Any, weight: Any, reduction: str,
    ignore_index: int,
) -> Any:  # fmt: skip
    """-weight where the target is; by the total weight for a mean."""
    from ...backend import xp_of

    target, weight = _data(target), _data(weight)
    xp = xp_of(target)
    at, share, kept = _shares(xp, target, weight, ignore_index, self_dtype)
    total = self_dtype.type(at.size) if share is None else share.sum()
    share = self_dtype.type(1) if share is None else share
    share = share / total if reduction == "mean" else share
    at, share = at.astype("int64", copy=False), xp.negative(share)
    if isinstance(grad, Tensor):
        kept = None if kept is None else wrap(kept)
        return _placed(grad * wrap_result(share), wrap(at), kept, self_shape)
    return _placed.op.forward(xp, grad * share, at, kept, self_shape)


@op(self=lambda grad, at, kept: _picked(grad, at, kept), **_private)
def _placed(xp, self, at, kept, shape):
    """Zeros of `shape`, with a number put at the class `at` of each element that is `kept`."""
    out = xp.zeros(shape, self.dtype)
    out[_index(xp, at, len(shape))] = self if kept is None else xp.where(kept, self, 0)
    return out


@op(self=lambda grad, self_shape, at, kept: _placed(grad, at, kept, self_shape), **_private)
def _picked(xp, self, at, kept):
    """The number at the class `at` of each element that is `kept`, 0 for the others."""
    found = self[_index(xp, at, self.ndim)]
    return found if kept is None else xp.where(kept, found, self.dtype.type(0))


def _index(xp: Any, at: Any, ndim: int) -> Any:
    """What picks the class `at` of each element, among `ndim` dimensions."""
    if ndim == 1:
        return (at,)
    if ndim == 2:
        return xp.arange(len(at)), at
    first, *rest = xp.ogrid[tuple(slice(n) for n in at.shape)]
    return first, at, *rest


def _nll(xp: Any, self: Any, target: Any, weight: Any, reduction: str, ignore_index: int) -> Any:
    at, share, kept = _shares(xp, target, weight, ignore_index, self.dtype)
    if at.size and not (at.min() >= 0 and at.max() < self.shape[_class_dim(self.ndim)]):
        outside = (at < 0) | (at >= self.shape[_class_dim(self.ndim)])
        raise IndexError(f"Target {int(at[outside].reshape(-1)[0])} is out of bounds.")
    losses = -_picked.op.forward(xp, self, at, kept)
    if share is not None:
        losses = losses * share
    if reduction == "mean":
        return losses.sum() / (self.dtype.type(at.size) if share is None else share.sum())
    return reduced(xp, losses, reduction)


@op(self=_nll_rule, name="nll_loss", prepare=serving("nll_loss_out_frame"), **_private)
def _nll_loss(xp, self, target, weight, reduction, ignore_index):
    return _nll(xp, self, target, weight, reduction, ignore_index)


@op(
    self=_nll_rule, name="nll_loss2d", node="NllLoss2DBackward0",
    prepare=serving("nll_loss2d_forward_out_frame"), **_private,
)  # fmt: skip
def _nll_loss2d(xp, self, target, weight, reduction, ignore_index):
    return _nll(xp, self, target, weight, reduction, ignore_index)


def _check_nll(input: Any, target: Any, weight: Any) -> None:
    if input.ndim <= 2 and target.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if target.dtype.name not in ("int64", "uint8"):
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {errors.scalar_type(target.dtype)}"
        )
    if input.ndim == 1 and target.ndim == 1 and target.shape[0] != 1:
        raise ValueError(
            f"For 1D input, 1D target must have size 1, but got target size: {target.shape[0]}"
        )
    classes = input.shape[_class_dim(input.ndim)]
    if weight is not None and weight.numel() != classes:
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but "
            f"got weight tensor of shape: {errors.sizes(weight.shape)}"
        )


def nll_loss(
    input: Any, target: Any, weight: Any = None, size_average: Any = None,
    ignore_index: int = -100, reduce: Any = None, reduction: str = "mean",
) -> Any:  # fmt: skip
    """Minus the log-probability of the target class, times its weight; classes in dimension 1."""
    reduction = check_reduction(reduction, size_average, reduce)
    if input.ndim == 0:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if input.ndim > 1 and input.shape[0] != target.shape[0]:
        raise ValueError(
            f"Expected input batch_size ({input.shape[0]}) to match target batch_size "
            f"({target.shape[0]})."
        )
    _check_nll(input, target, weight)
    refuse_grad("nll_loss_forward" if input.ndim < 3 else "nll_loss2d_forward", weight=weight)
    settings = (weight, reduction, ignore_index)
    if input.ndim <= 2:
        return _nll_loss(input, target, *settings)
    if input.ndim == 4:
        if list(target.shape[1:]) != list(input.shape[2:]):
            raise RuntimeError(
                f"size mismatch (got input: {errors.sizes(input.shape)} , target: "
                f"{errors.sizes(target.shape)}"
            )
        return _nll_loss2d(input, target, *settings)
    n, classes, *rest = input.shape
    if list(target.shape[1:]) != rest:
        raise RuntimeError(
            f"Expected target size {errors.sizes([n, *rest])}, got {errors.sizes(target.shape)}"
        )
    count = 1
    for r in rest:
        count *= r
    folded = input.contiguous().view(n, classes, 1, count)
    losses = _nll_loss2d(folded, target.contiguous().view(n, 1, count), *settings)
    return losses.view(n, *rest) if reduction == "none" else losses


@autocasts("cross_entropy_loss")
def cross_entropy(
    input: Any, target: Any, weight: Any = None, size_average: Any = None,
    ignore_index: int = -100, reduce: Any = None, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """``nll_loss`` of the log-softmax of scores; the target may hold probabilities of classes."""
    reduction = check_reduction(reduction, size_average, reduce)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")
    dim = _class_dim(input.ndim)
    if input.shape == target.shape:
        return _of_probabilities(input, target, weight, reduction, label_smoothing, ignore_index)
    scores = log_softmax(input, dim)
    nll = nll_loss(scores, target, weight, None, ignore_index, None, reduction)
    if label_smoothing == 0:
        return nll
    smooth = _smooth(scores, target, weight, reduction, ignore_index)
    return _mixed(nll, smooth, label_smoothing, input.shape[dim])


@composite(native=True, **_private)
def _mixed(nll: Any, smooth: Any, smoothing: float, classes: int) -> Any:
    return nll * (1 - smoothing) + smooth * (smoothing / classes)


def _along(weight: Any, ndim: int) -> Any:
    """Class weights in a shape that broadcasts with scores."""
    dim = _class_dim(ndim)
    return weight.view([-1 if d == dim else 1 for d in range(ndim)])


@composite(native=True, **_private)
def _of_probabilities(
    input: Any, target: Any, weight: Any, reduction: str, smoothing: float, ignore_index: int
) -> Any:
    if not target.is_floating_point():
        raise RuntimeError(
            "Expected floating point type for target with class probabilities, got "
            + errors.scalar_type(target.dtype)
        )
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    dim = _class_dim(input.ndim)
    scores = log_softmax(input, dim)
    classes = input.shape[dim]
    if smoothing > 0:
        target = target * (1 - smoothing) + smoothing / classes
    losses = scores * target
    if weight is not None:
        losses = losses * _along(weight, input.ndim)
    if reduction == "none":
        return -losses.sum(dim)
    if reduction == "sum":
        return -losses.sum()
    return -losses.sum() / (max(input.numel() // classes, 1) if input.numel() else 0)


def _smooth(scores: Any, target: Any, weight: Any, reduction: str, ignore_index: int) -> Any:
    """The loss towards the uniform distribution, of the targets that are not ignored."""
    dim = _class_dim(scores.ndim)
    weighted = scores if weight is None else scores * _along(weight, scores.ndim)
    ignored = target == ignore_index
    losses = (-weighted.sum(dim)).masked_fill(ignored, 0.0)
    if reduction != "mean":
        return reduced_tensor(losses, reduction)
    if weight is None:
        return losses.sum() / (~ignored).sum()
    return losses.sum() / weight.gather(0, target.masked_select(~ignored).flatten()).sum()


def linear_cross_entropy(
    input: Any, linear_weight: Any, target: Any, *, linear_bias: Any = None, weight: Any = None,
    reduction: str = "mean", ignore_index: int | None = None, label_smoothing: float = 0.0,
    options: Any = None,
) -> Any:  # fmt: skip
    """``cross_entropy`` of a linear layer's output."""
    from .linear import linear

    _check_linear_cross_entropy(input, linear_weight, linear_bias)
    classes, *features = linear_weight.shape[:-1]
    logits_shape = (*input.shape[:-1], classes, *features)
    if tuple(target.shape) == logits_shape and ignore_index is not None:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    if features:
        linear_weight = linear_weight.reshape(-1, linear_weight.shape[-1])
        linear_bias = None if linear_bias is None else linear_bias.reshape(-1)
    logits = linear(input, linear_weight, linear_bias).reshape(logits_shape)
    ignored = -100 if ignore_index is None else ignore_index
    return cross_entropy(
        logits, target, weight, ignore_index=ignored, reduction=reduction,
        label_smoothing=label_smoothing,
    )  # fmt: skip


def _check_linear_cross_entropy(input: Any, weight: Any, bias: Any) -> None:
    if not 1 <= input.ndim <= 2:
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {input.ndim}")
    if weight.ndim < 2:
        raise RuntimeError(
            f"expected linear_weight with dimensionality at least 2, got {weight.ndim}"
        )
    if input.shape[-1] != weight.shape[-1]:
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), got "
            f"{input.shape[-1]} and {weight.shape[-1]}, respectively"
        )
    outside = tuple(weight.shape[:-1])
    if bias is not None and tuple(bias.shape) != outside:
        raise RuntimeError(f"expected linear_bias shape {outside}, got {tuple(bias.shape)}")
    if len(outside) > 1 and input.ndim == 1:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {tuple(weight.shape)} requires "
            f"batched input, (N, {input.shape[-1]}), got unbatched input with shape "
            f"{tuple(input.shape)}"
        )


# ---------------------------------------------------------------- margins between classes


@fused(
    "self", name="multi_margin_loss",
    prepare=serving("multi_margin_loss_cpu_kernel", halves=False),
)  # fmt: skip
def _multi_margin_loss(self, target, p, margin, weight, reduction):
    scores = self if self.ndim == 2 else self.reshape(1, -1)
    index = target.reshape(-1, 1)
    gaps = (margin - scores.gather(1, index) + scores).clamp(min=0)
    losses = gaps if p == 1 else gaps * gaps
    if weight is not None:
        losses = losses * weight[index]
    losses = losses.scatter(1, index, 0.0).sum(1) / scores.shape[1]
    return reduced_tensor(losses.reshape(target.shape), reduction)


def _check_margin_input(input: Any) -> None:
    shape = input.shape
    if not (len(shape) == 2 and shape[1]) and not (len(shape) == 1 and shape[0]) and len(shape):
        raise RuntimeError(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
            + errors.sizes(shape)
        )


def multi_margin_loss(
    input: Any, target: Any, p: int = 1, margin: float = 1.0, weight: Any = None,
    size_average: Any = None, reduce: Any = None, reduction: str = "mean",
) -> Any:  # fmt: skip
    """How far the scores of other classes come within `margin` of the target's, averaged."""
    reduction = check_reduction(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    _check_margin_input(input)
    n = input.shape[0] if input.ndim == 2 else 1
    if target.ndim > 1 or target.numel() != n:
        raise RuntimeError(
            "multi_margin_loss: The size of input tensor and target tensor should be such that the "
            "target tensor should be 1-D with size equal to the batch size of the input. "
            f"Expected target size [{n}], but got {errors.sizes(target.shape)}"
        )
    classes = input.shape[-1] if input.ndim else 1
    if weight is not None and weight.numel() != classes:
        raise RuntimeError(
            f"inconsistent weight size, expected {classes} but got {errors.sizes(weight.shape)}"
        )
    if target.dtype.name != "int64":
        raise RuntimeError(
            f"expected scalar type Long but found {errors.scalar_type(target.dtype)}"
        )
    return _multi_margin_loss(input, target, p, margin, weight, reduction)


@fused(
    "self", name="multilabel_margin_loss",
    prepare=serving("multilabel_margin_loss_forward_out_frame", halves=False),
)  # fmt: skip
def _multilabel_margin_loss(self, target, reduction):
    shape = self.shape
    scores = self.reshape(-1, shape[-1]) if self.ndim else self.reshape(1, 1)
    target = target.reshape(scores.shape)
    listed = (target >= 0).cumprod(1).bool()  # labels up to the first -1
    index = target.clamp(min=0)
    labels = PUBLIC["zeros_like"](scores.detach()).scatter_add(1, index, listed.to(scores.dtype))
    gaps = (1 - scores.gather(1, index).unsqueeze(2) + scores.unsqueeze(1)).clamp(min=0)
    counted = listed.unsqueeze(2) & (labels == 0).unsqueeze(1)
    losses = (gaps * counted).sum((1, 2)) / scores.shape[1]
    losses = losses if self.ndim == 2 else losses.reshape(())
    return reduced_tensor(losses, reduction)


def multilabel_margin_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """``multi_margin_loss`` with several targets each, listed up to the first -1."""
    reduction = check_reduction(reduction, size_average, reduce)
    _check_margin_input(input)
    if tuple(target.shape) != tuple(input.shape):
        raise RuntimeError(
            f"inconsistent target size: {errors.sizes(target.shape)} for input of size: "
            f"{errors.sizes(input.shape)}"
        )
    return _multilabel_margin_loss(input, target, reduction)


def multilabel_soft_margin_loss(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """``binary_cross_entropy_with_logits``, averaged over the classes in the last dimension."""
    if size_average is not None or reduce is not None:
        reduction = check_reduction(reduction, size_average, reduce)
    losses = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        losses = losses * weight
    dim = input.ndim - 1
    losses = losses.sum(dim) / input.shape[dim]
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(reduction + " is not valid")
    return reduced_tensor(losses, reduction)


# ---------------------------------------------------------------- pairs and triplets


@autocasts("hinge_embedding_loss")
def hinge_embedding_loss(
    input: Any, target: Any, margin: float = 1.0, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """Distances of similar pairs (target 1), and what others (-1) lack to `margin`."""
    reduction = check_reduction(reduction, size_average, reduce)
    gap = PUBLIC["full"]((), margin, dtype=input.dtype, device=input.device) - input
    apart = PUBLIC["where"](target != 1, gap.clamp_min(0), 0)
    together = PUBLIC["where"](target != -1, input, 0)
    return reduced_tensor(apart + together, reduction)


@autocasts("margin_ranking_loss")
def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean",
) -> Any:  # fmt: skip
    """What the higher-ranked of two (the first for target 1) lacks to `margin` above the other."""
    reduction = check_reduction(reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    return reduced_tensor((-target * (input1 - input2) + float(margin)).clamp_min(0), reduction)


@autocasts("cosine_embedding_loss")
def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0, size_average: Any = None,
    reduce: Any = None, reduction: str = "mean",
) -> Any:  # fmt: skip
    """1 - cosine for pairs with target 1, the cosine above `margin` for target -1."""
    reduction = check_reduction(reduction, size_average, reduce)
    if target.ndim > 1 or input1.ndim > 2 or input2.ndim > 2:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if input1.ndim != target.ndim + 1 or input2.ndim != target.ndim + 1:
        what = "1D target tensor expects 2D" if target.ndim else "0D target tensor expects 1D"
        raise RuntimeError(
            f"{what} input tensors, but found inputs with sizes {errors.sizes(input1.shape)} and "
            f"{errors.sizes(input2.shape)}."
        )
    eps = 1e-12
    squares1, squares2 = (input1 * input1).sum(-1) + eps, (input2 * input2).sum(-1) + eps
    cosine = (input1 * input2).sum(-1) / (squares1 * squares2).sqrt()
    together = PUBLIC["where"](target == 1, 1 - cosine, 0)
    apart = PUBLIC["where"](target == -1, (cosine - margin).clamp_min(0), 0)
    return reduced_tensor(together + apart, reduction)


def _check_triplet(anchor: Any, positive: Any, negative: Any, margin: float) -> None:
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {anchor.ndim}D, positive {positive.ndim}D, and negative "
            f"{negative.ndim}D inputs"
        )


@autocasts("triplet_margin_loss")
def triplet_margin_loss(
    anchor: Any, positive: Any, negative: Any, margin: float = 1.0, p: float = 2,
    eps: float = 1e-6, swap: bool = False, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """What the negative lacks to be `margin` farther from the anchor than the positive is."""
    reduction = check_reduction(reduction, size_average, reduce)
    _check_triplet(anchor, positive, negative, margin)
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = PUBLIC["min"](far, pairwise_distance(positive, negative, p, eps))
    return reduced_tensor((margin + near - far).clamp_min(0), reduction)


def triplet_margin_with_distance_loss(
    anchor: Any, positive: Any, negative: Any, *, distance_function: Any = None,
    margin: float = 1.0, swap: bool = False, reduction: str = "mean",
) -> Any:  # fmt: skip
    """``triplet_margin_loss`` with a distance of one's own."""
    check_reduction(reduction)
    _check_triplet(anchor, positive, negative, margin)
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = PUBLIC["minimum"](far, distance(positive, negative))
    return reduced_tensor((margin + near - far).clamp_min(0), reduction)
