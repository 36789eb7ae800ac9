"""Scene: what an analysis is planned in: models, photos, pictures; and what it asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from atlas.config import AnalyseBlock, Config
from atlas.config.evaluation import ALL
from atlas.core.canonical import seeded_rank
from atlas.core.class_selection import select_classes
from atlas.core.finding import StudiedModel
from atlas.core.job import LOGITS
from atlas.core.score import PhotoSplit
from atlas.errors import ConfigError
from atlas.models.load import VisionModel
from atlas.photos import Photo, PhotoSet
from atlas.photos.classes import match_classes
from atlas.photos.readers.base import counted, some
from atlas.photos.split import Split
from atlas.plan.judges import Seat, own_seat, seats
from atlas.plan.renderings import Renderings
from atlas.plan.select import select_layers
from atlas.plan.stored import StoredPictures
from atlas.store import Store
from atlas.tasks.concepts import ConceptsTask
from atlas.tasks.rendering import RenderTask
from atlas.tasks.task import Task

ByClass = Mapping[int, tuple[Photo, ...]]


class Asked(Protocol):
    """What one table asks for of one model, or of two."""

    def tasks(self, store: Store | None) -> Sequence[Task]:
        """Return its measurements and findings; of what a store has, where they are about pictures in it."""
        ...


@dataclass(frozen=True)
class Fixed:
    """What depends on nothing in the store."""

    planned: tuple[Task, ...]

    def tasks(self, store: Store | None) -> Sequence[Task]:
        """See :meth:`Asked.tasks`."""
        return self.planned


@dataclass
class Scene:
    """What analyses are planned in.

    Attributes:
        split: of the photos, if one is asked for; those that judge are then looked at, else all.
        renderings, concepts: what else the configuration asks for.
        left_out: what is not analysed and why, as sentences.
        rendered: pictures, by key, that analyses need and no ``[[render]]`` table asks for. inputs: sha256 to bytes of
            what these name.
        stored: which pictures a store has.
    """

    config: Config
    models: Mapping[str, VisionModel]
    photo_set: PhotoSet
    split: Split | None
    renderings: Renderings
    concepts: tuple[ConceptsTask, ...] = ()
    left_out: list[str] = field(default_factory=list)
    rendered: dict[str, RenderTask] = field(default_factory=dict)
    inputs: dict[str, bytes] = field(default_factory=dict)
    _by_class: dict[str, ByClass] = field(default_factory=dict)
    _seats: dict[str, Seat] = field(default_factory=dict)
    stored: StoredPictures = field(default_factory=StoredPictures)

    def names(self, block: AnalyseBlock) -> tuple[str, ...]:
        """Return the names of a table's models."""
        return tuple(spec.name for spec in self.config.models) if block.models == ALL else block.models

    def with_classes(self, block: AnalyseBlock) -> tuple[str, ...]:
        """Return the names of a table's models; of all models, those that tell classes apart."""
        names = self.names(block)
        if block.models != ALL:
            return names
        blind = [name for name in names if self.models[name].card.layer(LOGITS) is None]
        self.left_out += [f"{block.kind} of {name}: it tells no classes apart" for name in blind]
        return tuple(name for name in names if name not in blind)

    @property
    def record(self) -> PhotoSplit | None:
        """What the store keeps of the split."""
        return None if self.split is None else self.split.record

    @property
    def split_parameter(self) -> JsonValue:
        """The same as a parameter of a finding, which decides its key."""
        return None if self.split is None else self.split.record.model_dump(mode="json")

    @property
    def max_pixels(self) -> int:
        """Of a photo, as it is decoded."""
        return self.photo_set.spec.max_pixels

    @property
    def photos(self) -> tuple[Photo, ...]:
        """All photos that are looked at, each once, in the order of their digests, which mixes classes."""
        return self._looked_at(self.photo_set.photos)

    def by_class(self, name: str) -> ByClass:
        """Return the photos of each class of a model that are looked at, in the order of their digests.

        Folders that stand for none of its classes, as where it has fewer than others, are left out and counted.

        Raises:
            ConfigError: none stands for a class.
        """
        if name not in self._by_class:
            found = self._matched(name)
            looked_at = {index: self._looked_at(photos) for index, photos in found.items()}
            self._by_class[name] = {index: photos for index, photos in looked_at.items() if photos}
        return self._by_class[name]

    def classes(self, block: AnalyseBlock, name: str) -> tuple[int, ...]:
        """Return a table's classes of one of its models that have photos.

        Raises:
            ConfigError: the model has none, a selector means none, or there are no photos of any.
        """
        card = self.models[name].card
        if card.layer(LOGITS) is None:
            raise ConfigError([f'models: "{name}" tells no classes apart; leave it out'])
        if not self.photo_set.grouped:
            raise ConfigError([f"classes: the photos of {self.photo_set.name} are in no class folders"])
        photos = self.by_class(name)
        if block.classes == ALL:
            chosen = tuple(photos)
        else:
            found, problems = select_classes(block.classes, card)
            if problems:
                raise ConfigError(problems)
            chosen = tuple(index for index in found if index in photos)
            if chosen and len(chosen) < len(found):
                lacking = some([card.called(index) for index in found if index not in photos])
                self.left_out.append(f"{block.kind} of {name}: there are no photos of {lacking}; add some")
        if not chosen:
            raise ConfigError([f'classes: there are no photos of them for model "{name}"; add some'])
        return chosen

    def lookers(self, name: str, others: Sequence[str]) -> list[Seat]:
        """Return who else than a model itself may look at its pictures: judges, and some other models."""
        if not self._seats:
            self._seats.update(seats(self.config, self.models))
        chosen = {one: self._seats.get(one) or own_seat(one, self.models[one]) for one in (*self._seats, *others)}
        own = self.models[name].card.identity.fingerprint
        return [seat for seat in chosen.values() if seat.model.card.identity.fingerprint != own]

    def fitting(self, name: str) -> Mapping[int, Sequence[Photo]]:
        """Return the photos of each class of a model that methods may be given, in the order of their digests."""
        found = self._matched(name)
        judging = frozenset() if self.split is None else self.split.judging
        return {
            index: sorted((it for it in photos if it.digest not in judging), key=lambda it: it.digest)
            for index, photos in found.items()
        }

    def layers(self, block: AnalyseBlock, name: str, usual: tuple[str, ...]) -> tuple[str, ...]:
        """Return the layers of one of a table's models: those it names, or the usual ones.

        Raises:
            ConfigError: it names none of the model's, or some that none of the table's models has.
        """
        if not block.layers:
            return usual
        cards = [self.models[one].card for one in self.names(block)]
        nowhere = [glob for glob in block.layers if not any(select_layers([glob], card)[0] for card in cards)]
        found, problems = select_layers(nowhere or block.layers, self.models[name].card)
        if nowhere or not found:
            raise ConfigError(problems)
        return tuple(layer.name for layer in found)

    def studied(self, name: str, layers: tuple[str, ...] = ()) -> StudiedModel:
        """Return what the store keeps of a model that an analysis is about."""
        card = self.models[name].card
        classes = len(card.classes) if card.layer(LOGITS) is not None else 0
        return StudiedModel(name=name, fingerprint=card.identity.fingerprint, layers=layers, classes=classes)

    def _matched(self, name: str) -> ByClass:
        matched = match_classes(self.photo_set, self.models[name].card.classes)
        if not matched.classes:
            matched.checked()
        if matched.problems:
            told = counted(len(matched.problems), "folder")
            self.left_out.append(f"{told} of photos of none of {name}'s classes: {some(matched.problems)}")
        return matched.classes

    def _looked_at(self, photos: Sequence[Photo]) -> tuple[Photo, ...]:
        if self.split is not None:
            return self.split.judges(photos)
        found = {photo.digest: photo for photo in photos}
        return tuple(found[digest] for digest in sorted(found))


def some_of(photos: Sequence[Photo], limit: int, seed: int) -> tuple[Photo, ...]:
    """Return at most so many of some photos, drawn by a seed and their content, in the order of their digests."""
    drawn = sorted(photos, key=lambda photo: seeded_rank(seed, photo.digest))[:limit]
    return tuple(sorted(drawn, key=lambda photo: photo.digest))
