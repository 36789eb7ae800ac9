"""Asked: one score of a group of pictures by one judge, and the tasks that make it of the pictures that are there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from atlas.core.analysis import Analysis
from atlas.core.canonical import canonical_json
from atlas.core.score import Judge, PhotoSplit
from atlas.evaluation.class_match import ClassMatch
from atlas.evaluation.scores.base import CLASSES, PHOTOS, SCORES, Score
from atlas.photos import Photo
from atlas.photos.split import Split
from atlas.plan.groups import Group
from atlas.plan.judges import Seat
from atlas.plan.looks import Looker
from atlas.plan.stored import Size
from atlas.tasks.clip import ClipFile
from atlas.tasks.comparing import Lpips
from atlas.tasks.look import LookTask
from atlas.tasks.rendering import RenderTask
from atlas.tasks.score import ScoreTask, Shot


@dataclass(frozen=True)
class Asked:
    """One score of a group, as one judge or nobody sees it.

    Attributes:
        name: of the score. group: of pictures.
        judge: who looks. as_judge: what the store says of that. match: of the model's classes with the judge's.
        photos: those that judge each class, or all that judge, in parts. split: of all photos. max_pixels: of one.
        k: neighbours that are counted. clip: who finds classes by name, if anybody does. lpips: what measures LPIPS, if
            anything does.
        notes: what of it cannot be measured and what it would take, as sentences.
        lacking: why it cannot be measured and what it would take, as a sentence; empty if it can.
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
    clip: ClipFile | None = None
    lpips: Lpips | None = None
    notes: tuple[str, ...] = ()
    lacking: str = ""

    @property
    def score(self) -> Score:
        """The score itself."""
        return SCORES.get(self.name)

    @property
    def measures(self) -> tuple[str, str]:
        """What is measured, whoever judges: the score, and a key that stands for the pictures."""
        return self.name, self.group.pictures[0].key

    @property
    def distinction(self) -> str:
        """What tells it from others that are asked for, whichever pictures are there and numbers are told."""
        by = self.as_judge.fingerprint if self.as_judge else ""
        clip = self.clip.digest if self.clip else ""
        return canonical_json([*self.measures, by, clip, self.lacking])

    def joined(self, other: "Asked") -> "Asked":
        """Return the same with the numbers that another table asks for, too, so that each is told once."""
        lpips = self.lpips or other.lpips
        notes = () if lpips else tuple(dict.fromkeys([*self.notes, *other.notes]))
        return replace(self, k=tuple(dict.fromkeys([*self.k, *other.k])), lpips=lpips, notes=notes)

    def tasks(self, there: Sequence[tuple[RenderTask, Size]]) -> Iterator[LookTask | ScoreTask]:
        """Yield the looks and the score of those of the pictures that are there, one at least."""
        looks = Looks(tuple((task, None) for task, _ in there)) if self.lacking else self._looks(there)
        yield from looks.tasks
        yield self._score(looks)

    def _looks(self, there: Sequence[tuple[RenderTask, Size]]) -> "Looks":
        looker = self._looker(min(there[0][1]))
        judged = {task.target.unit for task, _ in there} if self.group.of == CLASSES else self.photos.keys()
        return Looks(
            tuple((task, looker.at_picture(task)) for task, _ in there),
            {
                index: looker.at_photos(self.photos[index], self._whose(index))
                for index in sorted(judged & self.photos.keys())
            },
            looker.at_names() if self.clip is not None else None,
        )

    def _looker(self, side: int) -> Looker:
        """Return who looks. side: of the pictures, pixels, for where no network says it."""
        if self.judge is not None:
            return Looker(self.judge, max_pixels=self.max_pixels)
        return Looker(self.group.rendered, self.name, self.max_pixels, side, self.clip, self.lpips)

    def _score(self, looks: "Looks") -> ScoreTask:
        job, shots = looks.pictures[0][0].job, looks.shots
        return ScoreTask(
            model=self.group.rendered.name,
            analysis=self._analysis(looks),
            score=self.name,
            of=self.group.of,
            method=job.method,
            method_version=job.version,
            parameters=job.parameters,
            judge=self.as_judge,
            network=self._network,
            layers=() if self.judge is None else self.judge.layers,
            match=None if self.match is None else _within(self.match, {shot.target.unit for shot in shots}),
            pictures=shots,
            photos=tuple((index, look.key) for index, look in looks.photos.items()),
            names="" if looks.names is None else looks.names.key,
            k=self.k,
            split=self._split_record,
            notes=self.notes,
            lacking=self.lacking,
        )

    def _analysis(self, looks: "Looks") -> Analysis:
        """Return what decides a score's key."""
        shots, split = looks.shots, self._split_record
        judged = [] if self.match is None else sorted({shot.target.unit for shot in shots})
        places = {} if self.match is None else self.match.places
        return Analysis(
            kind="score",
            version=self.score.version,
            model=self.group.rendered.model.card.identity,
            layers=() if self.judge is None else self.judge.layers,
            upstream=tuple(look.key for look in looks.tasks),
            parameters={
                "score": self.name,
                "pictures": [[shot.key, shot.target.unit, shot.seed] for shot in shots],
                "places": [[index, places.get(index, -1)] for index in judged],
                "photos": list[JsonValue](looks.photos),
                "judge": None if self.as_judge is None else self.as_judge.model_dump(mode="json"),
                "k": list(self.k) if self.score.neighbours else [],
                "split": None if split is None else split.model_dump(mode="json"),
                **({"notes": list(self.notes)} if self.notes else {}),
                **({"lacking": self.lacking} if self.lacking else {}),
            },
            numerics="float64",
        )

    @property
    def _split_record(self) -> PhotoSplit | None:
        """What the store keeps of the split, of a score that photos judge."""
        return self.split.record if self.split is not None and PHOTOS in self.score.needs else None

    @property
    def _network(self) -> str:
        if self.judge is not None:
            return self.judge.model.card.identity.architecture
        return "" if self.clip is None else self.clip.architecture

    def _whose(self, index: int) -> str:
        """Return what photos are of, in words: a class, or whatever there is."""
        if self.group.of != CLASSES:
            return "all that judge"
        return self.group.rendered.model.card.called(index)


@dataclass(frozen=True)
class Looks:
    """What a score is made of.

    Attributes:
        pictures: that are there, each with the look at it, or None of a score that cannot be measured.
        photos: class, or part, to the look at those that judge it. names: the look at the names of classes, if any.
    """

    pictures: tuple[tuple[RenderTask, LookTask | None], ...]
    photos: Mapping[int, LookTask] = field(default_factory=dict)
    names: LookTask | None = None

    @property
    def tasks(self) -> list[LookTask]:
        """All of them."""
        return [look for look in (*(look for _, look in self.pictures), *self.photos.values(), self.names) if look]

    @property
    def shots(self) -> tuple[Shot, ...]:
        """The pictures as a score names them."""
        return tuple(Shot(task.key, task.target, task.seed, look.key if look else "") for task, look in self.pictures)


def _within(match: ClassMatch, classes: set[int]) -> ClassMatch:
    """Return what a match says of some classes."""
    places = {index: place for index, place in match.places.items() if index in classes}
    return ClassMatch(places, {index: match.unmatched[index] for index in classes - places.keys()}, match.classes)
