"""Dispatch over a pretend cluster: kills, losses, hangs, faults of memory, devices and disks, and nothing is lost."""

import math
import random

import pytest
from pretend_ray import HANGS, ActorUnavailableError, Gone, PretendRay, Silent, told
from records import job
from steps import Made, key, step, walk_of

from atlas.errors import DeviceError, ExecutorError, StoreError
from atlas.jobs import pace
from atlas.jobs.executors import dispatch, pool
from atlas.jobs.executors.base import WAITING, Monitor
from atlas.jobs.executors.dispatch import Dispatcher
from atlas.jobs.executors.placement import Needs
from atlas.jobs.executors.pool import MAX_FAULTS, Pool
from atlas.store.leases import Leases
from atlas.tasks.batch import Batch
from atlas.tasks.machine import Machine
from atlas.tasks.rendering import RenderTask

NAMES = "abcdefghijklmnopqrstuvwx"
DIED = "The actor is dead because its worker process has died."


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(dispatch, "LOOK", 0.0)
    monkeypatch.setattr(dispatch, "TICK", 0.0)
    monkeypatch.setattr(dispatch, "cause_of", lambda death, pid: cause(death))
    (tmp_path / "store").mkdir()
    made = Made(tmp_path)
    (made.path / "leases").mkdir()
    return made


def cause(death):
    """As Ray's own, of which the memory is in a table that a pretend one has not."""
    if getattr(death, "preempted", False) or "node has died" in str(death):
        return "node"
    return "memory" if "memory" in str(death) else "died"


class Run:
    """A run of steps over a pretend cluster.

    Args:
        faults: what each batch meets first, by a name in it: called with both, as often as it is there.
    """

    def __init__(self, store, faults=(), workers=None, patience=5.0, most=4, names=NAMES, **nodes):
        self.store, self.notices = store, []
        self._faults = list(faults)
        self.ray = PretendRay(self._behave, **nodes or {"one": 1, "two": 2})
        self.walk = walk_of(store, *(step(name, shares="s", most=most) for name in names))
        self.pool = Pool(self.ray, self.ray.start, Needs("cuda", gpu=1.0), workers, grows=True)
        monitor = Monitor(on_notice=self.notices.append)
        self._dispatcher = Dispatcher(self.ray, self.pool, self.walk, monitor, patience, Silent())

    def outcomes(self):
        found = []
        for outcome in self._dispatcher.outcomes():
            found.append(outcome)
            assert len(self.ray.handed) < 500, "it does not end"
        return found

    def _behave(self, actor, batch):
        for place, (name, fault) in enumerate(self._faults):
            if any(task.name == name for task in batch.tasks):
                del self._faults[place]
                answer = fault(actor, batch)
                if answer is not None:
                    return answer
        self.store.made |= {task.key for task in batch.tasks}
        return told(batch)

    def check_all_done(self):
        outcomes = self.outcomes()
        assert sorted(outcome.task.name for outcome in outcomes) == sorted(NAMES), "each ends once"
        assert [outcome.message for outcome in outcomes if outcome.status != "done"] == [] and self.store.errors == {}


def kills(actor, batch):
    raise Gone(DIED)


def takes_memory(actor, batch):
    raise Gone("ended for lack of memory")


def hangs(actor, batch):
    return HANGS


def breaks(actor, batch):
    raise DeviceError(f"{actor.node} failed; nothing is recorded")


def loses_node(actor, batch):
    actor.ray.lose_node(actor.node)
    actor.ray.add_node(f"new{len(actor.ray.handed)}", 2)
    return HANGS


def preempts(actor, batch):
    raise Gone("The actor is dead.")


def is_out_of_reach(actor, batch):
    raise ActorUnavailableError


def test_what_goes_well_goes_to_all_devices_in_whole_batches(store):
    run = Run(store)
    run.check_all_done()
    assert {place[:2] for place in run.ray.handed} == {("one", 0), ("two", 0), ("two", 1)}
    assert [len(place[2]) for place in run.ray.handed] == [4] * 6
    assert run.notices == []


@pytest.mark.parametrize("fault", [kills, takes_memory, hangs, loses_node, is_out_of_reach])
def test_one_loss_costs_nothing(store, monkeypatch, fault):
    monkeypatch.setattr(pace, "LEAST", 0.02)
    monkeypatch.setattr(pace, "UNMEASURED", 0.02)
    run = Run(store, [("b", fault)])
    run.check_all_done()


