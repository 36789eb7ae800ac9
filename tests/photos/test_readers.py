"""Readers: each says what it reads, those of other packages too; the least general of those that could does."""

import pickle
from pathlib import Path

import pytest
from photo_files import write_files, write_tar

from atlas.config import load_config
from atlas.errors import ConfigError, PhotoError
from atlas.face.photos import reference_photos
from atlas.photos import PhotosSpec
from atlas.photos.choose import reader_for
from atlas.photos.digest_cache import DigestCache
from atlas.photos.spec import READERS, address_of

ZOO = """
import io
from dataclasses import dataclass

from PIL import Image

from atlas.photos.photo import Photo
from atlas.photos.readers.base import Listing, hash_stream
from atlas.photos.spec import Reader


@dataclass(frozen=True)
class Cage:
    shade: int

    def read(self, limit):
        file = io.BytesIO()
        Image.new("RGB", (8, 8), (self.shade, 0, 0)).save(file, "PNG")
        return file.getvalue()[:limit]


class ZooReader(Reader):
    title = "zoo"
    summary = "Photos of animals that are not there."
    schemes = frozenset({"zoo"})
    suffixes = frozenset({".zoo"})

    def listing(self, spec, cache, on_photo):
        photos = []
        for place, animal in enumerate(("cat", "dog", "dog")):
            cage = Cage(60 * place)
            digest = hash_stream(io.BytesIO(cage.read(1_000_000)))
            photos.append(Photo(f"{animal}/{place}.png", animal, digest, cage))
            on_photo(place + 1, 3)
        return Listing(photos, {"SOURCES.csv": b"folder,author\\n*,Ada\\n"})


class Failing(ZooReader):
    def reads(self, spec):
        raise KeyError("cage")


ZOO, TWIN, FAILING = ZooReader(), ZooReader(), Failing()
"""


@pytest.fixture
def zoo(packages):
    """Install a package with a reader; others of its entry points are given."""

    def install(**points):
        packages.install("zoo_of_photos", ZOO, "atlas.readers", zoo="ZOO", **points)
        packages.rediscover(READERS)

    return install


@pytest.mark.parametrize("name", READERS.names())
def test_every_reader_says_what_it_is_and_refuses_what_is_not_there(name, tmp_path):
    reader = READERS.get(name)
    assert reader.title and reader.summary.endswith(".")
    spec = PhotosSpec(path=tmp_path / "nowhere", reader=name, cache=tmp_path / "cache")
    assert not reader.reads(spec)
    with pytest.raises(PhotoError, match="nowhere") as caught:
        reader.listing(spec, DigestCache(tmp_path / "cache", spec.path), lambda *_: None)
    assert caught.value.remedy


def test_of_the_readers_that_could_the_least_general_does(tmp_path):
    folder = write_files(tmp_path / "photos", {"a/1.jpg": 1})
    write_tar(tmp_path / "tars" / "x.tar", {"a/1.jpg": 1})
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "dataset_dict.json").write_text("{}")
    places = {folder: "folder", tmp_path / "tars": "tar", tmp_path / "tars" / "x.tar": "tar", tmp_path / "*.tar": "tar"}
    for path, name in (places | {tmp_path / "set": "huggingface"}).items():
        assert reader_for(PhotosSpec(path=path)) is READERS.get(name)
    ranks = [reader.generality for _, reader in READERS]
    assert len(set(ranks)) == len(ranks) and min(ranks) > 0  # those of other packages come first


def test_a_reader_of_another_package_reads_its_addresses_and_files(zoo, opened, tmp_path):
    zoo()
    (tmp_path / "animals.zoo").touch()
    for path in (Path("zoo://everywhere/at once"), tmp_path / "animals.zoo"):
        found = opened(path)
        assert [photo.name for photo in found.photos] == ["cat/0.png", "dog/1.png", "dog/2.png"]
        assert {photo.author for photo in found.photos} == {"Ada"}
        assert found.grouped
        there = pickle.loads(pickle.dumps(found))  # noqa: S301 - as a worker gets it
        assert there.image(there.photos[2]).getpixel((0, 0)) == (120, 0, 0)
    assert opened(Path("zoo://everywhere/at once")).spec.address == "zoo://everywhere/at once"
    assert len(reference_photos("zoo://everywhere", tmp_path / "cache").photos) == 3  # as a notebook names it


def test_a_configuration_may_name_an_address_that_is_read_and_no_other(zoo, tmp_path):
    zoo()
    text = """
[[models]]
name = "m"
architecture = "resnet18"
[[concepts]]
[photos]
path = "{path}"
"""
    (tmp_path / "atlas.toml").write_text(text.format(path="zoo://cats"))
    photos = load_config(tmp_path / "atlas.toml").photos
    assert photos.address == "zoo://cats" and not photos.is_searched
    (tmp_path / "atlas.toml").write_text(text.format(path="https://example.org/cats"))
    with pytest.raises(ConfigError, match="is an address, not a file"):
        load_config(tmp_path / "atlas.toml")


def test_what_two_packages_read_must_be_chosen(zoo, spec, opened):
    zoo(twin="TWIN")
    with pytest.raises(PhotoError, match='"twin" of zoo_of_photos 1.2 and "zoo"') as caught:
        opened(Path("zoo://x"))
    assert 'reader = "twin"' in caught.value.remedy
    assert len(opened(Path("zoo://x"), reader="zoo").photos) == 3


def test_a_reader_that_fails_is_named(zoo, opened, tmp_path):
    zoo(failing="FAILING")
    folder = write_files(tmp_path / "photos", {"a/1.jpg": 1})
    with pytest.raises(PhotoError, match='the reader "failing" of zoo_of_photos 1.2 failed: KeyError'):
        opened(folder)
    assert len(opened(folder, reader="folder").photos) == 1


def test_a_reader_that_cannot_be_loaded_is_told_where_it_could_have_read(zoo, opened, tmp_path):
    zoo(rotten="NOWHERE")
    assert len(opened(write_files(tmp_path / "photos", {"a/1.jpg": 1})).photos) == 1
    with pytest.raises(PhotoError, match="zoo_of_photos 1.2"):
        opened(tmp_path / "nothing")
    with pytest.raises(PhotoError, match='no reader reads "ftp://x"; readers are installed for zoo://'):
        opened(Path("ftp://x"))
    with pytest.raises(ConfigError, match="cannot be loaded"):
        opened(tmp_path / "photos", reader="rotten")


@pytest.mark.parametrize("text", ["a/b", "/a/b", "C:/a", "a:b", "x y://z", "train-{0..2}.tar"])
def test_paths_are_no_addresses(text, tmp_path):
    assert address_of(PhotosSpec(path=Path(text)).path) == ""
