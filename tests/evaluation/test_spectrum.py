"""Spectra of gratings, noise and photos against what they must be."""

import numpy as np
import pytest
import torch

from atlas.core.job import Target
from atlas.errors import ScoreError
from atlas.evaluation.frequencies import BINS, high_share, power, radial_power
from atlas.evaluation.scores.base import Evidence
from atlas.evaluation.scores.spectrum import SPECTRUM
from atlas.evaluation.spectrum import spectrum


def grating(cycles, side=64):
    """A picture with a wave of so many cycles across its width."""
    wave = 0.5 + 0.25 * np.cos(2 * np.pi * cycles * np.arange(side) / side)
    return np.broadcast_to(wave, (3, side, side)).copy()


def noise(seed, side=64, deviation=0.1):
    return 0.5 + np.random.default_rng(seed).normal(0, deviation, (3, side, side))


@pytest.mark.parametrize("cycles", [1, 5, 16, 31])
def test_a_grating_has_power_in_its_ring_alone(cycles):
    power = radial_power(grating(cycles))
    ring = cycles - 1  # 64 pixels: ring i ends at i + 1 cycles
    assert power.argmax() == ring
    assert np.delete(power, ring).max() < 1e-12 * power[ring]
    assert high_share(grating(cycles)) == pytest.approx(float(cycles > 16), abs=1e-12)


def test_the_sum_of_all_powers_is_the_variance():
    picture = noise(0)
    _, height, width = picture.shape
    expected = picture.var(axis=(1, 2)).mean() * height * width
    powers, _ = power(picture)
    assert powers.sum() == pytest.approx(expected)


@pytest.mark.parametrize("side", [64, 96, 65])
def test_white_noise_is_flat_at_its_variance_whatever_the_size(side):
    power = np.mean([radial_power(noise(seed, side)) for seed in range(40)], axis=0)
    np.testing.assert_allclose(power, 0.01, rtol=0.2)
    corners = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None])
    expected = (corners > 0.25).sum() / (side**2 - 1)
    assert np.mean([high_share(noise(seed, side)) for seed in range(40)]) == pytest.approx(expected, rel=0.02)


def test_rings_against_loops():
    picture = torch.tensor(noise(1, 64)[:, :64, :48])
    power, counts = np.zeros(24), np.zeros(24)
    transform = np.abs(np.fft.fft2(picture.numpy())) ** 2 / (64 * 48)
    for i, fy in enumerate(np.fft.fftfreq(64)):
        for j, fx in enumerate(np.fft.fftfreq(48)):
            ring = int(np.ceil(round(np.hypot(fy, fx) * 48, 9))) - 1
            if 0 <= ring < 24:
                power[ring] += transform[:, i, j].mean()
                counts[ring] += 1
    np.testing.assert_allclose(radial_power(picture, 24), power / counts, rtol=1e-9)


def test_pictures_of_photos_spectra_have_ratio_1_and_twice_the_contrast_4():
    photos = [noise(seed) for seed in range(4)]
    same = spectrum(photos, list(range(4)), photos)
    np.testing.assert_allclose([it.value for it in same.ratio], 1, rtol=1e-12)
    assert same.distance.value == pytest.approx(0, abs=1e-12)
    assert same.high.figure().value == pytest.approx(same.photos_high.value)
    double = [0.5 + 2 * (one - 0.5) for one in photos]
    found = spectrum(double, [(index, 0) for index in range(4)], photos)
    np.testing.assert_allclose([it.value for it in found.ratio], 4, rtol=1e-9)
    assert found.distance.value == pytest.approx(np.log10(4))
    assert len(found.ratio) == len(found.frequencies) == BINS
    assert found.frequencies[0] == pytest.approx(0.5 / 64)


