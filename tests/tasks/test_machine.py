"""What a run works with: which executor, where nobody says."""

import pytest

from atlas.config import ExecutorSettings
from atlas.errors import ConfigError
from atlas.tasks import machine
from atlas.tasks.machine import COST_WORTH_RAY, Machine


@pytest.mark.parametrize("installed", [True, False])
def test_where_nobody_asks_for_ray_and_it_is_not_installed_one_process_does_the_work(monkeypatch, installed):
    monkeypatch.setattr(machine, "has", lambda library: installed)
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 8)
    asked = Machine(device="cpu", batch_size=8)
    assert asked.executor_for(COST_WORTH_RAY) == ("ray" if installed else "serial")
    assert asked.executor_for(COST_WORTH_RAY - 1) == "serial"
    assert Machine(device="cpu", batch_size=8, executor="ray").executor_for(1) == "ray"  # and says what to install


def test_what_a_cluster_computes_on_need_not_be_here():
    """This machine has no GPU, and may drive nodes that have some."""
    with pytest.raises(ConfigError, match="CUDA devices are visible"):
        Machine.of(ExecutorSettings(device="cuda"))
    found = Machine.of(ExecutorSettings(kind="ray", address="head:1", device="cuda"))
    assert (found.device, found.asked, found.batch_size, found.here) == ("cuda", "cuda", 64, "cpu")
    left_open = Machine.of(ExecutorSettings(kind="ray", address="head:1"))
    assert left_open.asked == "auto"
    assert (left_open.on("cuda").batch_size, left_open.on("cpu").batch_size) == (64, 8)
    assert Machine.of(ExecutorSettings(address="head:1", batch_size=5)).on("cuda").batch_size == 5
    assert Machine.of(ExecutorSettings()).asked == "cpu", "of a Ray of its own, this machine decides"
