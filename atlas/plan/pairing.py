"""Pairing: which score of which pictures is asked of which judge, and what is not and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from atlas.config import Config, EvaluateBlock
from atlas.config.evaluation import ALL
from atlas.core.score import Subject
from atlas.errors import did_you_mean
from atlas.evaluation.class_match import ClassMatch, are_numbered, match_labels
from atlas.evaluation.scores.base import CLASSES, CLIP, JUDGES, LPIPS, PHOTOS, SCORES, UNITS, Score
from atlas.extras import has, missing
from atlas.models.load import VisionModel
from atlas.photos import Photo, PhotoSet
from atlas.photos.classes import match_classes
from atlas.photos.split import Split
from atlas.plan.asked import Asked
from atlas.plan.groups import Group, grouped
from atlas.plan.instruments import clip_of, lpips_of
from atlas.plan.judges import Seat, own_seat, seats
from atlas.plan.renderings import Renderings
from atlas.tasks.tally import in_parts

PICTURES: Mapping[Subject, str] = {
    "classes": "pictures of classes",
    "units": "pictures of channels",
    "inversions": "pictures of what layers hold of photos",
}
"""What there must be pictures of, in words."""
TO_RENDER: Mapping[Subject, str] = {
    "classes": "add classes to a [[render]] table",
    "units": "add a [[render]] table with layers and units",
    "inversions": "add a [[render]] table with photos, layers and a method that inverts",
}
"""What it takes to have some."""


PART = 64
"""Photos of one look at all that judge: few enough to lose little when a run is ended."""


class Pairing:
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
        self.groups, self.left_out = grouped(renderings, self._seat_of)

    def problems(self) -> Iterator[str]:
        """Yield which models and methods are named of which there is no picture that a table's scores are of."""
        for number, block in enumerate(self._config.evaluate):
            subjects = dict.fromkeys(SCORES.get(name).of for name in block.scores)
            groups = [group for group in self.groups if group.of in subjects]
            what = " or ".join(PICTURES[of] for of in subjects)
            there = {"models": [group.rendered.name for group in groups], "methods": [one.method for one in groups]}
            for key, names in (("models", block.models), ("methods", block.methods)):
                known = list(dict.fromkeys(there[key]))
                for name in names:
                    if name not in (*known, *ALL):
                        hint = did_you_mean(name, known) or f"there are such of: {', '.join(known) or 'none'}"
                        yield f'evaluate[{number}].{key}: no {what} of "{name}" are rendered; {hint}'

    def asked(self, block: EvaluateBlock) -> Iterator[Asked]:
        """Yield what a table asks for."""
        groups = [
            group
            for group in self.groups
            if (block.models == ALL or group.rendered.name in block.models)
            and (block.methods == ALL or group.method in block.methods)
        ]
        by_subject: dict[Subject, list[str]] = {}
        for name in block.scores:
            by_subject.setdefault(SCORES.get(name).of, []).append(name)
        for of, names in by_subject.items():
            found = [group for group in groups if group.of == of]
            if not found:
                what = f"no {PICTURES[of]} by their models and methods are rendered"
                self.left_out.append(f"{', '.join(names)}: {what}; {TO_RENDER[of]}")
            for name in names:
                self._note_unjudged(name, SCORES.get(name), found)
                for group in found:
                    yield from self._of_group(name, SCORES.get(name), group, block)

    def _note_unjudged(self, name: str, score: Score, groups: Sequence[Group]) -> None:
        """Note what a score cannot say because of who judges."""
        networks = [seat.model.card.identity.architecture for seat in self._judges.values()]
        if groups and (told := score.unjudged(networks)):
            self.left_out.append(f"{name}: {told}")

    def _of_group(self, name: str, score: Score, group: Group, block: EvaluateBlock) -> Iterator[Asked]:
        photos: Mapping[int, tuple[Photo, ...]] = {}
        if PHOTOS in score.needs:
            photos = self._judging(group) if group.of == CLASSES else self._all_judging
            if not (_classes(group) & photos.keys() if group.of == CLASSES else photos):
                whose = "its classes; add photos of them" if group.of == CLASSES else "it; add photos"
                self.left_out.append(f"{name} of {group}: no photos judge {whose}")
                return
        if lacking := _lacking(name, score, group, block):
            yield Asked(name, group, None, None, None, {}, block.k, None, 0, lacking=lacking)
            return
        asks_judges = JUDGES in score.needs or score.own
        for judge in self._judges_of(score, group) if asks_judges else (None,):
            as_judge = None if judge is None else judge.beside(group.rendered)
            match = None
            if judge is not None and score.classes:
                match = _matched(group.rendered, judge)
                if not _classes(group) & match.places.keys():
                    self.left_out.append(
                        f"{name} of {group} by {judge.name}: it has none of the classes, by WordNet id or name; give "
                        "it class_names, or another judge"
                    )
                    continue
            pixels = self._photo_set.spec.max_pixels if self._photo_set is not None else 0
            asked = Asked(name, group, judge, as_judge, match, photos, block.k, self._split, pixels)
            yield self._equipped(asked, block)

    def _equipped(self, asked: Asked, block: EvaluateBlock) -> Asked:
        """Return what is asked with the instruments that its score uses, and a note of those that are not there."""
        if CLIP in asked.score.needs:
            clip = clip_of(block.clip)
            assert not isinstance(clip, str)  # what is lacking was told
            return replace(asked, clip=clip)
        if LPIPS not in asked.score.uses:
            return asked
        found = lpips_of(block.lpips)
        return replace(asked, notes=(found,)) if isinstance(found, str) else replace(asked, lpips=found)

    def _judges_of(self, score: Score, group: Group) -> Iterator[Seat]:
        """Yield who looks at a group's pictures: all judges, and the model itself where the score asks it.

        Pictures of units are looked at by their own model alone, for no other has these units.
        """
        if group.of == UNITS:
            yield replace(group.rendered, layers=group.layers)
            return
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

    @cached_property
    def _all_judging(self) -> Mapping[int, tuple[Photo, ...]]:
        """All photos that judge, in parts."""
        if self._photo_set is None or self._split is None:
            return {}
        return dict(enumerate(in_parts(self._split.judges(self._photo_set.photos), PART)))

    def _seat_of(self, name: str) -> Seat:
        return self._judges.get(name) or own_seat(name, self._models[name])


def _lacking(name: str, score: Score, group: Group, block: EvaluateBlock) -> str:
    """Return what a score needs that is not there, and how to get it, as a sentence; empty of nothing."""
    if library := next((each for each in score.libraries if not has(each)), ""):
        return missing(library, name).sentence
    if CLIP not in score.needs:
        return ""
    if are_numbered(group.rendered.model.card.classes):
        return "the classes of the model have numbers and no names; say what they are by class_names"
    found = clip_of(block.clip)
    return found if isinstance(found, str) else ""


def _classes(group: Group) -> set[int]:
    return {task.target.unit for task in group.pictures}


def _matched(rendered: Seat, judge: Seat) -> ClassMatch:
    """Return which of a judge's classes each of a rendered model's is; of the model itself, each is its own."""
    labels, others = rendered.model.card.classes, judge.model.card.classes if judge.classifies else ()
    if judge.model.card.identity.fingerprint == rendered.model.card.identity.fingerprint:
        return ClassMatch({index: index for index in range(len(labels))}, {}, len(labels))
    return match_labels(labels, others)
