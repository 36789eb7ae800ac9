"""Documentation that is made from cards: it is up to date, and says what the cards say."""

import importlib.util
from pathlib import Path

import pytest

from atlas.methods import methods
from atlas.methods.tables import method_reference, methods_table

ROOT = Path(__file__).resolve().parents[2]


def test_what_is_generated_is_up_to_date():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert generate.stale() == [], "run python docs/generate.py"


@pytest.mark.parametrize("name", methods.names())
def test_a_reference_says_all_that_the_card_says(name):
    card, text = methods.get(name).card, method_reference(name)
    for said in (card.title, card.summary, *card.paragraphs, *card.limits, card.paper.title, card.paper.url, card.data):
        assert said in text
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [one.name for one in card.parameters]
    assert all(row.replace("\\|", "").count("|") == 6 for row in rows)


def test_the_table_has_a_row_for_every_method_and_as_many_cells_in_each():
    header, line, *rows = methods_table().splitlines()
    assert [row.split("`")[1] for row in rows] == methods.names()
    assert {row.count("|") for row in (header, line, *rows)} == {6}
