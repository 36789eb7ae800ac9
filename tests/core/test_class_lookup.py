"""Classes are found by id, then name, then synonym."""

import unicodedata

import pytest

from atlas.core.class_lookup import ClassLookup
from atlas.core.model_card import ClassLabel

LOOKUP = ClassLookup(
    (
        ClassLabel(name="tench, Tinca tinca", id="n1"),
        ClassLabel(name="crane", id="n2", synonyms=("Bird", "bird")),
        ClassLabel(name="crane", id="n3"),
        ClassLabel(name="bird", id=""),
        ClassLabel(name="n1", id=""),
    )
)


def test_an_id_comes_before_a_name_and_a_name_before_a_synonym():
    assert LOOKUP.named("N1") == [0]
    assert LOOKUP.named(" BIRD ") == [3]
    assert LOOKUP.named("crane") == [1, 2]
    assert (LOOKUP.named(""), LOOKUP.named("_"), LOOKUP.named("tinca")) == ([], [], [])


def test_each_name_of_a_list_of_names_finds_its_class():
    for text in ("tench, tinca tinca", "tench", "Tinca_Tinca"):
        assert LOOKUP.named(text) == [0]


def test_only_ids_are_ids():
    assert (LOOKUP.with_id("n2"), LOOKUP.with_id("crane"), LOOKUP.with_id("")) == ([1], [], [])


def test_a_choice_says_what_tells_classes_apart():
    assert LOOKUP.ambiguity([1, 2, 3]) == "1 (n2, crane) or 2 (n3, crane) or 3 (bird)"
    assert LOOKUP.ambiguity([1, 2]) == "1 (n2, Bird) or 2 (n3)"


FORMS = [
    ("café", "cafe\u0301"),
    ("crème brûlée", unicodedata.normalize("NFD", "Crème_Brûlée")),
    ("Äpfel", unicodedata.normalize("NFD", "äpfel")),
    ("사과", unicodedata.normalize("NFD", "사과")),
    ("Å", "\u212b"),
    ("great white shark", "great-white-shark"),
    ("great white shark", "Great_white - shark"),
    ("Electric-Ray", "electric ray"),
    ("black-and-tan coonhound", "black_and_tan_coonhound"),
    ("black–and–tan", "black-and-tan"),
    ("carpenter's plane", "carpenters_plane"),
    ("carpenter’s plane", "carpenter's plane"),
    ("St. Bernard", "st-bernard"),
    ("arch/outdoor", "arch-outdoor"),
    ("ﬁg", "fig"),
    ("２", "2"),
    ("Straße", "STRASSE"),
]


@pytest.mark.parametrize(("name", "text"), FORMS)
def test_names_match_in_every_form_and_both_ways(name, text):
    for one, other in ((name, text), (text, name)):
        lookup = ClassLookup((ClassLabel(name="other"), ClassLabel(name=one)))
        assert lookup.named(other) == [1]
        assert lookup.named(unicodedata.normalize("NFD", other)) == [1]


def test_each_name_of_a_list_is_found_loosely():
    assert ClassLookup((ClassLabel(name="Walker hound, Walker fox-hound"),)).named("walker_fox–hound") == [0]


def test_a_loose_match_is_only_asked_for_where_there_is_no_other_and_never_chooses():
    names = ("T-shirt", "t shirt", "C", "C++", "C#", "-1", "1", "tiger.cat", "tiger cat", "A", "a", "!", "¡")
    lookup = ClassLookup([ClassLabel(name=name) for name in names])
    for index, name in enumerate(names):
        assert lookup.named(name) == [index]
    assert lookup.named("t_shirt") == [1]
    assert lookup.named("T/shirt") == [0, 1]
    assert lookup.ambiguity([0, 1]) == "0 (T-shirt) or 1 (t shirt)"
    for text in ("+1", "c--", "?", "--", "tshirt", "..."):
        assert lookup.named(text) == []
