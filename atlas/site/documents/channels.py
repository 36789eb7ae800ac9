"""What channels contribute to a class, in JSON."""

from pydantic import Field

from atlas.site.catalog.channels import ClassChannels
from atlas.site.catalog.credits import Credits
from atlas.site.documents.base import Sparse
from atlas.site.documents.photos import SpriteData, sprite_data
from atlas.site.documents.rendering import PictureFile, picture_files
from atlas.site.pictures.picture import Derived


class ChannelData(Sparse):
    """What one channel contributes to a class's logit."""

    channel: int
    value: float = Field(description="mean over photos, logit")
    low: float
    high: float = Field(description="with low, the 95 % interval of the mean over photos")
    share: float = Field(description="its magnitude over the sum of all channels' magnitudes")
    side: int = Field(description="1 or -1: whether its activation moved up or down from the baseline")
    leads: float = Field(description="share of photos on which it is among the leading channels of its sign")
    leads_low: float
    leads_high: float
    values: tuple[float, ...] = Field(description="on each of the photos, in their order")
    href: str | None = Field(default=None, description="the page of the unit that it is")
    row: int | None = Field(default=None, description="of the heat maps, from 0")
    largest: float | None = Field(default=None, description="a contribution at one position, logit: the full heat")


class ChannelsData(Sparse):
    """What the channels of one layer contribute to a class's logit."""

    model: str
    weights: str = Field(description="digest of the model's weights")
    key: str = Field(description="of the finding in the store")
    class_index: int
    class_name: str
    layer: str
    photo_count: int = Field(description="photos that were looked at")
    rise: float | None = Field(default=None, description="of the logit from the baseline, mean over photos")
    channels: tuple[ChannelData, ...] = Field(description="those that speak for the class, then those against it")
    photos: SpriteData = Field(description="the photos; the value of each is the rise of the logit on it")
    maps: PictureFile | None = Field(
        default=None, description="heat maps: a row for each channel with one, a column for each of map_photos"
    )
    map_photos: tuple[int, ...] = Field(description="places of the photos that have heat maps")
    left_out: tuple[str, ...] = Field(description="what could not be found, as sentences")
    files: tuple[str, ...] = Field(description="the same as CSV: of channels, and of each on each photo")


def channels_data(
    shown: ClassChannels, addresses: dict[int, str], photos: Credits | None, maps: Derived | None, root: str
) -> ChannelsData:
    """Return the JSON of a page.

    Args:
        addresses: channel to the address of its unit's page. photos: where the photos' entries are.
        maps: the file of heat maps.
    """
    finding = shown.finding
    assert finding.photo_sprite is not None  # see channels_of
    channels = tuple(
        ChannelData(
            **part.model_dump(exclude={"maps", "largest"}),
            href=root + addresses[part.channel] if part.channel in addresses else None,
            row=shown.row(part),
            largest=None if part.maps is None else part.largest,
        )
        for part in finding.channels
    )
    return ChannelsData(
        model=shown.model.card.name,
        weights=shown.model.weights,
        key=finding.key,
        class_index=shown.index,
        class_name=shown.model.label(shown.index),
        layer=shown.layer,
        photo_count=finding.photo_count,
        rise=shown.rise,
        channels=channels,
        photos=sprite_data(finding.photo_sprite, finding.crops, finding.photos, photos, root),
        maps=None if maps is None else picture_files((maps,), root)[0],
        map_photos=tuple(shown.photos),
        left_out=finding.left_out,
        files=tuple(shown.files),
    )
