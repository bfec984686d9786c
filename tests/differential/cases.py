"""Calls of operations on named examples: for tests that do something to every operation.

A case is a lambda whose parameters name the examples that it takes (:func:`example`).  Elementwise
operations and reductions come from the declarations; the rest are lines.
"""

from __future__ import annotations

import inspect

import numpy as np

from reference_impl import op as declared

from .agree import REFERENCE, lines

_SHAPES = {
    "u": (), "x": (3,), "y": (3,), "m": (3, 4), "v": (4,), "n": (4, 2), "s": (3, 3), "b": (3, 2),
    "t": (2, 3, 4), "o": (2, 4, 3), "img": (2, 4, 6, 6), "seq": (2, 4, 7), "vol": (1, 2, 4, 4, 4),
    "w": (4, 2, 3, 3), "wt": (4, 2, 3, 3), "ws": (4, 2, 3), "c": (4,), "d": (4,),
    "p": (3, 4), "q": (3, 4), "grid": (2, 3, 3, 2), "table": (5, 3), "h": (2, 3),
}  # fmt: skip
_INTEGERS = {"i": ((2,), 3), "j": ((3, 4), 3), "k": ((2, 2), 5), "label": ((3,), 4), "one": ((), 3)}


def example(name: str, number: int = 0) -> np.ndarray:
    """The array of that name; a different one for each `number`."""
    draw = np.random.RandomState(sum(map(ord, name)) + 1000 * number)
    if name in _INTEGERS:
        shape, high = _INTEGERS[name]
        return np.asarray(draw.randint(0, high, shape))
    values = np.asarray(draw.uniform(0.1, 0.9, _SHAPES[name]))
    if name == "s":  # symmetric, positive
        values = values @ values.T + np.eye(3)
    return values


def parameters(source: str) -> list[str]:
    """The names of the examples that a case takes."""
    return list(inspect.signature(eval(source, {"torch": REFERENCE})).parameters)


def is_integer(name: str) -> bool:
    return name in _INTEGERS


