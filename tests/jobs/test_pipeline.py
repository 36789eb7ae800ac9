"""Pictures, statistics and concepts as one run of one graph, whatever the executor, whatever fails, however it ends."""

import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image
from small_photos import write_photos
from small_runs import PARAMETERS, concept_configuration, made, prepared, run, selected

from atlas.config import RenderBlock
from atlas.core.analysis import Analysis
from atlas.errors import ConfigError
from atlas.jobs.executors import cluster
from atlas.jobs.executors.base import Monitor
from atlas.jobs.executors.serial import SerialExecutor
from atlas.jobs.pending import pending
from atlas.jobs.quarantine import ENDED, quarantine
from atlas.jobs.run import run_plan
from atlas.store.integrity import verify
from atlas.tasks.analysis import PhotosTask, keep_arrays
from atlas.tasks.concepts import ConceptsTask
from atlas.tasks.machine import COST_WORTH_RAY, Machine
from atlas.tasks.tally import TallyTask
from atlas.tasks.task import Outcome

RENDER = ({"model": ("tiny",), "classes": ("red", "blue"), "parameters": PARAMETERS},)
KINDS = {"tally": 1, "statistics": 1, "concepts": 3, "rendering": 2 + 3 * 2}
"""What the configuration makes: two classes, and two concepts of each of three."""


@pytest.fixture
def photos(tmp_path):
    return write_photos(tmp_path / "photos")


def configuration(folder, photos, **executor):
    render = tuple(RenderBlock.model_validate(block) for block in RENDER)
    return concept_configuration(folder, photos, render=render, executor=executor)


@pytest.fixture
def started(monkeypatch):
    """The executors that are started, by their names."""
    found = []
    plain, session = SerialExecutor.run, cluster.ray_session

    def run_serial(self, walk, monitor):
        found.append("serial")
        return plain(self, walk, monitor)

    @contextmanager
    def run_ray(*given, **named):
        found.append("ray")
        with session(*given, **named) as ray:
            yield ray

    monkeypatch.setattr(SerialExecutor, "run", run_serial)
    monkeypatch.setattr(cluster, "ray_session", run_ray)
    return found


def contents(store):
    """Every result: its document without what a clock says, and the names of its files, which are their digests."""
    found = {}
    for key in store.keys():
        document = json.loads(store.document_path(key).read_bytes())
        document.pop("checksum")
        document["provenance"] = {}
        found[key] = document, sorted(path.name for path in store.folder(key).iterdir())
    return found


def test_one_session_makes_all_kinds_in_order_and_then_nothing_more(tmp_path, photos, started):
    config = configuration(tmp_path, photos)
    kinds, totals = [], []
    monitor = Monitor(on_outcome=lambda outcome: kinds.append(outcome.task.kind), on_total=totals.append)
    report, plan, store = run(config, monitor)
    assert started == ["serial"]
    assert report.done_by_kind == KINDS and not report.failed and not report.interrupted
    assert kinds == ["tally", *["concepts"] * 3, "statistics", *["rendering"] * 8]
    assert totals[0] == totals[-1] == sum(KINDS.values()), "what follows was expected"
    assert all(store.has(task.key) for task in plan.tasks) and list(verify(store)) == []
    assert {task.job.target.kind for task in plan.jobs} == {"logit", "direction"}

    report, again, _ = run(config)
    assert (report.finished, started) == (0, ["serial"])
    assert [task.key for task in again.tasks] == [task.key for task in plan.tasks]


def test_both_executors_make_the_same(tmp_path, photos, started):
    _, _, serial = run(configuration(tmp_path / "serial", photos))
    report, _, ray = run(configuration(tmp_path / "ray", photos, kind="ray", workers=2))
    assert started == ["serial", "ray"]
    assert report.done_by_kind == KINDS and not report.failed
    mine, theirs = contents(serial), contents(ray)
    assert mine.keys() == theirs.keys()
    for key, (document, files) in mine.items():
        if document.get("job") is None:
            assert (document, files) == theirs[key]
        else:
            pictures = (np.asarray(Image.open(each.picture_path(each.read(key), "image"))) for each in (serial, ray))
            one, other = (picture.astype(float) for picture in pictures)
            assert np.abs(one - other).mean() < 2.5  # levels; a batch of another size sums floats in another order


