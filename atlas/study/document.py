"""StudyDocument: what a study asks, of which pictures, and who made them. Pages show ids, the store keeps it all."""

from typing import Literal

from pydantic import Field

from atlas.core.canonical import canonical_json, digest_bytes
from atlas.core.job import Frozen
from atlas.study.settings import TaskKind

TrialKind = TaskKind | Literal["catch"]
CHOICES: tuple[TrialKind, ...] = ("word", "photos")
"""Kinds of which one of several pictures is chosen."""
RATINGS = range(1, 6)


class Stimulus(Frozen):
    """A picture of a class.

    Attributes:
        id: what pages and answers call it.
        model, method: their names. index, title: of the class. names: what else it is called.
        rendering: key of its job.
    """

    id: str = ""
    model: str
    method: str
    index: int = Field(ge=0)
    title: str
    names: tuple[str, ...] = ()
    rendering: str

    @property
    def condition(self) -> tuple[str, str]:
        """Model and method."""
        return self.model, self.method

    @property
    def subject(self) -> tuple[str, int]:
        """Model and class."""
        return self.model, self.index


class Trial(Frozen):
    """One question.

    Attributes:
        id: what pages and answers call it.
        picture: id of the one that it is about. options: those to choose from, in the order in which they are shown;
            empty unless it is a choice.
        expected: the number that a catch question asks for, else 0.
    """

    id: str
    kind: TrialKind
    picture: str
    options: tuple[str, ...] = ()
    expected: int = Field(default=0, ge=0, le=max(RATINGS))


class StudyDocument(Frozen):
    """A study. Its words, such as the consent text, are no part of it: they may be mended while it is going on.

    Attributes:
        seed: that it was made from.
        stimuli, trials: all that are shown to anyone.
        sheets: ids of the trials that one person answers, in order; a person's number, modulo how many there are, says
            which.
    """

    format: Literal["atlas-study"] = Field(default="atlas-study", alias="schema")
    schema_version: Literal[1] = 1
    seed: int
    stimuli: tuple[Stimulus, ...]
    trials: tuple[Trial, ...]
    sheets: tuple[tuple[str, ...], ...] = Field(min_length=1)

    @property
    def encoded(self) -> bytes:
        """It as JSON, the same for equal ones."""
        return canonical_json(self.model_dump(mode="json", by_alias=True)).encode()

    @property
    def digest(self) -> str:
        """The sha256 of that: what answers name it by."""
        return digest_bytes(self.encoded)

    def sheet(self, person: int) -> tuple[str, ...]:
        """Return the ids of the trials of the person of that number."""
        return self.sheets[person % len(self.sheets)]
