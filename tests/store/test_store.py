import errno
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sample_store
from records import IDENTITY, PROVENANCE, done, failed, keep

from atlas.core.analysis import PhotoCredit
from atlas.core.attempt import Attempt
from atlas.core.record import SCHEMA_VERSION, Failure, Record
from atlas.errors import StoreError, StoreSchemaError
from atlas.methods import methods
from atlas.store import Store, files
from atlas.store.documents import encode
from atlas.store.integrity import verify
from atlas.store.marker import FORMAT, Marker, is_absent
from atlas.store.repair import discard, sweep


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store", create=True)


def test_a_committed_record_reads_back_equal(store):
    record, pictures = done()
    keep(store, record, pictures)
    assert store.has(record.key)
    assert store.read(record.key) == record
    assert list(store.records()) == [record]
    for asset in record.assets:
        assert store.picture_path(record, asset.role).read_bytes() == pictures[asset.role]


def test_committing_twice_changes_nothing(store):
    record, pictures = done()
    keep(store, record, pictures)
    before = {path: path.stat().st_mtime_ns for path in store.path.rglob("*")}
    other, other_pictures = done(shade=99)
    assert other.key == record.key
    keep(store, other, other_pictures)
    assert {path: path.stat().st_mtime_ns for path in store.path.rglob("*")} == before


def test_a_record_appears_only_after_its_pictures(store, monkeypatch):
    """Whatever write is the last to succeed, a record that is there has all of its pictures."""
    record, pictures = done()
    real = os.replace
    for allowed in range(3):
        calls = iter(range(allowed))

        def replace(source, target, calls=calls):
            if next(calls, None) is None:
                raise OSError(errno.ENOSPC, "No space left on device")
            real(source, target)

        monkeypatch.setattr(files.os, "replace", replace)
        with pytest.raises(StoreError, match="No space left on device"):
            keep(store, record, pictures)
        assert not store.has(record.key)
        assert list(verify(store)) == []
        assert list(store.path.rglob(".tmp-*")) == []
    monkeypatch.undo()
    keep(store, record, pictures)
    assert store.read(record.key) == record


def test_a_dead_record_is_replaced_whole_whatever_write_is_the_last(store, monkeypatch):
    record, pictures = done()
    dead = Record(key=record.key, job=record.job, status="dead", provenance=record.provenance)
    keep(store, dead, {})
    before = list(verify(store))  # it has no card
    real = os.replace
    for allowed in range(3):
        calls = iter(range(allowed))

        def replace(source, target, calls=calls):
            if next(calls, None) is None:
                raise OSError(errno.ENOSPC, "No space left on device")
            real(source, target)

        monkeypatch.setattr(files.os, "replace", replace)
        with pytest.raises(StoreError, match="No space left on device"):
            keep(store, record, pictures)
        assert store.is_dead(record.key) and store.read(record.key) == dead
        assert list(verify(store)) == before
    monkeypatch.undo()
    keep(store, record, pictures)
    assert store.read(record.key) == record and not store.is_dead(record.key)
    keep(store, dead, {})  # by a run that began before: what is done stays
    assert store.read(record.key) == record


def test_failures_are_kept_beside_and_end_with_success(store):
    record, pictures = done()
    for attempt in range(5):
        store.record_failure(failed(f"attempt {attempt}"))
    assert store.failure(record.key).error.message == "attempt 4"
    assert [one.key for one in store.failures()] == [record.key]
    assert not store.has(record.key)
    keep(store, record, pictures)
    assert store.failure(record.key) is None
    assert list(store.failures()) == []


