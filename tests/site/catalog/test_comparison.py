"""Comparisons: classes are matched by what is sure, whole rows come first, nothing is lost, and numbers are named."""

import json
import re

import pytest
from records import record_of
from sample_site import Document, Sample
from sample_store import BOOK, CLASSES, COMPARED, DEAD_CLASS, FAILED_CLASS, card, job, record

from atlas.core.job import Target
from atlas.core.model_card import ClassLabel
from atlas.site.catalog.comparison import Column, align, comparisons
from atlas.site.catalog.model import Layer, Model, Unit
from atlas.site.catalog.shown import ordered


def model(slug: str, labels: list[ClassLabel], methods: dict[str, range]) -> Model:
    """Return a model with classes rendered by some methods; of each the indices."""
    made = Model(card("a", slug).model_copy(update={"classes": tuple(labels)}), slug, method_cards=BOOK)
    layer = Layer(made, made.card.layers[-1], 1, f"m/{slug}/classes")
    for index in sorted({index for indices in methods.values() for index in indices}):
        target = Target(kind="logit", layer="logits", unit=index)
        records = [record(job("a", target, method=name), side=8)[0] for name, its in methods.items() if index in its]
        layer.units.append(Unit(made, layer, index, labels[index], ordered(records, BOOK)))
    made.layers.append(layer)
    return made


def labels(*names: str) -> list[ClassLabel]:
    return [ClassLabel(name=name) for name in names]


def matched(*models: Model) -> list[list[int | None]]:
    """Return the rows of all columns of some models, as class indices."""
    rows = align(comparisons(models).columns)
    return [[cell and cell.unit.index for cell in row.cells] for row in rows]


def test_models_with_the_same_list_are_matched_by_place_even_where_names_repeat() -> None:
    same = labels("crane", "crane", "")
    assert matched(model("x", same, {"maco": range(3)}), model("y", same, {"maco": range(1, 3)})) == [
        [0, None],
        [1, 1],
        [2, 2],
    ]


def test_other_models_are_matched_by_id_then_by_a_name_that_occurs_once() -> None:
    first = [ClassLabel(name="crane", id="n1"), ClassLabel(name="crane", id="n2"), ClassLabel(name="Espresso")]
    other = [ClassLabel(name=" espresso "), ClassLabel(name="machine", id="n2"), ClassLabel(name="crane")]
    rows = matched(model("x", first, {"maco": range(3)}), model("y", other, {"maco": range(3)}))
    assert rows == [[0, None], [1, 1], [2, 0], [None, 2]]


def test_classes_without_names_are_the_same_within_a_model_only() -> None:
    one, two = (
        model("x", labels("", ""), {"maco": range(2), "cbr": range(2)}),
        model("y", labels(""), {"maco": range(1)}),
    )
    assert matched(one, two) == [[0, 0, None], [1, 1, None], [None, None, 0]]


def test_whole_rows_come_first_and_no_class_is_lost() -> None:
    names = labels(*(f"class {index}" for index in range(6)))
    (found,) = comparisons([model("x", names, {"maco": range(5), "cbr": range(3, 6)})]).all
    assert [row.complete for row in found.rows] == [True, True, False, False, False, False]
    assert [[cell and cell.unit.index for cell in row.cells] for row in found.rows] == [
        [3, 3], [4, 4], [0, None], [1, None], [2, None], [None, 5],
    ]  # fmt: skip
    assert found.complete == 2 and found.address_of(found.rows[5].cells[1].unit) == f"{found.folder}/index.html#c2-5"


def test_a_row_without_every_picture_is_not_complete(sample: Sample) -> None:
    for path in sorted(sample.site.glob("compare/*/*.json")):
        data = json.loads(path.read_text())["data"]
        told = [sum(cell is not None and cell["status"] == "done" for cell in row["cells"]) for row in data["rows"]]
        assert told == sorted(told, reverse=True), path
    overview = json.loads((sample.site / "compare" / "index.json").read_text())["data"]["comparisons"]
    dead = next(it for it in overview if "CBR" in it["title"])
    folder = (sample.site / "compare" / dead["href"]).parent
    rows = [row for page in folder.glob("*.json") for row in json.loads(page.read_text())["data"]["rows"]]
    whole = [row for row in rows if all(cell and cell["status"] == "done" for cell in row["cells"])]
    assert len(whole) == dead["complete"]
    assert any(None not in row["cells"] and row not in whole for row in rows), "one of them is dead"


