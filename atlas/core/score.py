"""Scores of pictures, as the store keeps them: who judged, what of each picture, and figures with how sure they are."""

from typing import Literal

from pydantic import Field, JsonValue

from atlas.core.analysis import Analysis
from atlas.core.job import Frozen, Text
from atlas.core.record import SCHEMA_VERSION, Provenance

Relation = Literal["other family", "same family", "own"]
"""What a judge is to the rendered model; tables begin with the first."""
RELATIONS: tuple[Relation, ...] = ("other family", "same family", "own")

NEIGHBOURS = (1, 5)
"""Which nearest photos plausibility tells unless others are asked for: the nearest as in the paper, and one that no
single odd photo decides."""


class Judge(Frozen):
    """Who looked at pictures.

    Attributes:
        name: of the model. family: of networks that share their blind spots, as the owner calls it; may be empty of
            the rendered model itself.
        relation: to the rendered model: ``own`` is that itself.
        fingerprint: of the model.
        classes: that it tells apart; 0 if it has none.
    """

    name: Text
    family: Text
    relation: Relation
    fingerprint: str
    classes: int = Field(ge=0)


class PhotoSplit(Frozen):
    """The photos of a set in two parts: those that judge, and those that methods may be fitted to.

    Attributes:
        share: of each class's photos, that judge. seed: which ones.
        judging, fitted: sha256 of the canonical JSON list, among the store's inputs, of the sorted digests of each.
        judging_count, fitted_count: photos of each.
    """

    share: float
    seed: int
    judging: str = Field(pattern=r"^[0-9a-f]{64}$")
    fitted: str = Field(pattern=r"^[0-9a-f]{64}$")
    judging_count: int = Field(ge=0)
    fitted_count: int = Field(ge=0)


class ScoreFigure(Frozen):
    """A number of all pictures together.

    Attributes:
        name: of its card. layer: of the judge, where it is measured at one; else empty.
        value, low, high: with its 95 % interval; both ends are the value where there is one of what it is a mean of,
            which says nothing about others.
        n: how many it is of, as its card says.
        title: what it is called; empty where its card's title says it.
        interval: whether there is one; of a number that has none, as its card says, both ends are the value.
    """

    name: str
    title: str = ""
    layer: str = ""
    value: float = Field(allow_inf_nan=False)
    low: float = Field(allow_inf_nan=False)
    high: float = Field(allow_inf_nan=False)
    interval: bool = True
    n: int = Field(ge=1)


class ScoreValue(Frozen):
    """A number of one picture; name, layer: as a figure's."""

    name: str
    layer: str = ""
    value: float = Field(allow_inf_nan=False)


class ScoredPicture(Frozen):
    """One picture and its numbers.

    Attributes:
        key: of its rendering. class_index: of the rendered model; None of what is of no class. seed: of the rendering.
    """

    key: str
    class_index: int | None = None
    seed: int
    values: tuple[ScoreValue, ...] = ()


class ScoreCurve(Frozen):
    """A line over numbers, such as power over frequency.

    Attributes:
        name: of its card. x, y: its points. low, high: of the 95 % interval of y. x_title, x_unit: what x is.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    x_title: str
    x_unit: str


Subject = Literal["classes", "units", "inversions"]
"""What scored pictures are of: ``units`` are channels, ``inversions`` what a layer holds of a photo."""


class Score(Frozen):
    """What a score says of pictures of one sort of one model, by one method with one choice of parameters.

    Attributes:
        analysis: its model is the rendered one; it builds on what was seen of the pictures, and of photos.
        score: its name. of: what the pictures are of.
        method, method_version, parameters: what made the pictures.
        judge: who looked at them; None of a score that needs nobody.
        pictures: those that were scored.
        photos: how many photos that judge they were measured against. split: of all photos, where some were needed.
        left_out: what could not be measured and what it would take, as sentences.
    """

    schema_version: int = SCHEMA_VERSION
    key: str
    analysis: Analysis
    score: str
    of: Subject = "classes"
    method: str
    method_version: int
    parameters: dict[str, JsonValue]
    judge: Judge | None = None
    figures: tuple[ScoreFigure, ...] = ()
    pictures: tuple[ScoredPicture, ...] = ()
    curves: tuple[ScoreCurve, ...] = ()
    photos: int = Field(default=0, ge=0)
    split: PhotoSplit | None = None
    left_out: tuple[str, ...] = ()
    provenance: Provenance
