"""Failing: what the store is told of something planned that could not be made."""

from collections.abc import Sequence

from atlas.core.attempt import Attempt
from atlas.core.record import Failure, FailureKind, Provenance
from atlas.jobs.tasks import Planned
from atlas.tasks.batch import PlannedJob


def failed_attempt(
    planned: Planned, kind: FailureKind, message: str, provenance: Provenance, trace: Sequence[float] = ()
) -> Attempt:
    """Return the failed attempt at something planned.

    Args:
        trace: the objective at every step that was done.
    """
    job = planned.job if isinstance(planned, PlannedJob) else None
    model = planned.job.model if isinstance(planned, PlannedJob) else planned.analysis.model
    return Attempt(
        key=planned.key,
        what=str(planned),
        model=model.fingerprint,
        job=job,
        error=Failure(kind=kind, message=message),
        trace=tuple(trace),
        provenance=provenance,
    )
