"""``[[analyse]]``: what is measured of models themselves, and what may be wrong with the tables besides their form."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from atlas.analyses.registry import ANALYSES
from atlas.config.evaluation import ALL, JudgingPhotos, Names, Scores, each_once
from atlas.config.judging import named_models
from atlas.config.problems import WHOLE, Problem, shown, tables_at
from atlas.config.render import ClassSelector, Text
from atlas.config.seeds import PlainSeeds, listed

OPTIONS: Mapping[str, frozenset[str]] = {
    "cka": frozenset({"layers", "minibatch"}),
    "attribution": frozenset({"layers", "classes", "limit", "channels"}),
    "class_relatedness": frozenset({"layers", "classes", "limit"}),
    "texture_bias": frozenset({"classes", "limit"}),
    "embedding": frozenset({"classes", "limit"}),
    "references": frozenset({"classes", "scores", "preset", "parameters", "seeds"}),
    "concept_curves": frozenset({"classes", "random_orders"}),
}
"""What each of our kinds may be told besides what all may; those of other packages may be told everything."""
EVERYWHERE = frozenset({"kind", "models", "photos", "seed"})


class AnalyseBlock(BaseModel):
    """One ``[[analyse]]`` table: one analysis that `atlas evaluate` makes.

    None but ``references`` adds pictures to those that `atlas render` makes.

    Attributes:
        kind: what is analysed; see below.
        models: names of models; ``"all"`` of the configuration. Of ``embedding`` those that look at pictures; unless
            named, the judges.
        layers: globs of layers. Unless given, of ``cka`` the stem, every block and what follows the last one; of
            ``attribution`` the latest with positions that all of the logits depend on, of ``class_relatedness`` those
            whose channels are rendered.
        classes: names, ids, indices or globs of classes; ``"all"`` that have photos.
        limit: photos of each class, at most, drawn by the seed; unless given, 10 of ``attribution`` and
            ``class_relatedness``, 20 of ``embedding``, else all.
        channels: that are told of those that speak for a class, and as many of those against it.
        photos: how photos are split into those that judge, which are those that are looked at, and those that methods
            may be fitted to; the same in all tables. Without a split all photos are looked at.
        random_orders: in which concepts go, beside those by importance, of ``concept_curves``.
        scores: of pictures of classes, all but ``zero_shot``, that ``references`` tells of each variant.
        preset, parameters: of ``vital``, what the variants of ``references`` have in common. seeds: of their pictures.
        minibatch: photos of a minibatch of ``cka``, at most; more and smaller ones say more of how sure a value is.
        seed: of whatever is drawn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: Annotated[str, AfterValidator(ANALYSES.check)]
    models: Names = ALL
    layers: Annotated[tuple[Text, ...], BeforeValidator(listed)] = ()
    classes: Annotated[tuple[ClassSelector, ...], BeforeValidator(listed), Field(min_length=1)] = ALL
    limit: int | None = Field(default=None, ge=1, le=10_000)
    channels: int = Field(default=8, ge=1, le=64)
    photos: JudgingPhotos | None = None
    random_orders: int = Field(default=10, ge=1, le=1000)
    scores: Scores = ("transfer", "plausibility")
    preset: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    seeds: PlainSeeds = (0,)
    minibatch: int = Field(default=32, ge=4, le=4096)
    seed: int = Field(default=0, ge=0, lt=2**31)

    _once = field_validator("models", "layers", "classes", "scores")(each_once)

    @model_validator(mode="after")
    def _of_its_kind(self) -> "AnalyseBlock":
        allowed = EVERYWHERE | OPTIONS.get(self.kind, frozenset(type(self).model_fields))
        for key in sorted(self.model_fields_set - allowed):
            others = " and ".join(f'"{kind}"' for kind, options in OPTIONS.items() if key in options)
            raise PydanticCustomError(WHOLE, f'{key} goes with kind = {others}, not with "{self.kind}"; leave it out')
        return self


def analysis_problems(table: Mapping[str, Any], models: Sequence[str]) -> Iterator[Problem]:
    """Yield what is wrong with the ``[[analyse]]`` tables of a configuration.

    Args:
        models: names of its models.
    """
    for number, block in enumerate(tables_at(table, "analyse")):
        place = ("analyse", number)
        named = block.get("models")
        chosen = [name for name in (named if isinstance(named, list) else [named]) if name not in (None, *ALL)]
        yield from named_models(chosen, (*place, "models"), models)
        if "photos" not in table:
            text = f'{shown(block.get("kind"))} looks at photos; add a table [photos] with path = "a folder of photos"'
            yield Problem((*place, "kind"), text)
