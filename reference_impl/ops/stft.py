"""The short-time Fourier transform and its inverse.

D. Griffin and J. Lim, "Signal estimation from modified short-time Fourier transform" (1984).
"""

from __future__ import annotations

from typing import Any

from .. import dtypes, errors
from ..op import composite, wrap_dim
from ..tensor import Tensor
from .create import ones, zeros
from .fourier import _fft_c2c, _fft_c2r, _fft_r2c
from .join import cat
from .legacy import type_string
from .memory import as_strided
from .parts import narrow, slice_
from .rearrange import constant_pad_nd, flip
from .shape import expand, squeeze, transpose, unsqueeze

_NO_WINDOW = (
    "A window was not provided. A rectangular window will be applied,which is known to cause "
    "spectral leakage. Other windows such as torch.hann_window or torch.hamming_window are "
    "recommended to reduce spectral leakage.To suppress this warning and use a rectangular window, "
    "explicitly set `window=torch.ones(n_fft, device=<device>)`."
)
_NO_WINDOW_BACK = (
    "A window was not provided. A rectangular window will be applied.Please provide the same "
    "window used by stft to make the inversion lossless.To suppress this warning and use a "
    "rectangular window, explicitly set `window=torch.ones(n_fft, device=<device>)`."
)
_REAL_OUTPUT = (
    "stft with return_complex=False is deprecated. In a future pytorch release, stft will return "
    "complex tensors for all inputs, and return_complex=False will raise an error.\nNote: you can "
    "still call torch.view_as_real on the complex output to recover the old return format."
)
_TOO_SHORT = (
    "The length of signal is shorter than the length parameter. Result is being padded with zeros "
    "in the tail. Please check your center and hop_length settings."
)


def _flag(value: Any) -> str:
    return "None" if value is None else str(int(value))


def _shown(x: Tensor) -> str:
    return f"{type_string(x.dtype, x.is_cuda)}{errors.sizes(x.shape)}"


def _window_shown(window: Tensor | None) -> str:
    if window is None:
        return "None"
    return f"{type_string(window.dtype, window.is_cuda)}{{{errors.sizes(window.shape)}}}"


# ---------------------------------------------------------------- stft


def _padded(x: Tensor, pad: int, mode: str) -> Any:
    """`pad` more elements at both ends of the last dimension."""
    n = x.shape[-1] if x.ndim else 1
    if mode == "constant":
        return constant_pad_nd(x, [pad, pad])
    if pad >= n and mode == "reflect":
        shape = [1] * (3 - x.ndim) + list(x.shape)
        raise RuntimeError(
            "Argument #4: Padding size should be less than the corresponding input dimension, but "
            f"got: padding ({pad}, {pad}) at dimension {len(shape) - 1} of input "
            f"{errors.sizes(shape)}"
        )
    if mode == "reflect":
        before, after = (
            flip(narrow(x, -1, 1, pad), (-1,)),
            flip(narrow(x, -1, n - 1 - pad, pad), (-1,)),
        )
    elif mode == "replicate":
        wide = (*x.shape[:-1], pad)
        before, after = expand(narrow(x, -1, 0, 1), wide), expand(narrow(x, -1, n - 1, 1), wide)
    elif mode == "circular":
        before, after = narrow(x, -1, n - pad, pad), narrow(x, -1, 0, pad)
    else:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    return cat([before, x, after], -1)


def _check_stft(say: str, x: Tensor, n_fft: int, hop: int, win: int, window: Any) -> None:
    if x.dtype.category < dtypes.FLOAT:
        raise RuntimeError(f"{say} : expected a tensor of floating point or complex values")
    if x.ndim not in (1, 2):
        raise RuntimeError(f"{say} : expected a 1D or 2D tensor")
    if not 0 < n_fft <= x.shape[-1]:
        raise RuntimeError(f"{say} : expected 0 < n_fft < {x.shape[-1]}, but got n_fft={n_fft}")
    if hop <= 0:
        raise RuntimeError(f"{say} : expected hop_length > 0, but got hop_length={hop}")
    if not 0 < win <= n_fft:
        raise RuntimeError(f"{say} : expected 0 < win_length <= n_fft, but got win_length={win}")
    if window is not None and tuple(window.shape) != (win,):
        raise RuntimeError(
            f"{say} : expected a 1D window tensor of size equal to win_length={win}, but got "
            f"window with size {errors.sizes(window.shape)}"
        )


