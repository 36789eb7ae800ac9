"""FactorisationCard: what a way to factorise does; written beside its code, kept with the concepts that it found."""

from pydantic import Field

from atlas.core.job import Frozen
from atlas.core.metric_card import Source


class FactorisationCard(Frozen):
    """A factorisation of activations into strengths and directions, for people.

    Attributes:
        name: as configurations write it. version: bump by hand whenever the directions change.
        title: what it is called within a sentence, e.g. ``k-means clustering``.
        summary: what it does, in a sentence or two.
        strengths: how strong a direction is said to be in an activation, in a sentence.
        limits: what it cannot do, or may get wrong: sentences.
        takes_signed: whether activations may be negative.
        paper: whose it is; None if it is everybody's.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    version: int = Field(default=1, ge=1)
    title: str = Field(min_length=1)
    summary: str = Field(min_length=1)
    strengths: str = "Strengths are the least-squares solution in which none is negative."
    limits: tuple[str, ...] = ()
    takes_signed: bool
    paper: Source | None = None

    @property
    def words(self) -> str:
        """Title, and which activations it takes, to stand within a sentence."""
        return f"{self.title}, which takes activations of both signs" if self.takes_signed else self.title
