"""Classes are found by id, then name, then synonym."""

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
    assert LOOKUP.ambiguity([1, 2, 3]) == "1 (n2, Bird) or 2 (n3) or 3"
