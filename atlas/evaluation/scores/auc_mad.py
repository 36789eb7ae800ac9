"""AUC and MAD: whether units answer more to their pictures than to judging photos."""

from collections.abc import Hashable, Mapping
from dataclasses import fields
from typing import ClassVar

import numpy as np

from atlas.core.job import Target
from atlas.core.metric_card import MetricCard
from atlas.core.score import Subject
from atlas.evaluation import selectivity
from atlas.evaluation.scored import Scored
from atlas.evaluation.scores.base import PHOTOS, UNITS, Column, Evidence, Line, Measured, Score, features_at, said

Unit = tuple[int, int]
"""A channel, and 1 where its pictures raise it, -1 where they lower it."""


class AucMad(Score):
    """Compares a unit's activations on its pictures with those on photos, as the rendered model itself has them.

    Both are shown alike, whole and resized to the input; an activation is the mean over positions.
    """

    title: ClassVar[str] = "Selectivity"
    summary: ClassVar[str] = "whether channels answer more to their pictures than to judging photos, by AUC and MAD"
    of: ClassVar[Subject] = UNITS
    cards: ClassVar[tuple[MetricCard, ...]] = selectivity.CARDS
    needs: ClassVar[frozenset[str]] = frozenset({PHOTOS})
    own: ClassVar[bool] = True

    def measure(self, seen: Evidence) -> Measured:
        """See :meth:`Score.measure`; each picture has its unit's numbers."""
        names = [field.name for field in fields(selectivity.Selectivity)]
        found: dict[tuple[str, str], Scored[Unit]] = {}
        for layer in dict.fromkeys(target.layer for target in seen.targets):
            measured = selectivity.selectivity(*_activations(seen, layer))
            found |= {(name, layer): getattr(measured, name) for name in names}
        lines = [
            Line(name, figure, layer)
            for (name, layer), scored in found.items()
            if (figure := scored.figure()) is not None
        ]
        columns = [
            Column(name, [found[name, target.layer].values.get(_unit(target)) for target in seen.targets])
            for name in names
        ]
        return Measured(sorted(lines, key=lambda line: names.index(line.name)), columns, left_out=_left_out(found))


def _activations(seen: Evidence, layer: str) -> tuple[Mapping[Unit, np.ndarray], Mapping[Unit, np.ndarray]]:
    """Return the activations of each of a layer's units on photos and on its pictures, higher being more as asked."""
    name = features_at(layer)
    on_photos = seen.of_photos(name)
    places: dict[Unit, list[int]] = {}
    for place, target in enumerate(seen.targets):
        if target.layer == layer:
            places.setdefault(_unit(target), []).append(place)
    control = {(unit, sign): sign * on_photos[:, unit] for unit, sign in places}
    return control, {(unit, sign): sign * seen.pictures[name][rows, unit] for (unit, sign), rows in places.items()}


def _unit(target: Target) -> Unit:
    return target.unit, target.sign


def _left_out(found: Mapping[tuple[str, str], Scored[Unit]]) -> list[str]:
    """Return which numbers of which units there are none of, and why, a sentence for each number."""
    lost: dict[str, dict[Hashable, str]] = {}
    for (name, layer), scored in found.items():
        for unit, reason in scored.left_out.items():
            lost.setdefault(name, {})[layer, unit] = reason
    return [
        f"{name} of {len(reasons)} {'channel' if len(reasons) == 1 else 'channels'}: {said(reasons.values())}"
        for name, reasons in lost.items()
    ]


AUC_MAD = AucMad()