@pytest.mark.parametrize("seed", range(20))
def test_twenty_faults_at_random_lose_nothing(store, monkeypatch, seed):
    """Each job meets at most one that may be its own; nodes, devices and the network fail beside."""
    monkeypatch.setattr(pace, "LEAST", 0.02)
    monkeypatch.setattr(pace, "UNMEASURED", 0.02)
    monkeypatch.setattr(pool, "MAX_FAULTS", 10**6)
    draw = random.Random(seed)
    own = [(name, draw.choice([kills, hangs])) for name in draw.sample(NAMES, 6)]
    others = [(draw.choice(NAMES), draw.choice([loses_node, is_out_of_reach])) for _ in range(8)]
    others += [(name, breaks) for name in draw.sample(NAMES, 6)]
    faults = own + others
    draw.shuffle(faults)
    Run(store, faults).check_all_done()


def test_what_kills_every_worker_is_quarantined_alone(store):
    run = Run(store, [("d", kills)] * 99)
    outcomes = {outcome.task.name: outcome for outcome in run.outcomes()}
    assert {name for name, outcome in outcomes.items() if outcome.status == "failed"} == {"d"}
    assert outcomes["d"].quarantined and "its worker process died" in outcomes["d"].message
    assert 99 - len(run._faults) <= 7


def test_what_hangs_every_time_is_quarantined_alone(store, monkeypatch):
    monkeypatch.setattr(pace, "LEAST", 0.02)
    monkeypatch.setattr(pace, "UNMEASURED", 0.02)
    run = Run(store, [("d", hangs)] * 99)
    (failed,) = [outcome for outcome in run.outcomes() if outcome.status == "failed"]
    assert failed.task.name == "d" and "did not go on any more" in failed.message
    assert any("did not go on, and was ended" in notice for notice in run.notices)


def test_a_run_that_waits_for_another_says_so_once(store):
    with Leases(store.path) as other:
        held = [key(name) for name in "abc"]
        assert all(map(other.take, held))
        run = Run(store)

        def give_back(text):
            run.notices.append(text)
            for one in held:
                other.release(one)

        run._dispatcher._monitor = Monitor(on_notice=give_back)
        run.check_all_done()
    assert run.notices == [WAITING]


def test_what_follows_the_steps_of_an_analysis_is_not_taken_for_a_hang():
    """Concepts are factorised, and their importance is measured, once photos were looked at, each a step."""
    known = pace.Pace()
    found, picture = Batch((step("a"),)), Batch((RenderTask.of("m", job(0)),))
    assert known.deadline(found, 0, 1, 0.0) == pace.UNMEASURED
    assert known.deadline(found, 5, 10, 50.0) == known.deadline(found, 10, 10, 50.0) == math.inf
    assert known.deadline(picture, 5, 10, 50.0) == pace.SLOWEST * 100
    known.note(found, 200.0)
    assert known.deadline(found, 10, 10, 50.0) == pace.SLOWEST * 200


@pytest.mark.parametrize("said", [{"preempted": True}, {}])
def test_preempted_workers_and_lost_nodes_are_never_counted(store, said):
    """Twenty times in a row on one job, which is then made."""

    def loses(actor, batch):
        text = "The actor is dead." if said else "The actor died because its node has died."
        actor.ray.lose_node(actor.node, text, **said)
        actor.ray.add_node(f"new{len(actor.ray.handed)}", 1)
        return HANGS

    Run(store, [("d", loses)] * 20).check_all_done()


def test_a_device_that_fails_again_and_again_is_left_out_and_nothing_is_recorded(store):
    def breaks_on_one(actor, batch):
        return breaks(actor, batch) if actor.node == "one" else None

    run = Run(store, [(name, breaks_on_one) for name in NAMES * 40], most=1)
    run.check_all_done()
    failed = [place for place in run.ray.handed if place[0] == "one"]
    assert MAX_FAULTS <= len(failed) <= 2 * MAX_FAULTS
    assert any("one failed; it is left out of this run" in notice for notice in run.notices)


def test_a_device_that_fails_its_test_gets_nothing(store):
    run = Run(store, most=1)
    run.ray.faults["GPU 0 of one"] = "it multiplies wrongly"
    run.check_all_done()
    assert {place[0] for place in run.ray.handed} == {"two"}
    assert run.notices == ["GPU 0 of one is left out of this run: it multiplies wrongly"]


