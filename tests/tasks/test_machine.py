"""What a run works with: which executor, where nobody says."""

import pytest

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
