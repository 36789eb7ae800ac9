import io
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest
import tiny_networks
import torch
from PIL import Image
from small_runs import PARAMETERS, configuration, made, prepared, run

from atlas.core.record import Record
from atlas.errors import ConfigError, StoreError
from atlas.jobs.executors.base import Monitor
from atlas.jobs.pending import pending
from atlas.store.documents import encode
from atlas.store.integrity import verify
from atlas.tasks import isolation, rendering, shortage


def contents(store):
    """Every picture by its path, and every record without what a clock says, and so without its checksum."""
    found = {}
    for path in (store.path / "objects").rglob("*"):
        if path.name == "document.json":
            record = json.loads(path.read_bytes())
            del (
                record["provenance"]["seconds"],
                record["provenance"]["created"],
                record["provenance"]["peak_bytes"],
                record["checksum"],
            )
            found[path.relative_to(store.path)] = record
        elif path.is_file():
            found[path.relative_to(store.path)] = path.read_bytes()
    return found


def test_every_job_gets_a_complete_record(tmp_path):
    report, plan, store = run(configuration(tmp_path, seeds=(0, 1), sign="both"))
    assert len(plan.jobs) == 10 * 2 * 2
    assert (report.done, report.dead, report.failed, report.interrupted) == (40, [], [], False)
    for planned in plan.jobs:
        record = store.read(planned.key)
        assert record.job == planned.job
        assert [asset.role for asset in record.assets] == ["image", "alpha"]
        assert {one.name for one in record.measurements} == {"objective", "activation", "probability"}
        assert len(record.trace) == PARAMETERS["steps"]
        assert record.provenance.versions.keys() >= {"lens-atlas", "python", "torch", "timm"}
        with Image.open(store.picture_path(record, "image")) as image:
            assert image.size == (32, 32) and image.mode == "RGB"
    assert store.cards()[plan.jobs[0].job.model.fingerprint].name == "tiny"


def test_the_same_plan_gives_identical_bytes_twice(tmp_path):
    _, _, first = run(configuration(tmp_path / "a"))
    _, _, second = run(configuration(tmp_path / "b"))
    assert contents(first) == contents(second)


@pytest.mark.parametrize("method", ["fourier", "maco", "natural"])
def test_neither_batches_nor_threads_change_a_byte(method, tmp_path):
    """By methods that show the network one view of a picture at a time, some, and all of them at once."""
    found = []
    for threads, size in [(1, 1), (2, 8), (3, 20)]:
        executor = {"threads": threads, "batch_size": size}
        parameters = {"steps": 4, "image_size": 32}
        config = configuration(tmp_path / f"{threads}", executor=executor, method=method, parameters=parameters)
        found.append(contents(run(config)[2]))
        for document in found[-1].values():
            if isinstance(document, dict):
                del document["provenance"]
    assert found[0] == found[1] == found[2] != {}


def test_seeds_and_signs_give_different_pictures(tmp_path):
    _, plan, store = run(configuration(tmp_path, classes=(1,), seeds=(0, 1), sign="both"))
    assert len({store.read(job.key).asset("image").sha256 for job in plan.jobs}) == 4


def test_the_negative_lowers_what_the_positive_raises(tmp_path):
    config = configuration(tmp_path, layers=("body",), units=(1, 2), sign="both", parameters=PARAMETERS | {"steps": 30})
    _, plan, store = run(config)
    values = {job.job.target: store.read(job.key).measurement("activation").value for job in plan.jobs}
    for target, value in values.items():
        if target.sign == 1:
            assert value > values[target.model_copy(update={"sign": -1})]


def test_a_second_run_has_nothing_to_do(tmp_path):
    config = configuration(tmp_path)
    _, _, store = run(config)
    before = contents(store)
    report, plan, store = run(config)
    assert (report.finished, len(pending(plan, store).present)) == (0, 10)
    assert contents(store) == before


def test_a_stopped_run_goes_on_where_it_was(tmp_path):
    config = configuration(tmp_path, executor={"batch_size": 3})
    stop = Event()
    seen = []

    def on_step(batch, done, steps):
        seen.append(batch)
        if len(seen) == PARAMETERS["steps"] + 2:
            stop.set()

    report, _, store = run(config, Monitor(on_step=on_step, stop=stop))
    assert report.interrupted
    assert 0 < report.done < 10
    assert sum(1 for _ in store.records()) == report.done
    report, plan, store = run(config)
    assert not report.interrupted
    assert all(store.has(job.key) for job in plan.jobs)


def test_one_target_that_raises_harms_no_other(tmp_path):
    report, plan, store = run(configuration(tmp_path, "raising"))
    assert report.done == 9
    assert [outcome.message for outcome in report.failed] == ["RuntimeError: class 3 cannot be rendered"]
    record = store.failure(plan.jobs[3].key)
    assert record.error.kind == "error" and "class 3" in record.error.message
    assert not store.has(plan.jobs[3].key)


