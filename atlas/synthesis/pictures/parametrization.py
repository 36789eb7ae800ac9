"""Parametrizations: what the optimiser moves, and the image that comes of it."""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from atlas.models.network.preprocess import LUMA
from atlas.synthesis.pictures.colour import decorrelate, from_klt, recorrelate, to_klt
from atlas.synthesis.pictures.half_spectrum import to_signals

MARGIN = 1 / 512
"""Half a grey level: photos are kept this far from 0 and 1, where the inverse of the sigmoid is infinite. Rounded to 8
bits they are the same."""


class FourierPhase(nn.Module):
    """MACO's image: the magnitude of its Fourier spectrum is fixed, only the phase is learned (MACO, definition 3.1).

    ``image = sigmoid(recorrelate(contrast * standardise(irfft2(magnitude * exp(i * phase)))))``. The zeroth and (for an
    even width) the Nyquist column of a half spectrum must be Hermitian and are made so
    (:func:`~atlas.synthesis.pictures.half_spectrum.to_signals`); the magnitude is kept exactly everywhere else.

    Args:
        magnitude: (3, H, W // 2 + 1), colour-decorrelated, FFT-ordered, non-negative.
        width: W, since a half spectrum alone does not tell an even from an odd width.
        generators: B CPU generators; each draws its item's phase from U[-pi, pi].
        grey: render luminance only, for models with a single input channel; the three channels are then equal.
        contrast: standard deviation of the signal before colours and sigmoid (MACO: 1).
        standardise: bring each item's phase to mean 0 and standard deviation 1 before it is used, and start it from
            N(0, 1), as the authors' codes do and their paper does not say. As a gradient through it is orthogonal to
            the phase, steps make the phase longer and themselves less: a constant rate decays.
    """

    def __init__(
        self,
        magnitude: Tensor,
        width: int,
        generators: Sequence[torch.Generator],
        device: torch.device,
        grey: bool,
        contrast: float = 1.0,
        standardise: bool = False,
    ) -> None:
        super().__init__()
        self._width = width
        self._standardise = standardise
        self._contrast = contrast
        self._grey = grey
        self._magnitude = (magnitude[:1] if grey else magnitude).to(device)
        draw = torch.randn if standardise else torch.rand
        start = torch.stack([draw(self._magnitude.shape, generator=generator) for generator in generators])
        self.phase = nn.Parameter((start if standardise else (start * 2 - 1) * math.pi).to(device))

    def begin(self, photos: Tensor, share: Tensor) -> None:
        """See :meth:`atlas.synthesis.pictures.begun.Begins.begin`: of photos the phase alone is taken.

        Phases that are standardised are then a little nearer to 0 than the photo's, whose deviation is larger than 1:
        by 3 % where they are a fiftieth of all.
        """
        own = torch.fft.rfft2(signal_of(photos, self._grey)).angle().to(self.phase.dtype)
        with torch.no_grad():
            ones, share = torch.ones_like(own), share.to(own.device)
            mixed = share * torch.polar(ones, own) + (1 - share) * torch.polar(ones, self.phase)
            self.phase.copy_(mixed.angle())

    def forward(self) -> Tensor:
        """Return the images, (B, 3, H, W) float32 sRGB in [0, 1]."""
        phase = F.group_norm(self.phase, 1, eps=0.0) if self._standardise else self.phase
        return self._picture(phase, self._magnitude, self._width)

    def _picture(self, phase: Tensor, magnitude: Tensor, width: int) -> Tensor:
        signal: Tensor = InverseFourier.apply(phase, magnitude, width)  # type: ignore[no-untyped-call]
        standard = F.group_norm(signal, 1, eps=0.0)  # zero mean and unit variance over all of one image
        if self._contrast != 1:
            standard = standard * self._contrast
        return torch.sigmoid(standard.expand(-1, 3, -1, -1) if self._grey else recorrelate(standard))


