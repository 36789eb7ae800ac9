"""Maps of pictures among photos: places stand where the CSV has them, and lead to the pages of their pictures."""

import csv
import io
import json

import numpy as np
from PIL import Image
from sample_site import Document, Sample

from atlas.core.finding import MapPoint
from atlas.site.drawings.picture_map import CELL, MOST_PHOTOS, MOST_PICTURES, _in_turn, picture_sprite


def test_places_are_those_of_the_csv_and_lead_to_the_pages_of_their_pictures(sample: Sample) -> None:
    (address,) = [path.relative_to(sample.site).as_posix() for path in sample.site.glob("results/map-*.html")]
    page = Document(sample.text(address))
    rows = list(csv.DictReader(io.StringIO((sample.site / "results/analysis-embedding-points.csv").read_text())))
    pictures = [it for it in page.all("a") if it.attributes.get("class") == "map-picture"]
    assert len(pictures) == MOST_PICTURES < len([row for row in rows if row["method"]])
    places = {it.attributes["transform"] for it in (*page.all("a"), *page.all("g")) if "transform" in it.attributes}
    expected = {
        f"translate({round(500 + float(row['x']) * 460)} {round(500 - float(row['y']) * 460)})"
        for row in rows
        if row["key"] != "f" * 64
    }
    assert places <= expected and len(places) > MOST_PICTURES
    by_place = {(row["x"], row["y"]): row for row in rows}
    titles = set()
    for row in by_place.values():
        here = f"translate({round(500 + float(row['x']) * 460)} {round(500 - float(row['y']) * 460)})"
        for link in (it for it in pictures if it.attributes["transform"] == here):
            data = json.loads((sample.site / "results" / link.attributes["href"]).with_suffix(".json").read_text())
            assert row["key"] in {rendering["key"] for rendering in data["data"]["renderings"]}
            titles.add(link.text)
    assert any(title.endswith(", MACO") for title in titles) and any(title.endswith(", Fourier") for title in titles)
    assert (
        f"{len(rows) - MOST_PICTURES - 6} more places are in the CSV" in page.words()
        and "judge <b>" in page.words()
        and "A <i>" in page.words()
    )
    words = Document(sample.text("results/analyses.html")).words()
    assert "Pictures of Sample <Net> as judge <b> sees them: the map" in words


def test_cells_of_the_sprite_are_the_pictures_in_their_order() -> None:
    files = []
    for colour in range(9):
        buffer = io.BytesIO()
        Image.new("RGB", (160, 160), (28 * colour, 90, 200 - 20 * colour)).save(buffer, "PNG")
        files.append(buffer.getvalue())
    path, content, width, height = picture_sprite(files)
    sprite = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
    assert (width, height) == (8 * CELL, 2 * CELL) and path.endswith(".webp")
    for place in range(9):
        row, column = divmod(place, 8)
        middle = sprite[row * CELL + CELL // 2, column * CELL + CELL // 2]
        assert np.abs(middle - (28 * place, 90, 200 - 20 * place)).max() < 8


def test_a_page_shows_some_of_each_class_and_method_of_thousands() -> None:
    points = [
        MapPoint(x=0, y=0, class_index=index, picture=f"{index}{method}{seed}", method=method)
        for index in range(10)
        for method in ("maco", "vital")
        for seed in range(30)
    ]
    chosen = _in_turn(points)[:MOST_PICTURES]
    assert {(it.class_index, it.method) for it in chosen} == {(i, m) for i in range(10) for m in ("maco", "vital")}
    assert len(_in_turn(points)) == len(points)
    assert 10 * MOST_PICTURES + 5 * MOST_PHOTOS <= 700, "elements of a page"
