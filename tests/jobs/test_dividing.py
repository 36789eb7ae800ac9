"""Runs on one store at once: they divide the work, each job is rendered once, and what a dead one had is taken over."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import divided_run
import pytest
from small_runs import configuration, made, prepared

from atlas.jobs.executors.base import WAITING, Monitor
from atlas.store.integrity import verify
from atlas.store.leases import Leases

SCRIPT = Path(divided_run.__file__)


def rendered(folder):
    """The lines of all runs: (key, process)."""
    log = folder / "rendered"
    return [tuple(line.split()) for line in log.read_text().splitlines()] if log.exists() else []


def started(number, folder):
    """Start runs, each in a process of its own, all at once when all are ready."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": environment}
    runs = [subprocess.Popen([sys.executable, str(SCRIPT), str(folder)], **pipes) for _ in range(number)]
    for run in runs:
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        run.stdin.write("\n")
        run.stdin.flush()
    return runs


@pytest.mark.parametrize("number", [2, 4])
def test_runs_divide_the_work_and_render_each_job_once(tmp_path, number):
    runs = started(number, tmp_path)
    for run in runs:
        run.communicate()
    assert [run.returncode for run in runs] == [0] * number, "each ends with everything done"
    plan, store = prepared(divided_run.divided(tmp_path))
    lines = rendered(tmp_path)
    assert Counter(key for key, _ in lines) == Counter(job.key for job in plan.jobs)
    assert len({process for _, process in lines}) == number, "all had a part in it"
    assert list(verify(store)) == [] and not (store.path / "leases").exists()


def test_what_a_killed_run_had_in_hand_is_made_by_another_and_nothing_else_twice(tmp_path):
    killed, other = runs = started(2, tmp_path)
    while sum(process == str(killed.pid) for _, process in rendered(tmp_path)) < 4:
        assert killed.poll() is None and other.poll() is None, "both go on"
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    for run in runs:
        run.communicate()
    assert [run.returncode for run in runs] == [-signal.SIGKILL, 0]
    plan, store = prepared(divided_run.divided(tmp_path))
    again = {key for key, times in Counter(key for key, _ in rendered(tmp_path)).items() if times > 1}
    assert {key for key, _ in rendered(tmp_path)} == {job.key for job in plan.jobs}
    assert len(again) <= 4, "a batch that was being made, and one that was being stored"
    assert list(verify(store)) == [] and not (store.path / "leases").exists()


def test_a_run_that_waits_for_another_says_so_once(tmp_path):
    """That goes on, but not with what it has: it may hang."""
    config = configuration(tmp_path, classes=(0, 1))
    plan, store = prepared(config)
    said = []
    with Leases(store.path) as other:
        assert other.take(plan.jobs[0].key)

        def give_back(text):
            said.append(text)
            other.release(plan.jobs[0].key)

        report, _, _ = made(plan, store, config, Monitor(on_notice=give_back))
    assert said == [WAITING] and report.done == 2
