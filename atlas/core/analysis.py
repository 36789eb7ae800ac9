"""Analyses: what photos tell about a model. Statistics of a layer's units, and the concepts of a class.

An analysis is keyed like a job, by everything that decides it, so that a run that was ended goes on where it was and a
photo that changes gives another key.
"""

from functools import cached_property
from typing import Literal

from pydantic import Field, JsonValue

from atlas.core.canonical import digest
from atlas.core.factorisation_card import FactorisationCard
from atlas.core.job import Frozen, ModelIdentity, Text
from atlas.core.record import SCHEMA_VERSION, Provenance

AnalysisKind = Literal[
    "tally",
    "statistics",
    "factorisation",
    "importance",
    "concepts",
    "facets",
    "diversity",
    "look",
    "score",
    "measurement",
    "finding",
]
OF_PICTURES: frozenset[AnalysisKind] = frozenset({"diversity", "look", "score", "measurement", "finding"})
"""Kinds that are about pictures, or made by `atlas evaluate`, rather than what photos tell on a model's pages."""


class Analysis(Frozen):
    """Everything that decides one analysis; what :class:`atlas.core.job.Job` is to a picture.

    Attributes:
        kind: ``tally`` (units of some layers on some photos), ``statistics`` (one layer, all tallies together),
            ``factorisation`` (of a class's patches), ``importance`` (of its directions), ``concepts`` (the most
            important ones, with their patches and heat maps), ``facets`` (clusters of a class's photos),
            ``diversity`` (of pictures, which are its upstream), ``look`` (at a picture, or at photos that judge),
            ``score`` (of pictures, from looks at them), ``measurement`` (of a model on some photos, as arrays) or
            ``finding`` (of models, from measurements and looks).
        version: of the code, bumped by hand whenever results change.
        layers: what is measured; one layer but for a tally, a look and its scores, a measurement and a finding.
        class_index: of a factorisation, its concepts, facets, or what is measured or found of a class; None otherwise.
        photos: digest over the photos that it reads, in order; None if it reads none.
        upstream: keys of the analyses that it builds on.
        parameters: all of them, JSON values.
        numerics: how floats are computed.
    """

    kind: AnalysisKind
    version: int
    model: ModelIdentity
    layers: tuple[str, ...]
    class_index: int | None = None
    photos: str | None = None
    upstream: tuple[str, ...] = ()
    parameters: dict[str, JsonValue]
    numerics: str

    @cached_property
    def key(self) -> str:
        """sha256 of the canonical JSON of the analysis, 64 hexadecimal digits."""
        return digest(self.model_dump(mode="json", exclude_none=True))

    @cached_property
    def random_seed(self) -> int:
        """Seed of its own generators, in [0, 2**31)."""
        return int(self.key[:8], 16) >> 1

    def __str__(self) -> str:
        what = f"class {self.class_index}, {self.kind}" if self.class_index is not None else self.kind
        return f"{what} at {', '.join(self.layers)}"


class ArraysDocument(Frozen):
    """An analysis whose result is arrays, for later analyses to read: a tally, a factorisation, an importance, a look.

    Attributes:
        arrays: name of the safetensors file beside it.
        facts: what is known of them besides.
    """

    schema_version: int = SCHEMA_VERSION
    key: str
    analysis: Analysis
    arrays: str = Field(pattern=r"^[0-9a-f]{64}\.safetensors$")
    facts: dict[str, JsonValue]
    provenance: Provenance


class PhotoCredit(Frozen):
    """A photo that is shown, and whom it is owed to.

    Attributes:
        digest: sha256 of its file. name: its path within the photo set. author, licence, source: may be empty.
    """

    digest: str
    name: str
    author: str = ""
    licence: str = ""
    source: str = ""


