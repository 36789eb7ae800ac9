"""Photos in archives: class folders, WebDataset samples, several shards, damage, and nothing unpacked."""

import gzip
import io
import json
import os
import shlex
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from photo_files import photo_bytes, write_files, write_tar

from atlas.errors import PhotoError
from atlas.photos.readers.shards import shards


def groups(photo_set):
    return {photo.name: photo.group for photo in photo_set.photos}


def test_an_archive_of_class_folders_is_like_the_folder(opened, tmp_path):
    files = {"a/1.jpg": 1, "a/2.png": 2, "b/deep/1.jpg": 3, "b/labels.csv": b"x", "README": b"x"}
    unpacked, packed = (
        opened(write_files(tmp_path / "photos", files)),
        opened(write_tar(tmp_path / "photos.tar", files)),
    )
    assert groups(packed) == groups(unpacked)
    assert packed.digest == unpacked.digest
    for one, other in zip(packed.photos, unpacked.photos, strict=True):
        assert packed.image(one).tobytes() == unpacked.image(other).tobytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "photos.tar"]


def test_the_folder_that_all_class_folders_lie_in_does_not_count(opened, tmp_path):
    found = opened(write_tar(tmp_path / "x.tar", {"./photos/a/1.jpg": 1, "./photos/b/1.jpg": 2}))
    assert groups(found) == {"a/1.jpg": "a", "b/1.jpg": "b"}
    one_class = opened(write_tar(tmp_path / "y.tar", {"a/1.jpg": 1, "a/2.jpg": 2}))
    assert groups(one_class) == {"a/1.jpg": "a", "a/2.jpg": "a"}


def test_webdataset_samples_carry_their_label(opened, tmp_path):
    samples = {
        "000.jpg": 1,
        "000.cls": b"207\n",
        "001.jpg": 2,
        "001.json": json.dumps({"label": "goldfish", "width": 3}).encode(),
        "d.x/002.left.png": 3,
        "d.x/002.cls": b"n01443537",
        "d.x/002.json": b'{"label": 5}',
        "003.cls": b"no photo",
        "d.x/004.json": b'{"cls": 0}',
        "d.x/004.jpg": 4,
    }
    found = opened(write_tar(tmp_path / "shard.tar", samples))
    assert groups(found) == {
        "000.jpg": "207",
        "001.jpg": "goldfish",
        "d.x/002.left.png": "n01443537",
        "d.x/004.jpg": "0",
    }


def test_the_key_of_the_label_can_be_chosen(opened, tmp_path):
    sample = {"0.jpg": 1, "0.json": b'{"label": 5, "species": "llama"}'}
    path = write_tar(tmp_path / "shard.tar", sample)
    assert groups(opened(path, label_column="species")) == {"0.jpg": "llama"}
    assert groups(opened(path)) == {"0.jpg": "5"}
    with pytest.raises(PhotoError, match=r'label under "specis"[\s\S]*label_column'):
        opened(path, label_column="specis")


def test_samples_without_labels_are_flat(opened, tmp_path):
    found = opened(write_tar(tmp_path / "shard.tar", {"0.jpg": 1, "0.json": b"{broken", "1.jpg": 2, "1.txt": b"text"}))
    assert (groups(found), found.grouped) == ({"0.jpg": "", "1.jpg": ""}, False)


def test_shards_come_from_a_folder_a_glob_or_a_brace_list(opened, tmp_path):
    for number in range(8, 11):
        write_tar(tmp_path / f"shards/s-{number:03d}.tar", {f"{number}.jpg": number, f"{number}.cls": b"1"})
    write_tar(tmp_path / "shards/other.tar", {"x.jpg": 1, "x.cls": b"2"})
    assert len(opened(tmp_path / "shards").photos) == 4
    assert len(opened(tmp_path / "shards/s-*.tar").photos) == 3
    found = opened(tmp_path / "shards/s-{008..010}.tar")
    assert groups(found) == {"8.jpg": "1", "9.jpg": "1", "10.jpg": "1"}
    with pytest.raises(PhotoError, match=r"2 archives of .* missing: s-011\.tar, s-012\.tar"):
        opened(tmp_path / "shards/s-{010..012}.tar")
    with pytest.raises(PhotoError, match="no file or folder"):
        opened(tmp_path / "shards/t-{010..012}.tar")


