"""ConceptSettings: what decides the concepts of a class besides its photos, the model and the layer."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from atlas.craft.factorisations.base import FACTORISATIONS, Solver

FACTORISATION = frozenset({"photos", "limit", "count", "factorisation", "fits", "solver"})
IMPORTANCE = frozenset({"importance", "designs"})
SHOWN = frozenset({"shown", "stable", "heat", "patches", "heat_photos", "depth", "parts", "part_layer", "minimum"})
"""The settings of each stage; together they are all of them. The key of a stage holds its own, and the key before."""


class ConceptSettings(BaseModel):
    """How concepts are found, measured and shown (CRAFT, Fel et al. 2023).

    Attributes:
        photos: ``predicted`` takes only photos that the model predicts as the class, ``all`` takes every one.
        limit: photos used of one class at most, the same ones every time.
        minimum: with fewer photos than this the page warns its reader.
        count: directions fitted. shown: how many of them, the most important ones, get pictures.
        factorisation: ``nmf``, or one that takes activations of both signs; of any package.
        solver: ``sklearn`` on the CPU, ``torch`` on any device; ``auto`` takes torch on a GPU or for much data.
        fits: how often the factorisation is made, each time from another start. The one with the smallest error is
            kept, and a concept that does not come back in the others is marked as unstable. 1 makes it once and says
            nothing about stability.
        stable: the cosine above which a concept has come back.
        importance: ``sobol`` (total Sobol indices) or ``share`` (of the logit).
        designs: Sobol points per photo; a power of two. With few the indices are noisy, and so is the concepts' order.
        heat: how heat maps are made: ``nnls`` on the layer's grid, or ``implicit``, to the pixels.
        patches: shown of each concept. heat_photos: photos with heat maps shown of each.
        depth: 1 factorises each shown concept's patches again at an earlier layer.
        parts: sub-concepts of each. part_layer: module path, or ``auto``; None where it is known that there are none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    photos: Literal["predicted", "all"] = "predicted"
    limit: int = Field(default=300, ge=1, le=100_000)
    minimum: int = Field(default=20, ge=1)
    count: int = Field(default=20, ge=1, le=512)
    shown: int = Field(default=10, ge=1, le=100)
    factorisation: Annotated[str, AfterValidator(FACTORISATIONS.check)] = "nmf"
    solver: Solver = "auto"
    fits: int = Field(default=3, ge=1, le=50)
    stable: float = Field(default=0.8, gt=0, le=1)
    importance: Literal["sobol", "share"] = "sobol"
    designs: int = Field(default=32, ge=2, le=65_536)
    heat: Literal["nnls", "implicit"] = "nnls"
    patches: int = Field(default=12, ge=1, le=60)
    heat_photos: int = Field(default=6, ge=1, le=30)
    depth: Literal[0, 1] = 0
    parts: int = Field(default=3, ge=1, le=20)
    part_layer: str | None = "auto"

    @model_validator(mode="after")
    def _fit_together(self) -> "ConceptSettings":
        if self.shown > self.count:
            raise ValueError(
                f"shown = {self.shown} is more than count = {self.count}; show at most as many as are fitted"
            )
        if self.importance == "sobol" and self.designs & (self.designs - 1):
            raise ValueError(f"designs = {self.designs} must be a power of two, such as 32 or 64")
        return self

    def of_stage(self, fields: frozenset[str]) -> dict[str, JsonValue]:
        """Return the settings of one stage as its key holds them."""
        return self.model_dump(include=set(fields))