@pytest.mark.parametrize("count", [2, 4, 5, 8, 11])
def test_every_method_stands_beside_the_one_with_most_classes_at_most_four_at_once(count: int) -> None:
    names = labels(*(f"class {index}" for index in range(9)))
    methods = {"maco": range(9), **{f"m{place}": range(place % 9 + 1) for place in range(1, count)}}
    found = comparisons([model("x", names, methods)]).all
    shown = [column.method for comparison in found for column in comparison.columns[1:]]
    assert sorted(shown) == sorted(set(methods) - {"maco"})
    for comparison in found:
        assert comparison.columns[0].method == "maco" and 2 <= len(comparison.columns) <= 4
        assert comparison.page_size * len(comparison.columns) <= 36
        pages = [row for number in range(1, comparison.pages + 1) for row in comparison.page(number)]
        assert pages == comparison.rows
    assert len({comparison.folder for comparison in found}) == len(found)


def test_what_has_no_class_in_common_is_not_compared() -> None:
    names = labels(*"abcd")
    assert comparisons([model("x", names, {"maco": range(2), "cbr": range(2, 4)})]).all == ()
    assert comparisons([model("x", names, {"maco": range(2)})]).all == ()


def test_models_are_compared_by_one_method() -> None:
    names = labels(*"abcd")
    found = comparisons([model(slug, names, {"maco": range(4)}) for slug in ("x", "y", "z")]).all
    assert [comparison.is_of_models for comparison in found] == [True]
    assert found[0].title == "x, y and z" and found[0].subject == "MACO"


def test_a_method_that_made_nothing_has_no_column() -> None:
    dead = model("x", labels("a"), {"maco": range(1)})
    work = job("a", Target(kind="logit", layer="logits", unit=0), method="cbr")
    dead.layers[0].units[0].renderings += ordered([record(work, "dead")[0]], BOOK)
    assert [column.method for column in comparisons([dead]).columns] == ["maco"]


# --- pages -----------------------------------------------------------------------------------------------------------


def pages_of(sample: Sample, folder: str) -> list[str]:
    here = sample.site / "compare" / folder
    return [f"compare/{folder}/{path.name}" for path in [here / "index.html", *sorted(here.glob("page-*.html"))]]


@pytest.fixture(scope="module")
def methods_folder(sample: Sample) -> str:
    """The comparison of four methods of the first model."""
    (found,) = (
        path.name for path in (sample.site / "compare").iterdir() if path.name.endswith("maco-fourier-cbr-vital")
    )
    return found


def test_the_rows_of_all_pages_are_the_classes_each_with_what_it_reached(sample: Sample, methods_folder: str) -> None:
    indices: list[int] = []
    for address in pages_of(sample, methods_folder):
        data = json.loads((sample.site / address).with_suffix(".json").read_text())["data"]
        assert Document(sample.text(address)).all("html")[0].attributes["data-view"] == "raw"
        assert [column["method"] for column in data["columns"]] == ["maco", "fourier", "cbr", "vital"]
        bodies = [row for row in Document(sample.text(address)).all("tr") if "id" in row.attributes]
        for row, body in zip(data["rows"], bodies, strict=True):
            indices.append(next(cell["index"] for cell in row["cells"] if cell))
            assert row["title"][:100] in body.text
            for cell in filter(None, row["cells"]):
                own = record_of(sample.store, cell["key"])
                assert own.status == cell["status"] and own.job.target.unit == cell["index"]
                for name in ("objective", "activation", "probability"):
                    measured = own.measurement(name)
                    if measured is not None:
                        assert cell[name] == {"value": measured.value, "unit": measured.unit}
    assert sorted(indices) == list(range(len(CLASSES)))
    whole = sorted({*range(COMPARED["vital"])} - {DEAD_CLASS, FAILED_CLASS})
    assert sorted(indices[: len(whole)]) == whole


