"""Parametrizations: what the optimiser moves, and the image that comes of it."""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from atlas.synthesis.colour import recorrelate


class FourierPhase(nn.Module):
    """MACO's image: the magnitude of its Fourier spectrum is fixed, only the phase is learned (MACO, definition 3.1).

    ``image = sigmoid(recorrelate(standardise(irfft2(magnitude * exp(i * phase)))))``. The zeroth and (for an even
    width) the Nyquist column of a half spectrum must be Hermitian; irfft2 projects them silently, so the magnitude is
    kept exactly everywhere else.

    Args:
        magnitude: (3, H, W // 2 + 1), colour-decorrelated, FFT-ordered, non-negative.
        width: W, since a half spectrum alone does not tell an even from an odd width.
        generators: B CPU generators; each draws its item's phase from U[-pi, pi].
        grey: render luminance only, for models with a single input channel; the three channels are then equal.
    """

    def __init__(
        self, magnitude: Tensor, width: int, generators: Sequence[torch.Generator], device: torch.device, grey: bool
    ) -> None:
        super().__init__()
        self._width = width
        self._grey = grey
        self._magnitude = (magnitude[:1] if grey else magnitude).to(device)
        start = [torch.rand(self._magnitude.shape, generator=generator) for generator in generators]
        self.phase = nn.Parameter(((torch.stack(start) * 2 - 1) * math.pi).to(device))

    def forward(self) -> Tensor:
        """Return the images, (B, 3, H, W) float32 sRGB in [0, 1]."""
        signal: Tensor = InverseFourier.apply(self.phase, self._magnitude, self._width)  # type: ignore[no-untyped-call]
        standard = F.group_norm(signal, 1, eps=0.0)  # zero mean and unit variance over all of one image
        return torch.sigmoid(standard.expand(-1, 3, -1, -1) if self._grey else recorrelate(standard))


class InverseFourier(torch.autograd.Function):
    """``irfft2(magnitude * exp(i * phase))`` with its gradient to the phase in closed form.

    With z = r exp(i phase) and G = rfft2 of the signal's gradient, d/d phase = c Im(conj(z) G) / (H W), where c is 2
    except for the columns that a half spectrum holds but once (the zeroth and an even width's Nyquist column). This is
    a third of the time of autograd through ``torch.polar``; a test compares the two.
    """

    @staticmethod
    def forward(ctx: Any, phase: Tensor, magnitude: Tensor, width: int) -> Tensor:
        """Return the signals (B, C, H, W) of phases (B, C, H, W // 2 + 1) and one magnitude (C, H, W // 2 + 1)."""
        parts = torch.empty(*phase.shape, 2, dtype=phase.dtype, device=phase.device)
        torch.mul(phase.cos(), magnitude, out=parts[..., 0])
        torch.mul(phase.sin(), magnitude, out=parts[..., 1])
        ctx.save_for_backward(parts)
        ctx.width = width
        return torch.fft.irfft2(torch.view_as_complex(parts), s=(phase.shape[-2], width))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """Return the gradient to the phase."""
        (parts,), (gradient,) = ctx.saved_tensors, gradients
        height, width = gradient.shape[-2:]
        spectrum = torch.view_as_real(torch.fft.rfft2(gradient))
        result = parts[..., 0] * spectrum[..., 1]
        result.addcmul_(parts[..., 1], spectrum[..., 0], value=-1)
        result *= 2.0 / (height * width)
        result[..., 0] /= 2
        if width % 2 == 0:
            result[..., -1] /= 2
        return result, None, None
