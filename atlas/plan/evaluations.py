"""Plan of evaluations: which scores of which pictures, as which judges see them.

What is scored are the pictures of classes that ``[[render]]`` tables ask for: what raises a class, from noise, by
seeds. Pictures of looks are left out, since which there are is known from photos only, and so is what starts from a
photo. Which of the pictures are there, only the store knows: tasks are made of those, so that the key of a score says
exactly what it is of.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from atlas.config import Config, EvaluateBlock
from atlas.config.evaluation import ALL
from atlas.core.analysis import Analysis
from atlas.core.canonical import canonical_json
from atlas.core.score import Judge
from atlas.errors import ConfigError, StoreError, did_you_mean
from atlas.evaluation.class_match import ClassMatch, match_labels
from atlas.evaluation.scores.base import JUDGES, PHOTOS, SCORES, Score
from atlas.models.load import VisionModel
from atlas.photos import Photo, PhotoSet
from atlas.photos.classes import match_classes
from atlas.photos.split import Split
from atlas.plan.judges import Seat, own_seat, seats
from atlas.plan.renderings import Renderings
from atlas.store import Store
from atlas.tasks.analysis import photos_digest
from atlas.tasks.look import LOOK_VERSION, LookTask
from atlas.tasks.rendering import RenderTask
from atlas.tasks.score import ScoreTask, Shot
from atlas.tasks.task import Task

Size = tuple[int, int]
"""Width and height of a picture, pixels."""


@dataclass(frozen=True)
class Group:
    """Pictures of classes of one model, by one method with one choice of parameters: a row of a table.

    Attributes:
        rendered: the model. pictures: all that are planned, in the order of the configuration.
    """

    rendered: Seat
    pictures: tuple[RenderTask, ...]

    @property
    def method(self) -> str:
        """The method's name."""
        return self.pictures[0].job.method

    def __str__(self) -> str:
        return f"{self.rendered.name}, {self.method}"


@dataclass(frozen=True)
class Asked:
    """One score of a group, as one judge or nobody sees it.

    Attributes:
        name: of the score. group: of pictures.
        judge: who looks. as_judge: what the store says of that. match: of the model's classes with the judge's.
        photos: those that judge each class. split: of all photos. max_pixels: of one.
        k: neighbours that are counted.
    """

    name: str
    group: Group
    judge: Seat | None
    as_judge: Judge | None
    match: ClassMatch | None
    photos: Mapping[int, tuple[Photo, ...]]
    k: tuple[int, ...]
    split: Split | None
    max_pixels: int

    @property
    def score(self) -> Score:
        """The score itself."""
        return SCORES.get(self.name)

    def tasks(self, there: Sequence[tuple[RenderTask, Size]]) -> Iterator[LookTask | ScoreTask]:
        """Yield the looks and the score of those of the pictures that are there, one at least."""
        looks = [self._at_picture(task) for task, _ in there]
        side = 0 if self.judge is not None else min(there[0][1])
        judged = {task.job.target.unit for task, _ in there}
        at_photos = {index: self._at_photos(index, side) for index in sorted(judged & self.photos.keys())}
        yield from looks
        yield from at_photos.values()
        yield self._score([task for task, _ in there], looks, at_photos)

    def _score(
        self, pictures: Sequence[RenderTask], looks: Sequence[LookTask], at_photos: Mapping[int, LookTask]
    ) -> ScoreTask:
        job, rendered = pictures[0].job, self.group.rendered
        shots = tuple(
            Shot(task.key, task.job.target.unit, task.job.seed, look.key)
            for task, look in zip(pictures, looks, strict=True)
        )
        judged = {shot.class_index for shot in shots}
        places = {} if self.match is None else {index: self.match.places.get(index, -1) for index in sorted(judged)}
        photos = tuple((index, look.key) for index, look in at_photos.items())
        split = self.split.record if self.split is not None and PHOTOS in self.score.needs else None
        analysis = Analysis(
            kind="score",
            version=self.score.version,
            model=rendered.model.card.identity,
            layers=() if self.judge is None else self.judge.layers,
            upstream=tuple(look.key for look in (*looks, *at_photos.values())),
            parameters={
                "score": self.name,
                "pictures": [[shot.key, shot.class_index, shot.seed] for shot in shots],
                "places": [[index, place] for index, place in places.items()],
                "photos": [index for index, _ in photos],
                "judge": None if self.as_judge is None else self.as_judge.model_dump(mode="json"),
                "k": list(self.k) if self.score.neighbours else [],
                "split": None if split is None else split.model_dump(mode="json"),
            },
            numerics="float64",
        )
        return ScoreTask(
            model=rendered.name,
            analysis=analysis,
            score=self.name,
            method=job.method,
            method_version=job.version,
            parameters=job.parameters,
            judge=self.as_judge,
            layers=() if self.judge is None else self.judge.layers,
            match=None if self.match is None else _within(self.match, judged),
            pictures=shots,
            photos=photos,
            k=self.k,
            split=split,
        )

    def _at_picture(self, task: RenderTask) -> LookTask:
        name, analysis = self._look({}, upstream=(task.key,))
        return LookTask(name, analysis, str(task), picture=task.key, score=self._own_look)

    def _at_photos(self, index: int, side: int) -> LookTask:
        photos, labels = self.photos[index], self.group.rendered.model.card.classes
        sides = {"side": side} if side else {}
        name, analysis = self._look({"max_pixels": self.max_pixels, **sides}, photos=photos_digest(photos))
        named = labels[index].name if index < len(labels) else ""
        what = f"{len(photos)} photos of {named.strip() or f'class {index}'}"
        return LookTask(name, analysis, what, photos=photos, score=self._own_look, side=side)

    @property
    def _own_look(self) -> str:
        """Name of the score whose own look it is; empty where a network looks."""
        return self.name if self.judge is None else ""

    def _look(self, parameters: Mapping[str, int], **at: object) -> tuple[str, Analysis]:
        """Return the name of the model that a look is made with, and the look; ``at``: what is looked at."""
        seat = self.judge or self.group.rendered
        seen: dict[str, object] = {"layers": seat.looked_at, "numerics": seat.numerics, "parameters": {**parameters}}
        if self.judge is None:  # it is the same for every model, but a task is one of a model
            own = {"score": self.name, "score_version": self.score.version}
            seen = {"layers": (), "numerics": "float64", "parameters": {**parameters, **own}}
        common = {"kind": "look", "version": LOOK_VERSION, "model": seat.model.card.identity}
        return seat.name, Analysis.model_validate({**common, **seen, **at})


