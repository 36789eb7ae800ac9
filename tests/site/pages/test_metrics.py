"""The page of metrics: every number of the site leads to its words; one without a card still has a place."""

import json

import pytest
from sample_scores import CARDS as SCORE_CARDS
from sample_scores import scores_of
from sample_site import Sample

from atlas.core.metric_card import MetricCard
from atlas.core.record import Measurement
from atlas.jobs.cards import metric_cards
from atlas.metrics import in_order
from atlas.site.words.glossary import NAMED, UNKNOWN, Glossary
from atlas.site.words.own_cards import OWN_CARDS

MEASURED = Measurement(name="sharpness", value=12.3456, unit="lp/mm")


def test_every_number_has_one_card() -> None:
    names = [card.name for card in (*metric_cards(), *OWN_CARDS)]
    assert len(names) == len(set(names)) and set(NAMED) <= set(names)


def test_the_page_explains_every_number(sample: Sample) -> None:
    cards = {card.name: card for card in (*metric_cards(), *OWN_CARDS, *SCORE_CARDS)}
    measured = {it.name for record in sample.store.records() for it in record.measurements}
    measured |= {value.name for score in scores_of(sample.store) for it in score.pictures for value in it.values}
    told = {it.name for score in scores_of(sample.store) for it in (*score.figures, *score.curves)}
    pages = {}
    for name in ("index", "scores", "analyses"):
        pages[name] = json.loads((sample.site / "metrics" / f"{name}.json").read_text())["data"]["metrics"]
        text = (sample.site / "metrics" / f"{name}.html").read_text()
        for entry in pages[name]:
            assert MetricCard.model_validate(entry["card"]) == cards[entry["name"]]
            assert f'id="{entry["name"]}"' in text
            assert (entry["measured"] > 0) == (entry["name"] in measured)
    assert {entry["name"] for entry in pages["scores"]} >= told - set(NAMED)
    assert all(entry["card"]["about"] == "models" for entry in pages["analyses"])
    assert sorted(entry["name"] for entries in pages.values() for entry in entries) == sorted(cards)


def test_pages_lead_to_it(sample: Sample) -> None:
    for address, text in sample.pages():
        if address != "404.html":
            assert "metrics/index.html" in text, address


def test_a_number_without_a_card_has_its_name_and_value_and_says_that_nothing_is_kept() -> None:
    glossary = Glossary({})
    assert glossary.title("sharp_edges") == "sharp edges" and glossary.meaning("sharp_edges") == UNKNOWN
    assert glossary.value(MEASURED) == "12.3 lp/mm"
    assert glossary.address("sharp edges?") == "metrics/index.html#sharp-edges-"


@pytest.mark.parametrize(("form", "written"), [("number", "0.500"), ("percent", "50\u00a0%")])
def test_a_card_says_how_its_values_are_written(form: str, written: str) -> None:
    card = in_order()[0].card.model_copy(update={"name": "mine", "form": form, "compared": True})
    glossary = Glossary({"mine": card})
    assert glossary.value(Measurement(name="mine", value=0.5)) == written
    assert glossary.compared == ("objective", "activation", "probability", "mine")
