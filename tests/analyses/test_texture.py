"""Variants of photos by definition, and the accuracy on them."""

import sys

import numpy as np
import pytest
import torch

from atlas.analyses.texture import COVER, PATCHES, VARIANTS, accuracies, cover, shuffle, variant
from atlas.core.figures import share
from atlas.errors import ScoreError
from atlas.extras import MissingExtraError


def photo_of(height, width, seed=0):
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed)) * 0.98 + 0.01


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def colours(photo):
    """Its pixels, sorted."""
    return sorted(map(tuple, photo.flatten(1).T.tolist()))


def tiles(photo, side):
    """Its whole patches, as tuples of values."""
    rows, columns = photo.shape[1] // side * side, photo.shape[2] // side * side
    cut = photo[:, :rows, :columns].unfold(1, side, side).unfold(2, side, side)
    return [tuple(tile.flatten().tolist()) for tile in cut.permute(1, 2, 0, 3, 4).flatten(0, 1)]


def disc(size=120, radius=30, background=(1.0, 1.0, 1.0)):
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    inside = (rows - 55).square() + (columns - 65).square() <= radius**2
    photo = torch.tensor(background)[:, None, None].repeat(1, size, size)
    texture = photo_of(size, size, seed=3) * torch.tensor([0.9, 0.4, 0.1])[:, None, None]
    return torch.where(inside, texture, photo), inside


@pytest.mark.parametrize("side", PATCHES)
def test_shuffling_exchanges_whole_patches(side):
    photo = photo_of(96, 128)
    shuffled = shuffle(photo, side, seeded())
    assert sorted(tiles(shuffled, side)) == sorted(tiles(photo, side))
    assert tiles(shuffled, side) != tiles(photo, side)


@pytest.mark.parametrize(("height", "width"), [(50, 70), (33, 32), (31, 100), (7, 5), (1, 1)])
@pytest.mark.parametrize("side", [8, 32])
def test_shuffling_loses_no_pixel_whatever_the_sides(height, width, side):
    photo = photo_of(height, width)
    shuffled = shuffle(photo, side, seeded())
    assert shuffled.shape == photo.shape
    assert colours(shuffled) == colours(photo)


def test_strips_that_hold_no_whole_patch_are_exchanged_too():
    photo = photo_of(64, 68)
    strip = shuffle(photo, 8, seeded())[:, :, 64:]
    assert colours(strip) == colours(photo[:, :, 64:])
    assert not torch.equal(strip, photo[:, :, 64:])


@pytest.mark.parametrize("part", [0.5, 0.6, 0.7])
@pytest.mark.parametrize(("height", "width", "side"), [(96, 96, 8), (96, 128, 32), (50, 70, 16), (20, 90, 32)])
def test_that_share_of_patches_is_covered_and_no_other_pixel_changes(height, width, side, part):
    photo = photo_of(height, width)
    changed = (cover(photo, side, part, seeded()) != photo).any(dim=0)
    starts = [(top, left) for top in range(0, height, side) for left in range(0, width, side)]
    shares = [changed[top : top + side, left : left + side].float().mean().item() for top, left in starts]
    assert set(shares) <= {0.0, 1.0}
    assert sum(shares) == round(part * len(starts))
    assert (cover(photo, side, part, seeded())[:, changed] == COVER).all()


def test_something_is_left_to_see_of_a_photo_of_one_patch():
    assert torch.equal(cover(photo_of(8, 8), 16, 0.7, seeded()), photo_of(8, 8))


def test_the_covered_share_and_the_side_are_drawn_within_the_papers_range():
    shares, whole_eights = [], 0
    for number in range(40):
        photo = photo_of(224, 224)
        changed = (variant("occluded", photo, str(number)) != photo).any(dim=0)
        shares.append(changed.float().mean().item())
        blocks = changed.unfold(0, 32, 32).unfold(1, 32, 32).float().mean(dim=(2, 3))
        whole_eights += bool(((blocks == 0) | (blocks == 1)).all())
    assert min(shares) >= 0.49
    assert max(shares) <= 0.71
    assert max(shares) - min(shares) > 0.1
    assert 4 < whole_eights < 24  # a third of them has patches of 32


def test_grey_has_equal_channels_of_the_photos_luma():
    photo = photo_of(9, 14)
    grey = variant("grey", photo, "a")
    assert torch.equal(grey[0], grey[1])
    assert torch.equal(grey[0], grey[2])
    luma = 0.299 * photo[0] + 0.587 * photo[1] + 0.114 * photo[2]
    torch.testing.assert_close(grey[0], luma, atol=2e-4, rtol=0)


