"""Which class of a model is which of a judge's, by id or name."""

import pytest
from timm.data import ImageNetInfo

from atlas.core.model_card import ClassLabel
from atlas.evaluation.class_match import match_labels

SHARK = ClassLabel(name="great white shark", id="n01484850", synonyms=("white shark", "man-eater"))
BIRD = ClassLabel(name="crane", id="n02012849")
MACHINE = ClassLabel(name="crane", id="n03126707")
LLAMA = ClassLabel(name="llama", id="n02437616")


def named(*names):
    return [ClassLabel(name=name) for name in names]


def test_ids_match_whatever_the_names_and_the_order():
    judge = [ClassLabel(name="Lama", id="N02437616"), ClassLabel(name="requin", id="n01484850")]
    match = match_labels([SHARK, LLAMA], judge)
    assert match.places == {0: 1, 1: 0}
    assert (match.unmatched, match.classes) == ({}, 2)


@pytest.mark.parametrize(
    ("model", "judge"),
    [
        ([SHARK], named("llama", "Great_White_Shark")),
        ([SHARK], named("llama", "white shark")),
        ([SHARK], named("llama", "great white shark, white shark, man-eater")),
        (named("white shark"), [LLAMA, SHARK]),
        (named("great white shark, white shark"), [LLAMA, SHARK]),
        (named("n01484850"), [LLAMA, SHARK]),
        ([SHARK], named("llama", "n01484850")),
        (named("great-white-shark"), [LLAMA, SHARK]),
    ],
)
def test_names_match_where_one_has_no_ids(model, judge):
    assert match_labels(model, judge).places == {0: 1}


def test_one_name_with_two_ids_is_two_classes():
    assert match_labels([BIRD], [MACHINE]).places == {}
    match = match_labels([BIRD, MACHINE], [MACHINE, BIRD, LLAMA])
    assert match.places == {0: 1, 1: 0}


def test_what_is_ambiguous_is_said_and_not_judged():
    match = match_labels(named("crane", "llama"), [BIRD, MACHINE, LLAMA])
    assert match.places == {1: 2}
    assert "n02012849" in match.unmatched[0] and "n03126707" in match.unmatched[0]
    both = match_labels([BIRD, MACHINE, LLAMA], named("crane", "llama"))
    assert both.places == {2: 1}
    assert "class 1" in both.unmatched[0] and "class 0" in both.unmatched[1]


def test_what_a_judge_lacks_is_said():
    match = match_labels([SHARK, LLAMA], [LLAMA])
    assert match.places == {1: 0}
    assert match.place(1) == 0
    assert '"great white shark" (class 0) is none of the judge\'s 1 classes' in match.place(0)
    assert "no class 7" in match.place(7)


def test_the_same_list_is_matched_place_by_place_even_with_names_twice():
    labels = named("maillot", "llama", "maillot")
    assert match_labels(labels, list(labels)).places == {0: 0, 1: 1, 2: 2}


@pytest.mark.parametrize(("model", "judge"), [([], [LLAMA]), ([LLAMA], []), ([], [])])
def test_a_network_without_classes_matches_nothing(model, judge):
    match = match_labels(model, judge)
    assert match.places == {}
    assert len(match.unmatched) == len(model)


def test_of_several_that_share_a_name_the_likest_is_meant():
    lobster = ClassLabel(name="spiny lobster", synonyms=("crawfish", "crayfish"))
    crayfish = ClassLabel(name="crayfish", synonyms=("crawfish", "crawdad"))
    corgi, jacket = ClassLabel(name="Cardigan", synonyms=("Cardigan Welsh corgi",)), ClassLabel(name="cardigan")
    model = [lobster, crayfish, corgi, jacket]
    joined = named(
        "cardigan", "Cardigan, Cardigan Welsh corgi", "crayfish, crawfish, crawdad", "spiny lobster, crawfish, crayfish"
    )
    assert match_labels(model, joined).places == {0: 3, 1: 2, 2: 1, 3: 0}
    assert match_labels(joined, model).places == {3: 0, 2: 1, 1: 2, 0: 3}
    assert match_labels([lobster, crayfish], named("crayfish", "spiny lobster")).places == {0: 1, 1: 0}


@pytest.mark.parametrize(("model", "judge"), [(10, 5), (5, 10)])
def test_numbers_are_no_names(model, judge):
    numbers = [named(*map(str, range(count))) for count in (model, judge)]
    match = match_labels(*numbers)
    assert match.places == {}
    assert all("no names" in reason for reason in match.unmatched.values())
    assert match_labels(numbers[0], named("5", "4", "3", "2", "1")).places == {}
    assert match_labels(numbers[0], numbers[0]).places == {index: index for index in range(model)}  # as for digits


def test_an_output_of_one_id_twice_is_ambiguous():
    match = match_labels([LLAMA], [LLAMA, SHARK, LLAMA])
    assert "may be the judge's" in match.unmatched[0]


def test_imagenets_classes_find_themselves_in_every_way_of_writing_them():
    info = ImageNetInfo()
    lists = [info.index_to_description(index) for index in range(1000)]
    split = [[name.strip() for name in each.split(",")] for each in lists]
    ids = [
        ClassLabel(name=first, id=info.index_to_label_name(index), synonyms=tuple(others))
        for index, (first, *others) in enumerate(split)
    ]
    ways = [ids, named(*lists), named(*(first for first, *_ in split))]
    for model in ways:
        for judge in ways:
            match = match_labels(model, judge)
            assert all(index == place for index, place in match.places.items())
            assert set(match.unmatched) <= {134, 517, 638, 639}  # two cranes and two maillots, told apart by ids alone
