"""Leases: which of several runs on a store makes what, whoever of them dies."""

import errno
import io
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from atlas.errors import StoreError
from atlas.store import leases
from atlas.store.leases import Leases

KEYS = [f"{number:064x}" for number in range(40)]
HELD = """
import sys, pathlib
from atlas.store.leases import Leases
with Leases(pathlib.Path(sys.argv[1])) as run:
    print(sum(map(run.take, sys.argv[2:])), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path):
    return tmp_path


def held_elsewhere(store, *keys):
    """Start another process that leases keys and holds them."""
    process = subprocess.Popen(
        [sys.executable, "-c", HELD, str(store), *keys], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == f"{len(keys)}\n"
    return process


def test_a_key_is_leased_by_one_run_until_it_is_released(store):
    with Leases(store) as one, Leases(store) as two:
        assert one.take(KEYS[0]) and one.take(KEYS[0])
        assert not two.take(KEYS[0]) and not two.is_free(KEYS[0]) and two.is_free(KEYS[1])
        one.release(KEYS[0])
        assert two.is_free(KEYS[0]) and two.take(KEYS[0]) and not one.take(KEYS[0])
    assert not (store / "leases").exists(), "the last run leaves nothing"


def test_each_key_goes_to_exactly_one_of_many_that_ask_at_once(store):
    runs = [Leases(store).__enter__() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda run: [key for key in KEYS if run.take(key)], runs))
    assert sorted(key for some in taken for key in some) == KEYS
    for run in runs:
        run.__exit__(None, None, None)
    assert not (store / "leases").exists()


def test_leases_of_a_run_that_was_killed_are_taken_over_by_exactly_one(store):
    process = held_elsewhere(store, *KEYS)
    with Leases(store) as one:
        assert not any(map(one.take, KEYS))
    process.kill()
    process.communicate()
    runs = [Leases(store).__enter__() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda run: [key for key in KEYS if run.take(key)], runs))
    assert sorted(key for some in taken for key in some) == KEYS
    for run in runs:
        run.__exit__(None, None, None)
    assert not (store / "leases").exists(), "what the dead run left is swept"


def test_a_run_elsewhere_is_dead_once_it_gives_no_sign_for_long(store, monkeypatch):
    """Its process cannot be looked up from here; it lives as long as its number changes on this clock."""
    monkeypatch.setattr(leases, "EXPIRY", 0.4)
    (store / "leases").mkdir()
    sign = store / "leases" / f"elsewhere.1-7-{'0' * 32}.run"
    (store / "leases" / KEYS[0]).write_text(sign.name.removesuffix(".run"))
    with Leases(store) as run:
        for number in range(8):
            sign.write_text(str(number))
            assert not run.take(KEYS[0])
            time.sleep(0.1)
        time.sleep(0.5)
        assert run.is_free(KEYS[0]) and run.take(KEYS[0])


@pytest.mark.parametrize("said", [b"", b"\0" * 40, b"\xff", b"a/b-7-" + b"0" * 32, b"x" * 500])
def test_a_lease_whose_run_or_machine_died_before_its_name_was_written_is_taken_over_too(store, monkeypatch, said):
    monkeypatch.setattr(leases, "EXPIRY", 0.2)
    (store / "leases").mkdir()
    for name in (KEYS[0], f"{KEYS[0]}-"):
        (store / "leases" / name).write_bytes(said)
    with Leases(store) as run:
        assert not run.take(KEYS[0])
        time.sleep(0.3)
        assert not run.take(KEYS[0])
        time.sleep(0.3)
        assert run.take(KEYS[0])


def test_a_run_that_slept_until_another_had_swept_up_after_it_goes_on(store, monkeypatch):
    monkeypatch.setattr(leases, "EXPIRY", 0.2)
    with monkeypatch.context() as asleep:
        asleep.setattr(Leases, "_live", lambda run: None)
        one = Leases(store)
    one.run = f"elsewhere.1-7-{'0' * 32}"
    with one:
        assert one.take(KEYS[0])
        with Leases(store) as two:
            assert not two.take(KEYS[0])
            time.sleep(0.3)
            assert two.take(KEYS[0])
        assert not (store / "leases").exists()
        assert one.take(KEYS[1])
        with Leases(store) as three:
            assert not three.take(KEYS[1]), "it lives again"
    assert not (store / "leases").exists()


def test_a_lease_that_a_full_disk_takes_no_name_of_is_not_left(store, monkeypatch):
    class Full(io.FileIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    with Leases(store) as run:
        with monkeypatch.context() as full:
            full.setattr(leases, "open", lambda path, mode, buffering: Full(path, mode), raising=False)
            with pytest.raises(StoreError, match="No space left"):
                run.take(KEYS[0])
        assert not (store / "leases" / KEYS[0]).exists() and run.take(KEYS[0])
