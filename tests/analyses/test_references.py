"""The plan of VITAL's studies: parameters that it takes, and references that the seed decides."""

import pytest

from atlas.analyses.references import blocks, corrupted, foreign_count, plan
from atlas.errors import ScoreError
from atlas.methods.vital.settings import VITALParameters

STAGES = ("stem", "one", "two", "three", "four")
OWN, OTHERS = [f"own{n:03}" for n in range(60)], [f"other{n:03}" for n in range(40)]


def names(found, study):
    return [variant.name for variant in found.variants if variant.study == study]


def test_the_papers_variants_where_there_are_photos_enough():
    found = plan(available=120, stages=STAGES, held_out=60, foreign=400)
    assert names(found, "number") == ["5", "10", "20", "50", "100"]
    assert names(found, "corrupted") == ["50 + 0", "50 + 5", "50 + 10", "50 + 20"]
    assert names(found, "held_out") == ["fitting", "judging"]
    assert names(found, "blocks") == [*STAGES, "stem + four", "stem + one + two + three + four"]
    assert found.left_out == ()


def test_all_parameters_are_vitals():
    for variant in plan(120, STAGES, 60, 400).variants:
        parameters = VITALParameters.model_validate(variant.parameters)
        assert parameters.references == 50 or variant.study in ("number", "corrupted")
        if variant.foreign is not None:
            # Those of other classes would otherwise be left out, for the model does not take them for the class.
            assert parameters.class_references == "all"
            assert parameters.references == 50 + variant.foreign


def test_with_few_photos_shares_stay_and_what_is_left_out_is_said():
    found = plan(available=20, stages=STAGES, foreign=4)
    assert names(found, "number") == ["5", "10", "20"]
    assert names(found, "corrupted") == ["20 + 0", "20 + 2", "20 + 4"]
    assert found.left_out == (
        "50 references: there are 20",
        "100 references: there are 20",
        "8 foreign references: there are 4",
        "held-out references: there are none",
    )
    assert names(plan(available=1, stages=["only"], foreign=9), "corrupted") == ["1 + 0", "1 + 1"]
    assert names(plan(available=1, stages=["only"]), "blocks") == ["only"]


def test_without_photos_or_layers_there_is_no_plan():
    with pytest.raises(ScoreError):
        plan(0, STAGES)
    with pytest.raises(ScoreError):
        plan(10, [])


def test_foreign_photos_are_in_proportion():
    assert [foreign_count(nominal, 50) for nominal in (5, 10, 20)] == [5, 10, 20]
    assert [foreign_count(nominal, 25) for nominal in (5, 10, 20)] == [2, 5, 10]


def test_sets_of_blocks_are_told_once():
    assert blocks(["a", "b"]) == [("a",), ("b",), ("a", "b")]


def test_whoever_adds_more_keeps_what_was_added():
    few, more = (corrupted(OWN, OTHERS, 50, added, seed=3) for added in (5, 20))
    assert more[:55] == few
    assert len(set(more)) == 70
    assert set(more[:50]) <= set(OWN)
    assert set(more[50:]) <= set(OTHERS)


def test_the_seed_decides_and_the_order_of_photos_does_not():
    first = corrupted(OWN, OTHERS, 50, 5, seed=3)
    assert first == corrupted(OWN[::-1], [*OTHERS[::-1], *OTHERS], 50, 5, seed=3)
    assert first != corrupted(OWN, OTHERS, 50, 5, seed=4)


def test_a_photo_of_the_class_is_not_foreign_to_it():
    assert not set(corrupted(OWN, [*OTHERS, *OWN], 50, 40, seed=0)[50:]) & set(OWN)
    with pytest.raises(ScoreError):
        corrupted(OWN, OWN, 50, 1, seed=0)
    with pytest.raises(ScoreError):
        corrupted(OWN, OTHERS, 61, 1, seed=0)
