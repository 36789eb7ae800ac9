"""Class-relatedness: whether another model finds, in channels' pictures, the classes that the channels work for."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from atlas.analyses.class_relatedness import CARD, CARDS, CHANCE, NONE, assigned, points, relatedness
from atlas.analyses.ranks import ranks
from atlas.core.figures import Figure
from atlas.core.finding import RelatedChannel
from atlas.core.metric_card import MetricCard
from atlas.evaluation.scores.base import PROBABILITIES
from atlas.tasks.analysis import read_arrays, texts
from atlas.tasks.bench import Bench
from atlas.tasks.findings.finding import FindingTask, Found, figure_of

RELATEDNESS_VERSION = 3
"""Raise it whenever what is made of the same contributions and looks changes."""


@dataclass(frozen=True)
class ClassRelatednessTask(FindingTask):
    """The share of channels whose picture another model takes for their class.

    Attributes:
        contributions: class index to key of what channels give to it.
        pictures: channel to the key of its rendering, and of the other model's look at it.
        known: class index to that of the same class of the other model, for those that it has.
        method: that made the pictures.
    """

    name: ClassVar[str] = "class_relatedness"
    cards: ClassVar[tuple[MetricCard, ...]] = CARDS

    contributions: tuple[tuple[int, str], ...]
    pictures: tuple[tuple[int, str, str], ...]
    known: tuple[tuple[int, int], ...]
    method: str

    def __str__(self) -> str:
        where = f"{self.analysis.layers[0]} by {self.method}"
        return f"{self.model}: class_relatedness of {where}, judged by {self.models[-1].name}"

    @property
    def title(self) -> str:
        """See :attr:`Task.title`."""
        return f"{self.model} class_relatedness"

    def find(self, bench: Bench) -> Found:
        """See :meth:`FindingTask.find`."""
        collected: np.ndarray | None = None
        photos, broken = 0, 0
        skipped: dict[str, None] = {}
        for index, key in self.contributions:
            document, arrays = read_arrays(bench.store, key)
            skipped |= dict.fromkeys(texts(document, "skipped"))
            if not arrays:
                continue
            values = arrays["values"].astype(np.float64)
            kept = np.asarray(np.isfinite(values).all(axis=1))
            values = values[kept]
            own = points(values, np.full(len(values), index), self.models[0].classes)
            collected = own if collected is None else collected + own
            photos, broken = photos + len(values), broken + int((~kept).sum())
        works_for = {} if collected is None else dict(enumerate(assigned(collected).tolist()))
        answers = {channel: read_arrays(bench.store, look)[1][PROBABILITIES] for channel, _, look in self.pictures}
        ranked = {channel: ranks(each)[0] for channel, each in answers.items() if np.isfinite(each).all()}
        known = dict(self.known)
        classes = {channel: works_for.get(channel, NONE) for channel, _, _ in self.pictures}
        found = relatedness({channel: classes[channel] for channel in ranked}, ranked, known)
        related = tuple(
            RelatedChannel(
                channel=channel,
                picture=picture,
                class_index=None if classes[channel] == NONE else classes[channel],
                points=0.0 if collected is None else float(collected[channel].max()),
                rank=int(ranked[channel][known[classes[channel]]])
                if channel in ranked and classes[channel] in known
                else None,
            )
            for channel, picture, _ in self.pictures
        )
        where = {"layer": self.analysis.layers[0], "variant": self.method}
        chance = Figure(found.chance, found.chance, found.chance, self.models[-1].classes)
        by_chance = figure_of(CHANCE.name, chance, **where)
        figures = () if found.related is None else (figure_of(CARD.name, found.related, **where), by_chance)
        return Found(
            {
                "figures": figures,
                "related": related,
                "chance": found.chance,
                "photo_count": photos,
                "skipped": tuple(skipped),
                "left_out": (
                    *self._left_out({channel: classes[channel] for channel in ranked}, known, bool(figures), broken),
                    *self._unanswered(len(answers) - len(ranked)),
                ),
            }
        )

    def _unanswered(self, count: int) -> list[str]:
        pictures = "1 picture" if count == 1 else f"{count} pictures"
        return [f"{pictures}: {self.models[-1].name} gives NaN or infinite probabilities"] if count else []

    def _left_out(self, classes: dict[int, int], known: dict[int, int], told: bool, broken: int) -> list[str]:
        """Return which channels are not asked about and why, as sentences."""
        other = self.models[-1]
        nothing = sum(index == NONE for index in classes.values())
        strange = sum(index != NONE and index not in known for index in classes.values())
        lines = {
            f"{nothing} of {len(classes)} channels raise the logit of none of the classes": nothing,
            f"{strange} of {len(classes)} channels work for a class that {other.name} does not have": strange,
            f"{broken} photos: the logit is NaN or infinite": broken,
        }
        found = [line for line, count in lines.items() if count]
        if not told and len(classes) > nothing + strange:
            found.append(f"{other.name} has {other.classes} classes, all of them among its first; name another model")
        return found
