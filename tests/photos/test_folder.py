"""Photos in folders: groups, what is no photo, duplicates, damage, and what is remembered."""

import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from photo_files import photo_bytes, write_files, write_tar
from PIL import Image

from atlas.errors import AtlasError, PhotoError
from atlas.photos import open_photo_set
from atlas.photos.find import find_photos
from atlas.photos.readers import base, folder


@pytest.fixture
def classes(tmp_path):
    return write_files(tmp_path / "photos", {"b/1.jpg": 1, "a/1.jpg": 2, "a/2.PNG": 3, "a/deep/x/3.jpeg": 4})


def names(photo_set):
    return [photo.name for photo in photo_set.photos]


def test_a_class_folder_is_a_group_however_deep_its_photos_lie(opened, classes):
    found = opened(classes)
    assert [(photo.name, photo.group) for photo in found.photos] == [
        ("a/1.jpg", "a"),
        ("a/2.PNG", "a"),
        ("a/deep/x/3.jpeg", "a"),
        ("b/1.jpg", "b"),
    ]
    assert (found.grouped, found.name, found.notices, found.notes) == (True, "photos", (), "")


def test_a_flat_folder_has_no_groups(opened, tmp_path):
    found = opened(write_files(tmp_path / "flat", {"2.jpg": 1, "1.jpg": 2}))
    assert (names(found), found.grouped, found.photos[0].group) == (["1.jpg", "2.jpg"], False, "")


def test_every_photo_is_decoded_as_it_is(opened, classes):
    found = opened(classes)
    for photo in found.photos:
        assert np.array_equal(np.asarray(found.image(photo)), np.asarray(Image.open(classes / photo.name)))


def test_files_that_are_no_photos_are_left_alone(opened, tmp_path):
    others = ["README", "a/labels.txt", "a/.hidden.jpg", ".git/x.jpg", "__MACOSX/a/1.jpg", "Thumbs.db", "boxes.xml"]
    found = opened(write_files(tmp_path / "photos", {"a/1.jpg": 1, **dict.fromkeys(others, b"x")}))
    assert (names(found), found.notices) == (["a/1.jpg"], ())


SYSTEMS_OWN = [
    "@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg",
    "a/@eaDir/1.jpg/SYNOPHOTO_THUMB_XL.jpg",
    "a/@eaDir/1.jpg@SynoEAStream",
    "a/1.jpg@SynoResource.jpg",
    ".AppleDouble/1.jpg",
    "a/.AppleDouble/1.jpg",
    "a/._1.jpg",
    "__MACOSX/a/._1.jpg",
    "__macosx/a/1.jpg",
    "a/Thumbs.db",
    "a/.DS_Store",
    ".thumbnails/large/1.png",
    "#recycle/a/1.jpg",
    "#snapshot/2026/a/1.jpg",
    "@Recycle/1.jpg",
    "$RECYCLE.BIN/S-1-5-21/1.jpg",
    "System Volume Information/1.jpg",
    "lost+found/1.jpg",
    ".ipynb_checkpoints/1-checkpoint.jpg",
    "a/.ipynb_checkpoints/1-checkpoint.png",
    ".git/1.jpg",
    ".Trash-1000/files/1.jpg",
    ".stversions/a/1~2026.jpg",
    ".Spotlight-V100/1.jpg",
    ".fseventsd/1.jpg",
    "a/~$1.jpg",
    "__pycache__/1.jpg",
    "Network Trash Folder/1.jpg",
    "@__thumb/1.jpg",
    "a/.@__thumb/s1001.jpg",
    "@Transcode/1.jpg",
    "@Trash/1.jpg",
    "~snapshot/hourly.0/a/1.jpg",
    "RECYCLER/1.jpg",
]


