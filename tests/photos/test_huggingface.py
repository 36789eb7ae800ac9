"""Photos in a saved Hugging Face dataset: encoded bytes as they are, labels by name, splits, columns."""

import builtins

import datasets
import pytest
from photo_files import photo_bytes, write_files

from atlas.errors import PhotoError

datasets.disable_progress_bars()


def saved(path, images=(1, 2, 3), **columns):
    """Save a dataset of photos by seed, with further columns given as (values, feature)."""
    table = {"image": [{"bytes": photo_bytes(seed, "PNG"), "path": None} for seed in images]}
    features = {"image": datasets.Image()}
    for name, (values, feature) in columns.items():
        table[name], features[name] = list(values), feature
    dataset = datasets.Dataset.from_dict(table, features=datasets.Features(features))
    if path is not None:
        dataset.save_to_disk(path)
    return dataset


FISH = ([1, 0, 1], datasets.ClassLabel(names=["tench", "goldfish"]))
TEXT = (["x", "y", "z"], datasets.Value("string"))


def groups(photo_set):
    return [(photo.name, photo.group) for photo in photo_set.photos]


def test_labels_are_named_and_photos_are_the_bytes_that_were_saved(opened, tmp_path):
    saved(tmp_path / "set", label=FISH, caption=TEXT)
    found = opened(tmp_path / "set")
    assert groups(found) == [("0", "goldfish"), ("1", "tench"), ("2", "goldfish")]
    folder = write_files(tmp_path / "folder", {f"{seed}.png": photo_bytes(seed, "PNG") for seed in (1, 2, 3)})
    assert [photo.digest for photo in found.photos] == [photo.digest for photo in opened(folder).photos]
    assert found.image(found.photos[2]).tobytes() == opened(folder).image(opened(folder).photos[2]).tobytes()


def test_labels_may_be_text_or_missing(opened, tmp_path):
    saved(tmp_path / "text", label=(["a", None, "b"], datasets.Value("string")))
    found = opened(tmp_path / "text")
    assert groups(found) == [("0", "a"), ("2", "b")]
    assert "left out 1 photo in no class folder or without a label" in found.notices[0]
    saved(tmp_path / "none", caption=TEXT)
    assert not opened(tmp_path / "none").grouped
    saved(tmp_path / "test", label=([-1, -1, -1], FISH[1]))
    assert not opened(tmp_path / "test").grouped


def test_columns_are_found_or_asked_for(opened, tmp_path):
    seen = ([{"bytes": photo_bytes(seed, "PNG"), "path": None} for seed in (7, 8, 9)], datasets.Image())
    saved(tmp_path / "set", other=seen, coarse=FISH, species=([0, 1, 1], FISH[1]))
    with pytest.raises(PhotoError, match=r"several columns of images[\s\S]*image, other"):
        opened(tmp_path / "set")
    with pytest.raises(PhotoError, match="several columns of labels"):
        opened(tmp_path / "set", image_column="other")
    found = opened(tmp_path / "set", image_column="other", label_column="species")
    assert [photo.group for photo in found.photos] == ["tench", "goldfish", "goldfish"]
    with pytest.raises(PhotoError, match=r'image_column: .*no column "imag"[\s\S]*did you mean "image"'):
        opened(tmp_path / "set", image_column="imag", label_column="species")
    with pytest.raises(PhotoError, match="holds no encoded images"):
        opened(tmp_path / "set", image_column="coarse", label_column="species")


def test_of_several_splits_one_must_be_chosen(opened, tmp_path):
    one, other = saved(None, label=FISH), saved(None, images=(4, 5, 6), label=FISH)
    datasets.DatasetDict(train=one, test=other).save_to_disk(tmp_path / "both")
    datasets.DatasetDict(train=one).save_to_disk(tmp_path / "only")
    with pytest.raises(PhotoError, match=r"2 splits[\s\S]*photos\.split to one of: test, train"):
        opened(tmp_path / "both")
    with pytest.raises(PhotoError, match=r'no split "tain"[\s\S]*did you mean "train"'):
        opened(tmp_path / "both", split="tain")
    assert opened(tmp_path / "both", split="train").digest == opened(tmp_path / "only").digest
    assert opened(tmp_path / "both", split="test").digest != opened(tmp_path / "only").digest
    saved(tmp_path / "plain", label=FISH)
    with pytest.raises(PhotoError, match="has no splits"):
        opened(tmp_path / "plain", split="train")


def test_an_image_may_be_a_file_or_missing(opened, tmp_path):
    files = write_files(tmp_path / "files", {"1.jpg": 1})
    table = {"image": [{"bytes": None, "path": str(files / "1.jpg")}, None]}
    image = datasets.Image(decode=False)
    dataset = datasets.Dataset.from_dict(table, features=datasets.Features(image=image))
    dataset.save_to_disk(tmp_path / "set")
    found = opened(tmp_path / "set")
    assert [photo.digest for photo in found.photos] == [opened(files).photos[0].digest]
    assert found.notices == ("left out 1 row of the dataset without an image",)


def test_the_licence_of_the_dataset_is_carried_along(opened, tmp_path):
    dataset = saved(None)
    dataset.info.license, dataset.info.homepage = "CC BY 4.0", "https://example.org"
    dataset.save_to_disk(tmp_path / "set")
    assert opened(tmp_path / "set").notes == "Licence: CC BY 4.0\nSource: https://example.org"


def test_a_dataset_that_has_not_changed_is_not_read_again(opened, tmp_path, hashed, monkeypatch):
    from atlas.photos.readers import huggingface

    saved(tmp_path / "set", label=FISH)
    first = opened(tmp_path / "set")
    with monkeypatch.context() as patch:
        patch.setattr(huggingface, "_hashed", None)
        assert opened(tmp_path / "set") == first
    saved(tmp_path / "set", images=(1, 2, 4), label=FISH)
    assert opened(tmp_path / "set").digest != first.digest


def test_a_damaged_dataset_is_named(opened, tmp_path):
    saved(tmp_path / "set")
    for name, data in [("dataset_info.json", b"{"), ("state.json", b"[]")]:
        whole = (tmp_path / "set" / name).read_bytes()
        (tmp_path / "set" / name).write_bytes(data)
        with pytest.raises(PhotoError, match="cannot be read"):
            opened(tmp_path / "set")
        (tmp_path / "set" / name).write_bytes(whole)
    arrow = next((tmp_path / "set").glob("*.arrow"))
    arrow.write_bytes(arrow.read_bytes()[:200])
    with pytest.raises(PhotoError, match="cannot be read"):
        opened(tmp_path / "set")


def test_a_folder_that_is_no_dataset_is_said(opened, tmp_path):
    with pytest.raises(PhotoError, match="holds no saved dataset"):
        opened(write_files(tmp_path / "photos", {"a/1.jpg": 1}), reader="huggingface")


def test_without_the_library_the_error_says_what_to_install(opened, tmp_path, monkeypatch):
    saved(tmp_path / "set")
    real = builtins.__import__

    def absent(name, *rest):
        if name == "datasets":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(PhotoError) as caught:
        opened(tmp_path / "set")
    assert "pip install 'lens-atlas[huggingface]'" in str(caught.value)
