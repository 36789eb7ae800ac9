"""Half spectra: the frequencies of real signals, of which those below 0 are left out, back to the signals."""

from typing import Any

import torch
from torch import Tensor


def to_signals(spectra: Tensor, width: int) -> Tensor:
    """Return the real signals (..., H, width) of half spectra (..., H, width // 2 + 1), differentiably.

    The first column and an even width's last (Nyquist's) stand for themselves, and so must be Hermitian: of what
    optimisers make of them the Hermitian part is taken. That is what ``torch.fft.irfft2`` does of itself on a CPU, to
    the bit; what it does on another device is nobody's promise, and so it is said here: columns first, then those two
    are made real, then rows.
    """
    signals: Tensor = _Signals.apply(spectra, width)  # type: ignore[no-untyped-call]
    return signals


class _Signals(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, spectra: Tensor, width: int) -> Tensor:
        rows = torch.fft.ifft(spectra, dim=-2)
        imaginary = torch.view_as_real(rows)[..., 1]
        imaginary[..., 0] = 0.0
        if width % 2 == 0:
            imaginary[..., -1] = 0.0
        return torch.fft.irfft(rows, n=width, dim=-1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (gradient,) = gradients
        spectra = torch.fft.rfft2(gradient, norm="forward")
        spectra[..., 1 : (gradient.shape[-1] + 1) // 2] *= 2  # the columns that stand for those left out, too
        return spectra, None
