"""Quarantine: a job whose worker died again and again is recorded as failed, and not tried again unasked."""

from datetime import datetime, timezone

from atlas.core.record import Provenance
from atlas.jobs.failing import failed_attempt
from atlas.jobs.tasks import Planned
from atlas.jobs.worker import Outcome
from atlas.store import Store
from atlas.tasks.bench import PlannedAnalysis
from atlas.tasks.provenance import versions

MAX_ATTEMPTS = 3
MAX_MEMORY_ATTEMPTS = 2
"""Attempts of a job for which there is too little memory: the second is made alone, and less cannot be asked."""


def quarantine(store: Store, planned: Planned, attempts: int, for_memory: bool = False) -> Outcome:
    """Record that a job ended its worker ``attempts`` times, and the last time for lack of memory or not."""
    analysis = isinstance(planned, PlannedAnalysis)
    message = _message(attempts, "working on it" if analysis else "rendering it", for_memory, analysis)
    provenance = Provenance(
        versions=versions(),
        device="unknown",
        batch_size=1,
        seconds=0.0,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    store.record_failure(failed_attempt(planned, "quarantined", message, provenance))
    return Outcome(planned, "failed", message, quarantined=True)


def _message(attempts: int, doing: str, for_memory: bool, analysis: bool) -> str:
    more = "" if analysis else ", or the method's crops or image_size"
    lower = f"lower executor.workers or executor.batch_size{more}"
    if for_memory:
        return f"its worker process was ended {attempts} times for lack of memory while {doing}; {lower}"
    return (
        f"its worker process died {attempts} times while {doing}: it crashed, or was killed from outside, which is "
        f"often for lack of memory ({lower})"
    )
