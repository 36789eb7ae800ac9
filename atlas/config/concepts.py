"""ConceptsBlock: one ``[[concepts]]`` table, which classes' concepts to find in the reference photos, and how."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from atlas.config.render import ClassSelector, Text
from atlas.config.seeds import PlainSeeds, listed
from atlas.core.job import DEFAULT_METHOD, Precision
from atlas.craft.settings import ConceptSettings


class ConceptsBlock(ConceptSettings):
    """One ``[[concepts]]`` table: CRAFT (Fel et al. 2023) on the photos of ``[photos]``.

    Attributes:
        model: names of models; empty means the only one.
        classes: names, ids, indices or globs; ``"all"`` is every class that has photos.
        layer: module path, or ``auto`` for the latest layer that is never negative.
        method: of the renderings. preset, parameters: of that method, as in ``[[render]]``.
        seeds: one rendering of each concept for each.
        cosine_power: of the cosine in a direction's objective (dot product times cosine^p).
        precision: of the network's arithmetic while rendering.
    """

    model: Annotated[tuple[Text, ...], BeforeValidator(listed)] = ()
    classes: Annotated[tuple[ClassSelector, ...], BeforeValidator(listed), Field(min_length=1)] = ("all",)
    layer: Text = "auto"
    part_layer: Text = "auto"
    method: str = DEFAULT_METHOD
    preset: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    seeds: PlainSeeds = (0,)
    cosine_power: float = Field(default=2.0, ge=0, le=10)
    precision: Precision = "float32"

    @model_validator(mode="after")
    def _part_layer_has_parts(self) -> "ConceptsBlock":
        if self.part_layer != "auto" and not self.depth:
            raise ValueError("part_layer goes with depth = 1, which finds parts; leave it out, or set depth = 1")
        return self
