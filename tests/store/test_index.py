"""The index tells what the results tell, whatever becomes of it; and where it tells all, no result is looked at."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from records import done, failed, job, keep

from atlas.core.record import Failure, Record
from atlas.errors import StoreError
from atlas.store import Store, files
from atlas.store.index import LOGS_KEPT
from atlas.store.integrity import verify
from atlas.store.repair import discard_result, sweep_store

UNITS = range(4)
KEYS = [job(unit).key for unit in UNITS]


def make(store, unit, how):
    """Let something happen to a result."""
    record, pictures = done(unit)
    if how == "done":
        keep(store, record, pictures)
    elif how == "dead":
        keep(store, Record(key=record.key, job=record.job, status="dead", provenance=record.provenance), {})
    elif how == "removed":
        if store.folder(record.key).exists():
            discard_result(store, record.key)
    else:
        error = Failure(kind=how, message="")
        store.record_failure(failed("", unit).model_copy(update={"error": error}))


def told(store):
    """What a store answers, or a snapshot of it."""
    return [(store.has(key), store.is_dead(key), store.is_quarantined(key)) for key in KEYS]


def logs(store):
    return sorted((store.path / "index").iterdir()) if (store.path / "index").exists() else []


EVENTS = st.tuples(
    st.integers(0, 1), st.sampled_from(UNITS), st.sampled_from(["done", "dead", "error", "quarantined", "removed"])
)


HARMS = st.tuples(st.sampled_from(["cut", "garbled", "removed"]), st.floats(0, 1))


@settings(max_examples=40, deadline=None)
@given(st.lists(EVENTS, max_size=8), st.tuples(HARMS, HARMS))
def test_a_snapshot_answers_as_the_store_whatever_became_of_its_index(tmp_path_factory, events, harms):
    """Two writers, whose logs may be cut anywhere, garbled or removed, after what was synced."""
    path = tmp_path_factory.mktemp("store") / "store"
    writers = [Store(path, create=True), Store(path, create=True)]
    for writer, unit, how in events:
        make(writers[writer], unit, how)
    store = Store(path)
    assert told(store.snapshot()) == told(store)
    for writer, (harm, share) in zip(writers, harms, strict=True):
        log = writer.index._own
        if log.exists():
            data = log.read_bytes()
            synced = data.rfind(b" gone ") + len(b" gone other\n") if b" gone " in data else 0
            place = synced + int(share * (len(data) - synced))
            if harm == "removed" and not synced:
                log.unlink()
            else:
                log.write_bytes(data[:place] + (b"\xff" + data[place + 1 :] if harm == "garbled" else b""))
    assert told(store.snapshot()) == told(store), "damaged"
    assert told(Store(path).snapshot()) == told(store), "what was looked at is noted, and stays right"


def test_where_the_index_tells_all_no_result_is_looked_at(tmp_path, monkeypatch):
    store = Store(tmp_path / "store", create=True)
    for unit, how in enumerate(("done", "dead")):
        make(store, unit, how)
    for name in ("has", "document_path", "failure"):
        monkeypatch.setattr(Store, name, None)
    assert [entry.status for entry in map(store.snapshot().entries.get, KEYS[:2])] == ["done", "dead"]


def test_results_of_no_index_are_looked_at_once(tmp_path, monkeypatch):
    store = Store(tmp_path / "store", create=True)
    make(store, 0, "done")
    shutil.rmtree(store.path / "index")
    assert store.snapshot().has(KEYS[0])
    monkeypatch.setattr(Store, "document_path", None)
    assert Store(store.path).snapshot().has(KEYS[0])


def test_what_is_copied_into_a_store_is_there_and_what_is_removed_by_hand_is_gone(tmp_path):
    here, there = Store(tmp_path / "here", create=True), Store(tmp_path / "there", create=True)
    make(there, 0, "done")
    make(here, 1, "done")
    shutil.copytree(there.folder(KEYS[0]), here.folder(KEYS[0]))
    shutil.rmtree(here.folder(KEYS[1]))
    assert told(here.snapshot()) == [(True, False, False), *[(False, False, False)] * 3]


def test_logs_of_processes_that_ended_are_put_together(tmp_path):
    store = Store(tmp_path / "store", create=True)
    for unit, how in enumerate(("done", "dead", "error", "quarantined")):
        make(store, unit, how)
    own, *_ = logs(store)
    lines = own.read_text().splitlines(keepends=True)
    own.unlink()
    for number in range(LOGS_KEPT + 4):
        ended = f"{files._here()}-{999_999_000 + number}-{number:032x}.log"
        (store.path / "index" / ended).write_text(lines[number % len(lines)])
    before = told(store)
    store.tidy()
    assert len(logs(store)) == 1
    assert told(store.snapshot()) == told(store) == before
    store.tidy()
    assert len(logs(store)) == 1


def test_what_a_log_that_stays_tells_of_what_was_removed_is_not_believed_once_others_are_put_together(tmp_path):
    path = tmp_path / "store"
    living, other = Store(path, create=True), Store(path)
    make(living, 0, "done")
    make(other, 0, "removed")
    make(other, 0, "error")
    ended = [path / "index" / f"{files._here()}-{999_999_000 + n}-{n:032x}.log" for n in range(LOGS_KEPT + 1)]
    other.index._own.rename(ended[0])
    for log in ended[1:]:
        log.touch()
    Store(path).tidy()
    assert len(logs(living)) == 2
    assert told(Store(path).snapshot()) == told(living) == [(False, False, False)] * 4


def test_a_line_that_a_full_disk_cut_short_spoils_none_after_it(tmp_path):
    store = Store(tmp_path / "store", create=True)
    make(store, 0, "done")
    with open(store.index._own, "ab") as log:
        log.write(b"0" * 30)
    make(store, 0, "removed")
    make(store, 0, "error")
    assert told(store.snapshot()) == told(store) == [(False, False, False)] * 4


def test_an_index_that_cannot_be_written_or_read_harms_nothing(tmp_path):
    store = Store(tmp_path / "store", create=True)
    (store.path / "index").write_text("a file stands here")
    make(store, 0, "done")
    assert store.has(KEYS[0])
    with pytest.raises(StoreError, match="a file stands where a folder is needed"):
        store.snapshot()
    (store.path / "index").unlink()
    (store.path / "index" / "a.log").mkdir(parents=True)
    assert store.snapshot().has(KEYS[0])


@pytest.mark.parametrize("count", [2, files.MANY])
def test_results_of_a_group_are_each_whole_or_not_there_whatever_write_is_the_last(tmp_path, monkeypatch, count):
    """Few, which are synced one by one, and many, which are synced at once."""
    real = os.replace
    for allowed in range(3 * count + 1):
        store = Store(tmp_path / str(allowed), create=True)
        calls = iter(range(allowed))

        def replace(source, target, calls=calls):
            if next(calls, None) is None:
                raise OSError(errno.ENOSPC, "No space left on device")
            real(source, target)

        monkeypatch.setattr(files.os, "replace", replace)
        complete = allowed == 3 * count
        try:
            with store.together() as commits:
                for unit in range(count):
                    record, pictures = done(unit)
                    commits.commit(
                        record.key, record, {asset.file_name: pictures[asset.role] for asset in record.assets}
                    )
                assert list(store.records()) == []
        except StoreError:
            assert not complete
        monkeypatch.undo()
        assert [one for one in verify(store) if one.kind == "result"] == []
        assert len(list(store.records())) == count if complete else len(list(store.records())) < count
        assert sorted(key for key in store.keys() if store.snapshot().has(key)) == [one.key for one in store.records()]
        assert list(store.path.rglob(".tmp-*")) == []


COMMITS = """
import sys
from records import done
from atlas.store import Store
store = Store(sys.argv[1], create=True)
print("ready", flush=True)
for start in range(int(sys.argv[2]), 1_000_000, 16):
    with store.together() as commits:
        for unit in range(start, start + 16):
            record, pictures = done(unit)
            commits.commit(record.key, record, {asset.file_name: pictures[asset.role] for asset in record.assets})
"""


def test_writers_that_are_killed_leave_what_is_whole_and_an_index_that_is_right(tmp_path):
    folder = str(Path(__file__).parents[1] / "support")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")])}
    path = tmp_path / "store"
    for number in range(3):  # each goes on where the others were killed
        running = [
            subprocess.Popen(
                [sys.executable, "-c", COMMITS, str(path), str(first)], env=environment, stdout=subprocess.PIPE
            )
            for first in (0, 8)  # half of each batch is the other's too
        ]
        for process in running:
            assert process.stdout.readline() == b"ready\n"
        least = 24 * (number + 1)
        while len(list((path / "objects").glob("*/*/document.json"))) < least:
            time.sleep(0.01)
        time.sleep(0.013 * number)
        for process in running:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        store = Store(path)
        assert [one for one in verify(store) if one.kind == "result"] == []
        snapshot = store.snapshot()
        assert {key for key in store.keys() if snapshot.has(key)} == {key for key in store.keys() if store.has(key)}
        sweep_store(path)
        assert list(path.rglob(".tmp-*")) == []
