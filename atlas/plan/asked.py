"""Asked: one score of a group of pictures by one judge, and the tasks that make it of the pictures that are there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

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
    def distinction(self) -> str:
        """What tells it from others that a configuration asks for, whichever pictures are there."""
        by = self.as_judge.fingerprint if self.as_judge else ""
        k = self.k if self.score.neighbours else ()
        tools = [tool.digest for tool in (self.clip, self.lpips) if tool is not None]
        return canonical_json([self.name, by, self.group.pictures[0].key, k, tools, self.notes, self.lacking])

    def tasks(self, there: Sequence[tuple[RenderTask, Size]]) -> Iterator[LookTask | ScoreTask]:
        """Yield the looks and the score of those of the pictures that are there, one at least."""
        if self.lacking:
            yield self._score([task for task, _ in there], [], {}, None)
            return
        looker = self._looker(min(there[0][1]))
        looks = [looker.at_picture(task) for task, _ in there]
        judged = {task.job.target.unit for task, _ in there} if self.group.of == CLASSES else self.photos.keys()
        at_photos = {
            index: looker.at_photos(self.photos[index], self._whose(index))
            for index in sorted(judged & self.photos.keys())
        }
        yield from looks
        yield from at_photos.values()
        at_names = looker.at_names() if self.clip is not None else None
        if at_names is not None:
            yield at_names
        yield self._score([task for task, _ in there], looks, at_photos, at_names)

    def _looker(self, side: int) -> Looker:
        """Return who looks. side: of the pictures, pixels, for where no network says it."""
        if self.judge is not None:
            return Looker(self.judge, max_pixels=self.max_pixels)
        return Looker(self.group.rendered, self.name, self.max_pixels, side, self.clip, self.lpips)

    def _score(
        self,
        pictures: Sequence[RenderTask],
        looks: Sequence[LookTask],
        at_photos: Mapping[int, LookTask],
        at_names: LookTask | None,
    ) -> ScoreTask:
        job, rendered = pictures[0].job, self.group.rendered
        seen = [look.key for look in looks] or [""] * len(pictures)
        shots = tuple(
            Shot(task.key, task.job.target, task.job.seed, look) for task, look in zip(pictures, seen, strict=True)
        )
        upstream = [look.key for look in (*looks, *at_photos.values(), *([] if at_names is None else [at_names]))]
        return ScoreTask(
            model=rendered.name,
            analysis=self._analysis(shots, list(at_photos), upstream),
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
            photos=tuple((index, look.key) for index, look in at_photos.items()),
            names="" if at_names is None else at_names.key,
            k=self.k,
            split=self._split_record,
            notes=self.notes,
            lacking=self.lacking,
        )

    def _analysis(self, shots: Sequence[Shot], judging: list[int], upstream: Sequence[str]) -> Analysis:
        """Return what decides a score's key. judging: of which classes, or parts, photos judge."""
        judged = [] if self.match is None else sorted({shot.target.unit for shot in shots})
        places = {} if self.match is None else self.match.places
        split = self._split_record
        return Analysis(
            kind="score",
            version=self.score.version,
            model=self.group.rendered.model.card.identity,
            layers=() if self.judge is None else self.judge.layers,
            upstream=tuple(upstream),
            parameters={
                "score": self.name,
                "pictures": [[shot.key, shot.target.unit, shot.seed] for shot in shots],
                "places": [[index, places.get(index, -1)] for index in judged],
                "photos": list[JsonValue](judging),
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


def _within(match: ClassMatch, classes: set[int]) -> ClassMatch:
    """Return what a match says of some classes."""
    places = {index: place for index, place in match.places.items() if index in classes}
    return ClassMatch(places, {index: match.unmatched[index] for index in classes - places.keys()}, match.classes)
