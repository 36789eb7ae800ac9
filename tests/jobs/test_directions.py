"""Concepts' directions as jobs: batched by class, measured, dead, negative, broken."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from records import IDENTITY
from small_runs import PARAMETERS, configuration, prepared

from atlas.core.job import Job, Target
from atlas.jobs.worker import Work, Worker
from atlas.methods import methods
from atlas.tasks.batch import batches
from atlas.tasks.machine import Machine
from atlas.tasks.rendering import RenderTask

CPU = torch.device("cpu")
LAYER = "act2"


def planned(unit, digest="ab" * 32, model="m", layer=LAYER, **changes):
    """Return a job without a model behind it."""
    target = Target(kind="direction", layer=layer, unit=unit, direction=digest, cosine_power=2.0)
    fields = {"method": "maco", "version": 1, "parameters": {}, "seed": 0, "numerics": "float32"} | changes
    return RenderTask.of(model, Job(model=IDENTITY, target=target, **fields))


@pytest.mark.parametrize("size", [1, 4, 64])
def test_a_class_has_all_its_directions_in_one_batch(size):
    jobs = [planned(unit, f"{number:064x}") for number in range(10) for unit in (3, 5)]
    jobs += [planned(3, model="other"), planned(3, layer="norm"), planned(3, seed=1)]
    made = batches(jobs, Machine("cpu", size))
    assert [len(batch.tasks) for batch in made] == [11, 10, 1, 1]
    assert [{job.job.target.unit for job in batch.tasks} for batch in made] == [{3}, {5}, {3}, {3}]
    assert made[0].title == "m act2 concepts of class 3"
    assert sorted(job.key for batch in made for job in batch.tasks) == sorted(job.key for job in jobs)


def test_other_kinds_keep_the_batch_size():
    def channel(unit):
        target = Target(kind="channel", layer=LAYER, unit=unit)
        return RenderTask.of("m", planned(0).job.model_copy(update={"target": target}))

    assert [len(batch.tasks) for batch in batches([channel(unit) for unit in range(10)], Machine("cpu", 4))] == [
        3,
        3,
        4,
    ]


class Bench:
    """A worker on a tiny network, and jobs for directions in it."""

    def __init__(self, folder, network="tiny", **parameters):
        self.config = configuration(folder, network)
        plan, self.store = prepared(self.config)
        self.models = plan.models
        self.model = self.models["tiny"]
        method = methods.get("maco")
        self.resolved = method.resolve(method.parameters(**PARAMETERS | parameters), self.model, self.config.folder)
        for data in self.resolved.inputs.values():
            self.store.save_input(data)

    def job(self, vector, unit=0, sign=1):
        digest = self.store.save_input(np.asarray(vector, dtype="<f4").tobytes())
        target = Target(kind="direction", layer=LAYER, unit=unit, sign=sign, direction=digest, cosine_power=2.0)
        job = Job(
            model=self.model.card.identity,
            target=target,
            method="maco",
            version=1,
            parameters=self.resolved.dump,
            seed=0,
            numerics=self.model.numerics_for(LAYER),
        )
        return RenderTask.of("tiny", job)

    def run(self, jobs):
        specs = {spec.name: spec for spec in self.config.models}
        worker = Worker(Work(self.store.path, specs, "cpu", 1), dict(self.models))
        return [outcome for batch in batches(jobs, Machine("cpu", 1)) for outcome in worker.run(batch)]


def along(*units):
    vector = np.zeros(16)
    vector[list(units)] = 1
    return vector


def test_the_finished_picture_is_measured_along_the_direction(tmp_path):
    bench = Bench(tmp_path, steps=20)
    vector = np.random.default_rng(0).uniform(size=16)
    jobs = [bench.job(vector), bench.job(vector, sign=-1)]
    assert [outcome.status for outcome in bench.run(jobs)] == ["done", "done"]
    for planned_job in jobs:
        record = bench.store.read(planned_job.key)
        with Image.open(bench.store.picture_path(record, "image")) as image:
            picture = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255
        whole = F.interpolate(picture, size=(32, 32), mode="bilinear", antialias=True, align_corners=False)
        pooled = bench.model.network("float32", CPU)(whole, LAYER)[0].double().mean(dim=(1, 2)).numpy()
        stored = vector.astype(np.float32).astype(float)
        dot = pooled @ stored / np.linalg.norm(stored)
        assert record.measurement("activation").value == pytest.approx(dot, rel=1e-4)
        cosine = record.measurement("cosine")
        assert cosine.value == pytest.approx(dot / np.linalg.norm(pooled), rel=1e-4)
        assert cosine.direction == ("higher" if planned_job.job.target.sign == 1 else "lower")
        assert record.top_classes
    positive, negative = (bench.store.read(job.key) for job in jobs)
    assert positive.measurement("activation").value > negative.measurement("activation").value


def test_a_direction_that_no_gradient_reaches_is_dead(tmp_path):
    """Channel 0 of this network never fires, and cannot be woken; channel 1 wakes."""
    bench = Bench(tmp_path, "with_dead_units")
    outcomes = bench.run([bench.job(along(0)), bench.job(along(0, 4)), bench.job(along(1))])
    assert [outcome.status for outcome in outcomes] == ["dead", "done", "done"]


def test_a_vector_of_another_length_harms_no_other(tmp_path):
    bench = Bench(tmp_path)
    jobs = [bench.job(along(4, 5, 6)), bench.job([1.0, 2.0]), bench.job(along(*range(16)))]
    outcomes = {outcome.task.key: outcome for outcome in bench.run(jobs)}
    assert [outcomes[job.key].status for job in jobs] == ["done", "failed", "done"]
    assert '2 values, but layer "act2" has 16 units' in outcomes[jobs[1].key].message
