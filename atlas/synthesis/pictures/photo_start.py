"""Pictures that start as a photo: the parametrizations of feature accentuation (Hamblin et al. 2024)."""

import torch
from torch import Tensor, nn

from atlas.synthesis.pictures.half_spectrum import to_signals
from atlas.synthesis.pictures.parametrization import InverseFourier, frequency_scale, signal_of, to_picture


class PhotoPhase(nn.Module):
    """Pictures with the Fourier magnitude of their photo, whose phase is learned, from the photo's own on.

    ``image = sigmoid(recorrelate(irfft2(|s| * exp(i * phase))))`` with s the spectrum of the photo's signal. This is
    :class:`FourierPhase` with a magnitude of each picture's own, and therefore its contrast and mean.

    Args:
        photos: (B, 3, H, W) in [0, 1], on the device.
        grey: learn luminance only, for models with a single input channel.
    """

    def __init__(self, photos: Tensor, grey: bool) -> None:
        super().__init__()
        self._width = photos.shape[3]
        spectrum = torch.fft.rfft2(signal_of(photos, grey))
        self._magnitude = spectrum.abs().float()
        self.phase = nn.Parameter(spectrum.angle().float())

    def forward(self) -> Tensor:
        """Return the images, (B, 3, H, W) float32 sRGB in [0, 1]."""
        signal: Tensor = InverseFourier.apply(self.phase, self._magnitude, self._width)  # type: ignore[no-untyped-call]
        return to_picture(signal, decorrelated=True)


class PhotoSpectrum(nn.Module):
    """Pictures that are their photo and what a whole spectrum, at first all zeros, adds to it.

    ``image = sigmoid(recorrelate(s + irfft2(scale * z)))`` with s the photo's signal and the scale of
    :func:`frequency_scale`: as if z began with the photo's own coefficients, without their rounding.

    Args:
        photos, grey: as of :class:`PhotoPhase`.
        decay: power of the frequency by which coefficients are divided.
    """

    def __init__(self, photos: Tensor, decay: float, grey: bool) -> None:
        super().__init__()
        self._photo = signal_of(photos, grey).float()
        height, width = photos.shape[2:]
        self._scale = (frequency_scale(height, width, decay)[..., None] / 4).to(photos.device, torch.float32)
        shape = (*self._photo.shape[:3], width // 2 + 1, 2)
        self.coefficients = nn.Parameter(torch.zeros(shape, device=photos.device))

    def forward(self) -> Tensor:
        """Return the images, (B, 3, H, W) float32 sRGB in [0, 1]."""
        spectrum = torch.view_as_complex(self.coefficients * self._scale)
        change = to_signals(spectrum, self._photo.shape[3])
        return to_picture(self._photo + change, decorrelated=True)
