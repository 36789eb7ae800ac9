"""The pages of results: numbers as in their CSV, judges of other families first, papers' numbers apart from ours."""

import csv
import io
import re
from dataclasses import fields, replace
from html.parser import HTMLParser

import pytest
from sample_scores import HOSTILE_JUDGE, HOSTILE_REASON, METHODS, NOT_ASKED, scores_of
from sample_site import Document, Sample
from selecting import selection_of

from atlas.analyses.rows import FindingRow
from atlas.core.finding import Finding
from atlas.core.method_card import MethodCard
from atlas.site.catalog.methods import method_book
from atlas.site.drawings.concept_plots import concept_plots
from atlas.site.pages.analyses import _titled
from atlas.site.words.formats import PERCENT, fine_percent, number
from atlas.site.words.papers import TABLES


class Tables(HTMLParser):
    """The tables of results: (section, of each line its texts in cells, with the value where there is one)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.section, self.lines, self._cell, self._ours = "", [], None, False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "section":
            self.section = given.get("aria-labelledby", "")
        elif tag == "table":
            self._ours = "data-sortable" in given
        elif tag == "tr" and self._ours:
            self.lines.append((self.section, []))
        elif tag in ("td", "th") and self._ours:
            self._cell = []
            self.lines[-1][1].append((given.get("data-value"), self._cell))

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None and data.strip():
            self._cell.append(data.strip())


@pytest.fixture(params=["results", "{first}/results"])
def folder(request: pytest.FixtureRequest, sample: Sample) -> str:
    """Where a page of results is, and its files."""
    return request.param.format(first=sample.first)


def rows_of(sample: Sample, folder: str, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((sample.site / folder / name).read_text(encoding="utf-8"))))


def test_numbers_of_the_page_are_those_of_the_csv(sample: Sample, folder: str) -> None:
    shown = 0
    for section, cells in Tables(sample.text(f"{folder}/index.html")).lines:
        for value, texts in cells:
            if value is None:
                continue
            rows = [row for row in rows_of(sample, folder, f"{section}.csv") if row["value"] == value]
            assert rows, (section, value)
            write = fine_percent if texts[0].endswith(PERCENT) else number
            written = [
                (write(float(row["value"])), write(float(row["low"])), write(float(row["high"]))) for row in rows
            ]
            said = texts[1] if len(texts) > 1 else ""
            assert any(
                texts[0] == value and (f"{low.removesuffix(PERCENT)} to {high}" in said or row["n"] == "1")
                for (value, low, high), row in zip(written, rows, strict=True)
            ), (texts, written)
            shown += 1
    assert shown > 30


def test_the_csv_has_every_figure_of_the_scores(sample: Sample) -> None:
    told = sorted(repr(figure.value) for score in scores_of(sample.store) for figure in score.figures)
    names = {link["href"] for link in links(sample, "results/index.html") if "download" in link}
    rows = [row for name in names if "curves" not in name for row in rows_of(sample, "results", name)]
    assert sorted(row["value"] for row in rows) == told
    points = [row for name in names if "curves" in name for row in rows_of(sample, "results", name)]
    assert len(points) == sum(len(curve.x) for score in scores_of(sample.store) for curve in score.curves)


def links(sample: Sample, address: str) -> list[dict[str, str]]:
    return [element.attributes for element in Document(sample.text(address)).all("a")]


def test_judges_of_other_families_come_first_and_the_best_method_of_theirs(sample: Sample, folder: str) -> None:
    lines = [cells for section, cells in Tables(sample.text(f"{folder}/index.html")).lines if section == "transfer"]
    heads = next(cells for cells in lines if ["method"] in [texts for _, texts in cells])
    judges = [texts for _, texts in heads if texts and texts[0] in (HOSTILE_JUDGE, "sibling")]
    assert judges[0] == [HOSTILE_JUDGE, "Vision <Transformers>"]
    assert judges[1] == ["sibling", "Sample, of the model's family"]
    start = lines.index(heads)
    first = [next(float(value) for value, _ in cells if value) for cells in lines[start + 1 : start + 4]]
    assert first == sorted(first, reverse=True)


def test_lines_are_layers_in_the_networks_order_where_nobody_judges(sample: Sample) -> None:
    page = sample.text(f"{sample.first}/results/index.html")
    lines = [cells for section, cells in Tables(page).lines if section == "inversion"]
    assert [texts for _, texts in lines[0]] == [["method"], ["layer"], ["PSNR"]]
    assert [cells[1][1] for cells in lines[1:]] == [["stem"], ["odd/../name <b>"], ["blocks.4"]]


def test_what_was_left_out_is_said_with_what_it_would_take(sample: Sample) -> None:
    words = Document(sample.text("results/index.html")).words()
    assert NOT_ASKED in words and HOSTILE_REASON in words


def test_numbers_of_papers_name_paper_table_and_network_and_are_in_no_file(sample: Sample, folder: str) -> None:
    page = Document(sample.text(f"{folder}/index.html"))
    papers = [element for element in page.all("div") if "score-paper" in element.attributes.get("class", "")]
    assert papers and all("FlexiViT" in paper.text or "ResNet" in paper.text for paper in papers[:1])
    assert all("et al. 20" in paper.text and "table" in paper.text for paper in papers)
    assert {"transfer_top1"} <= {table.number for table in TABLES}
    assert not any("FlexiViT" in path.read_text() for path in (sample.site / folder).glob("*.csv"))


def test_every_table_of_papers_has_a_value_for_each_column() -> None:
    for table in TABLES:
        assert {len(values) for _, _, values in table.lines} == {len(table.columns)}
        assert [float(value.replace(",", "")) for _, _, values in table.lines for value in values]


def test_a_model_without_a_results_page_of_its_own_is_not_led_to_one(sample: Sample) -> None:
    for address in sorted(sample.site.glob("m/*/index.html")):
        assert ('results/index.html#transfer"' in address.read_text()) == (address.parent / "results").is_dir()


def test_plots_call_methods_as_tables_do(sample: Sample, folder: str) -> None:
    page = sample.text(f"{folder}/index.html")
    place = int(folder == "results")  # of the method, after the model's name
    methods = {cells[place][1][0] for _, cells in Tables(page).lines if len(cells) > place and cells[place][1]}
    plots = [it.attributes["alt"] for it in Document(page).all("img") if ". Over " in it.attributes["alt"]]
    lines = [line for alt in plots for line in re.findall(r"(?<=[.;] )([^:;.]+): \S+ at ", alt)]
    assert len(lines) >= len(plots) > 0
    assert {line.split(", ")[place].partition(" (")[0] for line in lines} <= methods - {*METHODS}


def test_a_method_that_tells_numbers_apart_is_called_by_its_title() -> None:
    row = FindingRow(**{field.name: "" for field in fields(FindingRow)})
    methods = method_book([MethodCard.model_construct(name="feature_vis", version=1, title="Feature visualisation")])
    assert _titled(replace(row, variant="feature_vis"), methods).of == "Feature visualisation"
    assert _titled(replace(row, variant="shuffled 8"), methods).of == "shuffled 8"


def test_analyses_have_a_page_with_a_map_and_the_numbers_of_their_csv(sample: Sample) -> None:
    text = sample.text("results/analyses.html")
    rows = rows_of(sample, "results", "analysis-cka.csv")
    shown = [cells for _, cells in Tables(text).lines if cells[2][1] == ["CKA"]]
    assert [cells[3][0] for cells in shown] == [row["value"] for row in rows] and len(rows) == 6
    assert [cells[3][1][0] for cells in shown] == [number(float(row["value"])) for row in rows]
    page = Document(text)
    (day, night) = [it.attributes for it in page.all("img") if " across: from " in it.attributes["alt"]]
    assert day["src"] != night["src"] and "from 0.810 at " in day["alt"]
    assert "Sample <Net>" in page.words() and HOSTILE_REASON in page.words()
    assert "results/analyses.html" in {link["href"].removeprefix("../") for link in links(sample, "results/index.html")}


def test_changed_photos_have_one_plot_of_all_models_with_a_stroke_for_each_class(sample: Sample) -> None:
    page = Document(sample.text("results/analyses.html"))
    (day, night) = [it.attributes for it in page.all("img") if "change of photos" in it.attributes["alt"]]
    assert day["alt"] == night["alt"] and "Sample <Net> 0: 0.900 original, 0.450 silhouette" in day["alt"]
    rows = rows_of(sample, "results", "analysis-texture_bias.csv")
    classes = [row for row in rows if row["class_index"]]
    svg = (sample.site / "results" / day["src"]).read_text()
    strokes = re.findall(r'<use xlink:href="#[^"]+" x="([^"]+)"[^>]*stroke-opacity', svg)
    assert len(rows) == 18 and len(strokes) == len(classes) == 12
    assert "shuffled 8" in svg and "Sample &lt;Net&gt; 1" in svg


def test_concepts_that_go_or_come_have_plots_of_the_mean_over_classes(sample: Sample) -> None:
    page = Document(sample.text("results/analyses.html"))
    words = [it.attributes["alt"] for it in page.all("img") if "Over concepts" in it.attributes["alt"]]
    assert len(words) == 4, "of deletion and of insertion, each by day and by night"
    assert "importance: 1.00 at 0.000 to 0.000 at 1.00" in words[0] and "concepts gone, share" in words[0]
    assert "importance: 0.000 at 0.000 to 1.00 at 1.00" in words[2] and "concepts there, share" in words[2]
    assert "Deletion of concepts of Sample <Net>" in page.words() and "mean over 2 classes" in page.words()
    (deletion, _) = concept_plots(concept_findings(sample))
    _, classes, plot = deletion
    importance, random = plot.lines
    assert (classes, importance.title, random.title) == (2, "importance", "random")
    assert random.y == pytest.approx([1, 0.75, 0.5, 0.25, 0])  # straight for both classes
    assert importance.y == pytest.approx([1, (0.5625 + 0.625) / 2, 0.25, (0.0625 + 0.125) / 2, 0])
    assert all(low <= y <= high for low, y, high in zip(importance.low, importance.y, importance.high, strict=True))


def concept_findings(sample: Sample) -> list[Finding]:
    """The findings of concepts that go or come."""
    keys = selection_of(sample.store).findings
    found = [sample.store.document(Finding, key) for key in sorted(keys)]
    return [document for document in found if document.kind == "concept_curves"]


@pytest.mark.parametrize(
    ("share", "written"),
    [(0, "0 %"), (1, "100 %"), (0.75, "75 %"), (0.026, "2.6 %"), (0.0023, "0.23 %"), (0.999, "99.90 %"),
     (0.95, "95.0 %"), (1e-6, "< 0.01 %"), (1 - 1e-6, "> 99.99 %"), (0.1, "10 %")],
)  # fmt: skip
def test_shares_are_told_from_certainty(share: float, written: str) -> None:
    assert fine_percent(share) == written.replace(" %", PERCENT)
