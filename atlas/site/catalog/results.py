"""Results: what scores say of the pictures of models, as the store keeps it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from atlas.core.metric_card import MetricCard
from atlas.core.score import PhotoSplit, Score
from atlas.errors import ConfigError
from atlas.evaluation.rows import Row, curves_csv, left_out_of, rows_csv, rows_of
from atlas.evaluation.scores.base import SCORES
from atlas.site.catalog.addresses import unique_slugs
from atlas.site.catalog.model import Model

LEADING = ("transfer", "zero_shot", "plausibility", "kid", "frechet", "spectrum", "auc_mad", "inversion")
"""Scores in the order of the pages; others follow by name."""


@dataclass(frozen=True)
class Results:
    """Scores of one model's pictures, or of those of all.

    Attributes:
        titles: fingerprint of a model to what tells it from the others.
        scores: of the pictures of these models.
        asked: what cannot be scored and what it would take, as sentences, besides what the scores themselves say.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    scores: tuple[Score, ...] = ()
    asked: tuple[str, ...] = ()
    cards: Mapping[str, MetricCard] = field(default_factory=dict)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All figures."""
        return rows_of(self._named, self.cards)

    @cached_property
    def by_score(self) -> dict[str, tuple[Row, ...]]:
        """Name of a score to its figures, the leading scores first."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            found[row.score].append(row)
        return {name: tuple(found[name]) for name in sorted(found, key=_place)}

    @cached_property
    def left_out(self) -> tuple[str, ...]:
        """What could not be scored and what it would take, as sentences."""
        return tuple(dict.fromkeys([*self.asked, *left_out_of(self._named)]))

    @cached_property
    def splits(self) -> tuple[PhotoSplit, ...]:
        """How photos were split for them into those that judge and those that methods may be fitted to."""
        return tuple(dict.fromkeys(score.split for score in self.scores if score.split is not None))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Names of all numbers that scores tell, also as curves and of pictures alone, or could have told."""
        possible = {card.name for name in SCORES.names() for card in _cards(name)}
        figures = {figure.name for score in self.scores for figure in score.figures}
        curves = {curve.name for score in self.scores for curve in score.curves}
        return frozenset(figures | curves | possible | self.measured.keys())

    @cached_property
    def measured(self) -> Counter[str]:
        """Name of a number to how many pictures have it."""
        pairs = {
            (value.name, picture.key) for score in self.scores for picture in score.pictures for value in picture.values
        }
        return Counter(name for name, _ in pairs)

    def of(self, model: Model) -> "Results":
        """Return those of one model."""
        fingerprint = model.card.identity.fingerprint
        others = [title for each, title in self.titles.items() if each != fingerprint]
        return Results(
            {fingerprint: self.titles.get(fingerprint, model.card.name)},
            tuple(score for score in self.scores if score.analysis.model.fingerprint == fingerprint),
            tuple(line for line in self.asked if not any(f" of {title}," in line for title in others)),
            self.cards,
        )

    @cached_property
    def slugs(self) -> dict[str, str]:
        """Name of a score to its name in addresses."""
        return unique_slugs((name, name) for name in self.by_score)

    @cached_property
    def files(self) -> dict[str, str]:
        """Everything as CSV, by name of the file."""
        tables = {f"{self.slugs[name]}.csv": rows_csv(rows) for name, rows in self.by_score.items()}
        curves = {
            f"{self.slugs[name]}-curves.csv": curves_csv(rows, self.scores) for name, rows in self.by_score.items()
        }
        return tables | {name: text for name, text in curves.items() if text}

    @property
    def _named(self) -> list[tuple[str, Score]]:
        return [(self.titles[score.analysis.model.fingerprint], score) for score in self.scores]


def _cards(name: str) -> tuple[MetricCard, ...]:
    try:
        return SCORES.get(name).cards
    except ConfigError:
        return ()


def score_words(name: str) -> tuple[str, str]:
    """Return a score's title and what it says; of one whose package is not installed, its name and nothing."""
    try:
        score = SCORES.get(name)
    except ConfigError:
        return name.replace("_", " "), ""
    return score.title, score.summary


def results_of(
    models: Sequence[Model], scores: Iterable[Score], asked: tuple[str, ...], cards: Mapping[str, MetricCard]
) -> Results:
    """Return the results of the models of a site.

    Args:
        scores: of pictures; those of other models are left out. asked: see :class:`Results`.
    """
    names = Counter(model.card.name for model in models)
    titles = {
        model.card.identity.fingerprint: model.card.name + (f" {model.mark}" if names[model.card.name] > 1 else "")
        for model in models
    }
    known = tuple(score for score in scores if score.analysis.model.fingerprint in titles)
    return Results(titles, known, asked, cards)


def _place(score: str) -> tuple[int, str]:
    return LEADING.index(score) if score in LEADING else len(LEADING), score
