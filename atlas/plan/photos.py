"""Photos of jobs: those that pictures start from or are of, and those that are their references."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from atlas.config import UnitSample
from atlas.core.canonical import canonical_json, digest_bytes
from atlas.core.job import CLASS_KINDS, LOGITS, Target
from atlas.errors import ConfigError, PhotoError, PhotoGoneError
from atlas.models.load import VisionModel
from atlas.photos import Photo, PhotoSet
from atlas.photos.classes import match_classes
from atlas.photos.readers.base import counted, some
from atlas.plan.select import select_photos


class References(NamedTuple):
    """Reference photos in the order of their digests, and the list of these: its sha256, its bytes."""

    photos: tuple[Photo, ...]
    digest: str
    data: bytes


def references(photos: Sequence[Photo]) -> References:
    """Return photos as references; the order in which they come does not matter."""
    ordered = tuple(sorted(photos, key=lambda photo: photo.digest))
    data = canonical_json([photo.digest for photo in ordered]).encode()
    return References(ordered, digest_bytes(data), data)


class JobPhotos:
    """A photo set as a plan asks it.

    Args:
        photo_set: None where the configuration names none.
        judging: digests of photos that pictures are measured against: none is a reference, or tells looks apart.

    Attributes:
        used: digest to photo of all that jobs start from or are of; they are copied into the store.
        notices: sentences on photos that are left out.
    """

    def __init__(self, photo_set: PhotoSet | None, judging: frozenset[str] = frozenset()) -> None:
        self._set = photo_set
        self._judging = judging
        self._by_class: dict[str, Mapping[int, Sequence[Photo]]] = {}
        self._readable: dict[str, str] = {}
        self.used: dict[str, Photo] = {}
        self.notices: list[str] = []

    @property
    def photo_set(self) -> PhotoSet | None:
        """The photo set."""
        return self._set

    @property
    def given(self) -> bool:
        """Whether there is a photo set."""
        return self._set is not None

    def chosen(self, selectors: Sequence[str] | UnitSample) -> list[Photo]:
        """Return the photos that a block names, each once, in the set's order. All can be decoded.

        Raises:
            ConfigError: a selector matches none, a photo that it names cannot be decoded, or none of them can be.
        """
        if self._set is None:
            raise ConfigError(['photos: there are no photos; add a table [photos] with path = "a folder of photos"'])
        found, problems = select_photos(selectors, self._set)
        kept: dict[str, Photo] = {}
        left_out: list[str] = []
        for photo, named in found.items():
            reason = self._problem(self._set, photo)
            if not reason:
                kept.setdefault(photo.digest, photo)
            elif named:
                problems.append(f"photos: {reason}")
            else:
                left_out.append(reason)
        if left_out and not kept:
            problems.append(f"photos: none of {counted(len(left_out))} can be decoded: {some(left_out)}")
        if problems:
            raise ConfigError(problems)
        if left_out:
            self.notices.append(f"left out {counted(len(left_out))} that cannot be decoded: {some(left_out)}")
        self.used |= kept
        return list(kept.values())

    def with_references(
        self, targets: Sequence[Target], name: str, model: VisionModel, wide: bool
    ) -> list[tuple[Target, References]]:
        """Return targets with reference photos: of their class, or all there are.

        Args:
            wide: leave out classes without photos, because they were not named one by one.

        Raises:
            ConfigError: there are no photos of a class, or none of any.
        """
        if targets[0].kind not in CLASS_KINDS:  # the reference photos of other kinds are all photos
            return [(target.model_copy(update={"references": self._all.digest}), self._all) for target in targets]
        by_class = self._classes(name, model)
        lacking = sorted({target.unit for target in targets if not by_class.get(target.unit)})
        if lacking and (not wide or len(lacking) == len({target.unit for target in targets})):
            names = [model.card.classes[index].name or f"class {index}" for index in lacking]
            told = f"classes: there are no photos of {some(names)}, whose photos are the references"
            raise ConfigError([f"{told}; add some, or leave these classes out"])
        found = {unit: references(photos) for unit, photos in by_class.items() if photos}
        return [
            (target.model_copy(update={"references": found[target.unit].digest}), found[target.unit])
            for target in targets
            if target.unit in found
        ]

    def of_class(self, name: str, model: VisionModel, index: int) -> Sequence[Photo]:
        """Return the photos among which those of a class are: its own, or all if the set has no class folders.

        Args:
            name: of the model.

        Raises:
            ConfigError: folders stand for no class.
        """
        if self._set is None:
            return ()
        return self._classes(name, model).get(index, ()) if self._set.grouped else self._fitted(self._set.photos)

    @cached_property
    def _all(self) -> References:
        return references(self._fitted(self._set.photos) if self._set else ())

    def _classes(self, name: str, model: VisionModel) -> Mapping[int, Sequence[Photo]]:
        if self._set is None or not self._set.grouped:
            raise ConfigError(["classes: the photos are in no class folders, so no class has reference photos"])
        if name not in self._by_class:
            has_classes = model.card.layer(LOGITS) is not None
            matched = match_classes(self._set, model.card.classes).checked() if has_classes else {}
            self._by_class[name] = {index: self._fitted(photos) for index, photos in matched.items()}
        return self._by_class[name]

    def _fitted(self, photos: Sequence[Photo]) -> Sequence[Photo]:
        """Return those of some photos that methods may be given."""
        return [photo for photo in photos if photo.digest not in self._judging] if self._judging else photos

    def _problem(self, photo_set: PhotoSet, photo: Photo) -> str:
        """Return why a photo cannot be decoded; empty if it can."""
        if photo.digest not in self._readable:
            try:
                photo_set.image(photo)
            except PhotoGoneError:
                raise
            except PhotoError as error:
                self._readable[photo.digest] = error.message
            else:
                self._readable[photo.digest] = ""
        return self._readable[photo.digest]
