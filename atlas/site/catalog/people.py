"""The study of people, as a site has it: the pictures and photos that it shows, by the ids that its page calls them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from atlas.core.analysis import Crop, PhotoCredit, Sprite
from atlas.core.class_selection import select_classes
from atlas.errors import did_you_mean
from atlas.site.catalog.comparison import Cell, Column
from atlas.site.catalog.credits import Credits
from atlas.site.catalog.model import Model
from atlas.site.catalog.shown import Shown
from atlas.site.catalog.statistics import on_photos
from atlas.store import Store
from atlas.study.design import askable, make_study
from atlas.study.document import Stimulus, StudyDocument
from atlas.study.settings import StudySettings, TaskKind

PHOTOS = 9
"""Photos that stand for a class: those that activate it most (Zimmermann et al. 2021 show nine)."""
LOST: dict[TaskKind, str] = {
    "photos": "for it the classes' photos are needed, which [photos] names and `atlas render` looks at",
    "word": "to choose, there must be two classes that each of the methods has a picture of",
}


@dataclass(frozen=True)
class ClassPhotos:
    """Photos that activate a class most.

    Attributes:
        analysis: key of the one whose sprite shows them. crops: the first so many cells of it.
        photos: whom each is owed to. photo_set: where their entries are.
    """

    analysis: str
    sprite: Sprite
    crops: tuple[Crop, ...]
    photos: tuple[PhotoCredit, ...]
    photo_set: Credits | None


@dataclass(frozen=True)
class People:
    """A study and what its page shows.

    Attributes:
        document: None where nothing can be asked; the ``notices`` say why.
        pictures: id to the rendering. photos: (model, class) to its photos.
        notices: sentences on what is left out.
    """

    settings: StudySettings
    document: StudyDocument | None
    pictures: dict[str, Shown]
    photos: dict[tuple[str, int], ClassPhotos]
    notices: tuple[str, ...]


def prepare_study(settings: StudySettings, columns: Iterable[Column], store: Store) -> People:
    """Return the study of a site.

    Args:
        columns: the pictures of classes, by model and method.

    Raises:
        StoreError: what photos say of the classes is damaged.
    """
    columns = list(columns)
    notices: list[str] = []
    notices += _unknown("method", settings.methods, sorted({column.method for column in columns}))
    compared = [column for column in columns if not settings.methods or column.method in settings.methods]
    found: dict[tuple[str, str, int], tuple[Stimulus, Shown]] = {}
    photos: dict[tuple[str, int], ClassPhotos] = {}
    for model, name in _models(columns, settings, notices):
        own = [column for column in compared if column.model is model]
        of_classes = _photos(model, store) if "photos" in settings.tasks else {}
        for index in _classes(model, own, settings, notices):
            for column in own:
                cell = column.cells[index]
                found[name, column.method, index] = _stimulus(cell, name, column.method), cell.rendering
            if index in of_classes:
                photos[name, index] = of_classes[index]
    stimuli = [stimulus for stimulus, _ in found.values()]
    able = askable(stimuli, settings.tasks, photos)
    if not able:
        lost = "; ".join(f'"{kind}": {LOST[kind]}' for kind in settings.tasks if kind in LOST)
        why = lost if stimuli else "no class has a picture by each of its methods; run `atlas render`"
        notices.append(f"the study has no page: {why}")
        return People(settings, None, {}, {}, tuple(notices))
    notices += [
        f'the study does not ask for "{kind}": {LOST.get(kind, "there is no picture")}'
        for kind in settings.tasks
        if kind not in able
    ]
    document = make_study(stimuli, able, settings.per_person, settings.seed, photos)
    pictures = {it.id: found[it.model, it.method, it.index][1] for it in document.stimuli}
    return People(settings, document, pictures, photos, tuple(notices))


def _models(columns: Sequence[Column], settings: StudySettings, notices: list[str]) -> list[tuple[Model, str]]:
    """Return the models asked about, each with the name that the table gives it."""
    models = {column.model.slug: column.model for column in columns}
    twins = Counter(model.card.name for model in models.values())
    notices += _unknown("model", settings.models, twins)
    return [
        (model, model.card.name if twins[model.card.name] == 1 else f"{model.card.name} {model.mark}")
        for model in models.values()
        if not settings.models or model.card.name in settings.models
    ]


def _unknown(what: str, asked: Sequence[str], there: Iterable[str]) -> list[str]:
    there = list(there)
    hints = {name: did_you_mean(name, there) or f"there are {', '.join(there) or 'none'}" for name in asked}
    return [
        f'the study leaves out the {what} "{name}", which no class has a picture of; {hint}'
        for name, hint in hints.items()
        if name not in there
    ]


def _classes(model: Model, columns: Sequence[Column], settings: StudySettings, notices: list[str]) -> list[int]:
    """Return the classes asked about: those that each method has a picture of, so that all are compared alike."""
    by_class: dict[int, int] = defaultdict(int)
    for column in columns:
        for index, cell in column.cells.items():
            by_class[index] += cell.rendering.record.status == "done"
    chosen = sorted(by_class)
    if settings.classes:
        chosen, problems = select_classes(settings.classes, model.card)
        notices += [f"the study leaves out {problem}" for problem in problems]
    complete = [index for index in chosen if columns and by_class[index] == len(columns)]
    if len(complete) < len(chosen):
        methods = ", ".join(column.method for column in columns) or "any method"
        notices.append(
            f"the study leaves out {len(chosen) - len(complete)} of {len(chosen)} classes of {model.card.name}: "
            f"they have no picture by each of its methods ({methods})"
        )
    return complete


def _stimulus(cell: Cell, model: str, method: str) -> Stimulus:
    label = cell.unit.label
    return Stimulus(
        model=model,
        method=method,
        index=cell.unit.index,
        title=cell.unit.title,
        names=label.synonyms if label else (),
        rendering=cell.rendering.record.key,
    )


def _photos(model: Model, store: Store) -> dict[int, ClassPhotos]:
    """Return the photos of a model's classes, as far as photos were looked at: those that pages of classes show."""
    found = {}
    for index, seen in on_photos(store, model.classes.statistics if model.classes else "").items():
        sprite = seen.unit.sprite
        if sprite is not None:
            crops = seen.unit.crops[: min(PHOTOS, sprite.count)]
            owed = tuple(seen.layer.photos[crop.photo] for crop in crops)
            found[index] = ClassPhotos(seen.layer.key, sprite, crops, owed, model.photos)
    return found