def test_what_a_lost_photo_fails_is_told_with_its_reason_and_all_else_is_made(tmp_path, photos):
    config = configuration(tmp_path, photos)
    plan, store = prepared(config)
    lost = photos / "green" / "003.png"
    data = lost.read_bytes()
    lost.unlink()
    report, _, _ = made(plan, store, config)
    failed = {type(outcome.task).__name__: outcome.message for outcome in report.failed}
    assert len(report.failed) == 3 and failed.keys() == {"TallyTask", "ConceptsTask", "StatisticsTask"}
    [tally] = [task for task in plan.tasks if isinstance(task, TallyTask)]
    assert failed["StatisticsTask"] == f"needs {tally}, which failed: {failed['TallyTask']}"
    assert store.failure(plan.statistics[0].key).error.message == failed["StatisticsTask"]
    green = next(task for task in plan.concepts if task.class_index == 1)
    assert f"{green}: it failed, so up to 2 that follow from it are left out" in report.notices
    assert report.done_by_kind == {"concepts": 2, "rendering": 2 + 2 * 2}
    lost.write_bytes(data)
    assert run(config)[0].done_by_kind == {"tally": 1, "statistics": 1, "concepts": 1, "rendering": 2}


def test_statistics_whose_tallies_are_in_quarantine_say_so_until_they_are_tried_again(tmp_path, photos):
    config = configuration(tmp_path, photos)
    plan, store = prepared(config)
    [tally] = [task for task in plan.tasks if isinstance(task, TallyTask)]
    quarantine(store, tally, 3, ENDED["died"])
    report, _, _ = made(plan, store, config)
    [failed] = report.failed
    assert failed.task.kind == "statistics" and failed.message == f"needs {tally}, which is in quarantine"
    assert run(config, retry=["quarantined"])[0].done_by_kind == {"tally": 1, "statistics": 1}


@pytest.mark.parametrize("after", [0, 2, 6, 9])
def test_a_run_that_is_stopped_anywhere_ends_as_one_that_was_not(tmp_path, photos, after):
    config = configuration(tmp_path / "stopped", photos)
    stop, ended = Event(), []

    def on_outcome(outcome):
        ended.append(outcome)
        if len(ended) >= after:
            stop.set()

    if not after:
        stop.set()
    report, _, store = run(config, Monitor(on_outcome=on_outcome, stop=stop))
    assert report.interrupted and report.finished < sum(KINDS.values())
    assert list(verify(store)) == []
    rest, _, store = run(config)
    assert not rest.interrupted and not rest.failed
    assert report.done + rest.done == sum(KINDS.values())
    assert contents(store).keys() == contents(run(configuration(tmp_path / "whole", photos))[2]).keys()


def test_a_picture_of_a_concept_that_is_still_to_be_found_can_be_asked_for_alone(tmp_path, photos):
    _, plan, _ = run(configuration(tmp_path / "known", photos))
    wanted = plan.jobs[-1].key
    config = configuration(tmp_path / "new", photos)
    report, _, store = run(config, only=(wanted[:10],))
    assert report.done_by_kind == {"tally": 1, "statistics": 1, "concepts": 3, "rendering": 1}
    assert [record.key for record in store.records()] == [wanted]
    assert selected(config, store).statistics
    with pytest.raises(ConfigError, match='begins with "0123456789ab"'):
        run(config, only=("0123456789ab",))


def test_a_picture_that_the_plan_has_is_made_without_looking_at_photos(tmp_path, photos):
    config = configuration(tmp_path, photos)
    plan, store = prepared(config)
    report, _, _ = made(plan, store, config, only=(plan.jobs[0].key,))
    assert report.done_by_kind == {"rendering": 1}
    assert not pending(plan, store, only=(plan.jobs[0].key,)).is_whole


