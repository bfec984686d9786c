"""Sequences of different lengths: padded to one tensor, or packed step by step."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, NamedTuple, Self

from ... import dtypes
from ...op import PUBLIC
from ...tensor import Tensor

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]  # fmt: skip


class _Fields(NamedTuple):
    data: Any
    batch_sizes: Any
    sorted_indices: Any
    unsorted_indices: Any


class PackedSequence(_Fields):
    """The elements of all sequences at step 0, then those at step 1, …, the longest first.

    `batch_sizes` says how many sequences there are at each step.
    """

    def __new__(
        cls, data: Any, batch_sizes: Any = None, sorted_indices: Any = None,
        unsorted_indices: Any = None,
    ) -> Self:  # fmt: skip
        if batch_sizes is None:
            if not isinstance(data, (list, tuple)) or len(data) != 2:
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same with the data moved or cast."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        return type(self)(data, self.batch_sizes, self.sorted_indices, self.unsorted_indices)

    def double(self) -> PackedSequence:
        return self.to(dtypes.float64)

    def float(self) -> PackedSequence:
        return self.to(dtypes.float32)

    def half(self) -> PackedSequence:
        return self.to(dtypes.float16)

    def long(self) -> PackedSequence:
        return self.to(dtypes.int64)

    def int(self) -> PackedSequence:
        return self.to(dtypes.int32)

    def short(self) -> PackedSequence:
        return self.to(dtypes.int16)

    def char(self) -> PackedSequence:
        return self.to(dtypes.int8)

    def byte(self) -> PackedSequence:
        return self.to(dtypes.uint8)

    def cpu(self, *args: Any, **kwargs: Any) -> PackedSequence:
        return self.to("cpu")

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        return self.to("cuda" if not args else args[0])

    def pin_memory(self) -> PackedSequence:
        return self

    def is_pinned(self) -> bool:
        return False

    @property
    def is_cuda(self) -> bool:
        return self.data.is_cuda  # type: ignore[no-any-return]


def invert_permutation(permutation: Any) -> Any:
    """The permutation that undoes `permutation`."""
    if permutation is None:
        return None
    places = PUBLIC["arange"](permutation.numel(), device=permutation.device)
    return PUBLIC["empty_like"](permutation).scatter_(0, permutation, places)


def pack_padded_sequence(
    input: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack (T, N, …) with the sequences' `lengths`, which fall unless `enforce_sorted` is off."""
    if not isinstance(lengths, Tensor):
        lengths = PUBLIC["as_tensor"](lengths, dtype=dtypes.int64, device="cpu")
    lengths = lengths.long()
    order = None
    if not enforce_sorted:
        lengths, order = lengths.sort(descending=True)
        order = order.to(input.device)
        input = input.index_select(0 if batch_first else 1, order)
    counts = lengths.tolist()
    steps = input.transpose(0, 1) if batch_first else input
    if len(counts) != steps.shape[1]:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(counts)} "
            f"(batch_size={steps.shape[1]})"
        )
    if any(n <= 0 for n in counts):
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' "
            "that is <= 0"
        )
    if any(a < b for a, b in itertools.pairwise(counts)):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You "
            "can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to "
            "sidestep this requirement if you do not need ONNX exportability."
        )
    sizes = [sum(n > t for n in counts) for t in range(counts[0])]
    data = PUBLIC["cat"]([steps[t, :n] for t, n in enumerate(sizes)])
    return PackedSequence(data, PUBLIC["tensor"](sizes), order)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0,
    total_length: int | None = None,
) -> Any:  # fmt: skip
    """(sequences padded to (T, N, …), lengths): the inverse of ``pack_padded_sequence``."""
    sizes = sequence.batch_sizes.tolist()
    if total_length is not None and total_length < len(sizes):
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but "
            f"got total_length={total_length} and max sequence length being {len(sizes)}"
        )
    batch, rest = sizes[0], sequence.data.shape[1:]
    steps = []
    for rows in sequence.data.split(sizes):
        missing = batch - rows.shape[0]
        if missing:
            filler = rows.new_full((missing, *rest), padding_value)
            rows = PUBLIC["cat"]([rows, filler])
        steps.append(rows)
    missing = max((total_length or 0) - len(sizes), 0)
    steps += [sequence.data.new_full((batch, *rest), padding_value)] * missing
    out = PUBLIC["stack"](steps)
    out = out.transpose(0, 1) if batch_first else out
    lengths = PUBLIC["tensor"]([sum(n > i for n in sizes) for i in range(batch)])
    order = sequence.unsorted_indices
    if order is not None:
        out = out.index_select(0 if batch_first else 1, order)
        lengths = lengths[order.cpu()]
    return out, lengths


def pad_sequence(
    sequences: Any, batch_first: bool = False, padding_value: float = 0.0,
    padding_side: str = "right",
) -> Any:  # fmt: skip
    """Sequences (L_i, …) in one tensor (T, N, …), filled up with `padding_value`."""
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    sequences = list(sequences)
    longest, count = max(s.shape[0] for s in sequences), len(sequences)
    lead = (count, longest) if batch_first else (longest, count)
    out = sequences[0].new_full((*lead, *sequences[0].shape[1:]), padding_value)
    for i, s in enumerate(sequences):
        n = s.shape[0]
        at = slice(longest - n, longest) if padding_side == "left" else slice(0, n)
        out[(i, at) if batch_first else (at, i)] = s
    return out


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[Any]:
    """The list of sequences that ``pad_sequence`` was given."""
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    steps = PUBLIC["arange"](rows.shape[1], device=lengths.device)
    return [row[steps < n] for row, n in zip(rows, lengths, strict=True)]


def pack_sequence(sequences: Any, enforce_sorted: bool = True) -> PackedSequence:
    """Pack a list of sequences (L_i, …)."""
    lengths = PUBLIC["as_tensor"]([s.shape[0] for s in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Any]:
    """The list of sequences that ``pack_sequence`` was given."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