class Sprite(Frozen):
    """Several pictures of equal size in one file, row by row. ``name`` is the file's name beside the analysis.

    Attributes:
        cell: side of one picture, pixels. columns: pictures in a row. count: pictures in all.
    """

    name: str = Field(pattern=r"^[0-9a-f]{64}\.(webp|png)$")
    bytes: int = Field(ge=1)
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    cell: int = Field(ge=1)
    columns: int = Field(ge=1)
    count: int = Field(ge=1)


class Crop(Frozen):
    """One picture of a sprite: part of a photo.

    Attributes:
        photo: index into the analysis's photos.
        box: left, top, right, bottom, as shares of the photo's central square, in [0, 1].
        value: what it was chosen for: the unit's activation, or the concept's strength.
    """

    photo: int = Field(ge=0)
    box: tuple[float, float, float, float]
    value: float


class Histogram(Frozen):
    """Counts of values between equally spaced edges; ``counts`` sum to the number of values."""

    low: float
    high: float
    counts: tuple[int, ...]


class UnitStatistics(Frozen):
    """One unit on the photos' views (each photo whole, and its patches).

    Attributes:
        unit: index. n: number of views.
        mean, deviation, minimum, maximum: over views, of the activation's mean over positions.
        quantiles: at :data:`QUANTILES`.
        histogram: for showing.
        crops: the views that activate it most, one per photo, best first; sprite: those views.
    """

    unit: int
    n: int
    mean: float
    deviation: float
    minimum: float
    maximum: float
    quantiles: tuple[float, ...]
    histogram: Histogram
    crops: tuple[Crop, ...] = ()
    sprite: Sprite | None = None


QUANTILES = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
"""Shares at which activations are given."""


class LayerStatistics(Frozen):
    """A layer's units on a photo set.

    Attributes:
        photos: those that crops show. photo_count: all that were measured.
        units: those that are rendered.
    """

    schema_version: int = SCHEMA_VERSION
    key: str
    analysis: Analysis
    photos: tuple[PhotoCredit, ...]
    photo_count: int
    units: tuple[UnitStatistics, ...]
    provenance: Provenance


class Importance(Frozen):
    """How much a concept matters: mean over photos, and a 95 % interval by bootstrap over them."""

    value: float
    low: float
    high: float


class Together(Frozen):
    """How often another concept of the class comes with this one: cosine of their strengths over photos, in [0, 1]."""

    concept: int
    cosine: float


class Part(Frozen):
    """A sub-concept: the patches of one concept factorised again at an earlier layer (CRAFT's recursion).

    Attributes:
        direction: sha256 of its float32 vector among the store's inputs. share: of the patches' reconstruction.
    """

    layer: str
    direction: str
    share: float
    crops: tuple[Crop, ...]
    sprite: Sprite


class Concept(Frozen):
    """One direction of a factorisation, and all that is known of it.

    Attributes:
        number: rank by importance within its class, from 1.
        component: which of the fitted directions it is, from 0.
        direction: sha256 of its float32 vector (C values, unit norm) among the store's inputs.
        importance: see :class:`ClassConcepts.measure`.
        first: share of the photos on which it is the most important.
        stability: the smallest, over repeated factorisations, of its best cosine there, in [0, 1]; None if there was
            only one factorisation.
        stable: whether that is above the threshold.
        together: the other shown concepts, strongest first, by number.
        patch_cosines: percentiles 0 to 100 of the cosine between the class's patches and the direction.
        crops, sprite: its top patches.
        photos, photo_sprite, heat_sprite: whole photos with their heat maps (8-bit grey), cell by cell.
        parts: sub-concepts, if they were asked for.
    """

    number: int = Field(ge=1)
    component: int = Field(ge=0)
    direction: str = Field(pattern=r"^[0-9a-f]{64}$")
    importance: Importance
    first: float
    stability: float | None = None
    stable: bool
    together: tuple[Together, ...] = ()
    patch_cosines: tuple[float, ...]
    crops: tuple[Crop, ...]
    sprite: Sprite
    photos: tuple[Crop, ...]
    photo_sprite: Sprite
    heat_sprite: Sprite
    parts: tuple[Part, ...] = ()


