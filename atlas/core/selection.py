"""Selection: what of a store one configuration is about. A store may serve several, each with photos of its own."""

from pydantic import Field

from atlas.core.analysis import PhotoCredit, PhotoSetCard
from atlas.core.job import Frozen
from atlas.core.model_card import ModelCard
from atlas.core.record import SCHEMA_VERSION
from atlas.core.score import PhotoSplit


class ModelSelection(Frozen):
    """Which analyses of a model are current. All others in the store are yesterday's, or another configuration's.

    Attributes:
        photo_set: what they were made from.
        concepts: class index to key of its concepts. statistics: layer to key of its statistics.
        facets: keys of the clusters of classes' photos.
    """

    photo_set: PhotoSetCard
    concepts: dict[int, str] = Field(default_factory=dict)
    statistics: dict[str, str] = Field(default_factory=dict)
    facets: tuple[str, ...] = ()


class Selection(Frozen):
    """What a configuration's latest run asked for, and what of that was stored when it ended.

    Attributes:
        configuration: its name, see :func:`atlas.store.selections.configuration_name`.
        models: fingerprint to the analyses of a model that are current.
        cards: fingerprint to a model's card as the configuration has it: under its name, with its class names.
        photos: those that jobs are about, with their credits as the configuration has them.
        keys: of those of its results that are complete, sorted. What is not there any more was lost.
        scores: those of them that are the scores of its pictures, as they were when the latest run ended.
        findings: likewise, those that are what its ``[[analyse]]`` tables ask for.
        left_out: which scores and analyses it asks for that cannot be made, and what it would take, as sentences.
        split: of its photos, if it asks for one.
    """

    schema_version: int = SCHEMA_VERSION
    configuration: str
    models: dict[str, ModelSelection] = Field(default_factory=dict)
    cards: dict[str, ModelCard] = Field(default_factory=dict)
    photos: tuple[PhotoCredit, ...] = ()
    keys: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    split: PhotoSplit | None = None
