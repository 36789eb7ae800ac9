"""What judges say of single pictures, as pages show it beside them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from atlas.core.metric_card import MetricCard
from atlas.core.score import RELATIONS, Score


class Said(NamedTuple):
    """A number of a picture, at a layer of the judge where it is measured at one."""

    name: str
    layer: str
    value: float


class Judged(NamedTuple):
    """What one judge says of a picture; the name is empty of what nobody judges."""

    judge: str
    family: str
    relation: str
    numbers: tuple[Said, ...]


def judged_pictures(scores: Iterable[Score], cards: Mapping[str, MetricCard]) -> dict[str, tuple[Judged, ...]]:
    """Return by key of a rendering what judges say of it: of each score its first number.

    Judges of other families come first. Only numbers whose cards say that they are shown where pictures stand side by
    side; none of the rendered model itself, whose own probability is measured of every picture.
    """
    found: dict[str, dict[tuple[int, str, str, str], list[Said]]] = {}
    for score in scores:
        judge = score.judge
        if judge is not None and judge.relation == RELATIONS[-1]:
            continue
        place = len(RELATIONS) if judge is None else RELATIONS.index(judge.relation)
        who = (place, judge.name, judge.family, judge.relation) if judge else (place, "", "", "")
        for picture in score.pictures:
            layers: set[str] = set()
            for value in picture.values:
                card = cards.get(value.name)
                if card is not None and card.compared and value.layer not in layers:
                    layers.add(value.layer)
                    found.setdefault(picture.key, {}).setdefault(who, []).append(
                        Said(value.name, value.layer, value.value)
                    )
    return {key: tuple(Judged(*who[1:], _in_order(by[who])) for who in sorted(by)) for key, by in found.items()}


def _in_order(said: list[Said]) -> tuple[Said, ...]:
    """Return shares first, for they need fewest words."""
    return tuple(sorted(said, key=lambda one: bool(one.layer)))
