"""The Ray executor on this machine: what it survives, and whom it listens to."""

import ipaddress
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from threading import Event

import numpy as np
import psutil
import pytest
from PIL import Image
from small_runs import PARAMETERS, configuration, made, prepared, run
from steps import step, walk_of

from atlas.errors import ExecutorError, StoreError
from atlas.jobs.executors import cluster, keeper, session
from atlas.jobs.executors.base import Monitor
from atlas.jobs.pending import pending
from atlas.store import Store
from atlas.store.integrity import verify
from atlas.tasks.machine import Machine

RAY = {"kind": "ray", "batch_size": 2, "workers": 2}
ALONE = RAY | {"workers": 1}
"""For what one worker shows as well: each takes seconds to start."""
LONG = PARAMETERS | {"steps": 150}


def short_walk(folder):
    """A walk through one step, since nothing is looked for where there is nothing to do."""
    store = Store(folder / "store", create=True)
    return walk_of(store, step("a"))


def actors():
    """The worker processes below this one that hold an actor."""
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if process.is_running() and "RenderActor" in "".join(process.cmdline() or [process.name()])
    ]


def is_loopback(text):
    address = ipaddress.ip_address(text)
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def image(store, key):
    with Image.open(store.picture_path(store.read(key), "image")) as picture:
        return np.asarray(picture).astype(float) / 255


def test_it_renders_what_serial_renders_quietly_and_on_loopback(tmp_path, capfd, monkeypatch):
    """One run, looked at from all sides, since starting Ray takes longer than anything else here."""
    listening, notices = {}, []
    for name in ("profile", "queue", "types", "code"):  # a project's own, which must not stand in for Python's
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('shadowed')\n")
    monkeypatch.chdir(tmp_path)
    before = {name: os.environ.get(name) for name in session.QUIET}

    def on_outcome(outcome):
        if not listening:
            for process in psutil.Process().children(recursive=True):
                for connection in process.net_connections(kind="inet"):
                    if connection.status == psutil.CONN_LISTEN:
                        listening[connection.laddr.ip, connection.laddr.port] = process.name()

    config = configuration(tmp_path / "ray", executor=RAY | {"workers": 99}, seeds=tuple(range(20)))
    plan, store = prepared(config)
    report = made(plan, store, config, Monitor(on_notice=notices.append, on_outcome=on_outcome))[0]
    assert capfd.readouterr() == ("", "")
    assert {name: os.environ.get(name) for name in session.QUIET} == before

    assert (report.done, report.failed) == (200, [])
    _, serial_plan, serial = run(configuration(tmp_path / "serial", seeds=(0,)))
    assert {job.key for job in serial_plan.jobs} <= {job.key for job in plan.jobs}
    for job in serial_plan.jobs:
        ours, theirs = store.read(job.key), serial.read(job.key)
        assert ours.trace == theirs.trace
        assert ours.assets == theirs.assets  # their digests

    assert len(listening) > 3  # Ray does listen, on several ports
    assert [place for place in listening.items() if not is_loopback(place[0][0])] == []
    assert [notice for notice in notices if "99 workers asked for, but there is room for" in notice] != []


def test_killed_workers_lose_nothing(tmp_path):
    """kill -9 of a worker, twice: every job is stored all the same."""
    notices, killed = [], []

    def kill_one():
        for process in actors():
            if process.pid not in killed:
                killed.append(process.pid)
                os.kill(process.pid, signal.SIGKILL)
                return

    config = configuration(tmp_path, executor=RAY, seeds=(0, 1), parameters=LONG)
    plan, store = prepared(config)
    counted = iter(range(1000))

    def on_outcome(outcome):
        if next(counted) in (2, 8):
            threading.Timer(0.3, kill_one).start()

    report = made(plan, store, config, Monitor(on_notice=notices.append, on_outcome=on_outcome))[0]
    assert len(killed) == 2
    assert any("a worker died" in notice for notice in notices)
    assert (report.done, report.failed, report.interrupted) == (20, [], False)
    assert all(store.has(job.key) for job in plan.jobs)
    assert list(verify(store)) == []


def test_bad_targets_harm_no_other(tmp_path, monkeypatch):
    """Class 2 raises, class 3 kills its worker every time, class 5 once."""
    monkeypatch.setenv("TINY_ONCE", str(tmp_path / "once"))
    report, plan, store = run(configuration(tmp_path, "killing", executor=RAY))
    assert sorted(outcome.task.job.target.unit for outcome in report.failed) == [2, 3]
    assert report.done == 8
    assert (tmp_path / "once").exists()
    assert store.failure(plan.jobs[2].key).error.message == "RuntimeError: class 2 cannot be rendered"
    assert store.failure(plan.jobs[3].key).error.kind == "quarantined"
    assert {outcome.task.job.target.unit: outcome.quarantined for outcome in report.failed} == {2: False, 3: True}
    assert re.search(
        r"died 3 times while working on it: it crashed, or was killed[\s\S]*often for lack of memory",
        store.failure(plan.jobs[3].key).error.message,
    )
    todo = pending(plan, store)
    assert [job.key for job in todo.missing] == [plan.jobs[2].key]
    assert [job.key for job in todo.quarantined] == [plan.jobs[3].key]
    assert len(pending(plan, store, retry=["quarantined"]).missing) == 2