def test_a_model_that_exists_in_this_process_only_stays_in_it(tmp_path, photos, started):
    config = configuration(tmp_path, photos)
    plan, store = prepared(config)
    plan = replace(plan, specs={}, tasks=plan.jobs)
    with pytest.raises(ConfigError, match='model "tiny" exists in this process only'):
        run_plan(plan, store, Machine("cpu", 8, executor="ray"))
    report = run_plan(replace(plan, tasks=plan.jobs), store, Machine("cpu", 8))
    assert (report.done, started) == (2, ["serial"])


def test_what_has_no_configuration_is_made_and_nothing_is_noted_of_it(tmp_path, photos):
    plan, store = prepared(configuration(tmp_path, photos))
    report = run_plan(replace(plan, configuration="", tasks=plan.jobs), store, Machine("cpu", 8))
    assert report.done == 2 and store.selections.names() == []


def test_several_workers_are_started_for_much_work_only(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    machine = Machine("cpu", 8)
    assert machine.executor_for(COST_WORTH_RAY - 1) == "serial" and machine.executor_for(COST_WORTH_RAY) == "ray"
    assert replace(machine, executor="serial").executor_for(10**6) == "serial"
    assert replace(machine, address="host:1").executor_for(1) == "ray"
    assert Machine("cuda:0", 64).executor_for(10**6) == "serial"


@dataclass(frozen=True)
class Probe(PhotosTask):
    """Another kind of task: made in batches of two at most, for want of memory; one of a class fails."""

    kind: ClassVar[str] = "probe"
    tried: ClassVar[list[int]] = []

    @property
    def shares(self):
        return "all"

    def together(self, machine):
        return None

    @staticmethod
    def run(tasks, bench):
        Probe.tried.append(len(tasks))
        if len(tasks) > 2:
            raise MemoryError("for two at most")
        if any(task.analysis.class_index == 1 for task in tasks):
            raise RuntimeError("class 1 cannot be probed")
        for task in tasks:
            keep_arrays(bench, task.analysis, {"zero": np.zeros(1)}, {}, 0.0)
        return [Outcome(task, "done", f"probed {task.analysis.class_index}") for task in tasks]


def test_another_kind_of_task_has_all_that_the_others_have(tmp_path, photos):
    plan, store = prepared(configuration(tmp_path, photos))
    analysis = plan.concepts[0].analysis.model_dump()
    made_of = [Analysis.model_validate(analysis | {"class_index": index}) for index in range(4)]
    probes = tuple(Probe("tiny", each, ()) for each in made_of)
    Probe.tried.clear()
    report = run_plan(replace(plan, tasks=probes, configuration=""), store, Machine("cpu", 8))
    assert Probe.tried == [4, 2, 1, 1, 2], "halved for memory, then one by one for the one that fails"
    assert report.done_by_kind == {"probe": 3} and report.notices == ["probed 0", "probed 2", "probed 3"]
    [failed] = report.failed
    assert failed.message == "RuntimeError: class 1 cannot be probed"
    assert store.failure(probes[1].key).error.message == failed.message
    assert pending(replace(plan, tasks=probes), store).missing == [probes[1]]


def test_a_concepts_pictures_are_expected_and_then_the_same_but_for_their_direction(tmp_path, photos):
    plan, store = prepared(configuration(tmp_path, photos))
    expected = plan.expected(store)
    assert len(expected) == 3 * 2 and all(task.job.target.direction in plan.stand_ins for task in expected)
    _, plan, store = made(plan, store, configuration(tmp_path, photos))
    assert plan.expected(store) == []
    found = [task for task in plan.jobs if task.job.target.direction]
    for task in found:
        [concepts] = [each for each in plan.concepts if each.key in task.needs]
        assert isinstance(concepts, ConceptsTask) and concepts.class_index == task.job.target.unit
        stand_in = concepts.pictures[0].job
        target = task.job.target.model_copy(update={"direction": stand_in.target.direction})
        assert type(stand_in).model_validate(task.job.model_dump() | {"target": target}).key == stand_in.key
