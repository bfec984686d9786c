"""Einstein summation, as products and sums of permuted tensors.

Two operands at a time: dimensions that appear later are kept, the others are contracted by one
batched matrix product.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..op import composite
from .matmul import bmm
from .shape import reshape


@composite(method=False)
def einsum(*args: Any) -> Any:
    """Sum products of the operands as `equation` says, e.g. ``einsum("ij,jk->ik", a, b)``.

    Also takes sublists: ``einsum(a, [0, 1], b, [1, 2], [0, 2])``.  Raises RuntimeError for an
    equation that does not fit the operands.
    """
    if len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one "
            "operand and its subscripts list"
        )
    equation, operands = args[0], args[1:]
    if not isinstance(equation, str):
        equation, operands = _from_sublists(args)
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    inputs, output = _parse(equation, operands)
    terms = [_diagonal(x, labels) for x, labels in zip(operands, inputs, strict=True)]
    current, labels = terms[0]
    for i, (other, other_labels) in enumerate(terms[1:], 1):
        later = {c for _, ls in terms[i + 1 :] for c in ls} | set(output)
        current, labels = _contract(current, labels, other, other_labels, later)
    gone = [i for i, c in enumerate(labels) if c not in output]
    if gone:
        current = current.sum(gone)
        labels = [c for c in labels if c in output]
    return current.permute([labels.index(c) for c in output])


def _letter(number: int) -> str:
    if not 0 <= number < 52:
        raise RuntimeError(f"einsum(): subscripts must be in range [0, 52) but got {number}")
    return chr(ord("A") + number) if number < 26 else chr(ord("a") + number - 26)


def _from_sublists(arguments: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    def text(sublist: Sequence[Any]) -> str:
        return "".join("..." if n is Ellipsis else _letter(n) for n in sublist)

    pairs = len(arguments) // 2
    operands = tuple(arguments[2 * i] for i in range(pairs))
    equation = ",".join(text(arguments[2 * i + 1]) for i in range(pairs))
    if len(arguments) % 2:
        equation += "->" + text(arguments[-1])
    return equation, operands


def _parse(equation: str, operands: Sequence[Any]) -> tuple[list[list[str]], list[str]]:
    """The labels of each operand and of the result; "..." becomes labels "0", "1", ..."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    texts = left.split(",")
    if len(texts) != len(operands):
        more = "more" if len(texts) < len(operands) else "fewer"
        raise RuntimeError(
            f"einsum(): {more} operands were provided than specified in the equation"
        )
    for c in left + right:
        if not (c.isalpha() or c in ".,"):
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {equation.index(c)} in the equation "
                "string, subscripts must be in [a-zA-Z]"
            )
    hidden = [
        x.ndim - len(t.replace("...", "")) if "..." in t else 0
        for x, t in zip(operands, texts, strict=True)
    ]
    for i, t in enumerate(texts):
        if "." in t.replace("...", "", 1):
            raise RuntimeError(
                f"einsum(): found '.' for operand {i} that is not part of any ellipsis"
            )
    widest = max(hidden, default=0)
    inputs = []
    for i, (x, t, n) in enumerate(zip(operands, texts, hidden, strict=True)):
        before, dots, after = t.partition("...")
        middle = [str(d) for d in range(widest - n, widest)] if dots else []
        labels = [*before, *middle, *after]
        if len(labels) != x.ndim or n < 0:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(t.replace('...', ''))}) "
                f"{'is more than' if n < 0 else 'does not match'} the number of dimensions "
                f"({x.ndim}) for operand {i}{'' if dots else ' and no ellipsis was given'}"
            )
        inputs.append(labels)
    dots_labels = [str(d) for d in range(widest)]
    if arrow:
        before, dots, after = right.partition("...")
        output = [*before, *(dots_labels if dots else []), *after]
    else:
        seen = [c for labels in inputs for c in labels if c.isalpha()]
        output = dots_labels + sorted(c for c in set(seen) if seen.count(c) == 1)
    _check_output(output, inputs)
    return inputs, output


def _check_output(output: list[str], inputs: list[list[str]]) -> None:
    known = {c for labels in inputs for c in labels}
    for c in output:
        if output.count(c) > 1:
            raise RuntimeError(
                f"einsum(): output subscript {c} appears more than once in the output"
            )
        if c not in known:
            raise RuntimeError(
                f"einsum(): output subscript {c} does not appear in the equation for any input "
                "operand"
            )


def _diagonal(x: Any, labels: list[str]) -> tuple[Any, list[str]]:
    """Repeated labels take the diagonal."""
    labels = list(labels)
    for c in dict.fromkeys(labels):
        while labels.count(c) > 1:
            i = labels.index(c)
            j = labels.index(c, i + 1)
            if x.shape[i] != x.shape[j]:
                raise RuntimeError(
                    f"einsum(): subscript {c} is repeated for operand 0 but the sizes don't match, "
                    f"{x.shape[j]} != {x.shape[i]}"
                )
            x = x.diagonal(0, i, j)
            labels = [d for k, d in enumerate(labels) if k not in (i, j)] + [c]
    return x, labels


def _contract(
    a: Any, a_labels: list[str], b: Any, b_labels: list[str], later: set[str]
) -> tuple[Any, list[str]]:
    """The product of two operands, summed over the labels that nothing needs any more."""
    a, a_labels = _sum_alone(a, a_labels, set(b_labels) | later)
    b, b_labels = _sum_alone(b, b_labels, set(a_labels) | later)
    shared = [c for c in a_labels if c in b_labels]
    a, b = _match(a, a_labels, b, b_labels, shared)
    batch = [c for c in shared if c in later]
    inside = [c for c in shared if c not in later]
    rows = [c for c in a_labels if c not in shared]
    columns = [c for c in b_labels if c not in shared]
    size = {
        **dict(zip(a_labels, a.shape, strict=True)),
        **dict(zip(b_labels, b.shape, strict=True)),
    }

    def count(labels: list[str]) -> int:
        return math.prod(size[c] for c in labels)

    left = reshape(
        a.permute([a_labels.index(c) for c in batch + rows + inside]),
        count(batch), count(rows), count(inside),
    )  # fmt: skip
    right = reshape(
        b.permute([b_labels.index(c) for c in batch + inside + columns]),
        count(batch), count(inside), count(columns),
    )  # fmt: skip
    labels = batch + rows + columns
    return reshape(bmm(left, right), [size[c] for c in labels]), labels


def _sum_alone(x: Any, labels: list[str], needed: set[str]) -> tuple[Any, list[str]]:
    gone = [i for i, c in enumerate(labels) if c not in needed]
    if not gone:
        return x, labels
    return x.sum(gone), [c for c in labels if c in needed]


def _match(a: Any, a_labels: Any, b: Any, b_labels: Any, shared: list[str]) -> tuple[Any, Any]:
    """Shared dimensions with equal sizes: a size of 1 is stretched."""
    for c in shared:
        i, j = a_labels.index(c), b_labels.index(c)
        n, m = a.shape[i], b.shape[j]
        if n == m:
            continue
        if n == 1:
            a = a.expand(*[m if k == i else -1 for k in range(a.ndim)])
        elif m == 1:
            b = b.expand(*[n if k == j else -1 for k in range(b.ndim)])
        else:
            raise RuntimeError(
                f"einsum(): subscript {c} has size {m} for operand 1 which does not broadcast with "
                f"previously seen size {n}"
            )
    return a, b