def test_what_systems_and_network_storage_put_beside_photos_is_no_photo(opened, tmp_path):
    """In a folder, in an archive, among shards, and among files that are named on the command line."""
    files = {"a/1.jpg": 1, "b/1.jpg": 2} | {name: 3 + number for number, name in enumerate(SYSTEMS_OWN)}
    folder = write_files(tmp_path / "photos", files)
    found, packed = opened(folder), opened(write_tar(tmp_path / "photos.tar", files))
    assert (names(found), found.notices) == (["a/1.jpg", "b/1.jpg"], ())
    assert (names(packed), packed.notices) == (["a/1.jpg", "b/1.jpg"], ())
    assert [path.relative_to(folder).as_posix() for path in find_photos([folder])] == ["a/1.jpg", "b/1.jpg"]
    shards = tmp_path / "shards"
    write_tar(shards / "train-000.tar", {"a/1.jpg": 1})
    write_files(
        shards, {"._train-000.tar": b"x", ".DS_Store": b"x", "Thumbs.db": b"x", "@eaDir/train-000.tar/x.jpg": 9}
    )
    assert names(opened(shards)) == ["a/1.jpg"]


def test_folders_that_are_only_called_alike_hold_photos(opened, tmp_path):
    files = ["recycled/1.jpg", "snapshot/1.jpg", "thumbs/1.jpg", "@home/1.jpg", "#1/1.jpg", "trash/1.jpg", "icon/1.jpg"]
    found = opened(write_files(tmp_path / "photos", {name: seed for seed, name in enumerate(files)}))
    assert names(found) == sorted(files)


def test_photos_beside_class_folders_are_left_out_and_named(opened, tmp_path):
    found = opened(write_files(tmp_path / "photos", {"a/1.jpg": 1, "cover.jpg": 2}))
    assert names(found) == ["a/1.jpg"]
    assert found.notices == ("left out 1 photo in no class folder or without a label: cover.jpg",)


def test_identical_photos_count_once_in_their_class(opened, tmp_path):
    found = opened(write_files(tmp_path / "photos", {"a/1.jpg": 1, "a/2.jpg": 1, "a/3.jpg": 2, "b/1.jpg": 1}))
    assert names(found) == ["a/1.jpg", "a/3.jpg", "b/1.jpg"]
    same, shared = found.notices
    assert "left out 1 photo identical to another of the same class" in same
    assert "a/2.jpg is a/1.jpg" in same
    assert "2 photos identical to one of another class: a/1.jpg, b/1.jpg" in shared


def test_one_name_in_two_folders_is_two_photos(opened, classes):
    found = opened(classes)
    one, other = (photo for photo in found.photos if photo.name.endswith("/1.jpg"))
    assert one.digest != other.digest


def test_the_digest_follows_what_photos_hold_not_what_they_are_called(opened, tmp_path):
    def digest(files):
        root = tmp_path / str(len(list(tmp_path.iterdir())))
        return opened(write_files(root, files)).digest

    first = digest({"a/1.jpg": 1, "a/2.jpg": 2, "b/1.jpg": 3})
    assert digest({"a/z.jpg": 1, "a/y.jpg": 2, "b/1.jpg": 3}) == first
    assert digest({"a/1.jpg": 1, "a/2.jpg": 2, "c/1.jpg": 3}) != first
    assert digest({"a/1.jpg": 1, "a/2.jpg": 2, "b/1.jpg": 4}) != first
    assert digest({"a/1.jpg": 1, "b/1.jpg": 3}) != first


def test_links_to_class_folders_are_followed_but_not_in_circles(opened, classes, tmp_path):
    subset = tmp_path / "subset"
    subset.mkdir()
    (subset / "a").symlink_to(classes / "a", target_is_directory=True)
    (classes / "a" / "loop").symlink_to(classes / "a", target_is_directory=True)
    assert names(opened(subset)) == ["a/1.jpg", "a/2.PNG", "a/deep/x/3.jpeg"]


def test_what_cannot_be_read_is_named_and_left_out(opened, classes):
    (classes / "a" / "gone.jpg").symlink_to(classes / "nowhere.jpg")
    (classes / "b" / "self.jpg").symlink_to("self.jpg")
    os.mkfifo(classes / "b" / "pipe.jpg")
    found = opened(classes)
    assert len(found.photos) == 4
    assert found.notices == ("left out 3 photos that cannot be read: a/gone.jpg, b/pipe.jpg, b/self.jpg",)


def test_links_to_themselves_beside_class_folders_are_named_like_any(opened, classes):
    for name in ("self.jpg", "self"):
        (classes / name).symlink_to(name)
    assert opened(classes).notices == ("left out 1 photo that cannot be read: self.jpg",)