def test_seeds_of_a_class_are_averaged_and_classes_drawn():
    photos, pictures = [noise(9)], [noise(seed, deviation=0.1 * (1 + seed)) for seed in range(4)]
    found = spectrum(pictures, [(0, 0), (0, 1), (1, 0), (1, 1)], photos)
    powers = [radial_power(one) for one in pictures]
    classes = np.array([(powers[0] + powers[1]) / 2, (powers[2] + powers[3]) / 2]) / radial_power(photos[0])
    np.testing.assert_allclose([it.value for it in found.ratio], classes.mean(axis=0))
    np.testing.assert_allclose([it.low for it in found.ratio], classes.min(axis=0))  # of two classes
    assert {it.n for it in found.ratio} == {2}
    assert found.distance.low <= found.distance.value <= found.distance.high


def test_noise_is_further_from_smooth_photos_than_smooth_pictures_are():
    smooth = [np.cumsum(np.cumsum(noise(seed) - 0.5, axis=1), axis=2) / 64 for seed in range(8)]
    near = spectrum(smooth[:4], range(4), smooth[4:])
    far = spectrum([noise(seed) for seed in range(4)], range(4), smooth[4:])
    assert near.distance.high < far.distance.low
    assert near.high.figure().value < far.high.figure().value


def test_a_flat_picture_or_one_of_nan_is_left_out_and_said():
    pictures = [noise(0), np.full((3, 64, 64), 0.3), np.full((3, 64, 64), np.nan)]
    found = spectrum(pictures, ["noise", "flat", "nan"], [noise(1)])
    assert list(found.high.values) == ["noise"]
    assert "one colour" in found.high.left_out["flat"] and "not finite" in found.high.left_out["nan"]
    assert found.distance.n == 1 and not found.distance.is_certain
    assert np.isnan(high_share(np.full((3, 8, 8), 0.25)))


def seen(photos):
    """Pictures of noise, one of each class, and judging photos of these by class, as bytes."""

    def looked_at(pictures):
        pixels = [(picture.transpose(1, 2, 0) * 255).clip(0, 255).astype(np.uint8) for picture in pictures]
        looks = [SPECTRUM.look(each) for each in pixels]
        return {name: np.concatenate([look[name] for look in looks]) for name in looks[0]}

    targets = [Target(kind="logit", layer="logits", unit=index) for index in photos]
    arrays = {index: looked_at(each) for index, each in photos.items()}
    pictures = looked_at([noise(9) for _ in photos])
    return Evidence(pictures, targets, [0] * len(photos), None, False, "", arrays, (), ())


def test_pictures_of_a_class_whose_photos_are_of_one_colour_are_left_out():
    flat = [np.full((3, 64, 64), 0.4)] * 2
    found = SPECTRUM.measure(seen({3: [noise(1)], 4: flat, 5: [noise(2), *flat]}))
    assert {line.figure.n for line in found.lines} == {2}
    assert found.columns[0].values[1] is None
    assert found.left_out == ["1 picture left out: the judging photos of class 4 are of one colour"]
    with pytest.raises(ScoreError, match="none of the"):
        SPECTRUM.measure(seen({3: flat}))


def test_small_pictures_have_fewer_rings():
    assert len(spectrum([noise(0, 16)], [0], [noise(1, 32)]).ratio) == 8


def test_what_is_wrong_is_named():
    with pytest.raises(ScoreError, match="none of the pictures has a spectrum"):
        spectrum([np.zeros((3, 8, 8))], [0], [noise(0)])
    with pytest.raises(ScoreError, match="none of the judging photos has a spectrum"):
        spectrum([noise(0)], [0], [])
    checks = np.broadcast_to(np.indices((64, 64)).sum(axis=0) % 2 * 1.0, (3, 64, 64))  # all beyond the last ring
    with pytest.raises(ScoreError, match="no power"):
        spectrum([noise(0)], [0], [checks])
    stripes = np.broadcast_to(np.arange(50) % 2 * 200 / 255, (3, 50, 50))  # elsewhere there is rounding alone
    with pytest.raises(ScoreError, match="no power"):
        spectrum([noise(0)], [0], [stripes])
    with pytest.raises(ScoreError, match="shape"):
        spectrum([noise(0)[0]], [0], [noise(0)])
    with pytest.raises(ScoreError, match="rings"):
        radial_power(noise(0, 16), 9)
