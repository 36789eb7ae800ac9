"""Target and Job: what to render, and the key that names the result."""

import hashlib
from collections.abc import Callable
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from atlas.core.canonical import canonical_json, digest

LOGITS = "logits"
"""Layer name of the model's own output (pre-softmax); every other layer is a module path."""

TargetKind = Literal["logit", "channel", "neuron", "direction", "inversion", "caricature"]
Precision = Literal["float32", "tf32", "bfloat16"]
"""What a network's products are computed in; a device that knows no less than float32 takes that for ``tf32``."""

PHOTO_KINDS: frozenset[TargetKind] = frozenset({"inversion", "caricature"})
"""Kinds that are about a photo and a whole layer rather than about one of its units."""

CLASS_KINDS: frozenset[TargetKind] = frozenset({"logit", "direction"})
"""Kinds whose unit is a class."""

DEFAULT_METHOD = "natural"
"""Renders what names no method: of those that need no photos, the one whose pictures are recognised best."""


Text = Annotated[str, AfterValidator(lambda text: text.encode("utf-8", "replace").decode("utf-8"))]
"""Text that file names or messages of other programs may be part of: what UTF-8 cannot carry becomes a ``?``."""


class Frozen(BaseModel):
    """Base of the value objects: immutable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Facet(Frozen):
    """Which of several looks of a thing a picture is to show.

    Attributes:
        number: from 1.
        layer: where the objective is drawn along the ``number``-th of a fixed set of orthogonal random directions; None
            where the facet is a cluster of reference photos, which are then the target's references, the nearest to
            the cluster's centre first.
        strength: how far it is drawn: the direction's cosine, in multiples of the objective, that is added to it; the
            share of the photo in the lowest frequencies of the start.
    """

    number: int = Field(ge=1, le=64)
    layer: str | None = None
    strength: float = Field(gt=0)


class Target(Frozen):
    """One thing to render: a logit, the mean of a channel over positions, one neuron, a direction in a layer, or what
    a layer holds of a photo.

    Attributes:
        kind: ``logit``, ``channel`` (mean over positions or tokens), ``neuron`` (one position), ``direction`` (of the
            mean over positions: dot product times a power of the cosine), ``inversion`` (a picture with the photo's
            activation at the layer) or ``caricature`` (one with more of it).
        layer: module path, or ``"logits"``.
        unit: index of the class, channel or hidden dimension, from 0; for a direction, of the class it belongs to; 0
            for an inversion or a caricature, which are of all units.
        sign: 1 renders what raises the unit, -1 what lowers it.
        position: (row, column) of a neuron on the layer's grid; None renders the central one.
        direction: sha256 of the direction among the store's inputs: little-endian float32, one value per unit.
        cosine_power: of the cosine in a direction's objective.
        photo: sha256 of the photo's file among the store's inputs: what an inversion or a caricature is of, and what
            an accentuation or an adversarial example starts from.
        references: sha256 of the canonical JSON list, among the store's inputs, of the digests of reference photos.
        cluster: which of the clusters of its reference patches, for a unit that answers to several things.
        facet: which of several looks of it; None where no looks are told apart.
    """

    kind: TargetKind
    layer: str
    unit: int = Field(default=0, ge=0)
    sign: Literal[-1, 1] = 1
    position: tuple[int, int] | None = None
    direction: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    cosine_power: float | None = Field(default=None, ge=0)
    photo: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    references: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    cluster: int | None = Field(default=None, ge=0)
    facet: Facet | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Target":
        about_photo = self.kind in PHOTO_KINDS
        if not about_photo and (self.kind == "logit") != (self.layer == LOGITS):
            raise ValueError(f'a target of kind "{self.kind}" cannot be on layer "{self.layer}"')
        if self.position is not None and self.kind != "neuron":
            raise ValueError(f'only a neuron has a position, not a "{self.kind}"')
        if (self.kind == "direction") != (self.direction is not None and self.cosine_power is not None):
            raise ValueError(f'a direction and its cosine_power belong to kind "direction", not "{self.kind}"')
        if about_photo and (self.photo is None or self.unit or self.sign < 0):
            raise ValueError(f'a target of kind "{self.kind}" has a photo, and neither unit nor sign')
        if self.facet is not None and self.facet.layer is None and self.references is None:
            raise ValueError("a facet that is a cluster of photos has these as its references")
        return self

    @property
    def text(self) -> str:
        """It as canonical JSON without what is None: a part of the keys of its jobs, and small."""
        return canonical_json(self.model_dump(mode="json", exclude_none=True))

    def __str__(self) -> str:
        start = "" if self.photo is None else f" from photo {self.photo[:12]}"
        facet = "" if self.facet is None else f", facet {self.facet.number}"
        if self.kind in PHOTO_KINDS:
            return f"{self.layer} {self.kind}{start.replace('from', 'of')}"
        if self.direction is not None:
            return f"{self.layer} direction {self.direction[:12]} of class {self.unit}{facet}{start}"
        place = "" if self.position is None else f" at {self.position[0]},{self.position[1]}"
        sign = "" if self.sign == 1 else " (negative)"
        where = "logit" if self.kind == "logit" else f"{self.layer} {self.kind}"
        cluster = "" if self.cluster is None else f", cluster {self.cluster}"
        return f"{where} {self.unit}{place}{sign}{cluster}{facet}{start}"


class Preprocessing(Frozen):
    """How an image in [0, 1] becomes a model's input.

    Attributes:
        channels: 1 or 3.
        height, width: the input size, pixels.
        mean, std: per channel, in [0, 1] units: ``input = (image - mean) / std``.
    """

    channels: Literal[1, 3]
    height: int = Field(ge=1)
    width: int = Field(ge=1)
    mean: tuple[float, ...]
    std: tuple[float, ...]


class ModelIdentity(Frozen):
    """What makes two models the same for rendering.

    Attributes:
        architecture: the name a source builds it by, with its arguments.
        weights: sha256 over the sorted tensors (names, shapes, bytes), not over a file.
        preprocessing: the normalisation and size the model expects.
        structure: sha256 over the types and settings of the modules, in the order in which they run; None in stores of
            versions that did not look at them, whose models are others for that reason.
        variant: tells models apart that are the same in all of this and compute something else; the first that a store
            meets has none.
    """

    architecture: str
    weights: str
    preprocessing: Preprocessing
    structure: str | None = None
    variant: str | None = None

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of the identity, without what is None; names the model's card in the store."""
        return digest(self.model_dump(mode="json", exclude_none=True))