def test_equal_names_in_two_shards_are_two_photos(opened, tmp_path):
    for number in range(2):
        write_tar(tmp_path / f"shards/{number}.tar", {"a/1.jpg": number})
    found = opened(tmp_path / "shards")
    assert groups(found) == {"0.tar/a/1.jpg": "a", "1.tar/a/1.jpg": "a"}
    assert {found.image(photo).tobytes() for photo in found.photos} != {found.image(found.photos[0]).tobytes()}


def test_brace_lists_are_expanded_like_a_shell_does(tmp_path):
    for name in ("a1.tar", "b1.tar", "a2.tar", "b2.tar", "{x}.tar"):
        (tmp_path / name).touch()
    found = [path.name for path in shards(tmp_path / "{a,b}{2..1}.tar")]
    assert found == ["a2.tar", "a1.tar", "b2.tar", "b1.tar"]
    assert [path.name for path in shards(tmp_path / "{x}.tar")] == ["{x}.tar"]
    for number in range(13):
        (tmp_path / f"n{number:03d}.tar").touch()
    assert [path.name for path in shards(tmp_path / "n{000..012..5}.tar")] == ["n000.tar", "n005.tar", "n010.tar"]
    assert [path.name for path in shards(tmp_path / "n{012..003..4}.tar")] == ["n012.tar", "n008.tar", "n004.tar"]
    assert len(shards(tmp_path / "n{000..012..0}.tar")) == 13
    nested = shards(tmp_path / "n0{0{0..9},1{0..2}}.tar")
    assert sorted(path.name for path in nested) == [f"n{number:03d}.tar" for number in range(13)]
    (tmp_path / "n000.tar").rename(tmp_path / "[raw] {1}.tar")
    (tmp_path / "raw [x]").mkdir()
    (tmp_path / "raw [x]/1.tar").touch()
    assert shards(tmp_path / "[raw] {1}.tar") == [tmp_path / "[raw] {1}.tar"]
    assert shards(tmp_path / "raw [x]/{1..1}.tar") == shards(tmp_path / "raw [x]/*.tar") == [tmp_path / "raw [x]/1.tar"]
    for endless in ("{0..999999999}.tar", "{1..999}{1..999}.tar", "{{1..99}{1..99},{1..99}}{1..99}{1..99}.tar"):
        with pytest.raises(PhotoError, match="archives"):
            shards(tmp_path / endless)


def raw_header(kind, size, name="x"):
    """The header of a member that claims a size, whatever follows."""
    header = tarfile.TarInfo(name)
    header.type, header.size = kind, size
    return header.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK])
def test_a_header_of_gigabytes_is_not_read(opened, tmp_path, kind):
    path = tmp_path / "x.tar"
    with path.open("wb") as file:
        file.write(raw_header(kind, 8 << 30))
        file.truncate(9 << 30)  # a hole
    with pytest.raises(PhotoError, match=r"x\.tar.*damaged.*header of a member has 8,589,934,592 bytes"):
        opened(path)


def test_a_pipe_is_not_waited_for(opened, tmp_path):
    os.mkfifo(tmp_path / "x.tar")
    with pytest.raises(PhotoError, match="no regular file"):
        opened(tmp_path / "x.tar")


def test_long_names_devices_sparse_files_and_links_to_elsewhere(opened, tmp_path):
    path = tmp_path / "x.tar"
    long = "c" * 150 + "/" + "n" * 200 + ".jpg"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for name, seed in [(long, 1), ("é/1.jpg", 2)]:
            member = tarfile.TarInfo(name)
            member.size, member.pax_headers = len(photo_bytes(seed)), {"comment": "x" * 5000}
            archive.addfile(member, io.BytesIO(photo_bytes(seed)))
        kinds = [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.SYMTYPE, tarfile.GNUTYPE_SPARSE]
        for number, kind in enumerate(kinds):
            member = tarfile.TarInfo(f"a/{number}.jpg")
            member.type, member.linkname = kind, "../../etc/passwd"
            archive.addfile(member)
    found = opened(path)
    assert groups(found) == {long: "c" * 150, "é/1.jpg": "é"}
    assert [found.image(photo).size for photo in found.photos] == [(20, 16)] * 2
    assert "left out 5 photos in archives" in found.notices[0]


def test_members_with_odd_paths_are_only_names(opened, tmp_path):
    files = {"/etc/1.jpg": 1, "../../b/2.jpg": 2, "a/../3.jpg": 3, ".hidden/4.jpg": 4}
    found = opened(write_tar(tmp_path / "x.tar", files))
    assert groups(found) == {"etc/1.jpg": "etc", "b/2.jpg": "b", "a/3.jpg": "a"}


