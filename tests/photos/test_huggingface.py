"""Photos in a saved Hugging Face dataset: encoded bytes as they are, labels by name, splits, columns."""

import json
import os
import random
import re
import shutil
import sys
from collections import Counter

import datasets
import pyarrow as pa
import pytest
from photo_files import photo_bytes, write_files

from atlas.errors import PhotoError
from atlas.extras import MissingExtraError

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


def with_cells(path, cells, label=None):
    """Save a dataset whose image cells are as given; the library itself would not write all of them so."""
    features = {"image": datasets.Image(decode=False)} | ({"label": FISH[1]} if label else {})
    dataset = saved(None, images=range(len(cells)), **({"label": ([0] * len(cells), FISH[1])} if label else {}))
    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    columns = {"image": pa.array(cells, kind)} | ({"label": pa.array(label, pa.int64())} if label else {})
    dataset.save_to_disk(path)
    (file,) = path.glob("*.arrow")
    table = pa.table(columns).replace_schema_metadata(dataset.data.schema.metadata)
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    assert features.keys() == set(columns)
    return path


def in_file(path):
    return {"bytes": None, "path": str(path)}


def test_a_dataset_reads_no_file_but_its_own(opened, tmp_path):
    """Absolute, through ``..`` and through links; pipes are not waited for, addresses not asked."""
    outside = write_files(tmp_path / "outside", {"1.jpg": 1}) / "1.jpg"
    names = ["../outside/1.jpg", "link.jpg", "folder/1.jpg", "pipe.jpg", "absent.jpg", ".", "http://127.0.0.1:1/1.jpg"]
    names += ["hf://datasets/x/1.jpg", "file:///etc/passwd", "/etc/passwd", "x\0.jpg", str(outside)]
    cells = [in_file(name) for name in names] + [in_file("own.jpg"), {"bytes": photo_bytes(3), "path": str(outside)}]
    folder = with_cells(tmp_path / "set", cells)
    write_files(folder, {"own.jpg": 2})
    (folder / "link.jpg").symlink_to(outside)
    (folder / "folder").symlink_to(outside.parent)
    (folder / "SOURCES.md").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe.jpg")
    found = opened(folder)
    assert [photo.name for photo in found.photos] == ["12", "13"]
    assert [photo.read(9999) for photo in found.photos] == [photo_bytes(2), photo_bytes(3)]
    assert "root:" not in found.notes
    (notice,) = found.notices
    assert notice.startswith("left out 12 bad rows of the dataset: row 0: ")
    assert 'row 0: "../outside/1.jpg" is not within the folder of the dataset' in notice


def test_a_file_that_becomes_a_link_to_another_is_not_read_later(opened, tmp_path):
    folder = with_cells(tmp_path / "set", [in_file("own.jpg")])
    write_files(folder, {"own.jpg": 2})
    found = opened(folder)
    (folder / "own.jpg").unlink()
    (folder / "own.jpg").symlink_to("/etc/passwd")
    with pytest.raises(PhotoError, match="not within the folder"):
        found.image(found.photos[0])