_IDENTITIES: dict[ModelIdentity, ModelIdentity] = {}
"""The models that this process has met."""


class Job(Frozen):
    """Everything that decides one picture. Device, batch size and worker count are deliberately absent.

    Attributes:
        model: the model's identity.
        target: what to render.
        method, version: the method's registered name and its hand-bumped version.
        parameters: *all* resolved parameters of the method, JSON values.
        seed: which of several renderings of the same target.
        numerics: how floats are computed, e.g. ``float32-folded``; changes floats, so it is part of the key.
    """

    model: ModelIdentity
    target: Target
    method: str
    version: int
    parameters: dict[str, JsonValue]
    seed: int = Field(ge=0)
    numerics: str

    @field_validator("model")
    @classmethod
    def _one_object(cls, model: ModelIdentity) -> ModelIdentity:
        """Let all jobs of a model share its identity, and with it the fingerprint that is computed of it."""
        return _IDENTITIES.setdefault(model, model)

    def key_fields(self) -> dict[str, Any]:
        """Return what the key is made of. Fields that are None are left out, so new optional ones keep old keys."""
        return self.model_dump(mode="json", exclude_none=True)

    @cached_property
    def key(self) -> str:
        """sha256 of the canonical JSON of the job, 64 hexadecimal digits."""
        return digest(self.key_fields())

    @cached_property
    def subject(self) -> str:
        """sha256 of what pictures have in common that differ by their seed or look alone.

        How floats are computed is not in it: a look may need a layer that is folded away for others.
        """
        target = self.target.model_copy(update={"facet": None, "references": None})
        alike = [self.model.fingerprint, target.model_dump(mode="json"), self.method, self.version, self.parameters]
        return digest(alike)

    @cached_property
    def random_seed(self) -> int:
        """Seed of the job's own generators, in [0, 2**63): from the key, never from a place in a batch."""
        return int(self.key[:16], 16) >> 1


class Series(Frozen):
    """What jobs share that differ by their target and seed alone; its fields are those of :class:`Job`."""

    model: ModelIdentity
    method: str
    version: int
    parameters: dict[str, JsonValue]
    numerics: str

    @classmethod
    def of(cls, job: Job) -> "Series":
        """Return the series that a job belongs to."""
        return cls(**{name: getattr(job, name) for name in cls.model_fields})

    @cached_property
    def digest(self) -> str:
        """What tells it from others."""
        return digest(self.model_dump(mode="json", exclude_none=True))

    def job(self, target: Target, seed: int) -> Job:
        """Return the job of a target."""
        return Job(target=target, seed=seed, **{name: getattr(self, name) for name in type(self).model_fields})

    def keys(self) -> Callable[[str, int], str]:
        """Return what gives the key of a target's job, from the target's text and a seed.

        The key is :attr:`Job.key`; but of its JSON, all that is the same in the series is hashed once.
        """
        fields = self.model_dump(mode="json", exclude_none=True)
        version = fields.pop("version")  # the one that comes after seed and target in the order of the alphabet
        hashed = hashlib.sha256(canonical_json(fields)[:-1].encode("utf-8", "surrogatepass"))

        def key(target: str, seed: int) -> str:
            whole = hashed.copy()
            whole.update(f',"seed":{seed},"target":{target},"version":{version}}}'.encode("utf-8", "surrogatepass"))
            return whole.hexdigest()

        return key