@dataclass(frozen=True)
class Evaluations:
    """All scores that a configuration asks for.

    Attributes:
        asked: each once. split: of the photos, if it asks for one.
        left_out: what cannot be measured and what it would take, as sentences.
        models: names of the models that judge or are judged.
    """

    asked: tuple[Asked, ...] = ()
    split: Split | None = None
    left_out: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    _sizes: dict[str, Size] = field(default_factory=dict, compare=False, repr=False)

    def tasks(self, store: Store) -> list[Task]:
        """Return the looks and scores of the pictures that a store has."""
        found: dict[str, Task] = {}
        for asked in self.asked:
            sizes = [(task, self._size(task.key, store)) for task in asked.group.pictures]
            there = [(task, size) for task, size in sizes if size is not None]
            if there:
                for task in asked.tasks(there):
                    found.setdefault(task.key, task)
        return list(found.values())

    def missing(self, store: Store | None) -> dict[str, list[RenderTask]]:
        """Return which of the pictures a store does not have, by what they are of, in words."""
        lacking: dict[str, list[RenderTask]] = {}
        for group in {id(asked.group): asked.group for asked in self.asked}.values():
            absent = [task for task in group.pictures if store is None or self._size(task.key, store) is None]
            if absent:
                lacking.setdefault(str(group), []).extend(absent)
        return lacking

    def _size(self, key: str, store: Store) -> Size | None:
        """Return the size of a picture; None of one that is not there, of a dead unit, or of what is damaged."""
        if not store.has(key):
            return None
        if key not in self._sizes:  # what is done stays as it is
            with suppress(StoreError):  # which is repair's to tell
                if (asset := store.read(key).asset("image")) is not None:
                    self._sizes[key] = (asset.width, asset.height)
        return self._sizes.get(key)


def plan_evaluations(
    config: Config,
    models: Mapping[str, VisionModel],
    renderings: Renderings,
    photo_set: PhotoSet | None,
    split: Split | None,
) -> Evaluations:
    """Return the scores that the ``[[evaluate]]`` tables ask for, of pictures that the ``[[render]]`` tables do.

    Raises:
        ConfigError: a judge has no such layer, or a table names a model or method of which there are no pictures of
            classes.
    """
    if not config.evaluate:
        return Evaluations()
    planner = _Planner(config, models, photo_set, split, renderings)
    problems = list(planner.problems())
    if problems:
        raise ConfigError(problems)
    asked: dict[str, Asked] = {}
    for block in config.evaluate:
        for one in planner.asked(block):
            by = one.as_judge.fingerprint if one.as_judge else ""
            k = one.k if one.score.neighbours else ()
            asked.setdefault(canonical_json([one.name, by, one.group.pictures[0].key, k]), one)
    names = dict.fromkeys(
        [*(judge.model for judge in config.judges), *(one.group.rendered.name for one in asked.values())]
    )
    return Evaluations(tuple(asked.values()), split, tuple(dict.fromkeys(planner.left_out)), tuple(names))


