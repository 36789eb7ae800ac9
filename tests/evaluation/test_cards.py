"""The cards of all scores: complete, and of names that no other number has."""

import pytest

from atlas.evaluation import frechet, inversions, kid, lpips, plausibility, selectivity, spectrum, transfer, zero_shot
from atlas.jobs.cards import metric_cards

MODULES = (transfer, plausibility, frechet, kid, zero_shot, spectrum, selectivity, inversions, lpips)
CARDS = [card for module in MODULES for card in module.CARDS]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_card_says_everything(card):
    assert card.definition.endswith(".") and card.n and card.limits
    assert card.paper is not None
    assert all(text.endswith(".") for text in (*card.meaning, *card.limits))


def test_no_two_numbers_have_one_name():
    names = [card.name for card in CARDS] + [card.name for card in metric_cards() if card not in CARDS]
    assert len(names) == len(set(names))
