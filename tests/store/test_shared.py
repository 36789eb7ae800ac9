"""A photo as a network was shown it is stored once, whatever is made of it, and whoever is killed meanwhile."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from records import PROVENANCE, job, keep

from atlas.core.job import Target
from atlas.core.record import Record
from atlas.errors import StoreError
from atlas.store import Store
from atlas.store.integrity import verify
from atlas.store.pictures import encode_image

PHOTO = "5" * 64


def about_a_photo(layer, shade=0, photo_shade=9):
    """A finished inversion, and its pictures by role."""
    one = job(target=Target(kind="inversion", layer=layer, photo=PHOTO), method="preimage")
    image, image_bytes = encode_image(np.full((8, 8, 3), shade, dtype=np.uint8))
    photo, photo_bytes = encode_image(np.full((8, 8, 3), photo_shade, dtype=np.uint8), "photo")
    record = Record(key=one.key, job=one, status="done", assets=(image, photo), provenance=PROVENANCE)
    return record, {"image": image_bytes, "photo": photo_bytes}


def damage_of(store):
    """What is wrong but for the cards and photos that these small stores lack."""
    return [one for one in verify(store) if one.kind in ("result", "picture")]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), max_size=8))
def test_each_picture_of_a_photo_is_there_once_and_all_that_show_it_find_it(tmp_path_factory, made):
    """Made of layers and of sizes or crops of the photo, in any order, some twice."""
    store = Store(tmp_path_factory.mktemp("store") / "store", create=True)
    for layer, shade in made:
        keep(store, *about_a_photo(f"blocks.{layer}", shade=layer, photo_shade=shade))
    records = list(store.records())
    assert len(records) == len({layer for layer, _ in made})
    for record in records:
        path = store.picture_path(record, "photo")
        assert path == store.path / "pictures" / record.asset("photo").file_name
        assert path.read_bytes() == store.pictures.read(path.name)
        assert len(list(store.folder(record.key).glob("*.png"))) == 1, "beside the record is its own picture only"
    assert set(store.pictures.names()) >= {record.asset("photo").file_name for record in records}
    assert damage_of(store) == []


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"x")])
def test_a_lost_or_damaged_one_is_one_problem_of_all_that_show_it(tmp_path, harm):
    store = Store(tmp_path / "store", create=True)
    for layer in "abc":
        keep(store, *about_a_photo(layer))
    [name] = store.pictures.names()
    harm(store.pictures.path(name))
    [damage] = damage_of(store)
    assert (damage.kind, damage.key) == ("picture", name)
    assert sorted(damage.owners) == sorted(store.keys())
    with pytest.raises(StoreError):
        store.pictures.read(name)
    keep(store, *about_a_photo("d"))
    assert damage_of(store) == [], "the next that shows it mends it"


COMMITS = """
import sys
from test_shared import about_a_photo
from records import keep
from atlas.store import Store
store = Store(sys.argv[1], create=True)
print("ready", flush=True)
for number in range(100_000):
    keep(store, *about_a_photo(f"blocks.{number}", shade=number % 256, photo_shade=number % 3))
"""


def test_two_processes_that_are_killed_leave_nothing_half_written(tmp_path):
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([*folders, os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-c", COMMITS, str(tmp_path / "store")]
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(2)]
    for process in running:
        assert process.stdout.readline() == b"ready\n"
    while len(list((tmp_path / "store" / "objects").glob("*/*/document.json"))) < 20:
        time.sleep(0.01)
    for process in running:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    store = Store(tmp_path / "store")
    assert len(list(store.records())) >= 20
    assert damage_of(store) == []
    assert len(store.pictures.names()) <= 3
