"""Spectra: the shipped template, its resize, and what is refused."""

import io

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from atlas.core.canonical import digest_bytes
from atlas.errors import SpectrumError
from atlas.synthesis.pictures.spectrum import (
    TEMPLATE,
    load_spectrum,
    natural_spectrum,
    parse_spectrum,
    resize_spectrum,
    spectrum_bytes,
)


def npy(array, **options):
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def random_signals(magnitude, width, count=4):
    """Signals of that magnitude and of random phase, (count, 3, H, W) float64."""
    generator = torch.Generator().manual_seed(0)
    phase = torch.rand(count, *magnitude.shape, generator=generator, dtype=torch.float64) * 2 * torch.pi
    spectrum = torch.polar(magnitude.to(torch.float64).expand_as(phase), phase)
    return torch.fft.irfft2(spectrum, s=(magnitude.shape[1], width))


def test_the_template_is_unchanged_at_its_own_size():
    assert np.array_equal(natural_spectrum(512, 512).numpy(), np.load(TEMPLATE))


@pytest.mark.parametrize("size", [224, 320, 1280])
def test_the_rows_plus_and_minus_one_stay_alike(size):
    # A bilinear resize of the unshifted template gives 0.64 at 224 px and 2.25 at 1280 px.
    natural = natural_spectrum(size, size, dtype=torch.float64)
    assert (natural[:, 1, 0] / natural[:, -1, 0]).numpy() == pytest.approx(1, abs=1e-3)
    ratio = natural[:, 1, :20].mean(1) / natural[:, -1, :20].mean(1)
    assert ratio.numpy() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("size", [224, 225, 1280])
def test_the_zero_frequency_does_not_leak(size):
    template = torch.from_numpy(np.load(TEMPLATE)).double()
    brighter = template.clone()
    brighter[:, 0, 0] *= 1000
    plain, bright = resize_spectrum(template, size, size), resize_spectrum(brighter, size, size)
    torch.testing.assert_close(bright[:, 0, 0], plain[:, 0, 0] * 1000)
    plain[:, 0, 0] = bright[:, 0, 0] = 0
    assert torch.equal(plain, bright)
    assert np.array_equal(template.numpy(), np.load(TEMPLATE)), "the template itself must stay as it is"


