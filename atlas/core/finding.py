"""Findings: what analyses of models found, as the store keeps it, with everything that a page needs to draw it."""

from pydantic import Field

from atlas.core.analysis import Analysis, Crop, PhotoCredit, Sprite
from atlas.core.job import Frozen, Text
from atlas.core.record import SCHEMA_VERSION, Provenance
from atlas.core.score import PhotoSplit, ScoreCurve


class StudiedModel(Frozen):
    """A model that an analysis is about.

    Attributes:
        name: in the configuration. fingerprint: of the model. layers: that were looked at, in the network's order.
        classes: that it tells apart; 0 if it has none.
    """

    name: Text
    fingerprint: str
    layers: tuple[str, ...] = ()
    classes: int = Field(default=0, ge=0)


class FindingFigure(Frozen):
    """A number that was found.

    Attributes:
        name: of its card.
        layer: of the first model, where the number is of one; else empty. other_layer: of the last model, likewise.
        class_index: of the first model, where it is of one class.
        variant: what else tells it from other numbers: a channel, a change of photos, an order of concepts; or empty.
        value, low, high: with its 95 % interval; both ends are the value where nothing is known of others.
        n: how many it is of, as its card says.
    """

    name: str
    layer: str = ""
    other_layer: str = ""
    class_index: int | None = None
    variant: str = ""
    value: float = Field(allow_inf_nan=False)
    low: float = Field(allow_inf_nan=False)
    high: float = Field(allow_inf_nan=False)
    n: int = Field(ge=1)


class ChannelPart(Frozen):
    """What one channel of a layer contributes to a class's logit.

    Attributes:
        channel: its index.
        value, low, high: mean over photos of its contribution, logit, with the interval over photos.
        share: its magnitude over the sum of all channels' magnitudes, in [0, 1]; the figures have its interval.
        side: 1 or -1: whether its activation moved up or down from the baseline, and with it which side of the channel
            a picture should show.
        leads, leads_low, leads_high: the share of photos on which it is among the leading channels of its sign.
        values: its contribution on each of the finding's shown photos, in their order.
        maps: where it contributes on these photos, cell by cell in their order, 8-bit grey: 128 is 0, 255 is
            ``largest`` and 1 is ``-largest``. A cell is as large as the layer's grid; None of a layer without
            positions. largest: a contribution at one position, logit.
    """

    channel: int = Field(ge=0)
    value: float = Field(allow_inf_nan=False)
    low: float = Field(allow_inf_nan=False)
    high: float = Field(allow_inf_nan=False)
    share: float = Field(ge=0, le=1)
    side: int
    leads: float
    leads_low: float
    leads_high: float
    values: tuple[float, ...]
    maps: Sprite | None = None
    largest: float = Field(default=0.0, ge=0)


class RelatedChannel(Frozen):
    """A channel, the class that it works for, and whether another model finds that class in its picture.

    Attributes:
        channel: its index. picture: key of its rendering.
        class_index: of the first model, with the most points; None of a channel that works for no class.
        points: sum over that class's photos of what the channel contributes to the class's logit.
        rank: of that class among all of the other model's, 1 the first; None where it does not have the class.
    """

    channel: int = Field(ge=0)
    picture: str
    class_index: int | None = None
    points: float = 0.0
    rank: int | None = None


class MapPoint(Frozen):
    """A place on a map of pictures among photos.

    Attributes:
        x, y: in [-1, 1].
        class_index: of the first model.
        picture: key of a rendering; None of a photo. photo: index into the finding's photos, and cell of its photo
            sprite; None of a picture.
        method: that made the picture; empty of a photo.
    """

    x: float = Field(allow_inf_nan=False)
    y: float = Field(allow_inf_nan=False)
    class_index: int
    picture: str | None = None
    photo: int | None = None
    method: str = ""


class Finding(Frozen):
    """What one analysis found of one model, or of two.

    Attributes:
        analysis: its model is the first one; it builds on what was measured of photos, and seen of pictures.
        kind: of the analysis, such as ``cka``.
        models: that it is about, the first one whose classes and layers the figures are of; of CKA, of
            class-relatedness and of the map, the last is the other one, that looks.
        class_index: of a finding of one class.
        figures: all numbers.
        channels: of an attribution: those that speak for the class, the strongest first, then those against it.
        related: of class-relatedness, the channels that have a picture. chance: the share that guessing reaches.
        curves: over the share of concepts, for instance. points: of a map.
        photos: those shown. crops, photo_sprite: the same as pictures, cell by cell.
        photo_count: all that were looked at. skipped: those that could not be decoded, as sentences.
        split: of the photos, if there is one: those looked at are then those that judge.
        left_out: what could not be found, and what it would take, as sentences.
    """

    schema_version: int = SCHEMA_VERSION
    key: str
    analysis: Analysis
    kind: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    models: tuple[StudiedModel, ...] = Field(min_length=1)
    class_index: int | None = None
    figures: tuple[FindingFigure, ...] = ()
    channels: tuple[ChannelPart, ...] = ()
    related: tuple[RelatedChannel, ...] = ()
    chance: float | None = None
    curves: tuple[ScoreCurve, ...] = ()
    points: tuple[MapPoint, ...] = ()
    photos: tuple[PhotoCredit, ...] = ()
    crops: tuple[Crop, ...] = ()
    photo_sprite: Sprite | None = None
    photo_count: int = Field(ge=0)
    skipped: tuple[str, ...] = ()
    split: PhotoSplit | None = None
    left_out: tuple[str, ...] = ()
    provenance: Provenance
