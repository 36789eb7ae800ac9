"""What channels contribute to a class of the sample store's first model: at a layer with maps and pictures of units,
and at one without positions, on photos of hostile names, one of which pictures were made from."""

import hashlib

import numpy as np
from PIL import Image
from sample_concepts import HOSTILE_PHOTO, PROVENANCE
from sample_studies import CREDITS, STUDIED
from selecting import selection_of

from atlas.analyses.attribution import CARDS
from atlas.core.analysis import Analysis, Crop, PhotoCredit
from atlas.core.finding import ChannelPart, Finding, FindingFigure, StudiedModel
from atlas.core.job import ModelIdentity
from atlas.photos.sprites import photo_sprite, signed_sprite
from atlas.store import Store

EXPLAINED = 1
"""The class."""
PHOTOS = 10
PER_SIDE = 9
"""Channels of each sign: one more than a page shows."""
GRID = 14


def channel_findings(store: Store) -> list[Finding]:
    """Return what the sample store holds of channels, layer by layer."""
    found = [store.document(Finding, key) for key in selection_of(store).findings]
    return [each for each in found if each.kind == "attribution"]


def add_channels(store: Store, model: ModelIdentity, with_maps: str, without: str) -> None:
    """Store what channels of two layers contribute, and say that the configuration asked for it."""
    for card in CARDS:
        store.save_metric(card)
    keys = tuple(_finding(store, model, layer, layer == with_maps) for layer in (with_maps, without))
    selection = selection_of(store)
    store.selections.save(selection.model_copy(update={"findings": (*selection.findings, *keys)}))


def _finding(store: Store, model: ModelIdentity, layer: str, is_mapped: bool) -> str:
    random, files = np.random.default_rng(len(layer)), {}
    count = PER_SIDE if is_mapped else 3
    analysis = Analysis(
        kind="finding",
        version=1,
        model=model,
        layers=(layer,),
        class_index=EXPLAINED,
        parameters={"analysis": "attribution"},
        numerics="float64",
    )
    strengths = np.sort(random.uniform(0.1, 3, count))[::-1]
    means = [*strengths, *-strengths]
    parts = []
    for channel, value in enumerate(means):
        values = value + random.normal(0, 0.4, PHOTOS)
        maps, largest = None, 0.0
        if is_mapped:
            spread = random.normal(0, 1, (PHOTOS, GRID, GRID)) ** 3 * value
            maps, largest, data = signed_sprite(list(spread), 3)
            files[maps.name] = data
        parts.append(
            ChannelPart(
                channel=channel,
                value=float(value),
                low=float(value - 0.2),
                high=float(value + 0.2),
                share=float(abs(value) / np.abs(means).sum()),
                side=1 if channel % 2 else -1,
                leads=0.5,
                leads_low=0.2,
                leads_high=0.8,
                values=tuple(values.tolist()),
                maps=maps,
                largest=largest,
            )
        )
    credits = [CREDITS[0]]
    for place in range(1, PHOTOS):
        digest = hashlib.sha256(f"channels {place}".encode()).hexdigest()
        credits.append(PhotoCredit(digest=digest, name=f"{HOSTILE_PHOTO} {place}", author="Ann" if place % 2 else ""))
    assert credits[0].digest == STUDIED
    pictures = [Image.fromarray(random.integers(0, 255, (8, 8, 3), np.uint8)).resize((160, 160)) for _ in credits]
    sprite, data = photo_sprite(pictures, 160, 3)
    files[sprite.name] = data
    rises = random.uniform(2, 9, PHOTOS)
    document = Finding(
        key=analysis.key,
        analysis=analysis,
        kind="attribution",
        models=(StudiedModel(name="Sample <Net>", fingerprint=model.fingerprint, layers=(layer,), classes=40),),
        class_index=EXPLAINED,
        figures=(
            FindingFigure(name="attribution_rise", layer=layer, value=float(rises.mean()), low=3, high=8, n=PHOTOS),
        ),
        channels=tuple(parts),
        photos=tuple(credits),
        crops=tuple(Crop(photo=place, box=(0, 0, 1, 1), value=float(rise)) for place, rise in enumerate(rises)),
        photo_sprite=sprite,
        photo_count=PHOTOS,
        left_out=("1 of 10 photos: its <b>values</b> miss the logit's change",),
        provenance=PROVENANCE,
    )
    store.commit(document.key, document, files)
    return document.key
