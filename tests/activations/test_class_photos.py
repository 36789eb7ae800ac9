"""Activations of photos, from the network and from the cache."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from small_photos import write_photos

from atlas.activations.cache import ActivationCache, as_half
from atlas.activations.class_photos import PhotoActivations, gather
from atlas.activations.tallies import tally_layers, unit_means
from atlas.activations.views import Viewer
from atlas.errors import PhotoGoneError
from atlas.models.load import load_model
from atlas.models.network.passes import VIEWS_PER_PASS
from atlas.models.spec import ModelSpec
from atlas.photos import PhotosSpec, open_photo_set
from atlas.photos.views import PatchGrid

VIEWER = Viewer((32, 32), PatchGrid(32, 16, 12))


@pytest.fixture
def network():
    model = load_model(ModelSpec(name="t", source="callable", architecture="tiny_networks:colours", size=32))
    return model.network("float32", torch.device("cpu"))


@pytest.fixture
def photo_set(tmp_path):
    return open_photo_set(PhotosSpec(path=write_photos(tmp_path / "photos"), cache=tmp_path / "cache"))


def of_class(photo_set, name):
    return [photo for photo in photo_set.photos if photo.group == name]


def activations(network, photo_set, folder, **changes):
    return PhotoActivations(network, "act2", photo_set, VIEWER, ActivationCache(folder, ["it"]), **changes)


def test_views_are_the_square_and_its_patches(photo_set):
    photo = photo_set.photos[0]
    square = photo_set.image(photo).resize((32, 32))
    views = VIEWER.views(square)
    pixels = torch.from_numpy(np.asarray(square).copy()).permute(2, 0, 1) / 255
    assert views.shape == (1 + 4, 3, 32, 32) and len(VIEWER.boxes) == 5
    torch.testing.assert_close(views[0], pixels)
    left, top, right, bottom = VIEWER.grid.boxes[3]
    patch = torch.nn.functional.interpolate(pixels[None, :, top:bottom, left:right], size=32, mode="bilinear")
    torch.testing.assert_close(views[4], patch[0])
    assert VIEWER.boxes[4] == (12 / 32, 12 / 32, 28 / 32, 28 / 32)


def test_activations_are_those_of_the_network(network, photo_set, tmp_path):
    found = gather(activations(network, photo_set, tmp_path), of_class(photo_set, "red"), 0, True, 100)
    assert found.predicted == found.readable == found.found == len(found.photos) == 6
    assert [photo.digest for photo in found.photos] == sorted(photo.digest for photo in found.photos)
    square = photo_set.image(found.photos[2]).resize((32, 32), 3)
    with torch.no_grad():
        whole = network(VIEWER.whole(square)[None], "act2")[0]
        patches = unit_means(network(VIEWER.patches(square), "act2"))
    np.testing.assert_allclose(found.maps[2], whole.numpy(), rtol=2e-3, atol=1e-4)
    np.testing.assert_allclose(found.patches[2], patches.numpy(), rtol=2e-3, atol=1e-4)


def test_a_full_cache_gives_what_an_empty_one_gave_and_asks_the_network_nothing(network, photo_set, tmp_path):
    photos = of_class(photo_set, "green")
    first = gather(activations(network, photo_set, tmp_path), photos, 1, True, 100)

    class Silent:
        device = torch.device("cpu")

        def views_at_once(self, layers, size):
            return 12

        def taps(self, *_):
            raise AssertionError("the cache was not used")

        __call__ = taps

    second = gather(activations(Silent(), photo_set, tmp_path), photos, 1, True, 100)
    np.testing.assert_array_equal(first.maps, second.maps)
    np.testing.assert_array_equal(first.patches, second.patches)


def flipped(data, place):
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data, other: data[:20],
        lambda data, other: data[:-1],
        lambda data, other: b"",
        lambda data, other: data + b"x",
        lambda data, other: flipped(data, 0),
        lambda data, other: flipped(data, 70),  # of the header's length
        lambda data, other: flipped(data, len(data) // 2),
        lambda data, other: flipped(data, len(data) - 1),
        lambda data, other: data.replace(b"F16", b"F32"),
        lambda data, other: other,  # of another photo, whole
        lambda data, other: data.partition(b"\n")[2],  # as it was written before
    ],
)
def test_a_cache_file_that_is_not_as_it_was_written_is_made_anew(network, photo_set, tmp_path, damage):
    photos = of_class(photo_set, "green")
    first = gather(activations(network, photo_set, tmp_path), photos, 1, True, 100)
    files = sorted((tmp_path / "activations").rglob("*.activations"))
    whole = [path.read_bytes() for path in files]
    assert len(files) == 2 * len(photos)
    for number, path in enumerate(files):
        path.write_bytes(damage(whole[number], whole[number - 2]))
    second = gather(activations(network, photo_set, tmp_path), photos, 1, True, 100)
    np.testing.assert_array_equal(first.maps, second.maps)
    np.testing.assert_array_equal(first.patches, second.patches)
    assert [path.read_bytes() for path in files] == whole


def test_an_entry_counts_for_what_it_was_made_of_only(tmp_path):
    one, other = ActivationCache(tmp_path, ["one"]), ActivationCache(tmp_path, ["other"])
    one.put("a" * 64, "whole", {"map": np.arange(6.0)})
    (path,) = tmp_path.rglob("*.activations")
    np.testing.assert_array_equal(one.get("a" * 64, "whole")["map"], np.arange(6.0))
    for cache, photo, view in ((other, "a" * 64, "whole"), (one, "ab" * 32, "whole"), (one, "a" * 64, "patches")):
        copy = cache._path(photo, view)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
        assert cache.get(photo, view) is None


def test_two_writers_at_once_leave_a_whole_entry(tmp_path):
    cache = ActivationCache(tmp_path, ["it"])
    arrays = {"map": np.arange(100.0)}
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: cache.put("a" * 64, "whole", arrays), range(40)))
    np.testing.assert_array_equal(cache.get("a" * 64, "whole")["map"], arrays["map"])
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_only_photos_predicted_as_the_class_are_kept_unless_all_are_asked_for(network, photo_set, tmp_path):
    photos = [*of_class(photo_set, "red"), *of_class(photo_set, "blue")[:2]]
    found = gather(activations(network, photo_set, tmp_path), photos, 0, True, 100)
    assert {photo.group for photo in found.photos} == {"red"}
    assert (found.found, found.readable, found.predicted) == (8, 8, 6)
    everything = gather(activations(network, photo_set, tmp_path), photos, 0, False, 100)
    assert len(everything.photos) == 8 and everything.predicted == 6
    few = gather(activations(network, photo_set, tmp_path), photos, 0, True, 3)
    assert few.photos == found.photos[:3]


def test_a_broken_photo_is_named_and_left_out(network, tmp_path):
    folder = write_photos(tmp_path / "photos")
    (folder / "red" / "000.png").write_bytes(b"no photo")
    photo_set = open_photo_set(PhotosSpec(path=folder, cache=tmp_path / "cache"))
    photos = of_class(photo_set, "red")
    found = gather(activations(network, photo_set, tmp_path), photos, 0, True, 100)
    assert len(found.photos) == found.readable == 5 and found.found == 6
    assert len(found.skipped) == 1 and photos[0].name in found.skipped[0]


@pytest.mark.parametrize("content", [b"no photo", None], ids=["changed", "gone"])
def test_a_photo_that_is_not_what_was_listed_is_an_error(network, photo_set, tmp_path, content):
    photos = of_class(photo_set, "red")
    path = tmp_path / "photos" / photos[0].name
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(PhotoGoneError, match=photos[0].name):
        gather(activations(network, photo_set, tmp_path), photos, 0, True, 100)


def test_no_more_photos_are_looked_at_than_one_pass_takes(network, photo_set, tmp_path, monkeypatch):
    monkeypatch.setitem(VIEWS_PER_PASS, "cpu", 4)
    stream = activations(network, photo_set, tmp_path).whole(photo_set.photos)
    first_photo, first = next(stream)
    assert first_photo == photo_set.photos[0] and first["map"].shape == (12, 8, 8)
    assert sum(1 for _ in (tmp_path / "activations").rglob("*.activations")) == 4 < len(photo_set.photos)


def test_tallies_of_several_layers_in_one_pass_are_those_of_the_network(network, photo_set):
    layers = ["act", "act2", "logits"]
    tallies, skipped = tally_layers(network, layers, photo_set.photos, photo_set, VIEWER, 3)
    assert skipped == [] and set(tallies) == set(layers)
    values = {layer: [] for layer in layers}
    for photo in photo_set.photos:
        views = VIEWER.views(photo_set.image(photo).resize((32, 32), 3))
        for layer in layers:
            with torch.no_grad():
                values[layer].append(unit_means(network(views, layer)).numpy())
    for layer in layers:
        everything = np.concatenate(values[layer])
        assert tallies[layer].count[0] == len(everything)
        np.testing.assert_allclose(tallies[layer].high, everything.max(axis=0), rtol=1e-5)
        np.testing.assert_allclose(tallies[layer].total, everything.sum(axis=0), rtol=1e-4)
        best = np.stack([each.max(axis=0) for each in values[layer]]).argmax(axis=0)
        assert tallies[layer].photo[:, 0].tolist() == best.tolist()


def test_halves_keep_large_values_and_small_errors():
    small = np.random.default_rng(0).normal(size=100).astype(np.float32)
    np.testing.assert_allclose(as_half(small).astype(np.float32), small, rtol=1e-3, atol=1e-7)
    large = np.array([1e6, 1.0], dtype=np.float32)
    np.testing.assert_array_equal(as_half(large), large)
