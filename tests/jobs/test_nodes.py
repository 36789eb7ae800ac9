"""A cluster of several nodes on this machine, with pretend GPUs: it loses and gains nodes while it runs."""

import os
import sys
from collections import Counter

import pytest
from small_runs import PARAMETERS, configuration, made, prepared

from atlas.errors import ExecutorError
from atlas.jobs import pace
from atlas.jobs.executors import dispatch, session
from atlas.jobs.executors.base import Monitor
from atlas.jobs.executors.pool import Pool
from atlas.models.spec import ModelSpec
from atlas.store.integrity import verify

SMALL = {
    "include_dashboard": False,
    "object_store_memory": session.OBJECT_STORE_BYTES,
    "node_ip_address": "127.0.0.1",
}


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    """The folder whose files are what the network meets, see ``tiny_networks.faulty``."""
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="module")
def cluster(faults):
    """A head without any device, and two nodes with one pretend GPU each; on loopback alone."""
    with pytest.MonkeyPatch.context() as patch:
        paths = os.pathsep.join(filter(None, sys.path))
        for name, value in (session.QUIET | {"TINY_FAULTS": str(faults), "PYTHONPATH": paths}).items():
            patch.setenv(name, value)
        patch.setenv("OMP_NUM_THREADS", "1")
        from ray.cluster_utils import Cluster  # Ray reads the environment as it is imported

        found = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "num_gpus": 0, **SMALL})
        for _ in range(2):
            found.add_node(num_cpus=1, num_gpus=1, **SMALL)
        yield found
        found.shutdown()


def on(cluster, folder, **executor):
    """A configuration of thirty jobs for a cluster, which computes on CPUs where a GPU of Ray's has room."""
    known = {"kind": "ray", "address": cluster.address, "device": "cpu", "resources": {"gpu": 1.0}, "batch_size": 2}
    return configuration(
        folder, "faulty", executor=known | executor, seeds=(0, 1, 2), parameters=PARAMETERS | {"steps": 8}
    )


def test_nodes_are_lost_and_gained_and_workers_devices_and_memory_fail_and_nothing_is_lost(
    tmp_path, cluster, faults, monkeypatch
):
    """Two kills, a hang, a fault of a device, one of memory, a node lost and one that joins."""
    monkeypatch.setattr(pace, "LEAST", 30.0)
    monkeypatch.setattr(pace, "SLOWEST", 3.0)
    places, notices, ended = [], [], []
    placed = Pool.placed

    def watched(pool, member, place):
        places.append(place)
        placed(pool, member, place)

    monkeypatch.setattr(Pool, "placed", watched)
    nodes = sorted(cluster.worker_nodes, key=lambda node: node.node_id)
    at = {4: "kill", 8: "memory", 12: "device", 16: "kill", 20: "hang"}

    def on_outcome(outcome):
        ended.append(outcome)
        if len(ended) in at:
            (faults / at[len(ended)]).touch()
        if len(ended) == 14:
            cluster.add_node(num_cpus=1, num_gpus=1, **SMALL)
            cluster.remove_node(nodes[0], allow_graceful=False)

    config = on(cluster, tmp_path)
    plan, store = prepared(config)
    report = made(plan, store, config, Monitor(on_outcome=on_outcome, on_notice=notices.append))[0]
    assert (report.done, report.failed, report.interrupted) == (len(plan.jobs), [], False)
    assert Counter(outcome.task.key for outcome in ended) == Counter(job.key for job in plan.jobs)
    assert list(store.failures()) == [] and list(verify(store)) == []
    assert os.listdir(faults) == [], "all of it happened"
    assert len({place.node for place in places}) == 3, "the node that joined was used"
    for text in ("a worker died", "was lost with its node", "failed (uncorrectable ECC", "did not go on"):
        assert any(text in notice for notice in notices), (text, notices)


def test_an_accelerator_that_no_node_has_ends_the_run_and_says_what_is_missing(tmp_path, cluster):
    config = on(cluster, tmp_path, resources={"gpu": 0.5, "accelerator": "A100"}, patience=2)
    plan, store = prepared(config)
    with pytest.raises(ExecutorError, match=r"within 2 s: each needs 0.5 of a GPU of type A100; there are .* 2 GPUs"):
        made(plan, store, config)


def test_a_gpu_that_torch_does_not_see_is_left_out_and_told(tmp_path, cluster, monkeypatch):
    monkeypatch.setattr(dispatch, "LOOK", 0.1)
    config = on(cluster, tmp_path, device="cuda", patience=300)
    plan, store = prepared(config)
    with pytest.raises(ExecutorError, match=r'GPU 0 of .* torch sees no CUDA device there[\s\S]*device = "cpu"'):
        made(plan, store, config)
    assert list(store.failures()) == []


OWN = """
from pathlib import Path
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, 8, 3, stride=2)
        self.head = nn.Linear(8, 3)

    def forward(self, images):
        return self.head(self.body(images).relu().mean(dim=(2, 3)))

def make():
    with open({log!r}, "a") as file:
        file.write("built ")
    return Net()
"""


def test_a_module_of_the_user_s_own_travels_and_no_node_builds_the_model(tmp_path, cluster):
    """Nodes know neither the folder nor the module; weights come from the driver, so nothing is built a second time."""
    log = tmp_path / "log"
    own = tmp_path / "project"
    own.mkdir()
    (own / "net_of_mine.py").write_text(OWN.format(log=str(log)))
    config = on(cluster, tmp_path, resources={"gpu": 0.5})
    spec = ModelSpec(name="tiny", source="callable", architecture="net_of_mine:make", size=32, folder=own)
    config = config.model_copy(update={"models": (spec,)})
    plan, store = prepared(config)
    report = made(plan, store, config)[0]
    assert (report.done, report.failed) == (len(plan.jobs), [])
    assert log.read_text() == "built "
    assert all(store.read(job.key).status == "done" for job in plan.jobs)
