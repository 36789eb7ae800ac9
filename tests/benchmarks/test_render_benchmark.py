import json
import subprocess
import sys
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path

import pytest
import torch
from torch import nn

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


class Ticks:
    """A timer that counts its marks."""

    def __init__(self):
        self.now = 0

    def mark(self):
        self.now += 1
        return self.now

    def between(self, start, end):
        return end - start


def a_result(case_module, **values):
    fields = {"step": 1.0, "total": 1.0, "outside": 0.0, "forward": 0.0, "backward": 0.0}
    fields |= {"loaded": 0, "memory": 1, "device_memory": 0, "machine": "", "load": 0.0}
    return case_module.Result(**fields | values)


def test_the_step_clock_leaves_out_the_warmup_of_every_batch():
    clock_module, timer = import_module("rendering.clock"), Ticks()
    clock = clock_module.StepClock(timer, steps=5, warmup=2)
    for _ in range(2):
        for done in range(1, 6):
            timer.now += 100 if done <= 2 else 10  # every step of the warm-up takes longer
            clock(done)
    assert clock.counted == 6
    assert clock.seconds() == pytest.approx(10 + 1 / 3)  # the closing mark itself is one tick


def test_the_network_clock_counts_the_module_alone():
    """Time passes only where the graph says so: 5 ticks in the module's forward, 7 in its backward, 100 around it."""
    clock_module, timer = import_module("rendering.clock"), Ticks()

    class Passing(torch.autograd.Function):
        @staticmethod
        def forward(ctx, value, ahead, back):
            timer.now += ahead
            ctx.back = back
            return value.clone()

        @staticmethod
        def backward(ctx, gradient):
            timer.now += ctx.back
            return gradient, None, None

    class Slow(nn.Module):
        def forward(self, value):
            return Passing.apply(value, 5, 7)

    running = True
    module = Slow()
    clock = clock_module.NetworkClock(module, timer, lambda: running)
    for _ in range(3):
        before = Passing.apply(torch.ones(2, requires_grad=True), 100, 100)
        Passing.apply(module(before), 100, 100).sum().backward()
    running = False
    module(torch.ones(2, requires_grad=True)).sum().backward()
    forward, backward = clock.seconds()
    assert forward == 3 * (5 + 1)  # one tick for the closing mark
    assert backward == 3 * (7 + 1)


def test_rates_are_for_256_steps_and_count_what_is_outside():
    case_module = import_module("rendering.case")
    result = a_result(case_module, step=0.5, outside=4.0)
    assert result.per_minute(case_module.Case(batch=8)) == pytest.approx(60 / (256 * 0.5 / 8 + 4))


def test_cases_alternate_and_ratios_are_of_the_same_round():
    case_module, session_module = import_module("rendering.case"), import_module("rendering.session")
    ours, theirs = case_module.Case(batch=4), case_module.Case(renderer="horama")
    measured = []

    def measure(case):
        measured.append(case)
        slow = 1 + len(measured) // 2  # the machine gets slower and slower
        return a_result(case_module, step=slow * (2.0 if case is ours else 3.0))

    session = session_module.Session(3, measure)
    session.run([theirs, ours])
    session.run([ours])
    assert measured == [theirs, ours] * 3
    order = [session.values(case, lambda result: result.step) for case in (theirs, ours)]
    assert order == [[3.0, 6.0, 9.0], [4.0, 6.0, 8.0]]
    assert session.ratio(ours, theirs) == pytest.approx(4 * 1.0)  # 4 * 3/4, 4 * 6/6, 4 * 9/8


def test_a_table_is_markdown():
    table = import_module("rendering.session").table(("name", "value"), [("a", 1), ("long name", 22)])
    assert table.splitlines() == [
        "| name      | value |",
        "| --------- | ----: |",
        "| a         |     1 |",
        "| long name |    22 |",
    ]


def test_a_case_is_measured_through_the_store_in_a_process_of_its_own():
    case_module = import_module("rendering.case")
    case = case_module.Case(batch=2, jobs=3, image_size=32, crops=1, resolution=64, steps=3, warmup=1, split=True)
    result = case_module.measure(case)
    assert 0 < result.share < 1
    assert result.step * 4 <= result.total  # two batches of two timed steps are part of the whole run
    assert 0 < result.loaded <= result.memory
    with pytest.raises(case_module.CaseError, match="exit status"):
        case_module.measure(replace(case, device="nonsense"))


@pytest.mark.parametrize(("inside", "said"), [(0.95, "met"), (0.85, "MISSED")])
def test_goals_are_told_whether_met_or_missed(inside, said, capsys, tmp_path):
    case_module, sections = import_module("rendering.case"), import_module("rendering.sections")
    session_module = import_module("rendering.session")
    plan = sections.Plan(case_module.Case(split=True), (1, 8), ("float32",), False, sections.DEFAULTS["cpu"])
    session = session_module.Session(1, lambda case: a_result(case_module, backward=inside))
    for _, run in sections.SECTIONS.values():
        run(plan, session)
    assert f"atlas, batch 8: network's share: {inside} (goal >= 0.9: {said})" in capsys.readouterr().out
    session.save(tmp_path / "results.json")
    rows = json.loads((tmp_path / "results.json").read_text())
    assert {row["case"]["batch"] for row in rows} == {1, 2, 4, 8, 16}
    assert rows[0]["case"].keys() == asdict(plan.base).keys()


def test_the_script_says_what_it_can_do():
    command = [sys.executable, str(BENCHMARKS / "render.py"), "--help"]
    assert "--weights" in subprocess.run(command, capture_output=True, text=True, check=True).stdout
