"""Attention: each query takes a mean of the values, weighted by how well their keys match it."""

from __future__ import annotations

import math
import warnings
from typing import Any

from ... import dtypes
from ...op import PUBLIC, composite
from ...ops.fused import fused
from ...ops.rules import any_holds
from .activation import softmax
from .dropout import dropout
from .linear import linear
from .resample import pad


@fused("scores", name="_safe_softmax", node="SafeSoftmaxBackward0")
def _safe_softmax(scores):
    """The softmax over the last dimension; 0 for rows that are masked altogether."""
    masked = (scores == -math.inf).all(-1, keepdim=True)
    if not any_holds(masked):
        return scores.softmax(-1)
    weights = scores.masked_fill(masked, 0.0).softmax(-1)  # so that no derivative is NaN
    return weights.masked_fill(masked, 0.0)


def _additive(mask: Any, like: Any) -> Any:
    """A mask to be added to the scores: -inf where a bool mask is false."""
    if mask is None or mask.dtype.name != "bool":
        return mask
    zeros = PUBLIC["zeros_like"](mask, dtype=like.dtype)
    return zeros.masked_fill(~mask, -math.inf)


def _by_parts(
    query: Any, key: Any, value: Any, attn_mask: Any, dropout_p: float, scale: Any
) -> Any:
    """softmax(q kᵀ · scale + mask) v."""
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    root = math.sqrt(abs(factor))
    scores = (query * root) @ (key.transpose(-2, -1) * (root if factor >= 0 else -root))
    if attn_mask is not None:
        scores = scores + attn_mask
    weights = _safe_softmax(scores)
    if dropout_p > 0:
        weights = dropout(weights, dropout_p)
    return weights @ value


@fused("query", "key", "value", node="ScaledDotProductFlashAttentionForCpuBackward0",
       name="scaled_dot_product_flash_attention_for_cpu")  # fmt: skip
def _flash(query, key, value, attn_mask, scale):
    return _by_parts(query, key, value, attn_mask, 0.0, scale)


def _check(query: Any, key: Any, value: Any, mask: Any, is_causal: bool) -> None:
    for t in (key, value):
        if t.dtype is not query.dtype:
            raise RuntimeError(
                "Expected query, key, and value to have the same dtype, but got query.dtype: "
                f"{_c(query)} key.dtype: {_c(key)} and value.dtype: {_c(value)} instead."
            )
    if min(t.ndim for t in (query, key, value)) < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: "
            f"{query.ndim} key.dim: {key.ndim} and value.dim: {value.ndim} instead."
        )
    if mask is not None:
        if mask.dtype.name != "bool" and mask.dtype is not query.dtype:
            raise RuntimeError(
                "Expected attn_mask dtype to be bool or float or to match query dtype, but got "
                f"attn_mask.dtype: {_c(mask)} and  query.dtype: {_c(query)} instead."
            )
        if is_causal:
            raise RuntimeError(
                "_scaled_dot_product_attention: Explicit attn_mask should not be set when "
                "is_causal=True"
            )


def _c(tensor: Any) -> str:
    from ...errors import c_type

    return c_type(tensor.dtype)