@pytest.mark.parametrize("raised", [SystemExit, GeneratorExit, ZeroDivisionError])
def test_code_that_ends_the_program_is_a_failure_like_any(tmp_path, monkeypatch, raised):
    """A run that such code could end would say that all is well, with the status it chose."""

    def react(_, gradient):
        if gradient[:, 3].any():
            raise raised

    monkeypatch.setattr(tiny_networks._Raising, "react", react)
    report, _, _ = run(configuration(tmp_path, "raising", classes=(1, 3)))
    assert [outcome.message.rstrip(": ") for outcome in report.failed] == [raised.__name__] and report.done == 1


@pytest.mark.parametrize("method", ["maco", "natural"])
def test_nan_and_explosions_are_failures_and_the_rest_is_unharmed(tmp_path, method):
    report, plan, store = run(configuration(tmp_path / "a", "exploding", method=method))
    _, sound_plan, _sound = run(configuration(tmp_path / "b", "tiny"))
    assert report.done == 8
    messages = {outcome.task.job.target.unit: outcome.message for outcome in report.failed}
    assert messages.keys() == {3, 4}
    assert "became nan at step 1 of 4" in messages[3]
    assert "at step 1 of 4" in messages[4]
    assert store.failure(plan.jobs[3].key).error.kind == "diverged"
    for index in (0, 1, 2, 5, 9):
        job = plan.jobs[index]
        assert store.read(job.key).status == "done"
    assert sound_plan.jobs[0].job.model.weights == plan.jobs[0].job.model.weights


def test_dead_units_are_recorded_as_dead_and_sleeping_ones_are_woken(tmp_path):
    config = configuration(
        tmp_path,
        "with_dead_units",
        layers=("act2",),
        units=((0, 3),),
        method="maco",
        parameters=PARAMETERS | {"steps": 40},
    )
    report, plan, store = run(config)
    assert [outcome.task.job.target.unit for outcome in report.dead] == [0]
    record = store.read(plan.jobs[0].key)
    assert (record.status, record.assets) == ("dead", ())
    woken = store.read(plan.jobs[1].key)
    assert woken.status == "done"
    assert woken.trace[0] == 0 < max(woken.trace)


def test_dead_jobs_are_tried_again_on_demand_and_replaced_whole(tmp_path):
    config = configuration(
        tmp_path, "with_dead_units", layers=("act2",), units=((0, 3),), parameters=PARAMETERS | {"steps": 4}
    )
    report, plan, store = run(config)
    key = plan.jobs[0].key
    assert [outcome.task.key for outcome in report.dead] == [key]
    assert run(config)[0].finished == 0
    again = run(config, retry=["dead"])[0]
    assert (again.done, [outcome.task.key for outcome in again.dead]) == (0, [key])
    # A record of a unit that was called dead and is not, as earlier versions left some.
    sound = store.read(plan.jobs[2].key)
    before = {path.name for path in store.folder(sound.key).iterdir()}
    dead = Record(key=sound.key, job=sound.job, status="dead", trace=sound.trace, provenance=sound.provenance)
    (store.folder(sound.key) / "document.json").write_bytes(encode(dead))
    store.index.forget(sound.key)
    assert run(config, only=(sound.key,))[0].finished == 0
    assert run(config, only=(sound.key,), retry=["quarantined"])[0].finished == 0
    assert run(config, only=(sound.key,), retry=["dead"])[0].done == 1
    assert store.read(sound.key).assets == sound.assets
    assert {path.name for path in store.folder(sound.key).iterdir()} == before
    assert run(config, only=(sound.key,), retry=["dead"])[0].finished == 0


def test_failed_jobs_are_tried_again_by_the_next_run(tmp_path):
    config = configuration(tmp_path, "raising", classes=(3,))
    assert len(run(config)[0].failed) == 1
    report, plan, store = run(config)
    assert len(report.failed) == 1
    assert len(list((store.folder(plan.jobs[0].key) / "attempts").iterdir())) == 2


def test_only_renders_the_keys_asked_for(tmp_path):
    config = configuration(tmp_path)
    plan, _ = prepared(config)
    key = plan.jobs[4].key
    report, _, store = run(config, only=(key[:12].upper(),))
    assert (report.done, store.has(key)) == (1, True)
    with pytest.raises(ConfigError, match='begins with "zzzz"'):
        run(config, only=("zzzz",))


def test_a_full_disk_ends_the_run_and_loses_nothing(tmp_path, monkeypatch):
    import errno
    import os

    from atlas.store import files

    real, count = os.replace, iter(range(1000))

    def replace(source, target):
        if next(count) >= 12:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(source, target)

    monkeypatch.setattr(files.os, "replace", replace)
    config = configuration(tmp_path, executor={"batch_size": 2})
    with pytest.raises(StoreError, match=r"No space left on device[\s\S]*nothing finished is lost"):
        run(config)
    monkeypatch.undo()
    report, plan, store = run(config)
    assert report.failed == []
    assert all(store.has(job.key) for job in plan.jobs)