def test_verify_sees_every_kind_of_damage(store):
    records = [done(unit=unit) for unit in range(6)]
    for record, pictures in records:
        keep(store, record, pictures)
    keys = [record.key for record, _ in records]
    image = store.picture_path(records[0][0], "image")
    image.write_bytes(image.read_bytes()[:-10])
    store.picture_path(records[1][0], "alpha").unlink()
    half = store.folder(keys[2]) / "document.json"
    half.write_bytes(half.read_bytes()[: half.stat().st_size // 2])
    moved = store.folder(keys[3]) / "document.json"
    moved.write_bytes((store.folder(keys[4]) / "document.json").read_bytes())
    damages = [one for one in verify(store) if one.kind == "result"]
    found = {damage.key: damage.problem for damage in damages}
    assert set(found) == set(keys[:4])
    assert "does not match its hash" in found[keys[0]]
    assert "missing" in found[keys[1]]
    assert "damaged" in found[keys[2]]
    assert "another result" in found[keys[3]]
    for damage in damages:
        discard(store, damage)
    assert [one for one in verify(store) if one.kind == "result"] == []
    assert sorted(record.key for record in store.records()) == sorted(keys[4:])


def test_a_record_whose_methods_card_is_lost_or_anothers_is_told_by_verify(store):
    record, pictures = done()
    keep(store, record, pictures)
    store.save_method(methods.get("cbr").card)

    def problems():
        return {one.name: one.problem for one in verify(store) if one.kind == "method"}

    assert problems() == {"maco-1": "the method's card is lost; 1 other needs it"}
    store.save_method(methods.get("maco").card)
    assert problems() == {} and store.methods()["maco-1"].title == "MACO"
    store.method_cards.path("maco-1").write_bytes(store.method_cards.path("cbr-1").read_bytes())
    assert "is about another thing" in problems()["maco-1"]
    with pytest.raises(StoreError, match="cannot name a card"):
        store.save_method(methods.get("maco").card.model_copy(update={"name": "Mine / of course"}))


def test_cards_and_credits_under_each_others_names_are_damage(store):
    cards = [sample_store.card(variant) for variant in "ab"]
    credits = [PhotoCredit(digest=digit * 64, name=f"{digit}.jpg") for digit in "12"]
    for one, credit in zip(cards, credits, strict=True):
        store.save_card(one)
        store.save_photo(credit)
    assert list(verify(store)) == []
    for paths in (
        [store.model_cards.path(card.identity.fingerprint) for card in cards],
        [store.credits.path(credit.digest) for credit in credits],
    ):
        contents = [path.read_bytes() for path in paths]
        for path, content in zip(paths, reversed(contents), strict=True):
            path.write_bytes(content)
    problems = [(one.kind, one.problem) for one in verify(store)]
    assert [kind for kind, _ in problems] == ["card", "card", "photo", "photo"]
    assert all("is about another" in problem for _, problem in problems)


def test_a_damaged_record_is_a_clear_error_when_read(store):
    record, pictures = done()
    keep(store, record, pictures)
    (store.folder(record.key) / "document.json").write_text('{"schema_version": 1, "key"')
    with pytest.raises(StoreError, match=r"damaged[\s\S]*atlas status --verify --repair"):
        list(store.records())


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_store_is_refused_with_what_to_do(store, version):
    """One without a checksum, as the first version wrote, and one with it; a damaged one may not be opened either."""
    marker = Marker(format=FORMAT, schema_version=version)
    old = marker.model_dump_json().encode() if version == 1 else encode(marker)
    (store.path / "store.json").write_bytes(old)
    for options in ({}, {"create": True}, {"damaged": True}):
        with pytest.raises(StoreSchemaError, match=r"an earlier atlas wrote[\s\S]*\[store\][\s\S]*atlas render"):
            Store(store.path, **options)
    assert (store.path / "store.json").read_bytes() == old


def test_a_newer_schema_is_refused(store):
    (store.path / "store.json").write_text(
        json.dumps({"format": "lens-atlas-store", "schema_version": SCHEMA_VERSION + 1})
    )
    with pytest.raises(StoreSchemaError, match="upgrade atlas"):
        Store(store.path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "lens-atlas-store"}', '{"schema_version": "x"}'])
def test_a_damaged_marker_is_a_clear_error(store, text):
    (store.path / "store.json").write_text(text)
    with pytest.raises(StoreError, match="is damaged"):
        Store(store.path)


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StoreError, match="is no atlas store"):
        Store(tmp_path, create=True)
    with pytest.raises(StoreError, match="is no atlas store"):
        Store(tmp_path / "thesis.tex", create=True)
    with pytest.raises(StoreError, match="atlas render"):
        Store(tmp_path / "missing")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_with_what_systems_put_there_is_empty(tmp_path):
    for name in (".DS_Store", ".git", "lost+found", "@eaDir"):
        (tmp_path / name).mkdir()
    (tmp_path / "Thumbs.db").write_bytes(b"x")
    assert is_absent(tmp_path)
    assert list(verify(Store(tmp_path, create=True))) == []
    assert not is_absent(tmp_path)


def test_inputs_are_kept_by_digest_and_checked(store):
    digest = store.save_input(b"a spectrum")
    assert store.read_input(digest) == b"a spectrum"
    (store.path / "inputs" / digest).write_bytes(b"another")
    with pytest.raises(StoreError, match="does not match its name"):
        store.read_input(digest)
    with pytest.raises(StoreError, match=r"is lost[\s\S]*atlas status --verify --repair"):
        store.read_input("0" * 64)


def test_sweep_removes_what_a_dead_writer_of_this_place_left_and_what_is_old(store):
    token = "0" * 32
    here = files._here()
    (store.path / "derived" / "ab").mkdir(parents=True)
    dead = store.path / f".tmp-{here}-999999999-{token}"
    mine = store.path / f".tmp-{here}-{os.getpid()}-{token}"
    elsewhere = store.path / f".tmp-other.4026531836-999999999-{token}"
    old = [store.path / "derived" / "ab" / ".tmp-7-x.webp", elsewhere.with_name(elsewhere.name[:-1] + "1")]
    young = store.path / "derived" / ".tmp-999999999-x.webp"  # of a container whose numbers mean other processes
    for path in (dead, mine, elsewhere, young, *old):
        path.write_bytes(b"")
    for path in old:
        os.utime(path, (time.time() - 2 * files.ABANDONED,) * 2)
    assert sweep(store.path) == 3
    assert [path.exists() for path in (dead, *old, mine, elsewhere, young)] == [False] * 3 + [True] * 3


def test_pictures_are_lossless_and_alpha_keeps_its_order():
    from io import BytesIO

    from PIL import Image

    from atlas.store.pictures import encode_alpha, encode_image

    image = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    asset, data = encode_image(image)
    assert (asset.width, asset.height, asset.bytes) == (20, 20, len(data))
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(data))), image)
    alpha = np.arange(400.0).reshape(20, 20)
    stored = np.asarray(Image.open(BytesIO(encode_alpha(alpha)[1])))
    assert (np.diff(stored.ravel().astype(int)) >= 0).all()
    assert stored.max() == 255
    assert np.asarray(Image.open(BytesIO(encode_alpha(np.zeros((4, 4)))[1]))).max() == 0


def test_many_runs_may_make_one_store_at_once(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        for number in range(40):
            made = list(pool.map(lambda _, path=tmp_path / str(number): Store(path, create=True).path, range(8)))
            assert made == [tmp_path / str(number)] * 8


def test_a_message_that_holds_the_bytes_of_a_file_name_is_stored(store):
    record = failed("")
    name = os.fsdecode(b"caf\xe9")
    error = Failure(kind="error", message=f"cannot read {name}")
    store.record_failure(record.model_copy(update={"error": error}))
    assert store.failure(record.key).error.message == "cannot read caf?"
    told = {"model": IDENTITY.fingerprint, "error": error, "provenance": PROVENANCE}
    store.record_failure(Attempt(key="0" * 64, what=f"tally of {name}", **told))
    assert store.failure("0" * 64).what == "tally of caf?"
    assert store.failure("0" * 64).record() is None, "it was no rendering"