@pytest.mark.parametrize("background", [(1.0, 1.0, 1.0), (0.2, 0.5, 0.9)])
def test_the_silhouette_of_a_textured_disc_is_the_disc(background):
    photo, inside = disc(background=background)
    black = variant("silhouette", photo, "a")[0] == 0
    assert (black & inside).sum() / (black | inside).sum() > 0.97


def test_a_silhouettes_holes_are_filled_and_specks_are_dropped():
    photo, _ = disc()
    photo[:, 50:60, 60:70] = 1
    photo[:, 10:12, 10:12] = 0
    black = variant("silhouette", photo, "a")[0] == 0
    assert black[50:60, 60:70].all()
    assert not black[10:12, 10:12].any()


def test_edges_of_a_plain_disc_lie_along_its_rim():
    _, inside = disc()
    photo = torch.where(inside, 0.2, 0.9).expand(3, -1, -1)
    rows, columns = torch.nonzero(variant("edge", photo, "a")[0] == 0, as_tuple=True)
    radii = ((rows - 55).square() + (columns - 65).square()).double().sqrt()
    assert len(rows) > 150
    assert (radii - 30).abs().max() < 2


@pytest.mark.parametrize("name", ["silhouette", "edge"])
@pytest.mark.parametrize("photo", [torch.full((3, 40, 30), 0.4), torch.zeros(3, 1, 1), torch.ones(3, 9, 9)])
def test_a_photo_of_nothing_has_neither_figure_nor_edges(name, photo):
    assert (variant(name, photo, "a") == 1).all()


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_are_pictures_decided_by_seed_and_photo(name):
    photo = photo_of(70, 50)
    before = photo.clone()
    found = variant(name, photo, "a", seed=1)
    assert (found.shape, found.dtype) == (photo.shape, photo.dtype)
    assert 0 <= found.min() <= found.max() <= 1
    assert torch.equal(found, variant(name, photo, "a", seed=1))
    found.zero_()
    assert torch.equal(photo, before)


@pytest.mark.parametrize("name", ["occluded", "shuffled_8"])
def test_another_seed_or_photo_draws_otherwise(name):
    photo = photo_of(64, 64)
    first = variant(name, photo, "a")
    assert not torch.equal(first, variant(name, photo, "a", seed=1))
    assert not torch.equal(first, variant(name, photo, "b"))


def test_an_unknown_variant_is_named_with_what_is_near():
    with pytest.raises(ScoreError, match="shufled_8") as caught:
        variant("shufled_8", photo_of(8, 8), "a")
    assert "shuffled_8" in caught.value.remedy


def test_accuracies_by_hand():
    found = accuracies(
        {"original": [True, True, False, True], "edge": [True, False, True, False]}, classes=[5, 5, 2, 2]
    )
    assert found["edge"].overall == share([True, False, True, False])
    assert found["edge"].by_class == {2: share([True, False]), 5: share([True, False])}
    assert found["edge"].of_recognised == share([True, False, False])
    assert found["original"].of_recognised == share([True, True, True])


def test_what_a_model_never_recognises_has_no_share_of_recognised():
    assert accuracies({"original": [False], "grey": [True]}, [0])["grey"].of_recognised is None


def test_outcomes_that_are_not_one_for_each_photo_are_refused():
    with pytest.raises(ScoreError, match="grey: not as many"):
        accuracies({"original": [True, False], "grey": [True]}, [0, 1])


def test_variants_do_not_depend_on_numpys_or_torchs_global_state():
    photo = photo_of(64, 64)
    first = variant("shuffled_16", photo, "a")
    torch.rand(3)
    np.random.rand()  # noqa: NPY002
    assert torch.equal(first, variant("shuffled_16", photo, "a"))


@pytest.mark.parametrize("name", ["silhouette", "edge"])
def test_what_needs_scikit_image_says_which_extra_brings_it(name, monkeypatch):
    for module in ("skimage.color", "skimage.feature", "skimage.filters"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr("atlas.extras.has", lambda library: False)
    with pytest.raises(MissingExtraError, match="texture bias needs skimage") as caught:
        variant(name, photo_of(8, 8), "a")
    assert caught.value.remedy == "pip install 'lens-atlas[analyses]'"
