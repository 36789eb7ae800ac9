"""Batch: jobs that are optimised together. What they share decides the work; nothing they share decides a picture."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from atlas.core.canonical import canonical_json
from atlas.core.job import PHOTO_KINDS, Job
from atlas.photos import Photo


@dataclass(frozen=True)
class PlannedJob:
    """A job, the name by which the configuration knows its model, and the reference photos that its target lists.

    Attributes:
        again: it is to be rendered although the store has it as dead.
    """

    model: str
    job: Job
    references: tuple[Photo, ...] = ()
    again: bool = False

    @property
    def key(self) -> str:
        """The job's key."""
        return self.job.key

    def __str__(self) -> str:
        seed = f", seed {self.job.seed}" if self.job.seed else ""
        return f"{self.model}: {self.job.target} by {self.job.method}{seed}"


@dataclass(frozen=True)
class Batch:
    """Jobs of one model, layer, target kind, method, parameters and numerics."""

    jobs: tuple[PlannedJob, ...]

    @property
    def model(self) -> str:
        """Name of the model in the configuration."""
        return self.jobs[0].model

    @property
    def title(self) -> str:
        """What is rendered, for a progress bar."""
        target = self.jobs[0].job.target
        if target.kind == "direction":
            return f"{self.model} {target.layer} concepts of class {target.unit}"
        if target.kind in PHOTO_KINDS:
            return f"{self.model} {target.layer} {target.kind}s"
        return f"{self.model} {target.layer if target.kind == 'logit' else f'{target.layer} {target.kind}s'}"

    def alone(self) -> list["Batch"]:
        """Return each job as a batch of its own."""
        return [Batch((job,)) for job in self.jobs]

    def halves(self) -> list["Batch"]:
        """Return its jobs, of which there are two or more, as two batches."""
        middle = len(self.jobs) // 2
        return [Batch(self.jobs[:middle]), Batch(self.jobs[middle:])]


def group(jobs: Iterable[PlannedJob]) -> list[list[PlannedJob]]:
    """Return the jobs in groups that may share a batch, in the order of their first job.

    Directions of different classes do not: a class's concepts are looked at together, and so are made together.
    """
    groups: dict[str, list[PlannedJob]] = {}
    for planned in jobs:
        job = planned.job
        of_class = job.target.unit if job.target.kind == "direction" else None
        shared = [job.target.layer, job.target.kind, of_class, job.method, job.version, job.parameters, job.numerics]
        groups.setdefault(canonical_json([planned.model, *shared]), []).append(planned)
    return list(groups.values())


def batches(jobs: Sequence[PlannedJob], size: int) -> list[Batch]:
    """Cut the jobs into batches of at most ``size``, as even as they can be; a class's directions stay in one."""
    result = []
    for members in group(jobs):
        whole = members[0].job.target.kind == "direction"
        count = 1 if whole else -(-len(members) // size)
        edges = [len(members) * number // count for number in range(count + 1)]
        result += [Batch(tuple(members[start:end])) for start, end in itertools.pairwise(edges)]
    return result
