"""Pictures of directions: what is planned of them before they are found, and what comes of it once they are."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from atlas.core.job import Job
from atlas.tasks.rendering import RenderTask


def pictures_of(found: Iterable[tuple[str, str]], planned: Sequence[RenderTask]) -> list[RenderTask]:
    """Return the pictures of directions.

    Args:
        found: layer and digest of each direction.
        planned: the pictures of one direction of each layer; which direction is a stand-in.
    """
    return [
        replace(picture, job=_with_direction(picture.job, direction))
        for layer, direction in dict.fromkeys(found)
        for picture in planned
        if picture.job.target.layer == layer
    ]


def _with_direction(job: Job, direction: str) -> Job:
    # Built anew: a copy would keep the key that it has computed.
    fields = {name: getattr(job, name) for name in Job.model_fields}
    return Job(**fields | {"target": job.target.model_copy(update={"direction": direction})})
