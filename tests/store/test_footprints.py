"""Footprints: of two that know something of the same thing, the newer one counts; nothing else is lost."""

from atlas.core.footprint import Fit, Footprints, ViewFootprint
from atlas.store import Store

MODEL = "a" * 64


def view(layer: str, size: int) -> ViewFootprint:
    return ViewFootprint(layer=layer, height=8, width=8, numerics="float32", bytes=size)


def fit(device: str, together: int) -> Fit:
    return Fit(shares="b" * 64, layer="logits", device=device, together=together)


def test_what_two_know_is_joined(tmp_path):
    old = Footprints(fingerprint=MODEL, views=(view("deep", 5), view("early", 1)), fits=(fit("cpu", 8), fit("card", 4)))
    new = Footprints(fingerprint=MODEL, views=(view("deep", 6),), fits=(fit("cpu", 2),))
    store = Store(tmp_path / "store", create=True)
    store.footprints.save(old.joined(new))
    read = store.footprints.read(MODEL)
    assert {one.layer: one.bytes for one in read.views} == {"deep": 6, "early": 1}
    assert {one.device: one.together for one in read.fits} == {"cpu": 2, "card": 4}
