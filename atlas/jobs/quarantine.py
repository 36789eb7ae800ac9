"""Quarantine: a job whose worker died again and again is recorded as failed, and not tried again unasked."""

from datetime import datetime, timezone

from atlas.core.record import Provenance, Record
from atlas.jobs.analyses.bench import PlannedAnalysis
from atlas.jobs.finish import failed_record
from atlas.jobs.provenance import versions
from atlas.jobs.tasks import Planned
from atlas.jobs.worker import Outcome
from atlas.store import Store

MAX_ATTEMPTS = 3


def quarantine(store: Store, planned: Planned) -> Outcome:
    """Record that a job killed its worker ``MAX_ATTEMPTS`` times."""
    if isinstance(planned, PlannedAnalysis):
        message = f"its worker process died {MAX_ATTEMPTS} times while working on it"
        store.analyses.record_failure(planned.key, str(planned), message, quarantined=True)
        return Outcome(planned, "failed", message)
    message = f"its worker process died {MAX_ATTEMPTS} times while rendering it"
    provenance = Provenance(
        versions=versions(),
        device="unknown",
        batch_size=1,
        seconds=0.0,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    store.record_failure(failed_record(planned.job, "quarantined", message, provenance))
    return Outcome(planned, "failed", message)


def is_quarantined(record: Record | None) -> bool:
    """Tell whether a failed record, if there is one, says that the job is in quarantine."""
    return record is not None and record.error is not None and record.error.kind == "quarantined"
