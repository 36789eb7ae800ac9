"""Scored: one number for each picture that has it, and why the others have none."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from atlas.core.figures import Figure, mean

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Scored(Generic[Key]):
    """A number of pictures, by their keys: see :func:`atlas.core.figures.mean` for what a key may be.

    Attributes:
        values: of the pictures that have it; all are finite.
        left_out: of the others, why, as a sentence without a full stop.
    """

    values: Mapping[Key, float] = field(default_factory=dict)
    left_out: Mapping[Key, str] = field(default_factory=dict)

    def figure(self, seed: int = 0) -> Figure | None:
        """Return the mean with its bootstrap's interval over groups; None of no values.

        Args:
            seed: of the resampling.
        """
        return mean(self.values, seed) if self.values else None