class PhotoCounts(Frozen):
    """Photos of a class: found in its folder, readable, predicted as the class, and used."""

    found: int
    readable: int
    predicted: int
    used: int


class ClassConcepts(Frozen):
    """The concepts of one class, most important first.

    Attributes:
        factorisation: e.g. ``nmf``; others take signed activations. card: what it is, and what it cannot do.
        measure: ``sobol`` (total Sobol index of the logit, Jansen's estimator) or ``share`` (of the logit).
        heat: ``nnls`` or ``implicit``, how heat maps were made.
        photos: those shown. counts: how many there were.
        patches: how many were factorised. fitted: directions fitted; ``concepts`` are the most important of them.
        error: relative reconstruction error of the factorisation, ||A - UW|| / ||A||.
        importance_rest: sum of the importance of the fitted directions that are not shown.
        reason: why there are no concepts; empty if there are.
        warnings: what a reader must know, as sentences.
    """

    schema_version: int = SCHEMA_VERSION
    key: str
    analysis: Analysis
    factorisation: str
    card: FactorisationCard
    measure: Literal["sobol", "share"]
    heat: Literal["nnls", "implicit"]
    photos: tuple[PhotoCredit, ...] = ()
    counts: PhotoCounts
    patches: int = 0
    fitted: int = 0
    error: float = 0.0
    importance_rest: float = 0.0
    concepts: tuple[Concept, ...] = ()
    reason: str = ""
    warnings: tuple[str, ...] = ()
    provenance: Provenance

    def concept_key(self, concept: Concept) -> str:
        """Return the name of a concept in labels files: 12 digits that follow its direction, not its rank."""
        return digest(
            [self.analysis.model.fingerprint, self.analysis.layers, self.analysis.class_index, concept.direction]
        )[:12]


class PhotoCluster(Frozen):
    """Photos of a class that are alike to the network: one look of the class.

    Attributes:
        number: of the facet, from 1; the largest cluster first.
        size: how many photos it has.
        references: sha256 of the canonical JSON list, among the store's inputs, of their digests, the nearest to the
            centre first.
    """

    number: int = Field(ge=1)
    size: int = Field(ge=1)
    references: str = Field(pattern=r"^[0-9a-f]{64}$")


class ClassFacets(Frozen):
    """The looks of a class: its photos in clusters.

    Attributes:
        clusters: two or more, or none. counts: of its photos.
        photos: those shown, one for each cluster, the nearest to its centre; crops, sprite: the same as pictures.
        reason: why there are no clusters; empty if there are.
    """

    schema_version: int = SCHEMA_VERSION
    key: str
    analysis: Analysis
    clusters: tuple[PhotoCluster, ...] = ()
    counts: PhotoCounts
    photos: tuple[PhotoCredit, ...] = ()
    crops: tuple[Crop, ...] = ()
    sprite: Sprite | None = None
    reason: str = ""
    provenance: Provenance


class Diversity(Frozen):
    """How far pictures of one thing lie apart: those of its looks, or of its seeds.

    Attributes:
        pictures: keys of those that were compared; a dead unit has none.
        features, pixels: mean over their pairs, see the cards ``diversity`` and ``diversity_pixels``; None if there
            are not two.
    """

    schema_version: int = SCHEMA_VERSION
    key: str
    analysis: Analysis
    pictures: tuple[str, ...]
    features: float | None = None
    pixels: float | None = None
    provenance: Provenance


class PhotoSetCard(Frozen):
    """The photo set that a store's analyses were made from, for the site.

    Attributes:
        digest: over all photos. name: the folder's or file's name. photos, classes: how many.
        notes: the text of its sources file, as it is; empty without one.
        demonstration: it is too small to conclude anything from, as the demo's is.
    """

    digest: str
    name: Text
    photos: int
    classes: int
    notes: str = ""
    demonstration: bool = False
