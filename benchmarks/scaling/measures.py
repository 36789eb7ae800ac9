"""Measures: what is timed, each in a process of its own, whose memory is its own."""

import gc
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time

from atlas.config import Config
from atlas.jobs.pending import pending
from atlas.jobs.run import run_plan
from atlas.plan.plan import Plan
from atlas.site.catalog.holdings import read_holdings
from atlas.store import Store
from atlas.store.selections import configuration_name
from atlas.tasks.machine import Machine
from scaling.work import configuration, fill, hold, model_of, plan_of

KIB = 1 << 10


@dataclass(frozen=True)
class Measured:
    """What one thing took.

    Attributes:
        seconds: wall time. processor: seconds of all threads together. memory: by how much the process's peak grew,
            MiB. count: what came of it, to be sure that it was done.
    """

    seconds: float
    processor: float
    memory: float
    count: int


def measured(work: Callable[[], int]) -> Measured:
    """Time a call, which returns what it counted."""
    gc.collect()
    before, wall, busy = _memory_begins(), perf_counter(), process_time()
    count = work()
    return Measured(perf_counter() - wall, process_time() - busy, (_status("VmHWM") - before) / KIB, count)


def planning(folder: Path, jobs: int) -> Iterator[Measured]:
    """Plan the jobs."""
    config = configuration(folder, jobs)
    model = model_of(config)
    plan_of(configuration(folder, 1000), model)  # what is imported when it is first needed is no part of it
    yield measured(lambda: len(plan_of(config, model).tasks))


def indexing(folder: Path, jobs: int) -> Iterator[Measured]:
    """Look what is to do where all is there, and no index tells so."""
    plan, config = _planned(folder, jobs)
    shutil.rmtree(config.store.path / "index", ignore_errors=True)
    store = Store(config.store.path)
    yield measured(lambda: len(pending(plan, store).present))


def resuming(folder: Path, jobs: int) -> Iterator[Measured]:
    """Look what is to do where all is there, and run that."""
    plan, config = _planned(folder, jobs)
    store = Store(config.store.path)
    machine = Machine.of(config.executor)
    yield measured(lambda: len(pending(plan, store).present))
    yield measured(lambda: run_plan(plan, store, machine).finished)


def quarantine(folder: Path, jobs: int) -> Iterator[Measured]:
    """Look what is to do where nothing is there and some are in quarantine."""
    plan, config = _planned(folder, jobs)
    store = Store(config.store.path)
    yield measured(lambda: len(pending(plan, store).quarantined))


def reading(folder: Path, jobs: int) -> Iterator[Measured]:
    """Read what a site shows."""
    config = configuration(folder, jobs)
    name = configuration_name(config.file, config.store.path)

    def read() -> int:
        return sum(map(len, read_holdings(Store(config.store.path), name).records.values()))

    yield measured(read)


def filling(folder: Path, jobs: int) -> Iterator[Measured]:
    """Make the store of a number of jobs."""
    plan, config = _planned(folder, jobs)
    store = Store(config.store.path, create=True)
    fill(plan, store)
    yield measured(lambda: len(plan.jobs))


def holding(folder: Path, jobs: int) -> Iterator[Measured]:
    """Make a store in which 300 of the jobs are in quarantine, and nothing else."""
    plan, config = _planned(folder, jobs)
    hold(plan, Store(config.store.path, create=True), 300)
    yield measured(lambda: 300)


MEASURES = {each.__name__: each for each in (planning, indexing, resuming, quarantine, reading, filling, holding)}


def apart(name: str, folder: Path, jobs: int) -> list[Measured]:
    """Measure in a process of its own."""
    command = [sys.executable, "-m", "scaling.measures", name, str(folder), str(jobs)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1], text=True).stdout
    return [Measured(**each) for each in json.loads(told.splitlines()[-1])]


def _planned(folder: Path, jobs: int) -> tuple[Plan, Config]:
    config = configuration(folder, jobs)
    return plan_of(config, model_of(config)), config


def _memory_begins() -> int:
    """Have the system forget the peak so far; return what the process holds, KiB. Linux only."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    chosen, where, number = sys.argv[1:]
    Path(where).mkdir(parents=True, exist_ok=True)
    print(json.dumps([asdict(each) for each in MEASURES[chosen](Path(where), int(number))]))
