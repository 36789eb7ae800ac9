"""A site of a model with 266 layers, each with a picture: what a model of eight cannot show."""

from pathlib import Path

from records import keep
from sample_site import Sample
from sample_store import card, job, record

from atlas.core.job import Target
from atlas.core.model_card import LayerInfo
from atlas.site import SiteMetadata, build_site
from atlas.store import Store

DEEP = 266


def make_deep_site(folder: Path) -> Sample:
    """Make the store and its site. Every layer has one unit with a picture; pictures are few and small."""
    store = Store(folder / "store", create=True)
    base = card("a", "A model of many layers")
    blocks = [
        LayerInfo(
            name=f"blocks.{place // 8}.{place % 8}.conv_pointwise", module="Conv2d", layout="map", units=8, grid=(7, 7)
        )
        for place in range(DEEP - 1)
    ]
    store.save_card(base.model_copy(update={"layers": (*blocks, base.layers[-1])}))
    made, pictures = record(job("a", Target(kind="channel", layer=blocks[0].name, unit=0)), side=32)
    for info in blocks:
        work = job("a", Target(kind="channel", layer=info.name, unit=0))
        keep(store, made.model_copy(update={"key": work.key, "job": work}), pictures)
    return Sample(store, folder / "site", build_site(store, folder / "site", SiteMetadata()))


def make_sharp_site(folder: Path) -> Sample:
    """Make a site of a few classes and units with masters of 512 and 1,400 pixels."""
    store = Store(folder / "store", create=True)
    store.save_card(card("a"))
    for place, side in enumerate((512, 512, 1400)):
        for target in (
            Target(kind="logit", layer="logits", unit=place),
            Target(kind="channel", layer="blocks.1", unit=place),
        ):
            keep(store, *record(job("a", target), side=side))
    return Sample(store, folder / "site", build_site(store, folder / "site", SiteMetadata()))