def _centred(window: Tensor, n_fft: int) -> Any:
    """The window with zeros on both sides, n_fft in all."""
    win = window.shape[0]
    if win == n_fft:
        return window
    left = (n_fft - win) // 2
    return constant_pad_nd(window, [left, n_fft - win - left])


@composite
def stft(
    self: Any, n_fft: int, hop_length: int | None = None, win_length: int | None = None,
    window: Any = None, center: bool = True, pad_mode: str = "reflect", normalized: bool = False,
    onesided: bool | None = None, return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Any:  # fmt: skip
    """The transforms of overlapping windows of a signal (..., n): (..., frequencies, windows).

    Raises RuntimeError for sizes that do not fit the signal.
    """
    if center and align_to_window is not None:
        raise RuntimeError("stft align_to_window should only be set when center = false")
    x = _padded(self, n_fft // 2, pad_mode) if center else self
    if window is None:
        errors.warn_once(_NO_WINDOW)
    hop = n_fft // 4 if hop_length is None else hop_length
    win = n_fft if win_length is None else win_length
    is_complex = x.dtype.is_complex or (window is not None and window.dtype.is_complex)
    if return_complex is None:
        if not is_complex:
            raise RuntimeError(
                "stft requires the return_complex parameter be given for real inputs, and will "
                "further require that return_complex=True in a future PyTorch release."
            )
        return_complex = True
    if not return_complex:
        errors.warn_once(_REAL_OUTPUT)
    say = (
        f"stft({_shown(x)}, n_fft={n_fft}, hop_length={hop}, win_length={win}, "
        f"window={_window_shown(window)}, normalized={int(normalized)}, "
        f"onesided={_flag(onesided)}, return_complex={_flag(return_complex)}, "
        f"align_to_window={_flag(align_to_window)})"
    )
    _check_stft(say, x, n_fft, hop, win, window)
    if onesided is None:
        onesided = not is_complex
    if onesided and is_complex:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    out = _transformed(x, n_fft, hop, win, window, normalized, onesided)
    return out if return_complex else out.view_as_real()


def _transformed(
    x: Tensor, n_fft: int, hop: int, win: int, window: Any, normalized: bool, onesided: bool
) -> Any:
    batched = x.ndim == 2
    x = x if batched else unsqueeze(x, 0)
    if window is None and win < n_fft:
        window = ones(win, dtype=x.dtype, device=x.device)
    count = 1 + (x.shape[1] - n_fft) // hop
    strides = x.stride()
    frames = as_strided(x, (x.shape[0], count, n_fft), (strides[0], hop * strides[1], strides[1]))
    if window is not None:
        frames = frames * _centred(window, n_fft)
    way = int(normalized)
    if frames.dtype.is_complex:
        out = _fft_c2c(frames, [2], way, True)
    else:
        out = _fft_r2c(frames, [2], way, onesided)
    out = out.transpose_(1, 2)
    return out if batched else out.squeeze_(0)


# ---------------------------------------------------------------- istft


def _check_istft(
    say: str, x: Tensor, n_fft: int, hop: int, win: int, window: Any, onesided: bool
) -> None:
    if not x.numel():
        raise RuntimeError(f"{say} : input tensor cannot be empty.")
    wrap_dim(-3, x.ndim + 1)
    if x.ndim not in (2, 3):
        raise RuntimeError(f"{say} : expected a tensor with 2 or 3 dimensions, but got {x.ndim}")
    expected, words = (n_fft // 2 + 1, "n_fft / 2 + 1 when onesided=True") if onesided else (
        n_fft, "n_fft when onesided=False"
    )  # fmt: skip
    if x.shape[-2] != expected:
        raise RuntimeError(
            f"{say} : expected the frequency dimension (3rd to the last) of the input tensor to "
            f"match {words}, but got {x.shape[-2]}"
        )
    if not 0 < hop <= win:
        raise RuntimeError(f"{say} : expected 0 < hop_length <= win_length")
    if not 0 < win <= n_fft:
        raise RuntimeError(f"{say} : expected 0 < win_length <= n_fft")
    if window is not None and tuple(window.shape) != (win,):
        raise RuntimeError(
            f"{say} : Invalid window shape. window has to be 1D and length of `win_length`"
        )


def _overlapped(frames: Any, hop: int) -> Any:
    """The sum of frames (b, count, n), each `hop` further: (b, n + hop (count - 1))."""
    b, count, n = frames.shape
    total = n + hop * (count - 1)
    out = zeros((b, total), dtype=frames.dtype, device=frames.device)
    places = [range(i * hop, i * hop + n) for i in range(count)]
    index = frames.new_tensor([p for row in places for p in row], dtype=dtypes.int64)
    return out.index_add(1, index, frames.reshape(b, count * n))


@composite
def istft(
    self: Any, n_fft: int, hop_length: int | None = None, win_length: int | None = None,
    window: Any = None, center: bool = True, normalized: bool = False,
    onesided: bool | None = None, length: int | None = None, return_complex: bool = False,
) -> Any:  # fmt: skip
    """The signal that ``stft`` transformed, by the least squares over overlapping windows.

    Raises RuntimeError for sizes that do not fit and windows that leave gaps.
    """
    if window is None:
        errors.warn_once(_NO_WINDOW_BACK)
    if not self.dtype.is_complex:
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with "
            "return_complex=True."
        )
    hop = n_fft // 4 if hop_length is None else hop_length
    win = n_fft if win_length is None else win_length
    kind = type_string(self.dtype, False).removeprefix("torch.").removesuffix("Tensor")
    device = "CUDA" if self.is_cuda else "CPU"
    say = (
        f"istft({device}{kind}Type{errors.sizes(self.shape)}, n_fft={n_fft}, hop_length={hop}, "
        f"win_length={win}, window={_window_shown(window)}, center={int(center)}, "
        f"normalized={int(normalized)}, onesided={_flag(onesided)}, "
        f"length={'None' if length is None else length}, return_complex={int(return_complex)})"
    )
    one = self.ndim < 2 or self.shape[-2] != n_fft if onesided is None else onesided
    _check_istft(say, self, n_fft, hop, win, window, one)
    if return_complex and one:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    real = dtypes.of(self._data.real.dtype)
    if window is None:
        window = ones(win, dtype=real, device=self.device)
    window = _centred(window, n_fft)
    x = transpose(self if self.ndim == 3 else unsqueeze(self, 0), 1, 2)
    frames = _frames(x, n_fft, int(normalized), one, return_complex)
    return _assembled(say, frames, window, hop, n_fft, center, length, self.ndim == 2)


def _frames(x: Any, n_fft: int, way: int, onesided: bool, return_complex: bool) -> Any:
    """The inverse transform of each window."""
    way = 1 if way else 2
    if return_complex:
        return _fft_c2c(x, [2], way, False)
    if not onesided:
        x = slice_(x, -1, 0, n_fft // 2 + 1)
    return _fft_c2r(x, [2], way, n_fft)


def _assembled(
    say: str, frames: Any, window: Any, hop: int, n_fft: int, center: bool, length: int | None,
    single: bool,
) -> Any:  # fmt: skip
    """The windows added up, divided by what they weigh together."""
    total = n_fft + hop * (frames.shape[1] - 1)
    start = n_fft // 2 if center else 0
    if length is not None:
        end = start + length
    else:
        end = total - n_fft // 2 if center else total
    signal = slice_(_overlapped(frames * window, hop), 1, start, end)
    squares = expand((window * window).view(1, 1, n_fft), (1, frames.shape[1], n_fft))
    weights = slice_(_overlapped(squares, hop), 1, start, end)
    lowest = weights.abs().min()
    if not lowest.item() > 1e-11:
        raise RuntimeError(f"{say} window overlap add min: 1\n[ CPUBoolType{{}} ]")
    out = signal / weights
    out = squeeze(out, 0) if single else out
    if length is not None and end > total:
        errors.warn_once(_TOO_SHORT)
        out = constant_pad_nd(out, [0, end - total])
    return out