def test_numbers_are_named_with_their_units(sample: Sample, methods_folder: str) -> None:
    words = Document(sample.text(f"compare/{methods_folder}/index.html")).words()
    assert re.search(r"objective [\d.]+ \(activation\) logit [\d.]+ probability 93 %", words)
    assert re.search(r"objective [\d.]+ \(sort-matching loss\) logit", words)
    assert "Objectives of methods with different units cannot be compared" in words
    assert "measured alike for every method" in words and "not rendered" in words and "dead" in words


def test_comparisons_are_linked_from_home_model_and_class(sample: Sample, methods_folder: str) -> None:
    def links(address: str) -> list[str]:
        return [a.attributes.get("href", "") for a in Document(sample.text(address)).all("a")]

    assert "compare/index.html" in links("index.html")
    assert f"../../compare/{methods_folder}/index.html" in links(f"{sample.first}/index.html")
    assert f"../../../compare/{methods_folder}/index.html#c1-0" in links(f"{sample.first}/c/0.html")
    assert any("compare" in link and link.endswith("#c1-39") for link in links(f"{sample.first}/c/39.html"))


def test_a_class_shows_its_methods_in_a_row_with_what_each_reached(sample: Sample) -> None:
    document = Document(sample.text(f"{sample.first}/c/0.html"))
    (row,) = [it for it in document.all("section") if it.attributes.get("class") == "methods"]
    words = re.sub(r"\s+", " ", row.text)
    data = json.loads((sample.site / sample.first / "c" / "0.json").read_text())["data"]["renderings"]
    for title, method, unit in (("MACO", "maco", "activation"), ("VITAL", "vital", "sort-matching loss")):
        first = next(it for it in data if it["job"]["method"] == method)
        value = {it["name"]: it["value"] for it in first["measurements"]}
        assert re.search(rf"{title} ?objective ([\d.]+) \({unit}\) logit ([\d.]+) probability 93 %", words)
        assert first["measurements"][0]["unit"] == unit and value["objective"] > 0
    unit = Document(sample.text(f"{sample.first}/l/blocks.3/17.html"))
    assert [it for it in unit.all("section") if it.attributes.get("class") == "methods"]
    alone = Document(sample.text(f"{sample.first}/l/blocks.3/18.html"))
    assert not [it for it in alone.all("section") if it.attributes.get("class") == "methods"]


def test_clusters_are_named_and_references_explained(sample: Sample) -> None:
    words = Document(sample.text(f"{sample.first}/l/blocks.3/17.html")).words()
    assert "VITAL · cluster 0 · seed 0" in words and "VITAL · cluster 1 · seed 0" in words
    assert "Reference photos: sha256 of their list " + "6" * 64 in words
    explained = Document(sample.text("methods/vital.html")).words()
    assert "real photos are their references" in explained and "1 list of photos here: " + "6" * 12 in explained
    assert "real photos are their references" not in Document(sample.text("methods/maco.html")).words()


def test_scripts_can_compare_any_columns(sample: Sample) -> None:
    folder = sample.site / "compare"
    titles = json.loads((folder / "columns.js").read_text().removeprefix("atlasColumns(").removesuffix(");\n"))
    keys = [
        it.attributes["value"]
        for it in Document(sample.text("compare/index.html")).all("input")
        if "value" in it.attributes
    ]
    assert len(keys) == 6
    for key in keys:
        rows = json.loads((folder / f"{key}.js").read_text().removeprefix("atlasColumn(").removesuffix(");\n"))
        for number, address, status, masked, raw, _, words in rows:
            unit = json.loads((sample.site / address).with_suffix(".json").read_text())["data"]
            assert titles[number][:60] == unit["title"][:60]
            assert bool(raw) == (status == "done") == ("objective" in words)
            assert all((sample.site / "i" / path).is_file() for path in masked[::2] + raw[::2])


def test_columns_know_their_classes() -> None:
    (column,) = comparisons([model("x", labels("a", "b"), {"maco": range(2)})]).columns
    assert isinstance(column, Column) and list(column.cells) == [0, 1]
