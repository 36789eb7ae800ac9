"""Plan of statistics: every unit that is rendered is measured on all photos."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from atlas.core.analysis import Analysis
from atlas.models.load import VisionModel
from atlas.photos import PhotoSet
from atlas.tasks.analysis import credits_digest, photos_digest, view_parameters, viewer_for
from atlas.tasks.rendering import RenderTask
from atlas.tasks.statistics import StatisticsTask
from atlas.tasks.tally import TallyTask, in_parts

TALLY_VERSION, STATISTICS_VERSION = 1, 1
"""Raise one whenever what it makes changes."""
TALLY_PHOTOS = 64
"""Photos of one tally: enough to make its overhead small, few enough to lose little when a run is ended."""


def rendered_units(pictures: Iterable[RenderTask]) -> dict[str, dict[str, list[int]]]:
    """Return model to layer to the units of it that are rendered."""
    units: dict[str, dict[str, dict[int, None]]] = defaultdict(lambda: defaultdict(dict))
    for task in pictures:
        target = task.target
        units[task.model][target.layer][target.unit] = None
    return {name: {layer: sorted(each) for layer, each in layers.items()} for name, layers in units.items()}


def plan_statistics(
    name: str, model: VisionModel, photo_set: PhotoSet, units: Mapping[str, Sequence[int]]
) -> tuple[list[TallyTask], list[StatisticsTask]]:
    """Return the tallies and statistics of a model's layers; layers of one numerics share each pass over the photos.

    Args:
        units: layer to the units of it that are described.
    """
    tallies: list[TallyTask] = []
    statistics: list[StatisticsTask] = []
    by_numerics: dict[str, list[str]] = defaultdict(list)
    for info in model.card.layers:
        if info.name in units:
            by_numerics[model.numerics_for(info.name)].append(info.name)
    for numerics, layers in by_numerics.items():
        passes = _tallies(name, model, photo_set, numerics, tuple(layers))
        tallies += passes
        statistics += [_statistics(passes, place, units[layer]) for place, layer in enumerate(layers)]
    return tallies, statistics


def _tallies(
    name: str, model: VisionModel, photo_set: PhotoSet, numerics: str, layers: tuple[str, ...]
) -> list[TallyTask]:
    """Return one tally of the layers for each part of the photos."""
    viewer, keep = viewer_for(photo_set, model.card.identity.preprocessing), photo_set.spec.top
    return [
        TallyTask(
            name,
            Analysis(
                kind="tally",
                version=TALLY_VERSION,
                model=model.card.identity,
                layers=layers,
                photos=photos_digest(part),
                parameters=view_parameters(viewer, photo_set.spec) | {"top": keep},
                numerics=numerics,
            ),
            part,
            viewer,
            keep,
        )
        for part in in_parts(photo_set.photos, TALLY_PHOTOS)
    ]


def _statistics(tallies: Sequence[TallyTask], place: int, units: Sequence[int]) -> StatisticsTask:
    """Return what tallies of all photos say of one layer; ``place`` is its own among theirs."""
    first = tallies[0]
    photos = tuple(photo for tally in tallies for photo in tally.photos)
    analysis = Analysis(
        kind="statistics",
        version=STATISTICS_VERSION,
        model=first.analysis.model,
        layers=(first.analysis.layers[place],),
        photos=photos_digest(photos),
        upstream=tuple(tally.key for tally in tallies),
        parameters=first.analysis.parameters | {"units": [*units], "credits": credits_digest(photos)},
        numerics=first.analysis.numerics,
    )
    sizes = tuple((tally.key, len(tally.photos)) for tally in tallies)
    return StatisticsTask(first.model, analysis, photos, sizes, place, tuple(units), first.viewer, first.keep)