def test_bad_rows_are_named_and_skipped(opened, tmp_path):
    cells = [{"bytes": photo_bytes(seed), "path": None} for seed in range(5)] + [None]
    found = opened(with_cells(tmp_path / "set", cells, label=[0, 2, -5, 1, -1, 0]))
    assert groups(found) == [("0", "tench"), ("3", "goldfish")]
    absent, bad, unlabelled = found.notices
    assert "1 row of the dataset without an image" in absent
    assert "2 bad rows" in bad and "row 1: its label 2 is none of the 2 classes, row 2: its label -5" in bad
    assert "without a label: 4" in unlabelled
    with pytest.raises(PhotoError, match=r"no photo in .*; left out 1 bad row of the dataset: row 0: ."):
        opened(with_cells(tmp_path / "none", [in_file("/etc/passwd")]))


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("state.json", {"_data_files": [{"filename": "../other/data-00000-of-00001.arrow"}]}),
        ("state.json", {"_data_files": [{"filename": "/etc/passwd"}]}),
        ("state.json", {"_data_files": [{"filename": ".."}]}),
        ("state.json", {"_data_files": [{"filename": "link.arrow"}]}),
        ("state.json", {"_data_files": [{"filename": "pipe.arrow"}]}),
        ("state.json", {"_data_files": [{"filename": "http://127.0.0.1:1/x.arrow"}]}),
        ("state.json", {"_data_files": [{"filename": 5}]}),
        ("state.json", {"_data_files": {}}),
        ("state.json", {}),
        ("state.json", {"_data_files": []}),
        ("state.json", []),
        ("dataset_info.json", {"features": {"image": {"_type": "os.system"}}}),
        ("dataset_info.json", {"features": 7}),
        ("dataset_dict.json", {"splits": ["../other"]}),
        ("dataset_dict.json", {"splits": ["/etc"]}),
        ("dataset_dict.json", {"splits": "train"}),
        ("dataset_dict.json", {"splits": ["absent"]}),
    ],
)
def test_a_dataset_that_names_other_files_is_refused(opened, tmp_path, file, content):
    saved(tmp_path / "other")
    folder = tmp_path / "set"
    saved(folder)
    (folder / "link.arrow").symlink_to(next((tmp_path / "other").glob("*.arrow")))
    os.mkfifo(folder / "pipe.arrow")
    if isinstance(content, dict) and file == "state.json":
        content = json.loads((folder / file).read_text()) | content if content else {}
    (folder / file).write_text(json.dumps(content))
    with pytest.raises(PhotoError, match=r'^photos: the dataset ".*set" cannot be read: .') as caught:
        opened(folder)
    assert "\n" not in caught.value.message


def test_splits_may_not_be_links_to_elsewhere(opened, tmp_path):
    saved(tmp_path / "other")
    datasets.DatasetDict(train=saved(None)).save_to_disk(tmp_path / "set")
    shutil.rmtree(tmp_path / "set" / "train")
    (tmp_path / "set" / "train").symlink_to(tmp_path / "other")
    with pytest.raises(PhotoError, match="not within the folder"):
        opened(tmp_path / "set")


def test_damage_to_any_file_of_a_dataset_is_one_sentence_or_seen(opened, tmp_path):
    """Flipped, cut and inserted bytes in its JSON and its table; nothing is fetched."""
    rng = random.Random(0)
    saved(tmp_path / "set", label=FISH)
    files = sorted(path for path in (tmp_path / "set").iterdir())
    whole = {path: path.read_bytes() for path in files}
    outcomes = Counter()
    for _ in range(60):
        path = rng.choice(files)
        data = bytearray(whole[path])
        for _ in range(rng.choice((1, 1, 4, 20))):
            data[rng.randrange(min(len(data), rng.choice((200, 1000, 10**6))))] = rng.choice(
                (0, 255, rng.randrange(256))
            )
        if rng.random() < 0.2:
            del data[rng.randrange(len(data)) :]
        path.write_bytes(data)
        try:
            opened(tmp_path / "set")
            outcomes["opened"] += 1
        except PhotoError as error:
            outcomes["refused" if re.fullmatch(r"photos: .+", error.message) else error.message] += 1
        path.write_bytes(whole[path])
    assert outcomes["refused"] > 10 and outcomes.keys() <= {"opened", "refused"}
    assert len(opened(tmp_path / "set").photos) == 3


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
        patch.setattr(huggingface.HuggingFaceReader, "_rows", None)
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


def test_photos_beside_another_programs_state_are_photos(opened, tmp_path):
    files = {"a/1.jpg": 1, "b/1.jpg": 2, "state.json": b"{}", "dataset_info.json": b'{"name": "tfds"}'}
    assert groups(opened(write_files(tmp_path / "photos", files))) == [("a/1.jpg", "a"), ("b/1.jpg", "b")]


def test_a_folder_that_is_no_dataset_is_said(opened, tmp_path):
    with pytest.raises(PhotoError, match="holds no saved dataset"):
        opened(write_files(tmp_path / "photos", {"a/1.jpg": 1}), reader="huggingface")


def test_without_the_library_the_error_says_what_to_install(opened, tmp_path, monkeypatch):
    saved(tmp_path / "set")
    monkeypatch.setitem(sys.modules, "datasets", None)  # as if it were not installed
    with pytest.raises(MissingExtraError) as caught:
        opened(tmp_path / "set")
    assert "pip install 'lens-atlas[huggingface]'" in str(caught.value)
