"""SSIM against its formula and torchmetrics, LPIPS with weights that are given, and means layer by layer."""

import itertools

import numpy as np
import pytest
import torch
import torchvision
from scipy.ndimage import correlate
from torchmetrics.functional.image.lpips import _LPIPS
from torchmetrics.functional.image.ssim import structural_similarity_index_measure

from atlas.core.figures import mean
from atlas.errors import ScoreError
from atlas.evaluation.inversions import by_layer, ssim
from atlas.evaluation.lpips import distance, lpips


@pytest.fixture
def pair():
    random = np.random.default_rng(0)
    photo = random.uniform(size=(3, 24, 30))
    return (photo + random.normal(0, 0.2, photo.shape)).clip(0, 1), photo


def test_ssim_is_its_papers_formula(pair):
    offsets = np.arange(-5, 6)
    window = np.exp(-(offsets[:, None] ** 2 + offsets[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    values = []
    for x, y in zip(*pair, strict=True):

        def local(values):
            return correlate(values, window)[5:-5, 5:-5]

        mx, my = local(x), local(y)
        vx, vy, vxy = local(x * x) - mx**2, local(y * y) - my**2, local(x * y) - mx * my
        c1, c2 = 0.01**2, 0.03**2
        values.append((2 * mx * my + c1) * (2 * vxy + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2)))
    assert ssim(*pair) == pytest.approx(np.mean(values), rel=1e-9)
    assert ssim(torch.tensor(pair[0]), pair[1]) == ssim(*pair)


def test_ssim_is_near_that_of_another_library_which_counts_the_border(pair):
    shown = [torch.tensor(each)[None] for each in pair]
    assert ssim(*pair) == pytest.approx(float(structural_similarity_index_measure(*shown, data_range=1.0)), abs=0.05)


def test_the_same_picture_has_1_and_its_negative_less_than_0(pair):
    assert ssim(pair[1], pair[1]) == pytest.approx(1)
    assert ssim(1 - pair[1], pair[1]) < 0
    flat = np.full((3, 11, 11), 0.5)
    assert ssim(flat, flat) == pytest.approx(1)


def test_ssim_refuses_what_it_cannot_compare(pair):
    with pytest.raises(ScoreError, match="cannot be compared"):
        ssim(pair[0][:, :20], pair[1])
    with pytest.raises(ScoreError, match="11 pixels"):
        ssim(np.zeros((3, 10, 12)), np.zeros((3, 10, 12)))
    with pytest.raises(ScoreError, match="not finite"):
        ssim(np.full((3, 12, 12), np.nan), np.zeros((3, 12, 12)))


def test_means_are_over_photos_layer_by_layer():
    psnr = {
        "b": {"p": 20.0, "q": 24.0},
        "a": {("p", 0): 10.0, ("p", 1): 14.0, ("q", 0): 8.0, ("r", 0): np.inf},
        "c": {"p": np.nan},
    }
    found = by_layer(psnr)
    assert list(found) == ["b", "a"]
    assert found["b"] == mean({"p": 20.0, "q": 24.0})
    assert (found["a"].value, found["a"].n) == (10, 2)


@pytest.fixture(scope="module")
def squeeze():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return torchvision.models.squeezenet1_1(weights=None).state_dict()


def test_lpips_takes_the_backbone_that_is_given(squeeze):
    generator = torch.Generator().manual_seed(1)
    pictures, photos = torch.rand(2, 3, 64, 64, generator=generator), torch.rand(2, 3, 64, 64, generator=generator)
    module = distance("squeeze", squeeze)
    found = lpips(module, pictures, photos)
    other = _LPIPS(net="squeeze", pnet_rand=True)
    backbone = torchvision.models.squeezenet1_1(weights=None)
    backbone.load_state_dict(squeeze)
    ends = (0, 2, 5, 8, 10, 11, 12, 13)
    for place, (first, last) in enumerate(itertools.pairwise(ends)):
        other.net.slices[place] = backbone.features[first:last]
    expected = other(pictures, photos, normalize=True).flatten()
    torch.testing.assert_close(found, expected)
    assert found.shape == (2,) and (found > 0).all()
    assert lpips(module, photos, photos).abs().max() == 0
    with torch.random.fork_rng():
        torch.manual_seed(1)
        again = torchvision.models.squeezenet1_1(weights=None).state_dict()
    assert not torch.equal(lpips(distance("squeeze", again), pictures, photos), found)


def test_lpips_says_which_weights_are_missing(squeeze):
    narrow = squeeze | {"features.3.squeeze.weight": torch.zeros(8, 64, 1, 1)}
    with pytest.raises(ScoreError, match=r'50 weights, and 1 are missing or .* "features.3.squeeze.weight"'):
        distance("squeeze", narrow)
    with pytest.raises(ScoreError, match='such as "features.0.weight"'):
        distance("squeeze", {})
    with pytest.raises(ScoreError, match="cannot be compared"):
        lpips(distance("squeeze", squeeze), torch.zeros(1, 3, 64, 64), torch.zeros(1, 3, 32, 64))
