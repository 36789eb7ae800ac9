"""MetricCard: what a number says; written beside the code that measures it, kept in the store with the values."""

from typing import Literal

from pydantic import Field, model_validator

from atlas.core.job import Frozen, Target
from atlas.core.record import SCHEMA_VERSION

Better = Literal["higher", "lower", "none", "as the target"]
"""Which values are better; ``as the target``: higher ones for a target that raises its unit, lower ones for one that
lowers it."""
Direction = Literal["higher", "lower", "none"]


class Source(Frozen):
    """The paper that a number is taken from."""

    title: str
    authors: str
    year: int
    url: str


class MetricCard(Frozen):
    """A number, for people.

    Attributes:
        name: as it is kept in records, on pages an anchor: lower case, digits and underscores.
        title: as people write it. title_of_class: where the measured unit is a class; empty if that is no other.
        about: what the number is of. Pages list cards by it.
        summary: what it says, in one sentence that could follow the title and a colon; no full stop.
        meaning: how to read it: paragraphs.
        definition: how it is computed: a formula or a sentence.
        unit: of the value; ``1`` for a plain number or a share. varies: each method has its own unit for it.
        lowest, highest: the range; None where there is no end.
        better: which values are better.
        form: how it is written: a ``number`` of three digits, or a share as ``percent``.
        n: what it is a mean of, or what it is one value of.
        paper: whose definition it is; None if it is our own or everybody's.
        limits: what it cannot tell: sentences.
        compared: whether pages that set pictures side by side show it.
    """

    schema_version: int = SCHEMA_VERSION
    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    title: str = Field(min_length=1)
    title_of_class: str = ""
    about: Literal["pictures", "photos", "concepts", "models", "this atlas"] = "pictures"
    summary: str = Field(min_length=1)
    meaning: tuple[str, ...] = ()
    definition: str = Field(min_length=1)
    unit: str = "1"
    varies: bool = False
    lowest: float | None = None
    highest: float | None = None
    better: Better = "none"
    form: Literal["number", "percent"] = "number"
    n: str = Field(min_length=1)
    paper: Source | None = None
    limits: tuple[str, ...] = ()
    compared: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> "MetricCard":
        if self.summary.endswith("."):
            raise ValueError("a summary has no full stop, for sentences are made with it")
        if self.lowest is not None and self.highest is not None and self.lowest >= self.highest:
            raise ValueError(f"the range from {self.lowest} to {self.highest} is empty")
        return self

    def direction(self, target: Target) -> Direction:
        """Return which values are better for a target."""
        if self.better == "as the target":
            return "higher" if target.sign > 0 else "lower"
        return self.better

    def called(self, of_class: bool = False) -> str:
        """Return its title; ``of_class``: where the measured unit is a class."""
        return self.title_of_class if of_class and self.title_of_class else self.title
