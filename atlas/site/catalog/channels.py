"""ClassChannels: what the channels of one layer contribute to a class's logit, as its pages show it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from atlas.core.analysis import PhotoCredit
from atlas.core.csv_text import csv_text
from atlas.core.finding import ChannelPart, Finding
from atlas.site.catalog.head import ModelHead

KIND = "attribution"
"""Of the findings that tell of channels."""
RISE = "attribution_rise"
"""Name of the number that says by how much the class's logit rises from the baseline to its photos."""
MOST = 8
"""Channels of each sign that a page shows: with four photos each, sixteen keep its 50 KB. The others are in the CSV."""
ON_A_PHOTO = 3
"""Channels of each sign that the page of a photo shows."""
MAPPED = 24
"""Photos with heat maps, at most: those on which the class's logit rises most."""
LAYERS = 2
"""Layers that a class's own page tells of."""


@dataclass(frozen=True)
class OnPhoto:
    """What one channel gives on one photo.

    Attributes:
        part: of the class's channels. row: of its heat maps, None without one. value: logit.
    """

    part: ChannelPart
    row: int | None
    value: float


@dataclass(frozen=True, eq=False)
class ClassChannels:
    """What the channels of one layer contribute to the logit of one class.

    Attributes:
        finding: as the store keeps it. place: among the class's layers, from 1.
        where: the layer as pages name it, with what tells it from the same layer on other photos of the class.
    """

    model: ModelHead
    finding: Finding
    place: int
    where: str

    @property
    def index(self) -> int:
        """The class's."""
        assert self.finding.class_index is not None  # see channels_of
        return self.finding.class_index

    @property
    def layer(self) -> str:
        """Whose channels they are."""
        return self.finding.analysis.layers[0]

    @property
    def address(self) -> str:
        """Address of its page."""
        return f"{self.model.folder}/c/{self.index}-channels{'' if self.place == 1 else f'-{self.place}'}.html"

    @cached_property
    def speaking(self) -> list[ChannelPart]:
        """Those that speak for the class, the strongest first."""
        return sorted((part for part in self.finding.channels if part.value > 0), key=lambda part: -part.value)

    @cached_property
    def against(self) -> list[ChannelPart]:
        """Those that speak against it, the strongest first."""
        return sorted((part for part in self.finding.channels if part.value < 0), key=lambda part: part.value)

    @cached_property
    def shown(self) -> list[ChannelPart]:
        """Those that pages show."""
        return [*self.speaking[:MOST], *self.against[:MOST]]

    @cached_property
    def mapped(self) -> list[ChannelPart]:
        """Those shown that have heat maps, one row of the maps' file each."""
        return [part for part in self.shown if part.maps is not None]

    @cached_property
    def photos(self) -> list[int]:
        """Places of the finding's photos that have heat maps, one column each: the logit rises most on the first."""
        crops = self.finding.crops
        return sorted(range(len(crops)), key=lambda place: (-crops[place].value, place))[:MAPPED]

    def row(self, part: ChannelPart) -> int | None:
        """Return the row of a channel's heat maps; None if it has none."""
        return next((row for row, other in enumerate(self.mapped) if other is part), None)

    def credit(self, place: int) -> PhotoCredit:
        """Return whom one of the finding's shown photos is owed to."""
        return self.finding.photos[self.finding.crops[place].photo]

    def place_of(self, digest: str) -> int | None:
        """Return the place of a photo among those shown; None if it is not."""
        places = range(len(self.finding.crops))
        return next((place for place in places if self.credit(place).digest == digest), None)

    def on(self, place: int) -> list[OnPhoto]:
        """Return what gives most on one photo, and what takes most, of the channels shown: the most giving first."""
        found = [OnPhoto(part, self.row(part), part.values[place]) for part in self.shown]
        giving = sorted((one for one in found if one.value > 0), key=lambda one: -one.value)[:ON_A_PHOTO]
        return giving + sorted((one for one in found if one.value < 0), key=lambda one: -one.value)[-ON_A_PHOTO:]

    @property
    def rise(self) -> float | None:
        """By how much the class's logit rises, mean over photos; None if that was not measured."""
        return next((figure.value for figure in self.finding.figures if figure.name == RISE), None)

    @cached_property
    def files(self) -> dict[str, bytes]:
        """Name of a CSV file beside its page to its content: of channels, and of each channel on each photo."""
        stem = self.address.rpartition("/")[2].removesuffix(".html")
        names = ("channel", "value", "low", "high", "share", "side", "leads", "leads_low", "leads_high")
        parts = self.finding.channels
        on_photos = [
            (part.channel, self.credit(place).digest, self.credit(place).name, value)
            for part in parts
            for place, value in enumerate(part.values)
        ]
        return {
            f"{stem}.csv": csv_text(names, [[getattr(part, name) for name in names] for part in parts]).encode(),
            f"{stem}-photos.csv": csv_text(("channel", "photo", "name", "value"), on_photos).encode(),
        }


def channels_of(model: ModelHead, findings: Iterable[Finding]) -> dict[int, list[ClassChannels]]:
    """Return class index to what is known of its channels, layer by layer, of the findings of a model."""
    positions = {info.name: place for place, info in enumerate(model.card.layers)}
    own = [it for it in findings if it.models[0].fingerprint == model.card.identity.fingerprint and _tells(it)]
    told: dict[int, list[Finding]] = {}
    for finding in own:
        assert finding.class_index is not None  # see _tells
        told.setdefault(finding.class_index, []).append(finding)
    return {
        index: [
            ClassChannels(model, finding, place, _where(finding, of_class))
            for place, finding in enumerate(
                sorted(of_class, key=lambda it: (positions.get(it.analysis.layers[0], 0), it.key)), 1
            )
        ]
        for index, of_class in sorted(told.items())
    }


def _where(finding: Finding, of_class: Iterable[Finding]) -> str:
    """Return the layer of a finding, told from others of the class that are of the same layer and of other photos."""
    layer = finding.analysis.layers[0]
    same = sorted(it.key for it in of_class if it.analysis.layers[0] == layer)
    return layer if len(same) == 1 else f"{layer} ({same.index(finding.key) + 1}: {finding.photo_count} photos)"


def _tells(finding: Finding) -> bool:
    there = finding.kind == KIND and finding.class_index is not None and bool(finding.channels)
    return there and bool(finding.crops) and finding.photo_sprite is not None
