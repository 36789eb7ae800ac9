"""Pictures that begin with a photo: what of it they hold, and how much."""

import pytest
import torch

from atlas.synthesis.pictures.begun import CUT, low_frequencies
from atlas.synthesis.pictures.colour import from_klt, to_klt
from atlas.synthesis.pictures.parametrization import (
    ClampedSpectrum,
    FourierPhase,
    FourierSpectrum,
    KLTSpectrum,
    Pixels,
    luminance,
    signal_of,
)

SIDE = 32
CPU = torch.device("cpu")


def photos():
    return torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(5)) * 0.8 + 0.1


def generators():
    return [torch.Generator().manual_seed(seed) for seed in (0, 1)]


def spectrum(kind=FourierSpectrum, decorrelate=True, grey=False):
    return kind(SIDE, 1.0, False, 0.01, generators(), CPU, decorrelate, grey)


def test_the_share_falls_from_the_lowest_frequency():
    share = low_frequencies(256, 256, 0.7)
    assert share[0, 0] == pytest.approx(0.7) and share.argmax() == 0
    assert share[0, round(CUT)] == pytest.approx(0.7 * 0.6065, rel=1e-3)
    torch.testing.assert_close(share[round(CUT), 0], share[0, round(CUT)])
    torch.testing.assert_close(share[-3, 4], share[3, 4])


@pytest.mark.parametrize(
    "picture",
    [
        lambda: spectrum(),
        lambda: spectrum(decorrelate=False),
        lambda: spectrum(KLTSpectrum, decorrelate=False),
        lambda: spectrum(ClampedSpectrum, decorrelate=False),
        lambda: Pixels(SIDE, 1e-6, generators(), CPU, True, False),
    ],
)
def test_a_picture_with_all_of_a_photo_is_the_photo(picture):
    made = picture()
    made.begin(photos(), torch.ones(SIDE, SIDE // 2 + 1))
    torch.testing.assert_close(made().detach(), photos(), atol=1e-3, rtol=0)


def test_a_phase_with_all_of_a_photo_has_its_phase_and_its_own_magnitude():
    magnitude = torch.rand(3, SIDE, SIDE // 2 + 1, generator=torch.Generator().manual_seed(1)) + 0.1
    made = FourierPhase(magnitude, SIDE, generators(), CPU, False)
    random = made.phase.detach().clone()
    made.begin(photos(), torch.zeros(SIDE, SIDE // 2 + 1))
    torch.testing.assert_close(made.phase.detach(), random)
    made.begin(photos(), torch.ones(SIDE, SIDE // 2 + 1))
    own = torch.fft.rfft2(signal_of(photos(), False))
    torch.testing.assert_close(torch.cos(made.phase.detach().double() - own.angle()), torch.ones_like(own.real))


def test_grey_pictures_begin_with_a_photo_s_luminance():
    made = spectrum(grey=True)
    made.begin(photos(), torch.ones(SIDE, SIDE // 2 + 1))
    shown = made().detach()
    torch.testing.assert_close(shown[:, 0], shown[:, 1])
    torch.testing.assert_close(shown[:, :1].logit().double(), signal_of(photos(), True), atol=1e-3, rtol=0)


def test_a_clamped_grey_picture_begins_with_the_luminance_itself():
    made = spectrum(ClampedSpectrum, decorrelate=False, grey=True)
    made.begin(photos(), torch.ones(SIDE, SIDE // 2 + 1))
    torch.testing.assert_close(made().detach()[:, :1], luminance(photos()), atol=1e-3, rtol=0)


def test_klt_colours_are_inverted():
    signal = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    torch.testing.assert_close(from_klt(to_klt(signal)), signal)
