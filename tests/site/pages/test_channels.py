"""What channels contribute to a class: its page with heat maps of both signs, the class's page, a photo's."""

import csv
import io
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from sample_channels import EXPLAINED, channel_findings
from sample_site import Document, Sample
from sample_studies import STUDIED

from atlas.core.finding import Finding
from atlas.photos.sprites import signed_sprite
from atlas.site.catalog.channels import channels_of
from atlas.site.pictures.overlays import Grid
from atlas.site.pictures.signed_maps import CELL, derive_signed
from atlas.site.words.formats import number


@pytest.fixture(scope="module")
def findings(sample: Sample) -> list[Finding]:
    """Those of the layer with maps, and of the one without."""
    return sorted(channel_findings(sample.store), key=lambda it: all(part.maps is None for part in it.channels))


def address(sample: Sample, place: int) -> str:
    return f"{sample.first}/c/{EXPLAINED}-channels{'' if place == 1 else f'-{place}'}"


def data_of(sample: Sample, page: str) -> dict:
    return json.loads(sample.text(f"{page}.json"))["data"]


def signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{number(value)}"


def test_each_layer_has_a_page_of_its_own_that_shows_the_strongest_of_both_signs(sample, findings) -> None:
    for place, finding in enumerate(findings, 1):
        text = sample.text(f"{address(sample, place)}.html")
        told = [int(each) for each in re.findall(r'<li id="channel-(\d+)"', text)]
        for_it = sorted((it for it in finding.channels if it.value > 0), key=lambda it: -it.value)[:8]
        against = sorted((it for it in finding.channels if it.value < 0), key=lambda it: it.value)[:8]
        assert told == [it.channel for it in [*for_it, *against]]
        words = Document(text).words()
        assert all(f"Channel {it.channel} {signed(it.value)}" in words for it in [*for_it, *against])
        assert ("1 more is in the CSV" in words) == (len(finding.channels) > 16)


def test_values_below_photos_are_the_findings(sample, findings) -> None:
    data = data_of(sample, address(sample, 1))
    best = data["map_photos"][:4]
    rises = [cell["value"] for cell in data["photos"]["pictures"]]
    assert data["map_photos"] == sorted(range(10), key=lambda place: -rises[place])
    text = sample.text(f"{address(sample, 1)}.html")
    for part in findings[0].channels[:3]:
        start = text.index(f'id="channel-{part.channel}"')
        item = text[start : text.index("</ul>", start)]
        assert re.findall(r'<span class="num">(.*?)</span>', item) == [signed(part.values[place]) for place in best]
        row = next(it["row"] for it in data["channels"] if it["channel"] == part.channel)
        assert re.findall(r'class="heat (.*?)"', item) == [f"w10 x{column} y{row}" for column in range(4)]
        assert re.findall(r'class="(w3 .*?)"', item) == [f"w3 x{place % 3} y{place // 3}" for place in best]


def test_the_overlay_is_warm_above_zero_blue_below_and_clear_at_it() -> None:
    up, down, none = np.ones((7, 7)), -np.ones((7, 7)), np.zeros((7, 7))
    made = [signed_sprite(maps, 2) for maps in ([up, down, none], [none, up, down])]
    grids = [(data, Grid(sprite.cell, sprite.columns, sprite.count)) for sprite, _, data in made]
    overlays, files = derive_signed(grids, (2, 0, 1))
    (heat,) = overlays.heats
    assert (heat.width, heat.height) == (3 * CELL, 2 * CELL)
    picture = np.asarray(Image.open(io.BytesIO(files[heat.path])).convert("RGBA")).astype(int)
    for row, expected in enumerate(((0, 1, -1), (-1, 0, 1))):
        for column, sign in enumerate(expected):
            red, _, blue, alpha = picture[row * CELL + CELL // 2, column * CELL + CELL // 2]
            assert (alpha > 200) == (sign != 0)
            assert sign == 0 or np.sign(red - blue) == sign


def test_a_layer_without_positions_has_photos_and_no_heat(sample) -> None:
    text = sample.text(f"{address(sample, 2)}.html")
    assert 'class="heat' not in text and "data-heat" not in text and text.count("cell s160") == 4 * 6
    assert "maps" not in data_of(sample, address(sample, 2))


def test_channels_lead_to_units_and_show_their_pictures(sample, findings) -> None:
    text, data = sample.text(f"{address(sample, 1)}.html"), data_of(sample, address(sample, 1))
    there = [it for it in data["channels"] if "href" in it]
    assert there and all((sample.site / sample.first / "c" / it["href"]).is_file() for it in there)
    start = text.index('id="channel-1"')
    assert 'href="../../../m/' in text[start : text.index("</li>", start)]
    assert "other side" in text  # the sample renders what raises units, and some moved down


def test_csv_has_every_channel_and_every_photo(sample, findings) -> None:
    for place, finding in enumerate(findings, 1):
        rows = list(csv.DictReader(io.StringIO(sample.text(f"{address(sample, place)}.csv"))))
        assert [(int(it["channel"]), float(it["value"])) for it in rows] == [
            (part.channel, part.value) for part in finding.channels
        ]
        rows = list(csv.DictReader(io.StringIO(sample.text(f"{address(sample, place)}-photos.csv"))))
        assert [float(it["value"]) for it in rows] == [value for part in finding.channels for value in part.values]


def test_pages_of_one_layer_on_other_photos_are_told_apart(findings):
    fullest, other = findings
    elsewhere = fullest.analysis.model_copy(update={"photos": "1" * 64})
    of_others = fullest.model_copy(update={"key": "f" * 32, "analysis": elsewhere, "photo_count": 4})
    layers = [SimpleNamespace(name=it.analysis.layers[0]) for it in findings]
    identity = SimpleNamespace(fingerprint=fullest.models[0].fingerprint)
    model = SimpleNamespace(card=SimpleNamespace(layers=layers, identity=identity))
    (told,) = channels_of(model, [fullest, other, of_others]).values()
    assert {it.finding.key for it in told} == {fullest.key, other.key, of_others.key}
    assert [it.place for it in told] == [1, 2, 3] and told[2].where == other.analysis.layers[0]
    numbers = {it.finding.key: number for number, it in enumerate(told[:2], 1)}
    assert {it.where for it in told[:2]} == {
        f"{fullest.analysis.layers[0]} ({numbers[fullest.key]}: 10 photos)",
        f"{fullest.analysis.layers[0]} ({numbers[of_others.key]}: 4 photos)",
    }


def test_the_class_and_the_photo_tell_of_them(sample, findings) -> None:
    text = sample.text(f"{sample.first}/c/{EXPLAINED}.html")
    assert all(f'c/{EXPLAINED}-channels{end}.html"' in text for end in ("", "-2"))
    text = sample.text(f"{sample.first}/p/{STUDIED[:12]}.html")
    section = text[text.index('id="channels"') :]
    section = section[: section.index("</section>")]
    given = sorted((part.values[0] for part in findings[0].channels[:8] + findings[0].channels[9:17]), reverse=True)
    shown = [signed(value) for value in (*given[:3], *given[-3:])]
    assert re.findall(r'class="amount">(.*?)<', section) == shown
    assert section.count('class="heat') == 6
    assert 'id="channels"' not in sample.text(f"{sample.first}/c/{EXPLAINED + 1}.html")
