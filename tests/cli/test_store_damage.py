"""A store damaged by hand: status goes on, --verify names everything, --repair makes it whole again."""

import numpy as np
import pytest
from records import keep

from atlas.core.record import Failure
from atlas.store import Store

FAILED = 3  # the class that the network "raising" fails at


@pytest.fixture
def project(atlas):
    """Four classes rendered, one of them failed, with a spectrum of the project's own."""
    np.save(atlas.folder / "mine.npy", np.ones((3, 8, 5), dtype=np.float32))
    atlas.configure(
        "raising",
        block=f"classes = [1, 2, {FAILED}, 4]",
        parameters='steps = 2, image_size = 32, crops = 2, spectrum = "mine.npy"',
    )
    assert atlas("render").status == 1
    return atlas


def truncate(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def folder_in_place_of(path):
    path.unlink()
    path.mkdir()


def swap_records(store):
    first, second = [store.folder(record.key) / "document.json" for record in list(store.records())[:2]]
    text = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(text)


def flip(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def picture(store):
    return store.picture_path(next(store.records()), "image")


def document(store):
    return store.document_path(next(store.records()).key)


def failed_attempt(store):
    return store.folder(next(store.failures()).key) / "attempts" / "0.json"


# Each: what is done to the store, words of its report, and how many keys are then damaged.
DAMAGES = {
    "a truncated picture": (lambda store: truncate(picture(store)), "image", "does not match its hash", 1),
    "a changed picture": (lambda store: flip(picture(store)), "image", "does not match its hash", 1),
    "a missing picture": (lambda store: picture(store).unlink(), "image", "is missing", 1),
    "a folder for a picture": (lambda store: folder_in_place_of(picture(store)), "image", "Is a directory", 1),
    "half a record": (lambda store: truncate(document(store)), "document.json", "is damaged", 1),
    "an empty record": (lambda store: document(store).write_bytes(b""), "document.json", "", 1),
    "swapped records": (swap_records, "describes another result", "", 2),
    "half a failure": (lambda store: truncate(failed_attempt(store)), "attempts", "is damaged", 1),
    "half a model card": (lambda store: truncate(next((store.path / "models").iterdir())), "models", "is damaged", 1),
    "a changed input": (lambda store: flip(next((store.path / "inputs").iterdir())), "inputs", "does not match", 1),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_named_and_repaired(project, name):
    harm, *words, count = DAMAGES[name]
    store = Store(project.folder / "build" / "store")
    pictures = sorted(path.parent for path in store.path.rglob("*.png"))
    assert project("status", "--verify").status == 0
    harm(store)

    assert project("status").status == 1  # one class failed at any rate; that it goes on is what counts
    verify = project("status", "--verify")
    assert verify.status == 1
    assert f"{count} problem" in verify.out and verify.out.count("damaged ") >= count
    assert [word for word in words if word not in verify.out] == []
    assert "atlas status --repair" in verify.out

    repair = project("status", "--repair")
    assert repair.status == (1 if name == "half a failure" else 0)  # that job fails again
    assert repair.out.count("; made again") == count
    assert project("status", "--verify").status == 0
    assert sorted(path.parent for path in store.path.rglob("*.png")) == pictures
    assert "Nothing to repair" in project("status", "--repair").out


def test_damaged_records_are_counted_by_status(project):
    store = Store(project.folder / "build" / "store")
    truncate(document(store))
    status = project("status")
    assert "tiny: 2 done, 0 dead, 1 failed" in status.out
    assert "1 result damaged; to see which: atlas status --verify" in status.out


def test_what_the_configuration_does_not_render_is_left_and_said(project):
    store = Store(project.folder / "build" / "store")
    damaged = picture(store)
    truncate(damaged)
    left = damaged.read_bytes()
    project.configure(block="classes = [9]")
    repair = project("status", "--repair")
    assert repair.status == 1
    assert "atlas.toml does not render it, so it stays as it is" in repair.out
    assert damaged.read_bytes() == left


def test_jobs_in_quarantine_are_left_out_until_asked_for(project):
    project.configure(block="classes = [1, 5]")
    store = Store(project.folder / "build" / "store")
    assert project("render").status == 0
    one = next(record for record in store.records() if record.job.target.unit == 5)
    (store.folder(one.key) / "document.json").unlink()
    error = Failure(kind="quarantined", message="its worker process died 3 times while rendering it")
    keep(store, one.model_copy(update={"status": "failed", "assets": (), "error": error}), {})

    assert "2 jobs: 1 stored, 1 in quarantine, 0 to render" in project("plan").out
    held = project("render")
    assert held.status == 1
    assert "1 job left out, in quarantine" in held.out and "atlas render --retry quarantined" in held.out
    assert "its worker process died 3 times" in project("status").out
    retried = project("render", "--retry", "quarantined")
    assert retried.status == 0 and "1 rendered" in retried.out
    assert store.has(one.key)
