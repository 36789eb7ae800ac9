"""Plan of concepts: the classes of a block that have photos, and the three stages of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from atlas.config import ConceptsBlock
from atlas.core.analysis import Analysis
from atlas.core.class_selection import GLOB_CHARACTERS, select_classes
from atlas.core.job import LOGITS
from atlas.core.model_card import ModelCard
from atlas.craft.factorisations.base import FACTORISATIONS
from atlas.craft.factorisations.nmf import LARGE
from atlas.craft.settings import FACTORISATION, IMPORTANCE, SHOWN, ConceptSettings
from atlas.errors import ConfigError
from atlas.models.load import VisionModel
from atlas.photos import Photo, PhotoSet
from atlas.plan.directions import DirectionPictures
from atlas.plan.layers import choose_layers
from atlas.tasks.analysis import credits_digest, photos_digest, view_parameters, viewer_for
from atlas.tasks.concepts import ConceptsTask

FACTORISATION_VERSION, IMPORTANCE_VERSION, CONCEPTS_VERSION = 1, 1, 1
"""Raise one whenever what its stage makes changes."""
ByClass = Mapping[int, Sequence[Photo]]


@dataclass(frozen=True)
class PlannedConcepts:
    """The concepts of a class, to be found and rendered.

    Attributes:
        inputs: sha256 to bytes of what their pictures name. stand_ins: of the directions that stand in until theirs
            are found.
    """

    task: ConceptsTask
    inputs: dict[str, bytes]
    stand_ins: dict[str, bytes]


def plan_concepts(
    block: ConceptsBlock,
    name: str,
    model: VisionModel,
    photo_set: PhotoSet,
    matched: ByClass,
    device: str,
    folder: Path,
) -> list[PlannedConcepts]:
    """Return the concepts of a block for one model."""
    classes, problems = _classes(block, model.card, photo_set, matched)
    layer, part_layer = choose_layers(block, model, problems)
    if blindness := model.blindness([layer, part_layer or layer]):
        problems.append(f"layer: {blindness}")
    if problems:
        raise ConfigError(problems)
    pictures = DirectionPictures(block, name, model, folder)
    viewer = viewer_for(photo_set, model.card.identity.preprocessing)
    labels = model.card.classes
    planned = []
    for index in classes:
        photos = tuple(sorted(matched[index] if photo_set.grouped else photo_set.photos, key=lambda it: it.digest))
        settings = _settings(block, model, layer, part_layer, len(photos), len(viewer.grid.boxes), device)
        common = {
            "model": model.card.identity,
            "layers": (layer,),
            "class_index": index,
            "photos": photos_digest(photos),
            "numerics": model.numerics_for(layer),
        }
        views = view_parameters(viewer, photo_set.spec)
        factorisation, importance, concepts = _stages(settings, common, views, credits_digest(photos))
        title = labels[index].name if index < len(labels) and labels[index].name.strip() else f"class {index}"
        shown = pictures.of_class(index, [layer, *([part_layer] if part_layer else [])], photos, concepts.key)
        task = ConceptsTask(name, concepts, photos, factorisation, importance, title, viewer, settings, shown.tasks)
        planned.append(PlannedConcepts(task, shown.inputs, shown.stand_ins))
    return planned


def _classes(
    block: ConceptsBlock, card: ModelCard, photo_set: PhotoSet, matched: ByClass
) -> tuple[list[int], list[str]]:
    """Return the classes of a block that have photos, and the problems."""
    everything = block.classes == ("all",)
    if card.layer(LOGITS) is None:
        return [], [f'classes: model "{card.name}" has no logits, so no class can be explained']
    if not photo_set.grouped:
        if everything or block.photos == "all":
            return [], [
                f"classes: {photo_set.name} has no class folders, so photos are told apart by what the model predicts: "
                'name the classes, and leave photos = "predicted"'
            ]
        return select_classes(block.classes, card)
    if everything:
        return sorted(matched), [] if matched else [f"classes: no photo of {photo_set.name} belongs to a class"]
    chosen: dict[int, None] = {}
    problems: list[str] = []
    for selector in block.classes:
        found, wrong = select_classes([selector], card)
        problems += wrong
        with_photos = [index for index in found if matched.get(index)]
        wide = isinstance(selector, str) and GLOB_CHARACTERS.search(selector)
        if (found and not with_photos) or (len(with_photos) < len(found) and not wide):
            problems.append(f'classes: there are no photos of "{selector}" in {photo_set.name}')
        chosen.update(dict.fromkeys(with_photos))
    return list(chosen), problems


def _settings(
    block: ConceptsBlock, model: VisionModel, layer: str, part_layer: str | None, photos: int, patches: int, device: str
) -> ConceptSettings:
    """Return the settings of one class with nothing left to choose.

    Args:
        photos: that the class has. patches: of each of them.
    """
    solver, info = block.solver, model.card.layer(layer)
    if solver == "auto":
        values = min(photos, block.limit) * patches * (info.units if info else 0)
        solver = "torch" if device.startswith("cuda") or values >= LARGE else "sklearn"
    chosen = {"solver": solver, "part_layer": part_layer if block.depth else None}
    return ConceptSettings.model_validate(block.model_dump(include=set(ConceptSettings.model_fields)) | chosen)


def _stages(
    settings: ConceptSettings, common: Mapping[str, object], views: Mapping[str, JsonValue], credits: str
) -> tuple[Analysis, Analysis, Analysis]:
    """Return factorisation, importance and concepts of one class, each with its own settings and the key before.

    Args:
        common: what they share: model, layer, class, photos and numerics.
        views: what of a photo the network is shown. credits: digest over whom the photos are owed to.
    """

    def stage(kind: str, version: int, parameters: Mapping[str, JsonValue], *upstream: Analysis) -> Analysis:
        own = {"kind": kind, "version": version, "parameters": parameters, "upstream": [each.key for each in upstream]}
        return Analysis.model_validate({**common, **own})

    version = FACTORISATIONS.get(settings.factorisation).card.version
    later = {"factorisation_version": version} if version > 1 else {}
    first = {**views, **settings.of_stage(FACTORISATION), **later}
    factorisation = stage("factorisation", FACTORISATION_VERSION, first)
    importance = stage("importance", IMPORTANCE_VERSION, settings.of_stage(IMPORTANCE), factorisation)
    shown = settings.of_stage(SHOWN) | {"credits": credits}
    return factorisation, importance, stage("concepts", CONCEPTS_VERSION, shown, importance)
