"""torch.fft, stft and istft: results, gradients, refusals."""

from __future__ import annotations

import pytest

from .agree import assert_agree, assert_gradients_agree, lines

torch = pytest.importorskip("torch", reason="needs PyTorch, which is not installed")

SETUP = """
F = torch.fft

def waves(*shape, at=0.0):
    count = math.prod(shape)
    return (torch.arange(count, dtype=torch.float64) * 1.7 + at).sin().reshape(shape)

x = waves(4, 6).requires_grad_()
y = torch.complex(waves(4, 6), waves(4, 6, at=1.0)).requires_grad_()
v = waves(32).requires_grad_()
k = waves(2, 3, 4).requires_grad_()
i = torch.arange(4)
o = torch.ones(8, dtype=torch.float64)
s = torch.tensor(1.0)
spectrum = torch.stft(v, 8, window=o, return_complex=True)
"""

TRANSFORMS = """
F.fft(x)
F.fft(y)
F.fft(x, n=8)
F.fft(x, n=3)
F.fft(x, dim=0)
F.fft(x.T)
F.fft(y, dim=0, norm='ortho')
F.fft(y, norm='forward')
F.fft(i)
F.fft(i > 1)
F.ifft(x)
F.ifft(y, n=5)
F.ifft(y, norm='ortho')
F.rfft(x)
F.rfft(x, n=5, dim=0)
F.rfft(x.T, norm='forward')
F.irfft(y)
F.irfft(y, n=7)
F.irfft(y, dim=0, norm='ortho')
F.irfft(x)
F.hfft(y)
F.hfft(y, n=5)
F.ihfft(x)
F.ihfft(x, norm='ortho')
F.fft2(x)
F.fft2(y, s=(3, 8))
F.ifft2(y)
F.rfft2(x)
F.irfft2(y)
F.hfft2(y)
F.ihfft2(x)
F.fftn(k)
F.fftn(k, dim=1)
F.fftn(k, dim=(2, 0), norm='ortho')
F.fftn(k, s=(-1, 2))
F.fftn(k, dim=())
F.ifftn(y)
F.rfftn(k)
F.rfftn(k, dim=(2, 1))
F.irfftn(y, s=(4, -1))
F.irfftn(k)
F.hfftn(k)
F.hfftn(y, dim=1)
F.ihfftn(k, norm='forward')
F.ihfftn(v)
F.fftshift(x)
F.fftshift(k, dim=(0, 2))
F.ifftshift(x, dim=1)
F.fftfreq(4)
F.fftfreq(5, d=0.5)
F.fftfreq(0)
F.fftfreq(6, dtype=torch.float64)
F.rfftfreq(5)
F.rfftfreq(4, 0.1)
torch.stft(v, 8, window=o, return_complex=True)
torch.stft(v, 8, hop_length=3, window=o[:4], win_length=4, normalized=True, return_complex=True)
torch.stft(v, 8, window=o, return_complex=True, center=False, onesided=False)
torch.stft(v[None], 8, window=o, return_complex=True)
torch.stft(v, 8, return_complex=True, pad_mode='constant')
torch.stft(v, 8, return_complex=True, pad_mode='replicate', window=o)
torch.stft(v, 8, window=o, return_complex=False)
torch.stft(y[0], 4, window=o[:4])
torch.istft(spectrum, 8, window=o)
torch.istft(spectrum, 8, window=o, length=30)
torch.istft(spectrum, 8, window=o, length=40)
torch.istft(spectrum, 8)
torch.istft(y, 4, window=o[:4], onesided=False, return_complex=True)
torch.istft(y, 6, window=o[:6], center=False, normalized=True)
"""

REFUSED = """
F.fft(x, norm='foo')
F.fft(x, n=0)
F.fft(x, dim=3)
F.fft(s)
F.fft(x.half())
F.fft(torch.zeros(0, 3), dim=0)
F.rfft(y)
F.ihfft(y)
F.irfft(y[:, :1])
F.irfft(y, n=0)
F.fftn(x, s=(2, 2, 2))
F.fftn(x, s=(2,), dim=(0, 1))
F.fftn(x, dim=(0, 0))
F.fftn(x, s=(0, 2))
F.rfftn(x, dim=())
F.irfftn(s)
F.hfftn(y, dim=())
F.ihfftn(x, dim=())
F.rfftn(y)
F.ihfftn(y)
F.fft2(v)
F.fftshift(x, dim=5)
F.fftfreq(-1)
F.fftfreq(4, dtype=torch.int32)
torch.stft(v, 8)
torch.stft(v, 100, return_complex=True)
torch.stft(v, 100, center=False, return_complex=True)
torch.stft(v, 8, 0, return_complex=True)
torch.stft(v, 8, win_length=9, return_complex=True)
torch.stft(v, 8, window=o[:4], return_complex=True)
torch.stft(x[None], 8, return_complex=True)
torch.stft(i, 2, return_complex=True)
torch.stft(y[0], 4, return_complex=True, onesided=True, window=o[:4])
torch.istft(x, 8)
torch.istft(y, 8)
torch.istft(y, 6, window=0 * o[:6])
torch.istft(y, 6, window=o[:5])
torch.istft(y, 6, hop_length=7)
torch.istft(y, 6, win_length=7)
torch.istft(y, 6, return_complex=True)
torch.istft(y[0], 6)
torch.istft(y, 6, onesided=False)
torch.istft(y[:0], 6)
"""


@pytest.mark.parametrize("expression", [*lines(TRANSFORMS), *lines(REFUSED)])
def test_result(expression: str) -> None:
    assert_agree(expression, SETUP)


@pytest.mark.parametrize("expression", [x for x in lines(TRANSFORMS) if x.startswith("F.")])
def test_gradient(expression: str) -> None:
    assert_gradients_agree(expression, "(x, y, v, k)", SETUP, values_only=True)


SLOPES = """
def slopes(result):
    result = torch.view_as_real(result) if result.is_complex() else result
    loss = (result * waves(*result.shape)).sum()
    found = torch.autograd.grad(loss, (v, y), allow_unused=True)
    return [g if g is None else g.contiguous() for g in found]
"""


@pytest.mark.parametrize("expression", [x for x in lines(TRANSFORMS) if x.startswith("torch.")])
def test_gradient_of_short_time_transforms(expression: str) -> None:
    """They are linear: PyTorch's second derivatives are zeros, which need no graph here."""
    assert_agree(f"slopes({expression})", SETUP + SLOPES)


def test_every_transform_is_compared() -> None:
    text = " ".join(lines(TRANSFORMS))
    assert [n for n in torch.fft.__all__ if n[0].islower() and f"F.{n}(" not in text] == []