@composite(method=False, function=False, native=True)
def scaled_dot_product_attention(
    query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Any:  # fmt: skip
    """softmax(q kᵀ / √d + mask) v; query (..., L, d), key (..., S, d), value (..., S, e).

    A bool mask (..., L, S) says what takes part, a float mask is added.  `is_causal` lets a query
    see only keys up to its own place.  `enable_gqa` shares each key among several queries' heads.
    """
    _check(query, key, value, attn_mask, is_causal)
    if enable_gqa:
        times = query.shape[-3] // key.shape[-3]
        key = key.repeat_interleave(times, -3)
        value = value.repeat_interleave(query.shape[-3] // value.shape[-3], -3)
    if is_causal:
        ones = PUBLIC["ones"](
            query.shape[-2], key.shape[-2], dtype=dtypes.bool_, device=query.device
        )
        attn_mask = ones.tril()
    needs_grad = attn_mask is not None and attn_mask.requires_grad
    attn_mask = _additive(attn_mask, query)
    four = query.ndim == key.ndim == value.ndim == 4 and query.shape[-1] == value.shape[-1]
    flash = four and not dropout_p and not needs_grad and query.is_floating_point()
    flash = flash and query.shape[:2] == key.shape[:2] and query.numel() and key.numel()
    if flash and _flash_allowed() and (attn_mask is None or attn_mask.ndim in (2, 4)):
        return _flash(query, key, value, attn_mask, scale)
    return _by_parts(query, key, value, attn_mask, dropout_p, scale)


def _flash_allowed() -> bool:
    from ...backends.cuda import flash_sdp_enabled

    return flash_sdp_enabled()


# ---------------------------------------------------------------- several heads


def _check_heads(
    query: Any, key: Any, value: Any, key_padding_mask: Any, attn_mask: Any, heads: int
) -> bool:
    """Whether the inputs are batched.  Raises AssertionError for shapes that do not fit."""
    if query.ndim not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query "
            "tensor"
        )
    batched = query.ndim == 3
    if key.ndim != query.ndim or value.ndim != query.ndim:
        kind = "batched" if batched else "unbatched"
        raise AssertionError(
            f"For {kind} ({query.ndim}-D) `query`, expected `key` and `value` to be "
            f"{query.ndim}-D but found {key.ndim}-D and {value.ndim}-D tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.ndim != query.ndim - 1:
        kind = "batched" if batched else "unbatched"
        raise AssertionError(
            f"For {kind} ({query.ndim}-D) `query`, expected `key_padding_mask` to be `None` or "
            f"{query.ndim - 1}-D but found {key_padding_mask.ndim}-D tensor instead"
        )
    if attn_mask is not None and attn_mask.ndim not in (2, 3):
        raise AssertionError(
            "For batched (3-D) `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found "
            f"{attn_mask.ndim}-D tensor instead"
        )
    return batched


def _canonical_mask(
    mask: Any, name: str, other: Any, other_name: str, target: Any, check_other: bool = True
) -> Any:
    """A mask to be added to the scores."""
    if mask is None:
        return None
    is_float = mask.is_floating_point()
    if mask.dtype.name != "bool" and not is_float:
        raise AssertionError(f"only bool and floating types of {name} are supported")
    if check_other and other is not None and mask.dtype is not other:
        warnings.warn(
            f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both "
            "instead.",
            stacklevel=3,
        )
    if is_float:
        return mask
    return PUBLIC["zeros_like"](mask, dtype=target).masked_fill_(mask, -math.inf)


def _in_projection_packed(q: Any, k: Any, v: Any, w: Any, b: Any = None) -> Any:
    """The projections of queries, keys and values, whose weights are one matrix."""
    size = q.shape[-1]
    if k is v:
        if q is k:
            joint = linear(q, w, b).unflatten(-1, (3, size))
            joint = joint.unsqueeze(0).transpose(0, -2).squeeze(-2).contiguous()
            return joint[0], joint[1], joint[2]
        w_q, w_kv = w.split([size, size * 2])
        b_q, b_kv = (None, None) if b is None else b.split([size, size * 2])
        joint = linear(k, w_kv, b_kv).unflatten(-1, (2, size))
        joint = joint.unsqueeze(0).transpose(0, -2).squeeze(-2).contiguous()
        return linear(q, w_q, b_q), joint[0], joint[1]
    ws = w.chunk(3)
    bs = (None,) * 3 if b is None else b.chunk(3)
    return tuple(linear(x, wi, bi) for x, wi, bi in zip((q, k, v), ws, bs, strict=True))


def _in_projection(
    q: Any, k: Any, v: Any, w_q: Any, w_k: Any, w_v: Any, b_q: Any = None, b_k: Any = None,
    b_v: Any = None,
) -> Any:  # fmt: skip
    """The projections of queries, keys and values, each with weights of its own."""
    return linear(q, w_q, b_q), linear(k, w_k, b_k), linear(v, w_v, b_v)


def _extended(k: Any, v: Any, extra_k: Any, extra_v: Any, dim: int, *masks: Any) -> Any:
    """Keys and values with one more at the end of `dim`, which no mask hides."""
    cat = PUBLIC["cat"]
    masks = tuple(None if m is None else pad(m, (0, 1)) for m in masks)
    return cat([k, extra_k], dim), cat([v, extra_v], dim), *masks


def multi_head_attention_forward(
    query: Any, key: Any, value: Any, embed_dim_to_check: int, num_heads: int,
    in_proj_weight: Any, in_proj_bias: Any, bias_k: Any, bias_v: Any, add_zero_attn: bool,
    dropout_p: float, out_proj_weight: Any, out_proj_bias: Any, training: bool = True,
    key_padding_mask: Any = None, need_weights: bool = True, attn_mask: Any = None,
    use_separate_proj_weight: bool = False, q_proj_weight: Any = None, k_proj_weight: Any = None,
    v_proj_weight: Any = None, static_k: Any = None, static_v: Any = None,
    average_attn_weights: bool = True, is_causal: bool = False,
) -> Any:  # fmt: skip
    """Attention in `num_heads` subspaces: (result (L, N, E), weights (N, L, S) or None).

    Inputs are (L, N, E), or (L, E) without a batch.
    """
    batched = _check_heads(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, size = query.shape
    attn_mask, key_padding_mask, is_causal = _additive_masks(
        attn_mask, key_padding_mask, is_causal, need_weights, query.dtype
    )
    head = _head_size(size, embed_dim_to_check, num_heads)
    separate = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None
    q, k, v = _projected(query, key, value, in_proj_weight, in_proj_bias, separate)
    attn_mask = _three_dimensional(attn_mask, batch * num_heads, length, key.shape[0])
    if bias_k is not None and bias_v is not None:
        k, v, attn_mask, key_padding_mask = _extended(
            k, v, bias_k.repeat(1, batch, 1), bias_v.repeat(1, batch, 1), 0, attn_mask,
            key_padding_mask,
        )  # fmt: skip
    q, k, v = _into_heads(q, k, v, batch, num_heads, head, static_k, static_v)
    if add_zero_attn:
        zeros = [t.new_zeros((batch * num_heads, 1, head)) for t in (k, v)]
        k, v, attn_mask, key_padding_mask = _extended(k, v, *zeros, 1, attn_mask, key_padding_mask)
    attn_mask = _joined_masks(attn_mask, key_padding_mask, batch, num_heads, k.shape[1])
    drop = dropout_p if training else 0.0
    if need_weights:
        out, weights = _explicit(q, k, v, attn_mask, drop)
        out = out.transpose(0, 1).contiguous().view(length * batch, size)
        weights = weights.view(batch, num_heads, length, k.shape[1])
        weights = weights.mean(1) if average_attn_weights else weights
    else:
        out, weights = _flash_heads(q, k, v, attn_mask, drop, is_causal, batch, num_heads), None
    out = linear(out, out_proj_weight, out_proj_bias).view(length, batch, -1)
    if not batched:
        out = out.squeeze(1)
        weights = None if weights is None else weights.squeeze(0)
    return out, weights


def _additive_masks(
    attn_mask: Any, padding: Any, is_causal: bool, need_weights: bool, dtype: Any
) -> tuple[Any, Any, bool]:
    """(attention mask, padding mask, whether being causal is all that the masks say)."""
    other = attn_mask.dtype if attn_mask is not None else None
    padding = _canonical_mask(padding, "key_padding_mask", other, "attn_mask", dtype)
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module "
            "method `generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and padding is None and not need_weights:
        return None, None, True
    attn_mask = _canonical_mask(attn_mask, "attn_mask", None, "", dtype, False)
    return attn_mask, padding, is_causal and padding is None


def _head_size(size: int, wanted: int, heads: int) -> int:
    if size != wanted:
        raise AssertionError(f"was expecting embedding dimension of {wanted}, but got {size}")
    if size // heads * heads != size:
        raise AssertionError(f"embed_dim {size} not divisible by num_heads {heads}")
    return size // heads


def _projected(query: Any, key: Any, value: Any, joint: Any, bias: Any, separate: Any) -> Any:
    """Queries, keys and values by one joint weight, or by three `separate` ones."""
    if separate is None:
        if key.shape != value.shape:
            raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
        return _in_projection_packed(query, key, value, joint, bias)
    if key.shape[:2] != value.shape[:2]:
        raise AssertionError(
            f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}"
        )
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    return _in_projection(query, key, value, *separate, *biases)


def _three_dimensional(mask: Any, rows: int, length: int, source: int) -> Any:
    """An attention mask (1 or batch * heads, L, S)."""
    if mask is None:
        return None
    wanted = (length, source) if mask.ndim == 2 else (rows, length, source)
    if tuple(mask.shape) != wanted:
        raise RuntimeError(
            f"The shape of the {mask.ndim}D attn_mask is {mask.shape}, but should be {wanted}."
        )
    return mask.unsqueeze(0) if mask.ndim == 2 else mask


def _into_heads(
    q: Any, k: Any, v: Any, batch: int, heads: int, head: int, static_k: Any, static_v: Any
) -> Any:
    q = q.view(q.shape[0], batch * heads, head).transpose(0, 1)
    k = k.view(k.shape[0], batch * heads, head).transpose(0, 1) if static_k is None else static_k
    v = v.view(v.shape[0], batch * heads, head).transpose(0, 1) if static_v is None else static_v
    return q, k, v


def _joined_masks(attn_mask: Any, padding: Any, batch: int, heads: int, source: int) -> Any:
    if padding is None:
        return attn_mask
    for d, wanted in enumerate((batch, source)):
        if padding.shape[d] != wanted:
            raise AssertionError(
                f"Expected key_padded_mask.shape[{d}] to be {wanted}, but got {padding.shape[d]}"
            )
    each = padding.view(batch, 1, 1, source).expand(-1, heads, -1, -1)
    each = each.reshape(batch * heads, 1, source)
    return each if attn_mask is None else attn_mask + each


def _explicit(q: Any, k: Any, v: Any, mask: Any, drop: float) -> tuple[Any, Any]:
    """(result, weights), both asked for."""
    scaled = q * math.sqrt(1.0 / float(q.shape[-1]))
    if mask is not None:
        scores = PUBLIC["baddbmm"](mask, scaled, k.transpose(-2, -1))
    else:
        scores = scaled.bmm(k.transpose(-2, -1))
    weights = softmax(scores, dim=-1)
    if drop > 0.0:
        weights = dropout(weights, p=drop)
    return weights.bmm(v), weights


def _flash_heads(
    q: Any, k: Any, v: Any, mask: Any, drop: float, is_causal: bool, batch: int, heads: int
) -> Any:
    """The result alone, (L * N, E)."""
    length, head = q.shape[1], q.shape[2]
    if mask is not None:
        same = mask.shape[0] == 1 and mask.ndim == 3
        mask = mask.unsqueeze(0) if same else mask.view(batch, heads, -1, k.shape[1])
    q, k, v = (t.view(batch, heads, -1, head) for t in (q, k, v))
    out = scaled_dot_product_attention(q, k, v, mask, drop, is_causal)
    return out.permute(2, 0, 1, 3).contiguous().view(batch * length, heads * head)
