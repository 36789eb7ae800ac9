"""Likeness to a photo against slow numpy in float64."""

import numpy as np
import pytest
import torch

from atlas.metrics.fft2d import fourier_distance
from atlas.metrics.perturbation import largest_difference
from atlas.metrics.psnr import HIGHEST_PSNR, psnr


@pytest.fixture
def pair():
    random = np.random.default_rng(0)
    photos = random.uniform(0, 1, (3, 3, 12, 10))
    return (photos + random.normal(0, 0.1, photos.shape)).clip(0, 1), photos


def test_every_score_is_that_of_a_slow_derivation(pair):
    pictures, photos = pair
    shown = [torch.from_numpy(each).float() for each in pair]
    for item in range(3):
        error = np.mean((pictures[item] - photos[item]) ** 2)
        assert psnr(*shown)[item] == pytest.approx(-10 * np.log10(error), rel=1e-5)
        first, second = (np.abs(np.fft.fft2(each[item])).ravel() for each in pair)
        cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
        assert fourier_distance(*shown)[item] == pytest.approx(1 - cosine, rel=1e-4)
        assert largest_difference(*shown)[item] == pytest.approx(np.abs(pictures[item] - photos[item]).max(), rel=1e-5)


def test_the_same_picture_is_as_near_as_can_be(pair):
    photos = torch.from_numpy(pair[1]).float()
    assert psnr(photos, photos).tolist() == [HIGHEST_PSNR] * 3
    assert fourier_distance(photos, photos).abs().max() < 1e-6
    assert largest_difference(photos, photos).max() == 0


def test_a_shifted_picture_has_the_same_magnitudes_and_another_psnr(pair):
    photos = torch.from_numpy(pair[1]).float()
    shifted = photos.roll((3, 2), dims=(2, 3))
    assert fourier_distance(shifted, photos).abs().max() < 1e-6
    assert psnr(shifted, photos).max() < 20