def test_photos_whose_names_do_not_end_as_a_photo_are_named(opened, tmp_path):
    odd = {"a/2": 2, "a/3.jpg_large": 3, "a/4.jpg~": 4, "a/5.jpg?w=300": 5, "a/6.jpg.part": 6}
    found = opened(write_files(tmp_path / "photos", {"a/1.jpg": 1, "a/1.jpg.json": b"{}", **odd}))
    assert names(found) == ["a/1.jpg"]
    assert found.notices == (
        "left out 5 photos whose names do not end as a photo's: a/2, a/3.jpg_large, a/4.jpg~, ...",
    )
    os.mkfifo(tmp_path / "photos/a/pipe")  # not waited for
    (tmp_path / "photos/a/1.jpg").unlink()
    with pytest.raises(PhotoError, match=r"no photo in[\s\S]*give photos an ending, as in a/2.jpg for a/2"):
        opened(tmp_path / "photos")


def test_what_must_not_be_read_is_named(opened, classes, monkeypatch):
    def refuse(stream, size=None):
        if stream.name.endswith("2.PNG"):
            raise PermissionError(13, "Permission denied")
        return base.hash_stream(stream)

    monkeypatch.setattr(folder, "hash_stream", refuse)
    assert opened(classes).notices == ("left out 1 photo that cannot be read: a/2.PNG",)

    def locked(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(folder.os, "scandir", locked)
    with pytest.raises(PhotoError, match=r"cannot list .*photos: Permission denied"):
        opened(classes)


def test_a_relative_path_holds_wherever_a_worker_runs(opened, classes, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = opened(Path("photos"))
    monkeypatch.chdir("/")
    assert found.image(found.photos[0]).size == (20, 16)


def test_empty_class_folders_are_named(opened, classes):
    (classes / "llama").mkdir()
    write_files(classes, {"notes/x.txt": b"x"})
    assert opened(classes).notices == ("2 folders without a photo: llama, notes",)


def test_a_name_that_is_no_text_can_still_be_shown(opened, tmp_path):
    root = write_files(tmp_path / "photos", {"a/1.jpg": 1})
    os.rename(root / "a/1.jpg", os.path.join(os.fsencode(root), b"a/\xff\xfe.jpg"))
    found = opened(root)
    assert found.photos[0].name == "a/\ufffd\ufffd.jpg"
    assert found.image(found.photos[0]).size == (20, 16)
    found.photos[0].credit.model_dump_json()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, ["is empty"]),
        ({"a/x.txt": b"", "b.csv": b""}, ["no photo in", "2 files", ".csv, .txt"]),
        ({"photos.zip": b""}, ["unpack photos.zip first"]),
        ({"a/x.tar": b"", "a/y": b""}, ['reader = "tar"']),
        ({"data-0.parquet": b""}, ["save_to_disk"]),
    ],
    ids=["empty", "no-photo", "zip", "tar", "parquet"],
)
def test_a_folder_without_photos_says_what_it_holds(opened, tmp_path, files, words):
    root = tmp_path / "photos"
    root.mkdir()
    with pytest.raises(PhotoError) as caught:
        opened(write_files(root, files))
    assert [word for word in words if word not in str(caught.value)] == []


def test_a_missing_folder_is_named_with_what_was_meant(opened, classes):
    with pytest.raises(PhotoError, match=r'no file or folder ".*fotos"[\s\S]*did you mean "photos"'):
        opened(classes.parent / "fotos")


def test_a_file_is_no_folder(opened, tmp_path):
    path = write_files(tmp_path, {"one.jpg": 1}) / "one.jpg"
    with pytest.raises(PhotoError, match="is no folder"):
        opened(path, reader="folder")
    with pytest.raises(PhotoError, match=r"one.jpg\" is a single photo\n.*name the folder"):
        opened(path)
    with pytest.raises(PhotoError, match="there is no file or folder"):
        opened(tmp_path / ("x/" * 3000))


