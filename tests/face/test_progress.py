"""Progress of a run: one bar over all workers."""

import io

from rich.console import Console
from steps import step

from atlas.face import progress
from atlas.face.progress import run_progress
from atlas.face.words import duration
from atlas.tasks.batch import Batch
from atlas.tasks.task import Outcome


def test_steps_of_several_workers_add_up_and_the_time_left_is_of_all(monkeypatch):
    monkeypatch.setattr(progress, "QUIET_INTERVAL", -1.0)
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(progress, "monotonic", lambda: float(next(clock)))
    said = io.StringIO()
    one, two = Batch((step("a"), step("b"))), Batch((step("c"), step("d")))
    with run_progress(Console(file=said, width=200), total=8) as bar:
        done = bar._bar.tasks[0]
        bar.on_step(one, 5, 10)
        assert done.completed == 1
        bar.on_step(two, 5, 10)
        assert done.completed == 2
        for task in one.tasks:
            bar.on_outcome(Outcome(task, "done"))
        assert done.completed == 3
        bar.on_step(two, 1, 10)
        assert round(done.completed, 6) == 2.2, "it was begun anew by another worker"
    assert said.getvalue().splitlines()[0] == f"0 of 8 jobs, about {duration(70)} left", "one of eight took ten seconds"