class _Planner:
    """Pairs scores, groups of pictures and judges.

    Attributes:
        left_out: what is not paired and why, as sentences.
    """

    def __init__(
        self,
        config: Config,
        models: Mapping[str, VisionModel],
        photo_set: PhotoSet | None,
        split: Split | None,
        renderings: Renderings,
    ) -> None:
        self._config, self._models = config, models
        self._photo_set, self._split = photo_set, split
        self._judges = seats(config, models)
        self._photos: dict[str, Mapping[int, tuple[Photo, ...]]] = {}
        self.left_out: list[str] = []
        self.groups = list(self._grouped(renderings))

    def problems(self) -> Iterator[str]:
        """Yield which models and methods are named of which there is no picture of a class."""
        there = {"models": [group.rendered.name for group in self.groups], "methods": [g.method for g in self.groups]}
        for number, block in enumerate(self._config.evaluate):
            for key, names in (("models", block.models), ("methods", block.methods)):
                known = list(dict.fromkeys(there[key]))
                for name in names:
                    if name not in (*known, *ALL):
                        hint = did_you_mean(name, known) or f"there are such of: {', '.join(known) or 'none'}"
                        yield f'evaluate[{number}].{key}: no pictures of classes of "{name}" are rendered; {hint}'

    def asked(self, block: EvaluateBlock) -> Iterator[Asked]:
        """Yield what a table asks for."""
        groups = [
            group
            for group in self.groups
            if (block.models == ALL or group.rendered.name in block.models)
            and (block.methods == ALL or group.method in block.methods)
        ]
        if not groups:
            what = "no pictures of classes by its models and methods are rendered"
            self.left_out.append(f"all scores of a table: {what}; add classes to a [[render]] table")
        for name in block.scores:
            score = SCORES.get(name)
            for group in groups:
                yield from self._of_group(name, score, group, block)

    def _of_group(self, name: str, score: Score, group: Group, block: EvaluateBlock) -> Iterator[Asked]:
        photos = self._judging(group) if PHOTOS in score.needs else {}
        if PHOTOS in score.needs and not any(task.job.target.unit in photos for task in group.pictures):
            self.left_out.append(f"{name} of {group}: no photos judge its classes; add photos of them")
            return
        asks_judges = JUDGES in score.needs or score.own
        for judge in self._judges_of(score, group) if asks_judges else (None,):
            as_judge = None if judge is None else judge.beside(group.rendered)
            match = None
            if judge is not None and score.classes:
                match = _matched(group.rendered, judge)
                if not any(task.job.target.unit in match.places for task in group.pictures):
                    self.left_out.append(
                        f"{name} of {group} by {judge.name}: it has none of the classes, by WordNet id or name; give "
                        "it class_names, or another judge"
                    )
                    continue
            pixels = self._photo_set.spec.max_pixels if self._photo_set is not None else 0
            yield Asked(name, group, judge, as_judge, match, photos, block.k, self._split, pixels)

    def _judges_of(self, score: Score, group: Group) -> Iterator[Seat]:
        """Yield who looks at a group's pictures: all judges, and the model itself where the score asks it."""
        own = group.rendered.model.card.identity.fingerprint
        fingerprints = [seat.model.card.identity.fingerprint for seat in self._judges.values()]
        if score.own and own not in fingerprints:
            yield group.rendered
        yield from self._judges.values()

    def _judging(self, group: Group) -> Mapping[int, tuple[Photo, ...]]:
        """Return the photos that judge each class of a group's model."""
        name, photo_set, split = group.rendered.name, self._photo_set, self._split
        if photo_set is None or split is None or not photo_set.grouped:
            return {}
        if name not in self._photos:
            by_class = match_classes(photo_set, group.rendered.model.card.classes).checked()
            chosen = {index: split.judges(photos) for index, photos in by_class.items()}
            self._photos[name] = {index: photos for index, photos in chosen.items() if photos}
        return self._photos[name]

    def _grouped(self, renderings: Renderings) -> Iterator[Group]:
        groups: dict[str, list[RenderTask]] = defaultdict(list)
        beside: set[str] = set()
        for task in renderings.tasks:
            job, target = task.job, task.job.target
            if target.kind != "logit" or target.sign < 0:
                continue
            if target.facet is not None or target.photo is not None:
                beside.add("looks" if target.photo is None else "photos")
                continue
            same = [task.model, job.method, job.version, job.parameters, job.numerics]
            groups[canonical_json(same)].append(task)
        if renderings.facets or "looks" in beside:
            self.left_out.append('pictures of looks (seeds = "facets:N") are not scored; write seeds = [0, 1]')
        if "photos" in beside:
            self.left_out.append("pictures that start from photos are not scored as pictures of classes")
        rendered = {name: self._judges.get(name) or own_seat(name, self._models[name]) for name in self._models}
        yield from (Group(rendered[tasks[0].model], tuple(tasks)) for tasks in groups.values())


def _matched(rendered: Seat, judge: Seat) -> ClassMatch:
    """Return which of a judge's classes each of a rendered model's is; of the model itself, each is its own."""
    labels, others = rendered.model.card.classes, judge.model.card.classes if judge.classifies else ()
    if judge.model.card.identity.fingerprint == rendered.model.card.identity.fingerprint:
        return ClassMatch({index: index for index in range(len(labels))}, {}, len(labels))
    return match_labels(labels, others)


def _within(match: ClassMatch, classes: set[int]) -> ClassMatch:
    """Return what a match says of some classes."""
    places = {index: place for index, place in match.places.items() if index in classes}
    return ClassMatch(places, {index: match.unmatched[index] for index in classes - places.keys()}, match.classes)
