"""Runs on one store at once: they divide the work, each job is rendered once, and what a dead one had is taken over."""

import multiprocessing
import os
import signal
import time
from collections import Counter

import pytest
from small_runs import PARAMETERS, configuration, made, prepared

from atlas.jobs.executors.base import WAITING, Monitor
from atlas.store.integrity import verify
from atlas.store.leases import Leases
from atlas.tasks import rendering

SEEDS = tuple(range(3))
PROCESSES = multiprocessing.get_context("fork")


@pytest.fixture
def watched(tmp_path, monkeypatch):
    """(plan, store, configuration) of thirty jobs, each of whose renderings leaves a line in a file."""
    config = configuration(tmp_path, executor={"batch_size": 2}, seeds=SEEDS, parameters=PARAMETERS | {"steps": 6})
    real, log = rendering.render, tmp_path / "rendered"

    def render(tasks, bench):
        results = real(tasks, bench)
        with open(log, "a", encoding="ascii") as file:
            file.write("".join(f"{task.key} {os.getpid()}\n" for task in tasks))
        return results

    monkeypatch.setattr(rendering, "render", render)
    return *prepared(config), config


def rendered(config):
    """The lines of all runs: (key, process)."""
    log = config.file.parent / "rendered"
    return [tuple(line.split()) for line in log.read_text().splitlines()] if log.exists() else []


def started(number, plan, store, config):
    """Start runs, each in a process of its own."""

    def run():
        report, _, _ = made(plan, store, config)
        os._exit(0 if report.finished == len(plan.jobs) and not report.failed else 1)

    processes = [PROCESSES.Process(target=run) for _ in range(number)]
    for process in processes:
        process.start()
    return processes


@pytest.mark.parametrize("number", [2, 4])
def test_runs_divide_the_work_and_render_each_job_once(watched, number):
    plan, store, config = watched
    processes = started(number, *watched)
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * number, "each ends with everything done"
    lines = rendered(config)
    assert Counter(key for key, _ in lines) == Counter(job.key for job in plan.jobs)
    assert len({process for _, process in lines}) == number, "all had a part in it"
    assert list(verify(store)) == [] and not (store.path / "leases").exists()


def test_what_a_killed_run_had_in_hand_is_made_by_another_and_nothing_else_twice(watched):
    plan, store, config = watched
    killed, other = started(2, *watched)
    while sum(process == str(killed.pid) for _, process in rendered(config)) < 4:
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    for process in (killed, other):
        process.join()
    assert (killed.exitcode, other.exitcode) == (-signal.SIGKILL, 0)
    again = {key for key, times in Counter(key for key, _ in rendered(config)).items() if times > 1}
    assert {key for key, _ in rendered(config)} == {job.key for job in plan.jobs}
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