def test_a_job_that_takes_too_much_memory_is_called_that_after_two_attempts(tmp_path, monkeypatch):
    """The killing class stands for one that Ray's memory monitor ends; its batch counts as the first attempt."""
    monkeypatch.setenv("TINY_ONCE", os.devnull)
    monkeypatch.setattr(session, "ended_for_memory", lambda: Every())
    notices = []

    class Every(list):
        def __contains__(self, pid):
            return pid is not None

    report, _, _ = run(configuration(tmp_path, "killing", executor=ALONE), Monitor(on_notice=notices.append))
    (failed,) = [outcome for outcome in report.failed if outcome.quarantined]
    assert failed.task.job.target.unit == 3
    for text in ("2 times for lack of memory", "lower executor.workers or executor.batch_size", "image_size"):
        assert text in failed.message
    assert notices[0].endswith("tried again") and not notices[-1].endswith("tried again")
    assert all("ended for lack of memory" in notice for notice in notices)


def test_workers_that_are_ended_as_they_start_end_the_run(tmp_path, monkeypatch):
    """Ray's memory monitor takes the machine for full; without end it would start others."""
    monkeypatch.setenv("RAY_memory_usage_threshold", "0.001")
    monkeypatch.setenv("RAY_memory_monitor_refresh_ms", "50")
    with pytest.raises(ExecutorError, match=r"3 workers ended before they could start[\s\S]*lower executor.workers"):
        run(configuration(tmp_path, executor=ALONE))


def test_a_long_folder_for_temporary_files_gets_a_short_one(tmp_path, monkeypatch):
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))  # as $TMPDIR would have it
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    folder = session.new_folder()
    assert folder.parent == Path("/tmp") and len(str(folder)) <= session.LONGEST_FOLDER
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.rmdir()
    monkeypatch.setenv("RAY_TMPDIR", str(long))
    with pytest.raises(ExecutorError, match=r"too long for sockets[\s\S]*set RAY_TMPDIR"):
        session.new_folder()
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path / "none"))
    with pytest.raises(ExecutorError, match=r"none: No such file[\s\S]*set RAY_TMPDIR"):
        session.new_folder()
    assert list(long.iterdir()) == []
    monkeypatch.chdir("/tmp")
    monkeypatch.setenv("RAY_TMPDIR", ".")
    folder = session.new_folder()
    assert folder.parent == Path("/tmp"), "Ray starts in another folder than this one"
    folder.rmdir()


def test_the_keeper_ends_the_processes_with_its_mark_and_no_others(tmp_path):
    """Also one that was started by another that is gone, as agents are."""
    sleep = [sys.executable, "-c", "import time; time.sleep(100)"]
    environments = [{"ATLAS_RAY_SESSION": mark} for mark in ("mine", "mine", "mine2", "other")] + [{}]
    processes = [subprocess.Popen(sleep, env=os.environ | more) for more in environments]
    (tmp_path / "folder" / "logs").mkdir(parents=True)
    script = [sys.executable, "-I", "-S", keeper.__file__, str(tmp_path / "folder"), "ATLAS_RAY_SESSION=mine"]
    with subprocess.Popen(script, stdin=subprocess.PIPE) as started:
        assert [process.poll() for process in processes] == [None] * 5
        started.communicate(timeout=30)
    assert not (tmp_path / "folder").exists()
    assert [process.poll() for process in processes] == [-signal.SIGKILL, -signal.SIGKILL, None, None, None]
    for process in processes[2:]:
        process.kill()
    for process in processes:
        process.wait()


def test_stopping_ends_the_run_and_the_next_goes_on(tmp_path):
    config = configuration(tmp_path, executor=RAY, parameters=LONG)
    plan, store = prepared(config)
    stop = Event()
    report = made(plan, store, config, Monitor(stop=stop, on_outcome=lambda outcome: stop.set()))[0]
    assert report.interrupted
    assert 0 < report.done < 10
    report, _, store = run(configuration(tmp_path, parameters=LONG))  # in this process: same keys, same store
    assert not report.interrupted
    assert all(store.has(job.key) for job in plan.jobs)
    assert list(verify(store)) == []


def test_a_store_that_cannot_be_written_ends_the_run_with_its_own_error(tmp_path):
    config = configuration(tmp_path, executor=ALONE)
    plan, store = prepared(config)
    (store.path / "objects").write_text("in the way")
    with pytest.raises(StoreError, match=r"cannot (list|write)[\s\S]*set another path"):
        made(plan, store, config)


def test_weights_that_change_between_plan_and_render_end_the_run_and_are_not_stored(tmp_path, monkeypatch):
    config = configuration(tmp_path, "in_training", executor=ALONE)
    plan, store = prepared(config)
    monkeypatch.setenv("TINY_SCALE", "1.01")
    with pytest.raises(ExecutorError, match=r"not the one that was planned.*its weights[\s\S]*run it again"):
        made(plan, store, config)
    assert list(store.records()) == [] and list(store.failures()) == []


def test_a_device_that_no_node_has_is_an_error_and_not_a_wait(tmp_path):
    executor = cluster.RayExecutor(cluster.Work(tmp_path, {}, "cuda"), Machine("cuda", 8, workers=1))
    with pytest.raises(ExecutorError, match=r"each needs a GPU; there are \d+ CPUs, 0 GPUs[\s\S]*executor.device"):
        list(executor.run(short_walk(tmp_path), Monitor()))


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nowhere", "127.0.0.1:99999"])
def test_a_cluster_that_cannot_be_reached_is_an_error(tmp_path, address):
    executor = cluster.RayExecutor(cluster.Work(tmp_path, {}, "cpu"), Machine("cpu", 8, address=address))
    with pytest.raises(ExecutorError, match=f'no Ray cluster answers at executor.address = "{address}"'):
        list(executor.run(short_walk(tmp_path), Monitor()))
