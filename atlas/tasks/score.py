"""Scores: figures of the pictures of a model and method, from what was seen of them. No network runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import ClassVar

import numpy as np
from pydantic import JsonValue

from atlas.core.analysis import ArraysDocument
from atlas.core.job import Target
from atlas.core.score import Judge, PhotoSplit, Score, ScoreCurve, ScoredPicture, ScoreFigure, ScoreValue, Subject
from atlas.errors import ScoreError
from atlas.evaluation.class_match import ClassMatch
from atlas.evaluation.scores.base import CLASSES, SCORES, Column, Evidence, Measured
from atlas.store import Store
from atlas.tasks.analysis import AnalysisTask, Arrays, read_arrays, texts
from atlas.tasks.bench import Bench
from atlas.tasks.task import Outcome


@dataclass(frozen=True)
class Shot:
    """A picture that is scored.

    Attributes:
        key: of its rendering. target, seed: what it is of.
        look: key of what was seen of it.
    """

    key: str
    target: Target
    seed: int
    look: str


@dataclass(frozen=True)
class ScoreTask(AnalysisTask):
    """One score of pictures by one method, as one judge or nobody sees them.

    Attributes:
        score: its name. of: what the pictures are of. method, method_version, parameters: what made the pictures.
        judge: who saw them. network: its architecture. layers: of the judge, the penultimate one first.
        match: of the model's classes with the judge's. names: key of what a CLIP makes of the classes' names.
        pictures: what is scored. photos: class to key of what was seen of the photos that judge it.
        k: neighbours that are counted. split: of the photos, if there are some.
        notes: what of it cannot be measured and what it would take, as sentences.
        lacking: why it cannot be measured here and what it would take, as a sentence; empty if it can.
    """

    kind: ClassVar[str] = "score"
    cost: ClassVar[int] = 0
    evaluates: ClassVar[bool] = True

    score: str
    of: Subject
    method: str
    method_version: int
    parameters: dict[str, JsonValue]
    judge: Judge | None
    network: str
    layers: tuple[str, ...]
    match: ClassMatch | None
    pictures: tuple[Shot, ...]
    photos: tuple[tuple[int, str], ...]
    k: tuple[int, ...]
    split: PhotoSplit | None
    names: str = ""
    notes: tuple[str, ...] = ()
    lacking: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        """See :attr:`Task.needs`."""
        return self.analysis.upstream

    def __str__(self) -> str:
        by = f", judged by {self.judge.name}" if self.judge is not None else ""
        return f"{self.model}: {self.score} of {len(self.pictures)} pictures of {self.of} by {self.method}{by}"

    @property
    def title(self) -> str:
        """See :attr:`Task.title`."""
        return f"{self.model} {self.score}"

    @property
    def columns(self) -> tuple[str, str, str]:
        """See :attr:`Task.columns`."""
        return self.score, self.kind, self.method

    @staticmethod
    def run(tasks: "Sequence[ScoreTask]", bench: Bench) -> list[Outcome]:
        """See :meth:`Task.run`."""
        return [task._measure(bench) for task in tasks]

    def _measure(self, bench: Bench) -> Outcome:
        started = perf_counter()
        measured, photos = self._measured(bench.store)
        values = _by_picture(measured.columns, len(self.pictures))
        document = Score(
            key=self.key,
            analysis=self.analysis,
            score=self.score,
            of=self.of,
            method=self.method,
            method_version=self.method_version,
            parameters=self.parameters,
            judge=self.judge,
            figures=tuple(
                ScoreFigure(
                    name=line.name,
                    title=line.title,
                    layer=line.layer,
                    value=line.figure.value,
                    low=line.figure.low,
                    high=line.figure.high,
                    interval=line.interval,
                    n=line.figure.n,
                )
                for line in measured.lines
            ),
            pictures=tuple(
                ScoredPicture(key=shot.key, class_index=self._class_of(shot), seed=shot.seed, values=own)
                for shot, own in zip(self.pictures, values, strict=True)
            ),
            curves=tuple(
                ScoreCurve(
                    name=one.name,
                    x=tuple(one.x),
                    y=tuple(one.y),
                    low=tuple(one.low),
                    high=tuple(one.high),
                    x_title=one.x_title,
                    x_unit=one.x_unit,
                )
                for one in measured.curves
            ),
            photos=sum(photos),
            split=self.split,
            left_out=(*measured.left_out, *self.notes, *self._unseen(bench.store)),
            provenance=bench.provenance(perf_counter() - started),
        )
        for card in SCORES.get(self.score).cards_for(self.k):
            bench.store.save_metric(card)
        bench.store.commit(self.key, document, {})
        return Outcome(self, "done")

    def _measured(self, store: Store) -> tuple[Measured, list[int]]:
        """Return what the score says, or why it cannot be had, and of how many photos of each sort."""
        if self.lacking:
            return Measured(left_out=[self.lacking]), []
        seen = self._evidence(store)
        photos = [max(map(len, arrays.values()), default=0) for arrays in seen.photos.values()]
        try:
            return SCORES.get(self.score).measure(seen), photos
        except ScoreError as error:
            return Measured(left_out=[error.sentence]), photos

    def _unseen(self, store: Store) -> Iterable[str]:
        """Return what looks at the pictures left out and what it would take, as sentences, each once."""
        looks = (store.document(ArraysDocument, shot.look) for shot in self.pictures if shot.look)
        return dict.fromkeys(line for look in looks for line in texts(look, "left_out"))

    def _class_of(self, shot: Shot) -> int | None:
        return shot.target.unit if self.of == CLASSES else None

    def _evidence(self, store: Store) -> Evidence:
        return Evidence(
            pictures=_stacked(read_arrays(store, shot.look)[1] for shot in self.pictures),
            targets=[shot.target for shot in self.pictures],
            seeds=[shot.seed for shot in self.pictures],
            match=self.match,
            own=self.judge is not None and self.judge.relation == "own",
            network=self.network,
            photos={index: read_arrays(store, look)[1] for index, look in self.photos},
            layers=self.layers,
            k=self.k,
            names=read_arrays(store, self.names)[1] if self.names else None,
        )


def _stacked(looks: Iterable[Arrays]) -> Arrays:
    """Return the rows of several looks as one."""
    rows: dict[str, list[np.ndarray]] = {}
    for arrays in looks:
        for name, array in arrays.items():
            rows.setdefault(name, []).append(array)
    return {name: np.concatenate(each) for name, each in rows.items()}


def _by_picture(columns: Sequence[Column], count: int) -> list[tuple[ScoreValue, ...]]:
    """Return the values of each of so many pictures."""
    return [
        tuple(
            ScoreValue(name=column.name, layer=column.layer, value=value)
            for column in columns
            if (value := column.values[place]) is not None
        )
        for place in range(count)
    ]
