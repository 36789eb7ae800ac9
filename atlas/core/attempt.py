"""Attempt: what the store keeps of something that was tried and failed, whatever it was."""

from pydantic import Field

from atlas.core.job import Frozen, Job, Text
from atlas.core.record import SCHEMA_VERSION, Failure, Provenance, Record


class Attempt(Frozen):
    """A failed attempt at anything that has a key: a rendering, statistics, concepts.

    Attributes:
        key: of what was tried. what: the same in words.
        model: fingerprint of the model that it was tried on.
        job: what was to be rendered; None of anything but a rendering.
        error: why it failed.
        trace: the objective at every step that was done, if there were any.
        provenance: where and with what it was tried.
    """

    schema_version: int = SCHEMA_VERSION
    key: str = Field(pattern=r"^[0-9a-f]{64}$")
    what: Text
    model: str = Field(pattern=r"^[0-9a-f]{64}$")
    job: Job | None = None
    error: Failure
    trace: tuple[float, ...] = ()
    provenance: Provenance

    @property
    def is_quarantined(self) -> bool:
        """Whether it ended its worker again and again, and is not tried unasked."""
        return self.error.kind == "quarantined"

    def record(self) -> Record | None:
        """Return the failed rendering as a record, to be shown among those that did not fail; None of anything else."""
        if self.job is None:
            return None
        return Record(
            key=self.key,
            job=self.job,
            status="failed",
            trace=self.trace,
            provenance=self.provenance,
            error=self.error,
        )