def test_a_later_member_of_the_same_name_counts(opened, tmp_path):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        for seed in (1, 2):
            member = tarfile.TarInfo("a/1.jpg")
            member.size = len(photo_bytes(seed))
            archive.addfile(member, io.BytesIO(photo_bytes(seed)))
    alone = opened(write_tar(tmp_path / "y.tar", {"a/1.jpg": 2}))
    assert opened(path).digest == alone.digest


def test_hard_links_are_the_photo_they_link_to_and_other_links_are_left_out(opened, tmp_path):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("a/1.jpg")
        member.size = len(photo_bytes(1))
        archive.addfile(member, io.BytesIO(photo_bytes(1)))
        for name, kind, target in [
            ("b/1.jpg", tarfile.LNKTYPE, "a/1.jpg"),
            ("b/2.jpg", tarfile.SYMTYPE, "/etc/passwd"),
            ("b/3.jpg", tarfile.LNKTYPE, "nowhere.jpg"),
        ]:
            link = tarfile.TarInfo(name)
            link.type, link.linkname = kind, target
            archive.addfile(link)
    found = opened(path)
    assert groups(found) == {"a/1.jpg": "a", "b/1.jpg": "b"}
    assert found.image(found.photos[1]).size == (20, 16)
    assert "left out 2 photos in archives: links" in found.notices[0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ["x.tar", "empty"]),
        (b"hello" * 500, ["x.tar", "damaged"]),
        (gzip.compress(b"x"), ["compressed", "gunzip < "]),
        (b"PK\x03\x04 zip", ["compressed", "unzip "]),
        (bytes(10240), ["no photo"]),
    ],
    ids=["empty", "text", "gzip", "zip", "no-members"],
)
def test_what_is_no_plain_archive_is_said(opened, tmp_path, data, words):
    path = tmp_path / "x.tar"
    path.write_bytes(data)
    with pytest.raises(PhotoError) as caught:
        opened(path)
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize("name", ["x.tar.gz", "it's one.tar", "y.tgz"])
def test_a_compressed_archive_is_unpacked_as_the_remedy_says(opened, tmp_path, name):
    whole = write_tar(tmp_path / "whole.tar", {"a/1.jpg": 1}).read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(whole))
    with pytest.raises(PhotoError) as caught:
        opened(tmp_path / name)
    command = caught.value.remedy.partition(": ")[2]
    subprocess.run(command, shell=True, check=True)
    assert (tmp_path / name).is_file()
    assert groups(opened(Path(shlex.split(command)[-1]))) == {"a/1.jpg": "a"}


def test_an_archive_that_was_cut_off_is_an_error_wherever_it_was_cut(opened, tmp_path):
    whole = write_tar(tmp_path / "whole.tar", {f"a/{seed}.jpg": seed for seed in range(3)}).read_bytes()
    path = tmp_path / "cut.tar"
    last = 512 + -(-len(photo_bytes(0)) // 512) * 512
    for length in (100, 512, 700, last, last + 512, last + 700, 3 * last - 600, 3 * last):
        path.write_bytes(whole[:length])
        with pytest.raises(PhotoError, match="damaged or cut off"):
            opened(path)


def test_an_archive_is_read_through_once_and_again_when_it_changes(opened, tmp_path, hashed):
    path = write_tar(tmp_path / "x.tar", {"a/1.jpg": 1, "a/2.jpg": 2, "SOURCES.md": b"Mine."})
    first = opened(path)
    assert (opened(path), len(hashed)) == (first, 2)
    assert first.notes == "Mine."
    write_tar(path, {"a/1.jpg": 1, "a/2.jpg": 3})
    assert opened(path).digest != first.digest
    assert len(hashed) == 4
    with pytest.raises(PhotoError, match="changed"):
        first.image(first.photos[1])


SMALL = {"a/1.jpg": b"\xff\xd8 no photo, but that is for the decoder to say", "a/0.cls": b"7", "b/2.png": b"\x89PNG"}


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=1, max_size=6))
def test_damage_gives_photos_or_a_photo_error_and_nothing_else(opened, tmp_path, damage):
    path = write_tar(tmp_path / "x.tar", SMALL)
    data = bytearray(path.read_bytes())
    for place, value in damage:
        data[place] = value
    path.write_bytes(data)
    try:
        count = len(opened(path).photos)
    except PhotoError:
        count = 0
    assert count <= 2
