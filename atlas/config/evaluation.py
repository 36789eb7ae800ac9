"""``[[judges]]`` and ``[[evaluate]]``: who judges pictures, which pictures, by which scores."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from atlas.config.instruments import ClipWeights, LpipsWeights
from atlas.config.render import Text
from atlas.config.seeds import listed
from atlas.core.score import NEIGHBOURS
from atlas.evaluation.scores.base import SCORES

ALL = ("all",)
"""Whatever there is, where a list of names could be."""


def _all_of(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names, or :data:`ALL` where that is one of them, as a list of classes means it."""
    return ALL if ALL[0] in names else names


Names = Annotated[tuple[Text, ...], BeforeValidator(listed), Field(min_length=1), AfterValidator(_all_of)]
"""One name, a list of some, or ``"all"``."""


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(SCORES.check, names))


Scores = Annotated[tuple[Text, ...], BeforeValidator(listed), Field(min_length=1), AfterValidator(_known)]
"""One name of a score, or a list of some."""


def each_once(values: tuple[object, ...], info: ValidationInfo) -> tuple[object, ...]:
    """Return values of which no two are the same.

    Raises:
        ValueError: two are.
    """
    if len(set(values)) < len(values):
        raise ValueError(f"{info.field_name} names one twice; name each once")
    return values


class JudgeBlock(BaseModel):
    """One ``[[judges]]`` table: a model that looks at finished pictures, and had no part in them.

    It needs no ``[[render]]`` table, and is not rendered unless one names it.

    Attributes:
        model: name of one of the models. Where it is asked about its own pictures, it is shown as their own network.
        family: of networks that share their blind spots, in your words, such as ``DINOv2 ViT``; tables show it, and
            begin with judges of other families than the rendered model's. Give a rendered model a table of its own to
            say which family it is of; unless it has one, a judge counts as of its family where both networks are of one
            class or begin with one name, as ``resnet18`` and ``resnet50`` do.
        layers: globs of further layers at which plausibility is measured, besides the penultimate one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    model: Text
    family: Text
    layers: Annotated[tuple[Text, ...], BeforeValidator(listed)] = ()


class JudgingPhotos(BaseModel):
    """``photos = { judging = 0.5, seed = 0 }``: which of the photos pictures are measured against.

    The photos of each class are split by their digests, once. Those that judge are given to no method that a
    ``[[render]]`` table names: what is fitted to photos (VITAL's references, the photos whose clusters are a class's
    looks) gets the others, so that its pictures have other keys than without a split. Concepts read all photos.

    Attributes:
        judging: share of the photos of each class that judge; both parts have one photo at least, where there are two.
        seed: which ones.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    judging: float = Field(default=0.5, gt=0, lt=1)
    seed: int = Field(default=0, ge=0, lt=2**31)


class EvaluateBlock(BaseModel):
    """One ``[[evaluate]]`` table: which pictures `atlas evaluate` scores, and how. It renders nothing.

    Attributes:
        models: names of models whose pictures are scored; ``"all"`` that have some.
        methods: names of methods; ``"all"`` that something is rendered by.
        scores: which.
        photos: how photos are split into those that judge and those that methods may be fitted to; the same in all
            tables. Scores that measure pictures against photos need it.
        clip: what `zero_shot` asks, which is left out unless that is given.
        lpips: what LPIPS, of `inversion`, sees pictures with, the same in all tables; it is left out unless that is
            given.
        k: of plausibility, the distance to the k-th nearest judging photo; one number or several. Of tables about the
            same pictures, all that any of them names.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    models: Names = ALL
    methods: Names = ALL
    scores: Scores
    photos: JudgingPhotos | None = None
    clip: ClipWeights | None = None
    lpips: LpipsWeights | None = None
    k: Annotated[tuple[Annotated[int, Field(ge=1, le=1000)], ...], BeforeValidator(listed), Field(min_length=1)] = (
        NEIGHBOURS
    )

    _once = field_validator("models", "methods", "scores", "k")(each_once)
