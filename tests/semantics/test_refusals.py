"""Arguments that views refuse, and why."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("take", "words"),
    [
        (lambda x: x[1:5].view(2, 2)[:, :2], "storage_offset divisible by 2"),
        (lambda x: x.view(4, 3)[:, :2], "stride divisible by 2 for all but last dimension"),
        (lambda x: x.view(2, 6).t(), "Tensor must have a last dimension with stride 1"),
        (lambda x: x.view(4, 3), "Tensor must have a last dimension of size 2"),
    ],
)
def test_memory_that_is_no_complex_numbers(torch, take, words):
    with pytest.raises(RuntimeError, match=words):
        torch.view_as_complex(take(torch.arange(12.0)))


def test_pairs_anywhere_in_memory_are_complex_numbers(torch):
    pairs = torch.arange(12.0).view(3, 4)[1:, 2:]
    assert torch.view_as_complex(pairs).tolist() == [6 + 7j, 10 + 11j]


@pytest.mark.parametrize(
    ("where", "words"),
    [([1.5], "to have dtype of long, but got Float"), ([[1]], "but got a tensor with 2 dims")],
)
def test_tensor_split_takes_whole_numbers_in_a_row(torch, where, words):
    with pytest.raises(RuntimeError, match=words):
        torch.ones(3).tensor_split(torch.tensor(where))


@pytest.mark.parametrize(
    ("mode", "shape", "kernel"),
    [
        ("nearest", (1, 1, 2), "compute_indices_weights_nearest"),
        ("nearest-exact", (1, 1, 2, 2), "upsample_nearest2d_channels_last"),
        ("bilinear", (1, 1, 2, 2), "upsample_bilinear2d_channels_last"),
        ("bicubic", (1, 1, 2, 2), "compute_indices_weights_cubic"),
        ("trilinear", (1, 1, 2, 2, 2), "compute_indices_weights_linear"),
    ],
)
def test_integers_are_not_interpolated(torch, mode, shape, kernel):
    x = torch.ones(shape, dtype=torch.int16)
    with pytest.raises(NotImplementedError, match=f"\"{kernel}\" not implemented for 'Short'"):
        torch.nn.functional.interpolate(x, scale_factor=2, mode=mode)