def test_a_batch_on_which_several_devices_fail_is_to_blame_itself(store):
    run = Run(store, [("d", breaks)] * 99, many=8)
    (failed,) = [outcome for outcome in run.outcomes() if outcome.status == "failed"]
    assert failed.task.name == "d" and failed.quarantined


def test_where_all_devices_fail_the_run_ends_with_their_fault_and_nothing_is_recorded(store):
    run = Run(store, [(name, breaks) for name in NAMES * 40], one=1)
    with pytest.raises(DeviceError, match="one failed"):
        run.outcomes()
    assert store.errors == {}


def test_a_disk_that_fails_stops_its_node_and_not_the_run(store):
    def is_full(actor, batch):
        if actor.node == "two":
            raise StoreError("cannot write there", "free some space")

    run = Run(store, [(name, is_full) for name in NAMES * 40])
    run.check_all_done()
    assert sum(place[0] == "two" for place in run.ray.handed) <= 4
    assert run.notices == ["two is left out of this run: cannot write there; free some space"]


def test_a_disk_that_fails_everywhere_ends_the_run_with_its_error(store):
    def is_full(actor, batch):
        raise StoreError("cannot write there", "free some space")

    with pytest.raises(StoreError, match="cannot write there"):
        Run(store, [(name, is_full) for name in NAMES * 40]).outcomes()
    assert store.errors == {}


def test_nodes_that_join_are_used(store):
    def joins(actor, batch):
        actor.ray.add_node("three", 2)

    run = Run(store, [("a", joins)], one=1, most=1)
    run.check_all_done()
    assert {place[0] for place in run.ray.handed} == {"one", "three"}


def test_workers_that_wait_for_a_place_are_kept_and_seen_as_demand(store):
    def looks(actor, batch):
        waited.append(run.pool.waiting)

    waited = []
    run = Run(store, [("x", looks)], one=1, workers=5, most=1)
    run.check_all_done()
    assert waited == [4]


def test_where_nothing_finds_a_place_the_run_says_what_is_missing(store):
    with pytest.raises(ExecutorError, match=r"within 0 s: each needs a GPU; there are 0 CPUs, 0 GPUs on 1 nodes"):
        Run(store, patience=0.0, cpus=0).outcomes()


def test_what_a_worker_needs_follows_from_the_cluster_and_not_from_the_driver():
    def needs(resources, **changes):
        return Needs.of(Machine("cpu", 8, **changes), resources)

    auto = {"asked": "auto"}
    assert needs({"CPU": 4.0, "GPU": 8.0}, **auto) == Needs("cuda", 0.0, 1.0)
    assert needs({"CPU": 4.0}, **auto) == Needs("cpu", 1.0)
    assert needs({"CPU": 4.0}, **auto, gpu=0.5, accelerator="A100") == Needs("cuda", 0.0, 0.5, "A100"), "nodes may join"
    assert needs({"GPU": 8.0}, **auto, gpu=0.0) == Needs("cpu", 1.0)
    assert needs({}, asked="cuda:1") == Needs("cuda", 0.0, 1.0), "a worker's GPU is its own"
    assert needs({"GPU": 8.0}, asked="cpu") == Needs("cpu", 1.0)
    assert needs({}, asked="cpu", gpu=1.0) == Needs("cpu", 0.0, 1.0), "placed by GPU, computing on the CPU"


def test_how_many_workers_have_room():
    nodes = [{"CPU": 4.0, "GPU": 3.0, "accelerator_type:A100": 1.0}, {"CPU": 2.0}]
    assert Needs("cpu", 1.0).room(nodes) == 6
    assert Needs("cuda", gpu=1.0).room(nodes) == 3
    assert Needs("cuda", gpu=0.3).room(nodes) == 9, "three on each GPU, and none on what is left of all"
    assert Needs("cuda", gpu=2.0).room(nodes) == 1
    assert Needs("cuda", gpu=1.0, accelerator="H100").room(nodes) == 0
    assert Needs("cuda", gpu=1.0, accelerator="A100").options == {
        "num_cpus": 0.0,
        "num_gpus": 1.0,
        "accelerator_type": "A100",
    }
