"""Kinds of failure, told apart: what is recorded against a target, and what never is."""

import errno

import pytest
import torch
from small_runs import configuration, prepared, run

from atlas.errors import DeviceError, ExecutorError, StoreError
from atlas.jobs import patience
from atlas.jobs.worker import Work, Worker
from atlas.metrics import measuring
from atlas.models.code.faults import FAULTS, fault_in
from atlas.store import Store, files, leases
from atlas.tasks import rendering
from atlas.tasks.batch import batches
from atlas.tasks.machine import Machine


def raising(error):
    def fail(*given):
        raise error

    return fail


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_device_is_known_also_as_the_cause_of_another_error(fault):
    cause = RuntimeError(f"CUDA error: {fault}\nCUDA kernel errors might be asynchronously reported")
    error = ValueError("the layer failed")
    error.__cause__ = cause
    assert fault_in(cause) == fault_in(error) == fault


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA error: invalid configuration argument"),
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
        torch.OutOfMemoryError("CUDA out of memory"),
    ],
)
def test_what_a_target_may_be_to_blame_for_is_no_fault_of_a_device(error):
    assert fault_in(error) == ""


@pytest.mark.parametrize("where", ["render", "findings"])
def test_a_device_that_fails_ends_the_run_and_nothing_is_recorded(tmp_path, monkeypatch, where):
    config = configuration(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(rendering, where, raising(RuntimeError("CUDA error: uncorrectable ECC error encountered")))
        with pytest.raises(DeviceError, match=r'"cpu" of .* failed \(uncorrectable ECC[\s\S]*run the same command'):
            run(config)
    store = Store(config.store.path)
    assert list(store.records()) == [] and list(store.failures()) == []
    assert run(config)[0].failed == []


def test_a_metric_is_not_blamed_for_a_device(monkeypatch):
    monkeypatch.setattr(measuring, "_measurements", raising(RuntimeError("CUDA error: misaligned address")))
    with pytest.raises(RuntimeError, match="misaligned"):
        measuring._isolated(None, None)


def test_an_assertion_of_a_kernel_is_the_target_s(tmp_path, monkeypatch):
    monkeypatch.setattr(rendering, "render", raising(RuntimeError("CUDA error: device-side assert triggered")))
    with pytest.raises(DeviceError, match=r"one of these is to blame[\s\S]*quarantine") as caught:
        run(configuration(tmp_path))
    assert caught.value.by_target


def full(times, number=errno.ENOSPC):
    """Return a replacement of os.replace that fails so often at results, and then works."""
    real, left = files.os.replace, iter(range(times))

    def replace(source, target):
        if "objects" in str(target) and next(left, None) is not None:
            raise OSError(number, "as the disk says")
        real(source, target)

    return replace


def test_a_disk_that_is_full_for_a_moment_costs_nothing(tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr(patience.time, "sleep", waited.append)
    monkeypatch.setattr(files.os, "replace", full(3))
    report, plan, store = run(configuration(tmp_path, executor={"batch_size": 10}))
    assert (report.done, report.failed) == (10, []) and all(store.has(job.key) for job in plan.jobs)
    assert waited and set(waited) <= set(patience.WAITS)


def test_a_disk_that_takes_no_lease_for_a_moment_costs_nothing(tmp_path, monkeypatch):
    left, waited = iter(range(3)), []

    def full(*given, **options):
        if next(left, None) is not None:
            raise OSError(errno.ENOSPC, "as the disk says")
        return open(*given, **options)

    monkeypatch.setattr(patience.time, "sleep", waited.append)
    monkeypatch.setattr(leases, "open", full, raising=False)
    report, _, _ = run(configuration(tmp_path, classes=(0,)))
    assert (report.done, report.failed, tuple(waited)) == (1, [], patience.WAITS[:3])


@pytest.mark.parametrize(("number", "waits"), [(errno.ENOSPC, patience.WAITS), (errno.EACCES, ())])
def test_a_disk_that_stays_so_ends_the_run_after_growing_waits_where_these_may_help(
    tmp_path, monkeypatch, number, waits
):
    waited = []
    monkeypatch.setattr(patience.time, "sleep", waited.append)
    monkeypatch.setattr(files.os, "replace", full(10**6, number))
    with pytest.raises(StoreError, match="cannot write"):
        run(configuration(tmp_path, classes=(0,)))
    assert tuple(waited) == waits


def first_batch(config):
    plan, store = prepared(config)
    store.save_card(plan.cards["tiny"])
    [batch] = batches(plan.jobs, Machine("cpu", 8))
    return batch, Work(store.path, {spec.name: spec for spec in config.models}, "cpu", 1), store


def test_a_worker_of_another_version_of_the_product_refuses_a_batch(tmp_path):
    batch, work, store = first_batch(configuration(tmp_path, classes=(0,)))
    other = Work(work.store, work.models, "cpu", version="0.0.1")
    with pytest.raises(ExecutorError, match=r"a worker on \S+ has lens-atlas \S+, and 0.0.1 planned[\s\S]*every node"):
        Worker(other).run(batch)
    assert list(store.records()) == [] and list(store.failures()) == []


def test_a_worker_with_another_version_of_a_method_refuses_a_batch(tmp_path, monkeypatch):
    batch, work, store = first_batch(configuration(tmp_path, classes=(0,), method="maco"))
    monkeypatch.setattr(type(rendering.methods.get("maco")), "version", 99)
    with pytest.raises(ExecutorError, match=r'a worker on .*the method "maco" is version 99, and not \d+'):
        Worker(work).run(batch)
    assert list(store.records()) == [] and list(store.failures()) == []
