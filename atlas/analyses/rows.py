"""Rows: what analyses of models found as tables have it; and as CSV."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from atlas.core.csv_text import csv_text
from atlas.core.finding import Finding, FindingFigure, StudiedModel
from atlas.core.metric_card import MetricCard
from atlas.core.model_card import ModelCard


@dataclass(frozen=True)
class FindingRow:
    """One number that an analysis found.

    Attributes:
        analysis: its kind. model: that it is of. other: that it is compared with, or that looks; may be empty.
        measure, title: name and title of the number.
        layer, other_layer: where it is measured; empty where it is of no layer.
        class_index, class_name: of the model, where it is of one class; None and empty otherwise.
        variant: what else tells it from others, such as a channel or a change of photos.
        value, low, high: with its 95 % interval. n: how many it is of. photos: that were looked at.
        better: ``higher``, ``lower`` or ``none``.
        key: of the finding in the store.
    """

    analysis: str
    model: str
    other: str
    measure: str
    title: str
    layer: str
    other_layer: str
    class_index: int | None
    class_name: str
    variant: str
    value: float
    low: float
    high: float
    n: int
    photos: int
    better: str
    key: str

    @property
    def is_certain(self) -> bool:
        """Whether there is an interval that says how sure the value is: there is none of one value, such as a map's."""
        return self.low < self.high

    def between(self, join: str) -> str:
        """Return the ends of its interval, such as ``0.1 to 0.2``; empty where that says nothing."""
        return f"{self.low:.3g}{join}{self.high:.3g}" if self.is_certain else ""

    @property
    def of(self) -> str:
        """What it is of, in words: class, variant, layers; empty of all together."""
        layers = " and ".join(dict.fromkeys(filter(None, (self.layer, self.other_layer))))
        return ", ".join(filter(None, (self.class_name, self.variant, layers)))


@dataclass(frozen=True)
class Analyses:
    """What the analyses of a configuration found.

    Attributes:
        rows: one for each number, by analysis and model.
        documents: the findings as the store keeps them, with channels, curves and maps.
        left_out: what was not found and what it would take, as sentences.
    """

    rows: tuple[FindingRow, ...] = ()
    documents: tuple[Finding, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of analyses that there are rows of."""
        return tuple(dict.fromkeys(row.analysis for row in self.rows))

    def of(self, kind: str) -> list[FindingRow]:
        """Return the rows of one kind."""
        return [row for row in self.rows if row.analysis == kind]

    def csv_tables(self) -> dict[str, str]:
        """Return name to text of each CSV table: ``cka``, and where there are curves or points, these."""
        names = [one.name for one in fields(FindingRow)]
        found = {kind: csv_text(names, [list(asdict(row).values()) for row in self.of(kind)]) for kind in self.kinds}
        lines: dict[str, list[list[Any]]] = defaultdict(list)
        for document in self.documents:
            about = [document.models[0].name, document.models[-1].name, document.class_index]
            lines[f"{document.kind}-curves"] += [
                [*about, curve.name, curve.x_title, *point]
                for curve in document.curves
                for point in zip(curve.x, curve.y, curve.low, curve.high, strict=True)
            ]
            lines[f"{document.kind}-points"] += [
                [*about[:2], at.class_index, at.method, _shown(document, at.picture, at.photo), at.x, at.y]
                for at in document.points
            ]
        heads = {
            "curves": ["model", "other", "class_index", "curve", "x_title", "x", "y", "low", "high"],
            "points": ["model", "other", "class_index", "method", "key", "x", "y"],
        }
        return found | {name: csv_text(heads[name.rpartition("-")[2]], rows) for name, rows in lines.items() if rows}

    def to_json(self) -> list[dict[str, Any]]:
        """Return the rows, as JSON holds them."""
        return [asdict(row) for row in self.rows]


def analyses_of(
    documents: Iterable[Finding],
    cards: Mapping[str, MetricCard],
    models: Mapping[str, ModelCard],
    left_out: Sequence[str],
) -> Analyses:
    """Return the tables of findings.

    Args:
        cards: of numbers, by name. models: of models, by fingerprint.
        left_out: what is known to be left out besides what the findings say.
    """
    given = list(documents)
    kinds = list(dict.fromkeys(document.kind for document in given))
    found = sorted(given, key=lambda document: kinds.index(document.kind))
    rows: dict[FindingRow, FindingRow] = {}
    for document in found:
        for row in (_row(document, figure, cards, models) for figure in document.figures):
            rows.setdefault(_fact(row), row)  # what two tables ask for is told once
    said = [f"{_said(document, models)}: {line}" for document in found for line in document.left_out]
    return Analyses(tuple(rows.values()), tuple(found), tuple(dict.fromkeys([*left_out, *said])))


def _row(
    document: Finding, figure: FindingFigure, cards: Mapping[str, MetricCard], models: Mapping[str, ModelCard]
) -> FindingRow:
    first, other, card = document.models[0], document.models[-1], cards.get(figure.name)
    index = figure.class_index if figure.class_index is not None else document.class_index
    return FindingRow(
        analysis=document.kind,
        model=first.name,
        other=other.name if len(document.models) > 1 else "",
        measure=figure.name,
        title=card.title if card else figure.name,
        layer=figure.layer,
        other_layer=figure.other_layer,
        class_index=index,
        class_name=_class_name(first, index, models),
        variant=figure.variant,
        value=figure.value,
        low=figure.low,
        high=figure.high,
        n=figure.n,
        photos=document.photo_count,
        better=card.better if card else "none",
        key=document.key,
    )


def _fact(row: FindingRow) -> FindingRow:
    """Return a row without what differs where two findings have one number: their keys, and its last digits."""
    value, low, high = (float(f"{each:.9g}") for each in (row.value, row.low, row.high))
    return replace(row, key="", value=value, low=low, high=high)


def _class_name(model: StudiedModel, index: int | None, models: Mapping[str, ModelCard]) -> str:
    if index is None:
        return ""
    card = models.get(model.fingerprint)
    return f"class {index}" if card is None else card.called(index)


def _said(document: Finding, models: Mapping[str, ModelCard]) -> str:
    names = " and ".join(dict.fromkeys(model.name for model in document.models))
    about = filter(None, (names, _class_name(document.models[0], document.class_index, models)))
    return f"{document.kind} of {', '.join(about)}"


def _shown(document: Finding, picture: str | None, photo: int | None) -> str:
    return picture or ("" if photo is None else document.photos[photo].digest)