def test_broken_photos_are_listed_and_named_when_decoded(opened, tmp_path):
    good = photo_bytes(1, size=(64, 64))
    broken = {"empty.jpg": b"", "text.jpg": b"hello", "cut.jpg": good[: len(good) // 2], "later.heic": b"ftypheic"}
    found = opened(write_files(tmp_path / "photos", {"fine.jpg": good, **broken}))
    reasons = {}
    for photo in found.photos:
        try:
            found.image(photo)
        except PhotoError as error:
            reasons[photo.name] = error.message
    assert reasons.keys() == broken.keys()
    assert all(message.startswith(f"{name}: ") for name, message in reasons.items())
    assert "empty" in reasons["empty.jpg"]
    assert "truncated" in reasons["cut.jpg"]


def test_a_photo_above_the_limit_is_refused(opened, tmp_path):
    root = write_files(tmp_path / "photos", {"a.png": photo_bytes(1, "PNG", (200, 100)), "b.png": bytes(17_000_000)})
    found = opened(root, max_megapixels=0.01)
    with pytest.raises(PhotoError, match=r"a\.png: 200 x 100 pixels are too many"):
        found.image(found.photos[0])
    with pytest.raises(PhotoError, match=r"b\.png: the file is larger"):
        found.image(found.photos[1])


def test_a_photo_that_changed_or_went_since_is_not_taken_for_the_old_one(opened, classes):
    found = opened(classes)
    first, last = found.photos[0], found.photos[-1]
    write_files(classes, {first.name: 99})
    (classes / last.name).unlink()
    with pytest.raises(PhotoError, match=r"a/1\.jpg: changed"):
        found.image(first)
    with pytest.raises(PhotoError, match=r"b/1\.jpg: No such file"):
        found.image(last)


def test_a_set_without_its_list_decodes_photos_in_another_process(opened, classes):
    found = opened(classes)
    small, photo = pickle.loads(pickle.dumps((replace(found, photos=()), found.photos[2])))  # noqa: S301
    assert small.image(photo).tobytes() == found.image(photo).tobytes()
    assert photo == found.photos[2]


def test_the_second_opening_reads_no_photo(opened, classes, hashed):
    first = opened(classes)
    assert len(hashed) == 4
    assert opened(classes) == first
    assert len(hashed) == 4


def test_only_an_edited_photo_is_read_again_even_if_its_time_was_put_back(opened, classes, hashed):
    first = opened(classes)
    path = classes / "a/1.jpg"
    before = path.stat()
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    second = opened(classes)
    assert hashed[4:] == [str(path)]
    assert second.digest != first.digest


@pytest.mark.parametrize(
    "damage", [lambda data: b"", lambda data: data[:-9], lambda data: data[:99] + b"\0" + data[100:]]
)
def test_a_damaged_cache_is_ignored(opened, spec, classes, hashed, damage):
    first = opened(classes)
    (path,) = (spec(classes).cache / "digests").iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert opened(classes) == first
    assert len(hashed) == 8
    assert opened(classes) == first
    assert len(hashed) == 8


def test_an_interrupted_opening_keeps_what_it_has_read(spec, classes, hashed):
    class StopHereError(Exception):
        pass

    def stop(done, total):
        assert total == 4
        if done == 3:
            raise StopHereError

    with pytest.raises(StopHereError):
        open_photo_set(spec(classes), stop)
    seen = []
    open_photo_set(spec(classes), lambda done, total: seen.append(done))
    assert seen == [1, 2, 3, 4]
    assert len(hashed) == 4


def test_a_cache_that_cannot_be_written_is_only_said(opened, spec, classes, hashed):
    spec(classes).cache.write_text("a file stands here")
    found = opened(classes)
    assert len(found.photos) == 4
    assert "digests cannot be kept" in found.notices[0]


def test_the_card_says_how_many(opened, classes):
    found = opened(classes, demonstration=True)
    card = found.card(classes=2)
    assert (card.photos, card.classes, card.digest, card.name, card.demonstration) == (
        4,
        2,
        found.digest,
        "photos",
        True,
    )


def test_every_error_is_one_that_is_reported_without_a_traceback(opened, tmp_path):
    with pytest.raises(AtlasError) as caught:
        opened(tmp_path / "x" / ("y" * 300))
    assert caught.value.exit_code == 2
