"""The pages of what channels contribute to classes, with heat maps on photos."""

from collections.abc import Iterator
from functools import partial

from atlas.site.catalog.addresses import root_of
from atlas.site.catalog.channels import RISE, ClassChannels
from atlas.site.catalog.model import Model
from atlas.site.contents import Contents
from atlas.site.documents.channels import ChannelsData, channels_data
from atlas.site.drawings.channel_sheets import PHOTOS, published_sheets, unit_of
from atlas.site.page import Figure, Link, Page, Placed
from atlas.site.page_kind import PageKind
from atlas.site.words.formats import number


class ChannelsKind(PageKind):
    """The pages of what channels contribute to classes: one for each class and layer."""

    name = "channels"
    data = ChannelsData
    header = "Classes"
    title = "Channels of classes"

    def pages(self, contents: Contents) -> Iterator[Placed]:
        """Yield one page for each class and layer, class by class."""
        for model in contents.catalog.models:
            told = [shown for of_class in model.channels.values() for shown in of_class]
            around = [None, *told, None]
            for place, shown in enumerate(told):
                make = partial(channels_page, shown, model, around[place], around[place + 2], contents)
                yield Placed(shown.address, make, model)


CHANNELS = ChannelsKind()


def channels_page(
    shown: ClassChannels, model: Model, before: ClassChannels | None, after: ClassChannels | None, contents: Contents
) -> Page:
    """Return the page of one layer's channels for a class.

    Args:
        before, after: its neighbours in the model's list.
    """
    sheets = published_sheets(shown, model, contents.pictures)
    units = ((part.channel, unit_of(model, shown.layer, part.channel)) for part in shown.finding.channels)
    addresses = {channel: unit.address for channel, unit in units if unit is not None}
    name, folder = model.label(shown.index), shown.address.rpartition("/")[0]
    sides = [
        (title, anchor, [sheets.view(part, model) for part in shown.shown if part in parts], len(parts))
        for title, anchor, parts in (
            ("For the class", "for", shown.speaking),
            ("Against it", "against", shown.against),
        )
        if parts
    ]
    return Page(
        shown.address,
        f"Channels of {name} at {shown.where} · {model.card.name}",
        f"Which channels of {shown.where} speak for {name} in {model.card.name}, and which against it."[:300],
        channels_data(shown, addresses, model.photos, sheets.maps, root_of(shown.address)),
        {
            "shown": shown,
            "model": model,
            "sheets": sheets,
            "sides": sides,
            "pictured": any(view.rendering for _, _, views, _ in sides for view in views),
            "credits": [
                (shown.credit(at), model.photos.address_of(shown.credit(at).digest) if model.photos else "")
                for at in shown.photos[:PHOTOS]
            ],
            "layers": [Link(other.where, other.address) for other in model.channels[shown.index]],
        },
        crumbs=[
            Link(model.card.name, model.address),
            *([Link("Classes", model.classes.address)] if model.classes else []),
            Link(name, model.unit_address(shown.index) or ""),
            Link(f"Channels at {shown.where}"),
        ],
        previous=_neighbour(before),
        next=_neighbour(after),
        figures=_figures(shown),
        files={f"{folder}/{file}": content for file, content in shown.files.items()},
    )


def _neighbour(shown: ClassChannels | None) -> Link | None:
    if shown is None:
        return None
    return Link(f"{shown.model.label(shown.index)} at {shown.where}", shown.address)


def _figures(shown: ClassChannels) -> list[Figure]:
    figures = [Figure(f"{shown.finding.photo_count:,}", "photos of the class")]
    if shown.rise is not None:
        figures.append(Figure(number(shown.rise), "rise of its logit over photos at large", metric=RISE))
    return figures