CASES = """
lambda m: m.cumsum(0)
lambda m: m.cumprod(1)
lambda m: m.cummax(0)
lambda m: m.cummin(1)
lambda m: m.logcumsumexp(1)
lambda u: u.cumsum(0)
lambda m: torch.softmax(m, 0)
lambda m: torch.log_softmax(m, -1)
lambda u: torch.softmax(u, 0)
lambda m: m.sort(0)
lambda m: m.sort(-1, descending=True)
lambda m: m.argsort(0)
lambda m: m.topk(2, 0)
lambda m: m.kthvalue(2, 1)
lambda m: m.mode(1)
lambda m: m.median()
lambda m: m.median(0)
lambda m: m.nanmedian(1, keepdim=True)
lambda m: m.argmax()
lambda m: m.argmin(1, keepdim=True)
lambda u: u.argmax()
lambda m: m.max()
lambda m: m.min(0)
lambda m: torch.aminmax(m)
lambda m: torch.aminmax(m, dim=1)
lambda m: m.std()
lambda m: m.var(0)
lambda m: torch.var_mean(m, 1)
lambda m: m.norm()
lambda m: m.norm(3, 1)
lambda m: m.prod()
lambda m: m.prod(1)
lambda m: m.quantile(0.3, 1)
lambda m: m.logsumexp((0, 1))
lambda m: m.flip(0)
lambda m: m.roll(1, 1)
lambda m: m.roll(2)
lambda m: m.rot90()
lambda m: m.diff()
lambda m: m.tril(-1)
lambda m: m.triu(1)
lambda m: m.diagonal()
lambda x: x.diag_embed()
lambda s: s.trace()
lambda m: m.unfold(1, 2, 1)
lambda m: m.repeat(2, 1)
lambda x: x.repeat_interleave(2)
lambda m: m.tile(2)
lambda m: m.reshape(2, 6)
lambda m: m.view(-1)
lambda m: m.t()
lambda m: m.permute(1, 0)
lambda m: m.movedim(0, 1)
lambda m: m.unsqueeze(1)
lambda m: m.unsqueeze(-1).squeeze(-1)
lambda x: x.expand(2, 3)
lambda m: m.split(2, 1)
lambda m: m.chunk(2)
lambda m: m.unbind(1)
lambda m: m.select(1, 2)
lambda m: m.narrow(1, 1, 2)
lambda m: m.as_strided((2, 2), (4, 1), 1)
lambda m: m[1:, ::2]
lambda m: m[1]
lambda m: m[:, [0, 2]]
lambda m, i: m[i]
lambda m, i: m[:, i]
lambda m, i: m[i, i]
lambda t, i: t[:, i, i]
lambda t, i: t[i // 2, :, i]
lambda x, one: x[one]
lambda m, i: m.index_select(1, i)
lambda m, i: torch.take(m, i)
lambda m, j: m.gather(0, j)
lambda m, j, q: m.scatter(0, j, q)
lambda m, j: m.scatter(0, j, 2.0)
lambda m, j, q: m.scatter_add(0, j, q)
lambda m, j, q: m.scatter_reduce(0, j, q, "amax")
lambda m, i, p: m.index_add(1, i, p[:, :2])
lambda m, i, p: m.index_copy(0, torch.tensor([2, 0]), p[:2])
lambda m, i: m.index_fill(0, i, 3.0)
lambda m, i, u: m.index_put((i,), u)
lambda m, i, u: m.index_put((i,), u, accumulate=True)
lambda m, p: m.select_scatter(p[:, 0], 1, 2)
lambda m, p: m.slice_scatter(p[:, :2], 1, 1, 3)
lambda s, x: s.diagonal_scatter(x)
lambda m, p: torch.where(m > p, m, p)
lambda m, u: m.masked_fill(torch.eye(3, 4).bool(), u)
lambda m: m[torch.eye(3, 4).bool()]
lambda x, y: torch.searchsorted(x.sort()[0], y)
lambda m: torch.bucketize(m, torch.tensor([0.3, 0.5], dtype=torch.float64))
lambda m, p: torch.cat([m, p], 1)
lambda m, p: torch.stack([m, p], -1)
lambda x, y: torch.hstack([x, y])
lambda x, u: x * u
lambda m, x: m + x[:, None]
lambda m, n: m @ n
lambda m, v: m @ v
lambda x, y: x.dot(y)
lambda x, y: torch.outer(x, y)
lambda x, y: torch.vdot(x, y)
lambda t, o: torch.bmm(t, o)
lambda b, m, n: torch.addmm(b, m, n, beta=0.5, alpha=2)
lambda x, m, v: torch.addmv(x, m, v)
lambda m, x, v: torch.addr(m, x, v)
lambda t, o: torch.baddbmm(torch.ones(2, 3, 3, dtype=torch.float64), t, o)
lambda t, o: torch.addbmm(torch.ones(3, 3, dtype=torch.float64), t, o)
lambda m, n: torch.einsum("ij,jk->ik", m, n)
lambda t, m: torch.tensordot(t, m, dims=([1, 2], [0, 1]))
lambda x, y: torch.linalg.cross(x, y)
lambda m, p: torch.cdist(m, p)
lambda m, p: torch.dist(m, p)
lambda s: torch.linalg.det(s)
lambda s: torch.linalg.slogdet(s)
lambda s: torch.linalg.inv(s)
lambda s: torch.linalg.cholesky(s)
lambda s: torch.cholesky_inverse(torch.linalg.cholesky(s))
lambda s, b: torch.linalg.solve(s, b)
lambda s, x: torch.linalg.solve(s, x)
lambda s, b: torch.linalg.solve_triangular(s.tril(), b, upper=False)
lambda s, b: torch.cholesky_solve(b, torch.linalg.cholesky(s))
lambda s: torch.linalg.eigvalsh(s)
lambda s: torch.linalg.svdvals(s)
lambda m: torch.linalg.qr(m)[1].abs()
lambda s: torch.linalg.lu(s)
lambda s, b: torch.lu_solve(b, *torch.linalg.lu_factor(s))
lambda s: torch.linalg.matrix_exp(s)
lambda s: torch.linalg.matrix_power(s, 3)
lambda m: torch.linalg.pinv(m)
lambda m: torch.linalg.vector_norm(m, 3, 1)
lambda m: torch.linalg.matrix_norm(m)
lambda m: torch.fft.fft(m)
lambda m: torch.fft.rfft(m, dim=0)
lambda m: torch.fft.irfft(torch.fft.rfft(m))
lambda m: torch.fft.fft2(m).abs()
lambda m: torch.view_as_real(torch.complex(m, m))
lambda m, p: torch.polar(m, p).real
lambda m: torch.nan_to_num(m).clamp(0.2, 0.7)
lambda m: torch.polygamma(1, m + 1)
lambda m: torch.frexp(m)
lambda m: torch.histc(m, 3)
lambda x, y: torch.isclose(x, y)
lambda x, y: torch.eq(x, y)
lambda x: torch.isin(x, torch.tensor([0.5], dtype=torch.float64))
lambda m: torch.renorm(m, 2, 0, 0.5)
lambda img, w: torch.nn.functional.conv2d(img, w, groups=2)
lambda img, w, c: torch.nn.functional.conv2d(img, w, c, padding=1, stride=2, groups=2)
lambda seq, ws, c: torch.nn.functional.conv1d(seq, ws, c, groups=2)
lambda img, wt: torch.nn.functional.conv_transpose2d(img, wt, stride=2)
lambda img: torch.nn.functional.max_pool2d(img, 2)
lambda img: torch.nn.functional.avg_pool2d(img, 3, 2, 1)
lambda img: torch.nn.functional.adaptive_avg_pool2d(img, 2)
lambda img: torch.nn.functional.adaptive_max_pool2d(img, 2)
lambda vol: torch.nn.functional.avg_pool3d(vol, 2)
lambda seq: torch.nn.functional.max_pool1d(seq, 2)
lambda img: torch.nn.functional.interpolate(img, scale_factor=2, mode="bilinear")
lambda seq: torch.nn.functional.pad(seq, (1, 2), mode="reflect")
lambda img: torch.nn.functional.pad(img, (1, 2, 0, 1))
lambda img: torch.nn.functional.unfold(img, 2)
lambda img: torch.nn.functional.pixel_shuffle(img, 2)
lambda img: torch.nn.functional.channel_shuffle(img, 2)
lambda img, c, d: torch.nn.functional.batch_norm(img, None, None, c, d, training=True)
lambda img, c, d: torch.nn.functional.group_norm(img, 2, c, d)
lambda img: torch.nn.functional.instance_norm(img)
lambda m, v: torch.nn.functional.layer_norm(m, (4,), v, v)
lambda m, n: torch.nn.functional.linear(m, n.T)
lambda m: torch.nn.functional.glu(m, 1)
lambda table, k: torch.nn.functional.embedding(k, table)
lambda table, k: torch.nn.functional.embedding(k, table, padding_idx=1)
lambda m, label: torch.nn.functional.nll_loss(m, label)
lambda m, label: torch.nn.functional.cross_entropy(m, label, reduction="none")
lambda m, label, v: torch.nn.functional.cross_entropy(m, label, v)
lambda m, p: torch.nn.functional.mse_loss(m, p)
lambda m, p: torch.nn.functional.smooth_l1_loss(m, p, reduction="sum")
lambda m, p: torch.nn.functional.huber_loss(m, p, reduction="none")
lambda m, p: torch.nn.functional.binary_cross_entropy(m, p.detach())
lambda m, p: torch.nn.functional.binary_cross_entropy_with_logits(m, p.detach())
lambda m, p: torch.nn.functional.kl_div(m, p, reduction="batchmean")
lambda m, p: torch.nn.functional.cosine_similarity(m, p)
lambda t: torch.nn.functional.scaled_dot_product_attention(t, t, t)
lambda m: torch.nn.functional.normalize(m)
lambda img, grid: torch.nn.functional.grid_sample(img, grid * 2 - 1, align_corners=False)
"""

# Elementwise operations that want other operands than these, and have tests of their own.
_PARTICULAR = {
    "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "clamp", "clip", "complex", "floor_divide", "frexp", "gcd", "heaviside", "lcm",
    "ldexp", "masked_fill", "mvlgamma", "polar", "polygamma", "threshold", "where",
}  # fmt: skip


def from_declarations() -> list[str]:
    """A case for each elementwise operation and each reduction of the torch namespace."""
    found = []
    for name, function in sorted(declared.PUBLIC.items()):
        operation = getattr(function, "op", None)
        if operation is None or name in _PARTICULAR or name.startswith("_"):
            continue
        count = operation.required
        if operation.family == "pointwise" and count in (1, 2):
            names = ("m", "p")[:count]
            found.append(f"lambda {', '.join(names)}: torch.{name}({', '.join(names)})")
        if operation.family == "reduction" and "dim" in operation.params:
            found.append(f"lambda m: torch.{name}(m, 1)")
    return found


def cases() -> list[str]:
    return [*lines(CASES), *from_declarations()]
