"""Run: make what a plan has and the store has not.

For a notebook, the command line and the tests alike::

    machine = Machine.of(config.executor)                               # atlas.tasks.machine
    plan = make_plan(config, models, photo_set, machine.device)         # atlas.plan.make
    todo = pending(plan, store, only, retry)                            # atlas.jobs.pending; optional
    report = run_plan(plan, store, machine, monitor, todo)

Pictures, statistics and concepts alike are tasks of one graph, which is walked in one session of the executor.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from atlas.errors import ConfigError
from atlas.jobs.allocator import keep_freed_memory
from atlas.jobs.cards import keep_cards
from atlas.jobs.executors.base import Executor, Monitor
from atlas.jobs.executors.serial import SerialExecutor
from atlas.jobs.pending import Pending, pending, refuse_unknown
from atlas.jobs.report import Report
from atlas.jobs.selecting import select
from atlas.jobs.walk import Walk
from atlas.jobs.worker import Work
from atlas.photos.spec import LARGEST_FILE
from atlas.plan.plan import Plan
from atlas.store import Store
from atlas.store.leases import Leases
from atlas.store.repair import sweep, sweep_store
from atlas.tasks.machine import Machine
from atlas.tasks.task import Outcome


def run_plan(
    plan: Plan, store: Store, machine: Machine, monitor: Monitor | None = None, todo: Pending | None = None
) -> Report:
    """Make the tasks of a plan, and those that follow from them; every result is stored as soon as its batch ends.

    What the configuration is about, and what of that is there, is noted in the store before and after.

    Args:
        monitor: hears of progress, and may stop the run.
        todo: what is to be done, as :func:`pending` says; all that is missing, unless it is given.

    Raises:
        StoreError: the store cannot be written; what was finished is stored.
        ExecutorError: no worker could be had.
        PhotoError: a photo that a picture starts from is gone, or no longer what it was.
        ConfigError: none of the pictures that were asked for by key exists.
    """
    monitor = monitor or Monitor()
    todo = pending(plan, store) if todo is None else todo
    sweep_store(store.path)
    sweep(*([plan.photo_set.spec.cache] if plan.photo_set else []))
    store.tidy()
    select(plan, store, todo.is_whole)
    for card in plan.cards.values():
        store.save_card(card)
    keep_cards(store)
    keep_inputs(plan, store)
    report = Report()
    with Leases(store.path) as leases:
        walk = Walk(todo, store, machine, leases)
        monitor.on_total(walk.total)
        for outcome in chain(walk.begun, _outcomes(walk, plan, store, machine, monitor)):
            report.add(outcome)
            monitor.on_outcome(outcome)
            monitor.on_total(walk.total)
    report.notices += walk.notices
    report.interrupted = not walk.is_over
    select(plan, store, todo.is_whole)
    if not report.interrupted:
        refuse_unknown(todo.unknown)
    return report


def keep_inputs(plan: Plan, store: Store) -> None:
    """Give the store what tasks name by digest, and whom photos are owed to.

    Raises:
        PhotoError: a photo is gone, or no longer what it was.
    """
    for data in plan.inputs.values():
        store.save_input(data)
    for digest, photo in plan.photos.items():
        store.save_photo(photo.credit)
        if not store.input_path(digest).exists():
            store.save_input(photo.read(LARGEST_FILE))


def _outcomes(walk: Walk, plan: Plan, store: Store, machine: Machine, monitor: Monitor) -> Iterator[Outcome]:
    """Yield the outcome of every task; start nothing if there is nothing to do."""
    if len(walk.ready):
        yield from _executor(plan, store, machine, walk.cost).run(walk, monitor)


def _executor(plan: Plan, store: Store, machine: Machine, cost: int) -> Executor:
    """Return the executor that a machine has for work of a cost, in pictures."""
    here_only = [name for name in plan.cards if name not in plan.specs]
    kind = "serial" if here_only and machine.executor is None else machine.executor_for(cost)
    if kind == "ray" and here_only:
        raise ConfigError(
            [f'model "{here_only[0]}" exists in this process only, so no other can render it'],
            remedy='set executor.kind = "serial", or name the model by a source from which it can be loaded',
        )
    photos = replace(plan.photo_set, photos=()) if plan.photo_set else None
    work = Work(store.path.resolve(), dict(plan.specs), machine.device, machine.threads_of(kind), photos)
    if kind == "serial":
        if machine.device == "cpu":
            keep_freed_memory()
        return SerialExecutor(work, dict(plan.models))
    from atlas.jobs.executors.cluster import RayExecutor

    return RayExecutor(work, machine, plan.models)