class InverseFourier(torch.autograd.Function):
    """``irfft2(magnitude * exp(i * phase))`` with its gradient to phase and magnitude in closed form.

    With z = r exp(i phase) and G = rfft2 of the signal's gradient, d/d phase = c Im(conj(z) G) / (H W) and d/d r =
    c Re(conj(z) G) / (r H W), where c is 2 except for the columns that a half spectrum holds but once (the zeroth and
    an even width's Nyquist column). This is a third of the time of autograd through ``torch.polar``; a test compares
    the two.
    """

    @staticmethod
    def forward(ctx: Any, phase: Tensor, magnitude: Tensor, width: int) -> Tensor:
        """Return the signals (B, C, H, W) of phases (B, C, H, W // 2 + 1) and one magnitude or one for each."""
        parts = torch.empty(*phase.shape, 2, dtype=phase.dtype, device=phase.device)
        torch.mul(phase.cos(), magnitude, out=parts[..., 0])
        torch.mul(phase.sin(), magnitude, out=parts[..., 1])
        ctx.save_for_backward(parts, magnitude if ctx.needs_input_grad[1] else None)
        ctx.width = width
        return to_signals(torch.view_as_complex(parts), width)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor | None, None]:
        """Return the gradient to the phase, and to magnitudes of each item if wanted; it is 0 where they are 0."""
        (parts, magnitude), (gradient,) = ctx.saved_tensors, gradients
        spectrum = torch.view_as_real(torch.fft.rfft2(gradient))
        turned = parts[..., 0] * spectrum[..., 1]
        turned.addcmul_(parts[..., 1], spectrum[..., 0], value=-1)
        _count_columns(turned, gradient)
        if magnitude is None:
            return turned, None, None
        stretched = parts[..., 0] * spectrum[..., 0]
        stretched.addcmul_(parts[..., 1], spectrum[..., 1])
        stretched /= magnitude.clamp_min(torch.finfo(magnitude.dtype).tiny)
        _count_columns(stretched, gradient)
        return turned, stretched, None


def _count_columns(result: Tensor, signal: Tensor) -> None:
    """Multiply the columns of a half spectrum by how often the whole one holds them, over its number of pixels."""
    height, width = signal.shape[-2:]
    result *= 2.0 / (height * width)
    result[..., 0] /= 2
    if width % 2 == 0:
        result[..., -1] /= 2


