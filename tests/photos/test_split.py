"""The split of photos: once, by content and seed, every class in both parts."""

import json
import shutil
from dataclasses import replace

import pytest
from small_photos import CLASSES, write_photos

from atlas.photos import PhotosSpec, open_photo_set
from atlas.photos.split import split_photos


@pytest.fixture(scope="module")
def photo_set(tmp_path_factory):
    """Twelve photos of each of three classes."""
    folder = tmp_path_factory.mktemp("split")
    write_photos(folder / "photos", 12)
    return open_photo_set(PhotosSpec(path=folder / "photos", cache=folder / "cache"))


@pytest.mark.parametrize(("share", "expected"), [(0.5, 6), (0.25, 3), (0.01, 1), (0.99, 11)])
def test_the_share_of_every_class_judges_and_both_parts_have_some(photo_set, share, expected):
    split = split_photos(photo_set, share, 0)
    for name in CLASSES:
        assert len(split.judges([photo for photo in photo_set.photos if photo.group == name])) == expected


def test_the_lists_that_are_kept_are_the_two_parts(photo_set):
    split = split_photos(photo_set, 0.5, 3)
    judging, fitted = (json.loads(split.lists[name]) for name in (split.record.judging, split.record.fitted))
    assert set(judging) == split.judging and not set(judging) & set(fitted)
    assert sorted([*judging, *fitted]) == sorted(photo.digest for photo in photo_set.photos)
    assert (split.record.judging_count, split.record.fitted_count) == (18, 18)


def test_neither_names_nor_the_order_of_photos_matter_but_the_seed_does(photo_set):
    renamed = tuple(replace(photo, name=f"x{photo.name}") for photo in reversed(photo_set.photos))
    assert split_photos(replace(photo_set, photos=renamed), 0.5, 0).record == split_photos(photo_set, 0.5, 0).record
    assert split_photos(photo_set, 0.5, 1).judging != split_photos(photo_set, 0.5, 0).judging


def test_a_photo_less_moves_at_most_one_other(photo_set):
    whole = split_photos(photo_set, 0.5, 0).judging
    for place in range(12):
        fewer = replace(photo_set, photos=photo_set.photos[:place] + photo_set.photos[place + 1 :])
        lost = {photo_set.photos[place].digest}
        assert len((split_photos(fewer, 0.5, 0).judging ^ whole) - lost) <= 1


def test_a_photo_of_two_classes_that_judges_one_is_fitted_to_by_none(tmp_path):
    folder = write_photos(tmp_path / "photos", 6)
    shutil.copytree(folder / "red", folder / "crimson")
    shutil.copy(folder / "green" / "000.png", folder / "crimson" / "green.png")
    split = split_photos(open_photo_set(PhotosSpec(path=folder, cache=tmp_path / "cache")), 0.5, 0)
    assert not split.judging & set(json.loads(split.lists[split.record.fitted]))


def test_the_only_photo_of_a_class_does_not_judge(tmp_path):
    folder = write_photos(tmp_path / "photos", 1)
    assert split_photos(open_photo_set(PhotosSpec(path=folder, cache=tmp_path / "cache")), 0.5, 0).judging == set()
