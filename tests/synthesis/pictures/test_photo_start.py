"""Pictures that start as a photo: exactly that photo at first, and what of it can never change."""

import numpy as np
import pytest
import torch

from atlas.synthesis.pictures.colour import decorrelate
from atlas.synthesis.pictures.parametrization import MARGIN, frequency_scale, signal_of
from atlas.synthesis.pictures.photo_start import PhotoPhase, PhotoSpectrum

KINDS = {"phase": PhotoPhase, "spectrum": lambda photos, grey: PhotoSpectrum(photos, 1.0, grey)}


def photos(side=16, count=2):
    """Photos with all 256 grey levels, black and white included."""
    values = torch.randint(256, (count, 3, side, side), generator=torch.Generator().manual_seed(0))
    values[:, :, 0, 0], values[:, :, 0, 1] = 0, 255
    return values.float() / 255


@pytest.mark.parametrize("side", [16, 17])
@pytest.mark.parametrize("kind", KINDS)
def test_the_start_is_the_photo_to_the_grey_level(kind, side):
    given = photos(side)
    image = KINDS[kind](given, False)().detach()
    assert torch.equal((image * 255).round(), given * 255)
    assert (image - given.clamp(MARGIN, 1 - MARGIN)).abs().max() < 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_grey_pictures_start_as_the_luminance(kind):
    given = photos()
    image = KINDS[kind](given, True)().detach()
    luma = 0.299 * given[:, 0] + 0.587 * given[:, 1] + 0.114 * given[:, 2]
    for channel in range(3):
        torch.testing.assert_close(image[:, channel], luma.clamp(MARGIN, 1 - MARGIN), rtol=0, atol=1e-5)


def test_the_signal_is_the_inverse_of_colours_and_sigmoid():
    given = photos().double().clamp(MARGIN, 1 - MARGIN)
    torch.testing.assert_close(signal_of(photos(), False), decorrelate((given / (1 - given)).log()))


def test_whatever_the_phase_the_magnitude_is_the_photos():
    """Everywhere but in the first and the Nyquist column, which irfft2 makes Hermitian."""
    given = photos()
    picture = PhotoPhase(given, False)
    with torch.no_grad():
        picture.phase.copy_(torch.rand(picture.phase.shape, generator=torch.Generator().manual_seed(1)) * 6)
    image = picture().detach().double()
    signals = (decorrelate(torch.logit(image)), signal_of(given, False))
    found, expected = (torch.fft.rfft2(signal)[..., 1:-1].abs() for signal in signals)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
    assert (image - given).abs().mean() > 0.05


def test_the_spectrum_is_added_to_the_photo():
    """``sigmoid(recorrelate(s + irfft2(scale * z / 4)))``, its inverse taken in float64."""
    given = photos()
    picture = PhotoSpectrum(given, 1.5, False)
    with torch.no_grad():
        picture.coefficients.normal_(std=0.01, generator=torch.Generator().manual_seed(1))
    z = torch.view_as_complex(picture.coefficients.detach().double()).numpy()
    change = np.fft.irfft2(z * frequency_scale(16, 16, 1.5).numpy() / 4, s=(16, 16))
    found = decorrelate(torch.logit(picture().detach().double())) - signal_of(given, False)
    np.testing.assert_allclose(found.numpy(), change, atol=2e-3)
    assert np.abs(change).max() > 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_each_picture_has_gradients_of_its_own(kind):
    picture = KINDS[kind](photos(count=3), False)
    picture()[1].square().sum().backward()
    (parameter,) = picture.parameters()
    sizes = parameter.grad.abs().flatten(1).amax(dim=1)
    assert sizes[1] > 0 and sizes[0] == sizes[2] == 0