class FourierSpectrum(nn.Module):
    """The complex half spectrum of a picture, low frequencies amplified (Lucid's ``fft_image``, Olah et al. 2017).

    ``image = sigmoid(recorrelate(irfft2(scale * z)))`` with the scale of :func:`frequency_scale`, and the signal either
    standardised or divided by 4. The first is Horama's, and keeps colours from saturating however far the spectrum
    grows; the second is Lucid's ("a magic constant?", says its code). Horama also standardises z itself: that its
    deviation is divided by cancels here, its mean is a single bump in the picture's corner.

    Args:
        side: of the pictures, pixels; an odd one needs no extra column, unlike in Lucid.
        decay: power of the frequency by which coefficients are divided.
        standardise: bring each picture's signal to mean 0 and variance 1 instead of dividing it by 4.
        deviation: standard deviation of the normal draws that each coefficient's two parts start from.
        generators: B CPU generators, one per item.
        decorrelate: whether the channels are those of the decorrelated colour space.
        grey: render luminance only, for models with a single input channel; the three channels are then equal.
        contrast: standard deviation above which a signal that is not standardised is scaled down to it; none for None.
    """

    def __init__(
        self,
        side: int,
        decay: float,
        standardise: bool,
        deviation: float,
        generators: Sequence[torch.Generator],
        device: torch.device,
        decorrelate: bool,
        grey: bool,
        contrast: float | None = None,
    ) -> None:
        super().__init__()
        self._side = side
        self._standardise = standardise
        self._contrast = contrast
        self._decorrelate = decorrelate
        self._scale = (frequency_scale(side, side, decay)[..., None] / 4).to(device, torch.float32)
        shape = (1 if grey else 3, side, side // 2 + 1, 2)  # real and imaginary part last
        start = [torch.randn(shape, generator=generator) * deviation for generator in generators]
        self.coefficients = nn.Parameter(torch.stack(start).to(device))

    def begin(self, photos: Tensor, share: Tensor) -> None:
        """See :meth:`atlas.synthesis.pictures.begun.Begins.begin`."""
        own = torch.view_as_real(torch.fft.rfft2(self._signal_of(photos))).to(self.coefficients.dtype) / self._scale
        share = share.to(own.device)[..., None]
        with torch.no_grad():
            self.coefficients.copy_(share * own + (1 - share) * self.coefficients)

    def _signal_of(self, photos: Tensor) -> Tensor:
        return signal_of(photos, self.coefficients.shape[1] == 1, self._decorrelate)

    def signal(self) -> Tensor:
        """Return the signals before colours and sigmoid, (B, 3, H, W), or (B, 1, H, W) for grey pictures."""
        spectrum = torch.view_as_complex(self.coefficients * self._scale)
        signal = to_signals(spectrum, self._side)
        if self._standardise:
            return F.group_norm(signal, 1, eps=0.0)
        return signal if self._contrast is None else bounded(signal, self._contrast)

    def forward(self) -> Tensor:
        """Return the images, (B, 3, H, W) float32 sRGB in [0, 1]."""
        return to_picture(self.signal(), self._decorrelate)


class KLTSpectrum(FourierSpectrum):
    """The same in the Karhunen-Loeve transform's colours, ``sigmoid(A @ signal + mean)`` (Shi et al. 2023)."""

    def _signal_of(self, photos: Tensor) -> Tensor:
        signal = signal_of(photos, self.coefficients.shape[1] == 1, decorrelated=False)
        return to_klt(signal) if signal.shape[1] == 3 else signal

    def forward(self) -> Tensor:
        """Return the images, (B, 3, H, W) float32 sRGB in [0, 1]."""
        signal = self.signal()
        return torch.sigmoid(from_klt(signal)) if signal.shape[1] == 3 else to_picture(signal, decorrelated=False)


BRIGHTNESS = 0.6
"""By which the pictures of Shi et al. are multiplied before they are cut off (their code)."""


class ClampedSpectrum(FourierSpectrum):
    """The same without a sigmoid, ``image = clamp(0.6 * signal, 0, 1)`` (Shi et al. 2023, equation 3, and their code).

    What is cut off has no gradient. As every coefficient moves all pixels, it is moved by those that are not.
    """

    def _signal_of(self, photos: Tensor) -> Tensor:
        images = photos.double() if self.coefficients.shape[1] == 3 else luminance(photos.double())
        return images / BRIGHTNESS

    def forward(self) -> Tensor:
        """Return the images, (B, 3, H, W) float32 sRGB in [0, 1]."""
        return (BRIGHTNESS * self.signal()).clamp(0, 1).expand(-1, 3, -1, -1)


class BoundedPixels(nn.Module):
    """Pixels that are their own parameters, kept in range by :meth:`project` rather than by a sigmoid.

    Args:
        start: (B, C, side, side) on the device, in the unit below; C is 1 for grey pictures. It is brought into range.
        mean, std: per channel: ``image = values * std + mean``. Learning rates are in this unit.
    """

    def __init__(self, start: Tensor, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self._mean, self._std = (torch.tensor(one, device=start.device).view(-1, 1, 1) for one in (mean, std))
        self.values = nn.Parameter(start.clone())
        self.project()

    def project(self, *_: object) -> None:
        """Bring every pixel to the nearest value whose image is in [0, 1]; made to be an optimiser's post-step hook."""
        with torch.no_grad():
            self.values.copy_(self.values.clamp(-self._mean / self._std, (1 - self._mean) / self._std))

    def forward(self) -> Tensor:
        """Return the images, (B, 3, side, side) float32 sRGB in [0, 1]."""
        image = self.values * self._std + self._mean
        image = image + (image.clamp(0, 1) - image).detach()  # rounding must not end a pixel's gradient
        return image.expand(-1, 3, -1, -1)


class Pixels(nn.Module):
    """Pixels before the sigmoid, in the decorrelated colour space or in RGB (Lucid's ``pixel_image``).

    Args:
        side: of the pictures, pixels.
        deviation: standard deviation of the normal draws that they start from.
        generators: B CPU generators, one per item.
        decorrelate: whether the channels are those of the decorrelated colour space.
        grey: render luminance only, for models with a single input channel; the three channels are then equal.
    """

    def __init__(
        self,
        side: int,
        deviation: float,
        generators: Sequence[torch.Generator],
        device: torch.device,
        decorrelate: bool,
        grey: bool,
    ) -> None:
        super().__init__()
        self._decorrelate = decorrelate
        shape = (1 if grey else 3, side, side)
        start = [torch.randn(shape, generator=generator) * deviation for generator in generators]
        self.values = nn.Parameter(torch.stack(start).to(device))

    def begin(self, photos: Tensor, share: Tensor) -> None:
        """See :meth:`atlas.synthesis.pictures.begun.Begins.begin`; the noise of all frequencies stays."""
        signal = signal_of(photos, self.values.shape[1] == 1, self._decorrelate)
        low = to_signals(torch.fft.rfft2(signal) * share.to(signal.device), signal.shape[3])
        with torch.no_grad():
            self.values.add_(low.to(self.values.dtype))

    def forward(self) -> Tensor:
        """Return the images, (B, 3, H, W) float32 sRGB in [0, 1]."""
        return to_picture(self.values, self._decorrelate)


def bounded(signal: Tensor, deviation: float) -> Tensor:
    """Return signals (B, C, H, W), each scaled to that standard deviation if it has a larger one."""
    return signal * (deviation / signal.std(dim=(1, 2, 3), correction=0, keepdim=True).clamp_min(deviation))


def frequency_scale(height: int, width: int, decay: float) -> Tensor:
    """Return what a half spectrum is multiplied by, (height, width // 2 + 1) float64 (Lucid's ``fft_image``).

    ``sqrt(width * height) / max(f, 1 / max(width, height)) ** decay``, f in cycles per pixel. The square root makes
    irfft2 unitary, so that learning rates are those of pixels.
    """
    rows = torch.fft.fftfreq(height, dtype=torch.float64)[:, None]
    columns = torch.fft.rfftfreq(width, dtype=torch.float64)
    frequencies = torch.hypot(rows, columns).clamp_min(1 / max(width, height))
    return math.sqrt(width * height) / frequencies**decay


def to_picture(signal: Tensor, decorrelated: bool) -> Tensor:
    """Return images (B, 3, H, W) in [0, 1] of unbounded signals (B, 3, H, W), or (B, 1, H, W) for grey pictures.

    The colour matrix, then a sigmoid: Lucid's ``to_valid_rgb``.
    """
    if signal.shape[1] == 1:
        signal = signal.expand(-1, 3, -1, -1)
    elif decorrelated:
        signal = recorrelate(signal)
    return torch.sigmoid(signal)


def luminance(images: Tensor) -> Tensor:
    """Return the luminance of images (B, 3, H, W), (B, 1, H, W)."""
    return (images * torch.tensor(LUMA, dtype=images.dtype, device=images.device)[:, None, None]).sum(1, True)


def signal_of(photos: Tensor, grey: bool, decorrelated: bool = True) -> Tensor:
    """Return what becomes photos when colours are recorrelated and squashed: the inverse of :func:`to_picture`.

    Args:
        photos: (B, 3, H, W) in [0, 1].
        grey: return the signal of their luminance instead, (B, 1, H, W).
    Returns:
        float64.
    """
    images = photos.double()
    if grey:
        images = luminance(images)
    signal = torch.logit(images.clamp(MARGIN, 1 - MARGIN))
    return decorrelate(signal) if decorrelated and not grey else signal
