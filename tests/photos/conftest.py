"""What tests of photo sets get."""

import pytest

from atlas.photos import PhotosSpec, open_photo_set
from atlas.photos.readers import base


@pytest.fixture
def spec(tmp_path):
    """Return a function that makes the spec of a path, with a cache apart from it."""
    return lambda path, **keys: PhotosSpec(path=path, cache=tmp_path / "cache", **keys)


@pytest.fixture
def opened(spec):
    """Return a function that opens the photo set at a path."""
    return lambda path, **keys: open_photo_set(spec(path, **keys))


@pytest.fixture
def hashed(monkeypatch):
    """Return the list of files that are read to be hashed; even files made just now are remembered."""
    from atlas.photos import digest_cache
    from atlas.photos.readers import folder, tar

    seen = []

    def hash_stream(stream, size=None):
        seen.append(stream.name)
        return base.hash_stream(stream, size)

    monkeypatch.setattr(digest_cache, "SETTLED", -1)
    for module in (folder, tar):
        monkeypatch.setattr(module, "hash_stream", hash_stream)
    return seen
