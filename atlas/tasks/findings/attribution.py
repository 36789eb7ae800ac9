"""Attribution: the channels of a layer that make a class, with heat maps on its photos."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from atlas.analyses.attribution import CARD, CARDS, GAP, RISE, SHARE, Channel, leading
from atlas.core.figures import Figure, mean
from atlas.core.finding import ChannelPart, FindingFigure
from atlas.core.metric_card import MetricCard
from atlas.craft.document import WHOLE
from atlas.craft.gallery import PHOTO_CELL, PHOTO_COLUMNS, Shown
from atlas.errors import ScoreError
from atlas.photos import Photo
from atlas.photos.readers.base import some
from atlas.photos.sprites import signed_sprite
from atlas.tasks.analysis import Arrays, read_arrays, texts
from atlas.tasks.bench import Bench
from atlas.tasks.findings.finding import FindingTask, Found, figure_of

ATTRIBUTION_VERSION = 1
"""Raise it whenever what is told of the same contributions changes."""


@dataclass(frozen=True)
class AttributionTask(FindingTask):
    """The channels that contribute most to a class's logit, for and against it.

    Attributes:
        contributions: key of what all channels give. photos: of the class, as they were measured.
        channels: how many are told of each sign.
        what: the class is called.
    """

    name: ClassVar[str] = "attribution"
    cards: ClassVar[tuple[MetricCard, ...]] = CARDS

    contributions: str
    photos: tuple[Photo, ...]
    channels: int
    what: str

    @property
    def question(self) -> object:
        """See :attr:`FindingTask.question`: of a class at a layer, on the same photos."""
        return self.model, self.contributions

    @property
    def extent(self) -> int:
        """See :attr:`FindingTask.extent`."""
        return self.channels

    def __str__(self) -> str:
        return f"{self.model}: attribution of {self.what} at {self.analysis.layers[0]}"

    @property
    def title(self) -> str:
        """See :attr:`Task.title`."""
        return f"{self.model} attribution"

    def find(self, bench: Bench) -> Found:
        """See :meth:`FindingTask.find`."""
        document, arrays = read_arrays(bench.store, self.contributions)
        rows, skipped = (texts(document, name) for name in ("rows", "skipped"))
        if not arrays:
            raise ScoreError(f"none of its photos can be read: {some(skipped)}", "mend the photos, or add others")
        kept = np.asarray(np.isfinite(arrays["values"]).all(axis=1))
        if not kept.any():
            raise ScoreError("its logit is NaN or infinite on every photo", "leave the class out")
        values, moved, rise = (arrays[name][kept].astype(np.float64) for name in ("values", "moved", "rise"))
        told = [channel for side in (False, True) for channel in leading(values, moved, self.channels, against=side)]
        by_digest = {photo.digest: photo for photo in self.photos}
        shown = Shown(
            tuple(by_digest[digest] for digest, there in zip(rows, kept, strict=True) if there),
            bench.photos,
            self._side,
        )
        crops, sprite = shown.crops([(n, WHOLE, float(v)) for n, v in enumerate(rise)], PHOTO_CELL, PHOTO_COLUMNS)
        parts = tuple(_part(channel, arrays, kept, shown) for channel in told)
        gaps = _gaps(rise, values)
        missed = int((arrays["exact"][kept] == 0).sum())
        left_out = [f"{missed} of {len(values)} photos: their values miss the logit's change"] if missed else []
        left_out += [f"{int((~kept).sum())} photos: the logit is NaN or infinite"] if not kept.all() else []
        layer = self.analysis.layers[0]
        return Found(
            {
                "figures": (
                    figure_of(RISE.name, mean(rise.tolist()), layer=layer),
                    *(_figure(CARD.name, channel.value, channel, layer) for channel in told),
                    *(_figure(SHARE.name, channel.share, channel, layer) for channel in told),
                    *([figure_of(GAP.name, mean(gaps), layer=layer)] if gaps else []),
                ),
                "channels": parts,
                "photos": tuple(shown.credits),
                "crops": crops,
                "photo_sprite": sprite,
                "photo_count": len(values),
                "skipped": skipped,
                "left_out": tuple(left_out),
            },
            shown.files,
        )

    @property
    def _side(self) -> int:
        known = self.analysis.model.preprocessing
        return max(known.width, known.height)


def _gaps(rise: np.ndarray, values: np.ndarray) -> list[float]:
    """Return by how much values (N, C) miss the logit's change (N,), over what they amount to, where that is not 0."""
    missed, amount = np.abs(rise - values.sum(axis=1)), np.abs(values).sum(axis=1)
    return (missed / np.where(amount > 0, amount, 1))[(amount > 0) | (missed == 0)].tolist()


def _figure(name: str, value: Figure, channel: Channel, layer: str) -> FindingFigure:
    return figure_of(name, value, layer=layer, variant=f"channel {channel.index}")


def _part(channel: Channel, arrays: Arrays, kept: np.ndarray, shown: Shown) -> ChannelPart:
    """Return what a page shows of a channel; its maps are added to the files."""
    maps, largest = None, 0.0
    places = np.flatnonzero(arrays.get("mapped", np.zeros(0)) == channel.index)
    if len(places):
        maps, largest, data = signed_sprite(list(arrays["maps"][places[0]][kept]), PHOTO_COLUMNS)
        shown.files[maps.name] = data
    return ChannelPart(
        channel=channel.index,
        value=channel.value.value,
        low=channel.value.low,
        high=channel.value.high,
        share=channel.share.value,
        side=channel.side,
        leads=channel.leads.value,
        leads_low=channel.leads.low,
        leads_high=channel.leads.high,
        values=tuple(arrays["values"][kept][:, channel.index].astype(float).tolist()),
        maps=maps,
        largest=largest,
    )