@given(
    rows=st.integers(4, 20),
    columns=st.integers(4, 20).map(lambda n: 2 * n),
    height=st.integers(2, 45),
    width=st.integers(2, 45),
)
def test_a_symmetric_spectrum_stays_symmetric_at_any_size(rows, columns, height, width):
    vertical = torch.fft.fftfreq(rows, dtype=torch.float64).abs()
    horizontal = torch.fft.rfftfreq(columns, dtype=torch.float64)
    spectrum = (1 / (0.1 + vertical[:, None] + horizontal)).expand(3, -1, -1)
    resized = resize_spectrum(spectrum, height, width)
    assert resized.shape == (3, height, width // 2 + 1)
    mirrored = resized[:, 1:].flip(1)
    torch.testing.assert_close(resized[:, 1:], mirrored, rtol=1e-9, atol=0)


def test_resizing_follows_cycles_per_pixel():
    # A spectrum linear in each frequency is what linear interpolation returns exactly.
    def linear(height, width):
        vertical, horizontal = (
            torch.fft.fftfreq(height, dtype=torch.float64).abs(),
            torch.fft.rfftfreq(width, dtype=torch.float64),
        )
        return (1 + 2 * vertical[:, None] + 3 * horizontal).expand(3, -1, -1).clone()

    resized = resize_spectrum(linear(64, 64), 96, 160)
    growth = (96 * 160 / 64**2) ** 0.5
    # Within one old bin of frequency zero the interpolation bridges the fold of the absolute value, so look beyond.
    torch.testing.assert_close(resized[:, 2:-1, 3:] / growth, linear(96, 160)[:, 2:-1, 3:])


@pytest.mark.parametrize("size", [224, 360, 720])
def test_signals_keep_their_mean_and_spread_at_every_size(size):
    own, other = random_signals(natural_spectrum(512, 512), 512), random_signals(natural_spectrum(size, size), size)
    zero_own, zero_other = natural_spectrum(512, 512)[:, 0, 0] / 512**2, natural_spectrum(size, size)[:, 0, 0] / size**2
    torch.testing.assert_close(zero_own, zero_other)
    ratio = other.std(dim=(2, 3)).square().mean().sqrt() / own.std(dim=(2, 3)).square().mean().sqrt()
    # A smaller picture has no room for the longest waves; without the scaling the ratio would be 512 / size.
    assert 0.8 < ratio < 1.1


def test_the_magnitude_is_kept_but_in_the_two_hermitian_columns():
    magnitude = natural_spectrum(224, 224, dtype=torch.float64)
    found = torch.fft.rfft2(random_signals(magnitude, 224)).abs()
    relative = (found - magnitude).abs() / magnitude
    scale = magnitude[:, :, 1:-1].max()
    assert (found - magnitude)[..., 1:-1].abs().max() / scale < 5e-15
    assert relative[..., 0].max() > 0.5
    assert relative[..., -1].max() > 0.5


def test_an_odd_width_has_only_one_such_column():
    magnitude = natural_spectrum(45, 33, dtype=torch.float64)
    found = torch.fft.rfft2(random_signals(magnitude, 33)).abs()
    torch.testing.assert_close(found[..., 1:], magnitude.expand_as(found)[..., 1:])


def test_the_digest_is_of_the_bytes_that_are_returned(tmp_path):
    data, digest = spectrum_bytes(None)
    assert digest == digest_bytes(data)
    (tmp_path / "copy.npy").write_bytes(data)
    assert spectrum_bytes(tmp_path / "copy.npy") == (data, digest)
    assert torch.equal(load_spectrum(tmp_path / "copy.npy"), parse_spectrum(data))


GOOD = np.ones((3, 8, 5), np.float32)
NAN, NEGATIVE = GOOD.copy(), GOOD.copy()
NAN[1, 2, 3], NEGATIVE[1, 2, 3] = np.nan, -1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (npy(np.ones((8, 5))), r"shape \(8, 5\)"),
        (npy(np.ones((1, 8, 5))), r"shape \(1, 8, 5\)"),
        (npy(np.ones((3, 8, 1))), r"shape \(3, 8, 1\)"),
        (npy(NAN), "NaN"),
        (npy(GOOD * np.float64(1e300)), "infinite"),
        (npy(NEGATIVE), "negative"),
        (npy(GOOD * 0), "above zero"),
        (npy(GOOD.astype(complex)), "complex"),
        (npy(np.array([{}], dtype=object), allow_pickle=True), "object"),
        (npy(GOOD)[:-7], "truncated"),
        (npy(GOOD)[:40], "no .npy"),
        (npy(GOOD) + b"more", "length"),
        (npy(GOOD).replace(b"(3, 8, 5)", b"(3,9**9,5)"), "no .npy"),
        (b"", "no .npy"),
        (b"PK\x03\x04 a zip", "no .npy"),
    ],
)
def test_what_is_no_spectrum_is_refused_and_the_remedy_named(data, words):
    with pytest.raises(SpectrumError, match=words) as caught:
        parse_spectrum(data)
    assert "atlas spectrum" in caught.value.remedy


def test_a_false_size_is_never_allocated():
    huge = npy(GOOD).replace(b"(3, 8, 5), }" + b" " * 12, b"(3, 9999999, 9999999), }")
    with pytest.raises(SpectrumError, match="length does not match"):
        parse_spectrum(huge)


def test_integers_and_doubles_are_taken():
    assert torch.equal(parse_spectrum(npy(GOOD.astype(np.int64))), parse_spectrum(npy(GOOD.astype(np.float64))))


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(SpectrumError, match=r"missing\.npy: No such file"):
        spectrum_bytes(tmp_path / "missing.npy")
    with pytest.raises(SpectrumError, match="directory"):
        load_spectrum(tmp_path)