def test_a_grey_model_gives_grey_pictures(tmp_path):
    _, plan, store = run(configuration(tmp_path, "grey", classes=(0,)))
    image = np.asarray(Image.open(io.BytesIO(store.picture_path(store.read(plan.jobs[0].key), "image").read_bytes())))
    assert (image[..., 0] == image[..., 1]).all() and (image[..., 0] == image[..., 2]).all()
    assert image.std() > 1


def test_two_runs_on_one_store_at_once_both_end_well(tmp_path):
    config = configuration(tmp_path, executor={"batch_size": 2})
    # Loaded one after the other: constructors draw weights from the process' one default generator.
    both = [prepared(config) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(made, plan, store, config) for plan, store in both]
        reports = [future.result()[0] for future in futures]
    plan, store = both[0]
    assert all(report.failed == [] and not report.interrupted for report in reports)
    assert list(verify(store)) == []
    assert all(store.has(job.key) for job in plan.jobs)


def test_a_batch_without_memory_is_halved_until_it_fits(tmp_path, monkeypatch):
    """Two views of each of eight jobs; there is memory for four views. The last one does not fit alone either."""
    released, sizes = [], []
    monkeypatch.setattr(isolation, "release", released.append)
    real = rendering.render

    def watched(tasks, bench):
        sizes.append(len(tasks))
        return real(tasks, bench)

    monkeypatch.setattr(rendering, "render", watched)
    report, _, store = run(
        configuration(tmp_path, "large", executor={"batch_size": 8}, classes=tuple(range(8)), method="maco")
    )
    assert sizes == [8, 4, 2, 2, 1, 1, 4, 2, 2]
    assert len(released) == 5
    assert report.done == 7
    (failed,) = report.failed
    assert failed.task.job.target.unit == 3 and not failed.quarantined
    for text in ("not enough memory, even alone", "crops or image_size", "executor.workers", "DefaultCPUAllocator"):
        assert text in failed.message
    assert store.failure(failed.task.key).error.message == failed.message


def test_what_fitted_is_remembered_in_the_store_and_by_later_runs(tmp_path, monkeypatch):
    sizes = []
    real = rendering.render
    monkeypatch.setattr(rendering, "render", lambda tasks, bench: sizes.append(len(tasks)) or real(tasks, bench))
    given = {"executor": {"batch_size": 8, "threads": 1}, "method": "maco"}
    run(configuration(tmp_path, "large", classes=(0, 1, 2, 4), **given))
    assert sizes == [4, 2, 2]  # two views of each, memory for four
    sizes.clear()
    report, _, store = run(configuration(tmp_path, "large", classes=(0, 1, 2, 4, 5, 6, 7), **given))
    assert sorted(sizes) == [1, 2] and report.done == 3
    (kept,) = store.footprints.read_all().values()
    assert [(fit.layer, fit.device, fit.together) for fit in kept.fits] == [("logits", "cpu", 2)]
    store.footprints.path(kept.fingerprint).write_text("{}")
    assert [one.kind for one in verify(store)] == ["footprint"]
    sizes.clear()
    run(configuration(tmp_path, "large", classes=(0, 1, 2, 4), seeds=(1,), **given))
    assert sizes == [4, 2, 2] and list(verify(store)) == []  # what is damaged is learnt again


def test_the_peak_of_memory_is_in_the_record(tmp_path):
    _, plan, store = run(configuration(tmp_path))
    for job in plan.jobs:
        assert 10 * 2**20 < store.read(job.key).provenance.peak_bytes < 2**40


def test_a_picture_that_cannot_be_measured_harms_no_other(tmp_path, monkeypatch):
    real = rendering.findings

    def fail(jobs, *rest):
        if any(job.target.unit == 3 for job in jobs):
            raise RuntimeError("cannot be measured")
        return real(jobs, *rest)

    monkeypatch.setattr(rendering, "findings", fail)
    report, _, _ = run(configuration(tmp_path, executor={"batch_size": 8}, classes=tuple(range(8))))
    assert report.done == 7
    assert [outcome.message for outcome in report.failed] == ["RuntimeError: cannot be measured"]


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (MemoryError(), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes"), True),
        (RuntimeError("shapes do not fit"), False),
        (OSError(12, "Cannot allocate memory"), False),
        (ValueError("DefaultCPUAllocator"), False),
    ],
)
def test_what_is_a_shortage_of_memory(error, is_one):
    assert shortage.is_shortage(error) is is_one


def test_torch_itself_raises_what_is_taken_for_a_shortage():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**50, dtype=torch.float32)
    assert shortage.is_shortage(caught.value)
