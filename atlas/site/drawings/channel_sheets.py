"""Photos with what channels give on them: which cells of which files a page lays over one another."""

from dataclasses import dataclass

from atlas.core.finding import ChannelPart
from atlas.site.catalog.channels import ClassChannels
from atlas.site.catalog.model import Model, Unit
from atlas.site.catalog.shown import Shown
from atlas.site.drawings.sheets import Cell, Sheet, place, sheet
from atlas.site.pictures.picture import Derived
from atlas.site.published import PublishedPictures

PHOTOS = 4
"""Photos beside each channel."""


@dataclass(frozen=True)
class HeatCell:
    """A photo with a heat map: its cell, the style classes of its map (empty without one), and the value, logit."""

    photo: Cell
    heat: str
    value: float
    number: int


@dataclass(frozen=True)
class ChannelView:
    """A channel as a page shows it.

    Attributes:
        unit: that it is, if it has a page. rendering: its picture, if there is one; of its side where there is such.
        cells: of photos.
    """

    part: ChannelPart
    unit: Unit | None
    rendering: Shown | None
    cells: tuple[HeatCell, ...]

    @property
    def is_other_side(self) -> bool:
        """Whether the picture is of the side to which the activation did not move."""
        return self.rendering is not None and self.rendering.record.job.target.sign != self.part.side


@dataclass(frozen=True)
class ChannelSheets:
    """The files of one layer's channels for a class: the photos, and the heat maps, None without any."""

    shown: ClassChannels
    sheet: Sheet
    maps: Derived | None

    def cell(self, part: ChannelPart, at: int, number: int = 0) -> HeatCell | None:
        """Return the cell of a photo, by its place in the finding; None if the file has more than can be shown."""
        if at >= len(self.sheet.cells):
            return None
        row, columns, heat = self.shown.row(part), self.shown.photos, ""
        if self.maps is not None and row is not None and at in columns:
            heat = place(len(columns), columns.index(at), row)
        return HeatCell(self.sheet.cells[at], heat, part.values[at], number)

    def view(self, part: ChannelPart, model: Model) -> ChannelView:
        """Return a channel with the photos on which the class's logit rises most."""
        unit = unit_of(model, self.shown.layer, part.channel)
        places = self.shown.photos[:PHOTOS]
        cells = (self.cell(part, at, number) for number, at in enumerate(places, 1))
        rendering = None if unit is None else picture_of(unit, part.side)
        return ChannelView(part, unit, rendering, tuple(cell for cell in cells if cell is not None))


def published_sheets(shown: ClassChannels, model: Model, pictures: PublishedPictures) -> ChannelSheets:
    """Return the files of one layer's channels for a class, which are then in the site.

    Raises:
        StoreError: one is missing or damaged.
    """
    finding = shown.finding
    assert finding.photo_sprite is not None  # see channels_of
    pictures.sprite(finding.key, finding.photo_sprite)
    maps = next(iter(pictures.overlays(finding.key).heats), None)
    return ChannelSheets(shown, sheet(finding.photo_sprite, finding.crops, finding.photos, model.photos), maps)


def unit_of(model: Model, layer: str, channel: int) -> Unit | None:
    """Return the unit that a channel is; None if it has no page."""
    units = (unit for each in model.hidden if each.info.name == layer for unit in each.units)
    return next((unit for unit in units if unit.index == channel), None)


def picture_of(unit: Unit, side: int) -> Shown | None:
    """Return a unit's picture, of that side where there is one."""
    return next((it for it in unit.shown if it.record.job.target.sign == side), next(iter(unit.shown), None))
