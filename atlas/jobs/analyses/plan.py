"""Plan of analyses: what photos are asked about each model. Pure: the same photos and configuration, the same keys."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from atlas.activations.views import Viewer
from atlas.concepts.factorise import LARGE
from atlas.config import ConceptsBlock, Config
from atlas.core.analysis import Analysis, Selection
from atlas.core.canonical import canonical_json
from atlas.core.job import LOGITS, Preprocessing
from atlas.core.model_card import ModelCard
from atlas.errors import AtlasError, ConfigError
from atlas.jobs.analyses.bench import AnalysisBatch, PlannedAnalysis, photos_digest
from atlas.jobs.analyses.concepts import PlannedConcepts
from atlas.jobs.analyses.layers import choose_layers
from atlas.jobs.analyses.statistics import PlannedStatistics, PlannedTally, in_parts
from atlas.jobs.plan import Plan
from atlas.jobs.select import GLOB_CHARACTERS, select_classes
from atlas.methods import methods
from atlas.methods.base import Resolved
from atlas.models.load import VisionModel
from atlas.photos import Photo, PhotoSet, open_photo_set
from atlas.photos.classes import match_classes
from atlas.photos.views import patch_size_for, patch_stride_for

TALLY_VERSION, STATISTICS_VERSION = 1, 1
FACTORISATION_VERSION, IMPORTANCE_VERSION, CONCEPTS_VERSION = 1, 1, 1
TALLY_PHOTOS = 64
"""Photos of one tally: enough to make its overhead small, few enough to lose little when a run is ended."""
TOGETHER = 8
"""Classes that torch factorises as one batch."""
ByClass = Mapping[int, Sequence[Photo]]


@dataclass(frozen=True)
class RenderedConcepts:
    """The concepts of a class, and how they are rendered once they are found.

    Attributes:
        job: finds them. resolved: the parameters of their renderings, with nothing left to choose.
    """

    block: ConceptsBlock
    job: PlannedConcepts
    resolved: Resolved


@dataclass(frozen=True)
class AnalysisPlan:
    """What is asked of the photos.

    Attributes:
        photo_set: the photos; None without a ``[photos]`` table.
        first: analyses that need nothing but photos. second: those that need the first.
        selections: what is current once they are made, one for each model.
        concepts: the classes whose concepts are found and rendered.
        notices: sentences for a person.
    """

    photo_set: PhotoSet | None = None
    first: tuple[PlannedAnalysis, ...] = ()
    second: tuple[PlannedAnalysis, ...] = ()
    selections: tuple[Selection, ...] = ()
    concepts: tuple[RenderedConcepts, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def jobs(self) -> tuple[PlannedAnalysis, ...]:
        """All of them."""
        return self.first + self.second

    @property
    def keys(self) -> set[str]:
        """The keys of all of them, and of the stages that they are made in."""
        stages = {stage.key for each in self.concepts for stage in (each.job.factorisation, each.job.importance)}
        return {job.key for job in self.jobs} | stages


@dataclass
class _Model:
    """What is planned for one model."""

    concepts: list[RenderedConcepts] = field(default_factory=list)
    tallies: list[PlannedTally] = field(default_factory=list)
    statistics: list[PlannedStatistics] = field(default_factory=list)


def plan_analyses(
    config: Config,
    models: Mapping[str, VisionModel],
    plan: Plan,
    device: str,
    on_photo: Callable[[int, int], None] = lambda done, total: None,
) -> AnalysisPlan:
    """Plan statistics of every unit that the plan renders, and the concepts that the configuration asks for.

    Args:
        plan: the renderings; their layers are measured on the photos.
        device: what factorises, where the configuration leaves the solver open.
        on_photo: told (done, all) while photos are listed.

    Raises:
        PhotoError, ConfigError: the photos cannot be used, or the configuration does not fit them or the models; all
            problems of all blocks at once.
    """
    if config.photos is None:
        return AnalysisPlan()
    photo_set = open_photo_set(config.photos, on_photo)
    planned: dict[str, _Model] = defaultdict(_Model)
    matched = {name: match_classes(photo_set, models[name].card.classes).checked() for name in _with_concepts(config)}
    problems: list[str] = []
    for number, block in enumerate(config.concepts):
        for name in concept_models(config, block):
            where = f"concepts[{number}]" + (f" (model {name})" if len(config.models) > 1 else "")
            try:
                planned[name].concepts += _concepts(
                    block, name, models[name], photo_set, matched[name], device, config.folder
                )
            except ConfigError as error:
                problems += [f"{where}.{problem}" for problem in error.problems]
            except AtlasError as error:
                problems.append(f"{where}: {error.message}" + (f"; {error.remedy}" if error.remedy else ""))
    for name, each in planned.items():
        seen = Counter(it.job.class_index for it in each.concepts)
        twice = sum(count > 1 for count in seen.values())
        if twice:
            problems.append(f"concepts: {twice} classes of model {name} are in two blocks; name each once")
    if problems:
        raise ConfigError(problems)
    if config.photos.statistics:
        for name, units in _rendered_units(plan).items():
            _add_statistics(planned[name], name, models[name], photo_set, units)
    return _assembled(photo_set, models, planned)


def analysis_batches(jobs: Sequence[PlannedAnalysis]) -> list[AnalysisBatch]:
    """Return analyses in batches: classes that torch factorises go together, all else alone."""
    together: dict[str, list[PlannedAnalysis]] = defaultdict(list)
    for job in jobs:
        shared: object = job.key
        if isinstance(job, PlannedConcepts) and job.settings["solver"] == "torch":
            shared = [job.model, job.analysis.layers, job.settings]
        together[canonical_json(shared)].append(job)
    batches = []
    for members in together.values():
        waiting = iter(members)
        while batch := tuple(islice(waiting, TOGETHER)):
            batches.append(AnalysisBatch(batch))
    return batches


def _with_concepts(config: Config) -> list[str]:
    """Return the names of the models whose concepts are asked for."""
    return list(dict.fromkeys(name for block in config.concepts for name in concept_models(config, block)))


def concept_models(config: Config, block: ConceptsBlock) -> tuple[str, ...]:
    """Return the names of the models of a block: those it names, or the only one there is."""
    return block.model or (config.models[0].name,)


# --- concepts -------------------------------------------------------------------------------------------------------


def _concepts(
    block: ConceptsBlock,
    name: str,
    model: VisionModel,
    photo_set: PhotoSet,
    matched: ByClass,
    device: str,
    folder: Path,
) -> list[RenderedConcepts]:
    """Return the jobs of a block for one model."""
    classes, problems = _classes(block, model.card, photo_set, matched)
    layer, part_layer = choose_layers(block, model, problems)
    if problems:
        raise ConfigError(problems)
    preprocessing = model.card.identity.preprocessing
    method = methods.get(block.method)
    resolved = method.resolve(method.parameters.model_validate(block.parameters), preprocessing, folder)
    viewer = _viewer(photo_set, preprocessing)
    labels = model.card.classes
    jobs = []
    for index in classes:
        photos = tuple(sorted(matched[index] if photo_set.grouped else photo_set.photos, key=lambda it: it.digest))
        stages = _stages(block, model, index, photos, layer, part_layer, viewer, device)
        title = labels[index].name if index < len(labels) and labels[index].name.strip() else f"class {index}"
        job = PlannedConcepts(name, stages[2], photos, stages[0], stages[1], title, viewer)
        jobs.append(RenderedConcepts(block, job, resolved))
    return jobs


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


def _stages(
    block: ConceptsBlock,
    model: VisionModel,
    index: int,
    photos: tuple[Photo, ...],
    layer: str,
    part_layer: str | None,
    viewer: Viewer,
    device: str,
) -> tuple[Analysis, Analysis, Analysis]:
    """Return factorisation, importance and concepts of one class, each with its own parameters and the keys before."""
    common = {
        "model": model.card.identity,
        "layers": (layer,),
        "class_index": index,
        "photos": photos_digest(photos),
        "numerics": model.numerics_for(layer),
    }
    info = model.card.layer(layer)
    values = min(len(photos), block.limit) * len(viewer.pixel_boxes) * (info.units if info else 0)
    solver = block.solver
    if solver == "auto":
        solver = "torch" if device.startswith("cuda") or values >= LARGE else "sklearn"
    views = {"size": list(viewer.size), "patch": viewer.patch, "stride": viewer.stride}
    factorisation = Analysis.model_validate(
        common
        | {
            "kind": "factorisation",
            "version": FACTORISATION_VERSION,
            "parameters": views
            | block.model_dump(include={"photos", "limit", "count", "factorisation", "fits"})
            | {"solver": solver},
        }
    )
    importance = Analysis.model_validate(
        common
        | {
            "kind": "importance",
            "version": IMPORTANCE_VERSION,
            "upstream": (factorisation.key,),
            "parameters": block.model_dump(include={"importance", "designs"}),
        }
    )
    fields = {"shown", "stable", "heat", "patches", "heat_photos", "depth", "parts", "minimum"}
    parameters = block.model_dump(include=fields) | {"part_layer": part_layer if block.depth else None}
    concepts = Analysis.model_validate(
        common
        | {
            "kind": "concepts",
            "version": CONCEPTS_VERSION,
            "upstream": (importance.key,),
            "parameters": parameters,
        }
    )
    return factorisation, importance, concepts


def _viewer(photo_set: PhotoSet, preprocessing: Preprocessing) -> Viewer:
    """Return what cuts photos into views for a model."""
    patch = patch_size_for(photo_set.spec, max(preprocessing.height, preprocessing.width))
    return Viewer((preprocessing.height, preprocessing.width), patch, patch_stride_for(photo_set.spec, patch))


# --- statistics -----------------------------------------------------------------------------------------------------


def _rendered_units(plan: Plan) -> dict[str, dict[str, list[int]]]:
    """Return model to layer to the units of it that are rendered."""
    units: dict[str, dict[str, dict[int, None]]] = defaultdict(lambda: defaultdict(dict))
    for planned in plan.jobs:
        units[planned.model][planned.job.target.layer][planned.job.target.unit] = None
    return {name: {layer: sorted(each) for layer, each in layers.items()} for name, layers in units.items()}


def _add_statistics(
    planned: _Model, name: str, model: VisionModel, photo_set: PhotoSet, units: Mapping[str, Sequence[int]]
) -> None:
    """Plan the tallies and statistics of a model's layers; layers of one numerics share each pass over photos."""
    spec = photo_set.spec
    viewer = _viewer(photo_set, model.card.identity.preprocessing)
    parameters = {"size": list(viewer.size), "patch": viewer.patch, "stride": viewer.stride, "top": spec.top}
    parts = in_parts(photo_set.photos, TALLY_PHOTOS)
    by_numerics: dict[str, list[str]] = defaultdict(list)
    for layer in units:
        by_numerics[model.numerics_for(layer)].append(layer)
    for numerics, layers in by_numerics.items():
        ordered = tuple(info.name for info in model.card.layers if info.name in layers)
        common = {"model": model.card.identity, "parameters": parameters, "numerics": numerics}
        tallies = [
            PlannedTally(
                name,
                Analysis.model_validate(
                    common
                    | {"kind": "tally", "version": TALLY_VERSION, "layers": ordered, "photos": photos_digest(part)}
                ),
                part,
                viewer,
                spec.top,
            )
            for part in parts
        ]
        planned.tallies += tallies
        for place, layer in enumerate(ordered):
            analysis = Analysis.model_validate(
                common
                | {
                    "kind": "statistics",
                    "version": STATISTICS_VERSION,
                    "layers": (layer,),
                    "photos": photos_digest([photo for part in parts for photo in part]),
                    "upstream": tuple(tally.key for tally in tallies),
                    "parameters": parameters | {"units": list(units[layer])},
                }
            )
            photos = tuple(photo for part in parts for photo in part)
            sizes = tuple((tally.key, len(tally.photos)) for tally in tallies)
            planned.statistics.append(
                PlannedStatistics(name, analysis, photos, sizes, place, tuple(units[layer]), viewer, spec.top)
            )


def _assembled(photo_set: PhotoSet, models: Mapping[str, VisionModel], planned: Mapping[str, _Model]) -> AnalysisPlan:
    concepts = [it for each in planned.values() for it in each.concepts]
    selections = [
        Selection(
            model=models[name].card.identity.fingerprint,
            photo_set=photo_set.card(len({photo.group for photo in photo_set.photos} - {""})),
            concepts={it.job.class_index: it.job.key for it in each.concepts},
            statistics={job.analysis.layers[0]: job.key for job in each.statistics},
        )
        for name, each in planned.items()
    ]
    return AnalysisPlan(
        photo_set,
        (*(tally for each in planned.values() for tally in each.tallies), *(it.job for it in concepts)),
        tuple(job for each in planned.values() for job in each.statistics),
        tuple(selections),
        tuple(concepts),
        tuple(photo_set.notices),
    )
