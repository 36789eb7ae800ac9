"""Record: what the store keeps about one job. The schema is versioned and documented in `docs/reference`."""

from typing import Literal

from pydantic import Field

from atlas.core.job import Frozen, Job, Text

SCHEMA_VERSION = 3
"""Version of all documents of the store, and of its layout. Raise it when an old reader would be wrong."""

Status = Literal["done", "dead", "failed"]

AssetRole = Literal["image", "alpha", "photo", "perturbation"]


class Asset(Frozen):
    """One picture of a record, stored beside it under ``<sha256>.<extension>``, or once for all that show it.

    Attributes:
        role: ``image`` (the lossless master), ``alpha`` (transparency map, 8-bit grey, same size), ``photo`` (the
            photo that the job is about, as the network was shown it, same size) or ``perturbation`` (an adversarial
            example's, ten times as strong, around middle grey).
    """

    role: AssetRole
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    media_type: Literal["image/png", "image/webp"]
    bytes: int = Field(ge=1)
    width: int = Field(ge=1)
    height: int = Field(ge=1)

    @property
    def file_name(self) -> str:
        """Name of the picture's file."""
        return f"{self.sha256}.{self.media_type.removeprefix('image/')}"

    @property
    def is_shared(self) -> bool:
        """Whether many records show it, so that it is stored once for all: a photo, by everything made of it."""
        return self.role == "photo"


class Measurement(Frozen):
    """One number about a rendering, with what a reader needs to understand it.

    Attributes:
        name: for instance ``objective``, ``activation``, ``probability``.
        unit: unit of the value; ``1`` for a plain number or a share.
        direction: whether higher or lower is better, or neither.
        n: how many samples the value is a mean of.
    """

    name: str
    value: float = Field(allow_inf_nan=False)
    unit: str = "1"
    direction: Literal["higher", "lower", "none"] = "none"
    n: int = Field(default=1, ge=1)


class ClassScore(Frozen):
    """How strongly the model predicts one class on the finished picture.

    Attributes:
        index: class index. probability: softmax over all logits, in [0, 1].
    """

    index: int = Field(ge=0)
    probability: float = Field(ge=0, le=1)


class Provenance(Frozen):
    """Where and with what a record was made. Not part of the key.

    Attributes:
        versions: library name to version.
        device: ``cpu`` or the accelerator's name.
        batch_size: how many jobs were optimised together.
        seconds: wall time of the batch divided by its size.
        created: ISO 8601, UTC.
        peak_bytes: the most memory that was held meanwhile: on an accelerator by torch, on a CPU by the process,
            weights and libraries with it; None where there is no telling.
    """

    versions: dict[str, str]
    device: str
    batch_size: int = Field(ge=1)
    seconds: float = Field(ge=0)
    created: str
    peak_bytes: int | None = Field(default=None, ge=0)


FailureKind = Literal["diverged", "error", "quarantined"]


class Failure(Frozen):
    """Why something that has a key could not be made.

    Attributes:
        kind: ``diverged`` (NaN or exploding objective), ``error`` (an exception) or ``quarantined``
            (its worker died three times).
    """

    kind: FailureKind
    message: Text


class Record(Frozen):
    """One job and what came of it.

    Attributes:
        key: the job's key.
        status: ``done``; ``dead`` (no gradient reached the image in its steps, so there is no picture) or ``failed``,
            which no stored record is: see :class:`atlas.core.attempt.Attempt`.
        assets: pictures; empty unless done.
        trace: the objective at every step, mean over the step's crops.
        top_classes: the model's strongest classes on the picture, best first (classifiers only).
        photo_classes: the same on the photo that the job is about, if it is about one.
        error: set exactly if failed.
    """

    schema_version: int = SCHEMA_VERSION
    key: str = Field(pattern=r"^[0-9a-f]{64}$")
    job: Job
    status: Status
    assets: tuple[Asset, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    trace: tuple[float, ...] = ()
    top_classes: tuple[ClassScore, ...] = ()
    photo_classes: tuple[ClassScore, ...] = ()
    provenance: Provenance
    error: Failure | None = None

    def asset(self, role: str) -> Asset | None:
        """Return the asset of that role, or None."""
        return next((asset for asset in self.assets if asset.role == role), None)

    def measurement(self, name: str) -> Measurement | None:
        """Return the measurement of that name, or None."""
        return next((value for value in self.measurements if value.name == name), None)
