"""Relative errors against loops in float64, and scores of views that stand beside their photos."""

import numpy as np
import pytest
import torch

from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.synthesis.scores.photo_match import BesidePhotos, PhotoMatch, SideBySideMatch, relative_error
from atlas.synthesis.views.crops import RandomCrops, Sides

CPU = torch.device("cpu")


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def loaded(**fields):
    return load_model(ModelSpec(name="m", **fields)).network("float32", CPU)


@pytest.fixture(scope="module")
def tiny():
    return loaded(source="callable", architecture="tiny_networks:tiny", size=32)


@pytest.fixture(scope="module")
def vit():
    return loaded(architecture="vit_tiny_patch16_224", pretrained=False)


def slow_error(found, wanted):
    """``||a - r||^2 / ||r||^2`` by a loop over all values, in float64."""
    pairs = list(zip(found.double().flatten().tolist(), wanted.double().flatten().tolist(), strict=True))
    return sum((a - r) ** 2 for a, r in pairs) / sum(r**2 for _, r in pairs)


def test_the_error_is_that_of_the_definition():
    found, wanted = noise(3, 4, 5, 2).double(), noise(3, 4, 5, 2, seed=1).double() - 0.5
    expected = [slow_error(a, r) for a, r in zip(found, wanted, strict=True)]
    assert relative_error(found, wanted).tolist() == pytest.approx(expected, rel=1e-12)


def test_it_is_0_on_the_photo_1_on_nothing_and_does_not_know_the_unit():
    wanted = noise(2, 3, 4)
    assert relative_error(wanted, wanted).tolist() == [0, 0]
    assert relative_error(torch.zeros(2, 3, 4), wanted).tolist() == [1, 1]
    torch.testing.assert_close(relative_error(7 * noise(2, 3, 4, seed=1), 7 * wanted),
                               relative_error(noise(2, 3, 4, seed=1), wanted))  # fmt: skip
    assert torch.isfinite(relative_error(torch.zeros(1, 3), torch.zeros(1, 3))).all()


def test_a_score_is_minus_the_weighted_errors_of_whole_activations(vit):
    """Class tokens count: the errors are those of what timm's own modules return, by a hook and a loop."""
    photos, views = noise(2, 3, 224, 224), noise(4, 3, 224, 224, seed=1)
    score = PhotoMatch(vit, {"blocks.0": 1.0, "blocks.0.attn": 0.5}, photos)
    seen = {}
    handles = [
        vit.module.get_submodule(path).register_forward_hook(lambda _, __, out, path=path: seen.update({path: out}))
        for path in ("blocks.0", "blocks.0.attn")
    ]
    with torch.no_grad():
        vit.module(vit.inputs(photos))
        wanted = dict(seen)
        vit.module(vit.inputs(views))
        for handle in handles:
            handle.remove()
        found = score(views)
    assert wanted["blocks.0"].shape == (2, 197, 192)
    for photo, view in np.ndindex(2, 2):
        one = 2 * photo + view
        expected = slow_error(seen["blocks.0"][one], wanted["blocks.0"][photo])
        expected += 0.5 * slow_error(seen["blocks.0.attn"][one], wanted["blocks.0.attn"][photo])
        assert -float(found[photo, view]) == pytest.approx(expected, rel=1e-4)


def test_the_photo_itself_has_no_error(tiny):
    photos = noise(3, 3, 32, 32)
    assert PhotoMatch(tiny, {"act": 1.0, "body": 2.0}, photos)(photos).abs().max() < 1e-9


def test_each_view_is_compared_with_the_same_view_of_the_photo(tiny):
    generators = [torch.Generator().manual_seed(seed) for seed in (0, 1)]
    crops = RandomCrops(generators, 3, [Sides(2, 0.5, 0.2, 0.1)], (32, 32), CPU)
    photos, images = noise(2, 3, 48, 48), noise(2, 3, 48, 48, seed=1)
    views, score = BesidePhotos(crops, photos), SideBySideMatch(tiny, {"body": 1.0}, 2)
    assert views.count == 2
    assert score(views(photos, 1, slice(0, 2))).abs().max() == 0
    found = score(views(images, 1, slice(0, 2)))
    with torch.no_grad():
        pictures, wanted = (tiny(crops(one, 1, slice(0, 2)), "body") for one in (images, photos))
    expected = [-slow_error(a, r) for a, r in zip(pictures, wanted, strict=True)]
    np.testing.assert_allclose(found.flatten().tolist(), expected, rtol=1e-4)


def test_no_gradient_reaches_the_photos(tiny):
    images, photos = noise(1, 3, 32, 32).requires_grad_(), noise(1, 3, 32, 32, seed=1).requires_grad_()
    SideBySideMatch(tiny, {"body": 1.0}, 1)(torch.cat([images, photos], dim=1).expand(2, -1, -1, -1)).sum().backward()
    assert images.grad.abs().max() > 0 and (photos.grad is None or photos.grad.abs().max() == 0)
