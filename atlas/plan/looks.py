"""Plan of looks: who looks at finished pictures and at photos, and the tasks of looking."""

from collections.abc import Mapping
from dataclasses import dataclass

from atlas.core.analysis import Analysis
from atlas.core.canonical import digest
from atlas.evaluation.scores.base import SCORES
from atlas.photos import Photo
from atlas.plan.judges import Seat
from atlas.tasks.analysis import photos_digest
from atlas.tasks.clip import ClipFile, ClipLookTask, NamesTask
from atlas.tasks.comparing import CompareTask, Lpips
from atlas.tasks.look import LOOK_VERSION, LookTask
from atlas.tasks.rendering import RenderTask


@dataclass(frozen=True)
class Looker:
    """Who looks.

    Attributes:
        seat: whose network does; where a score looks by itself, the rendered model, for a task is one of a model.
        score: name of the score that looks by itself; empty where a network does.
        max_pixels: of a photo. side: of the squares of photos, pixels, where no network says it.
        clip: who looks in the score's place, if anybody does.
        lpips: what measures LPIPS of inversions, if anything does.
    """

    seat: Seat
    score: str = ""
    max_pixels: int = 0
    side: int = 0
    clip: ClipFile | None = None
    lpips: Lpips | None = None

    def at_picture(self, task: RenderTask) -> LookTask:
        """Return the look at a picture, by a score beside its photo where it is an inversion."""
        if self.score and task.target.kind == "inversion":
            given = self.lpips
            by = {} if given is None else {"lpips": [given.backbone, given.digest]}
            analysis = self._look(by, upstream=(task.key,))
            return CompareTask(self.seat.name, analysis, str(task), picture=task.key, score=self.score, lpips=given)
        if self.clip is not None:
            analysis = self._look(self._by_clip, upstream=(task.key,))
            return ClipLookTask(self.seat.name, analysis, str(task), picture=task.key, score=self.score, clip=self.clip)
        return LookTask(
            self.seat.name, self._look({}, upstream=(task.key,)), str(task), picture=task.key, score=self.score
        )

    def at_names(self) -> NamesTask:
        """Return the look at the names of all classes of the model, by a CLIP."""
        names = tuple(label.name for label in self.seat.model.card.classes)
        analysis = self._look(self._by_clip | {"names": digest(names)})
        what = f"the names of {len(names)} classes"
        return NamesTask(self.seat.name, analysis, what, score=self.score, clip=self.clip, names=names)

    @property
    def _by_clip(self) -> dict[str, object]:
        assert self.clip is not None
        return {"clip": [self.clip.architecture, self.clip.digest]}

    def at_photos(self, photos: tuple[Photo, ...], of: str) -> LookTask:
        """Return the look at photos, which are in the order of their digests; ``of``: what, in words."""
        sides = {"side": self.side} if self.side else {}
        analysis = self._look({"max_pixels": self.max_pixels, **sides}, photos=photos_digest(photos))
        what = f"{len(photos)} photos of {of}"
        return LookTask(self.seat.name, analysis, what, photos=photos, score=self.score, side=self.side)

    def _look(self, parameters: Mapping[str, object], **at: object) -> Analysis:
        seen: dict[str, object] = {"layers": self.seat.looked_at, "numerics": self.seat.numerics}
        own: dict[str, object] = {}
        if self.score:  # it is the same for every model
            seen = {"layers": (), "numerics": "float64" if self.clip is None else "float32"}
            own = {"score": self.score, "score_version": SCORES.get(self.score).version}
        common = {"kind": "look", "version": LOOK_VERSION, "model": self.seat.model.card.identity}
        return Analysis.model_validate({**common, **seen, "parameters": {**parameters, **own}, **at})
